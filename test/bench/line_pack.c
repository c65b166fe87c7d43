/*
** line_pack.c - line 14: what packing saves, and what it costs. Beside it two
** parts of its work alone: deleting the rows, without a trigger, and making
** the blocks.
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
  Appender raw;
  Codec *pCodec; /* the blocks */
};

/* What is timed. */
enum {
  PACK_ALL,
  PACK_DELETE,
  PACK_ENCODE,
  PACK_COUNT
};

/*
** A fresh database of one session.
*/
static void packFill(Pack *p, Appender *pA, int eWay, const char *zName){
  i64 i;
  appenderOpen(pA, eWay, zName, 1, p->pInput);
  dbExec(pA->db, "BEGIN");
  for(i=0; i<p->nEvent; i++) appenderAdd(pA, i, 0);
  dbExec(pA->db, "COMMIT; PRAGMA wal_checkpoint(TRUNCATE)");
}

/*
** Make what is worked on.
*/
static void packBegin(void *pArg, int iVar, int iRound){
  Pack *p = pArg;
  (void)iRound;
  if( iVar==PACK_ALL ){
    packFill(p, &p->a, WAY_LOG, "pack.db");
    p->nRows = dbBytes("pack.db");
  }else if( iVar==PACK_DELETE ){
    packFill(p, &p->raw, WAY_R0, "packraw.db");
  }
}

/*
** Delete the raw rows as packing does, 64 at a time.
*/
static void packDelete(Pack *p){
  sqlite3_stmt *pStmt =
    dbPrepare(p->raw.db, "DELETE FROM ev WHERE key BETWEEN ?1 AND ?1+63");
  i64 i;
  dbExec(p->raw.db, "BEGIN");
  for(i=0; i<p->nEvent; i+=64){
    sqlite3_bind_int64(pStmt, 1, ((i64)1 << 32) + i + 1);
    stmtRun(pStmt);
  }
  dbExec(p->raw.db, "COMMIT");
  sqlite3_finalize(pStmt);
}

/*
** Pack it, all of it, as the end of a session does; or do a part of that.
*/
static void packWork(void *pArg, int iVar, int iChunk){
  Pack *p = pArg;
  (void)iChunk;
  switch( iVar ){
    case PACK_ALL:
      dbExec(p->a.db, "SELECT session_end(%Q)", p->a.aId[0]);
      break;
    case PACK_DELETE: packDelete(p); break;
    default: codecEncode(p->pCodec); break;
  }
}

/*
** Take its size.
*/
static void packEnd(void *pArg, int iVar, int iRound){
  Pack *p = pArg;
  (void)iRound;
  if( iVar==PACK_DELETE ){
    appenderClose(&p->raw);
    dbRemove("packraw.db");
  }
  if( iVar!=PACK_ALL ) return;
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
** Take the blocks that the input becomes.
*/
static void packBlocks(Pack *p){
  packFill(p, &p->a, WAY_LOG, "pack.db");
  dbExec(p->a.db, "SELECT session_end(%Q)", p->a.aId[0]);
  p->pCodec = codecOpen(p->a.db);
  appenderClose(&p->a);
  dbRemove("pack.db");
}

/*
** A row about a part of the work.
*/
static void packPart(const Pack *p, const Timing *pTime, int iVar,
                     const char *zPart) {
  char zWhat[100];
  double r = timingMedian(pTime, iVar) / (double)p->nEvent / 1e3;
  snprintf(zWhat, sizeof(zWhat), "packing an event, %s: %s", p->pInput->zName,
           zPart);
  reportRow(14, zWhat, OP_NONE, 0, "µs", r, "%.0f%% of it",
            100 * timingRatio(pTime, iVar, PACK_ALL));
}

/*
** Measure with an input. The targets are for transcripts.
*/
static void pack(const Input *pInput, i64 nEvent, int bTarget){
  Pack p;
  Race race = { PACK_COUNT, 1, 0, packBegin, packWork, packEnd };
  Timing t;
  char zWhat[80];
  double n = (double)nEvent, r;
  memset(&p, 0, sizeof(p));
  p.pInput = pInput;
  p.nEvent = nEvent;
  race.pArg = &p;
  packBlocks(&p);
  raceRun(&race, &t);
  codecClose(p.pCodec);
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
  packPart(&p, &t, PACK_DELETE, "raw DELETE");
  packPart(&p, &t, PACK_ENCODE, "making blocks");
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
