#ifndef DBP_DRIVER_POSTGRES_WIRE_H_
#define DBP_DRIVER_POSTGRES_WIRE_H_

#include "driver/driver.h"
#include "driver/postgres/libpq.h"

namespace dbp::postgres {

/// Moves bytes for one PGconn in non-blocking mode and hands out results as they become complete.
/// It makes the system calls of a blocking PQexec and no more: one send, then one recv per wake-up.
class Wire {
 public:
  Wire() = default;
  void Attach(PGconn* pg) { pg_ = pg; }

  /// Something was given to libpq to send (its PQsend call has tried already).
  void Sent() {
    flushing_ = true;
    waited_ = false;
  }
  /// kDone: *result is the next result, or NULL where PQgetResult gives NULL. Else what to wait
  /// for.
  Want Next(ResultPtr* result);
  /// The caller does not wait for what Next() wanted after all.
  void DoNotWait() { waited_ = false; }

  /// The connection is gone. Results that came before are still handed out by Next().
  bool lost() const { return lost_ || PQstatus(pg_) == CONNECTION_BAD; }

  /// Looks whether the server has closed an idle connection. One system call.
  bool ClosedByPeer();

 private:
  void Consume();

  PGconn* pg_ = nullptr;
  bool flushing_ = false;  ///< libpq may hold bytes that are not sent
  bool waited_ = false;    ///< the caller was told to wait for the socket, so it is ready now
  bool lost_ = false;
};

}  // namespace dbp::postgres

#endif  // DBP_DRIVER_POSTGRES_WIRE_H_
