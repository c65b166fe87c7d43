/*
** host_close.c - a host in C.
**
**   host_close LIBRARY DATABASE [SQL...]
**
** Opens the database, loads the library by sqlite3_load_extension(), runs the
** SQL and prints its rows, then closes with sqlite3_close(), which refuses
** while a statement is left over. Prints its result.
*/
#include <sqlite3.h>
#include <stdio.h>

static int printRow(void *pNotUsed, int n, char **azCol, char **azName){
  int i;
  (void)pNotUsed;
  (void)azName;
  for(i=0; i<n; i++) printf("%s ", azCol[i] ? azCol[i] : "NULL");
  printf("\n");
  return 0;
}

int main(int argc, char **argv){
  sqlite3 *db = 0;
  char *zErr = 0;
  int i, rc;
  if( argc<3 ) return 2;
  rc = sqlite3_open(argv[2], &db);
  if( rc==SQLITE_OK ) rc = sqlite3_enable_load_extension(db, 1);
  if( rc==SQLITE_OK ) rc = sqlite3_load_extension(db, argv[1], 0, &zErr);
  for(i=3; rc==SQLITE_OK && i<argc; i++){
    rc = sqlite3_exec(db, argv[i], printRow, 0, &zErr);
  }
  if( rc!=SQLITE_OK ) printf("error %d: %s\n", rc, zErr ? zErr : "");
  sqlite3_free(zErr);
  printf("close %d\n", sqlite3_close(db));
  return 0;
}
