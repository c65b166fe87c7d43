-- Exporting, importing and saving sessions.

-- name: export_session
-- The header of an export: the columns of session_list, in their order, up to
-- pause_summary, and the watermark. ?1 is the session's integer.
SELECT s.id, s.name, p.id, s.forked_at, s.kind, s.target, s.target_class,
       s.target_hash, s.cwd, s.group_key, s.status, s.created_by,
       s.app_version, s.source_url, s.origin, s.pid, s.host, s.started_at_ms,
       s.ended_at_ms, s.seen_at_ms, s.paused_at_ms, s.pause_summary, s.archived
  FROM $db.sessionlog_session AS s
  LEFT JOIN $db.sessionlog_session AS p ON p.key=s.parent
 WHERE s.key=?1

-- name: export_label
SELECT label FROM $db.sessionlog_label WHERE session=?1 ORDER BY label

-- name: export_meta
SELECT name, value FROM $db.sessionlog_meta WHERE session=?1 ORDER BY name

-- name: save_databases
-- The files that are open. Prepared afresh: what it says is settled then.
PRAGMA database_list

-- name: save_encoding
-- The text encoding of a copy must be set before there is anything in it.
PRAGMA $db.encoding

-- The pairs of statements below move the rows of one session, ?1, to another
-- database: save_X reads here, save_X_to writes there, column by column.

-- name: save_config
SELECT name, value FROM $db.sessionlog_config

-- name: save_config_to
INSERT INTO $db.sessionlog_config(name, value) VALUES(?1, ?2)

-- name: save_session
SELECT key, id, tenant, name, parent, forked_at, kind, target, target_class,
       target_hash, cwd, group_key, status, created_by, app_version,
       source_url, origin, pid, host, started_at_ms, ended_at_ms, seen_at_ms,
       paused_at_ms, pause_summary, archived, kept
  FROM $db.sessionlog_session WHERE key=?1

-- name: save_tombstone
-- An ancestor: as if it had been removed, and forks read up to ?2.
SELECT key, id, tenant, NULL, parent, forked_at, NULL, NULL, NULL,
       NULL, NULL, NULL, status, created_by, NULL,
       NULL, NULL, NULL, NULL, started_at_ms, ended_at_ms, NULL,
       NULL, NULL, archived, ?2
  FROM $db.sessionlog_session WHERE key=?1

-- name: save_session_to
INSERT INTO $db.sessionlog_session(key, id, tenant, name, parent, forked_at,
       kind, target, target_class, target_hash, cwd, group_key, status,
       created_by, app_version, source_url, origin, pid, host, started_at_ms,
       ended_at_ms, seen_at_ms, paused_at_ms, pause_summary, archived, kept)
  VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15,
         ?16, ?17, ?18, ?19, ?20, ?21, ?22, ?23, ?24, ?25, ?26)

-- name: save_event
-- Up to ordinal ?2, as the next two.
SELECT key, at_ms, kind, idem, payload FROM $db.sessionlog_event
 WHERE key BETWEEN ?1<<32 AND (?1<<32)+?2 ORDER BY key

-- name: save_event_to
INSERT INTO $db.sessionlog_event(key, at_ms, kind, idem, payload)
  VALUES(?1, ?2, ?3, ?4, ?5)

-- name: save_block
SELECT key, n_events, last_at_ms, data FROM $db.sessionlog_block
 WHERE key BETWEEN ?1<<32 AND (?1<<32)+?2 ORDER BY key

-- name: save_block_to
INSERT INTO $db.sessionlog_block(key, n_events, last_at_ms, data)
  VALUES(?1, ?2, ?3, ?4)

-- name: save_key
SELECT session, idem, ordinal FROM $db.sessionlog_key
 WHERE session=?1 AND ordinal<=?2

-- name: save_key_to
INSERT INTO $db.sessionlog_key(session, idem, ordinal) VALUES(?1, ?2, ?3)

-- name: save_label
SELECT key, tenant, label, session, at_ms FROM $db.sessionlog_label
 WHERE session=?1

-- name: save_label_to
INSERT INTO $db.sessionlog_label(key, tenant, label, session, at_ms)
  VALUES(?1, ?2, ?3, ?4, ?5)

-- name: save_meta
SELECT key, session, name, value FROM $db.sessionlog_meta WHERE session=?1

-- name: save_meta_to
INSERT INTO $db.sessionlog_meta(key, session, name, value)
  VALUES(?1, ?2, ?3, ?4)

-- name: save_artifact
SELECT key, session, name, at_ms, size, content FROM $db.sessionlog_artifact
 WHERE session=?1

-- name: save_artifact_to
INSERT INTO $db.sessionlog_artifact(key, session, name, at_ms, size, content)
  VALUES(?1, ?2, ?3, ?4, ?5, ?6)
