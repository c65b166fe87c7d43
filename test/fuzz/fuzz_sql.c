/*
** fuzz_sql.c - fuzz target: SQL on a sound log.
**
** The first byte of the input says what kind of connection it is, the rest is
** the SQL. Where that could not reach the stored tables by itself, the log
** must be sound and readable afterwards, whatever the SQL was, and wherever
** it was interrupted.
*/
#include "fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Bits of the first byte. */
#define SQL_RAW     0x01 /* not DEFENSIVE: nothing is said of the result */
#define SQL_TRUSTED 0x02 /* trusted_schema=ON */
#define SQL_LOCKED  0x04 /* the tenant is locked */
#define SQL_LIMITS  0x08 /* low limits */
#define SQL_SHORT   0x10 /* interrupted soon */
#define SQL_EMPTY   0x20 /* begin with an empty database */

/*
** Nothing outside the database, and no setting of the whole process.
*/
static int sqlAuth(void *pArg, int eAction, const char *z1, const char *z2,
                   const char *z3, const char *z4) {
  static const char *const azPragma[] = { "temp_store_directory",
                                          "data_store_directory",
                                          "hard_heap_limit",
                                          "soft_heap_limit",
                                          "mmap_size",
                                          "cache_size",
                                          "threads" };
  size_t i;
  (void)pArg;
  (void)z3;
  (void)z4;
  if( eAction==SQLITE_ATTACH ) return SQLITE_DENY;
  if( eAction==SQLITE_FUNCTION && sqlite3_stricmp(z2, "session_save")==0 ){
    return SQLITE_DENY;
  }
  for(i=0; eAction==SQLITE_PRAGMA && i<sizeof(azPragma)/sizeof(azPragma[0]);
      i++) {
    if( sqlite3_stricmp(z1, azPragma[i])==0 ) return SQLITE_DENY;
  }
  return SQLITE_OK;
}

/*
** The settings that an application gives a stranger's connection.
*/
static void sqlLimits(sqlite3 *db){
  sqlite3_limit(db, SQLITE_LIMIT_LENGTH, 20000);
  sqlite3_limit(db, SQLITE_LIMIT_SQL_LENGTH, 5000);
  sqlite3_limit(db, SQLITE_LIMIT_EXPR_DEPTH, 20);
  sqlite3_limit(db, SQLITE_LIMIT_VDBE_OP, 2000);
  sqlite3_limit(db, SQLITE_LIMIT_LIKE_PATTERN_LENGTH, 20);
  sqlite3_limit(db, SQLITE_LIMIT_TRIGGER_DEPTH, 3);
}

/*
** 1 if the text could name a stored table, or change what checks see.
*/
static int sqlReaches(const char *z){
  static const char *const azWord[] = { "sessionlog_", "session_check",
                                        "session_list", "session_events" };
  size_t i, n = strlen(z);
  for(i=0; i<n; i++){
    if( sqlite3_strnicmp(&z[i], azWord[0], 11)==0 ) return 1;
    if( sqlite3_strnicmp(&z[i], "create", 6)==0
     || sqlite3_strnicmp(&z[i], "alter", 5)==0
    ){
      size_t j, k;
      for(k=1; k<4; k++){
        for(j=i; j<n; j++){
          if( sqlite3_strnicmp(&z[j], azWord[k], (int)strlen(azWord[k]))==0 ){
            return 1;
          }
        }
      }
    }
  }
  return 0;
}

/*
** The log as another connection finds it must be sound. It is, if nothing
** has changed.
*/
static void sqlCheck(sqlite3 *db, const uint8_t *aImage, size_t nImage){
  sqlite3_int64 n = 0;
  unsigned char *a;
  sqlite3 *db2;
  int rc;
  char *z;
  sqlite3_set_authorizer(db, 0, 0);
  fuzzBudget(db, 0);
  sqlite3_limit(db, SQLITE_LIMIT_LENGTH, 1000000000);
  if( !sqlite3_get_autocommit(db) ) sqlite3_exec(db, "ROLLBACK", 0, 0, 0);
  a = sqlite3_serialize(db, "main", &n, 0);
  if( a==0 || ((size_t)n==nImage && memcmp(a, aImage, nImage)==0) ){
    sqlite3_free(a);
    return;
  }
  db2 = fuzzOpen(a, (size_t)n);
  sqlite3_free(a);
  z = fuzzOne(db2,
              "SELECT rule||' '||coalesce(session_id, '')||' '||detail"
              " FROM session_check()",
              &rc);
  if( z || rc ) fuzzFail("session_check: %d %s", rc, z ? z : "");
  z = fuzzOne(db2, "PRAGMA integrity_check(1)", &rc);
  if( z==0 || strcmp(z, "ok") ) fuzzFail("integrity_check: %s", z ? z : "");
  free(z);
  fuzzConsistent(db2, "after SQL");
  if( sqlite3_close(db2) ) fuzzFail("a statement is left over");
}

int LLVMFuzzerTestOneInput(const uint8_t *a, size_t n){
  sqlite3 *db;
  size_t nImage;
  const uint8_t *aImage = fuzzTemplate(&nImage);
  unsigned mSeen = 0;
  char *zSql;
  int eMode, on;
  if( n<2 || n>8000 ) return 0;
  eMode = a[0];
  zSql = malloc(n);
  if( zSql==0 ) return 0;
  memcpy(zSql, &a[1], n - 1);
  zSql[n - 1] = 0;
  db = eMode & SQL_EMPTY ? fuzzOpen(0, 0) : fuzzOpen(aImage, nImage);
  sqlite3_db_config(db, SQLITE_DBCONFIG_DEFENSIVE, (eMode & SQL_RAW) == 0, &on);
  sqlite3_db_config(db, SQLITE_DBCONFIG_TRUSTED_SCHEMA,
                    (eMode & SQL_TRUSTED) != 0, &on);
  if( eMode & SQL_LOCKED ){
    sqlite3_exec(db, "SELECT session_tenant('default', 1)", 0, 0, 0);
  }
  sqlite3_limit(db, SQLITE_LIMIT_LENGTH, 1000000);
  sqlite3_limit(db, SQLITE_LIMIT_VDBE_OP, 50000);
  sqlite3_limit(db, SQLITE_LIMIT_WORKER_THREADS, 0);
  if( eMode & SQL_LIMITS ) sqlLimits(db);
  fuzzBudget(db, eMode & SQL_SHORT ? 3000 : 100000);
  sqlite3_set_authorizer(db, sqlAuth, 0);
  fuzzRun(db, zSql, 24, &mSeen);
  if( (eMode & SQL_RAW)==0 && !sqlReaches(zSql) ){
    sqlCheck(db, aImage, nImage);
  }
  free(zSql);
  fuzzClose(db);
  return 0;
}
