/*
** fn_pack.c - session_pack() and session_archive().
*/
#include "slSurface.h"

/* What the tasks are asked to do. */
typedef struct SlPackCall SlPackCall;
struct SlPackCall {
  sqlite3_value *pRef; /* the session, as for slNeed() */
  i64 iTo;             /* session_archive(): the watermark */
  i64 nEvent;          /* OUT: events packed or hidden */
};

static void packTask(SlOp *pOp, void *pArg){
  SlPackCall *p = (SlPackCall *)pArg;
  SlSession s;
  slNeed(pOp, p->pRef, &s);
  if( pOp->rc==SQLITE_OK ) p->nEvent = slPackIdle(pOp, &s);
}

static void archiveTask(SlOp *pOp, void *pArg){
  SlPackCall *p = (SlPackCall *)pArg;
  SlSession s;
  slNeed(pOp, p->pRef, &s);
  if( pOp->rc==SQLITE_OK ) p->nEvent = slArchive(pOp, &s, p->iTo);
}

/*
** session_pack([ref]): packs history that is no longer hot into compressed
** blocks; returns how many events it packed. Only the session's own events,
** not those it inherits. Of a session that has not ended the newest
** SL_PACK_KEEP (8) stay as rows, since tails are read and events appended
** there, and no block of fewer than 16 events is made: it would save little,
** and a block is never rewritten. An ended session is packed to the last.
*/
void slFnPack(SlOp *pOp, sqlite3_context *pCtx, int nArg, sqlite3_value **ap){
  SlPackCall call;
  memset(&call, 0, sizeof(call));
  call.pRef = nArg > 0 ? ap[0] : 0;
  slOpGuard(pOp, "BEGIN; SELECT session_pack(...); COMMIT");
  slOpWrite(pOp, packTask, &call);
  slResultInt(pOp, pCtx, call.nEvent);
}

/*
** session_archive(ref, watermark): events with ordinal <= watermark go out
** of sight; returns how many newly were. watermark INTEGER, clamped to the
** head; at or below the present one: 0. NULL is a MISMATCH.
*/
void slFnArchive(SlOp *pOp, sqlite3_context *pCtx, int nArg,
                 sqlite3_value **ap) {
  SlPackCall call;
  (void)nArg;
  memset(&call, 0, sizeof(call));
  call.pRef = ap[0];
  slOpGuard(pOp, "UPDATE session_list SET archived=... WHERE ref=...");
  if( slArgNull(ap[1]) ){
    slErr(pOp, SQLITE_MISMATCH, "invalid watermark: NULL");
  }
  call.iTo = slArgInt(pOp, "watermark", ap[1], 0);
  slOpWrite(pOp, archiveTask, &call);
  slResultInt(pOp, pCtx, call.nEvent);
}
