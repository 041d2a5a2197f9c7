// Makes many files, lists them in several ways, and removes them.
#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "check.h"

enum { kFiles = 500 };
static char seen[kFiles];

static void path_of(int number, char* path) {
  sprintf(path, "many/a-file-with-a-rather-long-name-so-that-buffers-end-inside-of-it-%d", number);
}

int main(void) {
  char path[200];
  CHECK(mkdir("many", 0755) == 0);
  for (int i = 0; i < kFiles; i++) {
    path_of(i, path);
    int fd = open(path, O_CREAT | O_WRONLY, 0644);
    CHECK(fd >= 0 && close(fd) == 0);
  }
  DIR* dir = opendir("many");
  CHECK(dir);
  int dots = 0, files = 0;
  long middle = 0;
  char after_middle[256] = "";
  for (struct dirent* entry; (entry = readdir(dir));) {
    if (entry->d_name[0] == '.') {
      CHECK(entry->d_type == DT_DIR);
      dots++;
      continue;
    }
    CHECK(entry->d_type == DT_REG && entry->d_ino != 0);
    int number = atoi(strrchr(entry->d_name, '-') + 1);
    CHECK(!seen[number]);
    seen[number] = 1;
    if (files == kFiles / 2 + 1) strcpy(after_middle, entry->d_name);
    if (++files == kFiles / 2 + 1) middle = telldir(dir);
  }
  printf("%d files\n", files);
  CHECK(files == kFiles && dots <= 2);
  seekdir(dir, middle);
  struct dirent* entry = readdir(dir);
  CHECK(entry && strcmp(entry->d_name, after_middle) == 0);
  rewinddir(dir);
  files = 0;
  while ((entry = readdir(dir)))
    if (entry->d_name[0] != '.') files++;
  CHECK(files == kFiles && closedir(dir) == 0);
  for (int i = 0; i < kFiles; i++) {
    path_of(i, path);
    CHECK(unlink(path) == 0);
  }
  CHECK(rmdir("many") == 0);
  CHECK(!opendir("many") && errno == ENOENT);
  puts("listing works");
}
