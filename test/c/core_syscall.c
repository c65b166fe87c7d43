/*
** core_syscall.c - SQL while a call of the system fails.
**
**   core_syscall FILE CALL SKIP ERROR SETUP SQL...
**
** Opens the database FILE with sessionlog, runs SETUP, and then each SQL with
** the call armed: after SKIP calls of it the next one fails with ERROR (its
** name, as EIO), or every one if SKIP is -1. A row is printed as its columns
** with | between, an error as "CODE: message". At the end a line tells how
** many calls have failed.
**
** An SQL that begins with "fork:" runs in a child. "load" is none: it loads
** sessionlog on another connection.
**
** Some calls can also succeed with a strange result, where ERROR is "odd": the
** clock (clock_gettime) is then far in the future, the bits from getentropy and
** the memory from mmap are all ones, madvise says yes and does nothing, and the
** decimal point of snprintf is of two bytes, as it is in some locales. "past"
** is a clock before 1970. What read gets is TEXT where ERROR is "=TEXT".
**
** Not of the system: sqlite3_libversion_number says that SQLite is 3.38, or
** 3.37 where ERROR is "past"; sqlite3_mprintf has no memory; and slPackerAdd
** finds an event too big, as it does where SQLite was built for larger values
** than usual.
**
** The functions below are found before libc's, by SQLite too, whose calls go
** well: only those from this program fail, which sessionlog is part of. Of a
** CALL with "+" before its name SQLite's fail as well. CALL may be two, with a
** comma between them.
*/
#define _GNU_SOURCE 1
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "sqlite3.h"

int sqlite3_sessionlog_init(sqlite3 *, char **, const void *);

/* Where this program begins and where its code ends, by the linker. */
extern char __executable_start, etext;

static struct {
  int bArmed;
  const char *zCall;
  int nSkip; /* -1: none, and no end */
  const char *zError;
  int nFailed;
} g;

static const struct {
  const char *zName;
  int e;
} aError[] = {
  { "EIO", EIO },       { "EINTR", EINTR },   { "EINVAL", EINVAL },
  { "ENOSPC", ENOSPC }, { "EDQUOT", EDQUOT }, { "ENOMEM", ENOMEM },
  { "EACCES", EACCES }, { "EROFS", EROFS },   { "EMFILE", EMFILE },
  { "EISDIR", EISDIR },
};

/*
** 1 if this call is to fail: errno is set.
*/
static int failsFor(const char *zCall, void *pCaller){
  size_t i;
  char *p = (char *)pCaller;
  int bAll = g.zCall[0] == '+';
  size_t n = strlen(zCall);
  const char *z = &g.zCall[bAll];
  if( !g.bArmed ) return 0;
  if( strcspn(z, ",")!=n && strchr(z, ',') ) z = strchr(z, ',') + 1;
  if( strcspn(z, ",")!=n || strncmp(z, zCall, n)!=0 ) return 0;
  if( !bAll && (p<&__executable_start || p>=&etext) ) return 0;
  if( g.nSkip>0 ){
    g.nSkip--;
    return 0;
  }
  if( g.nSkip==0 ) g.bArmed = 0;
  g.nFailed++;
  for(i=0; i<sizeof(aError)/sizeof(aError[0]); i++){
    if( strcmp(aError[i].zName, g.zError)==0 ) errno = aError[i].e;
  }
  return 1;
}
#define fails(zCall) failsFor(zCall, __builtin_return_address(0))

static int isOdd(void){
  return strcmp(g.zError, "odd") == 0;
}

int fsync(int fd){
  return fails("fsync") ? -1 : (int)syscall(SYS_fsync, fd);
}
int fdatasync(int fd){
  return fails("fsync") ? -1 : (int)syscall(SYS_fdatasync, fd);
}
int close(int fd){
  int bFails = fails("close");
  int rc = (int)syscall(SYS_close, fd);
  return bFails ? -1 : rc;
}
int rename(const char *zFrom, const char *zTo){
  if( fails("rename") ) return -1;
  return renameat(AT_FDCWD, zFrom, AT_FDCWD, zTo);
}
int mkdir(const char *z, mode_t m){
  return fails("mkdir") ? -1 : mkdirat(AT_FDCWD, z, m);
}
int fchmod(int fd, mode_t m){
  return fails("fchmod") ? -1 : (int)syscall(SYS_fchmod, fd, m);
}
int access(const char *z, int m){
  return fails("access") ? -1 : faccessat(AT_FDCWD, z, m, 0);
}
int stat(const char *z, struct stat *p){
  return fails("stat") ? -1 : fstatat(AT_FDCWD, z, p, 0);
}
int open(const char *z, int flags, ...){
  va_list ap;
  mode_t m;
  va_start(ap, flags);
  m = (flags & O_CREAT) ? va_arg(ap, mode_t) : 0;
  va_end(ap);
  return fails("open") ? -1 : openat(AT_FDCWD, z, flags, m);
}
void *mmap(void *p, size_t n, int prot, int flags, int fd, off_t iOff){
  /* Some processors' system call takes its arguments in memory. */
  static void *(*xMmap)(void *, size_t, int, int, int, off_t);
  int bFails = fails("mmap");
  if( xMmap==0 ) *(void **)&xMmap = dlsym(RTLD_NEXT, "mmap64");
  if( bFails && !isOdd() ) return MAP_FAILED;
  p = xMmap(p, n, prot, flags, fd, iOff);
  if( bFails ) memset(p, 0xff, n);
  return p;
}
ssize_t read(int fd, void *p, size_t n){
  size_t nText;
  if( !fails("read") ) return (ssize_t)syscall(SYS_read, fd, p, n);
  if( g.zError[0]!='=' ) return -1;
  nText = strlen(&g.zError[1]);
  if( nText<n ) n = nText;
  memcpy(p, &g.zError[1], n);
  return (ssize_t)n;
}
int snprintf(char *z, size_t n, const char *zFmt, ...){
  va_list ap;
  char *zPoint;
  int rc;
  va_start(ap, zFmt);
  rc = vsnprintf(z, n, zFmt, ap);
  va_end(ap);
  zPoint = strchr(z, '.');
  if( zPoint && (size_t)rc+1<n && fails("snprintf") ){
    memmove(zPoint + 2, zPoint + 1, strlen(zPoint));
    memcpy(zPoint, "\xd9\xab", 2);
    rc++;
  }
  return rc;
}
int sqlite3_libversion_number(void){
  if( !fails("sqlite3_libversion_number") ) return SQLITE_VERSION_NUMBER;
  return strcmp(g.zError, "past") == 0 ? 3037002 : 3038005;
}
char *sqlite3_mprintf(const char *zFmt, ...){
  va_list ap;
  char *z;
  va_start(ap, zFmt);
  z = fails("sqlite3_mprintf") ? 0 : sqlite3_vmprintf(zFmt, ap);
  va_end(ap);
  return z;
}
int __real_slPackerAdd(void *, const void *);
int __wrap_slPackerAdd(void *, const void *);
int __wrap_slPackerAdd(void *p, const void *pEvent){
  return fails("slPackerAdd") ? SQLITE_TOOBIG : __real_slPackerAdd(p, pEvent);
}
int madvise(void *p, size_t n, int e){
  if( fails("madvise") ) return isOdd() ? 0 : -1;
  return (int)syscall(SYS_madvise, p, n, e);
}
int gethostname(char *z, size_t n){
  /* What is there then is left open. */
  memset(z, fails("gethostname") ? 'x' : 0, n);
  if( z[0] ) return -1;
  strncpy(z, "host", n);
  return 0;
}
int getentropy(void *p, size_t n){
  if( fails("getentropy") ){
    if( !isOdd() ) return -1;
    memset(p, 0xff, n);
    return 0;
  }
  return syscall(SYS_getrandom, p, n, 0) == (long)n ? 0 : -1;
}
#ifdef SYS_clock_gettime64
#define CLOCK_CALL SYS_clock_gettime64
#else
#define CLOCK_CALL SYS_clock_gettime
#endif
int clock_gettime(clockid_t e, struct timespec *p){
  int bFails = fails("clock_gettime");
  if( bFails && strcmp(g.zError, "past")==0 ){
    p->tv_sec = -5;
    p->tv_nsec = 0;
    return 0;
  }
  if( bFails && isOdd() ){
    p->tv_sec = (time_t)1 << 40;
    p->tv_nsec = 0;
    return 0;
  }
  return bFails ? -1 : (int)syscall(CLOCK_CALL, e, p);
}

static int onRow(void *pArg, int n, char **az, char **azName){
  int i;
  (void)pArg;
  (void)azName;
  for(i=0; i<n; i++) printf("%s%s", i ? "|" : "", az[i] ? az[i] : "NULL");
  printf("\n");
  return 0;
}

/*
** Run the SQL. 1 if it went well.
*/
static int run(sqlite3 *db, const char *zSql){
  char *zErr = 0;
  int rc = sqlite3_exec(db, zSql, onRow, 0, &zErr);
  if( rc!=SQLITE_OK ){
    printf("%d: %s\n", sqlite3_extended_errcode(db), zErr ? zErr : "");
  }
  sqlite3_free(zErr);
  return rc == SQLITE_OK;
}

/*
** Load sessionlog on a connection of its own.
*/
static void load(void){
  sqlite3 *db = 0;
  char *zErr = 0;
  int rc = sqlite3_open(":memory:", &db);
  if( rc==SQLITE_OK ) rc = sqlite3_sessionlog_init(db, &zErr, 0);
  printf("%d: %s\n", rc, zErr ? zErr : "");
  sqlite3_free(zErr);
  sqlite3_close(db);
}

int main(int argc, char **argv){
  sqlite3 *db = 0;
  int i;
  if( argc<7 ){
    fprintf(stderr, "usage: core_syscall FILE CALL SKIP ERROR SETUP SQL...\n");
    return 2;
  }
  g.zCall = argv[2];
  g.nSkip = atoi(argv[3]);
  g.zError = argv[4];
  if( sqlite3_open(argv[1], &db) || sqlite3_sessionlog_init(db, 0, 0)
   || !run(db, argv[5])
  ){
    return 2;
  }
  g.bArmed = 1;
  for(i=6; i<argc; i++){
    pid_t pid;
    if( strcmp(argv[i], "load")==0 ){
      load();
      continue;
    }
    if( strncmp(argv[i], "fork:", 5)!=0 ){
      run(db, argv[i]);
      continue;
    }
    fflush(stdout);
    pid = fork();
    if( pid==0 ){
      run(db, argv[i] + 5);
      exit(0);
    }
    waitpid(pid, 0, 0);
  }
  g.bArmed = 0;
  printf("%d failed\n", g.nFailed);
  return sqlite3_close(db) == SQLITE_OK ? 0 : 2;
}
