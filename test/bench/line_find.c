/*
** line_find.c - line 12: finding sessions among few and among many.
**
** The same statements on two databases. Every way is tried with 100 sessions
** picked from all over the database, again and again, so that their pages are
** in the cache and what is measured is the search. The raw SELECT shows by how
** much SQLite's own search grows.
*/
#include <stdio.h>
#include <string.h>

#include "bench.h"

/* Sessions looked for. */
#define N_PICK 100

enum {
  FIND_NEWEST,
  FIND_STARTED,
  FIND_PAUSED,
  FIND_ID,
  FIND_NAME,
  FIND_LABEL,
  FIND_PREFIX,
  FIND_RAW,
  FIND_COUNT
};
static const char *const azFind[FIND_COUNT] = { "newest 20 sessions by id",
                                                "newest 20 sessions by start",
                                                "newest 20 paused sessions",
                                                "find by id",
                                                "find by name",
                                                "find by label",
                                                "find by prefix",
                                                "raw SELECT by name" };
static const char *const azSql[FIND_COUNT] = {
  "SELECT id, name, started_at_ms FROM session_list"
  " ORDER BY id DESC LIMIT 20",
  "SELECT id, name, started_at_ms FROM session_list"
  " ORDER BY started_at_ms DESC LIMIT 20",
  "SELECT id, name, started_at_ms FROM session_list"
  " WHERE status='paused' ORDER BY id DESC LIMIT 20",
  "SELECT session_find(?1)",
  "SELECT session_find(?1)",
  "SELECT session_find(?1)",
  "SELECT session_find(?1)",
  "SELECT id FROM sessionlog_session WHERE tenant='default' AND name=?1"
};

typedef struct Finder Finder;
struct Finder {
  sqlite3 *db;
  char aRef[FIND_COUNT][N_PICK][40]; /* what to look for */
  sqlite3_stmt *apStmt[FIND_COUNT];
};

typedef struct Find Find;
struct Find {
  Finder a[2]; /* few, many */
  int eFind;
};

/*
** Make a database of n sessions a second apart, each with a name, every tenth
** with a label, every other one paused.
*/
static void findOpen(Finder *p, const char *zName, i64 n){
  sqlite3_stmt *pIns;
  char z[40];
  i64 i;
  int j;
  p->db = dbCreate(zName, 1);
  dbExec(p->db, "SELECT session_init(); BEGIN");
  pIns = dbPrepare(
    p->db, "INSERT INTO session_list(id, name, started_at_ms, status)"
           " VALUES(ulid(?2), ?1, ?2, iif(?2/1000%2, 'paused', 'active'))");
  for(i=0; i<n; i++){
    snprintf(z, sizeof(z), "session-%lld", i);
    stmtBindText(pIns, 1, z, (i64)strlen(z));
    sqlite3_bind_int64(pIns, 2, 1700000000000 + i * 1000);
    stmtRun(pIns);
  }
  sqlite3_finalize(pIns);
  dbExec(p->db, "INSERT INTO session_labels(label, session_id)"
                " SELECT 'label-'||substr(name,9), id FROM session_list"
                "  WHERE name LIKE '%%0'");
  dbExec(p->db, "COMMIT; PRAGMA wal_checkpoint(TRUNCATE)");
  for(j=0; j<N_PICK; j++){
    i64 iPick = (i64)(inputRandom() % (unsigned)(n / 10)) * 10;
    snprintf(p->aRef[FIND_NAME][j], 40, "session-%lld", iPick);
    snprintf(p->aRef[FIND_RAW][j], 40, "session-%lld", iPick);
    snprintf(p->aRef[FIND_LABEL][j], 40, "label-%lld", iPick);
    dbText(p->db, p->aRef[FIND_ID][j], 40,
           "SELECT id FROM session_list WHERE name=%Q", p->aRef[FIND_NAME][j]);
    snprintf(p->aRef[FIND_PREFIX][j], 40, "%.12s", p->aRef[FIND_ID][j]);
  }
  for(j=0; j<FIND_COUNT; j++) p->apStmt[j] = dbPrepare(p->db, azSql[j]);
}

/*
** A turn: look for each of the picked.
*/
static void findWork(void *pArg, int iVar, int iChunk){
  Find *p = pArg;
  Finder *pFinder = &p->a[iVar];
  sqlite3_stmt *pStmt = pFinder->apStmt[p->eFind];
  int i, nRow = p->eFind <= FIND_PAUSED ? 20 : 1;
  (void)iChunk;
  for(i=0; i<N_PICK; i++){
    if( nRow==1 ){
      const char *zRef = pFinder->aRef[p->eFind][i];
      stmtBindText(pStmt, 1, zRef, (i64)strlen(zRef));
    }
    if( stmtRead(pStmt, 0)!=nRow ) die("%s: rows", azFind[p->eFind]);
  }
}

/*
** Line 12.
*/
void lineFind(void){
  static Find f;
  Race race = { 2, 5, 0, 0, findWork, 0 };
  Timing t;
  i64 nMany = pickSize(1000000, 100000);
  char zWhat[80];
  int i, j;
  if( !wantLines(12, 12) ) return;
  findOpen(&f.a[0], "few.db", 1000);
  findOpen(&f.a[1], "many.db", nMany);
  race.pArg = &f;
  for(i=0; i<FIND_COUNT; i++){
    double n = (double)race.nChunk * N_PICK;
    f.eFind = i;
    findWork(&f, 0, 0);
    findWork(&f, 1, 0);
    raceRun(&race, &t);
    snprintf(zWhat, sizeof(zWhat), "%s, %s against 1k sessions", azFind[i],
             nMany == 1000000 ? "1M" : "100k");
    reportRow(12, zWhat, i == FIND_RAW ? OP_NONE : OP_EQUAL, 1.3, "×",
              timingRatio(&t, 1, 0), "%.0f / %.0f ns", timingMedian(&t, 1) / n,
              timingMedian(&t, 0) / n);
  }
  for(i=0; i<2; i++){
    for(j=0; j<FIND_COUNT; j++) sqlite3_finalize(f.a[i].apStmt[j]);
    dbCheck(f.a[i].db, "sessions");
    dbClose(f.a[i].db);
  }
  dbRemove("few.db");
  dbRemove("many.db");
}
