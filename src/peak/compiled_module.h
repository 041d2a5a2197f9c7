// CompiledModule: the code image of one module, in memory where it can run.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <shared_mutex>
#include <vector>

#include "code/native.h"
#include "image/image.h"
#include "platform/code_log.h"
#include "platform/code_memory.h"
#include "platform/trap_handler.h"
#include "runtime/module.h"
#include "runtime/store.h"

namespace godwit::peak {

class CompiledModule;

// All compiled code of an engine, by its addresses. @threads any.
class CodeMap final {
 public:
  // @param log is told of the code; null: nobody is. Outlives the map.
  explicit CodeMap(platform::CodeLog* log = nullptr) : log_(log) {}
  std::optional<runtime::Executor::CompiledPlace> locate(
      uintptr_t pc, runtime::Lookup lookup = runtime::Lookup::Whole) const;

 private:
  friend class CompiledModule;
  platform::CodeLog* const log_;
  mutable std::shared_mutex mutex_;
  std::map<uintptr_t, const CompiledModule*> modules_;  // by the address behind their code
};

// A code image, and who keeps its bytes in their place.
struct OwnedImage {
  explicit OwnedImage(std::vector<uint8_t> image)
      : OwnedImage(std::make_shared<std::vector<uint8_t>>(std::move(image))) {}
  OwnedImage(std::shared_ptr<const void> by, Bytes image) : owner(std::move(by)), bytes(image) {}

  std::shared_ptr<const void> owner;
  Bytes bytes;

 private:
  explicit OwnedImage(const std::shared_ptr<std::vector<uint8_t>>& image) : owner(image), bytes(*image) {}
};

// @threads any; immutable.
class CompiledModule final : public code::CompiledFunctions {
 public:
  // The image must be one for this module and this build: native code is trusted.
  // @param map outlives the object; the module too.
  // @param layout what the image must be made for (runtime::layout_of_code)
  // @errors Malformed: the image is damaged or of another layout. Unsupported, Exhausted: the system has no memory for it.
  static Result<std::unique_ptr<CompiledModule>> load(CodeMap& map, const runtime::Module& module,
                                                      OwnedImage image, uint64_t layout);
  ~CompiledModule() override;
  CompiledModule(const CompiledModule&) = delete;
  CompiledModule& operator=(const CompiledModule&) = delete;

  Code find(uint32_t defined) const override;
  const void* find_loop(uint32_t defined, uint32_t offset) const override;
  uint64_t function_count() const;
  // What may be entered.
  std::vector<code::HotPlace> places() const;

 private:
  friend class CodeMap;
  CompiledModule(CodeMap& map, const runtime::Module& module, std::shared_ptr<const void> image,
                 const image::View& view, platform::CodeMemory memory);
  void tell(platform::CodeLog& log) const;
  uintptr_t begin() const { return reinterpret_cast<uintptr_t>(memory_.executable()); }
  uintptr_t end() const { return begin() + view_.code.size(); }

  CodeMap& map_;
  const runtime::Module& module_;
  std::shared_ptr<const void> image_;  // for the tables
  image::View view_;
  platform::CodeMemory memory_;
  platform::GuestCodeRange range_;
};

}  // namespace godwit::peak
