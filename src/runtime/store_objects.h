// What a store owns.
#pragma once

#include <memory>
#include <vector>

#include "runtime/instance.h"
#include "runtime/memory.h"
#include "runtime/stable_list.h"

namespace godwit::runtime {

// In the order of destruction from below: instances go first, what they point to later.
struct Store::Objects {
  StableList<HostRecord> host_funcs;
  StableList<VmGlobal> global_values;
  StableList<Global> globals;
  StableList<Tag> tags;
  std::vector<std::shared_ptr<Memory>> memories;
  std::vector<std::unique_ptr<Table>> tables;
  std::vector<std::unique_ptr<Instance>> instances;
};

}  // namespace godwit::runtime
