// Identity: files, and the library's object.
#include "tls/identity.h"

#include <utility>

#include "platform/memory_map.h"
#include "tls/library.h"
#include "tls/net_stream.h"

namespace godwit::tls {
namespace {

constexpr size_t kMostBytes = size_t{1} << 20;
constexpr std::string_view kProtocols = "\x08http/1.1";

Result<std::string> read_pem(const std::string& path, std::string_view what) {
  const auto file = platform::MappedFile::copy(path);
  if (!file)
    return fail(file.error().kind(), "cannot read the " + std::string(what) + ": " + file.error().message());
  if (file->bytes().size() > kMostBytes)
    return fail(ErrorKind::Usage,
                "'" + path + "' is too large for a " + std::string(what) + ": 1 MiB at most");
  return std::string(as_text(file->bytes()));
}

godwit_net_bytes bytes_of(std::string_view text) {
  const Bytes bytes = as_bytes(text);
  return {.data = bytes.data(), .size_bytes = bytes.size()};
}

}  // namespace

Result<std::unique_ptr<Identity>> Identity::load(IdentityFiles files,
                                                 std::vector<std::string> plugin_directories) {
  ASSIGN_OR_RETURN(const godwit_net* library, load_library(plugin_directories));
  std::unique_ptr<Identity> made(new Identity(*library));
  TRY(made->reload(std::move(files)));
  return made;
}

Identity::~Identity() {
  if (identity_) library_.release_identity(identity_);
}

IdentityFiles Identity::files() const {
  const std::lock_guard lock(mutex_);
  return files_;
}

Result<> Identity::reload(IdentityFiles files) {
  ASSIGN_OR_RETURN(const std::string certificates, read_pem(files.certificate, "certificate"));
  ASSIGN_OR_RETURN(const std::string key, read_pem(files.key, "certificate's key"));
  godwit_net_identity_request request = {};
  request.struct_size_bytes = sizeof request;
  request.certificates = bytes_of(certificates);
  request.private_key = bytes_of(key);
  request.protocols = bytes_of(kProtocols);
  std::string why;
  const godwit_net_explain explain = {.user = &why,
                                      .explain = [](void* user, const char* words, uint64_t size) {
                                        static_cast<std::string*>(user)->assign(words, size);
                                      }};
  godwit_net_identity* identity = nullptr;
  if (library_.create_identity(&request, &explain, &identity) != GODWIT_NET_OK)
    return fail(ErrorKind::Usage, "'" + files.certificate + "' with '" + files.key + "': " + why);
  {
    const std::lock_guard lock(mutex_);
    files_ = std::move(files);
    std::swap(identity_, identity);
  }
  if (identity) library_.release_identity(identity);
  return {};
}

std::unique_ptr<net::Stream> Identity::accept(platform::fs::FileHandle socket) {
  godwit_net_session* session = nullptr;
  {
    const std::lock_guard lock(mutex_);
    if (library_.create_server_session(identity_, &session) != GODWIT_NET_OK) return nullptr;
  }
  return std::make_unique<NetStream>(std::move(socket),
                                     std::make_shared<Session>(library_, session, std::string()));
}

}  // namespace godwit::tls
