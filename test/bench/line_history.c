/*
** line_history.c - lines 8 and 9: cost against the length of the history.
**
** One database holds a session of each length, so that what differs is the
** history alone, and a last one behind them: none of those measured is at the
** right edge of the tree, where SQLite appends more cheaply.
*/
#include <stdio.h>

#include "bench.h"

#define N_LENGTH 5
static const i64 aLength[N_LENGTH] = { 100, 1000, 10000, 100000, 1000000 };
static const char *const azLength[N_LENGTH] = { "100", "1k", "10k", "100k",
                                                "1M" };

/* What is measured at each length. */
enum {
  DO_NOTHING_NEW, /* events_since() from the head */
  DO_ONE_NEW,     /* from one below it */
  DO_TAIL,        /* from ten below it */
  DO_APPEND,      /* a transaction of appends */
  DO_COUNT
};
static const char *const azDo[DO_COUNT] = { "nothing new", "1 new event",
                                            "tail of 10", "append" };

typedef struct History History;
struct History {
  Appender a;
  sqlite3_stmt *pSince;
  int eDo;
  int nRep;
  int bRaw;            /* measure the raw table instead */
  Appender raw;        /* the same in the layout of R1 */
  sqlite3_stmt *pRead; /* raw SELECT */
  i64 aHead[N_LENGTH];
};

/*
** Events read by DO_ up to DO_TAIL.
*/
static i64 tailOf(int eDo){
  return eDo == DO_NOTHING_NEW ? 0 : eDo == DO_ONE_NEW ? 1 : 10;
}

/*
** Read, at length number iVar.
*/
static void historyRead(History *p, int iVar){
  i64 nTail = tailOf(p->eDo);
  i64 iCursor = p->aHead[iVar] - nTail;
  sqlite3_stmt *pStmt = p->bRaw ? p->pRead : p->pSince;
  int i;
  for(i=0; i<p->nRep; i++){
    if( p->bRaw ){
      i64 iBase = (i64)(iVar + 1) << 32;
      sqlite3_bind_int64(pStmt, 1, iBase + iCursor + 1);
      sqlite3_bind_int64(pStmt, 2, iBase + 4294967295);
    }else{
      stmtBindText(pStmt, 1, p->a.aId[iVar], 26);
      sqlite3_bind_int64(pStmt, 2, iCursor);
    }
    if( stmtRead(pStmt, 0)!=nTail ) die("%s: rows", azDo[p->eDo]);
  }
}

/*
** A turn.
*/
static void historyWork(void *pArg, int iVar, int iChunk){
  History *p = pArg;
  Appender *pA = p->bRaw ? &p->raw : &p->a;
  int i;
  (void)iChunk;
  if( p->eDo!=DO_APPEND ){
    historyRead(p, iVar);
    return;
  }
  dbExec(pA->db, "BEGIN");
  for(i=0; i<p->nRep; i++) appenderAdd(pA, i, iVar);
  dbExec(pA->db, "COMMIT");
}

/*
** Make the sessions, in the log and in the layout of R1.
*/
static void historyOpen(History *p, const Input *pInput){
  int i;
  appenderOpen(&p->a, WAY_LOG, "history.db", N_LENGTH + 1, pInput);
  appenderOpen(&p->raw, WAY_R1, "histraw.db", N_LENGTH + 1, pInput);
  for(i=0; i<=N_LENGTH; i++){
    i64 n = i < N_LENGTH ? aLength[i] : 1000;
    i64 j;
    dbExec(p->a.db, "BEGIN");
    dbExec(p->raw.db, "BEGIN");
    for(j=0; j<n; j++){
      appenderAdd(&p->a, j, i);
      appenderAdd(&p->raw, j, i);
    }
    dbExec(p->a.db, "COMMIT");
    dbExec(p->raw.db, "COMMIT");
    if( i<N_LENGTH ) p->aHead[i] = n;
  }
  /* A checkpoint would fall on one length or another. */
  dbExec(p->a.db, "PRAGMA wal_checkpoint; PRAGMA wal_autocheckpoint=0");
  dbExec(p->raw.db, "PRAGMA wal_checkpoint; PRAGMA wal_autocheckpoint=0");
  p->pSince = dbPrepare(p->a.db, zSinceSelect);
  p->pRead = dbPrepare(p->raw.db, zRawSelect);
}

/*
** Time one thing at all lengths.
*/
static void historyRun(History *p, int eDo, int bRaw, Timing *pTime){
  Race race = { N_LENGTH, 0, 0, 0, historyWork, 0 };
  char zSeries[60];
  int i;
  p->eDo = eDo;
  p->bRaw = bRaw;
  /* Appends make the short histories longer: few of them. */
  p->nRep = eDo == DO_APPEND ? 50 : (int)pickSize(500, 100);
  race.nChunk = eDo == DO_APPEND ? 4 : 10;
  race.pArg = p;
  raceRun(&race, pTime);
  for(i=0; i<N_LENGTH; i++){
    double n = (double)race.nChunk * p->nRep;
    int j;
    for(j=0; j<BENCH_ROUNDS; j++) pTime->a[i][j] /= n;
    snprintf(zSeries, sizeof(zSeries), "%s%s", azDo[eDo],
             !bRaw              ? ""
             : eDo == DO_APPEND ? ", R1"
                                : ", raw SELECT");
    if( i>0 && eDo>=DO_TAIL ){
      chartPoint(CHART_HISTORY, zSeries, azLength[i], (double)aLength[i],
                 timingMedian(pTime, i) / 1e3);
    }
  }
}

/*
** A row of line 8: 1M against 100 events.
*/
static void newsRow(const Timing *p, int eDo){
  char zWhat[80];
  snprintf(zWhat, sizeof(zWhat), "events_since(), %s, 1M against 100 events",
           azDo[eDo]);
  reportRow(8, zWhat, OP_EQUAL, 1.1, "×", timingRatio(p, N_LENGTH - 1, 0),
            "%.0f / %.0f ns", timingMedian(p, N_LENGTH - 1),
            timingMedian(p, 0));
}

/*
** A row of line 9: the length that differs most from 1k.
*/
static void flatRow(const Timing *p, int eDo){
  char zWhat[80];
  double rWorst = 1;
  int i, iWorst = 2;
  for(i=2; i<N_LENGTH; i++){
    double r = timingRatio(p, i, 1);
    if( (r<1 ? 1 / r : r)>(rWorst<1 ? 1 / rWorst : rWorst) ){
      rWorst = r;
      iWorst = i;
    }
  }
  snprintf(zWhat, sizeof(zWhat), "%s at 1k to 1M events, worst: %s against 1k",
           azDo[eDo], azLength[iWorst]);
  reportRow(9, zWhat, OP_EQUAL, 1.15, "×", rWorst,
            "%.0f / %.0f / %.0f / %.0f ns", timingMedian(p, 1),
            timingMedian(p, 2), timingMedian(p, 3), timingMedian(p, 4));
}

/*
** Lines 8 and 9.
*/
void lineHistory(void){
  History h = { { 0 }, 0, 0, 0, 0, { 0 }, 0, { 0 } };
  Timing t;
  Input *pInput;
  if( !wantLines(8, 9) ) return;
  pInput = inputJson200();
  historyOpen(&h, pInput);
  historyRun(&h, DO_NOTHING_NEW, 0, &t);
  newsRow(&t, DO_NOTHING_NEW);
  historyRun(&h, DO_ONE_NEW, 0, &t);
  newsRow(&t, DO_ONE_NEW);
  historyRun(&h, DO_TAIL, 0, &t);
  flatRow(&t, DO_TAIL);
  historyRun(&h, DO_TAIL, 1, &t);
  historyRun(&h, DO_APPEND, 0, &t);
  flatRow(&t, DO_APPEND);
  historyRun(&h, DO_APPEND, 1, &t);
  sqlite3_finalize(h.pSince);
  sqlite3_finalize(h.pRead);
  appenderClose(&h.a);
  appenderClose(&h.raw);
  dbRemove("history.db");
  dbRemove("histraw.db");
  inputFree(pInput);
}
