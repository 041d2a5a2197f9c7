// Names and indices.
#include "text/context.h"

#include <fmt/format.h>

namespace godwit::text {

uint32_t Context::index(const Space& space) {
  if (in.at_index()) return index_of(space, in.take());
  in.unexpected(fmt::format("the index or the name of a {}", space.word()));
  return 0;
}

uint32_t Context::index_of(const Space& space, const Token& token) {
  if (token.kind == TokenKind::Number)
    return static_cast<uint32_t>(in.unsigned_of(token, 0xFFFF'FFFF, "i32"));
  if (const std::optional<uint32_t> found = space.find(in.name_of(token))) return *found;
  in.fail(token, fmt::format("unknown {} {}", space.word(), in.text_of(token)));
  return 0;
}

void Context::declare(Space& space, const Token& at, std::string_view name) {
  if (!space.add(name)) in.fail(at, fmt::format("duplicate {} ${}", space.word(), name));
}

std::string Context::take_name_annotation() {
  if (!in.take_annotation("name")) return {};
  std::string name = in.expect_name("a name in quotes");
  in.expect_close();
  if (in.at_annotation("name")) in.unexpected("one name only");
  return name;
}

void Context::take_name_annotation(Space& space, uint32_t index) {
  if (in.at_annotation("name")) space.show_as(index, take_name_annotation());
}

}  // namespace godwit::text
