/*
** vt_artifact.c - the table session_artifacts: raw captures, kept verbatim.
**
**   INSERT INTO session_artifacts(session_id, name, content)
**     VALUES('a', 'screen.png', x'89504e47');
**   SELECT name, size FROM session_artifacts WHERE session_id=...;
**
** There is no UPDATE. The scan never reads the content: that is fetched by
** itself when the column is asked for. "=" on session_id, alone or with name,
** is served by an index; the order is by session and name.
*/
#include "slSurface.h"

enum {
  ART_SESSION,
  ART_NAME,
  ART_AT,
  ART_SIZE,
  ART_CONTENT,
  ART_SCHEMA
};

typedef struct ArtifactCursor ArtifactCursor;
struct ArtifactCursor {
  SlCursor base;
  int eSql;            /* which statement pStmt is */
  sqlite3_stmt *pStmt; /* key and columns, on the present row */
};

static int artifactPlan(sqlite3_index_info *pInfo, u32 mUsed, int *piArg){
  (void)piArg;
  if( (mUsed>>ART_SESSION & 1)==0 ){
    pInfo->estimatedCost = 1e6;
    pInfo->estimatedRows = 100000;
  }else if( mUsed>>ART_NAME & 1 ){
    pInfo->estimatedCost = 10;
    pInfo->estimatedRows = 1;
    pInfo->idxFlags = SQLITE_INDEX_SCAN_UNIQUE;
  }
  return SQLITE_OK;
}

static void artifactNext(SlOp *pOp, SlCursor *pBase){
  ArtifactCursor *pCur = (ArtifactCursor *)pBase;
  if( slStep(pOp, pCur->pStmt) ){
    pBase->iRowid = slRowid(pOp, sqlite3_column_int64(pCur->pStmt, 0));
  }else{
    pBase->bEof = 1;
  }
}

static void artifactFilter(SlOp *pOp, SlCursor *pBase, u32 mArg,
                           const char *zPlan, sqlite3_value **apArg) {
  ArtifactCursor *pCur = (ArtifactCursor *)pBase;
  i64 iMax;
  (void)zPlan;
  if( !slOpRead(pOp) ){
    pBase->bEof = 1;
    return;
  }
  iMax = slScanBegin(pOp, &pBase->scan, SL_SQL_ARTIFACT_MAX_KEY);
  pCur->eSql = SL_SQL_ARTIFACT_SCAN;
  if( mArg>>ART_SESSION & 1 ){
    pCur->eSql = mArg >> ART_NAME & 1 ? SL_SQL_ARTIFACT_SCAN_NAME
                                      : SL_SQL_ARTIFACT_SCAN_SESSION;
  }
  pCur->pStmt = slStmt(pOp, pCur->eSql);
  slBindTenant(pOp, pCur->pStmt, 1);
  slBindInt(pOp, pCur->pStmt, 2, iMax);
  if( pCur->eSql!=SL_SQL_ARTIFACT_SCAN ){
    slBindValue(pOp, pCur->pStmt, 3, apArg[0]);
  }
  if( pCur->eSql==SL_SQL_ARTIFACT_SCAN_NAME ){
    slBindValue(pOp, pCur->pStmt, 4, apArg[1]);
  }
  artifactNext(pOp, pBase);
}

/*
** Read the present row's content.
*/
static void artifactContent(SlOp *pOp, const ArtifactCursor *pCur,
                            sqlite3_context *pCtx) {
  sqlite3_stmt *pStmt = slStmt(pOp, SL_SQL_ARTIFACT_CONTENT);
  slBindInt(pOp, pStmt, 1, sqlite3_column_int64(pCur->pStmt, 0));
  if( slStep(pOp, pStmt) ){
    sqlite3_result_value(pCtx, sqlite3_column_value(pStmt, 0));
  }
  slFree(pOp, SL_SQL_ARTIFACT_CONTENT, pStmt);
}

static void artifactColumn(SlOp *pOp, SlCursor *pBase, sqlite3_context *pCtx,
                           int iCol) {
  ArtifactCursor *pCur = (ArtifactCursor *)pBase;
  if( iCol==ART_CONTENT ){
    artifactContent(pOp, pCur, pCtx);
  }else{
    sqlite3_result_value(pCtx, sqlite3_column_value(pCur->pStmt, iCol + 1));
  }
}

static void artifactReset(SlCursor *pBase){
  ArtifactCursor *pCur = (ArtifactCursor *)pBase;
  slFree(&pBase->op, pCur->eSql, pCur->pStmt);
  pCur->pStmt = 0;
}

/* ---- writing --------------------------------------------------------- */

/* What a task works on. */
typedef struct ArtifactWrite ArtifactWrite;
struct ArtifactWrite {
  i64 iKey;            /* the artifact; OUT: the new one */
  sqlite3_value *pRef; /* the session */
  const char *z;       /* checked name */
  int n;
  int bAtMs; /* iAtMs is given */
  i64 iAtMs;
  i64 nSize;
  SlEvent content;
};

static void artifactInsert(SlOp *pOp, void *pArg){
  ArtifactWrite *p = (ArtifactWrite *)pArg;
  SlSession session;
  slNeed(pOp, p->pRef, &session);
  if( !p->bAtMs ) p->iAtMs = slOpNow(pOp, "at_ms");
  p->iKey =
    slArtifactAdd(pOp, &session, p->z, p->n, p->iAtMs, p->nSize, &p->content);
}

static void artifactDelete(SlOp *pOp, void *pArg){
  slArtifactDelete(pOp, ((const ArtifactWrite *)pArg)->iKey);
}

static void artifactWrite(SlOp *pOp, int eWrite, i64 iKey,
                          sqlite3_value **apCol, i64 *piKey) {
  ArtifactWrite w;
  memset(&w, 0, sizeof(w));
  w.iKey = iKey;
  if( eWrite==SL_DELETE ){
    slOpWriteOne(pOp, artifactDelete, &w);
    return;
  }
  if( eWrite==SL_UPDATE ){
    slErr(pOp, SQLITE_CONSTRAINT, "artifacts are not changed");
    return;
  }
  w.pRef = apCol[ART_SESSION];
  w.z = slArgName(pOp, "name", apCol[ART_NAME], 1, &w.n);
  w.bAtMs = !slArgNull(apCol[ART_AT]);
  w.iAtMs = slArgInt(pOp, "at_ms", apCol[ART_AT], 0);
  if( pOp->rc==SQLITE_OK ){
    if( !slArgNull(apCol[ART_SIZE]) ) slReadOnly(pOp, "size");
    slEventFromValue(pOp, &w.content, apCol[ART_CONTENT]);
    /* Of a number those of its text. */
    w.nSize = sqlite3_value_bytes(apCol[ART_CONTENT]);
  }
  slOpWrite(pOp, artifactInsert, &w);
  *piKey = w.iKey;
}

const SlTable slTableArtifacts = {
  .zName = "session_artifacts",
  .zDecl = "session_id TEXT, name TEXT, at_ms INTEGER, size INTEGER, content,"
           " schema HIDDEN",
  .mEq = 1 << ART_SESSION | 1 << ART_NAME | 1 << ART_SCHEMA,
  .mHidden = 1 << ART_SCHEMA,
  .iSchema = ART_SCHEMA,
  .nCursor = sizeof(ArtifactCursor),
  .xPlan = artifactPlan,
  .xFilter = artifactFilter,
  .xNext = artifactNext,
  .xColumn = artifactColumn,
  .xReset = artifactReset,
  .xWrite = artifactWrite,
};
