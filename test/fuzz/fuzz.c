/*
** fuzz.c - what the fuzz targets share, see fuzz.h.
*/
#define _GNU_SOURCE 1
#include "fuzz.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

int sqlite3_sessionlog_init(sqlite3 *, char **, const void *);

const char *zFuzzWhat = 0;
sqlite3_uint64 nFuzzAsked = 0;

/*
** The allocations of sessionlog by itself: the linker brings them here.
*/
void *__real_sqlite3_malloc64(sqlite3_uint64);
void *__wrap_sqlite3_malloc64(sqlite3_uint64);
void *__wrap_sqlite3_malloc64(sqlite3_uint64 n){
  if( n>nFuzzAsked ) nFuzzAsked = n;
  return __real_sqlite3_malloc64(n);
}
void *__real_sqlite3_realloc64(void *, sqlite3_uint64);
void *__wrap_sqlite3_realloc64(void *, sqlite3_uint64);
void *__wrap_sqlite3_realloc64(void *p, sqlite3_uint64 n){
  if( n>nFuzzAsked ) nFuzzAsked = n;
  return __real_sqlite3_realloc64(p, n);
}

void fuzzFail(const char *zFmt, ...){
  va_list ap;
  va_start(ap, zFmt);
  fprintf(stderr, "FAILED: ");
  vfprintf(stderr, zFmt, ap);
  fprintf(stderr, "%s%s\n", zFuzzWhat ? " -- " : "",
          zFuzzWhat ? zFuzzWhat : "");
  va_end(ap);
  abort();
}

int fuzzMore(void){
  static time_t iEnd = 0;
  const char *z = getenv("SESSIONLOG_SECONDS");
  if( z==0 ) return 0;
  if( iEnd==0 ) iEnd = time(0) + atol(z);
  return time(0) < iEnd;
}

/*
** The log that is damaged: rows and blocks, keys, two tenants, forks of forks,
** watermarks, a removed parent, and everything that a session may have. Pages
** are small, so that the file is.
*/
static const char zTemplate[] =
  "PRAGMA page_size=512;"
  "INSERT INTO session_list(id, name, label, meta, started_at_ms, kind,"
  " target, cwd, pid, host, origin) VALUES"
  "('01ARZ3NDEKTSV4RRFFQ69G5FA1', 'alpha', 'la', '{\"m\":1,\"n\":\"x\"}', 5,"
  " 'shell', '/bin/ls', '/tmp', 1, 'host', 'tmux');"
  "WITH n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i<76)"
  "INSERT INTO session_events(session_id, kind, payload, at_ms, key)"
  "SELECT 'alpha', CASE i%3 WHEN 0 THEN 'user' ELSE 'tool' END,"
  " CASE i%5 WHEN 0 THEN i WHEN 1 THEN x'0001' WHEN 2 THEN i/8.0"
  " WHEN 3 THEN NULL ELSE '{\"n\":'||i||'}' END, i,"
  " CASE WHEN i%7=0 THEN 'key'||i END FROM n;"
  "SELECT session_pack('alpha');"
  "INSERT INTO session_list(id, name, parent_id, forked_at, started_at_ms)"
  "VALUES('01ARZ3NDEKTSV4RRFFQ69G5FA2', 'beta', 'alpha', 66, 6);"
  "INSERT INTO session_events(session_id, kind, payload, at_ms, key)"
  "VALUES('beta','k','b1',1,'kb'),('beta','k','b2',2,NULL),"
  " ('beta','k','b3',3,NULL);"
  "UPDATE session_list SET archived=10 WHERE name='beta';"
  "INSERT INTO session_list(id, name, parent_id, forked_at, started_at_ms)"
  "VALUES('01ARZ3NDEKTSV4RRFFQ69G5FA3', 'gamma', 'beta', 68, 7);"
  "INSERT INTO session_events(session_id, kind, payload, at_ms)"
  "VALUES('gamma','k','c1',1),('gamma','k','c2',2);"
  "SELECT session_end('gamma', 20);"
  "INSERT INTO session_list(id, name, started_at_ms)"
  "VALUES('01ARZ3NDEKTSV4RRFFQ69G5FA4', 'gone', 8);"
  "INSERT INTO session_events(session_id, kind, payload, at_ms)"
  "VALUES('gone','k','d1',1),('gone','k','d2',2),('gone','k','d3',3);"
  "INSERT INTO session_list(id, name, parent_id, forked_at, started_at_ms)"
  "VALUES('01ARZ3NDEKTSV4RRFFQ69G5FA5', 'orphan', 'gone', 2, 9);"
  "DELETE FROM session_list WHERE name='gone';"
  "INSERT INTO session_list(id, name, started_at_ms, created_by)"
  "VALUES('01ARZ3NDEKTSV4RRFFQ69G5FA6', 'empty', 10, 'user');"
  "SELECT session_pause('alpha', 'note', 30);"
  "INSERT INTO session_artifacts(session_id, name, content, at_ms)"
  "VALUES('alpha', 'art', x'00ff00', 7), ('empty', 'txt', 'text', 7);"
  "SELECT scope_persist('global', 'k1', 'v1', 's', 5);"
  "SELECT scope_persist('flow:f', 'k2', 2.5, NULL, 6);"
  "SELECT session_tenant('other');"
  "INSERT INTO session_list(id, name, label, started_at_ms)"
  "VALUES('01ARZ3NDEKTSV4RRFFQ69G5FB1', 'alpha', 'la', 11);"
  "INSERT INTO session_events(session_id, kind, payload, at_ms)"
  "VALUES('alpha','k','secret1',1),('alpha','k','secret2',2);"
  "SELECT scope_persist('global', 'k1', 'secret3', 's', 5);"
  "SELECT session_tenant('default');";

const uint8_t *fuzzTemplate(size_t *pn){
  static uint8_t *aImage = 0;
  static size_t nImage = 0;
  if( aImage==0 ){
    sqlite3 *db = fuzzOpen(0, 0);
    sqlite3_int64 n = 0;
    unsigned char *a;
    char *zErr = 0;
    if( sqlite3_exec(db, zTemplate, 0, 0, &zErr) ){
      fuzzFail("template: %s", zErr);
    }
    if( !fuzzSound(db, 1) ) fuzzFail("the template is not sound");
    a = sqlite3_serialize(db, "main", &n, 0);
    aImage = a ? malloc((size_t)n) : 0;
    if( aImage==0 ) fuzzFail("no memory");
    memcpy(aImage, a, (size_t)n);
    nImage = (size_t)n;
    sqlite3_free(a);
    fuzzClose(db);
  }
  *pn = nImage;
  return aImage;
}

sqlite3 *fuzzOpen(const uint8_t *a, size_t n){
  sqlite3 *db = 0;
  char *zErr = 0;
  if( sqlite3_open(":memory:", &db) ) fuzzFail("open");
  if( a ){
    sqlite3_int64 nRoom = (sqlite3_int64)n + 65536;
    unsigned char *aCopy = sqlite3_malloc64((sqlite3_uint64)nRoom);
    if( aCopy==0 ) fuzzFail("no memory");
    memcpy(aCopy, a, n);
    /* What is in memory can't be in WAL mode. */
    if( n>19 ) aCopy[18] = aCopy[19] = 1;
    if( sqlite3_deserialize(db, "main", aCopy, (sqlite3_int64)n, nRoom,
                            SQLITE_DESERIALIZE_FREEONCLOSE
                              | SQLITE_DESERIALIZE_RESIZEABLE) ){
      fuzzFail("deserialize");
    }
  }
  if( sqlite3_sessionlog_init(db, &zErr, 0) ) fuzzFail("init: %s", zErr);
  nFuzzAsked = 0;
  return db;
}

void fuzzClose(sqlite3 *db){
  if( sqlite3_close(db)!=SQLITE_OK ) fuzzFail("a statement is left over");
  if( sqlite3_memory_used()!=0 ){
    fuzzFail("%lld bytes are left over", (long long)sqlite3_memory_used());
  }
}

static int fuzzStop(void *pArg){
  int *pnLeft = (int *)pArg;
  return --*pnLeft < 0;
}

void fuzzBudget(sqlite3 *db, int nOps){
  static int nLeft;
  nLeft = nOps / 100;
  sqlite3_progress_handler(db, nOps ? 100 : 0, nOps ? fuzzStop : 0, &nLeft);
}

void fuzzRun(sqlite3 *db, const char *zSql, int nMax, unsigned *pmSeen){
  while( nMax-- > 0 && *zSql ){
    sqlite3_stmt *pStmt = 0;
    int rc = sqlite3_prepare_v2(db, zSql, -1, &pStmt, &zSql);
    if( rc==SQLITE_OK && pStmt==0 ) continue;
    if( rc==SQLITE_OK ){
      while( (rc = sqlite3_step(pStmt))==SQLITE_ROW ){
        int i;
        for(i=0; i<sqlite3_column_count(pStmt); i++){
          /* The conversions look at every byte. */
          if( sqlite3_column_type(pStmt, i)==SQLITE_BLOB ){
            (void)sqlite3_column_blob(pStmt, i);
          }else{
            (void)sqlite3_column_text16(pStmt, i);
          }
        }
      }
      if( rc==SQLITE_DONE ) rc = SQLITE_OK;
    }
    sqlite3_finalize(pStmt);
    *pmSeen |= 1u << (rc & 31);
    if( 1u<<(rc & 31) & FUZZ_NEVER ){
      fuzzFail("result %d (%s) before: %s", rc, sqlite3_errmsg(db), zSql);
    }
  }
}

char *fuzzOne(sqlite3 *db, const char *zSql, int *pRc){
  sqlite3_stmt *pStmt = 0;
  char *zOut = 0;
  int rc = sqlite3_prepare_v2(db, zSql, -1, &pStmt, 0);
  if( rc==SQLITE_OK ) rc = sqlite3_step(pStmt);
  if( rc==SQLITE_ROW && sqlite3_column_type(pStmt, 0)!=SQLITE_NULL ){
    const char *z = (const char *)sqlite3_column_text(pStmt, 0);
    zOut = strdup(z ? z : "");
  }
  if( rc==SQLITE_ROW || rc==SQLITE_DONE ) rc = SQLITE_OK;
  sqlite3_finalize(pStmt);
  *pRc = rc;
  return zOut;
}

int fuzzSound(sqlite3 *db, int bIntegrity){
  int rc;
  char *z = fuzzOne(db,
                    "SELECT rule||' '||coalesce(session_id, '')||' '||detail"
                    " FROM session_check()",
                    &rc);
  int bSound = rc == SQLITE_OK && z == 0;
  if( getenv("FUZZ_VERBOSE") && !bSound ){
    fprintf(stderr, "session_check: %s %s\n", z ? z : "", sqlite3_errmsg(db));
  }
  free(z);
  if( bSound && bIntegrity ){
    z = fuzzOne(db, "PRAGMA integrity_check(1)", &rc);
    bSound = rc == SQLITE_OK && z != 0 && strcmp(z, "ok") == 0;
    if( getenv("FUZZ_VERBOSE") && !bSound ){
      fprintf(stderr, "integrity_check: %s\n", z ? z : sqlite3_errmsg(db));
    }
    free(z);
  }
  if( bSound ){
    /* A table of the file's own hides ours: nothing can be said. */
    z = fuzzOne(db,
                "SELECT name FROM sqlite_schema"
                " WHERE name LIKE 'session\\_%' ESCAPE '\\'",
                &rc);
    bSound = z == 0;
    free(z);
  }
  return bSound;
}

/* Each must give no row on a sound database. */
static const char *const azConsistent[] = {
  /* Every way to read a history has the same events. */
  "SELECT s.id FROM session_list AS s WHERE s.head-s.archived<>"
  "(SELECT count(*) FROM events_since(s.id, 0))",
  "SELECT s.id FROM session_list AS s WHERE s.head-s.archived<>"
  "(SELECT count(*) FROM session_events(s.id))",
  "SELECT s.id FROM session_list AS s WHERE s.head-s.archived<>"
  "(SELECT count(*) FROM events_tail(s.id, NULL))",
  "SELECT s.id FROM session_list AS s WHERE s.archived<>"
  "(SELECT count(*) FROM events_archived(s.id))",
  "SELECT s.id FROM session_list AS s WHERE s.n_events<>"
  "(SELECT count(*) FROM session_events(s.id) WHERE origin_id=s.id)+"
  "(SELECT count(*) FROM events_archived(s.id) WHERE origin_id=s.id)",
  "SELECT s.id FROM session_list AS s WHERE s.head>s.archived AND s.head<>"
  "(SELECT ordinal FROM session_events(s.id) ORDER BY ordinal DESC LIMIT 1)",
  "SELECT s.id, e.ordinal, e.kind, e.at_ms, e.payload, e.key, e.origin_id"
  " FROM session_list AS s, session_events(s.id) AS e"
  " EXCEPT SELECT session_id, ordinal, kind, at_ms, payload, key, origin_id"
  " FROM session_events",
  "SELECT s.id FROM session_list AS s WHERE s.head+1<>"
  "(SELECT count(*) FROM session_export(s.id))",
  "SELECT s.id FROM session_list AS s WHERE s.head<>session_head(s.id)",
  /* Every way to find a session finds the same one. */
  "SELECT id FROM session_list EXCEPT SELECT id FROM session_list"
  " ORDER BY id DESC",
  "SELECT s.id FROM session_list AS s WHERE s.id<>session_find(s.id)",
  "SELECT s.id FROM session_list AS s WHERE s.name IS NOT NULL"
  " AND s.id<>session_find(s.name) AND session_find(s.name)<>"
  "(SELECT t.id FROM session_list AS t WHERE t.id=ulid_text(s.name))",
  "SELECT 1 WHERE (SELECT count(*) FROM session_tree())<>"
  "(SELECT count(*) FROM session_list)",
  "SELECT s.id FROM session_list AS s, session_ancestors(s.id) AS a"
  " WHERE a.depth>(SELECT count(*)+9 FROM session_list)",
  /* An event's key finds it. */
  "SELECT 1 WHERE (SELECT value FROM session_stats() WHERE name='sessions')<>"
  "(SELECT count(*) FROM session_list)",
};

void fuzzConsistent(sqlite3 *db, const char *zWhat){
  size_t i;
  for(i=0; i<sizeof(azConsistent)/sizeof(azConsistent[0]); i++){
    int rc;
    char *z = fuzzOne(db, azConsistent[i], &rc);
    if( rc!=SQLITE_OK ){
      fuzzFail("%s: %d %s: %s", zWhat, rc, sqlite3_errmsg(db), azConsistent[i]);
    }
    if( z ) fuzzFail("%s: %s: %s", zWhat, z, azConsistent[i]);
  }
}
