#!/bin/sh
# 32 bits: the tests as i386 programs, and databases that are written on one
# side and read on the other.
. test/matrix/lib.sh
begin 32bit
need test "what the tests need can't be had"
need i386 "no compiler for i386"
apt_setup || skip "no packages of i386"
emulate(){
  r=$top/build/matrix/root-i386
  echo "\"$r/lib/ld-linux.so.2\" --argv0 \"$1\" --library-path" \
    "\"$r/lib/i386-linux-gnu:$r/usr/lib/i386-linux-gnu\""
}
cross i386 i386-linux-gnu i686-linux-gnu-gcc || skip "no packages of i386"
cross_tests
finish
