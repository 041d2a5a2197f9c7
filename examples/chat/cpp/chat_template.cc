// Writes conversations.
#include "chat_template.h"

namespace {

// A message is `before` + role + `between` + text + `after`; the answer begins with a message's head.
struct Form {
  const char* name;
  const char* before;
  const char* between;
  const char* after;
  const char* assistant;
  bool trims;             // white space around the text
  bool system_into_user;  // there is no system role: its text goes before the first user's
};
constexpr Form kForms[] = {
    {"chatml", "<|im_start|>", "\n", "<|im_end|>\n", "assistant", false, false},
    {"llama3", "<|start_header_id|>", "<|end_header_id|>\n\n", "<|eot_id|>", "assistant", true, false},
    {"gemma", "<start_of_turn>", "\n", "<end_of_turn>\n", "model", true, true},
    {"phi3", "<|", "|>\n", "<|end|>\n", "assistant", false, false},
    {"zephyr", "<|", "|>\n", "<|endoftext|>\n", "assistant", false, false},
};

const Form* find_form(std::string_view name) {
  for (const Form& form : kForms)
    if (name == form.name) return &form;
  return nullptr;
}

std::string trimmed(const std::string& text) {
  constexpr const char* kSpace = " \t\r\n";
  const size_t begin = text.find_first_not_of(kSpace);
  return begin == std::string::npos ? "" : text.substr(begin, text.find_last_not_of(kSpace) - begin + 1);
}

std::string role_name(const Form& form, Role role) {
  if (role == Role::Assistant) return form.assistant;
  return role == Role::System ? "system" : "user";
}

}  // namespace

bool is_chat_template(std::string_view name) { return name == "none" || find_form(name); }

std::string apply_chat_template(std::string_view name, const std::vector<Message>& conversation) {
  const Form* form = find_form(name);
  if (!form) return conversation.empty() ? "" : conversation.back().text;
  std::string text;
  std::string pending_system;
  for (const Message& message : conversation) {
    if (message.role == Role::System && form->system_into_user) {
      pending_system = trimmed(message.text) + "\n\n";
      continue;
    }
    text += form->before + role_name(*form, message.role) + form->between;
    text += pending_system + (form->trims ? trimmed(message.text) : message.text) + form->after;
    pending_system.clear();
  }
  return text + form->before + form->assistant + form->between;
}
