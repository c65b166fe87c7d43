-- The database that the scenarios start from. Ids begin with 00 and all times
-- are given, so that it is the same each time it is made; ULIDs and times of
-- the day are masked by the harness.

-- m: the main session, 24 events, every type of payload; f forks it at 20,
-- g forks f; t belongs to another tenant.
INSERT INTO session_list(id, name, target, cwd, started_at_ms, created_by, meta)
VALUES('0000000000000000000000000A', 'm', '/bin/app', '/home/u', 1000, 'user',
  '{"lang":"c","n":5}');
INSERT INTO session_events(ref, kind, payload, at_ms, key)
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i<24)
SELECT 'm', CASE i%3 WHEN 0 THEN 'note' ELSE 'message' END,
  CASE i%6 WHEN 0 THEN NULL WHEN 1 THEN 'text '||i WHEN 2 THEN i*1000
    WHEN 3 THEN i+0.5 WHEN 4 THEN zeroblob(i)
    ELSE printf('{"role":"user","text":"%.*c"}', i*20, 'x') END,
  1000+i, CASE WHEN i%4=0 THEN 'key-'||i END
FROM n;
INSERT INTO session_list(id, name, parent_id, forked_at, started_at_ms)
VALUES('0000000000000000000000000B', 'f', 'm', 20, 2000);
INSERT INTO session_events(ref, kind, payload, at_ms, key)
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i<18)
SELECT 'f', 'message', 'fork '||i, 2000+i, CASE WHEN i=3 THEN 'fork-key' END
FROM n;
INSERT INTO session_list(id, name, parent_id, forked_at, started_at_ms)
VALUES('0000000000000000000000000C', 'g', 'f', 30, 3000);
INSERT INTO session_events(ref, kind, payload, at_ms) VALUES
  ('g', 'message', 'one', 3001), ('g', 'message', 'two', 3002);

-- e has ended, p is paused, a is archived in part, x and y came from tmux.
INSERT INTO session_list(id, name, started_at_ms)
VALUES('0000000000000000000000000E', 'e', 4000);
INSERT INTO session_events(ref, kind, payload, at_ms) VALUES
  ('e', 'message', 'last words', 4001);
SELECT session_end('e', 4100);
INSERT INTO session_list(id, name, started_at_ms)
VALUES('0000000000000000000000000F', 'p', 5000);
SELECT session_append('p', 'message', 'before the  pause', 5001);
SELECT session_pause('p', 'a note', 5002);
INSERT INTO session_list(id, name, started_at_ms, created_by)
VALUES('0000000000000000000000000G', 'a', 6000, 'user');
INSERT INTO session_events(ref, kind, payload, at_ms)
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i<8)
SELECT 'a', 'message', 'archive '||i, 6000+i FROM n;
SELECT session_archive('a', 5);
INSERT INTO session_list(id, name, origin, started_at_ms, seen_at_ms)
VALUES('0000000000000000000000000X', 'x', 'tmux', 7000, 7001),
      ('0000000000000000000000000Y', 'y', 'tmux', 7100, 7101);

INSERT INTO session_labels(label, session_id, at_ms)
VALUES('wip', 'm', 1100), ('base', 'm', 1101), ('try', 'f', 2100);
INSERT INTO session_artifacts(session_id, name, at_ms, content)
VALUES('m', 'screen', 1200, 'raw capture'), ('m', 'core', 1201, x'00ff'),
      ('f', 'screen', 2200, 'another');
INSERT INTO scope_entries(scope, key, value, at_ms, source_step)
VALUES('global', 'k1', 'value one', 100, 's1'), ('global', 'k2', 7, 101, NULL),
      ('flow:a', 'k1', x'0102', 102, NULL);

SELECT session_tenant('other');
INSERT INTO session_list(id, name, started_at_ms)
VALUES('0000000000000000000000000T', 'm', 8000);
INSERT INTO session_events(ref, kind, payload, at_ms) VALUES
  ('m', 'message', 'of another tenant', 8001);
INSERT INTO session_labels(label, session_id, at_ms) VALUES('wip', 'm', 8002);
SELECT session_tenant('default');
