/*
** host_close.c - a host in C: loads the library given as first argument,
** writes to the database given as second, and closes with sqlite3_close(),
** which refuses while a statement is left over. Prints its result.
*/
#include <sqlite3.h>
#include <stdio.h>

int main(int argc, char **argv){
  sqlite3 *db = 0;
  char *zErr = 0;
  int rc;
  if( argc<3 ) return 2;
  rc = sqlite3_open(argv[2], &db);
  if( rc==SQLITE_OK ) rc = sqlite3_enable_load_extension(db, 1);
  if( rc==SQLITE_OK ) rc = sqlite3_load_extension(db, argv[1], 0, &zErr);
  if( rc==SQLITE_OK ){
    rc =
      sqlite3_exec(db,
                   "SELECT session_start('c');"
                   "INSERT INTO session_events(kind, payload) VALUES('k', 'v');"
                   "SELECT session_append('c', 'k', 'v');"
                   "SELECT * FROM session_events('c');"
                   "SELECT session_fork();",
                   0, 0, &zErr);
  }
  if( rc!=SQLITE_OK ) printf("error %d: %s\n", rc, zErr ? zErr : "");
  sqlite3_free(zErr);
  printf("close %d\n", sqlite3_close(db));
  return 0;
}
