/*
** event.c - append and head.
**
** An event is one row of sessionlog_event, keyed by session and ordinal; no
** counter is kept anywhere. The next ordinal is one more than the session's
** head, and the head is a seek: the largest key of its rows, else the end of
** its last block, else its fork point.
**
** A session that was appended to in this transaction, or since which nobody
** else has written, is remembered with its head in SlDb.pCache, so that a
** run of appends costs one insert each. The store drops the cache after a
** rollback, and when the database's data version has moved. A head that is
** out of date all the same (somebody wrote plain SQL in this transaction)
** hits the primary key; the append then looks again.
*/
#include "sessionlogInt.h"

/* Slots of the cache at first and at most; powers of two. */
#define SL_CACHE_MIN 64
#define SL_CACHE_MAX 16384

/* A remembered session: iSession is 0 in an empty slot. */
typedef struct SlCacheEntry SlCacheEntry;
struct SlCacheEntry {
  SlUlid id;    /* which */
  u32 iSession; /* its integer */
  u32 iHead;    /* its head */
};

/* Open addressing: an entry is in the first free slot from its hash on. */
struct SlCache {
  u32 iTenant; /* SlConn.iTenant: whose sessions these are */
  u32 nUsed;   /* entries in a[] */
  u32 nSlot;   /* slots in a[] */
  SlCacheEntry a[];
};

void slCacheClear(SlCache *p){
  if( p->nUsed ) memset(p->a, 0, p->nSlot * sizeof(p->a[0]));
  p->nUsed = 0;
}

void slCacheFree(SlCache *p){
  sqlite3_free(p);
}

/*
** The slot that holds the session, or the empty one where it would be put.
** There is always an empty one.
*/
static SlCacheEntry *cacheSlot(SlCache *p, const SlUlid *pId){
  u64 h = (pId->iHi ^ pId->iLo) * 0x9e3779b97f4a7c15u;
  u32 mask = p->nSlot - 1;
  u32 i = (u32)(h >> 40) & mask;
  while( p->a[i].iSession
      && (p->a[i].id.iLo!=pId->iLo || p->a[i].id.iHi!=pId->iHi) ){
    i = (i + 1) & mask;
  }
  return &p->a[i];
}

/*
** The session's entry, or NULL if it is not remembered.
*/
static SlCacheEntry *cacheFind(const SlOp *pOp, const SlUlid *pId){
  SlCache *p = pOp->pDb->pCache;
  SlCacheEntry *pSlot;
  if( p==0 || p->iTenant!=pOp->pConn->iTenant ) return 0;
  pSlot = cacheSlot(p, pId);
  return pSlot->iSession ? pSlot : 0;
}

/*
** An empty cache of nSlot slots, NULL when out of memory.
*/
static SlCache *cacheNew(u32 nSlot){
  u64 nByte = sizeof(SlCache) + nSlot * sizeof(SlCacheEntry);
  SlCache *p = sqlite3_malloc64(nByte);
  if( p==0 ) return 0;
  memset(p, 0, (size_t)nByte);
  p->nSlot = nSlot;
  return p;
}

/*
** A cache with the same entries and twice the slots, instead of the old one.
** Where that can't be had it is the old one, emptied.
*/
static SlCache *cacheGrow(SlCache *pOld){
  SlCache *p = pOld->nSlot < SL_CACHE_MAX ? cacheNew(pOld->nSlot * 2) : 0;
  u32 i;
  if( p==0 ){
    slCacheClear(pOld);
    return pOld;
  }
  p->iTenant = pOld->iTenant;
  p->nUsed = pOld->nUsed;
  for(i=0; i<pOld->nSlot; i++){
    if( pOld->a[i].iSession ) *cacheSlot(p, &pOld->a[i].id) = pOld->a[i];
  }
  slCacheFree(pOld);
  return p;
}

/*
** Remember a session's head. Where there is no memory for it nothing is
** remembered, which costs time and nothing else.
*/
static void cachePut(SlOp *pOp, const SlUlid *pId, i64 iSession, i64 iHead){
  SlCache *p = pOp->pDb->pCache;
  SlCacheEntry *pSlot;
  if( p==0 ){
    p = cacheNew(SL_CACHE_MIN);
    if( p==0 ) return;
  }
  if( p->iTenant!=pOp->pConn->iTenant ){
    slCacheClear(p);
    p->iTenant = pOp->pConn->iTenant;
  }
  if( p->nUsed>p->nSlot/4*3 ) p = cacheGrow(p);
  pOp->pDb->pCache = p;
  pSlot = cacheSlot(p, pId);
  if( pSlot->iSession==0 ) p->nUsed++;
  pSlot->id = *pId;
  pSlot->iSession = (u32)iSession;
  pSlot->iHead = (u32)iHead;
}

/*
** The head as it is stored.
*/
static i64 headStored(SlOp *pOp, const SlSession *pSession){
  i64 iKey = slQueryInt(pOp, SL_SQL_EVENT_HEAD, SL_KEY(pSession->iKey, 0),
                        SL_KEY(pSession->iKey, SL_MAX_ORDINAL), 0);
  return iKey ? SL_ORDINAL(iKey) : pSession->iForkedAt;
}

i64 slHead(SlOp *pOp, const SlSession *pSession){
  const SlCacheEntry *pSlot;
  SlUlid id = { 0, 0 };
  i64 iHead;
  if( pOp->rc!=SQLITE_OK ) return 0;
  if( !pOp->bStable || !slUlidParseText(pSession->zId, 26, &id) ){
    return headStored(pOp, pSession);
  }
  pSlot = cacheFind(pOp, &id);
  if( pSlot && pSlot->iSession==(u32)pSession->iKey ) return pSlot->iHead;
  iHead = headStored(pOp, pSession);
  /* An append takes what is in the cache for a session of the tenant's. */
  if( pOp->rc==SQLITE_OK && pSession->iFound==pOp->pConn->iTenant+1 ){
    cachePut(pOp, &id, pSession->iKey, iHead);
  }
  return iHead;
}

i64 slOwnEvents(SlOp *pOp, const SlSession *pSession){
  return slHead(pOp, pSession) - pSession->iForkedAt;
}

/*
** The ordinal that an idempotency key has in what the session sees, or 0. Who
** has recorded a key has inherited none like it: behind that nobody is asked.
*/
static i64 appendKnown(SlOp *pOp, const SlAppend *p){
  SlSession s = p->session;
  i64 iBound = SL_MAX_ORDINAL;
  i64 iFound = 0;
  sqlite3_stmt *pStmt = slStmt(pOp, SL_SQL_EVENT_BY_IDEM);
  while( pOp->rc==SQLITE_OK ){
    slBindInt(pOp, pStmt, 1, s.iKey);
    slBindText(pOp, pStmt, 2, p->event.zKey, p->event.nKey);
    if( slStep(pOp, pStmt) ){
      i64 iOrdinal = sqlite3_column_int64(pStmt, 0);
      if( iOrdinal<=iBound ) iFound = iOrdinal;
      break;
    }
    if( s.iForkedAt==0 ) break;
    if( s.iForkedAt<iBound ) iBound = s.iForkedAt;
    sqlite3_reset(pStmt);
    slParent(pOp, &s);
  }
  slFree(pOp, SL_SQL_EVENT_BY_IDEM, pStmt);
  return iFound;
}

/*
** 1 if the two payloads are the same value.
*/
static int samePayload(const SlEvent *p1, const SlEvent *p2){
  if( p1->eType!=p2->eType ) return 0;
  switch( p1->eType ){
    case SQLITE_INTEGER: return p1->iInt == p2->iInt;
    case SQLITE_FLOAT: return p1->rReal == p2->rReal;
    case SQLITE_TEXT:
    case SQLITE_BLOB:
      return p1->nData == p2->nData
             && (p1->nData == 0
                 || memcmp(p1->pData, p2->pData, (size_t)p1->nData) == 0);
    default: return 1;
  }
}

/*
** The key is known, at iOrdinal: the append is a repetition, or an error.
*/
static void appendRepeat(SlOp *pOp, SlAppend *p, i64 iOrdinal){
  SlEvent old;
  SlReader *pReader = slReaderNew(pOp->pConn);
  int bSame = 0;
  if( pReader==0 ){
    pOp->rc = SQLITE_NOMEM;
    return;
  }
  slReaderOpen(pOp, pReader, &p->session, iOrdinal, iOrdinal, 0);
  if( slReaderNext(pOp, pReader) ){
    slReaderEvent(pOp, pReader, &old);
    bSame = old.nKind == p->event.nKind
            && memcmp(old.zKind, p->event.zKind, (size_t)old.nKind) == 0
            && samePayload(&old, &p->event)
            && (!p->bExpect || p->iExpect == iOrdinal);
  }
  slReaderFree(pReader);
  if( pOp->rc==SQLITE_OK && !bSame ){
    slErr(pOp, SQLITE_CONSTRAINT, "key %.*s belongs to another event",
          p->event.nKey, p->event.zKey);
  }
  p->iOrdinal = iOrdinal;
  p->iKey = SL_KEY(p->session.iKey, iOrdinal);
}

sqlite3_stmt *slEventStmt(SlOp *pOp, int eSql, i64 iKey,
                          const SlEvent *pEvent) {
  sqlite3_stmt *pStmt = slStmt(pOp, eSql);
  slBindInt(pOp, pStmt, 1, iKey);
  slBindInt(pOp, pStmt, 2, pEvent->iAtMs);
  slBindText(pOp, pStmt, 3, pEvent->zKind, pEvent->nKind);
  slBindText(pOp, pStmt, 4, pEvent->zKey, pEvent->nKey);
  slBindEvent(pOp, pStmt, 5, pEvent);
  return pStmt;
}

/*
** Write the row of an event that comes after iHead. Returns 0 if the place
** is taken, which is no error yet. The head is remembered before, so that
** what a trigger appends meanwhile comes after the event.
*/
static int appendRow(SlOp *pOp, SlAppend *p, i64 iHead){
  sqlite3 *db = pOp->pConn->db;
  sqlite3_stmt *pStmt;
  int bTaken = 0;
  p->iOrdinal = iHead + 1;
  p->iKey = SL_KEY(p->session.iKey, p->iOrdinal);
  pStmt = slEventStmt(pOp, SL_SQL_EVENT_INSERT, p->iKey, &p->event);
  if( pOp->rc==SQLITE_OK ){
    cachePut(pOp, &p->id, p->session.iKey, p->iOrdinal);
    if( slStepAll(pStmt)==SQLITE_DONE ){
      slMustWrite(pOp, pStmt);
      slReaderAppend(pOp, p->session.iKey, iHead);
    }else if( sqlite3_extended_errcode(db)==SQLITE_CONSTRAINT_PRIMARYKEY ){
      bTaken = 1;
    }else{
      slErrDb(pOp);
    }
    if( bTaken || pOp->rc!=SQLITE_OK ) slDbChanged(pOp->pDb);
  }
  slFree(pOp, SL_SQL_EVENT_INSERT, pStmt);
  return !bTaken;
}

/*
** Check what the append expects of the head.
*/
static void appendExpect(SlOp *pOp, const SlAppend *p, i64 iHead){
  char zId[27];
  if( p->bExpect && p->iExpect!=iHead+1 ){
    slUlidText(&p->id, zId);
    slErr(pOp, SQLITE_CONSTRAINT,
          "expected ordinal %lld, but session %s is at %lld", p->iExpect, zId,
          iHead);
  }else if( iHead>=SL_MAX_ORDINAL ){
    slUlidText(&p->id, zId);
    slErr(pOp, SQLITE_ERROR, "log is full: session %s is at %lld", zId, iHead);
  }
}

/*
** Find the id that names the session in SlAppend.id, if an id does: 1.
*/
static int appendId(SlOp *pOp, SlAppend *p){
  if( !p->bId ){
    if( p->bSession ){
      p->bId = slUlidParseText(p->session.zId, 26, &p->id);
    }else if( p->pRef ){
      p->bId = slUlidParseValue(p->pRef, &p->id);
    }else if( slIsCurrentDb(pOp) ){
      p->bId = slUlidParseText(pOp->pConn->zCurrent, 26, &p->id);
    }
  }
  return p->bId;
}

/*
** Append to a session that is remembered, without writing the row yet: 1. 0
** if that can't be done, or the operation has failed.
*/
static int appendLater(SlOp *pOp, SlAppend *p){
  SlCacheEntry *pSlot;
  if( p->event.zKey || !appendId(pOp, p) ) return 0;
  pSlot = cacheFind(pOp, &p->id);
  if( pSlot==0 || pSlot->iHead==SL_MAX_ORDINAL
   || (p->bExpect && p->iExpect!=(i64)pSlot->iHead+1)
  ){
    return 0;
  }
  p->iOrdinal = (i64)pSlot->iHead + 1;
  p->iKey = SL_KEY(pSlot->iSession, p->iOrdinal);
  if( !p->bAtMs ) p->event.iAtMs = slOpNow(pOp, "at_ms");
  if( pOp->rc!=SQLITE_OK || !slPendingAdd(pOp, p->iKey, &p->event) ) return 0;
  slReaderAppend(pOp, pSlot->iSession, pSlot->iHead);
  pSlot->iHead++;
  return 1;
}

/*
** The task of slAppend(): append, and write the row. Nothing waits.
*/
static void appendTask(SlOp *pOp, void *pArg){
  SlAppend *p = (SlAppend *)pArg;
  const SlCacheEntry *pSlot = 0;
  i64 iHead;
  if( appendId(pOp, p) ) pSlot = cacheFind(pOp, &p->id);
  if( pSlot ) p->session.iKey = pSlot->iSession;
  if( !p->bSession && (pSlot==0 || p->event.zKey) ){
    slNeed(pOp, p->pRef, &p->session);
  }
  if( pSlot==0 ){
    /* The ref may have been a name: look again under the id. */
    if( slUlidParseText(p->session.zId, 26, &p->id) ){
      pSlot = cacheFind(pOp, &p->id);
    }else{
      slErr(pOp, SQLITE_CORRUPT_VTAB, "session %s has no valid id",
            p->session.zId);
    }
  }
  if( p->event.zKey ){
    i64 iOrdinal = appendKnown(pOp, p);
    if( iOrdinal ){
      appendRepeat(pOp, p, iOrdinal);
      return;
    }
  }
  iHead = pSlot ? (i64)pSlot->iHead : slHead(pOp, &p->session);
  if( !p->bAtMs ) p->event.iAtMs = slOpNow(pOp, "at_ms");
  appendExpect(pOp, p, iHead);
  if( !appendRow(pOp, p, iHead) ){
    slUlidText(&p->id, p->session.zId);
    slNeedText(pOp, p->session.zId, 26, &p->session);
    iHead = slHead(pOp, &p->session);
    appendExpect(pOp, p, iHead);
    if( !appendRow(pOp, p, iHead) ) slErrDb(pOp);
  }
  if( pOp->rc==SQLITE_OK ) pOp->pConn->pBurst = pOp->pDb;
}

/*
** The first append of a run is written at once: it takes the lock, finds the
** head and tells what is wrong. See pending.c for the others.
*/
void slAppend(SlOp *pOp, SlAppend *p){
  if( pOp->rc!=SQLITE_OK ) return;
  if( pOp->pConn->pBurst==pOp->pDb && appendLater(pOp, p) ) return;
  slPendingFlush(pOp);
  pOp->bAppend = 1;
  slOpWriteOne(pOp, appendTask, p);
  pOp->bAppend = 0;
}
