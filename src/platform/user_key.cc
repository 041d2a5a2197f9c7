// Reading and making the user's key.
#include "platform/user_key.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <string>
#include <utility>

#include "platform/fs_handle.h"
#include "platform/random.h"
#include "platform/user_files.h"

namespace godwit::platform {

namespace {

Result<std::string> directory() { return user_directory("XDG_DATA_HOME", ".local/share"); }

Result<UserKey> read_from(const std::string& path) {
  const fs::FileHandle file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  if (file.get() < 0) return fail(system_error(path));
  struct stat status{};
  if (::fstat(file.get(), &status) != 0) return fail(system_error(path));
  if (!S_ISREG(status.st_mode) || status.st_uid != ::geteuid() || (status.st_mode & 077) != 0)
    return fail(ErrorKind::Unsupported, path + " is not the user's alone: chmod 600, or remove it");
  UserKey key;
  if (::read(file.get(), key.data(), key.size()) != static_cast<ssize_t>(key.size()))
    return fail(ErrorKind::Io, path + " is too short");
  return key;
}

}  // namespace

Result<UserKey> read_user_key() {
  ASSIGN_OR_RETURN(const std::string place, directory());
  return read_from(place + "/key");
}

// Written under another name first: whoever sees the key sees all of it, and the first one stays.
Result<UserKey> make_user_key() {
  ASSIGN_OR_RETURN(const std::string place, directory());
  const std::string path = place + "/key";
  if (auto there = read_from(path); there || there.error().kind() != ErrorKind::NotFound) return there;
  make_directories(place);
  UserKey key;
  TRY(fill_random(key));
  std::string scratch = path + ".XXXXXX";
  const fs::FileHandle file(::mkstemp(scratch.data()));  // for the user alone
  if (file.get() < 0) return fail(system_error(scratch));
  const ssize_t written = ::write(file.get(), key.data(), key.size());
  const bool is_written = written == static_cast<ssize_t>(key.size());
  if (!is_written && written >= 0) errno = ENOSPC;  // less was written, for which the system gives no reason
  const bool is_linked = is_written && (::link(scratch.c_str(), path.c_str()) == 0 || errno == EEXIST);
  Error error = system_error(path);
  ::unlink(scratch.c_str());
  if (!is_linked) return fail(std::move(error));
  return read_from(path);
}

}  // namespace godwit::platform
