// Running the commands of a script.
#include "wast/session.h"

#include <fmt/format.h>

#include "runtime/memory.h"
#include "text/parse.h"
#include "wasm/decoder.h"
#include "wasm/validator.h"
#include "wast/script_thread.h"
#include "wast/world.h"

namespace godwit::wast {
namespace {

Outcome passed() { return {}; }
Outcome failed(std::string message) { return {.verdict = Verdict::Failed, .message = std::move(message)}; }
Outcome skipped(Skip reason, std::string message = {}) {
  return {.verdict = Verdict::Skipped, .skip = reason, .message = std::move(message)};
}

// Scripts give the beginning of the message, or ("uninitialized element 2") more than an engine need say.
bool says(const Error& error, std::string_view words) {
  if (std::string_view(error.message()).starts_with(words)) return true;
  if (error.kind() != ErrorKind::Trap && error.kind() != ErrorKind::Exhausted) return false;
  const std::string_view trap = runtime::to_string(static_cast<runtime::Trap>(error.code()));
  return !trap.empty() && words.starts_with(trap);
}

// The outcome of an error that should be of `kind` and say `words`.
Outcome judge(const Error& error, ErrorKind kind, std::string_view words) {
  if (error.kind() != kind)
    return failed(fmt::format("wanted {} \"{}\", got {}", to_string(kind), words, error.describe()));
  if (says(error, words)) return passed();
  return {.verdict = Verdict::Passed,
          .other_words = fmt::format("wanted \"{}\", got {}", words, error.describe())};
}

}  // namespace

struct Session::Done {
  std::vector<wasm::ValType> types;
  std::vector<runtime::Slot> slots;
};

Session::Session(const text::Source& source, const Scope& scope) : source_(source), scope_(scope) {}

Result<std::unique_ptr<Session>> Session::create(const text::Source& source, const Scope& scope) {
  std::unique_ptr<Session> session(new Session(source, scope));
  runtime::Limits limits;
  limits.gc_collects_always = scope.gc_collects_always;
  if (scope.depth == Depth::Execute || scope.depth == Depth::Partial) {
    ASSIGN_OR_RETURN(session->world_, World::create({.features = scope.features,
                                                     .tier = scope.tier,
                                                     .random_seed = scope.random_seed,
                                                     .random_has_peak = scope.random_has_peak,
                                                     .pool = {}},
                                                    limits));
  }
  return session;
}
Session::~Session() = default;

void Session::interrupt() {
  if (world_) world_->interrupt();
}

std::string Session::left_out() const { return world_ ? world_->left_out() : std::string(); }

Result<std::vector<uint8_t>> Session::encode(const Command& command) const {
  return text::parse_module(source_, command.begin, command.end);
}

// Decodes and validates a whole module.
Result<> Session::check(const Command& command) const {
  ASSIGN_OR_RETURN(const std::vector<uint8_t> bytes, encode(command));
  ASSIGN_OR_RETURN(wasm::Module module, wasm::decode_copy(bytes, scope_.features));
  return wasm::validate(module, scope_.features);
}

Result<std::shared_ptr<const runtime::Module>> Session::compile(const Command& command) {
  ASSIGN_OR_RETURN(const std::vector<uint8_t> bytes, encode(command));
  return world_->compile(bytes);
}

Outcome Session::run(const Command& command) {
  if (scope_.depth == Depth::Skip) return skipped(Skip::NotImplemented);
  switch (command.kind) {
    case CommandKind::AssertMalformed:
    case CommandKind::AssertInvalid: return refuse_module(command);
    case CommandKind::AssertSuspension: return skipped(Skip::NotImplemented);
    case CommandKind::Module: return world_ ? run_module(command) : validate_module(command);
    case CommandKind::ModuleDefinition: return world_ ? define_module(command) : validate_module(command);
    case CommandKind::AssertUnlinkable:
    case CommandKind::AssertUninstantiable:
      if (world_) return refuse_instance(command);
      if (Outcome outcome = validate_module(command); outcome.verdict != Verdict::Passed) return outcome;
      return skipped(Skip::NotExecuted);
    default: break;
  }
  if (!world_) return skipped(Skip::NotExecuted);
  switch (command.kind) {
    case CommandKind::ModuleInstance: return instantiate_definition(command);
    case CommandKind::Register: return register_instance(command);
    case CommandKind::AssertReturn: return assert_return(command);
    case CommandKind::Action: return act(command);
    case CommandKind::Thread: return start_thread(command);
    case CommandKind::Wait: return wait_for_thread(command);
    default: return assert_error(command);
  }
}

Outcome Session::act(const Command& command) {
  bool depends_on_skipped = false;
  Result<Done> done = perform(command.action, depends_on_skipped);
  if (depends_on_skipped) return skipped(Skip::OnSkipped);
  if (done) return passed();
  Outcome outcome = unwanted(done.error());
  // what comes after counts on the effects of the action
  if (outcome.verdict == Verdict::Skipped) {
    if (command.action.module.empty()) current_.is_skipped = true;
    else named_[command.action.module].is_skipped = true;
  }
  return outcome;
}

Outcome Session::unwanted(const Error& error) const {
  if (scope_.depth == Depth::Partial && error.kind() == ErrorKind::Unsupported)
    return skipped(Skip::Unsupported, error.message());
  return failed(error.describe());
}

Outcome Session::validate_module(const Command& command) {
  Result<> checked = check(command);
  return checked ? passed() : failed(checked.error().describe());
}

Outcome Session::refuse_module(const Command& command) {
  const ErrorKind kind =
      command.kind == CommandKind::AssertMalformed ? ErrorKind::Malformed : ErrorKind::Invalid;
  Result<> checked = check(command);
  if (checked) return failed(fmt::format("accepted, but wanted {} \"{}\"", to_string(kind), command.words));
  const bool has_place =
      checked.error().offset() != kNoOffset || checked.error().message().find('\n') != std::string::npos;
  if (!has_place) return failed("an error without a place: " + checked.error().describe());
  return judge(checked.error(), kind, command.words);
}

Outcome Session::run_module(const Command& command) {
  current_ = {};
  Result<std::shared_ptr<const runtime::Module>> module = compile(command);
  if (!module) {
    Outcome outcome = unwanted(module.error());
    current_.is_skipped = outcome.verdict == Verdict::Skipped;
    if (!command.name.empty()) named_[command.name] = current_;
    return outcome;
  }
  return enter(std::move(*module), command.name);
}

Outcome Session::define_module(const Command& command) {
  Result<std::shared_ptr<const runtime::Module>> module = compile(command);
  if (!module) return unwanted(module.error());
  definitions_[""] = definitions_[command.name] = std::move(*module);
  return passed();
}

Outcome Session::instantiate_definition(const Command& command) {
  auto found = definitions_.find(command.module);
  if (found == definitions_.end()) return failed(fmt::format("no module definition '{}'", command.module));
  return enter(found->second, command.name);
}

Outcome Session::enter(std::shared_ptr<const runtime::Module> module, const std::string& name) {
  current_ = {};
  Outcome outcome = passed();
  bool depends_on_skipped = false;
  if (Result<runtime::Instance*> instance = instantiate(std::move(module), depends_on_skipped))
    current_.instance = *instance;
  else outcome = depends_on_skipped ? skipped(Skip::OnSkipped) : unwanted(instance.error());
  current_.is_skipped = outcome.verdict == Verdict::Skipped;
  if (!name.empty()) named_[name] = current_;
  return outcome;
}

Outcome Session::register_instance(const Command& command) {
  const Named* named = find(command.name);
  if (!named) return failed(fmt::format("no instance '{}'", command.name));
  registered_[command.as] = *named;
  if (named->is_skipped) return skipped(Skip::OnSkipped);
  return named->instance || !named->memories.empty() ? passed() : failed("its module failed");
}

Outcome Session::refuse_instance(const Command& command) {
  Result<std::shared_ptr<const runtime::Module>> module = compile(command);
  if (!module) return unwanted(module.error());
  bool depends_on_skipped = false;
  Result<runtime::Instance*> instance = instantiate(std::move(*module), depends_on_skipped);
  if (depends_on_skipped) return skipped(Skip::OnSkipped);
  const ErrorKind kind =
      command.kind == CommandKind::AssertUnlinkable ? ErrorKind::Unlinkable : ErrorKind::Trap;
  if (instance)
    return failed(fmt::format("instantiated, but wanted {} \"{}\"", to_string(kind), command.words));
  if (instance.error().kind() == ErrorKind::Unsupported) return unwanted(instance.error());
  Outcome outcome = judge(instance.error(), kind, command.words);
  // unlike the words about a module's bytes, those of a run are part of what an engine promises
  return outcome.other_words.empty() ? outcome : failed(outcome.other_words);
}

Result<runtime::Instance*> Session::instantiate(std::shared_ptr<const runtime::Module> module,
                                                bool& depends_on_skipped) {
  std::vector<runtime::Extern> imports;
  for (const wasm::Import& import : module->declarations.imports) {
    std::optional<runtime::Extern> value;
    if (auto found = registered_.find(std::string(import.module)); found != registered_.end()) {
      depends_on_skipped = depends_on_skipped || found->second.is_skipped;
      const Named& named = found->second;
      if (named.instance) value = named.instance->find_export(import.field);
      if (auto shared = named.memories.find(std::string(import.field)); shared != named.memories.end()) {
        ASSIGN_OR_RETURN(value, world_->share(shared->second));
      }
    } else if (import.module == "spectest") {
      value = world_->spectest(import.field);
    }
    if (!value)
      return fail(ErrorKind::Unlinkable,
                  fmt::format("unknown import: module \"{}\" field \"{}\"", import.module, import.field));
    imports.push_back(*value);
  }
  return world_->instantiate(std::move(module), imports);
}

const Session::Named* Session::find(const std::string& name) const {
  if (name.empty()) return &current_;
  auto found = named_.find(name);
  return found == named_.end() ? nullptr : &found->second;
}

Result<Session::Done> Session::perform(const Action& action, bool& depends_on_skipped) {
  const Named* named = find(action.module);
  if (named && named->is_skipped) depends_on_skipped = true;
  if (!named || !named->instance)
    return fail(ErrorKind::Usage, fmt::format("no instance '{}'", action.module));
  Done done;
  if (action.kind == ActionKind::Get) {
    ASSIGN_OR_RETURN(wasm::ValType type, world_->get(*named->instance, action.field, done.slots));
    done.types = {type};
  } else {
    ASSIGN_OR_RETURN(done.types,
                     world_->invoke(*named->instance, action.field, action.arguments, done.slots));
  }
  return done;
}

Outcome Session::assert_return(const Command& command) {
  bool depends_on_skipped = false;
  Result<Done> done = perform(command.action, depends_on_skipped);
  if (depends_on_skipped) return skipped(Skip::OnSkipped);
  if (!done) return unwanted(done.error());
  if (done->types.size() != command.expected.size())
    return failed(fmt::format("{}: {} results, wanted {}", command.action.field, done->types.size(),
                              command.expected.size()));
  const runtime::Slot* slots = done->slots.data();
  for (size_t i = 0; i < done->types.size(); ++i) {
    if (!matches(command.expected[i], done->types[i], slots, World::host_number))
      return failed(fmt::format("{}: result {} is {}, wanted {}", command.action.field, i,
                                describe(done->types[i], slots), describe(command.expected[i])));
    slots += done->types[i].slots();
  }
  return passed();
}

Outcome Session::assert_error(const Command& command) {
  bool depends_on_skipped = false;
  Result<Done> done = perform(command.action, depends_on_skipped);
  if (depends_on_skipped) return skipped(Skip::OnSkipped);
  const ErrorKind kind = command.kind == CommandKind::AssertTrap        ? ErrorKind::Trap
                         : command.kind == CommandKind::AssertException ? ErrorKind::Exception
                                                                        : ErrorKind::Exhausted;
  if (done)
    return failed(fmt::format("{}: returned, but wanted {} \"{}\"", command.action.field, to_string(kind),
                              command.words));
  if (done.error().kind() == ErrorKind::Unsupported) return unwanted(done.error());
  Outcome outcome = judge(done.error(), kind, command.words);
  return outcome.other_words.empty() ? outcome : failed(command.action.field + ": " + outcome.other_words);
}

// spec: https://github.com/WebAssembly/threads/blob/main/proposals/threads/Overview.md (scripts)
Outcome Session::start_thread(const Command& command) {
  if (threads_.contains(command.name))
    return failed(fmt::format("there is a thread '{}' already", command.name));
  Result<std::unique_ptr<Session>> session = create(source_, scope_);
  if (!session) return failed(session.error().describe());
  for (const std::string& name : command.shared) {
    const Named* named = find(name);
    if (!named || !named->instance) return failed(fmt::format("no instance '{}'", name));
    Named shared;
    for (const wasm::Export& entry : named->instance->module().declarations.exports) {
      if (entry.kind != wasm::ExternKind::Mem) continue;
      const std::optional<runtime::Extern> value = named->instance->find_export(entry.name);
      if (value && value->memory->type().is_shared)
        shared.memories.emplace(entry.name, value->memory->shared_from_this());
    }
    (*session)->named_[name] = std::move(shared);
  }
  threads_.emplace(command.name, std::make_unique<ScriptThread>(std::move(*session), command.commands));
  return passed();
}

Outcome Session::wait_for_thread(const Command& command) {
  const auto found = threads_.find(command.name);
  if (found == threads_.end()) return failed(fmt::format("no thread '{}'", command.name));
  Outcome outcome = found->second->wait();
  threads_.erase(found);
  return outcome;
}

}  // namespace godwit::wast
