/*
** line_read.c - lines 6 and 7: events_since() against a raw SELECT.
**
** Both statements are prepared once and fetch ordinal, time, kind and
** payload. The raw one is given the range of keys. Where history is packed,
** decoding its blocks alone is measured beside.
*/
#include <stdio.h>
#include <stdlib.h>

#include "bench.h"

/* Two statements that read the same. */
typedef struct Reads Reads;
struct Reads {
  sqlite3_stmt *apStmt[2]; /* events_since(), raw */
  int nRep;                /* readings a turn */
  Codec *pCodec;           /* the blocks, or NULL */
};

/* What is timed: the statements, and the blocks. */
#define READ_DECODE 2

/*
** Read a turn.
*/
static void readWork(void *pArg, int iVar, int iChunk){
  Reads *p = pArg;
  int i;
  (void)iChunk;
  for(i=0; i<p->nRep; i++){
    if( iVar==READ_DECODE ){
      codecDecode(p->pCodec);
    }else{
      stmtRead(p->apStmt[iVar], 0);
    }
  }
}

/*
** Report the part of decoding, nEvent events in all.
*/
static void decodeRow(const char *zWhat, const Timing *p, double nEvent){
  char zRow[100];
  snprintf(zRow, sizeof(zRow), "%s: decoding alone", zWhat);
  reportRow(6, zRow, OP_NONE, 0, "raw", timingRatio(p, READ_DECODE, 1),
            "%.0f ns an event", timingMedian(p, READ_DECODE) / nEvent);
}

/*
** Compare reading the last nTail of a history of nEvent events, packed or
** not.
*/
static void readRow(int iLine, const char *zWhat, const Input *pInput,
                    i64 nEvent, i64 nTail, int bPack, double rTarget) {
  Reads r = { { 0, 0 }, 1, 0 };
  Race race = { 2, 20, 0, 0, readWork, 0 };
  Appender aLog, aRaw;
  Timing t;
  i64 i, aSum[2];
  double n;
  appenderOpen(&aLog, WAY_LOG, "readlog.db", 1, pInput);
  appenderOpen(&aRaw, WAY_R0, "readraw.db", 1, pInput);
  dbExec(aLog.db, "BEGIN");
  dbExec(aRaw.db, "BEGIN");
  for(i=0; i<nEvent; i++){
    appenderAdd(&aLog, i, 0);
    appenderAdd(&aRaw, i, 0);
  }
  dbExec(aLog.db, "COMMIT");
  dbExec(aRaw.db, "COMMIT");
  if( bPack ) dbExec(aLog.db, "SELECT session_end(%Q)", aLog.aId[0]);
  r.apStmt[0] = dbPrepare(aLog.db, zSinceSelect);
  stmtBindText(r.apStmt[0], 1, aLog.aId[0], 26);
  sqlite3_bind_int64(r.apStmt[0], 2, nEvent - nTail);
  r.apStmt[1] = dbPrepare(aRaw.db, zRawSelect);
  sqlite3_bind_int64(r.apStmt[1], 1, ((i64)1 << 32) + nEvent - nTail + 1);
  sqlite3_bind_int64(r.apStmt[1], 2, ((i64)2 << 32) - 1);
  for(i=0; i<2; i++){
    if( stmtRead(r.apStmt[i], &aSum[i])!=nTail ) die("%s: rows", zWhat);
  }
  r.nRep = (int)(pickSize(20000, 4000) / nTail);
  if( r.nRep<1 ) r.nRep = 1;
  if( nTail>=50000 ) race.nChunk = 3;
  if( bPack ){
    r.pCodec = codecOpen(aLog.db);
    race.nVar = 3;
  }
  race.pArg = &r;
  raceRun(&race, &t);
  n = (double)race.nChunk * r.nRep * (double)nTail;
  reportRow(iLine, zWhat, OP_MAX, rTarget, "raw", timingRatio(&t, 0, 1),
            "%.0f / %.0f ns an event", timingMedian(&t, 0) / n,
            timingMedian(&t, 1) / n);
  if( bPack ){
    decodeRow(zWhat, &t, n);
    codecClose(r.pCodec);
  }
  for(i=0; i<2; i++) sqlite3_finalize(r.apStmt[i]);
  appenderClose(&aLog);
  appenderClose(&aRaw);
  dbRemove("readlog.db");
  dbRemove("readraw.db");
}

/*
** Lines 6 and 7.
*/
void lineRead(void){
  Input *pInput = inputJson200();
  if( wantLines(6, 6) ){
    readRow(6, "events_since(), packed, 1k events", pInput, 1000, 1000, 1, 1.0);
    readRow(6, "events_since(), packed, 100k events", pInput, 100000, 100000, 1,
            1.0);
  }
  if( wantLines(7, 7) ){
    readRow(7, "events_since(), rows, tail of 10", pInput, 20000, 10, 0, 1.5);
    readRow(7, "events_since(), rows, tail of 1k", pInput, 20000, 1000, 0, 2.0);
  }
  inputFree(pInput);
  if( wantLines(6, 6) ){
    pInput = inputMix();
    readRow(6, "events_since(), packed, log-normal mix", pInput, 4000, 4000, 1,
            1.0);
    inputFree(pInput);
  }
  if( wantLines(6, 6) && config.zData ){
    pInput = inputData(config.zData);
    readRow(6, "events_since(), packed, transcripts", pInput, 4000, 4000, 1,
            1.0);
    inputFree(pInput);
  }
}
