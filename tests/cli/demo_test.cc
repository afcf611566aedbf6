#include <csignal>

#include "tests/cli/command.h"

namespace dbp::cli_test {
namespace {

class Demo : public CliTest {
 protected:
  const Words here_ = {"TMPDIR=" + folder_.path()};
};

TEST_F(Demo, ShowsAllThreePartsAndTheResult) {
  const Outcome outcome = Dbpool({"demo", "--seconds", "0.9"}, here_);
  EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
  for (const char* piece :
       {"dbpool demo on SQLite 3.", "\na  ", "\n   open-query-close ", "\n   pooled ",
        "\nb  64 threads", "  < ", "\nc  The pool's own statistics\n", "\nResult\n",
        "\n   better by", "Requests per second", "   max  pooled"})
    EXPECT_NE(outcome.out.find(piece), std::string::npos) << piece << "\n" << outcome.out;
  EXPECT_EQ(outcome.out.find('\x1b'), std::string::npos);
  EXPECT_EQ(outcome.out.find('\r'), std::string::npos);
  EXPECT_EQ(outcome.out.find("requests failed"), std::string::npos) << outcome.out;
}

TEST_F(Demo, LeavesNoFolderBehind) {
  EXPECT_EQ(Dbpool({"demo", "--seconds", "0.1"}, here_).exit_code, 0);
  EXPECT_TRUE(folder_.Entries().empty());
}

TEST_F(Demo, AnInterruptLeavesNothingBehind) {
  Running running({"demo"}, here_);
  ASSERT_TRUE(running.WaitFor("\na  "));
  running.Signal(SIGINT);
  EXPECT_EQ(running.Finish().exit_code, 130);
  EXPECT_TRUE(folder_.Entries().empty());
}

TEST_F(Demo, ASecondInterruptLeavesNoFolderBehindEither) {
  Running running({"demo"}, here_);
  ASSERT_TRUE(running.WaitFor("\nb  "));
  running.Signal(SIGTERM);
  running.Signal(SIGINT);
  EXPECT_EQ(running.Finish().exit_code, 130);
  EXPECT_TRUE(folder_.Entries().empty());
}

TEST_F(Demo, DropsItsTableOfAGivenDatabase) {
  const Outcome outcome = Dbpool({"demo", uri_, "--seconds", "0.1"});
  EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_EQ(Query({"SELECT count(*) AS n FROM sqlite_schema", "--csv"}).out, "n\r\n0\r\n");
}

TEST_F(Demo, FitsEightyColumns) {
  const Outcome outcome = Dbpool({"demo", "--seconds", "0.3"}, here_);
  for (size_t at = 0; at < outcome.out.size();) {
    const size_t end = outcome.out.find('\n', at);
    EXPECT_LE(end - at, 80u) << outcome.out.substr(at, end - at);
    at = end + 1;
  }
}

}  // namespace
}  // namespace dbp::cli_test
