/*
** line_pack.c - line 14: what packing saves, and what it costs.
*/
#include <stdio.h>
#include <string.h>

#include "bench.h"

typedef struct Pack Pack;
struct Pack {
  const Input *pInput;
  i64 nEvent;
  Appender a;
  i64 nRows;   /* the file with all events as rows */
  i64 nBlocks; /* with all of them packed */
};

/*
** A fresh log of one session.
*/
static void packBegin(void *pArg, int iVar, int iRound){
  Pack *p = pArg;
  i64 i;
  (void)iVar;
  (void)iRound;
  appenderOpen(&p->a, WAY_LOG, "pack.db", 1, p->pInput);
  dbExec(p->a.db, "BEGIN");
  for(i=0; i<p->nEvent; i++) appenderAdd(&p->a, i, 0);
  dbExec(p->a.db, "COMMIT; PRAGMA wal_checkpoint(TRUNCATE)");
  p->nRows = dbBytes("pack.db");
}

/*
** Pack it, all of it, as the end of a session does.
*/
static void packWork(void *pArg, int iVar, int iChunk){
  Pack *p = pArg;
  (void)iVar;
  (void)iChunk;
  dbExec(p->a.db, "SELECT session_end(%Q)", p->a.aId[0]);
}

/*
** Take its size.
*/
static void packEnd(void *pArg, int iVar, int iRound){
  Pack *p = pArg;
  (void)iVar;
  (void)iRound;
  dbExec(p->a.db, "VACUUM; PRAGMA wal_checkpoint(TRUNCATE)");
  p->nBlocks = dbBytes("pack.db");
  appenderClose(&p->a);
  dbRemove("pack.db");
}

/*
** Bytes of the same events in the peers' layout.
*/
static i64 peerBytes(const Input *pInput, i64 nEvent){
  Appender a;
  i64 i;
  appenderOpen(&a, WAY_N, "packn.db", 1, pInput);
  dbExec(a.db, "BEGIN");
  for(i=0; i<nEvent; i++) appenderAdd(&a, i, 0);
  dbExec(a.db, "COMMIT");
  appenderClose(&a);
  i = dbBytes("packn.db");
  dbRemove("packn.db");
  return i;
}

/*
** Measure with an input. The targets are for transcripts.
*/
static void pack(const Input *pInput, i64 nEvent, int bTarget){
  Pack p;
  Race race = { 1, 1, 0, packBegin, packWork, packEnd };
  Timing t;
  char zWhat[80];
  double n = (double)nEvent, r;
  memset(&p, 0, sizeof(p));
  p.pInput = pInput;
  p.nEvent = nEvent;
  race.pArg = &p;
  raceRun(&race, &t);
  snprintf(zWhat, sizeof(zWhat), "packed bytes, %s", pInput->zName);
  reportRow(14, zWhat, bTarget ? OP_MAX : OP_NONE, 0.30, "rows",
            (double)p.nBlocks / (double)p.nRows, "%.0f / %.0f bytes an event",
            (double)p.nBlocks / n, (double)p.nRows / n);
  snprintf(zWhat, sizeof(zWhat), "packing an event, %s", pInput->zName);
  r = timingMedian(&t, 0) / n / 1e3;
  reportRow(14, zWhat, bTarget ? OP_MAX : OP_NONE, 2.5, "µs", r,
            "payloads of %.0f bytes, %.0f MB/s",
            (double)pInput->nByte / pInput->n,
            (double)pInput->nByte / pInput->n / r);
  chartPoint(CHART_BYTES, "N", pInput->zName, 0,
             (double)peerBytes(pInput, nEvent) / n);
  chartPoint(CHART_BYTES, "rows", pInput->zName, 0, (double)p.nRows / n);
  chartPoint(CHART_BYTES, "packed", pInput->zName, 0, (double)p.nBlocks / n);
}

/*
** Line 14.
*/
void linePack(void){
  Input *pInput;
  if( !wantLines(14, 14) ) return;
  pInput = inputMix();
  pack(pInput, pInput->n, 1);
  inputFree(pInput);
  pInput = inputJson200();
  pack(pInput, pickSize(100000, 20000), 0);
  inputFree(pInput);
  if( config.zData ){
    pInput = inputData(config.zData);
    pack(pInput, pickSize(20000, 5000), 1);
    inputFree(pInput);
  }
}
