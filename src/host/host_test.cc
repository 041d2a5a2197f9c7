// Tests of typed host functions: types derived, values passed, guest addresses checked at every edge.
#include "host/host.h"

#include <gtest/gtest.h>

#include <array>
#include <limits>
#include <random>

namespace godwit::host {
namespace {

using runtime::Slot;
using wasm::ValKind;

// A calling instance with a memory of its own, as contexts look to host functions.
struct Guest {
  explicit Guest(size_t size) : bytes(size) {
    memory.base = bytes.data();
    memory.size_bytes = size;
    context.memory0 = &memory;
    context.memory0_base = memory.base;
    context.store = &store;
  }
  std::vector<uint8_t> bytes;
  runtime::VmMemory memory{};
  runtime::VmStore store{};
  runtime::VmContext context{};
};

std::vector<wasm::ValType> types(std::initializer_list<ValKind> kinds) {
  return std::vector<wasm::ValType>(kinds.begin(), kinds.end());
}

struct Pair {
  uint32_t first;
  uint32_t second;
};

enum class Errno : uint16_t { Success, Fault = 21 };

int32_t subtract(int32_t a, int32_t b) { return a - b; }
double mix(Caller&, uint32_t a, int64_t b, float c, double d, uint64_t e) {
  return a + static_cast<double>(b) + c + d + static_cast<double>(e);
}
int64_t widen(int32_t value) { return value; }
float half(float value) { return value / 2; }

struct Library {
  int calls = 0;
  Errno swap(GuestPtr<Pair> pair) {
    calls++;
    auto value = pair.read();
    if (!value) return Errno::Fault;
    return pair.write({value->second, value->first}) ? Errno::Success : Errno::Fault;
  }
  uint64_t sum(GuestSpan<uint16_t> numbers, uint32_t seed) {
    auto checked = numbers.check();
    if (!checked) return ~uint64_t{0};
    uint64_t total = seed;
    for (uint32_t i = 0; i < checked->size(); i++) total += (*checked)[i];
    return total;
  }
  Result<uint32_t> length(Caller& caller, GuestString text) {
    auto view = text.view();
    if (!view)
      return fail(ErrorKind::Trap, "string outside of " + std::to_string(caller.memory().size_bytes()));
    return static_cast<uint32_t>(view->size());
  }
  void nothing() { calls++; }
};

TEST(HostTypes, AreDerived) {
  EXPECT_EQ(SignatureOf<decltype(&subtract)>::func_type(),
            (wasm::FuncType{types({ValKind::I32, ValKind::I32}), types({ValKind::I32})}));
  EXPECT_EQ(SignatureOf<decltype(&mix)>::func_type(),
            (wasm::FuncType{types({ValKind::I32, ValKind::I64, ValKind::F32, ValKind::F64, ValKind::I64}),
                            types({ValKind::F64})}));
  EXPECT_EQ(SignatureOf<decltype(&Library::swap)>::func_type(),
            (wasm::FuncType{types({ValKind::I32}), types({ValKind::I32})}));
  EXPECT_EQ(SignatureOf<decltype(&Library::sum)>::func_type(),
            (wasm::FuncType{types({ValKind::I32, ValKind::I32, ValKind::I32}), types({ValKind::I64})}));
  EXPECT_EQ(SignatureOf<decltype(&Library::length)>::func_type(),
            (wasm::FuncType{types({ValKind::I32, ValKind::I32}), types({ValKind::I32})}));
  EXPECT_EQ(SignatureOf<decltype(&Library::nothing)>::func_type(), wasm::FuncType{});
  auto lambda = [](GuestString) -> Result<> { return {}; };
  EXPECT_EQ(SignatureOf<decltype(lambda)>::func_type(),
            (wasm::FuncType{types({ValKind::I32, ValKind::I32}), {}}));
}

TEST(HostCall, PassesNumbers) {
  Guest guest(64);
  // the high half of an i32's slot is unspecified
  std::array<Slot, 5> slots = {0xDEADBEEF'00000005, 0x12345678'FFFFFFFF};
  EXPECT_TRUE(entry_of<subtract>(nullptr, &guest.context, slots.data()));
  EXPECT_EQ(slots[0], 6u);

  slots = {0xFFFFFFFF'00000001, static_cast<Slot>(-2), std::bit_cast<uint32_t>(0.5f),
           std::bit_cast<uint64_t>(0.25), uint64_t{1} << 40};
  EXPECT_TRUE(entry_of<mix>(nullptr, &guest.context, slots.data()));
  EXPECT_EQ(std::bit_cast<double>(slots[0]), 1 - 2 + 0.75 + static_cast<double>(uint64_t{1} << 40));

  slots[0] = 0x00000000'80000000;
  EXPECT_TRUE(entry_of<widen>(nullptr, &guest.context, slots.data()));
  EXPECT_EQ(static_cast<int64_t>(slots[0]), std::numeric_limits<int32_t>::min());

  slots[0] = 0xFFFFFFFF'00000000 | std::bit_cast<uint32_t>(3.0f);
  EXPECT_TRUE(entry_of<half>(nullptr, &guest.context, slots.data()));
  EXPECT_EQ(slots[0], std::bit_cast<uint32_t>(1.5f));
}

TEST(HostCall, ReachesMethodsAndObjects) {
  Guest guest(64);
  Library library;
  Slot slots[3] = {};
  EXPECT_TRUE(entry_of<&Library::nothing>(&library, &guest.context, slots));
  EXPECT_EQ(library.calls, 1);

  store_unaligned<Pair>(guest.bytes.data() + 3, {7, 9});  // unaligned on purpose
  slots[0] = 3;
  EXPECT_TRUE(entry_of<&Library::swap>(&library, &guest.context, slots));
  EXPECT_EQ(slots[0], 0u);
  EXPECT_EQ(load_unaligned<uint32_t>(guest.bytes.data() + 3), 9u);

  int base = 40;
  auto lambda = [&base](int32_t more) { return base + more; };
  slots[0] = 2;
  EXPECT_TRUE(entry_of_object<decltype(lambda)>(&lambda, &guest.context, slots));
  EXPECT_EQ(slots[0], 42u);
}

TEST(GuestPointer, IsCheckedAtTheEdges) {
  Guest guest(64);
  Library library;
  auto swap = [&](uint32_t address) {
    Slot slot = address;
    EXPECT_TRUE(entry_of<&Library::swap>(&library, &guest.context, &slot));
    return static_cast<Errno>(slot);
  };
  EXPECT_EQ(swap(0), Errno::Success);
  EXPECT_EQ(swap(56), Errno::Success);
  for (uint32_t address :
       {57u, 63u, 64u, 65u, 0x7FFFFFFFu, 0x80000000u, 0xFFFFFFF8u, 0xFFFFFFFCu, 0xFFFFFFFFu})
    EXPECT_EQ(swap(address), Errno::Fault) << address;
}

TEST(GuestSpan, DoesNotOverflow) {
  Guest guest(64);
  Library library;
  auto sum = [&](uint32_t address, uint32_t count) {
    Slot slots[3] = {address, count, 100};
    EXPECT_TRUE(entry_of<&Library::sum>(&library, &guest.context, slots));
    return slots[0];
  };
  guest.bytes[1] = 1;
  guest.bytes[63] = 2;
  EXPECT_EQ(sum(0, 32), 100 + 0x100 + 0x200u);
  EXPECT_EQ(sum(64, 0), 100u) << "an empty span may stand at the end";
  for (auto [address, count] : std::initializer_list<std::pair<uint32_t, uint32_t>>{{65, 0},
                                                                                    {0, 33},
                                                                                    {1, 32},
                                                                                    {63, 1},
                                                                                    {0, 0x80000000},
                                                                                    {0, 0xFFFFFFFF},
                                                                                    {2, 0x7FFFFFFF},
                                                                                    {0xFFFFFFFE, 1},
                                                                                    {0xFFFFFFFF, 0xFFFFFFFF},
                                                                                    {32, 0x80000010}})
    EXPECT_EQ(sum(address, count), ~uint64_t{0}) << address << " " << count;
}

TEST(GuestMemory, IsEmptyWithoutAMemory) {
  Guest guest(0);
  guest.context.memory0 = nullptr;
  EXPECT_EQ(Caller(&guest.context).memory().size_bytes(), 0u);
  EXPECT_TRUE(Caller(&guest.context).memory().bytes(0, 0));
  EXPECT_FALSE(Caller(&guest.context).memory().bytes(0, 1));
  EXPECT_FALSE(Caller(&guest.context).memory().bytes(1, 0));
  EXPECT_EQ(Caller(&guest.context).instance(), nullptr);
}

TEST(GuestMemory, AgreesWithExactArithmetic) {
  Guest guest(70000);
  GuestMemory memory(&guest.memory);
  std::mt19937_64 random(20260101);
  auto edge = [&]() -> uint64_t {
    const uint64_t anchors[] = {0,           70000, uint64_t{1} << 31, uint64_t{1} << 32, uint64_t{1} << 63,
                                ~uint64_t{0}};
    return anchors[random() % 6] + random() % 9 - 4;
  };
  for (int i = 0; i < 100000; i++) {
    const uint64_t address = edge();
    const uint64_t size = edge();
    const bool inside = static_cast<unsigned __int128>(address) + size <= 70000;
    EXPECT_EQ(memory.bytes(address, size).has_value(), inside) << address << " " << size;
  }
}

TEST(GuestMemory, SeesGrowth) {
  Guest guest(64);
  GuestMemory memory(&guest.memory);
  guest.memory.size_bytes = 32;
  EXPECT_FALSE(memory.read<uint32_t>(32));
  guest.memory.size_bytes = 64;
  EXPECT_TRUE(memory.read<uint32_t>(32));
}

TEST(Caller, TellsOfInterruption) {
  Guest guest(0);
  Caller caller(&guest.context);
  EXPECT_FALSE(caller.interrupted());
  guest.store.interrupt = 1;
  EXPECT_TRUE(caller.interrupted());
}

}  // namespace
}  // namespace godwit::host
