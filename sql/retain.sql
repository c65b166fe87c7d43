-- Removing sessions, and which are old or dead. Keys of events are
-- session << 32 | ordinal.

-- name: retain_row
-- What the way up from a removed session needs: a parent that lives has no
-- kept.
SELECT parent, kept, id FROM $db.sessionlog_session WHERE key=?1

-- name: retain_children
-- Where the session was forked, and what its removed forks still need.
SELECT forked_at, kept FROM $db.sessionlog_session
 WHERE parent=?1 ORDER BY forked_at DESC

-- name: retain_bury
-- The session becomes a tombstone: nothing stays but its place in the tree.
UPDATE $db.sessionlog_session
   SET kept=?2, name=NULL, kind=NULL, target=NULL, target_class=NULL,
       target_hash=NULL, cwd=NULL, group_key=NULL, app_version=NULL,
       source_url=NULL, origin=NULL, pid=NULL, host=NULL, seen_at_ms=NULL,
       paused_at_ms=NULL, pause_summary=NULL
 WHERE key=?1

-- name: retain_labels
-- What hangs on it goes first: triggers, which do the same for plain SQL, may
-- be switched off.
DELETE FROM $db.sessionlog_label WHERE session=?1

-- name: retain_meta
DELETE FROM $db.sessionlog_meta WHERE session=?1

-- name: retain_artifacts
DELETE FROM $db.sessionlog_artifact WHERE session=?1

-- name: retain_lower
UPDATE $db.sessionlog_session SET kept=?2 WHERE key=?1

-- name: retain_delete
DELETE FROM $db.sessionlog_session WHERE key=?1

-- name: retain_straddle
-- The block that begins nearest before ?2; ?1 is the session's lowest key.
SELECT key, n_events, data FROM $db.sessionlog_block
 WHERE key BETWEEN ?1 AND ?2 ORDER BY key DESC LIMIT 1

-- name: retain_cut_blocks
DELETE FROM $db.sessionlog_block WHERE key BETWEEN ?1 AND ?2

-- name: retain_cut_events
DELETE FROM $db.sessionlog_event WHERE key BETWEEN ?1 AND ?2

-- name: retain_cut_keys
DELETE FROM $db.sessionlog_key WHERE session=?1 AND ordinal>?2

-- name: retain_old
-- Sessions whose last activity is ?2 or before, that first: ?1 tenant, ?3
-- whether those of users and labelled ones count, ?4 one that does not. No
-- activity is earlier than the start, which has an index. The newest event
-- is the last row, or the last of the last block.
SELECT key, parent, forked_at, archived, id FROM (
  SELECT s.key, s.parent, s.forked_at, s.archived, s.id,
         max(s.started_at_ms,
             coalesce(s.ended_at_ms, s.started_at_ms),
             coalesce(s.seen_at_ms, s.started_at_ms),
             coalesce(s.paused_at_ms, s.started_at_ms),
             coalesce(
               (SELECT e.at_ms FROM $db.sessionlog_event AS e
                 WHERE e.key BETWEEN s.key<<32 AND (s.key<<32)+4294967295
                 ORDER BY e.key DESC LIMIT 1),
               (SELECT b.last_at_ms FROM $db.sessionlog_block AS b
                 WHERE b.key BETWEEN s.key<<32 AND (s.key<<32)+4294967295
                 ORDER BY b.key DESC LIMIT 1),
               s.started_at_ms)) AS last_ms
    FROM $db.sessionlog_session AS s
   WHERE s.tenant=?1 AND s.kept IS NULL AND s.started_at_ms<=?2
     AND s.key<>?4
     AND (?3 OR (s.created_by='auto'
                 AND NOT EXISTS(SELECT 1 FROM $db.sessionlog_label AS l
                                 WHERE l.session=s.key))))
 WHERE last_ms<=?2
 ORDER BY last_ms, id

-- name: retain_reapable
-- Named sessions of origin ?2 on this host, ?3, that are not over.
SELECT key, parent, forked_at, archived, id, name, pid, status='stopped'
  FROM $db.sessionlog_session
 WHERE tenant=?1 AND kept IS NULL
   AND status IN ('starting','active','awaiting_approval','detached',
                  'paused','stopped')
   AND origin=?2 AND name IS NOT NULL AND (host IS NULL OR host=?3)
 ORDER BY id
