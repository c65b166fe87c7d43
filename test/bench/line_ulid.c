/*
** line_ulid.c - line 15: ulid() against randomblob(16).
**
** Statements whose one row has 64 calls, so that what surrounds a call weighs
** little. Nothing is subtracted.
*/
#include "bench.h"

/* Calls a row, rows a turn. */
#define N_CALL 64
#define N_ROW  200

/*
** A turn.
*/
static void ulidWork(void *pArg, int iVar, int iChunk){
  sqlite3_stmt **apStmt = pArg;
  int i;
  (void)iChunk;
  for(i=0; i<N_ROW; i++) stmtRun(apStmt[iVar]);
}

/*
** Prepare SELECT of N_CALL calls.
*/
static sqlite3_stmt *calls(sqlite3 *db, const char *zCall){
  sqlite3_str *pStr = sqlite3_str_new(db);
  sqlite3_stmt *pStmt;
  char *zSql;
  int i;
  for(i=0; i<N_CALL; i++){
    sqlite3_str_appendf(pStr, "%s%s", i ? ", " : "SELECT ", zCall);
  }
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
  sqlite3_stmt *apStmt[2];
  Race race = { 2, 0, 0, 0, ulidWork, 0 };
  Timing t;
  sqlite3 *db;
  double n;
  if( !wantLines(15, 15) ) return;
  db = dbCreate("ulid.db", 1);
  apStmt[0] = calls(db, "ulid()");
  apStmt[1] = calls(db, "randomblob(16)");
  race.nChunk = (int)pickSize(100, 20);
  race.pArg = apStmt;
  raceRun(&race, &t);
  n = (double)race.nChunk * N_ROW * N_CALL;
  reportRow(15, "ulid()", OP_MAX, 0.5, "randomblob(16)", timingRatio(&t, 0, 1),
            "%.0f / %.0f ns", timingMedian(&t, 0) / n, timingMedian(&t, 1) / n);
  sqlite3_finalize(apStmt[0]);
  sqlite3_finalize(apStmt[1]);
  dbCheck(db, "ulid.db");
  dbClose(db);
  dbRemove("ulid.db");
}
