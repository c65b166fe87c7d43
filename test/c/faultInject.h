/*
** faultInject.h - the faults that core_fault.c can make happen.
**
** Two layers count what goes through them while gFault.bArmed is set, and
** misbehave at the gFault.iAt-th time, or from then on: the allocator below
** sqlite3_malloc(), and a VFS between SQLite and the operating system.
**
** With gFault.bOwn a point is a call of SQLite's API that allocates, and the
** call that fails has no memory at all: fewer points, which reach whatever a
** caller of SQLite can be told, not what SQLite does inside. A third layer,
** faultOwn.h, sees to it that the calls are known. gFault.xPoint is told of
** each point.
**
** Freed memory is overwritten, so that a use after free gives wrong answers,
** and a word behind each allocation tells whether somebody wrote past its
** end. The VFS never syncs: what a process has written outlives the process
** without, and power loss is not what it simulates.
*/
#include <sqlite3.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef sqlite3_int64 i64;

/* What is counted, and what happens at the point. */
enum {
  FAULT_OOM,  /* an allocation fails */
  FAULT_IO,   /* an I/O operation fails: IOERR, a write is half done */
  FAULT_FULL, /* a write finds no room */
  FAULT_KILL, /* the process dies before an I/O operation */
  FAULT_TORN, /* the process dies within a write: half of it is done */
  FAULT_LOSE, /* a write is reported as done, and is not */
  FAULT_ROOM, /* nothing here: a real file system is full */
  FAULT_LIMIT /* nothing here but to see how far files reach: the system lets
              ** no file grow beyond a size */
};

/* The unit of FAULT_LIMIT: the page size of the databases. */
#define FAULT_PAGE 1024

/* How far a call of SQLite's API is, see gFault.bOwn. */
enum {
  CALL_NONE, /* not within a call */
  CALL_NEW,  /* it has not allocated yet */
  CALL_GOOD, /* it is counted, and may have memory */
  CALL_FAIL  /* it is counted, and has none */
};

static struct Fault {
  int eKind;    /* FAULT_... */
  i64 iAt;      /* the point: 1 is the first; 0: only count */
  int bPersist; /* all that follow fail too */
  int bArmed;   /* counting now */
  int bOwn;     /* what is counted are calls that allocate */
  int eCall;    /* CALL_..., of the innermost call */
  void (*xPoint)(void);
  i64 nCount;      /* operations counted; of FAULT_LIMIT, pages of a file */
  i64 nFired;      /* of these, failed */
  int bOverrun;    /* somebody wrote past the end of an allocation */
  const char *zOp; /* the operation that failed first */
} gFault;

/* A debugger's breakpoint: called at each fault. */
void faultHere(void);
void faultHere(void){
  gFault.nFired++;
}

/*
** Count an operation of that kind. 1: it has to fail.
*/
static int faultHit(const char *zOp){
  if( !gFault.bArmed ) return 0;
  gFault.nCount++;
  if( gFault.iAt==0 || gFault.nCount<gFault.iAt ) return 0;
  if( gFault.nCount>gFault.iAt && !gFault.bPersist ) return 0;
  if( gFault.nFired==0 ) gFault.zOp = zOp;
  faultHere();
  return 1;
}

/*
** The same for an allocation.
*/
static int faultMem(const char *zOp){
  if( gFault.eKind!=FAULT_OOM ) return 0;
  if( !gFault.bOwn ) return faultHit(zOp);
  if( !gFault.bArmed ) return 0;
  if( gFault.eCall==CALL_NEW ){
    gFault.eCall = faultHit(zOp) ? CALL_FAIL : CALL_GOOD;
    if( gFault.xPoint ) gFault.xPoint();
  }
  return gFault.eCall == CALL_FAIL;
}

/* ---- memory ---------------------------------------------------------- */

#define FAULT_GUARD 8 /* bytes behind each allocation */

static sqlite3_mem_methods gMem; /* SQLite's own allocator */
static const char aGuard[FAULT_GUARD] = {
  'g', 'u', 'a', 'r', 'd', 'i', 'a', 'n'
};

/* The guard stands at the very end of what the allocator gave. */
static void memSeal(void *p){
  if( p ) memcpy((char *)p + gMem.xSize(p) - FAULT_GUARD, aGuard, FAULT_GUARD);
}
static void memInspect(void *p){
  if( memcmp((char *)p+gMem.xSize(p)-FAULT_GUARD, aGuard, FAULT_GUARD) ){
    gFault.bOverrun = 1;
  }
}

static void *memMalloc(int n){
  void *p;
  if( faultMem("malloc") ) return 0;
  p = gMem.xMalloc(n + FAULT_GUARD);
  memSeal(p);
  return p;
}

static void memFree(void *p){
  if( p ){
    memInspect(p);
    memset(p, 0xa5, (size_t)gMem.xSize(p));
  }
  gMem.xFree(p);
}

static void *memRealloc(void *pOld, int n){
  void *p;
  if( faultMem("realloc") ) return 0;
  memInspect(pOld);
  p = gMem.xRealloc(pOld, n + FAULT_GUARD);
  memSeal(p ? p : pOld);
  return p;
}

/* What may be used of an allocation ends before the guard. */
static int memSize(void *p){
  return p ? gMem.xSize(p) - FAULT_GUARD : 0;
}
static int memRoundup(int n){
  return gMem.xRoundup(n + FAULT_GUARD) - FAULT_GUARD;
}
static int memInit(void *p){
  return gMem.xInit(p);
}
static void memShutdown(void *p){
  gMem.xShutdown(p);
}

/* ---- files ----------------------------------------------------------- */

typedef struct FaultFile FaultFile;
struct FaultFile {
  sqlite3_file base;
  sqlite3_file *pReal; /* follows this structure */
};

static sqlite3_vfs *gReal; /* the VFS below */

#define REAL(p) (((FaultFile *)(p))->pReal)

/*
** Before an I/O operation other than a write. 1: it fails.
*/
static int ioHit(const char *zOp){
  if( gFault.eKind!=FAULT_IO && gFault.eKind!=FAULT_KILL ) return 0;
  if( !faultHit(zOp) ) return 0;
  if( gFault.eKind==FAULT_KILL ) kill(getpid(), SIGKILL);
  return 1;
}

static int ioClose(sqlite3_file *p){
  return REAL(p)->pMethods->xClose(REAL(p));
}
static int ioRead(sqlite3_file *p, void *a, int n, i64 iOff){
  if( ioHit("read") ) return SQLITE_IOERR_READ;
  return REAL(p)->pMethods->xRead(REAL(p), a, n, iOff);
}

/*
** A write may fail half done, find the disk full, be the last thing that the
** process does, or be lost.
*/
static int ioWrite(sqlite3_file *p, const void *a, int n, i64 iOff){
  sqlite3_file *pReal = REAL(p);
  if( gFault.eKind==FAULT_LIMIT && gFault.bArmed
   && gFault.nCount<(iOff+n)/FAULT_PAGE
  ){
    gFault.nCount = (iOff + n) / FAULT_PAGE;
  }
  if( gFault.eKind!=FAULT_OOM && gFault.eKind<FAULT_ROOM && faultHit("write") ){
    if( gFault.eKind==FAULT_FULL ) return SQLITE_FULL;
    if( gFault.eKind==FAULT_LOSE ) return SQLITE_OK;
    if( gFault.eKind==FAULT_KILL ) kill(getpid(), SIGKILL);
    if( n>1 ) pReal->pMethods->xWrite(pReal, a, n / 2, iOff);
    if( gFault.eKind==FAULT_TORN ) kill(getpid(), SIGKILL);
    return SQLITE_IOERR_WRITE;
  }
  return pReal->pMethods->xWrite(pReal, a, n, iOff);
}
static int ioTruncate(sqlite3_file *p, i64 n){
  if( ioHit("truncate") ) return SQLITE_IOERR_TRUNCATE;
  return REAL(p)->pMethods->xTruncate(REAL(p), n);
}
static int ioSync(sqlite3_file *p, int flags){
  (void)p;
  (void)flags;
  return ioHit("sync") ? SQLITE_IOERR_FSYNC : SQLITE_OK;
}
static int ioSize(sqlite3_file *p, i64 *pn){
  if( ioHit("size") ) return SQLITE_IOERR_FSTAT;
  return REAL(p)->pMethods->xFileSize(REAL(p), pn);
}
static int ioLock(sqlite3_file *p, int eLock){
  if( ioHit("lock") ) return SQLITE_IOERR_LOCK;
  return REAL(p)->pMethods->xLock(REAL(p), eLock);
}
static int ioUnlock(sqlite3_file *p, int eLock){
  return REAL(p)->pMethods->xUnlock(REAL(p), eLock);
}
static int ioReserved(sqlite3_file *p, int *pb){
  if( ioHit("reserved") ) return SQLITE_IOERR_CHECKRESERVEDLOCK;
  return REAL(p)->pMethods->xCheckReservedLock(REAL(p), pb);
}
static int ioControl(sqlite3_file *p, int op, void *pArg){
  return REAL(p)->pMethods->xFileControl(REAL(p), op, pArg);
}
static int ioSector(sqlite3_file *p){
  return REAL(p)->pMethods->xSectorSize(REAL(p));
}
static int ioDevice(sqlite3_file *p){
  return REAL(p)->pMethods->xDeviceCharacteristics(REAL(p));
}
static int ioShmMap(sqlite3_file *p, int i, int n, int b, void volatile **pp){
  if( ioHit("shmmap") ) return SQLITE_IOERR_SHMMAP;
  return REAL(p)->pMethods->xShmMap(REAL(p), i, n, b, pp);
}
static int ioShmLock(sqlite3_file *p, int iOff, int n, int flags){
  if( (flags & SQLITE_SHM_LOCK) && ioHit("shmlock") ){
    return SQLITE_IOERR_SHMLOCK;
  }
  return REAL(p)->pMethods->xShmLock(REAL(p), iOff, n, flags);
}
static void ioShmBarrier(sqlite3_file *p){
  REAL(p)->pMethods->xShmBarrier(REAL(p));
}
static int ioShmUnmap(sqlite3_file *p, int b){
  return REAL(p)->pMethods->xShmUnmap(REAL(p), b);
}

static const sqlite3_io_methods ioMethods = {
  2,        ioClose,  ioRead,    ioWrite,      ioTruncate, ioSync,
  ioSize,   ioLock,   ioUnlock,  ioReserved,   ioControl,  ioSector,
  ioDevice, ioShmMap, ioShmLock, ioShmBarrier, ioShmUnmap, 0,
  0
};

static int ioOpen(sqlite3_vfs *pVfs, const char *zName, sqlite3_file *pFile,
                  int flags, int *pOut) {
  FaultFile *p = (FaultFile *)pFile;
  int rc;
  (void)pVfs;
  p->base.pMethods = 0;
  if( ioHit("open") ) return SQLITE_CANTOPEN;
  p->pReal = (sqlite3_file *)&p[1];
  rc = gReal->xOpen(gReal, zName, p->pReal, flags, pOut);
  if( p->pReal->pMethods ) p->base.pMethods = &ioMethods;
  return rc;
}
static int ioDelete(sqlite3_vfs *pVfs, const char *zName, int bSync){
  (void)pVfs;
  (void)bSync;
  if( ioHit("delete") ) return SQLITE_IOERR_DELETE;
  return gReal->xDelete(gReal, zName, 0);
}
static int ioAccess(sqlite3_vfs *pVfs, const char *zName, int flags, int *pb){
  (void)pVfs;
  if( ioHit("access") ) return SQLITE_IOERR_ACCESS;
  return gReal->xAccess(gReal, zName, flags, pb);
}

/*
** Put both layers in place, before anything else is done with SQLite.
*/
static int faultInstall(void){
  static sqlite3_mem_methods mem;
  static sqlite3_vfs vfs;
  int rc = sqlite3_config(SQLITE_CONFIG_GETMALLOC, &gMem);
  mem = gMem;
  mem.xMalloc = memMalloc;
  mem.xFree = memFree;
  mem.xRealloc = memRealloc;
  mem.xSize = memSize;
  mem.xRoundup = memRoundup;
  mem.xInit = memInit;
  mem.xShutdown = memShutdown;
  if( rc==SQLITE_OK ) rc = sqlite3_config(SQLITE_CONFIG_MALLOC, &mem);
  /* Every allocation for itself, so that each can fail. */
  if( rc==SQLITE_OK ) rc = sqlite3_config(SQLITE_CONFIG_LOOKASIDE, 0, 0);
  if( rc==SQLITE_OK ) rc = sqlite3_initialize();
  if( rc!=SQLITE_OK ) return rc;
  gReal = sqlite3_vfs_find(0);
  vfs = *gReal;
  vfs.zName = "fault";
  vfs.szOsFile = (int)sizeof(FaultFile) + gReal->szOsFile;
  vfs.pNext = 0;
  vfs.xOpen = ioOpen;
  vfs.xDelete = ioDelete;
  vfs.xAccess = ioAccess;
  return sqlite3_vfs_register(&vfs, 1);
}
