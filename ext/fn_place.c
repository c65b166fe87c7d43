/*
** fn_place.c - the connection's place: current session, tenant, database, and
** the state of the stored tables.
*/
#include "slSurface.h"

/*
** session_current(): id of the current session, or NULL. Never an error, but
** out of memory.
*/
void slFnCurrent(SlOp *pOp, sqlite3_context *pCtx, int nArg,
                 sqlite3_value **ap) {
  SlSession session;
  (void)nArg;
  (void)ap;
  if( pOp->pDb && pOp->pConn->zCurrent[0] ){
    slOpRead(pOp);
    if( slFindCurrent(pOp, &session) ){
      slResultText(pOp, pCtx, session.zId, 26);
    }
  }
  if( pOp->rc!=SQLITE_NOMEM ){
    sqlite3_free(pOp->zErr);
    pOp->zErr = 0;
    pOp->rc = SQLITE_OK;
  }
}

/*
** session_use(ref): make it current; its id. NULL: none is current any more.
*/
void slFnUse(SlOp *pOp, sqlite3_context *pCtx, int nArg, sqlite3_value **ap){
  SlSession session;
  if( nArg>0 && slArgNull(ap[0]) ){
    pOp->pConn->zCurrent[0] = 0;
    return;
  }
  slOpRead(pOp);
  slNeed(pOp, nArg > 0 ? ap[0] : 0, &session);
  if( pOp->rc==SQLITE_OK ){
    memcpy(pOp->pConn->zCurrent, session.zId, sizeof(session.zId));
    slResultText(pOp, pCtx, session.zId, 26);
  }
}

/*
** session_tenant(), session_tenant(name [, lock]): the tenant, after setting
** it. Without a name the present one may still be locked.
*/
void slFnTenant(SlOp *pOp, sqlite3_context *pCtx, int nArg,
                sqlite3_value **ap) {
  SlConn *pConn = pOp->pConn;
  i64 bLock = slArgInt(pOp, "lock", nArg > 1 ? ap[1] : 0, 0);
  int bName = nArg > 0 && !slArgNull(ap[0]);
  if( pConn->bLocked && (bName || bLock) ){
    slErr(pOp, SQLITE_CONSTRAINT, "tenant is locked");
  }
  if( bName ){
    int n;
    const char *z = slArgName(pOp, "tenant", ap[0], 1, &n);
    char *zCopy = z ? sqlite3_mprintf("%.*s", n, z) : 0;
    if( z && zCopy==0 ) slErrRc(pOp, SQLITE_NOMEM);
    if( pOp->rc==SQLITE_OK ){
      sqlite3_free(pConn->zTenant);
      pConn->zTenant = zCopy;
      pConn->iTenant++;
      pConn->zCurrent[0] = 0;
    }
  }
  if( pOp->rc==SQLITE_OK && bLock ) pConn->bLocked = 1;
  slResultText(pOp, pCtx, pConn->zTenant, -1);
}

/*
** session_schema(), session_schema(db): the database that is meant, after
** setting it.
*/
void slFnSchema(SlOp *pOp, sqlite3_context *pCtx, int nArg,
                sqlite3_value **ap) {
  SlConn *pConn = pOp->pConn;
  if( nArg>0 && !slArgNull(ap[0]) ){
    SlOp named;
    slOpBeginValue(&named, pConn, ap[0]);
    if( named.rc==SQLITE_OK ){
      char *zCopy = sqlite3_mprintf("%s", named.pDb->zName);
      if( zCopy==0 ){
        slErrRc(pOp, SQLITE_NOMEM);
      }else{
        sqlite3_free(pConn->zSchema);
        pConn->zSchema = zCopy;
        pConn->zCurrent[0] = 0;
      }
    }else{
      pOp->rc = named.rc;
      pOp->zErr = named.zErr;
    }
    slOpEnd(&named);
  }
  slResultText(pOp, pCtx, pConn->zSchema, -1);
}

/*
** session_init(): make or upgrade the tables; the schema version.
*/
void slFnInit(SlOp *pOp, sqlite3_context *pCtx, int nArg, sqlite3_value **ap){
  (void)nArg;
  (void)ap;
  /* There is no older schema yet. */
  if( !slOpRead(pOp) || NEVER(pOp->pDb->iSchema<SL_SCHEMA) ){
    slOpGuard(pOp, "BEGIN; SELECT session_init(); COMMIT");
  }
  slResultInt(pOp, pCtx, slInit(pOp));
}

/*
** session_schema_version(): what is stored, NULL where there is nothing.
*/
void slFnSchemaVersion(SlOp *pOp, sqlite3_context *pCtx, int nArg,
                       sqlite3_value **ap) {
  i64 iVersion = slSchemaVersion(pOp);
  (void)nArg;
  (void)ap;
  if( iVersion>=0 ) slResultInt(pOp, pCtx, iVersion);
}

/*
** session_writes(), session_writes(mode): the mode, after setting it.
*/
void slFnWrites(SlOp *pOp, sqlite3_context *pCtx, int nArg,
                sqlite3_value **ap) {
  if( nArg>0 && !slArgNull(ap[0]) ){
    int n;
    const char *z;
    char *zDml = sqlite3_mprintf("BEGIN; SELECT session_writes(%Q); COMMIT",
                                 sqlite3_value_text(ap[0]));
    if( zDml==0 ) slErrRc(pOp, SQLITE_NOMEM);
    slOpGuard(pOp, zDml);
    sqlite3_free(zDml);
    /* It is for all tenants. */
    if( pOp->pConn->bLocked ) slErr(pOp, SQLITE_CONSTRAINT, "tenant is locked");
    z = slArgText(pOp, "mode", ap[0], &n);
    if( pOp->rc==SQLITE_OK ) slWritesSet(pOp, z, n);
  }else{
    slOpRead(pOp);
  }
  slResultText(pOp, pCtx, slWritesName(pOp->pDb), -1);
}
