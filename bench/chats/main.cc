// Many chats at once: guests that stream an answer of one model, one after another and then all together.
//
//   bench_chats <model.gguf> <chat.wasm> [chats (8)] [tokens of each answer (128)]
//
// Each chat is a guest with a store, an instance and a thread of its own; their prompts of about 200 tokens differ from
// the first word on. Prints tokens per second of both ways, the waits between tokens (50th and 99th percentile over all
// chats), and the memory in use. Tokens are counted where guests write them: on their standard outputs.
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "godwit/godwit.h"

namespace {

using Clock = std::chrono::steady_clock;

struct Chat {
  std::string prompt;
  std::vector<Clock::time_point> tokens;  // when each was written
  std::string text;
  std::string error;
};

std::string prompt_of(size_t number) {
  static constexpr const char* kWords[] = {"river",  "engine", "garden", "planet", "castle", "market",
                                           "forest", "island", "window", "bridge", "letter", "winter",
                                           "orange", "silver", "pocket", "velvet"};
  std::string prompt = "Story " + std::to_string(number) + ":";
  for (size_t i = 0; i < 150; ++i)
    prompt += std::string(" ") + kWords[(i * (number + 3) + number) % std::size(kWords)];
  return prompt + ". Write a very long story with all of these words.";
}

class Bench {
 public:
  Bench(const char* model, const char* guest, int tokens) : tokens_(std::to_string(tokens)) {
    auto engine = godwit::Engine::create();
    if (!engine) stop(engine.error().message());
    engine_.emplace(std::move(*engine));
    auto module = godwit::Module::from_file(*engine_, guest);
    if (!module) stop(module.error().message());
    module_.emplace(std::move(*module));
    if (auto done = registry_.preload(std::string("default:GGML:AUTO:") + model); !done)
      stop(done.error().message());
  }

  void run(Chat& chat, const std::string& tokens) {
    int ends[2];
    if (::pipe(ends) != 0) stop("pipe");
    std::thread guest([&] {
      chat.error = run_guest(chat.prompt, tokens, ends[1]);
      ::close(ends[1]);
    });
    char bytes[4096];
    for (ssize_t size; (size = ::read(ends[0], bytes, sizeof bytes)) > 0;) {
      chat.tokens.push_back(Clock::now());
      chat.text.append(bytes, static_cast<size_t>(size));
    }
    guest.join();
    ::close(ends[0]);
    if (!chat.error.empty()) stop(chat.error);
  }

  const std::string& tokens() const { return tokens_; }

  [[noreturn]] static void stop(const std::string& why) {
    std::fprintf(stderr, "error: %s\n", why.c_str());
    std::exit(1);
  }

 private:
  std::string run_guest(const std::string& prompt, const std::string& tokens, int out) {
    auto wasi = godwit::Wasi::create(
        {.args = {"chat", "--n-predict", tokens, "--ctx-size", "1024", "--temp", "0", prompt},
         .stdout_fd = out});
    if (!wasi) return wasi.error().message();
    godwit::Nn nn(registry_);
    godwit::Store store(*engine_);
    godwit::Linker linker;
    linker.define(*wasi);
    linker.define(nn);
    auto instance = linker.instantiate(store, *module_);
    if (!instance) return instance.error().message();
    auto result = instance->find_func(store, "_start")->call(store);
    const bool is_good =
        result || (result.error().kind() == godwit::ErrorKind::Exit && result.error().code() == 0);
    return is_good ? "" : result.error().message();
  }

  std::string tokens_;
  std::optional<godwit::Engine> engine_;
  std::optional<godwit::Module> module_;
  godwit::ModelRegistry registry_;
};

double resident_mib() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);)
    if (line.starts_with("VmRSS:")) return std::stod(line.substr(6)) / 1024;
  return 0;
}

struct Waits {
  double p50_ms, p99_ms;
};

Waits waits_of(const std::vector<Chat>& chats) {
  std::vector<double> all;
  for (const Chat& chat : chats)
    for (size_t i = 1; i < chat.tokens.size(); ++i)
      all.push_back(std::chrono::duration<double, std::milli>(chat.tokens[i] - chat.tokens[i - 1]).count());
  std::ranges::sort(all);
  if (all.empty()) return {};
  return {all[all.size() / 2], all[all.size() * 99 / 100]};
}

size_t tokens_of(const std::vector<Chat>& chats) {
  size_t count = 0;
  for (const Chat& chat : chats) count += chat.tokens.size();
  return count;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3)
    return std::fprintf(stderr, "usage: bench_chats <model.gguf> <chat.wasm> [chats] [tokens]\n"), 2;
  const size_t count = argc > 3 ? static_cast<size_t>(std::atoi(argv[3])) : 8;
  Bench bench(argv[1], argv[2], argc > 4 ? std::atoi(argv[4]) : 128);
  Chat warm{.prompt = "Hello", .tokens = {}, .text = {}, .error = {}};
  bench.run(warm, "1");

  for (const bool together : {false, true}) {
    std::vector<Chat> chats(count);
    for (size_t i = 0; i < count; ++i) chats[i].prompt = prompt_of(i);
    const auto start = Clock::now();
    if (together) {
      std::vector<std::thread> threads;
      for (Chat& chat : chats) threads.emplace_back([&] { bench.run(chat, bench.tokens()); });
      for (std::thread& thread : threads) thread.join();
    } else {
      for (Chat& chat : chats) bench.run(chat, bench.tokens());
    }
    const double seconds = std::chrono::duration<double>(Clock::now() - start).count();
    const Waits waits = waits_of(chats);
    std::printf(
        "%-18s %6zu tokens in %6.2f s: %7.1f tokens/s; between tokens p50 %.1f ms, p99 %.1f ms; resident "
        "%.0f MiB\n",
        together ? "all at once" : "one after another", tokens_of(chats), seconds,
        static_cast<double>(tokens_of(chats)) / seconds, waits.p50_ms, waits.p99_ms, resident_mib());
  }
}
