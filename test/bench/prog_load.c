/*
** prog_load.c - load an extension, and print the CPU time and the time on the
** wall in ns that sqlite3_load_extension() took.  See line_load.c.
*/
#define _POSIX_C_SOURCE 200809L
#include <stdio.h>
#include <time.h>
#include <sqlite3.h>

/*
** A clock in ns.
*/
static double readClock(clockid_t eClock){
  struct timespec t;
  clock_gettime(eClock, &t);
  return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

int main(int argc, char **argv){
  sqlite3 *db = 0;
  char *zErr = 0;
  double rCpu, rWall;
  if( argc!=2 || sqlite3_open(":memory:", &db)!=SQLITE_OK ) return 1;
  sqlite3_enable_load_extension(db, 1);
  rWall = readClock(CLOCK_MONOTONIC);
  rCpu = readClock(CLOCK_PROCESS_CPUTIME_ID);
  if( sqlite3_load_extension(db, argv[1], 0, &zErr)!=SQLITE_OK ){
    fprintf(stderr, "%s\n", zErr ? zErr : "cannot load");
    return 1;
  }
  rCpu = readClock(CLOCK_PROCESS_CPUTIME_ID) - rCpu;
  rWall = readClock(CLOCK_MONOTONIC) - rWall;
  printf("%.0f %.0f\n", rCpu, rWall);
  return sqlite3_close(db) != SQLITE_OK;
}
