#!/bin/sh
# gcc at every level of optimisation: its warnings differ with what it sees.
# The last build, without assert(), is tested.
. test/matrix/lib.sh
begin gcc
need test "what the tests need can't be had"
command -v gcc >/dev/null || skip "no gcc here"
for flags in -O0 -O1 -Os "-O2 -DSQLITE_DEBUG -flto" "-O3 -DNDEBUG"; do
  step "build with $flags" \
    make -s -j"$JOBS" CC=gcc CFLAGS="$flags" all static programs
done
tests make -s -j"$JOBS" CC=gcc CFLAGS='-O3 -DNDEBUG' test
finish
