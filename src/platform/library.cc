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

namespace {

// dlopen searches the system for names without a slash; a plug-in is meant by its path.
std::string with_slash(const std::string& path) {
  return path.find('/') == std::string::npos ? "./" + path : path;
}

}  // namespace

bool Library::exists(const std::string& path) { return ::access(with_slash(path).c_str(), F_OK) == 0; }

Result<Library> Library::open(const std::string& path) {
  if (!exists(path)) return fail(ErrorKind::NotFound, path + ": no such library");
  Library library;
  library.handle_ = ::dlopen(with_slash(path).c_str(), RTLD_NOW | RTLD_LOCAL);
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
