/*
** vt_list.c - the table session_list.
**
**   SELECT id, name, status FROM session_list ORDER BY id DESC LIMIT 20;
**   SELECT * FROM session_list('name-or-label-or-prefix');
**   INSERT INTO session_list(name, label, meta) VALUES('a', 'b', '{"k":1}');
**   UPDATE session_list SET status='ended' WHERE ref='a';
**   DELETE FROM session_list WHERE ref='a';
**
** A scan is a statement that gives keys, by the index that serves the query
** best; a row is read when its first column is asked for, so that counting
** and skipping read no rows, and head and n_events are looked up only where
** they are asked for.
**
** The plan: "=" on ref, id, name, parent_id, group_key, status, created_by
** and schema is passed on; the first of these in that order chooses the
** statement, SQLite checks the others. idxStr is the order:
**
**   i+ i-     by id, ascending or descending (i+ is also for no order, and for
**             ref, id, name and parent_id, which have none)
**   s+ s-     by started_at_ms, of no filter only
*/
#include "slSurface.h"

typedef struct ListCursor ListCursor;
struct ListCursor {
  SlCursor base;
  int eKeys;           /* which statement pKeys is */
  sqlite3_stmt *pKeys; /* gives the keys; NULL: there is one at most */
  sqlite3_stmt *pRow;  /* the row's columns, or NULL: not used yet */
  int bRow;            /* pRow stands on the present row */
  int bRead;           /* pRow was asked for the present row */
  i64 iKey;            /* key of the present row */
};

#define BIT(iCol) ((u32)1 << (iCol))

/*
** The order that idxStr tells, and whether it is the one that is wanted.
*/
static void listOrder(sqlite3_index_info *pInfo, int bFilter){
  const struct sqlite3_index_orderby *pBy = pInfo->aOrderBy;
  if( pInfo->nOrderBy==0 ) return;
  if( pBy->iColumn==SL_COL_ID ){
    /* What follows can't matter, ids are unique. */
    pInfo->orderByConsumed = 1;
    if( pBy->desc ) pInfo->idxStr = "i-";
  }else if( pBy->iColumn==SL_COL_STARTED_AT_MS && pInfo->nOrderBy==1
         && !bFilter
  ){
    pInfo->orderByConsumed = 1;
    pInfo->idxStr = pBy->desc ? "s-" : "s+";
  }
}

static int listPlan(sqlite3_index_info *pInfo, u32 mUsed, int *piArg){
  (void)piArg;
  pInfo->idxStr = "i+";
  if( mUsed & (BIT(SL_COL_REF)|BIT(SL_COL_ID)|BIT(SL_COL_NAME)) ){
    pInfo->estimatedCost = 10;
    pInfo->estimatedRows = 1;
    pInfo->idxFlags = SQLITE_INDEX_SCAN_UNIQUE;
    pInfo->orderByConsumed = 1;
  }else if( mUsed & (BIT(SL_COL_PARENT_ID)|BIT(SL_COL_GROUP_KEY)) ){
    pInfo->estimatedCost = 100;
    pInfo->estimatedRows = 20;
    if( (mUsed & BIT(SL_COL_PARENT_ID))==0 ) listOrder(pInfo, 1);
  }else if( mUsed & (BIT(SL_COL_STATUS)|BIT(SL_COL_CREATED_BY)) ){
    pInfo->estimatedCost = 10000;
    pInfo->estimatedRows = 2000;
    listOrder(pInfo, 1);
  }else{
    listOrder(pInfo, 0);
  }
  return SQLITE_OK;
}

/*
** The statement that serves a query best: by the value of a column, which
** *piCol tells, or (-1) without one; in the order of zPlan.
*/
static int listStatement(u32 mArg, const char *zPlan, int *piCol){
  static const struct {
    int iCol;
    int eAsc;
    int eDesc;
  } aBy[] = {
    { SL_COL_ID, SL_SQL_LIST_ID, SL_SQL_LIST_ID },
    { SL_COL_NAME, SL_SQL_LIST_NAME, SL_SQL_LIST_NAME },
    { SL_COL_PARENT_ID, SL_SQL_LIST_PARENT, SL_SQL_LIST_PARENT },
    { SL_COL_GROUP_KEY, SL_SQL_LIST_GROUP_ASC, SL_SQL_LIST_GROUP_DESC },
    { SL_COL_STATUS, SL_SQL_LIST_STATUS_ASC, SL_SQL_LIST_STATUS_DESC },
    { SL_COL_CREATED_BY, SL_SQL_LIST_CREATOR_ASC, SL_SQL_LIST_CREATOR_DESC },
  };
  int bDesc = zPlan[1] == '-';
  size_t i;
  for(i=0; i<sizeof(aBy)/sizeof(aBy[0]); i++){
    if( mArg & BIT(aBy[i].iCol) ){
      *piCol = aBy[i].iCol;
      return bDesc ? aBy[i].eDesc : aBy[i].eAsc;
    }
  }
  *piCol = -1;
  if( zPlan[0]=='s' ){
    return bDesc ? SL_SQL_LIST_STARTED_DESC : SL_SQL_LIST_STARTED_ASC;
  }
  return bDesc ? SL_SQL_LIST_ID_DESC : SL_SQL_LIST_ID_ASC;
}

/*
** Step to the next key.
*/
static void listStep(SlOp *pOp, ListCursor *pCur){
  sqlite3_reset(pCur->pRow);
  pCur->bRow = 0;
  pCur->bRead = 0;
  if( pCur->pKeys && slStep(pOp, pCur->pKeys) ){
    pCur->iKey = sqlite3_column_int64(pCur->pKeys, 0);
    pCur->base.iRowid = slRowid(pOp, pCur->iKey);
  }else{
    pCur->base.bEof = 1;
  }
}

static void listFilter(SlOp *pOp, SlCursor *pBase, u32 mArg, const char *zPlan,
                       sqlite3_value **apArg) {
  ListCursor *pCur = (ListCursor *)pBase;
  SlSession session;
  int iCol;
  pCur->bRow = 0;
  pCur->bRead = 0;
  if( !slOpRead(pOp) ){
    pBase->bEof = 1;
  }else if( mArg & BIT(SL_COL_REF) ){
    if( slFind(pOp, slFilterArg(mArg, SL_COL_REF, apArg), &session) ){
      slScanOne(pOp, &pBase->scan, SL_SQL_SESSION_MAX_KEY, session.iKey);
      pCur->iKey = session.iKey;
      pBase->iRowid = slRowid(pOp, session.iKey);
    }else{
      pBase->bEof = 1;
    }
  }else{
    i64 iMax = slScanBegin(pOp, &pBase->scan, SL_SQL_SESSION_MAX_KEY);
    pCur->eKeys = listStatement(mArg, zPlan, &iCol);
    pCur->pKeys = slStmt(pOp, pCur->eKeys);
    slBindTenant(pOp, pCur->pKeys, 1);
    slBindInt(pOp, pCur->pKeys, 2, iMax);
    if( iCol>=0 ){
      slBindValue(pOp, pCur->pKeys, 3, slFilterArg(mArg, iCol, apArg));
    }
    listStep(pOp, pCur);
  }
}

static void listNext(SlOp *pOp, SlCursor *pBase){
  listStep(pOp, (ListCursor *)pBase);
}

/*
** Read the present row. 0 if it is gone, or a failure.
*/
static int listRow(SlOp *pOp, ListCursor *pCur){
  if( pCur->bRead==0 ){
    if( pCur->pRow==0 ) pCur->pRow = slStmt(pOp, SL_SQL_LIST_ROW);
    slBindInt(pOp, pCur->pRow, 1, pCur->iKey);
    pCur->bRow = slStep(pOp, pCur->pRow);
    pCur->bRead = 1;
  }
  return pCur->bRow;
}

/*
** The session of the present row.
*/
static void listSession(const ListCursor *pCur, SlSession *p){
  sqlite3_stmt *pRow = pCur->pRow;
  const char *zId = (const char *)sqlite3_column_text(pRow, SL_COL_ID);
  memset(p, 0, sizeof(*p));
  p->iKey = pCur->iKey;
  p->iParent = sqlite3_column_int64(pRow, SL_COL_HEAD);
  p->iForkedAt = slColumnOrdinal(pRow, SL_COL_FORKED_AT);
  p->iArchived = slColumnOrdinal(pRow, SL_COL_ARCHIVED);
  sqlite3_snprintf(sizeof(p->zId), p->zId, "%s", zId);
}

static void listColumn(SlOp *pOp, SlCursor *pBase, sqlite3_context *pCtx,
                       int iCol) {
  ListCursor *pCur = (ListCursor *)pBase;
  SlSession session;
  if( iCol>SL_COL_N_EVENTS || !listRow(pOp, pCur) ) return;
  if( iCol==SL_COL_HEAD || iCol==SL_COL_N_EVENTS ){
    listSession(pCur, &session);
    slResultInt(pOp, pCtx,
                iCol == SL_COL_HEAD ? slHead(pOp, &session)
                                    : slOwnEvents(pOp, &session));
  }else{
    sqlite3_result_value(pCtx, sqlite3_column_value(pCur->pRow, iCol));
  }
}

static void listReset(SlCursor *pBase){
  ListCursor *pCur = (ListCursor *)pBase;
  slFree(&pBase->op, pCur->eKeys, pCur->pKeys);
  slFree(&pBase->op, SL_SQL_LIST_ROW, pCur->pRow);
  pCur->pKeys = 0;
  pCur->pRow = 0;
}

/* ---- writing --------------------------------------------------------- */

/* What a task works on. */
typedef struct ListWrite ListWrite;
struct ListWrite {
  SlFields fields; /* columns as given */
  i64 iKey;        /* the session; OUT: the new one */
};

static void listInsert(SlOp *pOp, void *pArg){
  ListWrite *p = (ListWrite *)pArg;
  SlSession session;
  slSessionCreate(pOp, &p->fields, &session);
  p->iKey = session.iKey;
}

static void listUpdate(SlOp *pOp, void *pArg){
  ListWrite *p = (ListWrite *)pArg;
  slSessionChange(pOp, p->iKey, &p->fields);
}

static void listDelete(SlOp *pOp, void *pArg){
  const ListWrite *p = (const ListWrite *)pArg;
  SlSession session;
  memset(&session, 0, sizeof(session));
  slSessionByKey(pOp, p->iKey, &session);
  if( slFindId(pOp, session.zId, &session) ) slSessionRemove(pOp, &session);
}

static void listWrite(SlOp *pOp, int eWrite, i64 iKey, sqlite3_value **apCol,
                      i64 *piKey) {
  ListWrite w;
  int i;
  memset(&w, 0, sizeof(w));
  w.iKey = iKey;
  w.fields.bWhole = 1; /* as it is in UPDATE ... FROM */
  w.fields.bChange = eWrite == SL_UPDATE;
  for(i=0; apCol && i<SL_COL_COUNT; i++){
    if( i==SL_COL_SCHEMA ) continue;
    if( slUnchanged(apCol[i]) ){
      w.fields.bWhole = 0;
    }else{
      slFieldValue(pOp, &w.fields, i, apCol[i]);
    }
  }
  if( eWrite==SL_INSERT ){
    slSessionWrite(pOp, &w.fields, listInsert, &w);
    *piKey = w.iKey;
  }else{
    slOpWrite(pOp, eWrite == SL_UPDATE ? listUpdate : listDelete, &w);
  }
}

const SlTable slTableList = {
  .zName = "session_list",
  .zDecl = "id TEXT, name TEXT, parent_id TEXT, forked_at INTEGER, kind TEXT,"
           " target TEXT, target_class TEXT, target_hash TEXT, cwd TEXT,"
           " group_key TEXT, status TEXT, created_by TEXT, app_version TEXT,"
           " source_url TEXT, origin TEXT, pid INTEGER, host TEXT,"
           " started_at_ms INTEGER, ended_at_ms INTEGER, seen_at_ms INTEGER,"
           " paused_at_ms INTEGER, pause_summary TEXT, head INTEGER,"
           " archived INTEGER, n_events INTEGER, ref HIDDEN, schema HIDDEN,"
           " label HIDDEN, meta HIDDEN",
  .mEq = BIT(SL_COL_ID) | BIT(SL_COL_NAME) | BIT(SL_COL_PARENT_ID)
         | BIT(SL_COL_GROUP_KEY) | BIT(SL_COL_STATUS) | BIT(SL_COL_CREATED_BY)
         | BIT(SL_COL_REF) | BIT(SL_COL_SCHEMA),
  .mHidden = BIT(SL_COL_REF) | BIT(SL_COL_SCHEMA),
  .iSchema = SL_COL_SCHEMA,
  .nCursor = sizeof(ListCursor),
  .xPlan = listPlan,
  .xFilter = listFilter,
  .xNext = listNext,
  .xColumn = listColumn,
  .xReset = listReset,
  .xWrite = listWrite,
};
