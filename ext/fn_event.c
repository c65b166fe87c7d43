/*
** fn_event.c - session_append, session_append_json, session_head.
*/
#include "slSurface.h"

/* What stands for these functions where only DML may write. */
#define DML_APPEND                                                             \
  "INSERT INTO session_events(session_id, kind, payload, at_ms, key) "         \
  "VALUES(...)"

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
  a.pRef = ap[0];
  a.event.zKind = slArgName(pOp, "kind", ap[1], 0, &a.event.nKind);
  if( nArg>3 && !slArgNull(ap[3]) ){
    a.bAtMs = 1;
    a.event.iAtMs = slArgInt(pOp, "at_ms", ap[3], 0);
  }
  if( nArg>4 && !slArgNull(ap[4]) ){
    a.event.zKey = slArgName(pOp, "key", ap[4], 0, &a.event.nKey);
  }
  slEventFromValue(pOp, &a.event, ap[2]);
  slAppend(pOp, &a);
  slResultInt(pOp, pCtx, a.iOrdinal);
}

/* A batch on its way through slOpWrite(). */
typedef struct JsonBatch JsonBatch;
struct JsonBatch {
  SlAppend append;
  const char *z;   /* the text */
  SlJsonWalk walk; /* how far in it we are */
  int bNow;        /* iNow is set */
  i64 iNow;        /* the time of all events that have none of their own */
  i64 iHead;       /* OUT */
};

/*
** Fail where the text stops being JSON.
*/
static void batchMalformed(SlOp *pOp, const JsonBatch *p){
  if( p->walk.zErr ){
    slErr(pOp, SQLITE_ERROR, "invalid array: malformed JSON at byte %lld",
          (i64)(p->walk.zErr - p->z));
  }
}

/*
** Put "event N: " before the operation's message.
*/
static void batchWhere(SlOp *pOp, i64 iEvent){
  if( pOp->zErr ){
    char *z = sqlite3_mprintf("event %lld: %z", iEvent, pOp->zErr);
    pOp->zErr = z;
    if( z==0 ) pOp->rc = SQLITE_NOMEM;
  }
}

/* Members of an event, and the memory that their text may need. */
enum {
  BATCH_KIND,
  BATCH_PAYLOAD,
  BATCH_AT_MS,
  BATCH_KEY,
  BATCH_MEMBERS
};

/*
** Which member that key names, BATCH_MEMBERS for none.
*/
static int batchMember(const SlJson *pKey){
  static const char *const azName[] = { "kind", "payload", "at_ms", "key" };
  int i = 0;
  while( i<BATCH_MEMBERS && !slJsonStringEq(pKey, azName[i]) ) i++;
  return i;
}

/*
** Put one member into the event.
*/
static void batchSet(SlOp *pOp, SlAppend *p, int iMember, const SlJson *pVal,
                     char **pzFree) {
  SlEvent *pEvent = &p->event;
  if( pVal->eType==SL_JSON_NULL ) return;
  switch( iMember ){
    case BATCH_KIND:
      pEvent->zKind =
        slJsonArgName(pOp, "kind", pVal, 0, &pEvent->nKind, pzFree);
      break;
    case BATCH_PAYLOAD: slEventFromJson(pOp, pEvent, pVal, pzFree); break;
    case BATCH_AT_MS:
      p->bAtMs = 1;
      pEvent->iAtMs = slJsonArgInt(pOp, "at_ms", pVal);
      break;
    default:
      pEvent->zKey = slJsonArgName(pOp, "key", pVal, 0, &pEvent->nKey, pzFree);
      break;
  }
}

/*
** Append the element of the array that the walk stands at.
*/
static void batchEvent(SlOp *pOp, JsonBatch *pBatch){
  SlAppend *p = &pBatch->append;
  SlJson key, val;
  char *azFree[BATCH_MEMBERS] = { 0, 0, 0, 0 };
  int mSeen = 0;
  int i;
  memset(&p->event, 0, sizeof(p->event));
  p->event.eType = SQLITE_NULL;
  p->bAtMs = 0;
  if( !slJsonWalkEnter(&pBatch->walk, '{') ){
    if( slJsonWalkValue(&pBatch->walk, &val) ){
      slErr(pOp, SQLITE_MISMATCH, "not an object");
    }
    return;
  }
  while( slJsonWalkNext(&pBatch->walk, '}', &key) ){
    i = batchMember(&key);
    if( !slJsonWalkValue(&pBatch->walk, &val) ) break;
    if( i==BATCH_MEMBERS ){
      slErr(pOp, SQLITE_ERROR, "unknown key \"%.*s\"",
            (int)slUtf8Chars(key.z, key.n, 60), key.z);
    }else if( mSeen>>i & 1 ){
      slErr(pOp, SQLITE_ERROR, "duplicate key \"%.*s\"", (int)key.n, key.z);
    }else{
      batchSet(pOp, p, i, &val, &azFree[i]);
    }
    mSeen |= 1 << i;
  }
  if( pBatch->walk.zErr==0 ){
    if( p->event.zKind==0 ){
      slErr(pOp, SQLITE_CONSTRAINT, "invalid kind: NULL");
    }
    if( !p->bAtMs ){
      if( !pBatch->bNow ) pBatch->iNow = slOpNow(pOp, "at_ms");
      pBatch->bNow = 1;
      p->event.iAtMs = pBatch->iNow;
      p->bAtMs = 1;
    }
    slAppend(pOp, p);
  }
  for(i=0; i<BATCH_MEMBERS; i++) sqlite3_free(azFree[i]);
}

/*
** The task of session_append_json(). What is wrong with an event is told only
** if the text is JSON up to there.
*/
static void batchTask(SlOp *pOp, void *pArg){
  JsonBatch *p = (JsonBatch *)pArg;
  i64 iEvent = 0;
  slNeed(pOp, p->append.pRef, &p->append.session);
  p->append.bSession = 1;
  while( pOp->rc==SQLITE_OK && slJsonWalkNext(&p->walk, ']', 0) ){
    iEvent++;
    batchEvent(pOp, p);
    batchWhere(pOp, iEvent);
  }
  slJsonWalkEnd(&p->walk);
  batchMalformed(pOp, p);
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
  SlJson val;
  int n;
  (void)nArg;
  memset(&b, 0, sizeof(b));
  slOpGuard(pOp, DML_APPEND);
  b.append.pRef = ap[0];
  b.z = slArgText(pOp, "array", ap[1], &n);
  if( b.z==0 ) slErr(pOp, SQLITE_ERROR, "invalid array: NULL");
  if( pOp->rc==SQLITE_OK ){
    slJsonWalk(&b.walk, b.z, n);
    if( !slJsonWalkEnter(&b.walk, '[') ){
      slJsonWalkValue(&b.walk, &val);
      slJsonWalkEnd(&b.walk);
      batchMalformed(pOp, &b);
      slErr(pOp, SQLITE_MISMATCH, "invalid array: not a JSON array");
    }
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
