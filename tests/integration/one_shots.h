#ifndef DBP_TESTS_INTEGRATION_ONE_SHOTS_H_
#define DBP_TESTS_INTEGRATION_ONE_SHOTS_H_

#include <atomic>
#include <deque>
#include <functional>
#include <memory>
#include <string>

#include "tests/integration/integration.h"
#include "tests/support/polled_host.h"

namespace dbp {

/// A one-shot and what came of it.
struct Shot {
  std::atomic<int> calls{0};
  abi::Error error;
  std::string value;  ///< the first cell
  dbpool_op op = 0;
  std::function<void()> then;

  static void Callback(void* self, dbpool_status status, dbpool_result* result, dbpool_error* error) {
    auto& shot = *static_cast<Shot*>(self);
    dbpool_batch batch = {.struct_size = sizeof batch};
    if (result && dbpool_result_fetch(result, 1, &batch, nullptr) == DBPOOL_OK) {
      shot.value = abi::Format(batch.cells[0]);
    }
    dbpool_result_free(result);
    shot.error = abi::Take(status, error);
    if (shot.then) shot.then();
    ++shot.calls;
  }
};

class OneShots : public testing::TestWithParam<uint32_t> {
 protected:
  void SetUp() override {
    ASSERT_EQ(dbpool_loop_create(GetParam(), &loop_, nullptr), DBPOOL_OK);
    admin_ = std::make_unique<abi::Pool>(PostgresUrl(), abi::Settings{{"pool_size", "2"}});
    ASSERT_TRUE(abi::Ok(admin_->Run("DROP TABLE IF EXISTS shot; CREATE TABLE shot (a int)")));
  }
  void TearDown() override {
    FreeLoop();
    EXPECT_TRUE(abi::Ok(admin_->Run("DROP TABLE shot")));
  }
  void FreeLoop() { dbpool_loop_free(std::exchange(loop_, nullptr)); }

  Shot& Send(const abi::Pool& pool, const std::string& sql, const abi::Params& params = {},
             abi::QueryHow how = {}) {
    Shot& shot = shots_.emplace_back();
    Again(pool, shot, sql, params, how);
    return shot;
  }
  void Again(const abi::Pool& pool, Shot& shot, const std::string& sql, const abi::Params& params = {},
             abi::QueryHow how = {}) {
    const dbpool_query_options options = {sizeof options, how.timeout_ms, how.flags};
    EXPECT_EQ(dbpool_query_async(pool.get(), loop_, sql.data(), sql.size(), params.data(), params.size(),
                                 &options, Shot::Callback, &shot, &shot.op, nullptr),
              DBPOOL_PENDING);
  }
  void Dispatch() {
    if (GetParam() != DBPOOL_LOOP_THREAD && loop_) host_.Turn(loop_);
  }
  bool Until(const std::function<bool()>& condition) {
    return Await([&] {
      Dispatch();
      return condition();
    });
  }
  bool AllAnswered() {
    const bool all = Until([&] {
      for (const Shot& shot : shots_) {
        if (shot.calls == 0) return false;
      }
      return true;
    });
    for (const Shot& shot : shots_) EXPECT_EQ(shot.calls, 1);
    return all;
  }
  bool AllReturned(const abi::Pool& pool) {
    return Until([&] { return pool.Stats().leased == 0; });
  }
  void ExpectBehindALock(const abi::Pool& pool, bool shared, uint32_t waiting, uint32_t flags = 0);
  /// How many sessions wait for a lock.
  std::string Blocked() {
    return admin_->Ask("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'");
  }

  dbpool_loop* loop_ = nullptr;
  PolledHost host_;
  std::unique_ptr<abi::Pool> admin_;
  std::deque<Shot> shots_;
};
/// Holds the table against everybody, for as long as it lives.
class Locked {
 public:
  explicit Locked(const abi::Pool& pool) : lease_(pool) {
    EXPECT_TRUE(abi::Ok(lease_.Begin()));
    EXPECT_TRUE(abi::Ok(lease_.Run("LOCK TABLE shot")));
  }
  void Open() { EXPECT_TRUE(abi::Ok(lease_.Rollback())); }

 private:
  abi::Lease lease_;
};

/// Until when what is sent now is on its way for certain, also on a busy machine.
inline constexpr int64_t kSentByThenMs = 400;

/// What becomes of 20 statements behind one that waits for a lock, on the pool's only connection: `shared`, they are on
/// their way; else they stand in the queue.
inline void OneShots::ExpectBehindALock(const abi::Pool& pool, bool shared, uint32_t waiting, uint32_t flags) {
  Locked locked(*admin_);
  shots_.clear();
  Send(pool, "SELECT count(*) FROM shot", {}, {.flags = flags});
  EXPECT_TRUE(Until([&] { return Blocked() == "1"; }));
  for (int i = 0; i < 20; ++i) Send(pool, "SELECT $1::int", {abi::Int(i)}, {.flags = flags});
  Shot& last = Send(pool, "SELECT 1", {}, {.timeout_ms = kSentByThenMs, .flags = flags});
  EXPECT_TRUE(Until([&] { return last.calls == 1; }));
  EXPECT_TRUE(abi::Is(last.error, DBPOOL_ERR_TIMEOUT));
  EXPECT_EQ(last.error.phase, uint32_t{shared ? DBPOOL_PHASE_QUERY : DBPOOL_PHASE_QUEUE}) << "where it was";
  // Told in the round of the loop after the callback.
  EXPECT_TRUE(Until([&] { return pool.Stats().waiting == waiting; })) << pool.Stats().waiting;
  locked.Open();
  ASSERT_TRUE(AllAnswered());
  for (int i = 0; i < 20; ++i) EXPECT_EQ(shots_[i + 1].value, std::to_string(i));
}

inline const abi::Settings kOne = {{"pool_size", "1"}, {"max_overflow", "0"}};
inline const abi::Settings kTwo = {{"pool_size", "2"}, {"max_overflow", "0"}};

}  // namespace dbp

#endif  // DBP_TESTS_INTEGRATION_ONE_SHOTS_H_
