// What crosses the border between Go and the library: one call for what a Go method does, however many functions of the
// library that takes. What has been answered is collected in C and fetched by Go, so that nothing ever calls from C into
// Go, but for hooks and watches (bridge_hooks.c).
#ifndef DBPGO_BRIDGE_H_
#define DBPGO_BRIDGE_H_

#include <dbpool/dbpool.h>

// The socket that a call on a seat waits for.
typedef struct dbpgo_socket {
  uint64_t number;   // 0: none
  dbpool_conn conn;  // 0: nobody has it
  uint32_t id;       // which of Go's sockets it is; 0: not known yet
  int32_t fd;
  uint32_t events;
} dbpgo_socket;

// The answer to one call, in C memory that a call of the Go side owns, and then copied. It holds no Go pointers.
// `result` and `error` belong to whoever reads the answer.
typedef struct dbpgo_answer {
  struct dbpgo_answer *next;  // the one answered before it
  struct dbpgo_loop *loop;    // which it is answered on; never changes
  dbpool_op op;               // of a pending call
  uint64_t lease;
  dbpool *pool;
  dbpool_result *result;
  dbpool_error *error;
  const dbpool_column *columns;
  const dbpool_value *cells;  // the first rows of the result, or those fetched
  int64_t affected;
  int64_t last_insert_id;
  uint32_t id;  // which of the loop's calls it is; never changes
  uint32_t flags;
  uint32_t column_count;
  uint32_t row_count;
  dbpgo_socket socket;    // of a seat: what it waits for
  dbpool_status status;   // of the call
  dbpool_status fetched;  // DBPOOL_OK: cells has rows; DBPOOL_DONE: there are no more; PENDING: not asked for
  char command[48];
} dbpgo_answer;

// Flags of a query, besides DBPOOL_QUERY_*, which they must not meet.
enum {
  DBPGO_EXEC = 1 << 16,        // rows are not wanted: the answer has the counts, and no result
  DBPGO_BLOCKING = 1 << 17,    // in the calling thread
  DBPGO_HELD = 1 << 18         // the first rows are not fetched
};

// A statement. Parameters of text and bytes have in `data` the distance from `arena` instead of a pointer, so that
// the memory of the Go side holds no pointers. They are turned into pointers in place: good for one call.
typedef struct dbpgo_param {  // a dbpool_value otherwise
  uint64_t offset;
  uint32_t size;
  uint8_t type;
  uint8_t flags;
  uint16_t reserved;
  uint64_t number;
} dbpgo_param;

typedef struct dbpgo_statement {
  int64_t timeout_ms;
  uint32_t flags;
  uint32_t param_count;
  size_t sql_size;
} dbpgo_statement;

// ---- the loop

typedef struct dbpgo_loop dbpgo_loop;

dbpgo_loop *dbpgo_loop_new(uint32_t kind, dbpool_error **error);
void dbpgo_loop_free(dbpgo_loop *loop);
dbpool_loop *dbpgo_loop_of(dbpgo_loop *loop);
// Runs what is due and gives what has been answered, the oldest first.
typedef struct dbpgo_dispatched {
  dbpgo_answer *answered;
  int more;  // call again
} dbpgo_dispatched;
dbpgo_dispatched dbpgo_loop_dispatch(dbpgo_loop *loop);
dbpgo_answer *dbpgo_loop_answered(dbpgo_loop *loop);  // what has been answered alone
dbpgo_answer *dbpgo_answer_new(dbpgo_loop *loop, uint32_t id);

// ---- a seat: a polled loop with one call at a time, which is pending in all that follows

// Fills in answer->socket, if the call has come to wait for one since the last time.
void dbpgo_seat_look(dbpgo_answer *answer);
// Goes on, because the socket is ready or because something else is. Whether the call has been answered; if not,
// answer->socket is what it waits for.
int dbpgo_seat_ready(dbpgo_answer *answer);
int dbpgo_seat_dispatch(dbpgo_answer *answer);
// Whether the loop polls the socket itself from now on.
int dbpgo_seat_poll(dbpgo_answer *answer);

int dbpgo_duplicate(int fd);  // -1 and errno
// The descriptor that is readable when a connection was closed whose socket Go has; -1. By one thread at a time.
int dbpgo_sockets_fd(void);
// Keeps the id with the socket's connection, of a call under way.
dbpool_status dbpgo_socket_keep(const dbpgo_socket *socket, uint32_t id);
// The id of one whose connection was closed, each once; 0: no more.
uint32_t dbpgo_socket_closed(void);

// Each of these returns DBPOOL_PENDING, and the answer comes by dbpgo_loop_dispatch(); or something else, and then it
// does not, and answer->error is set if that is an error.
dbpool_status dbpgo_create(dbpgo_loop *loop, const char *uri, const dbpool_options *options, dbpgo_answer *answer);
dbpool_status dbpgo_close(dbpgo_loop *loop, dbpool *pool, int64_t timeout_ms, dbpgo_answer *answer);
dbpool_status dbpgo_acquire_with(dbpgo_loop *loop, dbpool *pool, int64_t timeout_ms, uint32_t access, uint32_t flags,
                                 const char *tag, dbpgo_answer *answer);
dbpool_status dbpgo_query(dbpgo_loop *loop, dbpool *pool, const char *sql, dbpgo_param *params, char *arena,
                          const dbpgo_statement *statement, dbpgo_answer *answer);

// The same, and at once if a connection is idle: then DBPOOL_OK and answer->lease. The two do the same; the first is
// for pools without hooks, of which the Go side promises its compiler that nothing calls back.
dbpool_status dbpgo_acquire(dbpgo_loop *loop, dbpool *pool, int64_t timeout_ms, dbpgo_answer *answer);
dbpool_status dbpgo_acquire_hooked(dbpgo_loop *loop, dbpool *pool, int64_t timeout_ms, dbpgo_answer *answer);
dbpool_status dbpgo_release(dbpool_conn conn);

// ---- on a lease: with DBPGO_BLOCKING in the calling thread, otherwise as above

dbpool_status dbpgo_conn_query(dbpgo_loop *loop, dbpool_conn conn, const char *sql, dbpgo_param *params, char *arena,
                               const dbpgo_statement *statement, dbpgo_answer *answer);
// The same in the calling thread, where the answer may be memory of the Go side, of type dbpgo_answer. It is declared as
// bytes, because cgo examines what a pointer to pointers points to, on each call; there are none of Go's in it.
dbpool_status dbpgo_query_here(dbpool_conn conn, const char *sql, dbpgo_param *params, char *arena,
                               const dbpgo_statement *statement, char *answer);
void dbpgo_end_here(char *answer);
// On an idle connection, which is answer->lease then. If that is 0 there was none, and what comes back is that of
// dbpgo_acquire() with `call`, a dbpgo_answer of the loop's.
dbpool_status dbpgo_acquire_and_query(dbpgo_loop *loop, dbpool *pool, char *call, const char *sql, dbpgo_param *params,
                                      char *arena, const dbpgo_statement *statement, char *answer);

dbpool_status dbpgo_conn_describe(dbpgo_loop *loop, dbpool_conn conn, const char *sql, size_t sql_size,
                                  uint32_t flags, dbpgo_answer *answer);
dbpool_status dbpgo_fetch(dbpgo_loop *loop, dbpool_result *result, uint32_t flags, dbpgo_answer *answer);
dbpool_status dbpgo_next(dbpool_result *result, dbpgo_answer *answer);
// Frees the result; its counts and command are in the answer then, and nothing that points into it.
void dbpgo_end(dbpgo_answer *answer);
dbpool_status dbpgo_pipeline_add(dbpool_pipeline *pipeline, const char *sql, size_t sql_size, dbpgo_param *params, char *arena,
                                 uint32_t param_count, dbpool_error **error);
dbpool_status dbpgo_pipeline_run(dbpgo_loop *loop, dbpool_pipeline *pipeline, dbpool_conn conn, int64_t timeout_ms,
                                 uint32_t flags, dbpgo_answer *answer);
dbpool_status dbpgo_pipeline_result(dbpool_pipeline *pipeline, size_t index, uint32_t flags, dbpgo_answer *answer);

enum {
  DBPGO_BEGIN = 1,
  DBPGO_COMMIT = 2,
  DBPGO_ROLLBACK = 3,
  DBPGO_SAVEPOINT = 4,
  DBPGO_ROLLBACK_TO = 5,
  DBPGO_RELEASE_SAVEPOINT = 6,
  DBPGO_PING = 7
};
// What one of these verbs takes; the rest is not looked at.
typedef struct dbpgo_verb {
  uint32_t verb;
  uint32_t flags;  // DBPGO_BLOCKING
  int32_t isolation;
  uint32_t tx_flags;
  int64_t timeout_ms;
  char name[64];  // of the savepoint
} dbpgo_verb;
dbpool_status dbpgo_conn_do(dbpgo_loop *loop, dbpool_conn conn, const dbpgo_verb *verb, dbpgo_answer *answer);

// Fills in what the Go side wants to know of a result, and its first rows.
void dbpgo_take_result(dbpgo_answer *answer, dbpool_result *result);

// ---- errors

typedef struct dbpgo_error_view {
  const char *text[9];  // message, SQLSTATE, detail, hint, schema, table, column, constraint, cause
  const char *field[DBPOOL_FIELD_ROUTINE + 1];
  dbpool_status code;
  int32_t native_code;
  int32_t position;
  uint32_t phase;
  uint32_t flags;
  uint32_t has_counts;
  dbpool_error_counts counts;
} dbpgo_error_view;
void dbpgo_error_read(const dbpool_error *error, dbpgo_error_view *out);

// ---- hooks and events: these call into Go

dbpool_status dbpgo_set_hooks(dbpool_options *options, uint32_t id, uint32_t which, dbpool_error **error);
enum { DBPGO_HOOK_OPENED = 1, DBPGO_HOOK_LENT = 2, DBPGO_HOOK_RETURNED = 4, DBPGO_HOOK_CLOSED = 8 };
dbpool_status dbpgo_watch(dbpgo_loop *loop, dbpool *pool, uint32_t id, uint64_t *watch, dbpool_error **error);

#endif
