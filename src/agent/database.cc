// Database: statements, bounds, and what guests' statements may not do.
#include "agent/database.h"

#include <sqlite3.h>

#include <cstring>

#include "base/bytes.h"

namespace godwit::agent {
namespace {

constexpr int kBusyPause_ms = 5;
constexpr int kMostBusyPauses = 1000;
constexpr int kStepsBetweenLooks = 1000;
constexpr int kMostSqlBytes = 256 << 10;
constexpr int kMostValueBytes = 16 << 20;
constexpr int kMostParameters = 1000;

ErrorKind kind_of(int code) {
  switch (code & 0xff) {
    case SQLITE_FULL:
    case SQLITE_TOOBIG:
    case SQLITE_NOMEM:
    case SQLITE_INTERRUPT: return ErrorKind::Exhausted;
    case SQLITE_IOERR:
    case SQLITE_CANTOPEN:
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
    case SQLITE_BUSY:
    case SQLITE_READONLY: return ErrorKind::Io;
    default: return ErrorKind::Usage;
  }
}

// What a guest's statements may do with its own tables: anything that stays in them.
int authorize(void*, int action, const char* first, const char* second, const char*, const char*) {
  switch (action) {
    case SQLITE_ATTACH:
    case SQLITE_DETACH:
    // runs share a connection: one that began a transaction could leave it to another
    case SQLITE_TRANSACTION:
    case SQLITE_SAVEPOINT: return SQLITE_DENY;
    case SQLITE_PRAGMA: {
      // looking at tables, and no setting
      for (const char* allowed : {"table_info", "table_list", "index_list", "index_info", "foreign_key_list"})
        if (std::strcmp(first, allowed) == 0) return SQLITE_OK;
      return SQLITE_DENY;
    }
    case SQLITE_FUNCTION:
      // second: the function's name
      for (const char* denied : {"load_extension", "fts3_tokenizer", "readfile", "writefile", "edit"})
        if (second && sqlite3_stricmp(second, denied) == 0) return SQLITE_DENY;
      return SQLITE_OK;
    default: return SQLITE_OK;
  }
}

void bound(sqlite3* handle) {
  sqlite3_set_authorizer(handle, authorize, nullptr);
  sqlite3_db_config(handle, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  sqlite3_db_config(handle, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
  sqlite3_db_config(handle, SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0, nullptr);
  sqlite3_limit(handle, SQLITE_LIMIT_LENGTH, kMostValueBytes);
  sqlite3_limit(handle, SQLITE_LIMIT_SQL_LENGTH, kMostSqlBytes);
  sqlite3_limit(handle, SQLITE_LIMIT_COLUMN, 200);
  sqlite3_limit(handle, SQLITE_LIMIT_EXPR_DEPTH, 100);
  sqlite3_limit(handle, SQLITE_LIMIT_COMPOUND_SELECT, 10);
  sqlite3_limit(handle, SQLITE_LIMIT_VDBE_OP, 25'000);
  sqlite3_limit(handle, SQLITE_LIMIT_FUNCTION_ARG, 8);
  sqlite3_limit(handle, SQLITE_LIMIT_ATTACHED, 0);
  sqlite3_limit(handle, SQLITE_LIMIT_LIKE_PATTERN_LENGTH, 1000);
  sqlite3_limit(handle, SQLITE_LIMIT_VARIABLE_NUMBER, kMostParameters);
  sqlite3_limit(handle, SQLITE_LIMIT_TRIGGER_DEPTH, 10);
  sqlite3_limit(handle, SQLITE_LIMIT_WORKER_THREADS, 0);
}

void bind(sqlite3_stmt* statement, int at, const SqlValue& value) {
  if (const auto* integer = std::get_if<int64_t>(&value)) sqlite3_bind_int64(statement, at, *integer);
  else if (const auto* real = std::get_if<double>(&value)) sqlite3_bind_double(statement, at, *real);
  else if (const auto* text = std::get_if<std::string>(&value))
    sqlite3_bind_text(statement, at, text->data(), static_cast<int>(text->size()), SQLITE_TRANSIENT);
  else if (const auto* blob = std::get_if<Blob>(&value))
    sqlite3_bind_blob(statement, at, blob->bytes.empty() ? "" : blob->bytes.data(),
                      static_cast<int>(blob->bytes.size()), SQLITE_TRANSIENT);
  else sqlite3_bind_null(statement, at);
}

SqlValue column(sqlite3_stmt* statement, int at) {
  switch (sqlite3_column_type(statement, at)) {
    case SQLITE_INTEGER: return static_cast<int64_t>(sqlite3_column_int64(statement, at));
    case SQLITE_FLOAT: return sqlite3_column_double(statement, at);
    case SQLITE_TEXT: {
      const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(statement, at));
      return std::string(text ? text : "", static_cast<size_t>(sqlite3_column_bytes(statement, at)));
    }
    case SQLITE_BLOB: {
      const auto* bytes = static_cast<const char*>(sqlite3_column_blob(statement, at));
      return Blob{bytes ? std::string(bytes, static_cast<size_t>(sqlite3_column_bytes(statement, at)))
                        : std::string()};
    }
    default: return std::monostate();
  }
}

size_t size_of(const SqlValue& value) {
  if (const auto* text = std::get_if<std::string>(&value)) return text->size() + 16;
  if (const auto* blob = std::get_if<Blob>(&value)) return blob->bytes.size() + 16;
  return 16;
}

// The statement ends with the scope.
class Statement final {
 public:
  explicit Statement(sqlite3_stmt* handle) : handle_(handle) {}
  ~Statement() { sqlite3_finalize(handle_); }
  Statement(const Statement&) = delete;
  Statement& operator=(const Statement&) = delete;
  sqlite3_stmt* get() const { return handle_; }

 private:
  sqlite3_stmt* handle_;
};

template <class T>
void put(std::string& bytes, T value) {
  bytes.append(reinterpret_cast<const char*>(&value), sizeof value);
}
void put_text(std::string& bytes, std::string_view text) {
  put(bytes, static_cast<uint32_t>(text.size()));
  bytes += text;
}

// Reads from the front of a text; nothing if it is too short.
class ByteReader final {
 public:
  explicit ByteReader(std::string_view bytes) : bytes_(bytes) {}
  template <class T>
  std::optional<T> take() {
    if (bytes_.size() < sizeof(T)) return std::nullopt;
    const T value = load_unaligned<T>(bytes_.data());
    bytes_.remove_prefix(sizeof(T));
    return value;
  }
  std::optional<std::string> take_text() {
    const auto size = take<uint32_t>();
    if (!size || *size > bytes_.size()) return std::nullopt;
    std::string text(bytes_.substr(0, *size));
    bytes_.remove_prefix(*size);
    return text;
  }
  bool is_at_end() const { return bytes_.empty(); }

 private:
  std::string_view bytes_;
};

std::optional<SqlValue> take_value(ByteReader& reader) {
  const auto tag = reader.take<uint8_t>();
  if (!tag) return std::nullopt;
  switch (*tag) {
    case 0: return SqlValue();
    case 1:
      if (const auto value = reader.take<int64_t>()) return SqlValue(*value);
      return std::nullopt;
    case 2:
      if (const auto value = reader.take<double>()) return SqlValue(*value);
      return std::nullopt;
    case 3:
      if (auto text = reader.take_text()) return SqlValue(std::move(*text));
      return std::nullopt;
    case 4:
      if (auto text = reader.take_text()) return SqlValue(Blob{std::move(*text)});
      return std::nullopt;
    default: return std::nullopt;
  }
}

}  // namespace

Error Database::error(std::string_view what) const {
  return Error(kind_of(sqlite3_extended_errcode(handle_)),
               std::string(what) + ": " + sqlite3_errmsg(handle_));
}

void Database::limit_memory(uint64_t bytes) {
  count_sqlite_memory();
  sqlite3_hard_heap_limit64(static_cast<sqlite3_int64>(bytes));
}

Result<std::unique_ptr<Database>> Database::open(const std::string& path, const DatabaseOptions& options) {
  count_sqlite_memory();
  const MemoryScope scope(options.memory);
  sqlite3* handle = nullptr;
  const int opened = sqlite3_open_v2(
      path.c_str(), &handle, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, nullptr);
  auto database = std::unique_ptr<Database>(new Database(handle, options.memory));
  if (opened != SQLITE_OK)
    return fail(Error(ErrorKind::Io, "cannot open '" + path + "': " + sqlite3_errstr(opened)));
  sqlite3_extended_result_codes(handle, 1);
  sqlite3_busy_handler(
      handle,
      [](void* self, int attempt) {
        return static_cast<int>(static_cast<Database*>(self)->waits_for_lock(attempt));
      },
      database.get());
  TRY(database->run("PRAGMA journal_mode = WAL"));
  TRY(database->run("PRAGMA synchronous = NORMAL"));
  TRY(database->run("PRAGMA foreign_keys = ON"));
  TRY(database->run("PRAGMA temp_store = MEMORY"));
  TRY(database->run("PRAGMA cache_size = -1024"));
  ASSIGN_OR_RETURN(const SqlResult page, database->run("PRAGMA page_size"));
  const int64_t page_bytes = std::get<int64_t>(page.rows.at(0).at(0));
  TRY(database->run(
      "PRAGMA max_page_count = " +
      std::to_string(std::max<uint64_t>(8, options.max_bytes / static_cast<uint64_t>(page_bytes)))));
  if (options.is_for_guests) bound(handle);
  return database;
}

Database::~Database() { sqlite3_close_v2(handle_); }

bool Database::waits_for_lock(int attempt) const {
  if (attempt >= kMostBusyPauses || (stop_ && stop_->load(std::memory_order_relaxed) != 0)) return false;
  sqlite3_sleep(kBusyPause_ms);
  return true;
}

Result<sqlite3_stmt*> Database::prepare(std::string_view sql) {
  if (sql.size() > kMostSqlBytes) return fail(ErrorKind::Usage, "the statement is too long");
  sqlite3_stmt* statement = nullptr;
  const char* rest = nullptr;
  if (sqlite3_prepare_v2(handle_, sql.data(), static_cast<int>(sql.size()), &statement, &rest) != SQLITE_OK)
    return fail(error("SQL"));
  if (!statement) return fail(ErrorKind::Usage, "SQL: no statement");
  const std::string_view left = sql.substr(static_cast<size_t>(rest - sql.data()));
  if (left.find_first_not_of(" \t\r\n;") != std::string_view::npos) {
    sqlite3_finalize(statement);
    return fail(ErrorKind::Usage, "SQL: more than one statement");
  }
  return statement;
}

Result<SqlResult> Database::run(std::string_view sql, std::initializer_list<SqlValue> parameters) {
  return run(sql, std::span(parameters.begin(), parameters.size()), {});
}

Result<SqlResult> Database::run(std::string_view sql, std::span<const SqlValue> parameters,
                                const Bounds& bounds) {
  const MemoryScope scope(memory_);
  stop_ = bounds.stop;
  auto result = run_statement(sql, parameters, bounds);
  stop_ = nullptr;
  return result;
}

Result<SqlResult> Database::run_statement(std::string_view sql, std::span<const SqlValue> parameters,
                                          const Bounds& bounds) {
  ASSIGN_OR_RETURN(sqlite3_stmt* const handle, prepare(sql));
  const Statement statement(handle);
  if (static_cast<size_t>(sqlite3_bind_parameter_count(handle)) != parameters.size())
    return fail(ErrorKind::Usage,
                "SQL: the statement has " + std::to_string(sqlite3_bind_parameter_count(handle)) +
                    " parameters, and " + std::to_string(parameters.size()) + " values came with it");
  for (size_t i = 0; i < parameters.size(); i++) bind(handle, static_cast<int>(i + 1), parameters[i]);
  const auto look = [](void* stop) {
    return static_cast<int>(
        static_cast<const std::atomic<uint64_t>*>(stop)->load(std::memory_order_relaxed) != 0);
  };
  sqlite3_progress_handler(handle_, kStepsBetweenLooks, bounds.stop ? +look : nullptr,
                           const_cast<std::atomic<uint64_t>*>(bounds.stop));
  SqlResult result;
  const int columns = sqlite3_column_count(handle);
  for (int i = 0; i < columns; i++) result.columns.emplace_back(sqlite3_column_name(handle, i));
  const int64_t changes_before = sqlite3_total_changes64(handle_);
  size_t bytes = 0;
  int step;
  while ((step = sqlite3_step(handle)) == SQLITE_ROW) {
    std::vector<SqlValue>& row = result.rows.emplace_back();
    for (int i = 0; i < columns; i++) bytes += size_of(row.emplace_back(column(handle, i)));
    if (result.rows.size() > bounds.max_rows || bytes > bounds.max_bytes) {
      sqlite3_progress_handler(handle_, 0, nullptr, nullptr);
      return fail(ErrorKind::Exhausted, "SQL: more than " + std::to_string(bounds.max_rows) + " rows or " +
                                            std::to_string(bounds.max_bytes) + " bytes: ask for fewer");
    }
  }
  sqlite3_progress_handler(handle_, 0, nullptr, nullptr);
  if (step != SQLITE_DONE) return fail(error("SQL"));
  result.changes = sqlite3_total_changes64(handle_) - changes_before;
  result.last_row_id = sqlite3_last_insert_rowid(handle_);
  return result;
}

Result<int64_t> Database::schema_version() {
  ASSIGN_OR_RETURN(const SqlResult result, run("PRAGMA user_version"));
  return std::get<int64_t>(result.rows.at(0).at(0));
}

Result<> Database::set_schema_version(int64_t version) {
  TRY(run("PRAGMA user_version = " + std::to_string(version)));
  return {};
}

Result<std::vector<SqlValue>> decode_values(std::string_view bytes) {
  std::vector<SqlValue> values;
  if (bytes.empty()) return values;
  ByteReader reader(bytes);
  const auto count = reader.take<uint32_t>();
  // a null is one byte here, and much more as a value
  if (count && *count > kMostParameters)
    return fail(ErrorKind::Usage, "a statement has " + std::to_string(kMostParameters) + " values at most");
  for (uint32_t i = 0; count && i < *count; i++) {
    auto value = take_value(reader);
    if (!value) return fail(ErrorKind::Usage, "the list of values is cut off");
    values.push_back(std::move(*value));
  }
  if (!count || !reader.is_at_end()) return fail(ErrorKind::Usage, "that is no list of values");
  return values;
}

std::string encode_result(const SqlResult& result) {
  std::string bytes;
  put(bytes, static_cast<uint32_t>(result.columns.size()));
  for (const std::string& name : result.columns) put_text(bytes, name);
  put(bytes, static_cast<uint32_t>(result.rows.size()));
  for (const auto& row : result.rows) {
    for (const SqlValue& value : row) {
      put(bytes, static_cast<uint8_t>(value.index()));
      if (const auto* integer = std::get_if<int64_t>(&value)) put(bytes, *integer);
      if (const auto* real = std::get_if<double>(&value)) put(bytes, *real);
      if (const auto* text = std::get_if<std::string>(&value)) put_text(bytes, *text);
      if (const auto* blob = std::get_if<Blob>(&value)) put_text(bytes, blob->bytes);
    }
  }
  put(bytes, result.changes);
  put(bytes, result.last_row_id);
  return bytes;
}

}  // namespace godwit::agent
