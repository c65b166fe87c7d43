# soak.tcl: the long forms of the random and of the fault tests.
#
#   make soak MINUTES=n            every form, n minutes (10) over them all
#   make soak MINUTES=n FORM=name  the forms that match name (* and ?)
#   make soak ... SEED=n JOBS=n    the first seed (the clock), and how many
#                                  rounds of a form run at a time (1)
#
# A form is a row of the table below: a name and a script that gets its part
# of the minutes.  The script starts programs, most often test files, by
#
#   rounds COMMAND...   again and again until the time is used, each time with
#                       another seed
#   run COMMAND...      once; the program takes as long as it is given
#
# What is started finds its orders in the environment, so that a test file is
# a form too when it looks at them:
#
#   SESSIONLOG_SOAK     1
#   SESSIONLOG_SEED     1 .. 2^31-1
#   SESSIONLOG_SECONDS  what is left of the form's time
#   SESSIONLOG_SO       the extension
#   SESSIONLOG_TMP      where temporary files go
#
# It must end with status 0; any other end is a failure, shown with the
# command that repeats it, and so is more than its time and five minutes.
# Lines "count NAME N" of its output are added up and printed for the form
# (a test file calls [count NAME N]).  The exit status is 1 where anything
# failed or nothing ran.
#
# By hand: tclsh test/soak.tcl ?-minutes N? ?-form NAME? ?-seed N? ?-jobs N?
#                              ?-table FILE?
# -table reads other rows in place of these.

encoding system utf-8
foreach c {stdout stderr} { fconfigure $c -encoding utf-8 -buffering line }

set test [file dirname [file normalize [info script]]]
set root [file dirname $test]
set bin [file join $root build test]
set tclsh [info nameofexecutable]

# ------------------------------------------------------------------ the table

set forms {}
proc form {name script} { lappend ::forms $name $script }

# Every byte of a small log damaged, and every row of its tables: parts of the
# whole until there is no more time, or no more parts.
form flips {
  run sh -c {exec "$0" 499 $((SESSIONLOG_SEED % 499))} $bin/fuzz/flip
}
form lies {
  run sh -c {exec "$0" 499 $((SESSIONLOG_SEED % 499))} $bin/fuzz/rows
}

# Random trees of sessions against a naive model.
form trees {
  rounds $tclsh $test/tree_property.test
}

# Scans that are open while sessions go and transactions are rolled back.
form undone {
  rounds $tclsh $test/undone_random.test
}

# A leader of three dqlite nodes dies under load.
if {[file executable [file join $bin cluster_node]]} {
  form cluster {
    rounds $tclsh $test/cluster.test
  }
}

# kill -9 of writers; every disk image that a loss of power could leave, in
# each journal mode; 64 threads in 8 processes on one file.
form kill {
  run $bin/core_kill $tmp 100000
}
form power {
  run $bin/core_power 1000000
}
form concurrency {
  run $bin/core_conc $tmp 10000000 -batch 200
}

# A locked connection against another tenant, by other guesses each time; and
# the cases of hostile callers, which are the same each time.
form tenants {
  rounds $tclsh $test/tenant.test
}
form callers {
  run $tclsh $test/hostile.test
}

# Every allocation fails.
form oom {
  rounds $tclsh $test/fault_oom.test
}

# Every I/O operation fails, or is the last.
form io {
  rounds $tclsh $test/fault_io.test
}

# -------------------------------------------------------------------- options

set opt [dict create -minutes 10 -form * -seed [clock seconds] -jobs 1 -table {}]
foreach {name value} $argv {
  if {![dict exists $opt $name]} {
    puts stderr "soak: unknown option: $name"
    exit 2
  }
  if {$value ne ""} { dict set opt $name $value }
}
if {[dict get $opt -table] ne ""} {
  set forms {}
  source -encoding utf-8 [dict get $opt -table]
}

if {![info exists env(SESSIONLOG_SO)]} {
  set env(SESSIONLOG_SO) [file join $root build sessionlog.so]
}
set env(SESSIONLOG_SO) [file normalize $env(SESSIONLOG_SO)]
set top /tmp
foreach v {TMPDIR SESSIONLOG_TMP} {
  if {[info exists env($v)] && $env($v) ne ""} { set top $env($v) }
}
set tmp [file normalize [file join $top sessionlog-soak-[pid]]]
file delete -force $tmp
file mkdir $tmp
set env(SESSIONLOG_TMP) $tmp
set env(SESSIONLOG_SOAK) 1

# -------------------------------------------------------------------- running

# Of the present form: when its time is over, counts by name, its programs.
set end 0
array set counts {}
set nRunning 0
set changed 0
set nFailed 0

proc left {} { expr {max($::end - [clock seconds], 0)} }

# Seeds by Lehmer's generator, which goes through all of 1 .. 2^31-2.
set seed [expr {[dict get $opt -seed] % 2147483646 + 1}]
proc next_seed {} {
  set was $::seed
  set ::seed [expr {$::seed * 48271 % 2147483647}]
  return $was
}

# A command as it is given to the shell.
proc quoted {command} {
  join [lmap w $command {
    if {[regexp {^[\w./=,:+-]+$} $w]} { set w } else {
      string cat ' [string map {' '\\''} $w] '
    }
  }]
}

proc begin {command} {
  global env nRunning
  set env(SESSIONLOG_SEED) [next_seed]
  set env(SESSIONLOG_SECONDS) [left]
  set again "SESSIONLOG_SOAK=1 SESSIONLOG_SEED=$env(SESSIONLOG_SEED)\
             SESSIONLOG_SECONDS=$env(SESSIONLOG_SECONDS) [quoted $command]"
  set limit [expr {[left] + 300}]
  set ch [open |[list timeout -s KILL $limit {*}$command </dev/null 2>@1] r]
  fconfigure $ch -blocking 0 -encoding utf-8 -translation lf
  fileevent $ch readable [list collect $ch $again]
  set ::output($ch) {}
  incr nRunning
}

proc collect {ch again} {
  global output counts nRunning nFailed changed
  append output($ch) [read $ch]
  if {![eof $ch]} return
  fconfigure $ch -blocking 1
  set failed [catch {close $ch} msg]
  foreach line [split $output($ch) \n] {
    if {[regexp {^count (\S+) (\d+)$} $line -> name n]} {
      incr counts($name) $n
    }
  }
  if {$failed} {
    incr nFailed
    incr counts(failures)
    puts "FAIL $again"
    foreach line [split [string trimright $output($ch)] \n] { puts "  $line" }
    puts "  $msg"
  }
  unset output($ch)
  incr nRunning -1
  incr changed
}

proc run {args} {
  begin $args
  while {$::nRunning} { vwait changed }
  incr ::counts(runs)
}

proc rounds {args} {
  set jobs [dict get $::opt -jobs]
  while {1} {
    while {$::nRunning < $jobs && [left]} {
      begin $args
      incr ::counts(rounds)
    }
    if {!$::nRunning} break
    vwait changed
  }
}

set chosen {}
foreach {name script} $forms {
  if {[string match [dict get $opt -form] $name]} {
    lappend chosen $name $script
  }
}
if {![llength $chosen]} {
  puts "soak: no such form: [dict get $opt -form] (there are: [
    join [lmap {name script} $forms {set name}] {, }])"
  file delete -force $tmp
  exit 2
}

# A form that ends early leaves its time to those after it.
set whole [expr {[clock seconds] + round(60 * [dict get $opt -minutes])}]
set n [expr {[llength $chosen] / 2}]
puts "soak: [dict get $opt -minutes] minutes, $n forms, seed [
  dict get $opt -seed]"
foreach {name script} $chosen {
  set began [clock seconds]
  set end [expr {$began + max($whole - $began, $n) / $n}]
  incr n -1
  array unset counts *
  if {[catch {eval $script} msg]} {
    incr nFailed
    puts "FAIL $name: $msg"
  }
  set line {}
  foreach c [lsort [array names counts]] { lappend line "$counts($c) $c" }
  puts "$name ([expr {[clock seconds] - $began}]s): [join $line {, }]"
}
file delete -force $tmp
puts "soak: $nFailed failures"
exit [expr {$nFailed > 0}]
