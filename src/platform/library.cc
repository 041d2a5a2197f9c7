// Shared libraries by dlopen.
#include "platform/library.h"

#include <dlfcn.h>
#include <unistd.h>

namespace godwit::platform {

Library::~Library() {
  if (handle_) ::dlclose(handle_);
}

Library& Library::operator=(Library&& other) noexcept {
  std::swap(handle_, other.handle_);
  std::swap(path_, other.path_);
  return *this;
}

Result<Library> Library::open(const std::string& path) {
  // dlopen searches the system for names without a slash; a plug-in is meant by its path.
  const std::string exact = path.find('/') == std::string::npos ? "./" + path : path;
  if (::access(exact.c_str(), F_OK) != 0) return fail(ErrorKind::NotFound, path + ": no such library");
  Library library;
  library.handle_ = ::dlopen(exact.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (!library.handle_) {
    const char* reason = ::dlerror();
    return fail(ErrorKind::Unsupported,
                std::string("cannot load library: ") + (reason ? reason : path.c_str()));
  }
  library.path_ = path;
  return library;
}

Result<void*> Library::symbol(const char* name) const {
  void* address = handle_ ? ::dlsym(handle_, name) : nullptr;
  if (!address) return fail(ErrorKind::Unsupported, path_ + ": has no symbol " + name);
  return address;
}

}  // namespace godwit::platform
