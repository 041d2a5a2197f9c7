// /v1/responses: conversations that the server remembers.
//
// What is kept of a response is {"response": the object, "messages": the whole conversation}, so that another may go on from
// it, after a restart, too.
#include <utility>

#include "openai/asker.h"

namespace godwit::openai {
namespace {

constexpr std::string_view kPath = "/v1/responses";
constexpr size_t kMostItems = 4096;
constexpr size_t kMostInstructionBytes = size_t{1} << 20;
// What would be another answer if it were ignored.
constexpr std::string_view kRefused[] = {"background", "conversation", "prompt"};

// "text", or parts of the types input_text, output_text and text.
Outcome<std::string> text_of_content(const json::value* content) {
  if (const json::string* text = content ? content->if_string() : nullptr)
    return std::string(text->data(), text->size());
  const json::array* parts = content ? content->if_array() : nullptr;
  if (!parts) return bad_field("input", "must have content that is text, or a list of parts");
  std::string whole;
  for (const json::value& item : *parts) {
    const json::object* part = item.if_object();
    const std::string_view type = part ? text_at(*part, "type") : "";
    if (type != "input_text" && type != "output_text" && type != "text")
      return bad_field("input", "may have parts of type input_text and output_text: text only is read here");
    whole += text_at(*part, "text");
  }
  return whole;
}

// An item of the input, or of an output before, as a message.
Outcome<json::object> message_of(const json::object& item) {
  const std::string_view type = text_at(item, "type");
  if (type == "function_call")
    return json::object{
        {"role", "assistant"},
        {"content", ""},
        {"tool_calls",
         json::array{json::object{
             {"id", text_at(item, "call_id")},
             {"type", "function"},
             {"function", {{"name", text_at(item, "name")}, {"arguments", text_at(item, "arguments")}}}}}}};
  if (type == "function_call_output") {
    OPENAI_TRY(std::string output, text_of_content(find(item, "output")));
    return json::object{{"role", "tool"}, {"tool_call_id", text_at(item, "call_id")}, {"content", output}};
  }
  if (!type.empty() && type != "message")
    return bad_field("input", "may have messages, function_call and function_call_output");
  const std::string_view role = text_at(item, "role");
  if (role != "user" && role != "assistant" && role != "system" && role != "developer")
    return bad_field("input", "must have messages of the roles user, assistant, system or developer");
  OPENAI_TRY(std::string content, text_of_content(find(item, "content")));
  return json::object{{"role", role}, {"content", content}};
}

Outcome<> append_input(const json::object& body, json::array& messages) {
  const json::value* input = find(body, "input");
  if (input && input->is_string()) {
    messages.push_back(json::object{{"role", "user"}, {"content", *input}});
    return {};
  }
  const json::array* items = input ? input->if_array() : nullptr;
  if (!items || items->empty() || items->size() + messages.size() > kMostItems)
    return bad_field("input", "must be text, or a list of 1 to " + std::to_string(kMostItems) + " items");
  for (const json::value& value : *items) {
    const json::object* item = value.if_object();
    if (!item) return bad_field("input", "must be a list of objects");
    OPENAI_TRY(json::object message, message_of(*item));
    messages.push_back(std::move(message));
  }
  return {};
}

// {"type": "function", "name": …}, as chats have it: {"type": "function", "function": {"name": …}}
Outcome<> append_tools(const json::object& body, json::object& conversation) {
  if (const json::value* tools = find(body, "tools")) {
    const json::array* list = tools->if_array();
    if (!list) return bad_field("tools", "must be a list");
    json::array told;
    for (const json::value& item : *list) {
      const json::object* tool = item.if_object();
      if (!tool || text_at(*tool, "type") != "function")
        return bad_field("tools", "may have functions only: nothing else is there to be called");
      json::object function = *tool;
      function.erase("type");
      told.push_back(json::object{{"type", "function"}, {"function", std::move(function)}});
    }
    if (!told.empty()) conversation["tools"] = std::move(told);
  }
  const json::value* choice = find(body, "tool_choice");
  if (!choice) return {};
  const json::object* named = choice->if_object();
  conversation["tool_choice"] =
      named
          ? json::value(json::object{{"type", "function"}, {"function", {{"name", text_at(*named, "name")}}}})
          : *choice;
  return {};
}

Outcome<> append_format(const json::object& body, json::object& conversation) {
  const json::value* text = find(body, "text");
  const json::object* options = text ? text->if_object() : nullptr;
  const json::value* format = options ? find(*options, "format") : nullptr;
  const json::object* wanted = format ? format->if_object() : nullptr;
  if (!wanted) return {};
  const std::string_view type = text_at(*wanted, "type");
  json::object told{{"type", type}};
  if (type == "json_schema") told["json_schema"] = *wanted;
  conversation["response_format"] = std::move(told);
  return {};
}

Outcome<AnswerOptions> read_options(const json::object& body) {
  for (const std::string_view name : kRefused)
    if (const json::value* value = find(body, name); value && *value != json::value(false))
      return bad_field(name, "is not supported here");
  const FieldReader fields(body);
  OPENAI_TRY(AnswerOptions options, read_answer_options(fields));
  options.answers = 1;
  OPENAI_TRY(const auto most, fields.integer("max_output_tokens", 1, 1 << 24));
  if (most) options.backend["n-predict"] = *most;
  if (options.seed) options.backend["seed"] = static_cast<uint32_t>(*options.seed);
  return options;
}

// Writes the response, and the events that lead to it.
class Writer final {
 public:
  Writer(Service::Asker& asker, const json::object& body, const ServedModel& model, bool streams)
      : asker_(asker), streams_(streams), message_id_(new_id("msg_")) {
    response_ = {{"id", new_id("resp_")},   {"object", "response"},    {"created_at", seconds_since_1970()},
                 {"status", "in_progress"}, {"error", nullptr},        {"incomplete_details", nullptr},
                 {"model", model.name()},   {"output", json::array()}, {"parallel_tool_calls", false}};
    for (const std::string_view name : {"instructions", "previous_response_id", "metadata", "temperature",
                                        "top_p", "max_output_tokens", "tools", "tool_choice", "text"}) {
      const json::value* value = find(body, name);
      response_[name] = value ? *value : json::value(nullptr);
    }
    if (response_["tools"].is_null()) response_["tools"] = json::array();
    if (response_["tool_choice"].is_null()) response_["tool_choice"] = "auto";
  }

  std::string_view id() const { return text_at(response_, "id"); }
  const json::object& response() const { return response_; }

  // False: the client is gone.
  bool begin() {
    return event("response.created", {{"response", response_}}) &&
           event("response.in_progress", {{"response", response_}});
  }

  bool take(std::string_view content) {
    if (content.empty()) return true;
    if (!std::exchange(has_message_, true)) {
      json::object item = message("in_progress", json::array());
      if (!event("response.output_item.added", {{"output_index", 0}, {"item", std::move(item)}}) ||
          !event("response.content_part.added", at({{"part", part("")}})))
        return false;
    }
    return event("response.output_text.delta", at({{"delta", content}, {"logprobs", json::array()}}));
  }

  // @returns the conversation's new message, and puts the whole into response()
  Outcome<json::object> end(const Ending& ending) {
    OPENAI_TRY(json::object said, parse_object(ending.message));
    const std::string text(text_at(said, "content"));
    json::array output;
    const json::value* calls = find(said, "tool_calls");
    json::array* list = calls ? said["tool_calls"].if_array() : nullptr;
    const bool has_calls = list && !list->empty();
    if (!text.empty() || !has_calls) {
      output.push_back(message("completed", json::array{part(text)}));
      if (has_message_ && !end_message(text, output.back())) return client_gone();
    }
    for (size_t i = 0; has_calls && i < list->size(); ++i) {
      json::object* call = (*list)[i].if_object();
      const json::value* function = call ? find(*call, "function") : nullptr;
      if (!function || !function->if_object()) continue;
      if (text_at(*call, "id").empty()) (*call)["id"] = new_id("call_");
      json::object item{{"type", "function_call"},
                        {"id", new_id("fc_")},
                        {"call_id", text_at(*call, "id")},
                        {"name", text_at(*function->if_object(), "name")},
                        {"arguments", text_at(*function->if_object(), "arguments")},
                        {"status", "completed"}};
      const size_t index = output.size();
      output.push_back(item);
      if (!event("response.output_item.added", {{"output_index", index}, {"item", item}}) ||
          !event("response.output_item.done", {{"output_index", index}, {"item", item}}))
        return client_gone();
    }
    response_["output"] = std::move(output);
    const bool is_whole = ending.finish_reason != "length";
    response_["status"] = is_whole ? "completed" : "incomplete";
    if (!is_whole) response_["incomplete_details"] = {{"reason", "max_output_tokens"}};
    response_["usage"] = {{"input_tokens", ending.prompt_tokens},
                          {"input_tokens_details", {{"cached_tokens", ending.cached_tokens}}},
                          {"output_tokens", ending.answer_tokens},
                          {"output_tokens_details", {{"reasoning_tokens", 0}}},
                          {"total_tokens", ending.prompt_tokens + ending.answer_tokens}};
    return said;
  }

  bool finish() {
    if (!streams_) return asker_.send(response_), true;
    const bool is_whole = response_["status"] == json::value("completed");
    return event(is_whole ? "response.completed" : "response.incomplete", {{"response", response_}}) &&
           asker_.response.finish();
  }

 private:
  static json::object part(std::string_view text) {
    return {{"type", "output_text"}, {"text", text}, {"annotations", json::array()}};
  }
  json::object message(std::string_view status, json::array content) const {
    return {{"type", "message"},
            {"id", message_id_},
            {"status", status},
            {"role", "assistant"},
            {"content", std::move(content)}};
  }
  json::object at(json::object fields) const {
    fields["item_id"] = message_id_;
    fields["output_index"] = 0;
    fields["content_index"] = 0;
    return fields;
  }
  bool end_message(std::string_view text, const json::value& item) {
    return event("response.output_text.done", at({{"text", text}, {"logprobs", json::array()}})) &&
           event("response.content_part.done", at({{"part", part(text)}})) &&
           event("response.output_item.done", {{"output_index", 0}, {"item", item}});
  }
  bool event(std::string_view type, json::object fields) {
    if (!streams_) return true;
    fields["type"] = type;
    fields["sequence_number"] = events_++;
    return asker_.send_event(text_of(fields), type);
  }

  Service::Asker& asker_;
  const bool streams_;
  const std::string message_id_;
  json::object response_;
  bool has_message_ = false;
  int64_t events_ = 0;
};

}  // namespace

Outcome<json::object> Service::find_response(const Asker& asker, std::string_view id) const {
  const auto text = responses_.get(id, asker.owner);
  if (!text)
    return not_found("there is no response of that id", "response_not_found", "previous_response_id");
  return parse_object(*text);
}

Outcome<> Service::stored_response(Asker& asker) {
  const std::string_view id = asker.request.path().substr(kPath.size() + 1);
  if (asker.request.method() == "GET") {
    OPENAI_TRY(const json::object kept, find_response(asker, id));
    const json::value* response = find(kept, "response");
    if (!response || !response->if_object()) return not_found("the response cannot be read");
    asker.send(*response->if_object());
    return {};
  }
  if (asker.request.method() != "DELETE")
    return not_found("a stored response is asked with GET and DELETE", "unknown_url");
  if (!responses_.remove(id, asker.owner))
    return not_found("there is no response of that id", "response_not_found");
  asker.send({{"id", id}, {"object", "response"}, {"deleted", true}});
  return {};
}

Outcome<> Service::responses(Asker& asker) {
  OPENAI_TRY(const json::object body, read_body(asker.request));
  OPENAI_TRY(ServedModel* const model, model_of(body));
  OPENAI_TRY(const AnswerOptions options, read_options(body));
  const FieldReader fields(body);
  OPENAI_TRY(const auto instructions, fields.text("instructions", kMostInstructionBytes));
  OPENAI_TRY(const auto stores, fields.boolean("store"));
  OPENAI_TRY(const auto before, fields.text("previous_response_id", 64));

  json::array messages;
  if (before) {
    OPENAI_TRY(const json::object kept, find_response(asker, *before));
    const json::value* list = find(kept, "messages");
    if (list && list->if_array()) messages = *list->if_array();
  }
  OPENAI_CHECK(append_input(body, messages));
  json::object conversation;
  json::array told = messages;
  if (instructions) told.insert(told.begin(), json::object{{"role", "system"}, {"content", *instructions}});
  conversation["messages"] = std::move(told);
  OPENAI_CHECK(append_tools(body, conversation));
  OPENAI_CHECK(append_format(body, conversation));

  std::vector<Question> questions{{.graph = model->graph(),
                                   .input = 2,
                                   .text = text_of(conversation),
                                   .options = options.backend,
                                   .tenant = asker.tenant}};
  OPENAI_TRY(const auto answers, ask(asker, std::move(questions)));
  const WhileConnected watch(asker.request, *answers);
  Writer writer(asker, body, *model, options.streams);
  std::optional<Ending> ending;
  bool has_begun = false;
  while (auto event = answers->next(asker.request.mode())) {
    if (event->ending && event->ending->error) return std::unexpected(*event->ending->error);
    if (!std::exchange(has_begun, true) && !writer.begin()) return client_gone();
    if (event->ending) {
      ending = *event->ending;
    } else if (event->output == 2) {
      const auto piece = parse_object(event->piece);
      if (piece && !writer.take(text_at(*piece, "content"))) return client_gone();
    }
  }
  if (!ending) return client_gone();
  OPENAI_TRY(json::object said, writer.end(*ending));
  messages.push_back(std::move(said));
  if (stores.value_or(true)) {
    const auto kept = responses_.put(
        writer.id(), asker.owner,
        text_of(json::object{{"response", writer.response()}, {"messages", std::move(messages)}}));
    if (!kept)
      return std::unexpected<ApiError>(ApiError{
          .status = 500, .type = "server_error", .code = {}, .field = {}, .message = kept.error().message()});
  }
  return writer.finish() ? Outcome<>() : client_gone();
}

}  // namespace godwit::openai
