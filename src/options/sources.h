#ifndef DBP_OPTIONS_SOURCES_H_
#define DBP_OPTIONS_SOURCES_H_

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "options/options.h"
#include "options/table.h"

// Where the text of an option may come from, and which one counts.

namespace dbp {

/// The weakest first.
enum class Source : uint8_t { kDefault, kEnvironment, kUri, kSetter };

struct Chosen {
  std::string_view text;
  Source source = Source::kDefault;
  bool given() const { return source != Source::kDefault; }
};

/// All texts of one configuration. REQUIRES: outlived by the Options it was made of.
class Sources {
 public:
  explicit Sources(const Options& options)
      : setters_(options.explicit_texts()), environment_(options.environment_texts()) {}
  ~Sources();
  Sources(const Sources&) = delete;
  Sources& operator=(const Sources&) = delete;

  /// Finds the URI (the argument, the option, the environment), takes it apart, and refuses what
  /// contradicts it. uri may be NULL.
  Status Read(const char* uri);

  /// The strongest text. An option of another database in the environment is not looked at.
  Chosen Pick(std::string_view name) const;
  DatabaseKind kind() const { return kind_; }
  /// What the URI's query says besides options of ours: keywords of libpq.
  const std::vector<std::pair<std::string, std::string>>& keywords() const { return keywords_; }

 private:
  Status FindUri(const char* argument, std::string_view* uri, bool* from_environment) const;
  Status TakeApart(std::string_view uri);
  Status AddParameter(const std::string& name, std::string_view text, bool after_password);
  Status AddPart(std::string_view name, std::string_view text);
  Status CheckParts(const Options::Texts& texts) const;
  Status CheckScope(const Options::Texts& texts) const;
  Status GuessKind();

  const Options::Texts& setters_;
  const Options::Texts& environment_;
  Options::Texts uri_;
  std::vector<std::pair<std::string, std::string>> keywords_;
  DatabaseKind kind_ = DatabaseKind::kPostgres;
};

bool InScope(const Spec& spec, DatabaseKind kind);

}  // namespace dbp

#endif  // DBP_OPTIONS_SOURCES_H_
