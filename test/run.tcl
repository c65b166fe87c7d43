# run.tcl: run the test files, several at a time, each in its own process.
#
#   tclsh test/run.tcl ?-dir DIR? ?-timeout SECONDS? ?-jobs N? ?PATTERN...?
#
# PATTERN selects the files DIR/*.test in whose name it occurs (* and ? as in
# the shell).  A file that takes longer than the time limit (900 seconds, or
# the variable SESSIONLOG_TIMEOUT) is killed with what it started.  Passing
# files get a line, failing ones have their output shown.  A file that ends in
# any way but by finish_test counts as a failed test.  The last line is
#
#   N passed, N failed[, N skipped]
#
# The exit status is 1 where a test failed or none ran.
#
# SESSIONLOG_SO and SESSIONLOG_BIN may be relative paths (see tester.tcl).
# SESSIONLOG_PRELOAD names libraries that go into LD_PRELOAD of the tests.

encoding system utf-8
foreach c {stdout stderr} { fconfigure $c -encoding utf-8 }

set dir [file dirname [file normalize [info script]]]
set timeout 900
if {[info exists env(SESSIONLOG_TIMEOUT)]} { set timeout $env(SESSIONLOG_TIMEOUT) }
if {[catch {exec nproc} jobs]} { set jobs 2 }
set patterns {}
for {set i 0} {$i < [llength $argv]} {incr i} {
  set a [lindex $argv $i]
  switch -- $a {
    -dir { set dir [file normalize [lindex $argv [incr i]]] }
    -timeout { set timeout [lindex $argv [incr i]] }
    -jobs { set jobs [lindex $argv [incr i]] }
    default { lappend patterns $a }
  }
}

set queue {}
foreach f [lsort [glob -nocomplain -directory $dir *.test]] {
  set wanted [expr {![llength $patterns]}]
  foreach p $patterns {
    if {[string match *$p* [file tail $f]]} { set wanted 1 }
  }
  if {$wanted} { lappend queue $f }
}

# The tests may change their directory.
foreach v {SESSIONLOG_SO SESSIONLOG_BIN} {
  if {[info exists env($v)]} { set env($v) [file normalize $env($v)] }
}

# Files that are killed leave temporary files: all of them are under one
# directory that goes at the end.
set top /tmp
foreach v {TMPDIR SESSIONLOG_TMP} {
  if {[info exists env($v)] && $env($v) ne ""} { set top $env($v) }
}
set tmp [file normalize [file join $top sessionlog-test-[pid]]]
file delete -force $tmp
file mkdir $tmp
set env(SESSIONLOG_TMP) $tmp

set total {0 0 0}
set nRunning 0
set done 0

# Where nobody reads what is printed there is nothing left to do: what runs is
# stopped.
interp bgerror {} {apply {{why options} {
  catch {puts stderr "run: $why"}
  foreach ch [array names ::output] { catch {exec sh -c "kill [pid $ch]"} }
  file delete -force $::tmp
  exit 2
}}}

# Start files from the queue as long as there is room.
proc start {} {
  global queue nRunning jobs done env timeout output started
  while {$nRunning < $jobs && [llength $queue]} {
    set queue [lassign $queue f]
    # timeout(1) puts the test into a process group and kills that as a whole.
    set cmd [list timeout -s KILL $timeout]
    if {[info exists env(SESSIONLOG_PRELOAD)]} {
      lappend cmd env LD_PRELOAD=$env(SESSIONLOG_PRELOAD)
    }
    lappend cmd [info nameofexecutable] -encoding utf-8 $f
    set now [clock milliseconds]
    set ch [open |[concat $cmd [list </dev/null 2>@1]] r]
    fconfigure $ch -blocking 0 -encoding utf-8 -translation lf
    set output($ch) {}
    set started($ch) $now
    fileevent $ch readable [list collect $ch $f]
    incr nRunning
  }
  if {$nRunning == 0} { set done 1 }
}

proc collect {ch f} {
  global output nRunning
  append output($ch) [read $ch]
  if {![eof $ch]} return
  # Only a blocking channel's close gives the exit status.
  fconfigure $ch -blocking 1
  set status ok
  if {[catch {close $ch} msg opt]} {
    set code [dict get $opt -errorcode]
    switch -- [lindex $code 0] {
      CHILDSTATUS { set status [lindex $code 2] }
      CHILDKILLED { set status [lindex $code 2] }
      default { set status $msg }
    }
  }
  report $ch $f $status
  incr nRunning -1
  start
}

proc report {ch f status} {
  global output started timeout total
  set ms [expr {[clock milliseconds] - $started($ch)}]
  set name [file rootname [file tail $f]]
  set lines [split [string trimright $output($ch)] \n]
  set ended [regexp {^(.*): (\d+) passed, (\d+) failed, (\d+) skipped$} \
    [lindex $lines end] -> who p n s]
  if {!$ended || $who ne $name} {
    lassign {0 1 0} p n s
    if {$status in {SIGKILL 137} && $ms >= $timeout*1000} {
      lappend lines "! $name: killed after $timeout seconds"
    } elseif {$status eq "ok"} {
      lappend lines "! $name: ended without finish_test"
    } else {
      lappend lines "! $name: died ($status)"
    }
  } elseif {$status ne "ok" && $n == 0} {
    incr n
    lappend lines "! $name: exit status $status"
  }
  foreach v {p n s} i {0 1 2} { lset total $i [expr {[lindex $total $i]+[set $v]}] }
  set took [format %.1fs [expr {$ms/1000.0}]]
  if {$n} {
    puts "FAIL $name ($took)"
    foreach line $lines { puts "  $line" }
  } else {
    puts "ok   $name: $p passed[expr {$s ? ", $s skipped" : {}}] ($took)"
    foreach line $lines {
      if {[string match "- skipped:*" $line]} { puts "     $line" }
    }
  }
  flush stdout
  unset output($ch) started($ch)
}

start
if {!$done} { vwait done }
file delete -force $tmp

lassign $total p n s
if {$p + $n + $s == 0} { puts "no test ran" }
puts "$p passed, $n failed[expr {$s ? ", $s skipped" : {}}]"
exit [expr {$n > 0 || $p + $n + $s == 0}]
