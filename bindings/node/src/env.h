#ifndef DBPOOL_NODE_ENV_H_
#define DBPOOL_NODE_ENV_H_

#include <dbpool/dbpool.h>
#include <uv.h>

#include <deque>
#include <string>
#include <unordered_map>
#include <vector>

#include "frame.h"
#include "napi.h"

// What one JavaScript environment (the main thread, or a worker) has: a loop of the library whose descriptor libuv
// polls, the calls that are under way, and two frames. Everything here runs on the environment's thread.
//
// Answers are collected while the library dispatches, and then given to JavaScript together: one crossing a
// dispatch, unless there are more rows than a frame holds.

namespace dbpool_node {

class Env;

/// A result that JavaScript has not read to its end.
struct OpenResult {
  dbpool_result* result = nullptr;
  dbpool_batch batch{};   ///< rows in hand
  uint32_t next_row = 0;  ///< of the batch
  uint32_t columns = 0;
  uint32_t shape = 0;
  Format format = kFormatNative;
  bool is_stream = false;
  bool is_fetching = false;
  bool is_dropped = false;  ///< freed while it was fetched: the slot goes with the answer
};

/// What remains of a result after a read; a set of bits in its record.
enum Remains : uint32_t {
  kRemainsRows = 1,    ///< rows in hand: read again
  kRemainsResult = 2,  ///< that of the text's next statement: read again
  kRemainsStream = 4,  ///< rows may come: fetch
};

/// Kinds of answers in a record.
enum Kind : uint32_t { kKindDone = 0, kKindResult = 1, kKindLease = 2, kKindPool = 3, kKindEvent = 4, kKindEnd = 5 };

/// A call under way. Its number is JavaScript's name for it.
struct Call {
  Env* env = nullptr;
  uint32_t number = 0;
  Format format = kFormatNative;
  bool is_stream = false;
  bool describes = false;
  uint32_t handle = UINT32_MAX;  ///< of the result that is fetched
};

/// An answer of the library that JavaScript has not seen yet. It owns what it holds.
struct Answer {
  Call* call = nullptr;
  Kind kind = kKindDone;
  dbpool_status status = DBPOOL_OK;
  dbpool_error* error = nullptr;
  union {
    dbpool_conn conn;
    dbpool_result* result;
    dbpool* pool;
    dbpool_event event;
    dbpool_batch batch;
  };
  Answer() : event{} {}
};

/// The columns of a result, which JavaScript knows by number and asks for once.
struct Shape {
  struct Column {
    std::string name, native_name;
    uint32_t kind, native_type, native_table;
    int32_t native_column;
  };
  std::vector<Column> columns;
  std::vector<uint8_t> as_text[3];  ///< which columns are given as text: none, those kFormatPg wants, all
  const uint8_t* AsText(Format format) const {
    return as_text[format == kFormatPg ? 1 : format == kFormatText ? 2 : 0].data();
  }
};

/// A shape that was seen before, for a quick look whether a result has it again. The pointer is valid as long as the
/// generation is the environment's.
struct KnownShape {
  const Shape* shape = nullptr;
  uint32_t number = 0;
  uint32_t generation = 0;
};

class Env {
 public:
  static Env* Get(napi_env env) {
    void* data = nullptr;
    napi_get_instance_data(env, &data);
    return static_cast<Env*>(data);
  }
  /// Makes the environment's; throws into JavaScript and gives NULL if it cannot.
  static Env* Create(napi_env env);

  napi_value Start(napi_value on_answers);  ///< gives {frame, reads, out}
  dbpool_loop* loop() const { return loop_; }
  napi_env napi() const { return env_; }

  /// The call of that number, which is under way from now on (unless Withdraw()n).
  Call* Begin(uint32_t number);
  void Withdraw() { Hold(-1); }
  void WriteOp(dbpool_op op);
  void WriteConn(dbpool_conn conn);
  void Add(const Answer& answer);

  // Results
  uint32_t Keep(const OpenResult& open);
  OpenResult* Open(uint32_t handle);
  void FreeResult(uint32_t handle);
  void Drop(uint32_t handle);  ///< FreeResult(), also while it is fetched
  static constexpr uint32_t kNoHandle = UINT32_MAX;
  /// Rows of the result into a frame, and what remains into the record. The result is freed at its end, else kept: under
  /// its handle, or, with kNoHandle, a new one.
  void Read(Frame& frame, double* record, OpenResult open, uint32_t handle);
  void Enter(OpenResult& open);  ///< a new result: its shape
  /// Makes it the shape of these columns.
  void Recognize(const dbpool_column* columns, uint32_t count, KnownShape* known);
  void WriteError(Frame& frame, double* record, dbpool_status status, dbpool_error* error);
  napi_value DescribeShape(uint32_t number);
  Frame& reads() { return reads_; }
  /// What a synchronous read gives JavaScript: the text, or [text, bytes, extras] if there is more than text.
  napi_value TakeReads();

  /// What synchronous calls find in the memory that `now` is in JavaScript; see blocking.cc.
  static constexpr size_t kNowSize = 64;
  double* now() { return now_; }

  std::vector<char>& arena() { return arena_; }
  std::vector<dbpool_value>& params() { return params_; }
  uint32_t Command(const char* name);
  napi_value CommandName(uint32_t number);

 private:
  explicit Env(napi_env env) : env_(env) {}
  static void OnReadable(uv_poll_t* poll, int status, int events);
  static void OnCleanup(napi_async_cleanup_hook_handle handle, void* data);
  void Deliver();
  void Encode(Answer& answer);
  void Flush();
  void Hold(int by);
  napi_value DescribeColumn(const dbpool_column& column);
  uint32_t DescribeParams(const dbpool_result* result);
  uint32_t ShapeOf(const dbpool_column* columns, uint32_t count);
  void ForgetShapes();

  napi_env env_;
  dbpool_loop* loop_ = nullptr;
  uv_poll_t* poll_ = nullptr;
  napi_async_cleanup_hook_handle cleanup_ = nullptr;
  napi_async_context context_ = nullptr;
  napi_ref on_answers_ = nullptr;
  napi_ref out_memory_ = nullptr;
  uint32_t* out_ = nullptr;
  napi_ref now_memory_ = nullptr;
  double* now_ = nullptr;
  int under_way_ = 0;
  bool is_ending_ = false;

  std::deque<Call> calls_;
  std::vector<Answer> answers_;
  Frame frame_, reads_;
  std::vector<OpenResult> results_;
  std::vector<uint32_t> free_results_;
  std::unordered_map<std::string, uint32_t> shape_numbers_;
  std::unordered_map<uint32_t, Shape> shapes_;
  std::unordered_map<uint32_t, Shape> forgotten_;  ///< the last ones: an answer on its way may have them
  uint32_t last_shape_number_ = 0;
  std::string shape_key_;
  uint32_t shape_generation_ = 0;
  KnownShape recent_shape_;
  std::vector<std::string> commands_;
  std::vector<char> arena_;
  std::vector<dbpool_value> params_;
};

/// The error as an object with the fields of lib/errors.js, which owns it.
napi_value TakeError(napi_env env, dbpool_status status, dbpool_error* error);

/// The pool as an external value that gives back its reference when collected.
napi_value WrapPool(napi_env env, dbpool* pool);

}  // namespace dbpool_node

#endif  // DBPOOL_NODE_ENV_H_
