-- Statements of session_check() and session_stats(). Nothing here relies on
-- what it checks: columns may have any type. ?1 is the tenant, NULL for the
-- whole database, where nothing else is said.

-- name: check_config
SELECT name, value FROM $db.sessionlog_config ORDER BY name

-- name: check_session
-- All sessions, whoever's: a parent is looked up among them. The columns from
-- the third on are CK_... in ext/check.c.
SELECT key, ?1 IS NULL OR tenant=?1, parent, forked_at, archived, kept,
       id, tenant, name, status, created_by, ended_at_ms, started_at_ms,
       kind, target, target_class, target_hash, cwd, group_key, app_version,
       source_url, origin, pid, host, seen_at_ms, paused_at_ms, pause_summary
  FROM $db.sessionlog_session ORDER BY key

-- name: check_tenant
-- Sessions whose parent is of another tenant. No parameters.
SELECT c.key FROM $db.sessionlog_session AS c
  JOIN $db.sessionlog_session AS p ON p.key=c.parent
 WHERE c.tenant IS NOT p.tenant

-- name: check_block
-- Blocks with keys from ?1 to ?2.
SELECT key, n_events, last_at_ms, data FROM $db.sessionlog_block
 WHERE key BETWEEN ?1 AND ?2 ORDER BY key

-- name: check_event
-- Rows with keys from ?1 to ?2.
SELECT key, at_ms, kind, idem FROM $db.sessionlog_event
 WHERE key BETWEEN ?1 AND ?2 ORDER BY key

-- name: check_key
-- Ordinal of the packed event of session ?1 with the idempotency key ?2.
SELECT ordinal FROM $db.sessionlog_key WHERE session=?1 AND idem=?2

-- name: check_key_count
SELECT count(*) FROM $db.sessionlog_key WHERE session=?1

-- name: check_key_list
SELECT ordinal, idem FROM $db.sessionlog_key WHERE session=?1 ORDER BY 1, 2

-- name: check_key_block
-- The block that may hold the event of key ?2; ?1 is the session's lowest key.
SELECT key, n_events, data FROM $db.sessionlog_block
 WHERE key BETWEEN ?1 AND ?2 ORDER BY key DESC LIMIT 1

-- name: check_orphan
-- Lowest key from ?1 to ?2 of a row or block. With +key the row that is found
-- is looked at as well: where a tree is damaged it may be one before ?1.
SELECT min(key) FROM (
  SELECT min(key) AS key FROM $db.sessionlog_event
   WHERE key BETWEEN ?1 AND ?2 AND +key>=?1
  UNION ALL
  SELECT min(key) FROM $db.sessionlog_block
   WHERE key BETWEEN ?1 AND ?2 AND +key>=?1)

-- name: check_orphan_key
-- Sessions that have idempotency keys but do not exist. No parameters.
SELECT DISTINCT session FROM $db.sessionlog_key
 WHERE session NOT IN (SELECT key FROM $db.sessionlog_session)

-- name: check_idem
-- All idempotency keys, equal ones together. No parameters.
SELECT idem, key>>32, key&4294967295 FROM $db.sessionlog_event
 WHERE idem IS NOT NULL
UNION ALL
SELECT idem, session, ordinal FROM $db.sessionlog_key
 ORDER BY 1, 2, 3

-- name: check_label
SELECT l.label, l.session, l.at_ms, s.key IS NOT NULL AND s.kept IS NULL,
       s.tenant IS l.tenant
  FROM $db.sessionlog_label AS l
  LEFT JOIN $db.sessionlog_session AS s ON s.key=l.session
 WHERE ?1 IS NULL OR l.tenant=?1
 ORDER BY l.key

-- name: check_meta
SELECT m.name, m.session, m.value, s.key IS NOT NULL AND s.kept IS NULL
  FROM $db.sessionlog_meta AS m
  LEFT JOIN $db.sessionlog_session AS s ON s.key=m.session
 WHERE ?1 IS NULL OR s.tenant=?1
 ORDER BY m.key

-- name: check_artifact
SELECT a.name, a.session, a.at_ms, s.key IS NOT NULL AND s.kept IS NULL,
       a.size, a.content
  FROM $db.sessionlog_artifact AS a
  LEFT JOIN $db.sessionlog_session AS s ON s.key=a.session
 WHERE ?1 IS NULL OR s.tenant=?1
 ORDER BY a.key

-- name: check_scope
SELECT tenant, scope, name, value, at_ms FROM $db.sessionlog_scope
 WHERE ?1 IS NULL OR tenant=?1
 ORDER BY key

-- name: check_row_key
-- Rows of the tenant ?1, or all, whose key is not within 0..2^48-1, see
-- slRowid().
SELECT 'label', key FROM $db.sessionlog_label
 WHERE key NOT BETWEEN 0 AND 281474976710655 AND (?1 IS NULL OR tenant=?1)
UNION ALL
SELECT 'meta', m.key FROM $db.sessionlog_meta AS m
  LEFT JOIN $db.sessionlog_session AS s ON s.key=m.session
 WHERE m.key NOT BETWEEN 0 AND 281474976710655 AND (?1 IS NULL OR s.tenant=?1)
UNION ALL
SELECT 'artifact', a.key FROM $db.sessionlog_artifact AS a
  LEFT JOIN $db.sessionlog_session AS s ON s.key=a.session
 WHERE a.key NOT BETWEEN 0 AND 281474976710655 AND (?1 IS NULL OR s.tenant=?1)
UNION ALL
SELECT 'scope', key FROM $db.sessionlog_scope
 WHERE key NOT BETWEEN 0 AND 281474976710655 AND (?1 IS NULL OR tenant=?1)

-- name: stats_session
-- Of the tenant ?1: sessions that live, forks among them, those that have
-- ended, and removed ones of which something is left.
SELECT coalesce(sum(kept IS NULL), 0),
       coalesce(sum(kept IS NULL AND parent IS NOT NULL), 0),
       coalesce(sum(kept IS NULL AND ended_at_ms IS NOT NULL), 0),
       coalesce(sum(kept IS NOT NULL), 0)
  FROM $db.sessionlog_session WHERE tenant=?1

-- name: stats_depth
-- The largest number of ancestors of a session of the tenant ?1. Walks down
-- from the roots. A child is younger than its parent, and is seen once at
-- each depth: whatever a damaged index says, the walk ends.
WITH RECURSIVE tree(key, depth, lives) AS (
  SELECT key, 0, kept IS NULL FROM $db.sessionlog_session
   WHERE tenant=?1 AND parent IS NULL
  UNION
  SELECT s.key, tree.depth+1, s.kept IS NULL
    FROM tree JOIN $db.sessionlog_session AS s ON s.parent=tree.key
   WHERE s.tenant=?1 AND s.key>tree.key)
SELECT coalesce(max(depth), 0) FROM tree WHERE lives

-- name: stats_event
-- Rows of the tenant ?1: how many, how many are archived, bytes of kind, key
-- and payload, an INTEGER or REAL counting 8.
SELECT count(e.key),
       coalesce(sum((e.key&4294967295)<=s.archived AND s.kept IS NULL), 0),
       coalesce(sum(length(CAST(e.kind AS BLOB))
         + coalesce(length(CAST(e.idem AS BLOB)), 0)
         + CASE typeof(e.payload) WHEN 'null' THEN 0
             WHEN 'integer' THEN 8 WHEN 'real' THEN 8
             ELSE length(CAST(e.payload AS BLOB)) END), 0)
  FROM $db.sessionlog_session AS s
 CROSS JOIN $db.sessionlog_event AS e
    ON e.key BETWEEN s.key<<32 AND (s.key<<32)+4294967295
 WHERE s.tenant=?1

-- name: stats_block
-- Blocks of the tenant ?1: how many, events in them, archived ones, bytes. A
-- block that claims more events than one can have counts for as many.
SELECT count(b.key), coalesce(sum(max(0, min(b.n_events, 64))), 0),
       coalesce(sum(CASE WHEN s.kept IS NULL THEN
         max(0, min(b.n_events, 64, s.archived-(b.key&4294967295)+1)) END), 0),
       coalesce(sum(length(b.data)), 0)
  FROM $db.sessionlog_session AS s
 CROSS JOIN $db.sessionlog_block AS b
    ON b.key BETWEEN s.key<<32 AND (s.key<<32)+4294967295
 WHERE s.tenant=?1

-- name: stats_label
SELECT count(*) FROM $db.sessionlog_label WHERE tenant=?1

-- name: stats_meta
SELECT count(*) FROM $db.sessionlog_session AS s
  JOIN $db.sessionlog_meta AS m ON m.session=s.key
 WHERE s.tenant=?1

-- name: stats_artifact
SELECT count(*), coalesce(sum(a.size), 0)
  FROM $db.sessionlog_session AS s
 CROSS JOIN $db.sessionlog_artifact AS a ON a.session=s.key
 WHERE s.tenant=?1

-- name: stats_scope
SELECT count(*), count(DISTINCT scope) FROM $db.sessionlog_scope
 WHERE tenant=?1
