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

/* Sessions remembered; a power of two. */
#define SL_CACHE_SIZE 4096

/* A remembered session. */
typedef struct SlCacheEntry SlCacheEntry;
struct SlCacheEntry {
  SlUlid id;    /* which; all zero: none */
  i64 iSession; /* its integer */
  i64 iHead;    /* its head */
};

struct SlCache {
  int nUsed;     /* entries set since the last clear */
  char *zTenant; /* the tenant whose sessions these are */
  SlCacheEntry a[SL_CACHE_SIZE];
};

void slCacheClear(SlCache *p){
  if( p->nUsed ) memset(p->a, 0, sizeof(p->a));
  p->nUsed = 0;
}

void slCacheFree(SlCache *p){
  if( p ) sqlite3_free(p->zTenant);
  sqlite3_free(p);
}

/*
** The place of a session in the cache, whoever is there now. NULL when there
** is no memory for a cache: it is not needed.
*/
static SlCacheEntry *cacheSlot(SlOp *pOp, const SlUlid *pId){
  SlCache *p = pOp->pDb->pCache;
  const char *zTenant = pOp->pConn->zTenant;
  u64 h = (pId->iHi ^ pId->iLo) * 0x9e3779b97f4a7c15u;
  if( p==0 ){
    p = sqlite3_malloc64(sizeof(*p));
    if( p==0 ) return 0;
    memset(p, 0, sizeof(*p));
    pOp->pDb->pCache = p;
  }
  if( p->zTenant==0 || strcmp(p->zTenant, zTenant)!=0 ){
    slCacheClear(p);
    sqlite3_free(p->zTenant);
    p->zTenant = sqlite3_mprintf("%s", zTenant);
    if( p->zTenant==0 ) return 0;
  }
  return &p->a[(h >> 40) & (SL_CACHE_SIZE - 1)];
}

/*
** 1 if the slot holds the session.
*/
static int cacheHit(const SlCacheEntry *pSlot, const SlUlid *pId){
  return pSlot && pSlot->iSession != 0 && pSlot->id.iLo == pId->iLo
         && pSlot->id.iHi == pId->iHi;
}

i64 slHead(SlOp *pOp, const SlSession *pSession){
  i64 iKey;
  if( pOp->rc!=SQLITE_OK ) return 0;
  iKey = slQueryInt(pOp, SL_SQL_EVENT_HEAD, SL_KEY(pSession->iKey, 0),
                    SL_KEY(pSession->iKey, SL_MAX_ORDINAL), 0);
  return iKey ? SL_ORDINAL(iKey) : pSession->iForkedAt;
}

i64 slOwnEvents(SlOp *pOp, const SlSession *pSession){
  return slHead(pOp, pSession) - pSession->iForkedAt;
}

/*
** The ordinal that an idempotency key has in what the session sees, or 0.
*/
static i64 appendKnown(SlOp *pOp, const SlAppend *p){
  SlSession s = p->session;
  i64 iBound = SL_MAX_ORDINAL;
  i64 iFound = 0;
  sqlite3_stmt *pStmt = slStmt(pOp, SL_SQL_EVENT_BY_IDEM);
  while( pOp->rc==SQLITE_OK && iFound==0 ){
    slBindInt(pOp, pStmt, 1, s.iKey);
    slBindText(pOp, pStmt, 2, p->event.zKey, p->event.nKey);
    if( slStep(pOp, pStmt) ){
      i64 iOrdinal = sqlite3_column_int64(pStmt, 0);
      if( iOrdinal<=iBound ) iFound = iOrdinal;
    }
    sqlite3_reset(pStmt);
    if( s.iParent==0 || s.iForkedAt==0 ) break;
    if( s.iForkedAt<iBound ) iBound = s.iForkedAt;
    if( iFound==0 && !slSessionByKey(pOp, s.iParent, &s) ) break;
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
  SlReader *pReader = slReaderNew();
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

/*
** Write the row of an event that comes after iHead. Returns 0 if the place
** is taken, which is no error yet.
*/
static int appendRow(SlOp *pOp, SlAppend *p, i64 iHead){
  const SlEvent *pEvent = &p->event;
  sqlite3_stmt *pStmt;
  int bTaken = 0;
  p->iOrdinal = iHead + 1;
  p->iKey = SL_KEY(p->session.iKey, p->iOrdinal);
  pStmt = slStmt(pOp, SL_SQL_EVENT_INSERT);
  slBindInt(pOp, pStmt, 1, p->iKey);
  slBindInt(pOp, pStmt, 2, pEvent->iAtMs);
  slBindText(pOp, pStmt, 3, pEvent->zKind, pEvent->nKind);
  slBindText(pOp, pStmt, 4, pEvent->zKey, pEvent->nKey);
  slBindEvent(pOp, pStmt, 5, pEvent);
  if( pOp->rc==SQLITE_OK ){
    if( slStepAll(pStmt)!=SQLITE_DONE ){
      int rc = sqlite3_extended_errcode(pOp->pConn->db);
      bTaken = rc == SQLITE_CONSTRAINT_PRIMARYKEY;
      if( !bTaken ) slErrDb(pOp);
    }
  }
  slFree(pOp, SL_SQL_EVENT_INSERT, pStmt);
  return !bTaken;
}

/*
** Check what the append expects of the head.
*/
static void appendExpect(SlOp *pOp, const SlAppend *p, i64 iHead){
  if( p->bExpect && p->iExpect!=iHead+1 ){
    slErr(pOp, SQLITE_CONSTRAINT,
          "expected ordinal %lld, but session %s is at %lld", p->iExpect,
          p->session.zId, iHead);
  }else if( iHead>=SL_MAX_ORDINAL ){
    slErr(pOp, SQLITE_ERROR, "log is full: session %s is at %lld",
          p->session.zId, iHead);
  }
}

/*
** The task of slAppend().
*/
static void appendTask(SlOp *pOp, void *pArg){
  SlAppend *p = (SlAppend *)pArg;
  SlCacheEntry *pSlot = 0;
  SlUlid id;
  i64 iHead;
  int bId = 0;
  int bHit = 0;
  memset(&id, 0, sizeof(id));
  if( p->bSession ){
    bId = slUlidParseText(p->session.zId, 26, &id);
  }else if( p->pRef ){
    bId = slUlidParseValue(p->pRef, &id);
    if( bId<0 ) pOp->rc = SQLITE_NOMEM;
  }
  if( pOp->rc==SQLITE_OK && bId ){
    pSlot = cacheSlot(pOp, &id);
    bHit = cacheHit(pSlot, &id);
  }
  if( bHit && pSlot && !p->bSession ) p->session.iKey = pSlot->iSession;
  if( !p->bSession && (!bHit || p->event.zKey) ){
    slNeed(pOp, p->pRef, &p->session);
  }
  if( p->event.zKey && pOp->rc==SQLITE_OK ){
    i64 iOrdinal = appendKnown(pOp, p);
    if( pOp->rc==SQLITE_OK && iOrdinal ){
      appendRepeat(pOp, p, iOrdinal);
      return;
    }
  }
  if( !bHit && pOp->rc==SQLITE_OK ){
    /* The ref may have been a name: look again under the id. */
    slUlidParseText(p->session.zId, 26, &id);
    pSlot = cacheSlot(pOp, &id);
    bHit = cacheHit(pSlot, &id);
  }
  iHead = bHit && pSlot ? pSlot->iHead : slHead(pOp, &p->session);
  if( !p->bAtMs ) p->event.iAtMs = slOpNow(pOp, "at_ms");
  if( iHead>=SL_MAX_ORDINAL || p->bExpect ){
    slUlidText(&id, p->session.zId);
    appendExpect(pOp, p, iHead);
  }
  if( pOp->rc==SQLITE_OK && !appendRow(pOp, p, iHead) ){
    slDbChanged(pOp->pDb);
    slUlidText(&id, p->session.zId);
    slNeedText(pOp, p->session.zId, 26, &p->session);
    iHead = slHead(pOp, &p->session);
    appendExpect(pOp, p, iHead);
    if( pOp->rc==SQLITE_OK && !appendRow(pOp, p, iHead) ) slErrDb(pOp);
  }
  if( pOp->rc==SQLITE_OK && pSlot ){
    pSlot->id = id;
    pSlot->iSession = p->session.iKey;
    pSlot->iHead = p->iOrdinal;
    pOp->pDb->pCache->nUsed = 1;
  }
}

void slAppend(SlOp *pOp, SlAppend *p){
  slOpWriteOne(pOp, appendTask, p);
}
