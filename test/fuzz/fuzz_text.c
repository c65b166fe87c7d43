/*
** fuzz_text.c - fuzz target: text that is imported, and JSON arguments.
**
** The first byte of the input picks where the rest goes. What was written
** must leave a sound log, and what session_import() took must come out of
** session_export() and go in again as the same history.
*/
#define _GNU_SOURCE 1
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

static const char *const azSql[] = {
  "SELECT session_import(?1)",
  "SELECT session_append_json('empty', ?1)",
  "SELECT session_start('new', ?1)",
  "SELECT session_reap(?1, 'tmux', 50)",
  "INSERT INTO session_list(name, meta) VALUES('new', ?1)",
  "INSERT INTO session_list(name, target, cwd, label) VALUES(?1, ?1, ?1, ?1)",
  "INSERT INTO session_events(session_id, kind, key, payload, at_ms)"
  " VALUES('empty', ?1, ?1, ?1, ?1)",
  "SELECT session_use(?1), ulid_text(?1), ulid_ms(?1), session_find(?1),"
  " session_group_key(?1, ?1), session_auto_name(?1, 5), ulid_blob(?1)",
  "SELECT session_prune(?1, 'all', 0, 99999999999999)",
  "SELECT session_pause(session_use('alpha'), ?1), session_label('beta', ?1)",
};

/*
** Run a statement with the text bound; copies the text of the result.
*/
static int textRun(sqlite3 *db, const char *zSql, const char *z, int n,
                   char **pzOut) {
  sqlite3_stmt *pStmt = 0;
  int rc;
  *pzOut = 0;
  if( sqlite3_prepare_v2(db, zSql, -1, &pStmt, 0) ){
    fuzzFail("%s", sqlite3_errmsg(db));
  }
  sqlite3_bind_text(pStmt, 1, z, n, SQLITE_STATIC);
  rc = sqlite3_step(pStmt);
  if( rc==SQLITE_ROW ){
    const char *zCol = (const char *)sqlite3_column_text(pStmt, 0);
    *pzOut = zCol ? strdup(zCol) : 0;
  }
  rc = sqlite3_finalize(pStmt);
  if( 1u<<(rc & 31) & (FUZZ_NEVER|1u<<SQLITE_CORRUPT|1u<<SQLITE_NOMEM) ){
    fuzzFail("%d: %s", rc, sqlite3_errmsg(db));
  }
  return rc;
}

/*
** Export, import again, and compare the events.
*/
static void textAgain(sqlite3 *db, const char *zId){
  char *zFirst = 0, *zId2 = 0, *zSecond = 0;
  static const char zEvents[] =
    "SELECT count(*)||coalesce(group_concat(ordinal||kind||at_ms"
    "||quote(payload)||quote(key), char(10)), '') FROM session_events(?1)";
  int n = (int)strlen(zId);
  if( textRun(db, zEvents, zId, n, &zFirst)!=SQLITE_OK
   || textRun(db, "SELECT session_import((SELECT group_concat(line, char(10))"
                  " FROM session_export(?1)))",
              zId, n, &zId2)!=SQLITE_OK
   || zId2==0
   || textRun(db, zEvents, zId2, (int)strlen(zId2), &zSecond)!=SQLITE_OK
  ){
    fuzzFail("import of what was exported: %s", sqlite3_errmsg(db));
  }
  if( strcmp(zFirst, zSecond)!=0 ){
    fuzzFail("imported %s\nand then %s", zFirst, zSecond);
  }
  free(zFirst);
  free(zId2);
  free(zSecond);
}

int LLVMFuzzerTestOneInput(const uint8_t *a, size_t n){
  size_t nImage;
  const uint8_t *aImage = fuzzTemplate(&nImage);
  sqlite3 *db;
  int eSql, rc;
  char *zOut, *zText;
  if( n<2 || n>50000 ) return 0;
  eSql = a[0] % (int)(sizeof(azSql) / sizeof(azSql[0]));
  db = fuzzOpen(aImage, nImage);
  /* Without a NUL after it. */
  zText = malloc(n - 1);
  if( zText==0 ) return 0;
  memcpy(zText, &a[1], n - 1);
  rc = textRun(db, azSql[eSql], zText, (int)n - 1, &zOut);
  free(zText);
  if( !fuzzSound(db, 0) ) fuzzFail("the log is not sound: %s", azSql[eSql]);
  if( rc==SQLITE_OK && eSql==0 && zOut ) textAgain(db, zOut);
  free(zOut);
  fuzzClose(db);
  return 0;
}
