// Functions of the host that a guest calls, typed calls of the guest's, and its memory read and written.
#include <cstdio>
#include <cstring>
#include <stdexcept>

#include "godwit/godwit.h"

namespace {

constexpr const char* kGuest = R"(
  (import "host" "print" (func $print (param i32 i32)))
  (import "host" "area" (func $area (param f64 f64) (result f64)))
  (import "host" "fail" (func $fail))
  (import "host" "fail_dynamically" (func $fail_dynamically))
  (memory (export "memory") 1)
  (data (i32.const 0) "hello from the guest")
  (func (export "greet") (call $print (i32.const 0) (i32.const 20)))
  (func (export "room") (param f64 f64) (result f64) (f64.mul (call $area (local.get 0) (local.get 1)) (f64.const 2.5)))
  (func (export "count") (param $at i32) (param $size i32) (result i32) (local $spaces i32)
    (block $done
      (loop $next
        (br_if $done (i32.eqz (local.get $size)))
        (local.set $spaces (i32.add (local.get $spaces) (i32.eq (i32.load8_u (local.get $at)) (i32.const 32))))
        (local.set $at (i32.add (local.get $at) (i32.const 1)))
        (local.set $size (i32.sub (local.get $size) (i32.const 1)))
        (br $next)))
    (i32.add (local.get $spaces) (i32.const 1)))
  (func (export "try") (call $fail))
  (func (export "try_dynamically") (call $fail_dynamically)))";

int report(const godwit::Error& error) {
  std::fprintf(stderr, "error: %s\n", error.message().c_str());
  return 1;
}

}  // namespace

int main() {
  const auto engine = godwit::Engine::create();
  if (!engine) return report(engine.error());
  const auto module = godwit::Module::from_text(*engine, kGuest);
  if (!module) return report(module.error());

  godwit::Linker linker;
  linker.define(
      "host", "print", [](godwit::Caller& caller, uint32_t address, uint32_t size) -> godwit::Result<void> {
        auto text = caller.text(address, size);  // checked: an address outside ends the guest, not the host
        if (!text) return std::move(text).error();
        std::printf("%s\n", text->c_str());
        return {};
      });
  linker.define("host", "area", [](double width, double length) { return width * length; });
  linker.define("host", "fail", [] { throw std::runtime_error("no such file"); });

  const auto defined = linker.define(
      "host", "fail_dynamically", {},
      [](auto&, auto, auto) -> godwit::Result<void> { throw std::runtime_error("no such table"); });
  if (!defined) return report(defined.error());

  godwit::Store store(*engine);
  const auto instance = linker.instantiate(store, *module);
  if (!instance) return report(instance.error());

  const auto greet = instance->find_func(store, "greet")->typed<void()>(store);
  if (auto called = greet->call(store); !called) return report(called.error());

  const auto room = instance->find_func(store, "room")->typed<double(double, double)>(store);
  std::printf("a room of 3 by 4 metres, 2.5 high: %g cubic metres\n", *room->call(store, 3, 4));

  constexpr char kText[] = "four words for you";
  const auto memory = instance->find_memory(store, "memory")->bytes(store);
  std::memcpy(memory->data() + 1024, kText, sizeof kText - 1);
  const auto count = instance->find_func(store, "count")->typed<uint32_t(uint32_t, uint32_t)>(store);
  std::printf("\"%s\": %u words\n", kText, *count->call(store, 1024, sizeof kText - 1));

  for (const char* name : {"try", "try_dynamically"}) {
    const auto failed = instance->find_func(store, name)->call(store);
    std::printf("the guest ended: %s\n", failed.error().message().c_str());
  }
  return 0;
}
