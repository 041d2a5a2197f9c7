// Reader: numbers, names and types of the binary format.
#include "wasm/reader.h"

#include "base/utf8.h"
#include "wasm/limits.h"

namespace godwit::wasm {

namespace {

// Type indices beyond every limit become this one, which no module has.
constexpr uint32_t kUnknownType = 0x7FFFEFF;

TypeIdx known_index(int64_t index) {
  return TypeIdx(index > kUnknownType ? kUnknownType : static_cast<uint32_t>(index));
}

struct AbstractCode {
  HeapType::Abstract heap;
  Feature feature;
};

// spec: https://webassembly.github.io/spec/core/binary/types.html#heap-types
std::optional<AbstractCode> abstract_heap_type(uint8_t byte) {
  using enum HeapType::Abstract;
  switch (byte) {
    case 0x69: return AbstractCode{Exn, Feature::Exceptions};
    case 0x6A: return AbstractCode{Array, Feature::Gc};
    case 0x6B: return AbstractCode{Struct, Feature::Gc};
    case 0x6C: return AbstractCode{I31, Feature::Gc};
    case 0x6D: return AbstractCode{Eq, Feature::Gc};
    case 0x6E: return AbstractCode{Any, Feature::Gc};
    case 0x6F: return AbstractCode{Extern, Feature::ReferenceTypes};
    case 0x70: return AbstractCode{Func, Feature::Mvp};
    case 0x71: return AbstractCode{None, Feature::Gc};
    case 0x72: return AbstractCode{NoExtern, Feature::Gc};
    case 0x73: return AbstractCode{NoFunc, Feature::Gc};
    case 0x74: return AbstractCode{NoExn, Feature::Exceptions};
    default: return std::nullopt;
  }
}

// " 0x7a": what stands where something else should.
std::string hex(uint8_t byte) {
  constexpr char kDigits[] = "0123456789abcdef";
  return {' ', '0', 'x', kDigits[byte >> 4], kDigits[byte & 15]};
}

}  // namespace

void Reader::fail(uint32_t offset, std::string message, ErrorKind kind) {
  if (!error_) error_.emplace(Error(kind, std::move(message)).at(offset));
  pos_ = end_;
}

void Reader::fail_at_end() { fail(offset(), "unexpected end of section or function"); }

void Reader::fail_leb(LebStatus status, const uint8_t* at) {
  const auto where = static_cast<uint32_t>(at - begin_);
  switch (status) {
    case LebStatus::UnexpectedEnd: return fail(where, "unexpected end of section or function, in an integer");
    case LebStatus::TooLong: return fail(where, "integer representation too long");
    case LebStatus::TooLarge: return fail(where, "integer too large");
    case LebStatus::Ok: return;
  }
}

void Reader::need(Feature feature, uint32_t offset, std::string_view message) {
  used_ |= uint64_t{1} << static_cast<unsigned>(feature);
  if (features_.has(feature)) [[likely]]
    return;
  fail(offset, std::string(message) + ": needs the feature " + std::string(info_of(feature).option) +
                   ", which is off");
}

uint32_t Reader::count(uint32_t limit, std::string_view what) {
  const uint32_t at = offset();
  const uint32_t number = u32();
  // Like the reference, which compares with what was left before the number itself.
  if (number > static_cast<uint32_t>(end_ - (begin_ + at))) {
    fail(at, "length out of bounds: " + std::to_string(number) + " " + std::string(what) + " in " +
                 std::to_string(remaining()) + " bytes");
    return 0;
  }
  if (number > limit) {
    fail(at, "too many " + std::string(what) + ": " + std::to_string(number) + ", the limit is " +
                 std::to_string(limit));
    return 0;
  }
  return number;
}

ByteRange Reader::take(uint32_t size) {
  if (size > remaining()) {
    fail(offset(), "unexpected end of section or function: " + std::to_string(size) + " bytes wanted, " +
                       std::to_string(remaining()) + " left");
    return {offset(), 0};
  }
  const ByteRange range{offset(), size};
  pos_ += size;
  return range;
}

ByteRange Reader::long_sized_bytes() {
  const uint32_t size = count(limits::kModuleBytes, "bytes");
  return take(size);
}

std::string_view Reader::name() {
  const uint32_t at = offset();
  const ByteRange range = sized_bytes();
  const std::string_view text(reinterpret_cast<const char*>(begin_ + range.offset), range.size);
  if (range.size > limits::kNameBytes) {
    fail(at, "name too long: " + std::to_string(range.size) + " bytes, the limit is " +
                 std::to_string(limits::kNameBytes));
    return {};
  }
  if (!is_utf8(as_bytes(text))) {
    fail(range.offset, "malformed UTF-8 encoding, in a name");
    return {};
  }
  return text;
}

HeapType Reader::heap_type() {
  const uint32_t at = offset();
  if (pos_ == end_) return fail_at_end(), HeapType();
  if ((*pos_ & 0xC0) == 0x40) {
    const uint8_t byte = u8();
    const auto code = abstract_heap_type(byte);
    if (!code) return fail(at, "malformed heap type" + hex(byte)), HeapType();
    need(code->feature, at, "malformed heap type");
    return code->heap;
  }
  const int64_t index = s33();
  if (index < 0)
    return fail(at, "integer representation too long: a negative number is no type index"), HeapType();
  need(Feature::FunctionReferences, at, "malformed heap type");
  return HeapType(known_index(index));
}

std::optional<ValType> Reader::val_type_from(uint8_t byte, uint32_t at) {
  switch (byte) {
    case 0x7F: return ValKind::I32;
    case 0x7E: return ValKind::I64;
    case 0x7D: return ValKind::F32;
    case 0x7C: return ValKind::F64;
    case 0x7B: need(Feature::Simd, at, "malformed value type"); return ValKind::V128;
    case 0x64:
    case 0x63:
      need(Feature::FunctionReferences, at, "malformed value type");
      return ValType::ref(heap_type(), byte == 0x63);
    default: break;
  }
  const auto code = abstract_heap_type(byte);
  if (!code) return std::nullopt;
  need(code->feature, at, "malformed value type");
  return ValType::ref(code->heap, true);
}

ValType Reader::val_type() {
  const uint32_t at = offset();
  const uint8_t byte = u8();
  const auto type = val_type_from(byte, at);
  if (!type) return fail(at, "malformed value type" + hex(byte)), ValType();
  if (type->is_ref()) need(Feature::ReferenceTypes, at, "malformed value type");
  return *type;
}

ValType Reader::ref_type() {
  const uint32_t at = offset();
  const uint8_t byte = u8();
  const auto type = val_type_from(byte, at);
  if (!type || !type->is_ref()) return fail(at, "malformed reference type" + hex(byte)), kFuncRef;
  if (*type == kFuncRef || failed()) return *type;
  need(Feature::ReferenceTypes, at, "malformed reference type");
  return *type;
}

ValType Reader::storage_type() {
  const uint32_t at = offset();
  const uint8_t byte = u8();
  if (byte == 0x78) return ValKind::I8;
  if (byte == 0x77) return ValKind::I16;
  const auto type = val_type_from(byte, at);
  if (!type) return fail(at, "malformed storage type" + hex(byte)), ValType();
  return *type;
}

BlockType Reader::block_type() {
  const uint32_t at = offset();
  if (pos_ == end_) return fail_at_end(), BlockType();
  if (*pos_ == 0x40) return ++pos_, BlockType();
  if ((*pos_ & 0xC0) == 0x40) return {BlockType::Kind::Value, val_type(), {}};
  const int64_t index = s33();
  if (index < 0) return fail(at, "malformed block type: a negative number is no type index"), BlockType();
  need(Feature::MultiValue, at, "malformed block type");
  return {BlockType::Kind::Type, {}, known_index(index)};
}

}  // namespace godwit::wasm
