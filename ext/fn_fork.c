/*
** fn_fork.c - session_fork() and session_common().
*/
#include "slSurface.h"

/* What stands for session_fork() where only DML may write. */
#define DML_FORK "INSERT INTO session_list(parent_id, forked_at) VALUES(...)"

/* What the task of session_fork() is asked to do. */
typedef struct SlForkCall SlForkCall;
struct SlForkCall {
  int nArg;
  sqlite3_value **ap; /* ref, at, name */
  SlSession parent;
  SlFields fields; /* what is given of the child */
  SlSession child; /* OUT; iKey 0: there is no current session */
};

static void forkTask(SlOp *pOp, void *pArg){
  SlForkCall *p = (SlForkCall *)pArg;
  if( p->nArg==0 ){
    if( !slFindCurrent(pOp, &p->parent) ) return;
  }else{
    slNeed(pOp, p->ap[0], &p->parent);
  }
  p->fields.pParent = &p->parent;
  if( p->nArg>1 && !slArgNull(p->ap[1]) ){
    slFieldInt(pOp, &p->fields, SL_COL_FORKED_AT,
               slArgInt(pOp, "at", p->ap[1], 0));
  }
  if( p->nArg>2 ) slFieldValue(pOp, &p->fields, SL_COL_NAME, p->ap[2]);
  slSessionCreate(pOp, &p->fields, &p->child);
}

/*
** session_fork(): forks the current session at its head; the child becomes
** current; NULL where there is none.
** session_fork(ref [, at [, name]]): child of ref at ordinal at; at INTEGER,
** default the head, 0 shares nothing; name text, default none. Returns the
** child's id.
*/
void slFnFork(SlOp *pOp, sqlite3_context *pCtx, int nArg, sqlite3_value **ap){
  SlForkCall call;
  SlSession current;
  memset(&call, 0, sizeof(call));
  call.nArg = nArg;
  call.ap = ap;
  slOpGuard(pOp, DML_FORK);
  /* Without a current session nothing is written, not even the tables. */
  if( nArg==0 ){
    slOpRead(pOp);
    if( !slFindCurrent(pOp, &current) ) return;
  }
  slSessionWrite(pOp, &call.fields, forkTask, &call);
  if( pOp->rc!=SQLITE_OK || call.child.iKey==0 ) return;
  if( nArg==0 ){
    memcpy(pOp->pConn->zCurrent, call.child.zId, sizeof(call.child.zId));
  }
  slResultText(pOp, pCtx, call.child.zId, 26);
}

/*
** session_common(a, b): the ordinal up to which the two sessions share their
** history, 0: nothing. A session shares all with itself. NULL if either is
** NULL.
*/
void slFnCommon(SlOp *pOp, sqlite3_context *pCtx, int nArg,
                sqlite3_value **ap) {
  SlSession a, b;
  (void)nArg;
  if( slArgNull(ap[0]) || slArgNull(ap[1]) ) return;
  slOpRead(pOp);
  slNeed(pOp, ap[0], &a);
  slNeed(pOp, ap[1], &b);
  if( pOp->rc==SQLITE_OK ) slResultInt(pOp, pCtx, slCommon(pOp, &a, &b));
}
