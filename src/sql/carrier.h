#ifndef DBP_SQL_CARRIER_H_
#define DBP_SQL_CARRIER_H_

#include "loop/loop.h"
#include "pool/lease.h"
#include "sql/shared_statement.h"

namespace dbp {

class Dispatcher;

/// A leased connection with statements of several callers under way.
class Carrier final : public Watch {
 public:
  Carrier(Dispatcher& dispatcher, Nanos now) : dispatcher_(dispatcher), since_(now) {}
  ~Carrier();

  /// Takes the lease, which is released with the carrier. Not OK: it is released at once.
  Status Begin(Loop& loop, dbpool_conn token);
  /// To be sent by Step().
  void Take(SharedStatement& statement, Nanos now);
  /// False: the connection is lost, and all are answered; this one is of no more use.
  bool Step();

  uint32_t under_way() const { return under_way_; }
  bool has_unsent() const { return has_unsent_; }
  /// Nothing is under way, or never will be answered by it.
  bool over() const { return over_ || under_way_ == 0; }
  /// Whether it takes more; `others_wait` for connections, and then only what it takes in its first round.
  bool open(Nanos now, bool others_wait) const {
    return !closed_ && !over_ && (fresh_ || (!others_wait && now - since_ < kLongest));
  }
  void EndRound() { fresh_ = false; }
  /// Nobody waits for this one any more, which is on its way.
  void Leave(SharedStatement& statement, Nanos now);
  /// When the connection is to be given up; kForever: not.
  Nanos give_up_at() const { return give_up_at_; }
  void GiveUp();

 private:
  static constexpr Nanos kLongest = 1 * kSecond;

  void OnReady(uint32_t events) override;
  Connection& connection() const { return lease_.connection(); }

  Dispatcher& dispatcher_;
  const Nanos since_;
  Lease lease_;
  dbpool_conn token_ = 0;
  Loop* loop_ = nullptr;
  uint32_t under_way_ = 0;
  uint32_t wanted_ = 0;  ///< of those: for whom somebody waits
  Nanos last_due_ = 0;   ///< of all it took
  Nanos give_up_at_ = kForever;
  Want want_ = Want::kRead;
  bool has_unsent_ = false;
  bool fresh_ = true;
  bool closed_ = false;
  bool over_ = false;  ///< the pipeline has ended
};

}  // namespace dbp

#endif  // DBP_SQL_CARRIER_H_
