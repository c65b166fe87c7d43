/*
** vt_label.c - the table session_labels.
**
**   INSERT INTO session_labels(label, session_id) VALUES('latest', 'a');
**   SELECT label FROM session_labels WHERE session_id=session_find('a');
**
** An INSERT points the label at the session, wherever it pointed before.
** "=" on label and session_id is served by an index; otherwise the order is
** by label.
*/
#include "slSurface.h"

enum {
  LABEL_LABEL,
  LABEL_SESSION,
  LABEL_AT,
  LABEL_SCHEMA
};

typedef struct LabelCursor LabelCursor;
struct LabelCursor {
  SlCursor base;
  int eSql;            /* which statement pStmt is */
  sqlite3_stmt *pStmt; /* key and columns, on the present row */
};

static int labelPlan(sqlite3_index_info *pInfo, u32 mUsed, int *piArg){
  (void)piArg;
  if( mUsed>>LABEL_LABEL & 1 ){
    pInfo->estimatedCost = 10;
    pInfo->estimatedRows = 1;
    pInfo->idxFlags = SQLITE_INDEX_SCAN_UNIQUE;
  }else if( (mUsed>>LABEL_SESSION & 1)==0 && pInfo->nOrderBy>0 ){
    /* What follows can't matter, labels are unique. */
    pInfo->orderByConsumed =
      pInfo->aOrderBy[0].iColumn == LABEL_LABEL && pInfo->aOrderBy[0].desc == 0;
  }
  return SQLITE_OK;
}

static void labelNext(SlOp *pOp, SlCursor *pBase){
  LabelCursor *pCur = (LabelCursor *)pBase;
  if( slStep(pOp, pCur->pStmt) ){
    pBase->iRowid = slRowid(pOp, sqlite3_column_int64(pCur->pStmt, 0));
  }else{
    pBase->bEof = 1;
  }
}

static void labelFilter(SlOp *pOp, SlCursor *pBase, u32 mArg, const char *zPlan,
                        sqlite3_value **apArg) {
  LabelCursor *pCur = (LabelCursor *)pBase;
  i64 iMax;
  (void)zPlan;
  if( !slOpRead(pOp) ){
    pBase->bEof = 1;
    return;
  }
  iMax = slScanBegin(pOp, &pBase->scan, SL_SQL_LABEL_MAX_KEY);
  pCur->eSql = SL_SQL_LABEL_SCAN;
  if( mArg>>LABEL_LABEL & 1 ){
    pCur->eSql = SL_SQL_LABEL_SCAN_LABEL;
  }else if( mArg>>LABEL_SESSION & 1 ){
    pCur->eSql = SL_SQL_LABEL_SCAN_SESSION;
  }
  pCur->pStmt = slStmt(pOp, pCur->eSql);
  slBindTenant(pOp, pCur->pStmt, 1);
  slBindInt(pOp, pCur->pStmt, 2, iMax);
  if( pCur->eSql!=SL_SQL_LABEL_SCAN ){
    slBindValue(pOp, pCur->pStmt, 3, apArg[0]);
  }
  labelNext(pOp, pBase);
}

static void labelColumn(SlOp *pOp, SlCursor *pBase, sqlite3_context *pCtx,
                        int iCol) {
  LabelCursor *pCur = (LabelCursor *)pBase;
  (void)pOp;
  sqlite3_result_value(pCtx, sqlite3_column_value(pCur->pStmt, iCol + 1));
}

static void labelReset(SlCursor *pBase){
  LabelCursor *pCur = (LabelCursor *)pBase;
  slFree(&pBase->op, pCur->eSql, pCur->pStmt);
  pCur->pStmt = 0;
}

/* ---- writing --------------------------------------------------------- */

/* What a task works on. */
typedef struct LabelWrite LabelWrite;
struct LabelWrite {
  i64 iKey;      /* the label; OUT: the one written */
  const char *z; /* checked label, or NULL: stays as it is */
  int n;
  sqlite3_value *pRef; /* the session, or NULL: stays as it is */
  int bAtMs;           /* iAtMs is given */
  i64 iAtMs;
};

static void labelInsert(SlOp *pOp, void *pArg){
  LabelWrite *p = (LabelWrite *)pArg;
  SlSession session;
  slNeed(pOp, p->pRef, &session);
  slLabelSet(pOp, &session, p->z, p->n, p->bAtMs, p->iAtMs);
  p->iKey = slLabelKey(pOp, p->z, p->n);
}

static void labelUpdate(SlOp *pOp, void *pArg){
  const LabelWrite *p = (const LabelWrite *)pArg;
  SlSession session;
  const SlSession *pSession = 0;
  if( p->pRef ){
    slNeed(pOp, p->pRef, &session);
    pSession = &session;
  }
  slLabelChange(pOp, p->iKey, p->z, p->n, pSession, p->bAtMs, p->iAtMs);
}

static void labelDelete(SlOp *pOp, void *pArg){
  slLabelDelete(pOp, ((const LabelWrite *)pArg)->iKey);
}

static void labelWrite(SlOp *pOp, int eWrite, i64 iKey, sqlite3_value **apCol,
                       i64 *piKey) {
  LabelWrite w;
  memset(&w, 0, sizeof(w));
  w.iKey = iKey;
  if( eWrite==SL_DELETE ){
    slOpWriteOne(pOp, labelDelete, &w);
    return;
  }
  if( !slUnchanged(apCol[LABEL_LABEL]) ){
    w.z = slArgName(pOp, "label", apCol[LABEL_LABEL], 1, &w.n);
  }
  if( !slUnchanged(apCol[LABEL_SESSION]) ) w.pRef = apCol[LABEL_SESSION];
  w.bAtMs = !slArgNull(apCol[LABEL_AT]);
  w.iAtMs = slArgInt(pOp, "at_ms", apCol[LABEL_AT], 0);
  if( eWrite==SL_INSERT ){
    slOpWrite(pOp, labelInsert, &w);
  }else{
    if( !w.bAtMs && !slUnchanged(apCol[LABEL_AT]) ){
      slInvalid(pOp, SQLITE_CONSTRAINT, "at_ms", 0);
    }
    slOpWrite(pOp, labelUpdate, &w);
  }
  *piKey = w.iKey;
}

const SlTable slTableLabels = {
  .zName = "session_labels",
  .zDecl = "label TEXT, session_id TEXT, at_ms INTEGER, schema HIDDEN",
  .mEq = 1 << LABEL_LABEL | 1 << LABEL_SESSION | 1 << LABEL_SCHEMA,
  .mHidden = 1 << LABEL_SCHEMA,
  .iSchema = LABEL_SCHEMA,
  .nCursor = sizeof(LabelCursor),
  .xPlan = labelPlan,
  .xFilter = labelFilter,
  .xNext = labelNext,
  .xColumn = labelColumn,
  .xReset = labelReset,
  .xWrite = labelWrite,
};
