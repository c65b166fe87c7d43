/*
** stats.c - session_stats(): what the tenant has, counted. Its statements
** stand in sql/check.sql.
*/
#include "sessionlogInt.h"

/*
** Run a statement with the tenant bound, and put its columns into aVal.
*/
static void statsQuery(SlOp *pOp, int eSql, i64 *aVal, int nVal){
  const char *zTenant = pOp->pConn->zTenant;
  sqlite3_stmt *pStmt = slStmt(pOp, eSql);
  int i;
  slBindText(pOp, pStmt, 1, zTenant, (i64)strlen(zTenant));
  if( slStep(pOp, pStmt) ){
    for(i=0; i<nVal; i++) aVal[i] = sqlite3_column_int64(pStmt, i);
  }
  slFree(pOp, eSql, pStmt);
}

const char *slStatName(int eStat){
  static const char *const azName[SL_STAT_COUNT] = {
    "sessions",        "events",       "forks",           "deepest_fork",
    "bytes_rows",      "bytes_blocks", "bytes_artifacts", "packed_events",
    "archived_events", "blocks",       "ended_sessions",  "removed_sessions",
    "labels",          "meta",         "artifacts",       "scopes",
    "scope_entries"
  };
  return azName[eStat];
}

void slStats(SlOp *pOp, i64 aStat[SL_STAT_COUNT]){
  i64 aVal[4];
  memset(aStat, 0, SL_STAT_COUNT * sizeof(aStat[0]));
  memset(aVal, 0, sizeof(aVal));
  if( !slOpRead(pOp) ) return;
  statsQuery(pOp, SL_SQL_STATS_SESSION, aVal, 4);
  aStat[SL_STAT_SESSIONS] = aVal[0];
  aStat[SL_STAT_FORKS] = aVal[1];
  aStat[SL_STAT_ENDED] = aVal[2];
  aStat[SL_STAT_REMOVED] = aVal[3];
  statsQuery(pOp, SL_SQL_STATS_DEPTH, &aStat[SL_STAT_DEEPEST], 1);
  statsQuery(pOp, SL_SQL_STATS_EVENT, aVal, 3);
  aStat[SL_STAT_EVENTS] = aVal[0];
  aStat[SL_STAT_ARCHIVED] = aVal[1];
  aStat[SL_STAT_BYTES_ROWS] = aVal[2];
  statsQuery(pOp, SL_SQL_STATS_BLOCK, aVal, 4);
  aStat[SL_STAT_BLOCKS] = aVal[0];
  aStat[SL_STAT_PACKED] = aVal[1];
  aStat[SL_STAT_EVENTS] += aVal[1];
  aStat[SL_STAT_ARCHIVED] += aVal[2];
  aStat[SL_STAT_BYTES_BLOCKS] = aVal[3];
  statsQuery(pOp, SL_SQL_STATS_LABEL, &aStat[SL_STAT_LABELS], 1);
  statsQuery(pOp, SL_SQL_STATS_META, &aStat[SL_STAT_META], 1);
  statsQuery(pOp, SL_SQL_STATS_ARTIFACT, aVal, 2);
  aStat[SL_STAT_ARTIFACTS] = aVal[0];
  aStat[SL_STAT_BYTES_ARTIFACTS] = aVal[1];
  statsQuery(pOp, SL_SQL_STATS_SCOPE, aVal, 2);
  aStat[SL_STAT_SCOPE_ENTRIES] = aVal[0];
  aStat[SL_STAT_SCOPES] = aVal[1];
}
