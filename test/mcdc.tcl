# mcdc.tcl: the conditions of ext/ that no test has shown to matter, from what
# llvm-cov exports (see mcdc.sh).
#
#   tclsh test/mcdc.tcl FILE.json
#
# Printed are the decisions with such conditions, by their numbers from left to
# right, then a table by file: conditions shown, and all.

package require sqlite3
sqlite3 db :memory:
set f [open [lindex $argv 0] r]
fconfigure $f -encoding utf-8
set json [read $f]
close $f

# A record: first and last line and column, …, the conditions as true or false,
# which is the last member that is an array.
db eval {
  CREATE TABLE decision(file, line, col, conditions);
  INSERT INTO decision
  SELECT substr(file.value->>'filename', instr(file.value->>'filename', '/ext/')+1),
         record.value->>0, record.value->>1,
         (SELECT value FROM json_each(record.value) WHERE type='array'
           ORDER BY key DESC LIMIT 1)
    FROM json_each($json, '$.data[0].files') AS file,
         json_each(file.value, '$.mcdc_records') AS record
   WHERE file.value->>'filename' LIKE '%/ext/%.c';
}
array set lines {}
db eval {
  SELECT file, line, col, conditions FROM decision ORDER BY file, line, col
} {
  set missed {}
  set n 0
  foreach c [db eval {SELECT value FROM json_each($conditions)}] {
    incr n
    incr all($file)
    if {$c} { incr shown($file) } else { lappend missed $n }
  }
  if {![llength $missed]} continue
  if {![info exists lines($file)]} {
    set f [open $file r]
    fconfigure $f -encoding utf-8
    set lines($file) [split [read $f] \n]
    close $f
  }
  puts [format "%s:%d: condition %s of %d: %s" $file $line $missed $n \
    [string trim [lindex $lines($file) [expr {$line-1}]]]]
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
exit [expr {[lindex $sum 1] == 0}]
