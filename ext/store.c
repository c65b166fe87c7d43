/*
** store.c - connections, databases, operations and prepared statements.
**
** The only file that prepares SQL. A statement is prepared when it is first
** needed on a database, always with its tables qualified and with virtual
** tables shut out, and kept in SlDb.aStmt[]. It is taken out of there while
** it is in use, so that a trigger that comes back to us finds the slot empty
** and prepares another.
**
** Who finalizes the kept statements: the home table, an eponymous virtual
** table called sessionlog_home. SQLite disconnects eponymous tables before
** sqlite3_close() looks for unfinalized statements, and that disconnect is
** where they go. Until the home table is connected nothing is kept, and no
** kept statement may use the home table, which it would keep connected.
**
** The task table makes writes atomic. A task (see slOpWrite()) runs inside
** the xUpdate of
**
**   INSERT INTO sessionlog_task SELECT 1
**
** which SQLite treats as a statement of many writes: it takes the write lock
** first, with the busy handler, and keeps a statement journal, so that a
** task that fails leaves nothing. A bare function call has neither.
*/
#define _GNU_SOURCE 1
#include "sessionlogInt.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdlib.h>
#include <unistd.h>

/* The two internal tables. */
#define SL_HOME "sessionlog_home"
#define SL_TASK "sessionlog_task"

static void slOpTask(SlOp*);

/* ---- errors ---------------------------------------------------------- */

/*
** Fail with rc and a formatted message, unless the operation has failed
** already. NOMEM never carries a message.
*/
void slErr(SlOp *pOp, int rc, const char *zFmt, ...){
  va_list ap;
  if( pOp->rc!=SQLITE_OK ) return;
  pOp->rc = rc;
  va_start(ap, zFmt);
  pOp->zErr = sqlite3_vmprintf(zFmt, ap);
  va_end(ap);
  if( pOp->zErr==0 ) pOp->rc = SQLITE_NOMEM;
}

/*
** Fail with the connection's present error, code and message.
*/
void slErrDb(SlOp *pOp){
  sqlite3 *db = pOp->pConn->db;
  int rc = sqlite3_extended_errcode(db);
  if( pOp->rc!=SQLITE_OK ) return;
  if( (rc & 0xff)==SQLITE_NOMEM ){
    pOp->rc = SQLITE_NOMEM;
  }else{
    /* A SQLITE_SCHEMA that left xUpdate would run the statement again. */
    slErr(pOp, rc==SQLITE_OK || rc==SQLITE_SCHEMA ? SQLITE_ERROR : rc, "%s",
          sqlite3_errmsg(db));
  }
}

/*
** Fail with rc and SQLite's text for it; SQLITE_OK does nothing.
*/
void slErrRc(SlOp *pOp, int rc){
  if( rc==SQLITE_OK || pOp->rc!=SQLITE_OK ) return;
  if( (rc & 0xff)==SQLITE_NOMEM ){
    pOp->rc = SQLITE_NOMEM;
  }else{
    slErr(pOp, rc, "%s", sqlite3_errstr(rc));
  }
}

/* ---- connections ----------------------------------------------------- */

/*
** A new connection object with one reference, or NULL when out of memory.
*/
SlConn *slConnNew(sqlite3 *db){
  SlConn *p = sqlite3_malloc64(sizeof(*p));
  if( p==0 ) return 0;
  memset(p, 0, sizeof(*p));
  p->db = db;
  p->nRef = 1;
  p->zTenant = sqlite3_mprintf("default");
  p->zSchema = sqlite3_mprintf("main");
  if( p->zTenant==0 || p->zSchema==0 ){
    slConnUnref(p);
    return 0;
  }
  return p;
}

void slConnRef(SlConn *p){
  p->nRef++;
}

/*
** Drop a reference (the signature is that of xDestroy).
*/
void slConnUnref(void *pArg){
  SlConn *p = (SlConn*)pArg;
  if( --p->nRef==0 ){
    SlDb *pDb, *pNext;
    for(pDb=p->pDb; pDb; pDb=pNext){
      pNext = pDb->pNext;
      slCacheFree(pDb->pCache);
      sqlite3_free(pDb->zName);
      sqlite3_free(pDb);
    }
    slBlockFree(p->pBlock);
    slMemoryFree(p->pMemory);
    sqlite3_free(p->zTenant);
    sqlite3_free(p->zSchema);
    sqlite3_free(p);
  }
}

/*
** Finalize the idle statements of one database.
*/
static void slDbFinalize(SlDb *pDb){
  int i;
  for(i=0; i<SL_SQL_COUNT; i++){
    sqlite3_finalize(pDb->aStmt[i]);
    pDb->aStmt[i] = 0;
  }
}

/*
** The schema name as SQLite spells it: NULL if nothing is attached under it.
*/
static const char *slSchemaName(sqlite3 *db, const char *zSchema){
  int i;
  const char *z;
  for(i=0; (z = sqlite3_db_name(db, i))!=0; i++){
    if( sqlite3_stricmp(z, zSchema)==0 ) return z;
  }
  if( sqlite3_stricmp(zSchema, "main")==0 ) return sqlite3_db_name(db, 0);
  return 0;
}

/*
** The record of the named database, made on first use.
*/
static SlDb *slDbByName(SlOp *pOp, const char *zSchema){
  SlConn *p = pOp->pConn;
  SlDb **pp, *pDb;
  const char *zName;
  if( p->pDb && zSchema==p->zSchema && strcmp(zSchema, "main")==0 ){
    return p->pDb;
  }
  zName = slSchemaName(p->db, zSchema);
  if( zName==0 ){
    slErr(pOp, SQLITE_ERROR, "no such database: %s", zSchema);
    return 0;
  }
  if( p->pDb==0 && zName!=sqlite3_db_name(p->db, 0) ){
    if( slDbByName(pOp, "main")==0 ) return 0;
  }
  for(pp=&p->pDb; (pDb = *pp)!=0; pp=&pDb->pNext){
    if( sqlite3_stricmp(pDb->zName, zName)==0 ) return pDb;
  }
  pDb = sqlite3_malloc64(sizeof(*pDb));
  if( pDb==0 ){
    pOp->rc = SQLITE_NOMEM;
    return 0;
  }
  memset(pDb, 0, sizeof(*pDb));
  pDb->pConn = p;
  pDb->iDb = p->nDb;
  pDb->zName = sqlite3_mprintf("%s", zName);
  if( pDb->zName==0 ){
    sqlite3_free(pDb);
    pOp->rc = SQLITE_NOMEM;
    return 0;
  }
  p->nDb++;
  *pp = pDb;
  return pDb;
}

SlDb *slDbByIndex(SlConn *p, int iDb){
  SlDb *pDb;
  for(pDb=p->pDb; pDb && pDb->iDb!=iDb; pDb=pDb->pNext){}
  return pDb;
}

/*
** Forget everything cached of the database's rows.
*/
void slDbChanged(SlDb *pDb){
  if( pDb->pCache ) slCacheClear(pDb->pCache);
}

/*
** The database may be another one altogether: check everything again.
*/
static void slDbForget(SlDb *pDb){
  pDb->bVerified = 0;
  slDbChanged(pDb);
}

static u32 slDataVersion(SlDb *pDb){
  u32 iVersion = 0;
  sqlite3_file_control(pDb->pConn->db, pDb->zName, SQLITE_FCNTL_DATA_VERSION,
                       &iVersion);
  return iVersion;
}

/* ---- transactions ---------------------------------------------------- */

/*
** One of our tables has joined the transaction.
*/
void slConnEnlist(SlConn *p){
  SlDb *pDb;
  if( p->bEnlisted ) return;
  p->bEnlisted = 1;
  for(pDb=p->pDb; pDb; pDb=pDb->pNext) pDb->bChecked = 0;
}

/*
** The transaction is over. What is cached of main stays good, if it was, and
** the data version that our own commit has moved is taken over; an attached
** database may be replaced by another under the same name before we hear of
** it again.
*/
void slConnCommit(SlConn *p){
  SlDb *pDb;
  p->bEnlisted = 0;
  for(pDb=p->pDb; pDb; pDb=pDb->pNext){
    if( pDb->iDb!=0 ){
      slDbForget(pDb);
    }else if( pDb->bChecked ){
      pDb->iVersion = slDataVersion(pDb);
    }
    pDb->bChecked = 0;
  }
}

/*
** Rows written since some point are gone: by ROLLBACK (then slConnCommit()
** follows, which also ends the membership) or to a savepoint.
*/
void slConnRollback(SlConn *p){
  SlDb *pDb;
  for(pDb=p->pDb; pDb; pDb=pDb->pNext) slDbForget(pDb);
}

/* ---- the home table -------------------------------------------------- */

typedef struct SlHome SlHome;
struct SlHome {
  sqlite3_vtab base;
  SlConn *pConn;
  int bKeeper;             /* this is the home table, not the task table */
};

static int homeConnectAs(
  sqlite3 *db,
  SlConn *pConn,
  int bKeeper,
  sqlite3_vtab **ppVtab
){
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

static int homeConnect(
  sqlite3 *db,
  void *pAux,
  int nArg,
  const char *const *azArg,
  sqlite3_vtab **ppVtab,
  char **pzErr
){
  (void)nArg;
  (void)azArg;
  (void)pzErr;
  return homeConnectAs(db, (SlConn*)pAux, 1, ppVtab);
}

static int taskConnect(
  sqlite3 *db,
  void *pAux,
  int nArg,
  const char *const *azArg,
  sqlite3_vtab **ppVtab,
  char **pzErr
){
  (void)nArg;
  (void)azArg;
  (void)pzErr;
  return homeConnectAs(db, (SlConn*)pAux, 0, ppVtab);
}

static int homeDisconnect(sqlite3_vtab *pVtab){
  SlConn *p = ((SlHome*)pVtab)->pConn;
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

static int homeOpen(sqlite3_vtab *pVtab, sqlite3_vtab_cursor **ppCur){
  (void)pVtab;
  *ppCur = sqlite3_malloc64(sizeof(**ppCur));
  if( *ppCur==0 ) return SQLITE_NOMEM;
  memset(*ppCur, 0, sizeof(**ppCur));
  return SQLITE_OK;
}

static int homeClose(sqlite3_vtab_cursor *pCur){
  sqlite3_free(pCur);
  return SQLITE_OK;
}

static int homeFilter(
  sqlite3_vtab_cursor *pCur,
  int idxNum,
  const char *idxStr,
  int nArg,
  sqlite3_value **apArg
){
  (void)pCur;
  (void)idxNum;
  (void)idxStr;
  (void)nArg;
  (void)apArg;
  return SQLITE_OK;
}

static int homeNext(sqlite3_vtab_cursor *pCur){
  (void)pCur;
  return SQLITE_OK;
}

static int homeEof(sqlite3_vtab_cursor *pCur){
  (void)pCur;
  return 1;
}

static int homeColumn(sqlite3_vtab_cursor *pCur, sqlite3_context *pCtx, int i){
  (void)pCur;
  (void)i;
  sqlite3_result_null(pCtx);
  return SQLITE_OK;
}

static int homeRowid(sqlite3_vtab_cursor *pCur, sqlite3_int64 *piRowid){
  (void)pCur;
  *piRowid = 0;
  return SQLITE_OK;
}

/*
** Run the waiting task. Its error stays in the operation.
*/
static int taskUpdate(
  sqlite3_vtab *pVtab,
  int nArg,
  sqlite3_value **apArg,
  sqlite3_int64 *piRowid
){
  SlConn *p = ((SlHome*)pVtab)->pConn;
  SlOp *pOp = p->pTask;
  (void)nArg;
  (void)apArg;
  if( pOp==0 ){
    pVtab->zErrMsg = sqlite3_mprintf("%s is for internal use", SL_TASK);
    return SQLITE_ERROR;
  }
  p->pTask = 0;
  *piRowid = sqlite3_last_insert_rowid(p->db);
  slOpTask(pOp);
  return pOp->rc;
}

static int homeBegin(sqlite3_vtab *pVtab){
  slConnEnlist(((SlHome*)pVtab)->pConn);
  return SQLITE_OK;
}

static int homeCommit(sqlite3_vtab *pVtab){
  slConnCommit(((SlHome*)pVtab)->pConn);
  return SQLITE_OK;
}

static int homeRollback(sqlite3_vtab *pVtab){
  SlConn *p = ((SlHome*)pVtab)->pConn;
  slConnRollback(p);
  slConnCommit(p);
  return SQLITE_OK;
}

static int homeSavepoint(sqlite3_vtab *pVtab, int iSavepoint){
  (void)pVtab;
  (void)iSavepoint;
  return SQLITE_OK;
}

static int homeRollbackTo(sqlite3_vtab *pVtab, int iSavepoint){
  (void)iSavepoint;
  slConnRollback(((SlHome*)pVtab)->pConn);
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
    .xNext = homeNext,
    .xEof = homeEof,
    .xColumn = homeColumn,
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
    .xNext = homeNext,
    .xEof = homeEof,
    .xColumn = homeColumn,
    .xRowid = homeRowid,
    .xUpdate = taskUpdate,
    .xBegin = homeBegin,
    .xCommit = homeCommit,
    .xRollback = homeRollback,
    .xSavepoint = homeSavepoint,
    .xRelease = homeSavepoint,
    .xRollbackTo = homeRollbackTo,
  };
  int rc;
  slConnRef(p);
  rc = sqlite3_create_module_v2(p->db, SL_HOME, &homeModule, p, slConnUnref);
  if( rc==SQLITE_OK ){
    slConnRef(p);
    rc = sqlite3_create_module_v2(p->db, SL_TASK, &taskModule, p, slConnUnref);
  }
  return rc;
}

/* ---- statements ------------------------------------------------------ */

/*
** Connect the home table, so that statements may be kept.
*/
static void slHomeConnect(SlOp *pOp){
  sqlite3_stmt *pStmt = 0;
  int rc = sqlite3_prepare_v2(pOp->pConn->db, "SELECT 1 FROM " SL_HOME, -1,
                              &pStmt, 0);
  if( rc!=SQLITE_OK ) slErrDb(pOp);
  sqlite3_finalize(pStmt);
}

char *slSqlFor(const char *zText, const char *zSchema){
  sqlite3_str *pStr = sqlite3_str_new(0);
  const char *z;
  while( (z = strstr(zText, "$db"))!=0 ){
    sqlite3_str_append(pStr, zText, (int)(z-zText));
    sqlite3_str_appendf(pStr, "\"%w\"", zSchema);
    zText = z+3;
  }
  sqlite3_str_appendall(pStr, zText);
  return sqlite3_str_finish(pStr);
}

static sqlite3_stmt *slPrepare(SlOp *pOp, int eSql){
  sqlite3_stmt *pStmt = 0;
  char *zSql = slSqlFor(slSqlText[eSql], pOp->pDb->zName);
  if( zSql==0 ){
    pOp->rc = SQLITE_NOMEM;
    return 0;
  }
  if( sqlite3_prepare_v3(pOp->pConn->db, zSql, -1,
        SQLITE_PREPARE_PERSISTENT|SQLITE_PREPARE_NO_VTAB, &pStmt, 0) ){
    slErrDb(pOp);
  }
  sqlite3_free(zSql);
  return pStmt;
}

sqlite3_stmt *slStmt(SlOp *pOp, int eSql){
  sqlite3_stmt *pStmt;
  if( pOp->rc!=SQLITE_OK ) return 0;
  pStmt = pOp->pDb->aStmt[eSql];
  if( pStmt ){
    pOp->pDb->aStmt[eSql] = 0;
    return pStmt;
  }
  if( pOp->pConn->bHome==0 ){
    slHomeConnect(pOp);
    if( pOp->rc!=SQLITE_OK ) return 0;
  }
  return slPrepare(pOp, eSql);
}

void slFree(SlOp *pOp, int eSql, sqlite3_stmt *pStmt){
  SlDb *pDb = pOp->pDb;
  if( pStmt==0 ) return;
  sqlite3_reset(pStmt);
  if( pDb->aStmt[eSql]==0 && pOp->pConn->bHome ){
    sqlite3_clear_bindings(pStmt);
    pDb->aStmt[eSql] = pStmt;
  }else{
    sqlite3_finalize(pStmt);
  }
}

void slBindInt(SlOp *pOp, sqlite3_stmt *pStmt, int i, i64 iVal){
  if( pOp->rc==SQLITE_OK && sqlite3_bind_int64(pStmt, i, iVal) ) slErrDb(pOp);
}

void slBindText(SlOp *pOp, sqlite3_stmt *pStmt, int i, const char *z, i64 n){
  if( pOp->rc!=SQLITE_OK || z==0 ) return;
  if( sqlite3_bind_text64(pStmt, i, z, (u64)n, SQLITE_STATIC, SQLITE_UTF8) ){
    slErrDb(pOp);
  }
}

void slBindValue(SlOp *pOp, sqlite3_stmt *pStmt, int i, sqlite3_value *pVal){
  SlEvent e;
  if( pOp->rc!=SQLITE_OK ) return;
  slEventFromValue(pOp, &e, pVal);
  slBindEvent(pOp, pStmt, i, &e);
}

void slBindEvent(SlOp *pOp, sqlite3_stmt *pStmt, int i, const SlEvent *pEvent){
  int rc = SQLITE_OK;
  if( pOp->rc!=SQLITE_OK ) return;
  switch( pEvent->eType ){
    case SQLITE_INTEGER:
      rc = sqlite3_bind_int64(pStmt, i, pEvent->iInt);
      break;
    case SQLITE_FLOAT:
      rc = sqlite3_bind_double(pStmt, i, pEvent->rReal);
      break;
    case SQLITE_TEXT:
      rc = sqlite3_bind_text64(pStmt, i, (const char*)pEvent->pData,
                               (u64)pEvent->nData, SQLITE_STATIC, SQLITE_UTF8);
      break;
    case SQLITE_BLOB:
      if( pEvent->nData==0 ){
        rc = sqlite3_bind_zeroblob(pStmt, i, 0);
      }else{
        rc = sqlite3_bind_blob64(pStmt, i, pEvent->pData, (u64)pEvent->nData,
                                 SQLITE_STATIC);
      }
      break;
    default:
      rc = sqlite3_bind_null(pStmt, i);
      break;
  }
  if( rc!=SQLITE_OK ) slErrDb(pOp);
}

int slStep(SlOp *pOp, sqlite3_stmt *pStmt){
  int rc;
  if( pOp->rc!=SQLITE_OK ) return 0;
  rc = sqlite3_step(pStmt);
  if( rc==SQLITE_ROW ) return 1;
  if( rc!=SQLITE_DONE ) slErrDb(pOp);
  return 0;
}

void slRun(SlOp *pOp, int eSql, sqlite3_stmt *pStmt){
  slStep(pOp, pStmt);
  slFree(pOp, eSql, pStmt);
}

i64 slQueryInt(SlOp *pOp, int eSql, i64 i1, i64 i2, i64 iDefault){
  i64 iRes = iDefault;
  sqlite3_stmt *pStmt = slStmt(pOp, eSql);
  if( pStmt ){
    slBindInt(pOp, pStmt, 1, i1);
    if( sqlite3_bind_parameter_count(pStmt)>1 ) slBindInt(pOp, pStmt, 2, i2);
    if( slStep(pOp, pStmt) && sqlite3_column_type(pStmt, 0)!=SQLITE_NULL ){
      iRes = sqlite3_column_int64(pStmt, 0);
    }
    slFree(pOp, eSql, pStmt);
  }
  return iRes;
}

char *slColumnText(SlOp *pOp, sqlite3_stmt *pStmt, int i){
  char *zCopy;
  const char *z;
  i64 n;
  if( pOp->rc!=SQLITE_OK ) return 0;
  if( sqlite3_column_type(pStmt, i)==SQLITE_NULL ) return 0;
  z = (const char*)sqlite3_column_text(pStmt, i);
  n = sqlite3_column_bytes(pStmt, i);
  zCopy = z ? sqlite3_malloc64((u64)n+1) : 0;
  if( zCopy==0 ){
    pOp->rc = SQLITE_NOMEM;
    return 0;
  }
  memcpy(zCopy, z, (size_t)n);
  zCopy[n] = 0;
  return zCopy;
}

/* ---- operations ------------------------------------------------------ */

void slOpBegin(SlOp *pOp, SlConn *pConn, const char *zSchema){
  memset(pOp, 0, sizeof(*pOp));
  pOp->pConn = pConn;
  pOp->pDb = slDbByName(pOp, zSchema ? zSchema : pConn->zSchema);
}

/*
** As slOpBegin(), with the schema as a value. NULL is the connection's.
*/
void slOpBeginValue(SlOp *pOp, SlConn *pConn, sqlite3_value *pSchema){
  const char *z;
  if( slArgNull(pSchema) ){
    slOpBegin(pOp, pConn, 0);
    return;
  }
  memset(pOp, 0, sizeof(*pOp));
  pOp->pConn = pConn;
  z = (const char*)sqlite3_value_text(pSchema);
  if( z==0 ){
    pOp->rc = SQLITE_NOMEM;
  }else if( (i64)strlen(z)!=sqlite3_value_bytes(pSchema) ){
    slErr(pOp, SQLITE_ERROR, "no such database: %s", z);
  }else{
    pOp->pDb = slDbByName(pOp, z);
  }
}

void slOpEnd(SlOp *pOp){
  if( pOp->pProbe ){
    slFree(pOp, SL_SQL_CONFIG_PROBE, pOp->pProbe);
    pOp->pProbe = 0;
  }
}

/*
** 1 if text from sqlite_schema and of sql/schema.sql are the same but for
** white space, and for what SQLite leaves out of the stored form.
*/
static int slSameSql(const char *zStored, const char *zOurs){
  static const char zDrop[] = "IF NOT EXISTS $db.";
  const char *zSkip = strstr(zOurs, zDrop);
  while( 1 ){
    if( zOurs==zSkip ) zOurs += sizeof(zDrop)-1;
    if( isspace((u8)*zStored) || isspace((u8)*zOurs) ){
      if( isspace((u8)*zStored)!=isspace((u8)*zOurs) ){
        /* White space may be missing only at the very end. */
        while( isspace((u8)*zStored) ) zStored++;
        while( isspace((u8)*zOurs) ) zOurs++;
        return *zStored==0 && *zOurs==0;
      }
      while( isspace((u8)*zStored) ) zStored++;
      while( isspace((u8)*zOurs) ) zOurs++;
    }else{
      if( *zStored!=*zOurs ) return 0;
      if( *zStored==0 ) return 1;
      zStored++;
      zOurs++;
    }
  }
}

/*
** Index in slSchemaSql[] of the object with that name, or -1. The entry's
** name is "schema_" and the object's name less "sessionlog_".
*/
static int slSchemaIndex(const char *zName){
  int i;
  if( sqlite3_strnicmp(zName, "sessionlog_", 11)!=0 ) return -1;
  for(i=0; i<SL_SCHEMA_COUNT; i++){
    if( sqlite3_stricmp(slSqlName[slSchemaSql[i]]+7, zName+11)==0 ) return i;
  }
  return -1;
}

/*
** 1 if object i of the schema is a table.
*/
static int slSchemaIsTable(int i){
  return strncmp(slSqlText[slSchemaSql[i]], "CREATE TABLE", 12)==0;
}

int slSchemaCheck(SlOp *pOp, SlSchemaFault xFault, void *pArg){
  u8 aSeen[SL_SCHEMA_COUNT];
  int i;
  int nOurs = 0;
  sqlite3_stmt *pStmt = slStmt(pOp, SL_SQL_SCHEMA_OBJECTS);
  memset(aSeen, 0, sizeof(aSeen));
  while( slStep(pOp, pStmt) ){
    const char *zType = (const char*)sqlite3_column_text(pStmt, 0);
    const char *zName = (const char*)sqlite3_column_text(pStmt, 1);
    const char *zSql = (const char*)sqlite3_column_text(pStmt, 2);
    if( zType==0 || zName==0 ){
      slErrRc(pOp, SQLITE_CORRUPT_VTAB);
      break;
    }
    i = slSchemaIndex(zName);
    nOurs += i>=0;
    if( i>=0 && zSql && slSameSql(zSql, slSqlText[slSchemaSql[i]]) ){
      aSeen[i] = 1;
    }else if( i>=0 || strcmp(zType, "index")!=0 ){
      xFault(pOp, pArg, i>=0 && slSchemaIsTable(i), sqlite3_mprintf(
             "%s %s is not part of the session log's schema", zType, zName));
    }
  }
  slFree(pOp, SL_SQL_SCHEMA_OBJECTS, pStmt);
  for(i=0; i<SL_SCHEMA_COUNT; i++){
    if( aSeen[i]==0 ){
      xFault(pOp, pArg, slSchemaIsTable(i), sqlite3_mprintf(
             "the session log lacks sessionlog_%s",
             slSqlName[slSchemaSql[i]]+7));
    }
  }
  return nOurs;
}

/*
** The first fault of the schema is the error of the operation.
*/
static void slDbFault(SlOp *pOp, void *pArg, int bTable, char *zFault){
  (void)pArg;
  (void)bTable;
  if( zFault==0 ){
    slErrRc(pOp, SQLITE_NOMEM);
  }else{
    slErr(pOp, SQLITE_CORRUPT_VTAB, "%s", zFault);
    sqlite3_free(zFault);
  }
}

/*
** Check that the stored tables, indexes and triggers are those of
** sql/schema.sql, and that no trigger but ours hangs on them. A view, or a
** trigger, in our place could turn an append into anything. Application
** indexes are let be.
*/
static void slDbVerify(SlOp *pOp){
  slSchemaCheck(pOp, slDbFault, 0);
}

/*
** 1 if the database has the configuration table.
*/
static int slDbPresent(SlOp *pOp){
  return sqlite3_table_column_metadata(pOp->pConn->db, pOp->pDb->zName,
      "sessionlog_config", 0, 0, 0, 0, 0, 0)==SQLITE_OK;
}

/*
** After a failure to read the configuration: where that is so because the
** database has no tables, the failure is forgotten.
*/
static void slDbAbsent(SlOp *pOp){
  if( pOp->rc==SQLITE_ERROR && !slDbPresent(pOp)
   && sqlite3_errcode(pOp->pConn->db)==SQLITE_ERROR
  ){
    sqlite3_free(pOp->zErr);
    pOp->zErr = 0;
    pOp->rc = SQLITE_OK;
    slDbForget(pOp->pDb);
    pOp->pDb->iSchema = 0;
    pOp->pDb->eWrites = SL_WRITES_ANY;
  }
}

/*
** Read the configuration: opens a read snapshot, held by SlOp.pProbe, and
** brings SlDb up to date. SlDb.iSchema is 0 where there are no tables.
*/
static void slDbProbe(SlOp *pOp){
  SlDb *pDb = pOp->pDb;
  sqlite3_stmt *pStmt;
  if( pOp->rc!=SQLITE_OK || pOp->pProbe ) return;
  if( pDb->aStmt[SL_SQL_CONFIG_PROBE]==0 ) slDbForget(pDb);
  pStmt = slStmt(pOp, SL_SQL_CONFIG_PROBE);
  if( pStmt && slStep(pOp, pStmt) ){
    const char *zMode = (const char*)sqlite3_column_text(pStmt, 1);
    u32 iVersion = slDataVersion(pDb);
    if( sqlite3_stmt_status(pStmt, SQLITE_STMTSTATUS_REPREPARE, 1) ){
      slDbForget(pDb);
    }
    if( iVersion!=pDb->iVersion ) slDbChanged(pDb);
    pDb->iVersion = iVersion;
    pDb->iSchema = sqlite3_column_int(pStmt, 0);
    pDb->eWrites = SL_WRITES_ANY;
    if( zMode && strcmp(zMode, "dml")==0 ) pDb->eWrites = SL_WRITES_DML;
    if( zMode && strcmp(zMode, "explicit")==0 ){
      pDb->eWrites = SL_WRITES_EXPLICIT;
    }
    pOp->pProbe = pStmt;
    if( pDb->iSchema>SL_SCHEMA ){
      slErr(pOp, SQLITE_ERROR, "sessionlog schema version %d is newer than "
            "this build supports (%d)", pDb->iSchema, SL_SCHEMA);
    }else if( pDb->iSchema<1 ){
      slErr(pOp, SQLITE_CORRUPT_VTAB,
            "sessionlog_config has no valid schema_version");
    }
  }else{
    slDbAbsent(pOp);
    slFree(pOp, SL_SQL_CONFIG_PROBE, pStmt);
  }
}

/*
** 1 if what is known of the database holds: it has a write transaction of
** ours, so that nobody else can have changed it since the data version was
** taken. Notes that it was so, for slConnCommit().
*/
static int slDbFresh(SlDb *pDb){
  if( pDb->bVerified && pDb->iSchema==SL_SCHEMA
   && sqlite3_txn_state(pDb->pConn->db, pDb->zName)==SQLITE_TXN_WRITE
   && slDataVersion(pDb)==pDb->iVersion
  ){
    pDb->bChecked = 1;
    return 1;
  }
  return 0;
}

/*
** Verify the stored form, once for each schema that is seen.
*/
static void slDbVerifyOnce(SlOp *pOp){
  if( pOp->rc!=SQLITE_OK || pOp->pDb->bVerified ) return;
  slDbVerify(pOp);
  if( pOp->rc==SQLITE_OK ) pOp->pDb->bVerified = 1;
}

int slOpRead(SlOp *pOp){
  if( pOp->rc!=SQLITE_OK ) return 0;
  if( pOp->bLockHeld ) return 1;
  slDbProbe(pOp);
  if( pOp->rc!=SQLITE_OK || pOp->pDb->iSchema==0 ) return 0;
  slDbVerifyOnce(pOp);
  return pOp->rc==SQLITE_OK;
}

/*
** Make the tables or bring them up to this build's version. The write lock
** is held.
*/
static void slDbUpgrade(SlOp *pOp){
  int i;
  sqlite3_stmt *pStmt;
  slOpEnd(pOp);
  for(i=0; i<SL_SCHEMA_COUNT && pOp->rc==SQLITE_OK; i++){
    pStmt = slPrepare(pOp, slSchemaSql[i]);
    slStep(pOp, pStmt);
    sqlite3_finalize(pStmt);
  }
  pStmt = slStmt(pOp, SL_SQL_CONFIG_SET);
  slBindText(pOp, pStmt, 1, "schema_version", 14);
  slBindInt(pOp, pStmt, 2, SL_SCHEMA);
  slRun(pOp, SL_SQL_CONFIG_SET, pStmt);
  slDbForget(pOp->pDb);
  slDbProbe(pOp);
}

/*
** Make SQLite keep a statement journal of a database other than main, and
** take its write lock. No row is touched.
*/
static void slDbMark(SlOp *pOp){
  if( pOp->pDb->iDb!=0 ){
    slRun(pOp, SL_SQL_SAVEPOINT_MARK, slStmt(pOp, SL_SQL_SAVEPOINT_MARK));
  }
}

/*
** Run the operation's task inside the task table's xUpdate: main's write
** lock is held.
*/
static void slOpTask(SlOp *pOp){
  SlDb *pDb = pOp->pDb;
  pOp->bLockHeld = 1;
  if( pDb->iSchema>0 ) slDbMark(pOp);
  if( pOp->rc==SQLITE_OK && !slDbFresh(pDb) ){
    slDbProbe(pOp);
    if( pOp->rc==SQLITE_OK && pDb->iSchema<SL_SCHEMA ){
      slDbUpgrade(pOp);
      slDbMark(pOp);
    }
    slDbVerifyOnce(pOp);
    pDb->bChecked = 1;
  }
  if( pOp->rc==SQLITE_OK ) pOp->xTask(pOp, pOp->pTaskArg);
  slOpEnd(pOp);
  pOp->bLockHeld = 0;
}

/*
** The statement that runs a task, from the connection or a new one.
*/
static sqlite3_stmt *slTaskStmt(SlOp *pOp){
  SlConn *p = pOp->pConn;
  sqlite3_stmt *pStmt = p->pTaskStmt;
  p->pTaskStmt = 0;
  if( pStmt==0 ){
    if( p->bHome==0 ) slHomeConnect(pOp);
    if( pOp->rc==SQLITE_OK
     && sqlite3_prepare_v3(p->db, "INSERT INTO " SL_TASK " SELECT 1", -1,
                           SQLITE_PREPARE_PERSISTENT, &pStmt, 0)
    ){
      slErrDb(pOp);
    }
  }
  return pStmt;
}

void slOpWrite(SlOp *pOp, void (*xTask)(SlOp*, void*), void *pArg){
  SlConn *p = pOp->pConn;
  sqlite3_stmt *pStmt;
  i64 iLast;
  int rc;
  if( pOp->rc!=SQLITE_OK ) return;
  if( pOp->bLockHeld ){
    xTask(pOp, pArg);
    return;
  }
  if( pOp->pDb->iDb!=0 && pOp->pDb->iSchema==0 ){
    /* Learn whether there are tables before the transaction begins, so that
    ** its first step in that database is to write. */
    slDbProbe(pOp);
  }
  slOpEnd(pOp);
  pStmt = slTaskStmt(pOp);
  if( pStmt==0 ) return;
  iLast = sqlite3_last_insert_rowid(p->db);
  pOp->xTask = xTask;
  pOp->pTaskArg = pArg;
  p->pTask = pOp;
  rc = sqlite3_step(pStmt);
  p->pTask = 0;
  if( rc!=SQLITE_DONE ) slErrDb(pOp);
  sqlite3_reset(pStmt);
  if( p->pTaskStmt==0 && p->bHome ){
    p->pTaskStmt = pStmt;
  }else{
    sqlite3_finalize(pStmt);
  }
  sqlite3_set_last_insert_rowid(p->db, iLast);
}

void slOpWriteOne(SlOp *pOp, void (*xTask)(SlOp*, void*), void *pArg){
  if( pOp->rc!=SQLITE_OK ) return;
  if( !pOp->bLockHeld && pOp->pConn->bEnlisted && slDbFresh(pOp->pDb) ){
    i64 iLast = sqlite3_last_insert_rowid(pOp->pConn->db);
    pOp->bLockHeld = 1;
    xTask(pOp, pArg);
    pOp->bLockHeld = 0;
    sqlite3_set_last_insert_rowid(pOp->pConn->db, iLast);
  }else{
    slOpWrite(pOp, xTask, pArg);
  }
}

/*
** 1 if the running statement is one that writes by itself, or an open
** transaction will carry what is written.
*/
static int slWriteCarried(sqlite3 *db){
  sqlite3_stmt *pStmt = 0;
  if( !sqlite3_get_autocommit(db) ) return 1;
  while( (pStmt = sqlite3_next_stmt(db, pStmt))!=0 ){
    if( sqlite3_stmt_busy(pStmt) && !sqlite3_stmt_readonly(pStmt) ) return 1;
  }
  return 0;
}

void slOpGuard(SlOp *pOp, const char *zDml){
  if( pOp->rc!=SQLITE_OK || slWriteCarried(pOp->pConn->db) ) return;
  slDbProbe(pOp);
  slOpEnd(pOp);
  if( pOp->pDb->eWrites!=SL_WRITES_ANY ){
    slErr(pOp, SQLITE_ERROR, "use DML here: %s", zDml);
  }
}

/*
** Fail where session_writes() is explicit and zWhat was not given.
*/
static int slOpExplicit(SlOp *pOp, const char *zWhat){
  if( pOp->rc!=SQLITE_OK ) return 0;
  if( pOp->pDb->eWrites==SL_WRITES_EXPLICIT ){
    slErr(pOp, SQLITE_CONSTRAINT, "explicit writes: %s must be given", zWhat);
    return 0;
  }
  return 1;
}

i64 slOpNow(SlOp *pOp, const char *zWhat){
  return slOpExplicit(pOp, zWhat) ? slNowMs() : 0;
}

void slOpUlid(SlOp *pOp, const char *zWhat, char zId[27]){
  SlUlid u;
  zId[0] = 0;
  if( slOpExplicit(pOp, zWhat) ){
    slErrRc(pOp, slUlidNew(&u));
    if( pOp->rc==SQLITE_OK ) slUlidText(&u, zId);
  }
}

char *slOpHost(SlOp *pOp, const char *zWhat){
  char zHost[256];
  char *z;
  if( !slOpExplicit(pOp, zWhat) ) return 0;
  if( gethostname(zHost, sizeof(zHost)-1) ) zHost[0] = 0;
  zHost[sizeof(zHost)-1] = 0;
  z = sqlite3_mprintf("%s", zHost);
  if( z==0 ) pOp->rc = SQLITE_NOMEM;
  return z;
}

/*
** Nothing but what every write does first.
*/
static void slInitTask(SlOp *pOp, void *pArg){
  *(int*)pArg = pOp->pDb->iSchema;
}

int slInit(SlOp *pOp){
  int iSchema = 0;
  if( slOpRead(pOp) && pOp->pDb->iSchema==SL_SCHEMA ) return SL_SCHEMA;
  slOpWrite(pOp, slInitTask, &iSchema);
  return iSchema;
}

i64 slSchemaVersion(SlOp *pOp){
  slDbProbe(pOp);
  if( pOp->pDb && pOp->pDb->iSchema>SL_SCHEMA && pOp->zErr ){
    sqlite3_free(pOp->zErr);
    pOp->zErr = 0;
    pOp->rc = SQLITE_OK;
  }
  if( pOp->rc!=SQLITE_OK || pOp->pDb->iSchema==0 ) return -1;
  return pOp->pDb->iSchema;
}
