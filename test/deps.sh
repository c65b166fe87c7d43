#!/bin/sh
# deps.sh [-n] build|test|fuzz|lint|clang|valgrind|i386|s390x
#
# See that what building, testing, linting or an entry of the matrix needs is
# there.  On Debian and Ubuntu what is missing is installed; elsewhere, and
# always with -n, one line says what is missing and the exit status is 1.
# Prints nothing and takes no time when all is there.
#
# libdqlite, for the cluster's test, and patch, for the demo's, are installed
# where that can be done; else the tests are skipped.  It is tried once for a
# build directory.
set -u

install=yes
if [ "${1:-}" = -n ]; then
  install=no
  shift
fi
what=${1:-build}
: "${CC:=cc}"

has_header(){
  # CC and CPPFLAGS may hold several words.
  echo "#include <$1>" | $CC ${CPPFLAGS:-} -E -o /dev/null - 2>/dev/null
}
has_command(){
  command -v "$1" >/dev/null 2>&1
}
has_tcl_sqlite(){
  has_command tclsh \
    && echo 'if {[catch {package require sqlite3}]} {exit 1}' | tclsh
}

# The sanitizers' run-time libraries are a package of their own.
has_fuzzer(){
  has_command clang && echo 'int LLVMFuzzerTestOneInput(void){ return 0; }' \
    | clang -x c -fsanitize=fuzzer,address,undefined -o /dev/null - 2>/dev/null
}

# Sets $missing to the packages, by their Debian names, and $optional to those
# that tests can do without.
look(){
  missing=
  optional=
  has_header sqlite3ext.h || missing="$missing libsqlite3-dev"
  has_header zstd.h || missing="$missing libzstd-dev"
  case $what in
    test)
      has_command tclsh || missing="$missing tcl"
      has_tcl_sqlite || missing="$missing libsqlite3-tcl"
      has_command sqlite3 || missing="$missing sqlite3"
      has_command tmux || missing="$missing tmux"
      has_header dqlite.h || optional=libdqlite-dev
      has_command patch || optional="$optional patch"
      ;;
    fuzz)
      has_fuzzer || missing="$missing clang libclang-rt-dev"
      ;;
    lint)
      for c in clang-format clang-tidy cppcheck; do
        has_command $c || missing="$missing $c"
      done
      ;;
    clang|valgrind)
      has_command $what || missing="$missing $what"
      ;;
    i386)
      has_command i686-linux-gnu-gcc \
        || missing="$missing gcc-i686-linux-gnu libc6-dev-i386-cross"
      ;;
    s390x)
      has_command s390x-linux-gnu-gcc \
        || missing="$missing gcc-s390x-linux-gnu libc6-dev-s390x-cross"
      has_command qemu-s390x || missing="$missing qemu-user"
      ;;
  esac
  missing=${missing# }
  optional=${optional# }
}

complain(){
  echo "sessionlog: missing for \"$what\" (Debian package names): $missing" >&2
  exit 1
}

case $what in
  build|test|fuzz|lint|clang|valgrind|i386|s390x) ;;
  *) echo "usage: deps.sh [-n] WHAT" >&2; exit 2 ;;
esac
has_command "${CC%% *}" || {
  echo "sessionlog: no C compiler ($CC)" >&2
  exit 1
}
look
tried=build/deps.optional
if [ -e $tried ] || [ $install = no ] || ! has_command apt-get; then
  optional=
fi
[ -z "$missing$optional" ] && exit 0
[ $install = no ] && complain
has_command apt-get || complain

as_root=
if [ "$(id -u)" != 0 ]; then
  as_root=sudo
  # For what can be done without nobody is asked for a password.
  if [ -z "$missing" ] && ! sudo -n true 2>/dev/null; then exit 0; fi
  has_command sudo || complain
fi
echo "sessionlog: installing${missing:+ $missing}${optional:+ $optional}"
apt(){
  $as_root env DEBIAN_FRONTEND=noninteractive \
    apt-get -q -o DPkg::Lock::Timeout=120 "$@" </dev/null
}
# An update that fails for one source of many is no reason to stop.
apt update || true
# shellcheck disable=SC2086
if [ -n "$missing" ]; then
  apt install -y --no-install-recommends $missing || complain
fi
if [ -n "$optional" ]; then
  for p in $optional; do
    apt install -y --no-install-recommends "$p" \
      || echo "sessionlog: no $p here: its tests are skipped"
  done
  mkdir -p build && touch $tried
fi
look
[ -z "$missing" ] || complain
