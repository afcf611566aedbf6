#ifndef DBP_DRIVER_SQLITE_OBSERVER_H_
#define DBP_DRIVER_SQLITE_OBSERVER_H_

#include <sqlite3.h>

#include <cstdint>

// Sees by SQLite's authorizer what each statement is about when it is prepared; forbids nothing.
// PRAGMAs take effect while they are prepared, so what is noted here is noted before it happens.

namespace dbp::sqlite {

class Observer {
 public:
  enum class Change : uint8_t { kNone, kInsert, kUpdate, kDelete };

  Observer() = default;
  Observer(const Observer&) = delete;
  Observer& operator=(const Observer&) = delete;

  /// From now on the handle tells this object, which must outlive it.
  void Install(sqlite3* db);

  /// A statement was prepared that may leave more in its session than a transaction: ATTACH,
  /// temporary objects, a PRAGMA that sets something. Once prepared it counts as run.
  bool dirty() const { return dirty_; }
  /// REQUIRES: the handle is new, and no statement of it is kept.
  void ForgetDirt() { dirty_ = false; }

  /// While one lives nothing is noted: the driver's own PRAGMAs.
  class Pause {
   public:
    explicit Pause(Observer& observer) : observer_(observer) { observer_.paused_ = true; }
    ~Pause() { observer_.paused_ = false; }
    Pause(const Pause&) = delete;
    Pause& operator=(const Pause&) = delete;

   private:
    Observer& observer_;
  };

  void BeginStatement() { change_ = Change::kNone; }
  /// What the statement itself (not a trigger) does first to a table, since BeginStatement().
  Change change() const { return change_; }

 private:
  void See(int action, const char* first, const char* second, const char* trigger);

  bool dirty_ = false;
  bool paused_ = false;
  Change change_ = Change::kNone;
};

}  // namespace dbp::sqlite

#endif  // DBP_DRIVER_SQLITE_OBSERVER_H_
