// TypeCanon: recursion groups as keys of an ordered map (a hash would let a module choose collisions).
#include "wasm/type_canon.h"

namespace godwit::wasm {

namespace {

// Sees the type indices of one group from outside the module.
class GroupView {
 public:
  GroupView(TypeIdx first, size_t count, std::span<const uint32_t> earlier)
      : first_(first.value), count_(static_cast<uint32_t>(count)), earlier_(earlier) {}

  // As a word of the key. ValType leaves the upper kinds free, which tell references into the group, references to
  // ids and invalid references apart.
  uint32_t key(ValType type) const {
    if (!type.is_ref() || type.heap().is_abstract()) return type.bits();
    return with_place(type.heap().index(), type.bits() & kNullableBit);
  }
  uint32_t key(TypeIdx idx) const { return with_place(idx, 0); }

  // With ids for indices, once the group's own types have ids from `base`.
  ValType resolve(ValType type, uint32_t base) const {
    if (!type.is_ref() || type.heap().is_abstract()) return type;
    return ValType::ref(HeapType(resolve(type.heap().index(), base)), type.nullable());
  }
  TypeIdx resolve(TypeIdx idx, uint32_t base) const {
    if (idx.value < earlier_.size()) return TypeIdx(earlier_[idx.value]);
    if (is_own(idx)) return TypeIdx(base + (idx.value - first_));
    return idx;
  }

 private:
  static constexpr uint32_t kNullableBit = uint32_t{1} << 27;
  static constexpr uint32_t kOwn = uint32_t{0xD} << 28;
  static constexpr uint32_t kEarlier = uint32_t{0xE} << 28;
  static constexpr uint32_t kInvalid = uint32_t{0xF} << 28;

  bool is_own(TypeIdx idx) const { return idx.value >= first_ && idx.value - first_ < count_; }
  uint32_t with_place(TypeIdx idx, uint32_t nullable) const {
    if (idx.value < earlier_.size()) return kEarlier | nullable | earlier_[idx.value];
    if (is_own(idx)) return kOwn | nullable | (idx.value - first_);
    return kInvalid | nullable | (idx.value & (kNullableBit - 1));
  }

  uint32_t first_;
  uint32_t count_;
  std::span<const uint32_t> earlier_;
};

void append_key(std::vector<uint32_t>& key, const SubType& type, const GroupView& view) {
  key.push_back(static_cast<uint32_t>(type.kind) << 2 | static_cast<uint32_t>(type.is_final) << 1 |
                static_cast<uint32_t>(type.super.has_value()));
  if (type.super) key.push_back(view.key(*type.super));
  switch (type.kind) {
    case CompositeKind::Func:
      key.push_back(static_cast<uint32_t>(type.func.params.size()));
      for (const ValType param : type.func.params) key.push_back(view.key(param));
      key.push_back(static_cast<uint32_t>(type.func.results.size()));
      for (const ValType result : type.func.results) key.push_back(view.key(result));
      return;
    case CompositeKind::Struct:
    case CompositeKind::Array:
      key.push_back(static_cast<uint32_t>(type.fields.size()));
      for (const FieldType& field : type.fields) {
        key.push_back(view.key(field.storage));
        key.push_back(field.is_mutable);
      }
      return;
  }
}

SubType resolve(const SubType& type, const GroupView& view, uint32_t base) {
  SubType resolved = type;
  if (resolved.super) resolved.super = view.resolve(*resolved.super, base);
  for (ValType& param : resolved.func.params) param = view.resolve(param, base);
  for (ValType& result : resolved.func.results) result = view.resolve(result, base);
  for (FieldType& field : resolved.fields) field.storage = view.resolve(field.storage, base);
  return resolved;
}

}  // namespace

uint32_t TypeCanon::intern(std::span<const SubType> group, TypeIdx first, std::span<const uint32_t> earlier) {
  const GroupView view(first, group.size(), earlier);
  std::vector<uint32_t> key;
  for (const SubType& type : group) append_key(key, type, view);
  const auto base = static_cast<uint32_t>(types_.size());
  const auto [entry, is_new] = groups_.try_emplace(std::move(key), base);
  if (is_new)
    for (const SubType& type : group) types_.push_back(resolve(type, view, base));
  return entry->second;
}

std::vector<uint32_t> TypeCanon::intern(std::span<const SubType> types, std::span<const RecGroup> groups) {
  std::vector<uint32_t> ids;
  ids.reserve(types.size());
  for (const RecGroup& group : groups) {
    const uint32_t id = intern(types.subspan(group.first.value, group.count), group.first, ids);
    for (uint32_t i = 0; i < group.count; ++i) ids.push_back(id + i);
  }
  return ids;
}

bool TypeCanon::is_subtype(uint32_t sub, uint32_t super) const {
  // A supertype has a smaller id than its subtypes, as validation makes sure; an invalid one ends the walk.
  for (;;) {
    if (sub == super) return true;
    const auto& next = types_[sub].super;
    if (!next || next->value >= sub) return false;
    sub = next->value;
  }
}

}  // namespace godwit::wasm
