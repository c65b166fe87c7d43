# mutate.tcl: do the tests notice when a branch of the extension is changed?
#
#   tclsh test/mutate.tcl DIR ?-n N? ?-seed N? ?-file PATTERN? ?-line N?
#
# DIR is a copy of the project (see coverage.mk) in which the test programs are
# built.  The files of ext/ are compiled to assembler.  A mutant is one of their
# conditional jumps that is taken always (jmp) or never (nop).  Each of N
# mutants, drawn by the seed from the files that match PATTERN (0: all of them,
# in order), is linked into an extension and run through test files, those
# about its source file first, and through a sample of failing allocations,
# until one fails.  A mutant that none of them notices survives: a test is
# missing, or the change makes no difference.  The latter are in mutants.txt
#
#   ext/FILE.c jmp|nop SOURCE LINE
#     why nobody can tell
#
# and counted by themselves.  The exit status is 1 where others survive.
#
# ALWAYS() and NEVER() are constants here.  The code is compiled as for a
# static library (then core_fault can be linked with it too).

encoding system utf-8
fconfigure stdout -buffering line

set dir [file normalize [lindex $argv 0]]
set opt [dict create -n 50 -seed [clock seconds] -file * -line 0]
foreach {name value} [lrange $argv 1 end] {
  if {![dict exists $opt $name]} {
    puts stderr "mutate: unknown option: $name"
    exit 2
  }
  if {$value ne ""} { dict set opt $name $value }
}
set test [file join $dir test]
set work [file join $dir build mutant]
file mkdir $work

# The tests that run for every mutant, the quick ones that see most first; and
# those that are about a source file, which run before.
set general {
  event session fork pack retain label life scope export list_plan place
  archive import context check writes save tenant hostile reap
}
array set about {
  block {pack archive check} check check check_event check
  copy {export import} create {session fork} event {event pending}
  flush {scope syscall} fn_copy {save export import} fn_event event fn_fork fork
  fn_id ulid fn_life life fn_pack {pack archive} fn_place {place writes}
  fn_retain {retain reap} fn_scope scope fn_session {session syscall} fork {fork tree}
  home {event pending} import {import argument} json {json argument import}
  label label life life pack {pack archive} pending {pending event}
  place writes reader {event pack fork} retain {retain reap tree}
  save {save syscall} scope scope session {session memo} sessionlog load
  stats check stmt {event hostile} store {place writes schema_change hostile}
  ulid {ulid syscall} util_time {argument session}
  value {argument json event}
  vt_artifact label vt_check check vt_event {event list_plan} vt_export export
  vt_fork {fork tree} vt_label label vt_list {session list_plan} vt_meta label
  vt_scope scope vtab {event list_plan}
}

proc sh {command} {
  if {[catch {exec sh -c $command </dev/null >@stdout 2>@stderr} why]} {
    puts stderr "mutate: $why\n$command"
    exit 2
  }
}

# ------------------------------------------------------------------ compiling

set cflags "-std=c99 -O1 -g -w -fPIC -fvisibility=hidden -DNDEBUG\
  -DSL_COVERAGE -DSQLITE_CORE -DSL_VERSION='\"mutant\"' -Iext -Ibuild/gen"
set cc gcc
if {[info exists env(CC)] && $env(CC) ne ""} { set cc $env(CC) }

puts "compiling"
set mutants {}
set objects {}
foreach f [lsort [glob -directory [file join $dir ext] *.c]] {
  set name [file rootname [file tail $f]]
  sh "cd '$dir' && $cc $cflags -S -o '$work/$name.s' ext/$name.c \
      && $cc -c -o '$work/$name.o' '$work/$name.s'"
  lappend objects $name
  if {![string match [dict get $opt -file] $name.c]} continue
  # .loc FILE LINE ...: the source line of what follows, in file 1.
  set ch [open $work/$name.s]
  set text($name) [split [read $ch] \n]
  close $ch
  set at 0
  set n -1
  foreach l $text($name) {
    incr n
    if {[regexp {^\t\.loc (\d+) (\d+)} $l -> no line]} {
      set at [expr {$no == 1 ? $line : 0}]
    } elseif {[regexp {^\tj(?!mp)[a-z]+\t} $l] && $at > 0
              && [dict get $opt -line] in [list 0 $at]} {
      lappend mutants [list $name $n $at jmp] [list $name $n $at nop]
    }
  }
  set ch [open $f]
  set source($name) [split [read $ch] \n]
  close $ch
}
sh "cd '$dir' && $cc $cflags -c -o '$work/gen-sql.o' build/gen/sql.c"
lappend objects gen-sql

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

set env(SESSIONLOG_SO) $work/sessionlog.so
set env(SESSIONLOG_TMP) $work/tmp
set env(TMPDIR) $work/tmp

# Link with other objects in place of some: the extension, and core_fault.
proc link {name object} {
  global dir work cc objects
  set list [lmap o $objects { expr {$o eq $name ? $object : "$work/$o.o"} }]
  set list [join $list " "]
  sh "cd '$dir' && $cc -shared -Wl,-Bsymbolic -o '$work/sessionlog.so' $list \
      -lsqlite3 -lzstd && $cc -g -w -D_GNU_SOURCE -DSQLITE_CORE -Iext \
      -Ibuild/gen -o '$work/core_fault' test/c/core_fault.c $list -lsqlite3 \
      -lzstd -lpthread"
}

# Run a test: 1 if it fails.
proc notices {command} {
  global work
  file delete -force $work/tmp
  file mkdir $work/tmp
  set fails [catch {
    exec -ignorestderr timeout -s KILL 300 sh -c \
      "ulimit -v 4000000; ulimit -c 0; $command" </dev/null >$work/out 2>@1
  }]
  return $fails
}
proc test_command {t} {
  global test
  return "exec '[info nameofexecutable]' -encoding utf-8 '$test/$t.test'"
}
set scenarios [join [lmap f {place session event life} {
  string cat '$test/fault/$f.sql'
}] " "]
set oom "exec '$work/core_fault' oom -budget 1000 -dir '$work/tmp' $scenarios"

# Without a mutant every test passes, or it is left out.
link {} {}
set usable {}
set wanted $general
foreach m $mutants { lappend wanted {*}$about([lindex $m 0]) }
foreach t [lsort -unique $wanted] {
  if {[notices [test_command $t]]} {
    puts "left out, as it fails by itself: $t"
  } else {
    lappend usable $t
  }
}
if {[notices $oom]} {
  puts stderr "mutate: core_fault fails by itself"
  exit 2
}

set known {}
if {![catch {open [file join $test mutants.txt]} ch]} {
  foreach l [split [read $ch] \n] {
    if {[regexp {^ext/} $l]} { dict set known $l 1 }
  }
  close $ch
}

array set count {killed 0 equivalent 0 survived 0}
foreach m $mutants {
  lassign $m name n at kind
  set lines $text($name)
  set jump [lindex $lines $n]
  regsub {^\tj[a-z]+\t} $jump "\tjmp\t" jump
  lset lines $n [expr {$kind eq "jmp" ? $jump : "\tnop"}]
  set ch [open $work/m.s w]
  puts $ch [join $lines \n]
  close $ch
  sh "$cc -c -o '$work/m.o' '$work/m.s'"
  link $name '$work/m.o'
  set by {}
  set order {}
  foreach t [concat $about($name) $general] {
    if {$t in $usable && $t ni $order} { lappend order $t }
  }
  foreach t $order {
    if {[notices [test_command $t]]} {
      set by $t
      break
    }
  }
  if {$by eq "" && [notices $oom]} { set by oom }
  set code [string trim [lindex $source($name) $at-1]]
  if {$by ne ""} {
    incr count(killed)
    puts "killed by $by: ext/$name.c:$at $kind"
  } elseif {[dict exists $known "ext/$name.c $kind $code"]} {
    incr count(equivalent)
    puts "equivalent: ext/$name.c:$at $kind"
  } else {
    incr count(survived)
    puts "SURVIVED: ext/$name.c:$at $kind $code"
  }
}
file delete -force $work/tmp
puts "[llength $mutants] of $total mutants (seed [dict get $opt -seed]):\
  $count(killed) killed, $count(equivalent) equivalent, $count(survived) survived"
exit [expr {$count(survived) > 0}]
