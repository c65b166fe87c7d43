-- Edges: large events, blocks that are cut, numbers where names are meant,
-- escaped text, more events than wait together.

-- name: block_large
-- before: INSERT INTO session_list(name, started_at_ms) VALUES('big', 9000);
-- before: INSERT INTO session_events(ref, kind, payload, at_ms) VALUES('big', 'k', zeroblob(530000), 9001);
-- before: SELECT session_end('big', 9002);
SELECT length(payload) FROM session_events('big');
-- name: block_cut
-- before: SELECT session_pack('m');
-- before: SELECT session_fork('m', 10, 's');
-- before: DELETE FROM session_list WHERE name='g';
-- before: DELETE FROM session_list WHERE name='f';
DELETE FROM session_list WHERE name='m';
SELECT ordinal, kind, payload FROM session_events('s');
-- name: block_cut_in_copy
-- before: SELECT session_pack('m');
-- before: SELECT session_fork('m', 10, 's');
SELECT session_save('@DIR@/cut.db', 's')<>'';
ATTACH '@DIR@/cut.db' AS cut;
SELECT ordinal, kind, payload FROM session_events('s', 'cut');
DETACH cut;
-- name: save_live
-- before: ATTACH '@DIR@/live.db-wal' AS live;
-- before: CREATE TABLE IF NOT EXISTS live.t(x);
-- before: DETACH live;
-- fails
SELECT session_save('@DIR@/live.db');

-- name: append_zeroblob
SELECT session_append('m', 'k', zeroblob(5000), 9000);
-- name: append_many
BEGIN;
INSERT INTO session_events(ref, kind, payload, at_ms) VALUES('0000000000000000000000000A', 'k', 0, 9000);
INSERT INTO session_events(ref, kind, payload, at_ms)
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i<300)
SELECT '0000000000000000000000000A', 'k', i, 9000+i FROM n;
SELECT session_head('m');
COMMIT;
-- name: append_savepoint
BEGIN;
INSERT INTO session_events(ref, kind, payload, at_ms) VALUES('0000000000000000000000000A', 'k', 0, 9000);
INSERT INTO session_events(ref, kind, payload, at_ms) VALUES('0000000000000000000000000A', 'k', 1, 9001);
INSERT INTO session_events(ref, kind, payload, at_ms) VALUES('0000000000000000000000000A', 'k', 2, 9002);
SAVEPOINT s;
RELEASE s;
COMMIT;
-- name: append_aux
-- aux
BEGIN;
INSERT INTO session_events(schema, ref, kind, payload, at_ms) VALUES('aux', 'm', 'k', 1, 9000);
SAVEPOINT s;
INSERT INTO session_events(schema, ref, kind, payload, at_ms) VALUES('aux', 'm', 'k', 2, 9001);
RELEASE s;
COMMIT;

-- name: number_as_name
INSERT INTO session_labels(label, session_id, at_ms) VALUES(12345, 'm', 9000);
-- name: number_as_content
INSERT INTO session_artifacts(session_id, name, at_ms, content)
VALUES('m', 'n', 9000, 12345), ('m', 'r', 9000, 1.5);
-- name: number_escaped
SELECT length(session_start('esc', '{"pid":"\u0031","host":"h","started_at_ms":9000}'));
-- name: import_escaped
SELECT length(session_import('{"type":"x\ty","role":"x","uuid":"a","timestamp":1}
{"type":"\u0061","role":"\u0062","uuid":"b","parentUuid":"a","timestamp":2}
{"type":"","role":"\u0062","uuid":"c","parentUuid":"a","timestamp":"2024-01-02T03:04:05\u002B00:00"}', 'imported'));
-- name: import_uuids
SELECT length(session_import(group_concat('{"uuid":"u'||i||'","timestamp":1}', char(10))))
FROM (WITH n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i<40) SELECT i FROM n);
-- name: target_file_start
SELECT length(session_start('h', '{"cwd":"/","target":"/bin/sh","host":"h","pid":1,"started_at_ms":9000}'));
-- name: pause_empty
-- before: INSERT INTO session_list(name, started_at_ms) VALUES('z', 9000);
SELECT session_pause('z', NULL, 9001);
-- name: export_labels
SELECT line FROM session_export('m');
-- name: prune_bad_policy
-- fails
SELECT session_prune(1000, 'none');
-- name: load_again
SELECT load_again();
