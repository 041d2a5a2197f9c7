// Tables: what a processor's part of the build step makes of stencils, and what it gets for that.
#pragma once

#include <cstdint>
#include <cstring>
#include <map>
#include <memory>
#include <optional>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

#include "jit/hole_kind.h"
#include "jit/tool/object_file.h"

namespace godwit::jit::tool {

// From `llvm-objdump -d --no-show-raw-insn`.
struct Line {
  uint32_t at;       // in the stencil, bytes
  std::string text;  // a tab, the mnemonic, a tab, the operands
};

class Tables {
 public:
  virtual ~Tables() = default;
  // Takes the code of an op. What it says is why it may not be copied; nothing: it may.
  virtual std::string add(const std::string& op, const Section& section,
                          const std::map<std::string, Section>& sections, const std::vector<Line>& lines) = 0;
  // Adds the row of an op that was taken, or of one that has no stencil. Called for all ops, in order.
  virtual void put(const std::string& op) = 0;
  virtual void put_nothing() = 0;
  // Writes the declarations of stencil.h.
  virtual void write(std::ostream& out) const = 0;
  // For people, in one line.
  virtual std::string summary() const = 0;
};

std::unique_ptr<Tables> make_tables();

// What a symbol of a stencil's source stands for, if it is a hole.
std::optional<HoleKind> hole_kind(std::string_view symbol);

// The bytes of a constant section's element: .rodata.cst4, .rodata.cst8, .rodata.cst16; 0: it is none.
size_t constant_size(const std::string& section);

// Constants of all stencils, each once.
class Constants final {
 public:
  uint32_t add(const uint8_t* bytes, size_t size) {
    for (size_t at = 0; at + size <= bytes_.size(); at += size)
      if (std::memcmp(bytes_.data() + at, bytes, size) == 0) return static_cast<uint32_t>(at);
    bytes_.resize((bytes_.size() + size - 1) / size * size);
    bytes_.insert(bytes_.end(), bytes, bytes + size);
    return static_cast<uint32_t>(bytes_.size() - size);
  }
  const std::vector<uint8_t>& bytes() const { return bytes_; }

 private:
  std::vector<uint8_t> bytes_;
};

void write_bytes(std::ostream& out, const char* declaration, const std::vector<uint8_t>& bytes);

}  // namespace godwit::jit::tool
