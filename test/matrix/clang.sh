#!/bin/sh
# clang, with the same warnings and some that gcc doesn't have, as errors.
. test/matrix/lib.sh
begin clang
need test "what the tests need can't be had"
need clang "no clang here"
for flags in -O0 -Os "-O3 -DNDEBUG" "-O2 -Wimplicit-fallthrough \
    -Wmissing-prototypes -Wstrict-prototypes -Wunreachable-code -Wcomma \
    -Wconditional-uninitialized -Wshorten-64-to-32 -Wassign-enum \
    -Wformat-type-confusion -Wtautological-compare -Wloop-analysis"; do
  step "build with $flags" \
    make -s -j"$JOBS" CC=clang CFLAGS="$flags" all static programs
done
tests make -s -j"$JOBS" CC=clang test
finish
