// ModuleCode: the register code of a module, translated function by function as they are first called.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <random>
#include <set>
#include <vector>

#include "code/catch_table.h"
#include "code/cell.h"
#include "code/effort.h"
#include "code/native.h"
#include "code/translate.h"
#include "platform/memory_map.h"
#include "runtime/module.h"
#include "wasm/features.h"

namespace godwit::code {

struct ModuleCodeOptions {
  wasm::FeatureSet features = {};  // for validation
  bool bodies_are_valid = false;   // the module was validated whole
  TranslateOptions translate = {};
  NativeTier* native = nullptr;   // compiles functions that ask for it; outlives the module
  bool compiles_at_once = false;  // every function, when it is first called
  // For tests, with translate.count: every few calls and rounds a function goes over to machine code or back, by chance.
  std::optional<uint32_t> switch_seed = std::nullopt;
  Efforts* efforts = nullptr;  // counts there; outlives the module
  // Functions that need no cells; null: all do.
  std::shared_ptr<const CompiledFunctions> compiled = nullptr;
  std::string remark = {};  // for the user, in words: why there are none, if there might be
  // Improves what is hot; needs translate.count. Outlives the module. Null: nobody does.
  Optimizer* optimizer = nullptr;
};

class ModuleCode final : public runtime::CodeSource {
 public:
  // @param module owns this object.  @param handlers live as long as the process.
  ModuleCode(const runtime::Module& module, HandlerTable handlers, const ModuleCodeOptions& options);
  ~ModuleCode() override;

  std::atomic<const Cell*>* entries() override { return entries_; }
  std::atomic<const void*>* natives() override { return natives_; }
  // @errors Invalid, Malformed: the body. Exhausted: the system has no memory for cells; Exhausted, Unsupported: see
  // translate(). Nothing is published then.
  Result<const Cell*> prepare(uint32_t defined, Interrupt interrupt) override;
  void make_faster(const Cell* cell) override;
  std::string_view remark() const { return options_.remark; }
  const void* compiled_code(uint32_t defined) const override;
  CompiledCall compiled_call(uint32_t defined) const override;
  LoopCode loop_at(const Cell* cell) const override;

  // For optimizers: lets compiled code take over at these places, now or as soon as they are reached.
  void install(const std::shared_ptr<const CompiledFunctions>& compiled, std::span<const HotPlace> places);
  // There will be no code for the function: nobody asks again.
  void refuse(uint32_t defined);
  // True if it is compiled.
  bool has_code(const HotPlace& place) const;
  // True if the function is not compiled, and that would pay if a caller of it is: it has run more than a few times.
  bool is_called_often(uint32_t defined) const;

  bool locate(const Cell* cell, CellRole role, Location& into, runtime::Lookup lookup) const override;
  bool find_unwind_site(const Cell* cell, runtime::UnwindSite& into) const override;

 private:
  struct Function {
    const Cell* end;  // behind the cells; literals follow
    uint32_t defined;
    uint32_t header_slot;
    uint32_t frame_slots;
    std::vector<uint8_t> offsets;  // per cell: the difference to the offset before, as zigzag LEB128
    std::unique_ptr<const CatchTable> catches;  // null if the function catches nothing
    std::unique_ptr<NativeCode> native;         // null: interpreted
    bool was_refused = false;                   // by the tier: it is not asked again
    uint32_t looks = 0;           // that its machine code was found running by, since the optimizer was asked
    uint8_t times_gone_over = 0;  // in a loop to optimised code; no more than twice counts
  };
  using Functions = std::map<const Cell*, Function>;

  Result<const Cell*> lay_out(uint32_t defined, const Translation& translation);
  uint32_t rounds_of(const DraftCell& count, size_t function_cells);
  Result<const Cell*> compiled_entry(wasm::FuncIdx func, const CompiledFunctions::Code& code);
  Result<Cell*> allocate(size_t bytes);
  Result<uint8_t*> add_chunk(size_t bytes);
  void compile(const Cell* begin, Function& function);
  Functions::iterator function_at(const Cell* cell);
  uint32_t offset_of(const Cell* begin, const Function& function, const Cell* cell) const;
  struct Wish {
    HotPlace place;
    uint64_t run_ns;  // for how long its function has run, about
  };
  std::optional<Wish> count_on(const Cell* begin, Function& function, Cell* count);
  void switch_by_chance(const Cell* begin, Function& function, Cell* count);
  void open_entry(uint32_t defined, const CompiledFunctions::Code& code);
  void open_loops(const Cell* begin, const Function& function);
  void lead(const Cell* cell, CellOp op);

  const runtime::Module& module_;
  HandlerTable handlers_;
  ModuleCodeOptions options_;
  std::atomic<const Cell*>* entries_;
  std::atomic<const void*>* natives_;

  // Guards what follows. Translation happens under it: each function once.
  mutable std::mutex mutex_;
  Functions functions_;  // by their first cell
  // What the optimizer was asked for, or has made unasked: by function and loop.
  std::set<std::pair<uint32_t, uint32_t>> asked_;
  std::map<std::pair<uint32_t, uint32_t>, const void*> loop_codes_;
  // What it has installed.
  std::vector<std::shared_ptr<const CompiledFunctions>> installed_;
  std::set<uint32_t> refused_;  // functions that it makes no code of
  std::map<const Cell*, LoopCode> loops_;
  struct Scratch;  // memory for one function after another
  std::unique_ptr<Scratch> scratch_;
  std::vector<platform::Reservation> chunks_;
  size_t next_chunk_bytes_;
  Efforts own_efforts_;                               // if nobody wants to know them
  std::minstd_rand random_;                           // for switch_seed
  std::map<uint32_t, const Cell*> compiled_entries_;  // of functions that switch
  uint8_t* free_begin_ = nullptr;
  uint8_t* free_end_ = nullptr;
};

}  // namespace godwit::code
