// The JSON library's implementation, compiled once for the spec runner.
#include <boost/json/src.hpp>
#include <boost/throw_exception.hpp>
#include <cstdlib>

// We compile without exceptions; the library is used through error codes, so this is not reached.
namespace boost {
void throw_exception(const std::exception&) { std::abort(); }
void throw_exception(const std::exception&, const source_location&) { std::abort(); }
}  // namespace boost
