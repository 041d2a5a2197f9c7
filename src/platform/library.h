// Shared libraries loaded at run time: the plug-ins.
#pragma once

#include <string>
#include <utility>

#include "base/error.h"

namespace godwit::platform {

// A loaded shared library; unloaded by the destructor. Move-only.
class Library final {
 public:
  Library() = default;
  ~Library();
  Library(Library&& other) noexcept
      : handle_(std::exchange(other.handle_, nullptr)), path_(std::move(other.path_)) {}
  Library& operator=(Library&& other) noexcept;

  // Whether there is a file at `path`.
  static bool exists(const std::string& path);
  // Loads the library at `path`; its symbols stay private to it. All of them are resolved now, so that a library that
  // does not fit fails here and not later.
  // @errors NotFound: no such file. Unsupported: it cannot be loaded; the message is the loader's.
  static Result<Library> open(const std::string& path);

  // The address of `name`, which the caller casts to what it is.
  // @errors Unsupported: the library has no such symbol.
  Result<void*> symbol(const char* name) const;

  // Keeps the library loaded until the process ends: for those that leave threads or thread-locals behind.
  void keep_loaded() { handle_ = nullptr; }

 private:
  void* handle_ = nullptr;
  std::string path_;
};

}  // namespace godwit::platform
