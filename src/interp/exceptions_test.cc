// Exceptions: what is caught where, what handlers find, and what the embedder sees. Everything runs folded and unfolded.
#include <thread>

#include "interp/test_world.h"
#include "runtime/gc_heap.h"
#include "runtime/memory.h"

namespace godwit::interp::testing {

namespace {

using runtime::Slot;
using runtime::Trap;
using wasm::Catch;
using wasm::Instruction;
using wasm::TagIdx;

const FuncType kNothing{{}, {}};
const FuncType kToI32{{}, {ValKind::I32}};
const FuncType kI32ToI32{{ValKind::I32}, {ValKind::I32}};
const ValType kExn = ValType::ref(wasm::HeapType::Abstract::Exn, true);

Instruction try_table(std::vector<Catch> catches) {
  return {.op = Opcode::try_table, .catches = std::move(catches)};
}
Catch on(TagIdx tag, uint32_t label) { return {Catch::Kind::Catch, tag, label}; }
Catch on_ref(TagIdx tag, uint32_t label) { return {Catch::Kind::CatchRef, tag, label}; }
Catch on_all(uint32_t label) { return {Catch::Kind::CatchAll, {}, label}; }
Catch on_all_ref(uint32_t label) { return {Catch::Kind::CatchAllRef, {}, label}; }

class Exceptions : public ::testing::TestWithParam<bool> {
 protected:
  code::TranslateOptions options() const { return {.fold = GetParam()}; }

  World world{{}, options()};
  ModuleBuilder builder;
  TypeIdx nothing = builder.type(FuncType(kNothing));
  TypeIdx takes_i32 = builder.type({{ValKind::I32}, {}});
  TypeIdx to_i32 = builder.type(FuncType(kToI32));
  TypeIdx i32_to_i32 = builder.type(FuncType(kI32ToI32));
};
INSTANTIATE_TEST_SUITE_P(Folded, Exceptions, ::testing::Values(true, false),
                         [](const auto& info) { return info.param ? "folded" : "unfolded"; });

}  // namespace

TEST_P(Exceptions, PayloadsOfEveryKindReachTheClause) {
  TypeIdx payload =
      builder.type({{ValKind::I32, ValKind::I64, ValKind::F32, ValKind::F64, ValKind::V128}, {}});
  TypeIdx results =
      builder.type({{}, {ValKind::I32, ValKind::I64, ValKind::F32, ValKind::F64, ValKind::V128}});
  TagIdx tag = builder.tag(payload);
  CodeBuilder thrower;
  thrower.op(Opcode::local_get, 0).i64(-5).f32(1.5f).f64(2.5).i64(7).op(Opcode::i64x2_splat);
  FuncIdx throws = builder.func(takes_i32, {}, thrower.op(Opcode::throw_, tag.value));
  CodeBuilder code;
  code.block(Opcode::block, results).add(try_table({on(tag, 0)}));
  code.i32(41).op(Opcode::call, throws.value).end().op(Opcode::unreachable).end();
  builder.export_as("f", builder.func(results, {}, code));
  const auto outcome = world.call(world.instantiate(builder), "f", {}, 6);
  ASSERT_FALSE(outcome.error) << outcome.error->describe();
  EXPECT_EQ(outcome.i32(0), 41);
  EXPECT_EQ(outcome.i64(1), -5);
  EXPECT_EQ(static_cast<uint32_t>(outcome.slots[2]), std::bit_cast<uint32_t>(1.5f));
  EXPECT_EQ(outcome.slots[3], std::bit_cast<uint64_t>(2.5));
  EXPECT_EQ(outcome.slots[4], 7u);
  EXPECT_EQ(outcome.slots[5], 7u);
}

// The first clause that matches counts: of the innermost try first, in order, then further out.
TEST_P(Exceptions, TheFirstClauseThatMatchesCatches) {
  TagIdx a = builder.tag(nothing), b = builder.tag(nothing), c = builder.tag(nothing);
  CodeBuilder thrower;
  thrower.block(Opcode::block).block(Opcode::block).block(Opcode::block).op(Opcode::local_get, 0);
  thrower.add({.op = Opcode::br_table, .labels = {0, 1, 2}}).end();
  thrower.op(Opcode::throw_, a.value).end().op(Opcode::throw_, b.value).end().op(Opcode::throw_, c.value);
  FuncIdx throws = builder.func(takes_i32, {}, thrower);
  CodeBuilder code;
  code.block(Opcode::block);  // 3: any
  code.block(Opcode::block);  // 2: a, too late
  code.block(Opcode::block);  // 1: b
  code.block(Opcode::block);  // 0: a
  code.add(try_table({on(b, 1), on_all(3)}));
  code.add(try_table({on(a, 1), on(a, 3)}));
  code.op(Opcode::local_get, 0).op(Opcode::call, throws.value).end().end();
  code.i32(9).op(Opcode::return_).end();
  code.i32(1).op(Opcode::return_).end();
  code.i32(2).op(Opcode::return_).end();
  code.i32(3).op(Opcode::return_).end();
  code.i32(4);
  builder.export_as("f", builder.func(i32_to_i32, {}, code));
  auto* instance = world.instantiate(builder);
  EXPECT_EQ(world.call(instance, "f", {0}).i32(), 1);
  EXPECT_EQ(world.call(instance, "f", {1}).i32(), 2);
  EXPECT_EQ(world.call(instance, "f", {2}).i32(), 4);
}

TEST_P(Exceptions, HandlersFindOperandsAndLocalsAsTheyWere) {
  TagIdx tag = builder.tag(takes_i32);
  CodeBuilder thrower;
  FuncIdx throws =
      builder.func(takes_i32, {}, thrower.op(Opcode::local_get, 0).op(Opcode::throw_, tag.value));
  // (x + 1) stays in an accumulator before the try; x is changed inside
  CodeBuilder code;
  code.op(Opcode::local_get, 0).i32(1).op(Opcode::i32_add);
  code.op(Opcode::local_get, 0);  // the old x
  code.block(Opcode::block, ValKind::I32).add(try_table({on(tag, 0)}));
  code.op(Opcode::local_get, 0).i32(10).op(Opcode::i32_mul).op(Opcode::local_tee, 0);
  code.op(Opcode::call, throws.value).end().op(Opcode::unreachable).end();
  code.op(Opcode::i32_add).op(Opcode::i32_add);                                     // (x+1) + x + 10x
  code.op(Opcode::local_get, 0).i32(1000).op(Opcode::i32_mul).op(Opcode::i32_add);  // + 1000 * 10x
  builder.export_as("f", builder.func(i32_to_i32, {}, code));
  EXPECT_EQ(world.call(world.instantiate(builder), "f", {3}).i32(), 4 + 3 + 30 + 30'000);
}

TEST_P(Exceptions, AReferenceCanBeThrownAgain) {
  TagIdx tag = builder.tag(takes_i32), other = builder.tag(nothing);
  TypeIdx pair = builder.type({{}, {ValKind::I32, ValType::ref(wasm::HeapType::Abstract::Exn, false)}});
  CodeBuilder thrower;
  thrower.block(Opcode::block, pair).add(try_table({on_ref(tag, 0)}));
  thrower.op(Opcode::local_get, 0).op(Opcode::throw_, tag.value).end().op(Opcode::unreachable).end();
  thrower.op(Opcode::local_set, 1).i32(1).op(Opcode::i32_add).op(Opcode::drop);
  thrower.op(Opcode::local_get, 1).op(Opcode::throw_ref);
  FuncIdx throws = builder.func(takes_i32, {kExn}, thrower);
  CodeBuilder middle;
  middle.block(Opcode::block, kExn).add(try_table({on_all_ref(0)})).op(Opcode::local_get, 0);
  middle.op(Opcode::call, throws.value).end().op(Opcode::unreachable).end().op(Opcode::throw_ref);
  FuncIdx rethrows = builder.func(takes_i32, {}, middle);
  CodeBuilder code;
  code.block(Opcode::block, ValKind::I32).add(try_table({on(other, 1), on(tag, 0)}));
  code.op(Opcode::local_get, 0).op(Opcode::call, rethrows.value).end().op(Opcode::unreachable).end();
  builder.export_as(
      "f",
      builder.func(i32_to_i32, {},
                   CodeBuilder().block(Opcode::block).raw(code.bytes()).op(Opcode::return_).end().i32(-1)));
  EXPECT_EQ(world.call(world.instantiate(builder), "f", {77}).i32(), 77);
}

TEST_P(Exceptions, ANullReferenceTraps) {
  CodeBuilder code;
  code.add({.op = Opcode::ref_null, .type = kExn}).op(Opcode::throw_ref);
  builder.export_as("f", builder.func(nothing, {}, code));
  EXPECT_EQ(world.call(world.instantiate(builder), "f").trap(), Trap::NullExceptionReference);
}

TEST_P(Exceptions, TrapsAreNotCaught) {
  CodeBuilder code;
  code.block(Opcode::block).add(try_table({on_all(0)})).op(Opcode::unreachable).end().end().i32(1);
  builder.export_as("f", builder.func(to_i32, {}, code));
  CodeBuilder legacy;
  legacy.block(Opcode::try_, ValKind::I32)
      .i32(1)
      .i32(0)
      .op(Opcode::i32_div_s)
      .op(Opcode::catch_all)
      .i32(2)
      .end();
  builder.export_as("g", builder.func(to_i32, {}, legacy));
  auto* instance = world.instantiate(builder);
  EXPECT_EQ(world.call(instance, "f").trap(), Trap::Unreachable);
  EXPECT_EQ(world.call(instance, "g").trap(), Trap::IntegerDivideByZero);
}

// A clause may lead back to the start of a loop around the try.
TEST_P(Exceptions, AClauseMayLeadToALoop) {
  TagIdx tag = builder.tag(takes_i32);
  FuncIdx throws =
      builder.func(takes_i32, {}, CodeBuilder().op(Opcode::local_get, 0).op(Opcode::throw_, tag.value));
  CodeBuilder code;
  code.i32(0).block(Opcode::loop, i32_to_i32).op(Opcode::local_set, 1);
  code.op(Opcode::local_get, 1).op(Opcode::local_get, 0).op(Opcode::i32_ge_s).block(Opcode::if_);
  code.op(Opcode::local_get, 1).op(Opcode::return_).end();
  code.add(try_table({on(tag, 0)})).op(Opcode::local_get, 1).i32(1).op(Opcode::i32_add);
  code.op(Opcode::call, throws.value).end().op(Opcode::unreachable).end();
  builder.export_as("f", builder.func(i32_to_i32, {ValKind::I32}, code));
  EXPECT_EQ(world.call(world.instantiate(builder), "f", {100'000}).i32(), 100'000);
}

TEST_P(Exceptions, ALoopOfThrowsCanBeInterrupted) {
  TagIdx tag = builder.tag(nothing);
  FuncIdx throws = builder.func(nothing, {}, CodeBuilder().op(Opcode::throw_, tag.value));
  for (bool called : {false, true}) {  // a throw in the same function is a branch
    CodeBuilder code;
    code.block(Opcode::loop).add(try_table({on_all(0)}));
    called ? code.op(Opcode::call, throws.value) : code.op(Opcode::throw_, tag.value);
    builder.export_as(called ? "called" : "own", builder.func(nothing, {}, code.end().end()));
  }
  auto* instance = world.instantiate(builder);
  for (const char* name : {"called", "own"}) {
    std::thread watchdog([&] {
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
      world.store.interrupt();
    });
    EXPECT_EQ(world.call(instance, name).trap(), Trap::Interrupted);
    watchdog.join();
  }
}

TEST_P(Exceptions, DeepStacksAreUnwound) {
  TagIdx tag = builder.tag(takes_i32);
  CodeBuilder code;  // f(n) = n == 0 ? throw 5 : f(n - 1)
  code.op(Opcode::local_get, 0)
      .op(Opcode::i32_eqz)
      .block(Opcode::if_)
      .i32(5)
      .op(Opcode::throw_, tag.value)
      .end();
  code.op(Opcode::local_get, 0).i32(1).op(Opcode::i32_sub).op(Opcode::call, 0);
  FuncIdx descends = builder.func(takes_i32, {}, code);
  CodeBuilder outer;
  outer.block(Opcode::block, ValKind::I32).add(try_table({on(tag, 0)}));
  outer.op(Opcode::local_get, 0).op(Opcode::call, descends.value).end().op(Opcode::unreachable).end();
  builder.export_as("f", builder.func(i32_to_i32, {}, outer));
  EXPECT_EQ(world.call(world.instantiate(builder), "f", {100'000}).i32(), 5);
}

// A tail call leaves the function and with it its tries.
TEST_P(Exceptions, ATailCallIsNotInsideTheTry) {
  TagIdx tag = builder.tag(nothing);
  FuncIdx throws = builder.func(nothing, {}, CodeBuilder().op(Opcode::throw_, tag.value));
  CodeBuilder tail;
  tail.block(Opcode::block).add(try_table({on_all(0)})).op(Opcode::return_call, throws.value).end().end();
  FuncIdx tail_calls = builder.func(nothing, {}, tail);
  CodeBuilder outer;
  outer.block(Opcode::block).add(try_table({on_all(0)})).op(Opcode::call, tail_calls.value).end();
  outer.i32(0).op(Opcode::return_).end().i32(1);
  builder.export_as("f", builder.func(to_i32, {}, outer));
  EXPECT_EQ(world.call(world.instantiate(builder), "f").i32(), 1);
}

// Two imports may be one tag: then a throw of one is caught by a clause of the other.
TEST_P(Exceptions, TagsAreWhatTheyAreNotHowTheyAreCalled) {
  auto* tag = world.store.new_tag(world.types.intern(kNothing));
  auto* other = world.store.new_tag(world.types.intern(kNothing));
  TagIdx a = builder.import_tag("m", "a", nothing), b = builder.import_tag("m", "b", nothing);
  TagIdx own = builder.tag(nothing);
  CodeBuilder code;
  code.block(Opcode::block).block(Opcode::block).block(Opcode::block);
  code.add(try_table({on(own, 0), on(b, 1), on(a, 2)})).op(Opcode::throw_, a.value).end();
  code.end().i32(0).op(Opcode::return_).end().i32(1).op(Opcode::return_).end().i32(2);
  builder.export_as("f", builder.func(to_i32, {}, code));
  auto module = world.compile(builder.build());
  auto extern_of = [](runtime::Tag* of) {
    runtime::Extern value;
    value.kind = wasm::ExternKind::Tag;
    value.tag = of;
    return value;
  };
  for (bool same : {true, false}) {
    runtime::Extern imports[] = {extern_of(tag), extern_of(same ? tag : other)};
    auto instance = runtime::instantiate(world.store, module, imports);
    ASSERT_TRUE(instance);
    EXPECT_EQ(world.call(*instance, "f").i32(), same ? 1 : 2);
  }
}

TEST_P(Exceptions, EachInstanceHasItsOwnTags) {
  TagIdx tag = builder.tag(nothing);
  builder.export_as("throw", builder.func(nothing, {}, CodeBuilder().op(Opcode::throw_, tag.value)));
  auto* first = world.instantiate(builder);
  world.linker.define("m", *first);
  ModuleBuilder second;
  TypeIdx type = second.type(FuncType(kNothing)), to = second.type(FuncType(kToI32));
  FuncIdx throws = second.import_func("m", "throw", type);
  TagIdx own = second.tag(type);
  CodeBuilder code;
  code.block(Opcode::block).block(Opcode::block).add(try_table({on(own, 0), on_all(1)}));
  code.op(Opcode::call, throws.value).end().end().i32(0).op(Opcode::return_).end().i32(1);
  second.export_as("f", second.func(to, {}, code));
  EXPECT_EQ(world.call(world.instantiate(second), "f").i32(), 1);
}

// --- The legacy instructions ----------------------------------------------------------------------------------------

TEST_P(Exceptions, LegacyClausesGiveTheResult) {
  TagIdx tag = builder.tag(takes_i32), empty = builder.tag(nothing);
  CodeBuilder thrower;
  thrower.op(Opcode::local_get, 0).op(Opcode::i32_eqz).block(Opcode::if_).op(Opcode::return_).end();
  thrower.op(Opcode::local_get, 0)
      .i32(1)
      .op(Opcode::i32_eq)
      .block(Opcode::if_)
      .op(Opcode::throw_, empty.value)
      .end();
  thrower.op(Opcode::local_get, 0).op(Opcode::throw_, tag.value);
  FuncIdx throws = builder.func(takes_i32, {}, thrower);
  CodeBuilder code;
  code.op(Opcode::local_get, 0).i32(1000).op(Opcode::i32_mul);
  code.block(Opcode::try_, ValKind::I32).op(Opcode::local_get, 0).op(Opcode::call, throws.value).i32(7);
  code.op(Opcode::catch_, tag.value).i32(100).op(Opcode::i32_add).op(Opcode::catch_all).i32(8).end();
  code.op(Opcode::i32_add);
  builder.export_as("f", builder.func(i32_to_i32, {}, code));
  auto* instance = world.instantiate(builder);
  EXPECT_EQ(world.call(instance, "f", {0}).i32(), 7);
  EXPECT_EQ(world.call(instance, "f", {1}).i32(), 1008);
  EXPECT_EQ(world.call(instance, "f", {5}).i32(), 5105);
}

TEST_P(Exceptions, RethrowTakesTheExceptionOfItsLabel) {
  TagIdx tag = builder.tag(takes_i32);
  FuncIdx throws =
      builder.func(takes_i32, {}, CodeBuilder().op(Opcode::local_get, 0).op(Opcode::throw_, tag.value));
  CodeBuilder code;
  code.block(Opcode::try_, ValKind::I32);
  code.block(Opcode::try_, ValKind::I32).i32(1).op(Opcode::call, throws.value).i32(0);
  code.op(Opcode::catch_, tag.value).op(Opcode::drop);
  code.block(Opcode::try_, ValKind::I32).i32(2).op(Opcode::call, throws.value).i32(0);
  code.op(Opcode::catch_all).block(Opcode::block);
  code.op(Opcode::local_get, 0).block(Opcode::if_).op(Opcode::rethrow, 2).end();  // the inner one: 2
  code.op(Opcode::rethrow, 2).end().i32(0).end();                                 // the outer one: 1
  code.end();
  code.op(Opcode::catch_, tag.value).end();
  builder.export_as("f", builder.func(i32_to_i32, {}, code));
  auto* instance = world.instantiate(builder);
  EXPECT_EQ(world.call(instance, "f", {1}).i32(), 2);
  EXPECT_EQ(world.call(instance, "f", {0}).i32(), 1);
}

TEST_P(Exceptions, DelegateLooksFurtherOut) {
  TagIdx tag = builder.tag(nothing);
  FuncIdx throws = builder.func(nothing, {}, CodeBuilder().op(Opcode::throw_, tag.value));
  CodeBuilder passes;  // to the caller, past its own catch_all
  passes.block(Opcode::try_).block(Opcode::try_).op(Opcode::call, throws.value).op(Opcode::delegate, 1);
  passes.op(Opcode::catch_all).end();
  FuncIdx to_caller = builder.func(nothing, {}, passes);
  auto nest = [&](uint32_t label, FuncIdx callee) {  // which of the two around it catches?
    CodeBuilder code;
    code.block(Opcode::try_, ValKind::I32).block(Opcode::try_, ValKind::I32).block(Opcode::block);
    code.block(Opcode::try_).op(Opcode::call, callee.value).op(Opcode::delegate, label).end();
    code.i32(0).op(Opcode::catch_all).i32(1).end().op(Opcode::catch_all).i32(2).end();
    return code;
  };
  builder.export_as("block", builder.func(to_i32, {}, nest(0, throws)));
  builder.export_as("inner", builder.func(to_i32, {}, nest(1, throws)));
  builder.export_as("outer", builder.func(to_i32, {}, nest(2, throws)));
  builder.export_as("caller", builder.func(to_i32, {}, nest(1, to_caller)));
  builder.export_as("nobody", builder.func(to_i32, {}, nest(3, throws)));
  auto* instance = world.instantiate(builder);
  EXPECT_EQ(world.call(instance, "block").i32(), 1);
  EXPECT_EQ(world.call(instance, "inner").i32(), 1);
  EXPECT_EQ(world.call(instance, "outer").i32(), 2);
  EXPECT_EQ(world.call(instance, "caller").i32(), 1);
  const auto nobody = world.call(instance, "nobody");
  ASSERT_TRUE(nobody.error);
  EXPECT_EQ(nobody.error->kind(), ErrorKind::Exception);
}

// What a clause throws is not the business of its own try; a delegate to a try in its clause passes that try.
TEST_P(Exceptions, AClauseIsOutsideOfItsTry) {
  TagIdx tag = builder.tag(nothing);
  FuncIdx throws = builder.func(nothing, {}, CodeBuilder().op(Opcode::throw_, tag.value));
  for (bool through_delegate : {false, true}) {
    CodeBuilder code;
    code.block(Opcode::try_, ValKind::I32).block(Opcode::try_, ValKind::I32);
    code.op(Opcode::call, throws.value).i32(0).op(Opcode::catch_, tag.value);
    if (through_delegate) code.block(Opcode::try_);
    code.op(Opcode::call, throws.value);
    if (through_delegate) code.op(Opcode::delegate, 0);
    code.i32(1).op(Opcode::catch_all).i32(2).end().op(Opcode::catch_all).i32(3).end();
    builder.export_as(through_delegate ? "delegate" : "plain", builder.func(to_i32, {}, code));
  }
  auto* instance = world.instantiate(builder);
  EXPECT_EQ(world.call(instance, "plain").i32(), 3);
  EXPECT_EQ(world.call(instance, "delegate").i32(), 3);
}

TEST_P(Exceptions, TriesInDeadCodeAreSkipped) {
  TagIdx tag = builder.tag(nothing);
  CodeBuilder code;
  code.block(Opcode::try_, ValKind::I32).i32(1).op(Opcode::return_);
  code.block(Opcode::try_).op(Opcode::catch_, tag.value).op(Opcode::rethrow, 0).op(Opcode::catch_all).end();
  code.block(Opcode::try_).op(Opcode::delegate, 0);
  code.block(Opcode::block).add(try_table({on_all(0)})).end().end();
  code.op(Opcode::catch_, tag.value).i32(2).op(Opcode::catch_all).op(Opcode::unreachable).end();
  builder.export_as("f", builder.func(to_i32, {}, code));
  EXPECT_EQ(world.call(world.instantiate(builder), "f").i32(), 1);
}

// --- The embedder ---------------------------------------------------------------------------------------------------

TEST_P(Exceptions, WhatNobodyCatchesIsAnError) {
  TypeIdx type = builder.type({{ValKind::I32, ValKind::F64}, {}});
  TagIdx tag = builder.tag(type);
  builder.export_as("oops", tag);
  CodeBuilder thrower;
  thrower.i32(-3).f64(0.5).op(Opcode::throw_, tag.value);
  FuncIdx throws = builder.func(nothing, {}, thrower);
  builder.name_func(throws, "thrower");
  builder.export_as("f", builder.func(nothing, {}, CodeBuilder().op(Opcode::call, throws.value)));
  std::optional<Error> error;
  {
    World inner({}, options());
    auto* instance = inner.instantiate(builder);
    auto outcome = inner.call(instance, "f");
    ASSERT_TRUE(outcome.error);
    error = std::move(outcome.error);
    EXPECT_EQ(error->kind(), ErrorKind::Exception);
    EXPECT_EQ(error->message(), "oops (i32 -3, f64 0.5)");
    ASSERT_EQ(error->backtrace().size(), 2u);
    EXPECT_EQ(error->backtrace()[0].function, "thrower");
    auto caught = runtime::caught_in(*error);
    ASSERT_TRUE(caught);
    EXPECT_EQ(caught->store(), &inner.store);
    EXPECT_EQ(caught->tag(), instance->find_export("oops")->tag);
    EXPECT_EQ(caught->payload()[1], std::bit_cast<uint64_t>(0.5));
    EXPECT_EQ(inner.store.vm().pending_exception, 0u);
    // the next call knows nothing of it
    EXPECT_EQ(inner.call(instance, "f").error->kind(), ErrorKind::Exception);
  }
  EXPECT_EQ(runtime::caught_in(*error)->store(), nullptr);  // the store is gone, the error is not
}

namespace {

// A host function that calls `callee`, and passes on or swallows what comes of it.
struct CallBack {
  runtime::FuncRecord* callee = nullptr;
  bool swallows = false;
  int calls = 0;

  static bool run(void* env, runtime::VmContext* caller, Slot* slots) {
    auto& self = *static_cast<CallBack*>(env);
    ++self.calls;
    runtime::Store& store = *caller->store->store;
    Slot argument[1] = {slots[0]};
    auto called = store.call(*self.callee, argument);
    if (called || self.swallows) return true;
    store.raise(std::move(called).error());
    return false;
  }
};

}  // namespace

TEST_P(Exceptions, PassThroughHostFunctionsThatPassThemOn) {
  CallBack env;
  auto* host = world.store.new_host_func({{ValKind::I32}, {}}, &CallBack::run, &env, "host", "call");
  runtime::Extern definition;
  definition.func = host;
  world.linker.define("host", "call", definition);
  FuncIdx calls_back = builder.import_func("host", "call", takes_i32);
  TagIdx tag = builder.tag(takes_i32);
  CodeBuilder thrower;
  thrower.op(Opcode::local_get, 0).op(Opcode::i32_eqz).block(Opcode::if_).op(Opcode::unreachable).end();
  FuncIdx throws =
      builder.func(takes_i32, {}, thrower.op(Opcode::local_get, 0).op(Opcode::throw_, tag.value));
  builder.export_as("throws", throws);
  auto around = [&](Opcode call) {
    CodeBuilder code;
    code.block(Opcode::block, ValKind::I32).add(try_table({on(tag, 0)}));
    code.op(Opcode::local_get, 0).op(call, calls_back.value).end().i32(-1).end();
    return code;
  };
  builder.export_as("f", builder.func(i32_to_i32, {}, around(Opcode::call)));
  CodeBuilder tail;
  FuncIdx tail_calls =
      builder.func(takes_i32, {}, tail.op(Opcode::local_get, 0).op(Opcode::return_call, calls_back.value));
  CodeBuilder code;
  code.block(Opcode::block, ValKind::I32).add(try_table({on(tag, 0)}));
  code.op(Opcode::local_get, 0).op(Opcode::call, tail_calls.value).end().i32(-1).end();
  builder.export_as("tail", builder.func(i32_to_i32, {}, code));
  auto* instance = world.instantiate(builder);
  env.callee = instance->find_export("throws")->func;
  EXPECT_EQ(world.call(instance, "f", {11}).i32(), 11);
  EXPECT_EQ(world.call(instance, "tail", {12}).i32(), 12);
  EXPECT_EQ(world.call(instance, "f", {0}).trap(), Trap::Unreachable);
  EXPECT_FALSE(world.store.pending_error());
  env.swallows = true;
  EXPECT_EQ(world.call(instance, "f", {13}).i32(), -1);
  EXPECT_EQ(env.calls, 4);
  EXPECT_EQ(world.store.innermost_stay(), nullptr);
}

TEST_P(Exceptions, HostFunctionsCanThrow) {
  struct Thrower {
    runtime::Tag* tag;
    static bool run(void* env, runtime::VmContext* caller, Slot* slots) {
      runtime::Store& store = *caller->store->store;
      const Slot payload[1] = {slots[0] + 1};
      const auto made = make_exception(store, *static_cast<Thrower*>(env)->tag, payload, nullptr);
      store.raise(store.exception_error(made.object, nullptr));
      return false;
    }
  } thrower{world.store.new_tag(world.types.intern(FuncType{{ValKind::I32}, {}}))};
  runtime::Extern host, tag_value;
  host.func = world.store.new_host_func({{ValKind::I32}, {}}, &Thrower::run, &thrower);
  tag_value.kind = wasm::ExternKind::Tag;
  tag_value.tag = thrower.tag;
  world.linker.define("host", "throw", host);
  world.linker.define("host", "tag", tag_value);
  FuncIdx throws = builder.import_func("host", "throw", takes_i32);
  TagIdx tag = builder.import_tag("host", "tag", takes_i32);
  CodeBuilder code;
  code.block(Opcode::try_, ValKind::I32).op(Opcode::local_get, 0).op(Opcode::call, throws.value).i32(0);
  code.op(Opcode::catch_, tag.value).end();
  builder.export_as("f", builder.func(i32_to_i32, {}, code));
  EXPECT_EQ(world.call(world.instantiate(builder), "f", {20}).i32(), 21);
}

// References are objects; throwing without them makes none.
TEST_P(Exceptions, OnlyReferencesTakeMemory) {
  TagIdx tag = builder.tag(takes_i32);
  FuncIdx throws =
      builder.func(takes_i32, {}, CodeBuilder().op(Opcode::local_get, 0).op(Opcode::throw_, tag.value));
  CodeBuilder code;
  code.block(Opcode::loop).block(Opcode::block, ValKind::I32).add(try_table({on(tag, 0)}));
  code.op(Opcode::local_get, 0).op(Opcode::call, throws.value).end().op(Opcode::unreachable).end();
  code.i32(1)
      .op(Opcode::i32_sub)
      .op(Opcode::local_tee, 0)
      .op(Opcode::br_if, 0)
      .end()
      .op(Opcode::local_get, 0);
  builder.export_as("f", builder.func(i32_to_i32, {}, code));
  EXPECT_EQ(world.call(world.instantiate(builder), "f", {100'000}).i32(), 0);
  EXPECT_EQ(world.store.gc_heap()->statistics().allocated_bytes, 0u);
}

// Exceptions that nobody refers to any more are collected, those that somebody refers to are not.
TEST_P(Exceptions, ReferencesAreCollected) {
  TagIdx tag = builder.tag(takes_i32);
  FuncIdx throws =
      builder.func(takes_i32, {}, CodeBuilder().op(Opcode::local_get, 0).op(Opcode::throw_, tag.value));
  auto kept = builder.global({kExn, true}, CodeBuilder().add({.op = Opcode::ref_null, .type = kExn}));
  TypeIdx pair = builder.type({{}, {ValKind::I32, ValType::ref(wasm::HeapType::Abstract::Exn, false)}});
  // f(n): throws and catches n, n - 1, … 1; the first of all stays in a global, and is thrown in the end
  CodeBuilder code;
  code.block(Opcode::loop).block(Opcode::block, pair).add(try_table({on_ref(tag, 0)}));
  code.op(Opcode::local_get, 0).op(Opcode::call, throws.value).end().op(Opcode::unreachable).end();
  code.op(Opcode::local_set, 1).op(Opcode::drop);
  code.op(Opcode::global_get, kept.value).op(Opcode::ref_is_null).block(Opcode::if_);
  code.op(Opcode::local_get, 1).op(Opcode::global_set, kept.value).end();
  code.op(Opcode::local_get, 0)
      .i32(1)
      .op(Opcode::i32_sub)
      .op(Opcode::local_tee, 0)
      .op(Opcode::br_if, 0)
      .end();
  code.block(Opcode::block, ValKind::I32).add(try_table({on(tag, 0)}));
  code.op(Opcode::global_get, kept.value).op(Opcode::throw_ref).end().op(Opcode::unreachable).end();
  builder.export_as("f", builder.func(i32_to_i32, {kExn}, code));
  World small({.max_gc_heap_bytes = 1 << 20}, options());
  const auto outcome = small.call(small.instantiate(builder), "f", {300'000});
  ASSERT_FALSE(outcome.error) << outcome.error->describe();
  EXPECT_EQ(outcome.i32(), 300'000);
  EXPECT_GT(small.store.gc_heap()->statistics().collections, 0u);
  World always({.gc_collects_always = true}, options());
  EXPECT_EQ(always.call(always.instantiate(builder), "f", {50}).i32(), 50);
}

// A payload of references is seen by the collector while it is under way, and in the object.
TEST_P(Exceptions, PayloadsOfReferencesStayAlive) {
  const ValType extern_ref = wasm::kExternRef;
  TypeIdx payload = builder.type({{extern_ref, wasm::kFuncRef, ValKind::V128}, {}});
  TypeIdx caught = builder.type({{}, {extern_ref, wasm::kFuncRef, ValKind::V128, kExn}});
  TypeIdx results = builder.type({{extern_ref}, {extern_ref}});
  TagIdx tag = builder.tag(payload);
  TypeIdx takes_extern = builder.type({{extern_ref}, {}});
  FuncIdx self = FuncIdx(0);
  CodeBuilder thrower;
  thrower.op(Opcode::local_get, 0).op(Opcode::ref_func, self.value).i64(3).op(Opcode::i64x2_splat);
  FuncIdx throws = builder.func(takes_extern, {}, thrower.op(Opcode::throw_, tag.value));
  builder.elem(wasm::SegmentMode::Declarative, wasm::kFuncRef,
               {CodeBuilder().op(Opcode::ref_func, self.value)});
  CodeBuilder code;
  code.block(Opcode::block, caught).add(try_table({on_ref(tag, 0)}));
  code.op(Opcode::local_get, 0).op(Opcode::call, throws.value).end().op(Opcode::unreachable).end();
  code.op(Opcode::local_set, 1).op(Opcode::drop).op(Opcode::drop).op(Opcode::drop);
  TypeIdx again = builder.type({{}, {extern_ref, wasm::kFuncRef, ValKind::V128}});
  code.block(Opcode::block, again).add(try_table({on(tag, 0)}));
  code.op(Opcode::local_get, 1).op(Opcode::throw_ref).end().op(Opcode::unreachable).end();
  code.op(Opcode::i64x2_extract_lane, 1)
      .i64(3)
      .op(Opcode::i64_ne)
      .block(Opcode::if_)
      .op(Opcode::unreachable)
      .end();
  code.op(Opcode::ref_is_null).block(Opcode::if_).op(Opcode::unreachable).end();
  builder.export_as("f", builder.func(results, {kExn}, code));
  World always({.gc_collects_always = true}, options());
  auto* instance = always.instantiate(builder);
  auto made = always.store.new_extern(4711);
  ASSERT_TRUE(made);
  const auto outcome = always.call(instance, "f", {*made});
  ASSERT_FALSE(outcome.error) << outcome.error->describe();
  EXPECT_EQ(runtime::Store::extern_value(outcome.slots[0]), 4711u);
}

}  // namespace godwit::interp::testing
