// Reader: takes the primitive parts of the binary format, from numbers to value types, out of a range of bytes.
// spec: https://webassembly.github.io/spec/core/binary/index.html
//
// Errors stick: the first one is kept, and from then on everything reads as zero or empty and the reader is at its
// end. So a caller may read a whole item and ask once; what it must not do is loop without asking.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"
#include "base/leb128.h"
#include "wasm/features.h"
#include "wasm/module.h"

namespace godwit::wasm {

class Reader {
 public:
  // Reads `range` of the module's bytes; the caller has checked that it lies inside them.
  Reader(Bytes module, ByteRange range, FeatureSet features)
      : begin_(module.data()), pos_(begin_ + range.offset), end_(pos_ + range.size), features_(features) {}

  bool at_end() const { return pos_ == end_; }
  bool next_is(uint8_t byte) const { return pos_ != end_ && *pos_ == byte; }
  uint32_t remaining() const { return static_cast<uint32_t>(end_ - pos_); }
  // Of the next byte, from the start of the module.
  uint32_t offset() const {
    return static_cast<uint32_t>(pos_ - begin_);  // NOLINT(clang-analyzer-core.NullPointerArithm)
  }
  const FeatureSet& features() const { return features_; }
  // The features that were needed so far, as FeatureSet::bits.
  uint64_t used_features() const { return used_; }

  bool failed() const { return error_.has_value(); }
  // The first error. Only if failed().
  Error take_error() { return std::move(*error_); }
  // Records an error at `offset` unless there is one already, and goes to the end.
  void fail(uint32_t offset, std::string message, ErrorKind kind = ErrorKind::Malformed);
  // Records that `feature` is needed; if it is off, that is the error, beginning with `message`.
  void need(Feature feature, uint32_t offset, std::string_view message);

  uint8_t u8() {
    if (pos_ == end_) [[unlikely]]
      return fail_at_end(), uint8_t{0};
    return *pos_++;
  }
  uint32_t u32() {
    if (pos_ != end_ && *pos_ < 0x80) [[likely]]
      return *pos_++;
    return leb<32, uint32_t>();
  }
  uint64_t u64() { return leb<64, uint64_t>(); }
  int32_t s32() { return leb<32, int32_t>(); }
  int64_t s33() { return leb<33, int64_t>(); }
  int64_t s64() { return leb<64, int64_t>(); }
  uint32_t fixed32() { return fixed<uint32_t>(); }
  uint64_t fixed64() { return fixed<uint64_t>(); }

  // The number of items that follow. Each takes at least a byte, so a number beyond what is left is an error here,
  // before anybody reserves memory for it. `what` names the items in the error about `limit`.
  uint32_t count(uint32_t limit, std::string_view what);
  // A length in bytes and that many bytes.
  ByteRange sized_bytes() {
    if (const uint8_t* bytes = peek(sizeof(uint32_t))) [[likely]] {
      const ShortLeb size = read_short_leb(load_unaligned<uint32_t>(bytes));
      if (size.size != 0 && size.bits <= remaining() - size.size) [[likely]] {
        const ByteRange range{offset() + size.size, size.bits};
        pos_ += size.size + size.bits;
        return range;
      }
    }
    return long_sized_bytes();
  }
  // The next `size` bytes.
  ByteRange take(uint32_t size);
  // A name: a length and UTF-8. The view points into the module.
  std::string_view name();
  // The next `size` bytes without reading them, or null if fewer are left.
  const uint8_t* peek(uint32_t size) const { return remaining() >= size ? pos_ : nullptr; }
  // Goes past `size` bytes that were peeked at.
  void advance(uint32_t size) { pos_ += size; }
  // Moves to `offset`, which lies ahead in the range.
  void skip_to(uint32_t offset) { pos_ = begin_ + offset; }

  // spec: https://webassembly.github.io/spec/core/binary/types.html
  ValType val_type();
  ValType ref_type();
  ValType storage_type();
  HeapType heap_type();
  // spec: https://webassembly.github.io/spec/core/binary/instructions.html#control-instructions
  BlockType block_type();

 private:
  template <unsigned kBits, class T>
  T leb() {
    const Leb<T> leb = read_leb<kBits, T>(pos_, end_);
    if (leb.status != LebStatus::Ok) [[unlikely]]
      return fail_leb(leb.status, leb.next), T{0};
    pos_ = leb.next;
    return leb.value;
  }
  template <class T>
  T fixed() {
    if (remaining() < sizeof(T)) [[unlikely]]
      return fail_at_end(), T{0};
    const T value = load_unaligned<T>(pos_);
    pos_ += sizeof(T);
    return value;
  }
  ByteRange long_sized_bytes();
  void fail_at_end();
  void fail_leb(LebStatus status, const uint8_t* at);
  // The value type that starts with `byte`, which is read already; nothing, if none does.
  std::optional<ValType> val_type_from(uint8_t byte, uint32_t at);

  const uint8_t* begin_;
  const uint8_t* pos_;
  const uint8_t* end_;
  FeatureSet features_;
  uint64_t used_ = 0;
  std::optional<Error> error_;
};

}  // namespace godwit::wasm
