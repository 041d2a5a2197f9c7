// Random valid modules that terminate: to compare ways of running them.
#pragma once

#include <cstdint>
#include <random>
#include <vector>

#include "wasm/builder.h"

namespace godwit::interp::testing {

// The exports of a random module: functions "f0", "f1", …, each of type (i32 i64 f32 f64) -> (i32 i64 f32 f64), memory
// "memory", mutable globals "g0" … "g3" of the four number types, and "fuel": how many loop rounds are left, to be set
// by nobody else. Every address is within the memory or far beyond it.
class RandomModule final {
 public:
  explicit RandomModule(uint64_t seed) : random_(seed) {}
  std::vector<uint8_t> build();

  static constexpr uint32_t kFunctions = 4;

 private:
  using Kinds = std::vector<wasm::ValKind>;
  struct Label {
    Kinds types;
    bool is_loop;
  };

  uint32_t below(uint32_t bound) { return static_cast<uint32_t>(random_() % bound); }
  bool one_in(uint32_t n) { return below(n) == 0; }
  wasm::ValKind some_kind();
  Kinds some_kinds(uint32_t most);
  wasm::TypeIdx type_of(const Kinds& params, const Kinds& results);

  void function_body(uint32_t func);
  // Statements of a block, ending with exactly `results` above the block's base.
  void statements(uint32_t budget, const Kinds& results, size_t base);
  // One statement; false if it made the rest unreachable.
  bool statement(size_t base);
  void constant(wasm::ValKind kind);
  void want(wasm::ValKind kind, size_t base);  // makes sure that the top of the stack is of this kind
  void plain_op(size_t base);
  void memory_op(size_t base);
  void structured(size_t base);
  void branch_if(size_t base);
  bool jump(size_t base);
  void local_op(size_t base);
  void call_op(size_t base);
  void arrange(const Kinds& kinds, size_t base);  // puts values of these kinds on top
  uint32_t local_of(wasm::ValKind kind);
  wasm::ValKind pop_kind() {
    wasm::ValKind kind = stack_.back();
    stack_.pop_back();
    return kind;
  }

  std::mt19937_64 random_;
  wasm::ModuleBuilder module_;
  wasm::CodeBuilder code_;
  Kinds stack_;
  std::vector<Label> labels_;
  Kinds locals_;
  uint32_t func_ = 0;
  uint32_t depth_ = 0;
};

}  // namespace godwit::interp::testing
