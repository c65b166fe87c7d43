/*
** vt_scope.c - scope_entries, scope_query, scope_list.
**
**   SELECT … FROM scope_entries WHERE scope=… AND key=… AND layer=…
**   INSERT INTO scope_entries(scope, key, value) VALUES(…)
**   SELECT … FROM scope_query(scope, text)
**   SELECT … FROM scope_list
**
** scope_entries and scope_query read through one cursor: "=" on scope, key
** and layer narrow the scan, and SQLite tests them again. The rowid of an
** entry in memory has SL_SCOPE_MEMORY in it, so that a write to it can be
** told from one to the store.
*/
#include "slSurface.h"

/* Columns of both; the hidden ones differ. */
enum {
  SC_SCOPE,
  SC_LAYER,
  SC_KEY,
  SC_VALUE,
  SC_AT_MS,
  SC_SOURCE_STEP,
  SC_HIDDEN
};
#define SC_DECL                                                                \
  "scope TEXT, layer TEXT, key TEXT, value, at_ms INTEGER, source_step, "

#define SC_SCHEMA    SC_HIDDEN /* scope_entries */
#define QUERY_IN     SC_HIDDEN /* scope_query */
#define QUERY_TEXT   (SC_HIDDEN + 1)
#define QUERY_SCHEMA (SC_HIDDEN + 2)

#define BIT(i) ((u32)1 << (i))

typedef struct ScopeCursor ScopeCursor;
struct ScopeCursor {
  SlCursor base;
  SlScopeScan scan;
  char *zText; /* scope_query: what is looked for, or NULL */
  i64 nText;
};

static void scReset(SlCursor *pBase){
  ScopeCursor *pCur = (ScopeCursor *)pBase;
  slScopeClose(&pBase->op, &pCur->scan);
  sqlite3_free(pCur->zText);
  pCur->zText = 0;
  pCur->nText = 0;
}

static void scNext(SlOp *pOp, SlCursor *pBase){
  ScopeCursor *pCur = (ScopeCursor *)pBase;
  while( slScopeNext(pOp, &pCur->scan) ){
    const SlEntry *pEntry = &pCur->scan.entry;
    if( pCur->zText==0
     || slScopeMatch(pOp, &pCur->scan, pCur->zText, pCur->nText)
    ){
      pBase->iRowid = slRowid(pOp, pEntry->iKey);
      return;
    }
  }
  pBase->bEof = 1;
}

/*
** A name that rows are looked for by: 1 with the text, or 0 if no row can
** have it.
*/
static int scFilterName(SlOp *pOp, sqlite3_value *pVal, const char **pz,
                        int *pn) {
  int eType = sqlite3_value_type(pVal);
  if( eType==SQLITE_NULL || eType==SQLITE_BLOB ) return 0;
  *pz = (const char *)sqlite3_value_text(pVal);
  *pn = sqlite3_value_bytes(pVal);
  if( *pz==0 ) pOp->rc = SQLITE_NOMEM;
  return *pz != 0 && *pn > 0 && *pn <= SL_MAX_NAME;
}

/*
** The layers that "layer = pVal" leaves.
*/
static int scFilterLayer(sqlite3_value *pVal){
  const char *z;
  if( pVal==0 ) return SL_LAYER_STORE | SL_LAYER_MEMORY;
  if( sqlite3_value_type(pVal)!=SQLITE_TEXT ) return 0;
  z = (const char *)sqlite3_value_text(pVal);
  if( z==0 || strlen(z)!=(size_t)sqlite3_value_bytes(pVal) ) return 0;
  if( strcmp(z, "store")==0 ) return SL_LAYER_STORE;
  if( strcmp(z, "memory")==0 ) return SL_LAYER_MEMORY;
  return 0;
}

static void scFilter(SlOp *pOp, SlCursor *pBase, u32 mArg, const char *zPlan,
                     sqlite3_value **apArg) {
  ScopeCursor *pCur = (ScopeCursor *)pBase;
  sqlite3_value *pScope = slFilterArg(mArg, SC_SCOPE, apArg);
  sqlite3_value *pKey = slFilterArg(mArg, SC_KEY, apArg);
  SlEntry where;
  int bAny = 1;
  (void)zPlan;
  memset(&where, 0, sizeof(where));
  if( pScope ) bAny = scFilterName(pOp, pScope, &where.zScope, &where.nScope);
  if( pKey && bAny ) bAny = scFilterName(pOp, pKey, &where.zKey, &where.nKey);
  if( bAny ){
    slScopeOpen(pOp, &pCur->scan, &where,
                scFilterLayer(slFilterArg(mArg, SC_LAYER, apArg)));
  }
  scNext(pOp, pBase);
}

static void queryFilter(SlOp *pOp, SlCursor *pBase, u32 mArg, const char *zPlan,
                        sqlite3_value **apArg) {
  ScopeCursor *pCur = (ScopeCursor *)pBase;
  sqlite3_value *pScope = slFilterArg(mArg, QUERY_IN, apArg);
  const char *zText;
  SlEntry where;
  int nText;
  (void)zPlan;
  memset(&where, 0, sizeof(where));
  zText = slArgText(pOp, "text", slFilterArg(mArg, QUERY_TEXT, apArg), &nText);
  if( zText && nText>0 ){
    pCur->zText = sqlite3_malloc64((u64)nText);
    if( pCur->zText==0 ){
      pOp->rc = SQLITE_NOMEM;
      return;
    }
    memcpy(pCur->zText, zText, (size_t)nText);
    pCur->nText = nText;
  }
  if( !slArgNull(pScope) ){
    where.zScope = slArgName(pOp, "scope", pScope, 0, &where.nScope);
    slScopeOpen(pOp, &pCur->scan, &where, SL_LAYER_STORE);
  }
  scNext(pOp, pBase);
}

static void scColumn(SlOp *pOp, SlCursor *pBase, sqlite3_context *pCtx,
                     int iCol) {
  const SlEntry *pEntry = &((ScopeCursor *)pBase)->scan.entry;
  switch( iCol ){
    case SC_SCOPE:
      slResultText(pOp, pCtx, pEntry->zScope, pEntry->nScope);
      break;
    case SC_LAYER:
      slResultText(pOp, pCtx,
                   pEntry->iKey & SL_SCOPE_MEMORY ? "memory" : "store", -1);
      break;
    case SC_KEY: slResultText(pOp, pCtx, pEntry->zKey, pEntry->nKey); break;
    case SC_VALUE: sqlite3_result_value(pCtx, pEntry->pValue); break;
    case SC_AT_MS: sqlite3_result_int64(pCtx, pEntry->iAtMs); break;
    default:
      if( pEntry->pStep ) sqlite3_result_value(pCtx, pEntry->pStep);
      break;
  }
}

/*
** Fail unless the layer that is written is the store. An INSERT need not say.
*/
static void scLayer(SlOp *pOp, int eWrite, sqlite3_value *pVal){
  if( pOp->rc!=SQLITE_OK ) return;
  if( eWrite==SL_INSERT ? slArgNull(pVal) : slUnchanged(pVal) ) return;
  switch( scFilterLayer(pVal) ){
    case SL_LAYER_STORE: break;
    case SL_LAYER_MEMORY:
      slErr(pOp, SQLITE_CONSTRAINT, "memory is written by functions");
      break;
    default: slInvalid(pOp, SQLITE_CONSTRAINT, "layer", pVal); break;
  }
}

/*
** The new values of a row. In an UPDATE what is left alone stays NULL.
*/
static void scEntry(SlOp *pOp, SlEntry *p, int eWrite, sqlite3_value **ap){
  scLayer(pOp, eWrite, ap[SC_LAYER]);
  if( !slUnchanged(ap[SC_SCOPE]) ){
    p->zScope = slArgName(pOp, "scope", ap[SC_SCOPE], 0, &p->nScope);
  }
  if( !slUnchanged(ap[SC_KEY]) ){
    p->zKey = slArgName(pOp, "key", ap[SC_KEY], 0, &p->nKey);
  }
  if( !slUnchanged(ap[SC_VALUE]) ){
    if( slArgNull(ap[SC_VALUE]) ){
      slErr(pOp, SQLITE_CONSTRAINT, "invalid value: NULL");
    }
    p->pValue = ap[SC_VALUE];
  }
  if( !slUnchanged(ap[SC_SOURCE_STEP]) ){
    p->bStep = 1;
    p->pStep = ap[SC_SOURCE_STEP];
  }
  /* Whether an INSERT may take the time is known once it has the lock. */
  if( eWrite==SL_INSERT ? !slArgNull(ap[SC_AT_MS])
                        : !slUnchanged(ap[SC_AT_MS])
  ){
    p->bAtMs = 1;
    p->iAtMs = slArgNull(ap[SC_AT_MS])
                 ? slOpNow(pOp, "at_ms")
                 : slArgInt(pOp, "at_ms", ap[SC_AT_MS], 0);
  }
}

/*
** INSERT (an upsert), UPDATE and DELETE of scope_entries.
*/
static void scWrite(SlOp *pOp, int eWrite, i64 iKey, sqlite3_value **apCol,
                    i64 *piKey) {
  SlEntry e;
  memset(&e, 0, sizeof(e));
  e.iKey = iKey;
  if( iKey & SL_SCOPE_MEMORY ){
    slErr(pOp, SQLITE_CONSTRAINT, "memory is written by functions");
  }
  if( eWrite==SL_DELETE ){
    slScopeRemove(pOp, iKey);
    return;
  }
  scEntry(pOp, &e, eWrite, apCol);
  if( eWrite==SL_INSERT ){
    slScopePersist(pOp, &e);
    *piKey = e.iKey;
  }else{
    slScopeChange(pOp, &e);
  }
}

const SlTable slTableScopeEntries = {
  .zName = "scope_entries",
  .zDecl = SC_DECL "schema HIDDEN",
  .mEq = BIT(SC_SCOPE) | BIT(SC_LAYER) | BIT(SC_KEY) | BIT(SC_SCHEMA),
  .mHidden = BIT(SC_SCHEMA),
  .iSchema = SC_SCHEMA,
  .nCursor = sizeof(ScopeCursor),
  .xFilter = scFilter,
  .xNext = scNext,
  .xColumn = scColumn,
  .xReset = scReset,
  .xWrite = scWrite,
};

const SlTable slTableScopeQuery = {
  .zName = "scope_query",
  .zDecl = SC_DECL "in_scope HIDDEN, text HIDDEN, schema HIDDEN",
  .mEq = BIT(QUERY_IN) | BIT(QUERY_TEXT) | BIT(QUERY_SCHEMA),
  .mHidden = BIT(QUERY_IN) | BIT(QUERY_TEXT) | BIT(QUERY_SCHEMA),
  .iSchema = QUERY_SCHEMA,
  .nCursor = sizeof(ScopeCursor),
  .xFilter = queryFilter,
  .xNext = scNext,
  .xColumn = scColumn,
  .xReset = scReset,
};

/* ---- scope_list ------------------------------------------------------ */

enum {
  LIST_SCOPE,
  LIST_MEMORY,
  LIST_STORE,
  LIST_SCHEMA
};

typedef struct ListCursor ListCursor;
struct ListCursor {
  SlCursor base;
  SlScopeCount *aCount;
  int nCount;
};

static void listReset(SlCursor *pBase){
  ListCursor *pCur = (ListCursor *)pBase;
  slScopeListFree(pCur->aCount, pCur->nCount);
  pCur->aCount = 0;
  pCur->nCount = 0;
}

static void listNext(SlOp *pOp, SlCursor *pBase){
  (void)pOp;
  pBase->iRowid++;
  pBase->bEof = pBase->iRowid > ((ListCursor *)pBase)->nCount;
}

static void listFilter(SlOp *pOp, SlCursor *pBase, u32 mArg, const char *zPlan,
                       sqlite3_value **apArg) {
  ListCursor *pCur = (ListCursor *)pBase;
  (void)mArg;
  (void)zPlan;
  (void)apArg;
  slScopeList(pOp, &pCur->aCount, &pCur->nCount);
  listNext(pOp, pBase);
}

static void listColumn(SlOp *pOp, SlCursor *pBase, sqlite3_context *pCtx,
                       int iCol) {
  const SlScopeCount *p = &((ListCursor *)pBase)->aCount[pBase->iRowid - 1];
  switch( iCol ){
    case LIST_SCOPE: slResultText(pOp, pCtx, p->zScope, -1); break;
    case LIST_MEMORY: sqlite3_result_int64(pCtx, p->nMemory); break;
    default: sqlite3_result_int64(pCtx, p->nStore); break;
  }
}

const SlTable slTableScopeList = {
  .zName = "scope_list",
  .zDecl = "scope TEXT, memory_count INTEGER, store_count INTEGER, "
           "schema HIDDEN",
  .mEq = BIT(LIST_SCHEMA),
  .mHidden = BIT(LIST_SCHEMA),
  .iSchema = LIST_SCHEMA,
  .nCursor = sizeof(ListCursor),
  .xFilter = listFilter,
  .xNext = listNext,
  .xColumn = listColumn,
  .xReset = listReset,
};
