// The scope file and the lists of commands.
#include "scope.h"

#include <fmt/format.h>

#include <algorithm>
#include <sstream>

#include "suite.h"

namespace godwit::spec {
namespace {

constexpr struct {
  std::string_view name;
  Depth depth;
} kDepths[] = {{"execute", Depth::Execute},
               {"partial", Depth::Partial},
               {"validate", Depth::Validate},
               {"skip", Depth::Skip}};

// Calls `handle(line number, words)` for each line that has words before its '#'.
template <class Handle>
Result<> each_line(std::string_view text, Handle handle) {
  std::istringstream lines{std::string(text)};
  std::string line;
  for (uint32_t number = 1; std::getline(lines, line); ++number) {
    std::istringstream words{line.substr(0, line.find('#'))};
    std::vector<std::string> parts;
    for (std::string word; words >> word;) parts.push_back(word);
    if (parts.empty()) continue;
    if (Result<> handled = handle(parts); !handled)
      return fail(std::move(handled).error().in(fmt::format("line {}", number)));
  }
  return {};
}

}  // namespace

bool fits(std::string_view pattern, std::string_view path) {
  const size_t star = pattern.find('*');
  if (star == std::string_view::npos) return pattern == path;
  const std::string_view before = pattern.substr(0, star), after = pattern.substr(star + 1);
  return path.size() >= before.size() + after.size() && path.starts_with(before) && path.ends_with(after);
}

Result<wasm::FeatureSet> parse_features(std::string_view text) {
  wasm::FeatureSet features = wasm::FeatureSet::mvp();
  size_t end = std::min(text.find_first_of("+-"), text.size());
  const std::string_view version = text.substr(0, end);
  if (version == "all") {
    features = wasm::FeatureSet::all();
  } else if (version == "1.0" || version == "2.0" || version == "3.0") {
    // versions are single digits with ".0", so they compare as text; "proposal" comes after all of them
    for (size_t i = 0; i < wasm::kFeatureCount; ++i)
      if (wasm::kFeatures[i].version <= version) features.enable(static_cast<wasm::Feature>(i));
  } else {
    return fail(ErrorKind::Usage, fmt::format("'{}' is not a version", version));
  }
  while (end < text.size()) {
    const bool is_added = text[end] == '+';
    // an option may contain '-': the longest name that fits counts
    std::optional<wasm::Feature> feature;
    size_t name_end = end + 1;
    for (size_t stop = text.size(); stop > end + 1 && !feature; --stop) {
      if (stop < text.size() && text[stop] != '+' && text[stop] != '-') continue;
      feature = wasm::feature_of_option(text.substr(end + 1, stop - end - 1));
      name_end = stop;
    }
    if (!feature) return fail(ErrorKind::Usage, fmt::format("no feature in '{}'", text.substr(end)));
    is_added ? features.enable(*feature) : features.disable(*feature);
    end = name_end;
  }
  return features;
}

Result<Scope> Scope::parse(std::string_view text) {
  Scope scope;
  TRY(each_line(text, [&](const std::vector<std::string>& words) -> Result<> {
    if (words.size() != 3) return fail(ErrorKind::Usage, "wanted: depth features pattern");
    const auto* row = std::find_if(std::begin(kDepths), std::end(kDepths),
                                   [&](const auto& r) { return r.name == words[0]; });
    if (row == std::end(kDepths)) return fail(ErrorKind::Usage, fmt::format("'{}' is not a depth", words[0]));
    ASSIGN_OR_RETURN(wasm::FeatureSet features, parse_features(words[1]));
    if (std::count(words[2].begin(), words[2].end(), '*') > 1)
      return fail(ErrorKind::Usage, "more than one '*'");
    scope.rules_.push_back({words[2], {row->depth, features}});
    return {};
  }));
  return scope;
}

Result<Scope> Scope::load(const std::filesystem::path& file) {
  ASSIGN_OR_RETURN(std::string text, read_file(file));
  return parse(text);
}

FileScope Scope::of(std::string_view path) const {
  for (auto rule = rules_.rbegin(); rule != rules_.rend(); ++rule)
    if (fits(rule->pattern, path)) return rule->scope;
  return {Depth::Validate, wasm::FeatureSet::all()};
}

Result<CommandList> CommandList::parse(std::string_view text) {
  CommandList list;
  TRY(each_line(text, [&](const std::vector<std::string>& words) -> Result<> {
    if (words.size() < 2) return fail(ErrorKind::Usage, "wanted: path:line and the reason");
    std::string reason;
    for (size_t i = 1; i < words.size(); ++i) reason += (i > 1 ? " " : "") + words[i];
    if (!list.reasons_.emplace(words[0], reason).second)
      return fail(ErrorKind::Usage, fmt::format("{} stands there twice", words[0]));
    return {};
  }));
  return list;
}

Result<CommandList> CommandList::load(const std::filesystem::path& file) {
  ASSIGN_OR_RETURN(std::string text, read_file(file));
  return parse(text);
}

bool CommandList::contains(std::string_view path, uint32_t line) const {
  return reasons_.contains(fmt::format("{}:{}", path, line));
}

}  // namespace godwit::spec
