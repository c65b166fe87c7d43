#!/bin/sh
# SQLite with all its assertions.
. test/matrix/lib.sh
begin debug
need test "what the tests need can't be had"
sqlite_debian "$top/build/matrix/sqlite-debian" \
  || skip "no sources of the packaged SQLite"
SQLITE_CFLAGS='-DSQLITE_DEBUG -DSQLITE_ENABLE_API_ARMOR -O1'
step "build SQLite" sqlite_build "$top/build/matrix/sqlite-debian" || finish
sqlite_shell
sqlite_tests
finish
