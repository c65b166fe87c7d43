#define _GNU_SOURCE 1
/*
** fn_session.c - sessions as functions: start, find, end, label and the like.
**
** Each writing function has a statement that does the same; session_start()
** with a JSON object is the only one of them that looks at the file system.
*/
#include "slSurface.h"

#include <limits.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/*
** The ref of a function whose only argument it is: left out, it is a NULL
** pointer.
*/
#define OPTIONAL_REF(nArg, ap) ((nArg) > 0 ? (ap)[0] : 0)

/*
** In a reader: find the session that the ref names. 0 with no error where
** the ref is NULL.
*/
static int readerNeed(SlOp *pOp, sqlite3_value *pRef, SlSession *p){
  if( pRef && slArgNull(pRef) ) return 0;
  slOpRead(pOp);
  slNeed(pOp, pRef, p);
  return pOp->rc == SQLITE_OK;
}

/*
** The id that a writing function returns gets its memory before the write, so
** that nothing can fail after it: reserve it, and give the id and the memory
** to SQLite.
*/
static char *idReserve(SlOp *pOp){
  char *z = sqlite3_malloc64(27);
  if( z==0 ) slErrRc(pOp, SQLITE_NOMEM);
  return z;
}

static void idResult(SlOp *pOp, sqlite3_context *pCtx, char *z,
                     const SlSession *pSession) {
  if( z ) memcpy(z, pSession->zId, 27);
  slResultOwned(pOp, pCtx, z);
}

/* ---- files ----------------------------------------------------------- */

/*
** "SIZE:MTIME_NS" of a regular file that can be read, sqlite3_malloc'd; NULL
** for anything else.
*/
static char *targetHash(SlOp *pOp, const char *zPath){
  struct stat st;
  char *z;
  if( stat(zPath, &st)!=0 || !S_ISREG(st.st_mode) || access(zPath, R_OK)!=0 ){
    return 0;
  }
  z = sqlite3_mprintf("%lld:%lld", (i64)st.st_size,
                      (i64)st.st_mtim.tv_sec * 1000000000
                        + (i64)st.st_mtim.tv_nsec);
  if( z==0 ) slErrRc(pOp, SQLITE_NOMEM);
  return z;
}

/*
** The canonical form of a path that exists, sqlite3_malloc'd; NULL for one
** that doesn't.
*/
static char *canonicalPath(SlOp *pOp, const char *zPath){
  char *z;
  char *zReal = realpath(zPath, 0);
  if( zReal==0 ) return 0;
  z = sqlite3_mprintf("%s", zReal);
  free(zReal);
  if( z==0 ) slErrRc(pOp, SQLITE_NOMEM);
  return z;
}

/*
** session_target_hash(path): see targetHash(). NULL for NULL.
*/
void slFnTargetHash(SlOp *pOp, sqlite3_context *pCtx, int nArg,
                    sqlite3_value **ap) {
  int n;
  const char *z = slArgText(pOp, "path", ap[0], &n);
  (void)nArg;
  if( z && memchr(z, 0, (size_t)n)==0 ){
    slResultOwned(pOp, pCtx, targetHash(pOp, z));
  }
}

/* ---- starting -------------------------------------------------------- */

/* What session_start() works on. */
typedef struct SessionStart SessionStart;
struct SessionStart {
  SlFields fields;
  char *azOwned[SL_COL_COUNT]; /* text that fields borrow, or NULL */
  int bCwd;                    /* cwd is not as it was given */
  int bHash;                   /* target_hash was read from the target */
  SlSession session;           /* OUT: the new session */
};

/*
** Give column iCol a text that the start owns from now on.
*/
static void startOwn(SlOp *pOp, SessionStart *p, int iCol, char *z, i64 n){
  sqlite3_free(p->azOwned[iCol]);
  p->azOwned[iCol] = z;
  slFieldText(pOp, &p->fields, iCol, z, n);
}

/*
** The value of one member of the JSON object.
*/
static void startValue(SlOp *pOp, SessionStart *p, int iCol,
                       const SlJson *pVal) {
  i64 n;
  if( slColumnIsInt(iCol) ){
    i64 iVal = slJsonArgInt(pOp, slColumnName(iCol), pVal);
    slFieldInt(pOp, &p->fields, iCol, iVal);
  }else if( iCol==SL_COL_META && pVal->eType!=SL_JSON_OBJECT ){
    slErr(pOp, SQLITE_MISMATCH, "invalid meta: not a JSON object");
  }else{
    char *z = slJsonArgText(pOp, pVal, &n);
    startOwn(pOp, p, iCol, z, n);
  }
}

/*
** Fail because of a key that is no column.
*/
static void startUnknown(SlOp *pOp, const SlJson *pKey){
  char *zKey;
  i64 nKey;
  slErrRc(pOp, slJsonString(pKey, &zKey, &nKey));
  slErr(pOp, SQLITE_ERROR, "unknown key: %.*s",
        (int)slUtf8Chars(zKey, nKey, 60), zKey);
  sqlite3_free(zKey);
}

/*
** One member: its key must be a column that can be given, and be new. A name
** that was given as an argument already leaves room for null only.
*/
static void startMember(SlOp *pOp, SessionStart *p, u32 *pmSeen,
                        const SlJson *pKey, const SlJson *pVal) {
  int iCol = slColumnIndex(pKey);
  if( iCol<0 || iCol==SL_COL_REF || iCol==SL_COL_SCHEMA ){
    startUnknown(pOp, pKey);
  }else if( (*pmSeen>>iCol & 1)
         || (iCol==SL_COL_NAME && pVal->eType!=SL_JSON_NULL
             && p->fields.a[SL_COL_NAME].bGiven)
  ){
    slErr(pOp, SQLITE_ERROR, "duplicate key: %s", slColumnName(iCol));
  }else{
    *pmSeen |= (u32)1 << iCol;
    if( pVal->eType!=SL_JSON_NULL ) startValue(pOp, p, iCol, pVal);
  }
}

/*
** All members of the JSON argument.
*/
static void startJson(SlOp *pOp, SessionStart *p, sqlite3_value *pArg){
  SlJson object, key, val;
  SlJsonIter iter;
  u32 mSeen = 0;
  int n;
  const char *z = slArgText(pOp, "json", pArg, &n);
  if( z==0 ) return;
  memset(&object, 0, sizeof(object));
  if( !slJsonParse(z, n, &object, 0) || object.eType!=SL_JSON_OBJECT ){
    slInvalid(pOp, SQLITE_ERROR, "json", pArg);
    return;
  }
  slJsonIter(&object, &iter);
  while( pOp->rc==SQLITE_OK && slJsonNext(&iter, &key, &val) ){
    startMember(pOp, p, &mSeen, &key, &val);
  }
}

/*
** 1 if the column has a text that can be the path of a file.
*/
static int startPath(const SessionStart *p, int iCol){
  const SlField *pField = &p->fields.a[iCol];
  return pField->bGiven && memchr(pField->z, 0, (size_t)pField->n) == 0;
}

/*
** Look at the files that the columns name.
*/
static void startFiles(SlOp *pOp, SessionStart *p){
  const SlField *a = p->fields.a;
  char *z;
  if( startPath(p, SL_COL_CWD) ){
    z = canonicalPath(pOp, a[SL_COL_CWD].z);
    p->bCwd = z && strcmp(z, a[SL_COL_CWD].z) != 0;
    if( z ) startOwn(pOp, p, SL_COL_CWD, z, (i64)strlen(z));
  }
  if( startPath(p, SL_COL_TARGET) && !a[SL_COL_TARGET_HASH].bGiven ){
    z = targetHash(pOp, a[SL_COL_TARGET].z);
    p->bHash = z != 0;
    if( z ) startOwn(pOp, p, SL_COL_TARGET_HASH, z, (i64)strlen(z));
  }
}

/*
** The task of session_start(): this process and its host, unless others are
** given, and the session.
*/
static void startTask(SlOp *pOp, void *pArg){
  SessionStart *p = (SessionStart *)pArg;
  if( p->bCwd ) slOpDrawn(pOp, "canonical cwd");
  if( p->bHash ) slOpDrawn(pOp, "target_hash");
  if( !p->fields.a[SL_COL_PID].bGiven ){
    slFieldInt(pOp, &p->fields, SL_COL_PID, slOpPid(pOp, "pid"));
  }
  if( !p->fields.a[SL_COL_HOST].bGiven ){
    char *z = slOpHost(pOp, "host");
    startOwn(pOp, p, SL_COL_HOST, z, z ? (i64)strlen(z) : 0);
  }
  slSessionCreate(pOp, &p->fields, &p->session);
}

/*
** session_start(), session_start(name), session_start(name, json): a new
** session, which becomes current; its id.
*/
void slFnStart(SlOp *pOp, sqlite3_context *pCtx, int nArg, sqlite3_value **ap){
  SessionStart s;
  char *zId;
  int i;
  memset(&s, 0, sizeof(s));
  slOpGuard(pOp, "INSERT INTO session_list(name) VALUES(...)");
  if( nArg>0 && !slArgNull(ap[0]) ){
    slFieldValue(pOp, &s.fields, SL_COL_NAME, ap[0]);
  }
  if( nArg>1 ){
    startJson(pOp, &s, ap[1]);
    if( pOp->rc==SQLITE_OK ) startFiles(pOp, &s);
  }
  zId = idReserve(pOp);
  slSessionWrite(pOp, &s.fields, startTask, &s);
  if( pOp->rc==SQLITE_OK ){
    memcpy(pOp->pConn->zCurrent, s.session.zId, sizeof(s.session.zId));
  }
  idResult(pOp, pCtx, zId, &s.session);
  for(i=0; i<SL_COL_COUNT; i++) sqlite3_free(s.azOwned[i]);
}

/*
** The task of session_open().
*/
static void openTask(SlOp *pOp, void *pArg){
  SessionStart *p = (SessionStart *)pArg;
  const SlField *pName = &p->fields.a[SL_COL_NAME];
  if( !slFindName(pOp, pName->z, pName->n, &p->session) ){
    slSessionCreate(pOp, &p->fields, &p->session);
  }
}

/*
** session_open(name): id of the session of exactly that name, started if
** there is none. It doesn't become current. A look without the write lock
** comes first, but not where it would begin a transaction that has to write
** later, and so could fail.
*/
void slFnOpen(SlOp *pOp, sqlite3_context *pCtx, int nArg, sqlite3_value **ap){
  SessionStart s;
  const char *z;
  char *zId;
  int n;
  (void)nArg;
  memset(&s, 0, sizeof(s));
  slOpGuard(pOp, "INSERT OR IGNORE INTO session_list(name) VALUES(...)");
  z = slArgName(pOp, "name", ap[0], 1, &n);
  slFieldText(pOp, &s.fields, SL_COL_NAME, z, n);
  if( sqlite3_get_autocommit(pOp->pConn->db) ){
    slOpRead(pOp);
    slFindName(pOp, z, n, &s.session);
  }
  zId = idReserve(pOp);
  if( s.session.iKey==0 ) slSessionWrite(pOp, &s.fields, openTask, &s);
  idResult(pOp, pCtx, zId, &s.session);
}

/* ---- finding --------------------------------------------------------- */

/*
** session_find(ref): id, NULL where nothing matches.
*/
void slFnFind(SlOp *pOp, sqlite3_context *pCtx, int nArg, sqlite3_value **ap){
  SlSession session;
  slOpRead(pOp);
  if( nArg==0 ){
    slNeedCurrent(pOp, &session);
    slResultText(pOp, pCtx, session.zId, 26);
  }else if( slFindOnlyId(pOp, ap[0], session.zId) ){
    slResultText(pOp, pCtx, session.zId, 26);
  }
}

/*
** session_has_data([ref]): 1 once the session itself has an event or an
** artifact, else 0.
*/
void slFnHasData(SlOp *pOp, sqlite3_context *pCtx, int nArg,
                 sqlite3_value **ap) {
  SlSession session;
  if( readerNeed(pOp, OPTIONAL_REF(nArg, ap), &session) ){
    slResultInt(pOp, pCtx, slHasData(pOp, &session));
  }
}

/*
** session_group_key(cwd, hash): "CWD|HASH". No hash is as an empty one; no
** cwd, no group.
*/
void slFnGroupKey(SlOp *pOp, sqlite3_context *pCtx, int nArg,
                  sqlite3_value **ap) {
  int nCwd, nHash;
  const char *zCwd = slArgText(pOp, "cwd", ap[0], &nCwd);
  const char *zHash = slArgText(pOp, "hash", ap[1], &nHash);
  char *z;
  i64 n;
  (void)nArg;
  if( zCwd==0 || pOp->rc!=SQLITE_OK ) return;
  n = (i64)nCwd + 1 + nHash;
  z = sqlite3_malloc64((u64)n + 1);
  if( z==0 ){
    slErrRc(pOp, SQLITE_NOMEM);
    return;
  }
  memcpy(z, zCwd, (size_t)nCwd);
  z[nCwd] = '|';
  if( zHash ) memcpy(&z[nCwd + 1], zHash, (size_t)nHash);
  z[n] = 0;
  sqlite3_result_text64(pCtx, z, (u64)n, sqlite3_free, SQLITE_UTF8);
}

/*
** session_auto_name(target [, at_ms]): "BASENAME-YYYYMMDD-HHMMSS" of now or
** that time.
*/
void slFnAutoName(SlOp *pOp, sqlite3_context *pCtx, int nArg,
                  sqlite3_value **ap) {
  int n;
  const char *z = slArgText(pOp, "target", ap[0], &n);
  i64 iMs;
  if( nArg>1 && !slArgNull(ap[1]) ){
    iMs = slArgInt(pOp, "at_ms", ap[1], 0);
  }else{
    iMs = slNowMs();
  }
  slResultOwned(pOp, pCtx, slAutoName(pOp, z, n, iMs, 0));
}

/* ---- changing -------------------------------------------------------- */

/* What a function that changes one session works on. */
typedef struct SessionCall SessionCall;
struct SessionCall {
  sqlite3_value *pRef; /* the session, NULL pointer: the current one */
  SlSession session;   /* OUT: it */
  const char *z;       /* checked label or meta key */
  int n;
  sqlite3_value *pVal; /* meta value */
  int bAtMs;           /* iAtMs is given */
  i64 iAtMs;
};

/*
** Fill a call from ref [, at_ms], run its task, and give the session's id.
*/
static void callAt(SlOp *pOp, sqlite3_context *pCtx, int nArg,
                   sqlite3_value **ap, void (*xTask)(SlOp *, void *)) {
  SessionCall call;
  char *zId;
  memset(&call, 0, sizeof(call));
  call.pRef = OPTIONAL_REF(nArg, ap);
  if( nArg>1 && !slArgNull(ap[1]) ){
    call.bAtMs = 1;
    call.iAtMs = slArgInt(pOp, "at_ms", ap[1], 0);
  }
  zId = idReserve(pOp);
  slOpWrite(pOp, xTask, &call);
  idResult(pOp, pCtx, zId, &call.session);
}

static void endTask(SlOp *pOp, void *pArg){
  SessionCall *p = (SessionCall *)pArg;
  SlFields f;
  slNeed(pOp, p->pRef, &p->session);
  if( pOp->rc!=SQLITE_OK || slSessionEnded(pOp, &p->session) ) return;
  memset(&f, 0, sizeof(f));
  slFieldText(pOp, &f, SL_COL_STATUS, "ended", 5);
  if( p->bAtMs ) slFieldInt(pOp, &f, SL_COL_ENDED_AT_MS, p->iAtMs);
  slSessionChange(pOp, p->session.iKey, &f);
}

/*
** session_end([ref]), session_end(ref, at_ms): end it, if it has not ended;
** its id.
*/
void slFnEnd(SlOp *pOp, sqlite3_context *pCtx, int nArg, sqlite3_value **ap){
  slOpGuard(pOp, "UPDATE session_list SET status='ended' WHERE ref=...");
  callAt(pOp, pCtx, nArg, ap, endTask);
}

static void touchTask(SlOp *pOp, void *pArg){
  SessionCall *p = (SessionCall *)pArg;
  SlFields f;
  slNeed(pOp, p->pRef, &p->session);
  if( !p->bAtMs ) p->iAtMs = slOpNow(pOp, "seen_at_ms");
  if( pOp->rc!=SQLITE_OK ) return;
  memset(&f, 0, sizeof(f));
  slFieldInt(pOp, &f, SL_COL_SEEN_AT_MS, p->iAtMs);
  slSessionChange(pOp, p->session.iKey, &f);
}

/*
** session_touch([ref]), session_touch(ref, at_ms): the heartbeat; its id.
*/
void slFnTouch(SlOp *pOp, sqlite3_context *pCtx, int nArg, sqlite3_value **ap){
  slOpGuard(pOp, "UPDATE session_list SET seen_at_ms=... WHERE ref=...");
  callAt(pOp, pCtx, nArg, ap, touchTask);
}

static void promoteTask(SlOp *pOp, void *pArg){
  SessionCall *p = (SessionCall *)pArg;
  SlFields f;
  slNeed(pOp, p->pRef, &p->session);
  if( pOp->rc!=SQLITE_OK ) return;
  memset(&f, 0, sizeof(f));
  slFieldText(pOp, &f, SL_COL_CREATED_BY, "user", 4);
  slSessionChange(pOp, p->session.iKey, &f);
}

/*
** session_promote([ref]): created_by is user from now on; its id.
*/
void slFnPromote(SlOp *pOp, sqlite3_context *pCtx, int nArg,
                 sqlite3_value **ap) {
  slOpGuard(pOp, "UPDATE session_list SET created_by='user' WHERE ref=...");
  callAt(pOp, pCtx, nArg, ap, promoteTask);
}

static void labelTask(SlOp *pOp, void *pArg){
  SessionCall *p = (SessionCall *)pArg;
  slNeed(pOp, p->pRef, &p->session);
  slLabelSet(pOp, &p->session, p->z, p->n, 0, 0);
}

/*
** session_label(ref, label): point the label at the session; its id.
*/
void slFnLabel(SlOp *pOp, sqlite3_context *pCtx, int nArg, sqlite3_value **ap){
  SessionCall call;
  char *zId;
  (void)nArg;
  memset(&call, 0, sizeof(call));
  slOpGuard(pOp, "INSERT INTO session_labels(label, session_id) VALUES(...)");
  call.pRef = ap[0];
  call.z = slArgName(pOp, "label", ap[1], 1, &call.n);
  zId = idReserve(pOp);
  slOpWrite(pOp, labelTask, &call);
  idResult(pOp, pCtx, zId, &call.session);
}

static void unlabelTask(SlOp *pOp, void *pArg){
  SessionCall *p = (SessionCall *)pArg;
  p->iAtMs = slLabelDrop(pOp, p->z, p->n);
}

/*
** session_unlabel(label): 1 if there was one, else 0.
*/
void slFnUnlabel(SlOp *pOp, sqlite3_context *pCtx, int nArg,
                 sqlite3_value **ap) {
  SessionCall call;
  (void)nArg;
  memset(&call, 0, sizeof(call));
  slOpGuard(pOp, "DELETE FROM session_labels WHERE label=...");
  call.z = slArgName(pOp, "label", ap[0], 1, &call.n);
  slOpWrite(pOp, unlabelTask, &call);
  slResultInt(pOp, pCtx, call.iAtMs);
}

static void metaTask(SlOp *pOp, void *pArg){
  SessionCall *p = (SessionCall *)pArg;
  SlEvent value;
  slNeed(pOp, p->pRef, &p->session);
  slEventFromValue(pOp, &value, p->pVal);
  slMetaSet(pOp, &p->session, p->z, p->n, &value);
}

/*
** session_meta(ref, key, value): set a value that is not NULL; the value.
*/
void slFnMetaSet(SlOp *pOp, sqlite3_context *pCtx, int nArg,
                 sqlite3_value **ap) {
  SessionCall call;
  (void)nArg;
  memset(&call, 0, sizeof(call));
  slOpGuard(pOp,
            "INSERT INTO session_meta(session_id, key, value) VALUES(...)");
  call.pRef = ap[0];
  call.z = slArgName(pOp, "key", ap[1], 0, &call.n);
  call.pVal = ap[2];
  if( slArgNull(ap[2]) ) slInvalid(pOp, SQLITE_CONSTRAINT, "value", ap[2]);
  slOpWrite(pOp, metaTask, &call);
  if( pOp->rc==SQLITE_OK ) sqlite3_result_value(pCtx, ap[2]);
}

/*
** session_meta(ref, key): the value, or NULL.
*/
void slFnMetaGet(SlOp *pOp, sqlite3_context *pCtx, int nArg,
                 sqlite3_value **ap) {
  SlSession session;
  sqlite3_stmt *pStmt;
  int n;
  const char *z;
  (void)nArg;
  if( slArgNull(ap[1]) || !readerNeed(pOp, ap[0], &session) ) return;
  z = slArgName(pOp, "key", ap[1], 0, &n);
  pStmt = slStmt(pOp, SL_SQL_META_GET);
  slBindInt(pOp, pStmt, 1, session.iKey);
  slBindText(pOp, pStmt, 2, z, n);
  if( slStep(pOp, pStmt) ){
    sqlite3_result_value(pCtx, sqlite3_column_value(pStmt, 0));
  }
  slFree(pOp, SL_SQL_META_GET, pStmt);
}
