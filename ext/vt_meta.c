/*
** vt_meta.c - the table session_meta.
**
**   INSERT INTO session_meta VALUES('a', 'model', 'x');
**   SELECT key, value FROM session_meta WHERE session_id=session_find('a');
**
** An INSERT sets the value of a key, whether there is one or not. "=" on
** session_id, alone or with key, is served by an index; the order is by
** session and key.
*/
#include "slSurface.h"

enum {
  META_SESSION,
  META_KEY,
  META_VALUE,
  META_SCHEMA
};

typedef struct MetaCursor MetaCursor;
struct MetaCursor {
  SlCursor base;
  int eSql;            /* which statement pStmt is */
  sqlite3_stmt *pStmt; /* key and columns, on the present row */
};

static int metaPlan(sqlite3_index_info *pInfo, u32 mUsed, int *piArg){
  (void)piArg;
  if( (mUsed>>META_SESSION & 1)==0 ){
    pInfo->estimatedCost = 1e6;
    pInfo->estimatedRows = 100000;
  }else if( mUsed>>META_KEY & 1 ){
    pInfo->estimatedCost = 10;
    pInfo->estimatedRows = 1;
    pInfo->idxFlags = SQLITE_INDEX_SCAN_UNIQUE;
  }
  return SQLITE_OK;
}

static void metaNext(SlOp *pOp, SlCursor *pBase){
  MetaCursor *pCur = (MetaCursor *)pBase;
  if( slStep(pOp, pCur->pStmt) ){
    pBase->iRowid = slRowid(pOp, sqlite3_column_int64(pCur->pStmt, 0));
  }else{
    pBase->bEof = 1;
  }
}

static void metaFilter(SlOp *pOp, SlCursor *pBase, u32 mArg, const char *zPlan,
                       sqlite3_value **apArg) {
  MetaCursor *pCur = (MetaCursor *)pBase;
  i64 iMax;
  (void)zPlan;
  if( !slOpRead(pOp) ){
    pBase->bEof = 1;
    return;
  }
  iMax = slScanBegin(pOp, &pBase->scan, SL_SQL_META_MAX_KEY);
  pCur->eSql = SL_SQL_META_SCAN;
  if( mArg>>META_SESSION & 1 ){
    pCur->eSql =
      mArg >> META_KEY & 1 ? SL_SQL_META_SCAN_KEY : SL_SQL_META_SCAN_SESSION;
  }
  pCur->pStmt = slStmt(pOp, pCur->eSql);
  slBindTenant(pOp, pCur->pStmt, 1);
  slBindInt(pOp, pCur->pStmt, 2, iMax);
  if( pCur->eSql!=SL_SQL_META_SCAN ){
    slBindValue(pOp, pCur->pStmt, 3, apArg[0]);
  }
  if( pCur->eSql==SL_SQL_META_SCAN_KEY ){
    slBindValue(pOp, pCur->pStmt, 4, apArg[1]);
  }
  metaNext(pOp, pBase);
}

static void metaColumn(SlOp *pOp, SlCursor *pBase, sqlite3_context *pCtx,
                       int iCol) {
  MetaCursor *pCur = (MetaCursor *)pBase;
  (void)pOp;
  sqlite3_result_value(pCtx, sqlite3_column_value(pCur->pStmt, iCol + 1));
}

static void metaReset(SlCursor *pBase){
  MetaCursor *pCur = (MetaCursor *)pBase;
  slFree(&pBase->op, pCur->eSql, pCur->pStmt);
  pCur->pStmt = 0;
}

/* ---- writing --------------------------------------------------------- */

/* What a task works on. */
typedef struct MetaWrite MetaWrite;
struct MetaWrite {
  i64 iKey;      /* the pair; OUT: the one written */
  const char *z; /* checked key, or NULL: stays as it is */
  int n;
  sqlite3_value *pRef; /* the session, or NULL: stays as it is */
  int bValue;          /* value is given */
  SlEvent value;
};

static void metaInsert(SlOp *pOp, void *pArg){
  MetaWrite *p = (MetaWrite *)pArg;
  SlSession session;
  slNeed(pOp, p->pRef, &session);
  slMetaSet(pOp, &session, p->z, p->n, &p->value);
  p->iKey = slMetaKey(pOp, &session, p->z, p->n);
}

static void metaUpdate(SlOp *pOp, void *pArg){
  const MetaWrite *p = (const MetaWrite *)pArg;
  SlSession session;
  if( p->pRef ) slNeed(pOp, p->pRef, &session);
  slMetaChange(pOp, p->iKey, p->pRef ? &session : 0, p->z, p->n,
               p->bValue ? &p->value : 0);
}

static void metaDelete(SlOp *pOp, void *pArg){
  slMetaDelete(pOp, ((const MetaWrite *)pArg)->iKey);
}

static void metaWrite(SlOp *pOp, int eWrite, i64 iKey, sqlite3_value **apCol,
                      i64 *piKey) {
  MetaWrite w;
  memset(&w, 0, sizeof(w));
  w.iKey = iKey;
  if( eWrite==SL_DELETE ){
    slOpWriteOne(pOp, metaDelete, &w);
    return;
  }
  if( !slUnchanged(apCol[META_SESSION]) ){
    w.pRef = apCol[META_SESSION];
  }
  if( !slUnchanged(apCol[META_KEY]) ){
    w.z = slArgName(pOp, "key", apCol[META_KEY], 0, &w.n);
  }
  if( !slUnchanged(apCol[META_VALUE]) ){
    w.bValue = 1;
    if( slArgNull(apCol[META_VALUE]) ){
      slInvalid(pOp, SQLITE_CONSTRAINT, "value", 0);
    }
    slEventFromValue(pOp, &w.value, apCol[META_VALUE]);
  }
  slOpWrite(pOp, eWrite == SL_INSERT ? metaInsert : metaUpdate, &w);
  *piKey = w.iKey;
}

const SlTable slTableMeta = {
  .zName = "session_meta",
  .zDecl = "session_id TEXT, key TEXT, value, schema HIDDEN",
  .mEq = 1 << META_SESSION | 1 << META_KEY | 1 << META_SCHEMA,
  .mHidden = 1 << META_SCHEMA,
  .iSchema = META_SCHEMA,
  .nCursor = sizeof(MetaCursor),
  .xPlan = metaPlan,
  .xFilter = metaFilter,
  .xNext = metaNext,
  .xColumn = metaColumn,
  .xReset = metaReset,
  .xWrite = metaWrite,
};
