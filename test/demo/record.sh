#!/bin/sh
# record.sh >transcript.jsonl
#
# Do a small debugging job, and write what was said and done as JSON Lines:
# {"type":"user"|"assistant"|"tool","timestamp":...,"content":...}.
#
# The job is real: a C program is written, compiled and run, its check fails,
# and it is repaired, by way of one repair that was not enough.  Each "tool"
# line holds a command that was run here and what it printed.  The script
# stops where a command does not end as the story says, so that a transcript
# is never out of step with what happened.
#
# Needs cc, diff, patch and the sqlite3 shell, which makes the JSON.
set -eu
LC_ALL=C
export LC_ALL

work=`mktemp -d`
trap 'rm -rf "$work"' EXIT
cd "$work"
mkdir job

# line TYPE: standard input as a line of the transcript.
line(){
  cat >content
  sqlite3 -batch :memory: "SELECT json_object('type', '$1',
    'timestamp', strftime('%Y-%m-%dT%H:%M:%fZ', 'now'),
    'content', rtrim(CAST(readfile('content') AS TEXT), char(10)))"
}

user(){ echo "$1" | line user; }
say(){ echo "$1" | line assistant; }

# run STATUS: run the command on standard input in job/, record it and what it
# prints.  It must end with STATUS.
run(){
  cat >command
  status=0
  (cd job && sh ../command) >printed 2>&1 || status=$?
  {
    sed '1s/^/$ /' command
    cat printed
    if test $status -ne 0; then echo "[exit $status]"; fi
  } | line tool
  if test $status -ne $1; then
    echo "record.sh: ended with $status, not $1:" >&2
    cat command printed >&2
    exit 1
  fi
}

user "Write lastn.c: print the last N lines of standard input, N from the
command line. Plain C, no limit on the number of lines. And a check for it."

say "A ring of N lines is enough: line number i goes to slot i % N."
run 0 <<'EOF'
cat >lastn.c <<'END'
/* lastn N: print the last N lines of standard input. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int main(int argc, char **argv){
  int n = argc>1 ? atoi(argv[1]) : 10;
  char **ring = calloc(n, sizeof *ring);
  char buf[16];
  long seen = 0, i;
  while( fgets(buf, sizeof buf, stdin) ){
    free(ring[seen % n]);
    ring[seen % n] = strdup(buf);
    seen++;
  }
  for(i=seen-n; i<seen; i++) fputs(ring[i % n], stdout);
  return 0;
}
END
EOF

say "The check compares with tail, which does the same job."
run 0 <<'EOF'
cat >check.sh <<'END'
# check.sh: compare lastn with tail on several inputs.
bad=0
try(){
  if ./lastn $2 <$1 >got 2>/dev/null && tail -n $2 $1 | cmp -s - got
  then echo "ok    $1 $2"
  else echo "FAIL  $1 $2"; bad=1
  fi
}
seq 1 100 >numbers
seq 1 3 >few
printf 'first\nthe second line is longer\nthird\n' >long
printf 'a\nb\nno newline at the end' >open
: >empty
try numbers 10
try numbers 100
try few 3
try few 10
try long 2
try open 2
try empty 5
try numbers 0
exit $bad
END
EOF

say "Compile with warnings on, and run it once by hand."
run 0 <<'EOF'
cc -std=gnu99 -Wall -Wextra -g -o lastn lastn.c && echo compiled
EOF
run 0 <<'EOF'
seq 1 100 | ./lastn 3
EOF
run 1 <<'EOF'
sh check.sh
EOF

user "Five of eight fail. What is wrong with them?"

say "Take them one by one. First: more lines asked for than there are."
run 139 <<'EOF'
./lastn 10 <few
EOF
say "It dies. With 3 lines and N=10 the loop starts at seen-n. Print it."
run 139 <<'EOF'
sed 's|^  for(i=|  fprintf(stderr, "from %ld to %ld\\n", seen-n, seen);\n&|' \
  lastn.c >probe.c
cc -std=gnu99 -g -o probe probe.c && ./probe 10 <few
EOF
say "As thought: the loop starts at -7, and -7 % 10 is -7 in C, which lies
before the ring. The empty file is the same case."
run 0 <<'EOF'
cat >mod.c <<'END'
#include <stdio.h>
int main(void){ printf("%d\n", -7 % 10); return 0; }
END
cc -o mod mod.c && ./mod
EOF
say "Second: the long line, which the last line of \"open\" is as well."
run 0 <<'EOF'
./lastn 2 <long
EOF
say "The line of 25 characters does not fit into buf[16]: fgets gives it in
two pieces and each counts as a line. A larger buffer repairs the check."
run 0 <<'EOF'
cat >first.patch <<'END'
--- lastn.c
+++ lastn.c
@@ -6,7 +6,7 @@
 int main(int argc, char **argv){
   int n = argc>1 ? atoi(argv[1]) : 10;
   char **ring = calloc(n, sizeof *ring);
-  char buf[16];
+  char buf[64];
   long seen = 0, i;
   while( fgets(buf, sizeof buf, stdin) ){
     free(ring[seen % n]);
@@ -13,6 +13,6 @@
     ring[seen % n] = strdup(buf);
     seen++;
   }
-  for(i=seen-n; i<seen; i++) fputs(ring[i % n], stdout);
+  for(i=seen>n ? seen-n : 0; i<seen; i++) fputs(ring[i % n], stdout);
   return 0;
 }
END
patch lastn.c first.patch
EOF
run 1 <<'EOF'
cc -std=gnu99 -Wall -Wextra -g -o lastn lastn.c && sh check.sh
EOF

user "The larger buffer only moves the limit. Lines of any length, please."

say "True; a line of 100 characters shows it. Add that to the check."
run 1 <<'EOF'
sed 's|^: >empty|printf "%0100d\\n%0100d\\n%0100d\\n" 1 2 3 >wide\n&|
s|^try open 2|try wide 2\n&|' check.sh >check.new && mv check.new check.sh
sh check.sh
EOF
say "getline() grows its buffer as needed, and gives away the line itself, so
the copy goes too. That is another way, so go back to the first version."
run 0 <<'EOF'
patch -R lastn.c first.patch
EOF
say "And N=0: seen % 0 is a division by zero."
run 136 <<'EOF'
./lastn 0 <few
EOF
say "With N=0 nothing is printed, whatever comes in; what is no number or
negative is refused."
run 0 <<'EOF'
cat >new.c <<'END'
/* lastn N: print the last N lines of standard input. */
#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv){
  char *end = "", **ring;
  long n = argc>1 ? strtol(argv[1], &end, 10) : 10;
  long seen = 0, i;
  if( *end || n<0 ){
    fprintf(stderr, "usage: lastn N\n");
    return 2;
  }
  if( n==0 ) return 0;
  ring = calloc(n, sizeof *ring);
  if( ring==0 ) return 1;
  for(;;){
    size_t size = 0;
    char *line = 0;
    if( getline(&line, &size, stdin)<0 ){
      free(line);
      break;
    }
    free(ring[seen % n]);
    ring[seen++ % n] = line;
  }
  for(i=seen>n ? seen-n : 0; i<seen; i++) fputs(ring[i % n], stdout);
  for(i=0; i<n; i++) free(ring[i]);
  free(ring);
  return 0;
}
END
diff -u lastn.c new.c | grep -c '^[-+]'; mv new.c lastn.c
EOF
run 0 <<'EOF'
cc -std=gnu99 -Wall -Wextra -g -o lastn lastn.c && sh check.sh
EOF

say "All nine. Last, what should be refused, and a large input."
run 2 <<'EOF'
./lastn -1 <few
EOF
run 2 <<'EOF'
./lastn ten <few
EOF
run 0 <<'EOF'
seq 1 1000000 | ./lastn 2
EOF
run 0 <<'EOF'
wc -l lastn.c check.sh
EOF

user "Good. One line for the change log."

say "lastn: lines of any length, fewer lines than asked for, N=0; checked
against tail on nine inputs."
