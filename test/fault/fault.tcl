# fault.tcl: what fault_oom.test and fault_io.test share.

set fault [file join $sl::root test fault]
set scenarios {}
foreach f {place session event life edge} {
  lappend scenarios [file join $fault $f.sql]
}

# Run core_fault; the result is its exit status and what it printed.
proc core_fault {mode args} {
  set dir [tempfile fault]
  file mkdir $dir
  set out [sl::sh [quoted [helper core_fault] $mode -dir $dir {*}$args] rc]
  return [list $rc [string trim $out]]
}

# The time of a soak is for so many modes.
set modes 1

# Run all scenarios with about N points, of mode "own" with all: no complaints.
# In a soak the time sets their number, and the seed which they are.
# SESSIONLOG_POINTS is another number of failing allocations (make coverage).
proc do_points_test {name mode n} {
  global env scenarios
  if {$mode eq "oom" && [info exists env(SESSIONLOG_POINTS)]} {
    set n $env(SESSIONLOG_POINTS)
  }
  set options [list -budget [expr {$mode eq "own" ? 0 : $n+$n/20}]]
  if {[info exists env(SESSIONLOG_SOAK)]} {
    set s [expr {$env(SESSIONLOG_SECONDS)/$::modes+1}]
    set options [list -budget [expr {$s*400}] -seconds $s \
                   -seed $env(SESSIONLOG_SEED)]
    set n 1
  }
  lassign [core_fault $mode {*}$options {*}$scenarios] rc out
  puts $out
  do_test $name.0 { list $rc $out } "/^0 \\{$mode: \[^!\]* 0 complaints\\}$/"
  set points 0
  regexp {(\d+) points} $out -> points
  do_test $name.1 [list expr $points>=$n] 1
  count $mode $points
}
