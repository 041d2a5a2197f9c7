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
  // @param most texts, @param most_bytes of all of them; beyond that the oldest go. Those that a folder holds already count.
  // @errors Io: the folder cannot be made, or read.
  static Result<ResponseStore> open(std::string folder, size_t most, uint64_t most_bytes);

  // A name that nobody else has, and nobody guesses, is the caller's affair.
  // @errors Io: it cannot be written. Exhausted: it alone is larger than all may be.
  Result<> put(std::string_view name, std::string_view owner, std::string text);
  // Nothing if there is none of that name of that owner's.
  std::optional<std::string> get(std::string_view name, std::string_view owner) const;
  // False if there was none.
  bool remove(std::string_view name, std::string_view owner);

 private:
  struct Kept {
    std::string name;
    uint64_t bytes;
  };

  ResponseStore(std::string folder, size_t most, uint64_t most_bytes);
  std::string path_of(std::string_view name) const;
  std::optional<std::string> read(std::string_view name) const;
  void forget(const Kept& kept);

  std::string folder_;
  size_t most_;
  uint64_t most_bytes_;
  mutable std::unique_ptr<std::mutex> mutex_;
  std::deque<Kept> order_;  // oldest first; guarded by mutex_
  uint64_t bytes_ = 0;      // of those in order_; guarded by mutex_
  std::map<std::string, std::string, std::less<>>
      texts_;  // "owner\ntext", without a folder; guarded by mutex_
};

// Whether a text may be such a name: letters, digits, '_' and '-'.
bool is_response_name(std::string_view text);

}  // namespace godwit::openai
