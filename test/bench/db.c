/*
** db.c - SQLite with every failure being the end of the program.
**
** All databases, the extension's and the baselines', are opened with the same
** pragmas: WAL, synchronous=NORMAL, a cache of 64 MB.
*/
#define _POSIX_C_SOURCE 200809L
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bench.h"

int sqlite3_sessionlog_init(sqlite3 *, char **, const void *);

static int nChecked;

/*
** Print a message and end the program.
*/
void die(const char *zFmt, ...){
  va_list ap;
  fprintf(stderr, "bench: ");
  va_start(ap, zFmt);
  vfprintf(stderr, zFmt, ap);
  va_end(ap);
  fprintf(stderr, "\n");
  exit(1);
}

/*
** Die with the connection's error.
*/
static void dieDb(sqlite3 *db, const char *zWhat){
  die("%s: %s (%d)", zWhat, sqlite3_errmsg(db), sqlite3_extended_errcode(db));
}

/*
** Path of a database of that name.
*/
const char *dbPath(const char *zName){
  static char a[4][1024];
  static int i;
  i = (i + 1) % 4;
  snprintf(a[i], sizeof(a[i]), "%s/%s", config.zTmp, zName);
  return a[i];
}

/*
** Open a database with the pragmas that all share.
*/
sqlite3 *dbOpen(const char *zName, int bLog){
  sqlite3 *db = 0;
  if( sqlite3_open(dbPath(zName), &db)!=SQLITE_OK ) dieDb(db, zName);
  sqlite3_busy_timeout(db, 60000);
  if( bLog && sqlite3_sessionlog_init(db, 0, 0)!=SQLITE_OK ){
    dieDb(db, "the extension");
  }
  dbExec(db, "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;"
             "PRAGMA cache_size=-65536");
  return db;
}

/*
** Make a database afresh.
*/
sqlite3 *dbCreate(const char *zName, int bLog){
  dbRemove(zName);
  return dbOpen(zName, bLog);
}

/*
** Close a connection, all statements of which are finalized.
*/
void dbClose(sqlite3 *db){
  if( sqlite3_close(db)!=SQLITE_OK ) dieDb(db, "close");
}

/*
** Remove a database and what lies beside it.
*/
void dbRemove(const char *zName){
  static const char *const azSuffix[] = { "", "-wal", "-shm", "-journal" };
  char zPath[1100];
  int i;
  for(i=0; i<4; i++){
    snprintf(zPath, sizeof(zPath), "%s%s", dbPath(zName), azSuffix[i]);
    unlink(zPath);
  }
}

/*
** Copy a database that is closed.
*/
void dbCopy(const char *zFrom, const char *zTo){
  static char aBuf[1 << 16];
  FILE *pIn = fopen(dbPath(zFrom), "rb");
  FILE *pOut;
  size_t n;
  dbRemove(zTo);
  pOut = fopen(dbPath(zTo), "wb");
  if( pIn==0 || pOut==0 ) die("cannot copy %s", zFrom);
  while( (n = fread(aBuf, 1, sizeof(aBuf), pIn))>0 ){
    if( fwrite(aBuf, 1, n, pOut)!=n ) die("cannot write %s", zTo);
  }
  fclose(pIn);
  if( fclose(pOut) ) die("cannot write %s", zTo);
}

/*
** Run SQL.
*/
void dbExec(sqlite3 *db, const char *zFmt, ...){
  va_list ap;
  char *zSql;
  va_start(ap, zFmt);
  zSql = sqlite3_vmprintf(zFmt, ap);
  va_end(ap);
  if( zSql==0 ) die("out of memory");
  if( sqlite3_exec(db, zSql, 0, 0, 0)!=SQLITE_OK ) dieDb(db, zSql);
  sqlite3_free(zSql);
}

/*
** The statement of an SQL text with its arguments put in.
*/
static sqlite3_stmt *prepareVa(sqlite3 *db, const char *zFmt, va_list ap){
  char *zSql = sqlite3_vmprintf(zFmt, ap);
  sqlite3_stmt *pStmt;
  if( zSql==0 ) die("out of memory");
  pStmt = dbPrepare(db, zSql);
  sqlite3_free(zSql);
  return pStmt;
}

/*
** The integer that a query gives, 0 without a row.
*/
i64 dbInt(sqlite3 *db, const char *zFmt, ...){
  va_list ap;
  sqlite3_stmt *pStmt;
  i64 iVal = 0;
  int rc;
  va_start(ap, zFmt);
  pStmt = prepareVa(db, zFmt, ap);
  va_end(ap);
  rc = sqlite3_step(pStmt);
  if( rc==SQLITE_ROW ) iVal = sqlite3_column_int64(pStmt, 0);
  if( rc!=SQLITE_ROW && rc!=SQLITE_DONE ) dieDb(db, sqlite3_sql(pStmt));
  sqlite3_finalize(pStmt);
  return iVal;
}

/*
** The text that a query gives, "" without a row.
*/
void dbText(sqlite3 *db, char *zOut, int nOut, const char *zFmt, ...){
  va_list ap;
  sqlite3_stmt *pStmt;
  int rc;
  zOut[0] = 0;
  va_start(ap, zFmt);
  pStmt = prepareVa(db, zFmt, ap);
  va_end(ap);
  rc = sqlite3_step(pStmt);
  if( rc!=SQLITE_ROW && rc!=SQLITE_DONE ) dieDb(db, sqlite3_sql(pStmt));
  if( rc==SQLITE_ROW && sqlite3_column_type(pStmt, 0)!=SQLITE_NULL ){
    snprintf(zOut, (size_t)nOut, "%s",
             (const char *)sqlite3_column_text(pStmt, 0));
  }
  sqlite3_finalize(pStmt);
}

/*
** Prepare a statement that is kept.
*/
sqlite3_stmt *dbPrepare(sqlite3 *db, const char *zSql){
  sqlite3_stmt *pStmt = 0;
  int rc =
    sqlite3_prepare_v3(db, zSql, -1, SQLITE_PREPARE_PERSISTENT, &pStmt, 0);
  if( rc!=SQLITE_OK ) dieDb(db, zSql);
  return pStmt;
}

/*
** Step a statement to its end and reset it; returns the number of rows.
*/
i64 stmtRun(sqlite3_stmt *pStmt){
  i64 n = 0;
  int rc;
  while( (rc = sqlite3_step(pStmt))==SQLITE_ROW ) n++;
  if( rc!=SQLITE_DONE ){
    dieDb(sqlite3_db_handle(pStmt), sqlite3_sql(pStmt));
  }
  sqlite3_reset(pStmt);
  return n;
}

/*
** The same, fetching every column as an application would: integers as such,
** all else as bytes.
*/
i64 stmtRead(sqlite3_stmt *pStmt, i64 *pSum){
  i64 n = 0, iSum = 0;
  int nCol = sqlite3_column_count(pStmt);
  int rc, i;
  while( (rc = sqlite3_step(pStmt))==SQLITE_ROW ){
    for(i=0; i<nCol; i++){
      if( sqlite3_column_type(pStmt, i)==SQLITE_INTEGER ){
        iSum += sqlite3_column_int64(pStmt, i);
      }else{
        const unsigned char *z = sqlite3_column_blob(pStmt, i);
        iSum += sqlite3_column_bytes(pStmt, i) + (z ? z[0] : 0);
      }
    }
    n++;
  }
  if( rc!=SQLITE_DONE ){
    dieDb(sqlite3_db_handle(pStmt), sqlite3_sql(pStmt));
  }
  sqlite3_reset(pStmt);
  if( pSum ) *pSum = iSum;
  return n;
}

/*
** Bind text that outlives the step.
*/
void stmtBindText(sqlite3_stmt *pStmt, int i, const char *z, i64 n){
  sqlite3_bind_text64(pStmt, i, z, (sqlite3_uint64)n, SQLITE_STATIC,
                      SQLITE_UTF8);
}

/*
** Size of a file, 0 if there is none.
*/
static i64 fileBytes(const char *zName, const char *zSuffix){
  struct stat st;
  char zPath[1100];
  snprintf(zPath, sizeof(zPath), "%s%s", dbPath(zName), zSuffix);
  return stat(zPath, &st) ? 0 : (i64)st.st_size;
}

/*
** Bytes of a database's file.
*/
i64 dbBytes(const char *zName){
  return fileBytes(zName, "");
}

/*
** Bytes of its WAL.
*/
i64 walBytes(const char *zName){
  return fileBytes(zName, "-wal");
}

/*
** Bytes written to the WAL since the last call: pages, each with the frame's
** header.
*/
i64 dbWritten(sqlite3 *db){
  int nPage = 0, nHigh = 0;
  sqlite3_db_status(db, SQLITE_DBSTATUS_CACHE_WRITE, &nPage, &nHigh, 1);
  return (i64)nPage * (4096 + 24);
}

/*
** End the program unless session_check() has no rows.
*/
void dbCheck(sqlite3 *db, const char *zWhat){
  char zRule[300];
  dbText(db, zRule, sizeof(zRule),
         "SELECT rule||': '||coalesce(session_id,'')||' '"
         "||coalesce(ordinal,'')||' '||coalesce(detail,'')"
         "  FROM session_check()");
  if( zRule[0] ) die("%s: session_check() says: %s", zWhat, zRule);
  nChecked++;
}

/*
** The same for a database that is closed.
*/
void dbCheckFile(const char *zName){
  sqlite3 *db = dbOpen(zName, 1);
  dbCheck(db, zName);
  dbClose(db);
}

/*
** Number of databases found clean.
*/
int dbCheckedCount(void){
  return nChecked;
}
