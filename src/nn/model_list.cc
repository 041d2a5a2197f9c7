// Entries are written under another name first, then linked (which fails where there is one) or renamed.
#include "nn/model_list.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <memory>

#include "base/bytes.h"
#include "platform/fs_handle.h"
#include "platform/user_files.h"

namespace godwit::nn {
namespace {

constexpr size_t kMostNameBytes = 100;
constexpr size_t kMostEntryBytes = 65536;

bool is_letter_or_digit(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

// Whether it stays what it is as the rest of a line.
bool is_one_line(std::string_view text) {
  return std::ranges::none_of(text, [](char c) { return c == '\n' || c == '\r' || c == 0; });
}

std::string_view name_of(Target target) {
  switch (target) {
    case Target::Cpu: return "cpu";
    case Target::Gpu: return "gpu";
    case Target::Tpu: return "tpu";
    case Target::Auto: return "auto";
  }
  return "auto";
}

bool is_sha256(std::string_view text) {
  return text.size() == 64 &&
         std::ranges::all_of(text, [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

Result<std::string> text_of(const ListedModel& model) {
  const auto refuse = [&](const std::string& why) {
    return fail(ErrorKind::Usage, "the model \"" + model.name + "\": " + why);
  };
  if (!is_listed_name(model.name))
    return refuse("a name has letters, digits, '.', '_' and '-', and begins with a letter or a digit");
  if (!model.encoding || model.files.empty()) return refuse("it has no encoding, or no file");
  std::string text = "encoding " + std::string(model.encoding->name) + "\n";
  text.append("target ").append(name_of(model.target)).append("\n");
  const auto add = [&](std::string_view key, const std::string& value) {
    text.append(key).append(" ").append(value).append("\n");
    return is_one_line(value);
  };
  if (!model.license.empty() && !add("license", model.license)) return refuse("its licence is no line");
  for (const auto& [key, value] : model.options)
    if (!add("option", std::string(key).append("=").append(value)))
      return refuse("the option " + key + " is more than one line");
  for (const ListedFile& file : model.files) {
    if (!file.path.starts_with('/') || !add("file", file.path))
      return refuse("a path must be absolute and of one line");
    add("size", std::to_string(file.size_bytes));
    if (!file.sha256.empty()) add("sha256", file.sha256);
  }
  if (text.size() > kMostEntryBytes) return refuse("its options and paths are longer than 64 KiB");
  return text;
}

// Takes a line over. @returns what is wrong with it, or nothing
std::string_view take_line(ListedModel& model, std::string_view key, std::string_view value) {
  if (key == "encoding") {
    model.encoding = encoding_of(value);
    return model.encoding ? "" : "an encoding that is not known";
  }
  if (key == "target") {
    const auto target = target_of(value);
    if (target) model.target = *target;
    return target ? "" : "a target that is not known";
  }
  if (key == "license") return model.license = value, "";
  if (key == "option") {
    auto option = parse_option(value);
    if (option) model.options.push_back(std::move(*option));
    return option ? "" : "an option is KEY=VALUE";
  }
  if (key == "file") {
    model.files.push_back({.path = std::string(value), .size_bytes = 0, .sha256 = {}});
    return value.starts_with('/') ? "" : "a path must be absolute";
  }
  if (key != "size" && key != "sha256") return "a word that is not known";
  if (model.files.empty()) return "it stands below no file";
  ListedFile& file = model.files.back();
  if (key == "sha256")
    return file.sha256 = value, is_sha256(value) ? "" : "a checksum has 64 digits, 0-9 and a-f";
  const auto [end, code] = std::from_chars(value.data(), value.data() + value.size(), file.size_bytes);
  return code == std::errc() && end == value.data() + value.size() ? "" : "a size is a number";
}

Result<ListedModel> parse(std::string_view name, std::string_view text, const std::string& path) {
  ListedModel model{.name = std::string(name), .license = {}, .options = {}, .files = {}};
  size_t number = 0;
  const auto malformed = [&](std::string_view why) {
    return fail(ErrorKind::Malformed, path + ":" + std::to_string(number) + ": " + std::string(why) +
                                          "; mend it, or remove it with godwit models rm " + model.name);
  };
  while (!text.empty()) {
    ++number;
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    if (line.empty() || line.starts_with('#')) continue;
    const size_t space = line.find(' ');
    if (space == std::string_view::npos) return malformed("a line is a word and what it says");
    if (const auto wrong = take_line(model, line.substr(0, space), line.substr(space + 1)); !wrong.empty())
      return malformed(wrong);
  }
  if (!model.encoding || model.files.empty()) return malformed("it ends without an encoding or a file");
  return model;
}

bool write_all(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(fd, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    text.remove_prefix(static_cast<size_t>(written));
  }
  return true;
}

}  // namespace

Result<ModelList> ModelList::of_user() {
  ASSIGN_OR_RETURN(std::string folder, platform::user_directory("XDG_CONFIG_HOME", ".config"));
  return ModelList(folder + "/models");
}

Result<> ModelList::add(const ListedModel& model, Existing existing) const {
  ASSIGN_OR_RETURN(const std::string text, text_of(model));
  platform::make_directories(folder_);
  const std::string path = path_of(model.name);
  std::string scratch = folder_ + "/.new-XXXXXX";
  const platform::fs::FileHandle file(::mkstemp(scratch.data()));
  if (file.get() < 0) return fail(platform::system_error(scratch));
  errno = ENOSPC;  // if less is written, for which the system gives no reason
  const bool is_written = write_all(file.get(), text) && ::fsync(file.get()) == 0;
  const bool is_there =
      is_written && (existing == Existing::Replace ? ::rename(scratch.c_str(), path.c_str()) == 0
                                                   : ::link(scratch.c_str(), path.c_str()) == 0);
  const bool is_taken = is_written && !is_there && errno == EEXIST;
  Error error = platform::system_error(path);
  ::unlink(scratch.c_str());
  if (is_there) return {};
  if (!is_taken) return fail(std::move(error));
  return fail(ErrorKind::Usage, "there is a model \"" + model.name +
                                    "\" already: choose another name, or replace it with --replace");
}

Result<ListedModel> ModelList::find(std::string_view name) const {
  const auto absent = [&] {
    return fail(ErrorKind::NotFound,
                "there is no model \"" + std::string(name) + "\" in the list (godwit models ls)");
  };
  if (!is_listed_name(name)) return absent();
  const std::string path = path_of(name);
  const platform::fs::FileHandle file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (file.get() < 0 && (errno == ENOENT || errno == ENOTDIR)) return absent();
  if (file.get() < 0) return fail(platform::system_error(path));
  std::string text(kMostEntryBytes + 1, 0);
  size_t size = 0;
  while (size < text.size()) {
    const ssize_t count = ::read(file.get(), text.data() + size, text.size() - size);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return fail(platform::system_error(path));
    if (count == 0) break;
    size += static_cast<size_t>(count);
  }
  if (size > kMostEntryBytes) return fail(ErrorKind::Malformed, path + " is longer than 64 KiB");
  text.resize(size);
  return parse(name, text, path);
}

Result<> ModelList::remove(std::string_view name) const {
  if (is_listed_name(name) && ::unlink(path_of(name).c_str()) == 0) return {};
  if (is_listed_name(name) && errno != ENOENT && errno != ENOTDIR)
    return fail(platform::system_error(path_of(name)));
  return fail(ErrorKind::NotFound,
              "there is no model \"" + std::string(name) + "\" in the list (godwit models ls)");
}

Result<std::vector<std::string>> ModelList::names() const {
  struct Closer {
    void operator()(DIR* directory) const { ::closedir(directory); }
  };
  std::vector<std::string> names;
  const std::unique_ptr<DIR, Closer> directory(::opendir(folder_.c_str()));
  if (!directory && errno == ENOENT) return names;
  if (!directory) return fail(platform::system_error(folder_));
  while (const dirent* entry = ::readdir(directory.get()))
    if (is_listed_name(entry->d_name)) names.emplace_back(entry->d_name);
  std::ranges::sort(names);
  return names;
}

bool is_listed_name(std::string_view name) {
  return !name.empty() && name.size() <= kMostNameBytes && is_letter_or_digit(name[0]) &&
         std::ranges::all_of(
             name, [](char c) { return is_letter_or_digit(c) || c == '.' || c == '_' || c == '-'; });
}

Result<std::pair<std::string, std::string>> parse_option(std::string_view text) {
  const size_t equals = text.find('=');
  const std::string_view key = text.substr(0, equals);
  const bool is_key = !key.empty() && std::ranges::all_of(key, [](char c) {
    return is_letter_or_digit(c) || c == '_' || c == '-';
  });
  if (equals == std::string_view::npos || !is_key)
    return fail(ErrorKind::Usage, "\"" + std::string(text) +
                                      "\" is no option; the form is KEY=VALUE, for example ctx-size=4096");
  return std::pair(std::string(key), std::string(text.substr(equals + 1)));
}

}  // namespace godwit::nn
