#!/bin/sh
# A big-endian processor, s390x, under emulation: the tests, and databases that
# are written on one side and read on the other.
. test/matrix/lib.sh
begin bigendian
need test "what the tests need can't be had"
need s390x "no compiler for s390x, or no qemu-s390x"
# core_kill's writers do as much before they die as they do elsewhere.
export SESSIONLOG_SLOW=20
apt_setup || skip "no packages of s390x"
emulate(){
  echo "qemu-s390x -0 \"$1\" -L \"$top/build/matrix/root-s390x\""
}
cross s390x s390x-linux-gnu s390x-linux-gnu-gcc || skip "no packages of s390x"
cross_tests
finish
