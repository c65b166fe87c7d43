-- Appending and reading events. Keys are session << 32 | ordinal.

-- name: event_insert
INSERT INTO $db.sessionlog_event(key, at_ms, kind, idem, payload)
  VALUES(?1, ?2, ?3, ?4, ?5)

-- name: event_flush
-- Writes the events that wait. See ext/pending.c.
INSERT OR FAIL INTO $db.sessionlog_event(key, at_ms, kind, payload)
SELECT rowid, at_ms, kind, payload FROM main.sessionlog_pending

-- name: event_same
-- A row if the event is there. The parameters are those of event_insert.
SELECT 1 FROM $db.sessionlog_event
 WHERE key=?1 AND at_ms=?2 AND kind=?3 AND idem IS ?4 AND payload IS ?5

-- name: event_head
-- Key of the newest event that a session has recorded itself, NULL if it has
-- none: rows are newer than blocks. ?1 and ?2 bound the session's keys.
SELECT coalesce(
  (SELECT key FROM $db.sessionlog_event
    WHERE key BETWEEN ?1 AND ?2 ORDER BY key DESC LIMIT 1),
  (SELECT key+n_events-1 FROM $db.sessionlog_block
    WHERE key BETWEEN ?1 AND ?2 ORDER BY key DESC LIMIT 1))

-- name: event_by_idem
-- Ordinal under which a session has recorded an idempotency key itself.
SELECT key&4294967295 FROM $db.sessionlog_event
 WHERE key>>32=?1 AND idem=?2 AND idem IS NOT NULL
UNION ALL
SELECT ordinal FROM $db.sessionlog_key WHERE session=?1 AND idem=?2

-- name: event_asc
-- The columns are SL_EV_...
SELECT key, at_ms, kind, idem, payload FROM $db.sessionlog_event
 WHERE key BETWEEN ?1 AND ?2 ORDER BY key

-- name: event_desc
SELECT key, at_ms, kind, idem, payload FROM $db.sessionlog_event
 WHERE key BETWEEN ?1 AND ?2 ORDER BY key DESC

-- name: block_asc
-- Blocks that hold any of ?1..?2; ?3 is the session's lowest key.
SELECT key, n_events, data FROM $db.sessionlog_block
 WHERE key BETWEEN coalesce((SELECT key FROM $db.sessionlog_block
                              WHERE key BETWEEN ?3 AND ?1
                              ORDER BY key DESC LIMIT 1), ?1) AND ?2
 ORDER BY key

-- name: block_desc
SELECT key, n_events, data FROM $db.sessionlog_block
 WHERE key BETWEEN coalesce((SELECT key FROM $db.sessionlog_block
                              WHERE key BETWEEN ?3 AND ?1
                              ORDER BY key DESC LIMIT 1), ?1) AND ?2
 ORDER BY key DESC

-- name: event_sessions
-- The tenant's sessions, for a scan of all of them.
SELECT key FROM $db.sessionlog_session
 WHERE tenant=?1 AND kept IS NULL ORDER BY id
