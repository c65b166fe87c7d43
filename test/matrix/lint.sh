#!/bin/sh
# Format, cppcheck, clang-tidy, gcc -fanalyzer, exported symbols: `make lint`.
. test/matrix/lib.sh
begin lint
need lint "the linters can't be had"
for what in format cppcheck tidy analyzer exports; do
  step "lint-$what" make -s -j"$JOBS" lint-$what
done
finish
