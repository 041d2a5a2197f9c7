// Taking a blueprint of an instance.
#include "runtime/blueprint.h"

#include <algorithm>

#include "platform/memory_map.h"
#include "runtime/gc_store.h"
#include "runtime/guest_access.h"
#include "runtime/instance_state.h"

namespace godwit::runtime {

namespace {

Result<> cannot(const std::string& what) {
  return fail(ErrorKind::Unsupported, "the instance's state cannot be taken: " + what);
}

}  // namespace

class BlueprintMaker final {
 public:
  explicit BlueprintMaker(Instance& instance)
      : instance_(instance), declarations_(instance.module().declarations), state_(*instance.state_) {}

  Result<Blueprint> run() {
    if (needs_gc_heap(declarations_)) TRY(cannot("the module has structs, arrays or exceptions"));
    for (size_t i = declarations_.imported_memories; i < declarations_.memories.size(); ++i)
      TRY(take_memory(*state_.memories[i]));
    for (size_t i = declarations_.imported_tables; i < declarations_.tables.size(); ++i)
      TRY(take_table(*state_.tables[i], i));
    for (size_t i = 0; i < state_.own_globals.size(); ++i) TRY(take_global(i));
    for (size_t i = 0; i < state_.elem_values.size(); ++i) {
      std::vector<FuncNumber>& numbers = made_.elem_values.emplace_back();
      for (const Ref ref : state_.elem_values[i]) {
        ASSIGN_OR_RETURN(const FuncNumber number,
                         number_of(ref, declarations_.elems[i].type, "element segment " + std::to_string(i)));
        numbers.push_back(number);
      }
    }
    made_.dropped_elems = state_.dropped_elems;
    made_.dropped_datas = state_.dropped_datas;
    return std::move(made_);
  }

 private:
  Result<FuncNumber> number_of(Ref ref, wasm::ValType type, const std::string& where) {
    if (ref == 0) return FuncNumber{0};
    if (instance_.store().types().matches(type, wasm::kFuncRef)) {
      const auto* record = reinterpret_cast<const FuncRecord*>(ref);
      if (record->vmctx == instance_.vmctx()) return record->index + 1;
      const auto imported = std::ranges::find(state_.imported_funcs, record);
      if (imported != state_.imported_funcs.end()) {
        made_.names_imports = true;
        return static_cast<FuncNumber>(imported - state_.imported_funcs.begin()) + 1;
      }
      TRY(cannot(where + " refers to a function that is neither its own nor imported"));
    }
    TRY(cannot(where + " holds a reference of type " + wasm::to_string(type)));
    return FuncNumber{0};
  }

  Result<> take_memory(Memory& memory) {
    if (memory.type().is_shared) TRY(cannot("it has a shared memory"));
    Blueprint::MemoryState& taken = made_.memories.emplace_back();
    taken.pages = memory.pages();
    const GuestAccess access;
    const size_t page = platform::page_size();
    // Whole host pages: behind a size that is none, what is mapped reads as zero.
    const Bytes bytes = memory.bytes();
    const auto page_at = [&](size_t begin) {
      return bytes.subspan(begin, std::min(page, bytes.size() - begin));
    };
    const auto is_zero = [](Bytes each) {
      return std::ranges::all_of(each, [](uint8_t byte) { return byte == 0; });
    };
    size_t begin = 0;
    size_t end = platform::round_up_to_page(bytes.size());
    while (begin < end && is_zero(page_at(begin))) begin += page;
    while (end > begin && is_zero(page_at(end - page))) end -= page;
    if (begin == end) return {};
    taken.image_begin = begin;
    ASSIGN_OR_RETURN(taken.image, platform::MemoryImage::create(end - begin));
    for (size_t at = begin; at < end; at += page)
      if (!is_zero(page_at(at))) TRY(taken.image.write(at - begin, page_at(at)));
    return {};
  }

  Result<> take_table(Table& table, size_t index) {
    Blueprint::TableState& taken = made_.tables.emplace_back();
    taken.size = table.size();
    const std::span<const Ref> elements = table.elements();
    size_t count = elements.size();
    while (count > 0 && elements[count - 1] == 0) --count;
    taken.funcs.reserve(count);
    for (const Ref ref : elements.first(count)) {
      ASSIGN_OR_RETURN(const FuncNumber number,
                       number_of(ref, table.type().elem, "table " + std::to_string(index)));
      taken.funcs.push_back(number);
    }
    return {};
  }

  Result<> take_global(size_t own) {
    const size_t index = declarations_.imported_globals + own;
    const wasm::ValType type = canonical(declarations_.globals[index].type.val, instance_.module().type_ids);
    VmGlobal value = state_.own_globals[own];
    if (type.is_ref()) {
      ASSIGN_OR_RETURN(const FuncNumber number,
                       number_of(value.value[0], type, "global " + std::to_string(index)));
      value = {{number, 0}};
    }
    made_.globals.push_back(value);
    return {};
  }

  Instance& instance_;
  const wasm::Module& declarations_;
  Instance::State& state_;
  Blueprint made_;
};

Result<Blueprint> Blueprint::of(Instance& instance) { return BlueprintMaker(instance).run(); }

}  // namespace godwit::runtime
