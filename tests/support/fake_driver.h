#ifndef DBP_TESTS_SUPPORT_FAKE_DRIVER_H_
#define DBP_TESTS_SUPPORT_FAKE_DRIVER_H_

#include <array>
#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "driver/driver.h"

// A database in this process that does what a test tells it:
//
//   auto server = std::make_shared<FakeServer>();
//   server->Hold(FakeOp::kConnect);                 // connects start and do not end ...
//   std::unique_ptr<Driver> driver = server->MakeDriver();
//   ...
//   ASSERT_TRUE(server->AwaitPending(FakeOp::kConnect, 3));
//   server->Allow(FakeOp::kConnect);                // ... until now
//
// Each kind of operation has a gate. Operations that are pending obey a gate as soon as it changes.
// A connection's fd() is one end of a socket pair, so poll, epoll and hang-ups are real.
//
// It understands these texts, if OnQuery() is not set:
//   rows N    N rows of one integer, 1 to N      begin, commit, rollback   as they say
//   write     one row affected, by the writer    fail                      42601
//   sleep     pending until cancelled            anything else             no rows; dirt as
//   ScanSql() says

namespace dbp {

enum class FakeOp : uint8_t { kConnect, kPing, kReset, kQuery, kFetch, kClose, kCancel };
inline constexpr size_t kFakeOps = 7;

/// DBPOOL_PHASE_*
uint32_t PhaseOf(FakeOp op);

/// What a statement answers.
struct FakeAnswer {
  Status status;
  uint32_t rows = 0;
  int64_t affected = 0;
  std::string command = "OK";
};

/// Every function may be called from any thread. Its connections and drivers share it.
class FakeServer : public std::enable_shared_from_this<FakeServer> {
 public:
  explicit FakeServer(DriverTraits traits = {"fake", false, false}) : traits_(traits) {}
  std::unique_ptr<Driver> MakeDriver();

  // Gates.
  void Allow(FakeOp op);
  void Fail(FakeOp op, const Status& status);
  void FailNext(FakeOp op, const Status& status);  ///< one operation, before the gate is asked
  void Hold(FakeOp op);  ///< pending until the gate changes or AllowOne(); a cancel ends a query
  void AllowOne(FakeOp op);  ///< lets one pass a Hold(), now or later
  void NeverEnd(FakeOp op);  ///< pending, and not even a cancel helps
  void OnQuery(std::function<FakeAnswer(std::string_view sql)> answer);

  // What happens to connections from outside.
  void BreakIdleConnections();  ///< the peer of every connection without an operation closes it
  void BreakAllConnections();
  void set_cancel_may_block(bool may) { cancel_may_block_ = may; }

  // What happened.
  int started(FakeOp op) const;
  int ended(FakeOp op) const;  ///< well or badly
  int pending(FakeOp op) const;
  int open() const;                        ///< connections that exist
  int most_open() const;                   ///< ... at most at any time
  std::vector<std::string> texts() const;  ///< of all queries, in the order they started
  std::vector<ResetMode> resets() const;

  /// Wait until at least n; false if that takes unreasonably long.
  bool AwaitStarted(FakeOp op, int n) const;
  bool AwaitEnded(FakeOp op, int n) const;
  /// Wait for exactly n.
  bool AwaitPending(FakeOp op, int n) const;
  bool AwaitOpen(int n) const;

 private:
  friend class FakeConnection;
  friend class FakeDriver;
  friend class FakeCanceller;

  enum class Gate : uint8_t { kAllow, kFail, kHold, kNever };
  struct Door {
    Gate gate = Gate::kAllow;
    Status failure;
    std::deque<Status> failures;  ///< of FailNext()
    int permits = 0;
    int started = 0, ended = 0;
  };
  /// One connection as the server sees it. Guarded by mu_.
  struct Link {
    int peer = -1;  ///< the server's end of the socket pair
    bool running = false;
    bool cancelled = false;
    bool woken = false;  ///< a byte is on its way
  };

  Door& door(FakeOp op) { return doors_[static_cast<size_t>(op)]; }
  const Door& door(FakeOp op) const { return doors_[static_cast<size_t>(op)]; }
  void Start(FakeOp op);
  void End(FakeOp op);
  /// Whether the operation may end now, and how.
  bool PassLocked(FakeOp op, Status* status);
  /// Waits at the gate; OK, the gate's failure, or ERR_TIMEOUT.
  Status Wait(FakeOp op, Deadline deadline, const std::atomic<bool>* abandoned);
  void SetGate(FakeOp op, Gate gate, const Status& failure);
  void WakeLocked(Link& link);
  void ChangedLocked();
  bool Await(const std::function<bool()>& condition) const;

  const DriverTraits traits_;
  std::atomic<bool> cancel_may_block_{false};
  mutable std::mutex mu_;
  mutable std::condition_variable changed_;
  // Guarded by mu_:
  std::array<Door, kFakeOps> doors_;
  std::set<Link*> links_;
  int most_open_ = 0;
  std::vector<std::string> texts_;
  std::vector<ResetMode> resets_;
  std::function<FakeAnswer(std::string_view)> on_query_;
};

}  // namespace dbp

#endif  // DBP_TESTS_SUPPORT_FAKE_DRIVER_H_
