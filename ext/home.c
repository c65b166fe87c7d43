/*
** home.c - the internal tables: where kept statements live, where a write
** becomes atomic, and where events that wait are read from.
**
** The home table, sessionlog_home, gives kept statements their lifetime.
** SQLite disconnects eponymous tables before sqlite3_close() looks for
** unfinalized statements, and that disconnect is where they go. Until the
** home table is connected nothing is kept, and no kept statement may use it,
** or it would keep it connected.
**
** The task table, sessionlog_task, runs a task (see slOpWrite()) inside the
** xUpdate of
**
**   INSERT INTO sessionlog_task SELECT 1
**
** which SQLite treats as a statement of many writes: it takes the write lock
** first, with the busy handler, and keeps a statement journal, so that a
** task that fails leaves nothing. A bare function call has neither.
**
** The pending table, sessionlog_pending(at_ms, kind, payload), gives the events
** that pending.c is writing, their keys as rowids. It is empty at any other
** time, and for everybody but the statement that writes.
*/
#include "slSurface.h"

typedef struct SlHome SlHome;
struct SlHome {
  sqlite3_vtab base;
  SlConn *pConn;
  int bKeeper; /* this is the home table, not the task table */
};

static int homeConnectAs(sqlite3 *db, SlConn *pConn, int bKeeper,
                         sqlite3_vtab **ppVtab) {
  SlHome *pNew;
  int rc = sqlite3_declare_vtab(db, "CREATE TABLE x(task INTEGER)");
  if( rc!=SQLITE_OK ) return rc;
  pNew = sqlite3_malloc64(sizeof(*pNew));
  if( pNew==0 ) return SQLITE_NOMEM;
  memset(pNew, 0, sizeof(*pNew));
  pNew->pConn = pConn;
  pNew->bKeeper = bKeeper;
  if( bKeeper ) pConn->bHome = 1;
  *ppVtab = &pNew->base;
  return sqlite3_vtab_config(db, SQLITE_VTAB_DIRECTONLY);
}

static int homeConnect(sqlite3 *db, void *pAux, int nArg,
                       const char *const *azArg, sqlite3_vtab **ppVtab,
                       char **pzErr) {
  (void)nArg;
  (void)azArg;
  (void)pzErr;
  return homeConnectAs(db, (SlConn *)pAux, 1, ppVtab);
}

static int taskConnect(sqlite3 *db, void *pAux, int nArg,
                       const char *const *azArg, sqlite3_vtab **ppVtab,
                       char **pzErr) {
  (void)nArg;
  (void)azArg;
  (void)pzErr;
  return homeConnectAs(db, (SlConn *)pAux, 0, ppVtab);
}

static int homeDisconnect(sqlite3_vtab *pVtab){
  SlConn *p = ((SlHome *)pVtab)->pConn;
  SlDb *pDb;
  if( ((SlHome*)pVtab)->bKeeper ){
    p->bHome = 0;
    for(pDb=p->pDb; pDb; pDb=pDb->pNext) slDbFinalize(pDb);
    sqlite3_finalize(p->pTaskStmt);
    p->pTaskStmt = 0;
  }
  sqlite3_free(pVtab);
  return SQLITE_OK;
}

static int homeBestIndex(sqlite3_vtab *pVtab, sqlite3_index_info *pInfo){
  (void)pVtab;
  pInfo->estimatedRows = 0;
  return SQLITE_OK;
}

/* A cursor. The home and the task table have no rows: for them it is at the
** end at once. */
typedef struct SlPendingCursor SlPendingCursor;
struct SlPendingCursor {
  sqlite3_vtab_cursor base;
  int iRow;      /* number of the event */
  int bEof;      /* there is no such event */
  i64 iKey;      /* its key */
  SlEvent event; /* and the rest, borrowed from the buffer */
};

static int pendingConnect(sqlite3 *db, void *pAux, int nArg,
                          const char *const *azArg, sqlite3_vtab **ppVtab,
                          char **pzErr) {
  SlHome *pNew;
  int rc = sqlite3_declare_vtab(db, "CREATE TABLE x(at_ms, kind, payload)");
  (void)nArg;
  (void)azArg;
  (void)pzErr;
  if( rc!=SQLITE_OK ) return rc;
  pNew = sqlite3_malloc64(sizeof(*pNew));
  if( pNew==0 ) return SQLITE_NOMEM;
  memset(pNew, 0, sizeof(*pNew));
  pNew->pConn = (SlConn *)pAux;
  *ppVtab = &pNew->base;
  return sqlite3_vtab_config(db, SQLITE_VTAB_DIRECTONLY);
}

static int homeOpen(sqlite3_vtab *pVtab, sqlite3_vtab_cursor **ppCur){
  SlPendingCursor *pNew = sqlite3_malloc64(sizeof(*pNew));
  (void)pVtab;
  if( pNew==0 ) return SQLITE_NOMEM;
  memset(pNew, 0, sizeof(*pNew));
  *ppCur = &pNew->base;
  return SQLITE_OK;
}

static int homeClose(sqlite3_vtab_cursor *pCur){
  sqlite3_free(pCur);
  return SQLITE_OK;
}

static int homeFilter(sqlite3_vtab_cursor *pCur, int idxNum, const char *idxStr,
                      int nArg, sqlite3_value **apArg) {
  (void)idxNum;
  (void)idxStr;
  (void)nArg;
  (void)apArg;
  ((SlPendingCursor *)pCur)->bEof = 1;
  return SQLITE_OK;
}

static int pendingSeek(SlPendingCursor *p, int iRow){
  SlConn *pConn = ((SlHome *)p->base.pVtab)->pConn;
  p->iRow = iRow;
  p->bEof = !slPendingRow(pConn, iRow, &p->iKey, &p->event);
  return SQLITE_OK;
}

static int pendingFilter(sqlite3_vtab_cursor *pCur, int idxNum,
                         const char *idxStr, int nArg, sqlite3_value **apArg) {
  (void)idxNum;
  (void)idxStr;
  (void)nArg;
  (void)apArg;
  return pendingSeek((SlPendingCursor *)pCur, 0);
}

static int pendingNext(sqlite3_vtab_cursor *pCur){
  SlPendingCursor *p = (SlPendingCursor *)pCur;
  return pendingSeek(p, p->iRow + 1);
}

static int homeEof(sqlite3_vtab_cursor *pCur){
  return ((SlPendingCursor *)pCur)->bEof;
}

static int pendingColumn(sqlite3_vtab_cursor *pCur, sqlite3_context *pCtx,
                         int iCol) {
  const SlPendingCursor *p = (const SlPendingCursor *)pCur;
  switch( iCol ){
    case 0: sqlite3_result_int64(pCtx, p->event.iAtMs); break;
    case 1:
      sqlite3_result_text64(pCtx, p->event.zKind, (u64)p->event.nKind,
                            SQLITE_STATIC, SQLITE_UTF8);
      break;
    default: slResultEvent(pCtx, &p->event, SQLITE_STATIC); break;
  }
  return SQLITE_OK;
}

static int homeRowid(sqlite3_vtab_cursor *pCur, sqlite3_int64 *piRowid){
  *piRowid = ((SlPendingCursor *)pCur)->iKey;
  return SQLITE_OK;
}

/*
** Run the waiting task. Its error stays in the operation.
*/
static int taskUpdate(sqlite3_vtab *pVtab, int nArg, sqlite3_value **apArg,
                      sqlite3_int64 *piRowid) {
  SlConn *p = ((SlHome *)pVtab)->pConn;
  SlOp *pOp = p->pTask;
  (void)nArg;
  (void)apArg;
  if( pOp==0 ){
    pVtab->zErrMsg = sqlite3_mprintf("%s is for internal use", SL_TASK);
    return SQLITE_ERROR;
  }
  p->pTask = 0;
  *piRowid = sqlite3_last_insert_rowid(p->db);
  slOpRunTask(pOp);
  return pOp->rc;
}

static int homeBegin(sqlite3_vtab *pVtab){
  slConnEnlist(((SlHome *)pVtab)->pConn);
  return SQLITE_OK;
}

static int homeSync(sqlite3_vtab *pVtab){
  return slPendingSync(((SlHome *)pVtab)->pConn, 0, &pVtab->zErrMsg);
}

static int homeCommit(sqlite3_vtab *pVtab){
  slConnCommit(((SlHome *)pVtab)->pConn);
  return SQLITE_OK;
}

static int homeRollback(sqlite3_vtab *pVtab){
  SlConn *p = ((SlHome *)pVtab)->pConn;
  slConnRollback(p, 1);
  slConnCommit(p);
  return SQLITE_OK;
}

static int homeSavepoint(sqlite3_vtab *pVtab, int iSavepoint){
  (void)iSavepoint;
  return slConnSavepoint(((SlHome *)pVtab)->pConn, &pVtab->zErrMsg);
}

static int homeRollbackTo(sqlite3_vtab *pVtab, int iSavepoint){
  (void)iSavepoint;
  slConnRollback(((SlHome *)pVtab)->pConn, 0);
  return SQLITE_OK;
}

int slHomeRegister(SlConn *p){
  static const sqlite3_module homeModule = {
    .xConnect = homeConnect,
    .xBestIndex = homeBestIndex,
    .xDisconnect = homeDisconnect,
    .xOpen = homeOpen,
    .xClose = homeClose,
    .xFilter = homeFilter,
    .xNext = pendingNext,
    .xEof = homeEof,
    .xColumn = pendingColumn,
    .xRowid = homeRowid,
  };
  static const sqlite3_module taskModule = {
    .iVersion = 2,
    .xConnect = taskConnect,
    .xBestIndex = homeBestIndex,
    .xDisconnect = homeDisconnect,
    .xOpen = homeOpen,
    .xClose = homeClose,
    .xFilter = homeFilter,
    .xNext = pendingNext,
    .xEof = homeEof,
    .xColumn = pendingColumn,
    .xRowid = homeRowid,
    .xUpdate = taskUpdate,
    .xBegin = homeBegin,
    .xSync = homeSync,
    .xCommit = homeCommit,
    .xRollback = homeRollback,
    .xSavepoint = homeSavepoint,
    .xRollbackTo = homeRollbackTo,
  };
  static const sqlite3_module pendingModule = {
    .xConnect = pendingConnect,
    .xBestIndex = homeBestIndex,
    .xDisconnect = homeDisconnect,
    .xOpen = homeOpen,
    .xClose = homeClose,
    .xFilter = pendingFilter,
    .xNext = pendingNext,
    .xEof = homeEof,
    .xColumn = pendingColumn,
    .xRowid = homeRowid,
  };
  int rc;
  slConnRef(p);
  rc = sqlite3_create_module_v2(p->db, SL_HOME, &homeModule, p, slConnUnref);
  if( rc==SQLITE_OK ){
    slConnRef(p);
    rc = sqlite3_create_module_v2(p->db, SL_TASK, &taskModule, p, slConnUnref);
  }
  if( rc==SQLITE_OK ){
    slConnRef(p);
    rc = sqlite3_create_module_v2(p->db, SL_PENDING, &pendingModule, p,
                                  slConnUnref);
  }
  return rc;
}
