-- Identifiers, opening, and the connection's place.

-- name: open
-- open
SELECT count(*), length(ulid()) FROM session_list;
-- name: open_write
-- open
INSERT INTO session_events(ref, kind, payload, at_ms) VALUES('m', 'k', 1, 9000);
-- name: open_empty
-- open
-- empty
SELECT session_init();
-- name: ulid
SELECT length(ulid()), ulid(5000) LIKE '00000004W8%';
-- name: ulid_forms
SELECT ulid_ms('00000004W80000000000000000'), ulid_text(zeroblob(16)),
  ulid_blob('00000004W8000000000000000Z'), ulid_uuid('00000004W8000000000000000Z'),
  ulid_text('00000000-0000-0000-0000-000000000001'), ulid_text('nothing');
-- name: ulid_range
-- fails
SELECT ulid(-1);
-- name: version
SELECT sessionlog_version(), length(sessionlog_source_id());

-- name: current
-- null
-- before: SELECT session_use('m');
SELECT session_current();
-- name: use
SELECT session_use('f');
-- name: use_null
-- before: SELECT session_use('m');
SELECT session_use(NULL);
-- name: use_unknown
-- before: SELECT session_use('m');
-- fails
SELECT session_use('nobody');
-- name: tenant
-- before: SELECT session_use('m');
SELECT session_tenant('other');
SELECT name, head FROM session_list;
-- name: tenant_lock
SELECT session_tenant('other', 1);
-- name: tenant_locked
-- before: SELECT session_tenant('other', 1);
-- fails
SELECT session_tenant('default');
-- name: schema
-- before: SELECT session_use('m');
-- aux
SELECT session_schema('aux');
SELECT session_append('m', 'k', 'there', 9000);
-- name: schema_unknown
-- fails
SELECT session_schema('nowhere');
-- name: schema_column
-- aux
INSERT INTO session_events(schema, ref, kind, payload, at_ms)
VALUES('aux', 'm', 'k', 'one', 9000), ('aux', 'f', 'k', 'two', 9001);
-- name: schema_column_fails
-- aux
-- fails
INSERT INTO session_events(schema, ref, kind, payload, at_ms)
VALUES('aux', 'm', 'k', 'one', 9000), ('aux', 'nobody', 'k', 'two', 9001);
-- name: schema_both
-- aux
BEGIN;
INSERT INTO session_events(schema, ref, kind, payload, at_ms) VALUES('aux', 'm', 'k', 1, 9000);
INSERT INTO session_events(ref, kind, payload, at_ms) VALUES('m', 'k', 2, 9001);
COMMIT;
-- name: schema_empty
-- aux
-- empty
SELECT session_schema('aux');
SELECT session_init();
-- name: init
SELECT session_init(), session_schema_version();
-- name: init_empty
-- empty
SELECT session_init();
-- name: init_in_transaction
-- empty
BEGIN;
INSERT INTO app VALUES(1, 2);
SELECT session_init();
COMMIT;
-- name: newer
-- before: UPDATE sessionlog_config SET value=2 WHERE name='schema_version';
-- damaged
-- fails
SELECT session_schema_version();
SELECT * FROM session_list;
SELECT session_init();
-- name: read_empty
-- empty
SELECT session_schema_version(), session_find('x'), session_writes();
SELECT * FROM session_list;
SELECT * FROM session_events;
-- name: first_write
-- empty
INSERT INTO session_list(id, name, started_at_ms) VALUES('0000000000000000000000000Z', 'z', 1);
-- name: first_write_fails
-- empty
-- fails
INSERT INTO session_events(ref, kind, payload) VALUES('nobody', 'k', 1);
-- name: first_write_rolled_back
-- empty
BEGIN;
SELECT session_start('z') IS NOT NULL;
ROLLBACK;
SELECT count(*) FROM session_list;
-- name: writes
SELECT session_writes('dml');
BEGIN;
SELECT session_writes('explicit');
INSERT INTO session_events(ref, kind, payload, at_ms) VALUES('m', 'k', 1, 9000);
COMMIT;
SELECT session_writes();
-- name: writes_dml
-- before: SELECT session_writes('dml');
-- fails
SELECT session_append('m', 'k', 1);
-- name: writes_dml_itself
-- before: SELECT session_writes('dml');
-- fails
SELECT session_writes('any');
-- name: writes_explicit
-- before: SELECT session_writes('explicit');
-- fails
INSERT INTO session_events(ref, kind, payload) VALUES('m', 'k', 1);
-- name: writes_unknown
-- fails
SELECT session_writes('never');
