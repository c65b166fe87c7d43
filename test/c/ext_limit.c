/*
** ext_limit: SQL functions for tests that set a limit of the connection, and
** return what it was. A negative n changes nothing.
**
**   limit_length(n)      SQLITE_LIMIT_LENGTH
**   limit_set(id, n)     the limit of that number
**   limit_heap(n)        memory of the whole process, 0: none
**   heap_used()          bytes of it that are used
**   main_name(name)      not a limit: the name of the database "main" from now
**                        on; returns it
**   modules_drop()       nor this: all virtual tables are unknown from now on
*/
#include <sqlite3ext.h>
SQLITE_EXTENSION_INIT1
#include "extFunc.h"

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

static void limitHeap(sqlite3_context *pCtx, int nArg, sqlite3_value **apArg){
  (void)nArg;
  sqlite3_result_int64(
    pCtx, sqlite3_hard_heap_limit64(sqlite3_value_int64(apArg[0])));
}

static void heapUsed(sqlite3_context *pCtx, int nArg, sqlite3_value **apArg){
  (void)nArg;
  (void)apArg;
  sqlite3_result_int64(pCtx, sqlite3_memory_used());
}

static void mainName(sqlite3_context *pCtx, int nArg, sqlite3_value **apArg){
  static char zName[40];
  (void)nArg;
  sqlite3_snprintf(sizeof(zName), zName, "%s", sqlite3_value_text(apArg[0]));
  sqlite3_db_config(sqlite3_context_db_handle(pCtx), SQLITE_DBCONFIG_MAINDBNAME,
                    zName);
  sqlite3_result_text(pCtx, zName, -1, SQLITE_STATIC);
}

static void modulesDrop(sqlite3_context *pCtx, int nArg,
                        sqlite3_value **apArg) {
  (void)nArg;
  (void)apArg;
  sqlite3_result_int(pCtx,
                     sqlite3_drop_modules(sqlite3_context_db_handle(pCtx), 0));
}

static const ExtFunc aFunc[] = {
  { "limit_length", 1, limitLength }, { "limit_set", 2, limitSet },
  { "limit_heap", 1, limitHeap },     { "heap_used", 0, heapUsed },
  { "main_name", 1, mainName },       { "modules_drop", 0, modulesDrop },
};

EXT_ENTRY(sqlite3_extlimit_init, aFunc)
