#!/bin/sh
# The oldest SQLite that sessionlog supports, 3.38 (as of its second bug fix).
. test/matrix/lib.sh
begin oldest
need test "what the tests need can't be had"
sqlite_npm "$top/build/matrix/sqlite-3.38.2" 7.5.1 \
  || skip "no npm, or no sources of SQLite by it"
step "build SQLite" sqlite_build "$top/build/matrix/sqlite-3.38.2" || finish
sqlite_shell
sqlite_tests
# Built with the headers of another SQLite, which have more.
rm -rf build
unset CPPFLAGS LIBRARY_PATH
tests make -s -j"$JOBS" test T="${T:-place save event session}"
finish
