// ModuleGenerator: valid modules that terminate, from the bytes of a fuzzer's input.
#pragma once

#include <algorithm>
#include <bitset>
#include <vector>

#include "choices.h"
#include "wasm/builder.h"

namespace godwit::fuzz {

using OpcodeSet = std::bitset<wasm::kOpcodeCount>;

// What generated modules may use; Vocabulary finds out what the tier can run.
struct GeneratorOptions {
  OpcodeSet opcodes;
  bool memory64 = false;  // memories and tables of 64 bits
};

// True if the generator knows how to put `op` into a function: all of today.
bool can_generate(wasm::Opcode op);

// A generated module has
//
//   imports  "env": the function "f" (i32 i64) -> (i64), by the choices also memory 0, table 0 and two globals
//   exports  functions "f0", "f1", …; memories "m0", …; tables "t0", …; globals "g0", …;
//            "fuel": how many rounds of loops and entries of functions are left, to be set before each call
//
// No code but what counts fuel touches it, so that each call ends. What a NaN's bits are is not determined: they are
// made canonical before anything looks at them, but results, locals and globals may hold any NaN.
class ModuleGenerator final {
 public:
  ModuleGenerator(Bytes input, const GeneratorOptions& options) : choices_(input), options_(options) {}

  std::vector<uint8_t> build();
  // A module whose function "f1" runs `op` once on operands that are by choice; it calls somebody only if `op` does.
  // can_generate(op).
  std::vector<uint8_t> build_for(wasm::Opcode op);
  // Of the last build_for: false if nothing behind `op` is reached.
  bool falls_through() const { return falls_through_; }

  static constexpr uint32_t kFuel = 100;  // the least that lets most calls end by themselves

 private:
  using Types = std::vector<wasm::ValType>;
  struct Label {
    Types types;
    bool is_loop;
    bool is_handler = false;  // of catch or catch_all
  };
  struct Signature {
    Types params, results;
    wasm::TypeIdx index;
  };
  struct MemoryInfo {
    bool is_64;
    uint32_t mask;  // addresses masked so are within its least size
  };
  // A type of objects.
  struct ObjectType {
    wasm::TypeIdx index;
    wasm::SubType type;
  };

  // --- The module: module_generator.cc ---
  void declare();
  void declare_types();
  void declare_memories();
  void declare_tables();
  void declare_globals();
  void declare_segments();
  std::vector<uint8_t> finish();
  wasm::TypeIdx type_of(const Types& params, const Types& results);
  wasm::ValType some_type();
  Types some_types(uint32_t most);
  bool has(wasm::Opcode op) const { return options_.opcodes.test(static_cast<size_t>(op)); }
  bool has_simd() const { return has(wasm::Opcode::v128_const); }
  bool has_any(wasm::OpClass first, wasm::OpClass last) const;
  bool has_objects() const { return !structs_.empty(); }

  // --- Types of objects, and references: generate_types.cc ---
  void declare_objects();
  // True if a value of type `sub` may be used where `super` is asked for; false of some equivalent types.
  bool fits(wasm::ValType sub, wasm::ValType super) const;
  bool heap_fits(wasm::HeapType sub, wasm::HeapType super) const;
  wasm::HeapType::Abstract top_of(wasm::HeapType type) const;
  void push_ref(wasm::ValType type);
  void make_ref(wasm::HeapType type);  // a new one, not null
  void make_null(wasm::HeapType type);
  void make_struct(const ObjectType& type);
  void make_array(const ObjectType& type);
  void make_exception();
  // A reference to an object of this type; seldom null.
  void push_object(const ObjectType& type);
  const ObjectType* struct_with(bool is_packed, bool is_mutable, uint32_t& field);
  template <class Predicate>
  const ObjectType* array_with(Predicate&& is_wanted);
  wasm::ValType some_ref();
  // A type of the same hierarchy, that fits `source` or (any) not.
  wasm::ValType some_target(wasm::ValType source, bool any);

  // --- Instructions on objects: generate_objects.cc ---
  void object_op(wasm::Opcode op, size_t base);
  void array_op(wasm::Opcode op);
  void cast_branch(wasm::Opcode op);
  bool show_field(wasm::ValType type);

  // --- Exceptions: generate_exceptions.cc ---
  void declare_tags();
  // False if it made the rest unreachable.
  bool exception_op(wasm::Opcode op, size_t base);
  void try_table();
  void legacy_try();
  void throw_sometimes();
  void throw_now();
  bool rethrow();

  // --- Functions and their structure: generate_control.cc ---
  void begin_function(const Signature& type);
  void end_function(const Signature& type);
  void function(const Signature& type);
  // Statements of a block, ending with exactly `results` above the block's base.
  void statements(uint32_t count, const Types& results, size_t base);
  void settle(const Types& results, size_t base);
  // One statement; false if it made the rest unreachable.
  bool statement(size_t base);
  void block(wasm::Opcode op, size_t base);
  bool branch(wasm::Opcode op, size_t base);
  bool call(wasm::Opcode op, size_t base);
  void condition();
  void count_rounds(uint32_t depth);
  void burn_fuel();
  void show();
  uint32_t label_depth();
  const Label& label(uint32_t depth) const { return labels_[labels_.size() - 1 - depth]; }
  const Label* label_ending_in_ref(uint32_t& depth);

  // --- Single instructions: generate_plain.cc ---
  // Runs `op` on operands that are made for it; false if it made the rest unreachable.
  bool emit(wasm::Opcode op, size_t base);
  void plain(wasm::Opcode op, size_t base);
  void access(wasm::Opcode op, size_t base);
  void add_to_address(bool is_64);
  void use_loaded(size_t base);
  void bulk(wasm::Opcode op);
  void table_op(wasm::Opcode op);
  void variable(wasm::Opcode op, size_t base);
  void reference(wasm::Opcode op, size_t base);
  void constant(wasm::ValType type);
  // A new value on top of the stack.
  void push(wasm::ValType type);
  // Makes sure that values of these types are on top.
  void want(const Types& types, size_t base);
  // An address or length of an object of `is_64`, mostly below `mask`, which is a power of two less one.
  void push_small(bool is_64, uint32_t mask);
  // Make the NaNs of the value on top one and the same: of a number; of lanes that an op has made.
  void canonicalise(wasm::ValType type);
  void canonicalise_lanes(wasm::Opcode made_by);
  wasm::ValType element_of(wasm::Signature::Type type) const;
  uint32_t scratch_local(wasm::ValType type);
  uint32_t local_of(wasm::ValType type);
  uint32_t local_for(wasm::ValType type);
  void pushed(wasm::ValType type) { stack_.push_back(type); }
  // What lies on top has these types from here on, of which its own are subtypes.
  void retype(const Types& types) { std::copy(types.begin(), types.end(), stack_.end() - std::ssize(types)); }
  void popped(size_t count) { stack_.resize(stack_.size() - count); }

  Choices choices_;
  GeneratorOptions options_;
  std::vector<wasm::Opcode> opcodes_;       // those of options_ that can be generated
  std::vector<wasm::ValType> value_types_;  // numbers and vectors
  std::vector<wasm::ValType> ref_types_;    // all may be null

  wasm::ModuleBuilder module_;
  std::vector<Signature> types_;
  std::vector<wasm::SubType> defined_types_;  // by type index
  std::vector<ObjectType> structs_, arrays_;
  std::vector<Types> tags_;
  std::vector<Signature> funcs_;  // by function index, the import first
  std::vector<MemoryInfo> memories_;
  std::vector<wasm::TableType> tables_;
  std::vector<wasm::GlobalType> globals_;
  uint32_t fuel_global_ = 0;
  std::vector<wasm::FuncIdx> defined_;
  uint32_t datas_ = 0, elems_ = 0;
  std::vector<wasm::ValType> elem_types_;

  wasm::CodeBuilder code_;
  const Signature* function_ = nullptr;
  uint32_t function_idx_ = 0;  // the import is the first
  Types stack_;
  Types locals_;
  std::vector<Label> labels_;
  uint32_t object_depth_ = 0;
  bool falls_through_ = true;
};

}  // namespace godwit::fuzz
