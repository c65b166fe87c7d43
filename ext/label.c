/*
** label.c - what hangs on a session: labels, meta, artifacts.
*/
#include "sessionlogInt.h"

/* ---- labels ---------------------------------------------------------- */

/*
** The label's key, and whose it is; 0: there is none.
*/
static i64 labelFind(SlOp *pOp, const char *z, int n, i64 *piSession){
  i64 iKey = 0;
  sqlite3_stmt *pStmt = slStmt(pOp, SL_SQL_LABEL_FIND);
  slBindTenant(pOp, pStmt, 1);
  slBindText(pOp, pStmt, 2, z, n);
  if( slStep(pOp, pStmt) ){
    iKey = sqlite3_column_int64(pStmt, 0);
    *piSession = sqlite3_column_int64(pStmt, 1);
  }
  slFree(pOp, SL_SQL_LABEL_FIND, pStmt);
  return iKey;
}

/*
** Fail if the label is the name of a session other than iSession: the name
** would win, and the label point nowhere.
*/
static void labelAllowed(SlOp *pOp, const char *z, int n, i64 iSession){
  SlSession named;
  if( slFindName(pOp, z, n, &named) && named.iKey!=iSession ){
    slErr(pOp, SQLITE_CONSTRAINT, "label is taken by a session name: %.*s", n,
          z);
  }
}

void slLabelSet(SlOp *pOp, const SlSession *pSession, const char *z, int n,
                int bAtMs, i64 iAtMs) {
  sqlite3_stmt *pStmt;
  z = slCheckName(pOp, "label", z, n, 1, &n);
  labelAllowed(pOp, z, n, pSession->iKey);
  if( !bAtMs ) iAtMs = slOpNow(pOp, "at_ms");
  pStmt = slStmt(pOp, SL_SQL_LABEL_SET);
  slBindTenant(pOp, pStmt, 1);
  slBindText(pOp, pStmt, 2, z, n);
  slBindInt(pOp, pStmt, 3, pSession->iKey);
  slBindInt(pOp, pStmt, 4, iAtMs);
  slBindKey(pOp, pStmt, 5, SL_SQL_LABEL_MAX_KEY);
  slRun(pOp, SL_SQL_LABEL_SET, pStmt);
}

i64 slLabelKey(SlOp *pOp, const char *z, int n){
  i64 iSession;
  return labelFind(pOp, z, n, &iSession);
}

int slLabelDrop(SlOp *pOp, const char *z, int n){
  i64 iKey = slLabelKey(pOp, z, n);
  slLabelDelete(pOp, iKey);
  return iKey != 0;
}

void slLabelDelete(SlOp *pOp, i64 iKey){
  sqlite3_stmt *pStmt = slStmt(pOp, SL_SQL_LABEL_DELETE);
  slBindInt(pOp, pStmt, 1, iKey);
  slRun(pOp, SL_SQL_LABEL_DELETE, pStmt);
}

/*
** The present row's values are read, what is given replaces them, and the
** row is written as a whole.
*/
void slLabelChange(SlOp *pOp, i64 iKey, const char *z, int n,
                   const SlSession *pSession, int bAtMs, i64 iAtMs) {
  sqlite3_stmt *pOld = slStmt(pOp, SL_SQL_LABEL_ROW);
  slBindInt(pOp, pOld, 1, iKey);
  slBindTenant(pOp, pOld, 2);
  if( slStep(pOp, pOld) ){
    i64 iSession = sqlite3_column_int64(pOld, 1);
    i64 iOther, iOwner;
    sqlite3_stmt *pStmt;
    if( z==0 ) z = slStmtText(pOp, pOld, 0, &n);
    if( pSession ) iSession = pSession->iKey;
    if( !bAtMs ) iAtMs = sqlite3_column_int64(pOld, 2);
    labelAllowed(pOp, z, n, iSession);
    iOther = labelFind(pOp, z, n, &iOwner);
    if( iOther && iOther!=iKey ){
      slErr(pOp, SQLITE_CONSTRAINT, "label is taken: %.*s", n, z);
    }
    pStmt = slStmt(pOp, SL_SQL_LABEL_CHANGE);
    slBindInt(pOp, pStmt, 1, iKey);
    slBindText(pOp, pStmt, 2, z, n);
    slBindInt(pOp, pStmt, 3, iSession);
    slBindInt(pOp, pStmt, 4, iAtMs);
    slRun(pOp, SL_SQL_LABEL_CHANGE, pStmt);
  }
  slFree(pOp, SL_SQL_LABEL_ROW, pOld);
}

/* ---- meta ------------------------------------------------------------ */

i64 slMetaKey(SlOp *pOp, const SlSession *pSession, const char *z, int n){
  i64 iKey = 0;
  sqlite3_stmt *pStmt = slStmt(pOp, SL_SQL_META_GET);
  slBindInt(pOp, pStmt, 1, pSession->iKey);
  slBindText(pOp, pStmt, 2, z, n);
  if( slStep(pOp, pStmt) ) iKey = sqlite3_column_int64(pStmt, 1);
  slFree(pOp, SL_SQL_META_GET, pStmt);
  return iKey;
}

void slMetaSet(SlOp *pOp, const SlSession *pSession, const char *z, int n,
               const SlEvent *pVal) {
  sqlite3_stmt *pStmt = slStmt(pOp, SL_SQL_META_SET);
  slBindInt(pOp, pStmt, 1, pSession->iKey);
  slBindText(pOp, pStmt, 2, z, n);
  slBindEvent(pOp, pStmt, 3, pVal);
  slBindKey(pOp, pStmt, 4, SL_SQL_META_MAX_KEY);
  slRun(pOp, SL_SQL_META_SET, pStmt);
}

/*
** Store one member; a key that the session has already was given twice.
*/
static void metaMember(SlOp *pOp, const SlSession *pSession, const SlJson *pKey,
                       const SlJson *pJson) {
  SlEvent val;
  char *zKey = 0;
  char *zText = 0;
  const char *z;
  i64 nKey;
  int n;
  memset(&val, 0, sizeof(val));
  slErrRc(pOp, slJsonString(pKey, &zKey, &nKey));
  z = slCheckName(pOp, "meta key", zKey, nKey, 0, &n);
  slEventFromJson(pOp, &val, pJson, &zText);
  if( slMetaKey(pOp, pSession, z, n) ){
    slErr(pOp, SQLITE_CONSTRAINT, "duplicate meta key: %.*s", n, z);
  }
  slMetaSet(pOp, pSession, z, n, &val);
  sqlite3_free(zKey);
  sqlite3_free(zText);
}

void slMetaJson(SlOp *pOp, const SlSession *pSession, const char *z, i64 n){
  SlJson object, key, val;
  SlJsonIter iter;
  if( pOp->rc!=SQLITE_OK ) return;
  memset(&object, 0, sizeof(object));
  slJsonParse(z, n, &object, 0);
  if( object.eType!=SL_JSON_OBJECT ){
    slErr(pOp, SQLITE_CONSTRAINT, "invalid meta: %.*s",
          (int)slUtf8Chars(z, n, 60), z);
    return;
  }
  slJsonIter(&object, &iter);
  while( slJsonNext(&iter, &key, &val) ){
    if( val.eType!=SL_JSON_NULL ) metaMember(pOp, pSession, &key, &val);
  }
}

void slMetaDelete(SlOp *pOp, i64 iKey){
  sqlite3_stmt *pStmt = slStmt(pOp, SL_SQL_META_DELETE);
  slBindInt(pOp, pStmt, 1, iKey);
  slRun(pOp, SL_SQL_META_DELETE, pStmt);
}

void slMetaChange(SlOp *pOp, i64 iKey, const SlSession *pSession, const char *z,
                  int n, const SlEvent *pVal) {
  sqlite3_stmt *pOld = slStmt(pOp, SL_SQL_META_ROW);
  slBindInt(pOp, pOld, 1, iKey);
  if( slStep(pOp, pOld) ){
    SlSession owner;
    sqlite3_stmt *pStmt;
    i64 iOther;
    memset(&owner, 0, sizeof(owner));
    owner.iKey = sqlite3_column_int64(pOld, 0);
    if( z==0 ) z = slStmtText(pOp, pOld, 1, &n);
    if( pSession ) owner = *pSession;
    iOther = slMetaKey(pOp, &owner, z, n);
    if( iOther && iOther!=iKey ){
      slErr(pOp, SQLITE_CONSTRAINT, "meta key is taken: %.*s", n, z);
    }
    pStmt = slStmt(pOp, SL_SQL_META_CHANGE);
    slBindInt(pOp, pStmt, 1, iKey);
    slBindInt(pOp, pStmt, 2, owner.iKey);
    slBindText(pOp, pStmt, 3, z, n);
    if( pVal ) slBindEvent(pOp, pStmt, 4, pVal);
    slBindInt(pOp, pStmt, 5, pVal != 0);
    slRun(pOp, SL_SQL_META_CHANGE, pStmt);
  }
  slFree(pOp, SL_SQL_META_ROW, pOld);
}

/* ---- artifacts ------------------------------------------------------- */

int slHasData(SlOp *pOp, const SlSession *pSession){
  if( slHead(pOp, pSession)>pSession->iForkedAt ) return 1;
  return slQueryInt(pOp, SL_SQL_ARTIFACT_ANY, pSession->iKey, 0, 0) != 0;
}

/*
** The key of the session's artifact of that name, or 0.
*/
static i64 artifactKey(SlOp *pOp, const SlSession *pSession, const char *z,
                       int n) {
  i64 iKey = 0;
  sqlite3_stmt *pStmt = slStmt(pOp, SL_SQL_ARTIFACT_FIND);
  slBindInt(pOp, pStmt, 1, pSession->iKey);
  slBindText(pOp, pStmt, 2, z, n);
  if( slStep(pOp, pStmt) ) iKey = sqlite3_column_int64(pStmt, 0);
  slFree(pOp, SL_SQL_ARTIFACT_FIND, pStmt);
  return iKey;
}

i64 slArtifactAdd(SlOp *pOp, const SlSession *pSession, const char *z, int n,
                  i64 iAtMs, i64 nSize, const SlEvent *pContent) {
  sqlite3_stmt *pStmt;
  if( artifactKey(pOp, pSession, z, n) ){
    slErr(pOp, SQLITE_CONSTRAINT, "artifact name is taken: %.*s", n, z);
  }
  pStmt = slStmt(pOp, SL_SQL_ARTIFACT_INSERT);
  slBindInt(pOp, pStmt, 1, pSession->iKey);
  slBindText(pOp, pStmt, 2, z, n);
  slBindInt(pOp, pStmt, 3, iAtMs);
  slBindInt(pOp, pStmt, 4, nSize);
  slBindEvent(pOp, pStmt, 5, pContent);
  slBindKey(pOp, pStmt, 6, SL_SQL_ARTIFACT_MAX_KEY);
  slRun(pOp, SL_SQL_ARTIFACT_INSERT, pStmt);
  return artifactKey(pOp, pSession, z, n);
}

void slArtifactDelete(SlOp *pOp, i64 iKey){
  sqlite3_stmt *pStmt = slStmt(pOp, SL_SQL_ARTIFACT_DELETE);
  slBindInt(pOp, pStmt, 1, iKey);
  slRun(pOp, SL_SQL_ARTIFACT_DELETE, pStmt);
}
