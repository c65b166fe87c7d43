#!/bin/sh
# Address and undefined-behaviour checks: `make sanitize`, and all of the damage
# to rows that its tests draw a part of.
. test/matrix/lib.sh
begin sanitize
need test "what the tests need can't be had"
tests make -s -j"$JOBS" sanitize
step "damaged rows" build/sanbin/fuzz/rows 1 0
step "damaged bytes" build/sanbin/fuzz/flip 17 3
finish
