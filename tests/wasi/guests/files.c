// Works with files in its current directory through the C library.
#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "check.h"

static void bytes(void) {
  int fd = open("bytes", O_RDWR | O_CREAT | O_EXCL, 0644);
  CHECK(fd >= 3);
  struct iovec pieces[3] = {{"one ", 4}, {"", 0}, {"two", 3}};
  CHECK(writev(fd, pieces, 3) == 7);
  CHECK(lseek(fd, 0, SEEK_CUR) == 7);
  CHECK(lseek(fd, -3, SEEK_END) == 4);
  char text[16] = {0};
  CHECK(read(fd, text, sizeof text) == 3 && strcmp(text, "two") == 0);
  CHECK(read(fd, text, sizeof text) == 0);
  CHECK(pwrite(fd, "ONE", 3, 0) == 3);
  CHECK(pread(fd, text, 4, 0) == 4 && memcmp(text, "ONE ", 4) == 0);
  CHECK(lseek(fd, 0, SEEK_CUR) == 7);
  CHECK_FAILS(lseek(fd, -1, SEEK_SET), EINVAL);
  CHECK(ftruncate(fd, 3) == 0);
  struct stat status;
  CHECK(fstat(fd, &status) == 0 && status.st_size == 3 && S_ISREG(status.st_mode) && status.st_nlink == 1);
  CHECK(posix_fallocate(fd, 0, 100) == 0);
  CHECK(fstat(fd, &status) == 0 && status.st_size == 100);
  CHECK(posix_fadvise(fd, 0, 0, POSIX_FADV_SEQUENTIAL) == 0);
  CHECK(fsync(fd) == 0 && fdatasync(fd) == 0);
  CHECK(close(fd) == 0);
  CHECK_FAILS(close(fd), EBADF);
  CHECK_FAILS(read(fd, text, 1), EBADF);
  CHECK_FAILS(open("bytes", O_CREAT | O_EXCL | O_RDWR, 0644), EEXIST);
  CHECK_FAILS(open("nothing", O_RDONLY), ENOENT);
  CHECK_FAILS(open("bytes/x", O_RDONLY), ENOTDIR);
  CHECK_FAILS(open("bytes", O_RDONLY | O_DIRECTORY), ENOTDIR);
  fd = open("bytes", O_RDONLY);
  CHECK_FAILS(write(fd, "x", 1), EBADF);
  CHECK(close(fd) == 0);
  fd = open("bytes", O_WRONLY | O_TRUNC);
  CHECK_FAILS(read(fd, text, 1), EBADF);
  CHECK(fstat(fd, &status) == 0 && status.st_size == 0);
  CHECK(close(fd) == 0 && unlink("bytes") == 0);
}

static void appending(void) {
  int fd = open("log", O_WRONLY | O_CREAT | O_APPEND, 0644);
  CHECK(write(fd, "a", 1) == 1 && lseek(fd, 0, SEEK_SET) == 0 && write(fd, "b", 1) == 1);
  CHECK(fcntl(fd, F_GETFL) & O_APPEND);
  CHECK(fcntl(fd, F_SETFL, 0) == 0);
  CHECK(lseek(fd, 0, SEEK_SET) == 0 && write(fd, "c", 1) == 1);
  struct stat status;
  CHECK(fstat(fd, &status) == 0 && status.st_size == 2);
  CHECK(close(fd) == 0 && unlink("log") == 0);
}

static void buffered(void) {
  FILE* file = fopen("text", "w");
  CHECK(file);
  for (int i = 0; i < 10000; i++) fprintf(file, "line %d\n", i);
  CHECK(fclose(file) == 0);
  file = fopen("text", "r");
  int number, lines = 0;
  while (fscanf(file, "line %d\n", &number) == 1) CHECK(number == lines++);
  CHECK(lines == 10000 && fclose(file) == 0 && remove("text") == 0);
}

static void names(void) {
  struct stat status;
  CHECK(mkdir("dir", 0755) == 0);
  CHECK_FAILS(mkdir("dir", 0755), EEXIST);
  CHECK(mkdir("dir/sub/", 0755) == 0);
  int fd = open("dir/sub/file", O_WRONLY | O_CREAT, 0644);
  CHECK(fd >= 0 && close(fd) == 0);
  CHECK_FAILS(rmdir("dir/sub"), ENOTEMPTY);
  CHECK_FAILS(unlink("dir/sub"), EISDIR);
  CHECK_FAILS(rmdir("dir/sub/file"), ENOTDIR);
  CHECK(rename("dir/sub/file", "dir/moved") == 0);
  CHECK_FAILS(stat("dir/sub/file", &status), ENOENT);
  CHECK(rename("dir/sub", "dir/other") == 0 && rename("dir/other/", "dir/sub/") == 0);
  CHECK_FAILS(rename("dir", "dir/sub/dir"), EINVAL);
  CHECK(link("dir/moved", "dir/hard") == 0);
  CHECK(stat("dir/hard", &status) == 0 && status.st_nlink == 2);
  CHECK(symlink("moved", "dir/soft") == 0);
  char target[PATH_MAX];
  CHECK(readlink("dir/soft", target, sizeof target) == 5 && memcmp(target, "moved", 5) == 0);
  CHECK(readlink("dir/soft", target, 2) == 2);
  CHECK_FAILS(readlink("dir/moved", target, sizeof target), EINVAL);
  CHECK(lstat("dir/soft", &status) == 0 && S_ISLNK(status.st_mode));
  CHECK(stat("dir/soft", &status) == 0 && S_ISREG(status.st_mode));
  CHECK_FAILS(open("dir/soft", O_RDONLY | O_NOFOLLOW), ELOOP);
  CHECK(stat("dir/sub/..//soft", &status) == 0);
  const struct timespec times[2] = {{1000, 5}, {2000, 7}};
  CHECK(utimensat(AT_FDCWD, "dir/moved", times, 0) == 0);
  CHECK(stat("dir/moved", &status) == 0 && status.st_mtim.tv_sec == 2000 && status.st_mtim.tv_nsec == 7);
  CHECK(unlink("dir/soft") == 0 && unlink("dir/hard") == 0 && unlink("dir/moved") == 0);
  CHECK(rmdir("dir/sub") == 0 && rmdir("dir") == 0);
  CHECK_FAILS(rmdir("dir"), ENOENT);
}

static void descriptors(void) {
  int first = open(".", O_RDONLY | O_DIRECTORY), second = open(".", O_RDONLY | O_DIRECTORY);
  CHECK(second == first + 1);
  CHECK(close(first) == 0 && open(".", O_RDONLY) == first);
  char byte;
  CHECK(read(first, &byte, 1) == -1 && (errno == EBADF || errno == EISDIR));
  CHECK(mkdirat(first, "at", 0755) == 0 && unlinkat(second, "at", AT_REMOVEDIR) == 0);
  CHECK(close(first) == 0 && close(second) == 0);
}

int main(void) {
  bytes();
  appending();
  buffered();
  names();
  descriptors();
  puts("files work");
}
