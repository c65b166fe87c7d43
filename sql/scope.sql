-- Statements of scopes: the durable layer of keyed memory.

-- name: scope_find
SELECT key FROM $db.sessionlog_scope WHERE tenant=?1 AND scope=?2 AND name=?3

-- name: scope_insert
INSERT INTO $db.sessionlog_scope(tenant, scope, name, value, at_ms, source_step,
    key)
VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7)

-- name: scope_set
-- The upsert's other half: what an entry holds, without its place.
UPDATE $db.sessionlog_scope SET value=?2, at_ms=?3, source_step=?4
 WHERE key=?1

-- name: scope_change
-- NULL leaves a column alone; ?7 tells whether source_step, which may become
-- NULL, is set to ?8.
UPDATE $db.sessionlog_scope
   SET scope=coalesce(?3, scope),
       name=coalesce(?4, name),
       value=coalesce(?5, value),
       at_ms=coalesce(?6, at_ms),
       source_step=CASE WHEN ?7 THEN ?8 ELSE source_step END
 WHERE key=?1 AND tenant=?2

-- name: scope_place
-- Where an entry is: for a change that moves it.
SELECT scope, name FROM $db.sessionlog_scope WHERE key=?1 AND tenant=?2

-- name: scope_delete
DELETE FROM $db.sessionlog_scope WHERE key=?1 AND tenant=?2

-- name: scope_last
-- A scan ends at the keys that were there when it started.
SELECT max(key) FROM $db.sessionlog_scope WHERE key>?1

-- name: scope_all
SELECT key, scope, name, value, at_ms, source_step FROM $db.sessionlog_scope
 WHERE tenant=?1 AND key<=?2
 ORDER BY scope, name

-- name: scope_in
SELECT key, scope, name, value, at_ms, source_step FROM $db.sessionlog_scope
 WHERE tenant=?1 AND key<=?2 AND scope=?3
 ORDER BY name

-- name: scope_one
SELECT key, scope, name, value, at_ms, source_step FROM $db.sessionlog_scope
 WHERE tenant=?1 AND key<=?2 AND scope=?3 AND name=?4

-- name: scope_count
SELECT count(*) FROM $db.sessionlog_scope WHERE tenant=?1 AND scope=?2

-- name: scope_counts
SELECT scope, count(*) FROM $db.sessionlog_scope WHERE tenant=?1
 GROUP BY scope
