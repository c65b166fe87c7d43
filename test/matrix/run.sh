#!/bin/sh
# run.sh [NAME...]: the matrix of builds, see `make matrix`.
#
# Each entry is a script of this directory, NAME.sh; without a name all of them
# run, one after another.  An entry ends in one line,
#
#   matrix NAME: N passed, N failed
#   matrix NAME: skipped: REASON
#
# where a build counts as a test passed or failed.  What it printed stays in
# build/matrix/NAME.log, from which the failures are shown.  The exit status is
# 1 where anything failed.
#
# Entries work on copies of the sources below build/matrix.  JOBS is how many
# compilers and test files run at a time (all cores).
set -u
cd "$(dirname "$0")/../.." || exit 2

ALL='gcc clang oldest newest debug sanitize memory thread valgrind 32bit bigendian lint'
status=0
for name in ${*:-$ALL}; do
  if [ ! -f "test/matrix/$name.sh" ] || [ "$name" = run ] || [ "$name" = lib ]
  then
    echo "matrix: no such entry: $name (there are: $ALL)" >&2
    exit 2
  fi
done
mkdir -p build/matrix
for name in ${*:-$ALL}; do
  log=build/matrix/$name.log
  sh "test/matrix/$name.sh" >"$log" 2>&1 </dev/null
  line=$(tail -n 1 "$log")
  case $line in
    "matrix $name: skipped: "*) echo "$line"; continue ;;
    "matrix $name: "*" passed, 0 failed") echo "$line"; continue ;;
    "matrix $name: "*) ;;
    *) line="matrix $name: died, see $log" ;;
  esac
  status=1
  grep -A12 '^FAIL' "$log" | head -n 100
  echo "$line"
done
exit $status
