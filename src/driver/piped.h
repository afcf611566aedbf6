#ifndef DBP_DRIVER_PIPED_H_
#define DBP_DRIVER_PIPED_H_

#include <memory>
#include <utility>

#include "driver/driver.h"

// Pipelining: many statements under way on one connection. See Connection::StartPipeline().

namespace dbp {

/// One statement of a pipeline. It lives at its owner, and so does all its query points to, until the
/// connection has answered it.
struct PipedStatement {
  Query query;  ///< not streamed
  /// Statements up to the next that ends a unit belong together: if one fails, those behind it in the unit
  /// do not run. A unit is no transaction: who wants one puts its BEGIN and COMMIT into it.
  bool ends_unit = true;
  /// Cleans up: runs, as a unit of its own, only if the last unit that does not clean up failed and a transaction
  /// is open. Else it is answered with OK and no rows.
  bool on_failure = false;

  // The answer.
  Status outcome;
  std::unique_ptr<Rows> rows;

  PipedStatement* next = nullptr;  ///< of whoever has it: its owner, or the connection

  /// The connection's, until it is answered.
  struct Notes {
    uint8_t awaited = 0;      ///< results still to come, a set of bits
    uint8_t deallocated = 0;  ///< how many of one kind of them
    bool promised = false;    ///< in a transaction that refuses to write
    bool member = false;      ///< of a unit with others, made by the owner
    bool alone = false;       ///< it runs again, because a neighbour failed
    bool again = false;       ///< ... because the name it went by had gone bad
    bool resend = false;      ///< it shall run again
    uint64_t name = 0;        ///< of the prepared statement it went by; 0: unnamed
    std::shared_ptr<void> statement;
  } notes;
};

/// First in, first out, by their `next`.
class PipedList {
 public:
  bool empty() const { return first_ == nullptr; }
  PipedStatement* first() const { return first_; }
  PipedStatement* last() const { return last_; }
  void Push(PipedStatement& statement) {
    statement.next = nullptr;
    (first_ ? last_->next : first_) = &statement;
    last_ = &statement;
  }
  /// NULL if there is none.
  PipedStatement* Pop() {
    PipedStatement* popped = first_;
    if (popped) first_ = std::exchange(popped->next, nullptr);
    return popped;
  }

 private:
  PipedStatement *first_ = nullptr, *last_ = nullptr;  ///< last_: only if there is a first
};

/// What a statement answers that an earlier one of its unit kept from running.
Status NotRun();

/// A pipeline for a driver that has none: one statement after the other.
class SequentialPipeline {
 public:
  /// Another may have been left half done; its statements are forgotten.
  void Start() { *this = SequentialPipeline(); }
  void Add(PipedStatement& statement) { waiting_.Push(statement); }
  void End() { ended_ = true; }
  PipedStatement* TakeAnswered() { return answered_.Pop(); }
  PipedStatement* TakeUnsent() { return in_unit_ ? nullptr : waiting_.Pop(); }
  /// Nothing is left to do, and nothing more will come.
  bool over() const { return ended_ && waiting_.empty(); }

  /// The statement to run now, or NULL if there is none. The same until Answer().
  PipedStatement* Current(TxState state);
  /// Ends it. Of a lost connection all that wait get the same answer, as not sent.
  void Answer(Status outcome, std::unique_ptr<Rows> rows);

 private:
  PipedList waiting_, answered_;
  bool failed_ = false;   ///< the unit under way, or else the last one
  bool in_unit_ = false;  ///< one is under way
  bool ended_ = false;
};

}  // namespace dbp

#endif  // DBP_DRIVER_PIPED_H_
