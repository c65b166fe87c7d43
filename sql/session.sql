-- Sessions, and what hangs on them: labels, meta, artifacts.
--
-- ?1 is the tenant in all that looks a session up by something that people
-- write. A statement that fills SlSession begins with key, parent, forked_at,
-- archived, id.

-- name: session_by_key
SELECT key, parent, forked_at, archived, id
  FROM $db.sessionlog_session WHERE key=?1

-- name: session_living
-- The same, unless it is a tombstone.
SELECT key, parent, forked_at, archived, id
  FROM $db.sessionlog_session WHERE key=?1 AND kept IS NULL

-- name: session_by_id
SELECT key, parent, forked_at, archived, id
  FROM $db.sessionlog_session
 WHERE tenant=?1 AND id=?2 AND kept IS NULL

-- name: session_by_name
-- Tombstones have no name.
SELECT key, parent, forked_at, archived, id
  FROM $db.sessionlog_session
 WHERE tenant=?1 AND name=?2 AND kept IS NULL

-- name: session_by_label
SELECT s.key, s.parent, s.forked_at, s.archived, s.id
  FROM $db.sessionlog_label AS l
 CROSS JOIN $db.sessionlog_session AS s ON s.key=l.session
 WHERE l.tenant=?1 AND l.label=?2 AND s.tenant=?1 AND s.kept IS NULL

-- name: session_by_prefix
-- ?2 is the prefix, ?3 the first text after all that begin with it. A second
-- row means that the prefix is ambiguous.
SELECT key, parent, forked_at, archived, id
  FROM $db.sessionlog_session
 WHERE tenant=?1 AND id>=?2 AND id<?3 AND kept IS NULL
 LIMIT 2

-- name: session_id_by_prefix
-- The same, of which no more than the id is wanted: the index has it, and no
-- row is read.
SELECT key, 0, 0, 0, id
  FROM $db.sessionlog_session
 WHERE tenant=?1 AND id>=?2 AND id<?3 AND kept IS NULL
 LIMIT 2

-- name: session_prefix_count
SELECT count(*)
  FROM $db.sessionlog_session
 WHERE tenant=?1 AND id>=?2 AND id<?3 AND kept IS NULL

-- name: session_id_taken
-- Over all tenants, tombstones too.
SELECT key FROM $db.sessionlog_session WHERE id=?1

-- name: session_max_key
SELECT max(key) FROM $db.sessionlog_session WHERE key>?1

-- name: session_parent
-- What a new fork needs of its parent, ?1: key of the newest event as in
-- event_head, the highest key of a session, and what is taken over.
SELECT coalesce(
         (SELECT key FROM $db.sessionlog_event
           WHERE key BETWEEN ?1<<32 AND (?1<<32)+4294967295
           ORDER BY key DESC LIMIT 1),
         (SELECT key+n_events-1 FROM $db.sessionlog_block
           WHERE key BETWEEN ?1<<32 AND (?1<<32)+4294967295
           ORDER BY key DESC LIMIT 1)),
       (SELECT max(key) FROM $db.sessionlog_session WHERE key>=?1),
       kind, target, target_class, target_hash, cwd, app_version, group_key
  FROM $db.sessionlog_session WHERE key=?1

-- name: session_insert
-- ?1 key, ?2 tenant, ?3 parent's key; column c of session_list is ?(c+4). ?26
-- tells to make the group key of directory and target where it is not given.
-- VALUES and FAIL spare the statement journal: a row is written or not.
INSERT OR FAIL INTO $db.sessionlog_session(key, tenant, parent, id, name,
    forked_at, kind, target, target_class, target_hash, cwd, group_key,
    status, created_by, app_version, source_url, origin, pid, host,
    started_at_ms, ended_at_ms, seen_at_ms, paused_at_ms, pause_summary,
    archived)
VALUES(?1, ?2, ?3, ?4, ?5, ?7, ?8, ?9, ?10, ?11, ?12,
    CASE WHEN ?26 THEN coalesce(?13, ?12||'|'||coalesce(?11, '')) ELSE ?13 END,
    ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22, ?23, ?24, ?25, ?27)

-- name: session_state
-- What the rules of UPDATE look at.
SELECT key, parent, forked_at, archived, id, status, created_by,
       started_at_ms, ended_at_ms,
       (SELECT id FROM $db.sessionlog_session AS p WHERE p.key=s.parent)
  FROM $db.sessionlog_session AS s
 WHERE key=?1 AND tenant=?2 AND kept IS NULL

-- name: session_change
-- ?1 key, ?2 bits of the columns to set; column c of session_list is bit c
-- and ?(c+4).
UPDATE $db.sessionlog_session SET
    name=iif(?2>>1&1, ?5, name),
    kind=iif(?2>>4&1, ?8, kind),
    target=iif(?2>>5&1, ?9, target),
    target_class=iif(?2>>6&1, ?10, target_class),
    target_hash=iif(?2>>7&1, ?11, target_hash),
    cwd=iif(?2>>8&1, ?12, cwd),
    group_key=iif(?2>>9&1, ?13, group_key),
    status=iif(?2>>10&1, ?14, status),
    created_by=iif(?2>>11&1, ?15, created_by),
    app_version=iif(?2>>12&1, ?16, app_version),
    source_url=iif(?2>>13&1, ?17, source_url),
    origin=iif(?2>>14&1, ?18, origin),
    pid=iif(?2>>15&1, ?19, pid),
    host=iif(?2>>16&1, ?20, host),
    ended_at_ms=iif(?2>>18&1, ?22, ended_at_ms),
    seen_at_ms=iif(?2>>19&1, ?23, seen_at_ms),
    paused_at_ms=iif(?2>>20&1, ?24, paused_at_ms),
    pause_summary=iif(?2>>21&1, ?25, pause_summary)
 WHERE key=?1

-- name: session_touch
-- The heartbeat by itself, which touches no index.
UPDATE $db.sessionlog_session SET seen_at_ms=?2 WHERE key=?1

-- name: list_row
-- A row of session_list: its columns in order up to pause_summary, then the
-- parent's key where head belongs, archived, and the key where n_events does.
SELECT id, name,
       (SELECT id FROM $db.sessionlog_session AS p WHERE p.key=s.parent),
       forked_at, kind, target, target_class, target_hash, cwd, group_key,
       status, created_by, app_version, source_url, origin, pid, host,
       started_at_ms, ended_at_ms, seen_at_ms, paused_at_ms, pause_summary,
       parent, archived, key
  FROM $db.sessionlog_session AS s WHERE key=?1

-- name: list_id_asc
-- The keys of session_list's rows, in one order or another: ?1 tenant, ?2 the
-- highest key when the scan began.
SELECT key FROM $db.sessionlog_session
 WHERE tenant=?1 AND kept IS NULL AND key<=?2 ORDER BY id

-- name: list_id_desc
SELECT key FROM $db.sessionlog_session
 WHERE tenant=?1 AND kept IS NULL AND key<=?2 ORDER BY id DESC

-- name: list_started_asc
SELECT key FROM $db.sessionlog_session
 WHERE tenant=?1 AND kept IS NULL AND key<=?2 ORDER BY started_at_ms

-- name: list_started_desc
SELECT key FROM $db.sessionlog_session
 WHERE tenant=?1 AND kept IS NULL AND key<=?2 ORDER BY started_at_ms DESC

-- name: list_id
-- ... and with one value of one column.
SELECT key FROM $db.sessionlog_session
 WHERE tenant=?1 AND kept IS NULL AND key<=?2 AND id=?3

-- name: list_name
SELECT key FROM $db.sessionlog_session
 WHERE tenant=?1 AND kept IS NULL AND key<=?2 AND name=?3

-- name: list_parent
-- Parent and fork are always of one tenant.
SELECT s.key
  FROM $db.sessionlog_session AS p
 CROSS JOIN $db.sessionlog_session AS s ON s.parent=p.key
 WHERE p.id=?3 AND s.tenant=?1 AND s.kept IS NULL AND s.key<=?2

-- name: list_group_asc
SELECT key FROM $db.sessionlog_session
 WHERE tenant=?1 AND kept IS NULL AND key<=?2 AND group_key=?3 ORDER BY id

-- name: list_group_desc
SELECT key FROM $db.sessionlog_session
 WHERE tenant=?1 AND kept IS NULL AND key<=?2 AND group_key=?3 ORDER BY id DESC

-- name: list_status_asc
SELECT key FROM $db.sessionlog_session
 WHERE tenant=?1 AND kept IS NULL AND key<=?2 AND status=?3 ORDER BY id

-- name: list_status_desc
SELECT key FROM $db.sessionlog_session
 WHERE tenant=?1 AND kept IS NULL AND key<=?2 AND status=?3 ORDER BY id DESC

-- name: list_creator_asc
SELECT key FROM $db.sessionlog_session
 WHERE tenant=?1 AND kept IS NULL AND key<=?2 AND created_by=?3 ORDER BY id

-- name: list_creator_desc
SELECT key FROM $db.sessionlog_session
 WHERE tenant=?1 AND kept IS NULL AND key<=?2 AND created_by=?3 ORDER BY id DESC

-- name: label_find
SELECT key, session FROM $db.sessionlog_label WHERE tenant=?1 AND label=?2

-- name: label_set
INSERT INTO $db.sessionlog_label(tenant, label, session, at_ms, key)
VALUES(?1, ?2, ?3, ?4, ?5)
  ON CONFLICT(tenant, label)
  DO UPDATE SET session=excluded.session, at_ms=excluded.at_ms

-- name: label_change
UPDATE $db.sessionlog_label SET label=?2, session=?3, at_ms=?4 WHERE key=?1

-- name: label_delete
DELETE FROM $db.sessionlog_label WHERE key=?1

-- name: label_max_key
SELECT max(key) FROM $db.sessionlog_label WHERE key>?1

-- name: label_row
SELECT label, session, at_ms FROM $db.sessionlog_label
 WHERE key=?1 AND tenant=?2

-- name: label_scan
-- The rows of session_labels by label: ?1 tenant, ?2 highest key.
SELECT l.key, l.label, s.id, l.at_ms
  FROM $db.sessionlog_label AS l
 CROSS JOIN $db.sessionlog_session AS s ON s.key=l.session
 WHERE l.tenant=?1 AND l.key<=?2
 ORDER BY l.label

-- name: label_scan_label
SELECT l.key, l.label, s.id, l.at_ms
  FROM $db.sessionlog_label AS l
 CROSS JOIN $db.sessionlog_session AS s ON s.key=l.session
 WHERE l.tenant=?1 AND l.key<=?2 AND l.label=?3

-- name: label_scan_session
SELECT l.key, l.label, s.id, l.at_ms
  FROM $db.sessionlog_session AS s
 CROSS JOIN $db.sessionlog_label AS l ON l.session=s.key
 WHERE s.id=?3 AND l.tenant=?1 AND l.key<=?2

-- name: meta_get
SELECT value, key FROM $db.sessionlog_meta WHERE session=?1 AND name=?2

-- name: meta_set
INSERT INTO $db.sessionlog_meta(session, name, value, key)
VALUES(?1, ?2, ?3, ?4)
  ON CONFLICT(session, name) DO UPDATE SET value=excluded.value

-- name: meta_row
SELECT session, name FROM $db.sessionlog_meta WHERE key=?1

-- name: meta_change
-- ?5 tells whether the value changes.
UPDATE $db.sessionlog_meta
   SET session=?2, name=?3, value=iif(?5, ?4, value) WHERE key=?1

-- name: meta_delete
DELETE FROM $db.sessionlog_meta WHERE key=?1

-- name: meta_max_key
SELECT max(key) FROM $db.sessionlog_meta WHERE key>?1

-- name: meta_scan
-- The rows of session_meta by session: ?1 tenant, ?2 highest key.
SELECT m.key, s.id, m.name, m.value
  FROM $db.sessionlog_session AS s
 CROSS JOIN $db.sessionlog_meta AS m ON m.session=s.key
 WHERE s.tenant=?1 AND s.kept IS NULL AND m.key<=?2
 ORDER BY s.id

-- name: meta_scan_session
SELECT m.key, s.id, m.name, m.value
  FROM $db.sessionlog_session AS s
 CROSS JOIN $db.sessionlog_meta AS m ON m.session=s.key
 WHERE s.tenant=?1 AND s.kept IS NULL AND m.key<=?2 AND s.id=?3

-- name: meta_scan_key
SELECT m.key, s.id, m.name, m.value
  FROM $db.sessionlog_session AS s
 CROSS JOIN $db.sessionlog_meta AS m ON m.session=s.key
 WHERE s.tenant=?1 AND s.kept IS NULL AND m.key<=?2 AND s.id=?3 AND m.name=?4

-- name: artifact_find
SELECT key FROM $db.sessionlog_artifact WHERE session=?1 AND name=?2

-- name: artifact_any
SELECT 1 FROM $db.sessionlog_artifact WHERE session=?1 LIMIT 1

-- name: artifact_insert
INSERT INTO $db.sessionlog_artifact(session, name, at_ms, size, content, key)
VALUES(?1, ?2, ?3, ?4, ?5, ?6)

-- name: artifact_delete
DELETE FROM $db.sessionlog_artifact WHERE key=?1

-- name: artifact_content
SELECT content FROM $db.sessionlog_artifact WHERE key=?1

-- name: artifact_max_key
SELECT max(key) FROM $db.sessionlog_artifact WHERE key>?1

-- name: artifact_scan
-- The rows of session_artifacts by session, less the content: ?1
-- tenant, ?2 highest key.
SELECT a.key, s.id, a.name, a.at_ms, a.size
  FROM $db.sessionlog_session AS s
 CROSS JOIN $db.sessionlog_artifact AS a ON a.session=s.key
 WHERE s.tenant=?1 AND s.kept IS NULL AND a.key<=?2
 ORDER BY s.id

-- name: artifact_scan_session
SELECT a.key, s.id, a.name, a.at_ms, a.size
  FROM $db.sessionlog_session AS s
 CROSS JOIN $db.sessionlog_artifact AS a ON a.session=s.key
 WHERE s.tenant=?1 AND s.kept IS NULL AND a.key<=?2 AND s.id=?3

-- name: artifact_scan_name
SELECT a.key, s.id, a.name, a.at_ms, a.size
  FROM $db.sessionlog_session AS s
 CROSS JOIN $db.sessionlog_artifact AS a ON a.session=s.key
 WHERE s.tenant=?1 AND s.kept IS NULL AND a.key<=?2 AND s.id=?3 AND a.name=?4
