/*
** func.c - how SQL functions are registered and called.
*/
#include "slSurface.h"

/* What SQLite hands back at each call. */
typedef struct SlFuncData SlFuncData;
struct SlFuncData {
  SlConn *pConn;
  const SlFunc *pFunc;
};

static void funcDataFree(void *pArg){
  slConnUnref(((SlFuncData *)pArg)->pConn);
  sqlite3_free(pArg);
}

/*
** Turn the operation's error, if it has one, into SQL's.
*/
static void funcResult(sqlite3_context *pCtx, SlOp *pOp){
  if( pOp->rc==SQLITE_OK ) return;
  if( pOp->rc==SQLITE_NOMEM ){
    sqlite3_result_error_nomem(pCtx);
  }else{
    /* All errors but NOMEM come with words, see slErr(). */
    sqlite3_result_error(
      pCtx, ALWAYS(pOp->zErr) ? pOp->zErr : sqlite3_errstr(pOp->rc), -1);
    sqlite3_result_error_code(pCtx, pOp->rc);
  }
  sqlite3_free(pOp->zErr);
}

/*
** Every call of a function: begin the operation, run the body, hand over its
** error. What it inserts inside doesn't show in last_insert_rowid().
*/
static void funcCall(sqlite3_context *pCtx, int nArg, sqlite3_value **apArg){
  const SlFuncData *pData = (const SlFuncData *)sqlite3_user_data(pCtx);
  sqlite3 *db = pData->pConn->db;
  i64 iLast = sqlite3_last_insert_rowid(db);
  SlOp op;
  slOpBegin(&op, pData->pConn, 0);
  if( op.rc==SQLITE_ERROR && (pData->pFunc->mFlags & SL_ANYWHERE) ){
    sqlite3_free(op.zErr);
    op.zErr = 0;
    op.rc = SQLITE_OK;
  }
  if( op.rc==SQLITE_OK ) pData->pFunc->xCall(&op, pCtx, nArg, apArg);
  slOpEnd(&op);
  sqlite3_set_last_insert_rowid(db, iLast);
  funcResult(pCtx, &op);
}

/*
** The same for a function that looks at no database: there is nothing to
** begin or to put back.
*/
static void funcPure(sqlite3_context *pCtx, int nArg, sqlite3_value **apArg){
  const SlFuncData *pData = (const SlFuncData *)sqlite3_user_data(pCtx);
  SlOp op;
  memset(&op, 0, sizeof(op));
  op.pConn = pData->pConn;
  pData->pFunc->xCall(&op, pCtx, nArg, apArg);
  funcResult(pCtx, &op);
}

int slFuncRegister(SlConn *pConn, const SlFunc *pFunc){
  int mFlags = SQLITE_UTF8 | (pFunc->mFlags & ~(SL_ANYWHERE | SL_PURE));
  int bPure = (pFunc->mFlags & SL_PURE) != 0;
  int n;
  int rc = SQLITE_OK;
  for(n=pFunc->nMin; rc==SQLITE_OK && n<=pFunc->nMax; n++){
    SlFuncData *pData = sqlite3_malloc64(sizeof(*pData));
    if( pData==0 ) return SQLITE_NOMEM;
    pData->pConn = pConn;
    pData->pFunc = pFunc;
    slConnRef(pConn);
    /* On failure SQLite calls the destructor. */
    rc = sqlite3_create_function_v2(pConn->db, pFunc->zName, n, mFlags, pData,
                                    bPure ? funcPure : funcCall, 0, 0,
                                    funcDataFree);
  }
  return rc;
}

void slResultText(SlOp *pOp, sqlite3_context *pCtx, const char *z, i64 n){
  if( pOp->rc!=SQLITE_OK || z==0 ) return;
  sqlite3_result_text64(pCtx, z, n < 0 ? strlen(z) : (u64)n, SQLITE_TRANSIENT,
                        SQLITE_UTF8);
}

void slResultOwned(SlOp *pOp, sqlite3_context *pCtx, char *z){
  if( pOp->rc!=SQLITE_OK ){
    sqlite3_free(z);
  }else if( z ){
    sqlite3_result_text64(pCtx, z, strlen(z), sqlite3_free, SQLITE_UTF8);
  }
}

void slResultInt(SlOp *pOp, sqlite3_context *pCtx, i64 iVal){
  if( pOp->rc==SQLITE_OK ) sqlite3_result_int64(pCtx, iVal);
}

void slResultEvent(sqlite3_context *pCtx, const SlEvent *pEvent,
                   sqlite3_destructor_type xDel) {
  switch( pEvent->eType ){
    case SQLITE_INTEGER: sqlite3_result_int64(pCtx, pEvent->iInt); break;
    case SQLITE_FLOAT: sqlite3_result_double(pCtx, pEvent->rReal); break;
    case SQLITE_TEXT:
      sqlite3_result_text64(pCtx, (const char *)pEvent->pData,
                            (u64)pEvent->nData, xDel, SQLITE_UTF8);
      break;
    case SQLITE_BLOB:
      /* Of an event that is stored, or waits, it is never a NULL pointer. */
      sqlite3_result_blob64(pCtx, pEvent->pData, (u64)pEvent->nData, xDel);
      break;
    default: sqlite3_result_null(pCtx); break;
  }
}
