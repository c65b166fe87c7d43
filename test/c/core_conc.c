/*
** core_conc.c - many processes of many threads on one database.
**
**   core_conc DIRECTORY APPENDS [OPTION...]
**     -processes N, -threads N   8 and 8
**     -batch N     most events of a transaction in one session (20)
**     -delete      DELETE journal in place of WAL
**     -seconds N   end after N seconds even if events are left to append
**     -seed N      another run of random numbers
**                  (both may come from the environment, see soak.tcl)
**     -lose        one event counts as appended that was rolled back
**     -twice       one event is sent again without a key
**
** Each thread has a connection of its own. A quarter of them read, the rest
** write, until APPENDS events are there: to sessions that all share and to
** their own, one by one, in transactions, as JSON, and with idempotency keys
** sent again after BUSY; they fork, label, pack, archive, remove and prune.
**
** An event's payload is THREAD:NUMBER:K:N, the K-th of N that a transaction
** appended to the session. A number whose transaction failed is used again.
** So in the end each number must be there exactly once, in sessions without
** a gap; and a reader that follows a session must see ordinals without a
** gap or a repetition, and never a part of a transaction.
**
** Prints the counts. Exit status 0: all is well; 1: something was found. BUSY
** is no finding.
*/
#define _GNU_SOURCE 1
#include "stress.h"

#include <pthread.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/wait.h>

#define CONC_THREADS 256
#define CONC_SHARED  4   /* sessions that all append to */
#define CONC_FOLLOW  2   /* the first of them are followed, never archived */
#define CONC_KEYED   3   /* this one gets the events with keys */
#define CONC_FORKS   40  /* forks a thread makes at the most, by two ways */
#define CONC_TAIL    300 /* events that a reader looks at */

enum {
  OP_APPEND,
  OP_BATCH,
  OP_JSON,
  OP_KEYED,
  OP_DEFERRED, /* read, then write in one transaction: BUSY is likely */
  OP_FORK,
  OP_LABEL,
  OP_PACK,
  OP_ARCHIVE,
  OP_TEMP, /* a session to be removed, with a fork that stays */
  OP_DELETE,
  OP_PRUNE,
  OP_OPEN,
  OP_CHECKPOINT,
  OP_COUNT
};
static const u8 aWeight[OP_COUNT] = { 24, 30, 10, 8, 6, 2, 4,
                                      5,  3,  2,  2, 1, 2, 1 };
static const char *const azOp[OP_COUNT] = {
  "append", "batch",   "json", "keyed",  "deferred", "fork", "label",
  "pack",   "archive", "temp", "delete", "prune",    "open", "checkpoint"
};

/* What a thread has done and found. */
typedef struct Stat Stat;
struct Stat {
  u32 nNumber; /* numbers that were appended */
  u32 nFork;
  u32 nTemp;
  u64 aOp[OP_COUNT];
  u64 nBusy, nSnapshot; /* BUSY, and BUSY_SNAPSHOT among them */
  u64 nResent;          /* events with a key sent again */
  u64 nRead, nEvent;    /* looks at a session, events seen */
  u64 nGap, nTwice, nTorn, nWrong, nError;
};

typedef struct Shared Shared;
struct Shared {
  u64 nAppend;
  int bStop;
  int nShown;
  Stat aStat[CONC_THREADS];
};

static Shared *pShared;
static char zDb[1100];
static int nProcess = 8, nThread = 8, nBatch = 20;
static int bDelete, bLose, bTwice;
static u64 nAppend, iSeed;

/* A thread's. */
typedef struct Worker Worker;
struct Worker {
  int iThread; /* of all processes */
  u64 iRandom;
  Stat *pStat;
  sqlite3 *db;
  sqlite3_stmt *pInsert, *pAppend, *pJson, *pBegin, *pDeferred, *pCommit;
  sqlite3_stmt *pHead, *pSince, *pTail;
  struct {
    i64 iCursor;          /* ordinal seen last */
    u32 iThread, i, k, n; /* its payload */
  } aFollow[CONC_FOLLOW];
};

/*
** What all threads look at: a run that is to end, and what has been appended.
*/
static int stopped(void){
  return __atomic_load_n(&pShared->bStop, __ATOMIC_RELAXED);
}
static void stop(void){
  __atomic_store_n(&pShared->bStop, 1, __ATOMIC_RELAXED);
}
static u64 appended(void){
  return __atomic_load_n(&pShared->nAppend, __ATOMIC_RELAXED);
}

/*
** Tell of a finding, the first few; *pn counts it.
*/
static void found(u64 *pn, const char *zFmt, ...){
  char z[400];
  va_list ap;
  ++*pn;
  if( __sync_fetch_and_add(&pShared->nShown, 1)>=20 ) return;
  va_start(ap, zFmt);
  vsnprintf(z, sizeof(z), zFmt, ap);
  va_end(ap);
  printf("  %s\n", z);
  fflush(stdout);
}

/*
** A statement has failed: BUSY is counted, and what was begun undone; all
** else is a finding that ends the run.
*/
static void failed(Worker *p, const char *zWhat){
  int rc = sqlite3_extended_errcode(p->db);
  if( (rc & 0xff)==SQLITE_BUSY ){
    p->pStat->nBusy++;
    if( rc==SQLITE_BUSY_SNAPSHOT ) p->pStat->nSnapshot++;
  }else{
    found(&p->pStat->nError, "error: %s: %d %s", zWhat, rc,
          sqlite3_errmsg(p->db));
    stop();
  }
  if( !sqlite3_get_autocommit(p->db) ){
    sqlite3_exec(p->db, "ROLLBACK", 0, 0, 0);
  }
}

/*
** Run SQL; 1 if it succeeded.
*/
static int run(Worker *p, const char *zFmt, ...){
  char z[600];
  va_list ap;
  va_start(ap, zFmt);
  vsnprintf(z, sizeof(z), zFmt, ap);
  va_end(ap);
  if( sqlite3_exec(p->db, z, 0, 0, 0)==SQLITE_OK ) return 1;
  failed(p, z);
  return 0;
}

/*
** Step a statement of at most one row to its end, and reset it; its first
** column is left in *piOut. 1 if it succeeded.
*/
static int step(Worker *p, sqlite3_stmt *pStmt, i64 *piOut){
  int rc = stStep(pStmt, piOut);
  if( rc!=SQLITE_DONE ) failed(p, sqlite3_sql(pStmt));
  sqlite3_reset(pStmt);
  return rc == SQLITE_DONE;
}

static u32 below(Worker *p, u32 n){
  return stRandom(&p->iRandom) % n;
}

/*
** Name of one of the shared sessions, or of the thread's own.
*/
static void pick(Worker *p, char *zName){
  u32 i = below(p, 2 * CONC_KEYED);
  if( i<CONC_KEYED )
    sprintf(zName, "shared%u", i);
  else
    sprintf(zName, "own%d", p->iThread);
}

/*
** The n events from number i on are there.
*/
static void count(Worker *p, int n){
  p->pStat->nNumber += (u32)n;
  __sync_fetch_and_add(&pShared->nAppend, (u64)n);
}

/*
** Append the k-th of n events by INSERT; its ordinal, 0 on failure.
*/
static i64 insert(Worker *p, const char *zName, u32 i, int k, int n){
  char z[100];
  sprintf(z, "%d:%u:%d:%d:%.*s", p->iThread, i, k, n, (int)(i % 30),
          "some text to fill the payload");
  sqlite3_bind_text(p->pInsert, 1, zName, -1, SQLITE_STATIC);
  sqlite3_bind_text(p->pInsert, 2, z, -1, SQLITE_STATIC);
  if( !step(p, p->pInsert, 0) ) return 0;
  return sqlite3_last_insert_rowid(p->db) & 0xffffffff;
}

/*
** Append n events with the numbers from i on, in a transaction that is open.
*/
static int several(Worker *p, const char *zName, u32 i, int n){
  i64 iFirst = 0;
  int k;
  for(k=1; k<=n; k++){
    i64 iOrdinal = insert(p, zName, i + (u32)k - 1, k, n);
    if( iOrdinal==0 ) return 0;
    if( k==1 ) iFirst = iOrdinal;
    if( iOrdinal!=iFirst+k-1 ){
      found(&p->pStat->nGap, "gap: %s, %lld after %lld", zName, iOrdinal,
            iFirst + k - 2);
    }
  }
  return 1;
}

/*
** OP_APPEND, and the seeded faults.
*/
static int opAppend(Worker *p){
  char zName[20];
  u32 i = p->pStat->nNumber;
  int bFault = p->pStat->aOp[OP_APPEND] == 1;
  pick(p, zName);
  if( bLose && bFault ){
    if( !step(p, p->pBegin, 0) ) return 0;
    if( insert(p, zName, i, 1, 1)==0 ) return 0;
    run(p, "ROLLBACK");
  }else if( insert(p, zName, i, 1, 1)==0 ){
    return 0;
  }
  if( bTwice && bFault && insert(p, zName, i, 1, 1)==0 ) return 0;
  count(p, 1);
  return 1;
}

/*
** OP_BATCH: a shared session and the own.
*/
static int opBatch(Worker *p){
  char zName[20], zOwn[20];
  int n1 = 1 + (int)below(p, (u32)nBatch), n2 = (int)below(p, (u32)nBatch);
  u32 i = p->pStat->nNumber;
  sprintf(zName, "shared%u", below(p, CONC_KEYED));
  sprintf(zOwn, "own%d", p->iThread);
  if( !step(p, p->pBegin, 0) || !several(p, zName, i, n1)
   || !several(p, zOwn, i + (u32)n1, n2) || !step(p, p->pCommit, 0)
  ){
    return 0;
  }
  count(p, n1 + n2);
  return 1;
}

/*
** OP_JSON.
*/
static int opJson(Worker *p){
  char zName[20], *zJson;
  int k, nJson = 0, n = 1 + (int)below(p, (u32)nBatch);
  i64 iHead = 0;
  int bOk;
  pick(p, zName);
  zJson = stAlloc((size_t)n * 100 + 10);
  for(k=1; k<=n; k++){
    nJson += sprintf(
      &zJson[nJson], "%c{\"kind\":\"k\",\"payload\":\"%d:%u:%d:%d\"}",
      k > 1 ? ',' : '[', p->iThread, p->pStat->nNumber + (u32)k - 1, k, n);
  }
  zJson[nJson++] = ']';
  sqlite3_bind_text(p->pJson, 1, zName, -1, SQLITE_STATIC);
  sqlite3_bind_text(p->pJson, 2, zJson, nJson, SQLITE_STATIC);
  bOk = step(p, p->pJson, &iHead);
  free(zJson);
  if( bOk ) count(p, n);
  return bOk;
}

/*
** OP_KEYED: hardly any patience, but the same event again until there is an
** answer, and once more: the answer is the same.
*/
static int opKeyed(Worker *p){
  char z[60], zKey[40];
  i64 iOrdinal = 0, iAgain = 0;
  int bOk = 0;
  sprintf(z, "%d:%u:1:1", p->iThread, p->pStat->nNumber);
  sprintf(zKey, "key-%d-%u", p->iThread, p->pStat->nNumber);
  sqlite3_bind_text(p->pAppend, 1, "shared3", -1, SQLITE_STATIC);
  sqlite3_bind_text(p->pAppend, 2, z, -1, SQLITE_STATIC);
  sqlite3_bind_text(p->pAppend, 3, zKey, -1, SQLITE_STATIC);
  sqlite3_busy_timeout(p->db, 0);
  while( !bOk && !stopped() ){
    bOk = step(p, p->pAppend, &iOrdinal);
    if( !bOk ){
      p->pStat->nResent++;
      usleep(500 + below(p, 4000));
    }
  }
  sqlite3_busy_timeout(p->db, 60000);
  if( !bOk ){
    /* The run ends. The event was never there: BUSY has done nothing. */
    return 0;
  }
  count(p, 1);
  if( step(p, p->pAppend, &iAgain) && iAgain!=iOrdinal ){
    found(&p->pStat->nTwice, "twice: %s is %lld and %lld", zKey, iOrdinal,
          iAgain);
  }
  return 1;
}

/*
** OP_DEFERRED: what was read must still hold when the write succeeds.
*/
static int opDeferred(Worker *p){
  char zName[20];
  i64 iHead = 0, iOrdinal;
  pick(p, zName);
  if( !step(p, p->pDeferred, 0) ) return 0;
  sqlite3_bind_text(p->pHead, 1, zName, -1, SQLITE_STATIC);
  if( !step(p, p->pHead, &iHead) ) return 0;
  usleep(below(p, 1000));
  iOrdinal = insert(p, zName, p->pStat->nNumber, 1, 1);
  if( iOrdinal==0 || !step(p, p->pCommit, 0) ) return 0;
  if( iOrdinal!=iHead+1 ){
    found(&p->pStat->nGap, "gap: %s, %lld after %lld", zName, iOrdinal, iHead);
  }
  count(p, 1);
  return 1;
}

/*
** OP_FORK: a fork of a shared session near its head, with events.
*/
static int opFork(Worker *p){
  char zName[40];
  int n = 1 + (int)below(p, 3);
  if( p->pStat->nFork>=CONC_FORKS ) return 0;
  sprintf(zName, "fork%d-%u", p->iThread, p->pStat->nFork);
  if( !step(p, p->pBegin, 0)
   || !run(p,
           "INSERT INTO session_list(name, parent_id, forked_at)"
           " SELECT '%s', id, max(archived, head-%u) FROM session_list"
           " WHERE name='shared%u'",
           zName, below(p, 50), below(p, CONC_SHARED))
   || !several(p, zName, p->pStat->nNumber, n) || !step(p, p->pCommit, 0)
  ){
    return 0;
  }
  p->pStat->nFork++;
  count(p, n);
  return 1;
}

/*
** OP_TEMP: a session of long ago, which somebody will remove, and mostly a
** fork of it. The payload of its events is their ordinal.
*/
static int opTemp(Worker *p){
  char zName[40];
  u32 i = p->pStat->nTemp;
  int bFork = i < CONC_FORKS;
  sprintf(zName, "of%d-%u", p->iThread, i);
  if( !step(p, p->pBegin, 0)
   || !run(p,
           "INSERT INTO session_list(name, started_at_ms)"
           " VALUES('temp%d-%u', 1000);"
           "INSERT INTO session_events(session_id, kind, payload, at_ms)"
           " SELECT 'temp%d-%u', 't', key+1, 1000"
           " FROM json_each('[1,2,3,4,5,6,7]')",
           p->iThread, i, p->iThread, i)
   || (bFork
       && !run(p,
               "INSERT INTO session_list(name, parent_id, forked_at)"
               " VALUES('%s', 'temp%d-%u', %u)",
               zName, p->iThread, i, 1 + i % 7))
   || (bFork && !several(p, zName, p->pStat->nNumber, 1))
   || !step(p, p->pCommit, 0)
  ){
    return 0;
  }
  p->pStat->nTemp++;
  if( bFork ) count(p, 1);
  return 1;
}

/*
** OP_CHECKPOINT: let the WAL begin anew. It keeps writers out while it waits
** for readers to end: not for long.
*/
static int opCheckpoint(Worker *p){
  int bOk;
  sqlite3_busy_timeout(p->db, 20);
  bOk = run(p, "PRAGMA wal_checkpoint(RESTART)");
  sqlite3_busy_timeout(p->db, 60000);
  return bOk;
}

/*
** One operation of a writer; 1 if it was done.
*/
static int operate(Worker *p, int eOp){
  char zName[20];
  pick(p, zName);
  switch( eOp ){
    case OP_APPEND: return opAppend(p);
    case OP_BATCH: return opBatch(p);
    case OP_JSON: return opJson(p);
    case OP_KEYED: return opKeyed(p);
    case OP_DEFERRED: return opDeferred(p);
    case OP_FORK: return opFork(p);
    case OP_LABEL:
      return run(p,
                 "INSERT INTO session_labels(label, session_id)"
                 " VALUES('tip%u', '%s')",
                 below(p, 3), zName);
    case OP_PACK: return run(p, "SELECT session_pack('%s')", zName);
    case OP_ARCHIVE:
      sprintf(zName, below(p, 2) ? "shared2" : "own%d", p->iThread);
      return run(p,
                 "UPDATE session_list SET archived=max(archived, head-%u)"
                 " WHERE name='%s'",
                 below(p, CONC_TAIL), zName);
    case OP_TEMP: return opTemp(p);
    case OP_DELETE:
      return run(p,
                 "DELETE FROM session_list WHERE id IN (SELECT id FROM"
                 " session_list WHERE name LIKE 'temp%d-%%' LIMIT 1)",
                 p->iThread);
    case OP_PRUNE:
      return run(p, "SELECT session_prune(1000, 'all', 0, 100000)");
    case OP_OPEN:
      return run(p, "SELECT session_open('open%llu')",
                 (unsigned long long)(appended() / 500));
    default: return opCheckpoint(p);
  }
}

/*
** Read the payload THREAD:NUMBER:K:N of an event.
*/
static int parse(const char *z, u32 *piThread, u32 *pi, u32 *pk, u32 *pn){
  return z && sscanf(z, "%u:%u:%u:%u", piThread, pi, pk, pn) == 4
         && *piThread < CONC_THREADS;
}

/*
** Follow a shared session from where the reader was: no gap, nothing twice,
** and no transaction in part, but where a limit cuts the read short.
*/
static void readFollow(Worker *p){
  int iWhich = (int)below(p, CONC_FOLLOW);
  i64 nLimit = below(p, 3) ? -1 : 1 + (i64)below(p, 100);
  int bSlow = below(p, 8) == 0;
  i64 nRow = 0;
  char zName[20];
  int rc;
  sprintf(zName, "shared%d", iWhich);
  sqlite3_bind_text(p->pSince, 1, zName, -1, SQLITE_STATIC);
  sqlite3_bind_int64(p->pSince, 2, p->aFollow[iWhich].iCursor);
  sqlite3_bind_int64(p->pSince, 3, nLimit);
  while( (rc = sqlite3_step(p->pSince))==SQLITE_ROW ){
    i64 iOrdinal = sqlite3_column_int64(p->pSince, 0);
    i64 iLast = p->aFollow[iWhich].iCursor;
    u32 iThread = 0, i = 0, k = 0, n = 0;
    u32 kLast = p->aFollow[iWhich].k;
    int bNew = kLast == p->aFollow[iWhich].n;
    if( iOrdinal<=iLast ){
      found(&p->pStat->nTwice, "twice: %s, %lld after %lld", zName, iOrdinal,
            iLast);
    }else if( iOrdinal!=iLast+1 ){
      found(&p->pStat->nGap, "gap: %s, %lld after %lld", zName, iOrdinal,
            iLast);
    }
    if( !parse((const char *)sqlite3_column_text(p->pSince, 1), &iThread, &i,
               &k, &n)
    ){
      found(&p->pStat->nWrong, "wrong: %s, %lld", zName, iOrdinal);
    }else if( k!=(bNew ? 1 : kLast+1)
           || (!bNew
               && (iThread != p->aFollow[iWhich].iThread
                   || i != p->aFollow[iWhich].i + 1))
    ){
      found(&p->pStat->nTorn, "torn: %s, %lld", zName, iOrdinal);
    }
    p->aFollow[iWhich].iCursor = iOrdinal;
    p->aFollow[iWhich].iThread = iThread;
    p->aFollow[iWhich].i = i;
    p->aFollow[iWhich].k = k;
    p->aFollow[iWhich].n = n;
    nRow++;
    if( bSlow ) sched_yield();
  }
  if( rc!=SQLITE_DONE ) failed(p, "events_since");
  if( rc==SQLITE_DONE && (nLimit<0 || nRow<nLimit)
   && p->aFollow[iWhich].k!=p->aFollow[iWhich].n
  ){
    found(&p->pStat->nTorn, "torn: %s ends at %lld", zName,
          p->aFollow[iWhich].iCursor);
  }
  sqlite3_reset(p->pSince);
  p->pStat->nRead++;
  p->pStat->nEvent += (u64)nRow;
}

/*
** Look at the end of any session, archived or not, packed or not: each
** ordinal once, in order, up to the head.
*/
static void readTail(Worker *p){
  char zName[20];
  i64 iLast = -1, iHead = 0;
  int rc;
  if( below(p, 2) )
    sprintf(zName, "shared%u", below(p, CONC_SHARED));
  else
    sprintf(zName, "own%u", below(p, (u32)(nProcess * nThread)));
  sqlite3_bind_text(p->pTail, 1, zName, -1, SQLITE_STATIC);
  sqlite3_bind_int(p->pTail, 2, 1 + (int)below(p, CONC_TAIL));
  while( (rc = sqlite3_step(p->pTail))==SQLITE_ROW ){
    i64 iOrdinal = sqlite3_column_int64(p->pTail, 0);
    iHead = sqlite3_column_int64(p->pTail, 1);
    if( iLast>=0 && iOrdinal<=iLast ){
      found(&p->pStat->nTwice, "twice: %s, %lld after %lld", zName, iOrdinal,
            iLast);
    }else if( iOrdinal!=iLast+1 && iLast>=0 ){
      found(&p->pStat->nGap, "gap: %s, %lld after %lld", zName, iOrdinal,
            iLast);
    }
    iLast = iOrdinal;
    p->pStat->nEvent++;
  }
  if( rc!=SQLITE_DONE ) failed(p, "tail");
  if( rc==SQLITE_DONE && iLast>=0 && iLast!=iHead ){
    found(&p->pStat->nGap, "gap: %s ends at %lld, head is %lld", zName, iLast,
          iHead);
  }
  sqlite3_reset(p->pTail);
  p->pStat->nRead++;
}

/*
** A label that is moved about is never gone.
*/
static void readLabel(Worker *p){
  sqlite3_stmt *pStmt;
  char z[60];
  int rc;
  sprintf(z, "SELECT session_find('tip%u') IS NOT NULL", below(p, 3));
  pStmt = stPrepare(p->db, z);
  rc = sqlite3_step(pStmt);
  if( rc==SQLITE_ROW && sqlite3_column_int(pStmt, 0)==0 ){
    found(&p->pStat->nWrong, "wrong: a label is gone");
  }else if( rc!=SQLITE_ROW ){
    failed(p, z);
  }
  sqlite3_finalize(pStmt);
  p->pStat->nRead++;
}

static void workerOpen(Worker *p){
  p->db = stOpen(zDb, 0, 60000);
  stMust(p->db, "PRAGMA synchronous=NORMAL");
  p->pInsert =
    stPrepare(p->db, "INSERT INTO session_events(session_id, kind, payload)"
                     " VALUES(?1, 'k', ?2)");
  p->pAppend = stPrepare(p->db, "SELECT session_append(?1, 'k', ?2, 1000, ?3)");
  p->pJson = stPrepare(p->db, "SELECT session_append_json(?1, ?2)");
  p->pBegin = stPrepare(p->db, "BEGIN IMMEDIATE");
  p->pDeferred = stPrepare(p->db, "BEGIN");
  p->pCommit = stPrepare(p->db, "COMMIT");
  p->pHead = stPrepare(p->db, "SELECT session_head(?1)");
  p->pSince =
    stPrepare(p->db, "SELECT ordinal, payload FROM events_since(?1, ?2, ?3)");
  p->pTail = stPrepare(
    p->db, "WITH s AS MATERIALIZED (SELECT id, head FROM session_list"
           "  WHERE name=?1)"
           " SELECT ordinal, head FROM s, events_archived(s.id, s.head-?2)"
           " UNION ALL"
           " SELECT ordinal, head FROM s, session_events(s.id)"
           "  WHERE ordinal>=s.head-?2 ORDER BY 1");
}

static void workerClose(Worker *p){
  sqlite3_finalize(p->pInsert);
  sqlite3_finalize(p->pAppend);
  sqlite3_finalize(p->pJson);
  sqlite3_finalize(p->pBegin);
  sqlite3_finalize(p->pDeferred);
  sqlite3_finalize(p->pCommit);
  sqlite3_finalize(p->pHead);
  sqlite3_finalize(p->pSince);
  sqlite3_finalize(p->pTail);
  if( sqlite3_close(p->db)!=SQLITE_OK ){
    found(&p->pStat->nError, "error: close: %s", sqlite3_errmsg(p->db));
  }
}

/*
** A thread: writes or reads until the run ends.
*/
static void *worker(void *pArg){
  Worker *p = (Worker *)pArg;
  int bReader = p->iThread % 4 == 3;
  workerOpen(p);
  while( !stopped() && appended()<nAppend ){
    if( bReader ){
      u32 r = below(p, 10);
      if( r<5 )
        readFollow(p);
      else if( r<9 )
        readTail(p);
      else
        readLabel(p);
      /* Or the readers would have both cores to themselves. */
      usleep(500 + below(p, 5000));
    }else{
      int i = (int)below(p, 100), eOp = 0;
      while( i>=aWeight[eOp] ) i -= aWeight[eOp++];
      if( operate(p, eOp) ) p->pStat->aOp[eOp]++;
    }
  }
  workerClose(p);
  free(p);
  return 0;
}

/*
** A process: starts its threads and waits for them.
*/
static void process(int iProcess){
  pthread_t aThread[CONC_THREADS];
  int i;
  /* The first file that a new process opens seeds SQLite's random numbers
  ** anew, without a lock.  Threads that do so together would race for it. */
  sqlite3_close(stOpen(zDb, 0, 60000));
  for(i=0; i<nThread; i++){
    Worker *p = stAlloc(sizeof(*p));
    p->iThread = iProcess * nThread + i;
    p->iRandom = stSeed(iSeed, (u64)p->iThread);
    p->pStat = &pShared->aStat[p->iThread];
    if( pthread_create(&aThread[i], 0, worker, p) ) stDie("no thread");
  }
  for(i=0; i<nThread; i++) pthread_join(aThread[i], 0);
  _exit(0);
}

/* ---- afterwards ------------------------------------------------------ */

/*
** The events that a session has recorded itself, ordinals after iFirst: dense,
** and no number twice. aSeen[] has a byte for each number of each thread.
*/
static void checkOwn(sqlite3 *db, const char *zId, i64 iFirst, i64 iHead,
                     u8 **aSeen, Stat *pStat) {
  static const char *const azSql[] = {
    "SELECT ordinal, kind, payload FROM events_archived(?1, ?2)",
    "SELECT ordinal, kind, payload FROM session_events(?1) WHERE ordinal>=?2"
  };
  int i;
  i64 iLast = iFirst;
  for(i=0; i<2; i++){
    sqlite3_stmt *pStmt = stPrepare(db, azSql[i]);
    int rc;
    sqlite3_bind_text(pStmt, 1, zId, -1, SQLITE_STATIC);
    sqlite3_bind_int64(pStmt, 2, iFirst + 1);
    while( (rc = sqlite3_step(pStmt))==SQLITE_ROW ){
      u32 iThread, iNumber, k, n;
      i64 iOrdinal = sqlite3_column_int64(pStmt, 0);
      const char *z = (const char *)sqlite3_column_text(pStmt, 2);
      if( iOrdinal!=iLast+1 ){
        found(&pStat->nGap, "gap: %s, %lld after %lld", zId, iOrdinal, iLast);
      }
      iLast = iOrdinal;
      if( sqlite3_column_text(pStmt, 1)[0]=='t' ){
        if( sqlite3_column_int64(pStmt, 2)!=iOrdinal ){
          found(&pStat->nWrong, "wrong: %s, %lld", zId, iOrdinal);
        }
      }else if( !parse(z, &iThread, &iNumber, &k, &n)
             || iNumber>=pShared->aStat[iThread].nNumber
      ){
        found(&pStat->nWrong, "wrong: %s, %lld: %s", zId, iOrdinal, z);
      }else if( aSeen[iThread][iNumber]++ ){
        found(&pStat->nTwice, "twice: %u:%u", iThread, iNumber);
      }
    }
    if( rc!=SQLITE_DONE ){
      found(&pStat->nError, "error: %s: %s", zId, sqlite3_errmsg(db));
    }
    sqlite3_finalize(pStmt);
  }
  if( iLast!=iHead ){
    found(&pStat->nGap, "gap: %s ends at %lld, head is %lld", zId, iLast,
          iHead);
  }
}

/*
** What a fork has before its fork point is what its parent has there; where
** the parent was removed, its events tell their ordinals.
*/
static void checkForks(sqlite3 *db, Stat *pStat){
  static const char zSql[] =
    "WITH f AS MATERIALIZED (SELECT id, parent_id, forked_at AS f"
    "  FROM session_list WHERE parent_id IS NOT NULL)"
    "SELECT f.id, e.ordinal FROM f, events_archived(f.id, f.f-20, f.f) AS e"
    "  LEFT JOIN session_list AS p ON p.id=f.parent_id"
    "  WHERE NOT CASE WHEN p.id IS NULL THEN e.payload=e.ordinal ELSE EXISTS("
    "   SELECT 1 FROM events_archived(p.id, e.ordinal, e.ordinal) AS x"
    "    WHERE x.payload=e.payload UNION ALL"
    "   SELECT 1 FROM session_events(p.id) AS x"
    "    WHERE x.ordinal=e.ordinal AND x.payload=e.payload) END"
    " UNION ALL "
    "SELECT f.id, e.ordinal FROM f, session_events(f.id) AS e"
    "  LEFT JOIN session_list AS p ON p.id=f.parent_id"
    "  WHERE e.ordinal BETWEEN f.f-20 AND f.f AND"
    "  NOT CASE WHEN p.id IS NULL THEN e.payload=e.ordinal ELSE EXISTS("
    "   SELECT 1 FROM events_archived(p.id, e.ordinal, e.ordinal) AS x"
    "    WHERE x.payload=e.payload UNION ALL"
    "   SELECT 1 FROM session_events(p.id) AS x"
    "    WHERE x.ordinal=e.ordinal AND x.payload=e.payload) END";
  sqlite3_stmt *pStmt = stPrepare(db, zSql);
  int rc;
  while( (rc = sqlite3_step(pStmt))==SQLITE_ROW ){
    found(&pStat->nWrong, "wrong: fork %s, %lld", sqlite3_column_text(pStmt, 0),
          sqlite3_column_int64(pStmt, 1));
  }
  if( rc!=SQLITE_DONE ){
    found(&pStat->nError, "error: forks: %s", sqlite3_errmsg(db));
  }
  sqlite3_finalize(pStmt);
}

/*
** Rows that should not be: findings of SQLite's and our own check.
*/
static void checkNone(sqlite3 *db, const char *zSql, Stat *pStat){
  sqlite3_stmt *pStmt = stPrepare(db, zSql);
  int rc;
  while( (rc = sqlite3_step(pStmt))==SQLITE_ROW ){
    found(&pStat->nWrong, "wrong: %s", sqlite3_column_text(pStmt, 0));
  }
  if( rc!=SQLITE_DONE ){
    found(&pStat->nError, "error: %s: %s", zSql, sqlite3_errmsg(db));
  }
  sqlite3_finalize(pStmt);
}

/*
** Look at the whole database. Returns the number of events that were
** appended and are not there.
*/
static u64 checkAll(Stat *pStat){
  u8 *aSeen[CONC_THREADS];
  u64 nLost = 0;
  int t;
  u32 i;
  sqlite3 *db = stOpen(zDb, 0, 60000);
  sqlite3_stmt *pStmt =
    stPrepare(db, "SELECT id, ifnull(forked_at, 0), head FROM session_list");
  for(t=0; t<CONC_THREADS; t++) aSeen[t] = stAlloc(pShared->aStat[t].nNumber);
  while( sqlite3_step(pStmt)==SQLITE_ROW ){
    checkOwn(db, (const char *)sqlite3_column_text(pStmt, 0),
             sqlite3_column_int64(pStmt, 1), sqlite3_column_int64(pStmt, 2),
             aSeen, pStat);
  }
  sqlite3_finalize(pStmt);
  for(t=0; t<CONC_THREADS; t++){
    for(i=0; i<pShared->aStat[t].nNumber; i++){
      if( aSeen[t][i]==0 ) found(&nLost, "lost: %d:%u", t, i);
    }
    free(aSeen[t]);
  }
  checkForks(db, pStat);
  checkNone(db, "SELECT rule || ' ' || detail FROM session_check()", pStat);
  checkNone(db,
            "SELECT * FROM pragma_integrity_check WHERE integrity_check<>'ok'",
            pStat);
  sqlite3_close(db);
  return nLost;
}

/*
** A database with the sessions of the run.
*/
static void begin(void){
  sqlite3 *db;
  char z[200];
  int i;
  stDelete(zDb);
  db = stOpen(zDb, 0, 60000);
  stMust(db,
         bDelete ? "PRAGMA journal_mode=DELETE" : "PRAGMA journal_mode=WAL");
  stMust(db, "BEGIN");
  for(i=0; i<CONC_SHARED+nProcess*nThread; i++){
    sprintf(z, "INSERT INTO session_list(name) VALUES('%s%d')",
            i < CONC_SHARED ? "shared" : "own",
            i < CONC_SHARED ? i : i - CONC_SHARED);
    stMust(db, z);
  }
  stMust(db, "INSERT INTO session_labels(label, session_id)"
             " VALUES('tip0', 'own0'), ('tip1', 'own0'), ('tip2', 'own0');"
             "COMMIT");
  sqlite3_close(db);
}

/*
** Run the processes until they are done, or it is rEnd.
*/
static void runAll(double rEnd, Stat *pStat){
  pid_t aPid[CONC_THREADS];
  int i, nLive, st;
  fflush(stdout);
  for(i=0; i<nProcess; i++){
    aPid[i] = fork();
    if( aPid[i]<0 ) stDie("no process");
    if( aPid[i]==0 ) process(i);
  }
  for(nLive=nProcess; nLive>0; usleep(2000)){
    if( stNow()>rEnd ) stop();
    for(i=0; i<nProcess; i++){
      if( aPid[i]<=0 || waitpid(aPid[i], &st, WNOHANG)<=0 ) continue;
      if( st!=0 ) found(&pStat->nError, "error: a process ended with %d", st);
      aPid[i] = 0;
      nLive--;
    }
  }
}

/*
** Sum up, print, and return the number of findings.
*/
static u64 report(Stat *p, u64 nLost, double rSeconds){
  u64 nFound;
  int i, t;
  for(t=0; t<CONC_THREADS; t++){
    const Stat *q = &pShared->aStat[t];
    for(i=0; i<OP_COUNT; i++) p->aOp[i] += q->aOp[i];
    p->nBusy += q->nBusy;
    p->nSnapshot += q->nSnapshot;
    p->nResent += q->nResent;
    p->nRead += q->nRead;
    p->nEvent += q->nEvent;
    p->nGap += q->nGap;
    p->nTwice += q->nTwice;
    p->nTorn += q->nTorn;
    p->nWrong += q->nWrong;
    p->nError += q->nError;
  }
  printf("%s: processes=%d threads=%d appended=%llu reads=%llu read=%llu"
         " busy=%llu snapshot=%llu resent=%llu"
         " lost=%llu twice=%llu gaps=%llu torn=%llu wrong=%llu errors=%llu\n",
         bDelete ? "delete" : "wal", nProcess, nThread,
         (unsigned long long)pShared->nAppend, (unsigned long long)p->nRead,
         (unsigned long long)p->nEvent, (unsigned long long)p->nBusy,
         (unsigned long long)p->nSnapshot, (unsigned long long)p->nResent,
         (unsigned long long)nLost, (unsigned long long)p->nTwice,
         (unsigned long long)p->nGap, (unsigned long long)p->nTorn,
         (unsigned long long)p->nWrong, (unsigned long long)p->nError);
  printf("done:");
  for(i=0; i<OP_COUNT; i++){
    printf(" %s=%llu", azOp[i], (unsigned long long)p->aOp[i]);
  }
  printf(" in %.1f s\n", rSeconds);
  stCount("appended", pShared->nAppend);
  stCount("read", p->nEvent);
  stCount("busy", p->nBusy);
  nFound = nLost + p->nTwice + p->nGap + p->nTorn + p->nWrong + p->nError;
  printf("findings=%llu\n", (unsigned long long)nFound);
  return nFound;
}

int main(int argc, char **argv){
  static Stat total;
  double rStart = stNow();
  double rEnd = rStart + stEnv("SESSIONLOG_SECONDS", 1e9);
  u64 nLost;
  int i;
  if( argc<3 ) stDie("usage: core_conc DIRECTORY APPENDS ...");
  snprintf(zDb, sizeof(zDb), "%s/conc.db", argv[1]);
  nAppend = (u64)atoll(argv[2]);
  iSeed = (u64)stEnv("SESSIONLOG_SEED", 1);
  for(i=3; i<argc; i++){
    if( strcmp(argv[i], "-delete")==0 )
      bDelete = 1;
    else if( strcmp(argv[i], "-lose")==0 )
      bLose = 1;
    else if( strcmp(argv[i], "-twice")==0 )
      bTwice = 1;
    else if( i+1>=argc )
      stDie("unknown option: %s", argv[i]);
    else if( strcmp(argv[i], "-processes")==0 )
      nProcess = atoi(argv[++i]);
    else if( strcmp(argv[i], "-threads")==0 )
      nThread = atoi(argv[++i]);
    else if( strcmp(argv[i], "-batch")==0 )
      nBatch = atoi(argv[++i]);
    else if( strcmp(argv[i], "-seconds")==0 )
      rEnd = rStart + atof(argv[++i]);
    else if( strcmp(argv[i], "-seed")==0 )
      iSeed = (u64)atoll(argv[++i]);
    else
      stDie("unknown option: %s", argv[i]);
  }
  if( nProcess<1 || nThread<1 || nBatch<1 || nProcess*nThread>CONC_THREADS ){
    stDie("processes, threads or batch out of range");
  }
  pShared = mmap(0, sizeof(*pShared), PROT_READ | PROT_WRITE,
                 MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if( pShared==MAP_FAILED ) stDie("out of memory");
  begin();
  runAll(rEnd, &total);
  nLost = checkAll(&total);
  stDelete(zDb);
  return report(&total, nLost, stNow() - rStart) != 0;
}
