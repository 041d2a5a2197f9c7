// Instance: look-ups, function records, and the bulk operations on its segments.
#include "runtime/instance.h"

#include <algorithm>
#include <cstring>

#include "runtime/guest_access.h"
#include "runtime/guest_address.h"
#include "runtime/instance_state.h"

namespace godwit::runtime {

namespace {

// Places arrays one behind the other; run once without a block to know its size, once to place.
class Layout final {
 public:
  explicit Layout(std::byte* block) : block_(block) {}

  template <class T>
  void place(std::span<T>& into, size_t count) {
    static_assert(alignof(T) <= 16 && sizeof(T) % 8 == 0);
    if (block_) into = {reinterpret_cast<T*>(block_ + size_bytes_), count};
    size_bytes_ += count * sizeof(T);
  }
  size_t size_bytes() const { return size_bytes_; }

 private:
  std::byte* block_;
  size_t size_bytes_ = 0;
};

template <class State>
size_t place_arrays(State& state, const Module& module, std::byte* block) {
  const wasm::Module& declarations = module.declarations;
  Layout layout(block);
  layout.place(state.own_globals,
               declarations.globals.size() - declarations.imported_globals);  // first: 16-aligned
  layout.place(state.imported_funcs, declarations.imported_funcs);
  layout.place(state.imported_globals, declarations.imported_globals);
  layout.place(state.vm_tables, declarations.tables.size());
  layout.place(state.vm_memories, declarations.memories.size());
  layout.place(state.tables, declarations.tables.size());
  layout.place(state.memories, declarations.memories.size());
  layout.place(state.globals, declarations.globals.size());
  layout.place(state.tags, declarations.tags.size());
  layout.place(state.records, module.record_count);
  return layout.size_bytes();
}

// True if [from, from + size) lies within [0, limit).
bool fits(uint64_t from, uint64_t size, uint64_t limit) { return size <= limit && from <= limit - size; }

}  // namespace

Result<> Instance::State::allocate(const Module& module) {
  const size_t size_bytes = std::max<size_t>(place_arrays(*this, module, nullptr), 16);
  block.reset(std::calloc(1, size_bytes));
  if (!block)
    return fail(ErrorKind::Exhausted,
                "no memory for an instance of " + std::to_string(size_bytes) + " bytes");
  place_arrays(*this, module, static_cast<std::byte*>(block.get()));
  return {};
}

Instance::Instance(Store& store, std::shared_ptr<const Module> module)
    : store_(&store), module_(std::move(module)), state_(std::make_unique<State>()) {}

Instance::~Instance() = default;

const Blueprint* Instance::blueprint() const { return state_->blueprint.get(); }

bool Instance::park() {
  State& state = *state_;
  for (const auto& memory : state.own_memories)
    if (!memory->park()) return false;
  for (size_t i = 0; i < state.own_tables.size(); ++i)
    if (!state.own_tables[i]->park(state.blueprint->tables[i].size)) return false;
  // What is the store's: nobody finds it again.
  const wasm::Module& declarations = module_->declarations;
  std::ranges::fill(state.own_globals, VmGlobal{});
  std::ranges::fill(state.globals, nullptr);
  std::ranges::fill(state.imported_globals, nullptr);
  std::ranges::fill(state.imported_funcs, nullptr);
  std::fill_n(state.tables.begin(), declarations.imported_tables, nullptr);
  std::fill_n(state.memories.begin(), declarations.imported_memories, nullptr);
  std::ranges::fill(state.tags, nullptr);
  state.elem_values.clear();
  vm_.store = nullptr;
  store_ = nullptr;
  return true;
}

bool Instance::discard() {
  return std::ranges::all_of(state_->own_memories, [](const auto& memory) { return memory->discard(); });
}

uint64_t Instance::kept_bytes() const {
  uint64_t bytes = 0;
  for (const auto& memory : state_->own_memories) bytes += memory->kept_bytes();
  return bytes;
}

std::optional<Extern> Instance::find_export(std::string_view name) {
  const wasm::Export* found = module_->find_export(name);
  if (!found) return std::nullopt;
  return get(found->kind, found->index);
}

Extern Instance::get(wasm::ExternKind kind, uint32_t index) {
  Extern value;
  value.kind = kind;
  switch (kind) {
    case wasm::ExternKind::Func: value.func = func(wasm::FuncIdx(index)); break;
    case wasm::ExternKind::Table: value.table = state_->tables[index]; break;
    case wasm::ExternKind::Mem: value.memory = state_->memories[index]; break;
    case wasm::ExternKind::Tag: value.tag = state_->tags[index]; break;
    case wasm::ExternKind::Global: {
      Global*& global = state_->globals[index];
      if (!global) {
        wasm::GlobalType type = module_->declarations.globals[index].type;
        type.val = canonical(type.val, module_->type_ids);
        global =
            store_->new_global(type, &state_->own_globals[index - module_->declarations.imported_globals]);
      }
      value.global = global;
      break;
    }
  }
  return value;
}

FuncRecord* Instance::func(wasm::FuncIdx idx) {
  const uint32_t imported = module_->declarations.imported_funcs;
  if (idx.value < imported) return state_->imported_funcs[idx.value];
  const uint32_t defined = idx.value - imported;
  const uint32_t slot = module_->record_slots[defined];
  FuncRecord*& record =
      slot == Module::kNoRecordSlot ? state_->other_records[defined] : state_->records[slot];
  if (!record) {
    WasmRecord& made = state_->wasm_records.emplace();
    made.func.native_self = made.func.vmctx = &vm_;
    made.func.type = module_->func_type_id(idx);
    made.func.index = idx.value;
    made.func.entry.store(store_->executor().make_record_entry(made.cell, defined),
                          std::memory_order_relaxed);
    made.func.native.store(module_->code ? module_->code->compiled_code(defined) : nullptr,
                           std::memory_order_relaxed);
    record = &made.func;
  }
  return record;
}

Bytes Instance::data_segment(uint32_t data) const {
  if (state_->dropped_datas[data]) return {};
  return module_->declarations.slice(module_->declarations.datas[data].bytes);
}

uint64_t Instance::elem_size(uint32_t elem) const {
  return state_->dropped_elems[elem] ? 0 : module_->declarations.elems[elem].size();
}

Ref Instance::elem_value(uint32_t elem, uint32_t index) {
  const wasm::ElemSegment& segment = module_->declarations.elems[elem];
  return segment.funcs.empty() ? state_->elem_values[elem][index]
                               : reinterpret_cast<Ref>(func(segment.funcs[index]));
}

// spec: https://webassembly.github.io/spec/core/exec/instructions.html#exec-memory-init
Trap Instance::memory_init(uint32_t data, uint32_t memory, uint64_t to, uint64_t from, uint64_t size) {
  Bytes bytes;
  if (!state_->dropped_datas[data])
    bytes = module_->declarations.slice(module_->declarations.datas[data].bytes);
  uint8_t* target = checked_place(*state_->vm_memories[memory], to, size);
  if (target == nullptr || !fits(from, size, bytes.size())) return Trap::MemoryOutOfBounds;
  const GuestAccess access;
  if (size != 0) std::memcpy(target, bytes.data() + from, static_cast<size_t>(size));
  return Trap::None;
}

void Instance::data_drop(uint32_t data) { state_->dropped_datas[data] = true; }

// spec: https://webassembly.github.io/spec/core/exec/instructions.html#exec-table-init
Trap Instance::table_init(uint32_t elem, uint32_t table, uint64_t to, uint64_t from, uint64_t size) {
  const wasm::ElemSegment& segment = module_->declarations.elems[elem];
  const uint64_t available = state_->dropped_elems[elem] ? 0 : segment.size();
  VmTable& target = *state_->vm_tables[table];
  if (!fits(from, size, available) || !fits(to, size, target.size)) return Trap::TableOutOfBounds;
  if (!segment.funcs.empty()) {
    for (uint64_t i = 0; i < size; ++i)
      target.base[to + i] = reinterpret_cast<Ref>(func(segment.funcs[static_cast<size_t>(from + i)]));
  } else if (size != 0) {
    std::copy_n(state_->elem_values[elem].data() + from, static_cast<size_t>(size), &target.base[to]);
  }
  return Trap::None;
}

void Instance::elem_drop(uint32_t elem) {
  state_->dropped_elems[elem] = true;
  if (elem < state_->elem_values.size()) std::vector<Ref>().swap(state_->elem_values[elem]);
}

}  // namespace godwit::runtime
