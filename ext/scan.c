/*
** scan.c - scans of tables whose rows come and go: where they end, and whose
** keys are not given again.
**
** A scan of sessions, labels, meta data, artifacts or scopes gives rows with
** keys up to the highest that there was when it began. Keys are given in
** ascending order, but SQLite, and the look for the highest, would give that
** of a removed row again: whoever removes each row and makes a new one would
** never come to an end. So no new row gets a key that an open scan knows. A
** reader of events (reader.c) knows its session.
*/
#include "sessionlogInt.h"

void slScanOne(SlOp *pOp, SlScan *p, int eMax, i64 iKey){
  SlConn *pConn = pOp->pConn;
  assert(p->pDb == 0);
  p->iMax = iKey;
  p->eMax = eMax;
  p->pDb = pOp->pDb;
  p->pNext = pConn->pScan;
  pConn->pScan = p;
}

i64 slScanBegin(SlOp *pOp, SlScan *p, int eMax){
  slScanOne(pOp, p, eMax, slQueryInt(pOp, eMax, 0, 0, 0));
  return p->iMax;
}

void slScanEnd(SlConn *pConn, SlScan *p){
  SlScan **pp;
  if( p->pDb==0 ) return;
  for(pp=&pConn->pScan; *pp!=p; pp=&(*pp)->pNext){
  }
  *pp = p->pNext;
  p->pDb = 0;
}

i64 slScanTop(const SlOp *pOp, int eMax){
  const SlScan *p;
  i64 iTop = 0;
  for(p=pOp->pConn->pScan; p; p=p->pNext){
    if( p->pDb==pOp->pDb && p->eMax==eMax && p->iMax>iTop ) iTop = p->iMax;
  }
  return iTop;
}

void slBindKey(SlOp *pOp, sqlite3_stmt *pStmt, int i, int eMax){
  i64 iTop = slScanTop(pOp, eMax);
  if( iTop>0 ){
    i64 iMax = slQueryInt(pOp, eMax, 0, 0, 0);
    slBindInt(pOp, pStmt, i, (iMax > iTop ? iMax : iTop) + 1);
  }
}
