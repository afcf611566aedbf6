#include "env.h"
#include "module.h"
#include "params.h"

#include <sys/socket.h>

// Calls that block the thread, for the synchronous SQLite API, and what is asked of a lease's own handle.

extern "C" {  // of libpq, which libdbpool brings along
int PQbackendPID(const void* connection);
int PQsocket(const void* connection);
int sqlite3_get_autocommit(void* connection);  // of SQLite, likewise
int sqlite3_config(int option, ...);
}

namespace dbpool_node {
namespace {

/// SQLite counts its memory under a lock for sqlite3_status(), which nobody in a process of Node asks (better-sqlite3 is
/// compiled without): off, that saves a statement some 50 ns. Refused, harmlessly, once SQLite is in use.
void CountNoMemory() {
  constexpr int kMemoryStatus = 9;  // SQLITE_CONFIG_MEMSTATUS
  static const int once = sqlite3_config(kMemoryStatus, 0);
  (void)once;
}

/// acquireNow(pool, timeout): the lease in `out`, and 0; or an error.
napi_value AcquireNow(napi_env env, napi_callback_info info) {
  const Arguments<2> in(env, info);
  dbpool_conn conn = 0;
  dbpool_error* error = nullptr;
  const dbpool_status status = dbpool_acquire(in.External<dbpool>(0), in.Int64(1), &conn, &error);
  if (status != DBPOOL_OK) return TakeError(env, status, error);
  Env::Get(env)->WriteConn(conn);
  return Int(env, 0);
}

/// SQL of the synchronous API, for one lease.
struct Prepared {
  dbpool_conn conn;
  std::string sql;
  KnownShape shape;
};

void Forget(Prepared* prepared) { delete prepared; }

/// What a call of a prepared statement finds in Env::now(), so that it need not be asked of JavaScript one by one.
enum Now : size_t {
  kNowPrepared = 0,  ///< the address of the Prepared
  kNowHow = 1,       ///< DBPOOL_QUERY_* in the low byte, a Format in the next
  kNowCount = 2,     ///< how many numbers follow, the parameters; -1: they are in a list, the call's only argument
  kNowNumbers = 3,
};

/// prepareNow(low, high, sql): keeps it for runNow() and getNow(), which know it by the address in `now`.
napi_value PrepareNow(napi_env env, napi_callback_info info) {
  const Arguments<3> in(env, info);
  Prepared* prepared = new Prepared{in.Token(0), ToString(env, in.values[2]), {}};
  Env::Get(env)->now()[kNowPrepared] = static_cast<double>(reinterpret_cast<uintptr_t>(prepared));
  return External<Prepared, Forget>(env, prepared);
}

Statement StatementNow(Env& self, napi_callback_info info) {
  const double* now = self.now();
  if (now[kNowCount] >= 0) return Statement(self, now + kNowNumbers, static_cast<size_t>(now[kNowCount]));
  const Arguments<1> in(self.napi(), info);
  return Statement(self, in.values[0]);
}

dbpool_status Query(Env& self, const Statement& statement, uint32_t flags, dbpool_result** result, dbpool_error** error) {
  const Prepared& prepared = *reinterpret_cast<Prepared*>(static_cast<uintptr_t>(self.now()[kNowPrepared]));
  const dbpool_query_options options = {sizeof options, 0, flags};
  return dbpool_conn_query(prepared.conn, prepared.sql.data(), prepared.sql.size(), statement.params(),
                           statement.param_count(), &options, result, error);
}

/// runNow(list of parameters): what read() gives. Of a stream nothing is fetched yet.
napi_value RunNow(napi_env env, napi_callback_info info) {
  Env& self = *Env::Get(env);
  const uint32_t how = static_cast<uint32_t>(self.now()[kNowHow]);
  const Statement statement = StatementNow(self, info);
  if (!statement.ok()) return nullptr;
  OpenResult open;
  dbpool_error* error = nullptr;
  const dbpool_status status = Query(self, statement, how & 0xFF, &open.result, &error);
  if (status != DBPOOL_OK) return TakeError(env, status, error);
  open.format = static_cast<Format>(how >> 8 & 0xFF);
  open.is_stream = (how & DBPOOL_QUERY_STREAM) != 0;
  self.Enter(open);
  self.Read(self.reads(), self.reads().AddRecord(), open, Env::kNoHandle);
  return self.TakeReads();
}

/// getNow(list of parameters): the first row as read() gives it, with nothing but its shape in the record; DBPOOL_DONE if
/// there is none.
napi_value GetNow(napi_env env, napi_callback_info info) {
  Env& self = *Env::Get(env);
  const uint32_t how = static_cast<uint32_t>(self.now()[kNowHow]);
  Prepared& prepared = *reinterpret_cast<Prepared*>(static_cast<uintptr_t>(self.now()[kNowPrepared]));
  const Statement statement = StatementNow(self, info);
  if (!statement.ok()) return nullptr;
  dbpool_result* result = nullptr;
  dbpool_error* error = nullptr;
  dbpool_status status = Query(self, statement, DBPOOL_QUERY_STREAM, &result, &error);
  dbpool_batch batch = {sizeof batch, 0, 0, nullptr};
  if (status == DBPOOL_OK) status = dbpool_result_fetch(result, 1, &batch, &error);
  if (status == DBPOOL_OK) {
    const dbpool_column* columns = nullptr;
    const uint32_t count = dbpool_result_columns(result, &columns);
    self.Recognize(columns, count, &prepared.shape);
    const Format format = static_cast<Format>(how >> 8 & 0xFF);
    self.reads().AddRecord()[3] = prepared.shape.number;
    self.reads().AddRow(env, batch.cells, count, format, prepared.shape.shape->AsText(format));
  }
  dbpool_result_free(result);
  if (status == DBPOOL_OK) return self.TakeReads();
  return status < 0 ? TakeError(env, status, error) : Int(env, status);
}

/// fetchNow(handle, maxRows): as fetch(), waiting for the rows.
napi_value FetchNow(napi_env env, napi_callback_info info) {
  const Arguments<2> in(env, info);
  Env& self = *Env::Get(env);
  OpenResult* open = self.Open(in.Uint32(0));
  if (open == nullptr) return TakeError(env, DBPOOL_ERR_STALE, nullptr);
  open->batch = dbpool_batch{sizeof(dbpool_batch), 0, 0, nullptr};
  open->next_row = 0;
  dbpool_error* error = nullptr;
  const dbpool_status status = dbpool_result_fetch(open->result, in.Uint32(1), &open->batch, &error);
  if (status != DBPOOL_OK) {
    self.FreeResult(in.Uint32(0));
    return status < 0 ? TakeError(env, status, error) : Int(env, status);
  }
  self.Read(self.reads(), self.reads().AddRecord(), *open, in.Uint32(0));
  return self.TakeReads();
}

/// describeNow(low, high, sql): the number of the shape of its rows, 0 if it gives none; or an error.
napi_value DescribeNow(napi_env env, napi_callback_info info) {
  const Arguments<3> in(env, info);
  Env& self = *Env::Get(env);
  const Statement statement(self, in.values[2], Undefined(env));
  if (!statement.ok()) return nullptr;
  OpenResult open;
  dbpool_error* error = nullptr;
  const dbpool_status status =
      dbpool_conn_describe(in.Token(0), statement.sql(), statement.sql_size(), &open.result, &error);
  if (status != DBPOOL_OK) return TakeError(env, status, error);
  self.Enter(open);
  dbpool_result_free(open.result);
  return Int(env, open.columns == 0 ? 0 : static_cast<int32_t>(open.shape));
}

napi_value CloseNow(napi_env env, napi_callback_info info) {
  const Arguments<1> in(env, info);
  return Int(env, dbpool_close(in.External<dbpool>(0), 0, nullptr));
}

/// connId(low, high): what events call the connection; 0 if it was released.
napi_value ConnId(napi_env env, napi_callback_info info) {
  const Arguments<2> in(env, info);
  return Number(env, static_cast<double>(dbpool_conn_id(in.Token(0))));
}

/// backend(low, high): [identity of the PostgreSQL connection, process id of its server]; undefined if it is lost.
napi_value Backend(napi_env env, napi_callback_info info) {
  const Arguments<2> in(env, info);
  const void* const connection = dbpool_conn_native(in.Token(0));
  if (connection == nullptr) return nullptr;
  napi_value pair = nullptr;
  napi_create_array_with_length(env, 2, &pair);
  napi_set_element(env, pair, 0, Number(env, static_cast<double>(reinterpret_cast<uintptr_t>(connection))));
  napi_set_element(env, pair, 1, Int(env, PQbackendPID(connection)));
  return pair;
}

/// inTransaction(low, high), of SQLite
napi_value InTransaction(napi_env env, napi_callback_info info) {
  const Arguments<2> in(env, info);
  void* const connection = dbpool_conn_native(in.Token(0));
  napi_value value = nullptr;
  napi_get_boolean(env, connection != nullptr && sqlite3_get_autocommit(connection) == 0, &value);
  return value;
}

/// sever(low, high): cuts the PostgreSQL connection of the lease, so that the pool replaces it.
napi_value Sever(napi_env env, napi_callback_info info) {
  const Arguments<2> in(env, info);
  const void* const connection = dbpool_conn_native(in.Token(0));
  if (connection != nullptr) shutdown(PQsocket(connection), SHUT_RDWR);
  return nullptr;
}

}  // namespace

void ExportBlocking(napi_env env, napi_value exports) {
  CountNoMemory();
  Export(env, exports, "acquireNow", AcquireNow);
  Export(env, exports, "prepareNow", PrepareNow);
  Export(env, exports, "runNow", RunNow);
  Export(env, exports, "getNow", GetNow);
  Export(env, exports, "fetchNow", FetchNow);
  Export(env, exports, "describeNow", DescribeNow);
  Export(env, exports, "closeNow", CloseNow);
  Export(env, exports, "connId", ConnId);
  Export(env, exports, "backend", Backend);
  Export(env, exports, "inTransaction", InTransaction);
  Export(env, exports, "sever", Sever);
}

}  // namespace dbpool_node
