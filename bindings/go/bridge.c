#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "bridge.h"

// An external loop, and what has been answered on it: a stack that callbacks push to, on whatever thread dispatches, and
// that is taken whole.
struct dbpgo_loop {
  dbpool_loop *loop;
  uint32_t kind;
  _Atomic(dbpgo_answer *) answered;
};

dbpgo_loop *dbpgo_loop_new(uint32_t kind, dbpool_error **error) {
  dbpgo_loop *made = calloc(1, sizeof *made);
  if (!made) return NULL;
  made->kind = kind;
  if (dbpool_loop_create(kind, &made->loop, error) != DBPOOL_OK) {
    free(made);
    return NULL;
  }
  return made;
}

void dbpgo_loop_free(dbpgo_loop *loop) {
  dbpool_loop_free(loop->loop);
  free(loop);
}

dbpool_loop *dbpgo_loop_of(dbpgo_loop *loop) { return loop->loop; }

dbpgo_dispatched dbpgo_loop_dispatch(dbpgo_loop *loop) {
  const int more = dbpool_loop_dispatch(loop->loop, 0) == DBPOOL_PENDING;
  return (dbpgo_dispatched){dbpgo_loop_answered(loop), more};
}

dbpgo_answer *dbpgo_loop_answered(dbpgo_loop *loop) {
  dbpgo_answer *stack = atomic_exchange(&loop->answered, NULL), *oldest = NULL;
  while (stack) {
    dbpgo_answer *below = stack->next;
    stack->next = oldest;
    oldest = stack;
    stack = below;
  }
  return oldest;
}

dbpgo_answer *dbpgo_answer_new(dbpgo_loop *loop, uint32_t id) {
  dbpgo_answer *made = calloc(1, sizeof *made);
  if (!made) return NULL;
  made->loop = loop;
  made->id = id;
  return made;
}

static void answer_now(dbpgo_answer *answer, dbpool_status status, dbpool_error *error) {
  answer->status = status;
  if (error) answer->error = error;
  dbpgo_loop *loop = answer->loop;
  dbpgo_answer *below = atomic_load_explicit(&loop->answered, memory_order_relaxed);
  do {
    answer->next = below;
  } while (!atomic_compare_exchange_weak(&loop->answered, &below, answer));
}

static void on_lease(void *user_data, dbpool_status status, dbpool_conn conn, dbpool_error *error) {
  dbpgo_answer *answer = user_data;
  answer->lease = conn;
  answer_now(answer, status, error);
}

static void on_result(void *user_data, dbpool_status status, dbpool_result *result, dbpool_error *error) {
  dbpgo_answer *answer = user_data;
  dbpgo_take_result(answer, result);
  answer_now(answer, status, error);
}

static void on_rows(void *user_data, dbpool_status status, const dbpool_batch *batch, dbpool_error *error) {
  dbpgo_answer *answer = user_data;
  answer->cells = batch->cells;
  answer->row_count = batch->row_count;
  answer_now(answer, status, error);
}

static void on_done(void *user_data, dbpool_status status, dbpool_error *error) { answer_now(user_data, status, error); }

static void on_pool(void *user_data, dbpool_status status, dbpool *pool, dbpool_error *error) {
  dbpgo_answer *answer = user_data;
  answer->pool = pool;
  answer_now(answer, status, error);
}

// ---- calls on a pool

dbpool_status dbpgo_create(dbpgo_loop *loop, const char *uri, const dbpool_options *options, dbpgo_answer *answer) {
  return dbpool_create_async(uri, options, loop->loop, on_pool, answer, &answer->op, &answer->error);
}

dbpool_status dbpgo_close(dbpgo_loop *loop, dbpool *pool, int64_t timeout_ms, dbpgo_answer *answer) {
  return dbpool_close_async(pool, loop->loop, timeout_ms, on_done, answer, &answer->op, &answer->error);
}

dbpool_status dbpgo_acquire(dbpgo_loop *loop, dbpool *pool, int64_t timeout_ms, dbpgo_answer *answer) {
  return dbpool_acquire_async(pool, loop->loop, timeout_ms, on_lease, answer, &answer->lease, &answer->op,
                              &answer->error);
}

dbpool_status dbpgo_acquire_hooked(dbpgo_loop *loop, dbpool *pool, int64_t timeout_ms, dbpgo_answer *answer) {
  return dbpgo_acquire(loop, pool, timeout_ms, answer);
}

dbpool_status dbpgo_release(dbpool_conn conn) { return dbpool_release(conn); }

dbpool_status dbpgo_acquire_with(dbpgo_loop *loop, dbpool *pool, int64_t timeout_ms, uint32_t access, uint32_t flags,
                                 const char *tag, dbpgo_answer *answer) {
  const dbpool_acquire_options options = {
      .struct_size = sizeof options, .timeout_ms = timeout_ms, .access = access, .flags = flags, .tag = tag};
  return dbpool_acquire_with_async(pool, loop->loop, &options, on_lease, answer, &answer->lease, &answer->op,
                                   &answer->error);
}

// ---- statements

static const dbpool_value *params_of(dbpgo_param *params, char *arena, uint32_t count) {
  _Static_assert(sizeof(dbpgo_param) == sizeof(dbpool_value), "one is written over the other");
  dbpool_value *values = (dbpool_value *)(void *)params;
  for (uint32_t i = 0; i < count; ++i) {
    if (values[i].type >= DBPOOL_TEXT) values[i].data = arena + (uintptr_t)values[i].data;
  }
  return values;
}

// A statement on a seat says at once what it waits for. Others are answered on another thread perhaps, and not touched.
static dbpool_status begun(dbpgo_answer *answer, dbpool_status status) {
  if (status == DBPOOL_PENDING && answer->loop->kind == DBPOOL_LOOP_POLLED) dbpgo_seat_look(answer);
  return status;
}

static dbpool_query_options options_of(const dbpgo_statement *statement) {
  const dbpool_query_options options = {.struct_size = sizeof options,
                                        .timeout_ms = statement->timeout_ms,
                                        .flags = statement->flags & 0xffff};
  return options;
}

void dbpgo_end(dbpgo_answer *answer) {
  dbpool_result *result = answer->result;
  answer->affected = dbpool_result_affected(result);
  answer->last_insert_id = dbpool_result_last_insert_id(result);
  const char *command = dbpool_result_command(result);
  const size_t size = strnlen(command, sizeof answer->command - 1);
  memcpy(answer->command, command, size);
  answer->command[size] = '\0';
  answer->result = NULL;
  answer->columns = NULL;
  answer->cells = NULL;
  dbpool_result_free(result);
}

void dbpgo_take_result(dbpgo_answer *answer, dbpool_result *result) {
  answer->result = result;
  answer->row_count = 0;
  if (!result) return;
  if (answer->flags & DBPGO_EXEC) {
    while (dbpool_result_next(result, NULL) == DBPOOL_OK) continue;  // the counts are those of the last statement
    dbpgo_end(answer);
    return;
  }
  answer->column_count = dbpool_result_columns(result, &answer->columns);
  answer->fetched = DBPOOL_PENDING;
  if (answer->flags & (DBPGO_HELD | DBPOOL_QUERY_STREAM)) return;
  dbpool_batch batch = {.struct_size = sizeof batch};
  answer->fetched = dbpool_result_fetch(result, 0, &batch, &answer->error);
  answer->cells = batch.cells;
  answer->row_count = batch.row_count;
}

dbpool_status dbpgo_query(dbpgo_loop *loop, dbpool *pool, const char *sql, dbpgo_param *params, char *arena,
                          const dbpgo_statement *statement, dbpgo_answer *answer) {
  const dbpool_query_options options = options_of(statement);
  answer->flags = statement->flags;
  return begun(answer, dbpool_query_async(pool, loop->loop, sql, statement->sql_size,
                                          params_of(params, arena, statement->param_count), statement->param_count,
                                          &options, on_result, answer, &answer->op, &answer->error));
}

dbpool_status dbpgo_conn_query(dbpgo_loop *loop, dbpool_conn conn, const char *sql, dbpgo_param *params, char *arena,
                               const dbpgo_statement *statement, dbpgo_answer *answer) {
  const dbpool_query_options options = options_of(statement);
  const dbpool_value *values = params_of(params, arena, statement->param_count);
  answer->flags = statement->flags;
  if (!(statement->flags & DBPGO_BLOCKING)) {
    return begun(answer, dbpool_conn_query_async(conn, loop->loop, sql, statement->sql_size, values,
                                                 statement->param_count, &options, on_result, answer, &answer->op,
                                                 &answer->error));
  }
  dbpool_result *result = NULL;
  const dbpool_status status = dbpool_conn_query(conn, sql, statement->sql_size, values, statement->param_count,
                                                 &options, &result, &answer->error);
  dbpgo_take_result(answer, result);
  return status;
}

dbpool_status dbpgo_query_here(dbpool_conn conn, const char *sql, dbpgo_param *params, char *arena,
                               const dbpgo_statement *statement, char *room) {
  const dbpool_query_options options = options_of(statement);
  dbpgo_answer *answer = (dbpgo_answer *)(void *)room;
  answer->flags = statement->flags;
  answer->error = NULL;
  dbpool_result *result = NULL;
  const dbpool_status status =
      dbpool_conn_query(conn, sql, statement->sql_size, params_of(params, arena, statement->param_count),
                        statement->param_count, &options, &result, &answer->error);
  dbpgo_take_result(answer, result);
  return status;
}

dbpool_status dbpgo_acquire_and_query(dbpgo_loop *loop, dbpool *pool, char *call, const char *sql, dbpgo_param *params,
                                      char *arena, const dbpgo_statement *statement, char *room) {
  dbpgo_answer *lent = (dbpgo_answer *)(void *)call, *answer = (dbpgo_answer *)(void *)room;
  answer->lease = 0;
  const dbpool_status status = dbpgo_acquire(loop, pool, -1, lent);
  if (status != DBPOOL_OK) return status;
  answer->lease = lent->lease;
  return dbpgo_query_here(lent->lease, sql, params, arena, statement, room);
}

void dbpgo_end_here(char *room) { dbpgo_end((dbpgo_answer *)(void *)room); }

dbpool_status dbpgo_conn_describe(dbpgo_loop *loop, dbpool_conn conn, const char *sql, size_t sql_size,
                                  uint32_t flags, dbpgo_answer *answer) {
  answer->flags = flags | DBPGO_HELD;
  if (!(flags & DBPGO_BLOCKING)) {
    return dbpool_conn_describe_async(conn, loop->loop, sql, sql_size, on_result, answer, &answer->op, &answer->error);
  }
  dbpool_result *result = NULL;
  const dbpool_status status = dbpool_conn_describe(conn, sql, sql_size, &result, &answer->error);
  dbpgo_take_result(answer, result);
  return status;
}

dbpool_status dbpgo_fetch(dbpgo_loop *loop, dbpool_result *result, uint32_t flags, dbpgo_answer *answer) {
  dbpool_batch batch = {.struct_size = sizeof batch};
  answer->row_count = 0;
  const dbpool_status status =
      flags & DBPGO_BLOCKING
          ? dbpool_result_fetch(result, 0, &batch, &answer->error)
          : dbpool_result_fetch_async(result, loop->loop, 0, on_rows, answer, &batch, &answer->op, &answer->error);
  if (status == DBPOOL_PENDING) return status;  // and the answer may be another thread's already
  answer->cells = batch.cells;
  answer->row_count = batch.row_count;
  return status;
}

dbpool_status dbpgo_next(dbpool_result *result, dbpgo_answer *answer) {
  const dbpool_status status = dbpool_result_next(result, &answer->error);
  if (status == DBPOOL_OK) dbpgo_take_result(answer, result);
  return status;
}

dbpool_status dbpgo_pipeline_add(dbpool_pipeline *pipeline, const char *sql, size_t sql_size, dbpgo_param *params, char *arena,
                                 uint32_t param_count, dbpool_error **error) {
  return dbpool_pipeline_add(pipeline, sql, sql_size, params_of(params, arena, param_count), param_count, error);
}

dbpool_status dbpgo_pipeline_run(dbpgo_loop *loop, dbpool_pipeline *pipeline, dbpool_conn conn, int64_t timeout_ms,
                                 uint32_t flags, dbpgo_answer *answer) {
  const dbpool_query_options options = {.struct_size = sizeof options, .timeout_ms = timeout_ms};
  if (flags & DBPGO_BLOCKING) return dbpool_pipeline_run(pipeline, conn, &options, &answer->error);
  return dbpool_pipeline_run_async(pipeline, conn, loop->loop, &options, on_done, answer, &answer->op, &answer->error);
}

dbpool_status dbpgo_pipeline_result(dbpool_pipeline *pipeline, size_t index, uint32_t flags, dbpgo_answer *answer) {
  dbpool_result *result = NULL;
  const dbpool_status status = dbpool_pipeline_result(pipeline, index, &result, &answer->error);
  answer->flags = flags;
  dbpgo_take_result(answer, result);
  return status;
}

// ---- transactions and pings

static dbpool_status do_now(dbpool_conn conn, const dbpgo_verb *verb, dbpool_error **error) {
  const dbpool_tx_options options = {.struct_size = sizeof options,
                                     .isolation = verb->isolation,
                                     .flags = verb->tx_flags,
                                     .timeout_ms = verb->timeout_ms};
  switch (verb->verb) {
    case DBPGO_BEGIN: return dbpool_conn_begin(conn, &options, error);
    case DBPGO_COMMIT: return dbpool_conn_commit(conn, error);
    case DBPGO_ROLLBACK: return dbpool_conn_rollback(conn, error);
    case DBPGO_SAVEPOINT: return dbpool_conn_savepoint(conn, verb->name, error);
    case DBPGO_ROLLBACK_TO: return dbpool_conn_rollback_to(conn, verb->name, error);
    case DBPGO_RELEASE_SAVEPOINT: return dbpool_conn_release_savepoint(conn, verb->name, error);
    case DBPGO_PING: return dbpool_conn_ping(conn, verb->timeout_ms, error);
  }
  return DBPOOL_ERR_INTERNAL;
}

static dbpool_status do_on(dbpool_loop *loop, dbpool_conn conn, const dbpgo_verb *verb, dbpgo_answer *answer) {
  const dbpool_tx_options options = {.struct_size = sizeof options,
                                     .isolation = verb->isolation,
                                     .flags = verb->tx_flags,
                                     .timeout_ms = verb->timeout_ms};
  dbpool_op *op = &answer->op;
  dbpool_error **error = &answer->error;
  switch (verb->verb) {
    case DBPGO_BEGIN: return dbpool_conn_begin_async(conn, loop, &options, on_done, answer, op, error);
    case DBPGO_COMMIT: return dbpool_conn_commit_async(conn, loop, on_done, answer, op, error);
    case DBPGO_ROLLBACK: return dbpool_conn_rollback_async(conn, loop, on_done, answer, op, error);
    case DBPGO_SAVEPOINT: return dbpool_conn_savepoint_async(conn, loop, verb->name, on_done, answer, op, error);
    case DBPGO_ROLLBACK_TO: return dbpool_conn_rollback_to_async(conn, loop, verb->name, on_done, answer, op, error);
    case DBPGO_RELEASE_SAVEPOINT:
      return dbpool_conn_release_savepoint_async(conn, loop, verb->name, on_done, answer, op, error);
    case DBPGO_PING: return dbpool_conn_ping_async(conn, loop, verb->timeout_ms, on_done, answer, op, error);
  }
  return DBPOOL_ERR_INTERNAL;
}

dbpool_status dbpgo_conn_do(dbpgo_loop *loop, dbpool_conn conn, const dbpgo_verb *verb, dbpgo_answer *answer) {
  return verb->flags & DBPGO_BLOCKING ? do_now(conn, verb, &answer->error) : do_on(loop->loop, conn, verb, answer);
}

// ---- errors

void dbpgo_error_read(const dbpool_error *error, dbpgo_error_view *out) {
  out->text[0] = dbpool_error_message(error);
  out->text[1] = dbpool_error_sqlstate(error);
  out->text[2] = dbpool_error_detail(error);
  out->text[3] = dbpool_error_hint(error);
  out->text[4] = dbpool_error_schema(error);
  out->text[5] = dbpool_error_table(error);
  out->text[6] = dbpool_error_column(error);
  out->text[7] = dbpool_error_constraint(error);
  out->text[8] = dbpool_error_cause(error);
  for (uint32_t i = 0; i <= DBPOOL_FIELD_ROUTINE; ++i) out->field[i] = dbpool_error_field(error, i);
  out->code = dbpool_error_code(error);
  out->native_code = dbpool_error_native_code(error);
  out->position = dbpool_error_position(error);
  out->phase = dbpool_error_phase(error);
  out->flags = dbpool_error_flags(error);
  out->counts.struct_size = sizeof out->counts;
  out->has_counts = dbpool_error_pool_counts(error, &out->counts) == DBPOOL_OK;
}
