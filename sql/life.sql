-- Pause, resume, stop.

-- name: life_status
SELECT status FROM $db.sessionlog_session WHERE key=?1
