#ifndef DBP_TESTS_SUPPORT_PIPING_H_
#define DBP_TESTS_SUPPORT_PIPING_H_

#include <deque>
#include <string>
#include <vector>

#include "driver/piped.h"
#include "driver/pump.h"
#include "tests/support/testing.h"

namespace dbp {

/// The owner of a pipeline's statements. They are answered in any order and looked at by their number.
class Piping {
 public:
  struct One {
    std::string sql;
    std::vector<dbpool_value> params;
    PipedStatement piped;
    int answers = 0;
  };

  One& Add(std::string sql, std::vector<dbpool_value> params = {}, bool read_only = false,
           bool ends_unit = true) {
    One& one = all_.emplace_back();
    one.sql = std::move(sql);
    one.params = std::move(params);
    one.piped.query = {.sql = one.sql, .params = one.params, .read_only = read_only};
    one.piped.ends_unit = ends_unit;
    return one;
  }
  One& AddReading(std::string sql, std::vector<dbpool_value> params = {}) {
    return Add(std::move(sql), std::move(params), true);
  }
  One& AddMember(std::string sql, std::vector<dbpool_value> params = {}) {
    return Add(std::move(sql), std::move(params), false, false);
  }

  One& AddCleaning(std::string sql) {
    One& one = Add(std::move(sql));
    one.piped.on_failure = true;
    return one;
  }

  /// All that were added, in one pipeline, to its end. Each is answered once.
  Status Run(Connection& connection, bool ordered = true) {
    connection.StartPipeline(ordered, Deadline::After(kGenerous));
    PipeAll(connection);
    connection.EndPipeline();
    EXPECT_TRUE(Pump(connection, Deadline::After(kGenerous)));
    TakeAll(connection);
    for (const One& one : all_) EXPECT_EQ(one.answers, 1) << one.sql;
    return connection.Finish(nullptr);
  }
  void PipeAll(Connection& connection) {
    for (One& one : all_) {
      if (&one == &all_[piped_]) connection.Pipe(one.piped), ++piped_;
    }
  }
  void TakeAll(Connection& connection) {
    while (PipedStatement* answered = connection.TakeAnswered()) {
      bool ours = false;
      for (One& one : all_) {
        if (&one.piped == answered) ++one.answers, ours = true;
      }
      EXPECT_TRUE(ours);
      ++taken_;
    }
  }
  size_t taken() const { return taken_; }
  std::deque<One>& all() { return all_; }
  One& operator[](size_t i) { return all_[i]; }

 private:
  std::deque<One> all_;  // does not move them
  size_t piped_ = 0, taken_ = 0;
};

/// The first cell of what it gave as a number; -1 without one.
inline int64_t FirstNumber(Piping::One& one) {
  EXPECT_OK(one.piped.outcome) << one.sql;
  if (!one.piped.rows) return -1;
  const Rows::Batch batch = one.piped.rows->Take(1);
  return batch.rows == 1 && batch.cells[0].type == DBPOOL_INT64 ? batch.cells[0].num.i64 : -1;
}

}  // namespace dbp

#endif  // DBP_TESTS_SUPPORT_PIPING_H_
