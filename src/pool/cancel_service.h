#ifndef DBP_POOL_CANCEL_SERVICE_H_
#define DBP_POOL_CANCEL_SERVICE_H_

#include <atomic>
#include <memory>

#include "driver/driver.h"

namespace dbp {

/// Somebody who waits for the requests of a connection without blocking.
class CancelWatcher {
 public:
  /// None is in flight. On the thread that sent the last one, without a lock.
  virtual void OnNoneInFlight() = 0;

 protected:
  ~CancelWatcher() = default;
};

/// A connection's canceller and how many requests are on their way. A connection may be lent again only
/// when none is: a late one would hit the next borrower (a request that is not waited for kills an
/// innocent statement in 4 of 10 cases). Outlives the connection if a request hangs.
struct CancelLine {
  explicit CancelLine(std::shared_ptr<Canceller> c) : canceller(std::move(c)) {}
  const std::shared_ptr<Canceller> canceller;
  std::atomic<uint32_t> in_flight{0};
  std::atomic<bool> draining{false};  ///< the statement is over: further requests are dropped
  CancelWatcher* watcher = nullptr;   ///< guarded by the service
  bool queued = false;                ///< guarded by the service: a request that no thread has begun to send
};

/// Sends a request: here and now if it cannot block, else on one of at most two threads of the process,
/// which may hang (PQcancel of libpq 15 has no time-out) and then cancel nothing any more. One that is still to be
/// sent does for all who ask meanwhile: the connection must wait for each.
void SendCancel(std::shared_ptr<CancelLine> line);

/// Waits until no request is in flight. False if the deadline came first.
bool AwaitCancels(CancelLine& line, Deadline deadline);

/// Has the watcher told, once. False: none is in flight, it will not be.
bool WatchCancels(CancelLine& line, CancelWatcher& watcher);
/// False: it has been told already, or is being told now.
bool UnwatchCancels(CancelLine& line);

}  // namespace dbp

#endif  // DBP_POOL_CANCEL_SERVICE_H_
