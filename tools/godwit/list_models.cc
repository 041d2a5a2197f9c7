// godwit models: names that the user gives to models.
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <string>
#include <vector>

#include "base/sha256.h"
#include "command.h"
#include "nn/gguf_license.h"
#include "nn/model_file.h"
#include "nn/model_list.h"
#include "output.h"

namespace godwit::cli {
namespace {

constexpr OptionSpec kOptions[] = {
    {"encoding", "ENCODING",
     "What kind of model it is: ggml, onnx, openvino, pytorch,\ntensorflow, tensorflowlite, whisper. Told by "
     "the "
     "file where it\nis GGUF, TensorFlow Lite or Whisper's.",
     0, "of add"},
    {"target", "TARGET", "Where it is computed: cpu, gpu, tpu or auto (the default)."},
    {"option", "KEY=VALUE",
     "An option of the model's, for who does not say otherwise, for\nexample ctx-size=4096. Repeatable."},
    {"replace", "", "Replace an entry of that name."},
    {"no-checksum", "", "Do not read the files for their SHA-256."},
    kHelpOption,
};

struct Wish {
  std::string encoding;
  nn::ListedModel model;
  nn::ModelList::Existing existing = nn::ModelList::Existing::Refuse;
  bool takes_checksums = true;
  std::vector<std::string_view> words;  // the verb and what follows
};

int say(const godwit::Error& error) {
  write_error(error.message());
  return error.kind() == godwit::ErrorKind::Usage ? kExitUsage : kExitError;
}

// @errors Io
Result<std::string> sha256_of(const nn::ModelFile& file) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::vector<uint8_t> buffer(size_t{1} << 20);
  Sha256 hash;
  for (off_t offset = 0;;) {
    const ssize_t count = ::pread(file.fd(), buffer.data(), buffer.size(), offset);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return fail(godwit::ErrorKind::Io, file.name() + ": " + std::strerror(errno));
    if (count == 0) break;
    hash.update({buffer.data(), static_cast<size_t>(count)});
    offset += count;
  }
  std::string text;
  for (const uint8_t byte : hash.finish()) text.append(1, kDigits[byte >> 4]).append(1, kDigits[byte & 15]);
  return text;
}

// @errors of the file's. Usage: the encoding is neither said nor told by it.
Result<> read_files(Wish& wish, std::span<const std::string_view> paths) {
  for (const std::string_view given : paths) {
    ASSIGN_OR_RETURN(const nn::ModelFile file, nn::ModelFile::open(std::string(given)));
    std::error_code error;
    nn::ListedFile& listed = wish.model.files.emplace_back();
    listed.path = std::filesystem::absolute(file.name(), error).string();
    if (error) return fail(godwit::ErrorKind::Io, file.name() + ": " + error.message());
    listed.size_bytes = file.size_bytes();
    if (wish.takes_checksums) {
      ASSIGN_OR_RETURN(listed.sha256, sha256_of(file));
    }
    if (!wish.model.encoding) wish.model.encoding = nn::encoding_of_file(file.first_bytes());
    if (!wish.model.encoding)
      return fail(godwit::ErrorKind::Usage,
                  file.name() + " does not tell what kind of model it is: say it with --encoding");
    if (wish.model.license.empty()) wish.model.license = nn::gguf_license(file.fd());
  }
  const bool is_one_file = wish.model.encoding->builders == nn::Builders::PartThenConfig;
  if (is_one_file && paths.size() > 1)
    return fail(godwit::ErrorKind::Usage, "a model of " + std::string(wish.model.encoding->name) +
                                              " is one file, not " + std::to_string(paths.size()));
  if (!is_one_file && !wish.model.options.empty())
    return fail(godwit::ErrorKind::Usage,
                "models of " + std::string(wish.model.encoding->name) + " take no --option");
  return {};
}

int add(const Command& self, const nn::ModelList& list, Wish& wish) {
  if (wish.words.size() < 3) return usage_error(self, "write add NAME FILE");
  wish.model.name = wish.words[1];
  if (!nn::is_listed_name(wish.model.name))
    return usage_error(self,
                       "'" + wish.model.name +
                           "' is no name: letters, digits, '.', '_' and '-', and first a letter or a digit");
  if (!wish.encoding.empty()) wish.model.encoding = nn::encoding_of(wish.encoding);
  if (!wish.encoding.empty() && !wish.model.encoding)
    return usage_error(self,
                       "--encoding " + wish.encoding +
                           ": write ggml, onnx, openvino, pytorch, tensorflow, tensorflowlite or whisper");
  if (auto read = read_files(wish, std::span(wish.words).subspan(2)); !read) return say(read.error());
  if (auto added = list.add(wish.model, wish.existing); !added) return say(added.error());
  return kExitOk;
}

int remove(const Command& self, const nn::ModelList& list, const Wish& wish) {
  if (wish.words.size() < 2) return usage_error(self, "write rm NAME");
  int status = kExitOk;
  for (const std::string_view name : std::span(wish.words).subspan(1))
    if (auto removed = list.remove(name); !removed) status = say(removed.error());
  return status;
}

// Its size, or what has become of it since it was added.
std::string state_of(const nn::ListedFile& file) {
  const auto opened = nn::ModelFile::open(file.path);
  if (!opened) return opened.error().kind() == godwit::ErrorKind::NotFound ? "missing" : "unreadable";
  return opened->size_bytes() == file.size_bytes ? human_size(file.size_bytes) : "changed";
}

std::string_view name_of(nn::Target target) {
  constexpr std::string_view kNames[] = {"cpu", "gpu", "tpu", "auto"};
  return kNames[static_cast<size_t>(target)];
}

std::string_view or_dash(std::string_view text) { return text.empty() ? "-" : text; }

int list_all(const nn::ModelList& list) {
  const auto names = list.names();
  if (!names) return say(names.error());
  constexpr size_t kShownDigits = 12;
  std::vector<std::vector<std::string>> rows = {
      {"NAME", "ENCODING", "TARGET", "SIZE", "LICENCE", "SHA-256", "FILE"}};
  int status = kExitOk;
  for (const std::string& name : *names) {
    const auto model = list.find(name);
    if (!model && model.error().kind() == godwit::ErrorKind::NotFound) continue;  // removed meanwhile
    if (!model) {
      status = say(model.error());
      continue;
    }
    for (const nn::ListedFile& file : model->files)
      rows.push_back({&file == model->files.data() ? name : "", std::string(model->encoding->name),
                      std::string(name_of(model->target)), state_of(file), printable(or_dash(model->license)),
                      std::string(or_dash(file.sha256.substr(0, kShownDigits))), printable(file.path)});
  }
  if (rows.size() == 1) return status;
  std::vector<size_t> widths(rows[0].size());
  for (const auto& row : rows)
    for (size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  std::string text;
  for (const auto& row : rows) {
    for (size_t i = 0; i + 1 < row.size(); ++i) text += fmt::format("{:<{}}", row[i], widths[i] + 2);
    text += row.back() + "\n";
  }
  return write_out(text) ? status : kExitError;
}

int list_one(const nn::ModelList& list, std::string_view name) {
  const auto model = list.find(name);
  if (!model) return say(model.error());
  std::string text =
      fmt::format("name      {}\nencoding  {}\ntarget    {}\nlicence   {}\n", model->name,
                  model->encoding->name, name_of(model->target), printable(or_dash(model->license)));
  for (const auto& [key, value] : model->options)
    text += fmt::format("option    {}={}\n", key, printable(value));
  for (const nn::ListedFile& file : model->files)
    text += fmt::format("file      {}\nsize      {}\nSHA-256   {}\n", printable(file.path), state_of(file),
                        or_dash(file.sha256));
  return write_out(text) ? kExitOk : kExitError;
}

std::expected<void, UsageError> apply(Wish& wish, const OptionReader::Option& option) {
  const std::string_view name = option.spec->name;
  if (name == "encoding") wish.encoding = option.value;
  if (name == "replace") wish.existing = nn::ModelList::Existing::Replace;
  if (name == "no-checksum") wish.takes_checksums = false;
  if (name == "target") {
    const auto target = nn::target_of(option.value);
    if (!target)
      return std::unexpected(
          UsageError{"--target " + std::string(option.value) + ": write cpu, gpu, tpu or auto"});
    wish.model.target = *target;
  }
  if (name == "option") {
    auto parsed = nn::parse_option(option.value);
    if (!parsed) return std::unexpected(UsageError{"--option: " + parsed.error().message()});
    wish.model.options.push_back(std::move(*parsed));
  }
  return {};
}

int run_models(const Command& self, std::span<char* const> arguments) {
  OptionReader reader(self.options, arguments, OptionOrder::Anywhere);
  Wish wish;
  for (;;) {
    auto option = reader.next();
    if (!option) return usage_error(self, option.error().message);
    if (*option && (*option)->spec->name == kHelpOption.name)
      return write_out(help_text(self)) ? kExitOk : kExitError;
    if (*option) {
      if (auto applied = apply(wish, **option); !applied) return usage_error(self, applied.error().message);
      continue;
    }
    const auto word = reader.take_argument();
    if (!word) break;
    wish.words.push_back(*word);
  }
  const auto list = nn::ModelList::of_user();
  if (!list) return say(list.error());
  const std::string_view verb = wish.words.empty() ? "" : wish.words[0];
  if (verb == "add") return add(self, *list, wish);
  if (verb == "rm") return remove(self, *list, wish);
  if (verb == "ls" && wish.words.size() == 2) return list_one(*list, wish.words[1]);
  if (verb == "ls" && wish.words.size() == 1) return list_all(*list);
  return usage_error(self, "write ls, add or rm");
}

}  // namespace

constexpr Command kModels{
    .name = "models",
    .summary = "Give models names",
    .arguments = "ls [NAME] | add NAME FILE... | rm NAME...",
    .details =
        "A name stands for a model's files, its encoding, its target and its options: in\n"
        "'godwit run --nn-preload NAME', 'godwit serve --model NAME' and 'godwit chat --model NAME'. The\n"
        "entries are files in $XDG_CONFIG_HOME/godwit/models or ~/.config/godwit/models; the models stay\n"
        "where they are.\n"
        "\n"
        "  ls     the models, with the licence that a GGUF file tells, and the SHA-256 that the files had\n"
        "         when they were added (its first digits; all of them with NAME). The size is \"changed\"\n"
        "         where it is another one since, \"missing\" where the file is.\n"
        "  add    several files for what is several: an OpenVINO model's .xml and .bin\n"
        "  rm     takes the name away, not the files\n",
    .examples =
        "  godwit models add smol smollm2-135m-instruct-q4_1.gguf --option ctx-size=4096\n"
        "  godwit models ls\n"
        "  godwit run --nn-preload default=smol chat.wasm \"Hello!\"\n",
    .options = kOptions,
    .run = run_models,
};

}  // namespace godwit::cli
