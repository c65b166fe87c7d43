/*
** base.c - the baselines, and the ways to append.
**
** R0 and R1 write rows into the layout that the extension stores, declared as
** it declares it, with its constraints and its index of idempotency keys, but
** without triggers. Session integers are given, so that no id has to be looked
** up. What the constraints and the index cost is shown by a row of its own,
** for the bare columns.
**
** N is what existing session stores do: session ids as UUID text, an
** AUTOINCREMENT id, an index over the session, a timestamp by default, JSON
** as text.
*/
#define _POSIX_C_SOURCE 200809L
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "bench.h"

const char *const azWay[WAY_COUNT] = { "INSERT INTO session_events",
                                       "session_append()",
                                       "session_append_json()",
                                       "R0 into bare columns",
                                       "R0",
                                       "R1",
                                       "N" };

static const char *const azInsert[WAY_COUNT] = {
  "INSERT INTO session_events(session_id, kind, payload) VALUES(?1, ?2, ?3)",
  "SELECT session_append(?1, ?2, ?3)",
  "SELECT session_append_json(?1, ?2)",
  "INSERT INTO ev(key, at_ms, kind, payload) VALUES(?1, ?4, ?2, ?3)",
  "INSERT INTO ev(key, at_ms, kind, payload) VALUES(?1, ?4, ?2, ?3)",
  "INSERT INTO ev(key, at_ms, kind, payload) VALUES("
  " coalesce((SELECT key FROM ev WHERE key BETWEEN ?1<<32"
  " AND (?1<<32)+4294967295 ORDER BY key DESC LIMIT 1), ?1<<32)+1,"
  " ?4, ?2, ?3)",
  "INSERT INTO events(session_id, kind, payload) VALUES(?1, ?2, ?3)"
};

const char *const zRawSelect =
  "SELECT key&4294967295, at_ms, kind, payload FROM ev"
  " WHERE key BETWEEN ?1 AND ?2 ORDER BY key";
const char *const zSinceSelect =
  "SELECT ordinal, at_ms, kind, payload FROM events_since(?1, ?2)";

/*
** 1 for the ways that use the extension's tables.
*/
int wayIsLog(int eWay){
  return eWay < WAY_BARE;
}

/*
** The current time as all ways record it.
*/
i64 nowMs(void){
  struct timespec t;
  clock_gettime(CLOCK_REALTIME, &t);
  return (i64)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/*
** The table of R0 and R1: a copy of the stored one under another name.
*/
void baseRows(sqlite3 *db){
  static const char *const azName[] = { "sessionlog_event",
                                        "sessionlog_event_idem" };
  sqlite3 *pLog;
  char zSql[1000];
  int i;
  if( dbInt(db, "SELECT count(*) FROM sqlite_schema WHERE name='ev'") ) return;
  pLog = dbCreate("layout.db", 1);
  dbExec(pLog, "SELECT session_init()");
  for(i=0; i<2; i++){
    dbText(pLog, zSql, sizeof(zSql),
           "SELECT replace(sql, 'sessionlog_event', 'ev') FROM sqlite_schema"
           " WHERE name='%s'",
           azName[i]);
    dbExec(db, "%s", zSql);
  }
  dbClose(pLog);
  dbRemove("layout.db");
}

/*
** The same columns and nothing else.
*/
static void bareRows(sqlite3 *db){
  dbExec(db, "CREATE TABLE ev(key INTEGER PRIMARY KEY, at_ms INTEGER,"
             " kind TEXT, idem TEXT, payload)");
}

/*
** Tables of N.
*/
void basePeers(sqlite3 *db){
  dbExec(db, "CREATE TABLE sessions(id TEXT PRIMARY KEY, title TEXT,"
             " created_at TEXT DEFAULT CURRENT_TIMESTAMP, updated_at TEXT);"
             "CREATE TABLE events(id INTEGER PRIMARY KEY AUTOINCREMENT,"
             " session_id TEXT NOT NULL, kind TEXT NOT NULL,"
             " payload TEXT NOT NULL,"
             " created_at TEXT DEFAULT CURRENT_TIMESTAMP);"
             "CREATE INDEX events_session ON events(session_id)");
}

/*
** A UUID.
*/
void basePeerId(char zId[40]){
  unsigned a = inputRandom(), b = inputRandom(), c = inputRandom();
  snprintf(zId, 40, "%08x-%04x-4%03x-a%03x-%08x%04x", a, b >> 16, b & 0xfff,
           c & 0xfff, inputRandom(), c >> 16);
}

/*
** Make sessions of the extension.
*/
static void openSessions(Appender *p){
  sqlite3_stmt *pStmt;
  int i;
  dbExec(p->db, "SELECT session_init(); BEGIN");
  pStmt = dbPrepare(p->db, "INSERT INTO session_list(id, started_at_ms)"
                           " VALUES(?1, ?2)");
  for(i=0; i<p->nSession; i++){
    dbText(p->db, p->aId[i], sizeof(p->aId[i]), "SELECT ulid()");
    stmtBindText(pStmt, 1, p->aId[i], 26);
    sqlite3_bind_int64(pStmt, 2, nowMs());
    stmtRun(pStmt);
  }
  sqlite3_finalize(pStmt);
  dbExec(p->db, "COMMIT");
}

/*
** Make sessions of N.
*/
static void openPeers(Appender *p){
  sqlite3_stmt *pStmt;
  int i;
  basePeers(p->db);
  dbExec(p->db, "BEGIN");
  pStmt = dbPrepare(p->db, "INSERT INTO sessions(id) VALUES(?1)");
  for(i=0; i<p->nSession; i++){
    basePeerId(p->aId[i]);
    stmtBindText(pStmt, 1, p->aId[i], (i64)strlen(p->aId[i]));
    stmtRun(pStmt);
  }
  sqlite3_finalize(pStmt);
  dbExec(p->db, "COMMIT");
}

/*
** JSON arrays of BENCH_ARRAY events each, enough to go round the input once
** or eight times.
*/
static void makeArrays(Appender *p){
  int i, j;
  p->nArray = 8;
  p->azArray = calloc((size_t)p->nArray, sizeof(char *));
  p->anArray = calloc((size_t)p->nArray, sizeof(int));
  if( p->azArray==0 || p->anArray==0 ) die("out of memory");
  for(i=0; i<p->nArray; i++){
    sqlite3_str *pStr = sqlite3_str_new(0);
    for(j=0; j<BENCH_ARRAY; j++){
      i64 iEvent = (i64)i * BENCH_ARRAY + j;
      sqlite3_str_appendf(pStr, "%s{\"kind\":\"%s\",\"payload\":%s}",
                          j ? "," : "[", inputKind(iEvent),
                          p->pInput->az[inputAt(p->pInput, iEvent)]);
    }
    sqlite3_str_appendall(pStr, "]");
    p->anArray[i] = sqlite3_str_length(pStr);
    p->azArray[i] = sqlite3_str_finish(pStr);
    if( p->azArray[i]==0 ) die("out of memory");
  }
}

/*
** Make a database of nSession empty sessions.
*/
void appenderOpen(Appender *p, int eWay, const char *zName, int nSession,
                  const Input *pInput) {
  memset(p, 0, sizeof(*p));
  p->eWay = eWay;
  p->zName = zName;
  p->nSession = nSession;
  p->pInput = pInput;
  p->aId = calloc((size_t)nSession, sizeof(p->aId[0]));
  p->aHead = calloc((size_t)nSession, sizeof(p->aHead[0]));
  if( p->aId==0 || p->aHead==0 ) die("out of memory");
  p->db = dbCreate(zName, wayIsLog(eWay));
  if( wayIsLog(eWay) ) openSessions(p);
  if( eWay==WAY_BARE ) bareRows(p->db);
  if( eWay==WAY_R0 || eWay==WAY_R1 ) baseRows(p->db);
  if( eWay==WAY_N ) openPeers(p);
  if( eWay==WAY_JSON ) makeArrays(p);
  p->pStmt = dbPrepare(p->db, azInsert[eWay]);
  dbWritten(p->db);
}

/*
** Append to a database that another process has made, to session number
** iSession, whose id is zId.
*/
void appenderJoin(Appender *p, int eWay, const char *zName, const char *zId,
                  int iSession, const Input *pInput) {
  memset(p, 0, sizeof(*p));
  p->eWay = eWay;
  p->zName = zName;
  p->nSession = iSession + 1;
  p->pInput = pInput;
  p->aId = calloc((size_t)p->nSession, sizeof(p->aId[0]));
  p->aHead = calloc((size_t)p->nSession, sizeof(p->aHead[0]));
  if( p->aId==0 || p->aHead==0 ) die("out of memory");
  snprintf(p->aId[iSession], sizeof(p->aId[0]), "%s", zId);
  p->db = dbOpen(zName, wayIsLog(eWay));
  p->pStmt = dbPrepare(p->db, azInsert[eWay]);
}

/*
** Append event i to session number iSession.
*/
void appenderAdd(Appender *p, i64 i, int iSession){
  const Input *pInput = p->pInput;
  const char *zKind = inputKind(i);
  int iPayload = inputAt(pInput, i);
  switch( p->eWay ){
    case WAY_LOG:
    case WAY_FN: stmtBindText(p->pStmt, 1, p->aId[iSession], 26); break;
    case WAY_N: stmtBindText(p->pStmt, 1, p->aId[iSession], 36); break;
    case WAY_R1: sqlite3_bind_int64(p->pStmt, 1, iSession + 1); break;
    default:
      sqlite3_bind_int64(p->pStmt, 1,
                         ((i64)(iSession + 1) << 32) | ++p->aHead[iSession]);
      break;
  }
  stmtBindText(p->pStmt, 2, zKind, (i64)strlen(zKind));
  stmtBindText(p->pStmt, 3, pInput->az[iPayload], pInput->an[iPayload]);
  if( p->eWay>=WAY_BARE && p->eWay<=WAY_R1 ){
    sqlite3_bind_int64(p->pStmt, 4, nowMs());
  }
  stmtRun(p->pStmt);
}

/*
** Append BENCH_ARRAY events at once, event i being the first.
*/
void appenderAddArray(Appender *p, i64 i, int iSession){
  int iArray = (int)(i / BENCH_ARRAY % p->nArray);
  stmtBindText(p->pStmt, 1, p->aId[iSession], 26);
  stmtBindText(p->pStmt, 2, p->azArray[iArray], p->anArray[iArray]);
  stmtRun(p->pStmt);
}

/*
** Check, unless it is a baseline, and close.
*/
void appenderClose(Appender *p){
  if( wayIsLog(p->eWay) ) dbCheck(p->db, p->zName);
  appenderLeave(p);
}

/*
** Close without a check.
*/
void appenderLeave(Appender *p){
  int i;
  sqlite3_finalize(p->pStmt);
  dbClose(p->db);
  for(i=0; i<p->nArray; i++) sqlite3_free(p->azArray[i]);
  free(p->azArray);
  free(p->anArray);
  free(p->aId);
  free(p->aHead);
}
