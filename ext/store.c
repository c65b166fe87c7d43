/*
** store.c - connections, databases and operations.
**
** An operation (SlOp) is one call from the surface. Before it reads, it opens
** a snapshot with the statement config_probe, which tells the schema version
** too; before it writes, it takes the write lock by way of the task table of
** home.c. What is known of a database (SlDb) is believed as long as its data
** version stands; the form of the stored tables is verified once for each
** schema that is seen.
*/
#define _GNU_SOURCE 1
#include "sessionlogInt.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdlib.h>
#include <unistd.h>

/* ---- errors ---------------------------------------------------------- */

/*
** Fail with rc and a formatted message, unless the operation has failed
** already. NOMEM never carries a message. The message is UTF-8, whatever is in
** the values that it shows: bindings decode it.
*/
void slErr(SlOp *pOp, int rc, const char *zFmt, ...){
  va_list ap;
  if( pOp->rc!=SQLITE_OK ) return;
  pOp->rc = rc;
  va_start(ap, zFmt);
  pOp->zErr = sqlite3_vmprintf(zFmt, ap);
  va_end(ap);
  if( pOp->zErr==0 ){
    pOp->rc = SQLITE_NOMEM;
  }else{
    slUtf8Mend(pOp->zErr);
  }
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
    /* What failed has left its code with the connection. A SQLITE_SCHEMA that
    ** left xUpdate would run the statement again. */
    if( NEVER(rc==SQLITE_OK) || rc==SQLITE_SCHEMA ) rc = SQLITE_ERROR;
    slErr(pOp, rc, "%s", sqlite3_errmsg(db));
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
  SlConn *p = (SlConn *)pArg;
  if( --p->nRef==0 ){
    SlDb *pDb, *pNext;
    for(pDb=p->pDb; pDb; pDb=pNext){
      pNext = pDb->pNext;
      slCacheFree(pDb->pCache);
      slMemoFree(pDb);
      sqlite3_free(pDb->zName);
      sqlite3_free(pDb);
    }
    slReaderDelete(p->pReader);
    slBlockFree(p->pBlock);
    slPackerFree(p->pPacker);
    slMemoryFree(p->pMemory);
    slPendingFree(p);
    sqlite3_free(p->zTenant);
    sqlite3_free(p->zSchema);
    sqlite3_free(p);
  }
}

/*
** The schema name as SQLite spells it: NULL if nothing is attached under it.
** SQLite 3.38 has no sqlite3_db_name(), whatever this was compiled with: there
** the spelling is the one given.
*/
static const char *slSchemaName(sqlite3 *db, const char *zSchema){
  int bMain = sqlite3_stricmp(zSchema, "main") == 0;
#if SQLITE_VERSION_NUMBER >= 3039000
  if( sqlite3_libversion_number()>=3039000 ){
    const char *z;
    int i;
    for(i=0; (z = sqlite3_db_name(db, i))!=0; i++){
      if( sqlite3_stricmp(z, zSchema)==0 ) return z;
    }
    return bMain ? sqlite3_db_name(db, 0) : 0;
  }
#endif
  if( bMain ) return "main";
  if( sqlite3_stricmp(zSchema, "temp")==0 ) return "temp";
  return sqlite3_db_readonly(db, zSchema) < 0 ? 0 : zSchema;
}

/*
** A record for a database of a name that had none: that of one which is not
** attached any more, or a new one. NULL: no memory.
*/
static SlDb *slDbNew(SlConn *p){
  SlDb **pp = &p->pDb;
  SlDb *pDb;
  if( *pp ) pp = &(*pp)->pNext; /* the first is main's for good */
  for(; (pDb = *pp)!=0; pp=&pDb->pNext){
    if( slSchemaName(p->db, pDb->zName)==0 ){
      SlDb *pNext = pDb->pNext;
      int iDb = pDb->iDb;
      slDbFinalize(pDb);
      slCacheFree(pDb->pCache);
      slMemoFree(pDb);
      sqlite3_free(pDb->zName);
      memset(pDb, 0, sizeof(*pDb));
      pDb->pNext = pNext;
      pDb->iDb = iDb;
      return pDb;
    }
  }
  pDb = sqlite3_malloc64(sizeof(*pDb));
  if( pDb ){
    memset(pDb, 0, sizeof(*pDb));
    pDb->iDb = p->nDb++;
    *pp = pDb;
  }
  return pDb;
}

/*
** The record of the named database, made on first use.
*/
static SlDb *slDbByName(SlOp *pOp, const char *zSchema){
  SlConn *p = pOp->pConn;
  SlDb *pDb;
  char *zCopy;
  const char *zName;
  if( p->pDb && strcmp(zSchema, "main")==0 ) return p->pDb;
  zName = slSchemaName(p->db, zSchema);
  if( zName==0 ){
    slErr(pOp, SQLITE_ERROR, "no such database: %s", zSchema);
    return 0;
  }
  if( p->pDb==0 && zName!=slSchemaName(p->db, "main") ){
    if( slDbByName(pOp, "main")==0 ) return 0;
  }
  for(pDb=p->pDb; pDb; pDb=pDb->pNext){
    if( sqlite3_stricmp(pDb->zName, zName)==0 ) return pDb;
  }
  zCopy = sqlite3_mprintf("%s", zName);
  pDb = zCopy ? slDbNew(p) : 0;
  if( pDb==0 ){
    sqlite3_free(zCopy);
    pOp->rc = SQLITE_NOMEM;
    return 0;
  }
  pDb->pConn = p;
  pDb->zName = zCopy;
  return pDb;
}

SlDb *slDbByIndex(SlConn *p, int iDb){
  SlDb *pDb;
  for(pDb=p->pDb; ALWAYS(pDb) && pDb->iDb!=iDb; pDb=pDb->pNext){
  }
  return pDb;
}

/*
** Forget everything cached of the database's rows.
*/
void slDbChanged(SlDb *pDb){
  if( pDb->pCache ) slCacheClear(pDb->pCache);
  slMemoClear(pDb);
}

/*
** The database may be another one altogether: check everything again.
*/
static void slDbForget(SlDb *pDb){
  pDb->bVerified = 0;
  pDb->bChecked = 0;
  pDb->iSchema = 0;
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
  p->pBurst = 0;
  for(pDb=p->pDb; pDb; pDb=pDb->pNext){
    pDb->bChecked = 0;
    pDb->bMarked = 0;
  }
}

/*
** The transaction is over. What is cached stays good, if it was, and the data
** version that our own commit has moved is taken over.
*/
void slConnCommit(SlConn *p){
  SlDb *pDb;
  p->bEnlisted = 0;
  p->pBurst = 0;
  for(pDb=p->pDb; pDb; pDb=pDb->pNext){
    if( pDb->bChecked ) pDb->iVersion = slDataVersion(pDb);
    pDb->bChecked = 0;
    pDb->iRemoved = 0;
  }
}

/*
** Rows written since some point are gone: by ROLLBACK (bAll; then
** slConnCommit() follows, which also ends the membership) or to a savepoint.
*/
void slConnRollback(SlConn *p, int bAll){
  SlDb *pDb;
  slPendingDrop(p, bAll);
  slReaderUndone(p);
  for(pDb=p->pDb; pDb; pDb=pDb->pNext){
    slDbForget(pDb);
    pDb->bMarked = 0;
  }
}

/*
** A savepoint or a statement journal is about to be opened: what was appended
** before must be outside of it, and databases other than main have yet to be
** made part of it.
*/
int slConnSavepoint(SlConn *p, char **pzErr){
  SlDb *pDb;
  for(pDb=p->pDb; pDb; pDb=pDb->pNext) pDb->bMarked = 0;
  return slPendingSync(p, 1, pzErr);
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
  z = (const char *)sqlite3_value_text(pSchema);
  if( z==0 ){
    pOp->rc = SQLITE_NOMEM;
  }else if( (i64)strlen(z)!=sqlite3_value_bytes(pSchema) ){
    slErr(pOp, SQLITE_ERROR, "no such database: %s", z);
  }else{
    pOp->pDb = slDbByName(pOp, z);
  }
}

void slOpEnd(SlOp *pOp){
  pOp->bStable = 0;
  slFree(pOp, pOp->eProbe, pOp->pProbe);
  pOp->pProbe = 0;
}

/*
** 1 if text from sqlite_schema and of sql/schema.sql are the same but for
** white space, and for what SQLite leaves out of the stored form.
*/
static int slSameSql(const char *zStored, const char *zOurs){
  static const char zDrop[] = "IF NOT EXISTS $db.";
  const char *zSkip = strstr(zOurs, zDrop);
  while( 1 ){
    if( zOurs==zSkip ) zOurs += sizeof(zDrop) - 1;
    if( isspace((u8)*zStored) ){
      while( isspace((u8)*zStored) ) zStored++;
      /* Ours has none at its end. */
      if( *zStored==0 ) return *zOurs == 0;
      if( !isspace((u8)*zOurs) ) return 0;
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
** 1 if that is the text of object i of the schema. Earlier files have other
** forms of some indexes, of which the text tells the name.
*/
static int slSchemaSame(const char *zStored, int i){
  static const int aFormer[] = {
    SL_SQL_FORMER_SESSION_STATUS,
    SL_SQL_FORMER_SESSION_GROUP,
    SL_SQL_FORMER_SESSION_CREATOR,
  };
  size_t j;
  if( slSameSql(zStored, slSqlText[slSchemaSql[i]]) ) return 1;
  for(j=0; j<sizeof(aFormer)/sizeof(aFormer[0]); j++){
    if( slSameSql(zStored, slSqlText[aFormer[j]]) ) return 1;
  }
  return 0;
}

/*
** 1 if the name is that of a virtual table which nobody but us uses: a table
** of that name would be used in its place.
*/
static int slIsInternal(const char *zName){
  return sqlite3_stricmp(zName, SL_HOME) == 0
         || sqlite3_stricmp(zName, SL_TASK) == 0
         || sqlite3_stricmp(zName, SL_PENDING) == 0;
}

/*
** 1 if object i of the schema is a table.
*/
static int slSchemaIsTable(int i){
  return strncmp(slSqlText[slSchemaSql[i]], "CREATE TABLE", 12) == 0;
}

int slSchemaCheck(SlOp *pOp, SlSchemaFault xFault, void *pArg){
  u8 aSeen[SL_SCHEMA_COUNT];
  int i;
  int nOurs = 0;
  sqlite3_stmt *pStmt = slStmt(pOp, SL_SQL_SCHEMA_OBJECTS);
  memset(aSeen, 0, sizeof(aSeen));
  while( slStep(pOp, pStmt) ){
    const char *zType = (const char *)sqlite3_column_text(pStmt, 0);
    const char *zName = (const char *)sqlite3_column_text(pStmt, 1);
    const char *zTable = (const char *)sqlite3_column_text(pStmt, 2);
    const char *zSql = (const char *)sqlite3_column_text(pStmt, 3);
    if( zType==0 || zName==0 || zTable==0 ){
      slErrRc(pOp, SQLITE_CORRUPT_VTAB);
      break;
    }
    i = slSchemaIndex(zName);
    if( i>=0 ){
      nOurs++;
      if( zSql && slSchemaSame(zSql, i) ){
        aSeen[i] = 1;
        continue;
      }
    }else if( !slIsInternal(zName)
           && (strcmp(zType, "trigger")!=0 || slSchemaIndex(zTable)<0) ){
      continue;
    }
    /* If it is in the place of a table of ours, that is lacking as well. */
    xFault(pOp, pArg, SL_FAULT_FOREIGN,
           sqlite3_mprintf("%s %s is not part of the session log's schema",
                           zType, zName));
  }
  slFree(pOp, SL_SQL_SCHEMA_OBJECTS, pStmt);
  for(i=0; i<SL_SCHEMA_COUNT; i++){
    if( aSeen[i]==0 ){
      xFault(pOp, pArg, slSchemaIsTable(i) ? SL_FAULT_NO_TABLE : SL_FAULT_LACKS,
             sqlite3_mprintf("the session log lacks sessionlog_%s",
                             slSqlName[slSchemaSql[i]] + 7));
    }
  }
  return nOurs;
}

/*
** The first fault of the schema is the error of the operation.
*/
static void slDbFault(SlOp *pOp, void *pArg, int eFault, char *zFault){
  (void)pArg;
  (void)eFault;
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
** trigger, in our place could turn an append into anything. Indexes of the
** application are let be, and what has names like ours.
*/
static void slDbVerify(SlOp *pOp){
  slSchemaCheck(pOp, slDbFault, 0);
}

/*
** After a failure to read the configuration: where that is so because the
** database has no tables, the failure is forgotten; where it is because
** something else bears the table's name, the error says so.
*/
static void slDbAbsent(SlOp *pOp){
  char *zErr = pOp->zErr;
  int bTable = 0;
  sqlite3_stmt *pStmt;
  if( pOp->rc!=SQLITE_ERROR ) return;
  pOp->rc = SQLITE_OK;
  pOp->zErr = 0;
  slDbForget(pOp->pDb);
  pOp->pDb->eWrites = SL_WRITES_ANY;
  pStmt = slStmt(pOp, SL_SQL_CONFIG_OBJECT);
  if( slStep(pOp, pStmt) ){
    const char *zType = (const char *)sqlite3_column_text(pStmt, 0);
    const char *zSql = (const char *)sqlite3_column_text(pStmt, 1);
    bTable = zSql && slSameSql(zSql, slSqlText[SL_SQL_SCHEMA_CONFIG]);
    if( !bTable ){
      slErr(pOp, SQLITE_CORRUPT_VTAB,
            "%s sessionlog_config is not part of the session log's schema",
            zType ? zType : "object");
    }
  }
  slFree(pOp, SL_SQL_CONFIG_OBJECT, pStmt);
  if( bTable ){
    pOp->rc = SQLITE_ERROR;
    pOp->zErr = zErr;
  }else{
    sqlite3_free(zErr);
  }
}

/*
** 1 if the open transaction, if any, has not written to the database: what
** is cached can't be out of date by plain SQL of this connection.
*/
static int slTxnUnwritten(SlDb *pDb){
  return sqlite3_txn_state(pDb->pConn->db, pDb->zName) != SQLITE_TXN_WRITE;
}

/*
** Open a read snapshot, held by SlOp.pProbe, and see whether all that is
** known of the database still holds: 1. This costs less than to read the
** configuration again. The statement must be one that was there when the
** schema was verified, since it tells whether that has changed: it goes where
** an authorizer refuses it. Main with a write transaction and the data version
** as it was is slDbFresh()'s.
*/
static int slDbUnchanged(SlOp *pOp){
  SlDb *pDb = pOp->pDb;
  sqlite3_stmt *pStmt;
  if( !pDb->bVerified || pDb->iSchema!=SL_SCHEMA ) return 0;
  if( pDb->aStmt[SL_SQL_CONFIG_TOUCH]==0 ) return 0;
  pStmt = slStmt(pOp, SL_SQL_CONFIG_TOUCH);
  if( slStep(pOp, pStmt) ){
    if( sqlite3_stmt_status(pStmt, SQLITE_STMTSTATUS_REPREPARE, 1) ){
      slDbForget(pDb);
    }else if( slDataVersion(pDb)==pDb->iVersion
           && (pDb->iDb==0 || slTxnUnwritten(pDb))
    ){
      pOp->pProbe = pStmt;
      pOp->eProbe = SL_SQL_CONFIG_TOUCH;
      pOp->bStable = 1;
      return 1;
    }
  }
  slDbAbsent(pOp);
  slFree(pOp, SL_SQL_CONFIG_TOUCH, pStmt);
  return 0;
}

/*
** Read the configuration: opens a read snapshot, held by SlOp.pProbe, and
** brings SlDb up to date. SlDb.iSchema is 0 where there are no tables.
*/
static void slDbProbe(SlOp *pOp){
  SlDb *pDb = pOp->pDb;
  sqlite3_stmt *pStmt;
  if( pOp->pProbe ) return;
  slPendingFlush(pOp);
  if( pOp->rc!=SQLITE_OK ) return;
  if( pDb->aStmt[SL_SQL_CONFIG_PROBE]==0 ) slDbForget(pDb);
  pStmt = slStmt(pOp, SL_SQL_CONFIG_PROBE);
  if( slStep(pOp, pStmt) ){
    const char *zMode = (const char *)sqlite3_column_text(pStmt, 1);
    u32 iVersion = slDataVersion(pDb);
    if( sqlite3_stmt_status(pStmt, SQLITE_STMTSTATUS_REPREPARE, 1) ){
      /* Another schema, or another authorizer: prepare them all anew. */
      slDbFinalize(pDb);
      slDbForget(pDb);
    }
    if( iVersion!=pDb->iVersion ) slDbChanged(pDb);
    pDb->iVersion = iVersion;
    pDb->iSchema = sqlite3_column_int64(pStmt, 0);
    pDb->eWrites = SL_WRITES_ANY;
    if( zMode && strcmp(zMode, "dml")==0 ) pDb->eWrites = SL_WRITES_DML;
    if( zMode && strcmp(zMode, "explicit")==0 ){
      pDb->eWrites = SL_WRITES_EXPLICIT;
    }
    pOp->pProbe = pStmt;
    pOp->eProbe = SL_SQL_CONFIG_PROBE;
    pOp->bStable = slTxnUnwritten(pDb);
    if( pDb->iSchema>SL_SCHEMA ){
      slErr(pOp, SQLITE_ERROR,
            "sessionlog schema version %lld is newer than "
            "this build supports (%d)",
            pDb->iSchema, SL_SCHEMA);
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
** taken. Notes that it was so: until the end of a transaction that one of
** our tables belongs to, or its rollback to a savepoint, it stays so. A
** database other than main may be another one under the same name, which only
** slDbProbe() finds out.
*/
static int slDbFresh(SlDb *pDb){
  if( !pDb->bVerified || pDb->iSchema!=SL_SCHEMA ) return 0;
  if( pDb->bChecked && pDb->pConn->bEnlisted ) return 1;
  if( pDb->iDb==0
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
  pOp->pDb->bUtf16 = slQueryInt(pOp, SL_SQL_CHAR_SIZE, 0, 0, 1) != 1;
  slFree(pOp, SL_SQL_CONFIG_TOUCH, slStmt(pOp, SL_SQL_CONFIG_TOUCH));
  if( pOp->rc==SQLITE_OK ) pOp->pDb->bVerified = 1;
}

int slOpRead(SlOp *pOp){
  if( pOp->rc!=SQLITE_OK ) return 0;
  if( slDbFresh(pOp->pDb) ) return 1;
  if( pOp->pProbe==0 && slDbUnchanged(pOp) ) return 1;
  slDbProbe(pOp);
  if( pOp->pDb->iSchema==0 ) return 0;
  slDbVerifyOnce(pOp);
  return pOp->rc == SQLITE_OK;
}

/*
** What is not ours is the error of the operation; what lacks has yet to come.
*/
static void slDbForeign(SlOp *pOp, void *pArg, int eFault, char *zFault){
  if( eFault==SL_FAULT_FOREIGN ){
    slDbFault(pOp, pArg, eFault, zFault);
  }else{
    sqlite3_free(zFault);
  }
}

/*
** A table, index or trigger could not be made. If something is in its place,
** that is the error, rather than what SQLite made of it.
*/
static void slDbInTheWay(SlOp *pOp){
  char *zErr = pOp->zErr;
  if( pOp->rc!=SQLITE_ERROR ) return;
  pOp->rc = SQLITE_OK;
  pOp->zErr = 0;
  slSchemaCheck(pOp, slDbForeign, 0);
  if( pOp->rc==SQLITE_OK ){
    pOp->rc = SQLITE_ERROR;
    pOp->zErr = zErr;
  }else{
    sqlite3_free(zErr);
  }
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
  slDbInTheWay(pOp);
  pStmt = slStmt(pOp, SL_SQL_CONFIG_SET);
  slBindText(pOp, pStmt, 1, "schema_version", 14);
  slBindInt(pOp, pStmt, 2, SL_SCHEMA);
  slRun(pOp, SL_SQL_CONFIG_SET, pStmt);
  slDbForget(pOp->pDb);
  slDbProbe(pOp);
}

/*
** Make SQLite keep a statement journal of a database other than main, and
** take its write lock. No row is touched. Once is enough until a savepoint or
** another journal is opened.
*/
static void slDbMark(SlOp *pOp){
  SlDb *pDb = pOp->pDb;
  if( pDb->iDb!=0 && !pDb->bMarked ){
    slRun(pOp, SL_SQL_SAVEPOINT_MARK, slStmt(pOp, SL_SQL_SAVEPOINT_MARK));
    pDb->bMarked = pOp->rc == SQLITE_OK;
  }
}

/*
** Run the operation's task inside the task table's xUpdate: main's write
** lock is held. The first step in another database is to write, so that it can
** wait for the lock; where it is not known yet that there are tables, the mark
** comes after that was read.
*/
void slOpRunTask(SlOp *pOp){
  SlDb *pDb = pOp->pDb;
  pOp->bLockHeld = 1;
  if( pDb->iSchema>0 ) slDbMark(pOp);
  if( pOp->rc==SQLITE_OK && !slDbFresh(pDb) ){
    slDbProbe(pOp);
    if( pOp->rc==SQLITE_OK && pDb->iSchema<SL_SCHEMA ) slDbUpgrade(pOp);
    slDbMark(pOp);
    slDbVerifyOnce(pOp);
    pDb->bChecked = 1;
  }
  if( !pOp->bAppend ) slMemoClear(pDb);
  pOp->bStable = 0; /* the task itself is about to change what is read */
  if( pOp->rc==SQLITE_OK ) pOp->xTask(pOp, pOp->pTaskArg);
  slOpEnd(pOp);
  pOp->bLockHeld = 0;
}

void slOpWrite(SlOp *pOp, void (*xTask)(SlOp *, void *), void *pArg){
  SlConn *p = pOp->pConn;
  sqlite3_stmt *pStmt;
  int rc;
  if( pOp->rc!=SQLITE_OK ) return;
  if( pOp->bLockHeld ){
    xTask(pOp, pArg);
    return;
  }
  slPendingFlush(pOp);
  slOpEnd(pOp);
  pStmt = slTaskStmt(pOp);
  if( pStmt==0 ) return;
  pOp->xTask = xTask;
  pOp->pTaskArg = pArg;
  p->pTask = pOp;
  rc = slStepAll(pStmt);
  if( rc!=SQLITE_DONE ) slErrDb(pOp);
  slMustWrite(pOp, pStmt);
  if( p->pTask==pOp ){
    slErr(pOp, SQLITE_CORRUPT_VTAB, "%s is not the table it should be",
          SL_TASK);
  }
  p->pTask = 0;
  sqlite3_reset(pStmt);
  if( p->pTaskStmt==0 && p->bHome && pOp->rc!=SQLITE_AUTH ){
    p->pTaskStmt = pStmt;
  }else{
    sqlite3_finalize(pStmt);
  }
}

void slOpWriteOne(SlOp *pOp, void (*xTask)(SlOp *, void *), void *pArg){
  if( pOp->rc!=SQLITE_OK ) return;
  if( !pOp->bLockHeld && pOp->pConn->bEnlisted && slDbFresh(pOp->pDb) ){
    pOp->bLockHeld = 1;
    slDbMark(pOp);
    if( !pOp->bAppend ) slMemoClear(pOp->pDb);
    if( pOp->rc==SQLITE_OK ) xTask(pOp, pArg);
    pOp->bLockHeld = 0;
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

void slOpDrawn(SlOp *pOp, const char *zWhat){
  slOpExplicit(pOp, zWhat);
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
  zHost[sizeof(zHost) - 1] = 0;
  z = sqlite3_mprintf("%s", zHost);
  if( z==0 ) pOp->rc = SQLITE_NOMEM;
  return z;
}

i64 slOpPid(SlOp *pOp, const char *zWhat){
  return slOpExplicit(pOp, zWhat) ? getpid() : 0;
}

/*
** Nothing but what every write does first.
*/
static void slInitTask(SlOp *pOp, void *pArg){
  *(int *)pArg = (int)pOp->pDb->iSchema;
}

int slInit(SlOp *pOp){
  int iSchema = 0;
  /* There is no older schema yet. */
  if( slOpRead(pOp) && ALWAYS(pOp->pDb->iSchema==SL_SCHEMA) ) return SL_SCHEMA;
  slOpWrite(pOp, slInitTask, &iSchema);
  return iSchema;
}

i64 slSchemaVersion(SlOp *pOp){
  slDbProbe(pOp);
  if( pOp->pProbe && pOp->pDb->iSchema>SL_SCHEMA && pOp->zErr ){
    sqlite3_free(pOp->zErr);
    pOp->zErr = 0;
    pOp->rc = SQLITE_OK;
  }
  if( pOp->rc!=SQLITE_OK || pOp->pDb->iSchema==0 ) return -1;
  return pOp->pDb->iSchema;
}
