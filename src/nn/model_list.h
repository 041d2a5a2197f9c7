// ModelList: models that the user has given names to; each is a file in a folder of theirs.
//
//   ~/.config/godwit/models/NAME
//     encoding ggml
//     target auto
//     license apache-2.0
//     option ctx-size=4096
//     file /home/me/smol.gguf        an absolute path; a line for each file of the model, with its two below it
//     size 102341234                 in bytes
//     sha256 0123…                   64 digits; none where it was not wanted
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"
#include "nn/types.h"

namespace godwit::nn {

struct ListedFile {
  std::string path;  // absolute
  uint64_t size_bytes = 0;
  std::string sha256;  // in hexadecimal; empty: not taken
};

struct ListedModel {
  std::string name;
  const Encoding* encoding = nullptr;
  Target target = Target::Auto;
  std::string license;                                       // as the file has it; empty: it does not tell
  std::vector<std::pair<std::string, std::string>> options;  // the backend's, in their order
  std::vector<ListedFile> files;                             // at least one
};

// @threads any, also of several processes: an entry appears whole or not at all.
class ModelList final {
 public:
  // $XDG_CONFIG_HOME/godwit/models, or ~/.config/godwit/models. Touches nothing.
  // @errors NotFound: HOME is not set.
  static Result<ModelList> of_user();
  explicit ModelList(std::string folder) : folder_(std::move(folder)) {}

  const std::string& folder() const { return folder_; }

  enum class Existing : uint8_t { Refuse, Replace };
  // @errors Usage: the name is taken, or something in the entry cannot be written down. Io.
  Result<> add(const ListedModel& model, Existing existing) const;
  // @errors NotFound: no such entry. Malformed: it is none of ours; says the line. Io.
  Result<ListedModel> find(std::string_view name) const;
  // Takes the name away; the model's files stay. @errors NotFound, Io.
  Result<> remove(std::string_view name) const;
  // By their names. Empty if there is no folder. @errors Io
  Result<std::vector<std::string>> names() const;

 private:
  std::string path_of(std::string_view name) const { return folder_ + "/" + std::string(name); }

  std::string folder_;
};

// Letters, digits, '.', '_' and '-', at most 100, the first no dot and no dash.
bool is_listed_name(std::string_view name);

// "KEY=VALUE", for ListedModel::options. @errors Usage: no such form, or a key with other than letters, digits, '-' and '_'
Result<std::pair<std::string, std::string>> parse_option(std::string_view text);

// The options as a JSON object: numbers, true and false as such, all else as text. "" for none.
std::string json_of(const std::vector<std::pair<std::string, std::string>>& options);

// `options` (an object, or "") with the keys of `config` after them: of two of one name, readers of JSON take the last.
// What is no object is `config` as it is, for the backend to refuse.
std::string with_options(std::string_view options, std::string_view config);

}  // namespace godwit::nn
