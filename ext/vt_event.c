/*
** vt_event.c - session_events, events_since, events_tail, events_archived.
**
**   INSERT INTO session_events(session_id, kind, payload) VALUES(…)
**   SELECT … FROM session_events WHERE session_id=… AND ordinal>…
**   SELECT … FROM events_since(ref, cursor, limit)
**   SELECT … FROM events_tail(ref, n)
**   SELECT … FROM events_archived(ref, from, to)
**
** All four read through one cursor. Filtering decides on one session and a
** range of ordinals, or, for session_events without a session, on the list
** of the tenant's sessions with the head that each has at that moment: what
** is appended later is not part of the scan.
**
** Plan of session_events: "=" on session_id, ref and schema as vtab.c has
** it. Then one letter in idxStr for each bound on ordinal, in the order of
** the arguments: e (=), g (>), G (>=), l (<), L (<=); last a or d for the
** order. Bounds are only narrowed by INTEGER values; SQLite tests them again
** in any case, so that a bound of another type costs time and nothing else.
*/
#include "slSurface.h"

/* Columns of all four; the hidden ones differ. */
enum {
  EV_SESSION_ID,
  EV_ORDINAL,
  EV_KIND,
  EV_AT_MS,
  EV_PAYLOAD,
  EV_KEY,
  EV_ORIGIN_ID,
  EV_HIDDEN
};
#define EV_DECL                                                                \
  "session_id TEXT, ordinal INTEGER, kind TEXT, at_ms INTEGER, payload, "      \
  "key TEXT, origin_id TEXT, ref HIDDEN, "

/* Hidden columns. ref is the first of each. */
#define EV_REF          EV_HIDDEN
#define EV_SCHEMA       (EV_HIDDEN + 1) /* session_events */
#define SINCE_CURSOR    (EV_HIDDEN + 1)
#define SINCE_LIMIT     (EV_HIDDEN + 2)
#define SINCE_SCHEMA    (EV_HIDDEN + 3)
#define TAIL_N          (EV_HIDDEN + 1)
#define TAIL_SCHEMA     (EV_HIDDEN + 2)
#define ARCHIVED_FROM   (EV_HIDDEN + 1)
#define ARCHIVED_TO     (EV_HIDDEN + 2)
#define ARCHIVED_SCHEMA (EV_HIDDEN + 3)

#define BIT(i) ((u32)1 << (i))

/* Most bounds on ordinal that a plan uses. */
#define EV_BOUNDS 8

/* A session that a scan of all of them has still to read. */
typedef struct EvSession EvSession;
struct EvSession {
  i64 iSession; /* its integer */
  i64 iHead;    /* its head when the scan began */
};

typedef struct EvCursor EvCursor;
struct EvCursor {
  SlCursor base;
  SlReader *pReader;
  SlSession session;   /* the session being read */
  u64 nLeft;           /* rows still to give */
  EvSession *aSession; /* all sessions, or NULL */
  int nSession;
  int iSession; /* next of them */
  i64 iFrom;    /* bounds of a scan of all sessions */
  i64 iTo;
};

static void evReset(SlCursor *pBase){
  EvCursor *pCur = (EvCursor *)pBase;
  slReaderFree(pCur->pReader);
  pCur->pReader = 0;
  sqlite3_free(pCur->aSession);
  pCur->aSession = 0;
  pCur->nSession = 0;
  pCur->iSession = 0;
}

/*
** For slReaderList(): the session has no events above iHead that were there
** when the scan began.
*/
static void evAppend(void *pArg, i64 iKey, i64 iHead){
  EvCursor *pCur = (EvCursor *)pArg;
  int i;
  for(i=pCur->iSession; i<pCur->nSession; i++){
    EvSession *p = &pCur->aSession[i];
    if( p->iSession==iKey && iHead<p->iHead ) p->iHead = iHead;
  }
}

/*
** Open the next session of a scan of all: 0 if there is none.
*/
static int evNextSession(SlOp *pOp, EvCursor *pCur){
  while( pOp->rc==SQLITE_OK && pCur->iSession<pCur->nSession ){
    const EvSession *p = &pCur->aSession[pCur->iSession++];
    i64 iFrom = pCur->iFrom;
    i64 iTo = pCur->iTo < p->iHead ? pCur->iTo : p->iHead;
    if( slSessionLiving(pOp, p->iSession, &pCur->session) ){
      if( iFrom<=pCur->session.iArchived ) iFrom = pCur->session.iArchived + 1;
      slReaderOpen(pOp, pCur->pReader, &pCur->session, iFrom, iTo, 0);
      return 1;
    }
  }
  return 0;
}

static void evNext(SlOp *pOp, SlCursor *pBase){
  EvCursor *pCur = (EvCursor *)pBase;
  if( pCur->nLeft!=0 ){
    do {
      if( slReaderNext(pOp, pCur->pReader) ){
        pBase->iRowid =
          SL_KEY(pCur->session.iKey, SL_ORDINAL(slReaderKey(pCur->pReader)));
        pCur->nLeft--;
        return;
      }
    }while( evNextSession(pOp, pCur) );
  }
  pBase->bEof = 1;
}

/*
** Begin to read one session. A negative limit is none: more than there can be.
*/
static void evBegin(SlOp *pOp, EvCursor *pCur, i64 iFrom, i64 iTo, i64 nLimit,
                    int bDesc) {
  pCur->pReader = slReaderNew(pOp->pConn);
  if( pCur->pReader==0 ){
    pOp->rc = SQLITE_NOMEM;
    return;
  }
  pCur->nLeft = (u64)nLimit;
  slReaderOpen(pOp, pCur->pReader, &pCur->session, iFrom, iTo, bDesc);
  evNext(pOp, &pCur->base);
}

/*
** Note all sessions of the tenant and their heads.
*/
static void evListSessions(SlOp *pOp, EvCursor *pCur){
  SlSession s;
  i64 iTop = 0;
  int nAlloc = 0;
  int i;
  const char *zTenant = pOp->pConn->zTenant;
  sqlite3_stmt *pStmt = slStmt(pOp, SL_SQL_EVENT_SESSIONS);
  slBindText(pOp, pStmt, 1, zTenant, (i64)strlen(zTenant));
  while( slStep(pOp, pStmt) ){
    if( pCur->nSession==nAlloc ){
      EvSession *aNew;
      nAlloc = nAlloc ? nAlloc * 2 : 64;
      aNew = sqlite3_realloc64(pCur->aSession, (u64)nAlloc * sizeof(*aNew));
      if( aNew==0 ){
        pOp->rc = SQLITE_NOMEM;
        break;
      }
      pCur->aSession = aNew;
    }
    pCur->aSession[pCur->nSession++].iSession = sqlite3_column_int64(pStmt, 0);
  }
  slFree(pOp, SL_SQL_EVENT_SESSIONS, pStmt);
  memset(&s, 0, sizeof(s));
  for(i=0; i<pCur->nSession && pOp->rc==SQLITE_OK; i++){
    /* One that isn't there is left out when its turn comes. */
    slSessionByKey(pOp, pCur->aSession[i].iSession, &s);
    if( iTop<pCur->aSession[i].iSession ) iTop = pCur->aSession[i].iSession;
    pCur->aSession[i].iHead = slHead(pOp, &s);
  }
  slScanOne(pOp, &pCur->base.scan, SL_SQL_SESSION_MAX_KEY, iTop);
}

/*
** Narrow *piFrom and *piTo by one bound on ordinal.
*/
static void evBound(char cOp, sqlite3_value *pVal, i64 *piFrom, i64 *piTo){
  i64 i;
  if( sqlite3_value_type(pVal)==SQLITE_NULL ){
    *piTo = 0;
    return;
  }
  if( sqlite3_value_type(pVal)!=SQLITE_INTEGER ) return;
  i = sqlite3_value_int64(pVal);
  if( i<0 ) i = -1;
  if( i>SL_MAX_ORDINAL ) i = SL_MAX_ORDINAL + 1;
  if( cOp=='g' ) i++;
  if( cOp=='l' ) i--;
  if( (cOp=='g' || cOp=='G' || cOp=='e') && i>*piFrom ) *piFrom = i;
  if( (cOp=='l' || cOp=='L' || cOp=='e') && i<*piTo ) *piTo = i;
}

/*
** The session that session_id and ref ask for: 0 if there is none. SQLite
** compares session_id as well; only an id in canonical form can be equal.
*/
static int evFind(SlOp *pOp, EvCursor *pCur, u32 mArg, sqlite3_value **apArg){
  sqlite3_value *pId = slFilterArg(mArg, EV_SESSION_ID, apArg);
  if( mArg & BIT(EV_REF) ){
    return slFind(pOp, slFilterArg(mArg, EV_REF, apArg), &pCur->session);
  }
  return sqlite3_value_type(pId) == SQLITE_TEXT
         && sqlite3_value_bytes(pId) == 26 && slFind(pOp, pId, &pCur->session);
}

static void evFilter(SlOp *pOp, SlCursor *pBase, u32 mArg, const char *zPlan,
                     sqlite3_value **apArg) {
  EvCursor *pCur = (EvCursor *)pBase;
  sqlite3_value **apOwn = apArg + slFilterCount(mArg);
  i64 iFrom = 1;
  i64 iTo = SL_MAX_ORDINAL;
  for(; *zPlan!='a' && *zPlan!='d'; zPlan++){
    evBound(*zPlan, *apOwn++, &iFrom, &iTo);
  }
  pBase->bEof = 1;
  if( !slOpRead(pOp) ) return;
  if( mArg & (BIT(EV_SESSION_ID)|BIT(EV_REF)) ){
    if( !evFind(pOp, pCur, mArg, apArg) ) return;
    if( iFrom<=pCur->session.iArchived ) iFrom = pCur->session.iArchived + 1;
    pBase->bEof = 0;
    evBegin(pOp, pCur, iFrom, iTo, -1, *zPlan == 'd');
  }else{
    evListSessions(pOp, pCur);
    pCur->iFrom = iFrom;
    pCur->iTo = iTo;
    pBase->bEof = 0;
    evBegin(pOp, pCur, 1, 0, -1, 0);
    if( pCur->pReader ) slReaderList(pCur->pReader, evAppend, pCur);
  }
}

/*
** 1 if the rows come as ORDER BY wants them; *pbDesc is set if that needs
** the descending scan. bOne: one session is read.
*/
static int evOrder(const sqlite3_index_info *pInfo, int bOne, int *pbDesc){
  int i;
  *pbDesc = 0;
  for(i=0; i<pInfo->nOrderBy; i++){
    int iCol = pInfo->aOrderBy[i].iColumn;
    int bDesc = pInfo->aOrderBy[i].desc;
    /* The same in all rows, or as before. */
    if( iCol==EV_SESSION_ID && (bOne || i>0 || !bDesc) ) continue;
    if( !bOne && (i==0 || bDesc) ) return 0;
    if( iCol!=EV_ORDINAL && (iCol>=0 || !bOne) ) return 0;
    /* Ordinals differ: what comes after them makes no difference. */
    *pbDesc = bDesc;
    return 1;
  }
  return 1;
}

static int evPlan(sqlite3_index_info *pInfo, u32 mUsed, int *piArg){
  char *zPlan = sqlite3_malloc64(EV_BOUNDS + 2);
  int n = 0;
  int i;
  int bDesc;
  int bOne = (mUsed & (BIT(EV_SESSION_ID) | BIT(EV_REF))) != 0;
  if( zPlan==0 ) return SQLITE_NOMEM;
  for(i=0; i<pInfo->nConstraint && n<EV_BOUNDS; i++){
    char c = 0;
    if( pInfo->aConstraint[i].iColumn!=EV_ORDINAL ) continue;
    if( !pInfo->aConstraint[i].usable ) continue;
    switch( pInfo->aConstraint[i].op ){
      case SQLITE_INDEX_CONSTRAINT_EQ: c = 'e'; break;
      case SQLITE_INDEX_CONSTRAINT_GT: c = 'g'; break;
      case SQLITE_INDEX_CONSTRAINT_GE: c = 'G'; break;
      case SQLITE_INDEX_CONSTRAINT_LT: c = 'l'; break;
      case SQLITE_INDEX_CONSTRAINT_LE: c = 'L'; break;
      default: break;
    }
    if( c ){
      zPlan[n++] = c;
      pInfo->aConstraintUsage[i].argvIndex = (*piArg)++;
    }
  }
  pInfo->estimatedCost = bOne ? 1e4 : 1e8;
  pInfo->estimatedRows = bOne ? 10000 : 10000000;
  if( n>0 && memchr(zPlan, 'e', (size_t)n) ){
    pInfo->estimatedCost /= 1e4;
    pInfo->estimatedRows /= 10000;
  }else if( n>0 ){
    pInfo->estimatedCost /= 10;
    pInfo->estimatedRows /= 10;
  }
  pInfo->orderByConsumed = evOrder(pInfo, bOne, &bDesc);
  zPlan[n++] = bDesc ? 'd' : 'a';
  zPlan[n] = 0;
  pInfo->idxStr = zPlan;
  pInfo->needToFreeIdxStr = 1;
  return SQLITE_OK;
}

/*
** Return a value of the present row. sqlite3_result_value() would allocate
** memory for each text anew.
*/
static void evResult(const SlOp *pOp, sqlite3_context *pCtx,
                     sqlite3_value *pVal) {
  int eType = sqlite3_value_type(pVal);
  if( eType==SQLITE_INTEGER ){
    sqlite3_result_int64(pCtx, sqlite3_value_int64(pVal));
  }else if( eType==SQLITE_TEXT && !pOp->pDb->bUtf16 ){
    const char *z = (const char *)sqlite3_value_blob(pVal);
    sqlite3_result_text(pCtx, z ? z : "", sqlite3_value_bytes(pVal),
                        SQLITE_TRANSIENT);
  }else{
    sqlite3_result_value(pCtx, pVal);
  }
}

static void evColumn(SlOp *pOp, SlCursor *pBase, sqlite3_context *pCtx,
                     int iCol) {
  static const u8 aValue[] = {
    0, 0, SL_EV_KIND, SL_EV_AT_MS, SL_EV_PAYLOAD, SL_EV_IDEM, 0
  };
  EvCursor *pCur = (EvCursor *)pBase;
  const SlEvent *pEvent;
  switch( iCol ){
    case EV_SESSION_ID:
      sqlite3_result_text(pCtx, pCur->session.zId, 26, SQLITE_TRANSIENT);
      return;
    case EV_ORDINAL:
      sqlite3_result_int64(pCtx, SL_ORDINAL(pBase->iRowid));
      return;
    case EV_ORIGIN_ID:
      sqlite3_result_text(pCtx, slReaderOrigin(pOp, pCur->pReader), -1,
                          SQLITE_TRANSIENT);
      return;
    default: break;
  }
  pEvent = slReaderPacked(pCur->pReader);
  if( pEvent==0 ){
    evResult(pOp, pCtx, slReaderValue(pCur->pReader, aValue[iCol]));
    return;
  }
  switch( iCol ){
    case EV_KIND: slResultText(pOp, pCtx, pEvent->zKind, pEvent->nKind); break;
    case EV_AT_MS: sqlite3_result_int64(pCtx, pEvent->iAtMs); break;
    case EV_KEY: slResultText(pOp, pCtx, pEvent->zKey, pEvent->nKey); break;
    default: slResultEvent(pCtx, pEvent, SQLITE_TRANSIENT); break;
  }
}

/*
** INSERT appends; the rest is refused.
*/
static void evWrite(SlOp *pOp, int eWrite, i64 iKey, sqlite3_value **apCol,
                    i64 *piKey) {
  SlAppend a;
  (void)iKey;
  if( eWrite!=SL_INSERT ){
    slErr(pOp, SQLITE_CONSTRAINT, "events are append-only");
    return;
  }
  memset(&a, 0, sizeof(a));
  if( !slArgNull(apCol[EV_SESSION_ID]) ){
    a.pRef = apCol[EV_SESSION_ID];
    if( !slArgNull(apCol[EV_REF]) ){
      slErr(pOp, SQLITE_CONSTRAINT, "session_id and ref are both given");
    }
  }else if( !slArgNull(apCol[EV_REF]) ){
    a.pRef = apCol[EV_REF];
  }
  if( !slArgNull(apCol[EV_ORIGIN_ID]) ) slReadOnly(pOp, "origin_id");
  a.event.zKind = slArgName(pOp, "kind", apCol[EV_KIND], 0, &a.event.nKind);
  if( !slArgNull(apCol[EV_ORDINAL]) ){
    a.bExpect = 1;
    a.iExpect = slArgInt(pOp, "ordinal", apCol[EV_ORDINAL], 0);
  }
  if( !slArgNull(apCol[EV_AT_MS]) ){
    a.bAtMs = 1;
    a.event.iAtMs = slArgInt(pOp, "at_ms", apCol[EV_AT_MS], 0);
  }
  if( !slArgNull(apCol[EV_KEY]) ){
    a.event.zKey = slArgName(pOp, "key", apCol[EV_KEY], 0, &a.event.nKey);
  }
  slEventFromValue(pOp, &a.event, apCol[EV_PAYLOAD]);
  slAppend(pOp, &a);
  *piKey = a.iKey;
}

/*
** A bound given as an argument: decimal text and integral reals count.
*/
static i64 evArg(SlOp *pOp, u32 mArg, int iCol, const char *zArg,
                 sqlite3_value **apArg, i64 iNull) {
  return slArgInt(pOp, zArg, slFilterArg(mArg, iCol, apArg), iNull);
}

/*
** The session that the argument ref names: 0 if there is none. Without the
** argument there is nothing to read: an error.
*/
static int evRef(SlOp *pOp, EvCursor *pCur, u32 mArg, sqlite3_value **apArg){
  pCur->base.bEof = 1;
  if( (mArg & BIT(EV_REF))==0 ){
    slErr(pOp, SQLITE_ERROR, "%s needs a session", pCur->base.pTable->zName);
    return 0;
  }
  slOpRead(pOp);
  if( !slFind(pOp, slFilterArg(mArg, EV_REF, apArg), &pCur->session) ) return 0;
  pCur->base.bEof = 0;
  return 1;
}

static void sinceFilter(SlOp *pOp, SlCursor *pBase, u32 mArg, const char *zPlan,
                        sqlite3_value **apArg) {
  EvCursor *pCur = (EvCursor *)pBase;
  i64 iCursor = evArg(pOp, mArg, SINCE_CURSOR, "cursor", apArg, 0);
  i64 nLimit = evArg(pOp, mArg, SINCE_LIMIT, "limit", apArg, -1);
  (void)zPlan;
  if( evRef(pOp, pCur, mArg, apArg) ){
    if( iCursor<pCur->session.iArchived ) iCursor = pCur->session.iArchived;
    if( iCursor>SL_MAX_ORDINAL ) iCursor = SL_MAX_ORDINAL;
    evBegin(pOp, pCur, iCursor + 1, SL_MAX_ORDINAL, nLimit, 0);
  }
}

static void tailFilter(SlOp *pOp, SlCursor *pBase, u32 mArg, const char *zPlan,
                       sqlite3_value **apArg) {
  EvCursor *pCur = (EvCursor *)pBase;
  i64 n = evArg(pOp, mArg, TAIL_N, "n", apArg, -1);
  (void)zPlan;
  if( evRef(pOp, pCur, mArg, apArg) ){
    i64 iFrom = pCur->session.iArchived + 1;
    if( n>=0 ){
      i64 iHead = slHead(pOp, &pCur->session);
      if( n<iHead-pCur->session.iArchived ) iFrom = iHead - n + 1;
    }
    evBegin(pOp, pCur, iFrom, SL_MAX_ORDINAL, -1, 0);
  }
}

static void archivedFilter(SlOp *pOp, SlCursor *pBase, u32 mArg,
                           const char *zPlan, sqlite3_value **apArg) {
  EvCursor *pCur = (EvCursor *)pBase;
  i64 iFrom = evArg(pOp, mArg, ARCHIVED_FROM, "from", apArg, 1);
  i64 iTo = evArg(pOp, mArg, ARCHIVED_TO, "to", apArg, SL_MAX_ORDINAL);
  (void)zPlan;
  if( evRef(pOp, pCur, mArg, apArg) ){
    if( iTo>pCur->session.iArchived ) iTo = pCur->session.iArchived;
    evBegin(pOp, pCur, iFrom, iTo, -1, 0);
  }
}

/*
** Plan of the three functions: one session, ascending.
*/
static int evFuncPlan(sqlite3_index_info *pInfo, u32 mUsed, int *piArg){
  int bDesc;
  (void)mUsed;
  (void)piArg;
  pInfo->estimatedCost = 1000;
  pInfo->estimatedRows = 1000;
  pInfo->orderByConsumed = evOrder(pInfo, 1, &bDesc) && !bDesc;
  return SQLITE_OK;
}

const SlTable slTableEvents = {
  .zName = "session_events",
  .zDecl = EV_DECL "schema HIDDEN",
  .mEq = BIT(EV_SESSION_ID) | BIT(EV_REF) | BIT(EV_SCHEMA),
  .mHidden = BIT(EV_REF) | BIT(EV_SCHEMA),
  .iSchema = EV_SCHEMA,
  .bFixed = 1,
  .nCursor = sizeof(EvCursor),
  .xPlan = evPlan,
  .xFilter = evFilter,
  .xNext = evNext,
  .xColumn = evColumn,
  .xReset = evReset,
  .xWrite = evWrite,
};

const SlTable slTableSince = {
  .zName = "events_since",
  .zDecl = EV_DECL "cursor HIDDEN, \"limit\" HIDDEN, schema HIDDEN",
  .mEq = BIT(EV_REF) | BIT(SINCE_CURSOR) | BIT(SINCE_LIMIT) | BIT(SINCE_SCHEMA),
  .mHidden =
    BIT(EV_REF) | BIT(SINCE_CURSOR) | BIT(SINCE_LIMIT) | BIT(SINCE_SCHEMA),
  .iSchema = SINCE_SCHEMA,
  .nCursor = sizeof(EvCursor),
  .xPlan = evFuncPlan,
  .xFilter = sinceFilter,
  .xNext = evNext,
  .xColumn = evColumn,
  .xReset = evReset,
};

const SlTable slTableTail = {
  .zName = "events_tail",
  .zDecl = EV_DECL "n HIDDEN, schema HIDDEN",
  .mEq = BIT(EV_REF) | BIT(TAIL_N) | BIT(TAIL_SCHEMA),
  .mHidden = BIT(EV_REF) | BIT(TAIL_N) | BIT(TAIL_SCHEMA),
  .iSchema = TAIL_SCHEMA,
  .nCursor = sizeof(EvCursor),
  .xPlan = evFuncPlan,
  .xFilter = tailFilter,
  .xNext = evNext,
  .xColumn = evColumn,
  .xReset = evReset,
};

const SlTable slTableArchived = {
  .zName = "events_archived",
  .zDecl = EV_DECL "\"from\" HIDDEN, \"to\" HIDDEN, schema HIDDEN",
  .mEq =
    BIT(EV_REF) | BIT(ARCHIVED_FROM) | BIT(ARCHIVED_TO) | BIT(ARCHIVED_SCHEMA),
  .mHidden =
    BIT(EV_REF) | BIT(ARCHIVED_FROM) | BIT(ARCHIVED_TO) | BIT(ARCHIVED_SCHEMA),
  .iSchema = ARCHIVED_SCHEMA,
  .nCursor = sizeof(EvCursor),
  .xPlan = evFuncPlan,
  .xFilter = archivedFilter,
  .xNext = evNext,
  .xColumn = evColumn,
  .xReset = evReset,
};
