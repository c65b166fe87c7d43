/*
** line_append.c - lines 1, 2, 3 and 5: appends in one transaction.
**
** A round appends all events to fresh databases, one a way, and commits. The
** ways take turns of BENCH_ARRAY events.
*/
#include <stdio.h>
#include <string.h>

#include "bench.h"

/* A comparison of ways. */
typedef struct Bulk Bulk;
struct Bulk {
  int nWay;
  int aeWay[WAY_COUNT];
  int nSession;
  int nBurst; /* events to one session in a row */
  i64 nEvent;
  const Input *pInput;
  Appender a[WAY_COUNT];
  i64 aByte[WAY_COUNT]; /* database and WAL of the last round */
  i64 aWal[WAY_COUNT];  /* its WAL alone */
};

/*
** Fresh databases for a round. The WAL is not written back, so that its
** size tells what was written.
*/
static void bulkBegin(void *pArg, int iVar, int iRound){
  static const char *const azName[WAY_COUNT] = { "bulk0.db", "bulk1.db",
                                                 "bulk2.db", "bulk3.db",
                                                 "bulk4.db", "bulk5.db",
                                                 "bulk6.db" };
  Bulk *p = pArg;
  Appender *pA = &p->a[iVar];
  (void)iRound;
  appenderOpen(pA, p->aeWay[iVar], azName[iVar], p->nSession, p->pInput);
  dbExec(pA->db, "PRAGMA wal_autocheckpoint=0;"
                 "PRAGMA wal_checkpoint(TRUNCATE); BEGIN");
  dbWritten(pA->db);
}

/*
** Append one turn's events; the last turn commits.
*/
static void bulkWork(void *pArg, int iVar, int iChunk){
  Bulk *p = pArg;
  Appender *pA = &p->a[iVar];
  i64 i = (i64)iChunk * BENCH_ARRAY;
  i64 iEnd = i + BENCH_ARRAY;
  if( pA->eWay==WAY_JSON ){
    appenderAddArray(pA, i, iChunk % p->nSession);
  }else{
    for(; i<iEnd; i++){
      appenderAdd(pA, i, (int)(i / p->nBurst % p->nSession));
    }
  }
  if( iEnd==p->nEvent ) dbExec(pA->db, "COMMIT");
}

/*
** Take the bytes, check and remove.
*/
static void bulkEnd(void *pArg, int iVar, int iRound){
  Bulk *p = pArg;
  Appender *pA = &p->a[iVar];
  (void)iRound;
  p->aWal[iVar] = walBytes(pA->zName);
  dbExec(pA->db, "PRAGMA wal_checkpoint(TRUNCATE)");
  p->aByte[iVar] = dbBytes(pA->zName) + p->aWal[iVar];
  appenderClose(pA);
  dbRemove(pA->zName);
}

/*
** Run a comparison; times come out in ns an event.
*/
static void bulkRun(Bulk *p, Timing *pTime){
  Race race = { 0, 0, 0, bulkBegin, bulkWork, bulkEnd };
  int i, j;
  race.nVar = p->nWay;
  race.nChunk = (int)(p->nEvent / BENCH_ARRAY);
  race.pArg = p;
  raceRun(&race, pTime);
  for(i=0; i<p->nWay; i++){
    for(j=0; j<BENCH_ROUNDS; j++) pTime->a[i][j] /= (double)p->nEvent;
  }
}

/*
** A row that compares two ways.
*/
static void bulkRow(const Timing *pTime, int iLine, const char *zWhat, int iVar,
                    int iBase, int eOp, double rTarget, const char *zBase) {
  reportRow(iLine, zWhat, eOp, rTarget, zBase, timingRatio(pTime, iVar, iBase),
            "%.0f / %.0f ns an event", timingMedian(pTime, iVar),
            timingMedian(pTime, iBase));
}

/*
** A row that compares the bytes of two ways.
*/
static void bulkByteRow(const Bulk *p, const char *zWhat, int iVar, int iBase,
                        int eOp, double rTarget, const char *zBase) {
  double n = (double)p->nEvent;
  reportRow(1, zWhat, eOp, rTarget, zBase,
            (double)p->aByte[iVar] / (double)p->aByte[iBase],
            "%.0f / %.0f bytes an event, of which WAL %.0f / %.0f",
            (double)p->aByte[iVar] / n, (double)p->aByte[iBase] / n,
            (double)p->aWal[iVar] / n, (double)p->aWal[iBase] / n);
}

/*
** Lines 1, 3 and 5: one session, all ways.
*/
static void oneSession(const Input *pInput){
  Bulk b = { 7, { 0, 1, 2, 3, 4, 5, 6 }, 1, 1, 0, 0, { { 0 } }, { 0 }, { 0 } };
  Timing t;
  int i;
  b.nEvent = pickSize(1000000, 60000);
  b.pInput = pInput;
  bulkRun(&b, &t);
  bulkRow(&t, 1, "append by INSERT, 1 session", WAY_LOG, WAY_R1, OP_MAX, 1.0,
          "R1");
  bulkRow(&t, 1, "append by INSERT, 1 session", WAY_LOG, WAY_R0, OP_MAX, 1.6,
          "R0");
  bulkRow(&t, 1, "append by INSERT, 1 session", WAY_LOG, WAY_N, OP_MAX, 0.5,
          "N");
  bulkByteRow(&b, "bytes (database and WAL)", WAY_LOG, WAY_N, OP_MAX, 0.75,
              "N");
  bulkRow(&t, 1, "raw INSERT into bare columns", WAY_BARE, WAY_R0, OP_NONE, 0,
          "R0");
  bulkRow(&t, 3, "session_append_json(), arrays of 1,000", WAY_JSON, WAY_R0,
          OP_MAX, 0.9, "R0");
  bulkRow(&t, 5, "session_append() in a transaction", WAY_FN, WAY_R0, OP_MAX,
          1.6, "R0");
  for(i=0; i<WAY_COUNT; i++){
    chartPoint(CHART_APPEND, azWay[i], "1 session", 0, timingMedian(&t, i));
  }
}

/*
** Line 1 with other payloads.
*/
static void otherInput(const Input *pInput, i64 nEvent){
  Bulk b = {
    4, { WAY_LOG, WAY_R0, WAY_R1, WAY_N }, 1, 1, 0, 0, { { 0 } }, { 0 }, { 0 }
  };
  Timing t;
  char zWhat[80];
  b.nEvent = nEvent;
  b.pInput = pInput;
  bulkRun(&b, &t);
  snprintf(zWhat, sizeof(zWhat), "append by INSERT, %s", pInput->zName);
  bulkRow(&t, 1, zWhat, 0, 2, OP_MAX, 1.0, "R1");
  bulkRow(&t, 1, zWhat, 0, 1, OP_MAX, 1.6, "R0");
  bulkRow(&t, 1, zWhat, 0, 3, OP_NONE, 0, "N");
  snprintf(zWhat, sizeof(zWhat), "bytes, %s", pInput->zName);
  bulkByteRow(&b, zWhat, 0, 3, OP_NONE, 0, "N");
}

/*
** Line 2: many sessions in turn.
*/
static void manySessions(const Input *pInput, int nSession, int nBurst){
  Bulk b = {
    4, { WAY_LOG, WAY_R0, WAY_R1, WAY_N }, 1, 1, 0, 0, { { 0 } }, { 0 }, { 0 }
  };
  Timing t;
  char zWhat[80];
  int i;
  b.nEvent = pickSize(1000000, nSession <= 100 ? 60000 : 40000);
  b.nSession = nSession;
  b.nBurst = nBurst;
  b.pInput = pInput;
  bulkRun(&b, &t);
  snprintf(zWhat, sizeof(zWhat), "append by INSERT, %s sessions, %s",
           nSession == 100 ? "100" : "10,000",
           nBurst == 1 ? "round robin" : "bursts of 10");
  bulkRow(&t, 2, zWhat, 0, 2, OP_MAX, 1.0, "R1");
  bulkRow(&t, 2, zWhat, 0, 1, OP_NONE, 0, "R0");
  bulkRow(&t, 2, zWhat, 0, 3, OP_NONE, 0, "N");
  if( nBurst>1 ) return;
  for(i=0; i<4; i++){
    chartPoint(CHART_APPEND, azWay[b.aeWay[i]],
               nSession == 100 ? "100 sessions" : "10,000 sessions", nSession,
               timingMedian(&t, i));
  }
}

/*
** Lines 1, 2, 3 and 5.
*/
void lineAppend(void){
  Input *pInput;
  if( !wantLines(1, 3) && !wantLines(5, 5) ) return;
  pInput = inputJson200();
  if( wantLines(1, 1) || wantLines(3, 3) || wantLines(5, 5) ){
    oneSession(pInput);
  }
  if( wantLines(2, 2) ){
    manySessions(pInput, 100, 1);
    manySessions(pInput, 100, 10);
    manySessions(pInput, 10000, 1);
    manySessions(pInput, 10000, 10);
  }
  inputFree(pInput);
  if( wantLines(1, 1) ){
    pInput = inputMix();
    otherInput(pInput, pInput->n);
    inputFree(pInput);
  }
  if( wantLines(1, 1) && config.zData ){
    pInput = inputData(config.zData);
    otherInput(pInput, pickSize(100000, 10000));
    inputFree(pInput);
  }
}
