/*
** stmt.c - prepared statements: the only file that prepares SQL.
**
** A statement is prepared when it is first needed on a database, always with
** its tables qualified and (but for the one that reads sessionlog_pending)
** with virtual tables shut out, and kept in SlDb.aStmt[]. It is taken out of
** there while it is in use, so that a trigger that comes back to us finds the
** slot empty and prepares another.
*/
#include "sessionlogInt.h"

/*
** Finalize the idle statements of one database.
*/
void slDbFinalize(SlDb *pDb){
  int i;
  for(i=0; i<SL_SQL_COUNT; i++){
    sqlite3_finalize(pDb->aStmt[i]);
    pDb->aStmt[i] = 0;
  }
}

/*
** Connect the home table, so that statements may be kept.
*/
static void stmtHome(SlOp *pOp){
  sqlite3_stmt *pStmt = 0;
  int rc = sqlite3_prepare_v2(pOp->pConn->db, "SELECT 1 FROM main." SL_HOME, -1,
                              &pStmt, 0);
  if( rc!=SQLITE_OK ) slErrDb(pOp);
  sqlite3_finalize(pStmt);
}

char *slSqlFor(const char *zText, const char *zSchema){
  sqlite3_str *pStr = sqlite3_str_new(0);
  const char *z;
  while( (z = strstr(zText, "$db"))!=0 ){
    sqlite3_str_append(pStr, zText, (int)(z - zText));
    sqlite3_str_appendf(pStr, "\"%w\"", zSchema);
    zText = z + 3;
  }
  sqlite3_str_appendall(pStr, zText);
  return sqlite3_str_finish(pStr);
}

sqlite3_stmt *slPrepare(SlOp *pOp, int eSql){
  sqlite3_stmt *pStmt = 0;
  u32 mFlags = SQLITE_PREPARE_PERSISTENT;
  char *zSql = slSqlFor(slSqlText[eSql], pOp->pDb->zName);
  if( zSql==0 ){
    pOp->rc = SQLITE_NOMEM;
    return 0;
  }
  if( eSql!=SL_SQL_EVENT_FLUSH ) mFlags |= SQLITE_PREPARE_NO_VTAB;
  if( sqlite3_prepare_v3(pOp->pConn->db, zSql, -1, mFlags, &pStmt, 0) ){
    slErrDb(pOp);
  }
  sqlite3_free(zSql);
  return pStmt;
}

sqlite3_stmt *slStmt(SlOp *pOp, int eSql){
  sqlite3_stmt *pStmt;
  slPendingFlush(pOp);
  if( pOp->rc!=SQLITE_OK ) return 0;
  pStmt = pOp->pDb->aStmt[eSql];
  if( pStmt ){
    pOp->pDb->aStmt[eSql] = 0;
    return pStmt;
  }
  if( pOp->pConn->bHome==0 ){
    stmtHome(pOp);
    if( pOp->rc!=SQLITE_OK ) return 0;
  }
  return slPrepare(pOp, eSql);
}

void slFree(SlOp *pOp, int eSql, sqlite3_stmt *pStmt){
  SlDb *pDb = pOp->pDb;
  if( pStmt==0 ) return;
  sqlite3_reset(pStmt);
  if( pDb->aStmt[eSql]==0 && pOp->pConn->bHome && pOp->rc!=SQLITE_AUTH ){
    sqlite3_clear_bindings(pStmt);
    pDb->aStmt[eSql] = pStmt;
  }else{
    sqlite3_finalize(pStmt);
  }
}

void slBindInt(SlOp *pOp, sqlite3_stmt *pStmt, int i, i64 iVal){
  int rc;
  if( pOp->rc!=SQLITE_OK ) return;
  rc = sqlite3_bind_int64(pStmt, i, iVal);
  /* It takes no memory, and the statement is not running. */
  if( NEVER(rc!=SQLITE_OK) ) slErrDb(pOp);
}

void slBindText(SlOp *pOp, sqlite3_stmt *pStmt, int i, const char *z, i64 n){
  if( pOp->rc!=SQLITE_OK || z==0 ) return;
  if( sqlite3_bind_text64(pStmt, i, z, (u64)n, SQLITE_STATIC, SQLITE_UTF8) ){
    slErrDb(pOp);
  }
}

void slBindValue(SlOp *pOp, sqlite3_stmt *pStmt, int i, sqlite3_value *pVal){
  SlEvent e;
  slEventFromValue(pOp, &e, pVal);
  slBindEvent(pOp, pStmt, i, &e);
}

void slBindEvent(SlOp *pOp, sqlite3_stmt *pStmt, int i, const SlEvent *pEvent){
  int rc = SQLITE_OK;
  if( pOp->rc!=SQLITE_OK ) return;
  switch( pEvent->eType ){
    case SQLITE_INTEGER: rc = sqlite3_bind_int64(pStmt, i, pEvent->iInt); break;
    case SQLITE_FLOAT: rc = sqlite3_bind_double(pStmt, i, pEvent->rReal); break;
    case SQLITE_TEXT:
      rc = sqlite3_bind_text64(pStmt, i, (const char *)pEvent->pData,
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
    default: rc = sqlite3_bind_null(pStmt, i); break;
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

int slStepAll(sqlite3_stmt *pStmt){
  int rc;
  do {
    rc = sqlite3_step(pStmt);
  }while( rc==SQLITE_ROW );
  return rc;
}

void slMustWrite(SlOp *pOp, sqlite3_stmt *pStmt){
  if( sqlite3_stmt_readonly(pStmt) ) slErr(pOp, SQLITE_AUTH, "not authorized");
}

void slRun(SlOp *pOp, int eSql, sqlite3_stmt *pStmt){
  if( pOp->rc==SQLITE_OK ){
    if( slStepAll(pStmt)!=SQLITE_DONE ) slErrDb(pOp);
    slMustWrite(pOp, pStmt);
  }
  slFree(pOp, eSql, pStmt);
}

i64 slQueryInt(SlOp *pOp, int eSql, i64 i1, i64 i2, i64 iDefault){
  i64 iRes = iDefault;
  sqlite3_stmt *pStmt = slStmt(pOp, eSql);
  int nParam = sqlite3_bind_parameter_count(pStmt);
  if( nParam>0 ) slBindInt(pOp, pStmt, 1, i1);
  if( nParam>1 ) slBindInt(pOp, pStmt, 2, i2);
  if( slStep(pOp, pStmt) ) iRes = sqlite3_column_int64(pStmt, 0);
  slFree(pOp, eSql, pStmt);
  return iRes;
}

const char *slStmtText(SlOp *pOp, sqlite3_stmt *pStmt, int i, int *pn){
  const char *z;
  *pn = 0;
  if( pOp->rc!=SQLITE_OK ) return 0;
  if( sqlite3_column_type(pStmt, i)==SQLITE_NULL ){
    slErr(pOp, SQLITE_CORRUPT_VTAB, "a stored row lacks its %s",
          sqlite3_column_name(pStmt, i));
    return 0;
  }
  z = (const char *)sqlite3_column_text(pStmt, i);
  *pn = sqlite3_column_bytes(pStmt, i);
  if( z==0 ) pOp->rc = SQLITE_NOMEM;
  return z;
}

const void *slStmtBlob(SlOp *pOp, sqlite3_stmt *pStmt, int i, int *pn){
  const void *p = sqlite3_column_blob(pStmt, i);
  *pn = sqlite3_column_bytes(pStmt, i);
  /* Only what zeroblob() gives has yet to be made, and is not stored. */
  if( NEVER(p==0 && *pn>0) ){
    slErrRc(pOp, SQLITE_NOMEM);
    *pn = 0;
  }
  return p;
}

char *slColumnText(SlOp *pOp, sqlite3_stmt *pStmt, int i){
  char *zCopy;
  int n;
  const char *z = slStmtText(pOp, pStmt, i, &n);
  if( z==0 ) return 0;
  zCopy = sqlite3_malloc64((u64)n + 1);
  if( zCopy==0 ){
    pOp->rc = SQLITE_NOMEM;
    return 0;
  }
  memcpy(zCopy, z, (size_t)n);
  zCopy[n] = 0;
  return zCopy;
}

/*
** The statement that runs a task, from the connection or a new one.
*/
sqlite3_stmt *slTaskStmt(SlOp *pOp){
  SlConn *p = pOp->pConn;
  sqlite3_stmt *pStmt = p->pTaskStmt;
  p->pTaskStmt = 0;
  if( pStmt==0 ){
    if( p->bHome==0 ) stmtHome(pOp);
    if( pOp->rc==SQLITE_OK
     && sqlite3_prepare_v3(p->db, "INSERT INTO main." SL_TASK " SELECT 1", -1,
                           SQLITE_PREPARE_PERSISTENT, &pStmt, 0)
    ){
      slErrDb(pOp);
    }
  }
  return pStmt;
}
