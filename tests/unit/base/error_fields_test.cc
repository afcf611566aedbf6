#include "base/error_fields.h"

#include <gtest/gtest.h>

namespace dbp {
namespace {

TEST(ErrorFields, GiveWhatWasAddedAndNothingElse) {
  ErrorFields fields;
  EXPECT_STREQ(fields.Get(1), "");
  fields.Add(2, "");
  fields.Add(8, "eight");
  fields.Add(255, std::string(1000, 'x'));
  fields.Add(1, "\x08 is no number here");
  EXPECT_STREQ(fields.Get(8), "eight");
  EXPECT_EQ(fields.Get(255), std::string(1000, 'x'));
  EXPECT_STREQ(fields.Get(1), "\x08 is no number here");
  for (const uint32_t none : {0u, 2u, 'x' + 0u, 256u + 8, UINT32_MAX}) {
    EXPECT_STREQ(fields.Get(none), "") << none;
  }
}

TEST(ErrorFields, AreCopiedWhole) {
  ErrorFields fields;
  fields.Add(3, "three");
  const ErrorFields copy = fields;
  fields.Add(4, "four");
  EXPECT_STREQ(copy.Get(3), "three");
  EXPECT_STREQ(copy.Get(4), "");
}

}  // namespace
}  // namespace dbp
