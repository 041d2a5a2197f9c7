// Exceptions: objects, roots, words.
#include "runtime/exception.h"

#include <algorithm>
#include <bit>
#include <cinttypes>
#include <cstdio>

#include "runtime/gc_access.h"
#include "runtime/gc_heap.h"
#include "runtime/instance.h"
#include "runtime/memory.h"
#include "runtime/unwind.h"

namespace godwit::runtime {

GcAllocation make_exception(Store& store, const Tag& tag, const Slot* payload, const Slot* frames_end) {
  // an instance with tags has made the heap; a host's tag may be the first thing in its store
  const auto heap = store.ensure_gc_heap();
  if (!heap) return {0, Trap::OutOfGcHeap};
  const uint32_t header = gc_header(GcKind::Exception, tag.type_id());
  const GcType& type = store.vm().gc_types[tag.type_id()];
  const GcAllocation made = frames_end ? (*heap)->allocate(header, type.size_bytes, frames_end)
                                       : (*heap)->allocate_for_host(header, type.size_bytes);
  if (made.trap != Trap::None) return made;
  gc_store(made.object, kGcTagOffset, tag.number());
  for (uint32_t i = 0; i < type.field_count; ++i) {
    const GcField field = type.fields[i];
    store_slot(store, made.object, field.offset, field.storage(), payload);
    payload += slots_of(field.storage());
  }
  return made;
}

Tag* tag_of(Store& store, Ref exception) { return store.tag(gc_load<uint32_t>(exception, kGcTagOffset)); }

void read_payload(Store& store, Ref exception, Slot* into) {
  const GcType& type = store.vm().gc_types[gc_type_id(gc_header_of(exception))];
  for (uint32_t i = 0; i < type.field_count; ++i) {
    const GcField field = type.fields[i];
    load_slot(store.vm(), exception, field.offset, field.storage(), into);
    into += slots_of(field.storage());
  }
}

std::vector<Slot> CaughtException::payload() const {
  std::vector<Slot> slots(tag()->payload_slots());
  read_payload(*store(), ref(), slots.data());
  return slots;
}

std::shared_ptr<CaughtException> caught_in(const Error& error) {
  if (error.kind() != ErrorKind::Exception || !error.cargo()) return nullptr;
  return std::static_pointer_cast<CaughtException>(error.cargo());
}

bool UnwindCache::look_up(const Cell* cell, const Module& module, Entry& into) {
  UnwindSite site;
  if (!module.code->find_unwind_site(cell, site)) return false;
  into = {cell, site};
  return true;
}

namespace {

std::string text_of(wasm::ValType type, const Slot* slot) {
  char text[48];
  switch (type.kind()) {
    case wasm::ValKind::I32:
      std::snprintf(text, sizeof text, "i32 %" PRId32, static_cast<int32_t>(slot[0]));
      return text;
    case wasm::ValKind::I64:
      std::snprintf(text, sizeof text, "i64 %" PRId64, static_cast<int64_t>(slot[0]));
      return text;
    case wasm::ValKind::F32:
      std::snprintf(text, sizeof text, "f32 %.9g",
                    static_cast<double>(std::bit_cast<float>(static_cast<uint32_t>(slot[0]))));
      return text;
    case wasm::ValKind::F64:
      std::snprintf(text, sizeof text, "f64 %.17g", std::bit_cast<double>(slot[0]));
      return text;
    case wasm::ValKind::V128:
      std::snprintf(text, sizeof text, "v128 0x%016" PRIx64 "%016" PRIx64, slot[1], slot[0]);
      return text;
    default: return slot[0] == 0 ? "null" : wasm::to_string(type);
  }
}

// The name by which the instance's module exports or imports the tag, else its index.
std::string name_of(const Tag* tag, Instance* instance) {
  if (!instance) return "tag";
  const wasm::Module& module = instance->module().declarations;
  const Tag* const* tags = instance->vmctx()->tags;
  const auto* found = std::find(tags, tags + module.tags.size(), tag);
  const auto index = static_cast<uint32_t>(found - tags);
  if (index == module.tags.size()) return "tag of another module";
  for (const wasm::Export& each : module.exports)
    if (each.kind == wasm::ExternKind::Tag && each.index == index) return std::string(each.name);
  for (const wasm::Import& each : module.imports)
    if (each.kind == wasm::ExternKind::Tag && each.index == index)
      return std::string(each.module) + "." + std::string(each.field);
  return "tag " + std::to_string(index);
}

}  // namespace

std::string describe(const CaughtException& caught, Instance* instance) {
  constexpr size_t kMostValues = 8;
  const Tag* tag = caught.tag();
  const wasm::FuncType& type = caught.store()->types().func_type(tag->type_id());
  const std::vector<Slot> payload = caught.payload();
  const Slot* slot = payload.data();
  std::string text = name_of(tag, instance) + " (";
  for (size_t i = 0; i < type.params.size(); ++i) {
    if (i != 0) text += ", ";
    if (i == kMostValues) {
      text += "…";
      break;
    }
    text += text_of(type.params[i], slot);
    slot += type.params[i].slots();
  }
  return text + ")";
}

}  // namespace godwit::runtime
