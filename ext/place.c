/*
** place.c - how the log may be written to: what session_writes() stores.
*/
#include "sessionlogInt.h"

/* The modes by SL_WRITES_. */
static const char *const azWrites[] = { "any", "dml", "explicit" };

const char *slWritesName(const SlDb *pDb){
  return azWrites[pDb->eWrites];
}

/*
** The task of slWritesSet(). The mode holds from now on in this transaction
** too.
*/
static void writesTask(SlOp *pOp, void *pArg){
  int eWrites = *(const int *)pArg;
  const char *z = azWrites[eWrites];
  sqlite3_stmt *pStmt = slStmt(pOp, SL_SQL_CONFIG_SET);
  slBindText(pOp, pStmt, 1, "writes", 6);
  slBindText(pOp, pStmt, 2, z, (i64)strlen(z));
  slRun(pOp, SL_SQL_CONFIG_SET, pStmt);
  if( pOp->rc==SQLITE_OK ) pOp->pDb->eWrites = eWrites;
}

void slWritesSet(SlOp *pOp, const char *z, i64 n){
  int e;
  for(e=SL_WRITES_ANY; e<=SL_WRITES_EXPLICIT; e++){
    if( (i64)strlen(azWrites[e])==n && memcmp(azWrites[e], z, (size_t)n)==0 ){
      slOpWrite(pOp, writesTask, &e);
      return;
    }
  }
  slErr(pOp, SQLITE_CONSTRAINT, "invalid mode: %.*s",
        (int)slUtf8Chars(z, n, 60), z);
}
