/*
** line_durable.c - line 4: one append a transaction.
**
** Autocommit, WAL, synchronous=NORMAL, with SQLite's own checkpoints.
*/
#include <stdio.h>

#include "bench.h"

/* Events a turn. */
#define N_TURN 100

/* The three ways. */
typedef struct Durable Durable;
struct Durable {
  Appender a[3];
  int nSession;
  i64 aNext[3];
};

/*
** A turn of single transactions.
*/
static void durableWork(void *pArg, int iVar, int iChunk){
  Durable *p = pArg;
  int i;
  (void)iChunk;
  for(i=0; i<N_TURN; i++){
    i64 iEvent = p->aNext[iVar]++;
    appenderAdd(&p->a[iVar], iEvent, (int)(iEvent % p->nSession));
  }
}

/*
** Measure with that many sessions.
*/
static void durable(const Input *pInput, int nSession){
  static const int aeWay[] = { WAY_LOG, WAY_R0, WAY_N };
  static const char *const azName[] = { "one0.db", "one1.db", "one2.db" };
  Durable d = { { { 0 } }, 0, { 0 } };
  Race race = { 3, 0, 0, 0, durableWork, 0 };
  Timing t;
  char zWhat[80];
  double n, aWal[3];
  int i;
  d.nSession = nSession;
  for(i=0; i<3; i++){
    appenderOpen(&d.a[i], aeWay[i], azName[i], nSession, pInput);
    dbWritten(d.a[i].db);
  }
  race.nChunk = (int)pickSize(100, 10);
  race.pArg = &d;
  raceRun(&race, &t);
  n = (double)race.nChunk * N_TURN;
  for(i=0; i<3; i++){
    aWal[i] = (double)dbWritten(d.a[i].db) / (n * BENCH_ROUNDS);
    appenderClose(&d.a[i]);
    dbRemove(azName[i]);
  }
  snprintf(zWhat, sizeof(zWhat), "a durable append, %d session%s", nSession,
           nSession > 1 ? "s" : "");
  for(i=1; i<3; i++){
    reportRow(4, zWhat, OP_MAX, i == 1 ? 1.10 : 0.75, i == 1 ? "R0" : "N",
              timingRatio(&t, 0, i), "%.2f / %.2f µs",
              timingMedian(&t, 0) / n / 1e3, timingMedian(&t, i) / n / 1e3);
  }
  snprintf(zWhat, sizeof(zWhat), "R0 alone, %d session%s", nSession,
           nSession > 1 ? "s" : "");
  reportRow(4, zWhat, OP_NONE, 0, "N", timingRatio(&t, 1, 2), "%.2f / %.2f µs",
            timingMedian(&t, 1) / n / 1e3, timingMedian(&t, 2) / n / 1e3);
  for(i=1; i<3; i++){
    reportRow(4, "its bytes in the WAL", OP_NONE, 0, i == 1 ? "R0" : "N",
              aWal[0] / aWal[i], "%.0f / %.0f bytes", aWal[0], aWal[i]);
  }
}

/*
** Line 4.
*/
void lineDurable(void){
  Input *pInput;
  if( !wantLines(4, 4) ) return;
  pInput = inputJson200();
  durable(pInput, 1);
  durable(pInput, 100);
  inputFree(pInput);
}
