// Nesting: how deep the brackets of a text lie, found without recursion, for readers that call themselves for each.
//
// Each function reads strings as the reader that it guards does: brackets inside of them neither open nor close
// anything, so that no text can hide how deep it is.
#pragma once

#include <string_view>

namespace godwit::ggml {

// Levels of [] and {} in JSON.
int json_depth(std::string_view text);

// Levels of () in a grammar in GBNF.
int grammar_depth(std::string_view text);

// The most ( in any one string of JSON, also where it is written as an escape: no regular expression in the text is
// nested deeper.
int most_groups_in_json(std::string_view text);

}  // namespace godwit::ggml
