#ifndef DBP_CLI_SCRATCH_H_
#define DBP_CLI_SCRATCH_H_

#include <functional>
#include <string>

#include "cli/api.h"

namespace dbp::cli {

/// A folder of our own under TMPDIR or /tmp, removed with everything in it. One at a time.
class TemporaryFolder {
 public:
  TemporaryFolder();
  ~TemporaryFolder();
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  /// URI of an SQLite file in it.
  std::string SqliteUri(const std::string& file) const;

  /// Removes the folder that is there now, for an exit without destructors.
  static void RemoveLeftover();

 private:
  std::string path_;
};

/// A table of numbered rows (id, name, price), made for one run and dropped at its end.
///
/// It never takes a table that is there already: it may be somebody's.
class ScratchTable {
 public:
  /// Fills the table; `progress` is told the rows so far. An interrupt stops filling.
  ScratchTable(const Pool& pool, std::string name, int64_t rows,
               const std::function<void(int64_t)>& progress);
  ~ScratchTable();
  ScratchTable(const ScratchTable&) = delete;
  ScratchTable& operator=(const ScratchTable&) = delete;

  const std::string& name() const { return name_; }
  int64_t rows() const { return rows_; }

 private:
  void Fill(const std::function<void(int64_t)>& progress) const;

  const Pool& pool_;
  std::string name_;
  int64_t rows_;
};

}  // namespace dbp::cli

#endif  // DBP_CLI_SCRATCH_H_
