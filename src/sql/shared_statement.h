#ifndef DBP_SQL_SHARED_STATEMENT_H_
#define DBP_SQL_SHARED_STATEMENT_H_

#include <memory>

#include "driver/piped.h"

namespace dbp {

class Carrier;
class OneShotOp;

/// The statement of a one-shot, with its text in the same piece of memory. It belongs to its op, but while a
/// dispatcher or a connection has it to them: then it outlives an op that does not wait for it any more.
struct SharedStatement : PipedStatement {
  struct Free {
    void operator()(SharedStatement* statement) const { Destroy(statement); }
  };
  using Ptr = std::unique_ptr<SharedStatement, Free>;

  /// Copies the query. Throws std::bad_alloc.
  static Ptr Make(const Query& query);
  static void Destroy(SharedStatement* statement);

  OneShotOp* op = nullptr;     ///< NULL: nobody waits for it
  Carrier* carrier = nullptr;  ///< whose connection has it
  Nanos due = 0;               ///< of the wait for a connection, then of the statement
  Nanos began = 0;             ///< when it was given to a connection
  bool again = false;          ///< it was lost with a connection once
  bool reads = false;          ///< it cannot have changed anything
  bool queued = false;         ///< in a dispatcher's queue
  bool listed = false;
  /// Of the dispatcher's list of all for whom somebody waits.
  SharedStatement *newer = nullptr, *older = nullptr;
};

}  // namespace dbp

#endif  // DBP_SQL_SHARED_STATEMENT_H_
