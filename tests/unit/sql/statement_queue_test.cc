#include <gtest/gtest.h>

#include <vector>

#include "sql/shared_statement.h"

namespace dbp {
namespace {

class StatementQueueTest : public testing::Test {
 protected:
  std::vector<int> Order() {
    std::vector<int> order;
    while (SharedStatement* oldest = queue_.oldest()) {
      order.push_back(static_cast<int>(oldest - statements_));
      queue_.Remove(*oldest);
    }
    EXPECT_EQ(queue_.size(), 0u);
    EXPECT_EQ(queue_.newest(), nullptr);
    return order;
  }

  SharedStatement statements_[5];
  StatementQueue queue_;
};

TEST_F(StatementQueueTest, FirstComeFirstServed) {
  for (SharedStatement& statement : statements_) queue_.Append(statement);
  queue_.Remove(statements_[2]);
  EXPECT_EQ(queue_.size(), 4u);
  EXPECT_EQ(queue_.newest(), &statements_[4]);
  EXPECT_EQ(Order(), (std::vector<int>{0, 1, 3, 4}));
}

TEST_F(StatementQueueTest, WhatComesBackTakesItsOldPlaceInWhateverOrderItComes) {
  for (SharedStatement& statement : statements_) queue_.Append(statement);
  for (int i : {0, 1, 2, 4}) queue_.Remove(statements_[i]);
  for (int i : {2, 0, 4, 1}) queue_.PutBack(statements_[i]);
  EXPECT_EQ(queue_.newest(), &statements_[4]);
  EXPECT_EQ(Order(), (std::vector<int>{0, 1, 2, 3, 4}));
}

}  // namespace
}  // namespace dbp
