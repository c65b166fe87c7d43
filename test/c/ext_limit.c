/*
** ext_limit: SQL functions for tests that set a limit of the connection, and
** return what it was. A negative n changes nothing.
**
**   limit_length(n)      SQLITE_LIMIT_LENGTH
**   limit_set(id, n)     the limit of that number
*/
#include <sqlite3ext.h>
SQLITE_EXTENSION_INIT1

static void limitLength(sqlite3_context *pCtx, int nArg,
                        sqlite3_value **apArg) {
  (void)nArg;
  sqlite3_result_int(pCtx, sqlite3_limit(sqlite3_context_db_handle(pCtx),
                                         SQLITE_LIMIT_LENGTH,
                                         sqlite3_value_int(apArg[0])));
}

static void limitSet(sqlite3_context *pCtx, int nArg, sqlite3_value **apArg){
  (void)nArg;
  sqlite3_result_int(pCtx, sqlite3_limit(sqlite3_context_db_handle(pCtx),
                                         sqlite3_value_int(apArg[0]),
                                         sqlite3_value_int(apArg[1])));
}

int sqlite3_extlimit_init(sqlite3 *, char **, const sqlite3_api_routines *);

int sqlite3_extlimit_init(sqlite3 *db, char **pzErrMsg,
                          const sqlite3_api_routines *pApi) {
  (void)pzErrMsg;
  SQLITE_EXTENSION_INIT2(pApi);
  sqlite3_create_function(db, "limit_set", 2, SQLITE_UTF8, 0, limitSet, 0, 0);
  return sqlite3_create_function(db, "limit_length", 1, SQLITE_UTF8, 0,
                                 limitLength, 0, 0);
}
