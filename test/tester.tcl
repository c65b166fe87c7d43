# tester.tcl: what every test file sources first.
#
#   source [file join [file dirname [info script]] tester.tcl]
#   sl_open
#   do_execsql_test append-1.0 {
#     SELECT session_start('a') IS NOT NULL
#   } {1}
#   finish_test
#
# A file is run by run.tcl in a process of its own, or by hand:
# tclsh test/NAME.test, after `make test` has built what it needs.  It is read
# as UTF-8 in any locale.
#
# Databases
#   sl_open ?HANDLE? ?FILE? ?OPTION VALUE...?
#                          open FILE (":memory:") as HANDLE (db) and load
#                          sessionlog; a name without a directory is in the
#                          directory of temporary files, "" is a new file
#                          there; the options are those of [sqlite3]
#   sl_raw ...             the same without sessionlog
#   sl_close ?HANDLE?      close it if it is open
#   load_helper HANDLE NAME   load build/test/NAME.so
#   sl_dump ?HANDLE? ?SCHEMA?   every row of the stored tables, a line each, in
#                          order of the primary keys
#   helper NAME            path of the program build/test/NAME, or of the one in
#                          the directory SESSIONLOG_BIN (make sanitize)
#   tempfile NAME          path of a temporary file
#   forcedelete FILE...    delete databases with their -wal, -shm, -journal
#
# Tests.  An expected value /RE/ matches a regular expression, ~/RE/ must not
# match; any other is compared as it is, or as a list where lists are said.
#   do_test NAME SCRIPT EXPECTED
#   do_execsql_test ?-db H? NAME SQL ?EXPECTED?      the rows as one flat list
#   do_catchsql_test ?-db H? NAME SQL {RC MESSAGE}   RC: 0 with rows, 1 error
#   do_error_test ?-db H? NAME SQL CODE MESSAGE      CODE: SQLITE_CONSTRAINT...
#   do_eqp_test ?-db H? NAME SQL TEXT    TEXT is somewhere in the query plan
#   do_walk_test NAME {HANDLE SQL EXPECTED...}   one after another: steps NAME.1,
#                          NAME.2... on several connections; an error is
#                          expected as {error: MESSAGE}
#   do_exec_test NAME COMMAND OUTPUT ?STATUS?   a shell command, its stdout
#                          and stderr (trimmed) and its exit status (0)
#   sl_errorcode ?HANDLE?  name of the last result code
#   quoted WORD...         the words as a shell takes them, any character in them
#   dot_load ?SO?          the sqlite3 shell's line that loads the extension
#   skip REASON            count a test as skipped
#   since_sqlite V A B     A, or B where SQLite is older than version V
#   at_end SCRIPT          run this when the file ends, however it does
#   count NAME N           of what there were N more; printed for soak.tcl
#   finish_test            must be called last
# SQL may use the caller's variables as $name, :name or @name.
#
# With SESSIONLOG_STOP set a file ends at the first test that fails.

# Without a UTF-8 locale Tcl would have read the file as Latin 1: again.
if {[encoding system] ne "utf-8"} {
  encoding system utf-8
  foreach c {stdout stderr} { fconfigure $c -encoding utf-8 }
  source -encoding utf-8 $argv0
  exit
}

package require sqlite3
# So that Tcl's error messages, on stderr, come after what was printed before.
fconfigure stdout -buffering line

namespace eval sl {
  variable root [file dirname [file dirname [file normalize [info script]]]]
  variable name [file rootname [file tail $argv0]]
  variable pass 0
  variable fail 0
  variable skip 0
  variable handles {}   ;# every handle opened by sl_open or sl_raw
  variable nTemp 0
  variable so
  variable bin [file join $root build test]
  variable tmp
  variable memory       ;# sqlite3_memory_used() before the first test
  variable finished 0
  variable atEnd {}     ;# see [at_end]
  variable begun        ;# by name: see [sl::begins]
  array set begun {}
  variable counts       ;# by name, see [count]
  array set counts {}
}

proc sl::init {} {
  variable root; variable so; variable bin; variable tmp; variable memory
  variable name
  global env
  set so [file join $root build sessionlog.so]
  if {[info exists env(SESSIONLOG_SO)]} {
    set so [file normalize $env(SESSIONLOG_SO)]
  }
  set top /tmp
  foreach v {TMPDIR SESSIONLOG_TMP} {
    if {[info exists env($v)] && $env($v) ne ""} { set top $env($v) }
  }
  set tmp [file normalize [file join $top sessionlog-$name-[pid]]]
  file delete -force $tmp
  file mkdir $tmp
  # Open to the end, and never written: it stays the same size.
  sqlite3 ::sl::probe :memory:
  load_helper ::sl::probe ext_probe
  sl::memory
  set memory [sl::memory]
}

proc sl::memory {} { ::sl::probe one {SELECT probe_memory_used()} }

# ------------------------------------------------------------------ databases

proc sl_raw {{handle db} {file :memory:} args} {
  sl_close $handle
  if {$file eq ""} {
    set file [tempfile unnamed[incr sl::nTemp].db]
  } elseif {$file ne ":memory:" && ![string match file:* $file]
            && [file tail $file] eq $file} {
    set file [tempfile $file]
  }
  if {[string match file:* $file]} { lappend args -uri 1 }
  uplevel #0 [list sqlite3 $handle $file {*}$args]
  if {$handle ni $sl::handles} { lappend sl::handles $handle }
  return $handle
}

proc sl_open {{handle db} {file :memory:} args} {
  sl_raw $handle $file {*}$args
  sl::load $handle $sl::so
  return $handle
}

proc sl_close {{handle db}} {
  if {[llength [info commands ::$handle]]} { ::$handle close }
}

proc sl::load {handle so} {
  uplevel #0 [list $handle enable_load_extension 1]
  uplevel #0 [list $handle onecolumn "SELECT load_extension('[
    string map {' ''} $so]')"]
  uplevel #0 [list $handle enable_load_extension 0]
}

# Values are shown by quote(), so that types and bytes count.
proc sl_dump {{handle db} {schema main}} {
  set out {}
  foreach t [::$handle eval "SELECT name FROM \"$schema\".sqlite_schema
      WHERE type='table' AND name LIKE 'sessionlog\\_%' ESCAPE '\\' ORDER BY 1"] {
    set cols [::$handle eval {
      SELECT name FROM pragma_table_info($t, $schema) ORDER BY cid}]
    set pk [::$handle eval {
      SELECT name FROM pragma_table_info($t, $schema) WHERE pk ORDER BY pk}]
    ::$handle eval "SELECT '$t '||quote([join $cols ")||' '||quote("]) AS line
                      FROM \"$schema\".$t ORDER BY [join $pk ,]" row {
      lappend out $row(line)
    }
  }
  return [join $out \n]
}

proc load_helper {handle name} {
  sl::load $handle [file join $sl::bin $name.so]
}
proc helper {name} {
  global env
  if {[info exists env(SESSIONLOG_BIN)]} {
    set f [file join $env(SESSIONLOG_BIN) $name]
    if {[file exists $f]} { return $f }
  }
  return [file join $sl::bin $name]
}
proc tempfile {name} { file join $sl::tmp $name }

proc forcedelete {args} {
  foreach f $args {
    foreach end {{} -journal -wal -shm} { file delete -force $f$end }
  }
}

# ---------------------------------------------------------------------- tests

proc sl::passed {} { incr sl::pass }

# A test begins: no two of a file have the same name.
proc sl::begins {test} {
  if {[info exists sl::begun($test)]} { error "two tests have the name $test" }
  set sl::begun($test) 1
}

proc sl::failed {test expected got} {
  incr sl::fail
  puts "! $test"
  puts "  expected: $expected"
  puts "  got:      $got"
  if {[info exists ::env(SESSIONLOG_STOP)]} {
    set sl::finished 1
    ::exit 1
  }
}

# Is it /RE/ or ~/RE/?
proc sl::is_pattern {expected} { regexp {^~?/.*/$} $expected }

proc sl::matches {expected got} {
  if {[regexp {^~/(.*)/$} $expected -> re]} { return [expr {![regexp $re $got]}] }
  if {[regexp {^/(.*)/$} $expected -> re]} { return [regexp $re $got] }
  return [expr {$expected eq $got}]
}

proc sl::check {test expected got} {
  if {[sl::matches $expected $got]} {
    sl::passed
  } else {
    sl::failed $test $expected $got
  }
}

# The same list, however it was laid out in the source.
proc sl::normal {list} {
  if {[sl::is_pattern $list] || ![string is list $list]} { return $list }
  return [list {*}$list]
}

# Take -db HANDLE from the front of a test's arguments.
proc sl::pick_db {argsVar n usage} {
  upvar 1 $argsVar args
  set h db
  if {[lindex $args 0] eq "-db"} {
    set h [lindex $args 1]
    set args [lrange $args 2 end]
  }
  if {[llength $args] ni $n} { error "usage: $usage" }
  return ::$h
}

proc do_test {test script expected} {
  sl::begins $test
  if {[catch {uplevel 1 $script} got]} { set got "error: $got" }
  sl::check $test $expected $got
}

proc do_execsql_test {args} {
  set h [sl::pick_db args {2 3} "do_execsql_test ?-db H? name sql ?expected?"]
  lassign $args test sql expected
  sl::begins $test
  if {[catch {uplevel 1 [list $h eval $sql]} got]} { set got "error: $got" }
  sl::check $test [sl::normal $expected] $got
}

proc do_catchsql_test {args} {
  set h [sl::pick_db args 3 "do_catchsql_test ?-db H? name sql {rc message}"]
  lassign $args test sql expected
  sl::begins $test
  set rc [catch {uplevel 1 [list $h eval $sql]} got]
  # The message alone may be a pattern too: {1 /no such/}
  if {![sl::is_pattern $expected]} {
    if {![string is list $expected] || [llength $expected] != 2} {
      error "$test: expected value must be {rc message}"
    }
    lassign $expected wantRc want
    if {!$wantRc} { set want [sl::normal $want] }
    if {$rc == $wantRc && [sl::matches $want $got]} {
      sl::passed
    } else {
      sl::failed $test [list $wantRc $want] [list $rc $got]
    }
    return
  }
  sl::check $test $expected [list $rc $got]
}

array set sl::code {
  0 OK 1 ERROR 2 INTERNAL 3 PERM 4 ABORT 5 BUSY 6 LOCKED 7 NOMEM 8 READONLY
  9 INTERRUPT 10 IOERR 11 CORRUPT 12 NOTFOUND 13 FULL 14 CANTOPEN 15 PROTOCOL
  16 EMPTY 17 SCHEMA 18 TOOBIG 19 CONSTRAINT 20 MISMATCH 21 MISUSE 22 NOLFS
  23 AUTH 24 FORMAT 25 RANGE 26 NOTADB
}

# Name of HANDLE's last result code, without what an extended code adds.
proc sl_errorcode {{handle db}} {
  set n [expr {[::[string trimleft $handle :] errorcode] & 255}]
  if {[info exists sl::code($n)]} { return SQLITE_$sl::code($n) }
  return $n
}

proc do_error_test {args} {
  set h [sl::pick_db args 4 "do_error_test ?-db H? name sql code message"]
  lassign $args test sql code want
  sl::begins $test
  if {![catch {uplevel 1 [list $h eval $sql]} got]} {
    sl::failed $test [list $code $want] "no error: $got"
    return
  }
  set gotCode [sl_errorcode $h]
  if {$code eq $gotCode && [sl::matches $want $got]} {
    sl::passed
  } else {
    sl::failed $test [list $code $want] [list $gotCode $got]
  }
}

proc do_eqp_test {args} {
  set h [sl::pick_db args 3 "do_eqp_test ?-db H? name sql text"]
  lassign $args test sql want
  sl::begins $test
  if {[catch {uplevel 1 [list $h eval "EXPLAIN QUERY PLAN $sql"]} rows]} {
    set plan "error: $rows"
  } else {
    set plan {}
    foreach {id parent notUsed detail} $rows { lappend plan $detail }
    set plan [join $plan \n]
  }
  if {[sl::is_pattern $want] ? [sl::matches $want $plan]
      : [string first $want $plan] >= 0} {
    sl::passed
  } else {
    sl::failed $test $want $plan
  }
}

proc do_walk_test {test steps} {
  set n 0
  foreach {h sql expected} $steps {
    uplevel 1 [list do_execsql_test -db $h $test.[incr n] $sql $expected]
  }
}

proc do_exec_test {test command expected {status 0}} {
  sl::begins $test
  set got [string trim [sl::sh $command rc]]
  if {$rc != $status} {
    sl::failed $test "$expected (exit status $status)" "$got (exit status $rc)"
  } else {
    sl::check $test $expected $got
  }
}

# Run a shell command; its output is the result, its status is left in rcVar
# (a signal's name where one ended it).
proc sl::sh {command rcVar} {
  upvar 1 $rcVar rc
  set rc 0
  if {[catch {exec -keepnewline sh -c $command </dev/null 2>@1} out opt]} {
    set why [dict get $opt -errorcode]
    set rc [lindex $why 2]
    # Tcl adds a line of its own.
    regsub {\n?child (process exited abnormally|killed:[^\n]*)\n?$} $out {} out
  }
  return $out
}

proc quoted {args} {
  join [lmap w $args { string cat ' [string map {' '\\''} $w] ' }]
}

proc dot_load {{so ""}} {
  if {$so eq ""} { set so $sl::so }
  return ".load \"[string map {\\ \\\\ \" \\\"} $so]\""
}

proc since_sqlite {version expected before} {
  expr {[package vcompare [sqlite3 -version] $version]>=0 ? $expected : $before}
}

proc skip {reason} {
  incr sl::skip
  puts "- skipped: $reason"
}

proc at_end {script} { set sl::atEnd $script }

proc count {name n} { incr sl::counts($name) $n }

# Close everything, look for leaks, print the count, end.
proc finish_test {} {
  foreach h $sl::handles { sl_close $h }
  set leak [expr {[sl::memory] - $sl::memory}]
  if {$leak != 0} {
    sl::failed memory "sqlite3_memory_used() as at the start" \
      "$leak bytes more (or a handle opened with \[sqlite3\] still open)"
  }
  ::sl::probe close
  set sl::finished 1
  exit
}

# Tcl's own end of a script, also after an error, comes by here as well.
rename exit sl::exit
proc exit {{status 0}} {
  if {!$sl::finished} {
    incr sl::fail
    puts "! $sl::name: died, or ended without finish_test"
  }
  if {[catch {uplevel #0 $sl::atEnd} why]} {
    incr sl::fail
    puts "! $sl::name: at the end: $why"
  }
  if {[info exists ::env(SESSIONLOG_SOAK)]} {
    foreach c [lsort [array names sl::counts]] {
      puts "count $c $sl::counts($c)"
    }
  }
  puts "$sl::name: $sl::pass passed, $sl::fail failed, $sl::skip skipped"
  cd /
  file delete -force $sl::tmp
  sl::exit [expr {$sl::fail > 0 ? 1 : $status}]
}

sl::init
