// Laying out objects by their types.
#include "runtime/gc_type.h"

#include <algorithm>

namespace godwit::runtime {

namespace {

using wasm::CompositeKind;
using wasm::SubType;
using wasm::ValType;

constexpr size_t kMaxIds = size_t{kGcIdMask} + 1;
constexpr size_t kCommitBytes = size_t{64} << 10;
constexpr size_t kChunkWords = 4096;

GcStorage storage_of(const wasm::TypeCanon& canon, ValType type) {
  return gc_storage_of(type, [&](wasm::TypeIdx id) {
    // Validation has seen to it that the index exists.
    return id.value < canon.size() ? canon.type(id.value).kind : CompositeKind::Struct;
  });
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
  GcPlacer placer(is_struct ? kGcStructFields : kGcExceptionFields);
  for (size_t i = 0; i < count; ++i) {
    const GcStorage storage = storage_of(canon, is_struct ? type.fields[i].storage : type.func.params[i]);
    const uint32_t offset = placer.place(storage);
    fields[i] = {.offset = offset, .storage_bits = static_cast<uint32_t>(storage)};
    if (storage == GcStorage::Ref) refs[result.ref_count++] = offset;
  }
  result.fields = fields;
  result.field_count = static_cast<uint32_t>(count);
  result.ref_offsets = refs;
  result.size_bytes = placer.size_bytes();
  return result;
}

}  // namespace godwit::runtime
