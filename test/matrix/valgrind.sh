#!/bin/sh
# Valgrind's memcheck: no error and nothing definitely lost, in tclsh with the
# extension loaded and in programs with the extension linked in.
. test/matrix/lib.sh
begin valgrind
need test "what the tests need can't be had"
need valgrind "no valgrind here"
step "build" make -s -j"$JOBS" CFLAGS='-O1 -g' all programs || finish
check='valgrind -q --keep-debuginfo=yes --leak-check=full
  --show-leak-kinds=definite --errors-for-leak-kinds=definite
  --error-exitcode=99 --trace-children=no'

# A leak, and a read behind an allocation, that are there on purpose.
cat >bad.c <<'EOF'
#include <stdlib.h>
int main(int argc, char **argv){
  char *volatile p = malloc(10);
  (void)argv;
  if( argc>1 ) return p[10] == 1;
  p = 0;
  return 0;
}
EOF
step "a leak is seen" sh -c "cc -g -o bad bad.c && ! $(echo $check) ./bad"
step "a bad read is seen" sh -c "! $(echo $check) ./bad 1"

# The tests of the extension; not those that start programs, are about time or
# take too long.
for f in test/*.test; do
  t=$(basename "$f" .test)
  case $t in
    cluster|conc|crash|demo|fault_*|fuzz|harness|hostile|lang|ship|soak) continue ;;
    tenant|tree_property) continue ;;
  esac
  SESSIONLOG_SO=$PWD/build/sessionlog.so \
    step "$t.test" $check tclsh -encoding utf-8 "$f"
done
for t in sql file block text; do
  step "fuzz corpus: $t" $check build/test/fuzz/$t test/fuzz/corpus/$t
done
step "damaged bytes" $check build/test/fuzz/flip 1999 7
step "damaged rows" $check build/test/fuzz/rows 499 7
mkdir tmp
step "failing allocations" $check build/test/core_fault oom -dir tmp \
  -budget 400 test/fault/event.sql test/fault/session.sql test/fault/life.sql
step "threads" $check build/test/core_thread 4 300
step "changesets" $check build/test/core_changeset tmp/changeset.db
finish
