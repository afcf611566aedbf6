#ifndef DBP_SQL_RUN_H_
#define DBP_SQL_RUN_H_

#include <memory>
#include <string>

#include "driver/driver.h"
#include "pool/lease.h"

namespace dbp {

/// After which a cancel request is sent again: it may have come before its statement had begun, and then hits nothing.
inline constexpr Nanos kCancelAgain = 40 * kMillisecond;

/// The operation under way on a lease, on its way to its end. It never waits itself: a caller does on its own
/// thread (Run), or a loop (loop_run.h).
///
/// At the deadline the operation is cancelled; if the database does not answer to that within a moment, the
/// connection is given up. Either way there is an answer soon after the deadline. No cancel request is in
/// flight afterwards, so none can hit the next statement of the lease.
class Running {
 public:
  enum class Next : uint8_t {
    kDone,     ///< Finish()
    kSocket,   ///< Step() when the connection's fd() is ready for want(), or due() has passed
    kTurn,     ///< Step() when told by the slot's lane, or due() has passed
    kCancels,  ///< Step() when no cancel request is in flight, or due() has passed
  };
  enum class AtDeadline : uint8_t {
    kCancel,
    kGiveUp,  ///< the connection, as for a ping
  };

  /// REQUIRES: the lease stays pinned; the operation is started.
  void Begin(Lease& lease, Deadline deadline, AtDeadline at_deadline = AtDeadline::kCancel);
  Next Step();
  Want want() const { return want_; }
  Deadline due() const { return due_.Earlier(Deadline::At(ask_at_)); }
  Nanos stepped_at() const { return stepped_at_; }
  /// Cancelled on its caller's wish. Asked for again while it goes on: a request that comes before its statement has
  /// begun hits nothing.
  void Ask();
  /// Nobody waits for it any longer: cancelled now, and given up soon. It ends in DBPOOL_ERR_CANCELLED.
  void Hurry();
  /// Its deadline has passed: what Step() finds out itself, for who does not want it to begin any more.
  void Expire();
  /// Without memory, half an answer read. REQUIRES: Begin(), and no Step() under way.
  void Abort() noexcept { connection_->Abort(); }

  /// REQUIRES: kDone, once. *rows (may be NULL) is set by an operation that succeeded.
  Status Finish(std::unique_ptr<Rows>* rows);

 private:
  enum class Stage : uint8_t { kRunning, kCancelling, kSettling, kDone };

  void GiveUp();
  bool IsCutShort() const;
  Status TooLate() const;
  Status Late(uint32_t flags) const;
  Next Settle();

  Slot* slot_ = nullptr;
  Connection* connection_ = nullptr;
  Deadline due_ = Deadline::Never();
  Nanos ask_at_ = kForever, ask_every_ = 0;
  Nanos stepped_at_ = 0;
  Status outcome_;
  std::unique_ptr<Rows> rows_;
  Stage stage_ = Stage::kDone;
  Want want_ = Want::kRead;
  AtDeadline at_deadline_ = AtDeadline::kCancel;
  bool hurried_ = false;
  bool wanted_turn_ = false;  ///< at the last step but one
  bool fetches_ = false;      ///< more rows of a stream
};

/// What a call answers that was cancelled on its caller's wish.
Status Cancelled(std::string message, uint32_t phase = DBPOOL_PHASE_QUERY);
/// What a statement answers that was cancelled because its deadline had passed.
Status StatementIsLate(uint32_t flags);

/// Runs the operation under way on the lease to its end, waiting on this thread.
Status Run(Lease& lease, Deadline deadline, std::unique_ptr<Rows>* rows,
           Running::AtDeadline at_deadline = Running::AtDeadline::kCancel);

/// DBPOOL_ERR_BUSY if a streamed result of the lease is still open.
Status NoOpenStream(const Lease& lease);

}  // namespace dbp

#endif  // DBP_SQL_RUN_H_
