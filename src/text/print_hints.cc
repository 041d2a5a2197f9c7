// BranchHints: reading the section, and looking whether each hint meets a branch.
#include "text/print_hints.h"

#include <algorithm>

#include "text/print_scan.h"
#include "wasm/limits.h"
#include "wasm/reader.h"

namespace godwit::text {

namespace {

using wasm::FuncIdx;
using wasm::Module;

constexpr std::string_view kSectionName = "metadata.code.branch_hint";

bool can_be_hinted(wasm::Opcode op) { return op == wasm::Opcode::if_ || op == wasm::Opcode::br_if; }

}  // namespace

BranchHints::BranchHints(const Module& module) {
  const uint32_t code = module.section_offsets[static_cast<size_t>(wasm::SectionId::Code)];
  for (size_t i = 0; i < module.customs.size(); ++i) {
    const wasm::CustomSection& custom = module.customs[i];
    if (custom.name != kSectionName) continue;
    const bool is_second = section_.has_value();
    const bool is_good = !is_second && custom.contents.offset < code && read(module, custom) &&
                         !hints_.empty() && all_fit(module);
    if (is_good) {
      section_ = i;
    } else {  // several sections cannot be told apart as annotations
      hints_.clear();
      section_.reset();
      return;
    }
  }
}

bool BranchHints::read(const Module& module, const wasm::CustomSection& section) {
  wasm::Reader reader(module.bytes, section.contents, wasm::FeatureSet::all());
  const uint32_t funcs = reader.count(wasm::limits::kFuncs, "functions");
  uint64_t least_func = module.imported_funcs;
  for (uint32_t i = 0; i < funcs; ++i) {
    const uint32_t func = reader.u32();
    if (reader.failed() || func < least_func || func >= module.funcs.size()) return false;
    least_func = uint64_t{func} + 1;
    const wasm::ByteRange body = module.body(FuncIdx(func)).range;
    const uint32_t count = reader.count(wasm::limits::kBodyBytes, "hints");
    if (count == 0) return false;  // nothing to annotate
    uint64_t least_offset = 0;
    for (uint32_t k = 0; k < count; ++k) {
      const uint32_t offset = reader.u32();
      const uint32_t size = reader.u32();
      const wasm::ByteRange value = reader.take(1);
      if (reader.failed() || size != 1 || offset < least_offset || offset >= body.size) return false;
      if (module.bytes[value.offset] > 1) return false;  // neither unlikely nor likely
      least_offset = uint64_t{offset} + 1;
      hints_.push_back({func, body.offset + offset, value});
    }
  }
  return !reader.failed() && reader.at_end();
}

bool BranchHints::all_fit(const Module& module) const {
  BodyScan scan;
  for (auto hint = hints_.begin(); hint != hints_.end();) {
    const uint32_t func = hint->func;
    std::vector<uint32_t> wanted;
    for (; hint != hints_.end() && hint->func == func; ++hint) wanted.push_back(hint->offset);
    if (!scan.scan(module, FuncIdx(func), wanted) || scan.offsets != wanted) return false;
    // the opcodes of these instructions are one byte
    for (const uint32_t offset : wanted) {
      const auto op = wasm::find_opcode(0, module.bytes[offset]);
      if (!op || !can_be_hinted(*op)) return false;
    }
  }
  return true;
}

std::span<const BranchHint> BranchHints::of(uint32_t func) const {
  const auto range = std::ranges::equal_range(hints_, func, {}, &BranchHint::func);
  return {range.begin(), range.end()};
}

}  // namespace godwit::text
