# mutate.tcl: do the tests notice when a branch of the extension is changed?
#
#   tclsh test/mutate.tcl DIR ?OPTION VALUE...?
#
#   -n N           so many mutants, drawn by the seed; 0: all, in order (50)
#   -seed N        the time is taken if there is none
#   -file PATTERN  of the files of ext/ that match (*)
#   -line N        of this line of them
#   -again FILE    those that survived by this earlier output, found again by
#                  their source line
#   -jobs N        so many at the same time (1)
#   -test LIST     run these test files only (*)
#   -budget N      no more than N seconds of CPU for a mutant (0: any)
#
# DIR is a copy of the project (see coverage.mk).  The files of ext/ are
# compiled to assembler.  A point is an instruction that depends on a
# comparison: a conditional jump, set or move.  There are two mutants for each:
# the jump is always taken, or never.  To invert the comparison would be no
# more: a test that tells the inverted one from the original has a case in which
# they differ, in which one of the two differs as well.
#
# All points are in one build, which mutate.c changes at one of them as it
# starts.  It is linked as the extension and into the programs of the tests.
# First each test file runs without a change, and it is noted which points were
# taken and which were not: only a test in which a jump was not taken can notice
# that it always is.  For a mutant those test files run, which found the others
# of its source file soonest first, until one fails; it stops at its first
# failed test.  The longest tests are left out; instead of those of faults each
# of their scenarios is a test of its own (oom:NAME, own:NAME, io:NAME), with a
# few points drawn.  A mutant that none of them notices survives: a test is
# missing, or the change makes no difference.  The latter are in mutants.txt
#
#   ext/FILE.c FUNCTION#N always|never SOURCE LINE
#     why nobody can tell
#
# (N: the how many-th point of that line) and counted by themselves; entries
# that the code, as this compiler has it, has no more are named, and so are those
# that a test noticed.  The exit status is 1 where others survive.
#
# ALWAYS() and NEVER() are constants here.  The code is compiled as for a
# static library.  What was found out about the test files is kept in DIR, for
# as long as they and the extension stay as they are.

encoding system utf-8
fconfigure stdout -buffering line

set dir [file normalize [lindex $argv 0]]
set opt [dict create -n 50 -seed [clock seconds] -file * -line 0 -again {} \
           -jobs 1 -test * -budget 0]
foreach {name value} [lrange $argv 1 end] {
  if {![dict exists $opt $name]} {
    puts stderr "mutate: unknown option: $name"
    exit 2
  }
  if {$value ne ""} { dict set opt $name $value }
}
if {[dict get $opt -again] ne ""} {
  dict set opt -again [file normalize [dict get $opt -again]]
}
# From here on all paths are relative: DIR may have any characters.
cd $dir
set test test
set work build/mutant
file mkdir $work/seen

proc sh {command} {
  if {[catch {exec sh -c $command </dev/null >@stdout 2>@stderr} why]} {
    puts stderr "mutate: $why\n$command"
    exit 2
  }
}
proc contents {file} {
  set ch [open $file]
  set text [read $ch]
  close $ch
  return $text
}
proc put {file text} {
  set ch [open $file w]
  puts -nonewline $ch $text
  close $ch
}
proc hash {args} { lindex [exec cat {*}$args | sha256sum] 0 }

# ------------------------------------------------------------------ the points

regexp -line {^VERSION := (.*)$} [contents Makefile] -> version
set cflags "-std=c99 -O1 -g -w -fPIC -fvisibility=hidden -DNDEBUG\
  -D_FILE_OFFSET_BITS=64 -DSL_COVERAGE -DSQLITE_CORE\
  -DSL_VERSION='\"$version\"' -Iext -Ibuild/gen"
set cc gcc
if {[info exists env(CC)] && $env(CC) ne ""} { set cc $env(CC) }
set sources [lsort [glob ext/*.c]]

# The assembler text with what happens at each point noted.  A condition is
# tested without changing the flags: a jump goes by way of a place behind the
# code, where the mark is set; before a set or move such a jump is put.  The
# points are added to the list: name, line, which of the line, instruction.
proc instrument {name text} {
  global points
  set out {}
  set at 0
  foreach l [split $text \n] {
    if {[regexp {^\t\.loc (\d+) (\d+)} $l -> no line]} {
      set at [expr {$no == 1 ? $line : 0}]
    }
    if {$at == 0 || [regexp {^\tjmp} $l]
        || ![regexp {^\t(j|set|cmov)([a-z]+)\t(.*)$} $l -> what cc to]} {
      lappend out $l
      continue
    }
    set i [llength $points]
    lappend points [list $name $at [incr nth($at)] $what$cc]
    if {$what eq "j"} {
      lappend out ".Lsl_point$i:" "\tj$cc\t.Lsl_taken$i" \
        "\tmovb\t\$1, sl_seen+[expr {2*$i+1}](%rip)"
      set back $to
    } else {
      lappend out "\tj$cc\t.Lsl_taken$i" \
        "\tmovb\t\$1, sl_seen+[expr {2*$i+1}](%rip)" ".Lsl_point$i:" $l
      set back .Lsl_point$i
    }
    lappend out "\t.subsection 1" ".Lsl_taken$i:" \
      "\tmovb\t\$1, sl_seen+[expr {2*$i}](%rip)" "\tjmp\t$back" \
      "\t.subsection 0" "\t.pushsection sl_points,\"a\",@progbits" \
      "\t.long\t$i, .Lsl_point$i - ." "\t.popsection"
  }
  return [join $out \n]
}

# Build all anew if a source has changed.
proc build {} {
  global work cc cflags sources points
  set h [hash {*}$sources {*}[glob ext/*.h sql/* test/c/*] test/mutate.c \
    test/mutate.tcl]
  if {[file exists $work/build.txt]} {
    lassign [contents $work/build.txt] was points
    if {$was eq $h} return
  }
  puts "compiling"
  file delete -force $work/build.txt
  set points {}
  set objects "$work/mutate.o $work/gen-sql.o"
  foreach f $sources {
    set name [file rootname [file tail $f]]
    sh "$cc $cflags -S -o $work/$name.s ext/$name.c"
    put $work/$name.s [instrument $name [contents $work/$name.s]]
    sh "$cc -c -o $work/$name.o $work/$name.s"
    append objects " $work/$name.o"
  }
  set size [expr {([llength $points]*2/4096 + 1)*4096}]
  sh "$cc $cflags -c -o $work/gen-sql.o build/gen/sql.c \
      && $cc -std=c99 -g -O1 -fPIC -DSL_SEEN_SIZE=$size -c \
         -o $work/mutate.o test/mutate.c \
      && $cc -shared -Wl,-Bsymbolic,-z,nodelete -o build/sessionlog.so $objects \
         -lsqlite3 -lzstd \
      && rm -f build/libsessionlog.a && ar rcs build/libsessionlog.a $objects \
      && rm -f build/test/core_* build/test/cluster_node \
      && env -u MAKEFLAGS -u MAKELEVEL make -s mutant-programs \
         -o build/libsessionlog.a -o build/sessionlog.so"
  put $work/build.txt [list $h $points]
}
build
set faults [lmap f {place session event life edge} { string cat $test/fault/$f.sql }]

# ------------------------------------------------------------------ the mutants

set mutants {}
set again {}
if {[dict get $opt -again] ne ""} {
  foreach l [split [contents [dict get $opt -again]] \n] {
    if {[regexp {^SURVIVED: (ext/.*) \(line .*\)$} $l -> key]} {
      dict set again $key 1
    }
  }
}
# The function that a line is in: the last before it whose head begins a line.
proc function {name at} {
  global source
  for {set i [expr {$at-1}]} {$i > 0} {incr i -1} {
    if {[regexp {^[a-zA-Z].*?(\w+)\(} [lindex $source($name) $i] -> f]} {
      return $f
    }
  }
  return -
}
set i -1
foreach p $points {
  incr i
  lassign $p name at nth what
  if {![string match [dict get $opt -file] $name.c]} continue
  if {[dict get $opt -line] ni [list 0 $at]} continue
  if {![info exists source($name)]} {
    set source($name) [split [contents ext/$name.c] \n]
  }
  set code [string trim [lindex $source($name) $at-1]]
  set where "ext/$name.c [function $name $at]#$nth"
  foreach kind {always never} {
    set key "$where $kind $code"
    set named($key) 1
    if {[dict get $opt -again] ne "" && ![dict exists $again $key]} continue
    lappend mutants [list $i $kind $name $key "line $at, $what"]
  }
}

# A generator of our own: the same mutants from the same seed anywhere.
set random [expr {[dict get $opt -seed] & 0x7fffffff}]
proc draw {n} {
  global random
  set random [expr {($random*1103515245 + 12345) & 0x7fffffff}]
  return [expr {($random >> 8) % $n}]
}
set n [dict get $opt -n]
set total [llength $mutants]
if {$n > 0} {
  set drawn {}
  while {[llength $drawn] < $n && [llength $mutants]} {
    set i [draw [llength $mutants]]
    lappend drawn [lindex $mutants $i]
    set mutants [lreplace $mutants $i $i]
  }
  set mutants $drawn
}

# -------------------------------------------------------------------- running

# Files of tests on a disk that forgets, where there is one.
set tmp [expr {[file isdirectory /dev/shm] ? "/dev/shm" : "/tmp"}]
set tmp $tmp/sl-mutate-[pid]
file mkdir $tmp
set env(SESSIONLOG_SO) [file normalize build/sessionlog.so]
set env(SESSIONLOG_STOP) 1
set env(SESSIONLOG_DIRECT) 1

# The command of a test: a test file, or MODE:SCENARIO of core_fault.
proc test_command {t slot} {
  global test tmp faults
  if {[regexp {^(.*):(.*)$} $t -> mode scenario]} {
    set command [list build/test/core_fault $mode -budget 12 \
      -only $scenario -dir $tmp/$slot {*}$faults]
  } else {
    set command [list [info nameofexecutable] -encoding utf-8 $test/$t.test]
  }
  return $command
}

# In a coroutine: run a test in directory SLOT of temporary files, with a limit
# of seconds of CPU and others.  Returns 1 if it fails, and the seconds of CPU.
proc run {slot t cpu wall args} {
  global tmp
  file delete -force $tmp/$slot
  file mkdir $tmp/$slot
  set command "ulimit -c 0; ulimit -v 6000000; ulimit -f 4000000;\
    ulimit -t $cpu; timeout -s KILL $wall \"\$@\" >$tmp/$slot.out 2>&1;\
    rc=\$?; times; exit \$rc"
  set ch [open |[list env TMPDIR=$tmp/$slot SESSIONLOG_TMP=$tmp/$slot \
    {*}$args sh -c $command sh {*}[test_command $t $slot] </dev/null 2>@1] r]
  fconfigure $ch -blocking 0
  fileevent $ch readable [list [info coroutine]]
  set out {}
  while 1 {
    yield
    append out [read $ch]
    if {[eof $ch]} break
  }
  fconfigure $ch -blocking 1
  set rc [catch {close $ch}]
  set used 0
  foreach {- m s} [regexp -all -inline {(\d+)m([\d.]+)s} \
                     [lindex [split $out \n] 1]] {
    set used [expr {$used + 60*$m + $s}]
  }
  return [list $rc $used]
}

# Run SCRIPT in -jobs coroutines, as command NAME with the number of the slot,
# and wait until all have ended.
interp bgerror {} {apply {{why options} {
  puts stderr "mutate: [dict get $options -errorinfo]"
  exit 2
}}}
proc parallel {name} {
  global opt running
  set running [dict get $opt -jobs]
  for {set i 0} {$i < [dict get $opt -jobs]} {incr i} {
    after 0 [list coroutine $name$i apply {{name slot} {
      $name $slot
      incr ::running -1
    }} $name $i]
  }
  while {$running > 0} { vwait ::running }
}

# What happens in a test file without a mutant: seen(T), cpu(T), wall(T).
set queue {}
set long {crash cluster conc demo fault_io fault_oom fuzz harness soak}
foreach f [lsort [glob -directory $test *.test]] {
  set t [file rootname [file tail $f]]
  if {$t ni $long} { lappend queue $t }
}
foreach f $faults {
  foreach {- name} [regexp -all -inline -line {^-- name: (.*)$} [contents $f]] {
    lappend queue own:$name oom:$name io:$name
  }
}
set h [hash build/sessionlog.so $test/tester.tcl \
  {*}[glob $test/c/* $test/fault/*]]
proc watch {slot} {
  global queue work test tmp opt h points seen cpu wall
  while {[llength $queue]} {
    set queue [lassign $queue t]
    if {![string match [dict get $opt -test] $t]
        && $t ni [dict get $opt -test]} continue
    set mine $h
    if {[file exists $test/$t.test]} { append mine [hash $test/$t.test] }
    set was {}
    catch { set was [contents $work/seen/$t.txt] }
    if {[lindex $was 0] ne $mine} {
      # Programs that other users run write to it too.
      set f $tmp/$slot.seen
      put $f [string repeat \0 [expr {[llength $points]*2+8192}]]
      file attributes $f -permissions 0666
      set now [clock milliseconds]
      lassign [run $slot $t 100 200 SL_SEEN=$f] rc used
      set ms [expr {[clock milliseconds]-$now}]
      set was [list $mine $rc $used [expr {$ms/1000.0}]]
      file rename -force $f $work/seen/$t
      put $work/seen/$t.txt $was
    }
    lassign $was - rc used seconds
    if {$rc} {
      puts "left out, as it fails by itself: $t"
    } else {
      set ch [open $work/seen/$t rb]
      set seen($t) [read $ch]
      close $ch
      set cpu($t) [expr {$used+0.02}]
      set wall($t) $seconds
    }
  }
}
parallel watch
puts "[llength $mutants] of $total mutants (seed [dict get $opt -seed]),\
  [array size seen] tests"

set known {}
foreach l [split [contents $test/mutants.txt] \n] {
  if {[regexp {^ext/(\w+\.c) } $l -> file]} {
    dict set known $l 1
    if {[string match [dict get $opt -file] $file] && ![info exists named($l)]
        && [dict get $opt -line] == 0} {
      puts "listed, but not found: $l"
    }
  }
}

# The tests in which the mutant makes a difference, those first that are likely
# to notice soon: by their name, and by what they noticed of this source file.
# Of the scenarios of faults a few for each mode, which come last.
proc candidates {mutant} {
  global seen cpu nRun nKill
  lassign $mutant i kind name
  set byte [expr {$kind eq "always" ? 2*$i+1 : 2*$i}]
  set list {}
  foreach t [array names seen] {
    if {[string index $seen($t) $byte] ne "\1"} continue
    set k $name,$t
    set rate [expr {[string first : $t] >= 0 ? 0.01
                    : [string first $t $name] >= 0 ? 20 : 0.5}]
    if {[info exists nRun($k)]} {
      set rate [expr {($nKill($k)+$rate)/($nRun($k)+1.0)}]
    }
    lappend list [list $t [expr {$rate/$cpu($t)}]]
  }
  set out {}
  set budget [dict get $::opt -budget]
  set used 0
  array set left {own 6 oom 6 io 6}
  foreach l [lsort -real -decreasing -index 1 $list] {
    set t [lindex $l 0]
    if {[regexp {^(.*):} $t -> mode] && [incr left($mode) -1] < 0} continue
    if {$budget && $used+$cpu($t) > $budget && $used} continue
    set used [expr {$used+$cpu($t)}]
    lappend out $t
  }
  return $out
}

array set count {killed 0 equivalent 0 survived 0}
set noticed {}
set unnoticed {}
set next 0
proc try {slot} {
  global mutants next count known cpu wall nRun nKill noticed unnoticed
  while {$next < [llength $mutants]} {
    set m [lindex $mutants $next]
    incr next
    lassign $m i kind name key where
    set by {}
    set n 0
    foreach t [candidates $m] {
      incr n
      set rc [lindex [run $slot $t [expr {int(3*$cpu($t))+4}] \
        [expr {int(5*$wall($t))+30}] SL_MUTANT=$i:$kind] 0]
      incr nRun($name,$t)
      incr nKill($name,$t) $rc
      if {$rc} {
        set by $t
        break
      }
    }
    if {$by ne ""} {
      incr count(killed)
      dict set noticed $key $by
      puts "killed by $by: $key ($where)"
    } elseif {[dict exists $known $key]} {
      incr count(equivalent)
      dict set unnoticed $key 1
      puts "equivalent: $key ($where)"
    } else {
      incr count(survived)
      puts "SURVIVED: $key ($where, $n tests)"
    }
  }
}
parallel try
file delete -force $tmp
# Of lines with the same text it is enough that one goes unnoticed.
dict for {key by} $noticed {
  if {[dict exists $known $key] && ![dict exists $unnoticed $key]} {
    puts "listed, but killed by $by: $key"
  }
}
puts "[llength $mutants] mutants of [dict get $opt -file]:\
  $count(killed) killed, $count(equivalent) equivalent,\
  $count(survived) survived"
exit [expr {$count(survived) > 0}]
