// Writing and checking code images.
#include "image/image.h"

#include <algorithm>
#include <string>
#include <utility>

namespace godwit::image {

namespace {

template <class T>
uint32_t append(std::vector<uint8_t>& bytes, const std::vector<T>& table, size_t alignment) {
  bytes.resize((bytes.size() + alignment - 1) / alignment * alignment);
  const size_t at = bytes.size();
  const auto* data = reinterpret_cast<const uint8_t*>(table.data());
  bytes.insert(bytes.end(), data, data + table.size() * sizeof(T));
  return static_cast<uint32_t>(at);
}

// The table of `count` entries at `at`; false if it does not lie in `bytes`.
template <class T>
bool take(Bytes bytes, uint32_t at, uint32_t count, std::span<const T>& into) {
  const uint64_t end = at + uint64_t{count} * sizeof(T);
  if (end > bytes.size() || at % alignof(T) != 0) return false;
  into = {reinterpret_cast<const T*>(bytes.data() + at), count};
  return true;
}

bool is_place(uint32_t place, Bytes code) { return place == kNone || place < code.size(); }

bool leads_into_code(const Function& function, Bytes code) {
  return function.begin < function.end && function.end <= code.size();
}

// A function's beginning comes before its loops.
std::pair<uint32_t, uint32_t> order_of(const Function& function) {
  return {function.defined, function.loop + 1};
}

Error damaged(const char* what) { return Error(ErrorKind::Malformed, std::string("no code image: ") + what); }

}  // namespace

std::vector<uint8_t> write(const Parts& parts) {
  std::vector<uint8_t> bytes(sizeof(Header));
  Header header{};
  header.magic = kMagic;
  header.layout = parts.layout;
  header.function_count = static_cast<uint32_t>(parts.functions.size());
  header.thunk_count = static_cast<uint32_t>(parts.thunks.size());
  header.line_count = static_cast<uint32_t>(parts.lines.size());
  header.code_bytes = static_cast<uint32_t>(parts.code.size());
  header.functions_at = append(bytes, parts.functions, 8);
  header.thunks_at = append(bytes, parts.thunks, 8);
  header.lines_at = append(bytes, parts.lines, 8);
  header.code_at = append(bytes, parts.code, kCodeAlignment);
  store_unaligned(bytes.data(), header);
  return bytes;
}

Result<View> read(Bytes bytes) {
  if (bytes.size() < sizeof(Header) || reinterpret_cast<uintptr_t>(bytes.data()) % 8 != 0)
    return fail(damaged("too short"));
  const auto header = load_unaligned<Header>(bytes.data());
  if (header.magic != kMagic) return fail(damaged("it does not begin as one"));
  View view{.layout = header.layout, .functions = {}, .thunks = {}, .lines = {}, .code = {}};
  if (!take(bytes, header.functions_at, header.function_count, view.functions) ||
      !take(bytes, header.thunks_at, header.thunk_count, view.thunks) ||
      !take(bytes, header.lines_at, header.line_count, view.lines) ||
      !take(bytes, header.code_at, header.code_bytes, view.code) || header.code_at % kCodeAlignment != 0)
    return fail(damaged("a table lies outside of it"));
  for (const Function& function : view.functions)
    if (!leads_into_code(function, view.code)) return fail(damaged("a function lies outside of the code"));
  if (!std::ranges::is_sorted(view.functions, {}, order_of))
    return fail(damaged("functions are in no order"));
  for (const Thunk& thunk : view.thunks)
    if (!is_place(thunk.begin, view.code)) return fail(damaged("a thunk lies outside of the code"));
  if (!std::ranges::is_sorted(view.lines, {}, &Line::code)) return fail(damaged("lines are in no order"));
  return view;
}

const Function* View::find(uint32_t defined, uint32_t loop) const {
  const std::pair<uint32_t, uint32_t> wanted{defined, loop + 1};
  const auto found = std::ranges::lower_bound(functions, wanted, {}, order_of);
  return found != functions.end() && order_of(*found) == wanted ? &*found : nullptr;
}

std::optional<uint32_t> View::offset_at(uint32_t place) const {
  const auto after = std::ranges::upper_bound(lines, place, {}, &Line::code);
  if (after == lines.begin()) return std::nullopt;
  return std::prev(after)->offset;
}

std::optional<uint32_t> View::function_at(uint32_t place) const {
  for (const Function& function : functions)
    if (function.begin <= place && place < function.end) return function.defined;
  return std::nullopt;
}

}  // namespace godwit::image
