-- Events, forks, blocks and the archive.

-- name: events_read
SELECT * FROM session_events WHERE ref='g';
-- name: events_all
SELECT session_id, ordinal, payload FROM session_events;
-- name: events_session
SELECT ordinal, kind, payload FROM session_events
WHERE session_id='0000000000000000000000000B' AND ordinal BETWEEN 18 AND 24;
-- name: events_descending
SELECT ordinal, origin_id FROM session_events WHERE ref='f' ORDER BY ordinal DESC LIMIT 30;
-- name: events_key
SELECT ordinal FROM session_events WHERE ref='g' AND key='key-8';
-- name: events_kind
SELECT count(*), max(at_ms) FROM session_events WHERE kind='note' AND ref='m';
-- name: events_ambiguous
-- fails
SELECT * FROM session_events('000000');
-- name: events_insert
INSERT INTO session_events(ref, kind, payload, at_ms) VALUES('m', 'k', 'text', 9000);
-- name: events_insert_ambiguous
-- fails
INSERT INTO session_events(ref, kind) VALUES('000000', 'k');
-- name: events_insert_rows
INSERT INTO session_events(ref, kind, payload, at_ms) VALUES
 ('m', 'k', 'one', 9000), ('f', 'k', 2, 9001), ('m', 'k', x'03', 9002), ('g', 'k', NULL, 9003);
-- name: events_insert_current
-- before: SELECT session_use('g');
INSERT INTO session_events(kind, payload) VALUES('k', 1.5);
-- name: events_insert_large
INSERT INTO session_events(ref, kind, payload, at_ms) VALUES('m', 'k', zeroblob(70000), 9000);
-- name: events_insert_many
INSERT INTO session_events(ref, kind, payload, at_ms)
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i<200)
SELECT CASE i%3 WHEN 0 THEN 'm' WHEN 1 THEN 'f' ELSE 'g' END, 'k', 'event '||i, 9000+i FROM n;
-- name: events_insert_id
INSERT INTO session_events(ref, kind, payload, at_ms) VALUES('0000000000000000000000000B', 'k', 'text', 9000);
-- name: events_insert_sessions
INSERT INTO session_list(id, started_at_ms)
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i<60)
SELECT printf('1%025d', i), 9000 FROM n;
INSERT INTO session_events(ref, kind, payload, at_ms)
SELECT id, 'k', 'text', 9000 FROM session_list WHERE started_at_ms=9000;
-- name: events_insert_unknown
-- fails
INSERT INTO session_events(ref, kind, payload, at_ms) VALUES('m', 'k', 1, 9000), ('nobody', 'k', 2, 9001);
-- name: events_insert_no_kind
-- fails
INSERT INTO session_events(ref, payload) VALUES('m', 1);
-- name: events_insert_ordinal
INSERT INTO session_events(ref, ordinal, kind, payload, at_ms) VALUES('m', 25, 'k', 1, 9000), ('m', 26, 'k', 2, 9001);
-- name: events_insert_wrong_ordinal
-- fails
INSERT INTO session_events(ref, ordinal, kind, payload, at_ms) VALUES('m', 25, 'k', 1, 9000), ('m', 25, 'k', 2, 9001);
-- name: events_insert_or_ignore
INSERT OR IGNORE INTO session_events(ref, ordinal, kind, payload, at_ms) VALUES
 ('m', 25, 'k', 1, 9000), ('m', 25, 'k', 2, 9001), ('m', 26, 'k', 3, 9002);
-- name: events_insert_key
INSERT INTO session_events(ref, kind, payload, at_ms, key) VALUES
 ('m', 'k', 1, 9000, 'new'), ('m', 'k', 1, 9001, 'new'), ('g', 'message', 'fork 3', 2003, 'fork-key');
-- name: events_insert_key_taken
-- fails
INSERT INTO session_events(ref, kind, payload, at_ms, key) VALUES
 ('m', 'k', 1, 9000, 'new'), ('m', 'k', 2, 9001, 'key-8');
-- name: events_insert_in_transaction
BEGIN;
INSERT INTO session_events(ref, kind, payload, at_ms) VALUES('m', 'k', 1, 9000);
INSERT INTO session_events(ref, kind, payload, at_ms) VALUES('m', 'k', 2, 9001);
SELECT session_head('m');
SAVEPOINT s;
INSERT INTO session_events(ref, kind, payload, at_ms) VALUES('f', 'k', 3, 9002);
INSERT INTO session_events(ref, kind, payload, at_ms) VALUES('m', 'k', 4, 9003);
ROLLBACK TO s;
INSERT INTO session_events(ref, kind, payload, at_ms) VALUES('m', 'k', 5, 9004);
SELECT ordinal, payload FROM events_since('m', 24);
COMMIT;
-- name: events_insert_rolled_back
BEGIN;
INSERT INTO session_events(ref, kind, payload, at_ms) VALUES('m', 'k', 1, 9000);
INSERT INTO session_events(ref, kind, payload, at_ms) VALUES('m', 'k', 2, 9001);
ROLLBACK;
INSERT INTO session_events(ref, kind, payload, at_ms) VALUES('m', 'k', 3, 9002);
-- name: events_insert_fails_in_transaction
-- fails
BEGIN;
INSERT INTO session_events(ref, kind, payload, at_ms) VALUES('m', 'k', 1, 9000);
INSERT INTO session_events(ref, ordinal, kind, payload) VALUES('m', 7, 'k', 2);
INSERT INTO session_events(ref, kind, payload, at_ms) VALUES('m', 'k', 3, 9002);
COMMIT;
-- name: events_insert_trigger
-- before: CREATE TRIGGER log AFTER INSERT ON app BEGIN INSERT INTO session_events(ref, kind, payload, at_ms) VALUES('m', 'app', NEW.a, 9000); INSERT INTO session_events(ref, kind, payload, at_ms) VALUES('f', 'app', NEW.b, 9001); END;
INSERT INTO app VALUES(1, 'one'), (2, 'two');
-- name: events_insert_trigger_fails
-- before: CREATE TRIGGER log AFTER INSERT ON app BEGIN INSERT INTO session_events(ref, kind, payload, at_ms) VALUES(NEW.b, 'app', NEW.a, 9000); END;
-- fails
INSERT INTO app VALUES(1, 'm'), (2, 'nobody');
-- name: events_insert_select
INSERT INTO session_events(ref, kind, payload, at_ms)
SELECT 'e', kind, payload, 9000 FROM session_events WHERE ref='g' AND ordinal>15;
-- name: events_update
-- fails
UPDATE session_events SET payload=1 WHERE ref='m';
-- name: events_delete
-- fails
DELETE FROM session_events WHERE ref='m';

-- name: append
SELECT session_append('m', 'k', 'text', 9000);
-- name: append_warm
-- before: SELECT session_append('m', 'k', 'first', 9000);
SELECT session_append('m', 'k', 'second', 9001);
-- name: append_many
BEGIN;
SELECT session_append('m', 'k', 'one', 9000);
SELECT session_append('m', 'k', 'two', 9001, 'a-key');
SELECT session_append('m', 'k', 'two', 9001, 'a-key');
SELECT session_append('f', 'k', 'three', 9002);
COMMIT;
-- name: append_key
SELECT session_append('f', 'message', 'fork 3', 1, 'fork-key');
SELECT session_append('m', 'k', 1, 9000, 'new');
-- name: append_key_taken
-- fails
SELECT session_append('f', 'message', 'other', 1020, 'key-20');
-- name: append_unknown
-- fails
SELECT session_append('nobody', 'k', 1);
-- name: append_bad_time
-- fails
SELECT session_append('m', 'k', 1, 'soon');
-- name: append_json
SELECT session_append_json('m', '[{"kind":"k","payload":{"a":[1,2,"\u00e9"]},"at_ms":9000},
 {"kind":"k","payload":"text","key":"j1","at_ms":9001},{"kind":"k","payload":true,"at_ms":9002},
 {"kind":"k","payload":null,"at_ms":"9003"},{"kind":"k","payload":1.5,"at_ms":9004}]');
-- name: append_json_fails
-- fails
SELECT session_append_json('m', '[{"kind":"k","payload":1},{"payload":2}]');
-- name: append_json_fails_in_transaction
-- fails
BEGIN;
SELECT session_append('m', 'k', 'one', 9000);
SELECT session_append_json('m', '[{"kind":"k","payload":1},{"kind":"k","payload":2,"key":"key-8"}]');
COMMIT;
-- name: append_json_empty
SELECT session_append_json('m', '[]');
-- name: head
SELECT session_head('m'), session_head('g'), session_head('x');
-- name: head_none
-- fails
SELECT session_head();
-- name: since
SELECT * FROM events_since('g', 15, 12);
-- name: since_past
SELECT * FROM events_since('g', 99);
-- name: tail
SELECT ordinal, payload FROM events_tail('f', 5);
-- name: tail_all
SELECT count(*) FROM events_tail('g', NULL);
-- name: archived
SELECT ordinal, payload FROM events_archived('a');
-- name: archived_range
SELECT ordinal FROM events_archived('a', 2, 4);
-- name: nested_read
SELECT l.name, (SELECT count(*) FROM events_since(l.id, 0)) FROM session_list l;

-- name: nested_blocks
SELECT count(*), max(a.payload), max(e.payload)
  FROM session_events a, session_events e WHERE a.ref='a' AND e.ref='e';

-- name: fork
SELECT length(session_fork('m'));
-- name: fork_current
-- before: SELECT session_use('m');
SELECT length(session_fork());
SELECT parent_id, forked_at FROM session_list WHERE id>'01';
-- name: fork_at
SELECT length(session_fork('g', 25, 'h'));
-- name: fork_past
-- fails
SELECT session_fork('m', 99);
-- name: fork_taken
-- fails
SELECT session_fork('m', 5, 'f');
-- name: common
SELECT session_common('m', 'g'), session_common('m', 'e'), session_common('f', 'g');
-- name: ancestors
SELECT * FROM session_ancestors('g');
-- name: tree
SELECT * FROM session_tree('m');
-- name: tree_all
SELECT line FROM session_tree;
-- name: common_unknown
-- fails
SELECT session_common('m', 'nobody');

-- name: pack
SELECT session_pack('m');
SELECT count(*), total(length(payload)) FROM session_events WHERE ref='f';
-- name: pack_ended
SELECT session_pack('e');
-- name: pack_more
-- before: INSERT INTO session_events(ref, kind, payload, at_ms, key) WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i<150) SELECT 'm', 'k'||i%5, 'event '||i, 9000+i, 'n'||i FROM n;
SELECT session_pack('m');
-- name: pack_in_transaction
BEGIN;
INSERT INTO session_events(ref, kind, payload, at_ms) VALUES('m', 'k', 1, 9000);
SELECT session_pack('m');
INSERT INTO session_events(ref, kind, payload, at_ms) VALUES('m', 'k', 2, 9001);
COMMIT;
-- name: pack_unknown
-- fails
SELECT session_pack('nobody');
-- name: archive
SELECT session_archive('m', 22);
SELECT ordinal FROM session_events WHERE ref='m';
-- name: archive_past
SELECT session_archive('f', 1000);
INSERT INTO session_events(ref, kind, payload, at_ms) VALUES('f', 'k', 1, 9000);
-- name: archive_null
-- fails
SELECT session_archive('m', NULL);
-- name: damaged_block
-- before: INSERT INTO sessionlog_block(key, n_events, last_at_ms, data) VALUES((7<<32)+1, 3, 1, x'0102030405060708090a');
-- damaged
-- fails
SELECT * FROM session_events('x');
-- name: damaged_schema
-- before: DROP TRIGGER sessionlog_event_update;
-- damaged
-- fails
INSERT INTO session_events(ref, kind, payload, at_ms) VALUES('m', 'k', 1, 9000);
