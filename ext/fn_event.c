/*
** fn_event.c - session_append, session_append_json, session_head.
*/
#include "slSurface.h"

/* What stands for these functions where only DML may write. */
#define DML_APPEND                                                             \
  "INSERT INTO session_events(session_id, kind, payload, at_ms, key) "         \
  "VALUES(...)"

/*
** Fail where an explicit NULL is given as the session to write to.
*/
static void needRef(SlOp *pOp, sqlite3_value *pRef){
  if( slArgNull(pRef) ) slErr(pOp, SQLITE_ERROR, "no such session: NULL");
}

/*
** session_append(ref, kind, payload [, at_ms [, key]]): append an event,
** return its ordinal. at_ms INTEGER ms since 1970 UTC, default now. A known
** key gives the ordinal that it has.
*/
void slFnAppend(SlOp *pOp, sqlite3_context *pCtx, int nArg,
                sqlite3_value **ap) {
  SlAppend a;
  memset(&a, 0, sizeof(a));
  slOpGuard(pOp, DML_APPEND);
  needRef(pOp, ap[0]);
  a.pRef = ap[0];
  a.event.zKind = slArgName(pOp, "kind", ap[1], 0, &a.event.nKind);
  if( nArg>3 && !slArgNull(ap[3]) ){
    a.bAtMs = 1;
    a.event.iAtMs = slArgInt(pOp, "at_ms", ap[3], 0);
  }
  if( nArg>4 && !slArgNull(ap[4]) ){
    a.event.zKey = slArgName(pOp, "key", ap[4], 0, &a.event.nKey);
  }
  if( pOp->rc==SQLITE_OK ){
    slEventFromValue(pOp, &a.event, ap[2]);
    slAppend(pOp, &a);
  }
  slResultInt(pOp, pCtx, a.iOrdinal);
}

/* A batch on its way through slOpWrite(). */
typedef struct JsonBatch JsonBatch;
struct JsonBatch {
  SlAppend append;
  SlJson array; /* validated */
  i64 iHead;    /* OUT */
};

/*
** Put "event N: " before the operation's message.
*/
static void batchWhere(SlOp *pOp, i64 iEvent){
  if( pOp->rc!=SQLITE_OK && pOp->zErr ){
    char *z = sqlite3_mprintf("event %lld: %z", iEvent, pOp->zErr);
    pOp->zErr = z;
    if( z==0 ) pOp->rc = SQLITE_NOMEM;
  }
}

/*
** Append one element of the array.
*/
static void batchEvent(SlOp *pOp, SlAppend *p, const SlJson *pElem){
  enum {
    KIND = 1,
    PAYLOAD = 2,
    AT_MS = 4,
    KEY = 8
  };
  SlJsonIter it;
  SlJson key, val;
  char *zKind = 0, *zPayload = 0, *zKey = 0;
  int mSeen = 0;
  memset(&p->event, 0, sizeof(p->event));
  p->event.eType = SQLITE_NULL;
  p->bAtMs = 0;
  if( pElem->eType!=SL_JSON_OBJECT ){
    slErr(pOp, SQLITE_MISMATCH, "not an object");
    return;
  }
  slJsonIter(pElem, &it);
  while( pOp->rc==SQLITE_OK && slJsonNext(&it, &key, &val) ){
    int m = slJsonStringEq(&key, "kind")      ? KIND
            : slJsonStringEq(&key, "payload") ? PAYLOAD
            : slJsonStringEq(&key, "at_ms")   ? AT_MS
            : slJsonStringEq(&key, "key")     ? KEY
                                              : 0;
    if( m==0 ){
      slErr(pOp, SQLITE_ERROR, "unknown key \"%.*s\"",
            (int)slUtf8Chars(key.z, key.n, 60), key.z);
    }else if( m & mSeen ){
      slErr(pOp, SQLITE_ERROR, "duplicate key \"%.*s\"", (int)key.n, key.z);
    }else if( val.eType!=SL_JSON_NULL ){
      switch( m ){
        case KIND:
          p->event.zKind =
            slJsonArgName(pOp, "kind", &val, 0, &p->event.nKind, &zKind);
          break;
        case PAYLOAD: slEventFromJson(pOp, &p->event, &val, &zPayload); break;
        case AT_MS:
          p->bAtMs = 1;
          p->event.iAtMs = slJsonArgInt(pOp, "at_ms", &val);
          break;
        default:
          p->event.zKey =
            slJsonArgName(pOp, "key", &val, 0, &p->event.nKey, &zKey);
          break;
      }
    }
    mSeen |= m;
  }
  if( p->event.zKind==0 ) slErr(pOp, SQLITE_CONSTRAINT, "invalid kind: NULL");
  slAppend(pOp, p);
  sqlite3_free(zKind);
  sqlite3_free(zPayload);
  sqlite3_free(zKey);
}

/*
** The task of session_append_json().
*/
static void batchTask(SlOp *pOp, void *pArg){
  JsonBatch *p = (JsonBatch *)pArg;
  SlJsonIter it;
  SlJson elem;
  i64 iEvent = 0;
  slNeed(pOp, p->append.pRef, &p->append.session);
  p->append.bSession = 1;
  slJsonIter(&p->array, &it);
  while( pOp->rc==SQLITE_OK && slJsonNext(&it, 0, &elem) ){
    iEvent++;
    batchEvent(pOp, &p->append, &elem);
    batchWhere(pOp, iEvent);
  }
  p->iHead = slHead(pOp, &p->append.session);
}

/*
** session_append_json(ref, array): append the events of a JSON array, all or
** none, and return the head. Each is an object with kind, payload and, if
** wanted, at_ms and key.
*/
void slFnAppendJson(SlOp *pOp, sqlite3_context *pCtx, int nArg,
                    sqlite3_value **ap) {
  JsonBatch b;
  const char *z;
  int n;
  i64 iErr;
  (void)nArg;
  memset(&b, 0, sizeof(b));
  slOpGuard(pOp, DML_APPEND);
  needRef(pOp, ap[0]);
  b.append.pRef = ap[0];
  z = slArgText(pOp, "array", ap[1], &n);
  if( pOp->rc==SQLITE_OK && z==0 ){
    slErr(pOp, SQLITE_ERROR, "invalid array: NULL");
  }
  if( pOp->rc==SQLITE_OK && !slJsonParse(z, n, &b.array, &iErr) ){
    slErr(pOp, SQLITE_ERROR, "invalid array: malformed JSON at byte %lld",
          iErr);
  }
  if( pOp->rc==SQLITE_OK && b.array.eType!=SL_JSON_ARRAY ){
    slErr(pOp, SQLITE_MISMATCH, "invalid array: not a JSON array");
  }
  slOpWrite(pOp, batchTask, &b);
  slResultInt(pOp, pCtx, b.iHead);
}

/*
** session_head([ref]): highest ordinal, 0 when empty; NULL for NULL.
*/
void slFnHead(SlOp *pOp, sqlite3_context *pCtx, int nArg, sqlite3_value **ap){
  SlSession s;
  if( nArg>0 && slArgNull(ap[0]) ) return;
  slOpRead(pOp);
  slNeed(pOp, nArg > 0 ? ap[0] : 0, &s);
  if( pOp->rc==SQLITE_OK ) sqlite3_result_int64(pCtx, slHead(pOp, &s));
}
