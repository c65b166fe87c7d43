/*
** vtab.c - what all eponymous virtual tables share.
**
** A table is described by an SlTable; this file is its sqlite3_module. The
** plan: for each column of SlTable.mEq that has a usable "=", the value is
** passed to xFilter, in the order of the columns, and the column's bit is
** set in idxNum. A hidden argument whose "=" can't be used in an order of
** joins forbids that order. xPlan may add what a table does better; its
** notes go into idxStr.
**
** The rowid of a row is SL_ROWID: the key of the stored row, with the number
** of its database above, so that an UPDATE or DELETE, which tells only the
** rowid, finds the database again. Events need none of that: nothing changes
** them, and their keys fill a rowid.
*/
#include "slSurface.h"

typedef struct SlVtab SlVtab;
struct SlVtab {
  sqlite3_vtab base;
  SlConn *pConn;
  const SlTable *pTable;
  SlCursor *pIdle; /* a closed cursor, for the next one to open */
};

/* What a module gets as client data. */
typedef struct SlVtabData SlVtabData;
struct SlVtabData {
  SlConn *pConn;
  const SlTable *pTable;
};

static void vtabDataFree(void *pArg){
  slConnUnref(((SlVtabData *)pArg)->pConn);
  sqlite3_free(pArg);
}

/*
** The end of a callback: hand the operation's error to SQLite.
*/
static int vtabResult(sqlite3_vtab *pVtab, SlOp *pOp){
  if( pOp->pProbe ) slOpEnd(pOp);
  if( pOp->zErr ){
    sqlite3_free(pVtab->zErrMsg);
    pVtab->zErrMsg = pOp->zErr;
    pOp->zErr = 0;
  }
  return pOp->rc;
}

static int vtabConnect(sqlite3 *db, void *pAux, int nArg,
                       const char *const *azArg, sqlite3_vtab **ppVtab,
                       char **pzErr) {
  const SlVtabData *pData = (const SlVtabData *)pAux;
  SlVtab *pNew;
  char *zDecl = sqlite3_mprintf("CREATE TABLE x(%s)", pData->pTable->zDecl);
  int rc;
  (void)nArg;
  (void)azArg;
  (void)pzErr;
  if( zDecl==0 ) return SQLITE_NOMEM;
  rc = sqlite3_declare_vtab(db, zDecl);
  sqlite3_free(zDecl);
  if( rc!=SQLITE_OK ) return rc;
  pNew = sqlite3_malloc64(sizeof(*pNew));
  if( pNew==0 ) return SQLITE_NOMEM;
  memset(pNew, 0, sizeof(*pNew));
  pNew->pConn = pData->pConn;
  pNew->pTable = pData->pTable;
  *ppVtab = &pNew->base;
  rc = sqlite3_vtab_config(db, SQLITE_VTAB_INNOCUOUS);
  /* Inside xConnect it has nothing to object to. */
  if( ALWAYS(rc==SQLITE_OK) ){
    rc = sqlite3_vtab_config(db, SQLITE_VTAB_CONSTRAINT_SUPPORT, 1);
  }
  return rc;
}

static int vtabDisconnect(sqlite3_vtab *pVtab){
  sqlite3_free(((SlVtab *)pVtab)->pIdle);
  sqlite3_free(pVtab);
  return SQLITE_OK;
}

static int vtabBestIndex(sqlite3_vtab *pVtab, sqlite3_index_info *pInfo){
  const SlTable *pTable = ((SlVtab *)pVtab)->pTable;
  int aCons[32]; /* by column: index of the constraint + 1 */
  u32 mUsed = 0;
  int iArg = 1;
  int i;
  memset(aCons, 0, sizeof(aCons));
  for(i=0; i<pInfo->nConstraint; i++){
    const struct sqlite3_index_constraint *pCons = &pInfo->aConstraint[i];
    int iCol = pCons->iColumn;
    if( pCons->op!=SQLITE_INDEX_CONSTRAINT_EQ || iCol<0 ) continue;
    if( (pTable->mEq>>iCol & 1)==0 ) continue;
    if( (pTable->mHidden>>iCol & 1)==0
     && sqlite3_stricmp(sqlite3_vtab_collation(pInfo, i), "BINARY")!=0
    ){
      /* Our indexes are of no use, and would lose rows. */
      continue;
    }
    if( !pCons->usable ){
      if( pTable->mHidden>>iCol & 1 ) return SQLITE_CONSTRAINT;
    }else{
      aCons[iCol] = i + 1;
    }
  }
  for(i=0; i<32; i++){
    if( aCons[i] ){
      struct sqlite3_index_constraint_usage *pUse;
      pUse = &pInfo->aConstraintUsage[aCons[i] - 1];
      pUse->argvIndex = iArg++;
      if( pTable->mHidden>>i & 1 ) pUse->omit = 1;
      mUsed |= (u32)1 << i;
    }
  }
  pInfo->idxNum = (int)mUsed;
  pInfo->estimatedCost = 1e6;
  pInfo->estimatedRows = 100000;
  if( mUsed & ~((u32)1<<pTable->iSchema) ){
    pInfo->estimatedCost = 100;
    pInfo->estimatedRows = 10;
  }
  if( pTable->xPlan ) return pTable->xPlan(pInfo, mUsed, &iArg);
  return SQLITE_OK;
}

static int vtabOpen(sqlite3_vtab *pVtab, sqlite3_vtab_cursor **ppCur){
  SlVtab *p = (SlVtab *)pVtab;
  SlCursor *pCur = p->pIdle;
  p->pIdle = 0;
  if( pCur==0 ) pCur = sqlite3_malloc64((u64)p->pTable->nCursor);
  if( pCur==0 ) return SQLITE_NOMEM;
  memset(pCur, 0, (size_t)p->pTable->nCursor);
  pCur->pTable = p->pTable;
  *ppCur = &pCur->base;
  return SQLITE_OK;
}

/*
** Let go of what the last scan holds.
*/
static void cursorReset(SlCursor *pCur){
  if( pCur->pTable->xReset ) pCur->pTable->xReset(pCur);
  slScanEnd(((SlVtab *)pCur->base.pVtab)->pConn, &pCur->scan);
  while( pCur->nArg>0 ){
    pCur->nArg--;
    sqlite3_value_free(pCur->aArg[pCur->nArg].pVal);
  }
  slOpEnd(&pCur->op);
  sqlite3_free(pCur->op.zErr);
  pCur->op.zErr = 0;
}

static int vtabClose(sqlite3_vtab_cursor *pCursor){
  SlVtab *p = (SlVtab *)pCursor->pVtab;
  cursorReset((SlCursor *)pCursor);
  if( p->pIdle==0 ){
    p->pIdle = (SlCursor *)pCursor;
  }else{
    sqlite3_free(pCursor);
  }
  return SQLITE_OK;
}

/*
** Keep an argument. Text of a database that is not known to be in UTF-8 is
** copied as it is, not by way of UTF-8.
*/
static void cursorHold(SlOp *pOp, SlCursor *pCur, sqlite3_value *pVal){
  SlHeld *p = &pCur->aArg[pCur->nArg++];
  assert(pCur->nArg <= (int)(sizeof(pCur->aArg) / sizeof(pCur->aArg[0])));
  p->pVal = 0;
  p->eType = sqlite3_value_type(pVal);
  if( p->eType==SQLITE_INTEGER ){
    p->i = sqlite3_value_int64(pVal);
    return;
  }
  if( p->eType==SQLITE_NULL ) return;
  if( p->eType==SQLITE_TEXT && pOp->pDb->bVerified && !pOp->pDb->bUtf16 ){
    const void *z = sqlite3_value_blob(pVal);
    p->n = sqlite3_value_bytes(pVal);
    if( z && p->n<=(int)sizeof(p->z) ){
      memcpy(p->z, z, (size_t)p->n);
      return;
    }
  }
  p->pVal = sqlite3_value_dup(pVal);
  if( p->pVal==0 ) pOp->rc = SQLITE_NOMEM;
}

/*
** Give it back as a result.
*/
static void heldResult(sqlite3_context *pCtx, const SlHeld *p){
  if( p->pVal ){
    sqlite3_result_value(pCtx, p->pVal);
  }else if( p->eType==SQLITE_INTEGER ){
    sqlite3_result_int64(pCtx, p->i);
  }else if( p->eType==SQLITE_TEXT ){
    sqlite3_result_text(pCtx, p->z, p->n, SQLITE_TRANSIENT);
  }
}

int slFilterCount(u32 mArg){
  int n = 0;
  for(; mArg; mArg &= mArg-1) n++;
  return n;
}

sqlite3_value *slFilterArg(u32 mArg, int iCol, sqlite3_value **apArg){
  if( (mArg>>iCol & 1)==0 ) return 0;
  return apArg[slFilterCount(mArg & (((u32)1 << iCol) - 1))];
}

static int vtabFilter(sqlite3_vtab_cursor *pCursor, int idxNum,
                      const char *idxStr, int nArg, sqlite3_value **apArg) {
  SlCursor *pCur = (SlCursor *)pCursor;
  const SlTable *pTable = pCur->pTable;
  SlConn *pConn = ((SlVtab *)pCursor->pVtab)->pConn;
  u32 mArg = (u32)idxNum;
  SlOp *pOp = &pCur->op;
  u32 m;
  int i;
  int iArg = 0;
  (void)nArg;
  cursorReset(pCur);
  slOpBeginValue(pOp, pConn, slFilterArg(mArg, pTable->iSchema, apArg));
  pCur->bEof = 0;
  pCur->iRowid = 0;
  pCur->mArg = mArg & pTable->mHidden & ~((u32)1 << pTable->iSchema);
  for(i=0, m=mArg; m && pOp->rc==SQLITE_OK; i++, m>>=1){
    if( pCur->mArg>>i & 1 ) cursorHold(pOp, pCur, apArg[iArg]);
    iArg += m & 1;
  }
  if( pOp->rc==SQLITE_OK ) pTable->xFilter(pOp, pCur, mArg, idxStr, apArg);
  return vtabResult(pCursor->pVtab, pOp);
}

static int vtabNext(sqlite3_vtab_cursor *pCursor){
  SlCursor *pCur = (SlCursor *)pCursor;
  pCur->pTable->xNext(&pCur->op, pCur);
  return vtabResult(pCursor->pVtab, &pCur->op);
}

static int vtabEof(sqlite3_vtab_cursor *pCursor){
  return ((SlCursor *)pCursor)->bEof;
}

static int vtabColumn(sqlite3_vtab_cursor *pCursor, sqlite3_context *pCtx,
                      int iCol) {
  SlCursor *pCur = (SlCursor *)pCursor;
  const SlTable *pTable = pCur->pTable;
  if( pTable->xWrite && sqlite3_vtab_nochange(pCtx) ){
    /* An UPDATE that leaves the column alone: see slUnchanged(). */
  }else if( iCol==pTable->iSchema ){
    sqlite3_result_text(pCtx, pCur->op.pDb->zName, -1, SQLITE_TRANSIENT);
  }else if( pTable->mHidden>>iCol & 1 ){
    if( pCur->mArg>>iCol & 1 ){
      int i = slFilterCount(pCur->mArg & (((u32)1 << iCol) - 1));
      heldResult(pCtx, &pCur->aArg[i]);
    }
  }else{
    pTable->xColumn(&pCur->op, pCur, pCtx, iCol);
    return vtabResult(pCursor->pVtab, &pCur->op);
  }
  return SQLITE_OK;
}

static int vtabRowid(sqlite3_vtab_cursor *pCursor, sqlite3_int64 *piRowid){
  *piRowid = ((SlCursor *)pCursor)->iRowid;
  return SQLITE_OK;
}

i64 slRowid(SlOp *pOp, i64 iKey){
  if( iKey>>48 ){
    slErr(pOp, SQLITE_CORRUPT_VTAB, "a stored row has the key %lld", iKey);
  }
  return SL_ROWID(pOp->pDb, iKey);
}

int slUnchanged(sqlite3_value *pVal){
  return sqlite3_value_nochange(pVal);
}

void slReadOnly(SlOp *pOp, const char *zColumn){
  slErr(pOp, SQLITE_CONSTRAINT, "%s is read-only", zColumn);
}

/*
** INSERT, UPDATE and DELETE. An INSERT goes to the database that its hidden
** column "schema" names; the others to that of the row.
*/
static int vtabUpdate(sqlite3_vtab *pVtab, int nArg, sqlite3_value **apArg,
                      sqlite3_int64 *piRowid) {
  const SlTable *pTable = ((SlVtab *)pVtab)->pTable;
  SlConn *pConn = ((SlVtab *)pVtab)->pConn;
  i64 iLast = sqlite3_last_insert_rowid(pConn->db);
  SlOp op;
  i64 iKey = 0;
  if( sqlite3_value_type(apArg[0])==SQLITE_NULL ){
    slOpBeginValue(&op, pConn, apArg[2 + pTable->iSchema]);
    if( sqlite3_value_type(apArg[1])!=SQLITE_NULL ) slReadOnly(&op, "rowid");
    if( op.rc==SQLITE_OK ){
      pTable->xWrite(&op, SL_INSERT, 0, &apArg[2], &iKey);
      *piRowid = pTable->bFixed ? iKey : SL_ROWID(op.pDb, iKey);
    }
  }else if( pTable->bFixed ){
    slOpBegin(&op, pConn, 0);
    pTable->xWrite(&op, SL_UPDATE, 0, 0, &iKey);
  }else{
    i64 iOld = sqlite3_value_int64(apArg[0]);
    SlDb *pDb = slDbByIndex(pConn, (int)(iOld >> 48));
    /* The row has been read, so that its database is known and attached. */
    slOpBegin(&op, pConn, ALWAYS(pDb) ? pDb->zName : 0);
    iOld &= ((i64)1 << 48) - 1;
    iKey = iOld;
    if( ALWAYS(op.rc==SQLITE_OK) && nArg>1 ){
      sqlite3_value *pSchema = apArg[2 + pTable->iSchema];
      if( sqlite3_value_int64(apArg[1])!=sqlite3_value_int64(apArg[0]) ){
        slReadOnly(&op, "rowid");
      }
      if( !slUnchanged(pSchema) ){
        const char *z = (const char *)sqlite3_value_text(pSchema);
        if( sqlite3_stricmp(z, op.pDb->zName)!=0 ){
          slReadOnly(&op, "schema");
        }
      }
    }
    if( op.rc==SQLITE_OK ){
      pTable->xWrite(&op, nArg > 1 ? SL_UPDATE : SL_DELETE, iOld,
                     nArg > 1 ? &apArg[2] : 0, &iKey);
    }
  }
  /* Where the row is inserted SQLite sets it to *piRowid. */
  sqlite3_set_last_insert_rowid(pConn->db, iLast);
  return vtabResult(pVtab, &op);
}

static int vtabBegin(sqlite3_vtab *pVtab){
  slConnEnlist(((SlVtab *)pVtab)->pConn);
  return SQLITE_OK;
}

static int vtabSync(sqlite3_vtab *pVtab){
  return slPendingSync(((SlVtab *)pVtab)->pConn, 0, &pVtab->zErrMsg);
}

static int vtabCommit(sqlite3_vtab *pVtab){
  slConnCommit(((SlVtab *)pVtab)->pConn);
  return SQLITE_OK;
}

static int vtabRollback(sqlite3_vtab *pVtab){
  SlConn *pConn = ((SlVtab *)pVtab)->pConn;
  slConnRollback(pConn, 1);
  slConnCommit(pConn);
  return SQLITE_OK;
}

static int vtabSavepoint(sqlite3_vtab *pVtab, int iSavepoint){
  (void)iSavepoint;
  return slConnSavepoint(((SlVtab *)pVtab)->pConn, &pVtab->zErrMsg);
}

static int vtabRollbackTo(sqlite3_vtab *pVtab, int iSavepoint){
  (void)iSavepoint;
  slConnRollback(((SlVtab *)pVtab)->pConn, 0);
  return SQLITE_OK;
}

/* Read-only tables have the module up to xRowid, the others all of it. */
#define SL_MODULE_READ                                                         \
  .iVersion = 2, .xConnect = vtabConnect, .xBestIndex = vtabBestIndex,         \
  .xDisconnect = vtabDisconnect, .xOpen = vtabOpen, .xClose = vtabClose,       \
  .xFilter = vtabFilter, .xNext = vtabNext, .xEof = vtabEof,                   \
  .xColumn = vtabColumn, .xRowid = vtabRowid

static const sqlite3_module vtabRead = { SL_MODULE_READ };

static const sqlite3_module vtabWrite = {
  SL_MODULE_READ,
  .xUpdate = vtabUpdate,
  .xBegin = vtabBegin,
  .xSync = vtabSync,
  .xCommit = vtabCommit,
  .xRollback = vtabRollback,
  .xSavepoint = vtabSavepoint,
  .xRollbackTo = vtabRollbackTo,
};

int slTableRegister(SlConn *pConn, const SlTable *pTable){
  SlVtabData *pData = sqlite3_malloc64(sizeof(*pData));
  if( pData==0 ) return SQLITE_NOMEM;
  pData->pConn = pConn;
  pData->pTable = pTable;
  slConnRef(pConn);
  return sqlite3_create_module_v2(pConn->db, pTable->zName,
                                  pTable->xWrite ? &vtabWrite : &vtabRead,
                                  pData, vtabDataFree);
}
