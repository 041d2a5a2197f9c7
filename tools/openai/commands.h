// The commands of godwit-openai.
#pragma once

#include <span>
#include <string_view>

namespace godwit::openai::cli {

inline constexpr int kOk = 0;
inline constexpr int kError = 1;
inline constexpr int kUsage = 2;

using Arguments = std::span<char* const>;

// godwit serve --model MODEL …
int serve(Arguments arguments);
// godwit chat --model MODEL …
int chat(Arguments arguments);

// On standard error. @returns kError, kUsage
int error(std::string_view message);
int usage(std::string_view message);

}  // namespace godwit::openai::cli
