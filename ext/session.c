/*
** session.c - which session a ref names, and what columns a session has.
**
** A ref is an exact id in any form, else an exact name, else a label, else a
** prefix of one id. Only the living sessions of the connection's tenant are
** looked at.
*/
#include "sessionlogInt.h"

/* Fewest characters of an id's prefix. */
#define SL_MIN_PREFIX 6

/* ---- refs ------------------------------------------------------------ */

void slBindTenant(SlOp *pOp, sqlite3_stmt *pStmt, int i){
  if( pOp->rc==SQLITE_OK
   && sqlite3_bind_text(pStmt, i, pOp->pConn->zTenant, -1, SQLITE_TRANSIENT)
  ){
    slErrDb(pOp);
  }
}

i64 slColumnOrdinal(sqlite3_stmt *pStmt, int i){
  i64 iVal = sqlite3_column_int64(pStmt, i);
  return iVal < 0 || iVal > SL_MAX_ORDINAL ? 0 : iVal;
}

/*
** Take the session from the statement's row, if there is one. Nothing is done
** with one whose fork point or watermark can be no ordinal, and nothing can be
** reckoned with them by whoever learns of the error later.
*/
int slSessionStep(SlOp *pOp, sqlite3_stmt *pStmt, SlSession *p){
  const char *zId;
  int n;
  if( !slStep(pOp, pStmt) ) return 0;
  p->iKey = sqlite3_column_int64(pStmt, 0);
  p->iParent = sqlite3_column_int64(pStmt, 1);
  p->iForkedAt = sqlite3_column_int64(pStmt, 2);
  p->iArchived = sqlite3_column_int64(pStmt, 3);
  p->iFound = 0;
  zId = slStmtText(pOp, pStmt, 4, &n);
  if( ((u64)p->iForkedAt | (u64)p->iArchived)>SL_MAX_ORDINAL ){
    slErr(pOp, SQLITE_CORRUPT_VTAB,
          "session %.26s: fork point %lld or watermark %lld is damaged", zId,
          p->iForkedAt, p->iArchived);
    p->iForkedAt = 0;
    p->iArchived = 0;
    return 0;
  }
  if( zId==0 ) return 0;
  strncpy(p->zId, zId, sizeof(p->zId) - 1);
  p->zId[sizeof(p->zId) - 1] = 0;
  return 1;
}

/*
** 1 if there are tables to look into. In a task there are, whatever is known
** of them: SQLite prepares a statement again after a change of the schema, and
** where that had opened a statement journal already it rolls back to its
** beginning, on which the store forgets what it knew.
*/
static int sessionTables(const SlOp *pOp){
  return pOp->bLockHeld || pOp->pDb->iSchema != 0;
}

/*
** The session that statement eSql finds by one text within the tenant. There
** is none where there are no tables.
*/
static int sessionBy(SlOp *pOp, int eSql, const char *z, i64 n, SlSession *p){
  int bFound;
  sqlite3_stmt *pStmt;
  if( pOp->rc!=SQLITE_OK || !sessionTables(pOp) ) return 0;
  pStmt = slStmt(pOp, eSql);
  slBindTenant(pOp, pStmt, 1);
  slBindText(pOp, pStmt, 2, z, n);
  bFound = slSessionStep(pOp, pStmt, p);
  if( bFound ) p->iFound = pOp->pConn->iTenant + 1;
  slFree(pOp, eSql, pStmt);
  return bFound;
}

int slFindId(SlOp *pOp, const char *zId, SlSession *p){
  return sessionBy(pOp, SL_SQL_SESSION_BY_ID, zId, 26, p);
}

int slFindName(SlOp *pOp, const char *z, i64 n, SlSession *p){
  return sessionBy(pOp, SL_SQL_SESSION_BY_NAME, z, n, p);
}

/*
** Fail, and say how many ids begin with zFrom.
*/
static void prefixAmbiguous(SlOp *pOp, const char *zRef, i64 nRef,
                            const char *zFrom, const char *zTo) {
  i64 nMatch = 0;
  sqlite3_stmt *pStmt = slStmt(pOp, SL_SQL_SESSION_PREFIX_COUNT);
  slBindTenant(pOp, pStmt, 1);
  slBindText(pOp, pStmt, 2, zFrom, nRef);
  slBindText(pOp, pStmt, 3, zTo, nRef + 1);
  if( slStep(pOp, pStmt) ) nMatch = sqlite3_column_int64(pStmt, 0);
  slFree(pOp, SL_SQL_SESSION_PREFIX_COUNT, pStmt);
  slErr(pOp, SQLITE_ERROR,
        "ambiguous session prefix: %.*s matches %lld sessions", (int)nRef, zRef,
        nMatch);
}

/*
** The only session whose id begins with the n bytes at z, in either case, by
** statement eSql. None does where they are not all letters and digits.
*/
static int sessionByPrefix(SlOp *pOp, int eSql, const char *z, i64 n,
                           SlSession *p) {
  char zFrom[26], zTo[27];
  sqlite3_stmt *pStmt;
  int bFound, i;
  if( n<SL_MIN_PREFIX || n>=26 || !sessionTables(pOp) ) return 0;
  for(i=0; i<n; i++){
    char c = z[i];
    if( c>='a' && c<='z' ) c = (char)(c - 'a' + 'A');
    zFrom[i] = zTo[i] = c;
  }
  zTo[n] = 'a'; /* comes after all that an id is made of */
  pStmt = slStmt(pOp, eSql);
  slBindTenant(pOp, pStmt, 1);
  slBindText(pOp, pStmt, 2, zFrom, n);
  slBindText(pOp, pStmt, 3, zTo, n + 1);
  bFound = slSessionStep(pOp, pStmt, p);
  if( bFound ) p->iFound = pOp->pConn->iTenant + 1;
  if( bFound && slStep(pOp, pStmt) ) prefixAmbiguous(pOp, z, n, zFrom, zTo);
  slFree(pOp, eSql, pStmt);
  return bFound && pOp->rc == SQLITE_OK;
}

/*
** 1 if a session has that id, without reading its row: p gets no more than id
** and key. For readers only: in a task the tables are there, see
** sessionTables().
*/
static int sessionHasId(SlOp *pOp, const char *zId, SlSession *p){
  char zTo[27];
  sqlite3_stmt *pStmt;
  int bFound;
  if( pOp->pDb->iSchema==0 ) return 0;
  memcpy(zTo, zId, 26);
  zTo[26] = ' '; /* the first text after the id */
  pStmt = slStmt(pOp, SL_SQL_SESSION_ID_BY_PREFIX);
  slBindTenant(pOp, pStmt, 1);
  slBindText(pOp, pStmt, 2, zId, 26);
  slBindText(pOp, pStmt, 3, zTo, 27);
  bFound = slSessionStep(pOp, pStmt, p);
  slFree(pOp, SL_SQL_SESSION_ID_BY_PREFIX, pStmt);
  return bFound;
}

/* ---- refs looked up lately ------------------------------------------- */

/* How many are remembered, a power of two, and the longest. */
#define MEMO_SLOTS 16
#define MEMO_REF   55

/* A ref and the session that it names. */
struct SlMemo {
  u8 nRef; /* bytes of the ref, 0: none */
  char zRef[MEMO_REF];
  SlSession session;
};

void slMemoClear(SlDb *pDb){
  int i;
  if( pDb->aMemo==0 ) return;
  for(i=0; i<MEMO_SLOTS; i++) pDb->aMemo[i].nRef = 0;
}

void slMemoFree(SlDb *pDb){
  sqlite3_free(pDb->aMemo);
  pDb->aMemo = 0;
}

/*
** The slot for a ref, whatever it holds now. NULL where nothing may be
** remembered: the ref is too long, something may change it under our hands,
** or there is no memory.
*/
static SlMemo *memoSlot(SlOp *pOp, const char *zRef, i64 nRef){
  SlDb *pDb = pOp->pDb;
  u32 h = 0;
  i64 i;
  if( !pOp->bStable || nRef<1 || nRef>MEMO_REF ) return 0;
  if( pDb->aMemo==0 ){
    pDb->aMemo = sqlite3_malloc64(MEMO_SLOTS * sizeof(SlMemo));
    if( pDb->aMemo==0 ) return 0;
    slMemoClear(pDb);
  }
  if( pDb->iMemoTenant!=pOp->pConn->iTenant ){
    slMemoClear(pDb);
    pDb->iMemoTenant = pOp->pConn->iTenant;
  }
  for(i=0; i<nRef; i++) h = h * 31 + (u8)zRef[i];
  return &pDb->aMemo[(h ^ h >> 8) & (MEMO_SLOTS - 1)];
}

/*
** The session that a ref names, by its id, name, label or prefix. With bId
** only its id and key are sure to be set, and *pbWhole tells whether the rest
** is: ids are found without the row.
*/
static int sessionByRef(SlOp *pOp, const char *zRef, i64 nRef, int bId,
                        SlSession *p, int *pbWhole) {
  SlUlid u;
  char zId[27];
  *pbWhole = !bId;
  if( slUlidParseText(zRef, nRef, &u) ){
    slUlidText(&u, zId);
    if( bId ? sessionHasId(pOp, zId, p) : slFindId(pOp, zId, p) ) return 1;
  }
  *pbWhole = 1;
  if( slFindName(pOp, zRef, nRef, p) ) return 1;
  if( sessionBy(pOp, SL_SQL_SESSION_BY_LABEL, zRef, nRef, p) ) return 1;
  *pbWhole = !bId;
  return sessionByPrefix(
    pOp, bId ? SL_SQL_SESSION_ID_BY_PREFIX : SL_SQL_SESSION_BY_PREFIX, zRef,
    nRef, p);
}

/*
** slFindText(); with bId as sessionByRef().
*/
static int sessionFind(SlOp *pOp, const char *zRef, i64 nRef, int bId,
                       SlSession *p) {
  SlMemo *pMemo;
  int bFound, bWhole;
  if( pOp->rc!=SQLITE_OK ) return 0;
  pMemo = memoSlot(pOp, zRef, nRef);
  if( pMemo && pMemo->nRef==nRef
   && memcmp(pMemo->zRef, zRef, (size_t)nRef)==0
  ){
    *p = pMemo->session;
    return 1;
  }
  bFound = sessionByRef(pOp, zRef, nRef, bId, p, &bWhole);
  if( bFound && bWhole && pMemo ){
    pMemo->nRef = (u8)nRef;
    memcpy(pMemo->zRef, zRef, (size_t)nRef);
    pMemo->session = *p;
  }
  return bFound;
}

int slFindText(SlOp *pOp, const char *zRef, i64 nRef, SlSession *p){
  return sessionFind(pOp, zRef, nRef, 0, p);
}

/*
** slFind(); with bId as sessionByRef().
*/
static int sessionFindValue(SlOp *pOp, sqlite3_value *pRef, int bId,
                            SlSession *p) {
  SlUlid u;
  char zId[27];
  const char *z;
  if( pOp->rc!=SQLITE_OK || slArgNull(pRef) ) return 0;
  if( sqlite3_value_type(pRef)==SQLITE_BLOB ){
    if( !slUlidParseBlob(sqlite3_value_blob(pRef), sqlite3_value_bytes(pRef),
                         &u) ){
      slInvalid(pOp, SQLITE_MISMATCH, "ref", pRef);
      return 0;
    }
    slUlidText(&u, zId);
    return bId ? sessionHasId(pOp, zId, p) : slFindId(pOp, zId, p);
  }
  z = (const char *)sqlite3_value_text(pRef);
  if( z==0 ){
    pOp->rc = SQLITE_NOMEM;
    return 0;
  }
  return sessionFind(pOp, z, sqlite3_value_bytes(pRef), bId, p);
}

int slFind(SlOp *pOp, sqlite3_value *pRef, SlSession *p){
  return sessionFindValue(pOp, pRef, 0, p);
}

int slFindOnlyId(SlOp *pOp, sqlite3_value *pRef, char zId[27]){
  SlSession session;
  if( !sessionFindValue(pOp, pRef, 1, &session) ) return 0;
  memcpy(zId, session.zId, sizeof(session.zId));
  return 1;
}

/*
** The error that slNeed() gives.
*/
static void noSession(SlOp *pOp, sqlite3_value *pRef){
  char *z;
  if( pOp->rc!=SQLITE_OK ) return;
  if( pRef==0 ){
    slErr(pOp, SQLITE_ERROR, "no current session");
    return;
  }
  z = slShow(pRef);
  slErr(pOp, z ? SQLITE_ERROR : SQLITE_NOMEM, "no such session: %z", z);
}

void slNeed(SlOp *pOp, sqlite3_value *pRef, SlSession *p){
  if( !(pRef ? slFind(pOp, pRef, p) : slFindCurrent(pOp, p)) ){
    noSession(pOp, pRef);
  }
}

void slNeedText(SlOp *pOp, const char *zRef, i64 nRef, SlSession *p){
  if( !slFindText(pOp, zRef, nRef, p) ){
    slErr(pOp, SQLITE_ERROR, "no such session: %.*s",
          (int)slUtf8Chars(zRef, nRef, 60), zRef);
  }
}

int slIsCurrentDb(const SlOp *pOp){
  const SlConn *pConn = pOp->pConn;
  return pConn->zCurrent[0] != 0
         && (sqlite3_stricmp(pOp->pDb->zName, pConn->zSchema) == 0
             || (pOp->pDb->iDb == 0
                 && sqlite3_stricmp(pConn->zSchema, "main") == 0));
}

int slFindCurrent(SlOp *pOp, SlSession *p){
  if( pOp->rc!=SQLITE_OK || !slIsCurrentDb(pOp) ) return 0;
  return slFindId(pOp, pOp->pConn->zCurrent, p);
}

void slNeedCurrent(SlOp *pOp, SlSession *p){
  if( !slFindCurrent(pOp, p) ) noSession(pOp, 0);
}

/*
** The session of that integer, by statement eSql.
*/
static int sessionOfKey(SlOp *pOp, int eSql, i64 iKey, SlSession *p){
  int bFound;
  sqlite3_stmt *pStmt = slStmt(pOp, eSql);
  slBindInt(pOp, pStmt, 1, iKey);
  bFound = slSessionStep(pOp, pStmt, p);
  slFree(pOp, eSql, pStmt);
  return bFound;
}

int slSessionByKey(SlOp *pOp, i64 iKey, SlSession *p){
  return sessionOfKey(pOp, SL_SQL_SESSION_BY_KEY, iKey, p);
}

int slSessionLiving(SlOp *pOp, i64 iKey, SlSession *p){
  return sessionOfKey(pOp, SL_SQL_SESSION_LIVING, iKey, p);
}

/* ---- columns --------------------------------------------------------- */

/* What a column holds, and so how a value for it is checked. */
enum {
  COL_TEXT, /* text of any length */
  COL_INT,
  COL_KIND, /* a name, kept as it is */
  COL_NAME, /* a name, trimmed */
  COL_ID,   /* a ULID in any form */
  COL_REF,  /* a session */
  COL_STATUS,
  COL_CREATOR
};

static const struct {
  const char *zName;
  int eType;
} aColumn[SL_COL_COUNT] = {
  { "id", COL_ID },
  { "name", COL_NAME },
  { "parent_id", COL_REF },
  { "forked_at", COL_INT },
  { "kind", COL_KIND },
  { "target", COL_TEXT },
  { "target_class", COL_TEXT },
  { "target_hash", COL_TEXT },
  { "cwd", COL_TEXT },
  { "group_key", COL_TEXT },
  { "status", COL_STATUS },
  { "created_by", COL_CREATOR },
  { "app_version", COL_TEXT },
  { "source_url", COL_TEXT },
  { "origin", COL_TEXT },
  { "pid", COL_INT },
  { "host", COL_TEXT },
  { "started_at_ms", COL_INT },
  { "ended_at_ms", COL_INT },
  { "seen_at_ms", COL_INT },
  { "paused_at_ms", COL_INT },
  { "pause_summary", COL_TEXT },
  { "head", COL_INT },
  { "archived", COL_INT },
  { "n_events", COL_INT },
  { "ref", COL_REF },
  { "schema", COL_TEXT },
  { "label", COL_NAME },
  { "meta", COL_TEXT },
};

const char *slColumnName(int iCol){
  return aColumn[iCol].zName;
}

int slColumnIndex(const SlJson *pName){
  int i;
  for(i=0; i<SL_COL_COUNT; i++){
    if( slJsonStringEq(pName, aColumn[i].zName) ) return i;
  }
  return -1;
}

int slColumnIsInt(int iCol){
  return aColumn[iCol].eType == COL_INT;
}

/*
** 1 if the text is one of a NULL-terminated list.
*/
static int isOneOf(const char *const *az, const char *z, i64 n){
  for(; *az; az++){
    if( (i64)strlen(*az)==n && memcmp(*az, z, (size_t)n)==0 ) return 1;
  }
  return 0;
}

void slFieldReadOnly(SlOp *pOp, int iCol){
  slErr(pOp, SQLITE_CONSTRAINT, "%s is read-only", aColumn[iCol].zName);
}

/*
** Fail with "invalid COLUMN: TEXT".
*/
static void fieldInvalid(SlOp *pOp, int rc, int iCol, const char *z, i64 n){
  slErr(pOp, rc, "invalid %s: %.*s", aColumn[iCol].zName,
        (int)slUtf8Chars(z, n, 60), z);
}

/*
** Set the field to a canonical id that is kept in zBuf.
*/
static void fieldUlid(SlField *pField, const SlUlid *pUlid, char zBuf[27]){
  slUlidText(pUlid, zBuf);
  pField->z = zBuf;
  pField->n = 26;
}

void slFieldText(SlOp *pOp, SlFields *p, int iCol, const char *z, i64 n){
  static const char *const azStatus[] = {
    "starting", "active", "awaiting_approval",
    "detached", "paused", "stopped",
    "ended",    "reaped", 0
  };
  static const char *const azCreator[] = { "auto", "user", 0 };
  SlField *pField = &p->a[iCol];
  SlUlid u;
  if( pOp->rc!=SQLITE_OK ) return;
  pField->bGiven = 1;
  pField->bNull = z == 0;
  if( z==0 ) return;
  pField->z = z;
  pField->n = (int)n;
  assert(!slColumnIsInt(iCol));
  switch( aColumn[iCol].eType ){
    case COL_KIND:
      pField->z = slCheckName(pOp, aColumn[iCol].zName, z, n, 0, &pField->n);
      break;
    case COL_NAME:
      pField->z = slCheckName(pOp, aColumn[iCol].zName, z, n, 1, &pField->n);
      break;
    case COL_ID:
      if( slUlidParseText(z, n, &u) ){
        fieldUlid(pField, &u, p->zId);
      }else if( !p->bChange ){
        fieldInvalid(pOp, SQLITE_CONSTRAINT, iCol, z, n);
      }
      break;
    case COL_STATUS:
      if( !isOneOf(azStatus, z, n) ){
        fieldInvalid(pOp, SQLITE_CONSTRAINT, iCol, z, n);
      }
      break;
    case COL_CREATOR:
      if( !isOneOf(azCreator, z, n) ){
        fieldInvalid(pOp, SQLITE_CONSTRAINT, iCol, z, n);
      }
      break;
    default: break;
  }
}

void slFieldInt(SlOp *pOp, SlFields *p, int iCol, i64 iVal){
  SlField *pField = &p->a[iCol];
  assert(slColumnIsInt(iCol));
  if( pOp->rc!=SQLITE_OK ) return;
  pField->bGiven = 1;
  pField->bNull = 0;
  pField->i = iVal;
}

/*
** Set id or parent_id from the 16 bytes of an id, ref too.
*/
static void fieldBlob(SlOp *pOp, SlFields *p, int iCol, sqlite3_value *pVal){
  SlUlid u;
  if( p->bChange && iCol==SL_COL_ID && sqlite3_value_bytes(pVal)!=16 ){
    slFieldText(pOp, p, iCol, "", 0);
  }else if( slUlidParseBlob(sqlite3_value_blob(pVal),
                            sqlite3_value_bytes(pVal), &u) ){
    p->a[iCol].bGiven = 1;
    p->a[iCol].bNull = 0;
    fieldUlid(&p->a[iCol], &u,
              iCol == SL_COL_ID          ? p->zId
              : iCol == SL_COL_PARENT_ID ? p->zParent
                                         : p->zRef);
  }else{
    slInvalid(pOp, iCol == SL_COL_ID ? SQLITE_CONSTRAINT : SQLITE_MISMATCH,
              aColumn[iCol].zName, pVal);
  }
}

/*
** 1 if the column of integers is read-only, whatever is given for it.
*/
static int isFixed(const SlFields *p, int iCol){
  switch( iCol ){
    case SL_COL_HEAD:
    case SL_COL_N_EVENTS: return 1;
    case SL_COL_ARCHIVED: return !p->bChange;
    case SL_COL_FORKED_AT:
    case SL_COL_STARTED_AT_MS: return p->bChange;
    default: return 0;
  }
}

void slFieldValue(SlOp *pOp, SlFields *p, int iCol, sqlite3_value *pVal){
  int eType = aColumn[iCol].eType;
  int n;
  if( pOp->rc!=SQLITE_OK ) return;
  if( slArgNull(pVal) ){
    slFieldText(pOp, p, iCol, 0, 0);
  }else if( eType==COL_INT ){
    i64 iVal = 0;
    if( slValueInt(pVal, &iVal) ){
      slFieldInt(pOp, p, iCol, iVal);
    }else if( isFixed(p, iCol) ){
      slFieldReadOnly(pOp, iCol);
    }else{
      slInvalid(pOp, SQLITE_MISMATCH, aColumn[iCol].zName, pVal);
    }
  }else if( sqlite3_value_type(pVal)==SQLITE_BLOB
         && (eType==COL_ID || eType==COL_REF)
  ){
    fieldBlob(pOp, p, iCol, pVal);
  }else{
    const char *z = slArgText(pOp, aColumn[iCol].zName, pVal, &n);
    slFieldText(pOp, p, iCol, z, n);
  }
}
