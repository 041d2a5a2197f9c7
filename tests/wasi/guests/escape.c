// Tries to leave the directory it was given (descriptor 3) with every call that takes a path; `outside` beside it holds
// `secret`, and links inside point there. Says which tries got through.
#include <stdint.h>
#include <wasi/api.h>

#include "check.h"

static int escapes;

static void expect_refused(const char* what, const char* path, __wasi_errno_t error) {
  if (error != __WASI_ERRNO_PERM && error != __WASI_ERRNO_NOTCAPABLE) {
    printf("%s %s gives %d\n", what, path, error);
    escapes++;
  }
}

// The C library's own wrappers take the path with its length.
static void try_path(const char* path) {
  const __wasi_fd_t dir = 3;
  __wasi_fd_t fd;
  __wasi_filestat_t status;
  expect_refused(
      "open", path,
      __wasi_path_open(dir, __WASI_LOOKUPFLAGS_SYMLINK_FOLLOW, path, 0, __WASI_RIGHTS_FD_READ, 0, 0, &fd));
  expect_refused("create", path,
                 __wasi_path_open(dir, __WASI_LOOKUPFLAGS_SYMLINK_FOLLOW, path, __WASI_OFLAGS_CREAT,
                                  __WASI_RIGHTS_FD_READ | __WASI_RIGHTS_FD_WRITE, 0, 0, &fd));
  expect_refused("stat", path,
                 __wasi_path_filestat_get(dir, __WASI_LOOKUPFLAGS_SYMLINK_FOLLOW, path, &status));
  expect_refused("times", path,
                 __wasi_path_filestat_set_times(dir, __WASI_LOOKUPFLAGS_SYMLINK_FOLLOW, path, 0, 0,
                                                __WASI_FSTFLAGS_MTIM));
}

// A path whose directory lies outside.
static void try_entry(const char* path) {
  const __wasi_fd_t dir = 3;
  uint8_t target[64];
  __wasi_size_t size;
  try_path(path);
  expect_refused("mkdir", path, __wasi_path_create_directory(dir, path));
  expect_refused("rmdir", path, __wasi_path_remove_directory(dir, path));
  expect_refused("unlink", path, __wasi_path_unlink_file(dir, path));
  expect_refused("readlink", path, __wasi_path_readlink(dir, path, target, sizeof target, &size));
  expect_refused("rename from", path, __wasi_path_rename(dir, path, dir, "mine"));
  expect_refused("rename to", path, __wasi_path_rename(dir, "file", dir, path));
  expect_refused("link from", path, __wasi_path_link(dir, 0, path, dir, "mine"));
  expect_refused("link to", path, __wasi_path_link(dir, 0, "file", dir, path));
  expect_refused("symlink", path, __wasi_path_symlink("file", dir, path));
}

int main(void) {
  static const char* const paths[] = {"..",       "../",   "/",  "/etc/passwd", "relative",
                                      "absolute", "chain", "up", "dir/up"};
  static const char* const entries[] = {"../outside/secret", "up/outside/secret", "dir/../../outside/secret",
                                        "directory/secret", "dir/up/../outside/secret"};
  for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) try_path(paths[i]);
  for (size_t i = 0; i < sizeof entries / sizeof *entries; i++) try_entry(entries[i]);
  CHECK(__wasi_path_symlink("/etc/passwd", 3, "link") != 0);
  __wasi_filestat_t status;
  CHECK(__wasi_path_filestat_get(3, __WASI_LOOKUPFLAGS_SYMLINK_FOLLOW, "harmless", &status) == 0);
  CHECK(__wasi_path_filestat_get(3, __WASI_LOOKUPFLAGS_SYMLINK_FOLLOW, "dir/../file", &status) == 0);
  CHECK(__wasi_path_filestat_get(3, __WASI_LOOKUPFLAGS_SYMLINK_FOLLOW, "loop", &status) == __WASI_ERRNO_LOOP);
  printf("%d ways out\n", escapes);
  return escapes != 0;
}
