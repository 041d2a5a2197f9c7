// wasi_ephemeral_nn as a guest calls it, on the backend that echoes.
#include "nn/guest.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

namespace godwit::nn {
namespace {

// A folder that goes away with the test.
class TemporaryFolder final {
 public:
  TemporaryFolder() {
    char name[] = "/tmp/godwit-nn-XXXXXX";
    path_ = mkdtemp(name);
  }
  ~TemporaryFolder() { std::filesystem::remove_all(path_); }
  std::string write(const std::string& name, std::string_view text) const {
    const std::string path = path_ + "/" + name;
    std::ofstream(path, std::ios::binary).write(text.data(), static_cast<std::streamsize>(text.size()));
    return path;
  }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

// What a guest's preopens would be: one folder, names without a slash.
class OneFolder final : public GuestFiles {
 public:
  explicit OneFolder(std::string folder) : folder_(std::move(folder)) {}
  Result<ModelFile> open(std::string_view path) override {
    if (path.find('/') != std::string_view::npos) return fail(ErrorKind::NotFound, "not inside");
    return ModelFile::open(folder_ + "/" + std::string(path));
  }

 private:
  std::string folder_;
};

// A calling guest: 64 KiB of memory, and a pen that writes into it from the low end.
class Caller64K {
 public:
  Caller64K() : bytes_(65536) {
    memory_.base = bytes_.data();
    memory_.size_bytes = bytes_.size();
    context_.memory0 = &memory_;
    context_.memory0_base = memory_.base;
    context_.store = &store_;
  }
  host::Caller caller() { return host::Caller(&context_); }
  void interrupt() { store_.interrupt.store(1); }

  uint32_t put(std::string_view data) {
    const uint32_t at = pen_;
    std::memcpy(bytes_.data() + at, data.data(), data.size());
    pen_ += static_cast<uint32_t>((data.size() + 7) & ~size_t{7});
    return at;
  }
  template <class T>
    requires(std::is_trivially_copyable_v<T> && !std::is_convertible_v<T, std::string_view>)
  uint32_t put(const T& value) {
    return put(std::string_view(reinterpret_cast<const char*>(&value), sizeof value));
  }
  uint32_t number(uint32_t at) const { return load_unaligned<uint32_t>(bytes_.data() + at); }
  std::string text(uint32_t at, uint32_t size) const {
    return {reinterpret_cast<const char*>(bytes_.data()) + at, size};
  }

  host::GuestString string(std::string_view value) {
    return {caller().memory(), put(value), static_cast<uint32_t>(value.size())};
  }
  host::GuestPtr<uint32_t> slot() { return {caller().memory(), put(uint32_t{0xdddddddd})}; }

 private:
  std::vector<uint8_t> bytes_;
  uint32_t pen_ = 8;
  runtime::VmMemory memory_{};
  runtime::VmStore store_{};
  runtime::VmContext context_{};
};

constexpr uint32_t kEcho = 255;
constexpr uint32_t kCpu = 0;

class NnGuest : public testing::Test {
 protected:
  NnGuest() { EXPECT_TRUE(registry.preload("m:echo:cpu:" + folder.write("model", "the model"))); }

  RegistryConfig config() {
    RegistryConfig value;
    value.log = [this](LogLevel level, std::string_view line) {
      if (level >= LogLevel::Warning) log += std::string(line) + "\n";
    };
    return value;
  }

  uint32_t load(std::string_view name, Errno wanted = Errno::Success) {
    host::Caller caller = memory.caller();
    const auto out = memory.slot();
    EXPECT_EQ(guest.load_by_name(caller, memory.string(name), out), wanted) << log;
    return memory.number(out.address());
  }
  uint32_t load_with(std::string_view name, std::string_view json, Errno wanted = Errno::Success) {
    host::Caller caller = memory.caller();
    const auto out = memory.slot();
    EXPECT_EQ(guest.load_by_name_with_config(caller, memory.string(name), memory.string(json), out), wanted)
        << log;
    return memory.number(out.address());
  }
  Errno load_arrays(const std::vector<std::string>& arrays, uint32_t encoding, uint32_t target,
                    uint32_t* graph = nullptr) {
    std::string list;
    for (const std::string& array : arrays) {
      const Guest::Builder builder{memory.put(array), static_cast<uint32_t>(array.size())};
      list.append(reinterpret_cast<const char*>(&builder), sizeof builder);
    }
    host::Caller caller = memory.caller();
    const auto out = memory.slot();
    const host::GuestSpan<Guest::Builder> builders(caller.memory(), memory.put(list),
                                                   static_cast<uint32_t>(arrays.size()));
    const Errno code = guest.load(caller, builders, encoding, target, out);
    if (graph) *graph = memory.number(out.address());
    return code;
  }
  uint32_t context_of(uint32_t graph, Errno wanted = Errno::Success) {
    host::Caller caller = memory.caller();
    const auto out = memory.slot();
    EXPECT_EQ(guest.init_execution_context(caller, graph, out), wanted) << log;
    return memory.number(out.address());
  }
  Errno set(uint32_t context, uint32_t index, std::string_view text) {
    host::Caller caller = memory.caller();
    const uint32_t dimension = 1;
    const Guest::Tensor tensor{memory.put(dimension), 1, static_cast<uint32_t>(TensorType::U8),
                               memory.put(text), static_cast<uint32_t>(text.size())};
    return guest.set_input(caller, context, index, {caller.memory(), memory.put(tensor)});
  }
  Errno compute(uint32_t context) {
    host::Caller caller = memory.caller();
    return guest.compute(caller, context);
  }
  Errno step(uint32_t context) {
    host::Caller caller = memory.caller();
    return guest.compute_single(caller, context);
  }
  // The errno, and the text or the size that was told.
  std::pair<Errno, std::string> output(uint32_t context, uint32_t index, uint32_t room, bool single = false) {
    host::Caller caller = memory.caller();
    const uint32_t at = memory.put(std::string(room, '.'));
    const auto written = memory.slot();
    const host::GuestSpan<uint8_t> out(caller.memory(), at, room);
    const Errno code = single ? guest.get_output_single(caller, context, index, out, written)
                              : guest.get_output(caller, context, index, out, written);
    const uint32_t size = memory.number(written.address());
    return {code, code == Errno::Success ? memory.text(at, size) : std::to_string(size)};
  }

  TemporaryFolder folder;
  std::string log;
  Registry registry{config()};
  OneFolder files{folder.path()};
  Guest guest{registry, {.files = &files}};
  Caller64K memory;
};

TEST_F(NnGuest, RunsFromLoadToUnload) {
  const uint32_t graph = load("m");
  const uint32_t context = context_of(graph);
  EXPECT_EQ(set(context, 0, "hello, tensor"), Errno::Success);
  EXPECT_EQ(compute(context), Errno::Success);
  EXPECT_EQ(output(context, 0, 64), std::pair(Errno::Success, std::string("hello, tensor")));
  EXPECT_EQ(output(context, 1, 64), std::pair(Errno::Success, std::string("the model")));
  host::Caller caller = memory.caller();
  EXPECT_EQ(guest.finalize_execution_context(caller, context), Errno::Success);
  EXPECT_EQ(guest.finalize_execution_context(caller, context), Errno::InvalidArgument);
  EXPECT_EQ(compute(context), Errno::InvalidArgument);
  EXPECT_EQ(guest.unload(caller, graph), Errno::Success);
  EXPECT_EQ(guest.unload(caller, graph), Errno::InvalidArgument);
}

TEST_F(NnGuest, StreamsPieces) {
  const uint32_t context = context_of(load("m"));
  ASSERT_EQ(set(context, 0, "one two  three"), Errno::Success);
  for (int round = 0; round < 2; ++round) {
    std::string text;
    int pieces = 0;
    while (step(context) == Errno::Success) {
      text += output(context, 0, 64, true).second;
      ++pieces;
    }
    EXPECT_EQ(text, "one two  three");
    EXPECT_EQ(pieces, 3);
    EXPECT_EQ(step(context), Errno::EndOfSequence);
    host::Caller caller = memory.caller();
    EXPECT_EQ(guest.fini_single(caller, context), Errno::Success);
  }
  EXPECT_EQ(log, "");  // the end of a sequence is nothing to complain about
}

TEST_F(NnGuest, TellsTheSizeThatIsNeeded) {
  const uint32_t context = context_of(load("m"));
  ASSERT_EQ(set(context, 0, "0123456789"), Errno::Success);
  ASSERT_EQ(compute(context), Errno::Success);
  EXPECT_EQ(output(context, 0, 9), std::pair(Errno::TooLarge, std::string("10")));
  EXPECT_EQ(output(context, 0, 10), std::pair(Errno::Success, std::string("0123456789")));
  EXPECT_EQ(output(context, 9, 10).first, Errno::InvalidArgument);
}

TEST_F(NnGuest, GivesTheSameGraphForTheSameNameAndConfig) {
  const uint32_t graph = load("m");
  EXPECT_EQ(load("m"), graph);
  EXPECT_NE(load_with("m", "{}"), graph);
  EXPECT_EQ(load_with("m", "{}"), load_with("m", "{}"));
  host::Caller caller = memory.caller();
  EXPECT_EQ(guest.unload(caller, graph), Errno::Success);
  EXPECT_NE(load("m"), graph);  // a handle is never used twice
}

TEST_F(NnGuest, LetsContextsOfAnUnloadedGraphBeRead) {
  const uint32_t graph = load("m");
  const uint32_t context = context_of(graph);
  ASSERT_EQ(set(context, 0, "abc"), Errno::Success);
  ASSERT_EQ(compute(context), Errno::Success);
  host::Caller caller = memory.caller();
  ASSERT_EQ(guest.unload(caller, graph), Errno::Success);
  EXPECT_EQ(output(context, 0, 8).second, "abc");
  EXPECT_EQ(guest.fini_single(caller, context), Errno::Success);
  EXPECT_EQ(compute(context), Errno::InvalidArgument);
  EXPECT_EQ(set(context, 0, "def"), Errno::InvalidArgument);
  EXPECT_EQ(guest.finalize_execution_context(caller, context), Errno::Success);
}

TEST_F(NnGuest, SaysWhatIsMissing) {
  EXPECT_EQ(load("other", Errno::ModelNotFound), 0xddddddddu);
  EXPECT_NE(log.find("--nn-preload other:GGML:AUTO:"), std::string::npos) << log;
  EXPECT_NE(log.find("\"m\""), std::string::npos) << log;
  log.clear();
  ASSERT_TRUE(registry.preload("g:openvinogenai:cpu:" + folder.write("g", "bytes")));
  load("g", Errno::InvalidEncoding);
  EXPECT_NE(log.find("godwit-nn-openvinogenai.so"), std::string::npos) << log;
  EXPECT_NE(log.find("GODWIT_PLUGIN_PATH"), std::string::npos) << log;
}

TEST_F(NnGuest, PassesOnWhatTheBackendSays) {
  load_with("m", "fail-build", Errno::RuntimeError);
  EXPECT_NE(log.find("fail-build"), std::string::npos) << log;
  const uint32_t context = context_of(load_with("m", "fail-compute"));
  ASSERT_EQ(set(context, 0, "x"), Errno::Success);
  EXPECT_EQ(compute(context), Errno::RuntimeError);
  EXPECT_NE(log.find("compute: the config says fail-compute (runtime error)"), std::string::npos) << log;
}

TEST_F(NnGuest, LoadsWhatTheGuestBrings) {
  uint32_t graph = 0;
  ASSERT_EQ(load_arrays({"bytes of a model", "{}"}, kEcho, kCpu, &graph), Errno::Success) << log;
  EXPECT_EQ(output(context_of(graph), 1, 64).second, "bytes of a model");
  folder.write("mine", "in a file");
  ASSERT_EQ(load_arrays({"preload:mine"}, kEcho, kCpu, &graph), Errno::Success) << log;
  EXPECT_EQ(output(context_of(graph), 1, 64).second, "in a file");
}

// A mapped file that is cut short ends the process of whoever reads it.
TEST(ModelFile, KeepsACopyThatNobodyCanChange) {
  const TemporaryFolder folder;
  const std::string path = folder.write("mine", "the weights of a model");
  const auto file = ModelFile::open(path);
  ASSERT_TRUE(file);
  const auto copy = file->copy_in_memory({});
  ASSERT_TRUE(copy) << copy.error().message();
  std::filesystem::resize_file(path, 0);
  EXPECT_EQ(copy->first_bytes(), "the weights of a");
  EXPECT_EQ(file->first_bytes(), "");
  EXPECT_FALSE(file->copy_in_memory([] { return true; }));
  const ModelFile directory(open(folder.path().c_str(), O_RDONLY | O_CLOEXEC), "a folder");
  const auto refused = directory.copy_in_memory({});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().message(), "a folder is not a regular file");
}

TEST_F(NnGuest, OpensNoPathOutsideThePreopens) {
  EXPECT_EQ(load_arrays({"preload:/etc/passwd"}, kEcho, kCpu), Errno::NotFound);
  EXPECT_EQ(load_arrays({"preload:../model"}, kEcho, kCpu), Errno::NotFound);
  EXPECT_EQ(load_arrays({"preload:absent"}, kEcho, kCpu), Errno::NotFound);
  mkfifo((folder.path() + "/fifo").c_str(), 0600);
  EXPECT_EQ(load_arrays({"preload:fifo"}, kEcho, kCpu), Errno::NotFound);
  Guest without_files(registry);
  host::Caller caller = memory.caller();
  const std::string path = "preload:mine";
  const Guest::Builder builder{memory.put(path), static_cast<uint32_t>(path.size())};
  EXPECT_EQ(without_files.load(caller, {caller.memory(), memory.put(builder), 1}, kEcho, kCpu, memory.slot()),
            Errno::NotFound);
}

TEST_F(NnGuest, RefusesNumbersThatMeanNothing) {
  EXPECT_EQ(load_arrays({"x"}, 77, kCpu), Errno::InvalidEncoding);
  EXPECT_EQ(load_arrays({"x"}, kAutodetect, kCpu), Errno::InvalidEncoding);
  EXPECT_EQ(load_arrays({"x"}, kEcho, 3), Errno::InvalidArgument);
  EXPECT_EQ(load_arrays({}, kEcho, kCpu), Errno::InvalidArgument);
  context_of(12345, Errno::InvalidArgument);
  EXPECT_EQ(compute(12345), Errno::InvalidArgument);
}

// Every pointer at every edge: an error, and nothing happens.
TEST_F(NnGuest, RefusesPointersOutsideOfTheMemory) {
  const uint32_t graph = load("m");
  const uint32_t context = context_of(graph);
  host::Caller caller = memory.caller();
  const host::GuestMemory all = caller.memory();
  for (const uint32_t bad : {65533u, 65536u, 0xfffffffcu, 0xffffffffu}) {
    const host::GuestPtr<uint32_t> out(all, bad);
    EXPECT_EQ(guest.load_by_name(caller, memory.string("m"), out), Errno::InvalidArgument);
    EXPECT_EQ(guest.load_by_name(caller, {all, bad, 100}, memory.slot()), Errno::InvalidArgument);
    EXPECT_EQ(guest.load_by_name_with_config(caller, memory.string("m"), {all, bad, 100}, memory.slot()),
              Errno::InvalidArgument);
    EXPECT_EQ(guest.init_execution_context(caller, graph, out), Errno::InvalidArgument);
    EXPECT_EQ(guest.load(caller, {all, bad, 2}, kEcho, kCpu, memory.slot()), Errno::InvalidArgument);
    EXPECT_EQ(guest.load(caller, {all, memory.put(Guest::Builder{bad, 4}), 1}, kEcho, kCpu, memory.slot()),
              Errno::InvalidArgument);
    EXPECT_EQ(guest.set_input(caller, context, 0, {all, bad}), Errno::InvalidArgument);
    for (const Guest::Tensor& tensor :
         {Guest::Tensor{bad, 2, 3, 8, 4}, Guest::Tensor{8, 1, 3, bad, 4},
          Guest::Tensor{8, 0x40000000, 3, 8, 4}, Guest::Tensor{8, 1, 3, 8, bad | 0x80000000},
          Guest::Tensor{8, 1, 9, 8, 4}})
      EXPECT_EQ(guest.set_input(caller, context, 0, {all, memory.put(tensor)}), Errno::InvalidArgument);
    ASSERT_EQ(set(context, 0, "12345678"), Errno::Success);
    ASSERT_EQ(compute(context), Errno::Success);
    EXPECT_EQ(guest.get_output(caller, context, 0, {all, bad, 64}, memory.slot()), Errno::InvalidArgument);
    EXPECT_EQ(guest.get_output(caller, context, 0, {all, 8, 64}, out), Errno::InvalidArgument);
  }
  // A buffer that is larger than the memory is fine as long as what is written fits.
  EXPECT_EQ(guest.get_output(caller, context, 0, {all, 1024, 0xffffffff}, memory.slot()), Errno::Success);
}

TEST_F(NnGuest, EndsACallWhenTheGuestIsInterrupted) {
  const uint32_t context = context_of(load_with("m", "wait"));
  ASSERT_EQ(set(context, 0, "x"), Errno::Success);
  std::thread soon([&] {
    usleep(20000);
    memory.interrupt();
  });
  EXPECT_EQ(compute(context), Errno::RuntimeError);
  soon.join();
}

TEST_F(NnGuest, KeepsTheLogShort) {
  for (int round = 0; round < 1000; ++round) compute(99);
  EXPECT_LT(std::ranges::count(log, '\n'), 250);
  EXPECT_NE(log.find("left out"), std::string::npos);
}

TEST(NnRegistry, RefusesWhatItCannotRegister) {
  TemporaryFolder folder;
  Registry registry;
  const auto absent = registry.preload("m:ggml:auto:/nowhere/model.gguf");
  ASSERT_FALSE(absent);
  EXPECT_EQ(absent.error().kind(), ErrorKind::NotFound);
  EXPECT_NE(absent.error().message().find("/nowhere/model.gguf"), std::string::npos);
  EXPECT_NE(absent.error().message().find("./dev setup"), std::string::npos);
  EXPECT_EQ(registry.preload("m:ggml:auto:" + folder.path()).error().kind(), ErrorKind::Io);
  const std::string spec = "m:echo:auto:" + folder.write("model", "x");
  EXPECT_TRUE(registry.preload(spec));
  EXPECT_EQ(registry.preload(spec).error().kind(), ErrorKind::Usage);
}

TEST(NnBackend, RefusesALaterAbi) {
  std::vector<std::string> refused;
  for (const std::string& directory : default_plugin_directories()) refused.push_back(directory + "/refused");
  const auto backend = Backend::load(*encoding_of("echo"), refused);
  ASSERT_FALSE(backend);
  EXPECT_EQ(backend.error().kind(), ErrorKind::Unsupported);
  EXPECT_NE(backend.error().message().find("version 1.99"), std::string::npos) << backend.error().message();
  EXPECT_NE(backend.error().message().find("version 1.1"), std::string::npos);
}

TEST(NnBackend, RefusesWhatIsNoBackend) {
  TemporaryFolder folder;
  folder.write("godwit-nn-echo.so", "no library");
  const auto backend = Backend::load(*encoding_of("echo"), std::vector{folder.path()});
  ASSERT_FALSE(backend);
  EXPECT_EQ(backend.error().kind(), ErrorKind::Unsupported);
}

TEST_F(NnGuest, ModelsOfSomeEncodingsAreTheOperatorsAffair) {
  constexpr uint32_t kTensorFlowLite = 4;
  EXPECT_EQ(load_arrays({"....TFL3"}, kTensorFlowLite, kCpu), Errno::UnsupportedOperation);
  EXPECT_NE(log.find("--nn-guest-models"), std::string::npos) << log;
  EXPECT_EQ(load_arrays({"....TFL3"}, kAutodetect, kCpu), Errno::UnsupportedOperation);
}

// Room for two models of 100 bytes and a half.
class NnBudget : public NnGuest {
 protected:
  NnBudget() : bounded(with_room(250)), one(bounded), two(bounded) {
    for (const char* name : {"a", "b", "c"})
      EXPECT_TRUE(
          bounded.preload(std::string(name) + ":echo:cpu:" + folder.write(name, std::string(100, *name))));
  }
  RegistryConfig with_room(uint64_t bytes) {
    RegistryConfig value = config();
    value.log = [this](LogLevel, std::string_view line) { log += std::string(line) + "\n"; };
    value.max_memory_bytes = bytes;
    return value;
  }
  uint32_t load_in(Guest& of, std::string_view name, Errno wanted = Errno::Success) {
    host::Caller caller = memory.caller();
    const auto out = memory.slot();
    EXPECT_EQ(of.load_by_name(caller, memory.string(name), out), wanted) << name << log;
    return memory.number(out.address());
  }
  Errno unload_in(Guest& of, uint32_t graph) {
    host::Caller caller = memory.caller();
    return of.unload(caller, graph);
  }

  Registry bounded;
  Guest one;
  Guest two;
};

TEST_F(NnBudget, ModelsThatNobodyHoldsAreUnloaded) {
  const uint32_t a = load_in(one, "a");
  const uint32_t b = load_in(two, "b");
  load_in(one, "c", Errno::MissingMemory);
  EXPECT_NE(log.find("--nn-max-memory"), std::string::npos) << log;
  ASSERT_EQ(unload_in(two, b), Errno::Success);
  const uint32_t c = load_in(one, "c");
  EXPECT_NE(log.find("unloaded the model \"b\""), std::string::npos) << log;
  load_in(two, "b", Errno::MissingMemory);
  EXPECT_EQ(load_in(two, "a"), 1u) << "what is there costs nothing";
  ASSERT_EQ(unload_in(one, c), Errno::Success);
  load_in(two, "b");
  EXPECT_EQ(unload_in(one, a), Errno::Success);
}

TEST_F(NnBudget, AContextHoldsItsModel) {
  const uint32_t a = load_in(one, "a");
  host::Caller caller = memory.caller();
  const auto context = memory.slot();
  ASSERT_EQ(one.init_execution_context(caller, a, context), Errno::Success);
  ASSERT_EQ(unload_in(one, a), Errno::Success);
  load_in(two, "b");
  load_in(two, "c", Errno::MissingMemory);
  ASSERT_EQ(one.finalize_execution_context(caller, memory.number(context.address())), Errno::Success);
  load_in(two, "c");
  EXPECT_NE(log.find("unloaded the model \"a\""), std::string::npos) << log;
}

TEST_F(NnBudget, TheOldestGoesFirstAndGuestsModelsCount) {
  ASSERT_EQ(unload_in(one, load_in(one, "b")), Errno::Success);
  ASSERT_EQ(unload_in(one, load_in(one, "a")), Errno::Success);
  ASSERT_EQ(unload_in(one, load_in(one, "b")), Errno::Success);  // again: now "a" is older
  host::Caller caller = memory.caller();
  const std::string own(140, 'o');
  const Guest::Builder builder{memory.put(own), 140};
  const auto out = memory.slot();
  ASSERT_EQ(one.load(caller, {caller.memory(), memory.put(builder), 1}, kEcho, kCpu, out), Errno::Success)
      << log;
  EXPECT_NE(log.find("unloaded the model \"a\""), std::string::npos) << log;
  EXPECT_EQ(log.find("unloaded the model \"b\""), std::string::npos) << log;
  load_in(two, "c");
  EXPECT_NE(log.find("unloaded the model \"b\""), std::string::npos) << log;
  const Guest::Builder larger{memory.put(std::string(251, 'o')), 251};
  EXPECT_EQ(two.load(caller, {caller.memory(), memory.put(larger), 1}, kEcho, kCpu, out),
            Errno::MissingMemory);
}

TEST_F(NnBudget, UnloadingIsSafeBesideOthersThatCompute) {
  std::vector<std::thread> threads;
  for (const char* name : {"a", "b", "c"})
    threads.emplace_back([this, name] {
      Guest guest(bounded);
      Caller64K own;
      host::Caller caller = own.caller();
      const auto graph = own.slot(), context = own.slot(), written = own.slot();
      const auto asked = own.string(name);
      const uint32_t out = own.put(std::string(100, '.'));
      for (int round = 0; round < 300; ++round) {
        const Errno loaded = guest.load_by_name(caller, asked, graph);
        if (loaded == Errno::MissingMemory) continue;
        ASSERT_EQ(loaded, Errno::Success);
        ASSERT_EQ(guest.init_execution_context(caller, own.number(graph.address()), context), Errno::Success);
        ASSERT_EQ(guest.unload(caller, own.number(graph.address())), Errno::Success);
        const host::GuestSpan<uint8_t> room(caller.memory(), out, 100);
        ASSERT_EQ(guest.get_output(caller, own.number(context.address()), 1, room, written), Errno::Success);
        ASSERT_EQ(own.text(out, 100), std::string(100, *name));
        ASSERT_EQ(guest.finalize_execution_context(caller, own.number(context.address())), Errno::Success);
      }
    });
  for (std::thread& thread : threads) thread.join();
}

}  // namespace
}  // namespace godwit::nn
