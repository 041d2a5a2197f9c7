// Laying out objects by their types.
#include "runtime/gc_type.h"

#include <algorithm>

namespace godwit::runtime {

namespace {

using wasm::CompositeKind;
using wasm::HeapType;
using wasm::SubType;
using wasm::ValKind;
using wasm::ValType;

constexpr size_t kMaxIds = size_t{kGcIdMask} + 1;
constexpr size_t kCommitBytes = size_t{64} << 10;
constexpr size_t kChunkWords = 4096;

bool is_func(const wasm::TypeCanon& canon, HeapType heap) {
  if (heap.is_abstract())
    return heap.abstract() == HeapType::Abstract::Func || heap.abstract() == HeapType::Abstract::NoFunc;
  // Validation has seen to it that the index exists.
  return heap.index().value < canon.size() && canon.type(heap.index().value).kind == CompositeKind::Func;
}

GcStorage storage_of(const wasm::TypeCanon& canon, ValType type) {
  switch (type.kind()) {
    case ValKind::I8: return GcStorage::I8;
    case ValKind::I16: return GcStorage::I16;
    case ValKind::I32: return GcStorage::I32;
    case ValKind::I64: return GcStorage::I64;
    case ValKind::F32: return GcStorage::F32;
    case ValKind::F64: return GcStorage::F64;
    case ValKind::V128: return GcStorage::V128;
    default: return is_func(canon, type.heap()) ? GcStorage::Func : GcStorage::Ref;
  }
}

constexpr uint32_t align_up(uint32_t offset, uint32_t alignment) {
  return (offset + alignment - 1) & ~(alignment - 1);
}

uint32_t header_of(const SubType& type, uint32_t id) {
  return gc_header(type.kind == CompositeKind::Array    ? GcKind::Array
                   : type.kind == CompositeKind::Struct ? GcKind::Struct
                                                        : GcKind::Exception,
                   id);
}

}  // namespace

Result<> GcTypeTable::extend(const wasm::TypeCanon& canon) {
  if (canon.size() == size_) return {};
  if (canon.size() > kMaxIds) return fail(ErrorKind::Exhausted, "there are more types than objects can name");
  if (types_ == nullptr) {
    ASSIGN_OR_RETURN(reservation_, platform::Reservation::reserve(kMaxIds * sizeof(GcType)));
    types_ = reinterpret_cast<GcType*>(reservation_.base());
  }
  const size_t needed_bytes = canon.size() * sizeof(GcType);
  if (needed_bytes > committed_bytes_) {
    const size_t bytes = (needed_bytes - committed_bytes_ + kCommitBytes - 1) / kCommitBytes * kCommitBytes;
    const size_t now = std::min(bytes, reservation_.size_bytes() - committed_bytes_);
    TRY(reservation_.commit(committed_bytes_, now));
    committed_bytes_ += now;
  }
  for (; size_ < canon.size(); ++size_) types_[size_] = describe(canon, static_cast<uint32_t>(size_));
  return {};
}

uint32_t* GcTypeTable::allocate_words(size_t count) {
  if (chunk_words_ - chunk_used_ < count) {
    chunk_words_ = std::max(kChunkWords, count);
    chunk_used_ = 0;
    chunks_.push_back(std::make_unique_for_overwrite<uint32_t[]>(chunk_words_));
  }
  uint32_t* words = chunks_.back().get() + chunk_used_;
  chunk_used_ += count;
  return words;
}

GcType GcTypeTable::describe(const wasm::TypeCanon& canon, uint32_t id) {
  const SubType& type = canon.type(id);
  GcType result{};
  result.kind = type.kind;
  result.is_final = type.is_final;

  // A supertype comes before its subtypes, as validation makes sure.
  const GcType* super = type.super && type.super->value < id ? &types_[type.super->value] : nullptr;
  result.depth = super ? static_cast<uint8_t>(super->depth + 1) : 0;
  uint32_t* display = allocate_words(size_t{result.depth} + 1);
  if (super) std::copy_n(super->display, result.depth, display);
  display[result.depth] = header_of(type, id);
  result.display = display;

  if (type.kind == CompositeKind::Array) {
    result.element = storage_of(canon, type.fields[0].storage);
    return result;
  }
  const bool is_struct = type.kind == CompositeKind::Struct;
  const size_t count = is_struct ? type.fields.size() : type.func.params.size();
  auto* fields = reinterpret_cast<GcField*>(allocate_words(count));
  uint32_t* refs = allocate_words(count);
  uint32_t offset = is_struct ? kGcStructFields : kGcExceptionFields;
  for (size_t i = 0; i < count; ++i) {
    const GcStorage storage = storage_of(canon, is_struct ? type.fields[i].storage : type.func.params[i]);
    const uint32_t size = uint32_t{1} << log2_size(storage);
    offset = align_up(offset, std::min(size, kGcAlignment));
    fields[i] = {.offset = offset, .storage_bits = static_cast<uint32_t>(storage)};
    if (storage == GcStorage::Ref) refs[result.ref_count++] = offset;
    offset += size;
  }
  result.fields = fields;
  result.field_count = static_cast<uint32_t>(count);
  result.ref_offsets = refs;
  result.size_bytes = align_up(offset, kGcAlignment);
  return result;
}

}  // namespace godwit::runtime
