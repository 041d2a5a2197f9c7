// OutputFile: a file that a command makes, all of it or nothing.
#pragma once

#include <string>
#include <string_view>

#include "base/error.h"

namespace godwit::cli {

// What is written appears under its name when it is committed: a reader never sees half of it, a failure leaves what was
// there before, and the file may be one that is being read. Pipes and devices are written to at once.
class OutputFile final {
 public:
  // @param path "-" or empty: standard output
  static Result<OutputFile> open(std::string path);

  OutputFile(OutputFile&& other) noexcept;
  OutputFile& operator=(OutputFile&&) = delete;
  ~OutputFile();

  // @errors Io
  Result<> write(std::string_view text);
  Result<> commit();

 private:
  OutputFile(int fd, std::string path, std::string temporary)
      : fd_(fd), path_(std::move(path)), temporary_(std::move(temporary)) {}

  int fd_;                 // -1: closed
  std::string path_;       // empty: standard output
  std::string temporary_;  // what it is called until then; empty: `path_` itself
};

}  // namespace godwit::cli
