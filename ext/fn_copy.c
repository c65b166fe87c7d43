/*
** fn_copy.c - session_save and session_import.
*/
#include "slSurface.h"

/* What stands for session_import() where only DML may write. */
#define DML_IMPORT                                                             \
  "INSERT INTO session_list(id, ...) VALUES(...), then "                       \
  "INSERT INTO session_events(session_id, kind, payload, at_ms) VALUES(...)"

/*
** The path argument: text without NUL, not empty.
*/
static const char *argPath(SlOp *pOp, sqlite3_value *pVal){
  int n;
  const char *z = slArgText(pOp, "path", pVal, &n);
  if( z==0 ){
    slErr(pOp, SQLITE_ERROR, "invalid path: NULL");
  }else if( n==0 ){
    slErr(pOp, SQLITE_ERROR, "invalid path: empty");
  }else if( (i64)strlen(z)!=n ){
    slErr(pOp, SQLITE_ERROR, "invalid path: NUL in text");
  }
  return z;
}

/*
** session_save(path [, ref]): copy the database, or one session, into a new
** file; returns path. Errors name the path and the reason; an existing file
** is then as it was.
*/
void slFnSave(SlOp *pOp, sqlite3_context *pCtx, int nArg, sqlite3_value **ap){
  SlSession session;
  const char *zPath = argPath(pOp, ap[0]);
  if( pOp->pConn->bLocked && nArg<2 ){
    slErr(pOp, SQLITE_ERROR,
          "tenant is locked: session_save(path, ref) saves a session");
  }
  slOpRead(pOp);
  if( nArg>1 ) slNeed(pOp, ap[1], &session);
  if( pOp->rc==SQLITE_OK ) slSave(pOp, zPath, nArg > 1 ? &session : 0);
  sqlite3_result_value(pCtx, ap[0]);
}

/*
** session_import(jsonl [, name]): make a session, or a tree of forks, of the
** lines; returns the id of the one that has the last line. jsonl is text, or
** a blob with the bytes of such text.
*/
void slFnImport(SlOp *pOp, sqlite3_context *pCtx, int nArg,
                sqlite3_value **ap) {
  SlSession session;
  SlEvent e;
  const char *zName = 0;
  int nName = 0;
  slOpGuard(pOp, DML_IMPORT);
  if( slArgNull(ap[0]) ){
    slErr(pOp, SQLITE_ERROR, "invalid jsonl: NULL");
  }
  if( pOp->rc!=SQLITE_OK ) return;
  slEventFromValue(pOp, &e, ap[0]);
  if( e.eType==SQLITE_INTEGER || e.eType==SQLITE_FLOAT ){
    slErr(pOp, SQLITE_MISMATCH, "invalid jsonl: %s", sqlite3_value_text(ap[0]));
  }
  if( nArg>1 && !slArgNull(ap[1]) ){
    zName = slArgName(pOp, "name", ap[1], 1, &nName);
  }
  slImport(pOp, (const char *)e.pData, e.nData, zName, nName, &session);
  slResultText(pOp, pCtx, session.zId, -1);
}
