// The name of a sequence's handler: its ops' names, joined. For C++ and for table.S.
#pragma once

#define GODWIT_SEQUENCE_NAME_2(a, b) a##__##b
#define GODWIT_SEQUENCE_NAME_3(a, b, c) a##__##b##__##c
#define GODWIT_SEQUENCE_NAME_4(a, b, c, d) a##__##b##__##c##__##d
#define GODWIT_SEQUENCE_NAME_OF(_1, _2, _3, _4, name, ...) name
#define GODWIT_SEQUENCE_NAME(...)                                                      \
  GODWIT_SEQUENCE_NAME_OF(__VA_ARGS__, GODWIT_SEQUENCE_NAME_4, GODWIT_SEQUENCE_NAME_3, \
                          GODWIT_SEQUENCE_NAME_2, unused)                              \
  (__VA_ARGS__)
