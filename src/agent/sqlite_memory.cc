// SQLite's memory: the system's, with a word before each piece that says whose it is.
#include "agent/sqlite_memory.h"

#include <sqlite3.h>

#include <cstddef>
#include <cstdlib>
#include <deque>
#include <mutex>

namespace godwit::agent {
namespace {

struct alignas(std::max_align_t) Header {
  MemoryBudget* budget;
  uint64_t bytes;  // without this
};

thread_local MemoryBudget* current = nullptr;

Header* header_of(void* piece) { return static_cast<Header*>(piece) - 1; }

void* allocate(int bytes) {
  if (bytes <= 0) return nullptr;
  MemoryBudget* const budget = current;
  const auto size = static_cast<uint64_t>(bytes);
  if (budget && !budget->take(size)) return nullptr;
  auto* const header = static_cast<Header*>(std::malloc(sizeof(Header) + size));
  if (!header) {
    if (budget) budget->give_back(size);
    return nullptr;
  }
  *header = {.budget = budget, .bytes = size};
  return header + 1;
}

void release(void* piece) {
  if (!piece) return;
  Header* const header = header_of(piece);
  if (header->budget) header->budget->give_back(header->bytes);
  std::free(header);
}

void* reallocate(void* piece, int bytes) {
  Header* header = header_of(piece);
  MemoryBudget* const budget = header->budget;
  const uint64_t before = header->bytes;
  const auto size = static_cast<uint64_t>(bytes);
  if (budget && size > before && !budget->take(size - before)) return nullptr;
  auto* const moved = static_cast<Header*>(std::realloc(header, sizeof(Header) + size));
  if (!moved) {
    if (budget && size > before) budget->give_back(size - before);
    return nullptr;
  }
  if (budget && size < before) budget->give_back(before - size);
  moved->bytes = size;
  return moved + 1;
}

int size_of(void* piece) { return piece ? static_cast<int>(header_of(piece)->bytes) : 0; }
int round_up(int bytes) { return (bytes + 7) & ~7; }

}  // namespace

MemoryBudget& MemoryBudget::create(uint64_t most_bytes) {
  static std::mutex mutex;
  static std::deque<MemoryBudget>& budgets = *new std::deque<MemoryBudget>;  // never destroyed
  const std::lock_guard lock(mutex);
  return budgets.emplace_back(most_bytes);
}

void count_sqlite_memory() {
  static std::once_flag once;
  std::call_once(once, [] {
    sqlite3_mem_methods methods = {};
    methods.xMalloc = allocate;
    methods.xFree = release;
    methods.xRealloc = reallocate;
    methods.xSize = size_of;
    methods.xRoundup = round_up;
    methods.xInit = [](void*) { return SQLITE_OK; };
    methods.xShutdown = [](void*) {};
    sqlite3_config(SQLITE_CONFIG_MALLOC, &methods);
  });
}

MemoryScope::MemoryScope(MemoryBudget* budget) : before_(current) { current = budget; }
MemoryScope::~MemoryScope() { current = before_; }

}  // namespace godwit::agent
