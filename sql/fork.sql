-- How sessions descend from each other.

-- name: fork_kin
-- A session by its integer, living or removed. Columns as tree_kin.
SELECT key, id, name, parent, forked_at, archived
  FROM $db.sessionlog_session WHERE key=?1

-- name: tree_kin
-- A living session of the tenant. parent_id is known of a removed one too.
SELECT key, id, name, parent, forked_at, archived, status,
       (SELECT id FROM $db.sessionlog_session AS p WHERE p.key=s.parent)
  FROM $db.sessionlog_session AS s
 WHERE key=?1 AND tenant=?2 AND kept IS NULL

-- name: tree_roots
-- The tenant's living sessions that no living session is the parent of.
SELECT key FROM $db.sessionlog_session AS s
 WHERE tenant=?1 AND kept IS NULL AND key<=?2
   AND NOT EXISTS(SELECT 1 FROM $db.sessionlog_session AS p
                   WHERE p.key=s.parent AND p.kept IS NULL)
 ORDER BY id

-- name: tree_children
-- A session's living forks, last first, of its own tenant: that of the
-- connection may have changed since the walk began.
SELECT key FROM $db.sessionlog_session
 WHERE parent=?1 AND kept IS NULL AND key<=?2
   AND tenant=(SELECT tenant FROM $db.sessionlog_session WHERE key=?1)
 ORDER BY forked_at DESC, id DESC
