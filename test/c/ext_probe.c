/*
** ext_probe: SQL functions through which the test harness looks into SQLite.
**
**   probe_memory_used()   bytes that sqlite3_malloc() has given out and not
**                         got back, in the whole process
**   probe_leak(N)         loses N bytes, so that a test can see the harness
**                         notice it
*/
#include <sqlite3ext.h>
SQLITE_EXTENSION_INIT1
#include "extFunc.h"

static void probeMemoryUsed(sqlite3_context *ctx, int nArg,
                            sqlite3_value **apArg) {
  (void)nArg;
  (void)apArg;
  sqlite3_result_int64(ctx, sqlite3_memory_used());
}

static void probeLeak(sqlite3_context *ctx, int nArg, sqlite3_value **apArg){
  void *p = sqlite3_malloc(sqlite3_value_int(apArg[0]));
  (void)nArg;
  sqlite3_result_int(ctx, p != 0);
}

static const ExtFunc aFunc[] = {
  { "probe_memory_used", 0, probeMemoryUsed },
  { "probe_leak", 1, probeLeak },
};

EXT_ENTRY(sqlite3_extprobe_init, aFunc)
