/*
** retain.c - removing sessions: DELETE, session_prune(), session_reap().
**
** A removed session that no fork descends from is deleted. One that still
** has forks becomes a tombstone: its row keeps id, parent and fork point, and
** its column "kept" is the highest ordinal that a surviving fork reads
** through it. What is above that is given back at once; a block of which a
** part is read is written again with that part. kept is exactly
**
**     max over the forks of min(fork's forked_at, fork's own kept if removed)
**
** so that the removal of a fork may lower its parent's kept, or leave a
** tombstone without forks, which is deleted then: from there it goes up the
** ancestors, until one lives or needs as much as before.
*/
#define _GNU_SOURCE 1
#include "sessionlogInt.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/types.h>
#include <unistd.h>

/* ---- removal --------------------------------------------------------- */

/*
** The highest ordinal of the session that its forks read, -1 if it has none.
** Forks come with the highest fork point first, and none reads past that.
*/
static i64 retainNeed(SlOp *pOp, i64 iKey){
  i64 iNeed = -1;
  sqlite3_stmt *pStmt = slStmt(pOp, SL_SQL_RETAIN_CHILDREN);
  slBindInt(pOp, pStmt, 1, iKey);
  while( slStep(pOp, pStmt) ){
    i64 iReads = sqlite3_column_int64(pStmt, 0);
    if( iReads<=iNeed ) break;
    if( sqlite3_column_type(pStmt, 1)!=SQLITE_NULL
     && sqlite3_column_int64(pStmt, 1)<iReads
    ){
      iReads = sqlite3_column_int64(pStmt, 1);
    }
    if( iReads>iNeed ) iNeed = iReads;
  }
  slFree(pOp, SL_SQL_RETAIN_CHILDREN, pStmt);
  return iNeed;
}

/*
** Run a statement with two integers.
*/
static void retainRun(SlOp *pOp, int eSql, i64 i1, i64 i2){
  sqlite3_stmt *pStmt = slStmt(pOp, eSql);
  slBindInt(pOp, pStmt, 1, i1);
  if( sqlite3_bind_parameter_count(pStmt)>1 ) slBindInt(pOp, pStmt, 2, i2);
  slRun(pOp, eSql, pStmt);
}

/*
** Write a block anew with the first nKeep events of a decoded one.
*/
static void retainRewrite(SlOp *pOp, const SlBlock *pBlock, i64 iBlock,
                          int nKeep) {
  SlPacker *pPacker = slPackerNew();
  SlEvent event, data;
  void *pData = 0;
  int i, rc = pPacker ? SQLITE_OK : SQLITE_NOMEM;
  sqlite3_stmt *pStmt;
  memset(&event, 0, sizeof(event));
  data.eType = SQLITE_BLOB;
  data.nData = 0;
  for(i=0; i<nKeep && rc==SQLITE_OK; i++){
    slBlockEvent(pBlock, i, &event);
    rc = slPackerAdd(pPacker, &event);
  }
  if( rc==SQLITE_OK ){
    rc = slPackerFinish(pPacker, iBlock,
                        sqlite3_limit(pOp->pConn->db, SQLITE_LIMIT_LENGTH, -1),
                        &pData, &data.nData);
  }
  data.pData = pData;
  slErrRc(pOp, rc);
  pStmt = slStmt(pOp, SL_SQL_PACK_BLOCK);
  slBindInt(pOp, pStmt, 1, iBlock);
  slBindInt(pOp, pStmt, 2, nKeep);
  slBindInt(pOp, pStmt, 3, event.iAtMs);
  slBindEvent(pOp, pStmt, 4, &data);
  slRun(pOp, SL_SQL_PACK_BLOCK, pStmt);
  slPackerFree(pPacker);
}

/*
** Decode the block in the statement's row; NULL when the operation has
** failed.
*/
static SlBlock *retainDecode(SlOp *pOp, sqlite3_stmt *pStmt, const char *zId){
  SlBlock *pBlock = slBlockNew();
  i64 iBlock = sqlite3_column_int64(pStmt, 0);
  i64 nEvent = sqlite3_column_int64(pStmt, 1);
  int nData;
  const void *pData = slStmtBlob(pOp, pStmt, 2, &nData);
  int rc = SQLITE_NOMEM;
  if( pBlock ){
    rc = slBlockDecode(pBlock, iBlock, nEvent, pData, nData,
                       sqlite3_limit(pOp->pConn->db, SQLITE_LIMIT_LENGTH, -1));
  }
  if( rc==SQLITE_OK ) return pBlock;
  slBlockFree(pBlock);
  if( rc==SQLITE_CORRUPT ){
    if( nEvent>SL_BLOCK_EVENTS ) nEvent = 1;
    slErr(pOp, SQLITE_CORRUPT_VTAB,
          "session %s: events %lld to %lld are damaged", zId,
          SL_ORDINAL(iBlock), SL_ORDINAL(iBlock) + nEvent - 1);
  }
  slErrRc(pOp, rc);
  return 0;
}

/*
** Of the block that holds the event iKept and later ones, if there is such a
** block, leave the events up to iKept.
*/
static void retainStraddle(SlOp *pOp, i64 iKey, i64 iKept, const char *zId){
  i64 iLast = SL_KEY(iKey, iKept);
  i64 iBlock = 0;
  SlBlock *pBlock = 0;
  sqlite3_stmt *pStmt = slStmt(pOp, SL_SQL_RETAIN_STRADDLE);
  slBindInt(pOp, pStmt, 1, SL_KEY(iKey, 0));
  slBindInt(pOp, pStmt, 2, iLast);
  if( slStep(pOp, pStmt) ){
    iBlock = sqlite3_column_int64(pStmt, 0);
    if( sqlite3_column_int64(pStmt, 1)>iLast-iBlock+1 ){
      pBlock = retainDecode(pOp, pStmt, zId);
    }
  }
  slFree(pOp, SL_SQL_RETAIN_STRADDLE, pStmt);
  if( pBlock==0 ) return;
  retainRun(pOp, SL_SQL_RETAIN_CUT_BLOCKS, iBlock, iBlock);
  retainRewrite(pOp, pBlock, iBlock, (int)(iLast - iBlock + 1));
  slBlockFree(pBlock);
}

/*
** Give back all events above iKept of a session whose row says that already.
*/
static void retainCut(SlOp *pOp, i64 iKey, i64 iKept, const char *zId){
  i64 iEnd = SL_KEY(iKey, SL_MAX_ORDINAL);
  if( iKept>=SL_MAX_ORDINAL ) return;
  if( iKept>0 ) retainStraddle(pOp, iKey, iKept, zId);
  retainRun(pOp, SL_SQL_RETAIN_CUT_BLOCKS, SL_KEY(iKey, iKept + 1), iEnd);
  retainRun(pOp, SL_SQL_RETAIN_CUT_EVENTS, SL_KEY(iKey, iKept + 1), iEnd);
  retainRun(pOp, SL_SQL_RETAIN_CUT_KEYS, iKey, iKept);
}

/*
** A fork is gone, or needs less: bring its ancestors down to what is needed
** of them, from iKey, its parent, upwards. Each step lowers or deletes a row,
** so that this ends whatever the parents are.
*/
static void retainAncestors(SlOp *pOp, i64 iKey){
  while( iKey!=0 ){
    char zId[27];
    i64 iParent = 0, iKept = -1, iNeed;
    sqlite3_stmt *pStmt = slStmt(pOp, SL_SQL_RETAIN_ROW);
    slBindInt(pOp, pStmt, 1, iKey);
    if( slStep(pOp, pStmt) && sqlite3_column_type(pStmt, 1)!=SQLITE_NULL ){
      iParent = sqlite3_column_int64(pStmt, 0);
      iKept = sqlite3_column_int64(pStmt, 1);
      sqlite3_snprintf(sizeof(zId), zId, "%s", sqlite3_column_text(pStmt, 2));
    }
    slFree(pOp, SL_SQL_RETAIN_ROW, pStmt);
    if( iKept<0 ) return;
    iNeed = retainNeed(pOp, iKey);
    if( iNeed>=iKept ) return;
    retainRun(pOp, SL_SQL_RETAIN_LOWER, iKey, iNeed > 0 ? iNeed : 0);
    retainCut(pOp, iKey, iNeed > 0 ? iNeed : 0, zId);
    if( iNeed<0 ) retainRun(pOp, SL_SQL_RETAIN_DELETE, iKey, 0);
    iKey = iParent;
  }
}

/*
** Inside a task. Remove the session, a living one of the tenant's. What
** surviving forks read stays, what nobody reads is given back. CONSTRAINT
** for the connection's current session; LOCKED from within a TEMP trigger on
** events that have waited, as more of the session might come; CORRUPT where a
** block that is half read can't be decoded.
*/
void slSessionRemove(SlOp *pOp, const SlSession *pSession){
  i64 iKey = pSession->iKey;
  i64 iNeed, iKept;
  if( slIsCurrentDb(pOp) && strcmp(pOp->pConn->zCurrent, pSession->zId)==0 ){
    slErr(pOp, SQLITE_CONSTRAINT, "session %s is current", pSession->zId);
  }
  if( slPendingBusy(pOp->pConn) ){
    slErr(pOp, SQLITE_LOCKED, "session %s: its events are being written",
          pSession->zId);
  }
  iNeed = retainNeed(pOp, iKey);
  iKept = iNeed > 0 ? iNeed : 0;
  retainRun(pOp, SL_SQL_RETAIN_LABELS, iKey, 0);
  retainRun(pOp, SL_SQL_RETAIN_META, iKey, 0);
  retainRun(pOp, SL_SQL_RETAIN_ARTIFACTS, iKey, 0);
  retainRun(pOp, SL_SQL_RETAIN_BURY, iKey, iKept);
  retainCut(pOp, iKey, iKept, pSession->zId);
  if( iNeed<0 ) retainRun(pOp, SL_SQL_RETAIN_DELETE, iKey, 0);
  slReaderRemoved(pOp, iKey);
  retainAncestors(pOp, pSession->iParent);
  slDbChanged(pOp->pDb);
}

/* ---- prune ----------------------------------------------------------- */

/*
** Sessions that are to be removed.
*/
typedef struct PruneList PruneList;
struct PruneList {
  const SlPrune *pPrune;
  SlSession *a;
  i64 n;
  i64 nAlloc;
};

/*
** Time before which a session is old enough. What can't be counted is at the
** end of the numbers.
*/
static i64 pruneCutoff(i64 iNow, i64 iAge){
  i64 iMax = (i64)(((u64)1 << 63) - 1);
  if( iAge>0 && iNow < -iMax-1+iAge ) return -iMax - 1;
  if( iAge<0 && iNow > iMax+iAge ) return iMax;
  return iNow - iAge;
}

/*
** Add the session in the statement's row: 0 at the end.
*/
static int pruneStep(SlOp *pOp, sqlite3_stmt *pStmt, PruneList *p){
  if( p->n==p->nAlloc ){
    i64 nNew = p->nAlloc ? p->nAlloc * 2 : 32;
    SlSession *aNew = sqlite3_realloc64(p->a, (u64)nNew * sizeof(*aNew));
    if( aNew==0 ){
      slErrRc(pOp, SQLITE_NOMEM);
      return 0;
    }
    p->a = aNew;
    p->nAlloc = nNew;
  }
  if( !slSessionStep(pOp, pStmt, &p->a[p->n]) ) return 0;
  p->n++;
  return 1;
}

static void pruneFind(SlOp *pOp, PruneList *p, i64 iNow){
  SlSession current;
  i64 iSpare = slFindCurrent(pOp, &current) ? current.iKey : 0;
  sqlite3_stmt *pStmt = slStmt(pOp, SL_SQL_RETAIN_OLD);
  slBindTenant(pOp, pStmt, 1);
  slBindInt(pOp, pStmt, 2, pruneCutoff(iNow, p->pPrune->iAge));
  slBindInt(pOp, pStmt, 3, p->pPrune->bAll);
  slBindInt(pOp, pStmt, 4, iSpare);
  while( pruneStep(pOp, pStmt, p) ){
  }
  slFree(pOp, SL_SQL_RETAIN_OLD, pStmt);
}

static void pruneTask(SlOp *pOp, void *pArg){
  PruneList *p = (PruneList *)pArg;
  i64 iNow = p->pPrune->bNow ? p->pPrune->iNow : slOpNow(pOp, "now_ms");
  i64 i;
  pruneFind(pOp, p, iNow);
  for(i=0; i<p->n; i++) slSessionRemove(pOp, &p->a[i]);
}

/*
** What session_prune() does. Returns the JSON array of ids, sqlite3_malloc'd,
** which says nothing when the operation has failed. A database without tables
** stays so, and a dry run takes no write lock.
*/
char *slPrune(SlOp *pOp, const SlPrune *pPrune){
  PruneList list;
  sqlite3_str *pStr;
  char *z;
  i64 i;
  memset(&list, 0, sizeof(list));
  list.pPrune = pPrune;
  if( slOpRead(pOp) ){
    if( pPrune->bDry ){
      pruneFind(pOp, &list, pPrune->bNow ? pPrune->iNow : slNowMs());
    }else{
      slOpWrite(pOp, pruneTask, &list);
    }
  }
  pStr = sqlite3_str_new(0);
  sqlite3_str_appendchar(pStr, 1, '[');
  for(i=0; i<list.n; i++){
    sqlite3_str_appendf(pStr, i ? ",\"%s\"" : "\"%s\"", list.a[i].zId);
  }
  sqlite3_str_appendchar(pStr, 1, ']');
  z = sqlite3_str_finish(pStr);
  sqlite3_free(list.a);
  if( z==0 ) slErrRc(pOp, SQLITE_NOMEM);
  return z;
}

/* ---- reap ------------------------------------------------------------ */

/*
** 1 if the process has ended and only waits for its parent to ask for its exit
** status, which may be never: Linux tells by the letter behind the name in
** /proc/PID/stat. Elsewhere there is no such file, and the answer is 0.
*/
static int pidEnded(i64 iPid){
  char zBuf[256];
  const char *z;
  ssize_t n;
  int fd;
  sqlite3_snprintf(sizeof(zBuf), zBuf, "/proc/%lld/stat", iPid);
  fd = open(zBuf, O_RDONLY | O_CLOEXEC);
  if( fd<0 ) return 0;
  n = read(fd, zBuf, sizeof(zBuf) - 1);
  close(fd);
  if( n<=0 ) return 0;
  zBuf[n] = 0;
  z = strrchr(zBuf, ')');
  return z && z[1] == ' ' && (z[2] == 'Z' || z[2] == 'X');
}

int slPidAlive(i64 iPid){
  if( iPid<=0 || (i64)(pid_t)iPid!=iPid ) return 0;
  if( kill((pid_t)iPid, 0)!=0 && errno!=EPERM ) return 0;
  return !pidEnded(iPid);
}

/* A name that exists. */
typedef struct ReapName ReapName;
struct ReapName {
  char *z;
  i64 n;
};

/* What is to become of a session. */
typedef struct ReapFate ReapFate;
struct ReapFate {
  SlSession session;
  char *zName; /* its name; NULL: it becomes "stopped" */
};

typedef struct Reaping Reaping;
struct Reaping {
  const SlReap *pReap;
  ReapName *aName; /* sorted */
  i64 nName;
  ReapFate *aFate;
  i64 nFate;
  i64 nAlloc;
};

/*
** The order of the names: shorter ones first.
*/
static int reapCompare(const void *p1, const void *p2){
  const ReapName *pA = (const ReapName *)p1;
  const ReapName *pB = (const ReapName *)p2;
  if( pA->n!=pB->n ) return pA->n < pB->n ? -1 : 1;
  return memcmp(pA->z, pB->z, (size_t)pA->n);
}

/*
** Take the names out of the JSON array. Numbers are names as well: tmux calls
** its sessions 0, 1, 2.
*/
static void reapNames(SlOp *pOp, Reaping *p){
  SlJsonIter it;
  SlJson elem;
  i64 n = 0;
  slJsonIter(&p->pReap->live, &it);
  while( slJsonNext(&it, 0, &elem) ) n++;
  p->aName = sqlite3_malloc64(((u64)n + 1) * sizeof(*p->aName));
  if( p->aName==0 ){
    pOp->rc = SQLITE_NOMEM;
    return;
  }
  slJsonIter(&p->pReap->live, &it);
  while( pOp->rc==SQLITE_OK && slJsonNext(&it, 0, &elem) ){
    ReapName *pName = &p->aName[p->nName];
    if( elem.eType==SL_JSON_NULL ) continue;
    pName->z = slJsonArgText(pOp, &elem, &pName->n);
    if( pOp->rc==SQLITE_OK ) p->nName++;
  }
  qsort(p->aName, (size_t)p->nName, sizeof(p->aName[0]), reapCompare);
}

static int reapExists(const Reaping *p, const char *z, i64 n){
  ReapName name;
  name.z = (char *)z;
  name.n = n;
  return bsearch(&name, p->aName, (size_t)p->nName, sizeof(name), reapCompare)
         != 0;
}

/*
** Room for one more fate.
*/
static ReapFate *reapFate(SlOp *pOp, Reaping *p){
  if( p->nFate==p->nAlloc ){
    i64 nNew = p->nAlloc ? p->nAlloc * 2 : 32;
    ReapFate *aNew = sqlite3_realloc64(p->aFate, (u64)nNew * sizeof(*aNew));
    if( aNew==0 ){
      pOp->rc = SQLITE_NOMEM;
      return 0;
    }
    p->aFate = aNew;
    p->nAlloc = nNew;
  }
  return &p->aFate[p->nFate];
}

/*
** Decide on the session in the statement's row.
*/
static void reapDecide(SlOp *pOp, Reaping *p, const SlSession *pSession,
                       sqlite3_stmt *pStmt) {
  ReapFate *pFate;
  char *zName = slColumnText(pOp, pStmt, 5);
  if( zName==0 ) return;
  if( reapExists(p, zName, sqlite3_column_bytes(pStmt, 5)) ){
    sqlite3_free(zName);
    zName = 0;
    if( sqlite3_column_type(pStmt, 6)==SQLITE_NULL
     || sqlite3_column_int(pStmt, 7)!=0
     || slPidAlive(sqlite3_column_int64(pStmt, 6))
    ){
      return;
    }
  }
  pFate = reapFate(pOp, p);
  if( pFate==0 ){
    sqlite3_free(zName);
    return;
  }
  pFate->session = *pSession;
  pFate->zName = zName;
  p->nFate++;
}

static void reapFind(SlOp *pOp, Reaping *p){
  SlSession session;
  sqlite3_stmt *pStmt;
  char *zHost = slOpHost(pOp, "host");
  pStmt = slStmt(pOp, SL_SQL_RETAIN_REAPABLE);
  slBindTenant(pOp, pStmt, 1);
  slBindText(pOp, pStmt, 2, p->pReap->zOrigin, p->pReap->nOrigin);
  if( zHost ) slBindText(pOp, pStmt, 3, zHost, (i64)strlen(zHost));
  while( slSessionStep(pOp, pStmt, &session) ){
    reapDecide(pOp, p, &session, pStmt);
  }
  slFree(pOp, SL_SQL_RETAIN_REAPABLE, pStmt);
  sqlite3_free(zHost);
}

static void reapTask(SlOp *pOp, void *pArg){
  Reaping *p = (Reaping *)pArg;
  i64 iNow = p->pReap->bNow ? p->pReap->iNow : slOpNow(pOp, "now_ms");
  i64 i;
  reapNames(pOp, p);
  reapFind(pOp, p);
  for(i=0; i<p->nFate; i++){
    SlFields fields;
    memset(&fields, 0, sizeof(fields));
    if( p->aFate[i].zName ){
      slFieldText(pOp, &fields, SL_COL_STATUS, "reaped", 6);
      slFieldText(pOp, &fields, SL_COL_NAME, 0, 0);
      slFieldInt(pOp, &fields, SL_COL_ENDED_AT_MS, iNow);
    }else{
      slFieldText(pOp, &fields, SL_COL_STATUS, "stopped", 7);
    }
    slSessionChange(pOp, p->aFate[i].session.iKey, &fields);
  }
}

/*
** The result of session_reap() as JSON.
*/
static char *reapResult(const Reaping *p){
  i64 i, nReaped = 0;
  sqlite3_str *pStr = sqlite3_str_new(0);
  for(i=0; i<p->nFate; i++){
    if( p->aFate[i].zName ) nReaped++;
  }
  sqlite3_str_appendf(pStr, "{\"reaped\":%lld,\"sessions\":[", nReaped);
  nReaped = 0;
  for(i=0; i<p->nFate; i++){
    const char *z = p->aFate[i].zName;
    if( z==0 ) continue;
    if( nReaped++ ) sqlite3_str_appendchar(pStr, 1, ',');
    slJsonQuote(pStr, z, (i64)strlen(z));
  }
  sqlite3_str_appendf(pStr, "],\"stopped\":%lld}", p->nFate - nReaped);
  return sqlite3_str_finish(pStr);
}

/*
** What session_reap() does. Returns the JSON object, sqlite3_malloc'd, which
** says nothing when the operation has failed. A database without tables stays
** so.
*/
char *slReap(SlOp *pOp, const SlReap *pReap){
  Reaping s;
  char *z;
  i64 i;
  memset(&s, 0, sizeof(s));
  s.pReap = pReap;
  if( pReap->bKnown && slOpRead(pOp) ) slOpWrite(pOp, reapTask, &s);
  z = reapResult(&s);
  for(i=0; i<s.nName; i++) sqlite3_free(s.aName[i].z);
  for(i=0; i<s.nFate; i++) sqlite3_free(s.aFate[i].zName);
  sqlite3_free(s.aName);
  sqlite3_free(s.aFate);
  if( z==0 ) slErrRc(pOp, SQLITE_NOMEM);
  return z;
}
