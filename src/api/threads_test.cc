// Tests of threads and shared memories in the public API, written as its users write.
#include <gtest/gtest.h>

#include <array>
#include <thread>

#include "godwit/godwit.h"

namespace {

using namespace godwit;

//   (module
//    (import "env" "memory" (memory 1 4 shared))
//    (import "wasi" "thread-spawn" (func $spawn (param i32) (result i32)))
//    (func (export "wasi_thread_start") (param i32 i32)
//      (if (i32.eqz (local.get 1)) (then unreachable))
//      (i32.atomic.store (local.get 1) (local.get 0))
//      (drop (memory.atomic.notify (local.get 1) (i32.const 1))))
//    (func (export "run") (param i32) (result i32)
//      (local i32)
//      (local.set 1 (call $spawn (local.get 0)))
//      (if (i32.lt_s (local.get 1) (i32.const 1)) (then (return (local.get 1))))
//      (loop
//        (drop (memory.atomic.wait32 (local.get 0) (i32.const 0) (i64.const -1)))
//        (br_if 0 (i32.eqz (i32.atomic.load (local.get 0)))))
//      (i32.eq (local.get 1) (i32.atomic.load (local.get 0))))
//    (func (export "pages") (result i32) (memory.size))
//   )
constexpr uint8_t kProgram[] = {
    0x00, 0x61, 0x73, 0x6D, 0x01, 0x00, 0x00, 0x00, 0x01, 0x0F, 0x03, 0x60, 0x01, 0x7F, 0x01, 0x7F, 0x60,
    0x02, 0x7F, 0x7F, 0x00, 0x60, 0x00, 0x01, 0x7F, 0x02, 0x24, 0x02, 0x03, 0x65, 0x6E, 0x76, 0x06, 0x6D,
    0x65, 0x6D, 0x6F, 0x72, 0x79, 0x02, 0x03, 0x01, 0x04, 0x04, 0x77, 0x61, 0x73, 0x69, 0x0C, 0x74, 0x68,
    0x72, 0x65, 0x61, 0x64, 0x2D, 0x73, 0x70, 0x61, 0x77, 0x6E, 0x00, 0x00, 0x03, 0x04, 0x03, 0x01, 0x00,
    0x02, 0x07, 0x23, 0x03, 0x11, 0x77, 0x61, 0x73, 0x69, 0x5F, 0x74, 0x68, 0x72, 0x65, 0x61, 0x64, 0x5F,
    0x73, 0x74, 0x61, 0x72, 0x74, 0x00, 0x01, 0x03, 0x72, 0x75, 0x6E, 0x00, 0x02, 0x05, 0x70, 0x61, 0x67,
    0x65, 0x73, 0x00, 0x03, 0x0A, 0x57, 0x03, 0x1A, 0x00, 0x20, 0x01, 0x45, 0x04, 0x40, 0x00, 0x0B, 0x20,
    0x01, 0x20, 0x00, 0xFE, 0x17, 0x02, 0x00, 0x20, 0x01, 0x41, 0x01, 0xFE, 0x00, 0x02, 0x00, 0x1A, 0x0B,
    0x35, 0x01, 0x01, 0x7F, 0x20, 0x00, 0x10, 0x00, 0x21, 0x01, 0x20, 0x01, 0x41, 0x01, 0x48, 0x04, 0x40,
    0x20, 0x01, 0x0F, 0x0B, 0x03, 0x40, 0x20, 0x00, 0x41, 0x00, 0x42, 0x7F, 0xFE, 0x01, 0x02, 0x00, 0x1A,
    0x20, 0x00, 0xFE, 0x10, 0x02, 0x00, 0x45, 0x0D, 0x00, 0x0B, 0x20, 0x01, 0x20, 0x00, 0xFE, 0x10, 0x02,
    0x00, 0x46, 0x0B, 0x04, 0x00, 0x3F, 0x00, 0x0B, 0x00, 0x0F, 0x04, 0x6E, 0x61, 0x6D, 0x65, 0x01, 0x08,
    0x01, 0x00, 0x05, 0x73, 0x70, 0x61, 0x77, 0x6E};

struct World {
  explicit World(const ThreadsConfig& config = {})
      : engine(*Engine::create()),
        module(*Module::from_bytes(engine, kProgram, "threads")),
        threads(module, config) {}
  Result<Instance> instantiate(Store& store) {
    if (auto defined = linker.define(threads); !defined) return std::move(defined).error();
    return linker.instantiate(store, module);
  }
  static Result<std::vector<Value>> call(Store& store, const Instance& instance, std::string_view name,
                                         std::vector<Value> args = {}) {
    return instance.find_func(store, name)->call(store, args);
  }

  Engine engine;
  Module module;
  Linker linker;
  Threads threads;
};

TEST(ApiThreads, AGuestStartsThreads) {
  World world;
  EXPECT_TRUE(Threads::are_wanted_by(world.module));
  Store store(world.engine);
  auto instance = world.instantiate(store);
  ASSERT_TRUE(instance) << instance.error().message();
  for (int i = 1; i < 10; ++i) {
    auto found = World::call(store, *instance, "run", {Value::i32(4 * i)});
    ASSERT_TRUE(found) << found.error().message();
    EXPECT_EQ((*found)[0].as_i32(), 1);
  }
}

TEST(ApiThreads, TheFirstErrorOfAThreadIsTheGuests) {
  World world;
  Store store(world.engine);
  auto instance = world.instantiate(store);
  ASSERT_TRUE(instance) << instance.error().message();
  auto failed = World::call(store, *instance, "run", {Value::i32(0)});
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().kind(), ErrorKind::Trap);
  EXPECT_EQ(failed.error().message(), "unreachable");
  ASSERT_FALSE(failed.error().backtrace().empty());
  EXPECT_EQ(failed.error().backtrace()[0].function, "wasi_thread_start");
  // then it is over, and the store works as before
  auto found = World::call(store, *instance, "run", {Value::i32(8)});
  EXPECT_TRUE(found) << found.error().message();
}

TEST(ApiThreads, AreAsManyAsAllowed) {
  World world({.max_threads = 0});
  Store store(world.engine);
  auto instance = world.instantiate(store);
  ASSERT_TRUE(instance) << instance.error().message();
  auto found = World::call(store, *instance, "run", {Value::i32(4)});
  ASSERT_TRUE(found) << found.error().message();
  EXPECT_EQ((*found)[0].as_i32(), -1);
}

TEST(ApiSharedMemory, IsTheSameInSeveralStores) {
  World world;
  auto memory = SharedMemory::create({.min_pages = 1, .max_pages = 4});
  ASSERT_TRUE(memory) << memory.error().message();
  world.linker.define("env", "memory", *memory);
  Store first(world.engine), second(world.engine);
  auto one = world.instantiate(first);
  ASSERT_TRUE(one) << one.error().message();
  auto two = world.linker.instantiate(second, world.module);
  ASSERT_TRUE(two) << two.error().message();
  EXPECT_EQ(*memory->grow(2), 1u);
  EXPECT_FALSE(memory->grow(2));
  EXPECT_EQ((*World::call(first, *one, "pages"))[0].as_i32(), 3);
  std::thread other([&] { EXPECT_EQ((*World::call(second, *two, "pages"))[0].as_i32(), 3); });
  ASSERT_TRUE(World::call(first, *one, "run", {Value::i32(16)}));
  other.join();
  EXPECT_EQ(memory->bytes().size(), 3u << 16);
  EXPECT_NE(memory->bytes()[16], 0);
}

TEST(ApiSharedMemory, RefusesTypesThatMakeNoSense) {
  EXPECT_EQ(SharedMemory::create({.min_pages = 2, .max_pages = 1}).error().kind(), ErrorKind::Usage);
  EXPECT_EQ(SharedMemory::create({.min_pages = 1, .max_pages = 65537}).error().kind(), ErrorKind::Usage);
  EXPECT_EQ(
      SharedMemory::create({.min_pages = 10, .max_pages = 10}, {.max_memory_bytes = 65536}).error().kind(),
      ErrorKind::Exhausted);
}

// An instance's exports belong to its store: a thread that used them would use another thread's store.
TEST(ApiThreads, CannotImportWhatBelongsToAnotherStore) {
  World world;
  Store first(world.engine), second(world.engine);
  auto instance = world.instantiate(first);
  ASSERT_TRUE(instance) << instance.error().message();
  Linker linker;
  ASSERT_TRUE(linker.define(first, "wasi", *instance));
  // (module (import "wasi" "pages" (func (result i32))))
  constexpr uint8_t kImporter[] = {0,  'a', 's', 'm', 1,   0,   0,   0, 1,   5,   1,   0x60, 0,   1, 0x7F, 2,
                                   14, 1,   4,   'w', 'a', 's', 'i', 5, 'p', 'a', 'g', 'e',  's', 0, 0};
  auto importer = Module::from_bytes(world.engine, kImporter);
  ASSERT_TRUE(importer) << importer.error().message();
  EXPECT_TRUE(linker.instantiate(first, *importer));
  auto refused = linker.instantiate(second, *importer);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind(), ErrorKind::Unlinkable);
}

}  // namespace
