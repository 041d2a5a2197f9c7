// The checks of tensors, and the table over a network of our own.
#include <gtest/gtest.h>

#include <atomic>
#include <cstring>
#include <thread>

#include "network.h"
#include "watcher.h"

namespace godwit::tensors {
namespace {

// Gives its first input back; waits to be cancelled where that begins with 1.
class Echo final : public Network, public Execution {
 public:
  const std::vector<TensorInfo>& inputs() const override { return ports_; }
  const std::vector<TensorInfo>& outputs() const override { return ports_; }
  Result<std::unique_ptr<Execution>> start() const override { return std::make_unique<Echo>(); }

  Result<> set_input(uint32_t, const godwit_nn_tensor& tensor) override {
    held_.assign(tensor.data.data, tensor.data.data + tensor.data.size_bytes);
    return {};
  }
  Result<> compute(const Call& call) override {
    if (held_[0] == 2) throw std::runtime_error("thrown");
    if (held_[0] != 1) return {};
    std::atomic<bool> is_told = false;
    const Watch watch(call, [&] { is_told = true; });
    while (!is_told) std::this_thread::yield();
    return watch.cancelled() ? Result<>(fail(GODWIT_NN_CANCELLED)) : Result<>();
  }
  Result<std::span<const uint8_t>> output(uint32_t) override { return held_; }

 private:
  std::vector<TensorInfo> ports_ = {{.name = "x", .type = GODWIT_NN_U8, .dimensions = {kAnySize, 2}}};
  std::vector<uint8_t> held_;
};

class EchoLibrary final : public Library {
 public:
  Result<> recognise(const Source& source) const override {
    if (source.parts[0].text() == "model") return {};
    return fail(GODWIT_NN_INVALID_ENCODING, "no model");
  }
  Result<std::shared_ptr<const Network>> load(const Source&, const Call&) const override {
    return std::make_shared<Echo>();
  }
};

}  // namespace

const Description& description() {
  static const Description about{.encoding = 1, .name = "echo", .revision = "1"};
  return about;
}

const Library& library() {
  static const EchoLibrary only;
  return only;
}

namespace {

struct Host {
  std::string explanation;
  std::atomic<bool> is_cancelled = false;
  godwit_nn_call call{};
  Host() {
    call.struct_size_bytes = sizeof call;
    call.user = this;
    call.log = [](void*, uint32_t, const char*, uint64_t) {};
    call.explain = [](void* user, const char* text, uint64_t size) {
      static_cast<Host*>(user)->explanation.assign(text, size);
    };
    call.progress = [](void*, double) {};
    call.should_cancel = [](void* user) -> int32_t { return static_cast<Host*>(user)->is_cancelled; };
  }
};

class Table : public testing::Test {
 protected:
  Table() {
    EXPECT_EQ(open("model"), GODWIT_NN_OK);
    godwit_nn_graph* graph = nullptr;
    EXPECT_EQ(table.build_graph(model, {nullptr, 0}, &host.call, &graph), GODWIT_NN_OK);
    EXPECT_EQ(table.create_context(graph, &host.call, &context), GODWIT_NN_OK);
    table.release_graph(graph);
    table.release_model(model);  // the context keeps it
  }
  ~Table() override { table.release_context(context); }

  godwit_nn_status open(std::string_view bytes) {
    const godwit_nn_part part{
        .fd = -1, .name = "m", .data = {reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size()}};
    const godwit_nn_model_source source{
        .struct_size_bytes = sizeof source, .target = 0, .parts = &part, .part_count = 1, .is_trusted = 1};
    return table.open_model(&source, &host.call, &model);
  }
  godwit_nn_status set(std::vector<uint32_t> dimensions, std::string_view data,
                       uint32_t type = GODWIT_NN_U8) {
    const godwit_nn_tensor tensor{.dimensions = dimensions.data(),
                                  .dimension_count = static_cast<uint32_t>(dimensions.size()),
                                  .type = type,
                                  .data = {reinterpret_cast<const uint8_t*>(data.data()), data.size()}};
    return table.set_input(context, 0, &tensor, &host.call);
  }

  const godwit_nn_backend& table = *godwit_nn_backend_v1(1, 1);
  Host host;
  godwit_nn_model* model = nullptr;
  godwit_nn_context* context = nullptr;
};

TEST_F(Table, RunsAndLends) {
  godwit_nn_bytes out{};
  EXPECT_EQ(table.get_output(context, 0, &out, &host.call), GODWIT_NN_RUNTIME_ERROR);
  EXPECT_EQ(table.compute(context, &host.call), GODWIT_NN_INVALID_ARGUMENT);
  ASSERT_EQ(set({3, 2}, "abcdef"), GODWIT_NN_OK);
  ASSERT_EQ(table.compute(context, &host.call), GODWIT_NN_OK);
  ASSERT_EQ(table.get_output(context, 0, &out, &host.call), GODWIT_NN_OK);
  EXPECT_EQ(std::string(reinterpret_cast<const char*>(out.data), out.size_bytes), "abcdef");
  EXPECT_EQ(table.get_output(context, 1, &out, &host.call), GODWIT_NN_INVALID_ARGUMENT);
  ASSERT_EQ(set({1, 2}, "ab"), GODWIT_NN_OK);
  EXPECT_EQ(table.get_output(context, 0, &out, &host.call), GODWIT_NN_RUNTIME_ERROR) << "of other inputs";
}

TEST_F(Table, ChecksTensors) {
  EXPECT_EQ(set({3, 2}, "abcde"), GODWIT_NN_INVALID_ARGUMENT);
  EXPECT_NE(host.explanation.find("6 bytes, the tensor 5"), std::string::npos) << host.explanation;
  EXPECT_EQ(set({3, 3}, "abcdefghi"), GODWIT_NN_INVALID_ARGUMENT);
  EXPECT_NE(host.explanation.find("[any, 2], the tensor [3, 3]"), std::string::npos) << host.explanation;
  EXPECT_EQ(set({2}, "ab"), GODWIT_NN_INVALID_ARGUMENT);
  EXPECT_EQ(set({0, 2}, ""), GODWIT_NN_INVALID_ARGUMENT);
  EXPECT_EQ(set({1, 2}, "ab", GODWIT_NN_F32), GODWIT_NN_INVALID_ARGUMENT);
  EXPECT_EQ(set({UINT32_MAX, 2}, "ab"), GODWIT_NN_INVALID_ARGUMENT);
  const std::vector<uint32_t> huge(4, UINT32_MAX);
  EXPECT_FALSE(size_bytes(GODWIT_NN_F32, huge));
  EXPECT_EQ(size_bytes(GODWIT_NN_F64, std::vector<uint32_t>{2, 3}), 48u);
}

TEST_F(Table, EndsWhatIsCancelled) {
  ASSERT_EQ(set({1, 2}, "\1x"), GODWIT_NN_OK);
  std::thread other([this] { host.is_cancelled = true; });
  EXPECT_EQ(table.compute(context, &host.call), GODWIT_NN_CANCELLED);
  other.join();
}

TEST_F(Table, CatchesWhatIsThrown) {
  ASSERT_EQ(set({1, 2}, "\2x"), GODWIT_NN_OK);
  EXPECT_EQ(table.compute(context, &host.call), GODWIT_NN_RUNTIME_ERROR);
  EXPECT_NE(host.explanation.find("thrown"), std::string::npos);
}

TEST_F(Table, RefusesOtherBytes) {
  model = nullptr;
  EXPECT_EQ(open("other"), GODWIT_NN_INVALID_ENCODING);
  EXPECT_EQ(open(""), GODWIT_NN_INVALID_ENCODING);
  EXPECT_EQ(model, nullptr);
}

TEST(Tensor, ASingleNumberMayHaveADimension) {
  const TensorInfo scalar{.name = "s", .type = GODWIT_NN_F32, .dimensions = {}};
  const uint32_t one = 1, two = 2;
  const float value[2] = {};
  const auto given = [&](const uint32_t* dimensions, uint32_t count, uint64_t size) {
    return check(scalar, 0,
                 {.dimensions = dimensions,
                  .dimension_count = count,
                  .type = GODWIT_NN_F32,
                  .data = {reinterpret_cast<const uint8_t*>(value), size}})
        .has_value();
  };
  EXPECT_TRUE(given(nullptr, 0, 4));
  EXPECT_TRUE(given(&one, 1, 4));
  EXPECT_FALSE(given(&two, 1, 8));
}

}  // namespace
}  // namespace godwit::tensors
