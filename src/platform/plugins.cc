// Where plug-ins are looked for.
#include "platform/plugins.h"

#include <dlfcn.h>

#include <cstdlib>
#include <string_view>

#include "platform/process.h"

namespace godwit::platform {

std::vector<std::string> plugin_directories() {
  std::vector<std::string> directories;
  if (const char* from_environment = std::getenv("GODWIT_PLUGIN_PATH")) {
    std::string_view rest = from_environment;
    while (!rest.empty()) {
      const size_t colon = rest.find(':');
      if (const std::string_view directory = rest.substr(0, colon); !directory.empty())
        directories.emplace_back(directory);
      if (colon == std::string_view::npos) break;
      rest.remove_prefix(colon + 1);
    }
  }
  if (auto executable = executable_path()) {
    const std::string directory = executable->substr(0, executable->rfind('/'));
    directories.insert(directories.end(), {directory, directory + "/plugins", directory + "/../lib/godwit"});
    // programs that godwit runs are installed there
    if (directory.ends_with("/libexec/godwit")) directories.push_back(directory + "/../../lib/godwit");
  }
  // Where libgodwit.so was installed, if this is in it.
  Dl_info here{};
  if (::dladdr(reinterpret_cast<void*>(&plugin_directories), &here) != 0 && here.dli_fname) {
    const std::string_view path = here.dli_fname;
    if (const size_t slash = path.rfind('/'); slash != std::string_view::npos) {
      const std::string directory(path.substr(0, slash));
      directories.insert(directories.end(), {directory + "/godwit", directory + "/../godwit"});
    }
  }
  return directories;
}

}  // namespace godwit::platform
