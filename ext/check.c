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
** of PRAGMA integrity_check. What is about events is in check_event.c.
**
** Rule               What it says
** ------------------ -------------------------------------------------------
** schema             tables, indexes and triggers are those of schema.sql,
**                    and no other trigger, table or view bears our prefix
** config             schema_version is the present one, writes is a mode, and
**                    there is no other setting
** session-key        1 to 2^31-1
** session-id         a canonical ULID
** session-tenant     1 to 255 bytes of UTF-8 without NUL, trimmed
** session-name       NULL or the same; NULL in a removed session
** session-kind       NULL or 1 to 255 bytes of UTF-8 without NUL
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
** tombstone-rest     nothing is left of what described a removed session
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
** artifact-name      the same, trimmed
** artifact-session   the session lives
** artifact-size      the number of bytes in content
** artifact-time      an INTEGER
** scope-entry        tenant as session-tenant, scope and name as meta-name,
**                    value not NULL, at_ms an INTEGER
** row-key            0 to 2^48-1, in each of these tables
*/
#include "slCheck.h"

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
void *slCkGrow(SlOp *pOp, void *a, i64 n, i64 *pnAlloc, size_t nSize){
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
  SlFault *aNew;
  if( zDetail==0 ) slErrRc(p->pOp, SQLITE_NOMEM);
  aNew = slCkGrow(p->pOp, pOut->a, pOut->n, &pOut->nAlloc, sizeof(*aNew));
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
void slCkFault(Check *p, const char *zRule, const CkSession *pSession,
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
const char *slCkText(Check *p, sqlite3_stmt *pStmt, int i, int *pn){
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
int slCkName(const char *z, int n, int bTrim){
  if( z==0 || n==0 || n>SL_MAX_NAME || memchr(z, 0, (size_t)n)!=0 ) return 0;
  if( bTrim && (ckSpace(z[0]) || ckSpace(z[n - 1])) ) return 0;
  return slUtf8Valid((const u8 *)z, n);
}

/*
** 1 if the column is a name.
*/
static int ckNameAt(Check *p, sqlite3_stmt *pStmt, int i, int bTrim){
  int n;
  const char *z = slCkText(p, pStmt, i, &n);
  return slCkName(z, n, bTrim);
}

/*
** 1 if the column has the type.
*/
int slCkIs(sqlite3_stmt *pStmt, int i, int eType){
  return sqlite3_column_type(pStmt, i) == eType;
}

/*
** The column as an ordinal: its number, or iDefault where it is none.
*/
static i64 ckOrdinal(sqlite3_stmt *pStmt, int i, i64 iDefault){
  i64 iVal = sqlite3_column_int64(pStmt, i);
  if( !slCkIs(pStmt, i, SQLITE_INTEGER) ) return iDefault;
  return iVal < 0 || iVal > SL_MAX_ORDINAL ? iDefault : iVal;
}

/*
** 1 if the column is one of the n words.
*/
static int ckOneOf(Check *p, sqlite3_stmt *pStmt, int i,
                   const char *const *azWord, int n) {
  int nText, j;
  const char *z = slCkText(p, pStmt, i, &nText);
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
** The session with that integer, NULL if there is none.
*/
CkSession *slCkFind(const Check *p, i64 iKey){
  i64 iLow = 0;
  i64 iHigh = p->n - 1;
  while( iLow<=iHigh ){
    i64 i = iLow + (iHigh - iLow) / 2;
    if( p->a[i].iKey==iKey ) return &p->a[i];
    if( p->a[i].iKey<iKey ){
      iLow = i + 1;
    }else{
      iHigh = i - 1;
    }
  }
  return 0;
}

/* ---- schema and configuration ---------------------------------------- */

/*
** A fault of the schema, for slSchemaCheck().
*/
static void ckSchemaFault(SlOp *pOp, void *pArg, int eFault, char *zFault){
  Check *p = (Check *)pArg;
  (void)pOp;
  if( eFault==SL_FAULT_NO_TABLE ) p->bTable = 1;
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
      bVersion = slCkIs(pStmt, 1, SQLITE_INTEGER)
                 && sqlite3_column_int64(pStmt, 1) == SL_SCHEMA;
    }else if( !ckOneOf(p, pStmt, 0, azName, 2) ){
      slCkFault(p, "config", 0, 0, "there is no setting %!.60Q",
                sqlite3_column_text(pStmt, 0));
    }else if( !ckOneOf(p, pStmt, 1, azMode, 3) ){
      slCkFault(p, "config", 0, 0, "writes is %!.60Q",
                sqlite3_column_text(pStmt, 1));
    }
  }
  slFree(p->pOp, SL_SQL_CHECK_CONFIG, pStmt);
  if( !bVersion ){
    slCkFault(p, "config", 0, 0, "schema_version is not %d", SL_SCHEMA);
  }
}

/* ---- sessions -------------------------------------------------------- */

/*
** What a session's row says of itself: id, tenant, name, kind.
*/
static void ckSessionName(Check *p, const CkSession *s, sqlite3_stmt *pStmt){
  SlUlid u;
  char zId[27];
  int n;
  const char *z = slCkText(p, pStmt, CK_ID, &n);
  int bId = n == 26 && slUlidParseText(z, n, &u);
  if( bId ){
    slUlidText(&u, zId);
    bId = memcmp(z, zId, 26) == 0;
  }
  if( !bId ) slCkFault(p, "session-id", s, 0, "not a canonical ULID");
  if( !ckNameAt(p, pStmt, CK_TENANT, 1) ){
    slCkFault(p, "session-tenant", s, 0, "not a valid tenant");
  }
  if( !slCkIs(pStmt, CK_NAME, SQLITE_NULL) ){
    if( s->iKept>=0 ){
      slCkFault(p, "session-name", s, 0, "a removed session has a name");
    }else if( !ckNameAt(p, pStmt, CK_NAME, 1) ){
      slCkFault(p, "session-name", s, 0, "not a valid name");
    }
  }
  if( !slCkIs(pStmt, CK_KIND, SQLITE_NULL)
   && !ckNameAt(p, pStmt, CK_KIND, 0)
  ){
    slCkFault(p, "session-kind", s, 0, "not a valid kind");
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
    slCkFault(p, "session-status", s, 0, "status is %!.60Q",
              sqlite3_column_text(pStmt, CK_STATUS));
  }else if( bEnded==slCkIs(pStmt, CK_ENDED_AT, SQLITE_NULL) ){
    slCkFault(p, "session-ended", s, 0, "status is %s, ended_at_ms is %s",
              sqlite3_column_text(pStmt, CK_STATUS),
              bEnded ? "NULL" : "not NULL");
  }
  if( !ckOneOf(p, pStmt, CK_CREATED_BY, azCreator, 2) ){
    slCkFault(p, "session-creator", s, 0, "created_by is %!.60Q",
              sqlite3_column_text(pStmt, CK_CREATED_BY));
  }
}

/*
** Types of the columns that no other rule is about.
*/
static void ckSessionType(Check *p, const CkSession *s, sqlite3_stmt *pStmt){
  static const u8 aInt[] = { CK_ENDED_AT, CK_STARTED_AT, CK_PID, CK_SEEN_AT,
                             CK_PAUSED_AT };
  static const u8 aText[] = { CK_TARGET,       CK_TARGET_CLASS, CK_TARGET_HASH,
                              CK_CWD,          CK_GROUP_KEY,    CK_APP_VERSION,
                              CK_SOURCE_URL,   CK_ORIGIN,       CK_HOST,
                              CK_PAUSE_SUMMARY };
  int i;
  for(i=0; i<(int)sizeof(aInt); i++){
    if( !slCkIs(pStmt, aInt[i], SQLITE_INTEGER)
     && (aInt[i]==CK_STARTED_AT || !slCkIs(pStmt, aInt[i], SQLITE_NULL))
    ){
      slCkFault(p, "session-type", s, 0, "%s is not an INTEGER",
                sqlite3_column_name(pStmt, aInt[i]));
    }
  }
  for(i=0; i<(int)sizeof(aText); i++){
    if( !slCkIs(pStmt, aText[i], SQLITE_TEXT)
     && !slCkIs(pStmt, aText[i], SQLITE_NULL)
    ){
      slCkFault(p, "session-type", s, 0, "%s is not TEXT",
                sqlite3_column_name(pStmt, aText[i]));
    }
  }
}

/*
** A removed session has nothing but its place in the tree.
*/
static void ckSessionRest(Check *p, const CkSession *s, sqlite3_stmt *pStmt){
  int i;
  if( s->iKept<0 ) return;
  for(i=CK_KIND; i<=CK_PAUSE_SUMMARY; i++){
    if( !slCkIs(pStmt, i, SQLITE_NULL) ){
      slCkFault(p, "tombstone-rest", s, 0, "a removed session has %s",
                sqlite3_column_name(pStmt, i));
    }
  }
}

/*
** The columns that are ordinals, and the parent.
*/
static void ckSessionLinks(Check *p, CkSession *s, sqlite3_stmt *pStmt){
  int bParent = !slCkIs(pStmt, CK_PARENT, SQLITE_NULL);
  int bForked = !slCkIs(pStmt, CK_FORKED_AT, SQLITE_NULL);
  s->bParent = (u8)bParent;
  s->iParent = sqlite3_column_int64(pStmt, CK_PARENT);
  s->iForkedAt = ckOrdinal(pStmt, CK_FORKED_AT, 0);
  s->iArchived = ckOrdinal(pStmt, CK_ARCHIVED, 0);
  s->iKept = -1;
  if( !slCkIs(pStmt, CK_KEPT, SQLITE_NULL) ){
    s->iKept = ckOrdinal(pStmt, CK_KEPT, 0);
  }
  if( !s->bMine ) return;
  if( bParent!=bForked ){
    slCkFault(p, "fork-pair", s, 0,
              bParent ? "parent without forked_at"
                      : "forked_at without parent");
  }
  if( bForked && ckOrdinal(pStmt, CK_FORKED_AT, -1)<0 ){
    slCkFault(p, "fork-point", s, 0, "forked_at is %!.60Q",
              sqlite3_column_text(pStmt, CK_FORKED_AT));
  }
  if( ckOrdinal(pStmt, CK_ARCHIVED, -1)<0 ){
    slCkFault(p, "watermark", s, 0, "archived is %!.60Q",
              sqlite3_column_text(pStmt, CK_ARCHIVED));
  }
  if( s->iKept>=0 && ckOrdinal(pStmt, CK_KEPT, -1)<0 ){
    slCkFault(p, "tombstone-kept", s, 0, "kept is %!.60Q",
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
  s = slCkGrow(p->pOp, p->a, p->n, &p->nAlloc, sizeof(*s));
  if( s==0 ) return;
  p->a = s;
  s += p->n++;
  memset(s, 0, sizeof(*s));
  s->iKey = sqlite3_column_int64(pStmt, CK_KEY);
  s->iRun = -1;
  s->bMine = sqlite3_column_int(pStmt, CK_MINE) != 0;
  s->bKey = s->iKey > 0 && s->iKey <= CK_MAX_SESSION;
  zId = slCkText(p, pStmt, CK_ID, &nId);
  sqlite3_snprintf(sizeof(s->zId), s->zId, "%s", zId);
  ckSessionLinks(p, s, pStmt);
  s->iHead = s->iForkedAt;
  if( !s->bMine ) return;
  if( !s->bKey ) slCkFault(p, "session-key", s, 0, "key is %lld", s->iKey);
  ckSessionName(p, s, pStmt);
  ckSessionState(p, s, pStmt);
  ckSessionType(p, s, pStmt);
  ckSessionRest(p, s, pStmt);
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
    CkSession *pUp;
    if( !s->bParent ) continue;
    pUp = slCkFind(p, s->iParent);
    if( pUp && pUp<s ){
      s->pUp = pUp;
      pUp->bChild = 1;
    }else if( s->bMine ){
      slCkFault(p, pUp ? "parent-order" : "parent-missing", s, 0,
                pUp ? "the parent has key %lld"
                    : "there is no session with key %lld",
                s->iParent);
    }
  }
  pStmt = slStmt(p->pOp, SL_SQL_CHECK_TENANT);
  while( slStep(p->pOp, pStmt) ){
    const CkSession *s = slCkFind(p, sqlite3_column_int64(pStmt, 0));
    /* All sessions have been read. */
    if( ALWAYS(s) && s->bMine ){
      slCkFault(p, "parent-tenant", s, 0, "the parent is of another tenant");
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

/* ---- what belongs to sessions, and scopes ---------------------------- */

/*
** Labels, meta and artifacts have a name in column 0, the session in 1, and
** in 3 whether that lives.
*/
static const CkSession *ckOwned(Check *p, sqlite3_stmt *pStmt,
                                const char *zNameRule, const char *zSessionRule,
                                int bTrim) {
  i64 iSession = sqlite3_column_int64(pStmt, 1);
  const CkSession *s = slCkFind(p, iSession);
  if( s && !s->bMine ) s = 0;
  if( !ckNameAt(p, pStmt, 0, bTrim) ){
    slCkFault(p, zNameRule, s, 0, "not a valid name");
  }
  if( sqlite3_column_int(pStmt, 3)==0 ){
    slCkFault(p, zSessionRule, s, 0, "%!.60Q belongs to session %lld, which %s",
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
      slCkFault(p, "label-session", s, 0,
                "%!.60Q is of another tenant than its "
                "session",
                sqlite3_column_text(pStmt, 0));
    }
    if( !slCkIs(pStmt, 2, SQLITE_INTEGER) ){
      slCkFault(p, "label-time", s, 0, "at_ms of %!.60Q is not an INTEGER",
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
    if( slCkIs(pStmt, 2, SQLITE_NULL) ){
      slCkFault(p, "meta-value", s, 0, "%!.60Q is NULL",
                sqlite3_column_text(pStmt, 0));
    }
  }
  slFree(p->pOp, SL_SQL_CHECK_META, pStmt);
}

/*
** The artifacts.
*/
static void ckArtifacts(Check *p){
  sqlite3_stmt *pStmt = ckTenantStmt(p, SL_SQL_CHECK_ARTIFACT);
  while( slStep(p->pOp, pStmt) ){
    const CkSession *s;
    s = ckOwned(p, pStmt, "artifact-name", "artifact-session", 1);
    if( !slCkIs(pStmt, 4, SQLITE_INTEGER)
     || sqlite3_column_int64(pStmt, 4)!=sqlite3_column_bytes(pStmt, 5)
    ){
      slCkFault(p, "artifact-size", s, 0,
                "size of %!.60Q is not that of its "
                "content",
                sqlite3_column_text(pStmt, 0));
    }
    if( !slCkIs(pStmt, 2, SQLITE_INTEGER) ){
      slCkFault(p, "artifact-time", s, 0, "at_ms of %!.60Q is not an INTEGER",
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
    if( !ckNameAt(p, pStmt, 0, 1) || !ckNameAt(p, pStmt, 1, 0)
     || !ckNameAt(p, pStmt, 2, 0) || slCkIs(pStmt, 3, SQLITE_NULL)
     || !slCkIs(pStmt, 4, SQLITE_INTEGER)
    ){
      slCkFault(p, "scope-entry", 0, 0,
                "entry %!.60Q of scope %!.60Q is not "
                "valid",
                sqlite3_column_text(pStmt, 2), sqlite3_column_text(pStmt, 1));
    }
  }
  slFree(p->pOp, SL_SQL_CHECK_SCOPE, pStmt);
}

/*
** The keys of labels, meta data, artifacts and scopes.
*/
static void ckRowKeys(Check *p){
  sqlite3_stmt *pStmt = ckTenantStmt(p, SL_SQL_CHECK_ROW_KEY);
  while( slStep(p->pOp, pStmt) ){
    slCkFault(p, "row-key", 0, 0, "a row of sessionlog_%s has the key %lld",
              sqlite3_column_text(pStmt, 0), sqlite3_column_int64(pStmt, 1));
  }
  slFree(p->pOp, SL_SQL_CHECK_ROW_KEY, pStmt);
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
  return ckSchema(p);
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
    for(i=0; i<c.n && pOp->rc==SQLITE_OK; i++) slCkHistory(&c, &c.a[i]);
    slCkOrdinals(&c);
    if( zTenant==0 ) slCkOrphans(&c);
    slCkKeys(&c);
    ckLabels(&c);
    ckMeta(&c);
    ckArtifacts(&c);
    ckScopes(&c);
    ckRowKeys(&c);
  }
  slBlockFree(c.pBlock);
  sqlite3_free(c.aPlace);
  sqlite3_free(c.a);
}
