// Utf8Stitcher: puts characters together that a model's tokens have split.
#pragma once

#include <string>
#include <string_view>

// Takes any bytes in any pieces and gives well-formed UTF-8: a character comes when its last byte has come, and what
// can be no character comes as U+FFFD, once for each longest part that could have begun one.
class Utf8Stitcher final {
 public:
  // @returns what is complete now
  std::string add(std::string_view piece);
  // Nothing follows: @returns what was held back
  std::string end();

 private:
  std::string held_;  // begins a character; at most 3 bytes
};
