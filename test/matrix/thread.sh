#!/bin/sh
# The programs with many threads under gcc's thread sanitizer, which SQLite is
# built with too: it can't see what goes on in code that isn't.
. test/matrix/lib.sh
begin thread
need test "what the tests need can't be had"
# Address space layouts that the run-time library can't work with.
CC='gcc -fsanitize=thread'
run=
echo 'int main(void){ return 0; }' >try.c
$CC -o try try.c 2>/dev/null || skip "no thread sanitizer here"
if ! ./try 2>/dev/null; then
  run='setarch -R'
  $run ./try 2>/dev/null || skip "the thread sanitizer doesn't run here"
fi
sqlite_debian "$top/build/matrix/sqlite-debian" \
  || skip "no sources of the packaged SQLite"
step "build SQLite" sqlite_build "$top/build/matrix/sqlite-debian" || finish
export LIBRARY_PATH="$PWD/lib" LD_LIBRARY_PATH="$PWD/lib"
step "build the programs" make -s -j"$JOBS" CC="$CC" CFLAGS='-O1 -g' \
  CPPFLAGS="-I$PWD/include" build/test/core_thread build/test/core_conc \
  || finish
export TSAN_OPTIONS='halt_on_error=0 exitcode=66'
mkdir tmp
# A race that is there on purpose must be seen.
cat >race.c <<'EOF'
#include <pthread.h>
static int n;
static void *add(void *p){ n++; return p; }
int main(void){
  pthread_t t;
  pthread_create(&t, 0, add, 0);
  n++;
  return pthread_join(t, 0);
}
EOF
step "a race is seen" sh -c "$CC -o race race.c && ! $run ./race"
step "ids and appends, 8 threads" $run build/test/core_thread 8 5000
step "ids and appends, 32 threads" $run build/test/core_thread 32 1000
step "one file, WAL" $run build/test/core_conc tmp 40000 -processes 2 \
  -threads 8 -seconds 90
step "one file, DELETE" $run build/test/core_conc tmp 2000 -processes 2 \
  -threads 8 -delete -seconds 60
finish
