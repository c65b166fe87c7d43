/*
** stress.h - what the stress programs share (core_kill.c, core_power.c,
** core_conc.c): opening a database with sessionlog linked in, running SQL,
** random numbers and time. Everything is static inline, as each program is
** one file.
*/
#ifndef STRESS_H
#define STRESS_H

#include <sqlite3.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

int sqlite3_sessionlog_init(sqlite3 *, char **, const void *);

typedef uint8_t u8;
typedef uint32_t u32;
typedef uint64_t u64;
typedef sqlite3_int64 i64;

/*
** Give up: the program itself can't go on (exit status 2).
*/
static inline void stDie(const char *zFmt, ...){
  va_list ap;
  va_start(ap, zFmt);
  fflush(stdout);
  vfprintf(stderr, zFmt, ap);
  va_end(ap);
  fputc('\n', stderr);
  _exit(2);
}

/*
** malloc() that does not fail, zeroed.
*/
static inline void *stAlloc(size_t n){
  void *p = calloc(1, n ? n : 1);
  if( p==0 ) stDie("out of memory");
  return p;
}

/*
** The next number of a xorshift generator, whose state is never 0.
*/
static inline u32 stRandom(u64 *pState){
  u64 x = *pState;
  x ^= x << 13;
  x ^= x >> 7;
  x ^= x << 17;
  *pState = x;
  return (u32)(x >> 32);
}

/*
** A state for stRandom() from a seed and a number: unlike for unlike pairs.
*/
static inline u64 stSeed(u64 iSeed, u64 i){
  u64 x = (iSeed + 1) * 0x9e3779b97f4a7c15u ^ (i + 1) * 0xbf58476d1ce4e5b9u;
  x ^= x >> 29;
  x *= 0x94d049bb133111ebu;
  x ^= x >> 32;
  return x ? x : 1;
}

/*
** Seconds since some fixed point.
*/
static inline double stNow(void){
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/*
** A number that soak.tcl hands on in the environment, or iDefault.
*/
static inline double stEnv(const char *zVariable, double rDefault){
  const char *z = getenv(zVariable);
  return z && z[0] ? atof(z) : rDefault;
}

/*
** A line that soak.tcl adds up.
*/
static inline void stCount(const char *zName, u64 n){
  printf("count %s %llu\n", zName, (unsigned long long)n);
}

/*
** Open the file by a VFS (NULL: the default) with sessionlog on it.
*/
static inline sqlite3 *stOpen(const char *zFile, const char *zVfs,
                              int nTimeout) {
  sqlite3 *db = 0;
  int f = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;
  int rc = sqlite3_open_v2(zFile, &db, f, zVfs);
  if( rc==SQLITE_OK ) rc = sqlite3_sessionlog_init(db, 0, 0);
  if( rc!=SQLITE_OK ) stDie("cannot open %s: %s", zFile, sqlite3_errmsg(db));
  sqlite3_busy_timeout(db, nTimeout);
  return db;
}

/*
** Run SQL that must succeed.
*/
static inline void stMust(sqlite3 *db, const char *zSql){
  if( sqlite3_exec(db, zSql, 0, 0, 0)!=SQLITE_OK ){
    stDie("%s: %s", zSql, sqlite3_errmsg(db));
  }
}

/*
** Prepare a statement; it must compile.
*/
static inline sqlite3_stmt *stPrepare(sqlite3 *db, const char *zSql){
  sqlite3_stmt *p = 0;
  if( sqlite3_prepare_v2(db, zSql, -1, &p, 0)!=SQLITE_OK ){
    stDie("%s: %s", zSql, sqlite3_errmsg(db));
  }
  return p;
}

/*
** Step a statement of at most one row to its end; its first column is left in
** *piOut. Returns SQLite's code, SQLITE_DONE for success. Not reset.
*/
static inline int stStep(sqlite3_stmt *pStmt, i64 *piOut){
  int rc = sqlite3_step(pStmt);
  if( rc==SQLITE_ROW ){
    if( piOut ) *piOut = sqlite3_column_int64(pStmt, 0);
    rc = sqlite3_step(pStmt);
  }
  return rc;
}

/*
** Delete a database and what may lie beside it.
*/
static inline void stDelete(const char *zFile){
  static const char *const azEnd[] = { "", "-journal", "-wal", "-shm" };
  int i;
  for(i=0; i<4; i++){
    char z[1200];
    snprintf(z, sizeof(z), "%s%s", zFile, azEnd[i]);
    unlink(z);
  }
}

#endif /* STRESS_H */
