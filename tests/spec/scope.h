// Scope: how far the runner goes with each file of the suite, with which features, and what is known to differ.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "wasm/features.h"
#include "wast/session.h"

namespace godwit::spec {

using wast::Depth;
using FileScope = wast::Scope;

// Lines of the scope file, "depth  features  pattern  # note"; the last line whose pattern fits a file decides.
// A pattern is a path with at most one `*` in it, which stands for any text. Features are "1.0", "2.0" or "3.0" (all
// that is part of that version or an earlier one), or "all", then any number of "+option" and "-option".
class Scope final {
 public:
  // @errors Io; Usage: names the line that cannot be read.
  static Result<Scope> load(const std::filesystem::path& file);
  static Result<Scope> parse(std::string_view text);

  // A file that no line fits is validated with all features.
  FileScope of(std::string_view path) const;

 private:
  struct Rule {
    std::string pattern;
    FileScope scope;
  };
  std::vector<Rule> rules_;
};

// Commands by "path:line", each with a sentence why: known failures, or those that a later standard changed.
class CommandList final {
 public:
  static Result<CommandList> load(const std::filesystem::path& file);
  static Result<CommandList> parse(std::string_view text);

  bool contains(std::string_view path, uint32_t line) const;
  size_t size() const { return reasons_.size(); }

 private:
  std::map<std::string, std::string, std::less<>> reasons_;
};

// @errors Usage: an unknown version or option.
Result<wasm::FeatureSet> parse_features(std::string_view text);
bool fits(std::string_view pattern, std::string_view path);

}  // namespace godwit::spec
