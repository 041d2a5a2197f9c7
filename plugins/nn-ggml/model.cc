// Opens GGUF files through descriptors and reads their weights.
#include "model.h"

#include <common/chat.h>
#include <common/common.h>
#include <fcntl.h>
#include <llama.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "batch.h"
#include "chat_template.h"

namespace godwit::ggml {
namespace {

// A descriptor's file under a name that llama.cpp can open: it gets an offset of its own that way, where a duplicated
// descriptor would share it with everybody else who reads.
std::string path_of(int fd) { return "/proc/self/fd/" + std::to_string(fd); }

Result<int> own_file(const godwit_nn_part& part) {
  const int fd = fcntl(part.fd, F_DUPFD_CLOEXEC, 3);
  if (fd < 0)
    return fail(GODWIT_NN_RUNTIME_ERROR, std::string("cannot hold the model open: ") + std::strerror(errno));
  return fd;
}

// Bytes become an anonymous file, so that there is one way to read a model.
Result<int> own_bytes(const godwit_nn_part& part) {
  const int fd = memfd_create("godwit-model", MFD_CLOEXEC);
  if (fd < 0)
    return fail(GODWIT_NN_RUNTIME_ERROR, std::string("cannot hold the model: ") + std::strerror(errno));
  for (uint64_t done = 0; done < part.data.size_bytes;) {
    const ssize_t wrote = write(fd, part.data.data + done, part.data.size_bytes - done);
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote <= 0) {
      close(fd);
      return fail(GODWIT_NN_MISSING_MEMORY, std::string("cannot hold the model: ") + std::strerror(errno));
    }
    done += static_cast<uint64_t>(wrote);
  }
  return fd;
}

bool on_progress(float fraction, void* call) {
  static_cast<const Call*>(call)->progress(fraction);
  return !static_cast<const Call*>(call)->cancelled();
}

llama_split_mode split_mode_of(const std::string& name) {
  if (name == "none") return LLAMA_SPLIT_MODE_NONE;
  if (name == "row") return LLAMA_SPLIT_MODE_ROW;
  return LLAMA_SPLIT_MODE_LAYER;
}

// The texts of a vocabulary are written with replacements for spaces and single bytes: never shorter than what they
// stand for.
size_t longest_token(const llama_vocab* vocab) {
  size_t longest = 1;
  if (llama_vocab_type(vocab) == LLAMA_VOCAB_TYPE_NONE) return longest;
  for (llama_token token = 0; token < llama_vocab_n_tokens(vocab); ++token)
    longest = std::max(longest, std::strlen(llama_vocab_get_text(vocab, token)));
  return longest;
}

}  // namespace

std::shared_ptr<Batch> Batches::get(const ContextOptions& options,
                                    const std::function<std::shared_ptr<Batch>()>& make) {
  const std::lock_guard lock(mutex_);
  std::erase_if(batches_, [](const auto& entry) { return entry.second.expired(); });
  for (const auto& [key, batch] : batches_)
    if (key == options)
      if (auto shared = batch.lock()) return shared;
  auto made = make();
  batches_.emplace_back(options, made);
  return made;
}

Weights::Weights(llama_model* model, bool is_trusted)
    : model_(model),
      chat_template_(chat_template_name(model)),
      longest_token_bytes_(longest_token(vocab())),
      is_trusted_(is_trusted) {}

void Weights::FreeTemplates::operator()(common_chat_templates* templates) const {
  common_chat_templates_free(templates);
}

const common_chat_templates* Weights::chat_templates() const {
  if (!is_trusted_ || !llama_model_chat_template(model_, nullptr)) return nullptr;
  std::call_once(templates_once_,
                 [this] { templates_.reset(common_chat_templates_init(model_, "").release()); });
  return templates_.get();
}

Weights::~Weights() { llama_model_free(model_); }

const llama_vocab* Weights::vocab() const { return llama_model_get_vocab(model_); }

int32_t Weights::trained_context() const { return llama_model_n_ctx_train(model_); }

Model::~Model() {
  for (const Part& part : parts_) close(part.fd);
}

Result<std::shared_ptr<Model>> Model::open(std::span<const godwit_nn_part> parts, uint32_t target,
                                           bool is_trusted) {
  if (parts.empty()) return fail(GODWIT_NN_INVALID_ARGUMENT, "a model needs at least one file");
  std::shared_ptr<Model> model(new Model);
  model->target_ = target;
  model->is_trusted_ = is_trusted;
  for (const godwit_nn_part& part : parts) {
    auto fd = part.fd >= 0 ? own_file(part) : own_bytes(part);
    if (!fd) return std::unexpected(std::move(fd).error());
    const std::string name = part.name ? part.name : "the model";
    model->parts_.push_back({*fd, name});
    char magic[4];
    if (pread(*fd, magic, sizeof magic, 0) != sizeof magic || std::memcmp(magic, "GGUF", sizeof magic) != 0)
      return fail(GODWIT_NN_INVALID_ENCODING,
                  name + " is not a GGUF file (it does not begin with the letters GGUF)");
  }
  return model;
}

Result<std::shared_ptr<Weights>> Model::weights(WeightOptions options, const Call& call) {
  if (target_ == GODWIT_NN_TARGET_CPU) options.gpu_layers = 0;
  // Options that only a GPU gives a meaning must not cost a second copy where there is none.
  if (!llama_supports_gpu_offload()) {
    const WeightOptions none;
    options.gpu_layers = 0;
    options.main_gpu = none.main_gpu;
    options.split_mode = none.split_mode;
    options.tensor_split.clear();
    options.cpu_moe = none.cpu_moe;
    options.cpu_moe_layers = none.cpu_moe_layers;
  }
  const std::lock_guard lock(mutex_);
  std::erase_if(loaded_, [](const auto& entry) { return entry.second.expired(); });
  for (const auto& [wanted, weights] : loaded_) {
    if (wanted != options) continue;
    if (auto shared = weights.lock()) return latest_ = shared;
  }
  auto weights = load(options, call);
  if (!weights) return weights;
  loaded_.emplace_back(options, *weights);
  return latest_ = *weights;
}

Result<std::shared_ptr<Weights>> Model::load(const WeightOptions& options, const Call& call) {
  llama_model_params params = llama_model_default_params();
  params.n_gpu_layers = options.gpu_layers;
  params.main_gpu = options.main_gpu;
  params.split_mode = split_mode_of(options.split_mode);
  params.load_mode = options.use_mmap
                         ? (options.use_mlock ? LLAMA_LOAD_MODE_MMAP_MLOCK : LLAMA_LOAD_MODE_MMAP)
                         : (options.use_mlock ? LLAMA_LOAD_MODE_MLOCK : LLAMA_LOAD_MODE_NONE);
  params.check_tensors = options.check_tensors;
  params.progress_callback = on_progress;
  params.progress_callback_user_data = const_cast<Call*>(&call);

  std::vector<float> split(llama_max_devices(), 0.0f);
  std::copy_n(options.tensor_split.begin(), std::min(split.size(), options.tensor_split.size()),
              split.begin());
  if (!options.tensor_split.empty()) params.tensor_split = split.data();

  // Patterns live until the load is done; the list ends with a null pattern.
  std::vector<std::string> patterns;
  std::vector<llama_model_tensor_buft_override> overrides;
  if (options.cpu_moe) {
    overrides.push_back(llm_ffn_exps_cpu_override());
  } else {
    patterns.reserve(static_cast<size_t>(options.cpu_moe_layers));
    for (int32_t layer = 0; layer < options.cpu_moe_layers; ++layer) {
      patterns.push_back(llm_ffn_block_regex(layer, LLM_FFN_EXPS_REGEX));
      overrides.push_back({patterns.back().c_str(), ggml_backend_cpu_buffer_type()});
    }
  }
  if (!overrides.empty()) {
    overrides.push_back({nullptr, nullptr});
    params.tensor_buft_overrides = overrides.data();
  }

  std::vector<std::string> paths;
  for (const Part& part : parts_) paths.push_back(path_of(part.fd));
  std::vector<const char*> path_pointers;
  for (const std::string& path : paths) path_pointers.push_back(path.c_str());
  llama_model* model = paths.size() == 1
                           ? llama_model_load_from_file(paths[0].c_str(), params)
                           : llama_model_load_from_splits(path_pointers.data(), path_pointers.size(), params);
  if (!model) {
    if (call.cancelled()) return fail(GODWIT_NN_CANCELLED);
    return fail(GODWIT_NN_RUNTIME_ERROR,
                "llama.cpp cannot run " + parts_[0].name + ": " + LogScope::first_error());
  }
  auto weights = std::make_shared<Weights>(model, is_trusted_);
  if (llama_vocab_type(weights->vocab()) == LLAMA_VOCAB_TYPE_NONE)
    return fail(GODWIT_NN_UNSUPPORTED_OPERATION, parts_[0].name + " has no vocabulary: it cannot read text");
  if (llama_model_has_encoder(model) && llama_model_has_decoder(model))
    return fail(GODWIT_NN_UNSUPPORTED_OPERATION,
                parts_[0].name + " has an encoder and a decoder; this backend runs models with one of them");
  return weights;
}

}  // namespace godwit::ggml
