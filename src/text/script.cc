// Reading scripts.
#include "text/script.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "text/cursor.h"
#include "text/numbers.h"

namespace godwit::text {
namespace {

using wasm::HeapType;
using wasm::ValKind;

struct KindName {
  CommandKind kind;
  std::string_view name;
};
constexpr KindName kKinds[] = {
    {CommandKind::Module, "module"},
    {CommandKind::ModuleDefinition, "module definition"},
    {CommandKind::ModuleInstance, "module instance"},
    {CommandKind::Register, "register"},
    {CommandKind::Action, "action"},
    {CommandKind::AssertReturn, "assert_return"},
    {CommandKind::AssertTrap, "assert_trap"},
    {CommandKind::AssertExhaustion, "assert_exhaustion"},
    {CommandKind::AssertException, "assert_exception"},
    {CommandKind::AssertSuspension, "assert_suspension"},
    {CommandKind::AssertMalformed, "assert_malformed"},
    {CommandKind::AssertInvalid, "assert_invalid"},
    {CommandKind::AssertUnlinkable, "assert_unlinkable"},
    {CommandKind::AssertUninstantiable, "assert_uninstantiable"},
    {CommandKind::Thread, "thread"},
    {CommandKind::Wait, "wait"},
    // Of custom sections, which the standard lets an engine judge as it judges the rest.
    {CommandKind::AssertMalformed, "assert_malformed_custom"},
    {CommandKind::AssertInvalid, "assert_invalid_custom"},
};

struct NumberType {
  std::string_view instruction;
  ValKind kind;
  uint32_t bits;
  bool is_float;
};
constexpr NumberType kNumberTypes[] = {{"i32.const", ValKind::I32, 32, false},
                                       {"i64.const", ValKind::I64, 64, false},
                                       {"f32.const", ValKind::F32, 32, true},
                                       {"f64.const", ValKind::F64, 64, true}};

struct Shape {
  std::string_view text;
  uint32_t bits;
  bool is_float;
};
constexpr Shape kShapes[] = {{"i8x16", 8, false},  {"i16x8", 16, false}, {"i32x4", 32, false},
                             {"i64x2", 64, false}, {"f32x4", 32, true},  {"f64x2", 64, true}};

// A reference without more: any that is not null.
struct ReferenceName {
  std::string_view text;
  HeapType::Abstract heap;
};
constexpr ReferenceName kReferences[] = {
    {"ref.func", HeapType::Abstract::Func},     {"ref.extern", HeapType::Abstract::Extern},
    {"ref.host", HeapType::Abstract::Any},      {"ref.any", HeapType::Abstract::Any},
    {"ref.eq", HeapType::Abstract::Eq},         {"ref.i31", HeapType::Abstract::I31},
    {"ref.struct", HeapType::Abstract::Struct}, {"ref.array", HeapType::Abstract::Array},
    {"ref.exn", HeapType::Abstract::Exn}};

constexpr ReferenceName kHeapTypes[] = {
    {"func", HeapType::Abstract::Func},     {"nofunc", HeapType::Abstract::NoFunc},
    {"extern", HeapType::Abstract::Extern}, {"noextern", HeapType::Abstract::NoExtern},
    {"any", HeapType::Abstract::Any},       {"eq", HeapType::Abstract::Eq},
    {"i31", HeapType::Abstract::I31},       {"struct", HeapType::Abstract::Struct},
    {"array", HeapType::Abstract::Array},   {"none", HeapType::Abstract::None},
    {"exn", HeapType::Abstract::Exn},       {"noexn", HeapType::Abstract::NoExn}};

constexpr std::string_view kModuleFields[] = {"type",   "rec",    "import", "func", "table", "memory",
                                              "global", "export", "start",  "elem", "data",  "tag"};

class ScriptParser final {
 public:
  explicit ScriptParser(const Source& source)
      : source_(source), in_(source, 0, static_cast<uint32_t>(source.text.size())) {}

  Result<Script> parse() {
    Script script;
    if (is_inline_module()) {
      script.commands.push_back({.line = 1, .begin = 0, .end = static_cast<uint32_t>(source_.text.size())});
      return script;
    }
    while (in_.kind() != TokenKind::End) script.commands.push_back(command(Where::Script));
    if (in_.failed()) return fail(in_.take_error());
    return script;
  }

 private:
  enum class Where : uint8_t { Script, Thread };

  bool is_inline_module() const {
    if (in_.at_annotation("custom")) return true;
    if (in_.kind() != TokenKind::Open || in_.after().kind != TokenKind::Keyword) return false;
    return std::ranges::find(kModuleFields, in_.text_of(in_.after())) != std::end(kModuleFields);
  }

  // Offsets come in order, so that the text is counted once.
  uint32_t line_at(uint32_t offset) {
    if (offset >= counted_) {
      line_ +=
          static_cast<uint32_t>(std::ranges::count(source_.text.substr(counted_, offset - counted_), '\n'));
      counted_ = offset;
    }
    return line_;
  }

  Command command(Where where) {
    Command command;
    const uint32_t begin = in_.token().begin;
    command.line = line_at(begin);
    if (in_.kind() != TokenKind::Open || in_.after().kind != TokenKind::Keyword) {
      in_.unexpected("a command of the script");
      return command;
    }
    if (in_.at_open("module")) return module(std::move(command));
    if (in_.at_open("invoke") || in_.at_open("get")) {
      command.kind = CommandKind::Action;
      command.action = action();
      return command;
    }
    const std::string_view name = in_.text_of(in_.after());
    const KindName* const row = std::ranges::find(kKinds, name, &KindName::name);
    if (row == std::end(kKinds)) {
      in_.take();
      in_.unexpected("a command: module, register, invoke, get, assert_…, thread or wait");
      return command;
    }
    in_.take();
    in_.take();
    command.kind = row->kind;
    arguments(command, where);
    in_.expect_close();
    return command;
  }

  void arguments(Command& command, Where where) {
    switch (command.kind) {
      case CommandKind::Register:
        command.as = in_.expect_name("the name to register");
        command.name = in_.take_optional_id();
        return;
      case CommandKind::AssertReturn:
        command.action = action();
        while (in_.kind() == TokenKind::Open) command.expected.push_back(value());
        return;
      case CommandKind::AssertTrap:
        if (in_.at_open("module")) {
          command.kind = CommandKind::AssertUninstantiable;
          delimit(command);
        } else {
          command.action = action();
        }
        break;
      case CommandKind::AssertException:
        command.action = action();
        if (in_.kind() != TokenKind::String) return;
        break;
      case CommandKind::AssertExhaustion:
      case CommandKind::AssertSuspension: command.action = action(); break;
      case CommandKind::AssertMalformed:
      case CommandKind::AssertInvalid:
      case CommandKind::AssertUnlinkable:
      case CommandKind::AssertUninstantiable: delimit(command); break;
      case CommandKind::Thread: return thread(command, where);
      case CommandKind::Wait:
        if (in_.kind() != TokenKind::Id) in_.unexpected("the name of a thread");
        command.name = in_.take_optional_id();
        return;
      default: in_.unexpected("a command"); return;
    }
    command.words = in_.expect_string("the words of the error");
  }

  // The range of the module that comes.
  void delimit(Command& command) {
    if (!in_.at_open("module")) return in_.unexpected("a module");
    command.begin = in_.token().begin;
    in_.take();
    end_of_parenthesis(command);
  }

  // From behind an opening parenthesis to behind its closing one.
  void end_of_parenthesis(Command& command) {
    in_.skip_to_last(1);
    command.end = in_.token().end;
    in_.expect_close();
  }

  Command module(Command command) {
    command.begin = in_.token().begin;
    in_.take();
    in_.take();
    if (in_.at_keyword("definition")) {
      in_.take();
      command.kind = CommandKind::ModuleDefinition;
    } else if (in_.at_keyword("instance")) {
      in_.take();
      command.kind = CommandKind::ModuleInstance;
      command.name = in_.take_optional_id();
      command.module = in_.take_optional_id();
      in_.expect_close();
      return command;
    }
    command.name = in_.take_optional_id();
    end_of_parenthesis(command);
    return command;
  }

  void thread(Command& command, Where where) {
    if (where == Where::Thread) return in_.unexpected("no thread within a thread");
    if (in_.kind() != TokenKind::Id) return in_.unexpected("the name of the thread");
    command.name = in_.take_optional_id();
    while (in_.take_open("shared")) {
      if (!in_.take_open("module")) return in_.unexpected("'(module'");
      command.shared.emplace_back(in_.take_optional_id());
      in_.expect_close();
      in_.expect_close();
    }
    while (in_.has_more()) command.commands.push_back(this->command(Where::Thread));
  }

  Action action() {
    Action action;
    if (in_.take_open("get")) action.kind = ActionKind::Get;
    else if (!in_.take_open("invoke")) in_.unexpected("'(invoke' or '(get'");
    action.module = in_.take_optional_id();
    action.field = in_.expect_name("the name of an export");
    while (action.kind == ActionKind::Invoke && in_.kind() == TokenKind::Open)
      action.arguments.push_back(value());
    in_.expect_close();
    return action;
  }

  Value value() {
    if (in_.take_open("either")) {
      Value either{.kind = ValueKind::Either};
      while (in_.kind() == TokenKind::Open && !in_.at_open("either")) either.alternatives.push_back(value());
      in_.expect_close();
      return either;
    }
    in_.expect_open("'(' and a value");
    Value value = plain_value();
    in_.expect_close();
    return value;
  }

  Value plain_value() {
    for (const NumberType& type : kNumberTypes)
      if (in_.take_keyword(type.instruction))
        return {.number = type.kind, .lane_bits = type.bits, .lanes = {lane(type.bits, type.is_float)}};
    if (in_.take_keyword("v128.const")) return vector();
    if (in_.take_keyword("ref.null")) return null();
    for (const ReferenceName& row : kReferences) {
      if (!in_.take_keyword(row.text)) continue;
      Value value{.kind = ValueKind::Reference, .reference = ReferencePattern::NotNull, .heap = row.heap};
      if (in_.kind() != TokenKind::Number) return value;
      value.reference = ReferencePattern::Host;
      value.host = in_.expect_unsigned("a number", 0xFFFF'FFFF, "i32");
      return value;
    }
    in_.unexpected("a value: a constant or a reference");
    return {};
  }

  Value null() {
    Value value{.kind = ValueKind::Reference};
    if (!in_.has_more()) {
      value.any_heap = true;
      return value;
    }
    for (const ReferenceName& row : kHeapTypes)
      if (in_.take_keyword(row.text)) return value.heap = row.heap, value;
    if (in_.at_index()) {  // of a type that scripts cannot know
      in_.take();
      value.any_heap = true;
      return value;
    }
    in_.unexpected("a heap type");
    return value;
  }

  Value vector() {
    for (const Shape& shape : kShapes) {
      if (!in_.take_keyword(shape.text)) continue;
      Value value{.number = ValKind::V128, .lane_bits = shape.bits};
      for (uint32_t i = 0; i < 128 / shape.bits; ++i) value.lanes.push_back(lane(shape.bits, shape.is_float));
      return value;
    }
    in_.unexpected("a shape: i8x16, i16x8, i32x4, i64x2, f32x4 or f64x2");
    return {};
  }

  Lane lane(uint32_t bits, bool is_float) {
    if (is_float && in_.take_keyword("nan:canonical")) return {0, LanePattern::CanonicalNan};
    if (is_float && in_.take_keyword("nan:arithmetic")) return {0, LanePattern::ArithmeticNan};
    const Token at = in_.token();
    if (at.kind != TokenKind::Number && at.kind != TokenKind::Keyword)
      return in_.unexpected("a number"), Lane{};
    const std::string_view text = in_.text_of(in_.take());
    const Number<uint64_t> number = is_float ? parse_float(text, bits) : parse_integer(text, bits);
    if (number) return {*number, LanePattern::Exact};
    in_.fail(at, number.error() == NumberFault::Range ? "constant out of range"
                                                      : "unknown operator: a number is wanted");
    return {};
  }

  Source source_;
  Cursor in_;
  uint32_t counted_ = 0, line_ = 1;
};

}  // namespace

std::string_view to_string(CommandKind kind) {
  const KindName* const row = std::ranges::find(kKinds, kind, &KindName::kind);
  return row == std::end(kKinds) ? "command" : row->name;
}

uint32_t count_of(const std::vector<Command>& commands) {
  uint32_t count = 0;
  for (const Command& command : commands) count += 1 + count_of(command.commands);
  return count;
}

Result<Script> parse_script(const Source& source) {
  if (source.text.size() > kTextBytes)
    return fail(ErrorKind::Malformed, "too long: the limit is 1 GiB of text");
  return ScriptParser(source).parse();
}

}  // namespace godwit::text
