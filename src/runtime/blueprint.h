// Blueprint: the state that new instances of a module begin with, in a form that belongs to no store.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "base/error.h"
#include "platform/memory_image.h"
#include "runtime/vm.h"

namespace godwit::runtime {

class Instance;

// References are function indices and one: 0 is null.
using FuncNumber = uint32_t;

// Of the objects that the instance owns; imported ones are whatever they are. @threads immutable.
struct Blueprint {
  struct MemoryState {
    uint64_t pages = 0;
    uint64_t image_begin = 0;     // bytes; below it, and behind the image, are zeros
    platform::MemoryImage image;  // may be empty
  };
  struct TableState {
    uint64_t size = 0;
    std::vector<FuncNumber> funcs;  // as far as they are not null
  };
  std::vector<MemoryState> memories;
  std::vector<TableState> tables;
  std::vector<VmGlobal> globals;  // of references: the FuncNumber
  std::vector<bool> dropped_elems, dropped_datas;
  std::vector<std::vector<FuncNumber>> elem_values;  // of segments that are given as expressions
  bool names_imports = false;                        // some FuncNumber is an imported function's
  bool runs_start = true;                            // of a new instance; not of one that was running before

  // The state of an instance as it is now.
  // @errors Unsupported: it holds what no blueprint can: references to anything but the instance's own and imported
  //   functions, a shared memory, a type that needs the garbage-collected heap. Says which. Exhausted: no room.
  static Result<Blueprint> of(Instance& instance);
};

}  // namespace godwit::runtime
