#include <algorithm>
#include <random>

#include "base/event.h"
#include "sql/connection.h"
#include "sql/transaction.h"

namespace dbp {

// Serialization failures and deadlocks are not errors of the program but the database's request to run
// the transaction again from its start (PostgreSQL manual, 13.5 "Serialization Failure Handling").

namespace {

constexpr uint32_t kDefaultAttempts = 10;
constexpr Nanos kDefaultLimit = 30 * kSecond;
constexpr Nanos kPauseBase = 2 * kMillisecond;
constexpr Nanos kPauseCap = 500 * kMillisecond;

/// Full jitter: a random time up to a cap that doubles with each attempt.
Nanos PauseAfter(uint32_t attempt) {
  thread_local std::minstd_rand random{std::random_device{}()};
  const Nanos top = std::min(kPauseCap, kPauseBase << std::min(attempt, 16u));
  return std::uniform_int_distribution<Nanos>(0, top)(random);
}

uint32_t MostAttempts(const dbpool_tx_options& options) {
  return options.max_attempts ? options.max_attempts : kDefaultAttempts;
}

/// A connection found lost before the statement went out took the transaction with it.
bool MayHelp(const Driver& driver, const Status& failure) {
  if (failure.has_flag(DBPOOL_FLAG_OUTCOME_UNKNOWN)) return false;
  const bool unsent = failure.code() == DBPOOL_ERR_BROKEN && failure.has_flag(DBPOOL_FLAG_NOT_SENT);
  return unsent || driver.TransactionMayRetry(failure);
}

struct Attempt {
  Status status;
  bool may_retry = false;
};

Attempt RunOnce(Pool& pool, dbpool_conn token, const TransactionBody& body,
                const dbpool_tx_options& options, Deadline deadline) {
  const Driver& driver = pool.driver();
  if (Status begun = Begin(token, options, deadline.Left()); begun.failed()) {
    // Nothing has been done yet, so a lost connection is as good a reason as a serialization failure.
    const bool again = begun.code() == DBPOOL_ERR_BROKEN || MayHelp(driver, begun);
    return {std::move(begun), again};
  }
  Status status = body(token);
  if (status.ok()) {
    status = Commit(token);
  } else {
    (void)Rollback(token);  // what failed counts; the release makes sure of the rest
  }
  const bool again = status.failed() && MayHelp(driver, status);
  return {std::move(status), again};
}

}  // namespace

std::optional<Nanos> PauseBeforeRetry(const Pool& pool, const Status& failure, const dbpool_tx_options& options,
                                      uint32_t attempt) {
  if (attempt >= MostAttempts(options) || !MayHelp(pool.driver(), failure)) return std::nullopt;
  return PauseAfter(attempt);
}

Status RunTransaction(Pool& pool, const TransactionBody& body, const dbpool_tx_options& options,
                      Nanos timeout) {
  const Deadline deadline = Deadline::After(timeout == kDefaultTimeout ? kDefaultLimit : timeout);
  for (uint32_t attempt = 1;; ++attempt) {
    dbpool_conn token = 0;
    const Nanos wait = std::min(pool.config().acquire_timeout, std::max<Nanos>(deadline.Left(), 1));
    DBP_RETURN_IF_ERROR(pool.Acquire({.timeout = wait}, &token));
    Attempt made;
    try {
      made = RunOnce(pool, token, body, options, deadline);
    } catch (...) {
      (void)Pool::Release(token);
      throw;
    }
    (void)Pool::Release(token);  // stale if the body released it, against the rules
    if (!made.may_retry || attempt >= MostAttempts(options) || deadline.Passed()) return std::move(made.status);
    Event nothing;
    nothing.Wait(Deadline::After(PauseAfter(attempt)).Earlier(deadline));
  }
}

}  // namespace dbp
