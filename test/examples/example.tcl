package require sqlite3
sqlite3 db app.db
db enable_load_extension 1
db eval {SELECT load_extension('./build/sessionlog')}
db enable_load_extension 0

set name fix-login
db transaction {
  db eval {INSERT INTO session_list(name) VALUES($name)}
  foreach {kind payload} {
    user      {Login fails with an empty password}
    tool      {{"cmd":"make test","exit":2}}
    assistant {The length is not tested in auth.c}
  } {
    db eval {INSERT INTO session_events(session_id, kind, payload)
             VALUES($name, $kind, $payload)}
  }
  db eval {SELECT session_fork($name, 2, 'other-way')}
}

set cursor 1
db eval {SELECT ordinal, kind, payload FROM events_since($name, $cursor)} {
  puts "$ordinal $kind $payload"
}
db eval {SELECT line FROM session_tree($name)} { puts $line }
