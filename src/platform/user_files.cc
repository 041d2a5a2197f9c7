// The user's own folders.
#include "platform/user_files.h"

#include <sys/stat.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>

namespace godwit::platform {

Error system_error(const std::string& path) {
  const int code = errno;
  return Error(code == ENOENT ? ErrorKind::NotFound : ErrorKind::Io, static_cast<uint32_t>(code),
               path + ": " + std::strerror(code));
}

Result<std::string> user_directory(const char* variable, const std::string& below_home) {
  if (const char* named = std::getenv(variable); named != nullptr && *named == '/')
    return std::string(named) + "/godwit";
  const char* home = std::getenv("HOME");
  if (home == nullptr || *home != '/') return fail(ErrorKind::NotFound, "HOME is not set");
  return std::string(home) + "/" + below_home + "/godwit";
}

void make_directories(const std::string& path) {
  for (size_t end = path.find('/', 1); end != path.npos; end = path.find('/', end + 1))
    ::mkdir(path.substr(0, end).c_str(), 0755);
  ::mkdir(path.c_str(), 0700);
}

}  // namespace godwit::platform
