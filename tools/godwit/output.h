// Output: what godwit itself says, apart from what guests write. No streams: they cost start-up time.
#pragma once

#include <string>
#include <string_view>

namespace godwit::cli {

// Writes all of `text` to standard output. False if that failed, after saying so on standard error.
bool write_out(std::string_view text);
// Writes all of `text` to standard error; there is nobody to tell if that fails.
void write_err(std::string_view text);

// "error: " and the message on standard error, in colour on a terminal.
void write_error(std::string_view message);
void write_warning(std::string_view message);

// Ends the process with what a command found out. What is still in memory goes with it: destroying it first, reservations
// of gigabytes among it, would only take time. (Sanitizer builds return instead: they look for leaks at the end.)
int leave(int status);

// `text` with control characters (save newline and tab) and malformed UTF-8 as \xHH, so that a name chosen by a module
// cannot steer a terminal.
std::string printable(std::string_view text);

// "1.5 MiB", "812 bytes"
std::string human_size(uint64_t bytes);

// Number formatting: unsigned decimal, and hexadecimal with "0x".
std::string decimal(uint64_t number);
std::string hex(uint64_t number);

}  // namespace godwit::cli
