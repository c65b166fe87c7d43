-- Rows into blocks, and the watermark. Keys are session << 32 | ordinal.

-- name: pack_end
-- Key of the last event that is in a block. ?1 and ?2 bound the session's
-- keys.
SELECT key+n_events-1 FROM $db.sessionlog_block
 WHERE key BETWEEN ?1 AND ?2 ORDER BY key DESC LIMIT 1

-- name: pack_ended
-- 1 if the session has ended.
SELECT ended_at_ms IS NOT NULL FROM $db.sessionlog_session WHERE key=?1

-- name: pack_block
INSERT INTO $db.sessionlog_block(key, n_events, last_at_ms, data)
  VALUES(?1, ?2, ?3, ?4)

-- name: pack_keys
-- The idempotency keys of the session's events ?1..?2, in the order of the
-- table that takes them.
INSERT INTO $db.sessionlog_key(session, idem, ordinal)
  SELECT ?1>>32, idem, key&4294967295 FROM $db.sessionlog_event NOT INDEXED
   WHERE key BETWEEN ?1 AND ?2 AND idem IS NOT NULL ORDER BY idem

-- name: pack_delete
-- The rows that are in blocks now.
DELETE FROM $db.sessionlog_event WHERE key BETWEEN ?1 AND ?2

-- name: pack_archive
UPDATE $db.sessionlog_session SET archived=?2 WHERE key=?1
