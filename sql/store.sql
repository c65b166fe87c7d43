-- Statements of the store itself: configuration and verification.

-- name: config_probe
-- The first statement of an operation: opens the snapshot, tells the schema
-- version and the mode of session_writes(). It runs before the schema is
-- verified: naming the index keeps it from being prepared where a view, which
-- could do anything and for ever, has the table's name.
SELECT (SELECT value FROM $db.sessionlog_config
          INDEXED BY sqlite_autoindex_sessionlog_config_1
         WHERE name='schema_version'),
       (SELECT value FROM $db.sessionlog_config
          INDEXED BY sqlite_autoindex_sessionlog_config_1
         WHERE name='writes')

-- name: config_object
-- What has the configuration table's name.
SELECT type, sql FROM $db.sqlite_schema
 WHERE name='sessionlog_config' COLLATE NOCASE

-- name: config_touch
-- Opens the snapshot, and nothing else: the first row comes before the table
-- is opened, which is there to be missed.
SELECT 1 UNION ALL SELECT 1 FROM $db.sessionlog_config

-- name: char_size
-- 1 where text is UTF-8, 2 where it is UTF-16.
SELECT length(CAST('a' AS BLOB))

-- name: config_set
INSERT INTO $db.sessionlog_config(name, value) VALUES(?1, ?2)
  ON CONFLICT(name) DO UPDATE SET value=excluded.value

-- name: schema_objects
-- What a database holds under names like ours, and what hangs on such tables.
-- Not by LIKE, which PRAGMA case_sensitive_like changes.
SELECT type, name, tbl_name, sql FROM $db.sqlite_schema
 WHERE substr(name, 1, 11)='sessionlog_' COLLATE NOCASE
    OR substr(tbl_name, 1, 11)='sessionlog_' COLLATE NOCASE

-- name: savepoint_mark
-- Touches nothing. Run inside a task, it makes SQLite keep a statement
-- journal of this database, so that a failed task is undone here as well
-- where this is not the main database.
UPDATE $db.sessionlog_session SET key=key+1 WHERE key<0
