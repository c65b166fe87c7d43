# coverage.tcl: lines and branches of ext/ that a run of the tests has taken.
#
#   tclsh test/coverage.tcl DIR ?FILE...?
#
# DIR is a copy of the project, built and tested with gcc --coverage (see
# coverage.mk).  Each file of ext/ is compiled for the loadable and for the
# static library, block.c also into programs that include it; what any has taken
# counts.  Printed are the lines and branches that none has, then a table, of
# the FILEs or of all.  The exit status is 1 where something has not been taken.
#
# A branch is what gcov counts: each outcome of each condition, && and || as
# well, but not that a call may never return.

set dir [lindex $argv 0]
set only [lrange $argv 1 end]

# gcov's text, e.g.
#         5:   12:  if( a && b ){
# branch  0 taken 5 (fallthrough)
# branch  1 never executed
# call    2 returned 5
proc read_gcov {object} {
  global line branch source
  set text [exec gcov -b -c -t $object 2>/dev/null]
  set file {}
  foreach l [split $text \n] {
    if {[regexp {^ *([^:]+): *(\d+):(.*)$} $l -> n at code]} {
      if {$at == 0} {
        regexp {^Source:(.*)$} $code -> file
        continue
      }
      if {![string match ext/*.c $file]} continue
      set nBranch 0
      set source($file,$at) $code
      switch -regexp -- $n {
        {^-$} {}
        {^[#=]} { add line $file,$at 0 }
        default { add line $file,$at [string trimright $n *] }
      }
    } elseif {[string match ext/*.c $file]
              && [regexp {^branch +\d+ (never executed|taken (\d+))} $l -> what n]} {
      if {$n eq ""} { set n 0 }
      add branch $file,$at,$nBranch $n
      incr nBranch
    }
  }
}
proc add {var key n} {
  upvar #0 $var a
  if {![info exists a($key)]} { set a($key) 0 }
  incr a($key) $n
}

cd $dir
foreach f [lsort [glob build/obj/*.gcno build/static/*.gcno \
                    build/test/*-ext_block.gcno \
                    build/test/fuzz/*-{fuzz_block,rows}.gcno]] {
  if {![string match gen-* [file tail $f]]} { read_gcov $f }
}

# What has not been taken, a source line each.
set files [lsort -unique [lmap k [array names line] { lindex [split $k ,] 0 }]]
if {[llength $only]} {
  set files [lmap f $files { if {$f ni $only} continue; set f }]
}
foreach k [array names line] {
  lassign [split $k ,] f at
  lappend lines($f) $at
}
foreach k [array names branch] {
  lassign [split $k ,] f at n
  lappend branches($f,$at) $n
}
proc percent {n of} { expr {$of ? 100.0*$n/$of : 100.0} }
set table {}
set sum {0 0 0 0}
foreach f $files {
  lassign {0 0 0 0} nLine nTaken nBranch nBranchTaken
  foreach at [lsort -integer $lines($f)] {
    incr nLine
    set missed {}
    if {[info exists branches($f,$at)]} {
      foreach n [lsort -integer $branches($f,$at)] {
        incr nBranch
        if {$branch($f,$at,$n)} { incr nBranchTaken } else { lappend missed $n }
      }
    }
    if {$line($f,$at)} {
      incr nTaken
      if {![llength $missed]} continue
      set what "branch $missed of [llength $branches($f,$at)]"
    } else {
      set what never
    }
    puts [format "%s:%d: %s: %s" $f $at $what [string trim $source($f,$at)]]
  }
  set row [list $nTaken $nLine $nBranchTaken $nBranch]
  lappend table $f $row
  set sum [lmap a $sum b $row { expr {$a+$b} }]
}

puts [format "%-24s %14s %8s %14s %8s" {} lines "" branches ""]
foreach {f row} [concat $table [list total $sum]] {
  lassign $row a b c d
  puts [format "%-24s %6d/%6d %8.2f%% %6d/%6d %8.2f%%" \
    $f $a $b [percent $a $b] $c $d [percent $c $d]]
}
lassign $sum a b c d
exit [expr {$b == 0 || $a < $b || $c < $d}]
