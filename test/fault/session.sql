-- Sessions: session_list, labels, meta data, artifacts, and their functions.

-- name: list_all
SELECT * FROM session_list;
-- name: list_id
SELECT name, head, n_events, label FROM session_list WHERE id='0000000000000000000000000a';
-- name: list_ref
SELECT id, meta, archived FROM session_list('wip');
-- name: list_ref_long
-- before: SELECT session_label('m', printf('%.60c', 'x'));
SELECT ref, id FROM session_list(printf('%.60c', 'x'));
-- name: list_trigger
-- fails
-- damaged
-- before: CREATE TRIGGER intruder AFTER INSERT ON sessionlog_event BEGIN SELECT 1; END;
SELECT count(*) FROM session_list;
-- name: list_newest
SELECT id, status FROM session_list ORDER BY started_at_ms DESC LIMIT 3;
-- name: list_filters
SELECT name FROM session_list WHERE status='active' AND created_by='auto';
SELECT name FROM session_list WHERE parent_id='0000000000000000000000000A';
SELECT name FROM session_list WHERE group_key='/home/u|';
-- name: list_ambiguous
-- fails
SELECT * FROM session_list('000000');
-- name: list_insert
INSERT INTO session_list(id, name, kind, target, cwd, started_at_ms, origin, label, meta)
VALUES('0000000000000000000000000Z', 'z', 'agent', '/bin/app', '/tmp', 9000, 'tmux', 'new',
  '{"a":1,"b":"text"}');
-- name: list_insert_defaults
INSERT INTO session_list(name) VALUES('z');
-- name: list_insert_rows
INSERT INTO session_list(id, name, started_at_ms) VALUES
 ('0000000000000000000000001A', 'n1', 9001),
 ('0000000000000000000000001B', 'n2', 9002),
 ('0000000000000000000000001C', 'n3', 9003);
-- name: list_insert_taken
-- fails
INSERT INTO session_list(id, name, started_at_ms) VALUES
 ('0000000000000000000000001A', 'n1', 9001),
 ('0000000000000000000000001B', 'm', 9002);
-- name: list_insert_taken_in_transaction
-- fails
BEGIN;
INSERT INTO session_list(id, name, started_at_ms) VALUES('0000000000000000000000001A', 'n1', 9001);
INSERT INTO session_list(id, name, label) VALUES('0000000000000000000000001B', 'n2', 'm');
COMMIT;
-- name: list_insert_or_ignore
INSERT OR IGNORE INTO session_list(id, name, started_at_ms) VALUES
 ('0000000000000000000000001A', 'n1', 9001),
 ('0000000000000000000000001B', 'm', 9002);
-- name: list_insert_bad_id
-- fails
INSERT INTO session_list(id) VALUES('not an id');
-- name: list_insert_auto_name
INSERT INTO session_list(id, target, started_at_ms) VALUES
 ('0000000000000000000000001A', '/bin/app', 9001),
 ('0000000000000000000000001B', '/bin/app', 9001);
-- name: list_insert_fork
INSERT INTO session_list(id, parent_id, forked_at, started_at_ms)
VALUES('0000000000000000000000001A', 'g', NULL, 9001);
-- name: list_update
UPDATE session_list SET name='m2', kind='k', cwd='/x', group_key='g', pid=5, host='h',
  app_version='v', source_url='u', origin='o', seen_at_ms=9000 WHERE id='0000000000000000000000000A';
-- name: list_update_all
UPDATE session_list SET seen_at_ms=9000;
-- name: list_update_taken
-- fails
UPDATE session_list SET name='same';
-- name: list_update_read_only
-- fails
UPDATE session_list SET head=5 WHERE name='m';
-- name: list_update_status
UPDATE session_list SET status='ended', ended_at_ms=9000 WHERE name='m';
-- name: list_update_paused
UPDATE session_list SET status='paused', pause_summary='wait', paused_at_ms=9000 WHERE name='m';
-- name: list_update_archived
UPDATE session_list SET archived=10 WHERE name='m';
-- name: list_delete_leaf
DELETE FROM session_list WHERE name='g';
-- name: list_delete_parent
DELETE FROM session_list WHERE name='m';
-- name: list_delete_chain
DELETE FROM session_list WHERE name IN ('m', 'f', 'g');
-- name: list_delete_all
DELETE FROM session_list;
-- name: list_delete_current
-- before: SELECT session_use('p');
-- fails
DELETE FROM session_list;
-- name: list_delete_in_transaction
BEGIN;
DELETE FROM session_list WHERE name='f';
SELECT count(*) FROM session_events WHERE ref='g';
DELETE FROM session_list WHERE name='g';
COMMIT;

-- name: start
SELECT length(session_start());
-- name: start_name
-- before: SELECT session_use('m');
SELECT length(session_start('z'));
SELECT name FROM session_list WHERE id>'01';
-- name: start_json
SELECT session_start('z', '{"id":"0000000000000000000000001A","target":"/nowhere/app","cwd":"/",
 "started_at_ms":9000,"meta":{"a":"b"},"label":"l","pid":1,"host":"h","kind":"\u0041gent"}');
-- name: start_taken
-- before: SELECT session_use('f');
-- fails
SELECT session_start('m');
-- name: start_bad_json
-- fails
SELECT session_start('z', '{"id":"0000000000000000000000001A","colour":"red"}');
-- name: start_bad_label
-- fails
SELECT session_start('z', '{"id":"0000000000000000000000001A","label":"m"}');
-- name: open_function
SELECT session_open('m');
SELECT length(session_open('z'));
-- name: find
SELECT session_find('m'), session_find('wip'), session_find('0000000000000000000000000b'),
  session_find('nobody');
-- name: find_ambiguous
-- fails
SELECT session_find('0000000');
-- name: end
SELECT session_end('m', 9000);
-- name: end_current
-- before: SELECT session_use('p');
SELECT session_end();
-- name: end_unknown
-- fails
SELECT session_end('nobody');
-- name: end_ambiguous
-- fails
SELECT session_end('0000000');
-- name: end_in_savepoint
SAVEPOINT s;
INSERT INTO app VALUES(1, 2);
SELECT session_end('f', 9000);
RELEASE s;
-- name: touch
SELECT session_touch('m', 9000);
-- name: touch_none
-- fails
SELECT session_touch();
-- name: label
SELECT session_label('g', 'wip');
SELECT session_label('g', 'fresh');
-- name: label_name
-- fails
SELECT session_label('g', 'm');
-- name: unlabel
SELECT session_unlabel('wip');
SELECT session_unlabel('wip');
-- name: promote
SELECT session_promote('f');
-- name: promote_none
-- fails
SELECT session_promote();
-- name: meta
SELECT session_meta('m', 'lang'), session_meta('m', 'nothing');
-- name: meta_set
SELECT session_meta('m', 'lang', 'sql');
SELECT session_meta('f', 'new', x'01');
-- name: meta_null
-- fails
SELECT session_meta('m', 'lang', NULL);
-- name: has_data
SELECT session_has_data('m'), session_has_data('x');
-- name: target_hash
SELECT session_target_hash('/nowhere/at/all'), session_target_hash('/') IS NULL;
-- name: target_file
SELECT session_target_hash('/bin/sh')<>'';
-- name: start_file
SELECT session_start('z', '{"id":"0000000000000000000000001A","target":"/bin/sh","cwd":"/./",
 "started_at_ms":9000,"pid":1,"host":"h"}');
-- name: group_key
SELECT session_group_key('/a', NULL), session_group_key('/a', 'h');
-- name: auto_name
SELECT session_auto_name('/bin/app', 1000), session_auto_name('', 1000);

-- name: labels_read
SELECT * FROM session_labels;
SELECT session_id FROM session_labels WHERE label='wip';
SELECT label FROM session_labels WHERE session_id='0000000000000000000000000A';
-- name: labels_insert
INSERT INTO session_labels(label, session_id, at_ms) VALUES('l1', 'g', 9000), ('wip', 'g', 9001);
-- name: labels_insert_fails
-- fails
INSERT INTO session_labels(label, session_id, at_ms) VALUES('l1', 'g', 9000), ('l2', 'nobody', 9001);
-- name: labels_update
UPDATE session_labels SET session_id='g', at_ms=9000 WHERE label='wip';
-- name: labels_update_all
UPDATE session_labels SET label=label||'-x';
-- name: labels_delete
DELETE FROM session_labels;
-- name: meta_read
SELECT * FROM session_meta;
SELECT value FROM session_meta WHERE session_id='0000000000000000000000000A' AND key='lang';
-- name: meta_insert
INSERT INTO session_meta(session_id, key, value) VALUES('m', 'lang', 'go'), ('f', 'k', 2.5);
-- name: meta_insert_fails
-- fails
INSERT INTO session_meta(session_id, key, value) VALUES('m', 'lang', 'go'), ('f', 'k', NULL);
-- name: meta_update
UPDATE session_meta SET value=value||'!' WHERE session_id='0000000000000000000000000A';
-- name: meta_delete
DELETE FROM session_meta WHERE key='lang';
-- name: artifacts_read
SELECT session_id, name, size FROM session_artifacts;
SELECT content FROM session_artifacts WHERE session_id='0000000000000000000000000A' AND name='screen';
-- name: list_ref_long
-- before: INSERT INTO session_list(name) VALUES('a name of more bytes than a cursor keeps in place');
SELECT ref, name FROM session_list('a name of more bytes than a cursor keeps in place');
-- name: artifacts_insert
INSERT INTO session_artifacts(session_id, name, at_ms, content)
VALUES('g', 'a', 9000, zeroblob(5000)), ('g', 'b', 9001, 'text');
-- name: artifacts_insert_taken
-- fails
INSERT INTO session_artifacts(session_id, name, at_ms, content)
VALUES('g', 'a', 9000, 'x'), ('m', 'screen', 9001, 'y');
-- name: artifacts_update
-- fails
UPDATE session_artifacts SET name='z' WHERE name='core';
-- name: artifacts_delete
DELETE FROM session_artifacts WHERE name='screen';
