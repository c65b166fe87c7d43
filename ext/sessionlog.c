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
#define DET (SQLITE_INNOCUOUS | SQLITE_DETERMINISTIC)
#define DIR SQLITE_DIRECTONLY

/* Every SQL function: name, fewest and most arguments, flags, body. */
static const SlFunc aFunc[] = {
  /* identifiers: fn_id.c */
  { "ulid", 0, 1, INN | SL_PURE, slFnUlid },
  { "ulid_ms", 1, 1, DET | SL_PURE, slFnUlidMs },
  { "ulid_text", 1, 1, DET | SL_PURE, slFnUlidText },
  { "ulid_blob", 1, 1, DET | SL_PURE, slFnUlidBlob },
  { "ulid_uuid", 1, 1, DET | SL_PURE, slFnUlidUuid },
  { "sessionlog_version", 0, 0, DET | SL_PURE, slFnVersion },
  { "sessionlog_source_id", 0, 0, DET | SL_PURE, slFnSourceId },
  /* place: fn_place.c */
  { "session_current", 0, 0, INN | SL_ANYWHERE, slFnCurrent },
  { "session_use", 0, 1, 0, slFnUse },
  { "session_tenant", 0, 0, INN | SL_ANYWHERE, slFnTenant },
  { "session_tenant", 1, 2, SL_ANYWHERE, slFnTenant },
  { "session_schema", 0, 0, INN | SL_ANYWHERE, slFnSchema },
  { "session_schema", 1, 1, SL_ANYWHERE, slFnSchema },
  { "session_init", 0, 0, 0, slFnInit },
  { "session_schema_version", 0, 0, INN, slFnSchemaVersion },
  { "session_writes", 0, 0, INN, slFnWrites },
  { "session_writes", 1, 1, 0, slFnWrites },
  /* sessions: fn_session.c */
  { "session_start", 0, 1, 0, slFnStart },
  { "session_start", 2, 2, DIR, slFnStart },
  { "session_open", 1, 1, 0, slFnOpen },
  { "session_find", 0, 1, INN, slFnFind },
  { "session_end", 0, 2, 0, slFnEnd },
  { "session_touch", 0, 2, 0, slFnTouch },
  { "session_label", 2, 2, 0, slFnLabel },
  { "session_unlabel", 1, 1, 0, slFnUnlabel },
  { "session_promote", 0, 1, 0, slFnPromote },
  { "session_meta", 2, 2, INN, slFnMetaGet },
  { "session_meta", 3, 3, 0, slFnMetaSet },
  { "session_has_data", 0, 1, INN, slFnHasData },
  { "session_target_hash", 1, 1, DIR | SL_PURE, slFnTargetHash },
  { "session_group_key", 2, 2, DET | SL_PURE, slFnGroupKey },
  { "session_auto_name", 1, 2, INN | SL_PURE, slFnAutoName },
  /* events: fn_event.c */
  { "session_append", 3, 5, 0, slFnAppend },
  { "session_append_json", 2, 2, 0, slFnAppendJson },
  { "session_head", 0, 1, INN, slFnHead },
  /* forks: fn_fork.c */
  { "session_fork", 0, 3, 0, slFnFork },
  { "session_common", 2, 2, INN, slFnCommon },
  /* blocks and archive: fn_pack.c */
  { "session_pack", 0, 1, 0, slFnPack },
  { "session_archive", 2, 2, 0, slFnArchive },
  /* retention: fn_retain.c */
  { "session_prune", 1, 4, 0, slFnPrune },
  { "session_reap", 1, 3, DIR, slFnReap },
  { "pid_alive", 1, 1, DIR | SL_PURE, slFnPidAlive },
  /* lifecycle: fn_life.c */
  { "session_pause", 1, 3, 0, slFnPause },
  { "session_resume", 0, 1, 0, slFnResume },
  { "session_command_target", 0, 1, INN, slFnCommandTarget },
  { "session_stop", 0, 1, 0, slFnStop },
  /* scopes: fn_scope.c */
  { "scope_remember", 3, 5, SL_PURE, slFnRemember },
  { "scope_recall", 2, 2, INN | SL_PURE, slFnRecall },
  { "scope_forget", 2, 2, SL_PURE, slFnForget },
  { "scope_persist", 3, 5, 0, slFnPersist },
  { "scope_retrieve", 2, 2, INN, slFnRetrieve },
  { "scope_mutate", 3, 4, 0, slFnMutate },
  { "scope_purge", 2, 2, 0, slFnPurge },
  { "scope_flush", 0, 1, DIR, slFnFlush },
  /* copies: fn_copy.c */
  { "session_save", 1, 2, DIR, slFnSave },
  { "session_import", 1, 2, 0, slFnImport },
};

/* Every virtual table. */
static const SlTable *const apTable[] = {
  /* events: vt_event.c */
  &slTableEvents,
  &slTableSince,
  &slTableTail,
  &slTableArchived,
  /* sessions: vt_list.c, vt_label.c, vt_meta.c, vt_artifact.c */
  &slTableList,
  &slTableLabels,
  &slTableMeta,
  &slTableArtifacts,
  /* forks: vt_fork.c */
  &slTableAncestors,
  &slTableTree,
  /* scopes: vt_scope.c */
  &slTableScopeEntries,
  &slTableScopeQuery,
  &slTableScopeList,
  /* copies and checks: vt_export.c, vt_check.c */
  &slTableExport,
  &slTableCheck,
  &slTableStats,
};

/*
** 1 in *pbLoaded if a sessionlog is on the connection already: its table that
** is registered last. No SELECT is run, because newer versions of SQLite read
** the schema for any, and the file may be locked, or damaged.
*/
static int isLoaded(sqlite3 *db, int *pbLoaded){
  sqlite3_stmt *pStmt = 0;
  int rc = sqlite3_prepare_v2(db, "PRAGMA module_list", -1, &pStmt, 0);
  *pbLoaded = 0;
  while( rc==SQLITE_OK && sqlite3_step(pStmt)==SQLITE_ROW ){
    const char *zName = (const char *)sqlite3_column_text(pStmt, 0);
    if( zName==0 ) rc = SQLITE_NOMEM;
    if( zName && strcmp(zName, SL_PENDING)==0 ) *pbLoaded = 1;
  }
  if( rc==SQLITE_OK ) return sqlite3_finalize(pStmt);
  sqlite3_finalize(pStmt);
  return rc;
}

/*
** Fail if the sessionlog that is on the connection is of another build.
*/
static int isThisBuild(sqlite3 *db, char **pzErrMsg){
  sqlite3_stmt *pStmt = 0;
  int rc = sqlite3_prepare_v2(db, "SELECT coalesce(sessionlog_source_id(), '')",
                              -1, &pStmt, 0);
  if( rc!=SQLITE_OK ) return rc;
  if( sqlite3_step(pStmt)==SQLITE_ROW ){
    const char *zId = (const char *)sqlite3_column_text(pStmt, 0);
    if( zId && strcmp(zId, SL_SOURCE_ID)!=0 ){
      *pzErrMsg = sqlite3_mprintf("another build of sessionlog is loaded on "
                                  "this connection: %s",
                                  zId);
      sqlite3_finalize(pStmt);
      return SQLITE_ERROR;
    }
  }
  return sqlite3_finalize(pStmt);
}

/*
** Tell SQLite how the text of the main database is encoded, by its file's
** header. SQLite itself learns it with the schema. If that happens in the
** first statement, because it calls a function of ours, versions up to 3.40
** go on with text of two encodings, some later ones say that the database
** table is locked.
*/
static int setEncoding(sqlite3 *db){
  static const char *const azPragma[] = { "PRAGMA encoding='UTF-8'",
                                          "PRAGMA encoding='UTF-16le'",
                                          "PRAGMA encoding='UTF-16be'" };
  sqlite3_file *pFile = 0;
  u8 a[100];
  int rc;
  /* Main always has a file object, without methods where it is in memory. */
  sqlite3_file_control(db, "main", SQLITE_FCNTL_FILE_POINTER, &pFile);
  if( NEVER(pFile==0) || pFile->pMethods==0 ) return SQLITE_OK;
  rc = pFile->pMethods->xRead(pFile, a, sizeof(a), 0);
  if( rc==SQLITE_IOERR_SHORT_READ ) return SQLITE_OK;
  if( rc==SQLITE_OK && memcmp(a, "SQLite format 3", 16)==0 && a[59]>=1
   && a[59]<=3
  ){
    rc = sqlite3_exec(db, azPragma[a[59] - 1], 0, 0, 0);
  }
  return rc;
}

/* What is loaded is never unloaded: ids stay in order for as long as the
** process lives. */
#ifdef SQLITE_CORE
#define INIT_OK SQLITE_OK
#else
#define INIT_OK SQLITE_OK_LOAD_PERMANENTLY
#endif

int sqlite3_sessionlog_init(sqlite3 *, char **, const sqlite3_api_routines *);

__attribute__((visibility("default"))) int sqlite3_sessionlog_init(
  sqlite3 *db, char **pzErrMsg, const sqlite3_api_routines *pApi) {
  SlConn *pConn;
  int rc, bLoaded;
  size_t i;
#ifdef SQLITE_CORE
  (void)pApi;
#else
  SQLITE_EXTENSION_INIT2(pApi);
#endif
  if( sqlite3_libversion_number()<SL_MIN_SQLITE ){
    *pzErrMsg = sqlite3_mprintf("sessionlog needs SQLite 3.38.0 or newer, "
                                "this is %s",
                                sqlite3_libversion());
    return SQLITE_ERROR;
  }
  rc = isLoaded(db, &bLoaded);
  if( rc!=SQLITE_OK ) return rc;
  if( bLoaded ) return isThisBuild(db, pzErrMsg);
  pConn = slConnNew(db);
  if( pConn==0 ) return SQLITE_NOMEM;
  rc = setEncoding(db);
  for(i=0; rc==SQLITE_OK && i<sizeof(apTable)/sizeof(apTable[0]); i++){
    rc = slTableRegister(pConn, apTable[i]);
  }
  for(i=0; rc==SQLITE_OK && i<sizeof(aFunc)/sizeof(aFunc[0]); i++){
    rc = slFuncRegister(pConn, &aFunc[i]);
  }
  if( rc==SQLITE_OK ) rc = slHomeRegister(pConn);
  slConnUnref(pConn);
  return rc == SQLITE_OK ? INIT_OK : rc;
}
