// Instantiation, in the order of the specification.
// spec: https://webassembly.github.io/spec/core/exec/modules.html#instantiation
#include "runtime/const_expr.h"
#include "runtime/gc_store.h"
#include "runtime/guest_access.h"
#include "runtime/guest_address.h"
#include "runtime/import_match.h"
#include "runtime/instance_state.h"

namespace godwit::runtime {

class Instantiation final {
 public:
  Instantiation(Store& store, std::shared_ptr<const Module> module, std::span<const Extern> imports)
      : store_(store), module_(*module), declarations_(module->declarations), imports_(imports) {
    instance_.reset(new Instance(store, std::move(module)));
  }

  Result<Instance*> run() {
    TRY(check_imports());
    TRY(prepare_gc_heap());
    TRY(instance_->state_->allocate(module_));
    take_imports();
    TRY(make_objects());
    connect();
    // From here on others may get references into the instance: it stays in the store even if it traps.
    ASSIGN_OR_RETURN(Instance* const instance, store_.adopt(std::move(instance_)));
    adopted_ = instance;
    TRY(initialise_globals());
    TRY(initialise_tables());
    TRY(evaluate_elems());
    TRY(run_active_elems());
    TRY(run_active_datas());
    if (declarations_.start) TRY(store_.call(*instance->func(*declarations_.start), {}));
    return instance;
  }

 private:
  Instance::State& state() { return *(adopted_ ? adopted_ : instance_.get())->state_; }

  Result<> check_imports() {
    if (imports_.size() != declarations_.imports.size()) {
      return fail(ErrorKind::Unlinkable, "unknown import: " + std::to_string(declarations_.imports.size()) +
                                             " imports are wanted, " + std::to_string(imports_.size()) +
                                             " are given");
    }
    for (size_t i = 0; i < imports_.size(); ++i) {
      if (!matches_import(store_.types(), module_, declarations_.imports[i], imports_[i]))
        return fail(ErrorKind::Unlinkable,
                    mismatch_text(store_.types(), module_, declarations_.imports[i], imports_[i]));
    }
    return {};
  }

  Result<> prepare_gc_heap() {
    if (needs_gc_heap(module_.declarations)) {
      if (module_.gc_types == nullptr) return fail(ErrorKind::Exhausted, "no memory for the module's types");
      TRY(store_.ensure_gc_heap());
    }
    // Whoever makes instances without end would otherwise fill the heap without a guest that collects.
    if (store_.vm().gc_is_due != 0 && store_.innermost_stay() == nullptr) TRY(store_.collect_garbage());
    return {};
  }

  void take_imports() {
    for (size_t i = 0; i < imports_.size(); ++i) {
      const uint32_t index = declarations_.imports[i].index;
      const Extern& value = imports_[i];
      switch (value.kind) {
        case wasm::ExternKind::Func: state().imported_funcs[index] = value.func; break;
        case wasm::ExternKind::Table: state().tables[index] = value.table; break;
        case wasm::ExternKind::Mem: state().memories[index] = value.memory; break;
        case wasm::ExternKind::Global:
          state().globals[index] = value.global;
          state().imported_globals[index] = value.global->vm();
          break;
        case wasm::ExternKind::Tag: state().tags[index] = value.tag; break;
      }
    }
  }

  Result<> make_objects() {
    for (size_t i = declarations_.imported_memories; i < declarations_.memories.size(); ++i) {
      ASSIGN_OR_RETURN(state().memories[i], store_.new_memory(declarations_.memories[i]));
    }
    for (size_t i = declarations_.imported_tables; i < declarations_.tables.size(); ++i) {
      wasm::TableType type = declarations_.tables[i].type;
      type.elem = canonical(type.elem, module_.type_ids);
      ASSIGN_OR_RETURN(state().tables[i], store_.new_table(type, 0));
    }
    for (size_t i = declarations_.imported_tags; i < declarations_.tags.size(); ++i)
      state().tags[i] = store_.new_tag(module_.type_ids[declarations_.tags[i].type.value]);
    return {};
  }

  // Fills the context that compiled code sees.
  void connect() {
    Instance::State& s = state();
    for (size_t i = 0; i < s.tables.size(); ++i) s.vm_tables[i] = &s.tables[i]->vm();
    for (size_t i = 0; i < s.memories.size(); ++i) s.vm_memories[i] = &s.memories[i]->vm();
    VmContext& vm = instance_->vm_;
    if (!s.vm_memories.empty()) {
      vm.memory0 = s.vm_memories[0];
      vm.memory0_base = vm.memory0->base;
    }
    vm.store = &store_.vm();
    vm.entries = module_.code ? module_.code->entries() : nullptr;
    vm.natives = module_.code ? module_.code->natives() : nullptr;
    vm.imported_funcs = s.imported_funcs.data();
    vm.globals = s.own_globals.data();
    vm.imported_globals = s.imported_globals.data();
    vm.tables = s.vm_tables.data();
    vm.memories = s.vm_memories.data();
    vm.tags = s.tags.data();
    vm.type_ids = module_.type_ids.data();
    vm.instance = instance_.get();
    vm.module = &module_;
    s.dropped_elems.resize(declarations_.elems.size());
    s.dropped_datas.resize(declarations_.datas.size());
  }

  Result<> initialise_globals() {
    for (size_t i = declarations_.imported_globals; i < declarations_.globals.size(); ++i) {
      ASSIGN_OR_RETURN(state().own_globals[i - declarations_.imported_globals],
                       evaluate(*adopted_, declarations_.globals[i].init));
    }
    return {};
  }

  Result<> initialise_tables() {
    for (size_t i = declarations_.imported_tables; i < declarations_.tables.size(); ++i) {
      if (!declarations_.tables[i].init) continue;
      // A module of a few bytes may have a thousand tables of 80 MB.
      if (store_.vm().interrupt.load(std::memory_order_relaxed) != 0) {
        // As when a guest is left: the outermost takes the interruption with it.
        if (store_.innermost_stay() == nullptr) store_.clear_interrupt();
        return fail(Error(ErrorKind::Exhausted, static_cast<uint32_t>(Trap::Interrupted),
                          std::string(to_string(Trap::Interrupted))));
      }
      ASSIGN_OR_RETURN(const VmGlobal init, evaluate(*adopted_, *declarations_.tables[i].init));
      std::ranges::fill(state().tables[i]->elements(), init.value[0]);
    }
    return {};
  }

  // Segments that are given as function indices wait until they are used.
  Result<> evaluate_elems() {
    for (size_t i = 0; i < declarations_.elems.size(); ++i) {
      const wasm::ElemSegment& segment = declarations_.elems[i];
      if (segment.exprs.empty()) continue;
      if (state().elem_values.empty()) state().elem_values.resize(declarations_.elems.size());
      std::vector<Ref>& values = state().elem_values[i];
      values.reserve(segment.exprs.size());
      for (const wasm::ConstExpr& expression : segment.exprs) {
        ASSIGN_OR_RETURN(const VmGlobal value, evaluate(*adopted_, expression));
        values.push_back(value.value[0]);
      }
    }
    return {};
  }

  Result<> run_active_elems() {
    for (uint32_t i = 0; i < declarations_.elems.size(); ++i) {
      const wasm::ElemSegment& segment = declarations_.elems[i];
      if (segment.mode == wasm::SegmentMode::Passive) continue;
      if (segment.mode == wasm::SegmentMode::Active) {
        const wasm::TableType& table = declarations_.tables[segment.table.value].type;
        ASSIGN_OR_RETURN(const uint64_t offset,
                         evaluate_offset(*adopted_, segment.offset, table.limits.addr));
        const Trap trap = adopted_->table_init(i, segment.table.value, offset, 0, segment.size());
        if (trap != Trap::None)
          return segment_trap(trap, "element", i, offset, segment.size(),
                              state().vm_tables[segment.table.value]->size);
      }
      adopted_->elem_drop(i);
    }
    return {};
  }

  // Go's programs begin with megabytes of data in the first memory.
  void expect_datas() {
    constexpr uint64_t kMuch = uint64_t{1} << 20;
    uint64_t data_bytes = 0;
    for (const wasm::DataSegment& segment : declarations_.datas)
      if (segment.mode == wasm::SegmentMode::Active && segment.memory.value == 0)
        data_bytes += segment.bytes.size;
    if (data_bytes >= kMuch) state().memories[0]->expect_data(data_bytes + data_bytes / 4);
  }

  // The short way for a segment as nearly all are: a constant offset in a 32-bit memory, where it fits. Else false,
  // and nothing is copied.
  bool copy_plain_data(const wasm::DataSegment& segment) {
    const auto constant = wasm::short_const_expr(declarations_.slice(segment.offset.range));
    if (!constant) return false;
    const Bytes bytes = declarations_.slice(segment.bytes);
    uint8_t* to = checked_place(*state().vm_memories[segment.memory.value],
                                static_cast<uint32_t>(constant->value), bytes.size());
    if (to == nullptr) return false;
    const GuestAccess access;
    if (!bytes.empty()) std::memcpy(to, bytes.data(), bytes.size());
    return true;
  }

  Result<> run_active_datas() {
    expect_datas();
    for (uint32_t i = 0; i < declarations_.datas.size(); ++i) {
      const wasm::DataSegment& segment = declarations_.datas[i];
      if (segment.mode != wasm::SegmentMode::Active) continue;
      if (copy_plain_data(segment)) {
        adopted_->data_drop(i);
        continue;
      }
      const wasm::MemType& memory = declarations_.memories[segment.memory.value];
      ASSIGN_OR_RETURN(const uint64_t offset, evaluate_offset(*adopted_, segment.offset, memory.limits.addr));
      const Trap trap = adopted_->memory_init(i, segment.memory.value, offset, 0, segment.bytes.size);
      if (trap != Trap::None)
        return segment_trap(trap, "data", i, offset, segment.bytes.size,
                            state().memories[segment.memory.value]->size_bytes());
      adopted_->data_drop(i);
    }
    return {};
  }

  Result<> segment_trap(Trap trap, const char* kind, uint32_t index, uint64_t offset, uint64_t size,
                        uint64_t limit) {
    return fail(Error(ErrorKind::Trap, static_cast<uint32_t>(trap),
                      std::string(to_string(trap)) + ": " + kind + " segment " + std::to_string(index) +
                          " of size " + std::to_string(size) + " at " + std::to_string(offset) +
                          " does not fit in " + std::to_string(limit)));
  }

  Store& store_;
  const Module& module_;
  const wasm::Module& declarations_;
  std::span<const Extern> imports_;
  std::unique_ptr<Instance> instance_;  // until the store has it
  Instance* adopted_ = nullptr;
};

Result<Instance*> instantiate(Store& store, std::shared_ptr<const Module> module,
                              std::span<const Extern> imports) {
  return Instantiation(store, std::move(module), imports).run();
}

}  // namespace godwit::runtime
