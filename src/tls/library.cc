// Finds, loads and checks the plug-in.
#include "tls/library.h"

#include "platform/library.h"

namespace godwit::tls {
namespace {

constexpr const char* kFile = "godwit-net.so";

std::string version(uint32_t major, uint32_t minor) {
  return std::to_string(major) + "." + std::to_string(minor);
}

// The checks that the ABI asks of a host before it looks at anything beyond the version.
Result<> check(const godwit_net* table, const std::string& path) {
  if (!table) return fail(ErrorKind::Unsupported, path + " gives no table of functions");
  if (table->abi_major != GODWIT_NET_ABI_MAJOR || table->abi_minor > GODWIT_NET_ABI_MINOR)
    return fail(ErrorKind::Unsupported, path + " was built for version " +
                                            version(table->abi_major, table->abi_minor) +
                                            " of the TLS ABI, this godwit speaks version " +
                                            version(GODWIT_NET_ABI_MAJOR, GODWIT_NET_ABI_MINOR) +
                                            "; install a plug-in of the same release as godwit");
  if (table->struct_size_bytes < sizeof(godwit_net))
    return fail(ErrorKind::Unsupported, path + " gives a table of " +
                                            std::to_string(table->struct_size_bytes) + " bytes where " +
                                            std::to_string(sizeof(godwit_net)) + " are needed");
  return {};
}

}  // namespace

Result<const godwit_net*> load_library(std::span<const std::string> directories) {
  std::string sought;
  for (const std::string& directory : directories) {
    const std::string path = directory + "/" + kFile;
    sought += (sought.empty() ? "" : ", ") + directory;
    if (!platform::Library::exists(path)) continue;
    ASSIGN_OR_RETURN(platform::Library library, platform::Library::open(path));
    auto symbol = library.symbol(GODWIT_NET_SYMBOL);
    if (!symbol)
      return fail(ErrorKind::Unsupported, path +
                                              " exports no " GODWIT_NET_SYMBOL
                                              ": it is no TLS library of Godwit's, or one for another major "
                                              "version than " +
                                              std::to_string(GODWIT_NET_ABI_MAJOR));
    const godwit_net* table =
        reinterpret_cast<godwit_net_entry>(*symbol)(GODWIT_NET_ABI_MAJOR, GODWIT_NET_ABI_MINOR);
    TRY(check(table, path));
    library.keep_loaded();  // OpenSSL leaves thread-locals behind
    return table;
  }
  return fail(
      ErrorKind::NotFound,
      std::string("TLS for guests needs ") + kFile + ", which is in none of " + sought +
          "; ./dev build makes it where OpenSSL's headers are (libssl-dev, which ./dev setup installs); set "
          "GODWIT_PLUGIN_PATH to the folder that holds it");
}

}  // namespace godwit::tls
