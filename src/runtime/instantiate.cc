// Instantiation, in the order of the specification.
// spec: https://webassembly.github.io/spec/core/exec/modules.html#instantiation
#include <algorithm>

#include "runtime/const_expr.h"
#include "runtime/gc_store.h"
#include "runtime/guest_access.h"
#include "runtime/guest_address.h"
#include "runtime/import_match.h"
#include "runtime/instance_pool.h"
#include "runtime/instance_state.h"
#include "wasm/instruction.h"

namespace godwit::runtime {

class Instantiation final {
 public:
  Instantiation(Store& store, const std::shared_ptr<const Module>& module, std::span<const Extern> imports)
      : store_(store),
        owner_(module),
        module_(*module),
        declarations_(module->declarations),
        imports_(imports) {}

  Result<Instance*> run() {
    TRY(check_imports());
    if (store_.pool() != nullptr && module_.blueprint() != nullptr) return make(*module_.blueprint());
    TRY(prepare_gc_heap());
    instance_.reset(new Instance(store_, owner_));
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
    if (store_.pool() != nullptr) module_.know_blueprint([this] { return first_state(); });
    if (declarations_.start) TRY(store_.call(*instance->func(*declarations_.start), {}));
    return instance;
  }

  Result<Instance*> run_from(const std::shared_ptr<const Blueprint>& blueprint) {
    TRY(check_imports());
    return make(blueprint);
  }

 private:
  Result<Instance*> make(const std::shared_ptr<const Blueprint>& blueprint) {
    InstancePool* const pool = store_.pool();
    if (pool != nullptr) instance_ = pool->take(*blueprint);
    if (instance_ && !suits_limits()) instance_.reset();
    const size_t memories = declarations_.memories.size() - declarations_.imported_memories;
    const size_t tables = declarations_.tables.size() - declarations_.imported_tables;
    TRY(store_.count_objects(memories, tables));
    if (instance_) {
      instance_->store_ = &store_;
      instance_->vm_.store = &store_.vm();
      TRY(unpark_objects());
      take_imports();
      connect_imports();
    } else {
      instance_.reset(new Instance(store_, owner_));
      TRY(instance_->state_->allocate(module_));
      take_imports();
      TRY(make_own_objects(*blueprint));
      connect();
      if (pool != nullptr) state().blueprint = blueprint;
    }
    ASSIGN_OR_RETURN(Instance* const instance, store_.adopt(std::move(instance_)));
    adopted_ = instance;
    fill(*blueprint);
    if (blueprint->runs_start && declarations_.start)
      TRY(store_.call(*instance->func(*declarations_.start), {}));
    return instance;
  }

  bool suits_limits() {
    const Limits& limits = store_.limits();
    return std::ranges::all_of(state().own_memories,
                               [&](const auto& memory) { return memory->suits(limits.max_memory_bytes); }) &&
           std::ranges::all_of(state().own_tables,
                               [&](const auto& table) { return table->suits(limits.max_table_elements); });
  }

  Result<> unpark_objects() {
    const Limits& limits = store_.limits();
    for (const auto& memory : state().own_memories)
      TRY(memory->unpark(limits.max_memory_bytes, store_.memory_budget()));
    for (const auto& table : state().own_tables)
      TRY(table->unpark(limits.max_table_elements, store_.memory_budget()));
    return {};
  }

  Result<> make_own_objects(const Blueprint& blueprint) {
    Instance::State& s = state();
    const Limits& limits = store_.limits();
    InstancePool* const pool = store_.pool();
    for (size_t i = declarations_.imported_memories; i < declarations_.memories.size(); ++i) {
      const Blueprint::MemoryState& first = blueprint.memories[i - declarations_.imported_memories];
      const wasm::MemType& type = declarations_.memories[i];
      MemorySetup setup;
      setup.pages = first.pages;
      setup.is_checked = type.is_checked;
      if (first.image.size_bytes() != 0)
        setup.origin = {.image = &first.image, .image_begin = first.image_begin, .is_mapped = true};
      if (pool != nullptr) {
        setup.costs = &pool->costs();
        setup.max_kept_bytes = pool->options().max_kept_bytes;
        if (type.is_checked) setup.arena = pool->arena();
      }
      ASSIGN_OR_RETURN(auto memory,
                       Memory::create(type, limits.max_memory_bytes, store_.memory_budget(), setup));
      s.memories[i] = s.own_memories.emplace_back(std::move(memory)).get();
    }
    for (size_t i = declarations_.imported_tables; i < declarations_.tables.size(); ++i) {
      const uint64_t size = blueprint.tables[i - declarations_.imported_tables].size;
      wasm::TableType type = declarations_.tables[i].type;
      type.elem = canonical(type.elem, module_.type_ids);
      ASSIGN_OR_RETURN(auto table, Table::create(type, limits.max_table_elements, 0, store_.memory_budget()));
      s.tables[i] = s.own_tables.emplace_back(std::move(table)).get();
      if (size > type.limits.min && s.tables[i]->grow(size - type.limits.min, 0) == ~uint64_t{0})
        return fail(ErrorKind::Exhausted, "table: " + std::to_string(size) + " elements are beyond a limit");
    }
    return {};
  }

  Ref ref_of(FuncNumber number) {
    return number == 0 ? Ref{0} : reinterpret_cast<Ref>(adopted_->func(wasm::FuncIdx(number - 1)));
  }

  // Gives all but the memories their first values.
  void fill(const Blueprint& blueprint) {
    Instance::State& s = state();
    for (size_t i = 0; i < s.own_globals.size(); ++i) {
      s.own_globals[i] = blueprint.globals[i];
      if (declarations_.globals[declarations_.imported_globals + i].type.val.is_ref())
        s.own_globals[i].value[0] = ref_of(static_cast<FuncNumber>(blueprint.globals[i].value[0]));
    }
    if (s.first_elements.empty() || blueprint.names_imports) {
      s.first_elements.resize(s.own_tables.size());
      for (size_t i = 0; i < s.own_tables.size(); ++i) {
        s.first_elements[i].clear();
        for (const FuncNumber number : blueprint.tables[i].funcs)
          s.first_elements[i].push_back(ref_of(number));
      }
    }
    for (size_t i = 0; i < s.own_tables.size(); ++i)
      std::ranges::copy(s.first_elements[i], s.own_tables[i]->elements().begin());
    s.dropped_elems = blueprint.dropped_elems;
    s.dropped_datas = blueprint.dropped_datas;
    s.elem_values.resize(blueprint.elem_values.size());
    for (size_t i = 0; i < blueprint.elem_values.size(); ++i)
      for (const FuncNumber number : blueprint.elem_values[i]) s.elem_values[i].push_back(ref_of(number));
  }

  // The state before the start function, if it is that of every instance, whatever is imported.
  std::shared_ptr<const Blueprint> first_state() {
    for (const wasm::DataSegment& segment : declarations_.datas)
      if (segment.mode == wasm::SegmentMode::Active &&
          (segment.memory.value < declarations_.imported_memories || depends_on_imports(segment.offset)))
        return nullptr;
    for (const wasm::ElemSegment& segment : declarations_.elems) {
      if (segment.mode == wasm::SegmentMode::Active &&
          (segment.table.value < declarations_.imported_tables || depends_on_imports(segment.offset)))
        return nullptr;
      if (std::ranges::any_of(segment.exprs, [this](const auto& each) { return depends_on_imports(each); }))
        return nullptr;
    }
    for (size_t i = declarations_.imported_globals; i < declarations_.globals.size(); ++i)
      if (depends_on_imports(declarations_.globals[i].init)) return nullptr;
    for (size_t i = declarations_.imported_tables; i < declarations_.tables.size(); ++i)
      if (declarations_.tables[i].init && depends_on_imports(*declarations_.tables[i].init)) return nullptr;
    auto made = Blueprint::of(*adopted_);
    return made ? std::make_shared<const Blueprint>(std::move(*made)) : nullptr;
  }

  bool depends_on_imports(const wasm::ConstExpr& expression) const {
    wasm::InstructionReader reader(declarations_, expression.range);
    wasm::Instruction instruction;
    while (reader.next(instruction) && instruction.op != wasm::Opcode::end)
      if (instruction.op == wasm::Opcode::global_get && instruction.index < declarations_.imported_globals)
        return true;
    return false;
  }

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

  void connect_memory() {
    const Instance::State& s = state();
    VmContext& vm = instance_->vm_;
    if (s.vm_memories.empty()) return;
    vm.memory0 = s.vm_memories[0];
    vm.memory0_base = vm.memory0->base;
  }

  // What an instance that is used again knows nothing of.
  void connect_imports() {
    Instance::State& s = state();
    for (size_t i = 0; i < declarations_.imported_tables; ++i) s.vm_tables[i] = &s.tables[i]->vm();
    for (size_t i = 0; i < declarations_.imported_memories; ++i) s.vm_memories[i] = &s.memories[i]->vm();
    connect_memory();
  }

  // Fills the context that compiled code sees.
  void connect() {
    Instance::State& s = state();
    for (size_t i = 0; i < s.tables.size(); ++i) s.vm_tables[i] = &s.tables[i]->vm();
    for (size_t i = 0; i < s.memories.size(); ++i) s.vm_memories[i] = &s.memories[i]->vm();
    VmContext& vm = instance_->vm_;
    connect_memory();
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
  const std::shared_ptr<const Module>& owner_;
  const Module& module_;
  const wasm::Module& declarations_;
  std::span<const Extern> imports_;
  std::unique_ptr<Instance> instance_;  // until the store has it
  Instance* adopted_ = nullptr;
};

Result<Instance*> instantiate(Store& store, const std::shared_ptr<const Module>& module,
                              std::span<const Extern> imports) {
  return Instantiation(store, module, imports).run();
}

Result<Instance*> instantiate(Store& store, const std::shared_ptr<const Module>& module,
                              const std::shared_ptr<const Blueprint>& blueprint,
                              std::span<const Extern> imports) {
  return Instantiation(store, module, imports).run_from(blueprint);
}

}  // namespace godwit::runtime
