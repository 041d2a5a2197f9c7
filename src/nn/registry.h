// Registry: the models that the operator registered, and the backends that run them. One serves all guests of a
// process: a model's weights are then in memory once.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "nn/backend.h"
#include "nn/budget.h"
#include "nn/call.h"
#include "nn/log.h"
#include "nn/model_file.h"
#include "nn/preload.h"
#include "nn/types.h"

namespace godwit::nn {

struct RegistryConfig {
  std::vector<std::string> plugin_directories = default_plugin_directories();
  Log log = log_to_stderr;
  uint64_t max_memory_bytes = 0;  // of the weights of all models, by the size of their files; 0: any
};

// @threads any. Not moved: guests hold its address.
class Registry final {
 public:
  explicit Registry(RegistryConfig config = {});
  ~Registry();
  Registry(const Registry&) = delete;
  Registry& operator=(const Registry&) = delete;

  // Registers a model as parse_preload() reads it (of the user's list, too), and opens its files. Its backend is loaded, and its weights are
  // read, when a guest first asks for it.
  // @errors Usage: not of that form, or the name is taken. NotFound, Io: a file is absent or cannot be read.
  Result<> preload(std::string_view spec);

  // A registered model, ready to run with a config.
  // @errors ModelNotFound: nothing is registered under that name. InvalidEncoding: there is no backend for it.
  //         Else the backend's.
  Outcome<std::shared_ptr<const Graph>> graph_by_name(std::string_view name, std::string_view config,
                                                      const CallOrigin& origin);

  // A model that a guest brings along.
  Outcome<std::shared_ptr<const Graph>> graph_of_parts(const Encoding* encoding, Target target,
                                                       std::span<const godwit_nn_part> parts,
                                                       std::string_view config, const CallOrigin& origin);

  const Log& log() const { return config_.log; }

  // For calls on behalf of those who run on `parker`'s fibers; null: their threads wait.
  Waiting waiting(platform::fs::Parker* parker) { return {.parker = parker, .workers = &workers_}; }

  // A number for a tenant; the same name has the same one. Not for an empty name: each gets another number.
  uint64_t tenant(std::string_view name);

 private:
  struct Named {
    Preload preload;
    std::vector<ModelFile> files;
    std::mutex opening;
    std::shared_ptr<const Model>
        model;           // null until asked for, and when it was unloaded; guarded by `opening`
    uint64_t asked = 0;  // the number of the last time; guarded by `opening`
  };

  Outcome<std::shared_ptr<const Backend>> backend_for(const Encoding& encoding);
  Outcome<std::shared_ptr<const Model>> model_of(Named& named, const CallOrigin& origin);
  // A lease of so much memory, for which models that nobody holds are unloaded. @param loading not to be unloaded
  // @errors MissingMemory: the others are held
  Outcome<std::shared_ptr<const void>> room_for(uint64_t bytes, const std::string& what,
                                                const Named* loading);
  // Unloads the model that was asked for longest ago of those that nobody holds. @returns false: there is none
  bool unload_one(const Named* loading);
  std::string names() const;

  const RegistryConfig config_;
  Budget budget_;
  std::atomic<uint64_t> last_asked_ = 0;
  mutable std::mutex mutex_;                                          // guards the maps, not what they hold
  std::map<std::string, std::unique_ptr<Named>, std::less<>> named_;  // never shrinks: addresses stay valid
  std::mutex loading_;                                                // guards backends_
  std::map<uint32_t, std::shared_ptr<const Backend>> backends_;
  std::map<std::string, uint64_t, std::less<>> tenants_;  // guarded by mutex_
  uint64_t last_tenant_ = 0;                              // guarded by mutex_
  Workers workers_;                                       // the first to go: they work with what stands above
};

}  // namespace godwit::nn
