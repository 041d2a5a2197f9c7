// Calling the library.
#include "engine/signature.h"

#include <string>

#include "godwit/abi/net.h"
#include "platform/library.h"
#include "platform/plugins.h"

namespace godwit::engine {

namespace {

constexpr const char* kFile = "godwit-net.so";

Result<const godwit_net*> load_library() {
  for (const std::string& directory : platform::plugin_directories()) {
    const std::string path = directory + "/" + kFile;
    if (!platform::Library::exists(path)) continue;
    ASSIGN_OR_RETURN(platform::Library library, platform::Library::open(path));
    ASSIGN_OR_RETURN(void* symbol, library.symbol(GODWIT_NET_SYMBOL));
    const godwit_net* table =
        reinterpret_cast<godwit_net_entry>(symbol)(GODWIT_NET_ABI_MAJOR, GODWIT_NET_ABI_MINOR);
    if (table == nullptr || table->abi_major != GODWIT_NET_ABI_MAJOR ||
        table->abi_minor != GODWIT_NET_ABI_MINOR || table->struct_size_bytes < sizeof(godwit_net))
      return fail(ErrorKind::Unsupported, path + " is of another release of godwit");
    library.keep_loaded();
    return table;
  }
  return fail(ErrorKind::NotFound, std::string("signatures need ") + kFile +
                                       ", which is not installed; ./dev build makes it, or set "
                                       "GODWIT_PLUGIN_PATH to its folder");
}

godwit_net_bytes bytes_of(std::string_view text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}

}  // namespace

Result<Signature> sign(std::string_view private_key, Bytes message) {
  ASSIGN_OR_RETURN(const godwit_net* const library, load_library());
  Signature signature{};
  const godwit_net_status status =
      library->sign(bytes_of(private_key), {message.data(), message.size()}, signature.data());
  if (status == GODWIT_NET_OK) return signature;
  return fail(ErrorKind::Usage,
              "no private Ed25519 key in PEM: openssl genpkey -algorithm ed25519 makes one");
}

Result<bool> is_signed_by(std::string_view public_key, Bytes message, const Signature& signature) {
  ASSIGN_OR_RETURN(const godwit_net* const library, load_library());
  const godwit_net_status status =
      library->verify(bytes_of(public_key), {message.data(), message.size()}, signature.data());
  if (status == GODWIT_NET_OK) return true;
  if (status == GODWIT_NET_UNTRUSTED) return false;
  return fail(ErrorKind::Usage,
              "no public Ed25519 key in PEM: openssl pkey -in PRIVATE -pubout writes that of a private one");
}

}  // namespace godwit::engine
