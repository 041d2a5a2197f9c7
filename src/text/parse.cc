// Modules in the text format, in any of their forms.
#include "text/parse.h"

#include <optional>

#include "text/module_parser.h"

namespace godwit::text {
namespace {

enum class Form : uint8_t { Text, Binary, Quote };

// The bytes of `(module binary "…")` or the text of `(module quote "…")`; Form::Text for all else.
struct Strings {
  Form form = Form::Text;
  std::string bytes;
};
Result<Strings> take_strings(const Source& source, uint32_t begin, uint32_t end) {
  Cursor in(source, begin, end);
  Strings found;
  if (in.take_open("module")) {
    in.take_keyword("definition");
    in.take_optional_id();
    if (in.take_keyword("binary")) found.form = Form::Binary;
    else if (in.take_keyword("quote")) found.form = Form::Quote;
  }
  if (found.form == Form::Text) return found;  // what is wrong is said by its parser
  found.bytes = in.take_strings();
  in.expect_close("a string or ')'");
  if (in.kind() != TokenKind::End) in.unexpected("nothing after the module");
  if (in.failed()) return fail(in.take_error());
  return found;
}

}  // namespace

Result<std::vector<uint8_t>> parse_module(const Source& source, uint32_t begin, uint32_t end) {
  ASSIGN_OR_RETURN(const Strings strings, take_strings(source, begin, end));
  if (strings.form == Form::Binary) return std::vector<uint8_t>(strings.bytes.begin(), strings.bytes.end());
  if (strings.form == Form::Text) return ModuleParser(source, begin, end).parse();
  // A quoted module is text: one that quotes again is no module.
  const std::string name = std::string(source.name) + " (quoted)";
  const Source quoted{.name = name, .text = strings.bytes};
  return ModuleParser(quoted, 0, static_cast<uint32_t>(strings.bytes.size())).parse();
}

Error error_in_text(const Source& source, Error error) {
  if (error.offset() == kNoOffset || source.text.size() > kTextBytes) return error;
  const auto end = static_cast<uint32_t>(source.text.size());
  const Result<Strings> strings = take_strings(source, 0, end);
  if (!strings || strings->form != Form::Text) return error;
  const std::optional<uint32_t> at = ModuleParser(source, 0, end).locate(error.offset());
  if (!at) return error;
  Lexer lexer(source, end);
  lexer.seek(*at);
  return error_at(source, *at, lexer.next().end, error.message(), error.kind());
}

Result<std::vector<uint8_t>> parse_module(const Source& source) {
  if (source.text.size() > kTextBytes)
    return fail(ErrorKind::Malformed, "too long: the limit is 1 GiB of text");
  return parse_module(source, 0, static_cast<uint32_t>(source.text.size()));
}

}  // namespace godwit::text
