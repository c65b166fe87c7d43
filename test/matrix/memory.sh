#!/bin/sh
# Memory that nobody has set, by clang's memory sanitizer: the fuzz targets, the
# damaged files and the faults, with SQLite and zstd built so too, as it takes
# what other code writes for not written. FUZZ_SECONDS=n: how long each fuzz
# target runs (60).
. test/matrix/lib.sh
begin memory
need fuzz "no clang with its run-time libraries here"
export MSAN_OPTIONS=allocator_may_return_null=1
san='-fsanitize=memory -fsanitize-memory-track-origins -fno-omit-frame-pointer'
# A read that is there on purpose must be seen.
cat >unset.c <<'EOF'
#include <stdlib.h>
int main(void){
  char *a = malloc(2);
  a[0] = 0;
  return a[1] ? 0 : 1;
}
EOF
# shellcheck disable=SC2086
clang $san -O0 -o unset unset.c || skip "no memory sanitizer here"
step "a read of what is not set is seen" \
  sh -c "./unset 2>&1 | grep -q use-of-uninitialized" || finish
sqlite=$top/build/matrix/sqlite-debian
sqlite_debian "$sqlite" || skip "no sources of the packaged SQLite"
zstd=$top/build/matrix/zstd-debian
[ -d "$zstd/tree/lib" ] || apt_source libzstd "$zstd" \
  || skip "no sources of the packaged zstd"

# What SQLite calls and the sanitizer of clang 14 does not know.
cat >stat.c <<'EOF'
#define _GNU_SOURCE 1
#include <sanitizer/msan_interface.h>
#include <sys/stat.h>
#define WRAP(NAME, TYPE)                          \
  int __real_##NAME(TYPE, struct stat64 *);       \
  int __wrap_##NAME(TYPE x, struct stat64 *p){    \
    int rc = __real_##NAME(x, p);                 \
    if( rc==0 ) __msan_unpoison(p, sizeof(*p));   \
    return rc;                                    \
  }
WRAP(stat64, const char *)
WRAP(lstat64, const char *)
WRAP(fstat64, int)
EOF
wrap=-Wl,--wrap=stat64,--wrap=lstat64,--wrap=fstat64

# build_libraries: SQLite and zstd, static, in lib/.
build_libraries(){
  mkdir -p lib include obj \
    && cp "$sqlite"/sqlite3*.h "$zstd"/tree/lib/z*.h include || return 1
  # shellcheck disable=SC2086
  clang $san -O1 -g -w $SQLITE_OPTIONS -c -o obj/sqlite3.o \
    "$sqlite/sqlite3.c" || return 1
  # shellcheck disable=SC2086
  clang $san -O1 -g -c -o obj/stat.o stat.c || return 1
  # What is written in assembly is not seen.
  # shellcheck disable=SC2086
  (cd obj && clang $san -O1 -g -w -DZSTD_DISABLE_ASM -I"$zstd/tree/lib" -c \
    "$zstd"/tree/lib/common/*.c "$zstd"/tree/lib/compress/*.c \
    "$zstd"/tree/lib/decompress/*.c) || return 1
  ar rcs lib/libsqlite3.a obj/sqlite3.o obj/stat.o \
    && rm obj/sqlite3.o obj/stat.o && ar rcs lib/libzstd.a obj/*.o
}
step "build SQLite and zstd" build_libraries || finish
export CPPFLAGS="-I$PWD/include"
# clang looks at LIBRARY_PATH after the system's directories.
san="$san -L$PWD/lib $wrap -Wno-unused-command-line-argument"
step "build the programs" make -s -j"$JOBS" CC="clang $san" \
  CFLAGS='-O1 -g -Wno-error' build/test/core_fault build/test/core_changeset \
  build/test/fuzz/flip build/test/fuzz/rows || finish
step "damaged bytes" build/test/fuzz/flip 97 7
step "damaged rows" build/test/fuzz/rows 1 0
mkdir tmp
step "memory used after it is freed is seen" sh -c "build/test/core_fault own \
  -dir tmp test/fault/bugs.sql 2>&1 | grep -q use-of-uninitialized" || finish
for m in oom own io; do
  step "faults: $m" build/test/core_fault $m -dir tmp -budget 3000 \
    test/fault/edge.sql test/fault/event.sql test/fault/life.sql \
    test/fault/place.sql test/fault/session.sql
done
step "changesets" build/test/core_changeset tmp/changeset.db
# Each begins with the inputs that are kept.
for t in sql file block text; do
  step "fuzzing: $t" make -s fuzz FUZZ=$t SECONDS="${FUZZ_SECONDS:-60}" \
    FUZZ_SAN="$san"
done
finish
