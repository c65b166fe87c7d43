/*
** check_event.c - the part of session_check() that is about events: rows and
** blocks, dense ordinals, what forks read of their parents, idempotency keys.
** The rules are listed in check.c, which calls what is here.
*/
#include "slCheck.h"

/* ---- the history of a session ---------------------------------------- */

/*
** The next ordinal that is there is iOrdinal, and n of them follow.
*/
static void ckPlace(Check *p, CkSession *s, i64 iOrdinal, i64 n){
  i64 iNext = s->iHead + 1;
  if( iOrdinal>iNext ){
    slCkFault(p, "event-gap", s, iNext, "events %lld to %lld are missing",
              iNext, iOrdinal - 1);
  }else if( iOrdinal<iNext ){
    slCkFault(p, "event-overlap", s, iOrdinal,
              "event %lld is there twice, or "
              "before the fork point",
              iOrdinal);
  }
  if( iOrdinal+n-1>s->iHead ) s->iHead = iOrdinal + n - 1;
}

/*
** Kind and key of an event.
*/
static void ckEventText(Check *p, const CkSession *s, i64 iOrdinal,
                        const char *zKind, int nKind, int bKey,
                        const char *zKey, int nKey) {
  if( !slCkName(zKind, nKind, 0) ){
    slCkFault(p, "event-kind", s, iOrdinal, "not a valid kind");
  }
  if( bKey && !slCkName(zKey, nKey, 0) ){
    slCkFault(p, "event-key", s, iOrdinal, "not a valid key");
  }
}

/*
** A packed event has a key: it must be in sessionlog_key.
*/
static void ckKeyOf(Check *p, CkSession *s, i64 iOrdinal, const SlEvent *pE){
  i64 iFound = 0;
  sqlite3_stmt *pStmt = slStmt(p->pOp, SL_SQL_CHECK_KEY);
  slBindInt(p->pOp, pStmt, 1, s->iKey);
  slBindText(p->pOp, pStmt, 2, pE->zKey, pE->nKey);
  if( slStep(p->pOp, pStmt) ) iFound = sqlite3_column_int64(pStmt, 0);
  slFree(p->pOp, SL_SQL_CHECK_KEY, pStmt);
  if( iFound==iOrdinal ){
    s->nMatched++;
  }else{
    slCkFault(p, "key-missing", s, iOrdinal, "sessionlog_key lacks %.*Q",
              pE->nKey, pE->zKey);
  }
}

/*
** Decode the block of a row (key, n_events, …, data in column iData). 1 if
** that worked.
*/
static int ckDecode(Check *p, sqlite3_stmt *pStmt, int iData){
  i64 iKey = sqlite3_column_int64(pStmt, 0);
  i64 nEvent = sqlite3_column_int64(pStmt, 1);
  int nData;
  const void *pData = slStmtBlob(p->pOp, pStmt, iData, &nData);
  int rc =
    slBlockDecode(p->pBlock, iKey, nEvent, pData, nData,
                  sqlite3_limit(p->pOp->pConn->db, SQLITE_LIMIT_LENGTH, -1));
  p->iBlock = rc == SQLITE_OK ? iKey : -1;
  if( rc==SQLITE_NOMEM || rc==SQLITE_TOOBIG ) slErrRc(p->pOp, rc);
  return rc == SQLITE_OK;
}

/*
** A block of the session's.
*/
static void ckBlock(Check *p, CkSession *s, sqlite3_stmt *pStmt){
  i64 iFirst = SL_ORDINAL(sqlite3_column_int64(pStmt, 0));
  i64 n = sqlite3_column_int64(pStmt, 1);
  SlEvent e;
  int i;
  memset(&e, 0, sizeof(e));
  if( n<1 || n>SL_BLOCK_EVENTS ) n = 1;
  if( iFirst+n-1>SL_MAX_ORDINAL ) n = 1;
  ckPlace(p, s, iFirst, n);
  if( !ckDecode(p, pStmt, 3) ){
    slCkFault(p, "block-damaged", s, iFirst,
              "the block of events %lld to %lld can't be decoded", iFirst,
              iFirst + n - 1);
    return;
  }
  for(i=0; i<slBlockCount(p->pBlock); i++){
    slBlockEvent(p->pBlock, i, &e);
    ckEventText(p, s, iFirst + i, e.zKind, e.nKind, e.zKey != 0, e.zKey,
                e.nKey);
    if( e.zKey ) ckKeyOf(p, s, iFirst + i, &e);
  }
  if( !slCkIs(pStmt, 2, SQLITE_INTEGER)
   || sqlite3_column_int64(pStmt, 2)!=e.iAtMs
  ){
    slCkFault(p, "block-time", s, iFirst, "last_at_ms is not %lld", e.iAtMs);
  }
}

/*
** A row of the session's.
*/
static void ckEvent(Check *p, CkSession *s, sqlite3_stmt *pStmt){
  i64 iOrdinal = SL_ORDINAL(sqlite3_column_int64(pStmt, 0));
  int nKind, nKey;
  const char *zKind = slCkText(p, pStmt, 2, &nKind);
  const char *zKey = slCkText(p, pStmt, 3, &nKey);
  ckPlace(p, s, iOrdinal, 1);
  ckEventText(p, s, iOrdinal, zKind, nKind, !slCkIs(pStmt, 3, SQLITE_NULL),
              zKey, nKey);
  if( !slCkIs(pStmt, 1, SQLITE_INTEGER) ){
    slCkFault(p, "event-time", s, iOrdinal, "at_ms is not an INTEGER");
  }
}

/*
** 1 if the packed event of that ordinal has the key in column 1 of pStmt, or
** if its block is damaged, which is a fault of its own.
*/
static int ckKeyFits(Check *p, const CkSession *s, i64 iOrdinal,
                     sqlite3_stmt *pStmt) {
  i64 iKey = SL_KEY(s->iKey, iOrdinal);
  SlEvent e;
  int n;
  const char *z = slCkText(p, pStmt, 1, &n);
  if( z==0 || iOrdinal<1 || iOrdinal>SL_MAX_ORDINAL ) return 0;
  if( iKey<p->iBlock || iKey>=p->iBlock+slBlockCount(p->pBlock) ){
    int bWithin = 0; /* the event is in that block */
    sqlite3_stmt *pBlock = slStmt(p->pOp, SL_SQL_CHECK_KEY_BLOCK);
    p->iBlock = -1;
    slBindInt(p->pOp, pBlock, 1, SL_KEY(s->iKey, 0));
    slBindInt(p->pOp, pBlock, 2, iKey);
    if( slStep(p->pOp, pBlock) ){
      i64 iAt = iKey - sqlite3_column_int64(pBlock, 0);
      bWithin = iAt < sqlite3_column_int64(pBlock, 1);
      ckDecode(p, pBlock, 2);
    }
    slFree(p->pOp, SL_SQL_CHECK_KEY_BLOCK, pBlock);
    if( !bWithin || p->iBlock<0 ) return bWithin;
  }
  slBlockEvent(p->pBlock, (int)(iKey - p->iBlock), &e);
  return e.zKey && e.nKey == n && memcmp(e.zKey, z, (size_t)n) == 0;
}

/*
** The session has more entries in sessionlog_key than keyed packed events:
** find those that are none.
*/
static void ckKeyStray(Check *p, const CkSession *s){
  sqlite3_stmt *pStmt = slStmt(p->pOp, SL_SQL_CHECK_KEY_LIST);
  slBindInt(p->pOp, pStmt, 1, s->iKey);
  while( slStep(p->pOp, pStmt) ){
    i64 iOrdinal = sqlite3_column_int64(pStmt, 0);
    if( !ckKeyFits(p, s, iOrdinal, pStmt) ){
      slCkFault(p, "key-stray", s, iOrdinal,
                "sessionlog_key has %!.60Q, which no packed event has",
                sqlite3_column_text(pStmt, 1));
    }
  }
  slFree(p->pOp, SL_SQL_CHECK_KEY_LIST, pStmt);
}

/*
** Read the statement's rows, whose keys are those of the session.
*/
static void ckRange(Check *p, CkSession *s, int eSql,
                    void (*xRow)(Check *, CkSession *, sqlite3_stmt *)) {
  sqlite3_stmt *pStmt = slStmt(p->pOp, eSql);
  slBindInt(p->pOp, pStmt, 1, SL_KEY(s->iKey, 0));
  slBindInt(p->pOp, pStmt, 2, SL_KEY(s->iKey, SL_MAX_ORDINAL));
  while( slStep(p->pOp, pStmt) ) xRow(p, s, pStmt);
  slFree(p->pOp, eSql, pStmt);
}

/*
** The session's own events and their keys.
*/
void slCkHistory(Check *p, CkSession *s){
  if( !s->bMine || !s->bKey ) return;
  p->iBlock = -1;
  ckRange(p, s, SL_SQL_CHECK_BLOCK, ckBlock);
  ckRange(p, s, SL_SQL_CHECK_EVENT, ckEvent);
  if( slQueryInt(p->pOp, SL_SQL_CHECK_KEY_COUNT, s->iKey, 0, 0)>s->nMatched ){
    ckKeyStray(p, s);
  }
}

/*
** Once the heads are known: what ordinals must be within. From the newest
** session to the oldest, so that what reads of a session is known before it.
*/
void slCkOrdinals(Check *p){
  i64 i;
  for(i=p->n-1; i>=0; i--){
    CkSession *s = &p->a[i];
    CkSession *pUp = s->pUp;
    i64 iRead = s->iForkedAt;
    if( s->iKept>=0 && s->iKept<iRead ) iRead = s->iKept;
    if( pUp && pUp->iRead<iRead ) pUp->iRead = iRead;
    if( !s->bMine ) continue;
    if( pUp && pUp->iKept<0 && s->iForkedAt>pUp->iHead ){
      slCkFault(p, "fork-point", s, 0,
                "forked_at is %lld, past the parent's "
                "head %lld",
                s->iForkedAt, pUp->iHead);
    }
    if( s->iKept<0 ){
      if( s->iArchived>s->iHead ){
        slCkFault(p, "watermark", s, 0, "archived is %lld, past the head %lld",
                  s->iArchived, s->iHead);
      }
      continue;
    }
    if( !s->bChild ){
      slCkFault(p, "tombstone-child", s, 0, "removed, and without a fork");
    }else if( s->iKept!=s->iRead ){
      slCkFault(p, "tombstone-kept", s, 0,
                "kept is %lld, but forks read up to "
                "%lld",
                s->iKept, s->iRead);
    }
    if( s->iHead<s->iKept ){
      slCkFault(p, "event-gap", s, s->iHead + 1,
                "events %lld to %lld are missing", s->iHead + 1, s->iKept);
    }else if( s->iHead>s->iKept && s->iHead>s->iForkedAt ){
      slCkFault(p, "event-beyond", s, s->iHead,
                "removed, but has events up to "
                "%lld where forks read up to %lld",
                s->iHead, s->iKept);
    }
  }
}

/*
** Rows and blocks of sessions from iLow to iHigh, which don't exist.
*/
static void ckOrphanRange(Check *p, i64 iLow, i64 iHigh){
  while( iLow<=iHigh && p->pOp->rc==SQLITE_OK ){
    i64 iFrom = iLow * (SL_MAX_ORDINAL + 1);
    i64 iTo = iHigh * (SL_MAX_ORDINAL + 1) + SL_MAX_ORDINAL;
    i64 iSession = iHigh + 1;
    sqlite3_stmt *pStmt = slStmt(p->pOp, SL_SQL_CHECK_ORPHAN);
    slBindInt(p->pOp, pStmt, 1, iFrom);
    slBindInt(p->pOp, pStmt, 2, iTo);
    if( slStep(p->pOp, pStmt) && !slCkIs(pStmt, 0, SQLITE_NULL) ){
      iSession = SL_SESSION(sqlite3_column_int64(pStmt, 0));
    }
    slFree(p->pOp, SL_SQL_CHECK_ORPHAN, pStmt);
    if( iSession<=iHigh ){
      slCkFault(p, "event-orphan", 0, 0,
                "events of session %lld, which does not exist", iSession);
    }
    iLow = iSession + 1;
  }
}

/*
** Events and keys without a session.
*/
void slCkOrphans(Check *p){
  i64 iNext = -CK_MAX_SESSION - 1;
  i64 i;
  sqlite3_stmt *pStmt;
  for(i=0; i<p->n; i++){
    if( !p->a[i].bKey ) continue;
    ckOrphanRange(p, iNext, p->a[i].iKey - 1);
    iNext = p->a[i].iKey + 1;
  }
  ckOrphanRange(p, iNext, CK_MAX_SESSION);
  pStmt = slStmt(p->pOp, SL_SQL_CHECK_ORPHAN_KEY);
  while( slStep(p->pOp, pStmt) ){
    slCkFault(p, "event-orphan", 0, 0,
              "idempotency keys of session %lld, "
              "which does not exist",
              sqlite3_column_int64(pStmt, 0));
  }
  slFree(p->pOp, SL_SQL_CHECK_ORPHAN_KEY, pStmt);
}

/* ---- idempotency keys seen twice ------------------------------------- */

/*
** One place of a run: is the key, in the same session or in what it
** inherits, there again?
*/
static void ckRunPlace(Check *p, const CkPlace *pPlace, i64 iLowest){
  const CkSession *s = pPlace->pSession;
  const CkSession *pUp;
  i64 iBound = s->iForkedAt;
  if( s->iRunAt!=pPlace->iOrdinal ){
    slCkFault(p, "key-duplicate", s, pPlace->iOrdinal,
              "event %lld has the same key", s->iRunAt);
  }
  for(pUp=s->pUp; pUp && iBound>=iLowest; pUp=pUp->pUp){
    if( pUp->iRun==p->nRun && pUp->iRunAt<=iBound ){
      slCkFault(p, "key-duplicate", s, pPlace->iOrdinal,
                "event %lld, which it inherits, has the same key", pUp->iRunAt);
      break;
    }
    if( pUp->iForkedAt<iBound ) iBound = pUp->iForkedAt;
  }
}

/*
** The end of a run of equal keys.
*/
static void ckRunEnd(Check *p){
  i64 i;
  i64 iLowest = SL_MAX_ORDINAL;
  if( p->nPlace>1 ){
    for(i=0; i<p->nPlace; i++){
      if( p->aPlace[i].iOrdinal<iLowest ) iLowest = p->aPlace[i].iOrdinal;
    }
    for(i=0; i<p->nPlace; i++) ckRunPlace(p, &p->aPlace[i], iLowest);
  }
  p->nPlace = 0;
  p->nRun++;
}

/*
** Note the place of a key. Places come in the order of session and ordinal.
*/
static void ckRunAdd(Check *p, i64 iSession, i64 iOrdinal){
  CkSession *s = slCkFind(p, iSession);
  CkPlace *aNew;
  if( s==0 || !s->bMine ) return;
  aNew = slCkGrow(p->pOp, p->aPlace, p->nPlace, &p->nPlaceAlloc, sizeof(*aNew));
  if( aNew==0 ) return;
  p->aPlace = aNew;
  aNew[p->nPlace].pSession = s;
  aNew[p->nPlace].iOrdinal = iOrdinal;
  p->nPlace++;
  if( s->iRun!=p->nRun ){
    s->iRun = p->nRun;
    s->iRunAt = iOrdinal;
  }
}

/*
** All idempotency keys, equal ones together.
*/
void slCkKeys(Check *p){
  char zLast[SL_MAX_NAME];
  int nLast = -1;
  sqlite3_stmt *pStmt = slStmt(p->pOp, SL_SQL_CHECK_IDEM);
  while( slStep(p->pOp, pStmt) ){
    int n;
    const char *z = slCkText(p, pStmt, 0, &n);
    if( z==0 || n>SL_MAX_NAME ) continue;
    if( n!=nLast || memcmp(z, zLast, (size_t)n)!=0 ){
      ckRunEnd(p);
      memcpy(zLast, z, (size_t)n);
      nLast = n;
    }
    ckRunAdd(p, sqlite3_column_int64(pStmt, 1), sqlite3_column_int64(pStmt, 2));
  }
  slFree(p->pOp, SL_SQL_CHECK_IDEM, pStmt);
  ckRunEnd(p);
}
