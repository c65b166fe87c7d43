/*
** line_memory.c - line 17: memory, by SQLite's own count of what it has given
** out. The extension takes all its memory there.
**
** The page cache is 2 MB, which every run fills, so that it is the same on
** both sides.
*/
#include <stdio.h>

#include "bench.h"

/*
** Keep the page cache small.
*/
static void smallCache(sqlite3 *db){
  dbExec(db, "PRAGMA cache_size=-2000");
}

/*
** Memory of an idle connection after loading.
*/
static void idleRow(void){
  double aByte[2];
  int i;
  for(i=0; i<2; i++){
    i64 nBefore = sqlite3_memory_used();
    sqlite3 *db = dbCreate("idle.db", i);
    dbInt(db, "SELECT 1");
    aByte[i] = (double)(sqlite3_memory_used() - nBefore);
    dbClose(db);
    dbRemove("idle.db");
  }
  reportRow(17, "memory of an idle connection", OP_MAX, 100, "kB",
            (aByte[1] - aByte[0]) / 1e3, "%.1f kB with, %.1f kB without",
            aByte[1] / 1e3, aByte[0] / 1e3);
}

/*
** The most memory that was used since it was nStart.
*/
static double peakSince(i64 nStart){
  return (double)(sqlite3_memory_highwater(0) - nStart);
}

/*
** Start to count.
*/
static i64 peakStart(void){
  sqlite3_memory_highwater(1);
  return sqlite3_memory_used();
}

/*
** A row: what the extension takes at the most above raw SQLite.
*/
static void peakRow(const char *zWhat, const double aPeak[2]){
  reportRow(17, zWhat, OP_MAX, 1, "MB", (aPeak[0] - aPeak[1]) / 1e6,
            "%.2f / %.2f MB at the most", aPeak[0] / 1e6, aPeak[1] / 1e6);
}

/*
** Append all in one transaction, and leave the files.
*/
static void appendRow(const Input *pInput, i64 nEvent){
  static const int aeWay[] = { WAY_LOG, WAY_R1 };
  static const char *const azName[] = { "mem0.db", "mem1.db" };
  char zWhat[80];
  double aPeak[2];
  int i;
  for(i=0; i<2; i++){
    Appender a;
    i64 nStart, j;
    appenderOpen(&a, aeWay[i], azName[i], 1, pInput);
    smallCache(a.db);
    nStart = peakStart();
    dbExec(a.db, "BEGIN");
    for(j=0; j<nEvent; j++) appenderAdd(&a, j, 0);
    dbExec(a.db, "COMMIT");
    aPeak[i] = peakSince(nStart);
    appenderClose(&a);
  }
  snprintf(zWhat, sizeof(zWhat), "memory: append of %s in a transaction",
           nEvent == 1000000 ? "1M" : "100k");
  peakRow(zWhat, aPeak);
}

/*
** Scan them all, as rows and, bPack, as blocks.
*/
static void scanRow(i64 nEvent, int bPack){
  char zWhat[80], zId[40];
  double aPeak[2];
  int i;
  for(i=0; i<2; i++){
    sqlite3 *db = dbOpen(i ? "mem1.db" : "mem0.db", !i);
    sqlite3_stmt *pStmt;
    i64 nStart;
    if( i==0 ) dbText(db, zId, sizeof(zId), "SELECT id FROM session_list");
    if( i==0 && bPack ) dbExec(db, "SELECT session_end(%Q)", zId);
    dbInt(db, "SELECT count(*) FROM sqlite_schema");
    smallCache(db);
    dbExec(db, "PRAGMA shrink_memory");
    nStart = peakStart();
    pStmt = dbPrepare(db, i ? zRawSelect : zSinceSelect);
    if( i==0 ) stmtBindText(pStmt, 1, zId, 26);
    if( i==1 ){
      sqlite3_bind_int64(pStmt, 1, (i64)1 << 32);
      sqlite3_bind_int64(pStmt, 2, (i64)2 << 32);
    }
    if( stmtRead(pStmt, 0)!=nEvent ) die("scan: rows");
    aPeak[i] = peakSince(nStart);
    sqlite3_finalize(pStmt);
    if( i==0 ) dbCheck(db, "mem0.db");
    dbClose(db);
  }
  snprintf(zWhat, sizeof(zWhat), "memory: scan of %s %s",
           nEvent == 1000000 ? "1M" : "100k",
           bPack ? "packed events" : "events as rows");
  peakRow(zWhat, aPeak);
}

/*
** Line 17.
*/
void lineMemory(void){
  Input *pInput;
  i64 nEvent = pickSize(1000000, 100000);
  if( !wantLines(17, 17) ) return;
  pInput = inputJson200();
  idleRow();
  appendRow(pInput, nEvent);
  scanRow(nEvent, 0);
  scanRow(nEvent, 1);
  dbRemove("mem0.db");
  dbRemove("mem1.db");
  inputFree(pInput);
}
