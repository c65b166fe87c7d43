#define _GNU_SOURCE 1
/*
** flush.c - what is committed survives power loss from now on.
**
** A commit is durable once the files that hold it have been synced, which
** SQLite leaves out or puts off with "synchronous" at OFF or NORMAL. What
** has to be synced, whatever wrote the commit and in which process:
**
**   the database     all modes: pages written by commits and checkpoints.
**   the WAL          WAL mode: the commits that are not in the database yet.
**                    Frames are checksummed, so a synced WAL is replayed up
**                    to its last commit.
**   the directory    the WAL and the database may be new in it. And DELETE
**                    mode commits by unlinking the journal: if the unlink
**                    were lost, the journal would come back hot, and undo
**                    the commit.
**   the journal      TRUNCATE and PERSIST commit by cutting the journal or
**                    clearing its header, and SQLite closes it then.
**
** MEMORY and OFF have no journal file. The database and the WAL are synced
** by way of SQLite's own file objects: opening and closing the database
** again would drop the process's locks on it. The journal is never locked.
** The operation's read lock keeps rollback-mode writers out of the database
** meanwhile; writers in WAL mode only add.
*/
#include "sessionlogInt.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

/*
** Sync one of the files that SQLite has open on the database.
*/
static void flushOpenFile(SlOp *pOp, int eFile){
  sqlite3_file *pFile = 0;
  int rc;
  if( pOp->rc!=SQLITE_OK ) return;
  rc = sqlite3_file_control(pOp->pConn->db, pOp->pDb->zName, eFile, &pFile);
  /* Every database that is attached and has been read has both. */
  if( ALWAYS(rc==SQLITE_OK) && ALWAYS(pFile) && pFile->pMethods ){
    rc = pFile->pMethods->xSync(pFile, SQLITE_SYNC_FULL);
  }
  slErrRc(pOp, rc);
}

/*
** Sync a file or directory by its path. One that can't be opened has nothing
** of ours (a VFS need not keep its files where the path says).
*/
static void flushPath(SlOp *pOp, const char *zPath){
  int fd, rc;
  if( pOp->rc!=SQLITE_OK ) return;
  fd = open(zPath, O_RDONLY | O_CLOEXEC);
  if( fd<0 ) return;
  do {
    rc = fsync(fd);
  }while( rc!=0 && errno==EINTR );
  /* EINVAL: there is nothing to sync behind that descriptor. */
  if( rc!=0 && errno!=EINVAL ) slErrRc(pOp, SQLITE_IOERR_FSYNC);
  close(fd);
}

/*
** Sync the directory that the file is in. A name without one is that of a VFS
** which has its files elsewhere.
*/
static void flushDirectory(SlOp *pOp, const char *zFile){
  const char *zSlash = strrchr(zFile, '/');
  char *zDir;
  if( pOp->rc!=SQLITE_OK || zSlash==0 ) return;
  zDir = sqlite3_mprintf("%.*s", (int)(zSlash - zFile) + 1, zFile);
  if( zDir==0 ){
    pOp->rc = SQLITE_NOMEM;
    return;
  }
  flushPath(pOp, zDir);
  sqlite3_free(zDir);
}

void slFlush(SlOp *pOp){
  sqlite3 *db = pOp->pConn->db;
  const char *zFile;
  const char *zJournal;
  if( pOp->rc!=SQLITE_OK ) return;
  if( !sqlite3_get_autocommit(db)
   || sqlite3_txn_state(db, pOp->pDb->zName)==SQLITE_TXN_WRITE
  ){
    slErr(pOp, SQLITE_ERROR, "cannot flush inside a transaction");
    return;
  }
  zFile = sqlite3_db_filename(db, pOp->pDb->zName);
  if( zFile==0 || zFile[0]==0 ) return;
  slOpRead(pOp);
  zJournal = sqlite3_filename_journal(zFile);
  flushOpenFile(pOp, SQLITE_FCNTL_FILE_POINTER);
  flushOpenFile(pOp, SQLITE_FCNTL_JOURNAL_POINTER);
  flushPath(pOp, zJournal);
  flushDirectory(pOp, zFile);
}
