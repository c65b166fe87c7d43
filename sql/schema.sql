-- The stored form, version 1.
--
-- Every table is STRICT, has a primary key and can be read as plain rows.
-- Constraints and triggers are plain SQL, so that they hold where the
-- extension is not loaded; nothing here names a function of the extension.
-- $db stands for the quoted name of the database; triggers, whose bodies
-- can't be qualified, resolve in the database that holds them.
--
-- An event's key is the session's integer << 32 | its ordinal. A session's
-- history is its ancestors' up to each fork point, then its own: blocks
-- first, then rows; both are dense and never overlap.

-- name: schema_config
-- Settings of the log: schema_version (INTEGER), writes (TEXT).
CREATE TABLE IF NOT EXISTS $db.sessionlog_config(
  name TEXT PRIMARY KEY NOT NULL,
  value ANY NOT NULL
) STRICT, WITHOUT ROWID

-- name: schema_session
-- One row a session. kept is NULL while the session lives; a removed one that
-- a fork still descends from stays as a tombstone, and kept is then the
-- highest of its ordinals that a surviving fork reads. A parent is older than
-- its child, so that its key is lower and no chain of parents can turn back.
-- (The list of statuses is no IN, which would fill a table of its own in each
-- INSERT.)
CREATE TABLE IF NOT EXISTS $db.sessionlog_session(
  key INTEGER PRIMARY KEY CHECK(key BETWEEN 1 AND 2147483647),
  id TEXT NOT NULL UNIQUE CHECK(id BETWEEN
    '00000000000000000000000000' AND '7ZZZZZZZZZZZZZZZZZZZZZZZZZ'),
  tenant TEXT NOT NULL CHECK(tenant<>''),
  name TEXT CHECK(name<>''),
  parent INTEGER CHECK(parent<key),
  forked_at INTEGER CHECK(forked_at BETWEEN 0 AND 4294967295),
  kind TEXT,
  target TEXT,
  target_class TEXT,
  target_hash TEXT,
  cwd TEXT,
  group_key TEXT,
  status TEXT NOT NULL CHECK(status='active' OR status='ended'
    OR status='starting' OR status='awaiting_approval' OR status='detached'
    OR status='paused' OR status='stopped' OR status='reaped'),
  created_by TEXT NOT NULL CHECK(created_by IN ('auto','user')),
  app_version TEXT,
  source_url TEXT,
  origin TEXT,
  pid INTEGER,
  host TEXT,
  started_at_ms INTEGER NOT NULL,
  ended_at_ms INTEGER,
  seen_at_ms INTEGER,
  paused_at_ms INTEGER,
  pause_summary TEXT,
  archived INTEGER NOT NULL DEFAULT 0
    CHECK(archived BETWEEN 0 AND 4294967295),
  kept INTEGER CHECK(kept BETWEEN 0 AND 4294967295),
  CHECK((parent IS NULL)=(forked_at IS NULL)),
  CHECK((ended_at_ms IS NOT NULL)=(status IN ('ended','reaped'))),
  CHECK(kept IS NULL OR name IS NULL)
) STRICT

-- name: schema_session_name
CREATE UNIQUE INDEX IF NOT EXISTS $db.sessionlog_session_name
  ON sessionlog_session(tenant, name) WHERE name IS NOT NULL

-- name: schema_session_id
CREATE INDEX IF NOT EXISTS $db.sessionlog_session_id
  ON sessionlog_session(tenant, id) WHERE kept IS NULL

-- name: schema_session_started
CREATE INDEX IF NOT EXISTS $db.sessionlog_session_started
  ON sessionlog_session(tenant, started_at_ms) WHERE kept IS NULL

-- name: schema_session_status
-- By the order of ids within each status, group and creator.
CREATE INDEX IF NOT EXISTS $db.sessionlog_session_status
  ON sessionlog_session(tenant, status, id) WHERE kept IS NULL

-- name: schema_session_group
CREATE INDEX IF NOT EXISTS $db.sessionlog_session_group
  ON sessionlog_session(tenant, group_key, id)
  WHERE kept IS NULL AND group_key IS NOT NULL

-- name: schema_session_creator
CREATE INDEX IF NOT EXISTS $db.sessionlog_session_creator
  ON sessionlog_session(tenant, created_by, id) WHERE kept IS NULL

-- name: former_session_status
-- What files that were made before filters served an order have instead: as
-- good, but for sorting.
CREATE INDEX IF NOT EXISTS $db.sessionlog_session_status
  ON sessionlog_session(tenant, status) WHERE kept IS NULL

-- name: former_session_group
CREATE INDEX IF NOT EXISTS $db.sessionlog_session_group
  ON sessionlog_session(tenant, group_key)
  WHERE kept IS NULL AND group_key IS NOT NULL

-- name: former_session_creator
CREATE INDEX IF NOT EXISTS $db.sessionlog_session_creator
  ON sessionlog_session(tenant, created_by) WHERE kept IS NULL

-- name: schema_session_parent
CREATE INDEX IF NOT EXISTS $db.sessionlog_session_parent
  ON sessionlog_session(parent, forked_at) WHERE parent IS NOT NULL

-- name: schema_event
-- Events not yet packed. idem is the idempotency key.
CREATE TABLE IF NOT EXISTS $db.sessionlog_event(
  key INTEGER PRIMARY KEY CHECK((key&4294967295)<>0),
  at_ms INTEGER NOT NULL,
  kind TEXT NOT NULL CHECK(kind<>''),
  idem TEXT CHECK(idem<>''),
  payload ANY
) STRICT

-- name: schema_event_idem
CREATE UNIQUE INDEX IF NOT EXISTS $db.sessionlog_event_idem
  ON sessionlog_event(key>>32, idem) WHERE idem IS NOT NULL

-- name: schema_block
-- Packed events: key is that of the first, data is described in ext/block.c.
CREATE TABLE IF NOT EXISTS $db.sessionlog_block(
  key INTEGER PRIMARY KEY CHECK((key&4294967295)<>0),
  n_events INTEGER NOT NULL CHECK(n_events BETWEEN 1 AND 64),
  last_at_ms INTEGER NOT NULL,
  data BLOB NOT NULL
) STRICT

-- name: schema_key
-- The idempotency keys of packed events.
CREATE TABLE IF NOT EXISTS $db.sessionlog_key(
  session INTEGER NOT NULL,
  idem TEXT NOT NULL CHECK(idem<>''),
  ordinal INTEGER NOT NULL CHECK(ordinal BETWEEN 1 AND 4294967295),
  PRIMARY KEY(session, idem)
) STRICT, WITHOUT ROWID

-- name: schema_label
CREATE TABLE IF NOT EXISTS $db.sessionlog_label(
  key INTEGER PRIMARY KEY,
  tenant TEXT NOT NULL,
  label TEXT NOT NULL CHECK(label<>''),
  session INTEGER NOT NULL,
  at_ms INTEGER NOT NULL,
  UNIQUE(tenant, label)
) STRICT

-- name: schema_label_session
CREATE INDEX IF NOT EXISTS $db.sessionlog_label_session
  ON sessionlog_label(session)

-- name: schema_meta
CREATE TABLE IF NOT EXISTS $db.sessionlog_meta(
  key INTEGER PRIMARY KEY,
  session INTEGER NOT NULL,
  name TEXT NOT NULL CHECK(name<>''),
  value ANY NOT NULL,
  UNIQUE(session, name)
) STRICT

-- name: schema_artifact
-- content comes last, so that reading the rest never touches it.
CREATE TABLE IF NOT EXISTS $db.sessionlog_artifact(
  key INTEGER PRIMARY KEY,
  session INTEGER NOT NULL,
  name TEXT NOT NULL CHECK(name<>''),
  at_ms INTEGER NOT NULL,
  size INTEGER NOT NULL CHECK(size>=0),
  content ANY,
  UNIQUE(session, name)
) STRICT

-- name: schema_scope
-- The durable layer of scoped memory.
CREATE TABLE IF NOT EXISTS $db.sessionlog_scope(
  key INTEGER PRIMARY KEY,
  tenant TEXT NOT NULL,
  scope TEXT NOT NULL CHECK(scope<>''),
  name TEXT NOT NULL CHECK(name<>''),
  value ANY NOT NULL,
  at_ms INTEGER NOT NULL,
  source_step ANY,
  UNIQUE(tenant, scope, name)
) STRICT

-- name: schema_event_update
CREATE TRIGGER IF NOT EXISTS $db.sessionlog_event_update
  BEFORE UPDATE ON sessionlog_event
BEGIN
  SELECT RAISE(ABORT, 'events are append-only');
END

-- name: schema_event_delete
-- A row may go once a block holds it, or once its session is removed and no
-- fork reads it.
CREATE TRIGGER IF NOT EXISTS $db.sessionlog_event_delete
  BEFORE DELETE ON sessionlog_event
  WHEN coalesce((SELECT key+n_events<=OLD.key FROM sessionlog_block
                  WHERE key BETWEEN (OLD.key>>32)<<32 AND OLD.key
                  ORDER BY key DESC LIMIT 1), 1)
   AND coalesce((SELECT kept IS NULL OR kept>=(OLD.key&4294967295)
                   FROM sessionlog_session WHERE key=OLD.key>>32), 0)
BEGIN
  SELECT RAISE(ABORT, 'events are append-only');
END

-- name: schema_block_insert
-- Stops REPLACE, which passes by the trigger on DELETE.
CREATE TRIGGER IF NOT EXISTS $db.sessionlog_block_insert
  BEFORE INSERT ON sessionlog_block
  WHEN EXISTS(SELECT 1 FROM sessionlog_block WHERE key=NEW.key)
BEGIN
  SELECT RAISE(ABORT, 'events are append-only');
END

-- name: schema_block_update
CREATE TRIGGER IF NOT EXISTS $db.sessionlog_block_update
  BEFORE UPDATE ON sessionlog_block
BEGIN
  SELECT RAISE(ABORT, 'events are append-only');
END

-- name: schema_block_delete
-- A block may go once its session is removed and some of it is not read; the
-- part that is read is written again.
CREATE TRIGGER IF NOT EXISTS $db.sessionlog_block_delete
  BEFORE DELETE ON sessionlog_block
  WHEN coalesce((SELECT kept IS NULL
                     OR kept>=(OLD.key&4294967295)+OLD.n_events-1
                   FROM sessionlog_session WHERE key=OLD.key>>32), 0)
BEGIN
  SELECT RAISE(ABORT, 'events are append-only');
END

-- name: schema_key_update
CREATE TRIGGER IF NOT EXISTS $db.sessionlog_key_update
  BEFORE UPDATE ON sessionlog_key
BEGIN
  SELECT RAISE(ABORT, 'events are append-only');
END

-- name: schema_key_delete
CREATE TRIGGER IF NOT EXISTS $db.sessionlog_key_delete
  BEFORE DELETE ON sessionlog_key
  WHEN coalesce((SELECT kept IS NULL OR kept>=OLD.ordinal
                   FROM sessionlog_session WHERE key=OLD.session), 0)
BEGIN
  SELECT RAISE(ABORT, 'events are append-only');
END

-- name: schema_session_insert
-- Stops REPLACE, which passes by the trigger on DELETE. FAIL, and no CHECK that
-- calls a function, let an INSERT of one row do without a statement journal.
CREATE TRIGGER IF NOT EXISTS $db.sessionlog_session_insert
  BEFORE INSERT ON sessionlog_session
  WHEN EXISTS(SELECT 1 FROM sessionlog_session WHERE key=NEW.key)
    OR EXISTS(SELECT 1 FROM sessionlog_session WHERE id=NEW.id)
    OR (NEW.name IS NOT NULL
        AND EXISTS(SELECT 1 FROM sessionlog_session
                    WHERE tenant=NEW.tenant AND name=NEW.name))
BEGIN
  SELECT RAISE(FAIL, 'session key, id or name is taken');
END

-- name: schema_session_fixed
CREATE TRIGGER IF NOT EXISTS $db.sessionlog_session_fixed
  BEFORE UPDATE OF key, id, tenant, parent, forked_at, started_at_ms
  ON sessionlog_session
  WHEN NEW.key<>OLD.key OR NEW.id<>OLD.id OR NEW.tenant<>OLD.tenant
    OR NEW.parent IS NOT OLD.parent OR NEW.forked_at IS NOT OLD.forked_at
    OR NEW.started_at_ms<>OLD.started_at_ms
BEGIN
  SELECT RAISE(ABORT, 'what a session is made with does not change');
END

-- name: schema_session_rename
-- Stops UPDATE OR REPLACE from removing the owner of the name.
CREATE TRIGGER IF NOT EXISTS $db.sessionlog_session_rename
  BEFORE UPDATE OF name ON sessionlog_session
  WHEN NEW.name IS NOT OLD.name
   AND EXISTS(SELECT 1 FROM sessionlog_session
               WHERE tenant=NEW.tenant AND name=NEW.name)
BEGIN
  SELECT RAISE(ABORT, 'session name is taken');
END

-- name: schema_session_forward
CREATE TRIGGER IF NOT EXISTS $db.sessionlog_session_forward
  BEFORE UPDATE OF archived, ended_at_ms, created_by ON sessionlog_session
  WHEN NEW.archived<OLD.archived
    OR (OLD.ended_at_ms IS NOT NULL AND NEW.ended_at_ms IS NOT OLD.ended_at_ms)
    OR (OLD.created_by='user' AND NEW.created_by<>'user')
BEGIN
  SELECT RAISE(ABORT, 'archived, ended_at_ms and created_by only go forward');
END

-- name: schema_session_kept
-- A removed session stays removed, and keeps what a fork reads.
CREATE TRIGGER IF NOT EXISTS $db.sessionlog_session_kept
  BEFORE UPDATE OF kept ON sessionlog_session
  WHEN (OLD.kept IS NOT NULL AND (NEW.kept IS NULL OR NEW.kept>OLD.kept))
    OR EXISTS(SELECT 1 FROM sessionlog_session
               WHERE parent=NEW.key
                 AND min(forked_at, coalesce(kept, forked_at))>NEW.kept)
BEGIN
  SELECT RAISE(ABORT, 'a fork reads these events');
END

-- name: schema_session_delete
CREATE TRIGGER IF NOT EXISTS $db.sessionlog_session_delete
  BEFORE DELETE ON sessionlog_session
  WHEN EXISTS(SELECT 1 FROM sessionlog_session WHERE parent=OLD.key)
    OR EXISTS(SELECT 1 FROM sessionlog_event
               WHERE key BETWEEN OLD.key<<32 AND (OLD.key<<32)+4294967295)
    OR EXISTS(SELECT 1 FROM sessionlog_block
               WHERE key BETWEEN OLD.key<<32 AND (OLD.key<<32)+4294967295)
BEGIN
  SELECT RAISE(ABORT, 'the session has events or forks');
END

-- name: schema_session_removed
CREATE TRIGGER IF NOT EXISTS $db.sessionlog_session_removed
  AFTER UPDATE OF kept ON sessionlog_session
  WHEN OLD.kept IS NULL AND NEW.kept IS NOT NULL
BEGIN
  DELETE FROM sessionlog_label WHERE session=OLD.key;
  DELETE FROM sessionlog_meta WHERE session=OLD.key;
  DELETE FROM sessionlog_artifact WHERE session=OLD.key;
END

-- name: schema_session_gone
CREATE TRIGGER IF NOT EXISTS $db.sessionlog_session_gone
  AFTER DELETE ON sessionlog_session
BEGIN
  DELETE FROM sessionlog_label WHERE session=OLD.key;
  DELETE FROM sessionlog_meta WHERE session=OLD.key;
  DELETE FROM sessionlog_artifact WHERE session=OLD.key;
  DELETE FROM sessionlog_key WHERE session=OLD.key;
END
