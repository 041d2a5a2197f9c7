// Chat templates: how a conversation is written for a model that was trained on one form or another.
#pragma once

#include <string>
#include <string_view>
#include <vector>

enum class Role { System, User, Assistant };

struct Message {
  Role role;
  std::string text;
};

// @param name "chatml", "llama3", "gemma", "phi3", "zephyr", or "none" (the last message as it is)
bool is_chat_template(std::string_view name);

// The conversation up to where the assistant's answer begins.
std::string apply_chat_template(std::string_view name, const std::vector<Message>& conversation);
