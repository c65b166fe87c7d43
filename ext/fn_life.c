/*
** fn_life.c - session_pause, session_resume, session_command_target,
** session_stop.
*/
#include "slSurface.h"

/* What stands for these functions where only DML may write. */
#define DML_PAUSE                                                              \
  "UPDATE session_list SET status='paused', pause_summary=..., "               \
  "paused_at_ms=... WHERE id=..."
#define DML_RESUME "UPDATE session_list SET status='active' WHERE id=..."
#define DML_STOP   "UPDATE session_list SET status='stopped' WHERE id=..."

/*
** session_pause(ref [, note [, at_ms]]): status becomes 'paused'; returns the
** summary, which is the note or made from the last events. at_ms INTEGER ms
** since 1970 UTC, default now.
*/
void slFnPause(SlOp *pOp, sqlite3_context *pCtx, int nArg, sqlite3_value **ap){
  SlPause s;
  memset(&s, 0, sizeof(s));
  slOpGuard(pOp, DML_PAUSE);
  s.pRef = ap[0];
  if( nArg>1 ) s.zNote = slArgText(pOp, "note", ap[1], &s.nNote);
  if( nArg>2 && !slArgNull(ap[2]) ){
    s.bAtMs = 1;
    s.iAtMs = slArgInt(pOp, "at_ms", ap[2], 0);
  }
  slPause(pOp, &s);
  slResultText(pOp, pCtx, s.zSummary, s.nSummary);
  sqlite3_free(s.zSummary);
}

/*
** session_resume([ref]): a paused session becomes 'active'; returns its id.
*/
void slFnResume(SlOp *pOp, sqlite3_context *pCtx, int nArg,
                sqlite3_value **ap) {
  SlSession session;
  slOpGuard(pOp, DML_RESUME);
  slResume(pOp, nArg > 0 ? ap[0] : 0, &session);
  slResultText(pOp, pCtx, session.zId, -1);
}

/*
** session_command_target([ref]): id of a session that takes commands; an
** error for one that is stopped, ended or reaped.
*/
void slFnCommandTarget(SlOp *pOp, sqlite3_context *pCtx, int nArg,
                       sqlite3_value **ap) {
  SlSession session;
  slCommandTarget(pOp, nArg > 0 ? ap[0] : 0, &session);
  slResultText(pOp, pCtx, session.zId, -1);
}

/*
** session_stop([ref]): status becomes 'stopped'; returns the id.
*/
void slFnStop(SlOp *pOp, sqlite3_context *pCtx, int nArg, sqlite3_value **ap){
  SlSession session;
  slOpGuard(pOp, DML_STOP);
  slStop(pOp, nArg > 0 ? ap[0] : 0, &session);
  slResultText(pOp, pCtx, session.zId, -1);
}
