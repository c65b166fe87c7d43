/*
** fn_id.c - ulid(), its other forms, and the build's own identity.
*/
#include "slSurface.h"
#include "source_id.h"

/*
** ulid(), ulid(at_ms): a new ULID as canonical text. at_ms INTEGER, ms since
** 1970 UTC, 0..2^48-1; NULL is the same as none.
*/
void slFnUlid(SlOp *pOp, sqlite3_context *pCtx, int nArg, sqlite3_value **ap){
  SlUlid u;
  char z[27];
  if( nArg==0 || slArgNull(ap[0]) ){
    slErrRc(pOp, slUlidNew(&u));
  }else{
    i64 iMs = slArgInt(pOp, "at_ms", ap[0], 0);
    if( iMs<0 || iMs>SL_ULID_MAX_MS ){
      slErr(pOp, SQLITE_ERROR, "invalid at_ms: %lld is outside 0..%lld", iMs,
            SL_ULID_MAX_MS);
    }else{
      slErrRc(pOp, slUlidAt(iMs, &u));
    }
  }
  if( pOp->rc==SQLITE_OK ){
    slUlidText(&u, z);
    sqlite3_result_text(pCtx, z, 26, SQLITE_TRANSIENT);
  }
}

/*
** ulid_ms(u): its time in ms since 1970 UTC, NULL if u is no ULID.
*/
void slFnUlidMs(SlOp *pOp, sqlite3_context *pCtx, int nArg,
                sqlite3_value **ap) {
  SlUlid u;
  (void)pOp;
  (void)nArg;
  if( slUlidParseValue(ap[0], &u) ) sqlite3_result_int64(pCtx, slUlidMs(&u));
}

/*
** ulid_text(u): canonical text, NULL if u is no ULID.
*/
void slFnUlidText(SlOp *pOp, sqlite3_context *pCtx, int nArg,
                  sqlite3_value **ap) {
  SlUlid u;
  char z[27];
  (void)pOp;
  (void)nArg;
  if( slUlidParseValue(ap[0], &u) ){
    slUlidText(&u, z);
    sqlite3_result_text(pCtx, z, 26, SQLITE_TRANSIENT);
  }
}

/*
** ulid_blob(u): the 16 bytes, NULL if u is no ULID.
*/
void slFnUlidBlob(SlOp *pOp, sqlite3_context *pCtx, int nArg,
                  sqlite3_value **ap) {
  SlUlid u;
  u8 a[16];
  (void)pOp;
  (void)nArg;
  if( slUlidParseValue(ap[0], &u) ){
    slUlidBlob(&u, a);
    sqlite3_result_blob(pCtx, a, 16, SQLITE_TRANSIENT);
  }
}

/*
** ulid_uuid(u): RFC 4122 text in lower case, NULL if u is no ULID.
*/
void slFnUlidUuid(SlOp *pOp, sqlite3_context *pCtx, int nArg,
                  sqlite3_value **ap) {
  SlUlid u;
  char z[37];
  (void)pOp;
  (void)nArg;
  if( slUlidParseValue(ap[0], &u) ){
    slUlidUuid(&u, z);
    sqlite3_result_text(pCtx, z, 36, SQLITE_TRANSIENT);
  }
}

/*
** sessionlog_version(): the release, as text.
*/
void slFnVersion(SlOp *pOp, sqlite3_context *pCtx, int nArg,
                 sqlite3_value **ap) {
  (void)nArg;
  (void)ap;
  slResultText(pOp, pCtx, SL_VERSION, -1);
}

/*
** sessionlog_source_id(): SHA-256 of the sources, as hexadecimal text.
*/
void slFnSourceId(SlOp *pOp, sqlite3_context *pCtx, int nArg,
                  sqlite3_value **ap) {
  (void)nArg;
  (void)ap;
  slResultText(pOp, pCtx, SL_SOURCE_ID, -1);
}
