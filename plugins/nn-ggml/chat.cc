// Conversations by llama.cpp's templates and parsers.
#include "chat.h"

#include <common/json-schema-to-grammar.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "nesting.h"
#include "told_tools.h"

namespace godwit::ggml {
namespace {

using nlohmann::ordered_json;

// The JSON of a conversation; what is read from it takes many times its bytes.
constexpr size_t kMostChatBytes = size_t{4} << 20;
constexpr int kDeepestChat = 200;
// Schemas and tools become grammars, by functions that call themselves for each level.
constexpr size_t kMostSchemaBytes = 65536;
constexpr size_t kMostGrammarBytes = size_t{1} << 20;
constexpr size_t kMostMessages = 4096;
constexpr size_t kMostTools = 128;

std::unexpected<Failure> refused(std::string text) {
  return fail(GODWIT_NN_INVALID_ARGUMENT, "the chat: " + std::move(text));
}

std::string text_of(const ordered_json& value) {
  return value.dump(-1, ' ', false, ordered_json::error_handler_t::replace);
}

Result<> check_schema(const std::string& what, const std::string& text) {
  if (text.size() > kMostSchemaBytes || most_groups_in_json(text) > kDeepestChat)
    return refused(what + " may have " + std::to_string(kMostSchemaBytes) + " bytes");
  return {};
}

// {"type": "text" | "json_object" | "json_schema", "json_schema": {"schema": …}}
Result<std::string> schema_of(const ordered_json& chat) {
  if (!chat.contains("response_format") || chat["response_format"].is_null()) return "";
  const ordered_json& format = chat["response_format"];
  const std::string type = format.is_object() ? format.value("type", "") : "";
  if (type == "text") return "";
  if (type == "json_object") {
    if (format.contains("schema")) return text_of(format["schema"]);
    return R"({"type":"object"})";
  }
  if (type != "json_schema")
    return refused("response_format.type must be \"text\", \"json_object\" or \"json_schema\"");
  const ordered_json holder = format.value("json_schema", ordered_json::object());
  if (!holder.is_object() || !holder.contains("schema") || !holder["schema"].is_object())
    return refused("response_format.json_schema.schema must be an object");
  return text_of(holder["schema"]);
}

// Reads `tools` and `tool_choice`; a choice of one function leaves that one.
Result<> read_tools(const ordered_json& chat, common_chat_templates_inputs& inputs) {
  if (chat.contains("tools") && !chat["tools"].is_null()) {
    if (!chat["tools"].is_array() || chat["tools"].size() > kMostTools)
      return refused("tools must be a list of at most " + std::to_string(kMostTools));
    const std::string text = text_of(chat["tools"]);
    GGML_TRY(check_schema("tools", text));
    inputs.tools = common_chat_tools_parse_oaicompat(common_json::parse(text));
  }
  inputs.parallel_tool_calls = chat.value("parallel_tool_calls", false);
  if (!chat.contains("tool_choice") || chat["tool_choice"].is_null()) return {};
  const ordered_json& choice = chat["tool_choice"];
  if (choice.is_string()) {
    inputs.tool_choice = common_chat_tool_choice_parse_oaicompat(choice.get<std::string>());
    if (inputs.tool_choice == COMMON_CHAT_TOOL_CHOICE_REQUIRED && inputs.tools.empty())
      return refused("tool_choice \"required\" needs tools");
    return {};
  }
  const std::string name =
      choice.is_object() ? choice.value("function", ordered_json::object()).value("name", "") : "";
  std::erase_if(inputs.tools, [&](const common_chat_tool& tool) { return tool.name != name; });
  if (inputs.tools.empty())
    return refused("tool_choice names the function \"" + name + "\", which tools lacks");
  inputs.tool_choice = COMMON_CHAT_TOOL_CHOICE_REQUIRED;
  return {};
}

Result<> read_messages(const ordered_json& chat, common_chat_templates_inputs& inputs) {
  if (!chat.contains("messages") || !chat["messages"].is_array() || chat["messages"].empty() ||
      chat["messages"].size() > kMostMessages)
    return refused("messages must be a list of 1 to " + std::to_string(kMostMessages));
  ordered_json messages = chat["messages"];
  for (ordered_json& message : messages) {
    if (!message.is_object() || !message.contains("role") || !message["role"].is_string())
      return refused("a message needs a role");
    // "Nothing" is written in several ways; the template wants one.
    if (!message.contains("content") && !message.contains("tool_calls"))
      return refused("a message needs content, or tool_calls");
    if (message.contains("content") && message["content"].is_array())
      for (const ordered_json& part : message["content"])
        if (!part.is_object() || part.value("type", "") != "text")
          return refused("a part of a message must be of type \"text\": this backend reads text only");
  }
  inputs.messages = common_chat_msgs_parse_oaicompat(common_json::parse(text_of(messages)));
  return {};
}

Result<> read_inputs(const ordered_json& chat, common_chat_templates_inputs& inputs) {
  GGML_TRY(read_messages(chat, inputs));
  GGML_TRY(read_tools(chat, inputs));
  auto schema = schema_of(chat);
  if (!schema) return std::unexpected(std::move(schema).error());
  GGML_TRY(check_schema("response_format", *schema));
  inputs.json_schema = std::move(*schema);
  const ordered_json extra = chat.value("chat_template_kwargs", ordered_json::object());
  if (!extra.is_object()) return refused("chat_template_kwargs must be an object");
  for (const auto& [key, value] : extra.items()) {
    if (key == "enable_thinking" && value.is_boolean()) inputs.enable_thinking = value.get<bool>();
    inputs.chat_template_kwargs[key] = text_of(value);
  }
  return {};
}

}  // namespace

Result<Chat> Chat::read(const Weights& weights, std::string_view json) {
  if (json.size() > kMostChatBytes || json_depth(json) > kDeepestChat)
    return refused("it may have " + std::to_string(kMostChatBytes) + " bytes and brackets " +
                   std::to_string(kDeepestChat) + " deep");
  const ordered_json chat = ordered_json::parse(json, nullptr, /*allow_exceptions=*/false);
  if (!chat.is_object()) return refused("it is not a JSON object");
  const common_chat_templates* templates = weights.chat_templates();
  if (!templates) return fail(GODWIT_NN_UNSUPPORTED_OPERATION, "the model has no chat template");
  Chat read;
  try {
    common_chat_templates_inputs inputs;
    GGML_TRY(read_inputs(chat, inputs));
    const bool thinks = common_chat_templates_support_enable_thinking(templates);
    inputs.reasoning_format = thinks ? COMMON_REASONING_FORMAT_DEEPSEEK : COMMON_REASONING_FORMAT_NONE;
    read.apply(templates, std::move(inputs));
  } catch (const std::bad_alloc&) {
    throw;
  } catch (const std::exception& error) {
    return refused(error.what());
  }
  if (read.grammar_.grammar.size() > kMostGrammarBytes)
    return refused("the schema and the tools make a grammar of " +
                   std::to_string(read.grammar_.grammar.size()) + " bytes");
  return read;
}

// @throws what llama.cpp does over templates and schemas
void Chat::apply(const common_chat_templates* templates, common_chat_templates_inputs inputs) {
  const bool calls = !inputs.tools.empty() && inputs.tool_choice != COMMON_CHAT_TOOL_CHOICE_NONE;
  if (calls && !common_chat_templates_get_caps(templates)["supports_tools"]) {
    const bool must_call = inputs.tool_choice == COMMON_CHAT_TOOL_CHOICE_REQUIRED;
    const std::vector<common_chat_tool> tools = std::exchange(inputs.tools, {});
    inputs.tool_choice = COMMON_CHAT_TOOL_CHOICE_NONE;
    inputs.json_schema.clear();
    inputs.messages = tell_tools(std::move(inputs.messages), tools, must_call);
    params_ = common_chat_templates_apply(templates, inputs);
    grammar_.grammar = told_tools_grammar(tools, must_call);
    reading_ = Reading::ToldTools;
    return;
  }
  const std::string schema = inputs.json_schema;
  if (!calls && !schema.empty()) {
    // The answer is the JSON and nothing around it, unless the template has channels or thoughts of its own.
    inputs.json_schema.clear();
    params_ = common_chat_templates_apply(templates, inputs);
    if (params_.format == COMMON_CHAT_FORMAT_PEG_NATIVE && !params_.supports_thinking) {
      grammar_.grammar = json_schema_to_grammar(common_json::parse(schema));
      reading_ = Reading::Plain;
      return;
    }
    inputs.json_schema = schema;
  }
  params_ = common_chat_templates_apply(templates, inputs);
  grammar_ = {.grammar = params_.grammar,
              .is_lazy = params_.grammar_lazy,
              .before = params_.grammar_lazy ? "" : params_.generation_prompt,
              .triggers = params_.grammar_triggers};
  if (!calls && schema.empty() && inputs.reasoning_format == COMMON_REASONING_FORMAT_NONE &&
      !params_.supports_thinking)
    reading_ = Reading::Plain;
  parser_ = common_chat_parser_params(params_);
  parser_.reasoning_format = inputs.reasoning_format;
  if (!params_.parser.empty()) parser_.parser.load(params_.parser);
}

bool Chat::preserves(std::string_view token) const {
  return std::ranges::find(params_.preserved_tokens, token) != params_.preserved_tokens.end();
}

common_chat_msg Chat::parse(const std::string& text, bool is_partial) const {
  if (reading_ == Reading::ToldTools) return parse_told_tools(text, is_partial);
  if (reading_ == Reading::Plain) {
    common_chat_msg message;
    message.role = "assistant";
    message.content = text;
    return message;
  }
  return common_chat_parse(text, is_partial, parser_);
}

std::string json_of(const common_chat_msg& message) {
  ordered_json json{{"role", "assistant"}, {"content", message.content}};
  if (!message.reasoning_content.empty()) json["reasoning_content"] = message.reasoning_content;
  for (const common_chat_tool_call& call : message.tool_calls)
    json["tool_calls"].push_back({{"id", call.id},
                                  {"type", "function"},
                                  {"function", {{"name", call.name}, {"arguments", call.arguments}}}});
  return text_of(json);
}

std::vector<std::string> changes(const common_chat_msg& before, const common_chat_msg& after) {
  std::vector<std::string> list;
  for (const common_chat_msg_diff& diff : common_chat_msg_diff::compute_diffs(before, after)) {
    ordered_json json = ordered_json::object();
    if (!diff.reasoning_content_delta.empty()) json["reasoning_content"] = diff.reasoning_content_delta;
    if (!diff.content_delta.empty()) json["content"] = diff.content_delta;
    if (diff.tool_call_index != std::string::npos) {
      ordered_json call{{"index", diff.tool_call_index}};
      if (!diff.tool_call_delta.id.empty()) call["id"] = diff.tool_call_delta.id;
      if (!diff.tool_call_delta.name.empty()) call["type"] = "function";
      ordered_json function{{"arguments", diff.tool_call_delta.arguments}};
      if (!diff.tool_call_delta.name.empty()) function["name"] = diff.tool_call_delta.name;
      call["function"] = function;
      json["tool_calls"].push_back(call);
    }
    if (!json.empty()) list.push_back(text_of(json));
  }
  return list;
}

}  // namespace godwit::ggml
