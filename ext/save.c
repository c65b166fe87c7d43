/*
** save.c - copies of the database in files: session_save().
**
** A copy is made in a temporary file beside its target, PATH.tmp-ULID (of a
** long name the beginning), which is synced and then renamed: whatever fails,
** and whenever the machine stops, the target is the old file or the new one.
** The temporary file is opened by a connection of our own, which nobody else
** ever sees.
**
** The whole database goes through SQLite's backup API, in one step and so as
** of one moment, with all that the application keeps in it. One session
** alone goes row by row into a new database with our tables, also as of one
** moment: its row, events, labels, meta data and artifacts with the integers
** that they have; its ancestors become tombstones that keep exactly the
** events it reads; nothing of other sessions, and no scopes.
*/
#define _GNU_SOURCE 1
#include "sessionlogInt.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* The kinds of rows that are copied, and the statements that do it. */
enum {
  SAVE_CONFIG,
  SAVE_SESSION,
  SAVE_TOMBSTONE,
  SAVE_EVENT,
  SAVE_BLOCK,
  SAVE_KEY,
  SAVE_LABEL,
  SAVE_META,
  SAVE_ARTIFACT,
  SAVE_COUNT
};
static const int aSaveFrom[SAVE_COUNT] = {
  SL_SQL_SAVE_CONFIG, SL_SQL_SAVE_SESSION, SL_SQL_SAVE_TOMBSTONE,
  SL_SQL_SAVE_EVENT,  SL_SQL_SAVE_BLOCK,   SL_SQL_SAVE_KEY,
  SL_SQL_SAVE_LABEL,  SL_SQL_SAVE_META,    SL_SQL_SAVE_ARTIFACT
};
static const int aSaveTo[SAVE_COUNT] = {
  SL_SQL_SAVE_CONFIG_TO, SL_SQL_SAVE_SESSION_TO, SL_SQL_SAVE_SESSION_TO,
  SL_SQL_SAVE_EVENT_TO,  SL_SQL_SAVE_BLOCK_TO,   SL_SQL_SAVE_KEY_TO,
  SL_SQL_SAVE_LABEL_TO,  SL_SQL_SAVE_META_TO,    SL_SQL_SAVE_ARTIFACT_TO
};

/* Bytes of a rollback journal's header that say anything. */
#define SAVE_JOURNAL_HEADER 28

/* Bytes of the target's own name that the temporary file's begins with: with
** what follows no more than a name may have. */
#define SAVE_BASE 200

/* A copy being made. */
typedef struct Save Save;
struct Save {
  SlOp *pOp;
  const char *zShow; /* the path as it was given, for messages */
  char *zPath;       /* the target, with a slash in it */
  char *zWal;        /* where its write-ahead log would be */
  char *zJournal;    /* and its rollback journal */
  char *zTmp;        /* the temporary file */
  char *zSide;       /* room for the name of a file beside it */
  int bTmp;          /* which exists */
  int bMode;         /* mMode is known */
  mode_t mMode;      /* permissions for the copy */
  sqlite3 *pTo;      /* connection on the temporary file */
  sqlite3_stmt *apTo[SAVE_COUNT];
};

/* ---- errors ---------------------------------------------------------- */

/*
** Fail, with the path and the reason.
*/
static void saveErr(Save *p, int rc, const char *zWhy){
  if( (rc & 0xff)==SQLITE_NOMEM ){
    slErrRc(p->pOp, SQLITE_NOMEM);
  }else{
    slErr(p->pOp, rc, "cannot save to %s: %s", p->zShow, zWhy);
  }
}

/*
** Fail because of errno.
*/
static void saveErrno(Save *p, int rc){
  int e = errno;
  if( e==ENOSPC || e==EDQUOT ) rc = SQLITE_FULL;
  if( e==ENOMEM ) rc = SQLITE_NOMEM;
  saveErr(p, rc, strerror(e));
}

/*
** Fail because of what the connection on the copy says; where there is none,
** SQLite says that there was no memory.
*/
static void saveErrTo(Save *p){
  saveErr(p, sqlite3_extended_errcode(p->pTo), sqlite3_errmsg(p->pTo));
}

/* ---- the target ------------------------------------------------------ */

/*
** Fail if the file is one of the connection's own databases. Main is always
** in the list, unless an authorizer has made it empty.
*/
static void saveNotOpen(Save *p, const struct stat *pStat){
  SlOp *pOp = p->pOp;
  sqlite3_stmt *pStmt = slPrepare(pOp, SL_SQL_SAVE_DATABASES);
  int bAny = 0;
  while( slStep(pOp, pStmt) ){
    int nFile;
    const char *zFile = slStmtText(pOp, pStmt, 2, &nFile);
    struct stat open;
    bAny = 1;
    if( nFile>0 && stat(zFile, &open)==0 && open.st_dev==pStat->st_dev
     && open.st_ino==pStat->st_ino
    ){
      saveErr(p, SQLITE_ERROR, "it is the database that is open");
    }
  }
  if( bAny==0 ) slErr(pOp, SQLITE_AUTH, "not authorized");
  sqlite3_finalize(pStmt);
}

/*
** The permissions of the copy: those of the file that it replaces, else those
** of the database that it is a copy of, which has been read and so has a name,
** if an empty one.
*/
static void saveMode(Save *p, const struct stat *pOld){
  SlOp *pOp = p->pOp;
  struct stat from;
  const char *zFile = sqlite3_db_filename(pOp->pConn->db, pOp->pDb->zName);
  p->bMode = 1;
  if( pOld ){
    p->mMode = pOld->st_mode & 0777;
  }else if( ALWAYS(zFile) && zFile[0] && stat(zFile, &from)==0 ){
    p->mMode = from.st_mode & 0777;
  }else{
    p->bMode = 0;
  }
}

/*
** 1 if there is a rollback journal in the file zJournal. An empty file, and
** one whose header is blank, are what a transaction leaves that has ended in
** the modes TRUNCATE and PERSIST. The magic at the beginning alone says
** nothing: it is missing until the journal is synced. What can't be read may
** be a journal.
*/
static int journalLive(const char *zJournal){
  char aHeader[SAVE_JOURNAL_HEADER];
  struct stat s;
  ssize_t n = -1;
  int fd;
  if( lstat(zJournal, &s)!=0 ) return errno != ENOENT;
  if( !S_ISREG(s.st_mode) ) return 1;
  fd = open(zJournal, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  if( fd>=0 ){
    n = read(fd, aHeader, sizeof(aHeader));
    close(fd);
  }
  while( n>0 && aHeader[n-1]==0 ) n--;
  return n != 0;
}

/*
** Fail if somebody uses the target, or left it in need of recovery: there is
** a write-ahead log or a rollback journal.
*/
static void saveNotLive(Save *p){
  struct stat s;
  if( lstat(p->zWal, &s)==0 ){
    saveErr(p, SQLITE_ERROR, "it has a live -wal file");
  }else if( journalLive(p->zJournal) ){
    saveErr(p, SQLITE_ERROR, "it has a live -journal file");
  }
}

/*
** Make the directories that the path names.
*/
static void saveParents(Save *p){
  char *z;
  if( p->pOp->rc!=SQLITE_OK ) return;
  assert(p->zPath != 0);
  for(z=p->zPath+1; *z; z++){
    if( *z!='/' ) continue;
    *z = 0;
    if( mkdir(p->zPath, 0777)!=0 && errno!=EEXIST && errno!=EISDIR ){
      struct stat s;
      int e = errno;
      /* A directory on a read-only file system may say anything but EEXIST.
      ** Something else would have shown when the target was looked at. */
      if( stat(p->zPath, &s)!=0 ){
        errno = e;
        saveErrno(p, SQLITE_CANTOPEN);
      }
    }
    *z = '/';
    if( p->pOp->rc!=SQLITE_OK ) return;
  }
}

/*
** Take the path, and look at what is there. A relative one gets "./", so that
** SQLite can't take it for something else. A symbolic link is followed, and
** so stays what it is.
*/
static void saveTarget(Save *p, const char *zPath){
  char aReal[PATH_MAX];
  struct stat s;
  if( p->pOp->rc!=SQLITE_OK ) return;
  if( lstat(zPath, &s)==0 && S_ISLNK(s.st_mode) ){
    if( realpath(zPath, aReal)==0 ){
      saveErrno(p, SQLITE_CANTOPEN);
      return;
    }
    zPath = aReal;
  }
  p->zPath = sqlite3_mprintf("%s%s", zPath[0] == '/' ? "" : "./", zPath);
  p->zWal = sqlite3_mprintf("%s-wal", p->zPath);
  p->zJournal = sqlite3_mprintf("%s-journal", p->zPath);
  if( p->zPath==0 || p->zWal==0 || p->zJournal==0 ){
    slErrRc(p->pOp, SQLITE_NOMEM);
    return;
  }
  if( p->zPath[strlen(p->zPath)-1]=='/' ){
    errno = EISDIR;
    saveErrno(p, SQLITE_CANTOPEN);
  }else if( stat(p->zPath, &s)==0 ){
    if( S_ISDIR(s.st_mode) ){
      errno = EISDIR;
      saveErrno(p, SQLITE_CANTOPEN);
    }else if( !S_ISREG(s.st_mode) ){
      saveErr(p, SQLITE_CANTOPEN, "it is not a regular file");
    }
    saveNotOpen(p, &s);
    saveMode(p, &s);
  }else if( errno!=ENOENT ){
    saveErrno(p, SQLITE_CANTOPEN);
  }else{
    saveMode(p, 0);
  }
  if( p->pOp->rc==SQLITE_OK ) saveNotLive(p);
}

/* ---- the temporary file ---------------------------------------------- */

/*
** Run SQL on the copy.
*/
static void saveExec(Save *p, const char *zSql){
  if( p->pOp->rc!=SQLITE_OK ) return;
  if( sqlite3_exec(p->pTo, zSql, 0, 0, 0) ) saveErrTo(p);
}

/*
** The same, and free it; NULL: no memory.
*/
static void saveExecOwned(Save *p, char *zSql){
  if( zSql==0 ) slErrRc(p->pOp, SQLITE_NOMEM);
  saveExec(p, zSql);
  sqlite3_free(zSql);
}

/*
** Make the temporary file, empty: nobody who may not read the copy may read
** this.
*/
static void saveCreate(Save *p){
  mode_t m = p->bMode ? p->mMode | S_IRUSR | S_IWUSR : 0666;
  int fd = open(p->zTmp, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, m);
  if( fd<0 ){
    saveErrno(p, SQLITE_CANTOPEN);
  }else{
    close(fd);
    p->bTmp = 1;
  }
}

/*
** Open the temporary file. No journal and no sync: it is nothing until it is
** complete.
*/
static void saveOpen(Save *p){
  SlUlid u;
  char zId[27];
  const char *zBase;
  i64 nPath;
  if( p->pOp->rc!=SQLITE_OK ) return;
  slErrRc(p->pOp, slUlidNew(&u));
  if( p->pOp->rc!=SQLITE_OK ) return;
  slUlidText(&u, zId);
  zBase = strrchr(p->zPath, '/') + 1;
  nPath = (i64)strlen(p->zPath);
  if( nPath>zBase-p->zPath+SAVE_BASE ) nPath = zBase - p->zPath + SAVE_BASE;
  p->zTmp = sqlite3_mprintf("%.*s.tmp-%s", (int)nPath, p->zPath, zId);
  p->zSide = sqlite3_mprintf("%s-journal", p->zTmp);
  if( p->zTmp==0 || p->zSide==0 ){
    slErrRc(p->pOp, SQLITE_NOMEM);
    return;
  }
  saveCreate(p);
  if( p->pOp->rc!=SQLITE_OK ) return;
  if( sqlite3_open_v2(p->zTmp, &p->pTo, SQLITE_OPEN_READWRITE, 0) ){
    saveErrTo(p);
  }
  saveExec(p, "PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF");
}

/*
** Let go of the connection on the copy.
*/
static void saveClose(Save *p){
  int i;
  int rc;
  for(i=0; i<SAVE_COUNT; i++) sqlite3_finalize(p->apTo[i]);
  memset(p->apTo, 0, sizeof(p->apTo));
  /* All its statements are finalized, so that it can be closed. */
  rc = sqlite3_close(p->pTo);
  if( NEVER(rc!=SQLITE_OK) ) saveErrTo(p);
  p->pTo = 0;
}

/*
** Make the directory entry of the new file durable, as far as the file system
** has that.
*/
static void saveSyncDirectory(const Save *p){
  char *zName = strrchr(p->zPath, '/') + 1;
  char c = zName[0];
  int fd;
  zName[0] = 0;
  fd = open(p->zPath, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  zName[0] = c;
  if( fd<0 ) return;
  (void)fsync(fd);
  close(fd);
}

/*
** The copy is complete: sync it and put it into its place.
*/
static void saveCommit(Save *p){
  int fd;
  if( p->pOp->rc!=SQLITE_OK ) return;
  fd = open(p->zTmp, O_RDWR | O_CLOEXEC);
  if( fd<0 ){
    saveErrno(p, SQLITE_CANTOPEN);
    return;
  }
  if( (p->bMode && fchmod(fd, p->mMode)!=0) || fsync(fd)!=0 ){
    saveErrno(p, SQLITE_IOERR_FSYNC);
  }
  if( close(fd)!=0 ) saveErrno(p, SQLITE_IOERR_CLOSE);
  saveNotLive(p);
  if( p->pOp->rc!=SQLITE_OK ) return;
  if( rename(p->zTmp, p->zPath)!=0 ){
    saveErrno(p, SQLITE_IOERR);
    return;
  }
  p->bTmp = 0;
  saveSyncDirectory(p);
}

/*
** Remove what a failure has left. There may be no memory.
*/
static void saveCleanup(Save *p){
  static const char *const azEnd[] = { "", "-journal", "-wal", "-shm" };
  int i;
  if( !p->bTmp ) return;
  for(i=0; i<4; i++){
    memcpy(p->zSide + strlen(p->zTmp), azEnd[i], strlen(azEnd[i]) + 1);
    unlink(p->zSide);
  }
}

/* ---- the whole database ---------------------------------------------- */

/*
** Copy all pages.
*/
static void saveWhole(Save *p){
  SlOp *pOp = p->pOp;
  sqlite3_backup *pBackup;
  int rc;
  if( pOp->rc!=SQLITE_OK ) return;
  pBackup =
    sqlite3_backup_init(p->pTo, "main", pOp->pConn->db, pOp->pDb->zName);
  if( pBackup==0 ){
    saveErrTo(p);
    return;
  }
  rc = sqlite3_backup_step(pBackup, -1);
  /* The end has the error of the step; the documentation leaves open whether
  ** BUSY and LOCKED are among those, SQLite does not. */
  if( sqlite3_backup_finish(pBackup)!=SQLITE_OK ){
    saveErrTo(p);
  }else if( NEVER(rc!=SQLITE_DONE) ){
    saveErr(p, rc, sqlite3_errstr(rc));
  }
}

/* ---- one session ----------------------------------------------------- */

/*
** The statement that writes rows of that kind into the copy.
*/
static sqlite3_stmt *saveTo(Save *p, int eRow){
  if( p->pOp->rc==SQLITE_OK && p->apTo[eRow]==0 ){
    char *zSql = slSqlFor(slSqlText[aSaveTo[eRow]], "main");
    if( zSql==0 ){
      slErrRc(p->pOp, SQLITE_NOMEM);
    }else if( sqlite3_prepare_v2(p->pTo, zSql, -1, &p->apTo[eRow], 0) ){
      saveErrTo(p);
    }
    sqlite3_free(zSql);
  }
  return p->apTo[eRow];
}

/*
** Write the row whose values are bound.
*/
static void saveRow(Save *p, sqlite3_stmt *pTo){
  if( p->pOp->rc==SQLITE_OK && sqlite3_step(pTo)!=SQLITE_DONE ) saveErrTo(p);
  sqlite3_reset(pTo);
  sqlite3_clear_bindings(pTo);
}

/*
** Of the block that pFrom stands on, which is one of the session zId, write
** what does not lie past the ordinal iTo, as a block of its own.
*/
static void saveTrimmed(Save *p, sqlite3_stmt *pFrom, const char *zId,
                        i64 iTo) {
  SlOp *pOp = p->pOp;
  i64 iKey = sqlite3_column_int64(pFrom, 0);
  i64 nEvent = sqlite3_column_int64(pFrom, 1);
  int nData;
  const void *pData = slStmtBlob(pOp, pFrom, 3, &nData);
  sqlite3_stmt *pTo = saveTo(p, SAVE_BLOCK);
  SlBlock *pBlock = slBlockNew();
  SlPacker *pPacker = slPackerNew();
  void *pNew = 0;
  i64 nNew = 0;
  SlEvent e;
  int i;
  int n = (int)(iTo - SL_ORDINAL(iKey) + 1);
  int rc = SQLITE_NOMEM;
  memset(&e, 0, sizeof(e));
  if( pBlock && pPacker ){
    rc = slBlockDecode(pBlock, iKey, nEvent, pData, nData,
                       sqlite3_limit(pOp->pConn->db, SQLITE_LIMIT_LENGTH, -1));
  }
  for(i=0; rc==SQLITE_OK && i<n; i++){
    slBlockEvent(pBlock, i, &e);
    rc = slPackerAdd(pPacker, &e);
  }
  if( rc==SQLITE_OK ){
    rc = slPackerFinish(pPacker, iKey, INT_MAX, &pNew, &nNew);
  }
  if( rc==SQLITE_CORRUPT ){
    slErr(pOp, SQLITE_CORRUPT_VTAB,
          "session %s: events %lld to %lld are damaged", zId, SL_ORDINAL(iKey),
          SL_ORDINAL(iKey) + nEvent - 1);
  }
  slErrRc(pOp, rc);
  if( pOp->rc==SQLITE_OK ){
    /* This takes no memory, and the block is shorter than the old one. */
    rc = sqlite3_bind_int64(pTo, 1, iKey);
    if( ALWAYS(rc==SQLITE_OK) ) rc = sqlite3_bind_int64(pTo, 2, n);
    if( ALWAYS(rc==SQLITE_OK) ) rc = sqlite3_bind_int64(pTo, 3, e.iAtMs);
    if( ALWAYS(rc==SQLITE_OK) ){
      rc = sqlite3_bind_blob64(pTo, 4, pNew, (u64)nNew, SQLITE_STATIC);
    }
    if( NEVER(rc!=SQLITE_OK) ) saveErrTo(p);
    saveRow(p, pTo);
  }
  slBlockFree(pBlock);
  slPackerFree(pPacker);
}

/*
** Copy the rows of that kind of the session, those of events up to the ordinal
** iTo.
*/
static void saveRows(Save *p, int eRow, const SlSession *pSession, i64 iTo){
  SlOp *pOp = p->pOp;
  sqlite3_stmt *pFrom = slStmt(pOp, aSaveFrom[eRow]);
  sqlite3_stmt *pTo = saveTo(p, eRow);
  int nParam = pFrom ? sqlite3_bind_parameter_count(pFrom) : 0;
  if( nParam>0 ) slBindInt(pOp, pFrom, 1, pSession->iKey);
  if( nParam>1 ) slBindInt(pOp, pFrom, 2, iTo);
  while( slStep(pOp, pFrom) ){
    int i;
    if( eRow==SAVE_BLOCK ){
      i64 iFirst = SL_ORDINAL(sqlite3_column_int64(pFrom, 0));
      if( iFirst+sqlite3_column_int64(pFrom, 1)-1>iTo ){
        saveTrimmed(p, pFrom, pSession->zId, iTo);
        continue;
      }
    }
    for(i=0; i<sqlite3_column_count(pFrom); i++){
      if( sqlite3_bind_value(pTo, i+1, sqlite3_column_value(pFrom, i)) ){
        saveErrTo(p);
      }
    }
    saveRow(p, pTo);
  }
  slFree(pOp, aSaveFrom[eRow], pFrom);
}

/*
** Events, blocks and idempotency keys of a session, up to iTo.
*/
static void saveHistory(Save *p, const SlSession *pSession, i64 iTo){
  if( iTo<=pSession->iForkedAt ) return;
  saveRows(p, SAVE_BLOCK, pSession, iTo);
  saveRows(p, SAVE_EVENT, pSession, iTo);
  saveRows(p, SAVE_KEY, pSession, iTo);
}

/*
** The ancestors, and what the session reads of them.
*/
static void saveAncestors(Save *p, const SlSession *pSession){
  SlOp *pOp = p->pOp;
  SlSession s = *pSession;
  i64 iTo = SL_MAX_ORDINAL;
  while( s.iParent && pOp->rc==SQLITE_OK ){
    if( s.iForkedAt<iTo ) iTo = s.iForkedAt;
    slParent(pOp, &s);
    saveRows(p, SAVE_TOMBSTONE, &s, iTo);
    saveHistory(p, &s, iTo);
  }
}

/*
** Make our tables in the copy, in the encoding of the database.
*/
static void saveSchema(Save *p){
  SlOp *pOp = p->pOp;
  int i;
  sqlite3_stmt *pStmt = slStmt(pOp, SL_SQL_SAVE_ENCODING);
  if( slStep(pOp, pStmt) ){
    saveExecOwned(p, sqlite3_mprintf("PRAGMA encoding='%q'",
                                     sqlite3_column_text(pStmt, 0)));
  }
  slFree(pOp, SL_SQL_SAVE_ENCODING, pStmt);
  saveExec(p, "BEGIN");
  for(i=0; i<SL_SCHEMA_COUNT && pOp->rc==SQLITE_OK; i++){
    saveExecOwned(p, slSqlFor(slSqlText[slSchemaSql[i]], "main"));
  }
}

/*
** Copy one session, once it is known that its ancestors are there.
*/
static void saveOne(Save *p, const SlSession *pSession){
  SlSession s = *pSession;
  while( s.iParent && p->pOp->rc==SQLITE_OK ) slParent(p->pOp, &s);
  saveSchema(p);
  saveRows(p, SAVE_CONFIG, pSession, 0);
  saveRows(p, SAVE_SESSION, pSession, 0);
  saveHistory(p, pSession, SL_MAX_ORDINAL);
  saveAncestors(p, pSession);
  saveRows(p, SAVE_LABEL, pSession, 0);
  saveRows(p, SAVE_META, pSession, 0);
  saveRows(p, SAVE_ARTIFACT, pSession, 0);
  saveExec(p, "COMMIT");
}

void slSave(SlOp *pOp, const char *zPath, const SlSession *pSession){
  Save s;
  memset(&s, 0, sizeof(s));
  s.pOp = pOp;
  s.zShow = zPath;
  if( sqlite3_txn_state(pOp->pConn->db, 0)==SQLITE_TXN_WRITE ){
    saveErr(&s, SQLITE_ERROR, "a write transaction is open");
  }
  saveTarget(&s, zPath);
  saveParents(&s);
  saveOpen(&s);
  if( pSession ){
    saveOne(&s, pSession);
  }else{
    saveWhole(&s);
  }
  saveClose(&s);
  saveCommit(&s);
  saveCleanup(&s);
  sqlite3_free(s.zPath);
  sqlite3_free(s.zWal);
  sqlite3_free(s.zJournal);
  sqlite3_free(s.zTmp);
  sqlite3_free(s.zSide);
}
