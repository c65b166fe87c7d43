PRAGMA foreign_keys=OFF;
BEGIN TRANSACTION;
CREATE TABLE sessionlog_config(
  name TEXT PRIMARY KEY NOT NULL,
  value ANY NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO sessionlog_config VALUES('schema_version',1);
CREATE TABLE sessionlog_session(
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
) STRICT;
INSERT INTO sessionlog_session VALUES(1,'01ARZ3NDEKTSV4RRFFQ69G5FAA','default','a',NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,'ended','auto',NULL,NULL,NULL,NULL,NULL,5,9,NULL,NULL,NULL,0,NULL);
INSERT INTO sessionlog_session VALUES(2,'01ARZ3NDEKTSV4RRFFQ69G5FBB','default',NULL,1,2,NULL,NULL,NULL,NULL,NULL,NULL,'active','auto',NULL,NULL,NULL,NULL,NULL,6,NULL,NULL,NULL,NULL,0,NULL);
CREATE TABLE sessionlog_event(
  key INTEGER PRIMARY KEY CHECK((key&4294967295)<>0),
  at_ms INTEGER NOT NULL,
  kind TEXT NOT NULL CHECK(kind<>''),
  idem TEXT CHECK(idem<>''),
  payload ANY
) STRICT;
INSERT INTO sessionlog_event VALUES(8589934595,4,'k',NULL,'fork');
CREATE TABLE sessionlog_block(
  key INTEGER PRIMARY KEY CHECK((key&4294967295)<>0),
  n_events INTEGER NOT NULL CHECK(n_events BETWEEN 1 AND 64),
  last_at_ms INTEGER NOT NULL,
  data BLOB NOT NULL
) STRICT;
INSERT INTO sessionlog_block VALUES(4294967297,3,3,X'01001a763ebc07a78e15a801016b000000010000020202131017786f6e6500027468726565');
CREATE TABLE sessionlog_key(
  session INTEGER NOT NULL,
  idem TEXT NOT NULL CHECK(idem<>''),
  ordinal INTEGER NOT NULL CHECK(ordinal BETWEEN 1 AND 4294967295),
  PRIMARY KEY(session, idem)
) STRICT, WITHOUT ROWID;
INSERT INTO sessionlog_key VALUES(1,'x',1);
CREATE TABLE sessionlog_label(
  key INTEGER PRIMARY KEY,
  tenant TEXT NOT NULL,
  label TEXT NOT NULL CHECK(label<>''),
  session INTEGER NOT NULL,
  at_ms INTEGER NOT NULL,
  UNIQUE(tenant, label)
) STRICT;
INSERT INTO sessionlog_label VALUES(1,'default','lab',1,5);
CREATE TABLE sessionlog_meta(
  key INTEGER PRIMARY KEY,
  session INTEGER NOT NULL,
  name TEXT NOT NULL CHECK(name<>''),
  value ANY NOT NULL,
  UNIQUE(session, name)
) STRICT;
INSERT INTO sessionlog_meta VALUES(1,1,'m',1);
CREATE TABLE sessionlog_artifact(
  key INTEGER PRIMARY KEY,
  session INTEGER NOT NULL,
  name TEXT NOT NULL CHECK(name<>''),
  at_ms INTEGER NOT NULL,
  size INTEGER NOT NULL CHECK(size>=0),
  content ANY,
  UNIQUE(session, name)
) STRICT;
INSERT INTO sessionlog_artifact VALUES(1,1,'art',7,4,'text');
CREATE TABLE sessionlog_scope(
  key INTEGER PRIMARY KEY,
  tenant TEXT NOT NULL,
  scope TEXT NOT NULL CHECK(scope<>''),
  name TEXT NOT NULL CHECK(name<>''),
  value ANY NOT NULL,
  at_ms INTEGER NOT NULL,
  source_step ANY,
  UNIQUE(tenant, scope, name)
) STRICT;
CREATE UNIQUE INDEX sessionlog_session_name
  ON sessionlog_session(tenant, name) WHERE name IS NOT NULL;
CREATE INDEX sessionlog_session_id
  ON sessionlog_session(tenant, id) WHERE kept IS NULL;
CREATE INDEX sessionlog_session_started
  ON sessionlog_session(tenant, started_at_ms) WHERE kept IS NULL;
CREATE INDEX sessionlog_session_status
  ON sessionlog_session(tenant, status) WHERE kept IS NULL;
CREATE INDEX sessionlog_session_group
  ON sessionlog_session(tenant, group_key)
  WHERE kept IS NULL AND group_key IS NOT NULL;
CREATE INDEX sessionlog_session_creator
  ON sessionlog_session(tenant, created_by) WHERE kept IS NULL;
CREATE INDEX sessionlog_session_parent
  ON sessionlog_session(parent, forked_at) WHERE parent IS NOT NULL;
CREATE UNIQUE INDEX sessionlog_event_idem
  ON sessionlog_event(key>>32, idem) WHERE idem IS NOT NULL;
CREATE INDEX sessionlog_label_session
  ON sessionlog_label(session);
CREATE TRIGGER sessionlog_event_update
  BEFORE UPDATE ON sessionlog_event
BEGIN
  SELECT RAISE(ABORT, 'events are append-only');
END;
CREATE TRIGGER sessionlog_event_delete
  BEFORE DELETE ON sessionlog_event
  WHEN coalesce((SELECT key+n_events<=OLD.key FROM sessionlog_block
                  WHERE key BETWEEN (OLD.key>>32)<<32 AND OLD.key
                  ORDER BY key DESC LIMIT 1), 1)
   AND coalesce((SELECT kept IS NULL OR kept>=(OLD.key&4294967295)
                   FROM sessionlog_session WHERE key=OLD.key>>32), 0)
BEGIN
  SELECT RAISE(ABORT, 'events are append-only');
END;
CREATE TRIGGER sessionlog_block_insert
  BEFORE INSERT ON sessionlog_block
  WHEN EXISTS(SELECT 1 FROM sessionlog_block WHERE key=NEW.key)
BEGIN
  SELECT RAISE(ABORT, 'events are append-only');
END;
CREATE TRIGGER sessionlog_block_update
  BEFORE UPDATE ON sessionlog_block
BEGIN
  SELECT RAISE(ABORT, 'events are append-only');
END;
CREATE TRIGGER sessionlog_block_delete
  BEFORE DELETE ON sessionlog_block
  WHEN coalesce((SELECT kept IS NULL
                     OR kept>=(OLD.key&4294967295)+OLD.n_events-1
                   FROM sessionlog_session WHERE key=OLD.key>>32), 0)
BEGIN
  SELECT RAISE(ABORT, 'events are append-only');
END;
CREATE TRIGGER sessionlog_key_update
  BEFORE UPDATE ON sessionlog_key
BEGIN
  SELECT RAISE(ABORT, 'events are append-only');
END;
CREATE TRIGGER sessionlog_key_delete
  BEFORE DELETE ON sessionlog_key
  WHEN coalesce((SELECT kept IS NULL OR kept>=OLD.ordinal
                   FROM sessionlog_session WHERE key=OLD.session), 0)
BEGIN
  SELECT RAISE(ABORT, 'events are append-only');
END;
CREATE TRIGGER sessionlog_session_insert
  BEFORE INSERT ON sessionlog_session
  WHEN EXISTS(SELECT 1 FROM sessionlog_session WHERE key=NEW.key)
    OR EXISTS(SELECT 1 FROM sessionlog_session WHERE id=NEW.id)
    OR (NEW.name IS NOT NULL
        AND EXISTS(SELECT 1 FROM sessionlog_session
                    WHERE tenant=NEW.tenant AND name=NEW.name))
BEGIN
  SELECT RAISE(FAIL, 'session key, id or name is taken');
END;
CREATE TRIGGER sessionlog_session_fixed
  BEFORE UPDATE OF key, id, tenant, parent, forked_at, started_at_ms
  ON sessionlog_session
  WHEN NEW.key<>OLD.key OR NEW.id<>OLD.id OR NEW.tenant<>OLD.tenant
    OR NEW.parent IS NOT OLD.parent OR NEW.forked_at IS NOT OLD.forked_at
    OR NEW.started_at_ms<>OLD.started_at_ms
BEGIN
  SELECT RAISE(ABORT, 'what a session is made with does not change');
END;
CREATE TRIGGER sessionlog_session_rename
  BEFORE UPDATE OF name ON sessionlog_session
  WHEN NEW.name IS NOT OLD.name
   AND EXISTS(SELECT 1 FROM sessionlog_session
               WHERE tenant=NEW.tenant AND name=NEW.name)
BEGIN
  SELECT RAISE(ABORT, 'session name is taken');
END;
CREATE TRIGGER sessionlog_session_forward
  BEFORE UPDATE OF archived, ended_at_ms, created_by ON sessionlog_session
  WHEN NEW.archived<OLD.archived
    OR (OLD.ended_at_ms IS NOT NULL AND NEW.ended_at_ms IS NOT OLD.ended_at_ms)
    OR (OLD.created_by='user' AND NEW.created_by<>'user')
BEGIN
  SELECT RAISE(ABORT, 'archived, ended_at_ms and created_by only go forward');
END;
CREATE TRIGGER sessionlog_session_kept
  BEFORE UPDATE OF kept ON sessionlog_session
  WHEN (OLD.kept IS NOT NULL AND (NEW.kept IS NULL OR NEW.kept>OLD.kept))
    OR EXISTS(SELECT 1 FROM sessionlog_session
               WHERE parent=NEW.key
                 AND min(forked_at, coalesce(kept, forked_at))>NEW.kept)
BEGIN
  SELECT RAISE(ABORT, 'a fork reads these events');
END;
CREATE TRIGGER sessionlog_session_delete
  BEFORE DELETE ON sessionlog_session
  WHEN EXISTS(SELECT 1 FROM sessionlog_session WHERE parent=OLD.key)
    OR EXISTS(SELECT 1 FROM sessionlog_event
               WHERE key BETWEEN OLD.key<<32 AND (OLD.key<<32)+4294967295)
    OR EXISTS(SELECT 1 FROM sessionlog_block
               WHERE key BETWEEN OLD.key<<32 AND (OLD.key<<32)+4294967295)
BEGIN
  SELECT RAISE(ABORT, 'the session has events or forks');
END;
CREATE TRIGGER sessionlog_session_removed
  AFTER UPDATE OF kept ON sessionlog_session
  WHEN OLD.kept IS NULL AND NEW.kept IS NOT NULL
BEGIN
  DELETE FROM sessionlog_label WHERE session=OLD.key;
  DELETE FROM sessionlog_meta WHERE session=OLD.key;
  DELETE FROM sessionlog_artifact WHERE session=OLD.key;
END;
CREATE TRIGGER sessionlog_session_gone
  AFTER DELETE ON sessionlog_session
BEGIN
  DELETE FROM sessionlog_label WHERE session=OLD.key;
  DELETE FROM sessionlog_meta WHERE session=OLD.key;
  DELETE FROM sessionlog_artifact WHERE session=OLD.key;
  DELETE FROM sessionlog_key WHERE session=OLD.key;
END;
COMMIT;
