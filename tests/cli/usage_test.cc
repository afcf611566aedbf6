#include <sys/wait.h>

#include <cstdlib>

#include "tests/cli/command.h"

namespace dbp::cli_test {
namespace {

TEST(Usage, VersionIsPrinted) {
  const Outcome outcome = Dbpool({"--version"});
  EXPECT_EQ(outcome.exit_code, 0);
  EXPECT_TRUE(outcome.out.starts_with("dbpool 0.")) << outcome.out;
}

TEST(Usage, HelpFitsEightyColumnsAndHasExamples) {
  for (const char* command : {"ping", "query", "bench", "demo"}) {
    const Outcome outcome = Dbpool({command, "--help"});
    EXPECT_EQ(outcome.exit_code, 0);
    EXPECT_NE(outcome.out.find("Examples:\n"), std::string::npos) << command;
    for (size_t at = 0; at < outcome.out.size();) {
      const size_t end = outcome.out.find('\n', at);
      EXPECT_LE(end - at, 80u) << outcome.out.substr(at, end - at);
      at = end + 1;
    }
  }
}

TEST(Usage, AnUnknownOptionIsWrongUse) {
  const Outcome outcome = Dbpool({"ping", "--colour", "sqlite::memory:"});
  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_NE(outcome.err.find("--colour"), std::string::npos) << outcome.err;
  EXPECT_EQ(outcome.out, "");
}

TEST(Usage, OutputThatCannotBeWrittenIsAFailure) {
  const int status =
      std::system(DBPOOL_COMMAND " query sqlite::memory: 'SELECT 1' > /dev/full 2> /dev/null");
  EXPECT_EQ(WEXITSTATUS(status), 1);
}

TEST(Usage, NoCommandIsWrongUse) {
  EXPECT_EQ(Dbpool({}).exit_code, 2);
}

TEST(Usage, AnUnknownPoolOptionIsWrongUseAndNamed) {
  const Outcome outcome = Dbpool({"ping", "sqlite::memory:", "-o", "pool_sise=3"});
  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_NE(outcome.err.find("pool_sise"), std::string::npos) << outcome.err;
}

TEST(Usage, AnOptionWithoutAValueIsWrongUse) {
  EXPECT_EQ(Dbpool({"ping", "sqlite::memory:", "-o", "pool_size"}).exit_code, 2);
}

TEST(Usage, AnOptionBeatsTheUri) {
  const Outcome outcome = Dbpool({"query", "sqlite::memory:?query_timeout=nonsense", "SELECT 1"});
  EXPECT_EQ(outcome.exit_code, 2) << outcome.err;
  const Outcome beaten = Dbpool({"bench", "sqlite::memory:?pool_size=3", "-o", "pool_size=2", "-o",
                                 "max_overflow=0", "--workload", "acquire", "--duration", "50ms"});
  EXPECT_EQ(beaten.exit_code, 0) << beaten.err;
  EXPECT_NE(beaten.out.find("at most 2 at a time"), std::string::npos) << beaten.out;
}

}  // namespace
}  // namespace dbp::cli_test
