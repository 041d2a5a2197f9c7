// Linking: which externs match which imports, and what is said when they do not.
#include "runtime/linker.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "runtime/test_support.h"

namespace godwit::runtime {
namespace {

using testing::Declarations;
using testing::limits;
using testing::World;
using wasm::ExternKind;
using wasm::ValKind;

bool do_nothing(void*, VmContext*, Slot*) { return true; }

HostDefinition host(std::string_view field, wasm::FuncType type, void* env = nullptr) {
  return {.module = "env", .field = field, .type = std::move(type), .function = &do_nothing, .env = env};
}

// The message of resolving a module's imports; empty if they resolve.
std::string problem(World& world, const Linker& linker, Declarations& d) {
  auto imports = linker.resolve(world.store, *d.build(world.types));
  if (imports) return {};
  EXPECT_EQ(imports.error().kind(), ErrorKind::Unlinkable);
  return imports.error().message();
}

TEST(Linker, NamesWhatIsMissing) {
  World world;
  Linker linker;
  linker.define(host("other", {}));
  linker.hint("wasi_ephemeral_nn", "--nn-preload NAME:GGML:AUTO:path provides it");
  Declarations d;
  const uint32_t type = d.type({ValKind::I32, ValKind::I64}, {ValKind::F32});
  d.import_func("wasi_ephemeral_nn", "load", type);
  EXPECT_EQ(problem(world, linker, d),
            "unknown import: module \"wasi_ephemeral_nn\" field \"load\": wanted func (i32, i64) -> f32; "
            "nothing provides this module; --nn-preload NAME:GGML:AUTO:path provides it");
  d.import_func("env", "print", type);
  EXPECT_TRUE(
      problem(world, linker, d)
          .ends_with("\nunknown import: module \"env\" field \"print\": wanted func (i32, i64) -> f32; "
                     "the module is there, but it has no such field"));
}

std::optional<HostDefinition> library(void* env, std::string_view field) {
  if (field != "print") return std::nullopt;
  return host("print", {}, env);
}

TEST(Linker, AsksLibrariesForWhatIsImported) {
  World world;
  Linker linker;
  linker.define("env", library, nullptr);
  linker.define(host("other", {}));
  Declarations d;
  const uint32_t type = d.type({}, {});
  d.import_func("env", "print", type);
  d.import_func("env", "other", type);
  EXPECT_EQ(problem(world, linker, d), "");
  d.import_func("env", "missing", type);
  EXPECT_TRUE(problem(world, linker, d).ends_with("the module is there, but it has no such field"));
}

TEST(Linker, ListsAtMostTenProblems) {
  World world;
  Linker linker;
  Declarations d;
  const uint32_t type = d.type({}, {});
  for (int i = 0; i < 13; ++i) d.import_func("env", "f", type);
  const std::string text = problem(world, linker, d);
  EXPECT_EQ(std::ranges::count(text, '\n'), 10);
  EXPECT_TRUE(text.ends_with("… and 3 more"));
}

TEST(Linker, ChoosesTheHostFunctionByType) {
  World world;
  Linker linker;
  int with_i32 = 0;
  int with_i64 = 0;
  linker.define(host("f", {{ValKind::I32}, {}}, &with_i32));
  linker.define(host("f", {{ValKind::I64}, {}}, &with_i64));
  Declarations d;
  const uint32_t type = d.type({ValKind::I64}, {});
  d.import_func("env", "f", type);
  auto imports = linker.resolve(world.store, *d.build(world.types));
  ASSERT_TRUE(imports);
  EXPECT_EQ(reinterpret_cast<HostRecord*>((*imports)[0].func)->env, &with_i64);
  Declarations wrong;
  const uint32_t other = wrong.type({ValKind::F32}, {});
  wrong.import_func("env", "f", other);
  EXPECT_EQ(problem(world, linker, wrong),
            "incompatible import type: module \"env\" field \"f\": wanted func (f32) -> (), "
            "found func (i32) -> () or func (i64) -> ()");
}

TEST(Linker, LinksTheExportsOfAnInstance) {
  World world;
  Declarations provider;
  const uint32_t type = provider.type({}, {ValKind::I32});
  provider.func(type);
  provider.module.memories.push_back({.limits = limits(1, 2)});
  provider.module.globals.push_back({{ValKind::I32, true}, provider.i32(5)});
  provider.module.tables.push_back({{wasm::kFuncRef, limits(1)}, {}});
  provider.export_as("f", ExternKind::Func, 0);
  provider.export_as("m", ExternKind::Mem, 0);
  provider.export_as("g", ExternKind::Global, 0);
  provider.export_as("t", ExternKind::Table, 0);
  Linker linker;
  auto first = linker.instantiate(world.store, provider.build(world.types));
  ASSERT_TRUE(first);
  linker.define("lib", **first);

  Declarations user;
  const uint32_t again = user.type({}, {ValKind::I32});
  user.import_func("lib", "f", again);
  user.import_memory("lib", "m", {.limits = limits(1, 2)});
  user.import_global("lib", "g", {ValKind::I32, true});
  user.import_table("lib", "t", {wasm::kFuncRef, limits(1)});
  auto second = linker.instantiate(world.store, user.build(world.types));
  ASSERT_TRUE(second) << second.error().message();
  EXPECT_EQ((*second)->vmctx()->memory0, (*first)->vmctx()->memory0);
  EXPECT_EQ((*second)->vmctx()->imported_globals[0], &(*first)->vmctx()->globals[0]);
  EXPECT_EQ((*second)->vmctx()->imported_funcs[0], (*first)->func(wasm::FuncIdx(0)));
  EXPECT_EQ((*second)->vmctx()->tables[0], (*first)->vmctx()->tables[0]);
}

// One provider with one of each kind; imports of many types against it.
class ImportMatching : public ::testing::Test {
 protected:
  void SetUp() override {
    memory_ = *world_.store.new_memory({.limits = limits(2, 4)});
    open_memory_ = *world_.store.new_memory({.limits = limits(2)});
    table_ = *world_.store.new_table({wasm::kFuncRef, limits(2, 4)}, 0);
    const Slot zero[2] = {0, 0};
    constant_ =
        world_.store.new_global({wasm::ValType::ref(wasm::HeapType::Abstract::Func, false), false}, zero);
    variable_ = world_.store.new_global({ValKind::I32, true}, zero);
    tag_ = world_.store.new_tag(world_.types.intern(wasm::FuncType{{ValKind::I32}, {}}));
    func_ = world_.store.new_host_func({{ValKind::I32}, {}}, &do_nothing, nullptr);
    Extern value;
    value.kind = ExternKind::Mem, value.memory = memory_, linker_.define("p", "memory", value);
    value.memory = open_memory_, linker_.define("p", "open memory", value);
    value.kind = ExternKind::Table, value.table = table_, linker_.define("p", "table", value);
    value.kind = ExternKind::Global, value.global = constant_, linker_.define("p", "constant", value);
    value.global = variable_, linker_.define("p", "variable", value);
    value.kind = ExternKind::Tag, value.tag = tag_, linker_.define("p", "tag", value);
    value.kind = ExternKind::Func, value.func = func_, linker_.define("p", "func", value);
  }

  std::string memory(wasm::MemType type, std::string_view field = "memory") {
    Declarations d;
    d.import_memory("p", field, type);
    return problem(world_, linker_, d);
  }
  std::string table(wasm::TableType type) {
    Declarations d;
    d.import_table("p", "table", type);
    return problem(world_, linker_, d);
  }
  std::string global(std::string_view field, wasm::GlobalType type) {
    Declarations d;
    d.import_global("p", field, type);
    return problem(world_, linker_, d);
  }
  std::string func(std::string_view field, std::vector<wasm::ValType> params) {
    Declarations d;
    const uint32_t type = d.type(std::move(params), {});
    d.import_func("p", field, type);
    return problem(world_, linker_, d);
  }
  std::string tag(std::vector<wasm::ValType> params) {
    Declarations d;
    const uint32_t type = d.type(std::move(params), {});
    d.import_tag("p", "tag", type);
    return problem(world_, linker_, d);
  }

  World world_;
  Linker linker_;
  Memory *memory_, *open_memory_;
  Table* table_;
  Global *constant_, *variable_;
  Tag* tag_;
  FuncRecord* func_;
};

TEST_F(ImportMatching, Memories) {
  EXPECT_EQ(memory({.limits = limits(2, 4)}), "");
  EXPECT_EQ(memory({.limits = limits(1)}), "");
  EXPECT_EQ(memory({.limits = limits(0, 5)}), "");
  EXPECT_EQ(memory({.limits = limits(3)}),
            "incompatible import type: module \"p\" field \"memory\": wanted memory 3.. pages, found memory "
            "2..4 pages");
  EXPECT_NE(memory({.limits = limits(2, 3)}), "");
  EXPECT_NE(memory({.limits = limits(2, 4)}, "open memory"), "");
  EXPECT_NE(memory({.limits = {.min = 2, .max = 4, .addr = wasm::AddrType::I64}}), "");
  EXPECT_NE(memory({.limits = limits(2, 4), .is_shared = true}), "");
  EXPECT_NE(memory({.limits = limits(2, 4), .page_size_log2 = 0}), "");
  ASSERT_EQ(memory_->grow(1), 2u);
  EXPECT_EQ(memory({.limits = limits(3)}), "");  // the size as it is now counts
}

TEST_F(ImportMatching, Tables) {
  EXPECT_EQ(table({wasm::kFuncRef, limits(2, 4)}), "");
  EXPECT_EQ(table({wasm::kFuncRef, limits(1)}), "");
  EXPECT_EQ(table({wasm::kExternRef, limits(2)}),
            "incompatible import type: module \"p\" field \"table\": wanted table externref 2.., found table "
            "funcref 2..4");
  EXPECT_NE(table({wasm::ValType::ref(wasm::HeapType::Abstract::Func, false), limits(2)}), "");
  EXPECT_NE(table({wasm::kFuncRef, limits(3)}), "");
  EXPECT_NE(table({wasm::kFuncRef, limits(1, 3)}), "");
  EXPECT_NE(table({wasm::kFuncRef, limits(1, {}, wasm::AddrType::I64)}), "");
}

TEST_F(ImportMatching, Globals) {
  EXPECT_EQ(global("variable", {ValKind::I32, true}), "");
  EXPECT_EQ(
      global("variable", {ValKind::I32, false}),
      "incompatible import type: module \"p\" field \"variable\": wanted global i32, found global mut i32");
  EXPECT_NE(global("variable", {ValKind::I64, true}), "");
  EXPECT_EQ(global("constant", {wasm::ValType::ref(wasm::HeapType::Abstract::Func, false), false}), "");
  EXPECT_EQ(global("constant", {wasm::kFuncRef, false}), "");
  EXPECT_NE(global("constant", {wasm::kExternRef, false}), "");
  EXPECT_NE(global("constant", {wasm::kFuncRef, true}), "");
}

TEST_F(ImportMatching, FunctionsAndTags) {
  EXPECT_EQ(func("func", {ValKind::I32}), "");
  EXPECT_EQ(func("func", {ValKind::I64}),
            "incompatible import type: module \"p\" field \"func\": wanted func (i64) -> (), found func "
            "(i32) -> ()");
  EXPECT_EQ(func("memory", {}),
            "incompatible import type: module \"p\" field \"memory\": wanted func () -> (), found memory "
            "2..4 pages");
  EXPECT_EQ(tag({ValKind::I32}), "");
  EXPECT_EQ(tag({ValKind::F64}),
            "incompatible import type: module \"p\" field \"tag\": wanted tag (f64), found tag (i32)");
}

TEST_F(ImportMatching, InstantiateChecksToo) {
  Declarations d;
  d.import_memory("p", "memory", {.limits = limits(3)});
  Extern value;
  value.kind = ExternKind::Mem;
  value.memory = memory_;
  auto mismatch = instantiate(world_.store, d.build(world_.types), std::span(&value, 1));
  ASSERT_FALSE(mismatch);
  EXPECT_EQ(mismatch.error().kind(), ErrorKind::Unlinkable);
  auto missing = instantiate(world_.store, d.build(world_.types), {});
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().kind(), ErrorKind::Unlinkable);
}

}  // namespace
}  // namespace godwit::runtime
