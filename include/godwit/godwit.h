// Everything of the public API.
//
//   auto engine = godwit::Engine::create();
//   auto module = godwit::Module::from_file(*engine, "app.wasm");
//   auto wasi = godwit::Wasi::create({.args = {"app.wasm"}});
//   godwit::Linker linker;
//   linker.define(*wasi);
//   godwit::Store store(*engine);
//   auto instance = linker.instantiate(store, *module);
//   auto result = instance->find_func(store, "_start")->call(store);
#pragma once

#include "godwit/caller.h"
#include "godwit/config.h"
#include "godwit/engine.h"
#include "godwit/error.h"
#include "godwit/exception.h"
#include "godwit/extern.h"
#include "godwit/func.h"
#include "godwit/global.h"
#include "godwit/host_func.h"
#include "godwit/instance.h"
#include "godwit/linker.h"
#include "godwit/memory.h"
#include "godwit/module.h"
#include "godwit/nn.h"
#include "godwit/profiler.h"
#include "godwit/result.h"
#include "godwit/scheduler.h"
#include "godwit/shared_memory.h"
#include "godwit/snapshot.h"
#include "godwit/statistics.h"
#include "godwit/store.h"
#include "godwit/table.h"
#include "godwit/threads.h"
#include "godwit/tls.h"
#include "godwit/typed.h"
#include "godwit/types.h"
#include "godwit/value.h"
#include "godwit/version.h"
#include "godwit/wasi.h"
