#ifndef DBP_SQL_SHARED_STATEMENT_H_
#define DBP_SQL_SHARED_STATEMENT_H_

#include <memory>

#include "driver/piped.h"

namespace dbp {

class Carrier;
class OneShotOp;

/// The statement of a one-shot, with its text in the same piece of memory. It belongs to its op; one whose caller
/// does not wait any more belongs to the carrier that has it.
struct SharedStatement : PipedStatement {
  struct Free {
    void operator()(SharedStatement* statement) const { Destroy(statement); }
  };
  using Ptr = std::unique_ptr<SharedStatement, Free>;

  /// Copies the query. Throws std::bad_alloc.
  static Ptr Make(const Query& query);
  static void Destroy(SharedStatement* statement);

  OneShotOp* op = nullptr;     ///< NULL: nobody waits for it
  Carrier* carrier = nullptr;  ///< whose connection has it; NULL: it waits in a queue, or its op has it
  Nanos began = 0;             ///< when it came, then when it was given to a connection
  bool reads = false;          ///< it cannot have changed anything

 private:
  friend class StatementQueue;
  uint64_t ticket_ = 0;  ///< order of arrival; kept when it must wait again
  SharedStatement *older_ = nullptr, *newer_ = nullptr;
};

/// Statements that wait for a connection, the oldest first. Linked through them.
class StatementQueue {
 public:
  bool empty() const { return oldest_ == nullptr; }
  uint32_t size() const { return size_; }
  SharedStatement* oldest() const { return oldest_; }
  SharedStatement* newest() const { return newest_; }

  void Append(SharedStatement& statement) {
    statement.ticket_ = ++last_ticket_;
    Link(newest_, statement, nullptr);
  }
  /// To the place it once had. Those that come back are among the oldest.
  void PutBack(SharedStatement& statement) {
    SharedStatement* newer = oldest_;
    while (newer && newer->ticket_ < statement.ticket_) newer = newer->newer_;
    Link(newer ? newer->older_ : newest_, statement, newer);
  }
  void Remove(SharedStatement& statement) {
    (statement.older_ ? statement.older_->newer_ : oldest_) = statement.newer_;
    (statement.newer_ ? statement.newer_->older_ : newest_) = statement.older_;
    --size_;
  }

 private:
  void Link(SharedStatement* older, SharedStatement& statement, SharedStatement* newer) {
    statement.older_ = older;
    statement.newer_ = newer;
    (older ? older->newer_ : oldest_) = &statement;
    (newer ? newer->older_ : newest_) = &statement;
    ++size_;
  }

  SharedStatement *oldest_ = nullptr, *newest_ = nullptr;
  uint64_t last_ticket_ = 0;
  uint32_t size_ = 0;
};

}  // namespace dbp

#endif  // DBP_SQL_SHARED_STATEMENT_H_
