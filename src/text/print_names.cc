// PrintNames: reading the name section, and making its names different from each other.
#include "text/print_names.h"

#include <algorithm>
#include <deque>
#include <unordered_set>

#include "wasm/limits.h"
#include "wasm/reader.h"

namespace godwit::text {

namespace {

using wasm::ByteRange;
using wasm::ExternKind;
using wasm::FeatureSet;
using wasm::Module;
using wasm::Reader;

enum class Subsection : uint8_t {
  Module,
  Funcs,
  Locals,
  Labels,
  Types,
  Tables,
  Memories,
  Globals,
  Elems,
  Datas,
  Fields,
  Tags,
};

// As many as anything can have.
constexpr uint32_t kMostNames = wasm::limits::kModuleBytes;

NameList read_list(Reader& reader) {
  NameList names;
  const uint32_t count = reader.count(kMostNames, "names");
  names.reserve(count / 2);
  for (uint32_t i = 0; i < count; ++i) {
    const uint32_t index = reader.u32();
    const std::string_view name = reader.name();
    if (reader.failed() || (!names.empty() && index <= names.back().first)) break;
    names.emplace_back(index, name);
  }
  return names;
}

void skip_list(Reader& reader) {
  const uint32_t count = reader.count(kMostNames, "names");
  for (uint32_t i = 0; i < count && !reader.failed(); ++i) {
    reader.u32();
    reader.sized_bytes();
  }
}

NameLists read_lists(Reader& reader) {
  NameLists lists;
  const uint32_t count = reader.count(kMostNames, "lists of names");
  for (uint32_t i = 0; i < count; ++i) {
    const uint32_t index = reader.u32();
    const uint32_t from = reader.offset();
    skip_list(reader);
    if (reader.failed() || (!lists.empty() && index <= lists.back().first)) break;
    lists.emplace_back(index, ByteRange{from, reader.offset() - from});
  }
  return lists;
}

void read_subsection(NameSection& names, Subsection id, Reader& reader) {
  switch (id) {
    case Subsection::Module: return;
    case Subsection::Funcs: names.funcs = read_list(reader); return;
    case Subsection::Locals: names.locals = read_lists(reader); return;
    case Subsection::Labels: names.labels = read_lists(reader); return;
    case Subsection::Types: names.types = read_list(reader); return;
    case Subsection::Tables: names.tables = read_list(reader); return;
    case Subsection::Memories: names.memories = read_list(reader); return;
    case Subsection::Globals: names.globals = read_list(reader); return;
    case Subsection::Elems: names.elems = read_list(reader); return;
    case Subsection::Datas: names.datas = read_list(reader); return;
    case Subsection::Fields: names.fields = read_lists(reader); return;
    case Subsection::Tags: names.tags = read_list(reader); return;
  }
}

// What an import or export calls something that has no name, if that reads well.
class Candidates final {
 public:
  Candidates(const Module& module, ExternKind kind, size_t count) : names_(count) {
    for (const wasm::Export& entry : module.exports)
      if (entry.kind == kind) add(entry.index, entry.name);
    for (const wasm::Import& entry : module.imports)
      if (entry.kind == kind) add(entry.index, entry.field);
  }
  const std::vector<std::string_view>& names() const { return names_; }

 private:
  void add(uint32_t index, std::string_view name) {
    constexpr size_t kLongest = 60;
    if (index < names_.size() && names_[index].empty() && name.size() <= kLongest && is_plain_id(name))
      names_[index] = name;
  }
  std::vector<std::string_view> names_;
};

std::string as_id(std::string_view name) {
  if (is_plain_id(name)) return "$" + std::string(name);
  return "$\"" + escaped_name(name) + '"';
}

}  // namespace

NameSection NameSection::read(const Module& module) {
  NameSection names;
  for (const wasm::CustomSection& custom : module.customs) {
    if (custom.name != "name") continue;
    names = {};  // the last one counts
    Reader reader(module.bytes, custom.contents, FeatureSet::all());
    while (!reader.at_end()) {
      const uint8_t id = reader.u8();
      const ByteRange range = reader.sized_bytes();
      if (reader.failed()) break;
      Reader contents(module.bytes, range, FeatureSet::all());
      read_subsection(names, static_cast<Subsection>(id), contents);
    }
  }
  return names;
}

NameList names_of(const Module& module, const NameLists& lists, uint32_t index) {
  const auto found =
      std::ranges::lower_bound(lists, index, {}, [](const auto& entry) { return entry.first; });
  if (found == lists.end() || found->first != index) return {};
  Reader reader(module.bytes, found->second, FeatureSet::all());
  return read_list(reader);
}

// First come the real names, the first of equal ones as it is. So what is printed once is printed the same way again:
// read back, all names are real and different.
Identifiers::Identifiers(std::string_view prefix, uint32_t count, Unnamed unnamed, const NameList& names,
                         const std::vector<std::string_view>& candidates)
    : prefix_(prefix), count_(count), unnamed_(unnamed) {
  const auto end = std::ranges::lower_bound(names, count, {}, [](const auto& entry) { return entry.first; });
  const bool has_candidates = std::ranges::any_of(candidates, [](auto name) { return !name.empty(); });
  if (names.begin() == end && !has_candidates) return;

  ids_.resize(count);
  is_named_.resize(count);
  std::unordered_set<std::string_view> taken;
  std::deque<std::string> made;  // what `taken` refers to, apart from the module
  const auto take = [&](uint32_t index, std::string name) {
    while (taken.contains(name)) name += '_';
    ids_[index] = as_id(name);
    taken.insert(made.emplace_back(std::move(name)));
  };
  NameList repeated;
  for (auto entry = names.begin(); entry != end; ++entry) {
    if (entry->second.empty()) continue;  // no identifier is empty
    is_named_[entry->first] = true;
    if (taken.insert(entry->second).second) ids_[entry->first] = as_id(entry->second);
    else repeated.push_back(*entry);
  }
  for (const auto& [index, name] : repeated) take(index, std::string(name) + '.' + std::to_string(index));
  if (unnamed == Unnamed::Number) return;
  for (uint32_t i = 0; i < count; ++i) {
    if (!ids_[i].empty()) continue;
    const bool fits = has_candidates && !candidates[i].empty() && taken.insert(candidates[i]).second;
    if (fits) ids_[i] = as_id(candidates[i]);
    else take(i, std::string(prefix) + std::to_string(i));
  }
}

void Identifiers::put(PrintWriter& writer, uint32_t index) const {
  if (!has(index)) writer.number(index);
  else if (ids_.empty()) writer.put('$').put(prefix_).number(index);
  else writer.put(ids_[index]);
}

std::string Identifiers::text(uint32_t index) const {
  if (!has(index)) return {};
  return ids_.empty() ? '$' + std::string(prefix_) + std::to_string(index) : ids_[index];
}

PrintNames::PrintNames(const Module& of) : module(of), section(NameSection::read(of)) {
  using enum Identifiers::Unnamed;
  const auto make = [&](std::string_view prefix, size_t count, const NameList& names) {
    return Identifiers(prefix, static_cast<uint32_t>(count), Invented, names);
  };
  const auto make_extern = [&](std::string_view prefix, size_t count, ExternKind kind,
                               const NameList& names) {
    const Candidates candidates(of, kind, count);
    return Identifiers(prefix, static_cast<uint32_t>(count), Invented, names, candidates.names());
  };
  types = make("t", of.types.size(), section.types);
  funcs = make_extern("f", of.funcs.size(), ExternKind::Func, section.funcs);
  tables = make_extern("table", of.tables.size(), ExternKind::Table, section.tables);
  memories = make_extern("mem", of.memories.size(), ExternKind::Mem, section.memories);
  globals = make_extern("g", of.globals.size(), ExternKind::Global, section.globals);
  tags = make_extern("tag", of.tags.size(), ExternKind::Tag, section.tags);
  elems = make("elem", of.elems.size(), section.elems);
  datas = make("data", of.datas.size(), section.datas);
  if (section.fields.empty()) return;
  for (uint32_t i = 0; i < of.types.size(); ++i)
    fields.emplace_back("", static_cast<uint32_t>(of.types[i].fields.size()), Number,
                        names_of(of, section.fields, i));
}

Identifiers PrintNames::locals_of(uint32_t func, uint32_t count) const {
  return {"", count, Identifiers::Unnamed::Number, names_of(module, section.locals, func)};
}

Identifiers PrintNames::labels_of(uint32_t func, uint32_t count) const {
  return {"b", count, Identifiers::Unnamed::Invented, names_of(module, section.labels, func)};
}

void PrintNames::put_field(PrintWriter& writer, uint32_t type, uint32_t field) const {
  if (type < fields.size()) fields[type].put(writer, field);
  else writer.number(field);
}

void PrintNames::put_field_id(PrintWriter& writer, uint32_t type, uint32_t field) const {
  if (type < fields.size() && fields[type].has(field)) fields[type].put(writer.put(' '), field);
}

}  // namespace godwit::text
