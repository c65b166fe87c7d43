# readme.tcl: the examples of README.md, for readme.test and lang.test.
#
# The convention
#   - A fenced block marked sql, sh, python, js or tcl is an example if it is
#     followed by a block marked text, with only blank lines between them: that
#     is what it prints, on stdout and stderr, to the letter.  An sql block
#     without one is an example that prints nothing.  Other blocks are not
#     run (the install commands, pictures).
#   - Every heading begins a section.  The sql blocks of a section are one run
#     of the sqlite3 shell on a new database file, with sessionlog loaded and
#     .nullvalue NULL; blocks in other languages are a run each, in a
#     directory of their own.
#   - "./build/sessionlog" is the extension under test.
#   - Where the shell says "Runtime error near line 3: MESSAGE (19)" the text is
#     "Error: MESSAGE".
#   - A ULID that stands in the section's code is literal.  Others are new in
#     each run: they are numbered in order of appearance, so that the same
#     id must be the same wherever it stands, and no more.
#   - The output of blank lines at the end doesn't matter.

# All blocks: a list of {SECTION LINE LANGUAGE CODE OUTPUT HAS}; OUTPUT is the
# text block's lines and HAS whether there was one.
proc readme_blocks {} {
  set f [open [file join $sl::root README.md]]
  set lines [split [read $f] \n]
  close $f
  set blocks {}
  set section {}
  set lang {}
  set joined 0        ;# nothing but blank lines since the last block
  set n 0
  foreach line $lines {
    incr n
    if {$lang ne ""} {
      if {$line ne "```"} {
        append code $line\n
      } elseif {$lang eq "text" && $joined} {
        lset blocks end 4 $code
        lset blocks end 5 1
        set lang {}
        set joined 0
      } else {
        lappend blocks [list $section $start $lang $code {} 0]
        set joined [expr {$lang ne "text"}]
        set lang {}
      }
    } elseif {[regexp {^```(\w+)$} $line -> lang]} {
      set start $n
      set code {}
    } elseif {[regexp {^#+ (.*)$} $line -> section]} {
      set joined 0
    } elseif {[string trim $line] ne ""} {
      set joined 0
    }
  }
  if {$lang ne ""} { error "README.md:$start: the block has no end" }
  return $blocks
}

# The blocks that are examples in one of the languages.
proc readme_examples {langs} {
  set res {}
  foreach b [readme_blocks] {
    lassign $b section line lang code want has
    if {$lang in $langs && ($has || $lang eq "sql")} { lappend res $b }
  }
  return $res
}

# Output in the form in which it is compared.  idsVar holds the ids met so
# far; those in code are literal.
proc readme_normal {text code idsVar} {
  upvar 1 $idsVar ids
  set res {}
  set from 0
  foreach at [regexp -all -inline -indices \
      {\m[0-7][0-9A-HJKMNP-TV-Z]{25}\M} $text] {
    lassign $at i j
    set id [string range $text $i $j]
    append res [string range $text $from $i-1]
    if {[string first $id $code] < 0} {
      if {$id ni $ids} { lappend ids $id }
      set id "(id [expr {[lsearch -exact $ids $id]+1}])"
    }
    append res $id
    set from [expr {$j+1}]
  }
  append res [string range $text $from end]
  regsub -all -line \
    {^(?:Runtime|Parse) error near line \d+: (.*?)(?: \(\d+\))?$} \
    $res {Error: \1} res
  return [string trimright $res]
}

# Run a shell command in a new directory that has the extension where the code
# looks for it; the result is what it prints.
proc readme_run {name command} {
  set dir [tempfile $name]
  file delete -force $dir
  file mkdir $dir/build
  file link -symbolic $dir/build/sessionlog.so $sl::so
  return [sl::sh "cd [quoted $dir] && $command" rc]
}
