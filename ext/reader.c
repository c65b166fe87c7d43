/*
** reader.c - a session's history as one sequence.
**
** The history is cut into segments, one for each session of the chain of
** parents that has a part in what is asked for: the chain is walked only
** while the fork point lies above the first ordinal wanted. Within a segment
** the oldest events are in blocks and the rest are rows. Ordinals are dense,
** so the reader knows which comes next. A row that isn't there may have been
** packed by this connection since the reader was opened: no block is written
** twice, so it is in one that comes after those read so far. An event that is
** in no block either is damage, and an error that names the session and the
** ordinal.
**
** A session that is removed or rolled back while it is read ends the reader,
** events that are rolled back are not read any more. What is written later must
** not be taken for them: no session gets the integer of one that is being read
** (scan.c), or that was removed in this transaction (SlDb.iRemoved), and an
** append in the place of an event that was rolled back limits the readers of
** that session (slReaderAppend()).
*/
#include "sessionlogInt.h"

/* A part of the history that one session has recorded. */
typedef struct SlSegment SlSegment;
struct SlSegment {
  i64 iSession; /* the session's integer */
  i64 iFrom;    /* first and last ordinal wanted, iFrom<=iTo */
  i64 iTo;
};

/* Where the reader is within a segment. */
enum {
  SL_AT_START,
  SL_AT_ROWS,
  SL_AT_BLOCKS
};

struct SlReader {
  SlConn *pConn;      /* where it goes when it is idle */
  SlOp *pOp;          /* for giving statements back */
  SlReader *pNext;    /* next in SlConn.pOpen, if it is open */
  char zId[27];       /* the session that is read */
  i64 iSelf;          /* its integer */
  i64 iFrom;          /* what was asked for of it */
  i64 iTo;            /* ... and was there */
  int bUndone;        /* something was removed or rolled back since */
  i64 iLimit;         /* events above it are not those that there were */
  SlReaderList xList; /* see slReaderList() */
  void *pList;
  int bList;       /* something was rolled back since there is a list */
  SlScan self;     /* iSelf is known */
  SlSegment *aSeg; /* newest session first */
  int nSeg;
  int nAlloc;
  int iSeg; /* present segment */
  int bDesc;
  int eAt;            /* SL_AT_... */
  i64 iNext;          /* ordinal that comes next in the segment */
  i64 iKey;           /* key of the present event */
  sqlite3_stmt *pRow; /* on the segment's rows */
  int bRow;           /* pRow stands on a row not yet given */
  sqlite3_stmt *pBlk; /* on the segment's blocks */
  SlBlock *pBlock;    /* the present block */
  i64 iFirst;         /* ordinal of its first event */
  int nEvent;         /* events in it, 0: none decoded */
  int bInBlock;       /* the present event is in pBlock */
  i64 iOrigin;        /* session of zOrigin */
  char zOrigin[27];
};

SlReader *slReaderNew(SlConn *pConn){
  SlReader *p = pConn->pReader;
  pConn->pReader = 0;
  if( p==0 ){
    p = sqlite3_malloc64(sizeof(*p));
    if( p ) memset(p, 0, sizeof(*p));
  }
  if( p ) p->pConn = pConn;
  return p;
}

/*
** Give back the statements of the present segment.
*/
static void readerLeave(SlReader *p){
  int eRow = p->bDesc ? SL_SQL_EVENT_DESC : SL_SQL_EVENT_ASC;
  int eBlk = p->bDesc ? SL_SQL_BLOCK_DESC : SL_SQL_BLOCK_ASC;
  slFree(p->pOp, eRow, p->pRow);
  slFree(p->pOp, eBlk, p->pBlk);
  p->pRow = 0;
  p->pBlk = 0;
  p->bRow = 0;
  p->nEvent = 0;
  p->bInBlock = 0;
  p->eAt = SL_AT_START;
}

void slReaderClose(SlReader *p){
  SlConn *pConn;
  SlReader **pp;
  if( p->pOp==0 ) return;
  readerLeave(p);
  pConn = p->pOp->pConn;
  for(pp=&pConn->pOpen; *pp!=p; pp=&(*pp)->pNext){
  }
  *pp = p->pNext;
  slScanEnd(pConn, &p->self);
  if( pConn->pBlock==0 ){
    pConn->pBlock = p->pBlock;
  }else{
    slBlockFree(p->pBlock);
  }
  p->pBlock = 0;
  p->nSeg = 0;
  p->iSeg = 0;
  p->iOrigin = 0;
  p->pOp = 0;
}

void slReaderDelete(SlReader *p){
  if( p ) sqlite3_free(p->aSeg);
  sqlite3_free(p);
}

void slReaderFree(SlReader *p){
  if( p==0 ) return;
  slReaderClose(p);
  p->xList = 0;
  if( p->pConn->pReader==0 && p->nAlloc<=16 ){
    p->pConn->pReader = p;
  }else{
    slReaderDelete(p);
  }
}

/*
** Add a segment.
*/
static void readerAdd(SlOp *pOp, SlReader *p, i64 iSession, i64 iFrom,
                      i64 iTo) {
  if( p->nSeg==p->nAlloc ){
    int nNew = p->nAlloc ? p->nAlloc * 2 : 4;
    SlSegment *aNew = sqlite3_realloc64(p->aSeg, (u64)nNew * sizeof(*aNew));
    if( aNew==0 ){
      pOp->rc = SQLITE_NOMEM;
      return;
    }
    p->aSeg = aNew;
    p->nAlloc = nNew;
  }
  p->aSeg[p->nSeg].iSession = iSession;
  p->aSeg[p->nSeg].iFrom = iFrom;
  p->aSeg[p->nSeg].iTo = iTo;
  p->nSeg++;
}

void slReaderOpen(SlOp *pOp, SlReader *p, const SlSession *pSession, i64 iFrom,
                  i64 iTo, int bDesc) {
  SlSession s = *pSession;
  i64 iHead;
  slReaderClose(p);
  if( pOp->rc!=SQLITE_OK ) return;
  p->pOp = pOp;
  p->pNext = pOp->pConn->pOpen;
  pOp->pConn->pOpen = p;
  memcpy(p->zId, s.zId, sizeof(p->zId));
  p->iSelf = s.iKey;
  slScanOne(pOp, &p->self, SL_SQL_SESSION_MAX_KEY, s.iKey);
  p->iFrom = iFrom;
  p->bUndone = 0;
  p->bDesc = bDesc;
  iHead = slHead(pOp, &s);
  if( iTo>iHead ) iTo = iHead;
  if( iFrom<1 ) iFrom = 1;
  p->iTo = iTo;
  p->iLimit = iTo;
  p->iNext = bDesc ? iTo : iFrom;
  while( iFrom<=iTo ){
    i64 iParent = s.iParent;
    i64 iLow = s.iForkedAt + 1 > iFrom ? s.iForkedAt + 1 : iFrom;
    if( iLow<=iTo ) readerAdd(pOp, p, s.iKey, iLow, iTo);
    if( iFrom>s.iForkedAt || pOp->rc!=SQLITE_OK ) break;
    if( iTo>s.iForkedAt ) iTo = s.iForkedAt;
    if( iParent>=s.iKey || !slSessionByKey(pOp, iParent, &s) ){
      slErr(pOp, SQLITE_CORRUPT_VTAB,
            "session %s: ordinals up to %lld are lost with its parent", s.zId,
            s.iForkedAt);
    }
  }
  p->iSeg = bDesc ? 0 : p->nSeg - 1;
}

/*
** Fail: events iFrom..iTo of the present segment can't be read.
*/
static void readerDamage(SlOp *pOp, SlReader *p, i64 iFrom, i64 iTo){
  const char *zId = slReaderOrigin(pOp, p);
  if( iFrom==iTo ){
    slErr(pOp, SQLITE_CORRUPT_VTAB, "session %s: event %lld is damaged", zId,
          iFrom);
  }else{
    slErr(pOp, SQLITE_CORRUPT_VTAB,
          "session %s: events %lld to %lld are damaged", zId, iFrom, iTo);
  }
}

/*
** Key of the row.
*/
static i64 readerRowKey(const SlReader *p){
  return sqlite3_column_int64(p->pRow, SL_EV_KEY);
}

/*
** Enter the present segment: open its rows.
*/
static void readerEnter(SlOp *pOp, SlReader *p){
  const SlSegment *pSeg = &p->aSeg[p->iSeg];
  int eRow = p->bDesc ? SL_SQL_EVENT_DESC : SL_SQL_EVENT_ASC;
  p->iNext = p->bDesc ? pSeg->iTo : pSeg->iFrom;
  p->pRow = slStmt(pOp, eRow);
  slBindInt(pOp, p->pRow, 1, SL_KEY(pSeg->iSession, pSeg->iFrom));
  slBindInt(pOp, p->pRow, 2, SL_KEY(pSeg->iSession, pSeg->iTo));
  p->bRow = slStep(pOp, p->pRow);
  p->eAt = p->bRow ? SL_AT_ROWS : SL_AT_BLOCKS;
}

/*
** Decode the block that pBlk stands on.
*/
static void readerDecode(SlOp *pOp, SlReader *p){
  const SlSegment *pSeg = &p->aSeg[p->iSeg];
  i64 iKey = sqlite3_column_int64(p->pBlk, 0);
  i64 nEvent = sqlite3_column_int64(p->pBlk, 1);
  int nData;
  const void *pData = slStmtBlob(pOp, p->pBlk, 2, &nData);
  int rc;
  if( p->pBlock==0 ){
    p->pBlock = pOp->pConn->pBlock;
    pOp->pConn->pBlock = 0;
    if( p->pBlock==0 ) p->pBlock = slBlockNew();
    if( p->pBlock==0 ){
      pOp->rc = SQLITE_NOMEM;
      return;
    }
  }
  rc = slBlockDecode(p->pBlock, iKey, nEvent, pData, nData,
                     sqlite3_limit(pOp->pConn->db, SQLITE_LIMIT_LENGTH, -1));
  if( rc==SQLITE_CORRUPT || SL_SESSION(iKey)!=pSeg->iSession ){
    i64 iFirst = SL_ORDINAL(iKey);
    i64 nSay = nEvent >= 1 && nEvent <= SL_BLOCK_EVENTS ? nEvent : 1;
    readerDamage(pOp, p, iFirst, iFirst + nSay - 1);
    return;
  }
  slErrRc(pOp, rc);
  p->iFirst = SL_ORDINAL(iKey);
  p->nEvent = slBlockCount(p->pBlock);
}

/*
** 1 if iNext is in the block that is decoded.
*/
static int readerInBlock(const SlReader *p){
  return (u64)(p->iNext - p->iFirst) < (u64)p->nEvent;
}

/*
** Have the block decoded that holds iNext: 1, or 0 if there is none.
*/
static int readerSeekBlock(SlOp *pOp, SlReader *p){
  const SlSegment *pSeg = &p->aSeg[p->iSeg];
  if( p->pBlk==0 ){
    i64 iFrom = p->bDesc ? pSeg->iFrom : p->iNext;
    i64 iTo = p->bDesc ? p->iNext : pSeg->iTo;
    p->pBlk = slStmt(pOp, p->bDesc ? SL_SQL_BLOCK_DESC : SL_SQL_BLOCK_ASC);
    slBindInt(pOp, p->pBlk, 1, SL_KEY(pSeg->iSession, iFrom));
    slBindInt(pOp, p->pBlk, 2, SL_KEY(pSeg->iSession, iTo));
    slBindInt(pOp, p->pBlk, 3, SL_KEY(pSeg->iSession, 0));
  }
  p->nEvent = 0;
  if( slStep(pOp, p->pBlk) ) readerDecode(pOp, p);
  return readerInBlock(p);
}

/*
** The next event of the segment is in a block: 1, or 0 if it is in none, or
** on failure.
*/
static int readerFromBlock(SlOp *pOp, SlReader *p){
  p->bInBlock = 1;
  return readerInBlock(p) || readerSeekBlock(pOp, p);
}

/*
** The next event of the segment is a row: 1, or 0 on failure. Where it is
** not, a block should have it: descending, because the rows end there, and
** ascending, because they begin later, or were packed while this connection
** read them.
*/
static int readerFromRow(SlOp *pOp, SlReader *p){
  const SlSegment *pSeg = &p->aSeg[p->iSeg];
  if( !p->bRow ) p->bRow = slStep(pOp, p->pRow);
  if( p->bRow && readerRowKey(p)==SL_KEY(pSeg->iSession, p->iNext) ){
    p->bRow = 0;
    p->bInBlock = 0;
    return 1;
  }
  assert(p->pBlk == 0 || !p->bDesc);
  slFree(pOp, SL_SQL_BLOCK_ASC, p->pBlk);
  p->pBlk = 0;
  p->nEvent = 0;
  p->eAt = SL_AT_BLOCKS;
  return readerFromBlock(pOp, p);
}

/*
** Go on from event iNext with the session as it is now: 1, or 0 where it is
** gone, or has no more of what there was. Its tenant need not be the
** connection's any more.
*/
static int readerAgain(SlOp *pOp, SlReader *p){
  SlSession s;
  i64 iFrom = p->bDesc ? p->iFrom : p->iNext;
  i64 iTo = p->bDesc ? p->iNext : p->iTo;
  /* What is known of the database may be of the time before a rollback, and
  ** the tables may have come after it. */
  if( !slOpRead(pOp) ) slErrRc(pOp, SQLITE_ABORT_ROLLBACK);
  if( iTo>p->iLimit ) iTo = p->iLimit;
  if( !slSessionLiving(pOp, p->iSelf, &s) ) return 0;
  slReaderOpen(pOp, p, &s, iFrom, iTo, p->bDesc);
  return 1;
}

/*
** Find the segment that has the next event: 0 at the end.
*/
static int readerSegment(SlOp *pOp, SlReader *p){
  for(;;){
    const SlSegment *pSeg;
    if( pOp->rc!=SQLITE_OK || p->iSeg<0 || p->iSeg>=p->nSeg ) return 0;
    pSeg = &p->aSeg[p->iSeg];
    if( p->eAt==SL_AT_START ) readerEnter(pOp, p);
    if( p->iNext>=pSeg->iFrom && p->iNext<=pSeg->iTo ) return 1;
    readerLeave(p);
    p->iSeg += p->bDesc ? 1 : -1;
  }
}

int slReaderNext(SlOp *pOp, SlReader *p){
  int bFound;
  if( p->bUndone && !readerAgain(pOp, p) ) return 0;
  if( !readerSegment(pOp, p) ) return 0;
  if( p->eAt==SL_AT_BLOCKS && !p->bDesc && p->bRow
   && SL_ORDINAL(readerRowKey(p))<=p->iNext
  ){
    p->eAt = SL_AT_ROWS;
  }
  bFound =
    p->eAt == SL_AT_ROWS ? readerFromRow(pOp, p) : readerFromBlock(pOp, p);
  if( !bFound ){
    readerDamage(pOp, p, p->iNext, p->iNext);
    return 0;
  }
  p->iKey = SL_KEY(p->aSeg[p->iSeg].iSession, p->iNext);
  p->iNext += p->bDesc ? -1 : 1;
  return 1;
}

i64 slReaderKey(const SlReader *p){
  return p->iKey;
}

sqlite3_value *slReaderValue(SlReader *p, int eColumn){
  return sqlite3_column_value(p->pRow, eColumn);
}

const SlEvent *slReaderPacked(const SlReader *p){
  if( !p->bInBlock ) return 0;
  return slBlockAt(p->pBlock, (int)(SL_ORDINAL(p->iKey) - p->iFirst));
}

void slReaderEvent(SlOp *pOp, SlReader *p, SlEvent *pEvent){
  const SlEvent *pPacked = slReaderPacked(p);
  int n;
  if( pPacked ){
    *pEvent = *pPacked;
    return;
  }
  memset(pEvent, 0, sizeof(*pEvent));
  pEvent->iAtMs = sqlite3_column_int64(p->pRow, SL_EV_AT_MS);
  pEvent->zKind = slStmtText(pOp, p->pRow, SL_EV_KIND, &pEvent->nKind);
  if( sqlite3_column_type(p->pRow, SL_EV_IDEM)!=SQLITE_NULL ){
    pEvent->zKey = slStmtText(pOp, p->pRow, SL_EV_IDEM, &pEvent->nKey);
  }
  pEvent->eType = sqlite3_column_type(p->pRow, SL_EV_PAYLOAD);
  switch( pEvent->eType ){
    case SQLITE_INTEGER:
      pEvent->iInt = sqlite3_column_int64(p->pRow, SL_EV_PAYLOAD);
      break;
    case SQLITE_FLOAT:
      pEvent->rReal = sqlite3_column_double(p->pRow, SL_EV_PAYLOAD);
      break;
    case SQLITE_TEXT:
      pEvent->pData = sqlite3_column_text(p->pRow, SL_EV_PAYLOAD);
      pEvent->nData = sqlite3_column_bytes(p->pRow, SL_EV_PAYLOAD);
      if( pEvent->pData==0 ) pOp->rc = SQLITE_NOMEM;
      break;
    case SQLITE_BLOB:
      pEvent->pData = slStmtBlob(pOp, p->pRow, SL_EV_PAYLOAD, &n);
      pEvent->nData = n;
      break;
    default: break;
  }
}

const char *slReaderOrigin(SlOp *pOp, SlReader *p){
  i64 iSession = p->aSeg[p->iSeg].iSession;
  if( iSession==p->iSelf ) return p->zId;
  if( p->iOrigin!=iSession ){
    SlSession s;
    s.zId[0] = 0;
    slSessionByKey(pOp, iSession, &s);
    sqlite3_snprintf(sizeof(p->zOrigin), p->zOrigin, "%s", s.zId);
    p->iOrigin = iSession;
  }
  return p->zOrigin;
}

/* ---- what is undone while it is read --------------------------------- */

void slReaderList(SlReader *p, SlReaderList xList, void *pList){
  p->xList = xList;
  p->pList = pList;
  p->bList = 0;
}

void slReaderUndone(SlConn *pConn){
  SlReader *p;
  for(p=pConn->pOpen; p; p=p->pNext){
    p->bUndone = 1;
    p->bList = 1;
  }
}

void slReaderRemoved(const SlOp *pOp, i64 iKey){
  SlDb *pDb = pOp->pDb;
  SlReader *p;
  for(p=pOp->pConn->pOpen; p; p=p->pNext){
    if( p->iSelf==iKey && p->pOp->pDb==pDb ) p->bUndone = 1;
  }
  if( iKey>pDb->iRemoved ) pDb->iRemoved = iKey;
}

void slReaderAppend(const SlOp *pOp, i64 iKey, i64 iHead){
  SlReader *p;
  for(p=pOp->pConn->pOpen; p; p=p->pNext){
    if( p->pOp->pDb!=pOp->pDb ) continue;
    if( p->iSelf==iKey && iHead<p->iLimit ) p->iLimit = iHead;
    if( p->xList && p->bList ) p->xList(p->pList, iKey, iHead);
  }
}
