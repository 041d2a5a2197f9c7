// CHECK: says what does not hold, and where; the program then ends with status 1.
#pragma once

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHECK(condition)                                                                        \
  do {                                                                                          \
    if (!(condition)) {                                                                         \
      printf("line %d: %s does not hold (errno: %s)\n", __LINE__, #condition, strerror(errno)); \
      exit(1);                                                                                  \
    }                                                                                           \
  } while (0)

// The call fails with the error.
#define CHECK_FAILS(call, error)                                                                      \
  do {                                                                                                \
    errno = 0;                                                                                        \
    if ((call) != -1 || errno != (error)) {                                                           \
      printf("line %d: %s gives errno %d (%s), wanted %s\n", __LINE__, #call, errno, strerror(errno), \
             #error);                                                                                 \
      exit(1);                                                                                        \
    }                                                                                                 \
  } while (0)
