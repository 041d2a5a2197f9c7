// Wasi: a guest's system interface, made from a configuration.
#include "wasi/wasi.h"

#include <cstring>
#include <utility>

#include "host/host.h"
#include "platform/fs_resolve.h"
#include "platform/net_passed.h"
#include "wasi/guest_path.h"
#include "wasi/sock_support.h"

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

std::string text_of(const Endpoint& endpoint) {
  return endpoint.host + ":" + (endpoint.port ? std::to_string(*endpoint.port) : "*");
}

fs::OsResult<fs::FileHandle> open_listener(const net::Address& at) {
  OS_ASSIGN_OR_RETURN(fs::FileHandle socket, net::open(at.family, net::Kind::Stream));
  OS_TRY(net::set_option(socket.get(), net::Option::ReuseAddress, 1));
  OS_TRY(net::bind(socket.get(), at));
  constexpr uint32_t kBacklog = 1024;
  OS_TRY(net::listen(socket.get(), kBacklog));
  return socket;
}

Result<DescriptorPtr> listen_at(const Endpoint& endpoint) {
  const bool is_anywhere = endpoint.host == "*";
  const auto ip = is_anywhere ? net::parse_ip("::") : endpoint.ip;
  if (!ip || !endpoint.port)
    return fail(ErrorKind::Usage, "cannot listen at " + text_of(endpoint) +
                                      ": it takes an address in digits, or none, and a port");
  net::Address at = *ip;
  at.port = *endpoint.port;
  auto socket = open_listener(at);
  if (!socket && is_anywhere) {  // a machine without IPv6
    at = {.family = net::Family::Inet4, .port = *endpoint.port};
    socket = open_listener(at);
  }
  if (!socket)
    return fail(Error(ErrorKind::Io, static_cast<uint32_t>(socket.error()),
                      "cannot listen at " + text_of(endpoint) + ": " + std::strerror(socket.error())));
  return own_socket(std::move(*socket), at.family, net::Kind::Stream, 0);
}

// The listening sockets that `config` names.
Result<std::vector<DescriptorPtr>> listeners_of(const Config& config) {
  std::vector<DescriptorPtr> listeners;
  if (config.passes_listeners)
    for (net::PassedSocket& passed : net::take_passed_sockets())
      listeners.push_back(own_socket(std::move(passed.handle), passed.family, net::Kind::Stream, 0));
  for (const Endpoint& endpoint : config.listeners) {
    ASSIGN_OR_RETURN(auto listener, listen_at(endpoint));
    listeners.push_back(std::move(listener));
  }
  for (const DescriptorPtr& listener : listeners)
    listener->is_handed_over = listener->socket->may_listen = true;
  return listeners;
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

// What the functions for sockets were called besides.
constexpr bool has_name_with_v2(std::string_view field) {
  for (const std::string_view name :
       {"sock_open", "sock_bind", "sock_connect", "sock_listen", "sock_accept", "sock_recv", "sock_recv_from",
        "sock_send", "sock_send_to", "sock_getlocaladdr", "sock_getpeeraddr"})
    if (field == name) return true;
  return false;
}

std::optional<runtime::HostDefinition> find_in_extension(void* env, std::string_view field) {
  auto& wasi = *static_cast<Wasi*>(env);
#define GODWIT_WASI_SOCK_V1(result, name, parameters) \
  if (field == #name) return host::definition<&SockV1::name>(kPreview1, #name, wasi.sock_v1());
#include "wasi/sock_v1.def"
  constexpr std::string_view kSuffix = "_v2";
  if (!field.ends_with(kSuffix)) return std::nullopt;
  field.remove_suffix(kSuffix.size());
  if (!has_name_with_v2(field)) return std::nullopt;
  return find_in_preview1(env, field);
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

std::optional<runtime::HostDefinition> find_in_logging(void* env, std::string_view field) {
  auto& wasi = *static_cast<Wasi*>(env);
  if (field != "log") return std::nullopt;
  return host::definition<&Logging::log>(Logging::kModule, "log", wasi.logging());
}

}  // namespace

Result<std::unique_ptr<Wasi>> Wasi::create(Config config) {
  TRY(check_strings(config));
  std::unique_ptr<Wasi> wasi(new Wasi);
  Core& core = wasi->core_;
  core.args = std::move(config.args);
  core.env = std::move(config.env);
  core.denials = std::make_unique<Denials>(std::move(config.on_denial));
  core.network = std::make_unique<Network>(std::move(config.network), *core.denials);
  core.parker = config.parker;
  constexpr uint32_t kStdin = 0, kStdout = 1, kStderr = 2, kFirstPreopen = 3;
  core.descriptors.set(kStdin, lend(config.stdin_fd));
  core.descriptors.set(kStdout, lend(config.stdout_fd));
  core.descriptors.set(kStderr, lend(config.stderr_fd));
  uint32_t number = kFirstPreopen;
  ASSIGN_OR_RETURN(const auto listeners, listeners_of(config));
  constexpr std::string_view kCount = "LISTEN_FDS=";
  if (!listeners.empty()) {
    std::erase_if(core.env, [=](const std::string& variable) { return variable.starts_with(kCount); });
    core.env.push_back(std::string(kCount) + std::to_string(listeners.size()));
  }
  for (const DescriptorPtr& listener : listeners) core.descriptors.set(number++, listener);
  for (const Preopen& preopen : config.preopens) {
    ASSIGN_OR_RETURN(auto dir, open_preopen(preopen));
    core.descriptors.set(number++, std::move(dir));
  }
  return wasi;
}

Result<fs::FileHandle> Wasi::open_guest_path(std::string_view path) {
  const auto place = find_preopened(core_.descriptors, path);
  const std::string quoted = "'" + std::string(path) + "'";
  if (!place)
    return fail(ErrorKind::NotFound,
                "the guest was given no directory that holds " + quoted + " (see --dir)");
  auto file = fs::open_beneath(place->dir->fd, place->rest, {.access = fs::Access::Read});
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
  linker.define(kPreview1, find_in_extension, &wasi);
  linker.define(kPreview0, find_in_preview0, &wasi);
  linker.define(Logging::kModule, find_in_logging, &wasi);
}

}  // namespace godwit::wasi
