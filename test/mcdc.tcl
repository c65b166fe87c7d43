# mcdc.tcl: the conditions of ext/ that no test has shown to matter, from what
# llvm-cov show --show-mcdc prints (see mcdc.sh).
#
#   tclsh test/mcdc.tcl FILE
#
# Printed are the decisions with such conditions, by their numbers from left to
# right, and the values of the conditions that the tests have come by (T, F; -:
# not looked at; C: ALWAYS() or NEVER()); then a table by file: conditions shown,
# and all.  A decision that is compiled more than once, since a program includes
# its file, counts once.  The exit status is 1 below 100%.

set f [open [lindex $argv 0] r]
fconfigure $f -encoding utf-8

# pair(FILE,LINE,COLUMN): whether its conditions have been shown, in order; "-"
# for constants. vectors(...): the lines about it.  source(FILE,LINE): its text.
set at {}
while {[gets $f l] >= 0} {
  switch -regexp -matchvar m -- $l {
    {^/.*/(ext/[^/]+\.c):$} { set file [lindex $m 1] }
    {^/.*:$} { set file {} }
    {^ *(\d+)\|[^|]*\|(.*)$} { set source($file,[lindex $m 1]) [lindex $m 2] }
    {MC/DC Decision Region \((\d+):(\d+)\)} {
      set at $file,[lindex $m 1],[lindex $m 2]
      if {![info exists pair($at)]} { set pair($at) {} }
    }
    {^ *\|  (\d+ \{ .*\})} { lappend vectors($at) [lindex $m 1] }
    {^ *\|  C(\d+)-Pair: (\S+)} {
      lassign $m -> n is
      incr n -1
      set old [lindex $pair($at) $n]
      if {$is eq "constant"} { set is - } else { set is [string match covered* $is] }
      if {$old ne "1"} { lset pair($at) $n $is }
    }
  }
}
close $f

foreach at [lsort -dictionary [array names pair]] {
  lassign [split $at ,] file line
  if {$file eq ""} continue
  set missed {}
  set n 0
  foreach is $pair($at) {
    incr n
    if {$is eq "-"} continue
    incr all($file)
    if {$is} { incr shown($file) } else { lappend missed $n }
  }
  if {![llength $missed]} continue
  puts [format "%s:%d: condition %s of %d: %s" $file $line $missed $n \
    [string trim $source($file,$line)]]
  if {[info exists vectors($at)]} {
    foreach v $vectors($at) { puts "  $v" }
  }
}

set sum {0 0}
puts [format "%-24s %14s %8s" {} conditions ""]
proc row {name a b} {
  puts [format "%-24s %6d/%6d %8.2f%%" $name $a $b [expr {$b ? 100.0*$a/$b : 100.0}]]
}
foreach file [lsort [array names all]] {
  if {![info exists shown($file)]} { set shown($file) 0 }
  row $file $shown($file) $all($file)
  set sum [list [expr {[lindex $sum 0]+$shown($file)}] [expr {[lindex $sum 1]+$all($file)}]]
}
row total {*}$sum
lassign $sum a b
exit [expr {$b == 0 || $a < $b}]
