#!/bin/sh
# mcdc.sh: MC/DC of ext/ by clang: whether the tests show, of each condition of
# each decision, that it alone can turn the decision.
#
#   mcdc.sh DIR ?PATTERN...?
#
# DIR is a copy of the project (see coverage.mk), which is built here with
# clang's -fcoverage-mcdc and tested, the files that match PATTERN or all. Needs
# clang 18 or newer, with llvm-profdata and llvm-cov of the same version; CC
# names another than those looked for. Without them it says so and is content.
# Else the exit status is 1 where a test fails, where clang can't measure a
# decision and, of all tests, below 100%.

dir=$1
shift

# The first of the compilers that knows the option, and the end of its name.
for c in ${CC:-clang clang-21 clang-20 clang-19 clang-18}; do
  end=`printf '%s' "$c" | sed -n 's/.*clang\(-[0-9]*\)$/\1/p'`
  printf 'int main(void){ return 0; }\n' >"$dir/try.c"
  if "$c" -fprofile-instr-generate -fcoverage-mapping -fcoverage-mcdc \
       -o "$dir/try" "$dir/try.c" 2>/dev/null \
     && command -v llvm-profdata$end llvm-cov$end >/dev/null
  then
    cc=$c
    break
  fi
done
if [ -z "$cc" ]; then
  echo "mcdc: skipped: no clang 18 or newer with llvm-profdata and llvm-cov" \
       "(MC/DC is -fcoverage-mcdc)"
  exit 0
fi

cd "$dir" || exit 1
rm -rf prof && mkdir -m 777 prof || exit 1
umask 0
# Decisions of any size; one file for each program and library, which all
# processes that run it add to.
flags='-O0 -g -fprofile-instr-generate -fcoverage-mapping -fcoverage-mcdc'
if "$cc" -Xclang -fmcdc-max-conditions=64 -o try try.c 2>/dev/null; then
  flags="$flags -Xclang -fmcdc-max-conditions=64"
fi
run(){
  LLVM_PROFILE_FILE="$PWD/prof/%8m.profraw" make -s -j2 "$@" CC="$cc" \
    CFLAGS="$flags -DNDEBUG -DSL_COVERAGE" WERROR= \
    SESSIONLOG_POINTS="${POINTS:-600}" SESSIONLOG_TIMEOUT=1800
}
# clang has a warning, which is always on, for the decisions that it leaves out.
rm -rf build/obj
run build/sessionlog.so 2>warnings || { cat warnings >&2; exit 1; }
cat warnings >&2
run test T="$*"
rc=$?
if grep -q 'MC/DC' warnings; then rc=1; fi

# A process that was killed may have left a file unfinished.
llvm-profdata$end merge -sparse -failure-mode=all -o prof/all.profdata \
  prof/*.profraw || exit 1
objects=
for f in build/test/core_* build/test/ext_block.so build/test/fuzz/*; do
  case $f in *.d|*.gc*) ;; *) objects="$objects -object $f" ;; esac
done
llvm-cov$end show -show-mcdc -show-instantiations=false -use-color=false \
  -instr-profile=prof/all.profdata build/sessionlog.so $objects \
  -sources ext >prof/all.txt || exit 1
tclsh test/mcdc.tcl prof/all.txt || [ -n "$*" ] && exit $rc
