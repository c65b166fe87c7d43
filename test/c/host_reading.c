/*
** host_reading.c - a host in C that closes while it reads.
**
**   host_reading LIBRARY DATABASE
**
** Makes a log of packed events, reads the first of them, and closes with
** sqlite3_close_v2() before the statement has come to its end. Prints the
** event, what close and the statement's end return, and the memory in use
** afterwards.
*/
#include <sqlite3.h>
#include <stdio.h>

int main(int argc, char **argv){
  sqlite3 *db = 0;
  sqlite3_stmt *pStmt = 0;
  int rc;
  if( argc!=3 ) return 2;
  rc = sqlite3_open(argv[2], &db);
  if( rc==SQLITE_OK ) rc = sqlite3_enable_load_extension(db, 1);
  if( rc==SQLITE_OK ) rc = sqlite3_load_extension(db, argv[1], 0, 0);
  if( rc==SQLITE_OK ){
    rc = sqlite3_exec(db,
                      "SELECT session_start('c');"
                      "INSERT INTO session_events(kind, payload)"
                      " VALUES('k', 'one'), ('k', 'two');"
                      "SELECT session_end('c');",
                      0, 0, 0);
  }
  if( rc==SQLITE_OK ){
    rc = sqlite3_prepare_v2(db, "SELECT payload FROM session_events('c')", -1,
                            &pStmt, 0);
  }
  if( rc!=SQLITE_OK || sqlite3_step(pStmt)!=SQLITE_ROW ){
    printf("error: %s\n", sqlite3_errmsg(db));
    return 1;
  }
  printf("%s\n", sqlite3_column_text(pStmt, 0));
  printf("close %d\n", sqlite3_close_v2(db));
  printf("end %d\n", sqlite3_finalize(pStmt));
  printf("memory %lld\n", sqlite3_memory_used());
  return 0;
}
