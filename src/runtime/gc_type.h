// GcType: what the heap needs to know of a type, by canonical id: where fields lie, which of them are references, and
// the supertypes.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "base/error.h"
#include "platform/memory_map.h"
#include "runtime/gc_object.h"
#include "wasm/type_canon.h"

namespace godwit::runtime {

// How a value lies in the heap. Func: a handle (see gc_object.h); Ref: any other reference.
enum class GcStorage : uint8_t { I8, I16, I32, I64, F32, F64, V128, Ref, Func };

constexpr uint32_t log2_size(GcStorage storage) {
  switch (storage) {
    case GcStorage::I8: return 0;
    case GcStorage::I16: return 1;
    case GcStorage::I64:
    case GcStorage::F64: return 3;
    case GcStorage::V128: return 4;
    default: return 2;
  }
}
constexpr bool is_reference(GcStorage storage) { return storage >= GcStorage::Ref; }

// How values of a type lie. `kind_of` says of a type index (or id) what it is.
template <class KindOf>
constexpr GcStorage gc_storage_of(wasm::ValType type, KindOf kind_of) {
  using Abstract = wasm::HeapType::Abstract;
  switch (type.kind()) {
    case wasm::ValKind::I8: return GcStorage::I8;
    case wasm::ValKind::I16: return GcStorage::I16;
    case wasm::ValKind::I32: return GcStorage::I32;
    case wasm::ValKind::I64: return GcStorage::I64;
    case wasm::ValKind::F32: return GcStorage::F32;
    case wasm::ValKind::F64: return GcStorage::F64;
    case wasm::ValKind::V128: return GcStorage::V128;
    default: break;
  }
  const wasm::HeapType heap = type.heap();
  const bool is_func = heap.is_abstract()
                           ? heap.abstract() == Abstract::Func || heap.abstract() == Abstract::NoFunc
                           : kind_of(heap.index()) == wasm::CompositeKind::Func;
  return is_func ? GcStorage::Func : GcStorage::Ref;
}

// Gives fields their places, in order.
class GcPlacer final {
 public:
  constexpr explicit GcPlacer(uint32_t begin) : end_(begin) {}
  constexpr uint32_t place(GcStorage storage) {
    const uint32_t size = uint32_t{1} << log2_size(storage);
    const uint32_t offset = align_up(end_, size < kGcAlignment ? size : kGcAlignment);
    end_ = offset + size;
    return offset;
  }
  constexpr uint32_t size_bytes() const { return align_up(end_, kGcAlignment); }

 private:
  static constexpr uint32_t align_up(uint32_t offset, uint32_t alignment) {
    return (offset + alignment - 1) & ~(alignment - 1);
  }
  uint32_t end_;
};

struct GcField {
  uint32_t offset : 24;  // from the object's start; 10,000 fields of 16 bytes are less
  uint32_t storage_bits : 8;
  GcStorage storage() const { return static_cast<GcStorage>(storage_bits); }
};
static_assert(sizeof(GcField) == 4);

// Of function types: of exceptions whose tag has that type.
struct GcType {
  const uint32_t*
      display;  // display[i] is the header of the supertype at depth i; display[depth] the type's own
  const GcField* fields;
  const uint32_t* ref_offsets;  // of the fields of storage Ref
  uint32_t field_count;
  uint32_t ref_count;
  uint32_t size_bytes;  // of an object; of arrays: 0
  uint8_t depth;
  bool is_final;
  wasm::CompositeKind kind;
  GcStorage element;  // arrays
};

// True if an object with this header is of the type whose own header is `wanted`, at `depth` of its display.
// @cost constant
[[gnu::always_inline]] inline bool is_instance_of(const GcType* types, uint32_t header, uint32_t wanted,
                                                  uint32_t depth) {
  if (header == wanted) return true;
  if (gc_kind(header) != gc_kind(wanted)) return false;
  const GcType& type = types[gc_type_id(header)];
  return type.depth > depth && type.display[depth] == wanted;
}

// The GcTypes of all canonical ids. The array never moves: objects of any store are looked up in it without a lock.
// @threads extend() one at a time; entries may be read by whoever has learned of their id since.
class GcTypeTable final {
 public:
  // Fills the entries up to the ids that there are.
  // @errors Exhausted: no memory; entries that were there stay.
  Result<> extend(const wasm::TypeCanon& canon);
  const GcType* types() const { return types_; }
  size_t size() const { return size_; }

 private:
  GcType describe(const wasm::TypeCanon& canon, uint32_t id);
  uint32_t* allocate_words(size_t count);

  platform::Reservation reservation_;
  GcType* types_ = nullptr;
  size_t size_ = 0;
  size_t committed_bytes_ = 0;
  std::vector<std::unique_ptr<uint32_t[]>> chunks_;
  size_t chunk_used_ = 0, chunk_words_ = 0;
};

}  // namespace godwit::runtime
