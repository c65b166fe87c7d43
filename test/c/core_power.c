/*
** core_power.c - loss of power: every disk image that a run could leave.
**
**   core_power IMAGES [OPTION...]
**     -mode NAME   only this one of aMode[], e.g. wal+full
**     -seconds N   end after N seconds even if there are images left
**     -seed N      another run of random numbers
**                  (both may come from the environment, see soak.tcl)
**     -nosync      the disk ignores what it is asked to sync
**     -lose        the disk forgets a write now and then
**
** A run of random work (appends, batches, forks, packing, archiving,
** removals, labels, scopes, reopening) goes to files that live in memory,
** behind a VFS that records each write, truncation, sync, creation and
** deletion. The power is then cut after each of these operations in turn.
** What was synced is on the disk; of what was not, any part may be:
**
**   whole operations   none, all, every prefix, each one alone, all but one;
**                      all subsets where there are few
**   torn writes        each sector of 512 bytes old, new or garbage
**   directory          a file created or deleted since the directory was
**                      last synced: either state
**
** at random where there are too many. Syncing a file that is new (or
** deleting with a sync of the directory) makes all changes of the directory
** last, as SQLite's own VFS for Unix does it.
**
** Each image is opened. integrity_check and session_check() must be clean,
** and the whole content must be that of a moment between two transactions:
** the last acknowledged or the one under way. The modes that promise less
** may be further behind, which is measured, but never behind the last
** scope_flush(). Some images are written to as well.
**
** Exit status 0: all is well; 1: something was found.
*/
#define _GNU_SOURCE 1
#include "stress.h"

#include <malloc.h>

#define POWER_FILES  3  /* database, journal, WAL */
#define POWER_STEPS  40 /* transactions of a run after the first few */
#define POWER_BITS   5  /* all subsets of so many pending operations */
#define POWER_SECTOR 512

static const char zName[] = "/power.db";

/* ---- disks ----------------------------------------------------------- */

typedef struct Buf Buf;
struct Buf {
  u8 *a;
  i64 n;
  i64 nAlloc;
};

/*
** Write n bytes; what lies between the end and iOff becomes 0.
*/
static void bufWrite(Buf *p, const void *a, i64 n, i64 iOff){
  if( iOff+n>p->nAlloc ){
    p->nAlloc = (iOff + n) * 2;
    p->a = realloc(p->a, (size_t)p->nAlloc);
    if( p->a==0 ) stDie("out of memory");
  }
  if( iOff+n>p->n ){
    memset(p->a + p->n, 0, (size_t)(iOff + n - p->n));
    p->n = iOff + n;
  }
  if( n>0 ) memcpy(p->a + iOff, a, (size_t)n);
}

static void bufSize(Buf *p, i64 n){
  if( n>p->n ) bufWrite(p, 0, 0, n);
  p->n = n;
}

static void bufCopy(Buf *pTo, const Buf *pFrom){
  pTo->n = 0;
  bufWrite(pTo, pFrom->a, pFrom->n, 0);
}

/* The disk that the VFS shows. */
static struct {
  int bThere;
  Buf buf;
} aLive[POWER_FILES];
static u8 *apShm[16]; /* shared memory of the WAL */

/* ---- the recording --------------------------------------------------- */

enum {
  OP_WRITE,
  OP_SIZE,
  OP_SYNC,
  OP_CREATE,
  OP_DELETE,
  OP_ACK,  /* the transaction that leads to state iOff was acknowledged */
  OP_FLUSH /* scope_flush() has returned in state iOff */
};

typedef struct Op Op;
struct Op {
  int eOp;
  int iFile;
  i64 iOff; /* offset, or new size, or state */
  i64 n;    /* bytes of a; for OP_DELETE: the directory is synced */
  u8 *a;
};

static Op *aOp;
static int nOp;
static int bRecord;
static int bNoSync, bLose;

static void record(int eOp, int iFile, i64 iOff, const void *a, i64 n){
  static int nWrite;
  Op *p;
  if( !bRecord || iFile<0 ) return;
  if( bNoSync && eOp==OP_SYNC ) return;
  if( bLose && eOp==OP_WRITE && ++nWrite%40==0 ) return;
  if( (nOp & (nOp - 1))==0 ){
    aOp = realloc(aOp, sizeof(Op) * (size_t)(nOp ? nOp * 2 : 1));
    if( aOp==0 ) stDie("out of memory");
  }
  p = &aOp[nOp++];
  memset(p, 0, sizeof(*p));
  p->eOp = eOp;
  p->iFile = iFile;
  p->iOff = iOff;
  p->n = n;
  if( a ){
    p->a = stAlloc((size_t)n);
    memcpy(p->a, a, (size_t)n);
  }
}

static void forgetRecord(void){
  int i;
  for(i=0; i<nOp; i++) free(aOp[i].a);
  free(aOp);
  aOp = 0;
  nOp = 0;
}

/* ---- the VFS --------------------------------------------------------- */

typedef struct File File;
struct File {
  sqlite3_file base;
  int iFile; /* index in aLive[], -1: temporary */
  Buf temp;
};

static Buf *fileBuf(sqlite3_file *p){
  File *pFile = (File *)p;
  return pFile->iFile < 0 ? &pFile->temp : &aLive[pFile->iFile].buf;
}

static int fileClose(sqlite3_file *p){
  free(((File *)p)->temp.a);
  return SQLITE_OK;
}

static int fileRead(sqlite3_file *p, void *a, int n, i64 iOff){
  Buf *pBuf = fileBuf(p);
  i64 nHave = pBuf->n > iOff ? pBuf->n - iOff : 0;
  if( nHave>n ) nHave = n;
  if( nHave>0 ) memcpy(a, pBuf->a + iOff, (size_t)nHave);
  if( nHave==n ) return SQLITE_OK;
  memset((u8 *)a + nHave, 0, (size_t)(n - nHave));
  return SQLITE_IOERR_SHORT_READ;
}

static int fileWrite(sqlite3_file *p, const void *a, int n, i64 iOff){
  record(OP_WRITE, ((File *)p)->iFile, iOff, a, n);
  bufWrite(fileBuf(p), a, n, iOff);
  return SQLITE_OK;
}

static int fileTruncate(sqlite3_file *p, i64 n){
  record(OP_SIZE, ((File *)p)->iFile, n, 0, 0);
  bufSize(fileBuf(p), n);
  return SQLITE_OK;
}

static int fileSync(sqlite3_file *p, int f){
  (void)f;
  record(OP_SYNC, ((File *)p)->iFile, 0, 0, 0);
  return SQLITE_OK;
}

static int fileSize(sqlite3_file *p, i64 *pn){
  *pn = fileBuf(p)->n;
  return SQLITE_OK;
}

static int fileLock(sqlite3_file *p, int e){
  (void)p;
  (void)e;
  return SQLITE_OK;
}

static int fileReserved(sqlite3_file *p, int *pOut){
  (void)p;
  *pOut = 0;
  return SQLITE_OK;
}

static int fileControl(sqlite3_file *p, int e, void *pArg){
  (void)p;
  (void)e;
  (void)pArg;
  return SQLITE_NOTFOUND;
}

static int fileSector(sqlite3_file *p){
  (void)p;
  return POWER_SECTOR;
}

/* Nothing is promised: not even that a write leaves the rest of its sectors
** alone. */
static int fileTraits(sqlite3_file *p){
  (void)p;
  return 0;
}

static int shmMap(sqlite3_file *p, int i, int n, int b, void volatile **pp){
  (void)p;
  *pp = 0;
  if( i>=(int)(sizeof(apShm)/sizeof(apShm[0])) ) return SQLITE_IOERR_NOMEM;
  if( apShm[i]==0 && b ) apShm[i] = stAlloc((size_t)n);
  *pp = apShm[i];
  return SQLITE_OK;
}

static int shmLock(sqlite3_file *p, int i, int n, int f){
  (void)p;
  (void)i;
  (void)n;
  (void)f;
  return SQLITE_OK;
}

static void shmBarrier(sqlite3_file *p){
  (void)p;
}

static int shmUnmap(sqlite3_file *p, int b){
  int i;
  (void)p;
  (void)b;
  for(i=0; i<(int)(sizeof(apShm)/sizeof(apShm[0])); i++){
    free(apShm[i]);
    apShm[i] = 0;
  }
  return SQLITE_OK;
}

static const sqlite3_io_methods fileMethods = {
  2,           fileClose,  fileRead,   fileWrite, fileTruncate,
  fileSync,    fileSize,   fileLock,   fileLock,  fileReserved,
  fileControl, fileSector, fileTraits, shmMap,    shmLock,
  shmBarrier,  shmUnmap,   0,          0
};

/*
** Index of the file in aLive[], -1 for any other.
*/
static int fileIndex(const char *z){
  static const char *const azEnd[POWER_FILES] = { "", "-journal", "-wal" };
  size_t n = sizeof(zName) - 1;
  int i;
  if( z==0 || strncmp(z, zName, n)!=0 ) return -1;
  for(i=0; i<POWER_FILES; i++){
    if( strcmp(z + n, azEnd[i])==0 ) return i;
  }
  return -1;
}

static int vfsOpen(sqlite3_vfs *pVfs, const char *z, sqlite3_file *p, int f,
                   int *pOut) {
  File *pFile = (File *)p;
  (void)pVfs;
  memset(pFile, 0, sizeof(*pFile));
  pFile->iFile = fileIndex(z);
  if( pFile->iFile>=0 && !aLive[pFile->iFile].bThere ){
    if( (f & SQLITE_OPEN_CREATE)==0 ) return SQLITE_CANTOPEN;
    aLive[pFile->iFile].bThere = 1;
    aLive[pFile->iFile].buf.n = 0;
    record(OP_CREATE, pFile->iFile, 0, 0, 0);
  }
  pFile->base.pMethods = &fileMethods;
  if( pOut ) *pOut = f;
  return SQLITE_OK;
}

static int vfsDelete(sqlite3_vfs *pVfs, const char *z, int bSync){
  int i = fileIndex(z);
  (void)pVfs;
  if( i<0 || !aLive[i].bThere ) return SQLITE_IOERR_DELETE_NOENT;
  aLive[i].bThere = 0;
  record(OP_DELETE, i, 0, 0, bSync);
  return SQLITE_OK;
}

static int vfsAccess(sqlite3_vfs *pVfs, const char *z, int f, int *pOut){
  int i = fileIndex(z);
  (void)pVfs;
  /* An empty file counts as none, as SQLite's own VFS has it. */
  *pOut = i >= 0 && aLive[i].bThere
          && (f != SQLITE_ACCESS_EXISTS || aLive[i].buf.n > 0);
  return SQLITE_OK;
}

static int vfsFull(sqlite3_vfs *pVfs, const char *z, int n, char *zOut){
  (void)pVfs;
  sqlite3_snprintf(n, zOut, "%s", z);
  return SQLITE_OK;
}

static void vfsRegister(void){
  static sqlite3_vfs vfs;
  vfs = *sqlite3_vfs_find(0);
  vfs.zName = "power";
  vfs.szOsFile = sizeof(File);
  vfs.pNext = 0;
  vfs.xOpen = vfsOpen;
  vfs.xDelete = vfsDelete;
  vfs.xAccess = vfsAccess;
  vfs.xFullPathname = vfsFull;
  if( sqlite3_vfs_register(&vfs, 0)!=SQLITE_OK ) stDie("no VFS");
}

/* ---- content --------------------------------------------------------- */

/*
** Hash of all that the log shows, 0 where it can't be read; *pzErr is then
** the reason.
*/
static u64 digest(sqlite3 *db, const char **pzErr){
  static const char *const azSql[] = {
    "SELECT * FROM session_list ORDER BY id",
    "SELECT * FROM session_events",
    "SELECT e.* FROM session_list AS l, events_archived(l.id) AS e",
    "SELECT * FROM session_labels ORDER BY label",
    "SELECT * FROM session_meta ORDER BY session_id, key",
    "SELECT name, content FROM session_artifacts ORDER BY session_id, name",
    "SELECT * FROM scope_entries ORDER BY scope, key"
  };
  u64 h = 0xcbf29ce484222325u;
  int i, rc = SQLITE_OK;
  for(i=0; i<(int)(sizeof(azSql)/sizeof(azSql[0])); i++){
    sqlite3_stmt *p = 0;
    rc = sqlite3_prepare_v2(db, azSql[i], -1, &p, 0);
    while( rc==SQLITE_OK && (rc = sqlite3_step(p))==SQLITE_ROW ){
      int j;
      rc = SQLITE_OK;
      for(j=0; j<sqlite3_column_count(p); j++){
        const u8 *a = sqlite3_column_blob(p, j);
        int k, n = sqlite3_column_bytes(p, j);
        h = (h ^ (u64)(sqlite3_column_type(p, j) + 100 * i)) * 0x100000001b3u;
        for(k=0; k<n; k++) h = (h ^ a[k]) * 0x100000001b3u;
      }
    }
    sqlite3_finalize(p);
    if( rc!=SQLITE_DONE ){
      *pzErr = sqlite3_errmsg(db);
      return 0;
    }
  }
  return h ? h : 1;
}

/* ---- the run --------------------------------------------------------- */

/* A setting of SQLite's, and what it promises. */
typedef struct Mode Mode;
struct Mode {
  const char *zName;
  const char *zSql;
  int bStrict; /* nothing acknowledged may be missing */
  int bFlush;  /* scope_flush() is used and holds */
};
static const Mode aMode[] = {
  { "wal+full", "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL", 1, 0 },
  { "delete+extra", "PRAGMA journal_mode=DELETE; PRAGMA synchronous=EXTRA", 1,
    0 },
  { "truncate+full", "PRAGMA journal_mode=TRUNCATE; PRAGMA synchronous=FULL", 1,
    0 },
  { "persist+full", "PRAGMA journal_mode=PERSIST; PRAGMA synchronous=FULL", 1,
    0 },
  { "wal+normal", "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL", 0, 1 },
  { "delete+full", "PRAGMA journal_mode=DELETE; PRAGMA synchronous=FULL", 0, 0 }
};
#define POWER_MODES ((int)(sizeof(aMode) / sizeof(aMode[0])))

static u64 *aState; /* digests after each transaction of the run */
static int nState;

/*
** A connection of the run.
*/
static sqlite3 *runOpen(const Mode *pMode){
  sqlite3 *db = stOpen(zName, "power", 0);
  stMust(db, pMode->zSql);
  stMust(db, "PRAGMA wal_autocheckpoint=12; PRAGMA cache_size=5");
  return db;
}

/*
** The transaction has been acknowledged: note the state. Recording goes on,
** as a read may open the WAL.
*/
static void runAck(sqlite3 *db){
  const char *zErr = 0;
  aState = realloc(aState, sizeof(u64) * (size_t)(nState + 1));
  if( aState==0 ) stDie("out of memory");
  aState[nState] = digest(db, &zErr);
  if( aState[nState]==0 ) stDie("digest: %s", zErr);
  record(OP_ACK, 0, nState, 0, 0);
  nState++;
}

/*
** One random transaction.
*/
static void runStep(sqlite3 *db, u64 *pRandom, int iStep, const Mode *pMode){
  static const char *const azSql[] = {
    "INSERT INTO session_events(session_id, kind, payload)"
    " VALUES('s%d', 'k', randomblob(%d))",
    "INSERT INTO session_events(session_id, kind, payload, key)"
    " VALUES('s%d', 'k', hex(randomblob(%d)), ulid())",
    "SELECT session_append('s%d', 'k', hex(zeroblob(%d)))",
    "BEGIN; INSERT INTO session_events(session_id, kind, payload) VALUES"
    " ('s%d', 'b', randomblob(%d)), ('s1', 'b', 2), ('s2', 'b', 3);"
    " SELECT session_append('s1', 'b', zeroblob(1500)); COMMIT",
    "SELECT session_append_json('s%d',"
    " json_array(json_object('kind', 'j', 'payload', hex(zeroblob(%d))),"
    "  json_object('kind', 'j', 'payload', 1.5)))",
    "INSERT INTO session_events(session_id, kind, payload)"
    " SELECT 's%d', 'm', %d+value FROM json_each('[1,2,3,4,5,6,7,8,9,0,1,2]')",
    "INSERT INTO session_list(parent_id, kind) VALUES('s%d', 'fork %d')",
    "SELECT session_pack('s%d') + %d",
    "UPDATE session_list SET archived=head-%3$d%%20 WHERE name='s%1$d'",
    "BEGIN; INSERT INTO session_list(name, started_at_ms)"
    " VALUES('t%3$d', 1000);"
    "INSERT INTO session_events(session_id, kind, payload, at_ms)"
    " VALUES('t%3$d', 't', randomblob(%2$d), 1000);"
    "INSERT INTO session_list(parent_id, kind) VALUES('t%3$d', 'of temp');"
    " COMMIT",
    "DELETE FROM session_list WHERE name LIKE 't%%'",
    "SELECT session_prune(1000, 'all', 0, 100000)",
    "INSERT INTO session_labels(label, session_id) VALUES('l%2$d', 's%1$d')",
    "SELECT session_meta('s%d', 'm', randomblob(%d))",
    "INSERT INTO session_artifacts(session_id, name, content)"
    " VALUES('s%d', ulid(), zeroblob(%d))",
    "SELECT scope_persist('scope%d', 'k', randomblob(%d))",
    "SELECT session_pause('s%d', 'note %d')",
    "SELECT session_end((SELECT id FROM session_list WHERE kind LIKE 'fork%%'"
    " AND ended_at_ms IS NULL LIMIT 1), %d+%d)",
  };
  int nSql = sizeof(azSql) / sizeof(azSql[0]);
  u32 r = stRandom(pRandom);
  /* Half of them append. */
  const char *zFmt = azSql[r % 2 ? (r / 2) % 6 : (r / 2) % (u32)nSql];
  int n = (int)(stRandom(pRandom) % 4);
  char z[1000];
  n = n == 0 ? (int)(stRandom(pRandom) % 4000) : n * 40;
  snprintf(z, sizeof(z), zFmt, 1 + (int)(stRandom(pRandom) % 3), n, iStep);
  /* There may be no fork to end. */
  if( sqlite3_exec(db, z, 0, 0, 0)!=SQLITE_OK && zFmt!=azSql[nSql - 1] ){
    stDie("%s: %s", z, sqlite3_errmsg(db));
  }
  if( pMode->bFlush && stRandom(pRandom)%12==0 ){
    stMust(db, "SELECT scope_flush()");
    record(OP_FLUSH, 0, nState, 0, 0);
  }
}

/*
** Record a run.
*/
static void runRecord(const Mode *pMode, u64 *pRandom){
  sqlite3 *db;
  int i;
  forgetRecord();
  nState = 0;
  for(i=0; i<POWER_FILES; i++) aLive[i].bThere = 0;
  bRecord = 1;
  db = stOpen(zName, "power", 0);
  stMust(db, stRandom(pRandom) % 2 ? "PRAGMA page_size=1024"
                                   : "PRAGMA page_size=4096");
  sqlite3_close(db);
  db = runOpen(pMode);
  runAck(db);
  stMust(db, "SELECT session_init()");
  runAck(db);
  stMust(db, "INSERT INTO session_list(name) VALUES('s1'), ('s2'), ('s3')");
  runAck(db);
  for(i=0; i<POWER_STEPS; i++){
    if( i%15==14 ){
      sqlite3_close(db);
      db = runOpen(pMode);
    }
    runStep(db, pRandom, i, pMode);
    runAck(db);
  }
  sqlite3_close(db);
  bRecord = 0;
}

/* ---- the cut --------------------------------------------------------- */

/* Bytes of a file, whatever its name, and what is not synced of them. */
typedef struct Inode Inode;
struct Inode {
  Buf synced;
  int *aPend; /* indexes of aOp[] */
  int nPend;
  int nAlloc;
};

/* A name in the directory: what it is now, and what it was when the directory
** was last synced. */
typedef struct Entry Entry;
struct Entry {
  int bNow;    /* there is a file now */
  int bLinked; /* it is there in the synced directory too */
  Inode now;
  int bOld; /* the synced directory has another, since deleted */
  Inode old;
};
static Entry aEntry[POWER_FILES];

static void inodeClear(Inode *p){
  p->synced.n = 0;
  p->nPend = 0;
}

static void inodeAdd(Inode *p, int i){
  if( p->nPend>=p->nAlloc ){
    p->nAlloc = p->nAlloc * 2 + 16;
    p->aPend = realloc(p->aPend, sizeof(int) * (size_t)p->nAlloc);
    if( p->aPend==0 ) stDie("out of memory");
  }
  p->aPend[p->nPend++] = i;
}

/*
** Apply a write or truncation to a buffer.
*/
static void apply(Buf *p, const Op *pOp){
  if( pOp->eOp==OP_SIZE )
    bufSize(p, pOp->iOff);
  else
    bufWrite(p, pOp->a, pOp->n, pOp->iOff);
}

/*
** Apply a write of which each sector may have got lost, or worse.
*/
static void applyTorn(Buf *p, const Op *pOp, u64 *pRandom){
  i64 i;
  u8 aGarbage[POWER_SECTOR];
  if( pOp->eOp==OP_SIZE ){
    apply(p, pOp);
    return;
  }
  for(i=0; i<pOp->n; i+=POWER_SECTOR){
    i64 n = pOp->n - i < POWER_SECTOR ? pOp->n - i : POWER_SECTOR;
    u32 r = stRandom(pRandom) % 8;
    int j;
    if( r<4 ){
      bufWrite(p, pOp->a + i, n, pOp->iOff + i);
    }else if( r==4 ){
      for(j=0; j<n; j++) aGarbage[j] = (u8)stRandom(pRandom);
      bufWrite(p, aGarbage, n, pOp->iOff + i);
    }
  }
}

/*
** Make the directory last.
*/
static void cutSyncDirectory(void){
  int i;
  for(i=0; i<POWER_FILES; i++){
    aEntry[i].bOld = 0;
    if( aEntry[i].bNow ) aEntry[i].bLinked = 1;
  }
}

/*
** Take operation i of the recording into account.
*/
static void cutAdvance(int i){
  Op *p = &aOp[i];
  Entry *pEntry = &aEntry[p->iFile];
  Inode old;
  int j;
  switch( p->eOp ){
    case OP_CREATE:
      pEntry->bNow = 1;
      pEntry->bLinked = 0;
      inodeClear(&pEntry->now);
      break;
    case OP_WRITE:
    case OP_SIZE: inodeAdd(&pEntry->now, i); break;
    case OP_SYNC:
      for(j=0; j<pEntry->now.nPend; j++){
        apply(&pEntry->now.synced, &aOp[pEntry->now.aPend[j]]);
      }
      pEntry->now.nPend = 0;
      /* The database's own sync leaves the directory alone. */
      if( p->iFile>0 && !pEntry->bLinked ) cutSyncDirectory();
      break;
    case OP_DELETE:
      pEntry->bNow = 0;
      if( pEntry->bLinked ){
        old = pEntry->old;
        pEntry->old = pEntry->now;
        pEntry->now = old;
        pEntry->bOld = 1;
        pEntry->bLinked = 0;
      }
      if( p->n ) cutSyncDirectory();
      break;
    default: break;
  }
}

/*
** What can be chosen at this point: operations that may or may not have come
** to the disk, and names in the directory.
*/
static int cutBits(void){
  int i, n = 0;
  for(i=0; i<POWER_FILES; i++){
    Entry *p = &aEntry[i];
    if( p->bNow ) n += p->now.nPend;
    if( p->bOld || (p->bNow && !p->bLinked) ) n++;
  }
  return n;
}

/* How an image is made. */
enum {
  CUT_SUBSET, /* bit i of iWhich says whether operation i is there */
  CUT_PREFIX, /* the first iWhich are */
  CUT_ONE,    /* iWhich alone is */
  CUT_BUT,    /* all but iWhich are */
  CUT_RANDOM  /* whole, torn, or not at all */
};

/*
** 1 if choice i falls to the new state.
*/
static int cutChoice(int eCut, int iWhich, int i, u64 *pRandom){
  switch( eCut ){
    case CUT_SUBSET: return (iWhich >> i) & 1;
    case CUT_PREFIX: return i < iWhich;
    case CUT_ONE: return i == iWhich;
    case CUT_BUT: return i != iWhich;
    default: return (int)(stRandom(pRandom) % 2);
  }
}

/*
** Build the image: into aLive[].
*/
static void cutBuild(int eCut, int iWhich, u64 *pRandom){
  int i, j, iBit = 0;
  for(i=0; i<POWER_FILES; i++){
    Entry *p = &aEntry[i];
    Inode *pFrom = p->bNow ? &p->now : 0;
    if( p->bOld || (p->bNow && !p->bLinked) ){
      if( !cutChoice(eCut, iWhich, iBit++, pRandom) ){
        pFrom = p->bOld ? &p->old : 0;
        /* Between the deletion and the new file there was none. */
        if( eCut==CUT_RANDOM && p->bNow && stRandom(pRandom)%2 ) pFrom = 0;
      }
    }
    aLive[i].bThere = pFrom != 0;
    aLive[i].buf.n = 0;
    if( pFrom ) bufCopy(&aLive[i].buf, &pFrom->synced);
    for(j=0; pFrom && j<pFrom->nPend; j++){
      const Op *pOp = &aOp[pFrom->aPend[j]];
      /* Of a file that is deleted all pending writes are chosen alike. */
      int bNew =
        cutChoice(eCut, iWhich, pFrom == &p->now ? iBit + j : 0, pRandom);
      if( !bNew ) continue;
      if( eCut==CUT_RANDOM && stRandom(pRandom)%2 ){
        applyTorn(&aLive[i].buf, pOp, pRandom);
      }else{
        apply(&aLive[i].buf, pOp);
      }
    }
    if( p->bNow ) iBit += p->now.nPend;
  }
}

/* ---- the checks ------------------------------------------------------ */

/* Counts of a mode. */
typedef struct Total Total;
struct Total {
  i64 nRun, nCut, nImage, nCorrupt, nLost, nWritten;
  i64 nBehind;    /* images that are behind what was acknowledged */
  i64 nMost;      /* transactions that the worst of them lacks */
  i64 nUnflushed; /* behind a scope_flush() */
};

static int nShown;

static void found(const char *zFmt, ...){
  va_list ap;
  if( nShown++>=20 ) return;
  va_start(ap, zFmt);
  printf("  ");
  vprintf(zFmt, ap);
  printf("\n");
  va_end(ap);
}

/*
** 1 if the first row has the text zWant (NULL: there is no row). If not, what
** there is instead, or why it could not be asked, is in zOut.
*/
static int checkSql(sqlite3 *db, const char *zSql, const char *zWant,
                    char *zOut) {
  sqlite3_stmt *p = 0;
  const char *z = 0;
  int rc = sqlite3_prepare_v2(db, zSql, -1, &p, 0);
  int bOk = 0;
  if( rc==SQLITE_OK ){
    rc = sqlite3_step(p);
    if( rc==SQLITE_ROW ) z = (const char *)sqlite3_column_text(p, 0);
    bOk = rc == SQLITE_DONE ? zWant == 0 : z && zWant && !strcmp(z, zWant);
  }
  if( !bOk ) snprintf(zOut, 300, "%s", z ? z : sqlite3_errmsg(db));
  sqlite3_finalize(p);
  return bOk;
}

/*
** The image as it is open must be sound, and in one of the states iLow to
** iHigh: its number is returned, -1 where it is not sound, -2 where its
** content is that of none.
*/
static int checkState(sqlite3 *db, int iHigh, char *zWhy){
  const char *zErr = 0;
  u64 h;
  int i;
  zWhy[0] = 0;
  if( !checkSql(db, "PRAGMA integrity_check", "ok", zWhy)
   || !checkSql(db, "SELECT rule || ' ' || detail FROM session_check()", 0,
                zWhy)
  ){
    return -1;
  }
  h = digest(db, &zErr);
  if( h==0 ){
    snprintf(zWhy, 300, "%s", zErr);
    return -1;
  }
  for(i=iHigh; i>=0; i--){
    if( aState[i]==h ) return i;
  }
  snprintf(zWhy, 300, "the content is that of no transaction");
  return -2;
}

/*
** The log goes on after what happened.
*/
static int checkWrite(sqlite3 *db, char *zWhy){
  int rc = sqlite3_exec(db,
                        "SELECT session_open('s1');"
                        "INSERT INTO session_events(session_id, kind, payload)"
                        " VALUES('s1', 'after', zeroblob(3000));"
                        "SELECT session_pack('s1')",
                        0, 0, 0);
  if( rc!=SQLITE_OK ){
    snprintf(zWhy, 300, "%s", sqlite3_errmsg(db));
    return 0;
  }
  return checkSql(db, "PRAGMA integrity_check", "ok", zWhy)
         && checkSql(db, "SELECT rule || ' ' || detail FROM session_check()", 0,
                     zWhy);
}

/*
** How many transactions that show lead from one state to another.
*/
static int between(int iFrom, int iTo){
  int n = 0;
  for(; iFrom<iTo; iFrom++) n += aState[iFrom] != aState[iFrom + 1];
  return n;
}

/*
** Open the image in aLive[] and look at it. iAck is the last state that was
** acknowledged, iFlush the last that was flushed.
*/
static void checkImage(const Mode *pMode, int iOp, int iAck, int iFlush,
                       Total *p) {
  char zWhy[300];
  int iHigh = iAck + 1 < nState ? iAck + 1 : nState - 1;
  sqlite3 *db;
  int iState;
  p->nImage++;
  db = stOpen(zName, "power", 0);
  iState = checkState(db, iHigh, zWhy);
  if( iState<0 ){
    p->nCorrupt++;
    found("corrupt: %s, operation %d, state %d: %s", pMode->zName, iOp, iAck,
          zWhy);
  }else if( iState<iAck ){
    p->nBehind++;
    if( between(iState, iAck)>p->nMost ) p->nMost = between(iState, iAck);
    if( pMode->bStrict ){
      p->nLost++;
      found("lost: %s, operation %d: state %d, acknowledged %d", pMode->zName,
            iOp, iState, iAck);
    }
    if( iState<iFlush ){
      p->nUnflushed++;
      found("lost: %s, operation %d: state %d, flushed %d", pMode->zName, iOp,
            iState, iFlush);
    }
  }
  if( iState>=0 && p->nImage%8==0 ){
    p->nWritten++;
    if( !checkWrite(db, zWhy) ){
      p->nCorrupt++;
      found("corrupt: %s, operation %d, when written to: %s", pMode->zName, iOp,
            zWhy);
    }
  }
  sqlite3_close(db);
}

/*
** The highest state with the same content: a transaction may change nothing
** that shows.
*/
static int lowest(int iState){
  while( iState>0 && aState[iState-1]==aState[iState] ) iState--;
  return iState;
}

/*
** All images of the present point, about nEach where there are more.
*/
static void cutPoint(const Mode *pMode, int iOp, int iAck, int iFlush,
                     int nEach, u64 *pRandom, Total *p) {
  int i, eCut, nBit = cutBits();
  p->nCut++;
  if( nBit<=POWER_BITS && (1 << nBit)<=nEach ){
    for(i=0; i<(1<<nBit); i++, nEach--){
      cutBuild(CUT_SUBSET, i, pRandom);
      checkImage(pMode, iOp, iAck, iFlush, p);
    }
  }else if( nBit*3<=nEach ){
    for(eCut=CUT_PREFIX; eCut<=CUT_BUT; eCut++){
      for(i=0; i<=nBit; i++, nEach--){
        cutBuild(eCut, i, pRandom);
        checkImage(pMode, iOp, iAck, iFlush, p);
      }
    }
  }else{
    for(i=0; i<2; i++, nEach--){
      cutBuild(CUT_PREFIX, i ? nBit : 0, pRandom);
      checkImage(pMode, iOp, iAck, iFlush, p);
    }
  }
  /* Without anything pending there is just one image. */
  for(; nEach>0 && nBit>0; nEach--){
    u32 r = stRandom(pRandom) % 4;
    if( r==0 ){
      cutBuild(CUT_PREFIX + (int)(stRandom(pRandom) % 3),
               (int)(stRandom(pRandom) % (u32)(nBit + 1)), pRandom);
    }else{
      cutBuild(CUT_RANDOM, 0, pRandom);
    }
    checkImage(pMode, iOp, iAck, iFlush, p);
  }
}

/*
** Record a run, and cut the power after each operation. Ends at the number
** of images nImage or the time rEnd.
*/
static void cutRun(const Mode *pMode, i64 nImage, double rEnd, u64 *pRandom,
                   Total *p) {
  int i, iAck = 0, iFlush = 0;
  i64 nEach;
  runRecord(pMode, pRandom);
  p->nRun++;
  for(i=0; i<POWER_FILES; i++){
    aEntry[i].bNow = aEntry[i].bLinked = aEntry[i].bOld = 0;
  }
  nEach = (nImage - p->nImage) / nOp + 1;
  if( nEach>24 ) nEach = 24;
  for(i=0; i<nOp && p->nImage<nImage && stNow()<rEnd; i++){
    cutAdvance(i);
    if( aOp[i].eOp==OP_ACK ) iAck = (int)aOp[i].iOff;
    /* A flush belongs to the transaction that is acknowledged next. */
    if( aOp[i].eOp==OP_FLUSH ) iFlush = (int)aOp[i].iOff - 1;
    cutPoint(pMode, i, iAck, lowest(iFlush), (int)nEach, pRandom, p);
  }
}

static void report(const Mode *pMode, const Total *p){
  printf("%s: runs=%lld cuts=%lld images=%lld written=%lld corrupt=%lld"
         " lost=%lld unflushed=%lld behind=%lld most=%lld\n",
         pMode->zName, p->nRun, p->nCut, p->nImage, p->nWritten, p->nCorrupt,
         p->nLost, p->nUnflushed, p->nBehind, p->nMost);
}

int main(int argc, char **argv){
  const char *zMode = 0;
  u64 iSeed = (u64)stEnv("SESSIONLOG_SEED", 1);
  i64 nImage, nAll = 0, nFound = 0;
  double rSeconds = stEnv("SESSIONLOG_SECONDS", 1e9);
  int i;
  if( argc<2 ) stDie("usage: core_power IMAGES ...");
  nImage = atoll(argv[1]);
  for(i=2; i<argc; i++){
    if( strcmp(argv[i], "-nosync")==0 )
      bNoSync = 1;
    else if( strcmp(argv[i], "-lose")==0 )
      bLose = 1;
    else if( i+1<argc && strcmp(argv[i], "-mode")==0 )
      zMode = argv[++i];
    else if( i+1<argc && strcmp(argv[i], "-seconds")==0 )
      rSeconds = atof(argv[++i]);
    else if( i+1<argc && strcmp(argv[i], "-seed")==0 )
      iSeed = (u64)atoll(argv[++i]);
    else
      stDie("unknown option: %s", argv[i]);
  }
  /* One thread, and memory that nobody counts: twice as many images. */
  sqlite3_config(SQLITE_CONFIG_SINGLETHREAD);
  sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
  sqlite3_config(SQLITE_CONFIG_LOOKASIDE, 256, 500);
  mallopt(M_MMAP_THRESHOLD, 1 << 28);
  mallopt(M_TRIM_THRESHOLD, 1 << 28);
  vfsRegister();
  for(i=0; i<POWER_MODES; i++){
    u64 iRandom = stSeed(iSeed, (u64)i);
    double rEnd = stNow() + (zMode ? rSeconds : rSeconds / POWER_MODES);
    Total total;
    if( zMode && strcmp(zMode, aMode[i].zName)!=0 ) continue;
    memset(&total, 0, sizeof(total));
    while( total.nImage<nImage && stNow()<rEnd ){
      cutRun(&aMode[i], nImage, rEnd, &iRandom, &total);
    }
    report(&aMode[i], &total);
    nAll += total.nImage;
    nFound += total.nCorrupt + total.nLost + total.nUnflushed;
  }
  forgetRecord();
  stCount("images", (u64)nAll);
  printf("findings=%lld\n", nFound);
  return nFound != 0;
}
