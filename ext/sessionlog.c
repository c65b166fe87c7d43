/*
** sessionlog.c - the entry point, and what it registers.
**
** Loading writes nothing and reads no stored table. A second load on the
** same connection, of this library or of a copy of it, changes nothing; one
** of another build is refused.
*/
#ifndef SQLITE_CORE
#include "sqlite3ext.h"
SQLITE_EXTENSION_INIT1
#endif
#include "slSurface.h"
#include "source_id.h"

#define SL_MIN_SQLITE 3038000

#define INN SQLITE_INNOCUOUS
#define DET (SQLITE_INNOCUOUS|SQLITE_DETERMINISTIC)
#define DIR SQLITE_DIRECTONLY

/* Every SQL function: name, fewest and most arguments, flags, body. */
static const SlFunc aFunc[] = {
  /* identifiers: fn_id.c */
  {"ulid", 0, 1, INN, slFnUlid},
  {"ulid_ms", 1, 1, DET, slFnUlidMs},
  {"ulid_text", 1, 1, DET, slFnUlidText},
  {"ulid_blob", 1, 1, DET, slFnUlidBlob},
  {"ulid_uuid", 1, 1, DET, slFnUlidUuid},
  {"sessionlog_version", 0, 0, DET, slFnVersion},
  {"sessionlog_source_id", 0, 0, DET, slFnSourceId},
  /* place: fn_place.c */
  /* sessions: fn_session.c */
  /* events: fn_event.c */
  {"session_append", 3, 5, 0, slFnAppend},
  {"session_append_json", 2, 2, 0, slFnAppendJson},
  {"session_head", 0, 1, INN, slFnHead},
  /* forks: fn_fork.c */
  /* blocks and archive: fn_pack.c */
  /* retention: fn_retain.c */
  /* lifecycle: fn_life.c */
  /* scopes: fn_scope.c */
  /* copies: fn_copy.c */
};

/* Every virtual table. */
static const SlTable *const apTable[] = {
  /* events: vt_event.c */
  &slTableEvents,
  &slTableSince,
  &slTableTail,
  &slTableArchived,
  /* sessions: vt_list.c, vt_label.c, vt_meta.c, vt_artifact.c */
  /* forks: vt_fork.c */
  /* scopes: vt_scope.c */
  /* copies and checks: vt_export.c, vt_check.c */
};

/*
** The source id of a sessionlog that is on the connection already, or NULL.
** *pzId is sqlite3_malloc'd.
*/
static int loadedAlready(sqlite3 *db, char **pzId){
  sqlite3_stmt *pStmt = 0;
  int rc;
  *pzId = 0;
  rc = sqlite3_prepare_v2(db, "SELECT sessionlog_source_id()", -1, &pStmt, 0);
  if( rc==SQLITE_OK ){
    if( sqlite3_step(pStmt)==SQLITE_ROW ){
      *pzId = sqlite3_mprintf("%s", sqlite3_column_text(pStmt, 0));
    }
    rc = sqlite3_finalize(pStmt);
    if( rc==SQLITE_OK && *pzId==0 ) rc = SQLITE_NOMEM;
  }else if( rc==SQLITE_ERROR ){
    rc = SQLITE_OK;
  }
  return rc;
}

#ifdef _WIN32
__declspec(dllexport)
#else
__attribute__((visibility("default")))
#endif
int sqlite3_sessionlog_init(
  sqlite3 *db,
  char **pzErrMsg,
  const sqlite3_api_routines *pApi
){
  SlConn *pConn;
  char *zId;
  int rc;
  size_t i;
#ifdef SQLITE_CORE
  (void)pApi;
#else
  SQLITE_EXTENSION_INIT2(pApi);
#endif
  if( sqlite3_libversion_number()<SL_MIN_SQLITE ){
    *pzErrMsg = sqlite3_mprintf("sessionlog needs SQLite 3.38.0 or newer, "
                                "this is %s", sqlite3_libversion());
    return SQLITE_ERROR;
  }
  rc = loadedAlready(db, &zId);
  if( zId ){
    if( strcmp(zId, SL_SOURCE_ID)!=0 ){
      *pzErrMsg = sqlite3_mprintf("another build of sessionlog is loaded on "
                                  "this connection: %s", zId);
      rc = SQLITE_ERROR;
    }
    sqlite3_free(zId);
    return rc;
  }
  if( rc!=SQLITE_OK ) return rc;
  pConn = slConnNew(db);
  if( pConn==0 ) return SQLITE_NOMEM;
  rc = slHomeRegister(pConn);
  for(i=0; rc==SQLITE_OK && i<sizeof(apTable)/sizeof(apTable[0]); i++){
    rc = slTableRegister(pConn, apTable[i]);
  }
  for(i=0; rc==SQLITE_OK && i<sizeof(aFunc)/sizeof(aFunc[0]); i++){
    rc = slFuncRegister(pConn, &aFunc[i]);
  }
  slConnUnref(pConn);
#ifndef SQLITE_CORE
  /* Ids stay in order for as long as the process lives: never unload. */
  if( rc==SQLITE_OK ) rc = SQLITE_OK_LOAD_PERMANENTLY;
#endif
  return rc;
}
