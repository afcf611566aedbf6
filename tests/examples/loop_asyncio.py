"""An external loop in Python's asyncio, by ctypes: await a statement. loop_asyncio.py [LIBRARY]"""
import asyncio
import ctypes
import sys

LIBRARY = sys.argv[1] if len(sys.argv) > 1 else "libdbpool.so.0"
EXTERNAL, PENDING = 1, 2

lib = ctypes.CDLL(LIBRARY)
lib.dbpool_error_message.restype = ctypes.c_char_p
for name in ("dbpool_error_message", "dbpool_error_free", "dbpool_result_free", "dbpool_unref",
             "dbpool_loop_free", "dbpool_loop_fd"):
    getattr(lib, name).argtypes = [ctypes.c_void_p]
lib.dbpool_loop_dispatch.argtypes = [ctypes.c_void_p, ctypes.c_int64]


class Value(ctypes.Structure):
    _fields_ = [("data", ctypes.c_char_p), ("size", ctypes.c_uint32), ("type", ctypes.c_uint8),
                ("flags", ctypes.c_uint8), ("reserved", ctypes.c_uint16), ("i64", ctypes.c_int64)]


class Batch(ctypes.Structure):
    _fields_ = [("struct_size", ctypes.c_size_t), ("row_count", ctypes.c_uint32),
                ("column_count", ctypes.c_uint32), ("cells", ctypes.POINTER(Value))]


def check(status, error):
    if status < 0:
        text = lib.dbpool_error_message(error).decode()
        lib.dbpool_error_free(error)
        raise RuntimeError(text)


# README
QUERY_CALLBACK = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_int32, ctypes.c_void_p, ctypes.c_void_p)
waiting = {}  # what user_data stands for


@QUERY_CALLBACK
def on_result(user_data, status, result, error):
    waiting.pop(user_data).set_result((status, result, error))


class Pool:
    def __init__(self, uri):
        self.pool, self.loop, error = ctypes.c_void_p(), ctypes.c_void_p(), ctypes.c_void_p()
        check(lib.dbpool_create(uri.encode(), None, ctypes.byref(self.pool), ctypes.byref(error)), error)
        check(lib.dbpool_loop_create(EXTERNAL, ctypes.byref(self.loop), ctypes.byref(error)), error)
        self.asyncio = asyncio.get_running_loop()
        self.asyncio.add_reader(lib.dbpool_loop_fd(self.loop), lib.dbpool_loop_dispatch, self.loop, 0)

    async def number(self, sql):
        future, error, text = self.asyncio.create_future(), ctypes.c_void_p(), sql.encode()
        waiting[id(future)] = future
        status = lib.dbpool_query_async(self.pool, self.loop, text, ctypes.c_size_t(len(text)), None,
                                        ctypes.c_size_t(0), None, on_result, ctypes.c_void_p(id(future)),
                                        None, ctypes.byref(error))
        if status != PENDING:
            del waiting[id(future)]
            check(status, error)
        status, result, error = await future
        check(status, error)
        batch = Batch(struct_size=ctypes.sizeof(Batch))
        check(lib.dbpool_result_fetch(ctypes.c_void_p(result), 1, ctypes.byref(batch), None), None)
        number = batch.cells[0].i64
        lib.dbpool_result_free(result)
        return number

    def close(self):
        self.asyncio.remove_reader(lib.dbpool_loop_fd(self.loop))
        lib.dbpool_unref(self.pool)
        lib.dbpool_loop_free(self.loop)
# end


async def main():
    pool = Pool("sqlite::memory:")
    numbers = await asyncio.gather(*(pool.number(f"SELECT {n} * 2") for n in range(100)))
    assert numbers == [2 * n for n in range(100)], numbers
    try:
        await pool.number("SELECT nothing")
        raise AssertionError("a wrong statement gave no error")
    except RuntimeError as error:
        assert "nothing" in str(error), error
    pool.close()


asyncio.run(main())
