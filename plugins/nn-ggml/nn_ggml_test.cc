// The llama.cpp backend through its ABI, as a host sees it.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <memory>
#include <nlohmann/json.hpp>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "godwit/abi/nn_backend.h"
#include "memory.h"
#include "options.h"

namespace {

const godwit_nn_backend& backend() { return *godwit_nn_backend_v1(GODWIT_NN_ABI_MAJOR, GODWIT_NN_ABI_MINOR); }

// The host's side of a call.
struct Host {
  std::string explanation;
  double progress = 0;
  int polls_until_cancel = -1;  // -1: never
  godwit_nn_call call;

  Host() {
    call.struct_size_bytes = sizeof call;
    call.user = this;
    call.log = [](void*, uint32_t, const char*, uint64_t) {};
    call.explain = [](void* user, const char* text, uint64_t size) {
      static_cast<Host*>(user)->explanation.assign(text, size);
    };
    call.progress = [](void* user, double fraction) { static_cast<Host*>(user)->progress = fraction; };
    call.should_cancel = [](void* user) -> int32_t {
      int& polls = static_cast<Host*>(user)->polls_until_cancel;
      if (polls < 0) return 0;
      if (polls == 0) return 1;
      --polls;
      return 0;
    };
    call.open_file = [](void*, const char*, uint64_t, int32_t*) -> godwit_nn_status {
      return GODWIT_NN_NOT_FOUND;
    };
    call.tenant = 0;
    call.emit = nullptr;
    call.spend = nullptr;
  }
};

struct Model {
  godwit_nn_model* model = nullptr;
  Host host;

  godwit_nn_status open(const std::string& file) {
    const std::string path = std::string(GODWIT_MODEL_DIR) + "/" + file;
    const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    EXPECT_GE(fd, 0) << path << ": run ./dev setup";
    const godwit_nn_part part{.fd = fd, .name = file.c_str(), .data = {}};
    const godwit_nn_status status = open_part(part);
    close(fd);
    return status;
  }
  godwit_nn_status open_bytes(std::string_view bytes) {
    return open_part(
        {.fd = -1, .name = "bytes", .data = {reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size()}});
  }
  godwit_nn_status open_part(const godwit_nn_part& part) {
    const godwit_nn_model_source source{.struct_size_bytes = sizeof source,
                                        .target = GODWIT_NN_TARGET_CPU,
                                        .parts = &part,
                                        .part_count = 1,
                                        .is_trusted = 1};
    return backend().open_model(&source, &host.call, &model);
  }
  ~Model() {
    if (model) backend().release_model(model);
  }
};

struct Context {
  godwit_nn_context* context = nullptr;
  godwit_nn_status built;
  Host host;

  Context(Model& model, std::string_view config) {
    godwit_nn_graph* graph = nullptr;
    built = backend().build_graph(
        model.model, {reinterpret_cast<const uint8_t*>(config.data()), config.size()}, &host.call, &graph);
    if (built != GODWIT_NN_OK) return;
    EXPECT_EQ(backend().create_context(graph, &host.call, &context), GODWIT_NN_OK);
    backend().release_graph(graph);
  }
  ~Context() {
    if (context) backend().release_context(context);
  }
  godwit_nn_status set(uint32_t index, std::string_view text) {
    const uint32_t dimension = static_cast<uint32_t>(text.size());
    const godwit_nn_tensor tensor{.dimensions = &dimension,
                                  .dimension_count = 1,
                                  .type = GODWIT_NN_U8,
                                  .data = {reinterpret_cast<const uint8_t*>(text.data()), text.size()}};
    return backend().set_input(context, index, &tensor, &host.call);
  }
  godwit_nn_status compute() { return backend().compute(context, &host.call); }
  std::string output(uint32_t index = 0) {
    godwit_nn_bytes bytes{};
    EXPECT_EQ(backend().get_output(context, index, &bytes, &host.call), GODWIT_NN_OK);
    return {reinterpret_cast<const char*>(bytes.data), static_cast<size_t>(bytes.size_bytes)};
  }
  nlohmann::json counts() { return nlohmann::json::parse(output(1)); }
  // Steps to the end; gives the text of all steps.
  std::string stream(godwit_nn_status& last) {
    std::string text;
    while ((last = backend().step(context, &host.call)) == GODWIT_NN_OK) {
      godwit_nn_bytes bytes{};
      EXPECT_EQ(backend().get_step_output(context, 0, &bytes, &host.call), GODWIT_NN_OK);
      text.append(reinterpret_cast<const char*>(bytes.data), static_cast<size_t>(bytes.size_bytes));
    }
    EXPECT_EQ(backend().finish_steps(context, &host.call), GODWIT_NN_OK);
    return text;
  }
};

constexpr const char* kSmol = "smollm2-135m-instruct-q4_1.gguf";
constexpr const char* kTiny = "tiny.gguf";
constexpr const char* kItaly =
    "<|im_start|>user\nWhat is the capital of Italy?<|im_end|>\n<|im_start|>assistant\n";

TEST(NnGgml, SaysWhatItIs) {
  EXPECT_EQ(backend().abi_major, GODWIT_NN_ABI_MAJOR);
  EXPECT_EQ(backend().encoding, 6u);
  EXPECT_STREQ(backend().name, "ggml");
}

TEST(NnGgml, AnswersAndCounts) {
  Model model;
  ASSERT_EQ(model.open(kSmol), GODWIT_NN_OK) << model.host.explanation;
  Context context(model, R"({"temp": 0, "n-predict": 24, "ctx-size": 512})");
  ASSERT_EQ(context.built, GODWIT_NN_OK) << context.host.explanation;
  EXPECT_EQ(context.host.progress, 1.0);
  ASSERT_EQ(context.set(0, kItaly), GODWIT_NN_OK);
  ASSERT_EQ(context.compute(), GODWIT_NN_OK) << context.host.explanation;
  const std::string whole = context.output();
  EXPECT_NE(whole.find("Rome"), std::string::npos) << whole;
  const nlohmann::json counts = context.counts();
  EXPECT_GT(counts["input_tokens"], 10);
  EXPECT_GT(counts["output_tokens"], 3);
  EXPECT_TRUE(counts.contains("llama_build_number") && counts.contains("llama_commit"));
  EXPECT_EQ(counts["chat_template"], "chatml");

  // Steps give the same text, in a context that has been used and in a fresh one.
  godwit_nn_status last = GODWIT_NN_OK;
  EXPECT_EQ(context.stream(last), whole);
  EXPECT_EQ(last, GODWIT_NN_END_OF_SEQUENCE);
  Context fresh(model, R"({"temp": 0, "n-predict": 24, "ctx-size": 512})");
  ASSERT_EQ(fresh.set(0, kItaly), GODWIT_NN_OK);
  EXPECT_EQ(fresh.stream(last), whole);
}

TEST(NnGgml, GoesOnFromTheTextItHasRead) {
  Model model;
  ASSERT_EQ(model.open(kSmol), GODWIT_NN_OK);
  Context context(model, R"({"temp": 0, "n-predict": 16, "ctx-size": 512})");
  ASSERT_EQ(context.set(0, kItaly), GODWIT_NN_OK);
  ASSERT_EQ(context.compute(), GODWIT_NN_OK);
  EXPECT_EQ(context.counts()["reused_tokens"], 0);
  const std::string longer = kItaly + context.output() +
                             "<|im_end|>\n<|im_start|>user\nAnd of France?<|im_end|>\n"
                             "<|im_start|>assistant\n";
  ASSERT_EQ(context.set(0, longer), GODWIT_NN_OK);
  ASSERT_EQ(context.compute(), GODWIT_NN_OK);
  EXPECT_GT(context.counts()["reused_tokens"], 15);
  const std::string with_reuse = context.output();
  Context fresh(model, R"({"temp": 0, "n-predict": 16, "ctx-size": 512})");
  ASSERT_EQ(fresh.set(0, longer), GODWIT_NN_OK);
  ASSERT_EQ(fresh.compute(), GODWIT_NN_OK);
  EXPECT_EQ(fresh.output(), with_reuse);
}

TEST(NnGgml, ContextsDoNotDisturbEachOther) {
  Model model;
  ASSERT_EQ(model.open(kTiny), GODWIT_NN_OK) << model.host.explanation;
  constexpr const char* kConfig = R"({"temp": 0, "n-predict": 12, "ctx-size": 128, "threads": 1})";
  const auto alone = [&](const char* prompt) {
    Context context(model, kConfig);
    EXPECT_EQ(context.set(0, prompt), GODWIT_NN_OK);
    EXPECT_EQ(context.compute(), GODWIT_NN_OK);
    return context.output();
  };
  Context one(model, kConfig), two(model, kConfig);
  ASSERT_EQ(one.set(0, "abc"), GODWIT_NN_OK);
  ASSERT_EQ(two.set(0, "xyz"), GODWIT_NN_OK);
  std::string texts[2];
  Context* contexts[] = {&one, &two};
  for (int round = 0; round < 12; ++round)
    for (int which = 0; which < 2; ++which) {
      if (backend().step(contexts[which]->context, &contexts[which]->host.call) != GODWIT_NN_OK) continue;
      godwit_nn_bytes bytes{};
      ASSERT_EQ(backend().get_step_output(contexts[which]->context, 0, &bytes, &contexts[which]->host.call),
                GODWIT_NN_OK);
      texts[which].append(reinterpret_cast<const char*>(bytes.data), static_cast<size_t>(bytes.size_bytes));
    }
  EXPECT_EQ(texts[0], alone("abc"));
  EXPECT_EQ(texts[1], alone("xyz"));
}

// Contexts of many threads share passes, come and go meanwhile, and say what they say alone.
TEST(NnGgml, ContextsRunTogether) {
  Model model;
  ASSERT_EQ(model.open(kTiny), GODWIT_NN_OK) << model.host.explanation;
  constexpr const char* kConfig = R"({"temp": 0, "n-predict": 12, "ctx-size": 128, "threads": 1})";
  constexpr const char* kAlone =
      R"({"temp": 0, "n-predict": 12, "ctx-size": 128, "threads": 1, "cont-batching": false})";
  constexpr int kThreads = 6, kRounds = 5;
  const auto prompt = [](int number) {
    return std::string(static_cast<size_t>(3 + 7 * number), static_cast<char>('a' + number));
  };
  std::vector<std::string> expected;
  for (int number = 0; number < kThreads; ++number) {
    Context context(model, kAlone);
    ASSERT_EQ(context.set(0, prompt(number)), GODWIT_NN_OK);
    ASSERT_EQ(context.compute(), GODWIT_NN_OK);
    expected.push_back(context.output());
  }
  std::vector<std::thread> threads;
  for (int number = 0; number < kThreads; ++number)
    threads.emplace_back([&, number] {
      for (int round = 0; round < kRounds; ++round) {
        Context context(model, kConfig);
        ASSERT_EQ(context.set(0, prompt(number)), GODWIT_NN_OK);
        godwit_nn_status last = GODWIT_NN_END_OF_SEQUENCE;
        if ((number + round) % 2) ASSERT_EQ(context.compute(), GODWIT_NN_OK) << context.host.explanation;
        else context.stream(last);
        ASSERT_EQ(last, GODWIT_NN_END_OF_SEQUENCE) << context.host.explanation;
        EXPECT_EQ(context.output(), expected[static_cast<size_t>(number)]) << number;
        // What it holds moves with it when the batch grows.
        ASSERT_EQ(context.compute(), GODWIT_NN_OK);
        EXPECT_EQ(context.output(), expected[static_cast<size_t>(number)]) << number;
        EXPECT_GT(context.counts()["reused_tokens"], 0);
      }
    });
  for (std::thread& thread : threads) thread.join();
}

TEST(NnGgml, OneGivesUpAndTheOthersGoOn) {
  Model model;
  ASSERT_EQ(model.open(kTiny), GODWIT_NN_OK);
  constexpr const char* kConfig = R"({"temp": 0, "ctx-size": 256, "threads": 1, "ignore-eos": true})";
  Context patient(model, kConfig), another(model, kConfig), hasty(model, kConfig);
  for (Context* context : {&patient, &another, &hasty}) ASSERT_EQ(context->set(0, "abc"), GODWIT_NN_OK);
  hasty.host.polls_until_cancel = 5;
  std::thread first([&] { EXPECT_EQ(patient.compute(), GODWIT_NN_CONTEXT_FULL); });
  std::thread second([&] { EXPECT_EQ(another.compute(), GODWIT_NN_CONTEXT_FULL); });
  EXPECT_EQ(hasty.compute(), GODWIT_NN_CANCELLED);
  first.join();
  second.join();
  for (Context* context : {&patient, &another}) EXPECT_GT(context->counts()["output_tokens"], 200);
  hasty.host.polls_until_cancel = -1;
  ASSERT_EQ(hasty.set(1, R"({"n-predict": 4})"), GODWIT_NN_OK);
  EXPECT_EQ(hasty.compute(), GODWIT_NN_OK);
  EXPECT_EQ(hasty.counts()["output_tokens"], 4);
}

TEST(NnGgml, WhatFailsForOneGoesOnForOthers) {
  Model model;
  ASSERT_EQ(model.open(kTiny), GODWIT_NN_OK);
  constexpr const char* kConfig = R"({"temp": 0, "ctx-size": 512, "threads": 1, "ignore-eos": true})";
  Context patient(model, kConfig), nasty(model, kConfig);
  ASSERT_EQ(patient.set(0, "abc"), GODWIT_NN_OK);
  ASSERT_EQ(nasty.set(0, "abc"), GODWIT_NN_OK);
  // its sampler throws once the first character is chosen
  ASSERT_EQ(nasty.set(1, R"({"grammar": "root ::= [^#] (((\"a\"?){100}){100}){100}"})"), GODWIT_NN_OK);
  std::atomic<bool> is_done = false;
  std::thread other([&] {
    EXPECT_EQ(patient.compute(), GODWIT_NN_CONTEXT_FULL) << patient.host.explanation;
    is_done = true;
  });
  do EXPECT_EQ(nasty.compute(), GODWIT_NN_RUNTIME_ERROR);
  while (!is_done);
  other.join();
  EXPECT_GT(patient.counts()["output_tokens"], 400);
}

TEST(NnGgml, MoreContextsThanABatchHas) {
  Model model;
  ASSERT_EQ(model.open(kTiny), GODWIT_NN_OK);
  std::vector<std::unique_ptr<Context>> contexts;
  for (int i = 0; i < 66; ++i) {
    contexts.push_back(
        std::make_unique<Context>(model, R"({"temp": 0, "n-predict": 1, "ctx-size": 64, "threads": 1})"));
    ASSERT_EQ(contexts.back()->set(0, "abc"), GODWIT_NN_OK);
    ASSERT_EQ(contexts.back()->compute(), GODWIT_NN_OK) << i << contexts.back()->host.explanation;
  }
}

TEST(NnGgml, StopsWhereItIsTold) {
  Model model;
  ASSERT_EQ(model.open(kSmol), GODWIT_NN_OK);
  Context context(model, R"({"temp": 0, "n-predict": 30, "ctx-size": 512, "reverse-prompt": "Rome"})");
  ASSERT_EQ(context.set(0, kItaly), GODWIT_NN_OK);
  ASSERT_EQ(context.compute(), GODWIT_NN_OK);
  const std::string text = context.output();
  EXPECT_EQ(text.find("Rome"), text.size() - 4) << text;
  ASSERT_EQ(context.set(1, R"({"n-predict": 2, "reverse-prompt": ""})"), GODWIT_NN_OK);
  ASSERT_EQ(context.compute(), GODWIT_NN_OK);
  EXPECT_EQ(context.counts()["output_tokens"], 2);
  ASSERT_EQ(context.set(1, R"({"n-predict": 0})"), GODWIT_NN_OK);
  ASSERT_EQ(context.compute(), GODWIT_NN_OK);
  EXPECT_EQ(context.output(), "");
}

TEST(NnGgml, KnowsWhenTheContextIsFull) {
  Model model;
  ASSERT_EQ(model.open(kTiny), GODWIT_NN_OK);
  Context context(model, R"({"temp": 0, "ctx-size": 64, "threads": 1, "ignore-eos": true})");
  ASSERT_EQ(context.set(0, "abc"), GODWIT_NN_OK);
  EXPECT_EQ(context.compute(), GODWIT_NN_CONTEXT_FULL);
  EXPECT_GT(context.counts()["output_tokens"], 8);
  EXPECT_FALSE(context.output().empty());
  EXPECT_EQ(context.set(0, std::string(10000, 'a')), GODWIT_NN_PROMPT_TOO_LONG);
  EXPECT_NE(context.host.explanation.find("ctx-size"), std::string::npos);
}

// Long texts have a stack of their own, and what cannot fit is not even read.
TEST(NnGgml, ReadsTextsOfAnyLength) {
  Model model;
  ASSERT_EQ(model.open(kSmol), GODWIT_NN_OK);
  Context context(model, R"({"temp": 0, "n-predict": 1, "ctx-size": 4096})");
  for (const char* word : {"a", "1", " ", "\u3002", "!", "a "}) {
    std::string text;
    while (text.size() < 300000) text += word;
    const godwit_nn_status status = context.set(0, text);
    EXPECT_TRUE(status == GODWIT_NN_PROMPT_TOO_LONG || status == GODWIT_NN_OK) << word;
  }
  EXPECT_EQ(context.set(0, std::string(20000000, 'a')), GODWIT_NN_PROMPT_TOO_LONG);
  EXPECT_NE(context.host.explanation.find("20000000 bytes"), std::string::npos) << context.host.explanation;
  EXPECT_EQ(context.set(0, std::string(9000, ' ')), GODWIT_NN_OK) << context.host.explanation;
}

TEST(NnGgml, FollowsGrammarAndSchema) {
  Model model;
  ASSERT_EQ(model.open(kSmol), GODWIT_NN_OK);
  Context context(
      model, R"({"temp": 0, "n-predict": 40, "ctx-size": 512, "grammar": "root ::= \"Paris\" | \"Oslo\""})");
  ASSERT_EQ(context.set(0, kItaly), GODWIT_NN_OK);
  ASSERT_EQ(context.compute(), GODWIT_NN_OK) << context.host.explanation;
  EXPECT_TRUE(context.output() == "Paris" || context.output() == "Oslo") << context.output();
  ASSERT_EQ(context.set(1, R"({"grammar": "", "n-predict": 64, "json-schema":
      "{\"type\":\"object\",\"properties\":{\"city\":{\"type\":\"string\",\"maxLength\":12}},\"required\":[\"city\"]}"})"),
            GODWIT_NN_OK);
  ASSERT_EQ(context.compute(), GODWIT_NN_OK) << context.host.explanation;
  EXPECT_TRUE(nlohmann::json::parse(context.output(), nullptr, false).contains("city")) << context.output();
  ASSERT_EQ(context.set(1, R"({"grammar": "root ::= ("})"), GODWIT_NN_OK);
  EXPECT_EQ(context.compute(), GODWIT_NN_INVALID_ARGUMENT);
  ASSERT_EQ(context.set(1, R"({"grammar": "", "json-schema": "{]"})"), GODWIT_NN_OK);
  EXPECT_EQ(context.compute(), GODWIT_NN_INVALID_ARGUMENT);
}

// Grammars that would send llama.cpp's readers through the end of the stack, or nearly.
TEST(NnGgml, SurvivesAnyGrammar) {
  Model model;
  ASSERT_EQ(model.open(kTiny), GODWIT_NN_OK);
  Context context(model, R"({"temp": 0, "n-predict": 2, "ctx-size": 128, "threads": 1})");
  ASSERT_EQ(context.set(0, "abc"), GODWIT_NN_OK);
  const auto nested = [](int depth) {
    return "root ::= " + std::string(static_cast<size_t>(depth), '(') + "\"a\"" +
           std::string(static_cast<size_t>(depth), ')');
  };
  std::string chain = "root ::= r0\n";
  for (int rule = 0; chain.size() < 64000; ++rule)
    chain.append("r")
        .append(std::to_string(rule))
        .append(" ::= r")
        .append(std::to_string(rule + 1))
        .append("\n");
  chain += "r" + std::to_string(std::ranges::count(chain, '\n') - 1) + " ::= \"a\"\n";
  std::string schema = "true";
  for (int depth = 0; depth < 100; ++depth) schema.insert(0, R"({"type":"array","items":)").append("}");
  for (const auto& [key, text] :
       {std::pair("grammar", nested(200)), std::pair("grammar", chain), std::pair("json-schema", schema),
        std::pair("json-schema", std::string(R"({"type":"string","pattern":"^)") + std::string(150, '(') +
                                     "a" + std::string(150, ')') + R"($"})")}) {
    nlohmann::json options = {{"grammar", ""}, {"json-schema", ""}};
    options[key] = text;
    ASSERT_EQ(context.set(1, options.dump()), GODWIT_NN_OK) << context.host.explanation;
    const godwit_nn_status status = context.compute();
    EXPECT_TRUE(status == GODWIT_NN_OK || status == GODWIT_NN_INVALID_ARGUMENT ||
                status == GODWIT_NN_RUNTIME_ERROR)
        << status;
  }
  EXPECT_EQ(context.set(1, nlohmann::json{{"grammar", nested(100000)}}.dump()), GODWIT_NN_INVALID_ARGUMENT);
  // a million ways to go on
  ASSERT_EQ(context.set(1, R"({"json-schema": "", "grammar": "root ::= (((\"a\"?){100}){100}){100}"})"),
            GODWIT_NN_OK);
  EXPECT_EQ(context.compute(), GODWIT_NN_RUNTIME_ERROR);
  EXPECT_NE(context.host.explanation.find("too many ways"), std::string::npos) << context.host.explanation;
}

TEST(NnGgml, SamplesBySeed) {
  Model model;
  ASSERT_EQ(model.open(kTiny), GODWIT_NN_OK);
  const auto run = [&](const char* config) {
    Context context(model, config);
    EXPECT_EQ(context.set(0, "abc"), GODWIT_NN_OK);
    EXPECT_EQ(context.compute(), GODWIT_NN_OK) << context.host.explanation;
    return context.output();
  };
  constexpr const char* kSeven =
      R"({"temp": 1.5, "top-k": 0, "n-predict": 20, "ctx-size": 128, "threads": 1, "seed": 7, "repeat-penalty": 1.1})";
  constexpr const char* kEight =
      R"({"temp": 1.5, "top-k": 0, "n-predict": 20, "ctx-size": 128, "threads": 1, "seed": 8, "repeat-penalty": 1.1})";
  EXPECT_EQ(run(kSeven), run(kSeven));
  EXPECT_NE(run(kSeven), run(kEight));
  for (
      const char* config :
      {R"({"mirostat": 1, "seed": 1, "n-predict": 5, "ctx-size": 128, "threads": 1})",
       R"({"mirostat": 2, "seed": 1, "n-predict": 5, "ctx-size": 128, "threads": 1})",
       R"({"dry-multipier": 0.8, "last-n-penalty": -1, "frequency-penalty": 1, "seed": 1, "n-predict": 5, "ctx-size": 128, "threads": 1})",
       R"({"xtc-probability": 0.5, "dynatemp-range": 0.5, "typ-p": 0.9, "seed": 1, "n-predict": 5, "ctx-size": 128, "threads": 1})"})
    EXPECT_FALSE(run(config).empty()) << config;
}

TEST(NnGgml, Embeds) {
  Model model;
  ASSERT_EQ(model.open(kSmol), GODWIT_NN_OK);
  Context context(model, R"({"embedding": true, "ctx-size": 256, "pooling-type": "mean"})");
  ASSERT_EQ(context.set(0, "a ship on the sea"), GODWIT_NN_OK);
  ASSERT_EQ(context.compute(), GODWIT_NN_OK) << context.host.explanation;
  const nlohmann::json embedding = nlohmann::json::parse(context.output());
  ASSERT_EQ(embedding["n_embedding"], embedding["embedding"].size());
  double square = 0;
  for (const double value : embedding["embedding"]) square += value * value;
  EXPECT_NEAR(square, 1.0, 1e-3);
  EXPECT_EQ(backend().step(context.context, &context.host.call), GODWIT_NN_UNSUPPORTED_OPERATION);
  // Back to text, with the same context.
  ASSERT_EQ(context.set(1, R"({"embedding": false, "temp": 0, "n-predict": 3})"), GODWIT_NN_OK);
  ASSERT_EQ(context.compute(), GODWIT_NN_OK) << context.host.explanation;
  EXPECT_EQ(context.counts()["output_tokens"], 3);
}

TEST(NnGgml, CanBeCancelled) {
  Model model;
  ASSERT_EQ(model.open(kSmol), GODWIT_NN_OK);
  Context context(model, R"({"temp": 0, "ctx-size": 512, "n-predict": 4})");
  ASSERT_EQ(context.set(0, kItaly), GODWIT_NN_OK);
  context.host.polls_until_cancel = 20;
  EXPECT_EQ(context.compute(), GODWIT_NN_CANCELLED);
  context.host.polls_until_cancel = -1;
  EXPECT_EQ(context.compute(), GODWIT_NN_OK);
  Model other;
  ASSERT_EQ(other.open(kTiny), GODWIT_NN_OK);
  Host host;
  host.polls_until_cancel = 0;
  godwit_nn_graph* graph = nullptr;
  EXPECT_EQ(backend().build_graph(other.model, {}, &host.call, &graph), GODWIT_NN_CANCELLED);
}

TEST(NnGgml, RefusesWhatIsNoModel) {
  Model text;
  EXPECT_EQ(text.open_bytes("hello"), GODWIT_NN_INVALID_ENCODING);
  EXPECT_NE(text.host.explanation.find("GGUF"), std::string::npos);
  Model truncated;
  ASSERT_EQ(truncated.open_bytes(std::string("GGUF\3\0\0\0\1\0\0\0", 12)), GODWIT_NN_OK);
  Context context(truncated, "");
  EXPECT_EQ(context.built, GODWIT_NN_RUNTIME_ERROR);
  // says why, not only that
  EXPECT_NE(context.host.explanation.find("llama.cpp cannot run bytes: "), std::string::npos);
  EXPECT_EQ(context.host.explanation.find("failed to load model"), std::string::npos)
      << context.host.explanation;
}

TEST(NnGgml, RefusesOptionsThatMakeNoSense) {
  using godwit::ggml::merged;
  using godwit::ggml::Options;
  for (const char* json :
       {"[]", "{", R"({"temp": "hot"})", R"({"n-predict": 1.5})", R"({"ctx-size": -1})",
        R"({"embedding": 1})", R"({"ctx-size": 99999999999999999999})", R"({"repeat-penalty": 0})",
        R"({"cache-type-k": "q1"})", R"({"reverse-prompt": [1]})", R"({"flash-attn": "maybe"})",
        R"({"tensor-split": "a"})"}) {
    const auto options = merged(Options{}, json);
    ASSERT_FALSE(options) << json;
    EXPECT_EQ(options.error().status, GODWIT_NN_INVALID_ARGUMENT) << json;
  }
  const auto image = merged(Options{}, R"({"image": "cat.png"})");
  ASSERT_FALSE(image);
  EXPECT_EQ(image.error().status, GODWIT_NN_UNSUPPORTED_OPERATION);
  // Keys of other programs do nothing.
  const auto options = merged(
      Options{}, R"({"port": 8080, "cont-batching": true, "image": "", "temp": 0, "flash-attn": true})");
  ASSERT_TRUE(options);
  EXPECT_EQ(options->sampling.temperature, 0);
  EXPECT_EQ(options->context.flash_attention, "on");
}

// llama.cpp ends the process where its assumptions fail; whatever a guest asks for must end as a status instead.
TEST(NnGgml, SurvivesAnyOptions) {
  Model model;
  ASSERT_EQ(model.open(kTiny), GODWIT_NN_OK);
  const std::vector<std::pair<const char*, std::vector<const char*>>> choices = {
      {"ctx-size", {"1", "4", "5", "8", "64", "100", "4096"}},
      {"batch-size", {"1", "3", "64", "65536"}},
      {"ubatch-size", {"1", "7", "65536"}},
      {"threads", {"0", "1"}},
      {"threads-batch", {"1", "2"}},
      {"embedding", {"true", "false"}},
      {"flash-attn", {"true", "false", "\"auto\""}},
      {"cache-type-k", {"\"q8_0\"", "\"q4_0\"", "\"f32\"", "\"iq4_nl\""}},
      {"cache-type-v", {"\"q8_0\"", "\"q5_1\"", "\"bf16\""}},
      {"pooling-type", {"\"none\"", "\"mean\"", "\"cls\"", "\"last\"", "\"rank\""}},
      {"attention-type", {"\"causal\"", "\"non-causal\""}},
      {"rope-scaling-type", {"\"none\"", "\"linear\"", "\"yarn\""}},
      {"rope-freq-base", {"0", "1e12", "1e-9"}},
      {"rope-freq-scale", {"0", "1e6", "1e-9"}},
      {"yarn-orig-ctx", {"0", "1", "16777216"}},
      {"yarn-ext-factor", {"0", "1e6"}},
      {"yarn-beta-fast", {"0", "1e6"}},
      {"temp", {"-1", "0", "1e-9", "1000"}},
      {"dynatemp-range", {"0", "1000"}},
      {"dynatemp-exponent", {"-1000", "0", "1000"}},
      {"top-k", {"-1", "0", "1", "2147483647"}},
      {"top-p", {"0", "1", "0.5"}},
      {"min-p", {"0", "1"}},
      {"typ-p", {"0", "0.5"}},
      {"xtc-probability", {"1"}},
      {"xtc-threshold", {"0", "0.6"}},
      {"last-n-penalty", {"-1", "0", "1", "1000000"}},
      {"repeat-penalty", {"0.001", "1000"}},
      {"presence-penalty", {"-1000", "1000"}},
      {"frequency-penalty", {"-1000", "1000"}},
      {"dry-multiplier", {"0", "1000"}},
      {"dry-base", {"0", "1000"}},
      {"dry-allowed-length", {"0", "1000000"}},
      {"dry-last-n-penalty", {"-1", "0", "1000000"}},
      {"mirostat", {"0", "1", "2"}},
      {"mirostat-ent", {"0", "1000"}},
      {"mirostat-eta", {"0", "1000"}},
      {"ignore-eos", {"true"}},
      {"grammar", {"\"root ::= \\\"a\\\"*\"", "\"root ::= root\"", "\"x\"", "\"root ::= [^a]{3,5}\""}},
      {"seed", {"-1", "0", "4294967295"}},
      {"embd-normalize", {"-1", "0", "1", "2", "3"}},
      {"n-predict", {"0", "5"}},
      {"use-mmap", {"false"}},
      {"check-tensors", {"true"}},
      {"split-mode", {"\"row\"", "\"none\""}},
      {"n-cpu-moe", {"3"}},
      {"n-gpu-layers", {"0", "99"}},
  };
  std::mt19937 random(20250101);
  const auto below = [&](size_t limit) { return random() % limit; };
  int computed = 0;
  for (int round = 0; round < 100; ++round) {
    std::string json = "{\"n-predict\": 6, \"threads\": 1";
    for (size_t count = 1 + below(5); count > 0; --count) {
      const auto& [key, values] = choices[below(choices.size())];
      json += std::string(", \"") + key + "\": " + values[below(values.size())];
    }
    json += "}";
    SCOPED_TRACE(json);
    Context context(model, json);
    if (context.built != GODWIT_NN_OK) continue;
    if (context.set(0, "abcabcabc" + std::string(below(40), 'x')) != GODWIT_NN_OK) continue;
    const godwit_nn_status status = context.compute();
    computed += status == GODWIT_NN_OK;
    godwit_nn_status last = GODWIT_NN_OK;
    if (status == GODWIT_NN_OK) context.stream(last);
  }
  EXPECT_GT(computed, 15);
}

// More tokens than one pass computes, without a causal mask: llama.cpp would end the process.
TEST(NnGgml, ReadsLongPromptsWithoutACausalMask) {
  Model model;
  ASSERT_EQ(model.open(kTiny), GODWIT_NN_OK);
  Context context(
      model,
      R"({"attention-type": "non-causal", "ubatch-size": 4, "n-predict": 2, "ctx-size": 128, "threads": 1})");
  ASSERT_EQ(context.set(0, "abcabcabcabcabcabcabcabc"), GODWIT_NN_OK);
  EXPECT_EQ(context.compute(), GODWIT_NN_OK) << context.host.explanation;
}

TEST(NnGgml, TakesNoMoreMemoryThanThereIs) {
  using godwit::ggml::available_bytes;
  using godwit::ggml::check_room;
  EXPECT_EQ(available_bytes("MemTotal:  9 kB\nMemAvailable:   20 kB\n"), 20480u);
  EXPECT_FALSE(available_bytes(""));
  EXPECT_FALSE(available_bytes("MemAvailable: x"));
  EXPECT_FALSE(available_bytes("MemAvailable: 18446744073709551615 kB"));
  EXPECT_TRUE(check_room(1 << 20));
  const auto refused = check_room(uint64_t{1} << 60);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().status, GODWIT_NN_MISSING_MEMORY);
}

TEST(NnGgml, RefusesNestedOptions) {
  using godwit::ggml::merged;
  using godwit::ggml::Options;
  const auto repeated = [](std::string_view text, int times) {
    std::string all;
    for (int time = 0; time < times; ++time) all += text;
    return all;
  };
  constexpr int kDeep = 60000;
  const std::string nested = repeated("[", kDeep) + repeated("]", kDeep);
  // brackets in strings must not make up for those outside
  const std::string hidden = repeated(R"(["]",)", kDeep) + "1" + repeated("]", kDeep);
  const std::string schema = repeated(R"({\"]\":)", 8000) + "1" + repeated("}", 8000);
  const std::string groups = repeated(R"(([)]\u0028[)])", 3000);
  for (const std::string& json :
       {R"({"reverse-prompt":)" + nested + "}", R"({"tensor-split":)" + hidden + "}",
        R"({"json-schema":)" + repeated(R"({"a":)", kDeep) + "1" + repeated("}", kDeep) + "}",
        R"({"json-schema":")" + schema + "\"}",
        R"({"json-schema":"{\"type\":\"string\",\"pattern\":\"^)" + groups + R"($\"}"})",
        R"({"grammar":"root ::= )" + repeated(R"(( \")\" [\")] )", 4000) + "\"}",
        R"({"x":")" + std::string(2 << 20, 'x') + "\"}"}) {
    const auto options = merged(Options{}, json);
    ASSERT_FALSE(options) << json.substr(0, 60);
    EXPECT_EQ(options.error().status, GODWIT_NN_INVALID_ARGUMENT);
    EXPECT_NE(options.error().text.find("brackets"), std::string::npos) << options.error().text;
  }
}

TEST(NnGgml, NeedsAPrompt) {
  Model model;
  ASSERT_EQ(model.open(kTiny), GODWIT_NN_OK);
  Context context(model, "");
  EXPECT_EQ(context.compute(), GODWIT_NN_INVALID_ARGUMENT);
  EXPECT_EQ(context.set(7, "x"), GODWIT_NN_INVALID_ARGUMENT);
}

// ---- calls that are only started ----

// Told how a call has ended.
struct Ending {
  std::atomic<bool> is_done = false;
  godwit_nn_status status = GODWIT_NN_OK;
  godwit_nn_completion completion{.user = this, .done = [](void* user, godwit_nn_status status) {
                                    Ending& ending = *static_cast<Ending*>(user);
                                    ending.status = status;
                                    ending.is_done.store(true);
                                    ending.is_done.notify_all();
                                  }};

  godwit_nn_status wait() {
    is_done.wait(false);
    return status;
  }
};

TEST(NnGgml, StartsWithoutWaiting) {
  Model model;
  ASSERT_EQ(model.open(kSmol), GODWIT_NN_OK);
  constexpr std::string_view kConfig = R"({"temp": 0, "n-predict": 12, "ctx-size": 256})";
  std::string alone;
  {
    Context context(model, R"({"temp": 0, "n-predict": 12, "ctx-size": 256, "cont-batching": false})");
    ASSERT_EQ(context.set(0, kItaly), GODWIT_NN_OK);
    ASSERT_EQ(context.compute(), GODWIT_NN_OK);
    alone = context.output();
  }
  std::vector<std::unique_ptr<Context>> contexts;
  std::vector<Ending> endings(4);
  for (Ending& ending : endings) {
    Context& context = *contexts.emplace_back(std::make_unique<Context>(model, kConfig));
    ASSERT_EQ(context.set(0, kItaly), GODWIT_NN_OK);
    ASSERT_EQ(backend().start_compute(context.context, &context.host.call, &ending.completion), GODWIT_NN_OK);
  }
  for (size_t i = 0; i < endings.size(); ++i) {
    EXPECT_EQ(endings[i].wait(), GODWIT_NN_OK) << contexts[i]->host.explanation;
    // the first tokens are the same whatever else is in a pass
    EXPECT_EQ(contexts[i]->output().substr(0, 10), alone.substr(0, 10));
  }
  // step by step, all in turn, by one thread
  std::vector<std::string> texts(contexts.size());
  for (int round = 0; round < 5; ++round) {
    std::vector<Ending> steps(contexts.size());
    for (size_t i = 0; i < contexts.size(); ++i)
      ASSERT_EQ(backend().start_step(contexts[i]->context, &contexts[i]->host.call, &steps[i].completion),
                GODWIT_NN_OK);
    for (size_t i = 0; i < contexts.size(); ++i) {
      ASSERT_EQ(steps[i].wait(), GODWIT_NN_OK);
      godwit_nn_bytes bytes{};
      ASSERT_EQ(backend().get_step_output(contexts[i]->context, 0, &bytes, &contexts[i]->host.call),
                GODWIT_NN_OK);
      texts[i].append(reinterpret_cast<const char*>(bytes.data), static_cast<size_t>(bytes.size_bytes));
    }
  }
  for (size_t i = 0; i < contexts.size(); ++i) EXPECT_EQ(texts[i].substr(0, 10), alone.substr(0, 10));
}

TEST(NnGgml, ACancelledCallEndsDuringThePassOfOthers) {
  Model model;
  ASSERT_EQ(model.open(kSmol), GODWIT_NN_OK);
  constexpr std::string_view kConfig =
      R"({"temp": 0, "n-predict": 400, "ignore-eos": true, "ctx-size": 512})";
  Context goes_on(model, kConfig);
  Ending last;
  std::atomic<int> pieces = 0;
  struct Counting : Host {
    std::atomic<int>* pieces;
    std::atomic<bool> is_cancelled = false;
  };
  const auto count = [](Counting& host, std::atomic<int>& to) {
    host.pieces = &to;
    host.call.user = &host;
    host.call.emit = [](void* user, uint32_t, const uint8_t*, uint64_t) {
      ++*static_cast<Counting*>(user)->pieces;
      static_cast<Counting*>(user)->pieces->notify_all();
    };
    host.call.should_cancel = [](void* user) -> int32_t {
      return static_cast<Counting*>(user)->is_cancelled.load();
    };
  };
  Counting stays;
  count(stays, pieces);
  ASSERT_EQ(goes_on.set(0, kItaly), GODWIT_NN_OK);
  ASSERT_EQ(backend().start_compute(goes_on.context, &stays.call, &last.completion), GODWIT_NN_OK);
  for (int i = 0; i < 3; ++i) {
    Context gives_up(model, kConfig);
    Counting leaves;
    std::atomic<int> own = 0;
    count(leaves, own);
    ASSERT_EQ(gives_up.set(0, kItaly), GODWIT_NN_OK);
    Ending ending;
    ASSERT_EQ(backend().start_compute(gives_up.context, &leaves.call, &ending.completion), GODWIT_NN_OK);
    own.wait(0);
    leaves.is_cancelled = true;
    EXPECT_EQ(ending.wait(), GODWIT_NN_CANCELLED);
    EXPECT_FALSE(last.is_done);
    // its place is free for the next: the context goes at once
  }
  const int before = pieces;
  pieces.wait(before);
  stays.is_cancelled = true;
  EXPECT_EQ(last.wait(), GODWIT_NN_CANCELLED);
}

// ---- tenants ----

TEST(NnGgml, BeginningsAreSharedWithinATenantOnly) {
  Model model;
  ASSERT_EQ(model.open(kTiny), GODWIT_NN_OK);
  constexpr std::string_view kConfig = R"({"temp": 0, "n-predict": 4, "ctx-size": 2048, "ignore-eos": true})";
  std::string system = "<|im_start|>system\n";
  for (int i = 0; i < 10; ++i) system += "Rule " + std::to_string(i) + ": be kind to everybody. ";
  const auto prompt = [&](const char* what) {
    return system + "<|im_end|>\n<|im_start|>user\n" + what + "<|im_end|>\n<|im_start|>assistant\n";
  };
  const auto build = [&] {
    godwit_nn_graph* graph = nullptr;
    EXPECT_EQ(
        backend().build_graph(model.model, {reinterpret_cast<const uint8_t*>(kConfig.data()), kConfig.size()},
                              &model.host.call, &graph),
        GODWIT_NN_OK);
    return graph;
  };
  godwit_nn_graph* const graph = build();
  const auto ask = [&](uint64_t tenant, const std::string& text) {
    Context context(model, kConfig);
    backend().release_context(context.context);
    context.host.call.tenant = tenant;
    EXPECT_EQ(backend().create_context(graph, &context.host.call, &context.context), GODWIT_NN_OK);
    EXPECT_EQ(context.set(0, text), GODWIT_NN_OK);
    EXPECT_EQ(context.compute(), GODWIT_NN_OK) << context.host.explanation;
    const auto counts = context.counts();
    return std::pair(context.output(), counts["reused_tokens"].get<int>());
  };
  const auto [first, none] = ask(7, prompt("Who are you?"));
  EXPECT_EQ(none, 0);
  // of a context that is gone, but is remembered as long as the graph
  const auto [second, most] = ask(7, prompt("What is a river?"));
  EXPECT_GT(most, 100);
  // the same text again gives the same answer, but for one token all is known
  const auto [again, all] = ask(7, prompt("Who are you?"));
  EXPECT_GE(all, most);
  EXPECT_EQ(again, first);
  EXPECT_EQ(ask(8, prompt("What is a river?")).second, 0) << "another tenant";
  EXPECT_EQ(ask(0, prompt("What is a river?")).second, 0) << "nobody's";
  EXPECT_EQ(ask(0, prompt("What is a river?")).second, 0) << "nobody's, again";
  EXPECT_EQ(ask(8, prompt("What is a river?")).first, second) << "what is taken over is right";

  // and while both are alive, in several places
  Context one(model, kConfig), two(model, kConfig), other(model, kConfig);
  int tenant = 20;
  for (Context* context : {&one, &two, &other}) {
    backend().release_context(context->context);
    context->host.call.tenant = static_cast<uint64_t>(context == &other ? tenant + 1 : tenant);
    ASSERT_EQ(backend().create_context(graph, &context->host.call, &context->context), GODWIT_NN_OK);
    ASSERT_EQ(context->set(0, prompt(context == &one ? "Name a city." : "Name a lake.")), GODWIT_NN_OK);
    ASSERT_EQ(context->compute(), GODWIT_NN_OK);
  }
  EXPECT_EQ(one.counts()["reused_tokens"], 0);
  EXPECT_GT(two.counts()["reused_tokens"], 100);
  EXPECT_EQ(other.counts()["reused_tokens"], 0);
  EXPECT_EQ(two.output(), other.output()) << "what was taken from another is as good as what was computed";
  backend().release_graph(graph);
}

TEST(NnGgml, EndsWhenNoMoreMayBeSpent) {
  Model model;
  ASSERT_EQ(model.open(kTiny), GODWIT_NN_OK);
  Context context(model, R"({"temp": 0, "ignore-eos": true, "ctx-size": 256})");
  struct Purse : Host {
    uint64_t spent = 0;
  } host;
  host.call.user = &host;
  host.call.spend = [](void* user, uint64_t tokens) -> int32_t {
    uint64_t& spent = static_cast<Purse*>(user)->spent;
    spent += tokens;
    return spent >= 20;
  };
  ASSERT_EQ(context.set(0, "a"), GODWIT_NN_OK);
  EXPECT_EQ(backend().compute(context.context, &host.call), GODWIT_NN_CANCELLED);
  EXPECT_EQ(host.spent, 20u);
}

// ---- conversations ----

// Takes what is emitted.
struct Listening : Host {
  std::vector<std::pair<uint32_t, std::string>> pieces;

  Listening() {
    call.user = this;
    call.emit = [](void* user, uint32_t output, const uint8_t* data, uint64_t size) {
      static_cast<Listening*>(user)->pieces.emplace_back(
          output, std::string(reinterpret_cast<const char*>(data), static_cast<size_t>(size)));
    };
  }
  std::string content() const {
    std::string text;
    for (const auto& [output, piece] : pieces)
      if (output == 2) text += nlohmann::json::parse(piece).value("content", "");
    return text;
  }
};

TEST(NnGgml, AnswersAConversation) {
  Model model;
  ASSERT_EQ(model.open(kSmol), GODWIT_NN_OK);
  Context context(model, R"({"temp": 0, "n-predict": 24, "ctx-size": 512, "logprobs": 2})");
  ASSERT_EQ(context.set(2, R"({"messages": [{"role": "user", "content": "What is the capital of Italy?"}]})"),
            GODWIT_NN_OK)
      << context.host.explanation;
  Listening host;
  ASSERT_EQ(backend().compute(context.context, &host.call), GODWIT_NN_OK) << host.explanation;
  const auto message = nlohmann::json::parse(context.output(2));
  EXPECT_EQ(message["role"], "assistant");
  EXPECT_EQ(host.content(), message["content"].get<std::string>());
  const auto tokens = nlohmann::json::parse(context.output(3));
  ASSERT_EQ(tokens.size(), context.counts()["output_tokens"].get<size_t>());
  for (const auto& token : tokens) {
    EXPECT_LE(token["logprob"].get<double>(), 0);
    ASSERT_EQ(token["top_logprobs"].size(), 2u);
    EXPECT_EQ(token["top_logprobs"][0]["token"], token["token"]) << "at temperature 0 the best is taken";
  }
  // the same, with the template filled in by hand
  ASSERT_EQ(context.set(
                0, std::string("<|im_start|>system\nYou are a helpful AI assistant named SmolLM, trained by "
                               "Hugging Face<|im_end|>\n") +
                       kItaly),
            GODWIT_NN_OK);
  ASSERT_EQ(context.compute(), GODWIT_NN_OK);
  EXPECT_EQ(context.output(), message["content"].get<std::string>());
  godwit_nn_bytes bytes{};
  EXPECT_EQ(backend().get_output(context.context, 2, &bytes, &context.host.call), GODWIT_NN_INVALID_ARGUMENT);
}

TEST(NnGgml, StopsBeforeWhatItIsTold) {
  Model model;
  ASSERT_EQ(model.open(kSmol), GODWIT_NN_OK);
  const auto chat = R"({"messages": [{"role": "user", "content": "Once upon a time"}]})";
  Context context(model, R"({"temp": 0, "n-predict": 16, "ctx-size": 256, "ignore-eos": true})");
  ASSERT_EQ(context.set(2, chat), GODWIT_NN_OK) << context.host.explanation;
  ASSERT_EQ(context.compute(), GODWIT_NN_OK);
  const std::string whole = context.output();
  ASSERT_GT(whole.size(), 20u);
  EXPECT_EQ(context.counts()["finish_reason"], "length");
  const std::string stop = whole.substr(9, 6);
  ASSERT_EQ(context.set(1, nlohmann::json{{"stop", {"not there", stop}}}.dump()), GODWIT_NN_OK);
  Listening host;
  ASSERT_EQ(backend().compute(context.context, &host.call), GODWIT_NN_OK);
  EXPECT_EQ(context.output(), whole.substr(0, whole.find(stop)));
  EXPECT_EQ(host.content(), context.output()) << "no part of the stop is told before it is known to be one";
  EXPECT_EQ(context.counts()["finish_reason"], "stop");
}

TEST(NnGgml, CallsTools) {
  Model model;
  ASSERT_EQ(model.open(kSmol), GODWIT_NN_OK);
  Context context(model, R"({"temp": 0, "n-predict": 120, "ctx-size": 1024})");
  ASSERT_EQ(context.set(2, R"({"messages": [{"role": "user", "content": "What is the weather in Rome?"}],
      "tools": [{"type": "function", "function": {"name": "get_weather", "description": "Weather of a city",
        "parameters": {"type": "object", "properties": {"city": {"type": "string", "enum": ["Rome", "Oslo"]}},
        "required": ["city"]}}}], "tool_choice": "required"})"),
            GODWIT_NN_OK)
      << context.host.explanation;
  Listening host;
  ASSERT_EQ(backend().compute(context.context, &host.call), GODWIT_NN_OK) << host.explanation;
  const auto message = nlohmann::json::parse(context.output(2));
  ASSERT_TRUE(message.contains("tool_calls")) << context.output();
  ASSERT_EQ(message["tool_calls"].size(), 1u) << message << "\n" << context.output();
  EXPECT_EQ(message["tool_calls"][0]["function"]["name"], "get_weather");
  const auto arguments =
      nlohmann::json::parse(message["tool_calls"][0]["function"]["arguments"].get<std::string>());
  EXPECT_TRUE(arguments["city"] == "Rome" || arguments["city"] == "Oslo");
  std::string streamed;
  for (const auto& [output, piece] : host.pieces) {
    const auto json = nlohmann::json::parse(piece);
    if (json.contains("tool_calls")) streamed += json["tool_calls"][0]["function"].value("arguments", "");
  }
  EXPECT_EQ(nlohmann::json::parse(streamed), arguments);
}

TEST(NnGgml, WritesWhatASchemaSays) {
  Model model;
  ASSERT_EQ(model.open(kTiny), GODWIT_NN_OK);
  for (int seed = 0; seed < 20; ++seed) {
    Context context(model, R"({"temp": 1, "ctx-size": 512, "seed": )" + std::to_string(seed) + "}");
    ASSERT_EQ(context.set(2, R"({"messages": [{"role": "user", "content": "x"}],
        "response_format": {"type": "json_schema", "json_schema": {"schema": {"type": "object",
        "properties": {"n": {"type": "integer", "minimum": 0, "maximum": 99}, "name": {"type": "string", "maxLength": 8},
        "ok": {"type": "boolean"}}, "required": ["n", "name", "ok"], "additionalProperties": false}}}})"),
              GODWIT_NN_OK)
        << context.host.explanation;
    ASSERT_EQ(context.compute(), GODWIT_NN_OK) << context.host.explanation;
    const auto message = nlohmann::json::parse(context.output(2));
    const auto json = nlohmann::json::parse(message["content"].get<std::string>(), nullptr, false);
    ASSERT_TRUE(json.is_object()) << context.output();
    EXPECT_TRUE(json["n"].is_number_integer() && json["name"].is_string() && json["ok"].is_boolean()) << json;
  }
}

TEST(NnGgml, RefusesWhatIsNoConversation) {
  Model model;
  ASSERT_EQ(model.open(kSmol), GODWIT_NN_OK);
  Context context(model, R"({"ctx-size": 256})");
  const std::string deep(1000, '[');
  for (
      const std::string& json : {
          std::string("x"),
          std::string("{}"),
          std::string(R"({"messages": []})"),
          std::string(R"({"messages": [3]})"),
          std::string(R"({"messages": [{"content": "no role"}]})"),
          std::string(R"({"messages": [{"role": "user"}]})"),
          std::string(R"({"messages": [{"role": "user", "content": [{"type": "image_url"}]}]})"),
          std::string(R"({"messages": [{"role": "user", "content": "x"}], "tools": 3})"),
          std::string(R"({"messages": [{"role": "user", "content": "x"}], "tool_choice": "required"})"),
          std::string(
              R"({"messages": [{"role": "user", "content": "x"}], "tool_choice": {"function": {"name": "f"}}})"),
          std::string(
              R"({"messages": [{"role": "user", "content": "x"}], "response_format": {"type": "xml"}})"),
          std::string(R"({"messages": [{"role": "user", "content": )") + deep,
      })
    EXPECT_EQ(context.set(2, json), GODWIT_NN_INVALID_ARGUMENT) << json.substr(0, 100);
  EXPECT_FALSE(context.host.explanation.empty());
}

}  // namespace
