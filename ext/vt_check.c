/*
** vt_check.c - session_check and session_stats.
**
**   SELECT rule, session_id, ordinal, detail FROM session_check
**   SELECT name, value FROM session_stats
**
** session_check does all its work when the scan begins: the rows are those
** of one moment. No rows is what a sound database gives. It covers the whole
** database, on a connection with a locked tenant that tenant. session_stats
** tells of the connection's tenant, on every connection.
*/
#include "slSurface.h"

#define BIT(i) ((u32)1 << (i))

/* ---- session_check --------------------------------------------------- */

enum {
  CHECK_RULE,
  CHECK_SESSION_ID,
  CHECK_ORDINAL,
  CHECK_DETAIL,
  CHECK_SCHEMA
};

typedef struct CheckCursor CheckCursor;
struct CheckCursor {
  SlCursor base;
  SlFaults faults;
};

static void checkReset(SlCursor *pBase){
  slFaultsFree(&((CheckCursor *)pBase)->faults);
}

/*
** The rowid counts the rows from 1.
*/
static void checkNext(SlOp *pOp, SlCursor *pBase){
  CheckCursor *pCur = (CheckCursor *)pBase;
  (void)pOp;
  pBase->iRowid++;
  pBase->bEof = pBase->iRowid > pCur->faults.n;
}

static void checkFilter(SlOp *pOp, SlCursor *pBase, u32 mArg, const char *zPlan,
                        sqlite3_value **apArg) {
  CheckCursor *pCur = (CheckCursor *)pBase;
  SlConn *pConn = pOp->pConn;
  (void)mArg;
  (void)zPlan;
  (void)apArg;
  slCheck(pOp, pConn->bLocked ? pConn->zTenant : 0, &pCur->faults);
  checkNext(pOp, pBase);
}

static void checkColumn(SlOp *pOp, SlCursor *pBase, sqlite3_context *pCtx,
                        int iCol) {
  const CheckCursor *pCur = (const CheckCursor *)pBase;
  const SlFault *pFault = &pCur->faults.a[pBase->iRowid - 1];
  switch( iCol ){
    case CHECK_RULE: slResultText(pOp, pCtx, pFault->zRule, -1); break;
    case CHECK_SESSION_ID:
      if( pFault->zId[0] ) slResultText(pOp, pCtx, pFault->zId, -1);
      break;
    case CHECK_ORDINAL:
      if( pFault->iOrdinal ) slResultInt(pOp, pCtx, pFault->iOrdinal);
      break;
    default: slResultText(pOp, pCtx, pFault->zDetail, -1); break;
  }
}

const SlTable slTableCheck = {
  .zName = "session_check",
  .zDecl = "rule TEXT, session_id TEXT, ordinal INTEGER, detail TEXT, "
           "schema HIDDEN",
  .mEq = BIT(CHECK_SCHEMA),
  .mHidden = BIT(CHECK_SCHEMA),
  .iSchema = CHECK_SCHEMA,
  .nCursor = sizeof(CheckCursor),
  .xFilter = checkFilter,
  .xNext = checkNext,
  .xColumn = checkColumn,
  .xReset = checkReset,
};

/* ---- session_stats --------------------------------------------------- */

enum {
  STATS_NAME,
  STATS_VALUE,
  STATS_SCHEMA
};

typedef struct StatsCursor StatsCursor;
struct StatsCursor {
  SlCursor base;
  i64 aStat[SL_STAT_COUNT];
};

/*
** The rowid is SL_STAT_... plus one.
*/
static void statsNext(SlOp *pOp, SlCursor *pBase){
  (void)pOp;
  pBase->iRowid++;
  pBase->bEof = pBase->iRowid > SL_STAT_COUNT;
}

static void statsFilter(SlOp *pOp, SlCursor *pBase, u32 mArg, const char *zPlan,
                        sqlite3_value **apArg) {
  (void)mArg;
  (void)zPlan;
  (void)apArg;
  slStats(pOp, ((StatsCursor *)pBase)->aStat);
  statsNext(pOp, pBase);
}

static void statsColumn(SlOp *pOp, SlCursor *pBase, sqlite3_context *pCtx,
                        int iCol) {
  const StatsCursor *pCur = (const StatsCursor *)pBase;
  if( iCol==STATS_NAME ){
    slResultText(pOp, pCtx, slStatName((int)pBase->iRowid - 1), -1);
  }else{
    slResultInt(pOp, pCtx, pCur->aStat[pBase->iRowid - 1]);
  }
}

const SlTable slTableStats = {
  .zName = "session_stats",
  .zDecl = "name TEXT, value INTEGER, schema HIDDEN",
  .mEq = BIT(STATS_SCHEMA),
  .mHidden = BIT(STATS_SCHEMA),
  .iSchema = STATS_SCHEMA,
  .nCursor = sizeof(StatsCursor),
  .xFilter = statsFilter,
  .xNext = statsNext,
  .xColumn = statsColumn,
};
