#ifndef DBP_SQL_CARRIER_H_
#define DBP_SQL_CARRIER_H_

#include "loop/loop.h"
#include "pool/lease.h"
#include "sql/shared_statement.h"

namespace dbp {

class Dispatcher;

/// A leased connection with statements of several callers under way.
class Carrier final : private Watch, private Timer {
 public:
  /// Takes the lease, which is released with the carrier.
  Carrier(Dispatcher& dispatcher, Loop& loop, dbpool_conn token, Nanos now)
      : dispatcher_(dispatcher), loop_(loop), token_(token), since_(now) {}
  ~Carrier();

  /// Not OK: it is of no use.
  Status Begin();
  /// To be sent by Step().
  void Take(SharedStatement& statement, Nanos now);
  /// Sends and reads what can be, and has the dispatcher answer.
  void Step();

  uint32_t under_way() const { return under_way_; }
  /// Whether several may be under way.
  bool shareable() const { return connection().shareable(); }
  bool has_unsent() const { return has_unsent_; }
  /// Nothing is under way, or never will be answered by it.
  bool over() const { return over_ || under_way_ == 0; }
  /// Whether it takes more; `others_wait` for connections, and then only what it takes in its first round.
  bool open(Nanos now, bool others_wait) const {
    return !closed_ && !over_ && (fresh_ || (!others_wait && now - since_ < kLongest));
  }
  void EndRound() { fresh_ = false; }
  /// Nobody waits for this one any more. It takes no more statements; those it has not sent go back to the dispatcher.
  void Leave(SharedStatement& statement, Nanos now);
  /// The loop is being freed: what nobody waits for is not waited for long.
  void Hurry(Nanos now);

 private:
  static constexpr Nanos kLongest = 1 * kSecond;

  void OnReady(uint32_t events) override;
  dbpool_conn lease() const override { return token_; }
  void OnDue() override;
  bool unwanted() const { return wanted_ == 0 && under_way_ > 0; }
  void Move();
  void GiveBackUnsent(Nanos now);
  void CancelRest(Nanos now);
  void GiveUp();
  Connection& connection() const { return lease_.connection(); }

  Dispatcher& dispatcher_;
  Loop& loop_;
  const dbpool_conn token_;
  const Nanos since_;
  Lease lease_;
  uint32_t under_way_ = 0;
  uint32_t wanted_ = 0;          ///< of those: for whom somebody waits
  Nanos limit_ = kForever;       ///< when the connection is given up at the latest
  Want want_ = Want::kRead;
  bool started_ = false;
  bool has_unsent_ = false;
  bool fresh_ = true;
  bool closed_ = false;
  bool over_ = false;  ///< the pipeline has ended
};

}  // namespace dbp

#endif  // DBP_SQL_CARRIER_H_
