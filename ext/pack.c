/*
** pack.c - rows into blocks, and the watermark.
**
** A session's own events are blocks first, then rows; both are dense and
** never overlap. Packing takes the oldest rows, writes them as blocks of up
** to SL_BLOCK_EVENTS events, moves their idempotency keys to
** sessionlog_key, and deletes the rows, which the trigger on DELETE lets go
** because a block holds them now. Nobody can tell a packed event from
** another but by looking into the tables.
**
** The watermark, sessionlog_session.archived, hides the events up to it. It
** destroys nothing.
**
** A block is never written again: what is packed too early, in small blocks,
** stays small. Hence the least number of events, nMin, that callers give.
*/
#include "sessionlogInt.h"

/* session_pack() makes no smaller block than this of a session that may go
** on: a few events together compress hardly better than alone. */
#define SL_PACK_MIN 16

/* What a row of sessionlog_block takes at the most besides its data. */
#define SL_PACK_ROW 64

/* Packing in progress. */
typedef struct SlPacking SlPacking;
struct SlPacking {
  const SlSession *pSession;
  SlPacker *pPacker; /* the block being collected; NULL until needed */
  i64 iDone;         /* ordinal of the last event that is in a block */
  i64 iNext;         /* ordinal of the next row */
  i64 iLastMs;       /* at_ms of the latest event collected */
  int bKeys;         /* one of the collected has an idempotency key */
  int bStop;         /* the next event can't be packed */
};

/*
** Fail: the rows and blocks of the session don't fit together at iOrdinal.
*/
static void packDamage(SlOp *pOp, const SlPacking *p, i64 iOrdinal){
  slErr(pOp, SQLITE_CORRUPT_VTAB, "session %s: event %lld is damaged",
        p->pSession->zId, iOrdinal);
}

/*
** The event that the statement stands on. It borrows from the statement.
*/
static void packEvent(SlOp *pOp, sqlite3_stmt *pStmt, SlEvent *pEvent){
  memset(pEvent, 0, sizeof(*pEvent));
  pEvent->iAtMs = sqlite3_column_int64(pStmt, SL_EV_AT_MS);
  pEvent->zKind = slStmtText(pOp, pStmt, SL_EV_KIND, &pEvent->nKind);
  if( sqlite3_column_type(pStmt, SL_EV_IDEM)!=SQLITE_NULL ){
    pEvent->zKey = slStmtText(pOp, pStmt, SL_EV_IDEM, &pEvent->nKey);
  }
  slEventFromValue(pOp, pEvent, sqlite3_column_value(pStmt, SL_EV_PAYLOAD));
}

/*
** Run a statement whose parameters are the first and the last key of the
** newest block.
*/
static void packRange(SlOp *pOp, const SlPacking *p, int eSql, int nEvent){
  i64 iSession = p->pSession->iKey;
  sqlite3_stmt *pStmt = slStmt(pOp, eSql);
  slBindInt(pOp, pStmt, 1, SL_KEY(iSession, p->iDone + 1));
  slBindInt(pOp, pStmt, 2, SL_KEY(iSession, p->iDone + nEvent));
  slRun(pOp, eSql, pStmt);
}

/*
** Write the events collected as one block, and delete their rows at once,
** while their pages are in the cache: the next block goes where they were.
** A block that is larger than the connection lets a value be is not made:
** packing ends before it.
*/
static void packFlush(SlOp *pOp, SlPacking *p){
  int nEvent = slPackerCount(p->pPacker);
  i64 iKey = SL_KEY(p->pSession->iKey, p->iDone + 1);
  i64 nLimit =
    sqlite3_limit(pOp->pConn->db, SQLITE_LIMIT_LENGTH, -1) - SL_PACK_ROW;
  void *pData;
  SlEvent data;
  sqlite3_stmt *pStmt;
  int rc = slPackerFinish(p->pPacker, iKey, nLimit, &pData, &data.nData);
  if( rc==SQLITE_TOOBIG ){
    p->bStop = 1;
    return;
  }
  slErrRc(pOp, rc);
  data.eType = SQLITE_BLOB;
  data.pData = pData;
  pStmt = slStmt(pOp, SL_SQL_PACK_BLOCK);
  slBindInt(pOp, pStmt, 1, iKey);
  slBindInt(pOp, pStmt, 2, nEvent);
  slBindInt(pOp, pStmt, 3, p->iLastMs);
  slBindEvent(pOp, pStmt, 4, &data);
  slRun(pOp, SL_SQL_PACK_BLOCK, pStmt);
  if( p->bKeys ) packRange(pOp, p, SL_SQL_PACK_KEYS, nEvent);
  packRange(pOp, p, SL_SQL_PACK_DELETE, nEvent);
  p->bKeys = 0;
  p->iDone += nEvent;
}

/*
** Have a packer: the connection's idle one, or a new one.
*/
static void packBegin(SlOp *pOp, SlPacking *p){
  p->pPacker = pOp->pConn->pPacker;
  pOp->pConn->pPacker = 0;
  if( p->pPacker==0 ) p->pPacker = slPackerNew();
  if( p->pPacker==0 ) pOp->rc = SQLITE_NOMEM;
}

/*
** Give it back.
*/
static void packEnd(SlOp *pOp, SlPacking *p){
  if( p->pPacker==0 ) return;
  assert(pOp->pConn->pPacker == 0); /* nothing packs while something packs */
  slPackerTrim(p->pPacker);
  pOp->pConn->pPacker = p->pPacker;
}

/*
** Take one more event, which has the ordinal iNext, into the block that is
** being collected, or into a new one.
*/
static void packAdd(SlOp *pOp, SlPacking *p, const SlEvent *pEvent){
  int rc;
  if( p->pPacker==0 ) packBegin(pOp, p);
  if( pOp->rc==SQLITE_OK && !slPackerFits(p->pPacker, pEvent) ){
    packFlush(pOp, p);
  }
  if( pOp->rc!=SQLITE_OK || p->bStop ) return;
  rc = slPackerAdd(p->pPacker, pEvent);
  if( rc==SQLITE_TOOBIG ){
    p->bStop = 1;
  }else if( rc==SQLITE_CORRUPT ){
    packDamage(pOp, p, p->iNext);
  }else{
    slErrRc(pOp, rc);
    p->iLastMs = pEvent->iAtMs;
    p->iNext++;
    if( pEvent->zKey ) p->bKeys = 1;
  }
}

/*
** 1 and the next row, 0 at the end. A row that is larger than the connection
** may read ends the packing.
*/
static int packStep(SlOp *pOp, SlPacking *p, sqlite3_stmt *pStmt){
  if( pOp->rc!=SQLITE_OK || p->bStop ) return 0;
  if( slStep(pOp, pStmt) ) return 1;
  if( pOp->rc==SQLITE_TOOBIG ){
    sqlite3_free(pOp->zErr);
    pOp->zErr = 0;
    pOp->rc = SQLITE_OK;
  }
  return 0;
}

/*
** Make blocks of the rows up to iTo.
*/
static void packRows(SlOp *pOp, SlPacking *p, i64 iTo, int nMin){
  i64 iSession = p->pSession->iKey;
  sqlite3_stmt *pStmt = slStmt(pOp, SL_SQL_EVENT_ASC);
  slBindInt(pOp, pStmt, 1, SL_KEY(iSession, 1));
  slBindInt(pOp, pStmt, 2, SL_KEY(iSession, iTo));
  while( packStep(pOp, p, pStmt) ){
    SlEvent event;
    if( sqlite3_column_int64(pStmt, SL_EV_KEY)!=SL_KEY(iSession, p->iNext) ){
      packDamage(pOp, p, p->iNext);
      break;
    }
    packEvent(pOp, pStmt, &event);
    packAdd(pOp, p, &event);
  }
  slFree(pOp, SL_SQL_EVENT_ASC, pStmt);
  if( p->pPacker ){
    int nEvent = slPackerCount(p->pPacker);
    if( nEvent>=nMin ) packFlush(pOp, p);
  }
}

/*
** Inside a task. Pack the session's own rows up to ordinal iTo, oldest
** first. The last block, which later rows might still fill, is made only if
** it has nMin events or more. An event that is too large for a block ends
** the packing without an error. Returns the number of events packed.
** CORRUPT where rows and blocks leave a gap or overlap. Memory: one block.
*/
i64 slPack(SlOp *pOp, const SlSession *pSession, i64 iTo, int nMin){
  SlPacking s;
  i64 iFirst;
  memset(&s, 0, sizeof(s));
  s.pSession = pSession;
  assert(iTo <= SL_MAX_ORDINAL && nMin > 0);
  s.iDone =
    SL_ORDINAL(slQueryInt(pOp, SL_SQL_PACK_END, SL_KEY(pSession->iKey, 0),
                          SL_KEY(pSession->iKey, SL_MAX_ORDINAL),
                          SL_KEY(pSession->iKey, pSession->iForkedAt)));
  iFirst = s.iNext = s.iDone + 1;
  if( iFirst<=iTo ) packRows(pOp, &s, iTo, nMin);
  packEnd(pOp, &s);
  return s.iDone - iFirst + 1;
}

/*
** Inside a task. What session_pack() does: all but the newest SL_PACK_KEEP
** events, in blocks of no fewer than SL_PACK_MIN; of a session that has
** ended, all. The newest stay rows because tails are read and events are
** appended there. Returns the number of events packed.
*/
i64 slPackIdle(SlOp *pOp, const SlSession *pSession){
  if( slQueryInt(pOp, SL_SQL_PACK_ENDED, pSession->iKey, 0, 0) ){
    return slPack(pOp, pSession, SL_MAX_ORDINAL, 1);
  }
  return slPack(pOp, pSession, slHead(pOp, pSession) - SL_PACK_KEEP,
                SL_PACK_MIN);
}

/*
** Inside a task. Move the watermark forward to iTo, but not past the head,
** and pack what it hides of the session's own events. Returns the number of
** events newly hidden, inherited ones included: 0 where the watermark is
** there already. pSession->iArchived is kept up to date.
*/
i64 slArchive(SlOp *pOp, SlSession *pSession, i64 iTo){
  sqlite3_stmt *pStmt;
  i64 iHead = slHead(pOp, pSession);
  i64 nHidden;
  if( iTo>iHead ) iTo = iHead;
  if( iTo<=pSession->iArchived ) return 0;
  nHidden = iTo - pSession->iArchived;
  pStmt = slStmt(pOp, SL_SQL_PACK_ARCHIVE);
  slBindInt(pOp, pStmt, 1, pSession->iKey);
  slBindInt(pOp, pStmt, 2, iTo);
  slRun(pOp, SL_SQL_PACK_ARCHIVE, pStmt);
  slPack(pOp, pSession, iTo, 1);
  pSession->iArchived = iTo;
  return nHidden;
}
