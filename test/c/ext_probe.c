/*
** ext_probe: SQL functions through which the test harness looks into SQLite.
**
**   probe_memory_used()   bytes that sqlite3_malloc() has given out and not
**                         got back, in the whole process
**   probe_leak(N)         loses N bytes, so that a test can see the harness
**                         notice it
**   probe_plain_vfs(B)    registers the VFS "plain", or takes it back: that of
**                         the system, but the names of its files are what they
**                         are opened by, without the directory
**   probe_middle(T)       the text T, of up to 100 bytes, from the middle of a
**                         buffer, with other bytes before and behind it
*/
#include <sqlite3ext.h>
SQLITE_EXTENSION_INIT1
#include "extFunc.h"

#include <string.h>

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

static int plainPathname(sqlite3_vfs *pVfs, const char *zName, int nOut,
                         char *zOut) {
  (void)pVfs;
  sqlite3_snprintf(nOut, zOut, "%s", zName);
  return (int)strlen(zName) < nOut ? SQLITE_OK : SQLITE_CANTOPEN;
}

static void probePlainVfs(sqlite3_context *ctx, int nArg,
                          sqlite3_value **apArg) {
  static sqlite3_vfs vfs;
  int rc;
  (void)nArg;
  if( sqlite3_value_int(apArg[0]) ){
    vfs = *sqlite3_vfs_find(0);
    vfs.zName = "plain";
    vfs.xFullPathname = plainPathname;
    rc = sqlite3_vfs_register(&vfs, 0);
  }else{
    rc = sqlite3_vfs_unregister(&vfs);
  }
  sqlite3_result_int(ctx, rc);
}

static void probeMiddle(sqlite3_context *ctx, int nArg, sqlite3_value **apArg){
  static char a[300];
  const unsigned char *z = sqlite3_value_text(apArg[0]);
  int n = sqlite3_value_bytes(apArg[0]);
  (void)nArg;
  if( z==0 || n>100 ) return;
  memset(a, 0x11, sizeof(a));
  memcpy(a + 100, z, (size_t)n);
  sqlite3_result_text(ctx, a + 100, n, SQLITE_STATIC);
}

static const ExtFunc aFunc[] = {
  { "probe_memory_used", 0, probeMemoryUsed },
  { "probe_leak", 1, probeLeak },
  { "probe_plain_vfs", 1, probePlainVfs },
  { "probe_middle", 1, probeMiddle },
};

EXT_ENTRY(sqlite3_extprobe_init, aFunc)
