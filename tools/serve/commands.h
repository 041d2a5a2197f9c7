// The commands of godwit-serve. `godwit help <command>` describes them.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace godwit::serve {

// Exit statuses, as those of godwit.
inline constexpr int kOk = 0;
inline constexpr int kError = 1;
inline constexpr int kUsage = 2;

using Arguments = std::span<char* const>;

// Serves a manifest until a signal ends it; `watches`: reloads when files change.
int serve(Arguments arguments, bool watches);
// Serves an agent's tools by MCP on standard input and output.
int mcp(Arguments arguments);
// Writes the files of a new agent.
int new_agent(Arguments arguments);
// Ask a running server.
int logs(Arguments arguments);
int deploy(Arguments arguments);
int agents(Arguments arguments);

int usage(std::string_view message);
int error(std::string_view message);

}  // namespace godwit::serve
