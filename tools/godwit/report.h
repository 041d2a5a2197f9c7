// Reports: errors of the public API as people read them, and the exit status that goes with each.
#pragma once

#include <string>
#include <string_view>

#include "godwit/error.h"
#include "godwit/module.h"

namespace godwit::cli {

// What happened, where, and the wasm backtrace; no final newline. With the module that frames are of, if it is known: with
// the lines of source text that they stand at, where the module knows them.
std::string describe(const Error& error, const Module* module = nullptr);

// The wasm backtrace alone: a newline and a line per frame; empty if there is none.
std::string describe_backtrace(const Error& error, const Module* module = nullptr);

// The exit status for an error that is no proc_exit.
int exit_status(const Error& error);

// Writes "error: <subject>: <describe(error)>" and yields the exit status. The subject is left out where the error names
// it itself: a file that cannot be read, a module with a backtrace.
int report(const Error& error, std::string_view subject = {});

// The same for an error that came of loading or running the module at `path`: says also where in it that is, or what else
// the file is.
int report_module(const Error& error, const std::string& path, const Module* module = nullptr);

}  // namespace godwit::cli
