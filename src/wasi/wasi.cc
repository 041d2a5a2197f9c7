// Wasi: a guest's system interface, made from a configuration.
#include "wasi/wasi.h"

#include <cstring>
#include <utility>

#include "host/host.h"
#include "platform/fs_resolve.h"

namespace godwit::wasi {
namespace {

namespace fs = platform::fs;

Result<> check_strings(const Config& config) {
  for (const std::string& arg : config.args)
    if (arg.find('\0') != std::string::npos) return fail(ErrorKind::Usage, "an argument contains a NUL");
  for (const std::string& variable : config.env) {
    if (variable.find('\0') != std::string::npos)
      return fail(ErrorKind::Usage, "an environment variable contains a NUL");
    if (variable.find('=') == std::string::npos)
      return fail(ErrorKind::Usage,
                  "environment variable '" + variable + "' has no value: NAME=value is wanted");
  }
  return {};
}

// A descriptor that the embedder lends; nothing if it is not open.
DescriptorPtr lend(int fd) {
  const auto status = fs::status(fd);
  const auto mode = fs::open_mode(fd);
  if (!status || !mode) return nullptr;
  auto lent = std::make_shared<Descriptor>();
  lent->fd = fd;
  lent->kind = status->kind;
  lent->readable = mode->readable;
  lent->writable = mode->writable;
  lent->flags = (mode->append ? fd_flag::kAppend : 0) | (mode->nonblocking ? fd_flag::kNonblock : 0) |
                (mode->sync ? fd_flag::kSync : 0) | (mode->data_sync ? fd_flag::kDsync : 0);
  lent->base = rights_of(status->kind);
  // a shell's `< directory` lends a stream, not what lies beneath it
  if (lent->is_directory()) lent->base = right::kFdFilestatGet;
  if (!lent->readable) lent->base &= ~right::kFdRead;
  // also its times: their owner could set them without having opened it for writing
  if (!lent->writable) lent->base &= ~changing_rights();
  return lent;
}

Result<DescriptorPtr> open_preopen(const Preopen& preopen) {
  auto handle = fs::open_root(preopen.host_path.c_str());
  if (!handle) {
    const int error = handle.error();
    return fail(
        Error(error == ENOENT ? ErrorKind::NotFound : ErrorKind::Io, static_cast<uint32_t>(error),
              "cannot open directory '" + preopen.host_path + "' for the guest: " + std::strerror(error)));
  }
  auto dir = std::make_shared<Descriptor>();
  dir->fd = handle->get();
  dir->owned = std::move(*handle);
  dir->kind = FileKind::Directory;
  dir->permission = preopen.permission;
  dir->base = rights_of(FileKind::Directory);
  dir->inheriting = inheritable_rights();
  if (preopen.permission == Permission::ReadOnly) {
    dir->base &= ~changing_rights();
    // FdWrite stays on offer, so that wasi-libc passes the wish to write on and gets Rofs, not a file it cannot write
    dir->inheriting &= ~changing_rights() | right::kFdWrite;
  }
  dir->is_preopen = true;
  dir->preopen_path = preopen.guest_path.empty() ? "." : preopen.guest_path;
  return dir;
}

// A guest path as wasi-libc compares it: without leading "/" and "./".
std::string_view normalized(std::string_view path) {
  for (;;) {
    if (path.starts_with("/")) path.remove_prefix(1);
    else if (path.starts_with("./")) path.remove_prefix(2);
    else if (path == ".") return {};
    else return path;
  }
}

// What is left of `path` behind the directory `prefix`; nothing if it does not lie there.
std::optional<std::string_view> strip_prefix(std::string_view path, std::string_view prefix) {
  while (prefix.ends_with('/')) prefix.remove_suffix(1);
  if (!path.starts_with(prefix)) return std::nullopt;
  path.remove_prefix(prefix.size());
  if (!prefix.empty() && !path.empty() && path.front() != '/') return std::nullopt;
  return normalized(path);
}

constexpr bool differs_in_p0(std::string_view function) {
#define GODWIT_WASI_P0(result, name, parameters) \
  if (function == #name) return true;
#include "wasi/p0.def"
  return false;
}

std::optional<runtime::HostDefinition> find_in_preview1(void* env, std::string_view field) {
  auto& wasi = *static_cast<Wasi*>(env);
#define GODWIT_WASI_P1(result, name, parameters) \
  if (field == #name) return host::definition<&P1::name>(kPreview1, #name, wasi.p1());
#include "wasi/p1.def"
  return std::nullopt;
}

std::optional<runtime::HostDefinition> find_in_preview0(void* env, std::string_view field) {
  auto& wasi = *static_cast<Wasi*>(env);
#define GODWIT_WASI_P0(result, name, parameters) \
  if (field == #name) return host::definition<&P0::name>(kPreview0, #name, wasi.p0());
#include "wasi/p0.def"
#define GODWIT_WASI_P1(result, name, parameters) \
  if constexpr (!differs_in_p0(#name))           \
    if (field == #name) return host::definition<&P1::name>(kPreview0, #name, wasi.p1());
#include "wasi/p1.def"
  return std::nullopt;
}

}  // namespace

Result<std::unique_ptr<Wasi>> Wasi::create(Config config) {
  TRY(check_strings(config));
  std::unique_ptr<Wasi> wasi(new Wasi);
  Core& core = wasi->core_;
  core.args = std::move(config.args);
  core.env = std::move(config.env);
  constexpr uint32_t kStdin = 0, kStdout = 1, kStderr = 2, kFirstPreopen = 3;
  core.descriptors.set(kStdin, lend(config.stdin_fd));
  core.descriptors.set(kStdout, lend(config.stdout_fd));
  core.descriptors.set(kStderr, lend(config.stderr_fd));
  uint32_t number = kFirstPreopen;
  for (const Preopen& preopen : config.preopens) {
    ASSIGN_OR_RETURN(auto dir, open_preopen(preopen));
    core.descriptors.set(number++, std::move(dir));
  }
  return wasi;
}

Result<fs::FileHandle> Wasi::open_guest_path(std::string_view path) {
  const std::string_view wanted = normalized(path);
  DescriptorPtr best;
  std::string_view best_rest;
  for (const DescriptorPtr& dir : core_.descriptors.preopens()) {
    const auto rest = strip_prefix(wanted, normalized(dir->preopen_path));
    if (rest && (!best || rest->size() < best_rest.size())) {
      best = dir;
      best_rest = *rest;
    }
  }
  const std::string quoted = "'" + std::string(path) + "'";
  if (!best)
    return fail(ErrorKind::NotFound,
                "the guest was given no directory that holds " + quoted + " (see --dir)");
  if (best_rest.empty()) best_rest = ".";
  auto file = fs::open_beneath(best->fd, best_rest, {.access = fs::Access::Read});
  if (!file) {
    const int error = file.error();
    return fail(
        Error(error == ENOENT ? ErrorKind::NotFound : ErrorKind::Io, static_cast<uint32_t>(error),
              "cannot open " + quoted + " for the guest: " + std::string(to_string(errno_from_host(error)))));
  }
  return std::move(*file);
}

void define(runtime::Linker& linker, Wasi& wasi) {
  linker.define(kPreview1, find_in_preview1, &wasi);
  linker.define(kPreview0, find_in_preview0, &wasi);
}

}  // namespace godwit::wasi
