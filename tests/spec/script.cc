// Reading scripts from the converter's JSON.
#include "script.h"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>
#include <memory>
#include <optional>

namespace godwit::spec {
namespace {

namespace json = boost::json;

struct KindName {
  CommandKind kind;
  std::string_view name;
};
constexpr KindName kKinds[] = {
    {CommandKind::Module, "module"},
    {CommandKind::ModuleDefinition, "module_definition"},
    {CommandKind::ModuleInstance, "module_instance"},
    {CommandKind::Register, "register"},
    {CommandKind::Action, "action"},
    {CommandKind::AssertReturn, "assert_return"},
    {CommandKind::AssertTrap, "assert_trap"},
    {CommandKind::AssertExhaustion, "assert_exhaustion"},
    {CommandKind::AssertException, "assert_exception"},
    {CommandKind::AssertMalformed, "assert_malformed"},
    {CommandKind::AssertInvalid, "assert_invalid"},
    {CommandKind::AssertUnlinkable, "assert_unlinkable"},
    {CommandKind::AssertUninstantiable, "assert_uninstantiable"},
    // Of custom sections, which the standard lets an engine judge as it judges the rest.
    {CommandKind::AssertMalformed, "assert_malformed_custom"},
    {CommandKind::AssertInvalid, "assert_invalid_custom"},
};

std::string string_member(const json::object& object, std::string_view key) {
  const json::value* value = object.if_contains({key.data(), key.size()});
  return value && value->is_string() ? std::string(value->get_string().data(), value->get_string().size())
                                     : std::string();
}

uint32_t number_member(const json::object& object, std::string_view key) {
  const json::value* value = object.if_contains({key.data(), key.size()});
  return value && value->is_int64() ? static_cast<uint32_t>(value->get_int64()) : 0;
}

Result<std::vector<Value>> parse_values(const json::object& object, std::string_view key) {
  std::vector<Value> values;
  const json::value* list = object.if_contains({key.data(), key.size()});
  if (!list || !list->is_array()) return values;
  for (const json::value& item : list->get_array()) {
    ASSIGN_OR_RETURN(Value value, parse_value(item));
    values.push_back(std::move(value));
  }
  return values;
}

Result<Action> parse_action(const json::object& object) {
  const std::string type = string_member(object, "type");
  if (type != "invoke" && type != "get")
    return fail(ErrorKind::Usage, fmt::format("unknown action '{}'", type));
  Action action{.kind = type == "get" ? ActionKind::Get : ActionKind::Invoke,
                .module = string_member(object, "module"),
                .field = string_member(object, "field")};
  ASSIGN_OR_RETURN(action.arguments, parse_values(object, "args"));
  return action;
}

// A module in the text format that is well-formed comes with its binary beside it.
std::filesystem::path binary_of(const json::object& object, const std::filesystem::path& folder) {
  std::string file = string_member(object, "binary_filename");
  if (file.empty() && string_member(object, "module_type") == "binary")
    file = string_member(object, "filename");
  return file.empty() ? std::filesystem::path() : folder / file;
}

Result<Command> parse_command(const json::object& object, const std::filesystem::path& folder) {
  const std::string type = string_member(object, "type");
  Command command{.line = number_member(object, "line"),
                  .binary = binary_of(object, folder),
                  .name = string_member(object, "name"),
                  .module = string_member(object, "module"),
                  .as = string_member(object, "as"),
                  .text = string_member(object, "text")};
  bool is_known = false;
  for (const KindName& row : kKinds)
    if (row.name == type) {
      command.kind = row.kind;
      is_known = true;
      break;
    }
  if (!is_known) return fail(ErrorKind::Usage, fmt::format("unknown command '{}'", type));
  if (command.kind == CommandKind::ModuleInstance) command.name = string_member(object, "instance");
  if (const json::value* action = object.if_contains("action"); action && action->is_object()) {
    ASSIGN_OR_RETURN(command.action, parse_action(action->get_object()));
  }
  ASSIGN_OR_RETURN(command.expected, parse_values(object, "expected"));
  return command;
}

Result<json::value> load_json(const std::filesystem::path& path) {
  ASSIGN_OR_RETURN(std::vector<uint8_t> bytes, read_file(path));
  json::error_code error;
  json::value value = json::parse({reinterpret_cast<const char*>(bytes.data()), bytes.size()}, error);
  if (error) return fail(ErrorKind::Usage, fmt::format("{} is not JSON: {}", path.string(), error.message()));
  return value;
}

}  // namespace

std::string_view to_string(CommandKind kind) {
  for (const KindName& row : kKinds)
    if (row.kind == kind) return row.name;
  return "command";
}

Result<std::vector<uint8_t>> read_file(const std::filesystem::path& path) {
  std::ifstream stream(path, std::ios::binary);
  if (!stream)
    return fail(Error(ErrorKind::Io, static_cast<uint32_t>(errno),
                      fmt::format("cannot read {}: {}", path.string(), std::strerror(errno))));
  return std::vector<uint8_t>(std::istreambuf_iterator<char>(stream), {});
}

Result<std::vector<IndexEntry>> load_index(const std::filesystem::path& suite) {
  ASSIGN_OR_RETURN(json::value index, load_json(suite / "index.json"));
  if (!index.is_array()) return fail(ErrorKind::Usage, "index.json is not a list");
  std::vector<IndexEntry> entries;
  for (const json::value& item : index.get_array()) {
    if (!item.is_object()) return fail(ErrorKind::Usage, "index.json has an entry that is not an object");
    entries.push_back(
        {string_member(item.get_object(), "path"), number_member(item.get_object(), "commands")});
  }
  return entries;
}

Result<Script> load_script(const std::filesystem::path& suite, const std::string& path) {
  const std::filesystem::path file = suite / path / "commands.json";
  ASSIGN_OR_RETURN(json::value whole, load_json(file));
  const json::value* commands = whole.is_object() ? whole.get_object().if_contains("commands") : nullptr;
  if (!commands || !commands->is_array())
    return fail(ErrorKind::Usage, fmt::format("{} has no commands", file.string()));
  Script script{.path = path, .commands = {}};
  for (const json::value& item : commands->get_array()) {
    if (!item.is_object())
      return fail(ErrorKind::Usage, fmt::format("{} has a command that is not an object", file.string()));
    Result<Command> command = parse_command(item.get_object(), suite / path);
    if (!command) return fail(std::move(command).error().in(file.string()));
    script.commands.push_back(std::move(*command));
  }
  return script;
}

}  // namespace godwit::spec
