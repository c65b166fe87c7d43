/*
** pending.c - events that wait to be written together.
**
** A run of appends in one transaction is written by one statement for many
** events instead of one for each. The event is decided on, with its ordinal,
** when it is appended; only the write of its row waits. Nothing that waits
** can be seen missing or lost:
**
**   - slStmt() writes what waits before it hands out any other statement, so
**     that no read and no other write of ours runs without it;
**   - xSync writes it before a commit, and xSavepoint before a savepoint or a
**     statement journal is opened, so that all that waits is younger than
**     every savepoint: xRollbackTo and xRollback just forget it;
**   - the write lock is held by then, because the first append of a run is
**     written at once;
**   - a session with an event that waits is in the cache of event.c, whose
**     head tells its next ordinal.
**
** The rows go by way of the internal table sessionlog_pending (home.c), as
**
**   INSERT OR FAIL INTO sessionlog_event SELECT … FROM sessionlog_pending
**
** Newer versions of SQLite open a statement journal for it, which in
** xSavepoint comes too early: the journal that is about to be opened begins
** with it, so that what it writes would be undone with the statement. There
** each row is written by a statement of its own, which has no journal.
**
** Where it fails, all events go on waiting, or SQLite has rolled the
** transaction back and all are forgotten. How many have been written depends
** on what has failed and on the version of SQLite: the next attempt looks for
** each event, and writes those that are not there.
**
** What is undone while events are being written is a statement that writes
** them: then they go on waiting as well.
**
** Only plain SQL on sessionlog_event inside the transaction can tell the
** difference.
*/
#include "sessionlogInt.h"

#include <stdlib.h>

/* Most events that wait, and bytes of their kinds and payloads. */
#define PENDING_ROWS  256
#define PENDING_BYTES 65536

/* Bytes of an event that may wait: a larger one gains nothing from it. */
#define PENDING_LARGE 8192

/* What a row needs besides kind and payload; generous. */
#define PENDING_ROW_BYTES 64

/* SlPending.iRow before the first one is read, and when none is being
** written. */
#define PENDING_FIRST (-1)
#define PENDING_IDLE  (-2)

/* An event that waits. Its kind and payload are at SlPending.a[iData]. */
typedef struct PendingRow PendingRow;
struct PendingRow {
  i64 iKey;  /* session's integer << 32 | ordinal */
  i64 iAtMs; /* its time */
  i64 iInt;  /* payload if SQLITE_INTEGER */
  double r;  /* payload if SQLITE_FLOAT */
  u32 iData; /* offset of the kind, the payload is behind it */
  u32 nKind; /* bytes of the kind */
  u32 nData; /* bytes of the payload, TEXT or BLOB */
  int eType; /* SQLITE_NULL, SQLITE_INTEGER … */
};

struct SlPending {
  SlDb *pDb;   /* whose events these are */
  int nRow;    /* events in aRow[] */
  int iRow;    /* the one that is being written, or PENDING_... */
  int bSorted; /* their keys ascend */
  int bAgain;  /* an attempt has failed: some of them may be written */
  u32 nData;   /* bytes used of a[] */
  PendingRow aRow[PENDING_ROWS];
  char a[PENDING_BYTES];
};

void slPendingDrop(SlConn *pConn, int bAll){
  SlPending *p = pConn->pPending;
  if( p && (bAll || p->iRow==PENDING_IDLE) ){
    p->nRow = 0;
    p->nData = 0;
  }
  pConn->pBurst = 0;
}

void slPendingFree(SlConn *pConn){
  sqlite3_free(pConn->pPending);
  pConn->pPending = 0;
}

/*
** Order of keys, for qsort().
*/
static int pendingCompare(const void *p1, const void *p2){
  i64 i1 = ((const PendingRow *)p1)->iKey;
  i64 i2 = ((const PendingRow *)p2)->iKey;
  return i1 < i2 ? -1 : i1 > i2;
}

/*
** The event iRow, which points into the buffer.
*/
static void pendingEvent(const SlPending *p, int iRow, i64 *piKey,
                         SlEvent *pEvent) {
  const PendingRow *pRow = &p->aRow[iRow];
  memset(pEvent, 0, sizeof(*pEvent));
  *piKey = pRow->iKey;
  pEvent->iAtMs = pRow->iAtMs;
  pEvent->zKind = &p->a[pRow->iData];
  pEvent->nKind = (int)pRow->nKind;
  pEvent->eType = pRow->eType;
  pEvent->iInt = pRow->iInt;
  pEvent->rReal = pRow->r;
  pEvent->pData = &p->a[pRow->iData + pRow->nKind];
  pEvent->nData = pRow->nData;
}

/*
** Whether an earlier attempt has written the event.
*/
static int pendingIsWritten(SlOp *pOp, i64 iKey, const SlEvent *pEvent){
  sqlite3_stmt *pStmt = slEventStmt(pOp, SL_SQL_EVENT_SAME, iKey, pEvent);
  int bWritten = slStep(pOp, pStmt);
  slFree(pOp, SL_SQL_EVENT_SAME, pStmt);
  return bWritten;
}

/*
** Write the events, with p->iRow at the one that is written: by one statement,
** or, where that could not have a statement journal of its own or some may be
** written, each by one.
*/
static void flushRows(SlOp *pOp, SlPending *p, int bSingle){
  SlEvent e;
  i64 iKey;
  int i;
  p->iRow = PENDING_FIRST;
  if( !bSingle && !p->bAgain ){
    slRun(pOp, SL_SQL_EVENT_FLUSH, slStmt(pOp, SL_SQL_EVENT_FLUSH));
    return;
  }
  for(i=0; i<p->nRow && pOp->rc==SQLITE_OK; i++){
    p->iRow = i;
    pendingEvent(p, i, &iKey, &e);
    if( p->bAgain && pendingIsWritten(pOp, iKey, &e) ) continue;
    slRun(pOp, SL_SQL_EVENT_INSERT,
          slEventStmt(pOp, SL_SQL_EVENT_INSERT, iKey, &e));
  }
}

static void pendingFlush(SlOp *pOp, int bSingle){
  SlConn *pConn = pOp->pConn;
  SlPending *p = pConn->pPending;
  SlDb *pDb = pOp->pDb;
  i64 iLast;
  pConn->pBurst = 0;
  if( p==0 || p->nRow==0 || p->iRow!=PENDING_IDLE || pOp->rc!=SQLITE_OK ){
    return;
  }
  iLast = sqlite3_last_insert_rowid(pConn->db);
  if( !p->bSorted ){
    qsort(p->aRow, (size_t)p->nRow, sizeof(p->aRow[0]), pendingCompare);
    p->bSorted = 1;
  }
  pOp->pDb = p->pDb;
  flushRows(pOp, p, bSingle);
  if( pOp->rc==SQLITE_OK ){
    p->nRow = 0;
    p->nData = 0;
  }else{
    p->bAgain = 1;
  }
  p->iRow = PENDING_IDLE;
  pOp->pDb = pDb;
  sqlite3_set_last_insert_rowid(pConn->db, iLast);
}

void slPendingFlush(SlOp *pOp){
  pendingFlush(pOp, 0);
}

int slPendingSync(SlConn *pConn, int bSavepoint, char **pzErr){
  SlOp op;
  int rc;
  memset(&op, 0, sizeof(op));
  op.pConn = pConn;
  pendingFlush(&op, bSavepoint);
  rc = op.rc;
  if( op.zErr ){
    sqlite3_free(*pzErr);
    *pzErr = op.zErr;
  }
  return rc;
}

/*
** The buffer, made on first use; NULL if there is no memory for it, which is
** no error: the event is written at once.
*/
static SlPending *pendingBuffer(SlConn *pConn){
  SlPending *p = pConn->pPending;
  if( p==0 ){
    p = sqlite3_malloc64(sizeof(*p));
    if( p==0 ) return 0;
    p->nRow = 0;
    p->nData = 0;
    p->iRow = PENDING_IDLE;
    pConn->pPending = p;
  }
  return p;
}

int slPendingAdd(SlOp *pOp, i64 iKey, const SlEvent *pEvent){
  SlConn *pConn = pOp->pConn;
  i64 nData = pEvent->nData;
  i64 nByte = pEvent->nKind + nData;
  SlPending *p;
  PendingRow *pRow;
  if( nByte>PENDING_LARGE
   || nByte+PENDING_ROW_BYTES>sqlite3_limit(pConn->db, SQLITE_LIMIT_LENGTH, -1)
  ){
    return 0;
  }
  p = pendingBuffer(pConn);
  if( p==0 || p->iRow!=PENDING_IDLE ) return 0;
  if( p->nRow==PENDING_ROWS || p->nData+nByte>PENDING_BYTES ) return 0;
  if( p->nRow==0 ){
    p->pDb = pOp->pDb;
    p->bSorted = 1;
    p->bAgain = 0;
  }else if( p->aRow[p->nRow-1].iKey>=iKey ){
    p->bSorted = 0;
  }
  pRow = &p->aRow[p->nRow++];
  pRow->iKey = iKey;
  pRow->iAtMs = pEvent->iAtMs;
  pRow->iInt = pEvent->iInt;
  pRow->r = pEvent->rReal;
  pRow->eType = pEvent->eType;
  pRow->iData = p->nData;
  pRow->nKind = (u32)pEvent->nKind;
  pRow->nData = (u32)nData;
  memcpy(&p->a[p->nData], pEvent->zKind, (size_t)pEvent->nKind);
  p->nData += (u32)pEvent->nKind;
  if( nData>0 ) memcpy(&p->a[p->nData], pEvent->pData, (size_t)nData);
  p->nData += (u32)nData;
  return 1;
}

int slPendingBusy(const SlConn *pConn){
  const SlPending *p = pConn->pPending;
  return p != 0 && p->iRow != PENDING_IDLE;
}

int slPendingRow(SlConn *pConn, int iRow, i64 *piKey, SlEvent *pEvent){
  SlPending *p = pConn->pPending;
  if( p==0 || iRow!=p->iRow+1 || iRow>=p->nRow ) return 0;
  p->iRow = iRow;
  pendingEvent(p, iRow, piKey, pEvent);
  return 1;
}
