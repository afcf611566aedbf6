#ifndef DBP_TESTS_UNIT_OPTIONS_RESOLVED_H_
#define DBP_TESTS_UNIT_OPTIONS_RESOLVED_H_

#include <gtest/gtest.h>
#include <stdlib.h>

#include <initializer_list>
#include <string>
#include <utility>
#include <vector>

#include "options/options.h"

namespace dbp {

using Pairs = std::initializer_list<std::pair<const char*, const char*>>;

inline void SetAll(Options* options, Pairs pairs) {
  for (const auto& [name, value] : pairs) {
    const Status status = options->Set(name, value);
    EXPECT_TRUE(status.ok()) << status.message();
  }
}

/// The configuration of a URI (may be NULL) and setters; a failure if there is none.
inline Config Resolved(const char* uri, Pairs setters = {}) {
  Options options;
  SetAll(&options, setters);
  Config config;
  const Status status = Resolve(uri, &options, &config);
  EXPECT_TRUE(status.ok()) << status.message();
  return config;
}

/// The message of a configuration that must be refused; a failure if it is not.
inline std::string Refusal(const char* uri, Pairs setters = {}) {
  Options options;
  SetAll(&options, setters);
  Config config;
  const Status status = Resolve(uri, &options, &config);
  EXPECT_EQ(status.code(), DBPOOL_ERR_OPTION) << (uri ? uri : "NULL");
  return std::string(status.message());
}

inline bool Contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

/// Environment variables with the prefix "T_", which go with it.
class TestEnvironment {
 public:
  TestEnvironment(Pairs variables) : variables_(variables.begin(), variables.end()) {
    for (const auto& [name, value] : variables_) setenv(name.c_str(), value.c_str(), 1);
  }
  ~TestEnvironment() {
    for (const auto& [name, value] : variables_) unsetenv(name.c_str());
  }
  TestEnvironment(const TestEnvironment&) = delete;
  TestEnvironment& operator=(const TestEnvironment&) = delete;

 private:
  std::vector<std::pair<std::string, std::string>> variables_;
};

}  // namespace dbp

#endif  // DBP_TESTS_UNIT_OPTIONS_RESOLVED_H_
