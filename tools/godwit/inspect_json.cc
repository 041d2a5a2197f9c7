// godwit inspect --json: the report for programs; one object on one line.
#include "json_writer.h"
#include "module_report.h"
#include "output.h"
#include "wasm/features.h"

namespace godwit::cli {
namespace {

using namespace wasm;

void write_limits(JsonWriter& json, const Limits& limits) {
  json.key("min").value(limits.min);
  if (limits.max) json.key("max").value(*limits.max);
  if (limits.addr == AddrType::I64) json.key("address").value("i64");
}

void write_func_type(JsonWriter& json, const FuncType& type) {
  json.key("params").begin_array();
  for (ValType each : type.params) json.value(to_string(each));
  json.end_array().key("results").begin_array();
  for (ValType each : type.results) json.value(to_string(each));
  json.end_array();
}

void write_mem_type(JsonWriter& json, const MemType& type) {
  write_limits(json, type.limits);
  json.key("page_bytes").value(uint64_t{1} << type.page_size_log2);
  json.key("shared").value(type.is_shared);
}

void write_table_type(JsonWriter& json, const TableType& type) {
  json.key("element").value(to_string(type.elem));
  write_limits(json, type.limits);
}

void write_global_type(JsonWriter& json, const GlobalType& type) {
  json.key("value").value(to_string(type.val)).key("mutable").value(type.is_mutable);
}

void write_type(JsonWriter& json, const Module& module, ExternKind kind, uint32_t index) {
  json.key("kind").value(to_string(kind)).key("index").value(uint64_t{index});
  switch (kind) {
    case ExternKind::Func: return write_func_type(json, module.func_type(FuncIdx(index)));
    case ExternKind::Table: return write_table_type(json, module.tables[index].type);
    case ExternKind::Mem: return write_mem_type(json, module.memories[index]);
    case ExternKind::Global: return write_global_type(json, module.globals[index].type);
    case ExternKind::Tag: return write_func_type(json, module.types[module.tags[index].type.value].func);
  }
}

void write_sections(JsonWriter& json, const std::vector<SectionReport>& sections) {
  json.key("sections").begin_array();
  for (const SectionReport& section : sections) {
    json.begin_object().key("kind").value(section.kind);
    if (section.kind == "custom") json.key("name").value(section.name);
    json.key("offset").value(uint64_t{section.offset}).key("bytes").value(uint64_t{section.size_bytes});
    if (section.entries) json.key("entries").value(uint64_t{*section.entries});
    json.end_object();
  }
  json.end_array();
}

}  // namespace

std::string render_json(const ModuleReport& report) {
  const Module& module = report.module;
  JsonWriter json;
  json.begin_object();
  json.key("file").value(printable(report.path)).key("bytes").value(uint64_t{module.bytes.size()});
  if (!module.names.module.empty()) json.key("name").value(module.names.module);
  json.key("features").begin_array();
  for (size_t i = 1; i < kFeatureCount; ++i)
    if (FeatureSet::from_bits(report.features).has(static_cast<Feature>(i))) json.value(kFeatures[i].option);
  json.end_array();
  json.key("producers").begin_array();
  for (const Producer& producer : report.producers)
    json.begin_object()
        .key("field")
        .value(producer.field)
        .key("name")
        .value(producer.name)
        .key("version")
        .value(producer.version)
        .end_object();
  json.end_array();
  json.key("functions").value(uint64_t{module.funcs.size()});
  json.key("imported_functions").value(uint64_t{module.imported_funcs});
  if (module.start) json.key("start").value(uint64_t{module.start->value});
  write_sections(json, report.sections);
  json.key("imports").begin_array();
  for (const Import& entry : module.imports) {
    json.begin_object().key("module").value(entry.module).key("name").value(entry.field);
    write_type(json, module, entry.kind, entry.index);
    json.end_object();
  }
  json.end_array().key("exports").begin_array();
  for (const Export& entry : module.exports) {
    json.begin_object().key("name").value(entry.name);
    write_type(json, module, entry.kind, entry.index);
    json.end_object();
  }
  json.end_array().key("memories").begin_array();
  for (const MemType& type : module.memories) {
    json.begin_object();
    write_mem_type(json, type);
    json.end_object();
  }
  json.end_array().key("tables").begin_array();
  for (const Table& table : module.tables) {
    json.begin_object();
    write_table_type(json, table.type);
    json.end_object();
  }
  json.end_array().key("globals").begin_array();
  for (const Global& global : module.globals) {
    json.begin_object();
    write_global_type(json, global.type);
    json.end_object();
  }
  json.end_array().end_object();
  return json.text() + "\n";
}

}  // namespace godwit::cli
