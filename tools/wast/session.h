// Session: runs the commands of one script, one after another, in one store.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "engine/engine.h"
#include "text/script.h"
#include "wasm/features.h"
#include "wast/tally.h"

namespace godwit::runtime {
class Instance;
class Memory;
class Module;
}  // namespace godwit::runtime

namespace godwit::wast {

class ScriptThread;
class World;

using text::Action;
using text::ActionKind;
using text::Command;
using text::CommandKind;

enum class Depth : uint8_t {
  Execute,   // every command
  Partial,   // every command; what ends as Unsupported is skipped
  Validate,  // modules are decoded and validated, nothing runs
  Skip,      // nothing: the file needs a proposal that is not implemented
};

// How far a script is run, and what its modules may use.
struct Scope {
  Depth depth = Depth::Validate;
  wasm::FeatureSet features = {};
  bool gc_collects_always = false;  // for tests of the collector
  engine::Tier tier = engine::Tier::Auto;
  uint32_t random_seed = 1;  // of Tier::Random
  bool random_has_peak = false;
};

enum class Verdict : uint8_t { Passed, Failed, Skipped };

struct Outcome {
  Verdict verdict = Verdict::Passed;
  Skip skip = Skip::OnSkipped;  // Skipped
  std::string message = {};     // Failed: what was wanted and what happened; Skipped: more than the reason
  // Passed, but the error that was wanted came in other words than the suite's.
  std::string other_words = {};
};

class Session final {
 public:
  // @errors Unsupported, Exhausted: there is no engine or no room for what the host module has.
  // `source` is the text of the script; it outlives the session.
  static Result<std::unique_ptr<Session>> create(const text::Source& source, const Scope& scope);
  ~Session();

  // @threads one at a time. `(thread …)` starts a thread with a session of its own; `(wait …)`, or the end of this session,
  // ends it.
  Outcome run(const Command& command);
  // Ends what runs; from any thread.
  void interrupt();
  // Tier::Peak: why functions of the script's modules are not optimised; empty if all are.
  std::string left_out() const;

 private:
  Session(const text::Source& source, const Scope& scope);
  // What a name of the script stands for: a live instance, or why there is none.
  struct Named {
    runtime::Instance* instance = nullptr;
    bool is_skipped = false;
    // Of an instance of another thread's, shared with this one: its shared memories by their exports.
    std::map<std::string, std::shared_ptr<runtime::Memory>> memories = {};
  };
  struct Done;  // results of an action

  // The binary of the command's module.
  Result<std::vector<uint8_t>> encode(const Command& command) const;
  Result<> check(const Command& command) const;
  Result<std::shared_ptr<const runtime::Module>> compile(const Command& command);
  Outcome validate_module(const Command& command);
  Outcome refuse_module(const Command& command);
  Outcome run_module(const Command& command);
  Outcome define_module(const Command& command);
  Outcome instantiate_definition(const Command& command);
  Outcome register_instance(const Command& command);
  Outcome refuse_instance(const Command& command);
  Outcome act(const Command& command);
  Outcome assert_return(const Command& command);
  Outcome assert_error(const Command& command);
  Outcome start_thread(const Command& command);
  Outcome wait_for_thread(const Command& command);

  // Instantiates and makes the result the current instance, also under `name` if that is not empty.
  Outcome enter(std::shared_ptr<const runtime::Module> module, const std::string& name);
  Result<runtime::Instance*> instantiate(std::shared_ptr<const runtime::Module> module,
                                         bool& depends_on_skipped);
  const Named* find(const std::string& name) const;
  Result<Done> perform(const Action& action, bool& depends_on_skipped);
  // The outcome of an error that nobody wanted: Unsupported is skipped where the scope says so.
  Outcome unwanted(const Error& error) const;

  text::Source source_;
  Scope scope_;
  std::unique_ptr<World> world_;  // null if nothing runs
  Named current_;
  std::map<std::string, Named> named_, registered_;
  std::map<std::string, std::shared_ptr<const runtime::Module>> definitions_;  // "": the last one
  std::map<std::string, std::unique_ptr<ScriptThread>> threads_;
};

}  // namespace godwit::wast
