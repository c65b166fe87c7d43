/*
** vt_fork.c - session_ancestors and session_tree.
**
**   SELECT * FROM session_ancestors(ref)
**   SELECT line FROM session_tree(ref)
**
** Plan: "=" on ref and schema, as vtab.c has it. The order of the rows is
** that in which they are found: upwards, and depth first.
*/
#include "slSurface.h"

#define BIT(i) ((u32)1 << (i))

/* ---- session_ancestors ------------------------------------------------ */

enum {
  ANC_DEPTH,
  ANC_ID,
  ANC_NAME,
  ANC_FORKED_AT,
  ANC_REF,
  ANC_SCHEMA
};

typedef struct AncCursor AncCursor;
struct AncCursor {
  SlCursor base;
  SlLineage lineage;
};

static void ancReset(SlCursor *pBase){
  slLineageClose(&pBase->op, &((AncCursor *)pBase)->lineage);
}

static void ancNext(SlOp *pOp, SlCursor *pBase){
  AncCursor *pCur = (AncCursor *)pBase;
  pBase->iRowid++;
  pBase->bEof = !slLineageNext(pOp, &pCur->lineage);
}

/*
** The session that ref names, and its ancestors. Without ref: the current
** one.
*/
static void ancFilter(SlOp *pOp, SlCursor *pBase, u32 mArg, const char *zPlan,
                      sqlite3_value **apArg) {
  AncCursor *pCur = (AncCursor *)pBase;
  sqlite3_value *pRef = slFilterArg(mArg, ANC_REF, apArg);
  SlSession s;
  (void)zPlan;
  pBase->bEof = 1;
  if( !slOpRead(pOp) ) return;
  if( pRef==0 ){
    slNeedCurrent(pOp, &s);
  }else if( !slFind(pOp, pRef, &s) ){
    return;
  }
  if( pOp->rc!=SQLITE_OK ) return;
  slLineageOpen(pOp, &pCur->lineage, &s);
  ancNext(pOp, pBase);
}

static void ancColumn(SlOp *pOp, SlCursor *pBase, sqlite3_context *pCtx,
                      int iCol) {
  const SlLineage *p = &((AncCursor *)pBase)->lineage;
  switch( iCol ){
    case ANC_DEPTH: slResultInt(pOp, pCtx, p->nDepth); break;
    case ANC_ID: slResultText(pOp, pCtx, p->session.zId, 26); break;
    case ANC_NAME: sqlite3_result_value(pCtx, slLineageName(p)); break;
    default:
      assert(iCol == ANC_FORKED_AT);
      if( p->session.iParent ) slResultInt(pOp, pCtx, p->session.iForkedAt);
      break;
  }
}

const SlTable slTableAncestors = {
  .zName = "session_ancestors",
  .zDecl = "depth INTEGER, id TEXT, name TEXT, forked_at INTEGER, "
           "ref HIDDEN, schema TEXT HIDDEN",
  .mEq = BIT(ANC_REF) | BIT(ANC_SCHEMA),
  .mHidden = BIT(ANC_REF) | BIT(ANC_SCHEMA),
  .iSchema = ANC_SCHEMA,
  .nCursor = sizeof(AncCursor),
  .xFilter = ancFilter,
  .xNext = ancNext,
  .xColumn = ancColumn,
  .xReset = ancReset,
};

/* ---- session_tree ------------------------------------------------------ */

enum {
  TREE_DEPTH,
  TREE_ID,
  TREE_NAME,
  TREE_PARENT_ID,
  TREE_FORKED_AT,
  TREE_HEAD,
  TREE_STATUS,
  TREE_LINE,
  TREE_REF,
  TREE_SCHEMA
};

typedef struct TreeCursor TreeCursor;
struct TreeCursor {
  SlCursor base;
  SlTree tree;
};

static void treeReset(SlCursor *pBase){
  slTreeClose(&pBase->op, &((TreeCursor *)pBase)->tree);
}

static void treeNext(SlOp *pOp, SlCursor *pBase){
  TreeCursor *pCur = (TreeCursor *)pBase;
  pBase->iRowid++;
  pBase->bEof = !slTreeNext(pOp, &pCur->tree);
}

/*
** The session that ref names and what descends from it. Without ref: all
** roots.
*/
static void treeFilter(SlOp *pOp, SlCursor *pBase, u32 mArg, const char *zPlan,
                       sqlite3_value **apArg) {
  TreeCursor *pCur = (TreeCursor *)pBase;
  sqlite3_value *pRef = slFilterArg(mArg, TREE_REF, apArg);
  SlSession s;
  (void)zPlan;
  pBase->bEof = 1;
  if( !slOpRead(pOp) ) return;
  s.iKey = 0; /* none: it has no rows */
  if( pRef ) slFind(pOp, pRef, &s);
  slTreeOpen(pOp, &pCur->tree, pRef ? &s : 0);
  treeNext(pOp, pBase);
}

static void treeColumn(SlOp *pOp, SlCursor *pBase, sqlite3_context *pCtx,
                       int iCol) {
  SlTree *p = &((TreeCursor *)pBase)->tree;
  switch( iCol ){
    case TREE_DEPTH: slResultInt(pOp, pCtx, p->nDepth); break;
    case TREE_ID: slResultText(pOp, pCtx, p->session.zId, 26); break;
    case TREE_NAME: sqlite3_result_value(pCtx, slTreeName(p)); break;
    case TREE_PARENT_ID: sqlite3_result_value(pCtx, slTreeParentId(p)); break;
    case TREE_FORKED_AT:
      if( p->session.iParent ) slResultInt(pOp, pCtx, p->session.iForkedAt);
      break;
    case TREE_HEAD: slResultInt(pOp, pCtx, slHead(pOp, &p->session)); break;
    case TREE_STATUS: sqlite3_result_value(pCtx, slTreeStatus(p)); break;
    default:
      assert(iCol == TREE_LINE);
      slResultOwned(pOp, pCtx, slTreeLine(pOp, p));
      break;
  }
}

const SlTable slTableTree = {
  .zName = "session_tree",
  .zDecl = "depth INTEGER, id TEXT, name TEXT, parent_id TEXT, "
           "forked_at INTEGER, head INTEGER, status TEXT, line TEXT, "
           "ref HIDDEN, schema TEXT HIDDEN",
  .mEq = BIT(TREE_REF) | BIT(TREE_SCHEMA),
  .mHidden = BIT(TREE_REF) | BIT(TREE_SCHEMA),
  .iSchema = TREE_SCHEMA,
  .nCursor = sizeof(TreeCursor),
  .xFilter = treeFilter,
  .xNext = treeNext,
  .xColumn = treeColumn,
  .xReset = treeReset,
};
