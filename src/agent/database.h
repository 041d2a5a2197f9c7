// Database: SQLite, as the agent server uses it.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "agent/sqlite_memory.h"
#include "base/error.h"

struct sqlite3;
struct sqlite3_stmt;

namespace godwit::agent {

struct Blob {
  std::string bytes;
  bool operator==(const Blob&) const = default;
};
using SqlValue = std::variant<std::monostate, int64_t, double, std::string, Blob>;

struct SqlResult {
  std::vector<std::string> columns;
  std::vector<std::vector<SqlValue>> rows;
  int64_t changes = 0;  // rows inserted, changed or deleted
  int64_t last_row_id = 0;
};

struct DatabaseOptions {
  uint64_t max_bytes = uint64_t{1} << 30;  // of the file; what would make it larger fails
  // Statements come from a guest: no other files, no settings, bounded texts.
  bool is_for_guests = false;
  MemoryBudget* memory = nullptr;  // null: only limit_memory() bounds it
};

// A file in WAL mode: what was committed survives the process, however it ends. Blocks: for threads of a BlockingPool.
// @threads one at a time.
class Database final {
 public:
  // Bounds what SQLite takes of memory in this process, all databases together: sorting and temporary tables are memory,
  // not files, which nobody would bound. Statements that would need more fail as Exhausted. 0: no bound.
  static void limit_memory(uint64_t bytes);

  // Opens the file, or makes it.
  // @errors Io: says what SQLite says.
  static Result<std::unique_ptr<Database>> open(const std::string& path, const DatabaseOptions& options);
  ~Database();

  struct Bounds {
    size_t max_rows = 10'000;
    size_t max_bytes = size_t{16} << 20;          // of the values of all rows
    const std::atomic<uint64_t>* stop = nullptr;  // other than 0: the statement ends soon
  };
  // Runs one statement.
  // @errors Usage: not one, or wrong; or not allowed. Exhausted: more than the bounds, or the file is full. Io.
  Result<SqlResult> run(std::string_view sql, std::span<const SqlValue> parameters, const Bounds& bounds);
  Result<SqlResult> run(std::string_view sql, std::initializer_list<SqlValue> parameters = {});

  // PRAGMA user_version: which schema the file has; 0: a new file.
  Result<int64_t> schema_version();
  Result<> set_schema_version(int64_t version);

 private:
  Database(sqlite3* handle, MemoryBudget* memory) : handle_(handle), memory_(memory) {}
  Result<SqlResult> run_statement(std::string_view sql, std::span<const SqlValue> parameters,
                                  const Bounds& bounds);
  Result<sqlite3_stmt*> prepare(std::string_view sql);
  Error error(std::string_view what) const;
  // Another process has the file: whether to go on waiting for it.
  bool waits_for_lock(int attempt) const;

  sqlite3* handle_;
  MemoryBudget* const memory_;
  const std::atomic<uint64_t>* stop_ = nullptr;  // of the statement that runs
};

// Values as guests see them, little-endian and without gaps:
//   value   u8 tag: 0 null │ 1 integer, i64 │ 2 real, f64 │ 3 text, u32 size, bytes │ 4 blob, u32 size, bytes
//   list    u32 count, values
//   result  u32 columns, for each: u32 size, bytes │ u32 rows, for each: one value per column │ i64 changes │ i64 last row id
// @errors Usage: it is no such list, or longer than a statement has parameters.
Result<std::vector<SqlValue>> decode_values(std::string_view bytes);
std::string encode_result(const SqlResult& result);

}  // namespace godwit::agent
