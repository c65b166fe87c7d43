/*
** fn_scope.c - scope_remember, scope_recall, scope_forget (memory),
** scope_persist, scope_retrieve, scope_mutate, scope_purge, scope_flush
** (store).
*/
#include "slSurface.h"

/* What stands for these functions where only DML may write. */
#define DML_PERSIST                                                            \
  "INSERT INTO scope_entries(scope, key, value, at_ms) VALUES(...)"
#define DML_MUTATE                                                             \
  "UPDATE scope_entries SET value=..., at_ms=... "                             \
  "WHERE scope=... AND key=... AND layer='store'"
#define DML_PURGE                                                              \
  "DELETE FROM scope_entries "                                                 \
  "WHERE scope=... AND key=... AND layer='store'"

/*
** The first two arguments: scope and key.
*/
static void entryPlace(SlOp *pOp, SlEntry *p, sqlite3_value **ap){
  memset(p, 0, sizeof(*p));
  p->zScope = slArgName(pOp, "scope", ap[0], 0, &p->nScope);
  p->zKey = slArgName(pOp, "key", ap[1], 0, &p->nKey);
}

/*
** The rest of those that set a value: value, source_step, at_ms.
*/
static void entryValue(SlOp *pOp, SlEntry *p, int nArg, sqlite3_value **ap){
  if( slArgNull(ap[2]) ){
    slErr(pOp, SQLITE_CONSTRAINT, "invalid value: NULL");
  }
  p->pValue = ap[2];
  if( nArg>3 ) p->pStep = ap[3];
  if( nArg>4 && !slArgNull(ap[4]) ){
    p->bAtMs = 1;
    p->iAtMs = slArgInt(pOp, "at_ms", ap[4], 0);
  }
}

/*
** The entry's value in one of the layers, NULL if there is none.
*/
static void resultEntry(SlOp *pOp, sqlite3_context *pCtx, sqlite3_value **ap,
                        int mLayer) {
  SlScopeScan scan;
  SlEntry where;
  memset(&scan, 0, sizeof(scan));
  entryPlace(pOp, &where, ap);
  slScopeOpen(pOp, &scan, &where, mLayer);
  if( slScopeNext(pOp, &scan) ) sqlite3_result_value(pCtx, scan.entry.pValue);
  slScopeClose(pOp, &scan);
}

/*
** scope_remember(scope, key, value [, source_step [, at_ms]]): upsert into
** the memory of this connection; returns the value. at_ms INTEGER ms since
** 1970 UTC, default now.
*/
void slFnRemember(SlOp *pOp, sqlite3_context *pCtx, int nArg,
                  sqlite3_value **ap) {
  SlEntry e;
  entryPlace(pOp, &e, ap);
  entryValue(pOp, &e, nArg, ap);
  slMemorySet(pOp, &e);
  sqlite3_result_value(pCtx, ap[2]);
}

/*
** scope_recall(scope, key): value from memory, or NULL.
*/
void slFnRecall(SlOp *pOp, sqlite3_context *pCtx, int nArg,
                sqlite3_value **ap) {
  (void)nArg;
  resultEntry(pOp, pCtx, ap, SL_LAYER_MEMORY);
}

/*
** scope_forget(scope, key): 1 if the key was in memory and has been removed,
** else 0.
*/
void slFnForget(SlOp *pOp, sqlite3_context *pCtx, int nArg,
                sqlite3_value **ap) {
  SlEntry e;
  (void)nArg;
  entryPlace(pOp, &e, ap);
  slResultInt(pOp, pCtx, slMemoryRemove(pOp, &e));
}

/*
** scope_persist(scope, key, value [, source_step [, at_ms]]): upsert into
** the store; returns the value.
*/
void slFnPersist(SlOp *pOp, sqlite3_context *pCtx, int nArg,
                 sqlite3_value **ap) {
  SlEntry e;
  slOpGuard(pOp, DML_PERSIST);
  entryPlace(pOp, &e, ap);
  entryValue(pOp, &e, nArg, ap);
  slScopePersist(pOp, &e);
  sqlite3_result_value(pCtx, ap[2]);
}

/*
** scope_retrieve(scope, key): value from the store, or NULL.
*/
void slFnRetrieve(SlOp *pOp, sqlite3_context *pCtx, int nArg,
                  sqlite3_value **ap) {
  (void)nArg;
  resultEntry(pOp, pCtx, ap, SL_LAYER_STORE);
}

/*
** scope_mutate(scope, key, value [, source_step]): replaces value, time and
** source_step of a key that is in the store: 1; no such key: 0.
*/
void slFnMutate(SlOp *pOp, sqlite3_context *pCtx, int nArg,
                sqlite3_value **ap) {
  SlEntry e;
  slOpGuard(pOp, DML_MUTATE);
  entryPlace(pOp, &e, ap);
  entryValue(pOp, &e, nArg, ap);
  slResultInt(pOp, pCtx, slScopeMutate(pOp, &e));
}

/*
** scope_purge(scope, key): 1 if the key was in the store and has been
** removed, else 0.
*/
void slFnPurge(SlOp *pOp, sqlite3_context *pCtx, int nArg, sqlite3_value **ap){
  SlEntry e;
  (void)nArg;
  slOpGuard(pOp, DML_PURGE);
  entryPlace(pOp, &e, ap);
  slResultInt(pOp, pCtx, slScopePurge(pOp, &e));
}

/*
** scope_flush([scope]): what was persisted survives power loss from now on;
** returns the number of entries in the scope's store, or in all.
*/
void slFnFlush(SlOp *pOp, sqlite3_context *pCtx, int nArg, sqlite3_value **ap){
  const char *zScope = 0;
  int nScope = 0;
  if( nArg>0 && !slArgNull(ap[0]) ){
    zScope = slArgName(pOp, "scope", ap[0], 0, &nScope);
  }
  slFlush(pOp);
  slResultInt(pOp, pCtx, slScopeCount(pOp, zScope, nScope));
}
