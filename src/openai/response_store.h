// ResponseStore: answers of /v1/responses that are kept, in memory or in a folder.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"

namespace godwit::openai {

// Texts by name, each with an owner, who alone finds it. @threads any.
class ResponseStore final {
 public:
  // @param folder holds a file for each text, which outlive the process; it is made if it is not there. Empty: memory.
  // @param most texts; beyond that the oldest go. Those that a folder holds already count.
  // @errors Io: the folder cannot be made, or read.
  static Result<ResponseStore> open(std::string folder, size_t most);

  // A name that nobody else has, and nobody guesses, is the caller's affair.
  // @errors Io: it cannot be written.
  Result<> put(std::string_view name, std::string_view owner, std::string text);
  // Nothing if there is none of that name of that owner's.
  std::optional<std::string> get(std::string_view name, std::string_view owner) const;
  // False if there was none.
  bool remove(std::string_view name, std::string_view owner);

 private:
  ResponseStore(std::string folder, size_t most);
  std::string path_of(std::string_view name) const;
  std::optional<std::string> read(std::string_view name) const;
  void forget(const std::string& name);

  std::string folder_;
  size_t most_;
  mutable std::unique_ptr<std::mutex> mutex_;
  std::deque<std::string> order_;  // oldest first; guarded by mutex_
  std::map<std::string, std::string, std::less<>>
      texts_;  // "owner\ntext", without a folder; guarded by mutex_
};

// Whether a text may be such a name: letters, digits, '_' and '-'.
bool is_response_name(std::string_view text);

}  // namespace godwit::openai
