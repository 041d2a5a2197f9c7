// Texts as tensors.
#include "openai/texts.h"

namespace godwit::openai {

nn::Outcome<> set_text(nn::Context& context, uint32_t index, std::string_view text, nn::BackendCall& call,
                       const nn::Waiting& waiting) {
  const uint32_t dimension = static_cast<uint32_t>(text.size());
  const Bytes bytes = as_bytes(text);
  const godwit_nn_tensor tensor{.dimensions = &dimension,
                                .dimension_count = 1,
                                .type = GODWIT_NN_U8,
                                .data = {bytes.data(), bytes.size()}};
  return call.outcome(context.set_input(index, tensor, call.get(), waiting));
}

nn::Outcome<std::string> get_text(nn::Context& context, uint32_t index, nn::BackendCall& call) {
  godwit_nn_bytes bytes{};
  auto got = call.outcome(context.table().get_output(context.get(), index, &bytes, call.get()));
  if (!got) return std::unexpected(std::move(got).error());
  return std::string(reinterpret_cast<const char*>(bytes.data), static_cast<size_t>(bytes.size_bytes));
}

}  // namespace godwit::openai
