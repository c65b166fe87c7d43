-- Retention, lifecycle, scopes, copies and checks.

-- name: prune
SELECT session_prune(1000, 'auto', 0, 10000);
-- name: prune_all
SELECT session_prune('1s', 'all', 0, 100000);
-- name: prune_dry
SELECT session_prune(0, 'all', 1, 100000);
-- name: prune_in_transaction
BEGIN;
INSERT INTO session_events(ref, kind, payload, at_ms) VALUES('f', 'k', 1, 9000);
SELECT session_prune(2000, 'all', 0, 9500);
COMMIT;
-- name: prune_null
-- fails
SELECT session_prune(NULL);
-- name: reap
SELECT session_reap('["x"]', 'tmux', 9000);
-- name: reap_all
SELECT session_reap('[]', 'tmux', 9000);
-- name: reap_bad
-- fails
SELECT session_reap('{"x":1}');
-- name: pid_alive
SELECT pid_alive(1), pid_alive(0), pid_alive(-5);

-- name: pause
SELECT session_pause('m', NULL, 9000);
-- name: pause_note
SELECT session_pause('g', 'a note', 9000);
-- name: pause_ended
-- fails
SELECT session_pause('e');
-- name: resume
SELECT session_resume('p');
-- name: resume_active
-- fails
SELECT session_resume('m');
-- name: command_target
SELECT session_command_target('m');
-- name: command_target_ended
-- fails
SELECT session_command_target('e');
-- name: stop
SELECT session_stop('m');
-- name: stop_ended
-- fails
SELECT session_stop('e');

-- name: remember
SELECT scope_remember('global', 'mem', 'value', 'step', 9000);
SELECT scope_recall('global', 'mem');
-- name: remember_again
-- before: SELECT scope_remember('s', 'k'||value, 'v'||value, NULL, 9000) FROM json_each('[2,3,4,5,6,7,8,9,10,11,12,13]');
-- before: SELECT scope_remember('s', 'k1', 'v', NULL, 9000);
SELECT scope_remember('s', 'k1', zeroblob(3000), 2, 9001);
SELECT scope_remember('s2', 'k1', 5, NULL, 9002);
-- name: remember_null
-- fails
SELECT scope_remember('global', 'k', NULL);
-- name: recall
-- before: SELECT scope_remember('s', 'k1', 'v', NULL, 9000);
SELECT scope_recall('s', 'k1'), scope_recall('s', 'k2'), scope_recall('t', 'k1');
-- name: forget
-- before: SELECT scope_remember('s', 'k1', 'v', NULL, 9000);
SELECT scope_forget('s', 'k1');
SELECT scope_forget('s', 'k1');
-- name: persist
SELECT scope_persist('global', 'k1', 'other', 's2', 9000);
SELECT scope_persist('new', 'k', 1, NULL, 9001);
-- name: persist_blob_key
-- fails
SELECT scope_persist('global', x'00', 1);
-- name: retrieve
SELECT scope_retrieve('global', 'k1'), scope_retrieve('flow:a', 'k1'), scope_retrieve('none', 'k1');
-- name: mutate
SELECT scope_mutate('global', 'k1', 'changed');
SELECT scope_mutate('global', 'nothing', 1);
-- name: purge
SELECT scope_purge('global', 'k1');
SELECT scope_purge('global', 'k1');
-- name: flush
SELECT scope_flush(), scope_flush('global');
-- name: flush_in_transaction
-- fails
BEGIN;
SELECT scope_flush();
COMMIT;
-- name: scope_query
SELECT * FROM scope_query('global', 'VALUE');
SELECT key FROM scope_query('global', '7');
SELECT key FROM scope_query('global', NULL);
-- name: scope_entries_read
-- before: SELECT scope_remember('s', 'k1', 'v', NULL, 9000);
SELECT * FROM scope_entries;
SELECT value FROM scope_entries WHERE scope='global' AND layer='store' AND key='k2';
-- name: scope_list
-- before: SELECT scope_remember('s', 'k1', 'v', NULL, 9000);
SELECT * FROM scope_list;
-- name: scope_entries_insert
INSERT INTO scope_entries(scope, key, value, at_ms) VALUES('s', 'k', 1, 9000), ('global', 'k1', 2, 9001);
-- name: scope_entries_insert_fails
-- fails
INSERT INTO scope_entries(scope, key, value, at_ms) VALUES('s', 'k', 1, 9000), ('s', 'k2', NULL, 9001);
-- name: scope_entries_insert_memory
-- fails
INSERT INTO scope_entries(scope, layer, key, value) VALUES('s', 'memory', 'k', 1);
-- name: scope_entries_update
UPDATE scope_entries SET value='all', at_ms=9000 WHERE layer='store';
-- name: scope_entries_delete
DELETE FROM scope_entries WHERE layer='store' AND scope='global';

-- name: save
SELECT session_save('@DIR@/all.db') LIKE '%/all.db';
-- name: save_one
SELECT session_save('@DIR@/one.db', 'g') LIKE '%/one.db';
-- name: save_in_transaction
-- fails
BEGIN;
INSERT INTO app VALUES(1, 2);
SELECT session_save('@DIR@/all.db');
ROLLBACK;
-- name: save_nowhere
-- fails
SELECT session_save('/dev/null/x/y.db');
-- name: export
SELECT line FROM session_export('g');
-- name: export_unknown
SELECT line FROM session_export('nobody');
-- name: import
SELECT length(session_import('{"type":"user","timestamp":"2024-01-02T03:04:05Z","text":"one"}
{"role":"assistant","timestamp":1700000000,"text":"two"}
{"text":"\u00e9"}
', 'z'));
-- name: import_export
SELECT length(session_import(group_concat(line, char(10)))) FROM session_export('g');
SELECT count(*), max(ordinal) FROM session_events WHERE session_id>'01';
-- name: import_branch
SELECT length(session_import('{"uuid":"a","type":"user","timestamp":1}
{"uuid":"b","parentUuid":"a","type":"user","timestamp":2}
{"uuid":"c","parentUuid":"b","type":"user","timestamp":3}
{"uuid":"d","parentUuid":"a","type":"user","timestamp":4}
'));
-- name: import_malformed
-- fails
SELECT session_import('{"type":"user"}
{"type":');
-- name: import_malformed_in_transaction
-- fails
BEGIN;
INSERT INTO session_events(ref, kind, payload, at_ms) VALUES('m', 'k', 1, 9000);
SELECT session_import('{"sessionlog":1,"id":"0000000000000000000000000A"}
{"ordinal":7}');
COMMIT;
-- name: import_empty
-- fails
SELECT session_import('');
-- name: check
SELECT * FROM session_check();
-- name: check_damage
-- before: PRAGMA writable_schema=1; INSERT INTO sessionlog_event(key, at_ms, kind, payload) VALUES((7<<32)+5, 1, 'k', 2); INSERT INTO sessionlog_meta(session, name, value) VALUES(99, 'a', 'b');
-- damaged
SELECT rule, session_id, ordinal, detail FROM session_check();
-- name: stats
SELECT name FROM session_stats();

-- name: remember_number
SELECT scope_remember('s', 5, 'v', NULL, 9000);
SELECT scope_recall('s', '5');
