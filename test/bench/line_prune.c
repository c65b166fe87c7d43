/*
** line_prune.c - line 13: removing the older half of interleaved sessions.
**
** Old and living sessions take turns event by event, as they do where they
** were once active together. Each round prunes a fresh copy of the database.
** The old sessions are of two sorts: ended ones, whose events are packed, and
** ones that were never ended, whose events are rows.
*/
#include <stdio.h>
#include <string.h>

#include "bench.h"

enum {
  PRUNE_ENDED,
  PRUNE_OPEN,
  PRUNE_N,
  PRUNE_COUNT
};
static const char *const azMade[PRUNE_COUNT] = { "prune0.db", "prune1.db",
                                                 "prune2.db" };
static const char *const azCopy[PRUNE_COUNT] = { "copy0.db", "copy1.db",
                                                 "copy2.db" };

/* Times of the old and the living, and of the pruning. */
#define OLD_MS  1700000000000
#define LIVE_MS (OLD_MS + 30 * (i64)86400000)
#define NOW_MS  (OLD_MS + 31 * (i64)86400000)

typedef struct Prune Prune;
struct Prune {
  int nSession;
  sqlite3 *adb[PRUNE_COUNT];
  double aByte[PRUNE_COUNT][BENCH_ROUNDS]; /* bytes written to the WAL */
};

/*
** Make a log: even sessions are old, odd ones living.
*/
static void makeLog(int eSort, int nSession, i64 nEvent, const Input *pInput){
  sqlite3 *db = dbCreate(azMade[eSort], 1);
  sqlite3_stmt *pStmt;
  i64 i;
  dbExec(db, "SELECT session_init(); BEGIN");
  for(i=0; i<nSession; i++){
    dbExec(db,
           "INSERT INTO session_list(name, started_at_ms)"
           " VALUES('s%lld', %lld)",
           i, i & 1 ? LIVE_MS : OLD_MS);
  }
  pStmt = dbPrepare(db, "INSERT INTO session_events(session_id, kind, payload,"
                        " at_ms) SELECT id, ?2, ?3, ?4 FROM session_list"
                        " WHERE name=?1");
  for(i=0; i<nEvent; i++){
    int iSession = (int)(i % nSession), iPayload = inputAt(pInput, i);
    const char *zKind = inputKind(i);
    char zName[20];
    snprintf(zName, sizeof(zName), "s%d", iSession);
    stmtBindText(pStmt, 1, zName, (i64)strlen(zName));
    stmtBindText(pStmt, 2, zKind, (i64)strlen(zKind));
    stmtBindText(pStmt, 3, pInput->az[iPayload], pInput->an[iPayload]);
    sqlite3_bind_int64(pStmt, 4, iSession & 1 ? LIVE_MS : OLD_MS);
    stmtRun(pStmt);
  }
  sqlite3_finalize(pStmt);
  for(i=0; eSort==PRUNE_ENDED && i<nSession; i+=2){
    dbExec(db, "SELECT session_end('s%lld', %lld)", i, OLD_MS + 1000);
  }
  dbExec(db, "COMMIT");
  dbClose(db);
}

/*
** Make the peers' database of the same sessions.
*/
static void makePeers(int nSession, i64 nEvent, const Input *pInput){
  Appender a;
  i64 i;
  appenderOpen(&a, WAY_N, azMade[PRUNE_N], nSession, pInput);
  dbExec(a.db, "BEGIN");
  for(i=0; i<nEvent; i++) appenderAdd(&a, i, (int)(i % nSession));
  for(i=0; i<nSession; i++){
    dbExec(a.db,
           "UPDATE sessions SET updated_at=datetime(%lld,'unixepoch')"
           " WHERE id=%Q",
           (i & 1 ? LIVE_MS : OLD_MS) / 1000, a.aId[i]);
  }
  dbExec(a.db, "COMMIT");
  appenderClose(&a);
}

/*
** A fresh copy, opened and looked at, so that its schema is parsed.
*/
static void pruneBegin(void *pArg, int iVar, int iRound){
  Prune *p = pArg;
  (void)iRound;
  dbCopy(azMade[iVar], azCopy[iVar]);
  p->adb[iVar] = dbOpen(azCopy[iVar], iVar != PRUNE_N);
  dbInt(p->adb[iVar], iVar == PRUNE_N ? "SELECT count(*) FROM sessions"
                                      : "SELECT count(*) FROM session_list");
  dbExec(p->adb[iVar], "PRAGMA wal_autocheckpoint=0");
  dbWritten(p->adb[iVar]);
}

/*
** Prune.
*/
static void pruneWork(void *pArg, int iVar, int iChunk){
  Prune *p = pArg;
  sqlite3 *db = p->adb[iVar];
  (void)iChunk;
  if( iVar!=PRUNE_N ){
    dbExec(db, "SELECT session_prune('7d', 'auto', 0, %lld)", NOW_MS);
    return;
  }
  dbExec(db,
         "BEGIN;"
         "DELETE FROM events WHERE session_id IN (SELECT id FROM sessions"
         " WHERE updated_at<datetime(%lld, 'unixepoch'));"
         "DELETE FROM sessions WHERE updated_at<datetime(%lld, 'unixepoch');"
         "COMMIT",
         NOW_MS / 1000 - 7 * 86400, NOW_MS / 1000 - 7 * 86400);
}

/*
** See that half of it is left.
*/
static void pruneEnd(void *pArg, int iVar, int iRound){
  Prune *p = pArg;
  sqlite3 *db = p->adb[iVar];
  i64 n = dbInt(db, iVar == PRUNE_N ? "SELECT count(*) FROM sessions"
                                    : "SELECT count(*) FROM session_list");
  p->aByte[iVar][iRound] = (double)dbWritten(db);
  if( n!=p->nSession / 2 ) die("prune: %lld sessions are left", n);
  if( iVar!=PRUNE_N ) dbCheck(db, azCopy[iVar]);
  dbClose(db);
  dbRemove(azCopy[iVar]);
}

/*
** Line 13.
*/
void linePrune(void){
  static const char *const azWhat[] = { "prune, ended sessions",
                                        "prune, sessions left open" };
  static Prune p;
  Race race = { PRUNE_COUNT, 1, 0, pruneBegin, pruneWork, pruneEnd };
  Timing t;
  Input *pInput;
  i64 nEvent = pickSize(200000, 40000);
  int i;
  if( !wantLines(13, 13) ) return;
  pInput = inputJson200();
  p.nSession = (int)pickSize(1000, 200);
  makeLog(PRUNE_ENDED, p.nSession, nEvent, pInput);
  makeLog(PRUNE_OPEN, p.nSession, nEvent, pInput);
  makePeers(p.nSession, nEvent, pInput);
  race.pArg = &p;
  raceRun(&race, &t);
  for(i=0; i<2; i++){
    double rByte = median(p.aByte[i], BENCH_ROUNDS);
    double rPeer = median(p.aByte[PRUNE_N], BENCH_ROUNDS);
    char zWhat[80];
    reportRow(13, azWhat[i], OP_MAX, 0.15, "N", timingRatio(&t, i, PRUNE_N),
              "%.1f / %.1f ms for %lld events", timingMedian(&t, i) / 1e6,
              timingMedian(&t, PRUNE_N) / 1e6, nEvent / 2);
    snprintf(zWhat, sizeof(zWhat), "%s: WAL", azWhat[i]);
    reportRow(13, zWhat, OP_MAX, 0.1, "N", rByte / rPeer, "%.2f / %.2f MB",
              rByte / 1e6, rPeer / 1e6);
  }
  for(i=0; i<PRUNE_COUNT; i++) dbRemove(azMade[i]);
  inputFree(pInput);
}
