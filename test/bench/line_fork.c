/*
** line_fork.c - lines 10 and 11: what a fork costs, and reading through many.
*/
#include <stdio.h>
#include <string.h>

#include "bench.h"

/* Forks a turn. */
#define N_FORK 20

/* The variants of line 10. */
enum {
  FORK_SHORT, /* of a history of 10 events, by session_fork() */
  FORK_LONG,  /* of a history of 1M */
  FORK_DML,   /* the same by INSERT INTO session_list */
  FORK_RAW,   /* a raw INSERT into a table of the same layout */
  FORK_COUNT
};

typedef struct Forks Forks;
struct Forks {
  Appender a;
  sqlite3 *pRaw;
  sqlite3_stmt *apStmt[FORK_COUNT];
  i64 iNext;            /* next key of the raw table */
  char aId[N_FORK][32]; /* its ids */
};

/*
** A turn: N_FORK forks in a transaction.
*/
static void forkWork(void *pArg, int iVar, int iChunk){
  Forks *p = pArg;
  sqlite3 *db = iVar == FORK_RAW ? p->pRaw : p->a.db;
  sqlite3_stmt *pStmt = p->apStmt[iVar];
  int i;
  (void)iChunk;
  dbExec(db, "BEGIN");
  for(i=0; i<N_FORK; i++){
    if( iVar==FORK_RAW ){
      sqlite3_snprintf(sizeof(p->aId[i]), p->aId[i], "01JABCDEFG%016lld",
                       p->iNext);
      sqlite3_bind_int64(pStmt, 1, p->iNext++);
      stmtBindText(pStmt, 2, p->aId[i], 26);
      sqlite3_bind_int64(pStmt, 3, nowMs());
    }else{
      stmtBindText(pStmt, 1, p->a.aId[iVar == FORK_SHORT ? 0 : 1], 26);
    }
    stmtRun(pStmt);
  }
  dbExec(db, "COMMIT");
}

/*
** The session table's layout: its columns and indexes, read from the
** extension's own, without CHECK and without triggers.
*/
static void forkRawOpen(Forks *p){
  p->pRaw = dbCreate("forkraw.db", 0);
  dbExec(p->pRaw,
         "CREATE TABLE s(key INTEGER PRIMARY KEY, id TEXT UNIQUE, tenant TEXT,"
         " name TEXT, parent INTEGER, forked_at INTEGER, kind TEXT,"
         " target TEXT, target_class TEXT, target_hash TEXT, cwd TEXT,"
         " group_key TEXT, status TEXT, created_by TEXT, app_version TEXT,"
         " source_url TEXT, origin TEXT, pid INTEGER, host TEXT,"
         " started_at_ms INTEGER, ended_at_ms INTEGER, seen_at_ms INTEGER,"
         " paused_at_ms INTEGER, pause_summary TEXT, archived INTEGER,"
         " kept INTEGER);"
         "CREATE UNIQUE INDEX s1 ON s(tenant, name) WHERE name IS NOT NULL;"
         "CREATE INDEX s2 ON s(tenant, id) WHERE kept IS NULL;"
         "CREATE INDEX s3 ON s(tenant, started_at_ms) WHERE kept IS NULL;"
         "CREATE INDEX s4 ON s(tenant, status) WHERE kept IS NULL;"
         "CREATE INDEX s5 ON s(tenant, group_key)"
         " WHERE kept IS NULL AND group_key IS NOT NULL;"
         "CREATE INDEX s6 ON s(tenant, created_by) WHERE kept IS NULL;"
         "CREATE INDEX s7 ON s(parent, forked_at) WHERE parent IS NOT NULL");
  p->apStmt[FORK_RAW] = dbPrepare(
    p->pRaw, "INSERT INTO s(key, id, tenant, parent, forked_at, status,"
             " created_by, started_at_ms, archived)"
             " VALUES(?1, ?2, 'default', 1, 10, 'active', 'auto', ?3, 0)");
  p->iNext = 2;
}

/*
** Bytes that 100 forks of session number iSession, each in a transaction of
** its own, write to the WAL of a copy of the database; *pnRow is the number of
** rows that they add to the stored tables, *pnGrow what the file grows by.
*/
static i64 forkBytes(const Forks *p, int iSession, i64 *pnRow, i64 *pnGrow){
  static const char *const zRows =
    "SELECT (SELECT count(*) FROM sessionlog_session)"
    "+(SELECT count(*) FROM sessionlog_event)"
    "+(SELECT count(*) FROM sessionlog_block)"
    "+(SELECT count(*) FROM sessionlog_meta)"
    "+(SELECT count(*) FROM sessionlog_label)";
  sqlite3 *db;
  i64 nRow, nPage, nByte;
  int i;
  dbCopy("fork.db", "forkcopy.db");
  db = dbOpen("forkcopy.db", 1);
  nRow = dbInt(db, zRows);
  nPage = dbInt(db, "PRAGMA page_count");
  dbInt(db, "SELECT session_head(%Q)", p->a.aId[iSession]);
  dbWritten(db);
  for(i=0; i<100; i++){
    dbExec(db, "SELECT session_fork(%Q)", p->a.aId[iSession]);
  }
  nByte = dbWritten(db);
  *pnRow = dbInt(db, zRows) - nRow;
  *pnGrow = (dbInt(db, "PRAGMA page_count") - nPage) * 4096;
  dbCheck(db, "forkcopy.db");
  dbClose(db);
  dbRemove("forkcopy.db");
  return nByte;
}

/*
** Line 10.
*/
static void forkCost(const Input *pInput){
  static const char *const azWhat[] = { "session_fork(), history of 10",
                                        "session_fork(), history of 1M",
                                        "fork by INSERT, history of 1M" };
  Forks f;
  Race race = { FORK_COUNT, 5, 0, 0, forkWork, 0 };
  Timing t;
  i64 i, aByte[2], aRow[2], aGrow[2];
  double n;
  memset(&f, 0, sizeof(f));
  appenderOpen(&f.a, WAY_LOG, "fork.db", 2, pInput);
  dbExec(f.a.db, "BEGIN");
  for(i=0; i<10; i++) appenderAdd(&f.a, i, 0);
  for(i=0; i<1000000; i++) appenderAdd(&f.a, i, 1);
  dbExec(f.a.db, "COMMIT; PRAGMA wal_checkpoint(TRUNCATE)");
  for(i=0; i<2; i++) aByte[i] = forkBytes(&f, (int)i, &aRow[i], &aGrow[i]);
  for(i=0; i<3; i++){
    f.apStmt[i] = dbPrepare(
      f.a.db, i == FORK_DML ? "INSERT INTO session_list(parent_id) VALUES(?1)"
                            : "SELECT session_fork(?1)");
  }
  forkRawOpen(&f);
  race.pArg = &f;
  raceRun(&race, &t);
  n = (double)race.nChunk * N_FORK * 1e3;
  for(i=0; i<3; i++){
    reportRow(10, azWhat[i], OP_MAX, 1.2, "R0",
              timingRatio(&t, (int)i, FORK_RAW), "%.2f / %.2f µs a fork",
              timingMedian(&t, (int)i) / n, timingMedian(&t, FORK_RAW) / n);
  }
  reportRow(10, "bytes of a fork, history of 1M against 10", OP_EQUAL, 1.0, "×",
            (double)aByte[1] / (double)aByte[0],
            "%.0f / %.0f bytes of WAL, the file grows by %.0f / %.0f",
            (double)aByte[1] / 100, (double)aByte[0] / 100,
            (double)aGrow[1] / 100, (double)aGrow[0] / 100);
  reportRow(10, "rows of a fork", OP_EQUAL, 1.0, "row", (double)aRow[1] / 100,
            "%.2f with a history of 10", (double)aRow[0] / 100);
  for(i=0; i<FORK_COUNT; i++) sqlite3_finalize(f.apStmt[i]);
  dbClose(f.pRaw);
  appenderClose(&f.a);
  dbRemove("fork.db");
  dbRemove("forkraw.db");
}

/* Line 11: the depths, and events that each session of a chain adds. */
#define N_DEPTH 4
#define N_LEVEL 100
static const int aDepth[N_DEPTH] = { 1, 10, 100, 1000 };
static const char *const azDepth[N_DEPTH] = { "1", "10", "100", "1,000" };

/* Chains of forks, and flat sessions of the same length. */
typedef struct Chains Chains;
struct Chains {
  sqlite3 *db;
  sqlite3_stmt *pSince;
  char aId[N_DEPTH * 2][32]; /* youngest forks, then flat sessions */
  i64 aHead[N_DEPTH * 2];
  i64 nTail; /* events to read, 0 for all */
  int anRep[N_DEPTH * 2];
};

/*
** A turn: variant 2*d is a chain, 2*d+1 its flat twin.
*/
static void chainWork(void *pArg, int iVar, int iChunk){
  Chains *p = pArg;
  int i;
  (void)iChunk;
  for(i=0; i<p->anRep[iVar]; i++){
    i64 iCursor = p->nTail ? p->aHead[iVar] - p->nTail : 0;
    stmtBindText(p->pSince, 1, p->aId[iVar], 26);
    sqlite3_bind_int64(p->pSince, 2, iCursor);
    if( stmtRead(p->pSince, 0)!=p->aHead[iVar] - iCursor ) die("chain: rows");
  }
}

/*
** Append n events of the input to a session.
*/
static void chainAppend(sqlite3_stmt *pStmt, const char *zId, i64 *piHead,
                        i64 n, const Input *pInput) {
  i64 i;
  for(i=0; i<n; i++){
    int iPayload = inputAt(pInput, *piHead);
    const char *zKind = inputKind((*piHead)++);
    stmtBindText(pStmt, 1, zId, 26);
    stmtBindText(pStmt, 2, zKind, (i64)strlen(zKind));
    stmtBindText(pStmt, 3, pInput->az[iPayload], pInput->an[iPayload]);
    stmtRun(pStmt);
  }
}

/*
** Make the chains. Like their flat twins they are made of rows, not blocks.
*/
static void chainOpen(Chains *p, const Input *pInput){
  sqlite3_stmt *pStmt;
  int i, j;
  memset(p, 0, sizeof(*p));
  p->db = dbCreate("chain.db", 1);
  dbExec(p->db, "SELECT session_init()");
  pStmt = dbPrepare(p->db, "INSERT INTO session_events(session_id, kind,"
                           " payload) VALUES(?1, ?2, ?3)");
  dbExec(p->db, "BEGIN");
  for(i=0; i<N_DEPTH; i++){
    char *zId = p->aId[2 * i], *zFlat = p->aId[2 * i + 1];
    dbText(p->db, zId, 32, "SELECT session_start()");
    dbText(p->db, zFlat, 32, "SELECT session_start()");
    for(j=0; j<=aDepth[i]; j++){
      char zParent[32];
      memcpy(zParent, zId, sizeof(zParent));
      if( j>0 ) dbText(p->db, zId, 32, "SELECT session_fork(%Q)", zParent);
      chainAppend(pStmt, zId, &p->aHead[2 * i], N_LEVEL, pInput);
    }
    chainAppend(pStmt, zFlat, &p->aHead[2 * i + 1], p->aHead[2 * i], pInput);
  }
  dbExec(p->db, "COMMIT");
  sqlite3_finalize(pStmt);
  p->pSince = dbPrepare(p->db, zSinceSelect);
}

/*
** Time reading the last nTail events, or all, at each depth.
*/
static void chainRun(Chains *p, i64 nTail, double rTarget){
  Race race = { N_DEPTH * 2, 5, 0, 0, chainWork, 0 };
  Timing t;
  char zWhat[80];
  int i;
  p->nTail = nTail;
  for(i=0; i<N_DEPTH * 2; i++){
    i64 nRow = nTail ? 50 : p->aHead[i];
    p->anRep[i] = (int)(pickSize(50000, 10000) / nRow);
    if( p->anRep[i]<1 ) p->anRep[i] = 1;
  }
  race.pArg = p;
  raceRun(&race, &t);
  for(i=0; i<N_DEPTH; i++){
    double n = (double)race.nChunk * p->anRep[2 * i] * 1e3;
    double r = timingRatio(&t, 2 * i, 2 * i + 1);
    snprintf(zWhat, sizeof(zWhat), "%s through %s fork%s",
             nTail ? "tail of 10" : "full read", azDepth[i],
             aDepth[i] > 1 ? "s" : "");
    reportRow(11, zWhat, OP_MAX, rTarget, "flat", r, "%.2f / %.2f µs a read",
              timingMedian(&t, 2 * i) / n, timingMedian(&t, 2 * i + 1) / n);
    chartPoint(CHART_FORK, nTail ? "tail of 10" : "full read", azDepth[i],
               aDepth[i], r);
  }
}

/*
** Lines 10 and 11.
*/
void lineFork(void){
  Input *pInput = inputJson200();
  if( wantLines(10, 10) ) forkCost(pInput);
  if( wantLines(11, 11) ){
    Chains c;
    chainOpen(&c, pInput);
    chainRun(&c, 10, 1.1);
    chainRun(&c, 0, 1.3);
    sqlite3_finalize(c.pSince);
    dbCheck(c.db, "chain.db");
    dbClose(c.db);
    dbRemove("chain.db");
  }
  inputFree(pInput);
}
