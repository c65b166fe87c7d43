/*
** host_old.c - a host whose SQLite says that it is of another version.
**
**   host_old SESSIONLOG.so VERSION_NUMBER
**
** Prints what loading gives: "ok", or the error.
*/
#define _GNU_SOURCE 1
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include "sqlite3.h"
#include "sqlite3ext.h"
#undef sqlite3_auto_extension
#undef sqlite3_close
#undef sqlite3_free
#undef sqlite3_libversion_number
#undef sqlite3_open

typedef int (*Init)(sqlite3 *, char **, const sqlite3_api_routines *);

static sqlite3_api_routines api; /* SQLite's own, but for the version */
static int iVersion;

static int version(void){
  return iVersion;
}

/*
** What SQLite calls for a new connection: it hands over its routines.
*/
static int take(sqlite3 *db, char **pzErr, const sqlite3_api_routines *pApi){
  (void)db;
  (void)pzErr;
  api = *pApi;
  api.libversion_number = version;
  return SQLITE_OK;
}

int main(int argc, char **argv){
  sqlite3 *db = 0;
  char *zErr = 0;
  void *pLib;
  Init xInit;
  int rc;
  if( argc!=3 ) return 2;
  iVersion = atoi(argv[2]);
  pLib = dlopen(argv[1], RTLD_NOW);
  if( pLib==0 ) return 2;
  *(void **)&xInit = dlsym(pLib, "sqlite3_sessionlog_init");
  if( xInit==0 || sqlite3_auto_extension((void (*)(void))take)
   || sqlite3_open(":memory:", &db)
  ){
    return 2;
  }
  rc = xInit(db, &zErr, &api);
  printf("%s\n", rc == SQLITE_OK || rc == SQLITE_OK_LOAD_PERMANENTLY ? "ok"
                 : zErr                                              ? zErr
                                                                     : "?");
  sqlite3_free(zErr);
  sqlite3_close(db);
  return 0;
}
