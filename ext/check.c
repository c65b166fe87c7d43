/*
** check.c - session_check(): what is wrong with the stored form.
**
** Everything that the other files rely on is a rule with a name, below. The
** checker relies on nothing itself: columns may have any type, parents may
** be anywhere, keys may be negative. It reads the sessions into memory, in
** the order of their keys, then the history of each, then the rest; each
** stored row is read once or twice, and nothing is followed in circles. Where
** one of our tables is not what it should be, the schema's faults are all
** that is told. What a page or an index of SQLite's must be is the business
** of PRAGMA integrity_check.
**
** Rule               What it says
** ------------------ -------------------------------------------------------
** schema             tables, indexes and triggers are those of schema.sql,
**                    and no other trigger, table or view bears our prefix
** config             schema_version is the present one, writes is a mode, and
**                    there is no other setting
** session-key        1 to 2^31-1
** session-id         a canonical ULID
** session-tenant     1 to 255 bytes of UTF-8 without NUL
** session-name       NULL or the same, trimmed; NULL in a removed session
** session-status     one of the eight
** session-creator    auto or user
** session-ended      a time exactly where the status is ended or reaped
** session-type       every other column has the type it is declared with
** fork-pair          parent and forked_at are both NULL or both not
** parent-missing     a parent is there, as a tombstone if it was removed
** parent-order       a parent's key is the smaller one, hence no cycles
** parent-tenant      a parent has the child's tenant
** fork-point         0 to the parent's head
** watermark          0 to the head
** tombstone-child    a removed session has a child
** tombstone-kept     its kept is what surviving forks read, no more, no less
** event-orphan       events, blocks and idempotency keys have a session
** event-gap          ordinals are dense, from the fork point + 1
** event-overlap      no ordinal is there twice, and blocks come before rows
** event-beyond       a removed session has no event that is not read
** event-kind         1 to 255 bytes of UTF-8 without NUL
** event-key          NULL or the same
** event-time         an INTEGER
** block-damaged      a block decodes, as the events that its row says
** block-time         last_at_ms is the time of its last event
** key-missing        the key of a packed event is in sessionlog_key
** key-stray          an entry of sessionlog_key is such a key
** key-duplicate      a session sees an idempotency key once
** label-name         1 to 255 bytes of UTF-8 without NUL, trimmed
** label-session      the session lives and is of the label's tenant
** label-time         an INTEGER
** meta-name          1 to 255 bytes of UTF-8 without NUL
** meta-value         not NULL
** meta-session       the session lives
** artifact-name      as meta-name
** artifact-session   the session lives
** artifact-size      the number of bytes in content
** artifact-time      an INTEGER
** scope-entry        tenant, scope and name as meta-name, value not NULL,
**                    at_ms an INTEGER
*/
#include "sessionlogInt.h"

/* Columns of the statement check_session. */
enum {
  CK_KEY,
  CK_MINE,
  CK_PARENT,
  CK_FORKED_AT,
  CK_ARCHIVED,
  CK_KEPT,
  CK_ID,
  CK_TENANT,
  CK_NAME,
  CK_STATUS,
  CK_CREATED_BY,
  CK_ENDED_AT,
  CK_STARTED_AT,
  CK_KIND,
  CK_TARGET,
  CK_TARGET_CLASS,
  CK_TARGET_HASH,
  CK_CWD,
  CK_GROUP_KEY,
  CK_APP_VERSION,
  CK_SOURCE_URL,
  CK_ORIGIN,
  CK_PID,
  CK_HOST,
  CK_SEEN_AT,
  CK_PAUSED_AT,
  CK_PAUSE_SUMMARY
};

#define CK_MAX_SESSION ((i64)0x7fffffff)

/* A session as the checker knows it. Ordinals are within 0 to SL_MAX_ORDINAL,
** whatever the row says. */
typedef struct CkSession CkSession;
struct CkSession {
  i64 iKey;      /* its integer */
  i64 iParent;   /* the parent's, 0: none */
  i64 iUp;       /* index of a parent that comes before it, or -1 */
  i64 iForkedAt; /* fork point, 0 without a parent */
  i64 iArchived; /* watermark */
  i64 iKept;     /* -1 while it lives */
  i64 iHead;     /* highest ordinal, once its history was read */
  i64 iRead;     /* highest ordinal that a surviving fork reads */
  i64 nMatched;  /* keyed packed events found in sessionlog_key */
  i64 iRun;      /* number of the run of equal keys it was seen in */
  i64 iRunAt;    /* lowest ordinal it has there */
  u8 bMine;      /* the tenant's that is checked */
  u8 bChild;     /* somebody's parent */
  u8 bKey;       /* iKey is a valid one: there may be events */
  char zId[27];  /* its id, or as much of that as fits */
};

/* One place of a run of equal idempotency keys. */
typedef struct CkPlace CkPlace;
struct CkPlace {
  i64 iSession; /* index of the session */
  i64 iOrdinal;
};

/* A check on its way. */
typedef struct Check Check;
struct Check {
  SlOp *pOp;
  SlFaults *pOut;
  const char *zTenant; /* NULL: the whole database */
  int bTable;          /* a table is not what it should be */
  CkSession *a;        /* sessions by key */
  i64 n;
  i64 nAlloc;
  SlBlock *pBlock;
  i64 iBlock;      /* key of the block decoded, -1: none */
  CkPlace *aPlace; /* the present run of equal idempotency keys */
  i64 nPlace;
  i64 nPlaceAlloc;
  i64 nRun; /* runs so far */
};

void slFaultsFree(SlFaults *p){
  i64 i;
  for(i=0; i<p->n; i++) sqlite3_free(p->a[i].zDetail);
  sqlite3_free(p->a);
  memset(p, 0, sizeof(*p));
}

/*
** Have room for one more element of nSize bytes in an array that grows.
** Returns the array, or NULL with the operation failed.
*/
static void *ckGrow(SlOp *pOp, void *a, i64 n, i64 *pnAlloc, size_t nSize){
  void *aNew;
  if( n<*pnAlloc ) return a;
  aNew = sqlite3_realloc64(a, (u64)(n ? n * 2 : 16) * nSize);
  if( aNew==0 ){
    pOp->rc = SQLITE_NOMEM;
    return 0;
  }
  *pnAlloc = n ? n * 2 : 16;
  return aNew;
}

/*
** Add a fault that zDetail tells of, which is owned (NULL: no memory).
** iOrdinal 0 is none; so is a session that is a NULL pointer.
*/
static void ckAdd(Check *p, const char *zRule, const CkSession *pSession,
                  i64 iOrdinal, char *zDetail) {
  SlFaults *pOut = p->pOut;
  SlFault *aNew = 0;
  if( zDetail==0 ) slErrRc(p->pOp, SQLITE_NOMEM);
  if( p->pOp->rc==SQLITE_OK ){
    aNew = ckGrow(p->pOp, pOut->a, pOut->n, &pOut->nAlloc, sizeof(*aNew));
  }
  if( aNew==0 ){
    sqlite3_free(zDetail);
    return;
  }
  pOut->a = aNew;
  aNew += pOut->n++;
  memset(aNew, 0, sizeof(*aNew));
  aNew->zRule = zRule;
  aNew->iOrdinal = iOrdinal;
  aNew->zDetail = zDetail;
  if( pSession ) memcpy(aNew->zId, pSession->zId, sizeof(aNew->zId));
}

/*
** The same with a format.
*/
static void ckFault(Check *p, const char *zRule, const CkSession *pSession,
                    i64 iOrdinal, const char *zFmt, ...) {
  va_list ap;
  if( p->pOp->rc!=SQLITE_OK ) return;
  va_start(ap, zFmt);
  ckAdd(p, zRule, pSession, iOrdinal, sqlite3_vmprintf(zFmt, ap));
  va_end(ap);
}

/* ---- values ---------------------------------------------------------- */

/*
** The text of a column of type TEXT, else NULL.
*/
static const char *ckText(Check *p, sqlite3_stmt *pStmt, int i, int *pn){
  const char *z;
  *pn = 0;
  if( sqlite3_column_type(pStmt, i)!=SQLITE_TEXT ) return 0;
  z = (const char *)sqlite3_column_text(pStmt, i);
  if( z==0 ) slErrRc(p->pOp, SQLITE_NOMEM);
  *pn = sqlite3_column_bytes(pStmt, i);
  return z;
}

static int ckSpace(char c){
  return c == ' ' || (c >= '\t' && c <= '\r');
}

/*
** 1 if the n bytes are a name.
*/
static int ckName(const char *z, int n, int bTrim){
  return z && n > 0 && n <= SL_MAX_NAME && memchr(z, 0, (size_t)n) == 0
         && slUtf8Valid((const u8 *)z, n)
         && !(bTrim && (ckSpace(z[0]) || ckSpace(z[n - 1])));
}

/*
** 1 if the column is a name.
*/
static int ckNameAt(Check *p, sqlite3_stmt *pStmt, int i, int bTrim){
  int n;
  const char *z = ckText(p, pStmt, i, &n);
  return ckName(z, n, bTrim);
}

/*
** 1 if the column has the type.
*/
static int ckIs(sqlite3_stmt *pStmt, int i, int eType){
  return sqlite3_column_type(pStmt, i) == eType;
}

/*
** The column as an ordinal: its number, or iDefault where it is none.
*/
static i64 ckOrdinal(sqlite3_stmt *pStmt, int i, i64 iDefault){
  i64 iVal = sqlite3_column_int64(pStmt, i);
  if( !ckIs(pStmt, i, SQLITE_INTEGER) ) return iDefault;
  return iVal < 0 || iVal > SL_MAX_ORDINAL ? iDefault : iVal;
}

/*
** 1 if the column is one of the n words.
*/
static int ckOneOf(Check *p, sqlite3_stmt *pStmt, int i,
                   const char *const *azWord, int n) {
  int nText, j;
  const char *z = ckText(p, pStmt, i, &nText);
  for(j=0; z && j<n; j++){
    if( (int)strlen(azWord[j])==nText && memcmp(z, azWord[j], nText)==0 ){
      return 1;
    }
  }
  return 0;
}

/*
** A statement with the tenant bound, or NULL.
*/
static sqlite3_stmt *ckTenantStmt(Check *p, int eSql){
  sqlite3_stmt *pStmt = slStmt(p->pOp, eSql);
  if( p->zTenant ){
    slBindText(p->pOp, pStmt, 1, p->zTenant, (i64)strlen(p->zTenant));
  }
  return pStmt;
}

/*
** Index of the session with that integer, -1 if there is none.
*/
static i64 ckFind(const Check *p, i64 iKey){
  i64 iLow = 0;
  i64 iHigh = p->n - 1;
  while( iLow<=iHigh ){
    i64 i = iLow + (iHigh - iLow) / 2;
    if( p->a[i].iKey==iKey ) return i;
    if( p->a[i].iKey<iKey ){
      iLow = i + 1;
    }else{
      iHigh = i - 1;
    }
  }
  return -1;
}

/*
** The session with that integer, NULL if there is none.
*/
static const CkSession *ckSession(const Check *p, i64 iKey){
  i64 i = ckFind(p, iKey);
  return i >= 0 ? &p->a[i] : 0;
}

/* ---- schema and configuration ---------------------------------------- */

/*
** A fault of the schema, for slSchemaCheck().
*/
static void ckSchemaFault(SlOp *pOp, void *pArg, int bTable, char *zFault){
  Check *p = (Check *)pArg;
  (void)pOp;
  if( bTable ) p->bTable = 1;
  ckAdd(p, "schema", 0, 0, zFault);
}

/*
** The schema. Returns 1 if the tables can be read. A database with nothing
** of ours in it is sound.
*/
static int ckSchema(Check *p){
  if( slSchemaCheck(p->pOp, ckSchemaFault, p)==0 ){
    slFaultsFree(p->pOut);
    return 0;
  }
  return p->pOp->rc == SQLITE_OK && !p->bTable;
}

/*
** The configuration.
*/
static void ckConfig(Check *p){
  static const char *const azName[] = { "schema_version", "writes" };
  static const char *const azMode[] = { "any", "dml", "explicit" };
  int bVersion = 0;
  sqlite3_stmt *pStmt = slStmt(p->pOp, SL_SQL_CHECK_CONFIG);
  while( slStep(p->pOp, pStmt) ){
    if( ckOneOf(p, pStmt, 0, azName, 1) ){
      bVersion = ckIs(pStmt, 1, SQLITE_INTEGER)
                 && sqlite3_column_int64(pStmt, 1) == SL_SCHEMA;
    }else if( !ckOneOf(p, pStmt, 0, azName, 2) ){
      ckFault(p, "config", 0, 0, "there is no setting %!.60Q",
              sqlite3_column_text(pStmt, 0));
    }else if( !ckOneOf(p, pStmt, 1, azMode, 3) ){
      ckFault(p, "config", 0, 0, "writes is %!.60Q",
              sqlite3_column_text(pStmt, 1));
    }
  }
  slFree(p->pOp, SL_SQL_CHECK_CONFIG, pStmt);
  if( !bVersion ){
    ckFault(p, "config", 0, 0, "schema_version is not %d", SL_SCHEMA);
  }
}

/* ---- sessions -------------------------------------------------------- */

/*
** What a session's row says of itself: id, tenant, name.
*/
static void ckSessionName(Check *p, const CkSession *s, sqlite3_stmt *pStmt){
  SlUlid u;
  char zId[27];
  int n;
  const char *z = ckText(p, pStmt, CK_ID, &n);
  int bId = z && n == 26 && slUlidParseText(z, n, &u);
  if( bId ){
    slUlidText(&u, zId);
    bId = memcmp(z, zId, 26) == 0;
  }
  if( !bId ) ckFault(p, "session-id", s, 0, "not a canonical ULID");
  if( !ckNameAt(p, pStmt, CK_TENANT, 0) ){
    ckFault(p, "session-tenant", s, 0, "not a valid tenant");
  }
  if( !ckIs(pStmt, CK_NAME, SQLITE_NULL) ){
    if( s->iKept>=0 ){
      ckFault(p, "session-name", s, 0, "a removed session has a name");
    }else if( !ckNameAt(p, pStmt, CK_NAME, 1) ){
      ckFault(p, "session-name", s, 0, "not a valid name");
    }
  }
}

/*
** Status, creator, end.
*/
static void ckSessionState(Check *p, const CkSession *s, sqlite3_stmt *pStmt){
  static const char *const azStatus[] = {
    "ended",    "reaped", "starting", "active", "awaiting_approval",
    "detached", "paused", "stopped"
  };
  static const char *const azCreator[] = { "auto", "user" };
  int bEnded = ckOneOf(p, pStmt, CK_STATUS, azStatus, 2);
  if( !ckOneOf(p, pStmt, CK_STATUS, azStatus, 8) ){
    ckFault(p, "session-status", s, 0, "status is %!.60Q",
            sqlite3_column_text(pStmt, CK_STATUS));
  }else if( bEnded==ckIs(pStmt, CK_ENDED_AT, SQLITE_NULL) ){
    ckFault(p, "session-ended", s, 0, "status is %s, ended_at_ms is %s",
            sqlite3_column_text(pStmt, CK_STATUS),
            bEnded ? "NULL" : "not NULL");
  }
  if( !ckOneOf(p, pStmt, CK_CREATED_BY, azCreator, 2) ){
    ckFault(p, "session-creator", s, 0, "created_by is %!.60Q",
            sqlite3_column_text(pStmt, CK_CREATED_BY));
  }
}

/*
** Types of the columns that no other rule is about.
*/
static void ckSessionType(Check *p, const CkSession *s, sqlite3_stmt *pStmt){
  static const u8 aInt[] = { CK_ENDED_AT, CK_STARTED_AT, CK_PID, CK_SEEN_AT,
                             CK_PAUSED_AT };
  static const u8 aText[] = { CK_KIND,        CK_TARGET,       CK_TARGET_CLASS,
                              CK_TARGET_HASH, CK_CWD,          CK_GROUP_KEY,
                              CK_APP_VERSION, CK_SOURCE_URL,   CK_ORIGIN,
                              CK_HOST,        CK_PAUSE_SUMMARY };
  int i;
  for(i=0; i<(int)sizeof(aInt); i++){
    if( !ckIs(pStmt, aInt[i], SQLITE_INTEGER)
     && (aInt[i]==CK_STARTED_AT || !ckIs(pStmt, aInt[i], SQLITE_NULL))
    ){
      ckFault(p, "session-type", s, 0, "%s is not an INTEGER",
              sqlite3_column_name(pStmt, aInt[i]));
    }
  }
  for(i=0; i<(int)sizeof(aText); i++){
    if( !ckIs(pStmt, aText[i], SQLITE_TEXT)
     && !ckIs(pStmt, aText[i], SQLITE_NULL)
    ){
      ckFault(p, "session-type", s, 0, "%s is not TEXT",
              sqlite3_column_name(pStmt, aText[i]));
    }
  }
}

/*
** The columns that are ordinals, and the parent.
*/
static void ckSessionLinks(Check *p, CkSession *s, sqlite3_stmt *pStmt){
  int bParent = !ckIs(pStmt, CK_PARENT, SQLITE_NULL);
  int bForked = !ckIs(pStmt, CK_FORKED_AT, SQLITE_NULL);
  s->iParent = bParent ? sqlite3_column_int64(pStmt, CK_PARENT) : 0;
  s->iForkedAt = ckOrdinal(pStmt, CK_FORKED_AT, 0);
  s->iArchived = ckOrdinal(pStmt, CK_ARCHIVED, 0);
  s->iKept = -1;
  if( !ckIs(pStmt, CK_KEPT, SQLITE_NULL) ){
    s->iKept = ckOrdinal(pStmt, CK_KEPT, 0);
  }
  if( !s->bMine ) return;
  if( bParent!=bForked ){
    ckFault(p, "fork-pair", s, 0,
            bParent ? "parent without forked_at" : "forked_at without parent");
  }
  if( bForked && ckOrdinal(pStmt, CK_FORKED_AT, -1)<0 ){
    ckFault(p, "fork-point", s, 0, "forked_at is %!.60Q",
            sqlite3_column_text(pStmt, CK_FORKED_AT));
  }
  if( ckOrdinal(pStmt, CK_ARCHIVED, -1)<0 ){
    ckFault(p, "watermark", s, 0, "archived is %!.60Q",
            sqlite3_column_text(pStmt, CK_ARCHIVED));
  }
  if( s->iKept>=0 && ckOrdinal(pStmt, CK_KEPT, -1)<0 ){
    ckFault(p, "tombstone-kept", s, 0, "kept is %!.60Q",
            sqlite3_column_text(pStmt, CK_KEPT));
  }
}

/*
** One row of the sessions.
*/
static void ckSessionRow(Check *p, sqlite3_stmt *pStmt){
  CkSession *s;
  int nId;
  const char *zId;
  s = ckGrow(p->pOp, p->a, p->n, &p->nAlloc, sizeof(*s));
  if( s==0 ) return;
  p->a = s;
  s += p->n++;
  memset(s, 0, sizeof(*s));
  s->iKey = sqlite3_column_int64(pStmt, CK_KEY);
  s->iUp = -1;
  s->iRun = -1;
  s->bMine = sqlite3_column_int(pStmt, CK_MINE) != 0;
  s->bKey = s->iKey > 0 && s->iKey <= CK_MAX_SESSION;
  zId = ckText(p, pStmt, CK_ID, &nId);
  if( zId ) memcpy(s->zId, zId, nId < 26 ? nId : 26);
  ckSessionLinks(p, s, pStmt);
  s->iHead = s->iForkedAt;
  if( !s->bMine ) return;
  if( !s->bKey ) ckFault(p, "session-key", s, 0, "key is %lld", s->iKey);
  ckSessionName(p, s, pStmt);
  ckSessionState(p, s, pStmt);
  ckSessionType(p, s, pStmt);
}

/*
** Find the parents. One that does not come before its child is not gone to
** any more.
*/
static void ckParents(Check *p){
  i64 i;
  sqlite3_stmt *pStmt;
  for(i=0; i<p->n; i++){
    CkSession *s = &p->a[i];
    i64 iUp;
    if( s->iParent==0 ) continue;
    iUp = ckFind(p, s->iParent);
    if( iUp>=0 && iUp<i ){
      s->iUp = iUp;
      p->a[iUp].bChild = 1;
    }else if( s->bMine ){
      ckFault(p, iUp < 0 ? "parent-missing" : "parent-order", s, 0,
              iUp < 0 ? "there is no session with key %lld"
                      : "the parent has key %lld",
              s->iParent);
    }
  }
  pStmt = slStmt(p->pOp, SL_SQL_CHECK_TENANT);
  while( slStep(p->pOp, pStmt) ){
    const CkSession *s = ckSession(p, sqlite3_column_int64(pStmt, 0));
    if( s && s->bMine ){
      ckFault(p, "parent-tenant", s, 0, "the parent is of another tenant");
    }
  }
  slFree(p->pOp, SL_SQL_CHECK_TENANT, pStmt);
}

/*
** Read all sessions.
*/
static void ckSessions(Check *p){
  sqlite3_stmt *pStmt = ckTenantStmt(p, SL_SQL_CHECK_SESSION);
  while( slStep(p->pOp, pStmt) ) ckSessionRow(p, pStmt);
  slFree(p->pOp, SL_SQL_CHECK_SESSION, pStmt);
  ckParents(p);
}

/* ---- the history of a session ---------------------------------------- */

/*
** The next ordinal that is there is iOrdinal, and n of them follow.
*/
static void ckPlace(Check *p, CkSession *s, i64 iOrdinal, i64 n){
  i64 iNext = s->iHead + 1;
  if( iOrdinal>iNext ){
    ckFault(p, "event-gap", s, iNext, "events %lld to %lld are missing", iNext,
            iOrdinal - 1);
  }else if( iOrdinal<iNext ){
    ckFault(p, "event-overlap", s, iOrdinal,
            "event %lld is there twice, or "
            "before the fork point",
            iOrdinal);
  }
  if( iOrdinal+n-1>s->iHead ) s->iHead = iOrdinal + n - 1;
}

/*
** Kind and key of an event.
*/
static void ckEventText(Check *p, const CkSession *s, i64 iOrdinal,
                        const char *zKind, int nKind, int bKey,
                        const char *zKey, int nKey) {
  if( !ckName(zKind, nKind, 0) ){
    ckFault(p, "event-kind", s, iOrdinal, "not a valid kind");
  }
  if( bKey && !ckName(zKey, nKey, 0) ){
    ckFault(p, "event-key", s, iOrdinal, "not a valid key");
  }
}

/*
** A packed event has a key: it must be in sessionlog_key.
*/
static void ckKeyOf(Check *p, CkSession *s, i64 iOrdinal, const SlEvent *pE){
  i64 iFound = 0;
  sqlite3_stmt *pStmt = slStmt(p->pOp, SL_SQL_CHECK_KEY);
  slBindInt(p->pOp, pStmt, 1, s->iKey);
  slBindText(p->pOp, pStmt, 2, pE->zKey, pE->nKey);
  if( slStep(p->pOp, pStmt) ) iFound = sqlite3_column_int64(pStmt, 0);
  slFree(p->pOp, SL_SQL_CHECK_KEY, pStmt);
  if( iFound==iOrdinal ){
    s->nMatched++;
  }else{
    ckFault(p, "key-missing", s, iOrdinal, "sessionlog_key lacks %.*Q",
            pE->nKey, pE->zKey);
  }
}

/*
** Decode the block of a row (key, n_events, …, data in column iData). 1 if
** that worked.
*/
static int ckDecode(Check *p, sqlite3_stmt *pStmt, int iData){
  i64 iKey = sqlite3_column_int64(pStmt, 0);
  i64 nEvent = sqlite3_column_int64(pStmt, 1);
  const void *pData = sqlite3_column_blob(pStmt, iData);
  int nData = sqlite3_column_bytes(pStmt, iData);
  int rc;
  if( pData==0 && nData>0 ) slErrRc(p->pOp, SQLITE_NOMEM);
  if( p->pOp->rc!=SQLITE_OK ) return 0;
  rc = slBlockDecode(p->pBlock, iKey, nEvent, pData, nData);
  p->iBlock = rc == SQLITE_OK ? iKey : -1;
  if( rc==SQLITE_NOMEM ) slErrRc(p->pOp, rc);
  return rc == SQLITE_OK;
}

/*
** A block of the session's.
*/
static void ckBlock(Check *p, CkSession *s, sqlite3_stmt *pStmt){
  i64 iFirst = SL_ORDINAL(sqlite3_column_int64(pStmt, 0));
  i64 n = sqlite3_column_int64(pStmt, 1);
  SlEvent e;
  int i;
  memset(&e, 0, sizeof(e));
  if( n<1 || n>SL_BLOCK_EVENTS ) n = 1;
  if( iFirst+n-1>SL_MAX_ORDINAL ) n = 1;
  ckPlace(p, s, iFirst, n);
  if( !ckDecode(p, pStmt, 3) ){
    ckFault(p, "block-damaged", s, iFirst,
            "the block of events %lld to %lld can't be decoded", iFirst,
            iFirst + n - 1);
    return;
  }
  for(i=0; i<slBlockCount(p->pBlock); i++){
    slBlockEvent(p->pBlock, i, &e);
    ckEventText(p, s, iFirst + i, e.zKind, e.nKind, e.zKey != 0, e.zKey,
                e.nKey);
    if( e.zKey ) ckKeyOf(p, s, iFirst + i, &e);
  }
  if( !ckIs(pStmt, 2, SQLITE_INTEGER)
   || sqlite3_column_int64(pStmt, 2)!=e.iAtMs
  ){
    ckFault(p, "block-time", s, iFirst, "last_at_ms is not %lld", e.iAtMs);
  }
}

/*
** A row of the session's.
*/
static void ckEvent(Check *p, CkSession *s, sqlite3_stmt *pStmt){
  i64 iOrdinal = SL_ORDINAL(sqlite3_column_int64(pStmt, 0));
  int nKind, nKey;
  const char *zKind = ckText(p, pStmt, 2, &nKind);
  const char *zKey = ckText(p, pStmt, 3, &nKey);
  ckPlace(p, s, iOrdinal, 1);
  ckEventText(p, s, iOrdinal, zKind, nKind, !ckIs(pStmt, 3, SQLITE_NULL), zKey,
              nKey);
  if( !ckIs(pStmt, 1, SQLITE_INTEGER) ){
    ckFault(p, "event-time", s, iOrdinal, "at_ms is not an INTEGER");
  }
}

/*
** 1 if the packed event of that ordinal has the key in column 1 of pStmt.
*/
static int ckKeyFits(Check *p, const CkSession *s, i64 iOrdinal,
                     sqlite3_stmt *pStmt) {
  i64 iKey = SL_KEY(s->iKey, iOrdinal);
  SlEvent e;
  int n;
  const char *z = ckText(p, pStmt, 1, &n);
  if( z==0 || iOrdinal<1 || iOrdinal>SL_MAX_ORDINAL ) return 0;
  if( p->iBlock<0 || iKey<p->iBlock
   || iKey>=p->iBlock+slBlockCount(p->pBlock)
  ){
    sqlite3_stmt *pBlock = slStmt(p->pOp, SL_SQL_CHECK_KEY_BLOCK);
    p->iBlock = -1;
    slBindInt(p->pOp, pBlock, 1, SL_KEY(s->iKey, 0));
    slBindInt(p->pOp, pBlock, 2, iKey);
    if( slStep(p->pOp, pBlock) ) ckDecode(p, pBlock, 2);
    slFree(p->pOp, SL_SQL_CHECK_KEY_BLOCK, pBlock);
    if( p->iBlock<0 || iKey>=p->iBlock+slBlockCount(p->pBlock) ) return 0;
  }
  slBlockEvent(p->pBlock, (int)(iKey - p->iBlock), &e);
  return e.zKey && e.nKey == n && memcmp(e.zKey, z, (size_t)n) == 0;
}

/*
** The session has more entries in sessionlog_key than keyed packed events:
** find those that are none.
*/
static void ckKeyStray(Check *p, const CkSession *s){
  sqlite3_stmt *pStmt = slStmt(p->pOp, SL_SQL_CHECK_KEY_LIST);
  slBindInt(p->pOp, pStmt, 1, s->iKey);
  while( slStep(p->pOp, pStmt) ){
    i64 iOrdinal = sqlite3_column_int64(pStmt, 0);
    if( !ckKeyFits(p, s, iOrdinal, pStmt) ){
      ckFault(p, "key-stray", s, iOrdinal,
              "sessionlog_key has %!.60Q, which no packed event has",
              sqlite3_column_text(pStmt, 1));
    }
  }
  slFree(p->pOp, SL_SQL_CHECK_KEY_LIST, pStmt);
}

/*
** Read the statement's rows, whose keys are those of the session.
*/
static void ckRange(Check *p, CkSession *s, int eSql,
                    void (*xRow)(Check *, CkSession *, sqlite3_stmt *)) {
  sqlite3_stmt *pStmt = slStmt(p->pOp, eSql);
  slBindInt(p->pOp, pStmt, 1, SL_KEY(s->iKey, 0));
  slBindInt(p->pOp, pStmt, 2, SL_KEY(s->iKey, SL_MAX_ORDINAL));
  while( slStep(p->pOp, pStmt) ) xRow(p, s, pStmt);
  slFree(p->pOp, eSql, pStmt);
}

/*
** The session's own events and their keys.
*/
static void ckHistory(Check *p, CkSession *s){
  if( !s->bMine || !s->bKey ) return;
  p->iBlock = -1;
  ckRange(p, s, SL_SQL_CHECK_BLOCK, ckBlock);
  ckRange(p, s, SL_SQL_CHECK_EVENT, ckEvent);
  if( slQueryInt(p->pOp, SL_SQL_CHECK_KEY_COUNT, s->iKey, 0, 0)>s->nMatched ){
    ckKeyStray(p, s);
  }
}

/*
** Once the heads are known: what ordinals must be within. From the newest
** session to the oldest, so that what reads of a session is known before it.
*/
static void ckOrdinals(Check *p){
  i64 i;
  for(i=p->n-1; i>=0; i--){
    CkSession *s = &p->a[i];
    CkSession *pUp = s->iUp >= 0 ? &p->a[s->iUp] : 0;
    i64 iRead = s->iForkedAt;
    if( s->iKept>=0 && s->iKept<iRead ) iRead = s->iKept;
    if( pUp && pUp->iRead<iRead ) pUp->iRead = iRead;
    if( !s->bMine ) continue;
    if( pUp && pUp->iKept<0 && s->iForkedAt>pUp->iHead ){
      ckFault(p, "fork-point", s, 0,
              "forked_at is %lld, past the parent's "
              "head %lld",
              s->iForkedAt, pUp->iHead);
    }
    if( s->iKept<0 ){
      if( s->iArchived>s->iHead ){
        ckFault(p, "watermark", s, 0, "archived is %lld, past the head %lld",
                s->iArchived, s->iHead);
      }
      continue;
    }
    if( !s->bChild ){
      ckFault(p, "tombstone-child", s, 0, "removed, and without a fork");
    }else if( s->iKept!=s->iRead ){
      ckFault(p, "tombstone-kept", s, 0,
              "kept is %lld, but forks read up to "
              "%lld",
              s->iKept, s->iRead);
    }
    if( s->iHead<s->iKept ){
      ckFault(p, "event-gap", s, s->iHead + 1,
              "events %lld to %lld are missing", s->iHead + 1, s->iKept);
    }else if( s->iHead>s->iKept && s->iHead>s->iForkedAt ){
      ckFault(p, "event-beyond", s, s->iHead,
              "removed, but has events up to "
              "%lld where forks read up to %lld",
              s->iHead, s->iKept);
    }
  }
}

/*
** Rows and blocks of sessions from iLow to iHigh, which don't exist.
*/
static void ckOrphanRange(Check *p, i64 iLow, i64 iHigh){
  while( iLow<=iHigh && p->pOp->rc==SQLITE_OK ){
    i64 iFrom = iLow * (SL_MAX_ORDINAL + 1);
    i64 iTo = iHigh * (SL_MAX_ORDINAL + 1) + SL_MAX_ORDINAL;
    i64 iSession = iHigh + 1;
    sqlite3_stmt *pStmt = slStmt(p->pOp, SL_SQL_CHECK_ORPHAN);
    slBindInt(p->pOp, pStmt, 1, iFrom);
    slBindInt(p->pOp, pStmt, 2, iTo);
    if( slStep(p->pOp, pStmt) && !ckIs(pStmt, 0, SQLITE_NULL) ){
      iSession = SL_SESSION(sqlite3_column_int64(pStmt, 0));
    }
    slFree(p->pOp, SL_SQL_CHECK_ORPHAN, pStmt);
    if( iSession<=iHigh ){
      ckFault(p, "event-orphan", 0, 0,
              "events of session %lld, which does not exist", iSession);
    }
    iLow = iSession + 1;
  }
}

/*
** Events and keys without a session.
*/
static void ckOrphans(Check *p){
  i64 iNext = -CK_MAX_SESSION - 1;
  i64 i;
  sqlite3_stmt *pStmt;
  for(i=0; i<p->n; i++){
    if( !p->a[i].bKey ) continue;
    ckOrphanRange(p, iNext, p->a[i].iKey - 1);
    iNext = p->a[i].iKey + 1;
  }
  ckOrphanRange(p, iNext, CK_MAX_SESSION);
  pStmt = slStmt(p->pOp, SL_SQL_CHECK_ORPHAN_KEY);
  while( slStep(p->pOp, pStmt) ){
    ckFault(p, "event-orphan", 0, 0,
            "idempotency keys of session %lld, "
            "which does not exist",
            sqlite3_column_int64(pStmt, 0));
  }
  slFree(p->pOp, SL_SQL_CHECK_ORPHAN_KEY, pStmt);
}

/* ---- idempotency keys seen twice ------------------------------------- */

/*
** One place of a run: is the key, in the same session or in what it
** inherits, there again?
*/
static void ckRunPlace(Check *p, const CkPlace *pPlace, i64 iLowest){
  const CkSession *s = &p->a[pPlace->iSession];
  const CkSession *pUp = s;
  i64 iBound = SL_MAX_ORDINAL;
  if( s->iRunAt!=pPlace->iOrdinal ){
    ckFault(p, "key-duplicate", s, pPlace->iOrdinal,
            "event %lld has the same key", s->iRunAt);
  }
  while( pUp->iUp>=0 ){
    if( pUp->iForkedAt<iBound ) iBound = pUp->iForkedAt;
    if( iBound<iLowest ) break;
    pUp = &p->a[pUp->iUp];
    if( pUp->iRun==p->nRun && pUp->iRunAt<=iBound ){
      ckFault(p, "key-duplicate", s, pPlace->iOrdinal,
              "event %lld, which it inherits, has the same key", pUp->iRunAt);
      break;
    }
  }
}

/*
** The end of a run of equal keys.
*/
static void ckRunEnd(Check *p){
  i64 i;
  i64 iLowest = SL_MAX_ORDINAL;
  if( p->nPlace>1 ){
    for(i=0; i<p->nPlace; i++){
      if( p->aPlace[i].iOrdinal<iLowest ) iLowest = p->aPlace[i].iOrdinal;
    }
    for(i=0; i<p->nPlace; i++) ckRunPlace(p, &p->aPlace[i], iLowest);
  }
  p->nPlace = 0;
  p->nRun++;
}

/*
** Note the place of a key. Places come in the order of session and ordinal.
*/
static void ckRunAdd(Check *p, i64 iSession, i64 iOrdinal){
  i64 i = ckFind(p, iSession);
  CkPlace *aNew;
  if( i<0 || !p->a[i].bMine ) return;
  aNew = ckGrow(p->pOp, p->aPlace, p->nPlace, &p->nPlaceAlloc, sizeof(*aNew));
  if( aNew==0 ) return;
  p->aPlace = aNew;
  aNew[p->nPlace].iSession = i;
  aNew[p->nPlace].iOrdinal = iOrdinal;
  p->nPlace++;
  if( p->a[i].iRun!=p->nRun ){
    p->a[i].iRun = p->nRun;
    p->a[i].iRunAt = iOrdinal;
  }
}

/*
** All idempotency keys, equal ones together.
*/
static void ckKeys(Check *p){
  char zLast[SL_MAX_NAME];
  int nLast = -1;
  sqlite3_stmt *pStmt = slStmt(p->pOp, SL_SQL_CHECK_IDEM);
  while( slStep(p->pOp, pStmt) ){
    int n;
    const char *z = ckText(p, pStmt, 0, &n);
    if( z==0 || n>SL_MAX_NAME ) continue;
    if( n!=nLast || memcmp(z, zLast, (size_t)n)!=0 ){
      ckRunEnd(p);
      memcpy(zLast, z, (size_t)n);
      nLast = n;
    }
    ckRunAdd(p, sqlite3_column_int64(pStmt, 1), sqlite3_column_int64(pStmt, 2));
  }
  slFree(p->pOp, SL_SQL_CHECK_IDEM, pStmt);
  ckRunEnd(p);
}

/* ---- what belongs to sessions, and scopes ---------------------------- */

/*
** Labels, meta and artifacts have a name in column 0, the session in 1, and
** in 3 whether that lives.
*/
static const CkSession *ckOwned(Check *p, sqlite3_stmt *pStmt,
                                const char *zNameRule, const char *zSessionRule,
                                int bTrim) {
  i64 iSession = sqlite3_column_int64(pStmt, 1);
  const CkSession *s = ckSession(p, iSession);
  if( s && !s->bMine ) s = 0;
  if( !ckNameAt(p, pStmt, 0, bTrim) ){
    ckFault(p, zNameRule, s, 0, "not a valid name");
  }
  if( sqlite3_column_int(pStmt, 3)==0 ){
    ckFault(p, zSessionRule, s, 0, "%!.60Q belongs to session %lld, which %s",
            sqlite3_column_text(pStmt, 0), iSession,
            s ? "was removed" : "does not exist");
  }
  return s;
}

/*
** The labels.
*/
static void ckLabels(Check *p){
  sqlite3_stmt *pStmt = ckTenantStmt(p, SL_SQL_CHECK_LABEL);
  while( slStep(p->pOp, pStmt) ){
    const CkSession *s;
    s = ckOwned(p, pStmt, "label-name", "label-session", 1);
    if( sqlite3_column_int(pStmt, 3) && sqlite3_column_int(pStmt, 4)==0 ){
      ckFault(p, "label-session", s, 0,
              "%!.60Q is of another tenant than its "
              "session",
              sqlite3_column_text(pStmt, 0));
    }
    if( !ckIs(pStmt, 2, SQLITE_INTEGER) ){
      ckFault(p, "label-time", s, 0, "at_ms of %!.60Q is not an INTEGER",
              sqlite3_column_text(pStmt, 0));
    }
  }
  slFree(p->pOp, SL_SQL_CHECK_LABEL, pStmt);
}

/*
** The meta data.
*/
static void ckMeta(Check *p){
  sqlite3_stmt *pStmt = ckTenantStmt(p, SL_SQL_CHECK_META);
  while( slStep(p->pOp, pStmt) ){
    const CkSession *s;
    s = ckOwned(p, pStmt, "meta-name", "meta-session", 0);
    if( ckIs(pStmt, 2, SQLITE_NULL) ){
      ckFault(p, "meta-value", s, 0, "%!.60Q is NULL",
              sqlite3_column_text(pStmt, 0));
    }
  }
  slFree(p->pOp, SL_SQL_CHECK_META, pStmt);
}

/*
** Bytes of an artifact's content. That of a BLOB is not read.
*/
static i64 ckContentSize(Check *p, sqlite3_stmt *pStmt, int i){
  if( !ckIs(pStmt, i, SQLITE_BLOB) && !ckIs(pStmt, i, SQLITE_NULL)
   && sqlite3_column_text(pStmt, i)==0
  ){
    slErrRc(p->pOp, SQLITE_NOMEM);
  }
  return sqlite3_column_bytes(pStmt, i);
}

/*
** The artifacts.
*/
static void ckArtifacts(Check *p){
  sqlite3_stmt *pStmt = ckTenantStmt(p, SL_SQL_CHECK_ARTIFACT);
  while( slStep(p->pOp, pStmt) ){
    const CkSession *s;
    s = ckOwned(p, pStmt, "artifact-name", "artifact-session", 0);
    if( !ckIs(pStmt, 4, SQLITE_INTEGER)
     || sqlite3_column_int64(pStmt, 4)!=ckContentSize(p, pStmt, 5)
    ){
      ckFault(p, "artifact-size", s, 0,
              "size of %!.60Q is not that of its "
              "content",
              sqlite3_column_text(pStmt, 0));
    }
    if( !ckIs(pStmt, 2, SQLITE_INTEGER) ){
      ckFault(p, "artifact-time", s, 0, "at_ms of %!.60Q is not an INTEGER",
              sqlite3_column_text(pStmt, 0));
    }
  }
  slFree(p->pOp, SL_SQL_CHECK_ARTIFACT, pStmt);
}

/*
** The durable scopes.
*/
static void ckScopes(Check *p){
  sqlite3_stmt *pStmt = ckTenantStmt(p, SL_SQL_CHECK_SCOPE);
  while( slStep(p->pOp, pStmt) ){
    if( !ckNameAt(p, pStmt, 0, 0) || !ckNameAt(p, pStmt, 1, 0)
     || !ckNameAt(p, pStmt, 2, 0) || ckIs(pStmt, 3, SQLITE_NULL)
     || !ckIs(pStmt, 4, SQLITE_INTEGER)
    ){
      ckFault(p, "scope-entry", 0, 0,
              "entry %!.60Q of scope %!.60Q is not "
              "valid",
              sqlite3_column_text(pStmt, 2), sqlite3_column_text(pStmt, 1));
    }
  }
  slFree(p->pOp, SL_SQL_CHECK_SCOPE, pStmt);
}

/* ---- all of it ------------------------------------------------------- */

/*
** Ready to read, also what normal calls refuse: 1 if there is something to
** check. A file that SQLite itself finds damaged, or one of a newer schema,
** stays an error.
*/
static int ckReady(Check *p){
  SlOp *pOp = p->pOp;
  slOpRead(pOp);
  if( pOp->rc==SQLITE_CORRUPT_VTAB ){
    sqlite3_free(pOp->zErr);
    pOp->zErr = 0;
    pOp->rc = SQLITE_OK;
  }
  return pOp->rc == SQLITE_OK && ckSchema(p);
}

void slCheck(SlOp *pOp, const char *zTenant, SlFaults *pOut){
  Check c;
  i64 i;
  memset(&c, 0, sizeof(c));
  c.pOp = pOp;
  c.pOut = pOut;
  c.zTenant = zTenant;
  if( ckReady(&c) ){
    c.pBlock = slBlockNew();
    if( c.pBlock==0 ) slErrRc(pOp, SQLITE_NOMEM);
    ckConfig(&c);
    ckSessions(&c);
    for(i=0; i<c.n && pOp->rc==SQLITE_OK; i++) ckHistory(&c, &c.a[i]);
    ckOrdinals(&c);
    if( zTenant==0 ) ckOrphans(&c);
    ckKeys(&c);
    ckLabels(&c);
    ckMeta(&c);
    ckArtifacts(&c);
    ckScopes(&c);
  }
  slBlockFree(c.pBlock);
  sqlite3_free(c.aPlace);
  sqlite3_free(c.a);
}

/* ---- statistics ------------------------------------------------------ */

/*
** Run a statement with the tenant bound, and put its columns into aVal.
*/
static void statsQuery(SlOp *pOp, int eSql, i64 *aVal, int nVal){
  const char *zTenant = pOp->pConn->zTenant;
  sqlite3_stmt *pStmt = slStmt(pOp, eSql);
  int i;
  slBindText(pOp, pStmt, 1, zTenant, (i64)strlen(zTenant));
  if( slStep(pOp, pStmt) ){
    for(i=0; i<nVal; i++) aVal[i] = sqlite3_column_int64(pStmt, i);
  }
  slFree(pOp, eSql, pStmt);
}

const char *slStatName(int eStat){
  static const char *const azName[SL_STAT_COUNT] = {
    "sessions",        "events",       "forks",           "deepest_fork",
    "bytes_rows",      "bytes_blocks", "bytes_artifacts", "packed_events",
    "archived_events", "blocks",       "ended_sessions",  "removed_sessions",
    "labels",          "meta",         "artifacts",       "scopes",
    "scope_entries"
  };
  return azName[eStat];
}

void slStats(SlOp *pOp, i64 aStat[SL_STAT_COUNT]){
  i64 aVal[4];
  memset(aStat, 0, SL_STAT_COUNT * sizeof(aStat[0]));
  memset(aVal, 0, sizeof(aVal));
  if( !slOpRead(pOp) ) return;
  statsQuery(pOp, SL_SQL_STATS_SESSION, aVal, 4);
  aStat[SL_STAT_SESSIONS] = aVal[0];
  aStat[SL_STAT_FORKS] = aVal[1];
  aStat[SL_STAT_ENDED] = aVal[2];
  aStat[SL_STAT_REMOVED] = aVal[3];
  statsQuery(pOp, SL_SQL_STATS_DEPTH, &aStat[SL_STAT_DEEPEST], 1);
  statsQuery(pOp, SL_SQL_STATS_EVENT, aVal, 3);
  aStat[SL_STAT_EVENTS] = aVal[0];
  aStat[SL_STAT_ARCHIVED] = aVal[1];
  aStat[SL_STAT_BYTES_ROWS] = aVal[2];
  statsQuery(pOp, SL_SQL_STATS_BLOCK, aVal, 4);
  aStat[SL_STAT_BLOCKS] = aVal[0];
  aStat[SL_STAT_PACKED] = aVal[1];
  aStat[SL_STAT_EVENTS] += aVal[1];
  aStat[SL_STAT_ARCHIVED] += aVal[2];
  aStat[SL_STAT_BYTES_BLOCKS] = aVal[3];
  statsQuery(pOp, SL_SQL_STATS_LABEL, &aStat[SL_STAT_LABELS], 1);
  statsQuery(pOp, SL_SQL_STATS_META, &aStat[SL_STAT_META], 1);
  statsQuery(pOp, SL_SQL_STATS_ARTIFACT, aVal, 2);
  aStat[SL_STAT_ARTIFACTS] = aVal[0];
  aStat[SL_STAT_BYTES_ARTIFACTS] = aVal[1];
  statsQuery(pOp, SL_SQL_STATS_SCOPE, aVal, 2);
  aStat[SL_STAT_SCOPE_ENTRIES] = aVal[0];
  aStat[SL_STAT_SCOPES] = aVal[1];
}
