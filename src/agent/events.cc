// Events: three tables.
#include "agent/events.h"

#include <algorithm>

#include "agent/cron.h"
#include "platform/user_files.h"

namespace godwit::agent {
namespace {

// 1: the first. 2: events know the trace that they belong to. 3: runs have journals.
constexpr int64_t kSchema = 3;
constexpr int64_t kMostPending = 10'000;  // of an agent
constexpr uint64_t kDay_ms = 86'400'000;
constexpr uint64_t kFirstRetry_ms = 1000;

int64_t as_int(const SqlValue& value) {
  const auto* number = std::get_if<int64_t>(&value);
  return number ? *number : 0;
}
std::string as_string(const SqlValue& value) {
  if (const auto* text = std::get_if<std::string>(&value)) return *text;
  const auto* blob = std::get_if<Blob>(&value);
  return blob ? blob->bytes : std::string();
}

}  // namespace

Result<std::unique_ptr<Events>> Events::open(const std::string& directory, platform::fs::Parker* parker) {
  ASSIGN_OR_RETURN(async::Signal changed, async::Signal::create());
  auto events = std::unique_ptr<Events>(new Events(std::move(changed)));
  ASSIGN_OR_RETURN(events->pool_, async::BlockingPool::create(1));
  platform::make_directories(directory);
  const auto opened = events->on_thread<bool>(parker, [&]() -> Result<bool> {
    ASSIGN_OR_RETURN(events->database_,
                     Database::open(directory + "/events.db", {.max_bytes = uint64_t{4} << 30}));
    TRY(events->migrate());
    // of timers that were set anew or cancelled
    TRY(events->database_->run("DELETE FROM journal WHERE event NOT IN (SELECT id FROM event)"));
    return true;
  });
  if (!opened) return fail(Error(opened.error().kind(), opened.error().message()));
  return events;
}

template <class T, class Function>
Result<T> Events::on_thread(platform::fs::Parker* parker, Function function) {
  Result<T> result = fail(ErrorKind::Io, "not done");
  TRY(pool_->run([&] { result = function(); }, parker));
  return result;
}

Result<> Events::migrate() {
  ASSIGN_OR_RETURN(const int64_t version, database_->schema_version());
  if (version > kSchema)
    return fail(ErrorKind::Unsupported,
                "the state directory was written by a newer godwit (events.db has schema " +
                    std::to_string(version) + ", this one knows " + std::to_string(kSchema) + ")");
  if (version == kSchema) return {};
  TRY(database_->run(
      "CREATE TABLE IF NOT EXISTS journal (event INTEGER NOT NULL, number INTEGER NOT NULL, call BLOB NOT "
      "NULL, "
      "code INTEGER NOT NULL, bytes BLOB NOT NULL, time_ns INTEGER NOT NULL, PRIMARY KEY (event, number)) "
      "WITHOUT ROWID"));
  if (version == 1) TRY(database_->run("ALTER TABLE event ADD COLUMN trace TEXT NOT NULL DEFAULT ''"));
  if (version != 0) return database_->set_schema_version(kSchema);
  // state: 0 pending, 1 done, 2 dead
  TRY(database_->run(
      "CREATE TABLE IF NOT EXISTS event (id INTEGER PRIMARY KEY AUTOINCREMENT, agent TEXT NOT NULL, kind "
      "TEXT NOT NULL, "
      "key TEXT NOT NULL, payload BLOB NOT NULL, due_ms INTEGER NOT NULL, attempts INTEGER NOT NULL DEFAULT "
      "0, "
      "state INTEGER NOT NULL DEFAULT 0, why TEXT NOT NULL DEFAULT '', ended_ms INTEGER NOT NULL DEFAULT 0, "
      "trace TEXT NOT NULL DEFAULT '', UNIQUE (agent, kind, key))"));
  TRY(database_->run("CREATE INDEX IF NOT EXISTS event_due ON event (state, due_ms)"));
  TRY(database_->run(
      "CREATE TABLE IF NOT EXISTS cron (agent TEXT NOT NULL, name TEXT NOT NULL, schedule TEXT NOT NULL, "
      "payload BLOB NOT NULL, next_s INTEGER NOT NULL, PRIMARY KEY (agent, name))"));
  TRY(database_->run(
      "CREATE TABLE IF NOT EXISTS delivery (agent TEXT NOT NULL, id TEXT NOT NULL, at_ms INTEGER NOT NULL, "
      "PRIMARY KEY (agent, id))"));
  return database_->set_schema_version(kSchema);
}

Result<bool> Events::add(const Event& event, uint64_t due_ms, IfKnown if_known,
                         platform::fs::Parker* parker) {
  auto added = on_thread<bool>(parker, [&]() -> Result<bool> {
    ASSIGN_OR_RETURN(
        const SqlResult pending,
        database_->run("SELECT count(*) FROM event WHERE agent = ? AND state = 0", {event.agent}));
    if (as_int(pending.rows[0][0]) >= kMostPending)
      return fail(ErrorKind::Exhausted,
                  "agent '" + event.agent + "' has " + std::to_string(kMostPending) + " events waiting");
    // What replaces another gets a number of its own: a run for the other, which may have set this one, ends the other.
    const std::string statement =
        std::string("INSERT OR ") + (if_known == IfKnown::Keep ? "IGNORE" : "REPLACE") +
        " INTO event (agent, kind, key, payload, due_ms, trace) VALUES (?, ?, ?, ?, ?, ?)";
    ASSIGN_OR_RETURN(const SqlResult done,
                     database_->run(statement, {event.agent, event.kind, event.key, Blob{event.payload},
                                                static_cast<int64_t>(due_ms), event.trace}));
    return done.changes > 0;
  });
  changed_.raise();
  return added;
}

Result<bool> Events::cancel(std::string_view agent, std::string_view kind, std::string_view key,
                            platform::fs::Parker* parker) {
  return on_thread<bool>(parker, [&]() -> Result<bool> {
    ASSIGN_OR_RETURN(
        const SqlResult done,
        database_->run("DELETE FROM event WHERE agent = ? AND kind = ? AND key = ? AND state = 0",
                       {std::string(agent), std::string(kind), std::string(key)}));
    return done.changes > 0;
  });
}

Result<> Events::ring(uint64_t now_ms) {
  const auto now_s = static_cast<int64_t>(now_ms / 1000);
  ASSIGN_OR_RETURN(
      const SqlResult jobs,
      database_->run("SELECT agent, name, schedule, payload, next_s FROM cron WHERE next_s <= ?", {now_s}));
  for (const auto& job : jobs.rows) {
    const auto schedule = CronSchedule::parse(as_string(job[2]));
    const auto next = schedule ? schedule->next_after(static_cast<uint64_t>(now_s)) : std::nullopt;
    // both or neither; and if the event is there already, it is the same
    TRY(database_->run("BEGIN IMMEDIATE"));
    auto rung = [&]() -> Result<> {
      TRY(database_->run(
          "INSERT OR IGNORE INTO event (agent, kind, key, payload, due_ms) VALUES (?, 'cron', ?, ?, ?)",
          {as_string(job[0]), as_string(job[1]) + ":" + std::to_string(as_int(job[4])),
           Blob{as_string(job[3])}, static_cast<int64_t>(now_ms)}));
      TRY(database_->run(
          "UPDATE cron SET next_s = ? WHERE agent = ? AND name = ?",
          {next ? static_cast<int64_t>(*next) : INT64_MAX, as_string(job[0]), as_string(job[1])}));
      return {};
    }();
    TRY(database_->run(rung ? "COMMIT" : "ROLLBACK"));
    TRY(std::move(rung));
  }
  return {};
}

Result<Events::Due> Events::due(uint64_t now_ms, size_t most, const std::vector<int64_t>& running,
                                platform::fs::Parker* parker) {
  return on_thread<Due>(parker, [&]() -> Result<Due> {
    TRY(ring(now_ms));
    const auto oldest_ms = static_cast<int64_t>(now_ms - std::min(now_ms, kDay_ms));
    TRY(database_->run("DELETE FROM event WHERE state = 1 AND ended_ms < ?", {oldest_ms}));
    TRY(database_->run("DELETE FROM delivery WHERE at_ms < ?", {oldest_ms}));
    Due result;
    ASSIGN_OR_RETURN(
        const SqlResult found,
        database_->run(
            "SELECT id, agent, kind, key, payload, attempts, trace FROM event WHERE state = 0 AND due_ms "
            "<= ? ORDER BY due_ms LIMIT ?",
            {static_cast<int64_t>(now_ms), static_cast<int64_t>(most + running.size())}));
    for (const auto& row : found.rows) {
      if (std::ranges::find(running, as_int(row[0])) != running.end() || result.events.size() >= most)
        continue;
      result.events.push_back({as_int(row[0]), as_string(row[1]), as_string(row[2]), as_string(row[3]),
                               as_string(row[4]), as_int(row[5]), as_string(row[6])});
    }
    ASSIGN_OR_RETURN(
        const SqlResult next,
        database_->run(
            "SELECT min(t) FROM (SELECT min(due_ms) AS t FROM event WHERE state = 0 AND due_ms > ? "
            "UNION ALL SELECT min(next_s) * 1000 FROM cron WHERE next_s < 9000000000000)",
            {static_cast<int64_t>(now_ms)}));
    if (const auto* time = std::get_if<int64_t>(&next.rows[0][0]))
      result.next_ms = static_cast<uint64_t>(*time);
    return result;
  });
}

Result<> Events::done(int64_t id, uint64_t now_ms, platform::fs::Parker* parker) {
  const auto set = on_thread<bool>(parker, [&]() -> Result<bool> {
    TRY(database_->run("UPDATE event SET state = 1, payload = x'', ended_ms = ? WHERE id = ?",
                       {static_cast<int64_t>(now_ms), id}));
    TRY(database_->run("DELETE FROM journal WHERE event = ?", {id}));
    return true;
  });
  if (!set) return fail(Error(set.error().kind(), set.error().message()));
  return {};
}

Result<> Events::failed(const Event& event, std::string_view why, uint64_t now_ms,
                        platform::fs::Parker* parker) {
  const int64_t attempts = event.attempts + 1;
  const uint64_t retry_ms = now_ms + (kFirstRetry_ms << std::min<int64_t>(event.attempts, 20));
  const auto set = on_thread<bool>(parker, [&]() -> Result<bool> {
    TRY(database_->run(
        "UPDATE event SET attempts = ?, state = ?, why = ?, due_ms = ?, ended_ms = ? WHERE id = ?",
        {attempts, attempts >= kMostAttempts ? int64_t{2} : int64_t{0}, std::string(why.substr(0, 500)),
         static_cast<int64_t>(retry_ms), static_cast<int64_t>(now_ms), event.id}));
    // it has come to its end: the next begins anew, and what has failed may go well
    TRY(database_->run("DELETE FROM journal WHERE event = ?", {event.id}));
    return true;
  });
  changed_.raise();
  if (!set) return fail(Error(set.error().kind(), set.error().message()));
  return {};
}

Result<std::vector<Told>> Events::told(int64_t id, platform::fs::Parker* parker) {
  return on_thread<std::vector<Told>>(parker, [&]() -> Result<std::vector<Told>> {
    ASSIGN_OR_RETURN(
        const SqlResult found,
        database_->run("SELECT call, code, bytes, time_ns FROM journal WHERE event = ? ORDER BY number",
                       std::vector<SqlValue>{id}, {.max_rows = SIZE_MAX, .max_bytes = SIZE_MAX}));
    std::vector<Told> all;
    for (const auto& row : found.rows) {
      Told told = {.code = static_cast<int32_t>(as_int(row[1])),
                   .bytes = as_string(row[2]),
                   .time_ns = static_cast<uint64_t>(as_int(row[3]))};
      const std::string call = as_string(row[0]);
      if (call.size() == told.call.size()) std::ranges::copy(call, told.call.begin());
      all.push_back(std::move(told));
    }
    return all;
  });
}

Result<> Events::note(int64_t id, int64_t number, const Told& told, platform::fs::Parker* parker) {
  const auto noted = on_thread<bool>(parker, [&]() -> Result<bool> {
    TRY(database_->run("INSERT INTO journal VALUES (?, ?, ?, ?, ?, ?)",
                       {id, number, Blob{std::string(told.call.begin(), told.call.end())}, int64_t{told.code},
                        Blob{told.bytes}, static_cast<int64_t>(told.time_ns)}));
    return true;
  });
  if (!noted) return fail(Error(noted.error().kind(), noted.error().message()));
  return {};
}

Result<> Events::set_cron(const std::vector<AgentConfig>& agents, uint64_t now_ms,
                          platform::fs::Parker* parker) {
  const auto set = on_thread<bool>(parker, [&]() -> Result<bool> {
    ASSIGN_OR_RETURN(const SqlResult known, database_->run("SELECT agent, name, schedule FROM cron"));
    for (const auto& row : known.rows) {
      const bool is_wanted = std::ranges::any_of(agents, [&](const AgentConfig& agent) {
        return agent.name == as_string(row[0]) && std::ranges::any_of(agent.cron, [&](const CronJob& job) {
                 return job.name == as_string(row[1]) && job.schedule == as_string(row[2]);
               });
      });
      if (!is_wanted) TRY(database_->run("DELETE FROM cron WHERE agent = ? AND name = ?", {row[0], row[1]}));
    }
    for (const AgentConfig& agent : agents) {
      for (const CronJob& job : agent.cron) {
        ASSIGN_OR_RETURN(const CronSchedule schedule, CronSchedule::parse(job.schedule));
        const auto next = schedule.next_after(now_ms / 1000);
        TRY(
            database_->run("INSERT INTO cron VALUES (?, ?, ?, ?, ?) ON CONFLICT (agent, name) DO UPDATE SET "
                           "payload = excluded.payload",
                           {agent.name, job.name, job.schedule, Blob{job.payload},
                            next ? static_cast<int64_t>(*next) : INT64_MAX}));
      }
    }
    return true;
  });
  changed_.raise();
  if (!set) return fail(Error(set.error().kind(), set.error().message()));
  return {};
}

Result<bool> Events::is_seen(std::string_view agent, std::string_view delivery,
                             platform::fs::Parker* parker) {
  return on_thread<bool>(parker, [&]() -> Result<bool> {
    ASSIGN_OR_RETURN(const SqlResult found,
                     database_->run("SELECT 1 FROM delivery WHERE agent = ? AND id = ?",
                                    {std::string(agent), std::string(delivery)}));
    return !found.rows.empty();
  });
}

Result<> Events::set_seen(std::string_view agent, std::string_view delivery, uint64_t now_ms,
                          platform::fs::Parker* parker) {
  const auto set = on_thread<bool>(parker, [&]() -> Result<bool> {
    TRY(database_->run("INSERT OR IGNORE INTO delivery VALUES (?, ?, ?)",
                       {std::string(agent), std::string(delivery), static_cast<int64_t>(now_ms)}));
    return true;
  });
  if (!set) return fail(Error(set.error().kind(), set.error().message()));
  return {};
}

Result<Events::Count> Events::count(platform::fs::Parker* parker) {
  return on_thread<Count>(parker, [&]() -> Result<Count> {
    ASSIGN_OR_RETURN(
        const SqlResult found,
        database_->run("SELECT coalesce(sum(state = 0), 0), coalesce(sum(state = 2), 0) FROM event"));
    return Count{as_int(found.rows[0][0]), as_int(found.rows[0][1])};
  });
}

}  // namespace godwit::agent
