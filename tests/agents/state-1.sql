-- The file events.db of a state directory as servers with schema 1 wrote it: an event that waits, and one that was done.
CREATE TABLE event (id INTEGER PRIMARY KEY AUTOINCREMENT, agent TEXT NOT NULL, kind TEXT NOT NULL, key TEXT NOT NULL, payload BLOB NOT NULL,
  due_ms INTEGER NOT NULL, attempts INTEGER NOT NULL DEFAULT 0, state INTEGER NOT NULL DEFAULT 0, why TEXT NOT NULL DEFAULT '',
  ended_ms INTEGER NOT NULL DEFAULT 0, UNIQUE (agent, kind, key));
CREATE INDEX event_due ON event (state, due_ms);
CREATE TABLE cron (agent TEXT NOT NULL, name TEXT NOT NULL, schedule TEXT NOT NULL, payload BLOB NOT NULL, next_s INTEGER NOT NULL,
  PRIMARY KEY (agent, name));
CREATE TABLE delivery (agent TEXT NOT NULL, id TEXT NOT NULL, at_ms INTEGER NOT NULL, PRIMARY KEY (agent, id));
INSERT INTO event (agent, kind, key, payload, due_ms) VALUES ('other', 'queue', 'granted:old', CAST('of long ago' AS BLOB), 1);
INSERT INTO event (agent, kind, key, payload, due_ms, state) VALUES ('other', 'queue', 'granted:done', x'', 1, 1);
PRAGMA user_version = 1;
