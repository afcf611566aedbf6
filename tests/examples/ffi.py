"""The library from another language, without a binding: Python's ctypes. ffi.py [LIBRARY]"""
import ctypes
import sys

LIBRARY = sys.argv[1] if len(sys.argv) > 1 else "libdbpool.so.0"

# README
lib = ctypes.CDLL(LIBRARY)  # "libdbpool.so.0"
lib.dbpool_error_message.restype = ctypes.c_char_p


class Number(ctypes.Union):
    _fields_ = [("i64", ctypes.c_int64), ("f64", ctypes.c_double)]


class Value(ctypes.Structure):
    _fields_ = [("data", ctypes.c_char_p), ("size", ctypes.c_uint32), ("type", ctypes.c_uint8),
                ("flags", ctypes.c_uint8), ("reserved", ctypes.c_uint16), ("num", Number)]


class Batch(ctypes.Structure):
    _fields_ = [("struct_size", ctypes.c_size_t), ("row_count", ctypes.c_uint32),
                ("column_count", ctypes.c_uint32), ("cells", ctypes.POINTER(Value))]


def call(function, *args):
    error = ctypes.c_void_p()
    if function(*args, ctypes.byref(error)) < 0:
        raise RuntimeError(lib.dbpool_error_message(error).decode())


pool, result = ctypes.c_void_p(), ctypes.c_void_p()
call(lib.dbpool_create, b"sqlite::memory:", None, ctypes.byref(pool))
call(lib.dbpool_query, pool, b"SELECT 6 * 7", ctypes.c_size_t(-1), None, ctypes.c_size_t(0), None,
     ctypes.byref(result))
batch = Batch(struct_size=ctypes.sizeof(Batch))
call(lib.dbpool_result_fetch, result, 0, ctypes.byref(batch))
print(batch.cells[0].num.i64)
# end
assert batch.cells[0].num.i64 == 42
lib.dbpool_result_free(result)
lib.dbpool_unref(pool)
