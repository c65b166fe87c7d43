/*
** fork.c - how sessions descend from each other.
**
** A fork is a session whose row names a parent and the ordinal up to which
** it reads that parent's history. A parent is older than its forks, and its
** integer smaller, so that every walk to the parents ends, also in a file
** that lies. Nothing here recurses: chains may be as deep as there are
** sessions.
**
** A removed session that a fork descends from is a tombstone. It counts as an
** ancestor, but it is no part of a tree: its forks are roots.
*/
#include "sessionlogInt.h"

/*
** Fail: the session's parent is lost, or no parent could be what it is.
*/
static void forkDamage(SlOp *pOp, const SlSession *pSession){
  slErr(pOp, SQLITE_CORRUPT_VTAB, "session %s: its parent is damaged",
        pSession->zId);
}

void slParent(SlOp *pOp, SlSession *pSession){
  SlSession s = *pSession;
  if( s.iParent>=s.iKey || !slSessionByKey(pOp, s.iParent, pSession) ){
    forkDamage(pOp, &s);
  }
}

/*
** The ordinal up to which two sessions have the same history, 0 if there is
** nothing that they share.
**
** Both chains are walked at once, the younger session first: where they
** meet is the youngest common ancestor. Each shares with it what lies below
** every fork point on its way there.
*/
i64 slCommon(SlOp *pOp, const SlSession *pA, const SlSession *pB){
  SlSession a[2];
  i64 aiTo[2];
  a[0] = *pA;
  a[1] = *pB;
  aiTo[0] = slHead(pOp, pA);
  aiTo[1] = slHead(pOp, pB);
  while( pOp->rc==SQLITE_OK && a[0].iKey!=a[1].iKey ){
    int i = a[1].iKey > a[0].iKey;
    if( a[i].iParent==0 ) return 0;
    if( aiTo[i]>a[i].iForkedAt ) aiTo[i] = a[i].iForkedAt;
    slParent(pOp, &a[i]);
  }
  if( pOp->rc!=SQLITE_OK ) return 0;
  return aiTo[0] < aiTo[1] ? aiTo[0] : aiTo[1];
}

/* ---- rows of ancestors and trees ------------------------------------- */

/* Columns of the statements fork_kin and tree_kin. */
enum {
  KIN_KEY,
  KIN_ID,
  KIN_NAME,
  KIN_PARENT,
  KIN_FORKED_AT,
  KIN_ARCHIVED,
  KIN_STATUS,
  KIN_PARENT_ID
};

/*
** Read the session's part of the row that the statement stands on.
*/
static void kinSession(SlOp *pOp, sqlite3_stmt *pStmt, SlSession *pOut){
  int n;
  const char *zId = slStmtText(pOp, pStmt, KIN_ID, &n);
  memset(pOut, 0, sizeof(*pOut));
  pOut->iKey = sqlite3_column_int64(pStmt, KIN_KEY);
  pOut->iParent = sqlite3_column_int64(pStmt, KIN_PARENT);
  pOut->iForkedAt = slColumnOrdinal(pStmt, KIN_FORKED_AT);
  pOut->iArchived = slColumnOrdinal(pStmt, KIN_ARCHIVED);
  sqlite3_snprintf(sizeof(pOut->zId), pOut->zId, "%s", zId);
}

/*
** Have the statement stand on session iKey and read it: 0 if there is none.
*/
static int kinSeek(SlOp *pOp, sqlite3_stmt *pStmt, i64 iKey, SlSession *pOut){
  sqlite3_reset(pStmt);
  slBindInt(pOp, pStmt, 1, iKey);
  if( !slStep(pOp, pStmt) ) return 0;
  kinSession(pOp, pStmt, pOut);
  return 1;
}

void slLineageOpen(SlOp *pOp, SlLineage *p, const SlSession *pSession){
  memset(p, 0, sizeof(*p));
  p->pStmt = slStmt(pOp, SL_SQL_FORK_KIN);
  p->iNext = pSession->iKey;
  p->nDepth = -1;
}

int slLineageNext(SlOp *pOp, SlLineage *p){
  if( p->iNext==0 ) return 0;
  if( p->nDepth>=0 && p->iNext>=p->session.iKey ){
    forkDamage(pOp, &p->session);
  }else if( !kinSeek(pOp, p->pStmt, p->iNext, &p->session) ){
    forkDamage(pOp, &p->session);
  }
  p->iNext = p->session.iParent;
  p->nDepth++;
  return pOp->rc == SQLITE_OK;
}

sqlite3_value *slLineageName(const SlLineage *p){
  return sqlite3_column_value(p->pStmt, KIN_NAME);
}

void slLineageClose(SlOp *pOp, SlLineage *p){
  slFree(pOp, SL_SQL_FORK_KIN, p->pStmt);
  memset(p, 0, sizeof(*p));
}

/* ---- trees ------------------------------------------------------------ */

/* A session whose row is still to come. */
struct SlTreeNode {
  i64 iKey;    /* the session */
  i64 nIndent; /* bytes of SlTree.zIndent before its branch */
  int nDepth;
  int bLast; /* no sibling comes after it */
};

/*
** Put a session on the stack.
*/
static void treePush(SlOp *pOp, SlTree *p, i64 iKey, int nDepth, int bLast){
  struct SlTreeNode *pNode;
  if( p->nNode==p->nNodeAlloc ){
    i64 nNew = p->nNodeAlloc ? p->nNodeAlloc * 2 : 32;
    pNode = sqlite3_realloc64(p->aNode, (u64)nNew * sizeof(*pNode));
    if( pNode==0 ){
      pOp->rc = SQLITE_NOMEM;
      return;
    }
    p->aNode = pNode;
    p->nNodeAlloc = nNew;
  }
  pNode = &p->aNode[p->nNode++];
  pNode->iKey = iKey;
  pNode->nIndent = p->nIndent;
  pNode->nDepth = nDepth;
  pNode->bLast = bLast;
}

/*
** Lengthen the indent by what the rows below the present one have in the
** place of its branch.
*/
static void treeIndent(SlOp *pOp, SlTree *p){
  const char *z = p->bLast ? "   " : "\342\224\202  ";
  i64 n = (i64)strlen(z);
  if( p->nDepth==0 ) return;
  if( p->nIndent+n>p->nIndentAlloc ){
    i64 nNew = p->nIndentAlloc * 2 + 64;
    char *zNew = sqlite3_realloc64(p->zIndent, (u64)nNew);
    if( zNew==0 ){
      pOp->rc = SQLITE_NOMEM;
      return;
    }
    p->zIndent = zNew;
    p->nIndentAlloc = nNew;
  }
  memcpy(&p->zIndent[p->nIndent], z, (size_t)n);
  p->nIndent += n;
}

/*
** Put the children of the present session on the stack, the first one on
** top. The statement gives them last one first.
*/
static void treeChildren(SlOp *pOp, SlTree *p){
  i64 nIndent = p->nIndent;
  i64 nBefore = p->nNode;
  sqlite3_stmt *pStmt = slStmt(pOp, SL_SQL_TREE_CHILDREN);
  slBindInt(pOp, pStmt, 1, p->session.iKey);
  slBindInt(pOp, pStmt, 2, p->keys.iMax);
  while( slStep(pOp, pStmt) ){
    i64 iKey = sqlite3_column_int64(pStmt, 0);
    int bLast = p->nNode == nBefore;
    if( bLast ) treeIndent(pOp, p);
    if( iKey<=p->session.iKey ) forkDamage(pOp, &p->session);
    treePush(pOp, p, iKey, p->nDepth + 1, bLast);
  }
  slFree(pOp, SL_SQL_TREE_CHILDREN, pStmt);
  p->nIndent = nIndent;
}

void slTreeOpen(SlOp *pOp, SlTree *p, const SlSession *pSession){
  memset(p, 0, sizeof(*p));
  slScanBegin(pOp, &p->keys, SL_SQL_SESSION_MAX_KEY);
  p->pKin = slStmt(pOp, SL_SQL_TREE_KIN);
  slBindTenant(pOp, p->pKin, 2);
  if( pSession ){
    treePush(pOp, p, pSession->iKey, 0, 0);
  }else{
    p->pRoots = slStmt(pOp, SL_SQL_TREE_ROOTS);
    slBindTenant(pOp, p->pRoots, 1);
    slBindInt(pOp, p->pRoots, 2, p->keys.iMax);
  }
}

int slTreeNext(SlOp *pOp, SlTree *p){
  while( pOp->rc==SQLITE_OK ){
    struct SlTreeNode node;
    if( p->nNode==0 ){
      if( p->pRoots==0 || !slStep(pOp, p->pRoots) ) return 0;
      p->nIndent = 0;
      treePush(pOp, p, sqlite3_column_int64(p->pRoots, 0), 0, 0);
      if( pOp->rc!=SQLITE_OK ) return 0;
    }
    node = p->aNode[--p->nNode];
    p->nIndent = node.nIndent;
    p->nDepth = node.nDepth;
    p->bLast = node.bLast;
    /* One that isn't there was removed since the scan began. */
    if( kinSeek(pOp, p->pKin, node.iKey, &p->session) ){
      treeChildren(pOp, p);
      return pOp->rc == SQLITE_OK;
    }
  }
  return 0;
}

sqlite3_value *slTreeName(const SlTree *p){
  return sqlite3_column_value(p->pKin, KIN_NAME);
}

sqlite3_value *slTreeStatus(const SlTree *p){
  return sqlite3_column_value(p->pKin, KIN_STATUS);
}

sqlite3_value *slTreeParentId(const SlTree *p){
  return sqlite3_column_value(p->pKin, KIN_PARENT_ID);
}

char *slTreeLine(SlOp *pOp, SlTree *p){
  const char *zName = p->session.zId;
  i64 nOwn = slOwnEvents(pOp, &p->session);
  sqlite3_str *pStr;
  if( sqlite3_column_type(p->pKin, KIN_NAME)!=SQLITE_NULL ){
    zName = (const char *)sqlite3_column_text(p->pKin, KIN_NAME);
    if( zName==0 ) pOp->rc = SQLITE_NOMEM;
  }
  if( pOp->rc!=SQLITE_OK ) return 0;
  pStr = sqlite3_str_new(pOp->pConn->db);
  if( p->nDepth>0 ){
    sqlite3_str_append(pStr, p->zIndent, (int)p->nIndent);
    sqlite3_str_appendall(pStr, p->bLast ? "\342\224\224\342\224\200 "
                                         : "\342\224\234\342\224\200 ");
  }
  if( p->session.iParent ){
    sqlite3_str_appendf(pStr, "%s @%lld (%lld events)", zName,
                        p->session.iForkedAt, nOwn);
  }else{
    sqlite3_str_appendf(pStr, "%s (%lld events)", zName, nOwn);
  }
  slErrRc(pOp, sqlite3_str_errcode(pStr));
  return sqlite3_str_finish(pStr);
}

void slTreeClose(SlOp *pOp, SlTree *p){
  slFree(pOp, SL_SQL_TREE_KIN, p->pKin);
  slFree(pOp, SL_SQL_TREE_ROOTS, p->pRoots);
  slScanEnd(pOp->pConn, &p->keys);
  sqlite3_free(p->aNode);
  sqlite3_free(p->zIndent);
  memset(p, 0, sizeof(*p));
}
