// Memory, Table, Global, Tag: the objects behind the contexts' pointers.
// spec: https://webassembly.github.io/spec/core/exec/runtime.html
#pragma once

#include "runtime/store.h"

namespace godwit::runtime {

// A linear memory. 32-bit memories with 64 KiB pages reserve 8 GiB and one page of address space, so that a 32-bit
// index plus a 32-bit offset cannot leave it; the others are checked explicitly.
class Memory final {
 public:
  static Result<std::unique_ptr<Memory>> create(const wasm::MemType& type, uint64_t max_bytes);
  ~Memory();

  VmMemory& vm() { return vm_; }
  const wasm::MemType& type() const { return type_; }  // limits as declared
  uint64_t size_bytes() const { return vm_.size_bytes.load(std::memory_order_relaxed); }
  uint64_t pages() const { return size_bytes() >> type_.page_size_log2; }
  // True if every access must be checked against the size.
  bool needs_checks() const { return needs_checks_; }
  // Grows by `delta` pages; the old size in pages, or -1 (as u64) if a limit or the system refuses.
  uint64_t grow(uint64_t delta);

 private:
  Memory() = default;
  VmMemory vm_{};
  wasm::MemType type_;
  uint64_t max_bytes_ = 0;
  size_t reserved_bytes_ = 0;
  bool needs_checks_ = false;
};

class Table final {
 public:
  static Result<std::unique_ptr<Table>> create(const wasm::TableType& type, uint32_t canonical_elem_type, uint64_t max_elements, Ref init);
  ~Table();

  VmTable& vm() { return vm_; }
  const wasm::TableType& type() const { return type_; }
  uint64_t size() const { return vm_.size; }
  uint64_t grow(uint64_t delta, Ref init);

 private:
  Table() = default;
  VmTable vm_{};
  wasm::TableType type_;
  uint64_t max_elements_ = 0;
  size_t reserved_bytes_ = 0;
};

class Global final {
 public:
  Global(const wasm::GlobalType& type, VmGlobal* value) : type_(type), value_(value) {}
  const wasm::GlobalType& type() const { return type_; }
  VmGlobal* vm() const { return value_; }

 private:
  wasm::GlobalType type_;
  VmGlobal* value_;  // in its instance, or in the store
};

class Tag final {
 public:
  explicit Tag(uint32_t type_id) : type_id_(type_id) {}
  uint32_t type_id() const { return type_id_; }

 private:
  uint32_t type_id_;
};

}  // namespace godwit::runtime
