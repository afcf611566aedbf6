/* A client of version 0.1, frozen: what it says of names, signatures, layouts and behaviour holds for every later
 * version. Add to it when a version is released; change nothing.
 */
#include <dbpool/dbpool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

struct interface {
    uint32_t (*version)(void);
    const char *(*status_name)(dbpool_status);
    dbpool_options *(*options_new)(void);
    void (*options_free)(dbpool_options *);
    dbpool_status (*options_set)(dbpool_options *, const char *, const char *, dbpool_error **);
    dbpool_status (*options_from_env)(dbpool_options *, const char *, dbpool_error **);
    dbpool_status (*create)(const char *, const dbpool_options *, dbpool **, dbpool_error **);
    dbpool *(*ref)(dbpool *);
    void (*unref)(dbpool *);
    dbpool_status (*close)(dbpool *, int64_t, dbpool_error **);
    dbpool_status (*acquire)(dbpool *, int64_t, dbpool_conn *, dbpool_error **);
    dbpool_status (*release)(dbpool_conn);
    dbpool_status (*stats)(dbpool *, dbpool_statistics *);
    dbpool_status (*conn_query)(dbpool_conn, const char *, size_t, const dbpool_value *, size_t,
                                const dbpool_query_options *, dbpool_result **, dbpool_error **);
    dbpool_status (*query)(dbpool *, const char *, size_t, const dbpool_value *, size_t, const dbpool_query_options *,
                           dbpool_result **, dbpool_error **);
    dbpool_status (*begin)(dbpool_conn, const dbpool_tx_options *, dbpool_error **);
    dbpool_status (*commit)(dbpool_conn, dbpool_error **);
    dbpool_status (*rollback)(dbpool_conn, dbpool_error **);
    dbpool_status (*cancel)(dbpool_conn, dbpool_error **);
    void *(*native)(dbpool_conn);
    uint32_t (*columns)(const dbpool_result *, const dbpool_column **);
    dbpool_status (*fetch)(dbpool_result *, uint32_t, dbpool_batch *, dbpool_error **);
    int64_t (*affected)(const dbpool_result *);
    void (*result_free)(dbpool_result *);
    dbpool_status (*error_code)(const dbpool_error *);
    const char *(*error_message)(const dbpool_error *);
    const char *(*error_sqlstate)(const dbpool_error *);
    void (*error_free)(dbpool_error *);
};

static const struct interface db = {
    dbpool_version,       dbpool_status_name,   dbpool_options_new,     dbpool_options_free,   dbpool_options_set,
    dbpool_options_from_env, dbpool_create,     dbpool_ref,             dbpool_unref,          dbpool_close,
    dbpool_acquire,       dbpool_release,       dbpool_stats,           dbpool_conn_query,     dbpool_query,
    dbpool_conn_begin,    dbpool_conn_commit,   dbpool_conn_rollback,   dbpool_conn_cancel,    dbpool_conn_native,
    dbpool_result_columns, dbpool_result_fetch, dbpool_result_affected, dbpool_result_free,    dbpool_error_code,
    dbpool_error_message, dbpool_error_sqlstate, dbpool_error_free};

static int failures;

static void check(int ok, const char *what, const dbpool_error *error) {
    if (ok) return;
    failures++;
    printf("FAILED: %s: %s\n", what, error ? db.error_message(error) : "no error object");
}
#define CHECK(condition) check(condition, #condition, error)

static void check_layouts(void) {
    dbpool_error *error = NULL;
    CHECK(sizeof(dbpool_status) == 4 && sizeof(dbpool_conn) == 8 && sizeof(dbpool_op) == 8);
    CHECK(sizeof(dbpool_value) == 24 && offsetof(dbpool_value, size) == 8 && offsetof(dbpool_value, type) == 12);
    CHECK(offsetof(dbpool_value, flags) == 13 && offsetof(dbpool_value, reserved) == 14);
    CHECK(offsetof(dbpool_value, num) == 16);
    CHECK(offsetof(dbpool_query_options, timeout_ms) == 8 && offsetof(dbpool_query_options, flags) == 16);
    CHECK(offsetof(dbpool_tx_options, isolation) == 8 && offsetof(dbpool_tx_options, flags) == 12);
    CHECK(sizeof(dbpool_column) == 56 && offsetof(dbpool_column, kind) == 8);
    CHECK(offsetof(dbpool_column, native_type) == 12 && offsetof(dbpool_column, native_name) == 16);
    CHECK(offsetof(dbpool_batch, row_count) == 8 && offsetof(dbpool_batch, column_count) == 12);
    CHECK(offsetof(dbpool_batch, cells) == 16);
    CHECK(offsetof(dbpool_statistics, limit) == 8 && offsetof(dbpool_statistics, open) == 12);
    CHECK(offsetof(dbpool_statistics, idle) == 16 && offsetof(dbpool_statistics, leased) == 20);
    CHECK(offsetof(dbpool_statistics, opening) == 24 && offsetof(dbpool_statistics, waiting) == 28);
    CHECK(offsetof(dbpool_statistics, acquired) == 32 && offsetof(dbpool_statistics, open_failed) == 72);
}

static void check_numbers(void) {
    dbpool_error *error = NULL;
    CHECK(DBPOOL_OK == 0 && DBPOOL_DONE == 1 && DBPOOL_PENDING == 2 && DBPOOL_ERR_INVALID == -1);
    CHECK(DBPOOL_ERR_OPTION == -2 && DBPOOL_ERR_NOMEM == -3 && DBPOOL_ERR_TIMEOUT == -4 && DBPOOL_ERR_FULL == -5);
    CHECK(DBPOOL_ERR_CLOSED == -6 && DBPOOL_ERR_STALE == -7 && DBPOOL_ERR_BUSY == -8 && DBPOOL_ERR_FORKED == -9);
    CHECK(DBPOOL_ERR_CONNECT == -10 && DBPOOL_ERR_AUTH == -11 && DBPOOL_ERR_BROKEN == -12 && DBPOOL_ERR_SQL == -13);
    CHECK(DBPOOL_ERR_CANCELLED == -14 && DBPOOL_ERR_UNAVAILABLE == -15 && DBPOOL_ERR_UNSUPPORTED == -16);
    CHECK(DBPOOL_ERR_INTERNAL == -17 && DBPOOL_NTS == (size_t)-1);
    CHECK(DBPOOL_NULL == 0 && DBPOOL_BOOL == 1 && DBPOOL_INT64 == 2 && DBPOOL_FLOAT64 == 3 && DBPOOL_TEXT == 4);
    CHECK(DBPOOL_BYTES == 5 && DBPOOL_QUERY_STREAM == 1 && DBPOOL_QUERY_READ_ONLY == 2);
}

static dbpool *make_pool(void) {
    dbpool_error *error = NULL;
    dbpool *pool = NULL;
    dbpool_options *options = db.options_new();
    CHECK(db.version() != 0 && strcmp(db.status_name(DBPOOL_ERR_STALE), "DBPOOL_ERR_STALE") == 0);
    CHECK(db.options_set(options, "pool_size", "2", &error) == DBPOOL_OK);
    CHECK(db.options_set(options, "max_overflow", "0", &error) == DBPOOL_OK);
    CHECK(db.options_set(options, "no_such_option", "1", NULL) == DBPOOL_ERR_OPTION);
    CHECK(db.options_from_env(options, "OLD_CLIENT_NOT_SET_", &error) == DBPOOL_OK);
    CHECK(db.create("sqlite::memory:", options, &pool, &error) == DBPOOL_OK);
    db.options_free(options);
    db.error_free(error);
    return pool;
}

static void check_leases(dbpool *pool, const dbpool_value *params) {
    dbpool_error *error = NULL;
    dbpool_conn a = 0, b = 0, c = 1;
    dbpool_result *result = NULL;
    CHECK(db.acquire(pool, -1, &a, &error) == DBPOOL_OK && db.acquire(pool, -1, &b, &error) == DBPOOL_OK);
    CHECK(a != 0 && b != 0 && a != b);
    CHECK(db.acquire(pool, 20, &c, &error) == DBPOOL_ERR_TIMEOUT && c == 0);
    CHECK(error != NULL && db.error_code(error) == DBPOOL_ERR_TIMEOUT);
    db.error_free(error);
    error = NULL;
    CHECK(db.conn_query(a, "create table t(id integer primary key, s text)", DBPOOL_NTS, NULL, 0, NULL, &result,
                        &error) == DBPOOL_OK);
    db.result_free(result);
    CHECK(db.begin(a, NULL, &error) == DBPOOL_OK);
    CHECK(db.conn_query(a, "insert into t values ($1, $2)", DBPOOL_NTS, params, 2, NULL, &result, &error) == DBPOOL_OK);
    CHECK(db.affected(result) == 1);
    db.result_free(result);
    CHECK(db.commit(a, &error) == DBPOOL_OK);
    CHECK(db.begin(a, NULL, &error) == DBPOOL_OK && db.rollback(a, &error) == DBPOOL_OK);
    CHECK(db.native(a) != NULL && db.cancel(b, &error) == DBPOOL_OK);
    CHECK(db.release(a) == DBPOOL_OK && db.release(a) == DBPOOL_ERR_STALE && db.native(a) == NULL);
    CHECK(db.conn_query(a, "select 1", DBPOOL_NTS, NULL, 0, NULL, &result, NULL) == DBPOOL_ERR_STALE);
    CHECK(db.release(b) == DBPOOL_OK);
    db.error_free(error);
}

static void check_one_shot(dbpool *pool, const dbpool_value *params) {
    dbpool_error *error = NULL;
    dbpool_result *result = NULL;
    dbpool_batch batch;
    const dbpool_column *columns = NULL;
    memset(&batch, 0, sizeof batch);
    batch.struct_size = sizeof batch;
    CHECK(db.query(pool, "select id, s from t where id = $1", DBPOOL_NTS, params, 1, NULL, &result, &error) ==
          DBPOOL_OK);
    CHECK(db.columns(result, &columns) == 2 && strcmp(columns[0].name, "id") == 0);
    CHECK(db.fetch(result, 64, &batch, &error) == DBPOOL_OK && batch.row_count == 1 && batch.column_count == 2);
    CHECK(batch.cells != NULL && batch.cells[0].type == DBPOOL_INT64 && batch.cells[0].num.i64 == 7);
    CHECK(batch.cells != NULL && batch.cells[1].type == DBPOOL_TEXT && batch.cells[1].size == 6);
    CHECK(batch.cells != NULL && memcmp(batch.cells[1].data, "sieben", 7) == 0);
    CHECK(db.fetch(result, 64, &batch, &error) == DBPOOL_DONE);
    db.result_free(result);
    CHECK(db.query(pool, "select nonsense from nowhere", DBPOOL_NTS, NULL, 0, NULL, &result, &error) ==
          DBPOOL_ERR_SQL);
    CHECK(error != NULL && strlen(db.error_sqlstate(error)) == 5);
    db.error_free(error);
}

static void check_end(dbpool *pool) {
    dbpool_error *error = NULL;
    dbpool_conn conn = 0;
    dbpool_statistics stats;
    memset(&stats, 0, sizeof stats);
    stats.struct_size = sizeof stats;
    CHECK(db.stats(pool, &stats) == DBPOOL_OK && stats.limit == 2 && stats.open == 2 && stats.idle == 2);
    CHECK(stats.leased == 0 && stats.acquired >= 3 && stats.timed_out == 1);
    CHECK(db.close(pool, 1000, &error) == DBPOOL_OK);
    CHECK(db.acquire(pool, -1, &conn, NULL) == DBPOOL_ERR_CLOSED);
    db.error_free(error);
}

int main(void) {
    dbpool_value params[2];
    dbpool *pool;
    memset(params, 0, sizeof params);
    params[0].type = DBPOOL_INT64;
    params[0].num.i64 = 7;
    params[1].type = DBPOOL_TEXT;
    params[1].data = "sieben";
    params[1].size = 6;
    check_layouts();
    check_numbers();
    pool = make_pool();
    if (!pool) return 1;
    db.unref(db.ref(pool));
    check_leases(pool, params);
    check_one_shot(pool, params);
    check_end(pool);
    db.unref(pool);
    printf("%d failures\n", failures);
    return failures != 0;
}
