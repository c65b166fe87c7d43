/*
** line_ulid.c - line 15: ulid() against randomblob(16).
**
** Statements of many rows with eight calls each. What the same statement takes
** with a parameter in place of the calls is subtracted from both.
*/
#include "bench.h"

/* Calls a row, rows a turn. */
#define N_CALL 8
#define N_ROW  2000

/* The variants. */
enum {
  CALL_ULID,
  CALL_RANDOM,
  CALL_NONE,
  CALL_COUNT
};
static const char *const azCall[CALL_COUNT] = { "ulid()", "randomblob(16)",
                                                "?1" };

/*
** A turn.
*/
static void ulidWork(void *pArg, int iVar, int iChunk){
  sqlite3_stmt **apStmt = pArg;
  (void)iChunk;
  stmtRun(apStmt[iVar]);
}

/*
** Prepare N_ROW rows of N_CALL calls.
*/
static sqlite3_stmt *calls(sqlite3 *db, const char *zCall){
  sqlite3_str *pStr = sqlite3_str_new(db);
  sqlite3_stmt *pStmt;
  char *zSql;
  int i;
  sqlite3_str_appendf(pStr,
                      "WITH RECURSIVE c(i) AS (VALUES(1) UNION ALL"
                      " SELECT i+1 FROM c WHERE i<%d) SELECT",
                      N_ROW);
  for(i=0; i<N_CALL; i++){
    sqlite3_str_appendf(pStr, "%s %s", i ? "," : "", zCall);
  }
  sqlite3_str_appendall(pStr, " FROM c");
  zSql = sqlite3_str_finish(pStr);
  if( zSql==0 ) die("out of memory");
  pStmt = dbPrepare(db, zSql);
  sqlite3_free(zSql);
  return pStmt;
}

/*
** Line 15.
*/
void lineUlid(void){
  sqlite3_stmt *apStmt[CALL_COUNT];
  Race race = { CALL_COUNT, 0, 0, 0, ulidWork, 0 };
  Timing t;
  sqlite3 *db;
  double n;
  int i, j;
  if( !wantLines(15, 15) ) return;
  db = dbCreate("ulid.db", 1);
  for(i=0; i<CALL_COUNT; i++) apStmt[i] = calls(db, azCall[i]);
  race.nChunk = (int)pickSize(100, 20);
  race.pArg = apStmt;
  raceRun(&race, &t);
  for(i=0; i<BENCH_ROUNDS; i++){
    for(j=0; j<2; j++) t.a[j][i] -= t.a[CALL_NONE][i];
  }
  n = (double)race.nChunk * N_ROW * N_CALL;
  reportRow(15, "ulid()", OP_MAX, 0.5, "randomblob(16)",
            timingRatio(&t, CALL_ULID, CALL_RANDOM), "%.0f / %.0f ns",
            timingMedian(&t, CALL_ULID) / n, timingMedian(&t, CALL_RANDOM) / n);
  for(i=0; i<CALL_COUNT; i++) sqlite3_finalize(apStmt[i]);
  dbCheck(db, "ulid.db");
  dbClose(db);
  dbRemove("ulid.db");
}
