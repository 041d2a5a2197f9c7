// A reader of FlatBuffers that leaves what does not lie inside.
// spec: https://flatbuffers.dev/internals/
#include "options_check.h"

#include <algorithm>
#include <cstring>
#include <optional>
#include <vector>

namespace godwit::tflite_backend {
namespace {

constexpr int32_t kMost = 1 << 14;  // no stride, filter or block is larger

class Reader final {
 public:
  explicit Reader(std::span<const uint8_t> bytes) : bytes_(bytes) {}

  template <class T>
  std::optional<T> number(uint64_t at) const {
    T value;
    if (at > bytes_.size() || bytes_.size() - at < sizeof value) return std::nullopt;
    std::memcpy(&value, bytes_.data() + at, sizeof value);
    return value;
  }

  // What the offset at `at` leads to.
  std::optional<uint64_t> follow(uint64_t at) const {
    const auto offset = number<uint32_t>(at);
    return offset ? std::optional(at + *offset) : std::nullopt;
  }

  // Where a table's field stands; nothing: it has none.
  std::optional<uint64_t> field(uint64_t table, unsigned slot) const {
    const auto back = number<int32_t>(table);
    if (!back) return std::nullopt;
    const uint64_t slots = table - static_cast<uint64_t>(static_cast<int64_t>(*back));
    const auto size = number<uint16_t>(slots);
    if (!size || *size < 6 + 2 * slot) return std::nullopt;
    const auto offset = number<uint16_t>(slots + 4 + 2 * slot);
    return offset && *offset ? std::optional(table + *offset) : std::nullopt;
  }

  template <class T>
  T value(uint64_t table, unsigned slot, T absent) const {
    const auto at = field(table, slot);
    return at ? number<T>(*at).value_or(absent) : absent;
  }

  // How many items a vector has; nothing: there is no vector.
  std::optional<uint32_t> count(uint64_t table, unsigned slot) const {
    const auto at = field(table, slot);
    const auto vector = at ? follow(*at) : std::nullopt;
    return vector ? number<uint32_t>(*vector) : std::nullopt;
  }

  // The tables of a vector of them.
  std::vector<uint64_t> tables(uint64_t table, unsigned slot) const {
    std::vector<uint64_t> list;
    const auto at = field(table, slot);
    const auto vector = at ? follow(*at) : std::nullopt;
    const auto count = vector ? number<uint32_t>(*vector) : std::nullopt;
    for (uint64_t i = 0; count && i < *count; ++i) {
      const auto item = follow(*vector + 4 + 4 * i);
      if (!item) break;
      list.push_back(*item);
    }
    return list;
  }

 private:
  std::span<const uint8_t> bytes_;
};

// A number of an operation's options that must be from 1 to kMost.
struct Positive {
  unsigned slot;
  int32_t absent;  // what it is where it is not written
};

struct Rule {
  int32_t operation;
  uint8_t options_type;  // 0: any
  const char* name;
  std::vector<Positive> numbers;
};

// spec: https://github.com/tensorflow/tensorflow/blob/master/tensorflow/compiler/mlir/lite/schema/schema.fbs
const std::vector<Rule>& rules() {
  static const std::vector<Rule> list = {
      {1, 5, "AVERAGE_POOL_2D", {{1, 0}, {2, 0}, {3, 0}, {4, 0}}},
      {3, 1, "CONV_2D", {{1, 0}, {2, 0}, {4, 1}, {5, 1}}},
      {4, 2, "DEPTHWISE_CONV_2D", {{1, 0}, {2, 0}, {5, 1}, {6, 1}}},
      {5, 0, "DEPTH_TO_SPACE", {{0, 0}}},
      {12, 5, "L2_POOL_2D", {{1, 0}, {2, 0}, {3, 0}, {4, 0}}},
      {17, 5, "MAX_POOL_2D", {{1, 0}, {2, 0}, {3, 0}, {4, 0}}},
      {26, 0, "SPACE_TO_DEPTH", {{0, 0}}},
      {67, 0, "TRANSPOSE_CONV", {{1, 0}, {2, 0}}},
      {132, 0, "CONV_3D", {{1, 0}, {2, 0}, {3, 0}, {5, 1}, {6, 1}, {7, 1}}},
      {133, 0, "CONV_3D_TRANSPOSE", {{1, 0}, {2, 0}, {3, 0}, {5, 1}, {6, 1}, {7, 1}}},
  };
  return list;
}

// What the library takes for granted.
std::string check_graph(const Reader& reader, uint64_t graph) {
  for (unsigned slot = 0; slot < 4; ++slot)
    if (!reader.count(graph, slot)) return "a graph has no tensors, inputs, outputs or operations";
  for (const uint64_t tensor : reader.tables(graph, 0)) {
    const auto at = reader.field(tensor, 4);
    const auto quantisation = at ? reader.follow(*at) : std::nullopt;
    if (quantisation &&
        reader.count(*quantisation, 2).value_or(0) != reader.count(*quantisation, 3).value_or(0))
      return "a tensor's quantisation has scales without zero points, or the other way round";
    if (quantisation && (reader.field(*quantisation, 4) || reader.field(*quantisation, 5)))
      return "a tensor's quantisation has details, which are not known here";
    if (reader.field(tensor, 6)) return "a tensor is sparse";
  }
  for (const uint64_t operation : reader.tables(graph, 3))
    if (!reader.count(operation, 1) || !reader.count(operation, 2))
      return "an operation has no inputs or outputs";
  return {};
}

}  // namespace

std::string check_options(std::span<const uint8_t> bytes) {
  const Reader reader(bytes);
  const auto model = reader.follow(0);
  if (!model) return "it is cut short";
  std::vector<int32_t> operations;
  for (const uint64_t code : reader.tables(*model, 1))
    operations.push_back(
        std::max<int32_t>(reader.value<int8_t>(code, 0, 0), reader.value<int32_t>(code, 3, 0)));
  if (!reader.count(*model, 1) || !reader.count(*model, 2) || !reader.count(*model, 4))
    return "it has no operations, graphs or buffers";
  for (const uint64_t graph : reader.tables(*model, 2)) {
    if (std::string wrong = check_graph(reader, graph); !wrong.empty()) return wrong;
    for (const uint64_t operation : reader.tables(graph, 3)) {
      const uint32_t code = reader.value<uint32_t>(operation, 0, 0);
      if (code >= operations.size()) return "an operation has a number that there is not";
      for (const Rule& rule : rules()) {
        if (rule.operation != operations[code]) continue;
        const auto at = reader.field(operation, 4);
        const auto options = at ? reader.follow(*at) : std::nullopt;
        if (!options || (rule.options_type && reader.value<uint8_t>(operation, 3, 0) != rule.options_type))
          return std::string("an operation ") + rule.name + " has no options of its own";
        for (const auto [slot, absent] : rule.numbers) {
          const int32_t number = reader.value<int32_t>(*options, slot, absent);
          if (number < 1 || number > kMost)
            return std::string("an operation ") + rule.name + " has the number " + std::to_string(number) +
                   " among its options";
        }
      }
    }
  }
  return {};
}

}  // namespace godwit::tflite_backend
