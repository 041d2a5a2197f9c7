// State: keys and values, and the guest's own tables.
#include "agent/state.h"

#include "platform/user_files.h"

namespace godwit::agent {
namespace {

constexpr int64_t kKvSchema = 1;
constexpr int64_t kListed = 100;
// Of a value in SQLite's file, beside itself.
constexpr size_t kMostKeyBytes = 1024;

}  // namespace

Result<std::unique_ptr<State>> State::create(std::string directory, const AgentLimits& limits) {
  auto state = std::unique_ptr<State>(new State(std::move(directory), limits));
  ASSIGN_OR_RETURN(state->pool_, async::BlockingPool::create(1));
  return state;
}

template <class T, class Function>
Result<T> State::on_thread(const Wait& wait, Function function) {
  Result<T> result = fail(ErrorKind::Io, "not done");
  TRY(pool_->run([&] { result = function(); }, wait.parker));
  return result;
}

Result<std::unique_ptr<Database>> State::open(const std::string& name, bool is_for_guests) {
  platform::make_directories(directory_);
  return Database::open(
      directory_ + "/" + name,
      {.max_bytes = limits_.state_bytes, .is_for_guests = is_for_guests, .memory = &memory_});
}

Result<Database*> State::kv() {
  if (kv_) return kv_.get();
  ASSIGN_OR_RETURN(auto database, open("kv.db", false));
  ASSIGN_OR_RETURN(const int64_t version, database->schema_version());
  if (version > kKvSchema)
    return fail(ErrorKind::Unsupported, "'" + directory_ + "/kv.db' was written by a newer godwit (schema " +
                                            std::to_string(version) + "; this one knows " +
                                            std::to_string(kKvSchema) + ")");
  if (version < kKvSchema) {
    TRY(database->run(
        "CREATE TABLE IF NOT EXISTS kv (key TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID"));
    TRY(database->set_schema_version(kKvSchema));
  }
  kv_ = std::move(database);
  return kv_.get();
}

Result<Database*> State::sql_database() {
  if (!sql_) {
    ASSIGN_OR_RETURN(sql_, open("sql.db", true));
  }
  return sql_.get();
}

Result<std::optional<std::string>> State::get(std::string_view key, const Wait& wait) {
  return on_thread<std::optional<std::string>>(wait, [&]() -> Result<std::optional<std::string>> {
    ASSIGN_OR_RETURN(Database* const database, kv());
    ASSIGN_OR_RETURN(SqlResult found,
                     database->run("SELECT value FROM kv WHERE key = ?",
                                   std::vector<SqlValue>{std::string(key)}, {.stop = wait.stop}));
    if (found.rows.empty()) return std::nullopt;
    return std::move(std::get<Blob>(found.rows[0][0]).bytes);
  });
}

Result<> State::set(std::string_view key, std::string_view value, const Wait& wait) {
  if (key.size() > kMostKeyBytes)
    return fail(ErrorKind::Usage, "a key has more than " + std::to_string(kMostKeyBytes) + " bytes");
  const auto set = on_thread<bool>(wait, [&]() -> Result<bool> {
    ASSIGN_OR_RETURN(Database* const database, kv());
    TRY(database->run("INSERT INTO kv VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
                      std::vector<SqlValue>{std::string(key), Blob{std::string(value)}},
                      {.stop = wait.stop}));
    return true;
  });
  if (!set) return std::unexpected(Error(set.error().kind(), set.error().message()));
  return {};
}

Result<bool> State::remove(std::string_view key, const Wait& wait) {
  return on_thread<bool>(wait, [&]() -> Result<bool> {
    ASSIGN_OR_RETURN(Database* const database, kv());
    ASSIGN_OR_RETURN(const SqlResult done,
                     database->run("DELETE FROM kv WHERE key = ?", std::vector<SqlValue>{std::string(key)},
                                   {.stop = wait.stop}));
    return done.changes > 0;
  });
}

Result<std::vector<std::string>> State::list(std::string_view prefix, std::string_view after,
                                             const Wait& wait) {
  return on_thread<std::vector<std::string>>(wait, [&]() -> Result<std::vector<std::string>> {
    ASSIGN_OR_RETURN(Database* const database, kv());
    // texts that begin so are those from `prefix` on, as long as they do
    ASSIGN_OR_RETURN(SqlResult found, database->run("SELECT key FROM kv WHERE key >= ?1 AND key > ?2 AND "
                                                    "substr(key, 1, length(?1)) = ?1 ORDER BY key LIMIT ?3",
                                                    {std::string(prefix), std::string(after), kListed}));
    std::vector<std::string> keys;
    for (auto& row : found.rows) keys.push_back(std::move(std::get<std::string>(row[0])));
    return keys;
  });
}

Result<SqlResult> State::sql(std::string_view statement, std::span<const SqlValue> parameters,
                             const Wait& wait) {
  return on_thread<SqlResult>(wait, [&]() -> Result<SqlResult> {
    ASSIGN_OR_RETURN(Database* const database, sql_database());
    return database->run(statement, parameters, {.stop = wait.stop});
  });
}

}  // namespace godwit::agent
