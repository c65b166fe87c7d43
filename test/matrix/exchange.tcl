# exchange.tcl: a log for another processor to read.
#
#   tclsh exchange.tcl write FILE    make it: every id and time is given
#   tclsh exchange.tcl more FILE     go on in it
#   tclsh exchange.tcl read FILE     print what is seen in it and stored in it
#
# SESSIONLOG_SO names the extension.  See exchange() in lib.sh.

package require sqlite3
fconfigure stdout -encoding utf-8
lassign $argv what file
if {$what eq "write"} { file delete $file $file-wal $file-shm }
sqlite3 db $file
db enable_load_extension 1
db eval {SELECT load_extension($env(SESSIONLOG_SO))}

# Ordinals, times and reals of every size; blobs; text of several bytes a
# character; enough of it that blocks are made, and one event too large for one.
proc write {} {
  db eval {
    PRAGMA page_size=1024;
    BEGIN;
    INSERT INTO session_list(id, name, started_at_ms, status, kind, cwd,
        target_hash, pid, host, meta, label)
      VALUES('01ARZ3NDEKTSV4RRFFQ69G5FAV', 'root', 1000, 'active', 'k', '/d',
        '1:2', 2147483647, 'h', '{"a":1,"b":-2.5,"c":"ä"}', 'wip');
    WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM c WHERE i<300)
    INSERT INTO session_events(session_id, kind, at_ms, payload, key)
      SELECT 'root', 'k'||(i%5), 1000+i*1000003,
             CASE i%8 WHEN 0 THEN NULL WHEN 1 THEN (1<<(i%63))-i WHEN 2 THEN -i
               WHEN 3 THEN i/7.0 WHEN 4 THEN -1e300*i
               WHEN 5 THEN 'text äöü € '||i WHEN 6 THEN zeroblob(i%40)
               ELSE CAST('blob'||char(0)||i AS BLOB) END,
             CASE WHEN i%10=0 THEN 'key'||i END
        FROM c ORDER BY i;
    INSERT INTO session_events(session_id, kind, at_ms, payload)
      VALUES('root', 'large', 281474976710655, zeroblob(300000)),
            ('root', 'min', 0, -9223372036854775807-1),
            ('root', 'inf', 1, 9e999), ('root', 'ninf', 2, -9e999);
    INSERT INTO session_list(id, name, parent_id, forked_at, started_at_ms)
      VALUES('01ARZ3NDEKTSV4RRFFQ69G5FBB', 'child', 'root', 150, 2000);
    INSERT INTO session_events(session_id, kind, at_ms, payload)
      SELECT 'child', 'c', value, value*1.5 FROM json_each('[1,2,3,4,5,6,7]');
    INSERT INTO session_artifacts(session_id, name, at_ms, content)
      VALUES('root', 'raw', 5, x'00ff0102');
    INSERT INTO scope_entries(scope, layer, key, value, at_ms, source_step)
      VALUES('flow:x', 'store', 'k', 2.25, 6, 7), ('global', 'store', 'l', 'v', 8, NULL);
    COMMIT;
    SELECT session_pack('root');
    UPDATE session_list SET archived=40 WHERE ref='child';
  }
}

# Append to what the other side wrote, fork it, find a key again, repack.
proc more {} {
  db eval {
    INSERT INTO session_events(session_id, kind, at_ms, payload, key)
      VALUES('root', 'k0', 7, 'more', 'again'), ('root', 'k0', 8, 'more', 'again');
    INSERT INTO session_list(id, name, parent_id, forked_at, started_at_ms)
      VALUES('01ARZ3NDEKTSV4RRFFQ69G5FCC', 'third', 'child', NULL, 3000);
    INSERT INTO session_events(session_id, kind, at_ms, payload)
      SELECT 'third', 't', value, value FROM json_each('[1,2,3]');
    SELECT session_pack('child');
    SELECT session_end('third', 4000);
  }
}

proc show {sql} {
  puts "-- $sql"
  db eval $sql row {
    set line {}
    foreach c $row(*) { lappend line $row($c) }
    puts [join $line |]
  }
}

# The bits of a real: how many digits of it are right in text is SQLite's affair,
# and differs with what long double is.
proc bits {r} {
  binary scan [binary format Q $r] H* hex
  return $hex
}
db function bits bits
proc shown {column} {
  return "CASE typeof($column) WHEN 'real' THEN bits($column) ELSE quote($column) END"
}

# What is stored, then what is seen.
proc read {} {
  foreach t [db eval {SELECT name FROM sqlite_schema WHERE type='table'
      AND name LIKE 'sessionlog\_%' ESCAPE '\' ORDER BY 1}] {
    set cols {}
    foreach c [db eval {SELECT '"'||name||'"' FROM pragma_table_info($t)}] {
      lappend cols [shown $c]
    }
    show "SELECT [join $cols {, }] FROM $t ORDER BY 1, 2"
  }
  show {SELECT id, name, parent_id, forked_at, head, archived, n_events, status
          FROM session_list ORDER BY id}
  show "SELECT session_id, ordinal, kind, at_ms, key, origin_id, typeof(payload),
          length(payload), substr([shown payload], 1, 50) FROM session_events"
  show {SELECT ordinal, kind FROM events_archived('child')}
  show {SELECT line FROM session_export('child')}
  show {SELECT * FROM session_check()}
  show {SELECT * FROM scope_entries}
  show {SELECT * FROM session_tree('root')}
  show {PRAGMA integrity_check}
}

$what
db close
