// Entering guests: finding the function, reading its arguments, printing its results.
#include "invoke.h"

#include <optional>
#include <vector>

#include "command.h"
#include "output.h"
#include "suggest.h"
#include "value_text.h"

namespace godwit::cli {
namespace {

// "add, sub, mul and 12 more", without _initialize, which is called anyway; empty if there is none.
std::string exported_functions(const Module& module) {
  constexpr size_t kShown = 12;
  std::string names;
  size_t count = 0;
  for (const ExportType& entry : module.exports()) {
    if (entry.kind != ExternKind::Func || entry.name == "_initialize") continue;
    if (count++ < kShown) names += (names.empty() ? "" : ", ") + std::string(entry.name);
  }
  if (count > kShown) names += " and " + decimal(count - kShown) + " more";
  return names;
}

int no_function(const GuestCall& call, const std::string& name) {
  Suggestion nearest(name);
  bool is_other_kind = false;
  const auto exports = call.module.exports();
  for (const ExportType& entry : exports) {
    if (entry.kind == ExternKind::Func) nearest.consider(entry.name);
    else is_other_kind |= entry.name == name;
  }
  std::string message(call.file);
  message += is_other_kind ? ": the export '" : ": exports no function '";
  message += name + (is_other_kind ? "' is no function" : "'");
  if (auto best = nearest.best()) message += "; did you mean '" + std::string(*best) + "'?";
  if (const std::string names = exported_functions(call.module); !names.empty())
    message += "\nIts functions: " + names;
  write_error(message);
  return kExitError;
}

std::string text_of(const FuncType& type) {
  auto list = [](const std::vector<ValType>& types) {
    std::string text;
    for (ValType each : types) text += (text.empty() ? "" : " ") + std::string(to_string(each));
    return "[" + text + "]";
  };
  return list(type.params) + " -> " + list(type.results);
}

// The arguments as `type` wants them, or the exit status after saying what is wrong with them.
std::expected<std::vector<Value>, int> parse_arguments(const GuestCall& call, const std::string& name,
                                                       const FuncType& type) {
  if (call.arguments.size() != type.params.size()) {
    write_error(name + " takes " + decimal(type.params.size()) +
                (type.params.size() == 1 ? " argument" : " arguments") + ", but got " +
                decimal(call.arguments.size()) + ". Its type: " + text_of(type));
    return std::unexpected(kExitUsage);
  }
  std::vector<Value> values;
  for (size_t i = 0; i < type.params.size(); ++i) {
    auto value = parse_value(type.params[i], call.arguments[i]);
    if (!value) {
      write_error("argument " + decimal(i + 1) + " of " + name + ": " + value.error().message);
      return std::unexpected(kExitUsage);
    }
    values.push_back(*value);
  }
  return values;
}

}  // namespace

Result<int> run_command(const GuestCall& call) {
  auto start = call.instance.find_func(call.store, "_start");
  // Kotlin's programs do all they do in _initialize, and export no other function.
  if (!start && exported_functions(call.module).empty())
    start = call.instance.find_func(call.store, "_initialize");
  if (!start) {
    std::string message(call.file);
    message +=
        ": exports no function '_start': it is a library, not a program. Call one of its functions with "
        "--invoke";
    const std::string names = exported_functions(call.module);
    message += names.empty() ? "; but it exports none" : ": " + names;
    write_error(message);
    return kExitError;
  }
  if (auto done = start->call(call.store); !done) return std::move(done).error();
  return kExitOk;
}

Result<int> invoke_function(const GuestCall& call, const std::string& name) {
  const auto function = call.instance.find_func(call.store, name);
  if (!function) return no_function(call, name);
  auto type = function->type(call.store);
  if (!type) return std::move(type).error();
  auto values = parse_arguments(call, name, *type);
  if (!values) return values.error();

  if (name != "_initialize" && !call.is_prepared)
    if (const auto initialize = call.instance.find_func(call.store, "_initialize"))
      if (auto done = initialize->call(call.store); !done) return std::move(done).error();
  auto results = function->call(call.store, *values);
  if (!results) return std::move(results).error();
  std::string text;
  for (const Value& value : *results) text += text_of(value) + "\n";
  return write_out(text) ? kExitOk : kExitError;
}

}  // namespace godwit::cli
