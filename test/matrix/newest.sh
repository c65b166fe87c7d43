#!/bin/sh
# A newer SQLite than Debian's.
. test/matrix/lib.sh
begin newest
need test "what the tests need can't be had"
sqlite_npm "$top/build/matrix/sqlite-3.54.1" 13.2.0 \
  || skip "no npm, or no sources of SQLite by it"
step "build SQLite" sqlite_build "$top/build/matrix/sqlite-3.54.1" || finish
sqlite_shell
sqlite_tests
finish
