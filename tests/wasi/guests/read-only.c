// Sees that its current directory, which holds `file` and `dir/file`, can be read and not changed.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "check.h"

static void expect_unchangeable(int dir) {
  const struct timespec times[2] = {{1, 0}, {1, 0}};
  char text[8];
  int fd = openat(dir, "file", O_RDONLY);
  CHECK(fd >= 0 && read(fd, text, sizeof text) == 5);
  CHECK(write(fd, "x", 1) == -1 && ftruncate(fd, 0) == -1 && futimens(fd, times) == -1);
  CHECK(close(fd) == 0);
  CHECK_FAILS(openat(dir, "file", O_WRONLY), EROFS);
  CHECK_FAILS(openat(dir, "file", O_RDWR), EROFS);
  CHECK_FAILS(openat(dir, "file", O_RDONLY | O_TRUNC), EROFS);
  CHECK_FAILS(openat(dir, "new", O_WRONLY | O_CREAT, 0644), EROFS);
  CHECK_FAILS(openat(dir, "new", O_RDONLY | O_CREAT, 0644), EROFS);
  CHECK_FAILS(mkdirat(dir, "new", 0755), EROFS);
  CHECK_FAILS(unlinkat(dir, "file", 0), EROFS);
  CHECK_FAILS(renameat(dir, "file", dir, "new"), EROFS);
  CHECK_FAILS(linkat(dir, "file", dir, "new", 0), EROFS);
  CHECK_FAILS(symlinkat("file", dir, "new"), EROFS);
  CHECK_FAILS(utimensat(dir, "file", times, 0), EROFS);
}

int main(void) {
  int root = open(".", O_RDONLY | O_DIRECTORY), dir = open("dir", O_RDONLY | O_DIRECTORY);
  CHECK(root >= 0 && dir >= 0);
  expect_unchangeable(AT_FDCWD);
  expect_unchangeable(root);
  expect_unchangeable(dir);
  CHECK_FAILS(rmdir("dir"), EROFS);
  puts("nothing changed");
}
