/*
** fn_retain.c - session_prune, session_reap, pid_alive.
*/
#include "slSurface.h"

/* What stands for these functions where only DML may write. */
#define DML_PRUNE "DELETE FROM session_list WHERE id=..."
#define DML_REAP                                                               \
  "UPDATE session_list SET status='reaped', name=NULL, ended_at_ms=... "       \
  "WHERE id=..."

/*
** 1 if the text is exactly z2.
*/
static int textIs(const char *z, int n, const char *z2){
  return (size_t)n == strlen(z2) && memcmp(z, z2, (size_t)n) == 0;
}

/*
** The policy: 1 for "all", 0 for "auto" or none.
*/
static int prunePolicy(SlOp *pOp, sqlite3_value *pVal){
  int n;
  const char *z = slArgText(pOp, "policy", pVal, &n);
  if( pOp->rc!=SQLITE_OK || z==0 || textIs(z, n, "auto") ) return 0;
  if( textIs(z, n, "all") ) return 1;
  slInvalid(pOp, SQLITE_ERROR, "policy", pVal);
  return 0;
}

/*
** session_prune(older_than [, policy [, dry_run [, now_ms]]]): remove the
** sessions whose last activity is older_than ago, or longer. older_than is
** INTEGER ms or text such as '7d'; a negative age reaches into the future.
** policy is 'auto', the default, or 'all'. Returns a JSON array of ids.
*/
void slFnPrune(SlOp *pOp, sqlite3_context *pCtx, int nArg, sqlite3_value **ap){
  SlPrune s;
  memset(&s, 0, sizeof(s));
  s.iAge = slArgAge(pOp, "older_than", ap[0]);
  if( nArg>1 ) s.bAll = prunePolicy(pOp, ap[1]);
  if( nArg>2 ) s.bDry = slArgInt(pOp, "dry_run", ap[2], 0) != 0;
  if( nArg>3 && !slArgNull(ap[3]) ){
    s.bNow = 1;
    s.iNow = slArgInt(pOp, "now_ms", ap[3], 0);
  }
  if( !s.bDry ) slOpGuard(pOp, DML_PRUNE);
  if( pOp->rc==SQLITE_OK ) slResultOwned(pOp, pCtx, slPrune(pOp, &s));
}

/*
** session_reap(live [, origin [, now_ms]]): live is a JSON array of names, or
** NULL. Returns {"reaped":n,"sessions":[names],"stopped":n}.
*/
void slFnReap(SlOp *pOp, sqlite3_context *pCtx, int nArg, sqlite3_value **ap){
  SlReap s;
  const char *z;
  int n;
  memset(&s, 0, sizeof(s));
  s.zOrigin = "tmux";
  s.nOrigin = 4;
  slOpGuard(pOp, DML_REAP);
  z = slArgText(pOp, "live", ap[0], &n);
  if( z ){
    s.bKnown = 1;
    slJsonParse(z, n, &s.live, 0);
    if( s.live.eType!=SL_JSON_ARRAY ){
      slErr(pOp, SQLITE_MISMATCH, "invalid live: not a JSON array");
    }
  }
  if( nArg>1 && !slArgNull(ap[1]) ){
    s.zOrigin = slArgText(pOp, "origin", ap[1], &s.nOrigin);
  }
  if( nArg>2 && !slArgNull(ap[2]) ){
    s.bNow = 1;
    s.iNow = slArgInt(pOp, "now_ms", ap[2], 0);
  }
  if( pOp->rc==SQLITE_OK ) slResultOwned(pOp, pCtx, slReap(pOp, &s));
}

/*
** pid_alive(pid): 1 or 0; NULL for NULL. A process that belongs to somebody
** else is alive, pid<=0 is dead.
*/
void slFnPidAlive(SlOp *pOp, sqlite3_context *pCtx, int nArg,
                  sqlite3_value **ap) {
  i64 iPid = slArgInt(pOp, "pid", ap[0], 0);
  (void)nArg;
  if( !slArgNull(ap[0]) ) slResultInt(pOp, pCtx, slPidAlive(iPid));
}
