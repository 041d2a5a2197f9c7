// Loading code images, and finding what an address in them belongs to.
#include "peak/compiled_module.h"

#include <algorithm>
#include <mutex>

#include "wasm/debug_line.h"

namespace godwit::peak {

Result<std::unique_ptr<CompiledModule>> CompiledModule::load(CodeMap& map, const runtime::Module& module,
                                                             OwnedImage image, uint64_t layout) {
  ASSIGN_OR_RETURN(const image::View view, image::read(image.bytes));
  if (view.layout != layout)
    return fail(ErrorKind::Malformed, "the code image was made for another release of godwit");
  const size_t functions = module.declarations.bodies.size();
  if ((!view.functions.empty() && view.functions.back().defined >= functions) ||
      view.thunks.size() != module.declarations.types.size())
    return fail(ErrorKind::Malformed, "the code image was made for another module");
  ASSIGN_OR_RETURN(auto memory, platform::CodeMemory::hold(view.code));
  platform::publish_code(memory.executable(), view.code.size());
  return std::unique_ptr<CompiledModule>(
      new CompiledModule(map, module, std::move(image.owner), view, std::move(memory)));
}

CompiledModule::CompiledModule(CodeMap& map, const runtime::Module& module, std::shared_ptr<const void> image,
                               const image::View& view, platform::CodeMemory memory)
    : map_(map),
      module_(module),
      image_(std::move(image)),
      view_(view),
      memory_(std::move(memory)),
      range_(memory_.executable(), memory_.executable() + view_.code.size(),
             platform::GuestCodeKind::Compiled) {
  if (map_.log_ && map_.log_->wants_names()) tell(*map_.log_);
  const std::unique_lock lock(map_.mutex_);
  map_.modules_.emplace(end(), this);
}

void CompiledModule::tell(platform::CodeLog& log) const {
  std::vector<std::optional<wasm::SourcePlace>> places;
  if (log.wants_lines()) {
    std::vector<uint64_t> offsets;
    for (const image::Line& line : view_.lines) offsets.push_back(line.offset);
    places = wasm::source_places(module_.declarations, offsets);
  }
  std::vector<platform::JitDump::Line> lines;
  for (const image::Function& function : view_.functions) {
    const uint32_t index = module_.declarations.imported_funcs + function.defined;
    std::string name(module_.name);
    if (!name.empty()) name += '!';
    const std::string_view own = module_.declarations.func_name(wasm::FuncIdx(index));
    if (own.empty()) name += "function " + std::to_string(index);
    else name += own;
    lines.clear();
    const auto first = std::ranges::lower_bound(view_.lines, function.begin, {}, &image::Line::code);
    for (auto line = first; !places.empty() && line != view_.lines.end() && line->code < function.end; ++line)
      if (const auto& place = places[static_cast<size_t>(line - view_.lines.begin())])
        lines.push_back({memory_.executable() + line->code, place->file, place->line});
    log.add(memory_.executable() + function.begin, function.end - function.begin, name, lines);
  }
}

CompiledModule::~CompiledModule() {
  const std::unique_lock lock(map_.mutex_);
  map_.modules_.erase(end());
}

code::CompiledFunctions::Code CompiledModule::find(uint32_t defined) const {
  const image::Function* function = view_.find(defined);
  const wasm::Module& declarations = module_.declarations;
  const image::Thunk& thunk = view_.thunks[declarations.funcs[declarations.imported_funcs + defined].value];
  if (function == nullptr || thunk.begin == image::kNone) return {};
  return {memory_.executable() + function->begin, memory_.executable() + thunk.begin};
}

const void* CompiledModule::find_loop(uint32_t defined, uint32_t offset) const {
  const image::Function* function = view_.find(defined, offset);
  return function == nullptr ? nullptr : memory_.executable() + function->begin;
}

uint64_t CompiledModule::function_count() const {
  uint64_t count = 0;
  for (size_t i = 0; i < view_.functions.size(); ++i)
    if (i == 0 || view_.functions[i].defined != view_.functions[i - 1].defined) ++count;
  return count;
}

std::vector<code::HotPlace> CompiledModule::places() const {
  static_assert(code::HotPlace::kNoLoop == image::kNone);
  std::vector<code::HotPlace> places;
  for (const image::Function& function : view_.functions) places.push_back({function.defined, function.loop});
  return places;
}

std::optional<runtime::Executor::CompiledPlace> CodeMap::locate(uintptr_t pc, runtime::Lookup lookup) const {
  std::shared_lock lock(mutex_, std::defer_lock);
  if (lookup == runtime::Lookup::Whole) lock.lock();
  else if (!lock.try_lock()) return std::nullopt;
  const auto found = modules_.upper_bound(pc);
  if (found == modules_.end() || pc < found->second->begin()) return std::nullopt;
  const CompiledModule& compiled = *found->second;
  const auto place = static_cast<uint32_t>(pc - compiled.begin());
  const auto function = compiled.view_.function_at(place);
  if (!function) return std::nullopt;
  const uint32_t offset = compiled.view_.offset_at(place).value_or(0);
  return runtime::Executor::CompiledPlace{&compiled.module_,
                                          compiled.module_.declarations.imported_funcs + *function,
                                          offset == 0 ? kNoOffset : offset};
}

}  // namespace godwit::peak
