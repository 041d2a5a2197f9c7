// Runs a WASI program: the least an embedder needs.
//   hello app.wasm [argument...]
#include <cstdio>

#include "godwit/godwit.h"

namespace {

int report(const godwit::Error& error) {
  if (error.kind() == godwit::ErrorKind::Exit) return static_cast<int>(error.code());
  std::fprintf(stderr, "error: %s\n", error.message().c_str());
  return 1;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) return std::fprintf(stderr, "usage: %s app.wasm [argument...]\n", argv[0]), 2;
  const auto engine = godwit::Engine::create();
  if (!engine) return report(engine.error());
  const auto module = godwit::Module::from_file(*engine, argv[1]);
  if (!module) return report(module.error());
  auto wasi = godwit::Wasi::create({.args = {argv + 1, argv + argc}});
  if (!wasi) return report(wasi.error());

  godwit::Linker linker;
  linker.define(*wasi);
  godwit::Store store(*engine);
  const auto instance = linker.instantiate(store, *module);
  if (!instance) return report(instance.error());
  const auto start = instance->find_func(store, "_start");
  if (!start) return std::fprintf(stderr, "error: %s is no command: it exports no _start\n", argv[1]), 1;
  const auto done = start->call(store);
  return done ? 0 : report(done.error());
}
