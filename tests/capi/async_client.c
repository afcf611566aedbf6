/* A client of C99: the asynchronous calls through pointers of exactly their documented types, on a loop with a thread, on
   the shared one, and on an external one driven by its descriptor. The exit status counts failures. */
#define _POSIX_C_SOURCE 200809L
#include <dbpool/dbpool.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

static dbpool_status (*const acquire_async)(dbpool *, dbpool_loop *, int64_t, dbpool_acquire_cb, void *, dbpool_conn *,
                                            dbpool_op *, dbpool_error **) = dbpool_acquire_async;
static dbpool_status (*const query_async)(dbpool *, dbpool_loop *, const char *, size_t, const dbpool_value *, size_t,
                                          const dbpool_query_options *, dbpool_query_cb, void *, dbpool_op *,
                                          dbpool_error **) = dbpool_query_async;
static dbpool_status (*const conn_query_async)(dbpool_conn, dbpool_loop *, const char *, size_t, const dbpool_value *,
                                               size_t, const dbpool_query_options *, dbpool_query_cb, void *,
                                               dbpool_op *, dbpool_error **) = dbpool_conn_query_async;
static dbpool_status (*const op_cancel)(dbpool_op) = dbpool_op_cancel;

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static int failures;

static void check(int ok, const char *what) {
    if (!ok) {
        failures++;
        fprintf(stderr, "FAILED: %s\n", what);
    }
}

struct seen {
    int calls;
    dbpool_status status;
    dbpool_conn conn;
    int64_t value;
};

static void note(struct seen *s, dbpool_status status, dbpool_conn conn, int64_t value) {
    pthread_mutex_lock(&mutex);
    s->calls++;
    s->status = status;
    s->conn = conn;
    s->value = value;
    pthread_mutex_unlock(&mutex);
}

static void on_conn(void *user_data, dbpool_status status, dbpool_conn conn, dbpool_error *error) {
    dbpool_error_free(error);
    note(user_data, status, conn, 0);
}

static void on_result(void *user_data, dbpool_status status, dbpool_result *result, dbpool_error *error) {
    dbpool_batch batch;
    int64_t value = 0;
    memset(&batch, 0, sizeof batch);
    batch.struct_size = sizeof batch;
    if (status == DBPOOL_OK && dbpool_result_fetch(result, 1, &batch, NULL) == DBPOOL_OK) value = batch.cells[0].num.i64;
    dbpool_result_free(result);
    dbpool_error_free(error);
    note(user_data, status, 0, value);
}

static int calls(const struct seen *s) {
    int n;
    pthread_mutex_lock(&mutex);
    n = s->calls;
    pthread_mutex_unlock(&mutex);
    return n;
}

static void await(dbpool_loop *external, const struct seen *s, int wanted) {
    int i;
    for (i = 0; i < 3000 && calls(s) < wanted; i++) {
        struct pollfd polled;
        polled.fd = external ? dbpool_loop_fd(external) : -1;
        polled.events = POLLIN;
        polled.revents = 0;
        poll(&polled, 1, 10);
        if (external) dbpool_loop_dispatch(external, 0);
    }
    check(calls(s) == wanted, "each call is answered once");
}

static void run(dbpool *pool, dbpool_loop *loop, dbpool_loop *external) {
    struct seen served, late, cancelled, answered, many;
    dbpool_conn lease = 0, none = 0;
    dbpool_op op = 0;
    int i;
    memset(&served, 0, sizeof served);
    late = cancelled = answered = many = served;

    check(acquire_async(pool, loop, -1, on_conn, &served, &lease, &op, NULL) == DBPOOL_OK && lease && !op, "inline");
    check(acquire_async(pool, loop, 30000, on_conn, &served, &none, &op, NULL) == DBPOOL_PENDING && op, "pending");
    check(acquire_async(pool, loop, 50, on_conn, &late, &none, &op, NULL) == DBPOOL_PENDING, "a second waiter");
    await(external, &late, 1);
    check(late.status == DBPOOL_ERR_TIMEOUT, "times out");
    check(acquire_async(pool, loop, 30000, on_conn, &cancelled, &none, &op, NULL) == DBPOOL_PENDING, "a third waiter");
    check(op_cancel(op) == DBPOOL_OK, "can be cancelled");
    await(external, &cancelled, 1);
    check(cancelled.status == DBPOOL_ERR_CANCELLED, "and is told so");
    check(conn_query_async(lease, loop, "select 40 + 2", DBPOOL_NTS, NULL, 0, NULL, on_result, &answered, &op, NULL) ==
              DBPOOL_PENDING,
          "a query of a lease");
    await(external, &answered, 1);
    check(answered.status == DBPOOL_OK && answered.value == 42, "answers");
    check(dbpool_release(lease) == DBPOOL_OK, "release");
    await(external, &served, 1);
    check(served.status == DBPOOL_OK && served.conn, "the first waiter is served");
    check(dbpool_release(served.conn) == DBPOOL_OK, "release");
    for (i = 0; i < 200; i++) {
        check(query_async(pool, loop, "select 1", DBPOOL_NTS, NULL, 0, NULL, on_result, &many, &op, NULL) ==
                  DBPOOL_PENDING,
              "a one-shot");
    }
    await(external, &many, 200);
}

int main(void) {
    dbpool *pool = NULL;
    dbpool_loop *thread = NULL, *external = NULL;
    check(dbpool_create("sqlite::memory:?pool_size=1&max_overflow=0", NULL, &pool, NULL) == DBPOOL_OK, "create");
    check(dbpool_loop_create(DBPOOL_LOOP_THREAD, &thread, NULL) == DBPOOL_OK, "a loop with a thread");
    check(dbpool_loop_create(DBPOOL_LOOP_EXTERNAL, &external, NULL) == DBPOOL_OK, "an external loop");
    if (failures) return failures;
    run(pool, NULL, NULL);
    run(pool, thread, NULL);
    run(pool, external, external);
    check(dbpool_close(pool, 1000, NULL) == DBPOOL_OK, "close");
    dbpool_unref(pool);
    dbpool_loop_free(thread);
    dbpool_loop_free(external);
    return failures;
}
