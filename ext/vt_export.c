/*
** vt_export.c - session_export.
**
**   SELECT line FROM session_export(ref)
**
** One row a line of JSON Lines; see copy.c for what they look like. Without
** a ref the current session is meant. A ref that names no session gives no
** rows.
*/
#include "slSurface.h"

#define BIT(i) ((u32)1 << (i))

enum {
  EXPORT_LINE,
  EXPORT_REF,
  EXPORT_SCHEMA
};

typedef struct ExportCursor ExportCursor;
struct ExportCursor {
  SlCursor base;
  SlExport *pExport;
  char *zLine; /* the present line */
  i64 nLine;
};

static void exportReset(SlCursor *pBase){
  ExportCursor *pCur = (ExportCursor *)pBase;
  slExportClose(pCur->pExport);
  sqlite3_free(pCur->zLine);
  pCur->pExport = 0;
  pCur->zLine = 0;
}

/*
** The rowid is the number of the line.
*/
static void exportNext(SlOp *pOp, SlCursor *pBase){
  ExportCursor *pCur = (ExportCursor *)pBase;
  sqlite3_free(pCur->zLine);
  pCur->zLine = slExportLine(pOp, pCur->pExport, &pCur->nLine);
  pBase->iRowid++;
  pBase->bEof = pCur->zLine == 0;
}

static void exportFilter(SlOp *pOp, SlCursor *pBase, u32 mArg,
                         const char *zPlan, sqlite3_value **apArg) {
  ExportCursor *pCur = (ExportCursor *)pBase;
  sqlite3_value *pRef = slFilterArg(mArg, EXPORT_REF, apArg);
  SlSession session;
  int bFound;
  (void)zPlan;
  pBase->bEof = 1;
  if( !slOpRead(pOp) ) return;
  if( pRef ){
    bFound = slFind(pOp, pRef, &session);
  }else{
    slNeedCurrent(pOp, &session);
    bFound = pOp->rc == SQLITE_OK;
  }
  if( bFound ) pCur->pExport = slExportOpen(pOp, &session);
  if( pCur->pExport ) exportNext(pOp, pBase);
}

static void exportColumn(SlOp *pOp, SlCursor *pBase, sqlite3_context *pCtx,
                         int iCol) {
  ExportCursor *pCur = (ExportCursor *)pBase;
  (void)iCol;
  slResultText(pOp, pCtx, pCur->zLine, pCur->nLine);
}

const SlTable slTableExport = {
  .zName = "session_export",
  .zDecl = "line TEXT, ref HIDDEN, schema HIDDEN",
  .mEq = BIT(EXPORT_REF) | BIT(EXPORT_SCHEMA),
  .mHidden = BIT(EXPORT_REF) | BIT(EXPORT_SCHEMA),
  .iSchema = EXPORT_SCHEMA,
  .nCursor = sizeof(ExportCursor),
  .xFilter = exportFilter,
  .xNext = exportNext,
  .xColumn = exportColumn,
  .xReset = exportReset,
};
