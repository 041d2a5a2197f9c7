// Guests that generate on one thread: fibers of a Scheduler, with a real model.
#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "godwit/godwit.h"

namespace {

using namespace godwit;

// run(id, steps): asks the model "m" for so many tokens and tells note(id) of each; a negative number: for ever. Gives the
// last errno.
constexpr std::string_view kTalker = R"((module
  (import "wasi_ephemeral_nn" "load_by_name_with_config" (func $load (param i32 i32 i32 i32 i32) (result i32)))
  (import "wasi_ephemeral_nn" "init_execution_context" (func $init (param i32 i32) (result i32)))
  (import "wasi_ephemeral_nn" "set_input" (func $set (param i32 i32 i32) (result i32)))
  (import "wasi_ephemeral_nn" "compute" (func $compute (param i32) (result i32)))
  (import "wasi_ephemeral_nn" "compute_single" (func $step (param i32) (result i32)))
  (import "test" "note" (func $note (param i32)))
  (memory (export "memory") 1)
  (data (i32.const 0) "m")
  (data (i32.const 16) "{\"temp\":0,\"ignore-eos\":true,\"ctx-size\":4096}")
  (data (i32.const 128) "Once upon a time")
  (func $prepare (result i32)
    (drop (call $load (i32.const 0) (i32.const 1) (i32.const 16) (i32.const 44) (i32.const 96)))
    (if (call $init (i32.load (i32.const 96)) (i32.const 100)) (then (return (i32.const 1))))
    (i32.store (i32.const 200) (i32.const 220)) (i32.store (i32.const 204) (i32.const 1))
    (i32.store (i32.const 208) (i32.const 3))
    (i32.store (i32.const 212) (i32.const 128)) (i32.store (i32.const 216) (i32.const 16))
    (i32.store (i32.const 220) (i32.const 1))
    (call $set (i32.load (i32.const 100)) (i32.const 0) (i32.const 200)))
  (func (export "whole") (result i32)
    (drop (call $prepare))
    (call $compute (i32.load (i32.const 100))))
  (func (export "run") (param $id i32) (param $steps i32) (result i32) (local $errno i32)
    (if (call $prepare) (then unreachable))
    (loop
      (local.set $errno (call $step (i32.load (i32.const 100))))
      (if (i32.eqz (local.get $errno)) (then
        (call $note (local.get $id))
        (local.set $steps (i32.sub (local.get $steps) (i32.const 1)))
        (br_if 1 (local.get $steps)))))
    (local.get $errno))))";

class NnFibers : public testing::Test {
 protected:
  NnFibers()
      : engine_(*Engine::create()),
        module_(*Module::from_text(engine_, kTalker, "talker")),
        scheduler_(*Scheduler::create()) {
    EXPECT_TRUE(models_.preload("m:GGML:CPU:" GODWIT_MODEL_DIR "/tiny.gguf"));
  }

  struct Guest {
    Guest(NnFibers& test, NnConfig config)
        : wasi(*Wasi::create({.scheduler = &test.scheduler_})), store(test.engine_) {
      config.files = &wasi;
      nn.emplace(test.models_, config);
      linker.define(wasi);
      linker.define(*nn);
      linker.define("test", "note", [&test](int32_t id) { test.note(id); });
    }
    Wasi wasi;
    std::optional<Nn> nn;
    Linker linker;
    Store store;
  };

  void note(int32_t id) {
    notes_.push_back(id);
    if (on_note_) on_note_();
  }

  Guest& add(NnConfig config = {}) { return guests_.emplace_back(*this, std::move(config)); }

  // The errno, or -1 if the guest was ended.
  int32_t run(Guest& guest, const char* function, std::vector<Value> arguments) {
    auto instance = guest.linker.instantiate(guest.store, module_);
    EXPECT_TRUE(instance) << (instance ? "" : instance.error().message());
    auto results = instance->find_func(guest.store, function)->call(guest.store, arguments);
    if (!results) last_error_ = results.error().message();
    return results ? (*results)[0].as_i32() : -1;
  }

  Engine engine_;
  Module module_;
  Scheduler scheduler_;
  ModelRegistry models_;
  std::deque<Guest> guests_;
  std::vector<int32_t> notes_;
  std::function<void()> on_note_;
  std::string last_error_;
};

TEST_F(NnFibers, TakeTurnsTokenByToken) {
  constexpr int32_t kTokens = 40;
  for (int32_t id : {1, 2})
    ASSERT_TRUE(scheduler_.spawn([this, id, &guest = add()] {
      EXPECT_EQ(run(guest, "run", {Value::i32(id), Value::i32(kTokens)}), 0);
    }));
  ASSERT_TRUE(scheduler_.run());
  ASSERT_EQ(notes_.size(), 2u * kTokens);
  int turns = 0;
  for (size_t i = 1; i < notes_.size(); ++i) turns += notes_[i] != notes_[i - 1];
  EXPECT_GT(turns, kTokens) << "one after the other";
}

TEST_F(NnFibers, AnInterruptedOneEndsAndTheOtherGoesOn) {
  constexpr int32_t kTokens = 60;
  Guest& endless = add();
  Guest& other = add();
  int32_t ended = 0;
  size_t told_by_then = 0;
  ASSERT_TRUE(scheduler_.spawn([&] {
    ended = run(endless, "whole", {});  // until the context is full, 4096 tokens later
    told_by_then = notes_.size();
  }));
  ASSERT_TRUE(
      scheduler_.spawn([&] { EXPECT_EQ(run(other, "run", {Value::i32(2), Value::i32(kTokens)}), 0); }));
  on_note_ = [&] {
    if (notes_.size() == 5) endless.store.interrupt();
  };
  ASSERT_TRUE(scheduler_.run());
  EXPECT_EQ(ended, -1);
  EXPECT_NE(last_error_.find("interrupted"), std::string::npos) << last_error_;
  EXPECT_EQ(notes_.size(), static_cast<size_t>(kTokens));
}

TEST_F(NnFibers, QuotasHold) {
  Guest& few_tokens = add({.max_tokens = 30});
  Guest& no_context = add({.max_contexts = 1});
  Guest& no_time = add({.max_compute_time = std::chrono::nanoseconds(1)});
  ASSERT_TRUE(scheduler_.spawn([&] {
    EXPECT_EQ(run(few_tokens, "run", {Value::i32(1), Value::i32(-1)}), 5);
    EXPECT_GT(notes_.size(), 5u);
    EXPECT_LT(notes_.size(), 30u);
    EXPECT_EQ(run(few_tokens, "whole", {}), 5) << "nothing is left";
    notes_.clear();
    EXPECT_EQ(run(no_context, "run", {Value::i32(2), Value::i32(2)}), 0);
    EXPECT_NE(run(no_context, "run", {Value::i32(2), Value::i32(2)}), 0) << "a second context";
    EXPECT_EQ(run(no_time, "whole", {}), 5);
  }));
  ASSERT_TRUE(scheduler_.run());
}

}  // namespace
