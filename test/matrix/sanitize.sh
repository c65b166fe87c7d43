#!/bin/sh
# Address and undefined-behaviour checks: `make sanitize`.
. test/matrix/lib.sh
begin sanitize
need test "what the tests need can't be had"
tests make -s -j"$JOBS" sanitize
finish
