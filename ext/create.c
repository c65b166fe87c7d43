/*
** create.c - sessions that begin and sessions that change: defaults, and the
** rules of INSERT and UPDATE on session_list.
**
** What is given comes as SlFields, checked column by column already; what
** the columns mean together is checked here, in a task, before anything is
** written.
*/
#include "sessionlogInt.h"

/* Highest integer of a session. */
#define SL_MAX_SESSION 2147483647

/* Parameter of session_insert and session_change for a column; that of
** session_insert which tells to make the group key. */
#define SL_PARAM(iCol) ((iCol) + 4)
#define SL_PARAM_GROUP SL_PARAM(SL_COL_HEAD)

/* Columns of session_parent: then come those that a fork takes over. */
enum {
  PARENT_HEAD,
  PARENT_MAX_KEY,
  PARENT_TAKEN
};

/* ---- both ------------------------------------------------------------ */

/*
** 1 if the column is given, and not as NULL.
*/
static int isSet(const SlFields *p, int iCol){
  return p->a[iCol].bGiven && !p->a[iCol].bNull;
}

/*
** 1 if the text column is given as zText.
*/
static int isText(const SlFields *p, int iCol, const char *zText){
  return isSet(p, iCol) && (size_t)p->a[iCol].n == strlen(zText)
         && memcmp(p->a[iCol].z, zText, (size_t)p->a[iCol].n) == 0;
}

/*
** 1 if the status that is given is one that has an ended_at_ms.
*/
static int isEnd(const SlFields *p){
  return isText(p, SL_COL_STATUS, "ended")
         || isText(p, SL_COL_STATUS, "reaped");
}

/*
** Set a time that is not given to now.
*/
static void fieldNow(SlOp *pOp, SlFields *p, int iCol){
  if( !isSet(p, iCol) ){
    slFieldInt(pOp, p, iCol, slOpNow(pOp, slColumnName(iCol)));
  }
}

/*
** Fail if the name belongs to a session other than iKey.
*/
static void nameFree(SlOp *pOp, const SlFields *p, i64 iKey){
  const SlField *pName = &p->a[SL_COL_NAME];
  SlSession other;
  if( isSet(p, SL_COL_NAME) && slFindName(pOp, pName->z, pName->n, &other)
   && other.iKey!=iKey
  ){
    slErr(pOp, SQLITE_CONSTRAINT, "session name is taken: %.*s", pName->n,
          pName->z);
  }
}

static void bindField(SlOp *pOp, sqlite3_stmt *pStmt, const SlFields *p,
                      int iCol) {
  if( !isSet(p, iCol) ) return;
  if( slColumnIsInt(iCol) ){
    slBindInt(pOp, pStmt, SL_PARAM(iCol), p->a[iCol].i);
  }else{
    slBindText(pOp, pStmt, SL_PARAM(iCol), p->a[iCol].z, p->a[iCol].n);
  }
}

/* ---- the auto name --------------------------------------------------- */

/*
** The last component of a path, which may end in slashes: its length is
** returned, 0 where there is none or where it can't be part of a name.
*/
static i64 baseName(const char *zPath, i64 nPath, const char **pz){
  i64 iFrom;
  i64 n = nPath;
  while( n>0 && zPath[n-1]=='/' ) n--;
  for(iFrom=n; iFrom>0 && zPath[iFrom-1]!='/'; iFrom--){
  }
  while( iFrom<n && (zPath[iFrom]==' '
                     || (zPath[iFrom]>='\t' && zPath[iFrom]<='\r')) ){
    iFrom++;
  }
  *pz = &zPath[iFrom];
  n -= iFrom;
  if( memchr(*pz, 0, (size_t)n) || !slUtf8Valid((const u8*)*pz, n) ) return 0;
  return n;
}

char *slAutoName(SlOp *pOp, const char *zTarget, i64 nTarget, i64 iMs, int n){
  char zStamp[16], zMore[16];
  const char *zBase = "session";
  char *zName;
  i64 nBase, nMax;
  if( pOp->rc!=SQLITE_OK ) return 0;
  slFormatCompact(iMs, zStamp);
  zMore[0] = 0;
  if( n>1 ) sqlite3_snprintf(sizeof(zMore), zMore, "-%d", n);
  nBase = zTarget ? baseName(zTarget, nTarget, &zBase) : 0;
  if( nBase==0 ){
    zBase = "session";
    nBase = 7;
  }
  nMax = SL_MAX_NAME - (i64)strlen(zMore) - (i64)strlen(zStamp) - 1;
  if( nBase>nMax ){
    nBase = nMax;
    while( (zBase[nBase] & 0xc0)==0x80 ) nBase--;
  }
  zName = sqlite3_mprintf("%.*s-%s%s", (int)nBase, zBase, zStamp, zMore);
  if( zName==0 ) pOp->rc = SQLITE_NOMEM;
  return zName;
}

/*
** The n-th auto name for the session in *pzName, whose old value is freed;
** returns 1 if it is taken.
*/
static int autoTaken(SlOp *pOp, const SlFields *p, int n, char **pzName){
  const SlField *pTarget = &p->a[SL_COL_TARGET];
  SlSession other;
  sqlite3_free(*pzName);
  *pzName =
    slAutoName(pOp, pTarget->z, pTarget->n, p->a[SL_COL_STARTED_AT_MS].i, n);
  if( *pzName==0 ) return 0;
  return slFindName(pOp, *pzName, (i64)strlen(*pzName), &other);
}

/*
** The auto name of a new session, sqlite3_malloc'd: the plain one, or where
** it is taken the one with -2, -3 and so on. Past a few it is found by
** doubling and halving, so that many sessions of one target that start in
** one second don't look at all the others' names.
*/
static char *autoName(SlOp *pOp, const SlFields *p){
  char *zName = 0;
  int n = 1;
  int nTaken;
  while( n<=8 && autoTaken(pOp, p, n, &zName) ) n++;
  if( n>8 ){
    nTaken = 8;
    for(n=16; autoTaken(pOp, p, n, &zName); n*=2) nTaken = n;
    while( n-nTaken>1 ){
      int nMid = nTaken + (n - nTaken) / 2;
      if( autoTaken(pOp, p, nMid, &zName) )
        nTaken = nMid;
      else
        n = nMid;
    }
    autoTaken(pOp, p, n, &zName);
  }
  return zName;
}

/* ---- new sessions ---------------------------------------------------- */

/*
** What a statement may not give for a new session.
*/
static void newReadOnly(SlOp *pOp, const SlFields *p){
  static const int aCol[] = { SL_COL_HEAD, SL_COL_ARCHIVED, SL_COL_N_EVENTS,
                              SL_COL_REF };
  size_t i;
  for(i=0; i<sizeof(aCol)/sizeof(aCol[0]); i++){
    if( isSet(p, aCol[i]) ) slFieldReadOnly(pOp, aCol[i]);
  }
}

/*
** The id: given and free, or a new one.
*/
static void newId(SlOp *pOp, SlFields *p){
  sqlite3_stmt *pStmt;
  if( !isSet(p, SL_COL_ID) ){
    slOpUlid(pOp, "id", p->zId);
    slFieldText(pOp, p, SL_COL_ID, p->zId, 26);
    return;
  }
  pStmt = slStmt(pOp, SL_SQL_SESSION_ID_TAKEN);
  slBindText(pOp, pStmt, 1, p->zId, 26);
  if( slStep(pOp, pStmt) ){
    slErr(pOp, SQLITE_CONSTRAINT, "session id is taken: %s", p->zId);
  }
  slFree(pOp, SL_SQL_SESSION_ID_TAKEN, pStmt);
}

/*
** Where the new session forks off, if it does: parent, fork point and the
** watermark that it starts with, in *pNew. Returns the statement
** session_parent on its row, to be freed; NULL: no fork, or a failure.
*/
static sqlite3_stmt *newFork(SlOp *pOp, SlFields *p, SlSession *pNew){
  const SlField *pRef = &p->a[SL_COL_PARENT_ID];
  SlSession parent;
  sqlite3_stmt *pStmt;
  i64 iHead, iAt;
  if( p->pParent ){
    parent = *p->pParent;
  }else if( isSet(p, SL_COL_PARENT_ID) ){
    slNeedText(pOp, pRef->z, pRef->n, &parent);
  }else{
    if( isSet(p, SL_COL_FORKED_AT) ){
      slErr(pOp, SQLITE_CONSTRAINT, "forked_at %lld without parent_id",
            p->a[SL_COL_FORKED_AT].i);
    }
    return 0;
  }
  if( pOp->rc!=SQLITE_OK ) return 0;
  pStmt = slStmt(pOp, SL_SQL_SESSION_PARENT);
  slBindInt(pOp, pStmt, 1, parent.iKey);
  slStep(pOp, pStmt);
  if( pOp->rc!=SQLITE_OK ){
    slFree(pOp, SL_SQL_SESSION_PARENT, pStmt);
    return 0;
  }
  iHead = sqlite3_column_int64(pStmt, PARENT_HEAD);
  iHead = iHead ? SL_ORDINAL(iHead) : parent.iForkedAt;
  iAt = isSet(p, SL_COL_FORKED_AT) ? p->a[SL_COL_FORKED_AT].i : iHead;
  if( iAt<0 && parent.iArchived==0 ){
    slErr(pOp, SQLITE_CONSTRAINT,
          "cannot fork session %s at %lld: it is negative", parent.zId, iAt);
  }else if( iAt>iHead ){
    slErr(pOp, SQLITE_CONSTRAINT,
          "cannot fork session %s at %lld: its head is %lld", parent.zId, iAt,
          iHead);
  }else if( iAt!=0 && iAt<parent.iArchived ){
    slErr(pOp, SQLITE_CONSTRAINT,
          "cannot fork session %s at %lld: it is archived up to %lld",
          parent.zId, iAt, parent.iArchived);
  }
  slFieldInt(pOp, p, SL_COL_FORKED_AT, iAt);
  pNew->iParent = parent.iKey;
  pNew->iForkedAt = iAt;
  pNew->iArchived = iAt < parent.iArchived ? iAt : parent.iArchived;
  return pStmt;
}

/*
** Status and the times that follow from it.
*/
static void newStatus(SlOp *pOp, SlFields *p){
  if( !isSet(p, SL_COL_STATUS) ){
    if( isSet(p, SL_COL_ENDED_AT_MS) ){
      slFieldText(pOp, p, SL_COL_STATUS, "ended", 5);
    }else{
      slFieldText(pOp, p, SL_COL_STATUS, "active", 6);
    }
  }else if( isEnd(p) ){
    fieldNow(pOp, p, SL_COL_ENDED_AT_MS);
  }else if( isSet(p, SL_COL_ENDED_AT_MS) ){
    slErr(pOp, SQLITE_CONSTRAINT, "status %.*s contradicts ended_at_ms %lld",
          p->a[SL_COL_STATUS].n, p->a[SL_COL_STATUS].z,
          p->a[SL_COL_ENDED_AT_MS].i);
  }else if( isText(p, SL_COL_STATUS, "paused") ){
    fieldNow(pOp, p, SL_COL_PAUSED_AT_MS);
  }
}

/*
** The integer of a new session; pParent is what newFork() gave.
*/
static i64 newKey(SlOp *pOp, sqlite3_stmt *pParent){
  i64 iTop = slScanTop(pOp, SL_SQL_SESSION_MAX_KEY);
  i64 iRemoved = pOp->pDb->iRemoved;
  i64 iMax;
  if( pParent ){
    iMax = sqlite3_column_int64(pParent, PARENT_MAX_KEY);
  }else{
    iMax = slQueryInt(pOp, SL_SQL_SESSION_MAX_KEY, 0, 0, 0);
  }
  if( iMax<iTop ) iMax = iTop;
  if( iMax<iRemoved ) iMax = iRemoved;
  if( iMax>=SL_MAX_SESSION ){
    slErr(pOp, SQLITE_FULL, "log is full: no session can follow number %d",
          SL_MAX_SESSION);
    return 0;
  }
  return iMax + 1;
}

/*
** Bind what a fork takes over from its parent. What is given is bound in its
** place afterwards.
*/
static void bindParent(SlOp *pOp, sqlite3_stmt *pStmt, const SlFields *p,
                       sqlite3_stmt *pParent) {
  static const u8 aCol[] = { SL_COL_KIND,         SL_COL_TARGET,
                             SL_COL_TARGET_CLASS, SL_COL_TARGET_HASH,
                             SL_COL_CWD,          SL_COL_APP_VERSION,
                             SL_COL_GROUP_KEY };
  int i, n = (int)sizeof(aCol);
  /* The parent's group key is that of its directory and target. */
  if( isSet(p, SL_COL_TARGET_HASH) || isSet(p, SL_COL_CWD) ) n--;
  for(i=0; i<n && pOp->rc==SQLITE_OK; i++){
    sqlite3_value *pVal = sqlite3_column_value(pParent, PARENT_TAKEN + i);
    if( sqlite3_bind_value(pStmt, SL_PARAM(aCol[i]), pVal) ) slErrDb(pOp);
  }
}

static void newRow(SlOp *pOp, SlFields *p, const SlSession *pNew,
                   sqlite3_stmt *pParent) {
  int i;
  sqlite3_stmt *pStmt = slStmt(pOp, SL_SQL_SESSION_INSERT);
  slBindInt(pOp, pStmt, 1, pNew->iKey);
  slBindTenant(pOp, pStmt, 2);
  if( pParent ){
    slBindInt(pOp, pStmt, 3, pNew->iParent);
    bindParent(pOp, pStmt, p, pParent);
  }
  for(i=0; i<=SL_COL_PAUSE_SUMMARY; i++) bindField(pOp, pStmt, p, i);
  if( isSet(p, SL_COL_TARGET_HASH) || isSet(p, SL_COL_CWD) ){
    slBindInt(pOp, pStmt, SL_PARAM_GROUP, 1);
  }
  slBindInt(pOp, pStmt, SL_PARAM(SL_COL_ARCHIVED), pNew->iArchived);
  slFree(pOp, SL_SQL_SESSION_PARENT, pParent);
  slRun(pOp, SL_SQL_SESSION_INSERT, pStmt);
}

void slSessionCreate(SlOp *pOp, SlFields *p, SlSession *pOut){
  char *zAuto = 0;
  sqlite3_stmt *pParent;
  memset(pOut, 0, sizeof(*pOut));
  newReadOnly(pOp, p);
  pParent = newFork(pOp, p, pOut);
  newId(pOp, p);
  fieldNow(pOp, p, SL_COL_STARTED_AT_MS);
  newStatus(pOp, p);
  if( !isSet(p, SL_COL_CREATED_BY) ){
    slFieldText(pOp, p, SL_COL_CREATED_BY, "auto", 4);
  }
  if( isSet(p, SL_COL_NAME) ){
    nameFree(pOp, p, 0);
  }else if( isSet(p, SL_COL_TARGET) && pOut->iParent==0 ){
    zAuto = autoName(pOp, p);
    slFieldText(pOp, p, SL_COL_NAME, zAuto, zAuto ? (i64)strlen(zAuto) : 0);
  }
  pOut->iKey = newKey(pOp, pParent);
  memcpy(pOut->zId, p->zId, sizeof(pOut->zId));
  newRow(pOp, p, pOut, pParent);
  if( isSet(p, SL_COL_LABEL) ){
    slLabelSet(pOp, pOut, p->a[SL_COL_LABEL].z, p->a[SL_COL_LABEL].n, 1,
               p->a[SL_COL_STARTED_AT_MS].i);
  }
  if( isSet(p, SL_COL_META) ){
    slMetaJson(pOp, pOut, p->a[SL_COL_META].z, p->a[SL_COL_META].n);
  }
  if( zAuto ) p->a[SL_COL_NAME].bGiven = 0;
  sqlite3_free(zAuto);
}

void slSessionWrite(SlOp *pOp, const SlFields *p, void (*xTask)(SlOp *, void *),
                    void *pArg) {
  if( isSet(p, SL_COL_LABEL) || isSet(p, SL_COL_META) ){
    slOpWrite(pOp, xTask, pArg);
  }else{
    slOpWriteOne(pOp, xTask, pArg);
  }
}

/* ---- changed sessions ------------------------------------------------ */

/* What the rules need of the old row. */
typedef struct SlState SlState;
struct SlState {
  SlSession session;
  char zStatus[20];
  char zParent[27]; /* id of the parent, "" if there is none */
  int bUser;        /* created_by is user */
  int bEnded;       /* iEnded is set */
  i64 iStarted;
  i64 iEnded;
};

/*
** Copy text of a column into a buffer of n bytes, "" for NULL.
*/
static void stateText(sqlite3_stmt *pStmt, int i, char *zBuf, int n){
  sqlite3_snprintf(n, zBuf, "%s", sqlite3_column_text(pStmt, i));
}

/*
** Read the old row; 0 if the tenant has no such session any more.
*/
static int stateRead(SlOp *pOp, i64 iKey, SlState *p){
  char zCreator[8];
  int bFound;
  sqlite3_stmt *pStmt = slStmt(pOp, SL_SQL_SESSION_STATE);
  memset(p, 0, sizeof(*p));
  slBindInt(pOp, pStmt, 1, iKey);
  slBindTenant(pOp, pStmt, 2);
  bFound = slSessionStep(pOp, pStmt, &p->session);
  if( bFound ){
    stateText(pStmt, 5, p->zStatus, sizeof(p->zStatus));
    stateText(pStmt, 6, zCreator, sizeof(zCreator));
    p->bUser = strcmp(zCreator, "user") == 0;
    p->iStarted = sqlite3_column_int64(pStmt, 7);
    p->bEnded = sqlite3_column_type(pStmt, 8) != SQLITE_NULL;
    p->iEnded = sqlite3_column_int64(pStmt, 8);
    stateText(pStmt, 9, p->zParent, sizeof(p->zParent));
  }
  slFree(pOp, SL_SQL_SESSION_STATE, pStmt);
  return bFound;
}

/*
** A column that doesn't change: it may be set to what it is.
*/
static void sameText(SlOp *pOp, const SlFields *p, int iCol, const char *z){
  if( !p->a[iCol].bGiven ) return;
  if( *z ? !isText(p, iCol, z) : !p->a[iCol].bNull ) slFieldReadOnly(pOp, iCol);
}

static void sameInt(SlOp *pOp, const SlFields *p, int iCol, i64 iVal){
  if( !p->a[iCol].bGiven ) return;
  if( !isSet(p, iCol) || p->a[iCol].i!=iVal ) slFieldReadOnly(pOp, iCol);
}

/*
** The columns that an UPDATE may not change. What costs a look-up is only
** looked up where the statement gives it.
*/
static void changeReadOnly(SlOp *pOp, const SlFields *p, const SlState *pOld){
  const SlSession *pSession = &pOld->session;
  sameText(pOp, p, SL_COL_ID, pSession->zId);
  sameText(pOp, p, SL_COL_PARENT_ID, pOld->zParent);
  if( pSession->iParent ){
    sameInt(pOp, p, SL_COL_FORKED_AT, pSession->iForkedAt);
  }else{
    sameText(pOp, p, SL_COL_FORKED_AT, "");
  }
  sameInt(pOp, p, SL_COL_STARTED_AT_MS, pOld->iStarted);
  if( p->a[SL_COL_HEAD].bGiven ){
    sameInt(pOp, p, SL_COL_HEAD, slHead(pOp, pSession));
  }
  if( p->a[SL_COL_N_EVENTS].bGiven ){
    sameInt(pOp, p, SL_COL_N_EVENTS, slOwnEvents(pOp, pSession));
  }
  sameText(pOp, p, SL_COL_LABEL, "");
  sameText(pOp, p, SL_COL_META, "");
  if( isSet(p, SL_COL_REF) ){
    const SlField *pRef = &p->a[SL_COL_REF];
    SlSession named;
    memset(&named, 0, sizeof(named));
    slFindText(pOp, pRef->z, pRef->n, &named);
    if( named.iKey!=pSession->iKey ) slFieldReadOnly(pOp, SL_COL_REF);
  }
}

/*
** Fail if a column that always has a value is given as NULL.
*/
static void changeNotNull(SlOp *pOp, const SlFields *p, int iCol){
  if( p->a[iCol].bNull ){
    slErr(pOp, SQLITE_CONSTRAINT, "invalid %s: NULL", slColumnName(iCol));
  }
}

/*
** A session ends once: the rules for status and ended_at_ms, and what each
** means for the other. Returns 1 if the session ends now.
*/
static int changeEnd(SlOp *pOp, SlFields *p, const SlState *pOld){
  SlField *pEnd = &p->a[SL_COL_ENDED_AT_MS];
  SlField *pStatus = &p->a[SL_COL_STATUS];
  if( pEnd->bGiven && pEnd->bNull==!pOld->bEnded && pEnd->i==pOld->iEnded ){
    pEnd->bGiven = 0;
  }
  if( pOld->bEnded ){
    if( pEnd->bGiven ){
      slErr(pOp, SQLITE_CONSTRAINT, "session %s has ended, at %lld",
            pOld->session.zId, pOld->iEnded);
    }else if( pStatus->bGiven && !isEnd(p) ){
      slErr(pOp, SQLITE_CONSTRAINT, "session %s has ended, it can't be %.*s",
            pOld->session.zId, pStatus->n, pStatus->z);
    }
    return 0;
  }
  if( isEnd(p) ){
    fieldNow(pOp, p, SL_COL_ENDED_AT_MS);
    return 1;
  }
  if( pEnd->bGiven && pStatus->bGiven ){
    slErr(pOp, SQLITE_CONSTRAINT, "status %.*s contradicts ended_at_ms %lld",
          pStatus->n, pStatus->z, pEnd->i);
  }
  if( pEnd->bGiven ) slFieldText(pOp, p, SL_COL_STATUS, "ended", 5);
  return pEnd->bGiven;
}

/*
** What a status given to a session means for the pause.
*/
static void changePause(SlOp *pOp, SlFields *p){
  if( isText(p, SL_COL_STATUS, "paused") ){
    fieldNow(pOp, p, SL_COL_PAUSED_AT_MS);
  }else if( isText(p, SL_COL_STATUS, "active") ){
    slFieldText(pOp, p, SL_COL_PAUSED_AT_MS, 0, 0);
    slFieldText(pOp, p, SL_COL_PAUSE_SUMMARY, 0, 0);
  }
}

/*
** Write the row, by the statement that touches least.
*/
static void changeRow(SlOp *pOp, const SlFields *p, i64 iKey){
  static const u32 mFixed = (u32)1 << SL_COL_ID | (u32)1 << SL_COL_PARENT_ID
                            | (u32)1 << SL_COL_FORKED_AT
                            | (u32)1 << SL_COL_STARTED_AT_MS;
  u32 mSet = 0;
  sqlite3_stmt *pStmt;
  int i;
  for(i=0; i<=SL_COL_PAUSE_SUMMARY; i++){
    if( p->a[i].bGiven ) mSet |= (u32)1 << i;
  }
  mSet &= ~mFixed;
  if( mSet==0 ) return;
  if( mSet==(u32)1<<SL_COL_SEEN_AT_MS ){
    pStmt = slStmt(pOp, SL_SQL_SESSION_TOUCH);
    slBindInt(pOp, pStmt, 1, iKey);
    if( isSet(p, SL_COL_SEEN_AT_MS) ){
      slBindInt(pOp, pStmt, 2, p->a[SL_COL_SEEN_AT_MS].i);
    }
    slRun(pOp, SL_SQL_SESSION_TOUCH, pStmt);
    return;
  }
  pStmt = slStmt(pOp, SL_SQL_SESSION_CHANGE);
  slBindInt(pOp, pStmt, 1, iKey);
  slBindInt(pOp, pStmt, 2, mSet);
  for(i=0; i<=SL_COL_PAUSE_SUMMARY; i++) bindField(pOp, pStmt, p, i);
  slRun(pOp, SL_SQL_SESSION_CHANGE, pStmt);
}

int slSessionEnded(SlOp *pOp, const SlSession *pSession){
  SlState old;
  stateRead(pOp, pSession->iKey, &old);
  return old.bEnded;
}

void slSessionChange(SlOp *pOp, i64 iKey, SlFields *p){
  SlState old;
  int bEnds;
  if( !stateRead(pOp, iKey, &old) ) return;
  if( p->bWhole && isText(p, SL_COL_STATUS, old.zStatus) ){
    p->a[SL_COL_STATUS].bGiven = 0;
  }
  changeReadOnly(pOp, p, &old);
  changeNotNull(pOp, p, SL_COL_STATUS);
  changeNotNull(pOp, p, SL_COL_CREATED_BY);
  if( old.bUser && isText(p, SL_COL_CREATED_BY, "auto") ){
    slErr(pOp, SQLITE_CONSTRAINT,
          "created_by of session %s can't go back to auto", old.session.zId);
  }
  nameFree(pOp, p, iKey);
  bEnds = changeEnd(pOp, p, &old);
  changePause(pOp, p);
  changeRow(pOp, p, iKey);
  if( p->a[SL_COL_ARCHIVED].i>old.session.iArchived ){
    slArchive(pOp, &old.session, p->a[SL_COL_ARCHIVED].i);
  }
  if( bEnds ){
    slPack(pOp, &old.session, slHead(pOp, &old.session), 1);
  }
}
