// Told tools: calls of tools by models whose template knows of none. The tools are told in a system message, and a grammar
// makes the model say one of
//
//   {"tool_call": {"name": …, "arguments": {…}}}      or, unless a call is required,      {"response": "…"}
#pragma once

#include <common/chat.h>

#include <string>
#include <vector>

namespace godwit::ggml {

// Puts the tools into the conversation, and writes calls and results of before as the model would have.
// @param must_call whether it may say something instead
std::vector<common_chat_msg> tell_tools(std::vector<common_chat_msg> messages,
                                        const std::vector<common_chat_tool>& tools, bool must_call);

// What the model may say, in GBNF. @throws what llama.cpp does over a schema
std::string told_tools_grammar(const std::vector<common_chat_tool>& tools, bool must_call);

// What it says so far.
common_chat_msg parse_told_tools(const std::string& text, bool is_partial);

}  // namespace godwit::ggml
