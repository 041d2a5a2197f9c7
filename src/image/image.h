// Code images: compiled functions of one module as bytes, made by the compiler and run where they are mapped.
//
//   0              header                   sizes, and what the code was made for
//   functions_at   Function × functions     sorted: which of the module's own there are, and where they lie in the code
//   thunks_at      Thunk × types            by type index: the way from register code into functions of the type
//   lines_at       Line × lines             sorted: the wasm instruction behind each piece of the code
//   code_at        code and its constants   position-independent: nothing in it is ever written
//
// All numbers are little-endian. Tables lie at multiples of 8 bytes, code at a multiple of 4096.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "base/bytes.h"
#include "base/error.h"

namespace godwit::image {

inline constexpr uint32_t kNone = ~uint32_t{0};
inline constexpr uint64_t kMagic = 0x324547414D494447;  // "GDIMAGE2"
inline constexpr uint32_t kCodeAlignment = 4096;

// What may be entered: a function from its beginning, with its arguments; or a frame of register code at one of its loops:
// void loop(VmContext* ctx, Slot* frame) goes on from there and leaves the function's results where frames have them.
struct Function {
  uint32_t defined;  // its number among the module's own functions
  uint32_t loop =
      kNone;       // the offset of the loop instruction in the module, in bytes; kNone: from the beginning
  uint32_t begin;  // in the code
  uint32_t end;
};

// void thunk(const void* function, VmContext* ctx, Slot* slots): calls a compiled function with the arguments in slots
// and leaves its results there.
struct Thunk {
  uint32_t begin = kNone;  // in the code
};

struct Line {
  uint32_t code;    // from here on in the code, up to the next line
  uint32_t offset;  // of the instruction in the module, in bytes
};

struct Header {
  uint64_t magic;
  uint64_t layout;  // runtime::kLayoutHash
  uint32_t function_count;
  uint32_t thunk_count;
  uint32_t line_count;
  uint32_t functions_at;
  uint32_t thunks_at;
  uint32_t lines_at;
  uint32_t code_at;
  uint32_t code_bytes;
};
static_assert(sizeof(Header) == 48);

// What an image consists of, before it is one.
struct Parts {
  uint64_t layout = 0;
  std::vector<Function> functions;  // sorted by number and loop
  std::vector<Thunk> thunks;
  std::vector<Line> lines;  // sorted
  std::vector<uint8_t> code;
};
std::vector<uint8_t> write(const Parts& parts);

// An image, checked: every number in it leads into it. It may still be hostile code: whether to run it is not decided
// here. Views of the bytes.
struct View {
  uint64_t layout;
  std::span<const Function> functions;
  std::span<const Thunk> thunks;
  std::span<const Line> lines;
  Bytes code;

  // What begins there; null if it is not in the image.
  const Function* find(uint32_t defined, uint32_t loop = kNone) const;
  // The module's instruction that the code at `place` belongs to; nothing if none does.
  std::optional<uint32_t> offset_at(uint32_t place) const;
  // The number of the function whose code `place` lies in.
  std::optional<uint32_t> function_at(uint32_t place) const;
};

// @param bytes aligned to 8, and kept.
// @errors Malformed: it is no image, or damaged.
Result<View> read(Bytes bytes);

}  // namespace godwit::image
