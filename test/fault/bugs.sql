-- Functions with a bug each: the harness has to complain of every one.

-- name: leak
SELECT bug_leak();
-- name: ignore
SELECT bug_ignore();
-- name: code
SELECT bug_code();
-- name: half
SELECT bug_half();
-- name: unchecked
SELECT bug_unchecked();
-- name: freed
SELECT bug_freed();
-- name: overrun
SELECT bug_overrun();
-- name: none
SELECT hex('no bug');
INSERT INTO session_meta(session_id, key, value) VALUES('m', 'a', 'b');
