/*
** core_kill.c - writers that are killed, and whether what they were promised
** is there afterwards.
**
**   core_kill DIRECTORY ROUNDS [OPTION...]
**     -seconds N   end after N seconds even if there are rounds left
**     -seed N      another run of random numbers
**                  (both may come from the environment, see soak.tcl)
**     -slow N      writers live N times as long: what a program takes longer
**                  here, as under emulation (SESSIONLOG_SLOW)
**     -lose        now and then an event is acknowledged that was rolled back
**     -twice       now and then an event without a key is sent again
**
** A round starts 1 or 4 writer processes on one database, kills them with
** SIGKILL a few milliseconds later, and looks at what is left. The database
** lives for KILL_LIFE rounds; lives alternate between 1 and 4 writers, and
** between WAL and DELETE journals. Whatever a writer does is acknowledged in
** shared memory after its commit has returned, so that the checks know at
** any moment what must be there.
**
** Each event carries a tag in its payload, "WRITER:NUMBER:...", that is used
** for one attempt only. After every round each event acknowledged in it must
** be where the acknowledgement said; at times, and at the end of a life, the
** whole content is read: ordinals dense, no tag twice, no batch torn, forks
** as their parents up to the fork point, removed sessions gone, labels where
** they were put, session_check() and integrity_check clean.
**
** Prints the counts. Exit status 0: all is well; 1: something was found.
*/
#define _GNU_SOURCE 1
#include "stress.h"

#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>

#define KILL_WRITERS 4
#define KILL_LIFE    25    /* rounds that a database lives */
#define KILL_FULL    6     /* rounds from one look at everything to the next */
#define KILL_TAGS    16384 /* numbers a writer can use in a life */
#define KILL_FORKS   48    /* sessions a writer can make in a life */
#define KILL_SLOTS   (1 + KILL_WRITERS * (1 + KILL_FORKS))

/* What a writer does, and how often of 100. */
enum {
  OP_APPEND, /* one event, by INSERT in autocommit */
  OP_KEYED,  /* one with an idempotency key; sent again after a kill */
  OP_BATCH,  /* several in two sessions, in a transaction */
  OP_JSON,   /* several by session_append_json() */
  OP_FORK,   /* fork, and append to the fork, in a transaction */
  OP_PACK,
  OP_ARCHIVE,
  OP_TEMP, /* a session that is to be removed, mostly with a fork */
  OP_DELETE,
  OP_PRUNE,
  OP_LABEL,
  OP_END, /* end a fork: packs all of it */
  OP_COUNT
};
static const u8 aWeight[OP_COUNT] = { 28, 14, 14, 10, 7, 7, 5, 5, 3, 2, 3, 2 };
static const char *const azOp[OP_COUNT] = { "append",  "keyed", "batch",
                                            "json",    "fork",  "pack",
                                            "archive", "temp",  "delete",
                                            "prune",   "label", "end" };

/* How far a session has come. */
enum {
  SLOT_FREE,
  SLOT_TRIED, /* its making has begun */
  SLOT_MADE,  /* its making was acknowledged */
  SLOT_GOING, /* its removal has begun */
  SLOT_GONE   /* its removal was acknowledged */
};

/* A session. The first is shared by all writers, then one each, then those
** that are made on the way, KILL_FORKS a writer. */
typedef struct Slot Slot;
struct Slot {
  char zId[27];
  u8 eState;   /* SLOT_... */
  u8 bTemp;    /* made to be removed */
  u8 bEnded;   /* its end has begun: leave it alone */
  int iParent; /* slot forked from, -1: none */
  u32 iAt;     /* fork point */
};

/* One event that was tried. */
typedef struct Tag Tag;
struct Tag {
  u64 iAck;   /* slot << 32 | ordinal once acknowledged, else 0 */
  u32 iSlot;  /* slot it was sent to */
  u32 iBatch; /* first number of the transaction it belongs to */
  u32 bFound; /* there without an acknowledgement, and counted */
};

/* What survives the writers. One writer changes one row of each. */
typedef struct Shared Shared;
struct Shared {
  u32 aNext[KILL_WRITERS];  /* next number */
  u32 aMade[KILL_WRITERS];  /* sessions made */
  u32 aOpen[KILL_WRITERS];  /* keyed event without an answer, its number+1 */
  int aLabel[KILL_WRITERS]; /* slot that the writer's label points to, or -1 */
  int aLabelTry[KILL_WRITERS];        /* slot that it may point to */
  u32 aDone[KILL_WRITERS];            /* operations, for the seeded faults */
  u64 aCount[KILL_WRITERS][OP_COUNT]; /* acknowledged, over all lives */
  u64 aBusy[KILL_WRITERS];
  char azError[KILL_WRITERS][200]; /* what ended a writer, or "" */
  Slot aSlot[KILL_SLOTS];
  Tag aTag[KILL_WRITERS][KILL_TAGS];
};

/* Counts of one combination of journal mode and number of writers. */
typedef struct Total Total;
struct Total {
  i64 nRound, nAck, nLost, nMoved, nTwice, nTorn, nGap, nFork, nDamage, nError;
  i64 nFull, nCommitted; /* full checks; events found that had no answer */
};

static Shared *pShared;
static char zDb[1100];
static int bLose, bTwice;
static u32 nSlow;  /* -slow */
static int nShown; /* findings printed */

/*
** Tell of a finding, the first few.
*/
static void found(const char *zFmt, ...){
  va_list ap;
  if( nShown++>=20 ) return;
  va_start(ap, zFmt);
  printf("  ");
  vprintf(zFmt, ap);
  printf("\n");
  va_end(ap);
}

/* ---- the writer ------------------------------------------------------ */

typedef struct Writer Writer;
struct Writer {
  int iWriter;
  u64 iRandom;
  sqlite3 *db;
  sqlite3_stmt *pInsert, *pAppend, *pBegin, *pCommit;
  u32 iBatch; /* first number of the present transaction */
};

/*
** A statement has failed: BUSY is counted and what was begun undone; all
** else ends the writer.
*/
static void failed(Writer *p, const char *zWhat){
  int rc = sqlite3_extended_errcode(p->db);
  if( (rc & 0xff)==SQLITE_BUSY ){
    pShared->aBusy[p->iWriter]++;
    if( !sqlite3_get_autocommit(p->db) ){
      sqlite3_exec(p->db, "ROLLBACK", 0, 0, 0);
    }
    return;
  }
  snprintf(pShared->azError[p->iWriter], 200, "%s: %d %s", zWhat, rc,
           sqlite3_errmsg(p->db));
  _exit(4);
}

/*
** Run SQL; 1 if it succeeded.
*/
static int run(Writer *p, const char *zFmt, ...){
  char z[2000];
  va_list ap;
  va_start(ap, zFmt);
  sqlite3_vsnprintf(sizeof(z), z, zFmt, ap);
  va_end(ap);
  if( sqlite3_exec(p->db, z, 0, 0, 0)==SQLITE_OK ) return 1;
  failed(p, z);
  return 0;
}

/*
** Step a statement that gives no row or one, and reset it; the first column
** is left in *piOut. 1 if it succeeded.
*/
static int step(Writer *p, sqlite3_stmt *pStmt, i64 *piOut){
  int rc = stStep(pStmt, piOut);
  if( rc!=SQLITE_DONE ) failed(p, sqlite3_sql(pStmt));
  sqlite3_reset(pStmt);
  return rc == SQLITE_DONE;
}

/*
** A fresh number, and the payload of its event. Sleeps until the kill where
** there is none left.
*/
static u32 newTag(Writer *p, int iSlot, char *zPayload){
  u32 i = pShared->aNext[p->iWriter];
  if( i>=KILL_TAGS )
    while( 1 ) pause();
  pShared->aTag[p->iWriter][i].iSlot = (u32)iSlot;
  pShared->aTag[p->iWriter][i].iBatch = p->iBatch == 0 ? i : p->iBatch - 1;
  __sync_synchronize();
  pShared->aNext[p->iWriter] = i + 1;
  sprintf(zPayload, "%d:%u:%.*s", p->iWriter, i,
          (int)(stRandom(&p->iRandom) % 120),
          "the quick brown fox jumps over the lazy dog, the quick brown fox "
          "jumps over the lazy dog, and the dog sleeps on until it is done");
  return i;
}

/*
** The commit of event i has returned.
*/
static void ack(Writer *p, u32 i, i64 iOrdinal){
  Tag *pTag = &pShared->aTag[p->iWriter][i];
  __sync_synchronize();
  *(volatile u64 *)&pTag->iAck = (u64)pTag->iSlot << 32 | (u64)iOrdinal;
}

/*
** Append one event by INSERT, with a key if zKey. Returns its ordinal, 0 on
** failure.
*/
static i64 insert(Writer *p, int iSlot, const char *zPayload,
                  const char *zKey) {
  sqlite3_stmt *pStmt = zKey ? p->pAppend : p->pInsert;
  i64 iOrdinal = 0;
  sqlite3_bind_text(pStmt, 1, pShared->aSlot[iSlot].zId, -1, SQLITE_STATIC);
  sqlite3_bind_text(pStmt, 2, zPayload, -1, SQLITE_STATIC);
  if( zKey ) sqlite3_bind_text(pStmt, 3, zKey, -1, SQLITE_STATIC);
  if( !step(p, pStmt, &iOrdinal) ) return 0;
  if( zKey==0 ) iOrdinal = sqlite3_last_insert_rowid(p->db) & 0xffffffff;
  return iOrdinal;
}

/*
** The shared session or the writer's own.
*/
static int pick(Writer *p){
  return stRandom(&p->iRandom) % 2 ? 0 : 1 + p->iWriter;
}

/*
** OP_APPEND, and the seeded faults.
*/
static int opAppend(Writer *p){
  char z[300];
  int iSlot = pick(p);
  u32 i = newTag(p, iSlot, z);
  u32 nDone = ++pShared->aDone[p->iWriter];
  i64 iOrdinal;
  if( bLose && nDone % 16 == 5 ){
    run(p, "BEGIN IMMEDIATE");
    iOrdinal = insert(p, iSlot, z, 0);
    run(p, "ROLLBACK");
  }else{
    iOrdinal = insert(p, iSlot, z, 0);
    if( bTwice && nDone % 16 == 5 ) insert(p, iSlot, z, 0);
  }
  if( iOrdinal ) ack(p, i, iOrdinal);
  return iOrdinal != 0;
}

/*
** OP_KEYED. The number stays open until there is an answer, so that the
** writer of the next round sends the same event again.
*/
static int opKeyed(Writer *p){
  char z[300], zKey[40];
  u32 *pOpen = &pShared->aOpen[p->iWriter];
  int iSlot = 0;
  u32 i;
  i64 iOrdinal;
  if( *pOpen ){
    i = *pOpen - 1;
  }else{
    i = newTag(p, iSlot, z);
    *(volatile u32 *)pOpen = i + 1;
  }
  sprintf(z, "%d:%u:keyed", p->iWriter, i);
  sprintf(zKey, "key-%d-%u", p->iWriter, i);
  iOrdinal = insert(p, iSlot, z, zKey);
  if( iOrdinal==0 ) return 0;
  ack(p, i, iOrdinal);
  *(volatile u32 *)pOpen = 0;
  return 1;
}

/*
** Append n events to a session in the present transaction; what they got is
** put into aiTag[] and aiOrdinal[] from *pn on. 0 on failure.
*/
static int several(Writer *p, int iSlot, int n, u32 *aiTag, i64 *aiOrdinal,
                   int *pn) {
  int i;
  for(i=0; i<n; i++){
    char z[300];
    u32 iTag = newTag(p, iSlot, z);
    if( p->iBatch==0 ) p->iBatch = iTag + 1;
    aiTag[*pn] = iTag;
    aiOrdinal[*pn] = insert(p, iSlot, z, 0);
    if( aiOrdinal[*pn]==0 ) return 0;
    ++*pn;
  }
  return 1;
}

/*
** Commit, and acknowledge the events of the transaction.
*/
static int commit(Writer *p, const u32 *aiTag, const i64 *aiOrdinal, int n){
  int i;
  if( !step(p, p->pCommit, 0) ) return 0;
  for(i=0; i<n; i++) ack(p, aiTag[i], aiOrdinal[i]);
  return 1;
}

/*
** OP_BATCH.
*/
static int opBatch(Writer *p){
  u32 aiTag[16];
  i64 aiOrdinal[16];
  int n = 0;
  return step(p, p->pBegin, 0)
         && several(p, 0, 1 + (int)(stRandom(&p->iRandom) % 5), aiTag,
                    aiOrdinal, &n)
         && several(p, 1 + p->iWriter, 1 + (int)(stRandom(&p->iRandom) % 5),
                    aiTag, aiOrdinal, &n)
         && commit(p, aiTag, aiOrdinal, n);
}

/*
** OP_JSON.
*/
static int opJson(Writer *p){
  u32 aiTag[8];
  char zJson[4000];
  int iSlot = pick(p);
  int i, nJson = 0, n = 2 + (int)(stRandom(&p->iRandom) % 6);
  i64 iHead = 0;
  sqlite3_stmt *pStmt;
  for(i=0; i<n; i++){
    char z[300];
    aiTag[i] = newTag(p, iSlot, z);
    if( i==0 ) p->iBatch = aiTag[0] + 1;
    nJson += sprintf(&zJson[nJson], "%c{\"kind\":\"k\",\"payload\":\"%s\"}",
                     i ? ',' : '[', z);
  }
  strcpy(&zJson[nJson], "]");
  pStmt = stPrepare(p->db, "SELECT session_append_json(?1, ?2)");
  sqlite3_bind_text(pStmt, 1, pShared->aSlot[iSlot].zId, -1, SQLITE_STATIC);
  sqlite3_bind_text(pStmt, 2, zJson, -1, SQLITE_STATIC);
  if( !step(p, pStmt, &iHead) ) iHead = 0;
  sqlite3_finalize(pStmt);
  for(i=0; i<n && iHead; i++) ack(p, aiTag[i], iHead - n + 1 + i);
  return iHead != 0;
}

/*
** A slot for a new session with an id; -1 where there is none left.
*/
static int newSlot(Writer *p, int iParent, int bTemp){
  sqlite3_stmt *pStmt;
  Slot *pSlot;
  int iSlot;
  if( pShared->aMade[p->iWriter]>=KILL_FORKS ) return -1;
  iSlot = 1 + KILL_WRITERS + p->iWriter * KILL_FORKS
          + (int)pShared->aMade[p->iWriter]++;
  pSlot = &pShared->aSlot[iSlot];
  pStmt = stPrepare(p->db, "SELECT ulid()");
  sqlite3_step(pStmt);
  memcpy(pSlot->zId, sqlite3_column_text(pStmt, 0), 27);
  sqlite3_finalize(pStmt);
  pSlot->iParent = iParent;
  pSlot->bTemp = (u8)bTemp;
  __sync_synchronize();
  pSlot->eState = SLOT_TRIED;
  return iSlot;
}

/*
** In a transaction: make the slot's session, a fork where it has a parent,
** with events; *pn etc. as in several().
*/
static int makeSession(Writer *p, int iSlot, u32 *aiTag, i64 *aiOrdinal,
                       int *pn) {
  Slot *pSlot = &pShared->aSlot[iSlot];
  if( pSlot->iParent<0 ){
    /* Long ago, so that a prune finds it. */
    if( !run(p, "INSERT INTO session_list(id, started_at_ms) VALUES(%Q, 1000)",
             pSlot->zId)
    ){
      return 0;
    }
  }else{
    i64 iHead = 0;
    const char *zParent = pShared->aSlot[pSlot->iParent].zId;
    sqlite3_stmt *pStmt = stPrepare(
      p->db, "SELECT CASE WHEN archived<head THEN head-?2%(head-archived)"
             " ELSE head END FROM session_list WHERE id=?1");
    sqlite3_bind_text(pStmt, 1, zParent, -1, SQLITE_STATIC);
    sqlite3_bind_int(pStmt, 2, (int)(stRandom(&p->iRandom) & 0xffff));
    if( !step(p, pStmt, &iHead) ) iHead = -1;
    sqlite3_finalize(pStmt);
    if( iHead<0 ) return 0;
    pSlot->iAt = (u32)iHead;
    if( !run(p,
             "INSERT INTO session_list(id, parent_id, forked_at)"
             " VALUES(%Q, %Q, %lld)",
             pSlot->zId, zParent, iHead)
    ){
      return 0;
    }
  }
  return several(p, iSlot, 1 + (int)(stRandom(&p->iRandom) % 3), aiTag,
                 aiOrdinal, pn);
}

/*
** OP_FORK of the shared session, the writer's own, or one of its forks.
*/
static int opFork(Writer *p){
  u32 aiTag[8];
  i64 aiOrdinal[8];
  int n = 0, iSlot, iParent = pick(p);
  if( pShared->aMade[p->iWriter]>0 && stRandom(&p->iRandom)%3==0 ){
    int i = 1 + KILL_WRITERS + p->iWriter * KILL_FORKS
            + (int)(stRandom(&p->iRandom) % pShared->aMade[p->iWriter]);
    if( pShared->aSlot[i].eState==SLOT_MADE && !pShared->aSlot[i].bTemp ){
      iParent = i;
    }
  }
  iSlot = newSlot(p, iParent, 0);
  if( iSlot<0 ) return 0;
  if( !step(p, p->pBegin, 0) || !makeSession(p, iSlot, aiTag, aiOrdinal, &n)
   || !commit(p, aiTag, aiOrdinal, n)
  ){
    return 0;
  }
  pShared->aSlot[iSlot].eState = SLOT_MADE;
  return 1;
}

/*
** OP_TEMP: a session that will be removed, and a fork of it that stays.
*/
static int opTemp(Writer *p){
  u32 aiTag[16];
  i64 aiOrdinal[16];
  int n = 0, iFork = -1, iSlot = newSlot(p, -1, 1);
  if( iSlot<0 ) return 0;
  if( stRandom(&p->iRandom)%3 ) iFork = newSlot(p, iSlot, 0);
  if( !step(p, p->pBegin, 0) || !makeSession(p, iSlot, aiTag, aiOrdinal, &n)
   || (iFork>=0 && !makeSession(p, iFork, aiTag, aiOrdinal, &n))
   || !commit(p, aiTag, aiOrdinal, n)
  ){
    return 0;
  }
  pShared->aSlot[iSlot].eState = SLOT_MADE;
  if( iFork>=0 ) pShared->aSlot[iFork].eState = SLOT_MADE;
  return 1;
}

/*
** OP_DELETE: remove a temporary session of the writer's.
*/
static int opDelete(Writer *p){
  int i, iFirst = 1 + KILL_WRITERS + p->iWriter * KILL_FORKS;
  for(i=iFirst; i<iFirst+KILL_FORKS; i++){
    Slot *pSlot = &pShared->aSlot[i];
    if( !pSlot->bTemp || pSlot->eState!=SLOT_MADE ) continue;
    pSlot->eState = SLOT_GOING;
    __sync_synchronize();
    if( !run(p, "DELETE FROM session_list WHERE id=%Q", pSlot->zId) ) return 0;
    pSlot->eState = SLOT_GONE;
    return 1;
  }
  return 0;
}

/*
** OP_PRUNE: all writers' temporary sessions go, whoever made them, as they
** say that they are old and their events say it too. That of a session that
** was made just now may be among them.
*/
static int opPrune(Writer *p){
  sqlite3_stmt *pStmt =
    stPrepare(p->db, "SELECT session_prune(1000, 'all', 0, 100000)");
  int rc = sqlite3_step(pStmt);
  int bOk = rc == SQLITE_ROW;
  if( bOk ){
    const char *zList = (const char *)sqlite3_column_text(pStmt, 0);
    int i;
    for(i=0; i<KILL_SLOTS && zList; i++){
      Slot *pSlot = &pShared->aSlot[i];
      if( pSlot->bTemp && strstr(zList, pSlot->zId) ) pSlot->eState = SLOT_GONE;
    }
  }else{
    failed(p, "session_prune");
  }
  sqlite3_finalize(pStmt);
  return bOk;
}

/*
** OP_LABEL: point the writer's label somewhere.
*/
static int opLabel(Writer *p){
  int iSlot = stRandom(&p->iRandom) % 2 ? 0 : 1 + p->iWriter;
  pShared->aLabelTry[p->iWriter] = iSlot;
  __sync_synchronize();
  if( !run(p,
           "INSERT INTO session_labels(label, session_id)"
           " VALUES('label%d', %Q)",
           p->iWriter, pShared->aSlot[iSlot].zId)
  ){
    return 0;
  }
  pShared->aLabel[p->iWriter] = iSlot;
  return 1;
}

/*
** OP_END: end a fork of the writer's.
*/
static int opEnd(Writer *p){
  int i, iFirst = 1 + KILL_WRITERS + p->iWriter * KILL_FORKS;
  for(i=iFirst; i<iFirst+KILL_FORKS; i++){
    Slot *pSlot = &pShared->aSlot[i];
    if( pSlot->bTemp || pSlot->bEnded || pSlot->eState!=SLOT_MADE ) continue;
    pSlot->bEnded = 1;
    return run(p, "SELECT session_end(%Q)", pSlot->zId);
  }
  return 0;
}

/*
** One operation; 1 if it was done.
*/
static int operate(Writer *p, int eOp){
  const char *zId = pShared->aSlot[pick(p)].zId;
  p->iBatch = 0;
  switch( eOp ){
    case OP_APPEND: return opAppend(p);
    case OP_KEYED: return opKeyed(p);
    case OP_BATCH: return opBatch(p);
    case OP_JSON: return opJson(p);
    case OP_FORK: return opFork(p);
    case OP_PACK: return run(p, "SELECT session_pack(%Q)", zId);
    case OP_ARCHIVE:
      return run(p,
                 "UPDATE session_list SET archived=max(archived, head-%d)"
                 " WHERE id=%Q",
                 (int)(stRandom(&p->iRandom) % 40), zId);
    case OP_TEMP: return opTemp(p);
    case OP_DELETE: return opDelete(p);
    case OP_PRUNE: return opPrune(p);
    case OP_LABEL: return opLabel(p);
    default: return opEnd(p);
  }
}

/*
** The writer process: works until it is killed.
*/
static void writer(int iWriter, u64 iSeed){
  Writer w;
  memset(&w, 0, sizeof(w));
  w.iWriter = iWriter;
  w.iRandom = iSeed;
  w.db = stOpen(zDb, 0, 20000);
  /* To a process that dies, syncs make no difference but in time. */
  stMust(w.db, stRandom(&w.iRandom) % 2 ? "PRAGMA synchronous=NORMAL"
                                        : "PRAGMA synchronous=OFF");
  stMust(w.db, "PRAGMA wal_autocheckpoint=20; PRAGMA cache_size=20");
  w.pInsert = stPrepare(
    w.db, "INSERT INTO session_events(session_id, kind, payload, at_ms)"
          " VALUES(?1, 'k', ?2, 1000)");
  w.pAppend = stPrepare(w.db, "SELECT session_append(?1, 'k', ?2, 1000, ?3)");
  w.pBegin = stPrepare(w.db, "BEGIN IMMEDIATE");
  w.pCommit = stPrepare(w.db, "COMMIT");
  if( pShared->aOpen[iWriter] ) operate(&w, OP_KEYED);
  while( 1 ){
    int i = (int)(stRandom(&w.iRandom) % 100), eOp = 0;
    while( i>=aWeight[eOp] ) i -= aWeight[eOp++];
    if( operate(&w, eOp) ) pShared->aCount[iWriter][eOp]++;
  }
}

/* ---- the checks ------------------------------------------------------ */

/* What was read of a session. */
typedef struct Content Content;
struct Content {
  int bThere;
  u32 nEvent;
  u32 nAlloc;
  u64 *aTag; /* writer << 32 | number, of ordinal i at i-1 */
};

/*
** Read a tag; 0 if it isn't one.
*/
static int parseTag(const char *z, u64 *piTag){
  unsigned iWriter, i;
  if( z==0 || sscanf(z, "%u:%u:", &iWriter, &i)!=2 ) return 0;
  if( iWriter>=KILL_WRITERS || i>=pShared->aNext[iWriter] ) return 0;
  *piTag = (u64)iWriter << 32 | i;
  return 1;
}

/*
** Each event that was acknowledged in this round, aFrom[] being the writers'
** first numbers, must be where it was said to be.
*/
static void checkRound(sqlite3 *db, const u32 *aFrom, Total *pTotal){
  int w;
  u32 i;
  sqlite3_stmt *pStmt =
    stPrepare(db, "SELECT payload FROM session_events(?1) WHERE ordinal=?2"
                  " UNION ALL SELECT payload FROM events_archived(?1, ?2, ?2)");
  for(w=0; w<KILL_WRITERS; w++){
    for(i=aFrom[w]; i<pShared->aNext[w]; i++){
      const Tag *p = &pShared->aTag[w][i];
      const Slot *pSlot = &pShared->aSlot[p->iSlot];
      u64 iTag = 0;
      int rc;
      if( p->iAck==0 ) continue;
      pTotal->nAck++;
      if( pSlot->bTemp ) continue;
      sqlite3_bind_text(pStmt, 1, pSlot->zId, -1, SQLITE_STATIC);
      sqlite3_bind_int64(pStmt, 2, (i64)(p->iAck & 0xffffffff));
      rc = sqlite3_step(pStmt);
      if( rc!=SQLITE_ROW
       || !parseTag((const char *)sqlite3_column_text(pStmt, 0), &iTag)
       || iTag!=((u64)w << 32 | i)
      ){
        pTotal->nLost++;
        found("lost: event %d:%u of %s, acknowledged as %u", w, i, pSlot->zId,
              (u32)p->iAck);
      }
      sqlite3_reset(pStmt);
    }
  }
  sqlite3_finalize(pStmt);
}

/*
** Index of the slot with that id, -1 if there is none.
*/
static int slotById(const char *zId){
  int i;
  for(i=0; zId && i<KILL_SLOTS; i++){
    if( strcmp(pShared->aSlot[i].zId, zId)==0 ) return i;
  }
  return -1;
}

/*
** Read a session's events, archived ones first, into *pContent. A tag that
** it has recorded itself is noted in aSeen[].
*/
static void readSession(sqlite3_stmt *pStmt, int iSlot, Content *pContent,
                        u64 *aSeen, Total *pTotal) {
  const Slot *pSlot = &pShared->aSlot[iSlot];
  int rc;
  pContent->bThere = 1;
  pContent->nEvent = 0;
  sqlite3_bind_text(pStmt, 1, pSlot->zId, -1, SQLITE_STATIC);
  while( (rc = sqlite3_step(pStmt))==SQLITE_ROW ){
    u32 iOrdinal = (u32)sqlite3_column_int64(pStmt, 0);
    u64 iTag = 0;
    if( iOrdinal!=pContent->nEvent+1 ){
      pTotal->nGap++;
      found("gap: %s goes from %u to %u", pSlot->zId, pContent->nEvent,
            iOrdinal);
    }
    if( !parseTag((const char *)sqlite3_column_text(pStmt, 2), &iTag) ){
      pTotal->nDamage++;
      found("damage: event %u of %s", iOrdinal, pSlot->zId);
      continue;
    }
    if( pContent->nEvent>=pContent->nAlloc ){
      pContent->nAlloc = pContent->nAlloc * 2 + 64;
      pContent->aTag = realloc(pContent->aTag, pContent->nAlloc * sizeof(u64));
      if( pContent->aTag==0 ) stDie("out of memory");
    }
    pContent->aTag[pContent->nEvent++] = iTag;
    if( sqlite3_column_int(pStmt, 1) ){
      u64 *pSeen = &aSeen[(iTag >> 32) * KILL_TAGS + (iTag & 0xffffffff)];
      if( *pSeen ){
        pTotal->nTwice++;
        found("twice: event %u:%u, in %s", (u32)(iTag >> 32), (u32)iTag,
              pSlot->zId);
      }
      *pSeen = (u64)iSlot << 32 | iOrdinal;
    }
  }
  if( rc!=SQLITE_DONE ){
    pTotal->nDamage++;
    found("damage: %s: %s", pSlot->zId,
          sqlite3_errmsg(sqlite3_db_handle(pStmt)));
  }
  sqlite3_reset(pStmt);
}

/*
** Read all sessions.
*/
static void readAll(sqlite3 *db, Content *aContent, u64 *aSeen, Total *pTotal){
  sqlite3_stmt *pList = stPrepare(db, "SELECT id, head FROM session_list");
  sqlite3_stmt *pStmt = stPrepare(
    db, "SELECT ordinal, origin_id=session_id, payload FROM events_archived(?1)"
        " UNION ALL"
        " SELECT ordinal, origin_id=session_id, payload FROM session_events(?1)"
        " ORDER BY 1");
  int rc;
  while( (rc = sqlite3_step(pList))==SQLITE_ROW ){
    const char *zId = (const char *)sqlite3_column_text(pList, 0);
    int iSlot = slotById(zId);
    if( iSlot<0 ){
      pTotal->nDamage++;
      found("damage: a session %s", zId ? zId : "NULL");
      continue;
    }
    readSession(pStmt, iSlot, &aContent[iSlot], aSeen, pTotal);
    if( aContent[iSlot].nEvent!=(u32)sqlite3_column_int64(pList, 1) ){
      pTotal->nGap++;
      found("gap: head of %s", zId);
    }
  }
  if( rc!=SQLITE_DONE ){
    pTotal->nDamage++;
    found("damage: session_list: %s", sqlite3_errmsg(db));
  }
  sqlite3_finalize(pList);
  sqlite3_finalize(pStmt);
}

/*
** Acknowledged events are there, and batches as a whole. Events of a session
** that was removed are looked for in its forks, by checkForks().
*/
static void checkTags(const Content *aContent, const u64 *aSeen,
                      Total *pTotal) {
  int w;
  u32 i;
  for(w=0; w<KILL_WRITERS; w++){
    for(i=0; i<pShared->aNext[w]; i++){
      Tag *p = &pShared->aTag[w][i];
      u64 iSeen = aSeen[w * KILL_TAGS + i];
      u64 iFirst = aSeen[w * KILL_TAGS + p->iBatch];
      u32 iFirstSlot = pShared->aTag[w][p->iBatch].iSlot;
      if( !aContent[p->iSlot].bThere && pShared->aSlot[p->iSlot].bTemp ){
        continue;
      }
      if( p->iAck && iSeen==0 ){
        pTotal->nLost++;
        found("lost: event %d:%u of %s", w, i, pShared->aSlot[p->iSlot].zId);
      }else if( p->iAck && iSeen!=p->iAck ){
        pTotal->nMoved++;
        found("moved: event %d:%u", w, i);
      }
      if( !pShared->aSlot[iFirstSlot].bTemp && (iSeen!=0)!=(iFirst!=0) ){
        pTotal->nTorn++;
        found("torn: events %d:%u and %u", w, p->iBatch, i);
      }
      if( p->iAck==0 && iSeen && !p->bFound ){
        p->bFound = 1;
        pTotal->nCommitted++;
      }
    }
  }
}

/*
** A fork begins with what its parent has, or had, up to the fork point.
*/
static void checkFork(const Content *aContent, int iSlot, Total *pTotal){
  const Slot *pSlot = &pShared->aSlot[iSlot];
  const Content *pFork = &aContent[iSlot];
  const Content *pParent = &aContent[pSlot->iParent];
  u32 i;
  int w, bBad = pFork->nEvent < pSlot->iAt;
  if( pParent->bThere ){
    for(i=0; i<pSlot->iAt && !bBad; i++){
      bBad = i >= pParent->nEvent || pParent->aTag[i] != pFork->aTag[i];
    }
  }
  for(w=0; w<KILL_WRITERS && !pParent->bThere && !bBad; w++){
    for(i=0; i<pShared->aNext[w] && !bBad; i++){
      const Tag *p = &pShared->aTag[w][i];
      u32 iOrdinal = (u32)p->iAck;
      if( p->iAck==0 || (int)p->iSlot!=pSlot->iParent ) continue;
      if( iOrdinal>pSlot->iAt ) continue;
      bBad = pFork->aTag[iOrdinal - 1] != ((u64)w << 32 | i);
    }
  }
  if( bBad ){
    pTotal->nFork++;
    found("fork: %s is not its parent up to %u", pSlot->zId, pSlot->iAt);
  }
}

/*
** Sessions that were made are there, removed ones are not, forks are intact.
*/
static void checkSessions(const Content *aContent, Total *pTotal){
  int i;
  for(i=0; i<KILL_SLOTS; i++){
    const Slot *pSlot = &pShared->aSlot[i];
    int bThere = aContent[i].bThere;
    if( (pSlot->eState==SLOT_GONE && bThere)
     || (pSlot->eState==SLOT_MADE && !pSlot->bTemp && !bThere)
    ){
      pTotal->nFork++;
      found("fork: session %s is %s", pSlot->zId, bThere ? "back" : "lost");
    }
    if( bThere && pSlot->iParent>=0 ) checkFork(aContent, i, pTotal);
  }
}

/*
** Labels are where they were put. What an unanswered attempt has come to is
** settled by that: the next attempt may be left unanswered too.
*/
static void checkLabels(sqlite3 *db, Total *pTotal){
  int w;
  sqlite3_stmt *pStmt =
    stPrepare(db, "SELECT session_id FROM session_labels WHERE label=?1");
  for(w=0; w<KILL_WRITERS; w++){
    char z[20];
    int iSlot = -1;
    sprintf(z, "label%d", w);
    sqlite3_bind_text(pStmt, 1, z, -1, SQLITE_STATIC);
    if( sqlite3_step(pStmt)==SQLITE_ROW ){
      iSlot = slotById((const char *)sqlite3_column_text(pStmt, 0));
    }
    if( iSlot!=pShared->aLabel[w]
     && (iSlot<0 || iSlot!=pShared->aLabelTry[w])
    ){
      pTotal->nLost++;
      found("lost: %s", z);
    }
    pShared->aLabel[w] = iSlot;
    pShared->aLabelTry[w] = iSlot;
    sqlite3_reset(pStmt);
  }
  sqlite3_finalize(pStmt);
}

/*
** SQLite's and our own check.
*/
static void checkDamage(sqlite3 *db, Total *pTotal){
  static const char *const azSql[] = {
    "SELECT rule || ' ' || ifnull(session_id, '') || ' ' || detail"
    " FROM session_check()",
    "SELECT * FROM pragma_integrity_check WHERE integrity_check<>'ok'"
  };
  int i, rc;
  for(i=0; i<2; i++){
    sqlite3_stmt *pStmt = stPrepare(db, azSql[i]);
    while( (rc = sqlite3_step(pStmt))==SQLITE_ROW ){
      pTotal->nDamage++;
      found("damage: %s", sqlite3_column_text(pStmt, 0));
    }
    if( rc!=SQLITE_DONE ){
      pTotal->nDamage++;
      found("damage: %s", sqlite3_errmsg(db));
    }
    sqlite3_finalize(pStmt);
  }
}

/*
** Look at everything.
*/
static void checkAll(sqlite3 *db, Total *pTotal){
  int i;
  Content *aContent = stAlloc(sizeof(Content) * KILL_SLOTS);
  u64 *aSeen = stAlloc(sizeof(u64) * KILL_WRITERS * KILL_TAGS);
  pTotal->nFull++;
  readAll(db, aContent, aSeen, pTotal);
  checkTags(aContent, aSeen, pTotal);
  checkSessions(aContent, pTotal);
  checkDamage(db, pTotal);
  for(i=0; i<KILL_SLOTS; i++) free(aContent[i].aTag);
  free(aContent);
  free(aSeen);
}

/* ---- rounds ---------------------------------------------------------- */

/*
** A new database with the shared session and the writers' own.
*/
static void beginLife(int bWal){
  int i;
  sqlite3 *db;
  memset(pShared->aNext, 0, sizeof(pShared->aNext));
  memset(pShared->aMade, 0, sizeof(pShared->aMade));
  memset(pShared->aOpen, 0, sizeof(pShared->aOpen));
  memset(pShared->aDone, 0, sizeof(pShared->aDone));
  memset(pShared->aLabel, -1, sizeof(pShared->aLabel));
  memset(pShared->aLabelTry, -1, sizeof(pShared->aLabelTry));
  memset(pShared->aSlot, 0, sizeof(pShared->aSlot));
  memset(pShared->aTag, 0, sizeof(pShared->aTag));
  stDelete(zDb);
  db = stOpen(zDb, 0, 20000);
  stMust(db, bWal ? "PRAGMA journal_mode=WAL" : "PRAGMA journal_mode=DELETE");
  for(i=0; i<KILL_SLOTS; i++) pShared->aSlot[i].iParent = -1;
  for(i=0; i<=KILL_WRITERS; i++){
    Slot *pSlot = &pShared->aSlot[i];
    char z[200];
    sprintf(pSlot->zId, "01J%023d", i + 1);
    sprintf(z, "INSERT INTO session_list(id, name) VALUES('%s', 's%d')",
            pSlot->zId, i);
    stMust(db, z);
    pSlot->eState = SLOT_MADE;
  }
  sqlite3_close(db);
}

/*
** Start the writers, let them work for a moment, kill them.
*/
static void killRound(int nWriter, u64 *pRandom, Total *pTotal){
  pid_t aPid[KILL_WRITERS];
  int w, st;
  fflush(stdout);
  for(w=0; w<nWriter; w++){
    u64 iSeed = stSeed(*pRandom, (u64)w);
    aPid[w] = fork();
    if( aPid[w]<0 ) stDie("fork failed");
    if( aPid[w]==0 ) writer(w, iSeed);
  }
  usleep(nSlow * (500 + stRandom(pRandom) % 12000));
  if( nWriter>1 && stRandom(pRandom)%3==0 ){
    /* One dies, the others go on with what it leaves. */
    kill(aPid[stRandom(pRandom) % (u32)nWriter], SIGKILL);
    usleep(nSlow * (stRandom(pRandom) % 5000));
  }
  for(w=0; w<nWriter; w++) kill(aPid[w], SIGKILL);
  for(w=0; w<nWriter; w++){
    if( waitpid(aPid[w], &st, 0)<0 ) stDie("waitpid failed");
    if( !WIFSIGNALED(st) || WTERMSIG(st)!=SIGKILL ){
      pTotal->nError++;
      found("error: writer ended with %d: %s", st, pShared->azError[w]);
      pShared->azError[w][0] = 0;
    }
  }
}

/*
** What there was to find; the sum is 0 where all is well.
*/
static i64 findings(const Total *p){
  return p->nLost + p->nMoved + p->nTwice + p->nTorn + p->nGap + p->nFork
         + p->nDamage + p->nError;
}

static void report(const char *zWhat, const Total *p){
  printf("%s: rounds=%lld acknowledged=%lld unanswered=%lld checks=%lld"
         " lost=%lld moved=%lld twice=%lld torn=%lld gaps=%lld forks=%lld"
         " damage=%lld errors=%lld\n",
         zWhat, p->nRound, p->nAck, p->nCommitted, p->nFull, p->nLost,
         p->nMoved, p->nTwice, p->nTorn, p->nGap, p->nFork, p->nDamage,
         p->nError);
}

/*
** What the writers did, all together.
*/
static void reportOps(void){
  int i, w;
  u64 nBusy = 0;
  printf("done:");
  for(w=0; w<KILL_WRITERS; w++) nBusy += pShared->aBusy[w];
  for(i=0; i<OP_COUNT; i++){
    u64 n = 0;
    for(w=0; w<KILL_WRITERS; w++) n += pShared->aCount[w][i];
    printf(" %s=%llu", azOp[i], (unsigned long long)n);
  }
  printf(" busy=%llu\n", (unsigned long long)nBusy);
}

/*
** A life: rounds from iRound on, up to nRound or the time iEnd.
*/
static i64 life(i64 iRound, i64 nRound, double rEnd, u64 *pRandom, int nWriter,
                Total *pTotal) {
  int i;
  u32 aFrom[KILL_WRITERS];
  for(i=0; i<KILL_LIFE && iRound<nRound && stNow()<rEnd; i++, iRound++){
    sqlite3 *db;
    memcpy(aFrom, pShared->aNext, sizeof(aFrom));
    killRound(nWriter, pRandom, pTotal);
    pTotal->nRound++;
    db = stOpen(zDb, 0, 20000);
    checkRound(db, aFrom, pTotal);
    checkLabels(db, pTotal);
    if( i%KILL_FULL==KILL_FULL-1 || i==KILL_LIFE-1 || iRound==nRound-1 ){
      checkAll(db, pTotal);
    }
    sqlite3_close(db);
  }
  return iRound;
}

int main(int argc, char **argv){
  static const char *const azWhat[4] = { "wal, 1 writer", "wal, 4 writers",
                                         "delete, 1 writer",
                                         "delete, 4 writers" };
  Total aTotal[4];
  u64 iRandom, iSeed = (u64)stEnv("SESSIONLOG_SEED", 1);
  i64 iRound, nRound, nFound = 0;
  double rEnd = stNow() + stEnv("SESSIONLOG_SECONDS", 1e9);
  int i, iLife;
  if( argc<3 ) stDie("usage: core_kill DIRECTORY ROUNDS ...");
  snprintf(zDb, sizeof(zDb), "%s/kill.db", argv[1]);
  nRound = atoll(argv[2]);
  nSlow = (u32)stEnv("SESSIONLOG_SLOW", 1);
  for(i=3; i<argc; i++){
    if( strcmp(argv[i], "-lose")==0 )
      bLose = 1;
    else if( strcmp(argv[i], "-twice")==0 )
      bTwice = 1;
    else if( i+1<argc && strcmp(argv[i], "-seconds")==0 )
      rEnd = stNow() + atof(argv[++i]);
    else if( i+1<argc && strcmp(argv[i], "-seed")==0 )
      iSeed = (u64)atoll(argv[++i]);
    else if( i+1<argc && strcmp(argv[i], "-slow")==0 )
      nSlow = (u32)atoi(argv[++i]);
    else
      stDie("unknown option: %s", argv[i]);
  }
  pShared = mmap(0, sizeof(*pShared), PROT_READ | PROT_WRITE,
                 MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if( pShared==MAP_FAILED ) stDie("out of memory");
  memset(aTotal, 0, sizeof(aTotal));
  iRandom = stSeed(iSeed, 0);
  for(iRound=0, iLife=0; iRound<nRound && stNow()<rEnd; iLife++){
    beginLife(iLife % 4 < 2);
    iRound = life(iRound, nRound, rEnd, &iRandom, iLife % 2 ? 4 : 1,
                  &aTotal[iLife % 4]);
  }
  stDelete(zDb);
  for(i=0; i<4; i++){
    if( aTotal[i].nRound ) report(azWhat[i], &aTotal[i]);
    nFound += findings(&aTotal[i]);
  }
  reportOps();
  for(i=0; i<4; i++){
    stCount("rounds_killed", (u64)aTotal[i].nRound);
    stCount("acknowledged", (u64)aTotal[i].nAck);
    stCount("lost", (u64)aTotal[i].nLost);
  }
  printf("findings=%lld\n", nFound);
  return nFound != 0;
}
