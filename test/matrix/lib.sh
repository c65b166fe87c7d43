# lib.sh: what the entries of the matrix share; they source it first.
#
#   . test/matrix/lib.sh
#   begin NAME                   or: skip REASON
#   step "what it is" COMMAND…   passes or fails by its status
#   tests COMMAND…               a run of test/run.tcl: its counts are added
#   finish
#
# T=pattern in the environment restricts the tests, as for `make test`.
#
# `begin` makes a copy of the sources and leaves the script in it.

set -u
top=$(pwd)
nPass=0
nFail=0
: "${JOBS:=$(nproc 2>/dev/null || echo 2)}"

begin(){
  name=$1
  work=$top/build/matrix/$name
  rm -rf "$work"
  mkdir -p "$work" || exit 2
  cp -R Makefile README.md LICENSE .ci .clang-format ext sql test "$work" \
    || exit 2
  cd "$work" || exit 2
}

skip(){
  echo "matrix $name: skipped: $*"
  exit 0
}

finish(){
  echo "matrix $name: $nPass passed, $nFail failed"
  cd "$top" || exit 2
  # What is left is of use only where something failed.
  [ "$nFail" = 0 ] && rm -rf "$work"
  exit 0
}

step(){
  what=$1
  shift
  if "$@" >step.log 2>&1; then
    echo "ok   $what"
    nPass=$((nPass+1))
  else
    echo "FAIL $what (status $?): $*"
    tail -n 60 step.log
    nFail=$((nFail+1))
    return 1
  fi
}

# The last line of a run says "N passed, N failed"; make may have complained
# after it.
tests(){
  "$@" 2>&1 | tee step.log
  line=$(grep '^[0-9]* passed, ' step.log | tail -n 1)
  p=$(printf '%s\n' "$line" | sed -n 's/^\([0-9]*\) passed, .*/\1/p')
  f=$(printf '%s\n' "$line" | sed -n 's/.* passed, \([0-9]*\) failed.*/\1/p')
  if [ -z "$p" ] || [ -z "$f" ]; then
    echo "FAIL no tests ran: $*"
    p=0
    f=1
  fi
  nPass=$((nPass+p))
  nFail=$((nFail+f))
}

# need WHAT: what test/deps.sh knows by that name, or the entry is skipped.
need(){
  sh test/deps.sh "$1" || skip "$2"
}

# ------------------------------------------------------- packages of Debian

# apt_setup ARCHITECTURE…: apt-get of a private kind, which reads the system's
# sources, with the sources of packages and with other architectures, and
# changes nothing of the system.  Status 1 where that can't be had.
apt_setup(){
  apt=$top/build/matrix/apt
  export APT_CONFIG="$apt/conf"
  command -v apt-get >/dev/null || return 1
  if [ ! -f "$apt/done" ]; then
    rm -rf "$apt"
    mkdir -p "$apt/lists/partial" "$apt/cache/archives/partial" "$apt/src"
    for f in /etc/apt/sources.list.d/*.sources; do
      [ -f "$f" ] && sed 's/^Types:.*/Types: deb deb-src/' "$f" \
        >"$apt/src/$(basename "$f")"
    done
    if [ -f /etc/apt/sources.list ]; then
      sed -n 's/^deb /deb-src /p; /^deb /p' /etc/apt/sources.list \
        >"$apt/src/all.list"
    fi
    cat >"$apt/conf" <<EOF
Dir::State::Lists "$apt/lists";
Dir::Cache "$apt/cache";
Dir::Etc::sourcelist "/dev/null";
Dir::Etc::sourceparts "$apt/src";
APT::Architectures { "$(dpkg --print-architecture)"; "i386"; "s390x"; };
APT::Sandbox::User "root";
EOF
    # Fails for one list of many too.
    apt-get -q update || true
    touch "$apt/done"
  fi
}

# apt_root ARCHITECTURE DIRECTORY PACKAGE…: unpack packages into a directory.
apt_root(){
  arch=$1
  root=$2
  shift 2
  mkdir -p "$root/deb" || return 1
  list=
  for p; do list="$list $p:$arch"; done
  # shellcheck disable=SC2086
  (cd "$root/deb" && apt-get -q download $list) || return 1
  for f in "$root"/deb/*.deb; do dpkg -x "$f" "$root" || return 1; done
}

# apt_source PACKAGE DIRECTORY: its sources as they are before Debian's changes,
# below tree/ of the directory.
apt_source(){
  rm -rf "$2"
  mkdir -p "$2/tree" || return 1
  (cd "$2" && apt-get -q source --download-only "$1" \
    && tar -xf "$1"_*.orig.tar.[gx]z -C tree --strip-components=1)
}

# ------------------------------------------------------------ other SQLites

# As Debian builds it, so that the tests find what they use.
SQLITE_OPTIONS='-DSQLITE_SECURE_DELETE -DSQLITE_ENABLE_COLUMN_METADATA
  -DSQLITE_ENABLE_FTS3 -DSQLITE_ENABLE_FTS3_PARENTHESIS -DSQLITE_ENABLE_FTS5
  -DSQLITE_ENABLE_RTREE -DSQLITE_ENABLE_DBSTAT_VTAB -DSQLITE_ENABLE_STMTVTAB
  -DSQLITE_ENABLE_UNLOCK_NOTIFY -DSQLITE_ENABLE_SESSION
  -DSQLITE_ENABLE_PREUPDATE_HOOK -DSQLITE_ENABLE_LOAD_EXTENSION
  -DSQLITE_ENABLE_MATH_FUNCTIONS -DSQLITE_ENABLE_UPDATE_DELETE_LIMIT
  -DSQLITE_LIKE_DOESNT_MATCH_BLOBS -DSQLITE_SOUNDEX -DSQLITE_USE_URI
  -DSQLITE_MAX_VARIABLE_NUMBER=250000 -DSQLITE_THREADSAFE=1 -DHAVE_USLEEP=1
  -DSQLITE_DEFAULT_RECURSIVE_TRIGGERS=0 -DSQLITE_OMIT_LOOKASIDE'

# sqlite_debian DIRECTORY: the sources of the packaged SQLite as one file.
sqlite_debian(){
  apt_setup || return 1
  [ -f "$1/sqlite3.c" ] && return 0
  apt_source sqlite3 "$1" || return 1
  (cd "$1/tree" && ./configure --quiet && make sqlite3.c shell.c \
    && cp sqlite3.c sqlite3.h shell.c src/sqlite3ext.h ..)
}

# sqlite_npm DIRECTORY VERSION: those that a release of better-sqlite3 carries.
sqlite_npm(){
  [ -f "$1/sqlite3.c" ] && return 0
  command -v npm >/dev/null || return 1
  rm -rf "$1"
  mkdir -p "$1/pack" || return 1
  (cd "$1/pack" && npm pack --silent --ignore-scripts "better-sqlite3@$2" \
    && tar -xzf better-sqlite3-*.tgz \
    && cp package/deps/sqlite3/sqlite3*.[ch] ..)
}

# sqlite_build DIRECTORY: a shared library in the tree's lib/ and headers in
# its include/, from the sources in the directory, which SQLITE_CFLAGS are for.
sqlite_build(){
  mkdir -p lib include
  cp "$1/sqlite3.h" "$1/sqlite3ext.h" include
  # shellcheck disable=SC2086
  ${CC:-cc} -O2 -g -w -fPIC $SQLITE_OPTIONS ${SQLITE_CFLAGS:-} -shared \
    -Wl,-soname,libsqlite3.so.0 -o lib/libsqlite3.so.0 "$1/sqlite3.c" \
    -lm -lpthread -ldl || return 1
  ln -sf libsqlite3.so.0 lib/libsqlite3.so
}

# The shell is of another SQLite than the library, and refuses it: it has to
# run with its own.
sqlite_shell(){
  mkdir -p bin
  printf '#!/bin/sh\nunset LD_LIBRARY_PATH\nexec %s "$@"\n' \
    "$(command -v sqlite3)" >bin/sqlite3
  chmod +x bin/sqlite3
  PATH=$PWD/bin:$PATH
}

# sqlite_tests: build and run all tests with the library in lib/.
sqlite_tests(){
  export LD_LIBRARY_PATH="$PWD/lib"
  export CPPFLAGS="-I$PWD/include"
  export LIBRARY_PATH="$PWD/lib"
  echo "SQLite $(echo 'puts [package require sqlite3; sqlite3 -version]' | tclsh)"
  tests make -s -j"$JOBS" test
}

# ---------------------------------------------------------- other processors

# cross ARCHITECTURE TRIPLET COMPILER: build all for another processor against
# Debian's libraries of it, and put wrappers into the tree's bin/ and in place
# of the test programs, which run them by the command in $emulate, with the
# options for the name and for the file.
cross(){
  triplet=$2
  root=$top/build/matrix/root-$1
  if [ ! -f "$root/done" ]; then
    rm -rf "$root"
    apt_root "$1" "$root" libc6 libgcc-s1 libtcl8.6 tcl8.6 libsqlite3-tcl \
      libsqlite3-0 libsqlite3-dev sqlite3 libzstd1 libzstd-dev zlib1g \
      libreadline8 libtinfo6 || return 1
    touch "$root/done"
  fi
  lib=$root/usr/lib/$triplet
  native=$(command -v tclsh)
  mkdir -p bin include
  cp "$root"/usr/include/sqlite3*.h "$root"/usr/include/z*.h include
  for p in tclsh8.6 sqlite3; do wrap "$root/usr/bin/$p" "bin/$p"; done
  ln -s tclsh8.6 bin/tclsh
  TCL_LIBRARY=$(dirname "$(find "$root/usr/share/tcltk" -name init.tcl \
    | head -n 1)")
  TCLLIBPATH=$root/usr/lib/tcltk
  export TCL_LIBRARY TCLLIBPATH
  # A cross compiler looks at no LIBRARY_PATH.
  step "build" make -s -j"$JOBS" CPPFLAGS="-I$PWD/include" \
    CC="$3 -L$lib -Wl,-rpath-link,$lib:$root/lib/$triplet" \
    HAVE_DQLITE= all programs || finish
  for p in build/test/* build/test/fuzz/*; do
    case $p in *.so|*.d) continue ;; esac
    [ -f "$p" ] && [ -x "$p" ] || continue
    mv "$p" "$p.bin"
    wrap "$PWD/$p.bin" "$p"
  done
  PATH=$PWD/bin:$PATH
}

# wrap PROGRAM FILE: make FILE run PROGRAM under that name.
wrap(){
  case $2 in /*) self=$2 ;; *) self=$PWD/$2 ;; esac
  printf '#!/bin/sh\nexec %s "%s" "$@"\n' "$(emulate "$self")" "$1" >"$2"
  chmod +x "$2"
}

# cross_tests: the tests by the other processor's tclsh, then the exchange of
# databases.  Python and Node are of this side and can't load the library.
cross_tests(){
  so=$PWD/build/sessionlog.so
  rm -f test/lang.test test/cluster.test
  export SESSIONLOG_SO="$so"
  step "it runs" sh -c 'echo "package require sqlite3; puts \
    \$tcl_platform(byteOrder),\$tcl_platform(wordSize)" | tclsh' || return 0
  cat step.log
  exchange
  # shellcheck disable=SC2086
  tests tclsh test/run.tcl -timeout "${SESSIONLOG_TIMEOUT:-3000}" -jobs "$JOBS" ${T:-}
}

# exchange: each side writes a database, both read both and go on in the
# other's; what they see, and what is stored, must be the same.
exchange(){
  step "build for here" make -s -C "$top" all || return 0
  host="env -u TCLLIBPATH -u TCL_LIBRARY SESSIONLOG_SO=$top/build/sessionlog.so"
  host="$host $native"
  e=test/matrix/exchange.tcl
  step "written here" $host $e write here.db || return 0
  step "written there" tclsh $e write there.db || return 0
  for w in here there; do
    step "$w, read here" sh -c "$host $e read $w.db >$w.here" || return 0
    step "$w, read there" sh -c "tclsh $e read $w.db >$w.there" || return 0
    step "$w: both read the same" cmp $w.here $w.there
  done
  step "both wrote the same" cmp here.here there.here
  step "something was read" test "$(wc -l <here.here)" -gt 300
  step "here goes on there" $host $e more there.db || return 0
  step "there goes on here" tclsh $e more here.db || return 0
  step "read here again" sh -c "$host $e read here.db >1; $host $e read there.db >2"
  step "both went on alike" cmp 1 2
  step "read there again" sh -c "tclsh $e read here.db >3; cmp 1 3"
}
