// Running guests: calls of every kind, traps and where they happened, limits, interruption, host functions.
#include "interp/executor.h"

#include <algorithm>
#include <thread>

#include "interp/test_world.h"
#include "runtime/memory.h"

namespace godwit::interp::testing {

namespace {

using runtime::Trap;

const FuncType kI32ToI32{{ValKind::I32}, {ValKind::I32}};
const FuncType kNothing{{}, {}};

// f(n) = n < 2 ? n : f(n - 1) + f(n - 2)
CodeBuilder fib(uint32_t self) {
  CodeBuilder code;
  code.op(Opcode::local_get, 0).i32(2).op(Opcode::i32_lt_s).block(Opcode::if_, ValKind::I32);
  code.op(Opcode::local_get, 0).op(Opcode::else_);
  code.op(Opcode::local_get, 0).i32(1).op(Opcode::i32_sub).op(Opcode::call, self);
  code.op(Opcode::local_get, 0).i32(2).op(Opcode::i32_sub).op(Opcode::call, self);
  return code.op(Opcode::i32_add).end();
}

// f(n) = n == 0 ? 42 : f(n - 1), by the tail call `op` with these operands.
CodeBuilder countdown(Opcode op, uint32_t index, bool through_table) {
  CodeBuilder code;
  code.op(Opcode::local_get, 0).op(Opcode::i32_eqz).block(Opcode::if_).i32(42).op(Opcode::return_).end();
  code.op(Opcode::local_get, 0).i32(1).op(Opcode::i32_sub);
  if (through_table) code.i32(0);
  return through_table ? code.op(op, index, 0) : code.op(op, index);
}

}  // namespace

TEST(Executor, CallsItself) {
  World world;
  ModuleBuilder builder;
  builder.export_as("fib", builder.func(builder.type(FuncType(kI32ToI32)), {}, fib(0)));
  auto* instance = world.instantiate(builder);
  EXPECT_EQ(world.call(instance, "fib", {20}).i32(), 6765);
  EXPECT_EQ(world.call(instance, "fib", {0}).i32(), 0);
}

TEST(Executor, TailCallsNeedNoStack) {
  World world;
  ModuleBuilder builder;
  TypeIdx type = builder.type(FuncType(kI32ToI32));
  wasm::TableIdx table = builder.table({wasm::kFuncRef, {.min = 1, .max = {}}});
  FuncIdx direct = builder.func(type, {}, countdown(Opcode::return_call, 0, false));
  FuncIdx indirect = builder.func(type, {}, countdown(Opcode::return_call_indirect, type.value, true));
  builder.elem(table, CodeBuilder().i32(0), {indirect});
  builder.export_as("direct", direct);
  builder.export_as("indirect", indirect);
  auto* instance = world.instantiate(builder);
  EXPECT_EQ(world.call(instance, "direct", {10'000'000}).i32(), 42);
  EXPECT_EQ(world.call(instance, "indirect", {10'000'000}).i32(), 42);
}

TEST(Executor, TailCallsMayHaveMoreParametersThanTheirCaller) {
  World world;
  ModuleBuilder builder;
  std::vector<ValType> many(9, ValKind::I64);
  TypeIdx wide = builder.type({many, {ValKind::I64}});
  TypeIdx narrow = builder.type({{ValKind::I64}, {ValKind::I64}});
  CodeBuilder sum;  // 9 * 10^0 … weighted by position
  for (uint32_t i = 0; i < 9; ++i) {
    sum.op(Opcode::local_get, i);
    if (i != 0) sum.op(Opcode::i64_add);
    if (i != 8) sum.i64(10).op(Opcode::i64_mul);
  }
  builder.func(wide, {}, sum);
  CodeBuilder forward;
  for (int i = 1; i <= 8; ++i) forward.i64(i);
  forward.op(Opcode::local_get, 0).op(Opcode::return_call, 0);
  FuncIdx narrow_func = builder.func(narrow, {ValKind::I64, ValKind::I64}, forward);
  CodeBuilder around;
  around.i64(1000).op(Opcode::local_get, 0).op(Opcode::call, narrow_func.value).op(Opcode::i64_add);
  builder.export_as("f", builder.func(narrow, {}, around));
  auto* instance = world.instantiate(builder);
  EXPECT_EQ(world.call(instance, "f", {9}).i64(), 1000 + 123456789);
}

TEST(Executor, StopsAtTheEndOfTheStack) {
  World world;
  ModuleBuilder builder;
  TypeIdx type = builder.type(FuncType(kNothing));
  FuncIdx func = builder.func(type, {}, CodeBuilder().op(Opcode::call, 0).op(Opcode::nop));
  builder.export_as("f", func);
  auto* instance = world.instantiate(builder);
  for (int i = 0; i < 3; ++i) {  // and the store stays usable
    Outcome outcome = world.call(instance, "f");
    ASSERT_TRUE(outcome.error);
    EXPECT_EQ(outcome.error->kind(), ErrorKind::Exhausted);
    EXPECT_EQ(outcome.trap(), Trap::StackExhausted);
    EXPECT_GT(outcome.error->backtrace().size(), 50u);
  }
}

TEST(Executor, TrapsSayWhere) {
  struct Case {
    Trap trap;
    CodeBuilder code;
  };
  CodeBuilder out_of_bounds, divide, overflow, conversion, stop, element, copy;
  out_of_bounds.i32(1).op(Opcode::drop).i32(65533).access(Opcode::i32_load).op(Opcode::drop);
  divide.i32(1).i32(0).op(Opcode::i32_div_u).op(Opcode::drop);
  overflow.i64(INT64_MIN).i64(-1).op(Opcode::i64_div_s).op(Opcode::drop);
  conversion.f32(3e38f).op(Opcode::i32_trunc_f32_s).op(Opcode::drop);
  stop.op(Opcode::unreachable);
  element.i32(3).op(Opcode::call_indirect, 0, 0);
  copy.i32(65535).i32(0).i32(2).op(Opcode::memory_copy, 0, 0);
  const Case cases[] = {{Trap::MemoryOutOfBounds, out_of_bounds},
                        {Trap::IntegerDivideByZero, divide},
                        {Trap::IntegerOverflow, overflow},
                        {Trap::IntegerOverflow, conversion},
                        {Trap::Unreachable, stop},
                        {Trap::UndefinedElement, element},
                        {Trap::MemoryOutOfBounds, copy}};
  for (const Case& c : cases) {
    World world;
    ModuleBuilder builder;
    TypeIdx type = builder.type(FuncType(kNothing));
    builder.memory({.limits = {.min = 1, .max = {}}});
    builder.table({wasm::kFuncRef, {.min = 1, .max = {}}});
    FuncIdx inner = builder.func(type, {}, c.code);
    FuncIdx outer = builder.func(type, {}, CodeBuilder().op(Opcode::call, inner.value));
    builder.export_as("f", outer);
    std::vector<uint8_t> bytes = builder.build();
    Outcome outcome = world.call(world.instantiate(bytes), "f");
    ASSERT_TRUE(outcome.error);
    EXPECT_EQ(outcome.trap(), c.trap) << outcome.error->describe();
    const auto& frames = outcome.error->backtrace();
    ASSERT_EQ(frames.size(), 2u) << outcome.error->describe();
    EXPECT_EQ(frames[0].function_index, inner.value);
    EXPECT_EQ(frames[1].function_index, outer.value);
    // the offset is that of the instruction that trapped
    wasm::Instruction at;
    auto declarations = wasm::decode_copy(bytes);
    wasm::ByteRange body = declarations->body(inner).range;
    auto from = static_cast<uint32_t>(frames[0].offset);
    ASSERT_GE(from, body.offset);
    ASSERT_LT(from, body.offset + body.size);
    wasm::InstructionReader reader(*declarations, {from, body.offset + body.size - from});
    ASSERT_TRUE(reader.next(at));
    EXPECT_TRUE(at.op == Opcode::i32_load || at.op == Opcode::i32_div_u || at.op == Opcode::i64_div_s ||
                at.op == Opcode::i32_trunc_f32_s || at.op == Opcode::unreachable ||
                at.op == Opcode::call_indirect || at.op == Opcode::memory_copy)
        << wasm::text_of(at.op);
  }
}

TEST(Executor, AccessesOfDroppedValuesTrap) {
  World world;
  ModuleBuilder builder;
  builder.memory({.limits = {.min = 0, .max = {}}});
  CodeBuilder code;
  for (Opcode op : {Opcode::i32_load8_u, Opcode::f64_load, Opcode::i64_load16_s})
    code.op(Opcode::local_get, 0).access(op, 0xFFFF'FFFF).op(Opcode::drop);
  builder.export_as("f", builder.func(builder.type({{ValKind::I32}, {}}), {}, code));
  auto* instance = world.instantiate(builder);
  EXPECT_EQ(world.call(instance, "f", {0xFFFF'FFFF}).trap(), Trap::MemoryOutOfBounds);
  EXPECT_EQ(world.call(instance, "f", {0}).trap(), Trap::MemoryOutOfBounds);
}

TEST(Executor, InterruptsLoopsAndRecursion) {
  for (bool recursive : {false, true}) {
    World world;
    ModuleBuilder builder;
    TypeIdx type = builder.type(FuncType(kNothing));
    CodeBuilder code;
    if (recursive) code.op(Opcode::return_call, 0);
    else code.block(Opcode::loop).op(Opcode::br, 0).end();
    builder.export_as("f", builder.func(type, {}, code));
    auto* instance = world.instantiate(builder);
    std::thread other([&] {
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
      world.store.interrupt();
    });
    Outcome outcome = world.call(instance, "f");
    other.join();
    EXPECT_EQ(outcome.trap(), Trap::Interrupted);
    EXPECT_EQ(outcome.error->kind(), ErrorKind::Exhausted);
  }
}

TEST(Executor, BrTableMovesValuesAndTakesTheDefault) {
  World world;
  ModuleBuilder builder;
  TypeIdx type = builder.type({{ValKind::I32, ValKind::I32}, {ValKind::I32}});
  wasm::Instruction table;
  table.op = Opcode::br_table;
  table.labels = {0, 1, 0, 2};
  CodeBuilder code;  // the value is lifted over what lies below it in the outer blocks
  code.block(Opcode::block, ValKind::I32).i32(1).block(Opcode::block, ValKind::I32).i32(2);
  code.block(Opcode::block, ValKind::I32)
      .i32(3)
      .op(Opcode::local_get, 1)
      .op(Opcode::local_get, 0)
      .add(table)
      .end();
  code.i32(100).op(Opcode::i32_add).op(Opcode::i32_add).end();
  code.i32(1000).op(Opcode::i32_add).op(Opcode::i32_add).end();
  builder.export_as("f", builder.func(type, {}, code));
  auto* instance = world.instantiate(builder);
  EXPECT_EQ(world.call(instance, "f", {0, 7}).i32(), 7 + 100 + 2 + 1000 + 1);
  EXPECT_EQ(world.call(instance, "f", {1, 7}).i32(), 7 + 1000 + 1);
  EXPECT_EQ(world.call(instance, "f", {2, 7}).i32(), 7 + 100 + 2 + 1000 + 1);
  EXPECT_EQ(world.call(instance, "f", {3, 7}).i32(), 7);
  EXPECT_EQ(world.call(instance, "f", {0xFFFF'FFFF, 7}).i32(), 7);
}

TEST(Executor, LoopParametersRotate) {
  World world;
  ModuleBuilder builder;
  TypeIdx pair = builder.type({{ValKind::I64, ValKind::I64, ValKind::I64}, {ValKind::I64}});
  TypeIdx type = builder.type({{ValKind::I32}, {ValKind::I64}});
  CodeBuilder code;  // (a b c) <- (b c a) n times, then a + 10 b + 100 c
  code.i64(1).i64(2).i64(3).block(Opcode::loop, pair);
  code.op(Opcode::local_set, 3).op(Opcode::local_set, 2).op(Opcode::local_set, 1);
  code.op(Opcode::local_get, 0).block(Opcode::if_);
  code.op(Opcode::local_get, 0).i32(1).op(Opcode::i32_sub).op(Opcode::local_set, 0);
  code.op(Opcode::local_get, 2).op(Opcode::local_get, 3).op(Opcode::local_get, 1).op(Opcode::br, 1).end();
  code.op(Opcode::local_get, 1).op(Opcode::local_get, 2).i64(10).op(Opcode::i64_mul).op(Opcode::i64_add);
  code.op(Opcode::local_get, 3).i64(100).op(Opcode::i64_mul).op(Opcode::i64_add).end();
  builder.export_as("f", builder.func(type, {ValKind::I64, ValKind::I64, ValKind::I64}, code));
  auto* instance = world.instantiate(builder);
  EXPECT_EQ(world.call(instance, "f", {0}).i64(), 321);
  EXPECT_EQ(world.call(instance, "f", {1}).i64(), 132);
  EXPECT_EQ(world.call(instance, "f", {2}).i64(), 213);
  EXPECT_EQ(world.call(instance, "f", {3}).i64(), 321);
}

TEST(Executor, BlocksMayNestDeeply) {
  World world;
  ModuleBuilder builder;
  CodeBuilder code;
  constexpr uint32_t kDepth = 50'000;
  for (uint32_t i = 0; i < kDepth; ++i) code.block(Opcode::block);
  code.op(Opcode::local_get, 0).op(Opcode::br_if, kDepth - 1).op(Opcode::br, 0);
  for (uint32_t i = 0; i < kDepth; ++i) code.end();
  code.i32(5);
  builder.export_as("f", builder.func(builder.type(FuncType(kI32ToI32)), {}, code));
  auto* instance = world.instantiate(builder);
  EXPECT_EQ(world.call(instance, "f", {0}).i32(), 5);
  EXPECT_EQ(world.call(instance, "f", {1}).i32(), 5);
}

TEST(Executor, ManyLocalsStartAtZero) {
  World world;
  ModuleBuilder builder;
  std::vector<ValType> locals(49'000, ValKind::I32);
  CodeBuilder code;
  code.op(Opcode::local_get, 48'900).i32(3).op(Opcode::i32_add).op(Opcode::local_tee, 48'900);
  FuncIdx func = builder.func(builder.type(FuncType(kI32ToI32)), locals, code);
  builder.export_as("f", func);
  auto* instance = world.instantiate(builder);
  EXPECT_EQ(world.call(instance, "f", {1}).i32(), 3);
  EXPECT_EQ(world.call(instance, "f", {1}).i32(), 3);
}

// --- Host functions and other instances -----------------------------------------------------------------------------

namespace {

struct Host {
  World* world = nullptr;
  runtime::Instance* instance = nullptr;
  int calls = 0;
  runtime::VmContext* last_caller = nullptr;
};

// Calls "inner" of the instance with its argument and adds 1.
bool call_back(void* env, runtime::VmContext* caller, runtime::Slot* slots) {
  auto& host = *static_cast<Host*>(env);
  ++host.calls;
  host.last_caller = caller;
  std::vector<runtime::Slot> arguments{slots[0]};
  auto inner = host.instance->find_export("inner");
  if (auto result = host.world->store.call(*inner->func, arguments); !result) {
    host.world->store.raise(std::move(result).error());
    return false;
  }
  slots[0] = static_cast<uint32_t>(arguments[0] + 1);
  return true;
}

bool refuse(void* env, runtime::VmContext*, runtime::Slot*) {
  static_cast<Host*>(env)->world->store.raise(Error(ErrorKind::Exit, 7, "done"));
  return false;
}

bool half(void*, runtime::VmContext*, runtime::Slot* slots) {
  double value;
  std::memcpy(&value, slots, sizeof value);
  value /= 2;
  std::memcpy(slots, &value, sizeof value);
  return true;
}

}  // namespace

TEST(Executor, HostFunctionsCallBack) {
  World world;
  Host host{.world = &world};
  world.linker.define({"h", "call_back", kI32ToI32, call_back, &host});
  ModuleBuilder builder;
  TypeIdx type = builder.type(FuncType(kI32ToI32));
  FuncIdx import = builder.import_func("h", "call_back", type);
  CodeBuilder outer;  // x + 10 * call_back(x - 1), unless x is 0
  outer.op(Opcode::local_get, 0).op(Opcode::i32_eqz).block(Opcode::if_).i32(5).op(Opcode::return_).end();
  outer.op(Opcode::local_get, 0)
      .op(Opcode::local_get, 0)
      .i32(1)
      .op(Opcode::i32_sub)
      .op(Opcode::call, import.value);
  outer.i32(10).op(Opcode::i32_mul).op(Opcode::i32_add);
  builder.export_as("inner", builder.func(type, {}, outer));
  host.instance = world.instantiate(builder);
  EXPECT_EQ(world.call(host.instance, "inner", {1}).i32(), 1 + 10 * (5 + 1));
  EXPECT_EQ(world.call(host.instance, "inner", {2}).i32(), 2 + 10 * (61 + 1));
  EXPECT_EQ(host.last_caller, host.instance->vmctx());
  // nesting is limited by the native stack, and ends as an error
  Outcome deep = world.call(host.instance, "inner", {100'000'000});
  EXPECT_EQ(deep.trap(), Trap::StackExhausted) << deep.error->describe();
  EXPECT_EQ(world.call(host.instance, "inner", {1}).i32(), 61);
}

TEST(Executor, ErrorsOfHostFunctionsEndTheGuest) {
  World world;
  Host host{.world = &world};
  world.linker.define({"h", "refuse", kNothing, refuse, &host});
  ModuleBuilder builder;
  TypeIdx type = builder.type(FuncType(kNothing));
  FuncIdx import = builder.import_func("h", "refuse", type);
  builder.export_as("f", builder.func(type, {}, CodeBuilder().op(Opcode::call, import.value)));
  builder.export_as("tail", builder.func(type, {}, CodeBuilder().op(Opcode::return_call, import.value)));
  builder.export_as("import", import);
  auto* instance = world.instantiate(builder);
  for (std::string_view name : {"f", "tail", "import"}) {
    Outcome outcome = world.call(instance, name);
    ASSERT_TRUE(outcome.error) << name;
    EXPECT_EQ(outcome.error->kind(), ErrorKind::Exit);
    EXPECT_EQ(outcome.error->code(), 7u);
  }
}

TEST(Executor, ResultsOfHostFunctionsReachEveryAccumulator) {
  World world;
  world.linker.define({"h", "half", {{ValKind::F64}, {ValKind::F64}}, half, nullptr});
  ModuleBuilder builder;
  TypeIdx type = builder.type({{ValKind::F64}, {ValKind::F64}});
  FuncIdx import = builder.import_func("h", "half", type);
  CodeBuilder code;
  code.op(Opcode::local_get, 0).op(Opcode::call, import.value).f64(1).op(Opcode::f64_add);
  builder.export_as("f", builder.func(type, {}, code));
  CodeBuilder tail;
  tail.op(Opcode::local_get, 0).f64(4).op(Opcode::f64_mul).op(Opcode::return_call, import.value);
  FuncIdx tail_func = builder.func(type, {}, tail);
  CodeBuilder around;
  around.op(Opcode::local_get, 0).op(Opcode::call, tail_func.value).f64(1).op(Opcode::f64_add);
  builder.export_as("g", builder.func(type, {}, around));
  auto* instance = world.instantiate(builder);
  auto ten = std::bit_cast<uint64_t>(10.0);
  EXPECT_EQ(std::bit_cast<double>(world.call(instance, "f", {ten}).slots[0]), 6.0);
  EXPECT_EQ(std::bit_cast<double>(world.call(instance, "g", {ten}).slots[0]), 21.0);
}

TEST(Executor, CallsCrossInstances) {
  World world;
  ModuleBuilder callee;
  TypeIdx type = callee.type(FuncType(kI32ToI32));
  wasm::MemIdx memory = callee.memory({.limits = {.min = 1, .max = {}}});
  callee.data(memory, CodeBuilder().i32(0), as_bytes("\x2A\x00\x00\x00"));
  CodeBuilder load;
  load.op(Opcode::local_get, 0).access(Opcode::i32_load);
  callee.export_as("load", callee.func(type, {}, load));
  auto* first = world.instantiate(callee);
  world.linker.define("first", *first);

  ModuleBuilder caller;
  TypeIdx caller_type = caller.type(FuncType(kI32ToI32));
  FuncIdx import = caller.import_func("first", "load", caller_type);
  wasm::MemIdx own = caller.memory({.limits = {.min = 1, .max = {}}});
  caller.data(own, CodeBuilder().i32(0), as_bytes("\x01\x00\x00\x00"));
  CodeBuilder both;  // the other's memory + own memory: each call sees the right one
  both.op(Opcode::local_get, 0).op(Opcode::call, import.value);
  both.op(Opcode::local_get, 0).access(Opcode::i32_load).op(Opcode::i32_add);
  caller.export_as("both", caller.func(caller_type, {}, both));
  caller.export_as("tail",
                   caller.func(caller_type, {},
                               CodeBuilder().op(Opcode::local_get, 0).op(Opcode::return_call, import.value)));
  auto* second = world.instantiate(caller);
  EXPECT_EQ(world.call(second, "both", {0}).i32(), 43);
  EXPECT_EQ(world.call(second, "tail", {0}).i32(), 42);
  Outcome outcome = world.call(second, "both", {65536});
  EXPECT_EQ(outcome.trap(), Trap::MemoryOutOfBounds);
  EXPECT_EQ(outcome.error->backtrace().size(), 2u);
}

namespace {

// Calls the export "f" of an instance of any store.
struct Relay {
  World* world;
  runtime::Instance* instance = nullptr;
};

bool relay(void* env, runtime::VmContext* caller, runtime::Slot*) {
  auto& to = *static_cast<Relay*>(env);
  std::vector<runtime::Slot> none;
  if (auto result = to.world->store.call(*to.instance->find_export("f")->func, none); !result) {
    caller->store->store->raise(std::move(result).error());
    return false;
  }
  return true;
}

// A module whose "f" calls the host function h.relay.
std::vector<uint8_t> relaying_module() {
  ModuleBuilder builder;
  TypeIdx type = builder.type(FuncType(kNothing));
  FuncIdx import = builder.import_func("h", "relay", type);
  builder.export_as("f", builder.func(type, {}, CodeBuilder().op(Opcode::call, import.value)));
  return builder.build();
}

bool interrupt(void* env, runtime::VmContext*, runtime::Slot*) {
  static_cast<World*>(env)->store.interrupt();
  return true;
}

}  // namespace

// The first store's stack is in use below the second's: entering it again from there would begin at its top.
TEST(Executor, StoresAreNotEnteredAgainFromAnotherStoresGuest) {
  World first, second;
  Relay to_second{&second}, to_first{&first};
  first.linker.define({"h", "relay", kNothing, relay, &to_second});
  second.linker.define({"h", "relay", kNothing, relay, &to_first});
  to_first.instance = first.instantiate(relaying_module());
  to_second.instance = second.instantiate(relaying_module());
  Outcome outcome = first.call(to_first.instance, "f");
  ASSERT_TRUE(outcome.error);
  EXPECT_EQ(outcome.error->kind(), ErrorKind::Usage) << outcome.error->describe();
}

TEST(Executor, CodeWithoutLoopsIsInterruptedToo) {
  World world;
  world.linker.define({"h", "interrupt", kNothing, interrupt, &world});
  ModuleBuilder builder;
  TypeIdx type = builder.type(FuncType(kNothing));
  FuncIdx import = builder.import_func("h", "interrupt", type);
  builder.memory({.limits = {.min = 1, .max = {}}});
  builder.export_as("call", builder.func(type, {}, CodeBuilder().op(Opcode::call, import.value)));
  CodeBuilder fill;
  fill.i32(0).i32(1).i32(65536).op(Opcode::memory_fill, 0);
  builder.export_as("fill", builder.func(type, {}, fill));
  auto* instance = world.instantiate(builder);
  EXPECT_EQ(world.call(instance, "call").trap(), Trap::Interrupted);
  EXPECT_EQ(world.call(instance, "fill").trap(), Trap::None);  // the interruption was taken
}

TEST(Executor, StoresWorkInManyThreads) {
  std::vector<uint8_t> bytes;
  {
    ModuleBuilder builder;
    builder.export_as("fib", builder.func(builder.type(FuncType(kI32ToI32)), {}, fib(0)));
    bytes = builder.build();
  }
  World world;
  auto module = world.compile(bytes);
  std::vector<std::thread> threads;
  std::vector<int32_t> results(4);
  for (size_t i = 0; i < results.size(); ++i) {
    threads.emplace_back([&, i] {
      runtime::Store store(world.types, world.interpreter);
      runtime::Linker linker;
      auto instance = linker.instantiate(store, module);
      if (!instance) return;
      std::vector<runtime::Slot> slots{15};
      auto func = (*instance)->find_export("fib");
      if (store.call(*func->func, slots)) results[i] = static_cast<int32_t>(slots[0]);
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_TRUE(std::ranges::all_of(results, [](int32_t result) { return result == 610; }));
}

}  // namespace godwit::interp::testing
