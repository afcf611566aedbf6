#include "cli/scratch.h"

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <fmt/format.h>
#include <mutex>
#include <system_error>
#include <utility>

#include "cli/interrupt.h"

namespace dbp::cli {

namespace {

std::mutex mutex;
std::string leftover;  // GUARDED_BY(mutex): the folder that exists now

std::string MakeFolder() {
  std::error_code error;
  std::filesystem::path base = std::filesystem::temp_directory_path(error);
  if (error) base = "/tmp";
  std::string path = (base / "dbpool-demo-XXXXXX").string();
  if (!mkdtemp(path.data()))
    throw std::system_error(errno, std::generic_category(), "making a temporary folder " + path);
  return path;
}

}  // namespace

TemporaryFolder::TemporaryFolder() : path_(MakeFolder()) {
  const std::lock_guard lock(mutex);
  leftover = path_;
}

TemporaryFolder::~TemporaryFolder() {
  RemoveLeftover();
}

void TemporaryFolder::RemoveLeftover() {
  const std::lock_guard lock(mutex);
  if (leftover.empty()) return;
  std::error_code error;
  std::filesystem::remove_all(leftover, error);
  if (error) fmt::print(stderr, "dbpool: {} could not be removed: {}\n", leftover, error.message());
  leftover.clear();
}

std::string TemporaryFolder::SqliteUri(const std::string& file) const {
  std::string uri = "sqlite://";
  for (const char c : path_ + "/" + file) {
    const bool plain =
        std::isalnum(static_cast<unsigned char>(c)) || c == '/' || c == '-' || c == '_' || c == '.';
    uri += plain ? std::string(1, c) : fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  return uri;
}

ScratchTable::ScratchTable(const Pool& pool, std::string name, int64_t rows,
                           const std::function<void(int64_t)>& progress)
    : pool_(pool), name_(std::move(name)), rows_(rows) {
  pool_.Execute(
      fmt::format("CREATE TABLE {} (id INTEGER PRIMARY KEY, name TEXT NOT NULL, "
                  "price DOUBLE PRECISION NOT NULL)",
                  name_));
  try {
    Fill(progress);
  } catch (...) {
    pool_.Execute("DROP TABLE " + name_);
    throw;
  }
}

void ScratchTable::Fill(const std::function<void(int64_t)>& progress) const {
  constexpr int64_t kStep = 10'000;
  for (int64_t done = 0; done < rows_ && !InterruptGuard::Requested(); done += kStep) {
    progress(done);
    pool_.Execute(
        fmt::format("WITH RECURSIVE n(i) AS (SELECT {} UNION ALL SELECT i + 1 FROM n WHERE i < {}) "
                    "INSERT INTO {} SELECT i, 'product ' || i, (i % 9973) * 0.5 FROM n",
                    done + 1, std::min(done + kStep, rows_), name_));
  }
}

ScratchTable::~ScratchTable() {
  try {
    pool_.Execute("DROP TABLE " + name_);
  } catch (const Failure& failure) {
    fmt::print(stderr, "dbpool: the table {} could not be dropped: {}\n", name_, failure.what());
  }
}

}  // namespace dbp::cli
