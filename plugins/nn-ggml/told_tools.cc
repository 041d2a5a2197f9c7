// Tools in words.
#include "told_tools.h"

#include <common/json-schema-to-grammar.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string_view>

namespace godwit::ggml {
namespace {

using nlohmann::ordered_json;

constexpr std::string_view kResponse = "response";
constexpr std::string_view kCall = "tool_call";

std::string text_of(const ordered_json& value) {
  return value.dump(-1, ' ', false, ordered_json::error_handler_t::replace);
}

// A value that was written as JSON; what cannot be read is taken as text.
ordered_json value_of(const std::string& text) {
  ordered_json value = ordered_json::parse(text, nullptr, false);
  return value.is_discarded() ? ordered_json(text) : value;
}

std::string introduction(const std::vector<common_chat_tool>& tools, bool must_call) {
  std::string text = "You can call these functions:\n";
  for (const common_chat_tool& tool : tools)
    text += text_of({{"name", tool.name},
                     {"description", tool.description},
                     {"parameters", value_of(tool.parameters)}}) +
            "\n";
  text += "Answer in JSON. To call a function: {\"tool_call\": {\"name\": \"...\", \"arguments\": {...}}}\n";
  if (!must_call) text += "To answer the user: {\"response\": \"...\"}\n";
  return text;
}

// The part of a JSON string's inside that is whole; the string may not have ended.
std::string read_string(std::string_view inside) {
  size_t end = 0;
  while (end < inside.size() && inside[end] != '"') {
    const size_t step = inside[end] != '\\' ? 1 : end + 1 < inside.size() && inside[end + 1] == 'u' ? 6 : 2;
    if (end + step > inside.size()) break;
    end += step;
  }
  // half of a pair of surrogates, or of a character, is not read
  for (size_t cut = 0; cut <= std::min<size_t>(end, 12); ++cut) {
    const ordered_json value =
        ordered_json::parse("\"" + std::string(inside.substr(0, end - cut)) + "\"", nullptr, false);
    if (value.is_string()) return value.get<std::string>();
  }
  return "";
}

}  // namespace

std::vector<common_chat_msg> tell_tools(std::vector<common_chat_msg> messages,
                                        const std::vector<common_chat_tool>& tools, bool must_call) {
  for (common_chat_msg& message : messages) {
    if (message.role == "tool") {
      message.role = "user";
      message.content = text_of({{"tool_result", value_of(message.render_content())}});
      message.content_parts.clear();
      message.tool_call_id.clear();
      message.tool_name.clear();
    }
    if (message.tool_calls.empty()) continue;
    for (const common_chat_tool_call& call : message.tool_calls)
      message.content += (message.content.empty() ? "" : "\n") +
                         text_of({{kCall, {{"name", call.name}, {"arguments", value_of(call.arguments)}}}});
    message.tool_calls.clear();
  }
  const std::string words = introduction(tools, must_call);
  if (messages.empty() || (messages[0].role != "system" && messages[0].role != "developer")) {
    common_chat_msg first;
    first.role = "system";
    first.content = words;
    messages.insert(messages.begin(), std::move(first));
  } else {
    messages[0].content = messages[0].render_content() + "\n\n" + words;
    messages[0].content_parts.clear();
  }
  return messages;
}

std::string told_tools_grammar(const std::vector<common_chat_tool>& tools, bool must_call) {
  ordered_json choices = ordered_json::array();
  const auto add = [&](std::string_view key, ordered_json inside) {
    choices.push_back({{"type", "object"},
                       {"properties", {{key, std::move(inside)}}},
                       {"required", {key}},
                       {"additionalProperties", false}});
  };
  for (const common_chat_tool& tool : tools) {
    ordered_json parameters = value_of(tool.parameters);
    if (!parameters.is_object() || parameters.empty()) parameters = {{"type", "object"}};
    add(kCall, {{"type", "object"},
                {"properties", {{"name", {{"const", tool.name}}}, {"arguments", std::move(parameters)}}},
                {"required", {"name", "arguments"}},
                {"additionalProperties", false}});
  }
  if (!must_call) add(kResponse, {{"type", "string"}});
  return json_schema_to_grammar(common_json::parse(text_of({{"oneOf", choices}})));
}

common_chat_msg parse_told_tools(const std::string& text, bool is_partial) {
  common_chat_msg message;
  message.role = "assistant";
  const ordered_json whole = ordered_json::parse(text, nullptr, false);
  if (whole.is_object() && whole.contains(kCall) && whole[kCall].is_object()) {
    const ordered_json& call = whole[kCall];
    message.tool_calls.push_back({.name = call.value("name", ""),
                                  .arguments = text_of(call.value("arguments", ordered_json::object())),
                                  .id = ""});
    return message;
  }
  if (whole.is_object() && whole.contains(kResponse) && whole[kResponse].is_string()) {
    message.content = whole[kResponse].get<std::string>();
    return message;
  }
  // {"response": "…
  size_t at = 0;
  const auto skip = [&](std::string_view what) {
    at = std::min(text.find_first_not_of(" \t\r\n", at), text.size());
    const bool found = std::string_view(text).substr(at).starts_with(what);
    if (found) at += what.size();
    return found;
  };
  if (skip("{") && skip("\"response\"") && skip(":") && skip("\""))
    message.content = read_string(std::string_view(text).substr(at));
  else if (!is_partial) message.content = text;  // cut off before it came to anything
  return message;
}

}  // namespace godwit::ggml
