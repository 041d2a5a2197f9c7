// Asleep: one table.
#include "agent/asleep.h"

#include <unistd.h>

#include "agent/compress.h"
#include "platform/user_files.h"

namespace godwit::agent {
namespace {

constexpr int64_t kSchema = 1;

std::string as_string(Bytes bytes) { return std::string(bytes.begin(), bytes.end()); }

}  // namespace

Result<std::unique_ptr<Asleep>> Asleep::create(Options options) {
  auto asleep = std::unique_ptr<Asleep>(new Asleep(std::move(options)));
  ASSIGN_OR_RETURN(asleep->pool_, async::BlockingPool::create(1));
  return asleep;
}

template <class T, class Function>
Result<T> Asleep::on_thread(const State::Wait& wait, Function function) {
  Result<T> result = fail(ErrorKind::Io, "not done");
  TRY(pool_->run([&] { result = function(); }, wait.parker));
  return result;
}

Result<Database*> Asleep::database() {
  if (database_) return database_.get();
  platform::make_directories(options_.directory);
  const std::string path = options_.directory + "/resident.db";
  if (!options_.is_kept)
    for (const char* suffix : {"", "-wal", "-shm"}) ::unlink((path + suffix).c_str());
  ASSIGN_OR_RETURN(auto opened, Database::open(path, {.max_bytes = options_.max_bytes}));
  ASSIGN_OR_RETURN(const int64_t version, opened->schema_version());
  if (version > kSchema)
    return fail(ErrorKind::Unsupported, "'" + path + "' was written by a newer godwit (schema " +
                                            std::to_string(version) + "; this one knows " +
                                            std::to_string(kSchema) + ")");
  if (version < kSchema) {
    TRY(opened->run(
        "CREATE TABLE IF NOT EXISTS resident (key TEXT PRIMARY KEY, module BLOB NOT NULL, event TEXT "
        "NOT NULL, state BLOB NOT NULL)"));
    TRY(opened->set_schema_version(kSchema));
  }
  ASSIGN_OR_RETURN(const SqlResult counted, opened->run("SELECT count(*) FROM resident"));
  instances_ = static_cast<uint64_t>(std::get<int64_t>(counted.rows[0][0]));
  database_ = std::move(opened);
  return database_.get();
}

Result<> Asleep::check_room() const {
  if (count() < options_.most_instances) return {};
  return fail(ErrorKind::Exhausted,
              "the agent has " + std::to_string(count()) + " instances already: 'most' of its 'resident'");
}

Result<std::optional<SavedInstance>> Asleep::load(std::string_view key, uint64_t most_bytes,
                                                  const State::Wait& wait) {
  return on_thread<std::optional<SavedInstance>>(wait, [&]() -> Result<std::optional<SavedInstance>> {
    ASSIGN_OR_RETURN(Database* const file, database());
    ASSIGN_OR_RETURN(
        const SqlResult found,
        file->run("SELECT module, event, state FROM resident WHERE key = ?",
                  std::vector<SqlValue>{std::string(key)}, {.max_bytes = SIZE_MAX, .stop = wait.stop}));
    if (found.rows.empty()) {
      TRY(check_room());
      return std::nullopt;
    }
    const auto& row = found.rows[0];
    SavedInstance saved = {.state = {}, .event = std::get<std::string>(row[1])};
    const std::string& module = std::get<Blob>(row[0]).bytes;
    if (module.size() != saved.module.size())
      return fail(ErrorKind::Malformed, "'resident.db' has a row that this server cannot have written");
    std::copy(module.begin(), module.end(), saved.module.begin());
    ASSIGN_OR_RETURN(saved.state, decompress(as_bytes(std::get<Blob>(row[2]).bytes), most_bytes));
    return saved;
  });
}

Result<> Asleep::save(std::string_view key, const SavedInstance& saved, const State::Wait& wait) {
  const auto done = on_thread<bool>(wait, [&]() -> Result<bool> {
    ASSIGN_OR_RETURN(Database* const file, database());
    const SqlValue state = Blob{compress(saved.state)};
    const SqlValue module = Blob{as_string(saved.module)};
    ASSIGN_OR_RETURN(const SqlResult changed,
                     file->run("UPDATE resident SET module = ?, event = ?, state = ? WHERE key = ?",
                               {module, saved.event, state, std::string(key)}));
    if (changed.changes > 0) return true;
    TRY(check_room());
    TRY(file->run("INSERT INTO resident VALUES (?, ?, ?, ?)",
                  {std::string(key), module, saved.event, state}));
    instances_.fetch_add(1, std::memory_order_relaxed);
    return true;
  });
  if (!done) return fail(Error(done.error().kind(), done.error().message()));
  return {};
}

}  // namespace godwit::agent
