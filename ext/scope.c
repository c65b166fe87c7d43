/*
** scope.c - scopes: keyed memory in two layers.
**
** The store layer is sessionlog_scope (sql/schema.sql), one row an entry.
**
** The memory layer is a treap that hangs on the connection: a binary tree
** ordered by tenant, scope and key (bytes, shorter first) that is kept in
** balance by making it a heap over pseudo-random priorities. Entries never
** change: an upsert puts a new one in the old one's place. A scan holds the
** entry that it stands on by a reference and looks for the next greater one
** when it goes on, so that the layer may change under it in any way.
*/
#include "sessionlogInt.h"

#include <stdlib.h>

/* The scope that always exists. */
#define SL_SCOPE_GLOBAL "global"

typedef struct SlMemoryEntry SlMemoryEntry;
struct SlMemoryEntry {
  SlMemoryEntry *pLeft;  /* entries before this one */
  SlMemoryEntry *pRight; /* entries after it */
  u32 iPriority;         /* not below that of either child */
  int nRef;              /* the tree's hold, and the scans' */
  i64 iSerial;           /* first 1; an upsert keeps it */
  i64 iAtMs;
  sqlite3_value *pValue;
  sqlite3_value *pStep; /* NULL pointer for NULL */
  int nTenant;          /* bytes of the three names in z[] */
  int nScope;
  int nKey;
  char z[1]; /* tenant, scope, key */
};

struct SlMemory {
  SlMemoryEntry *pRoot;
  i64 iSerial; /* the last one given */
};

/* What an entry is looked for by. */
typedef struct SlProbe SlProbe;
struct SlProbe {
  const char *zTenant;
  const char *zScope;
  const char *zKey;
  int nTenant;
  int nScope;
  int nKey;
};

/* ---- the treap ------------------------------------------------------- */

static int nameCompare(const char *z1, int n1, const char *z2, int n2){
  int c = memcmp(z1, z2, (size_t)(n1 < n2 ? n1 : n2));
  return c ? c : n1 - n2;
}

/*
** Negative, 0 or positive: the probe is before, at or after the entry.
*/
static int probeCompare(const SlProbe *p, const SlMemoryEntry *pEntry){
  const char *z = pEntry->z;
  int c = nameCompare(p->zTenant, p->nTenant, z, pEntry->nTenant);
  z += pEntry->nTenant;
  if( c==0 ) c = nameCompare(p->zScope, p->nScope, z, pEntry->nScope);
  z += pEntry->nScope;
  if( c==0 ) c = nameCompare(p->zKey, p->nKey, z, pEntry->nKey);
  return c;
}

/*
** The probe for the scope and key that pWhere names, of the connection's
** tenant.
*/
static void probeInit(SlProbe *p, SlOp *pOp, const SlEntry *pWhere){
  p->zTenant = pOp->pConn->zTenant;
  p->nTenant = (int)strlen(p->zTenant);
  p->zScope = pWhere->zScope;
  p->nScope = pWhere->nScope;
  p->zKey = pWhere->zKey;
  p->nKey = pWhere->nKey;
}

/*
** The probe for an entry itself.
*/
static void probeEntry(SlProbe *p, const SlMemoryEntry *pEntry){
  p->zTenant = pEntry->z;
  p->nTenant = pEntry->nTenant;
  p->zScope = p->zTenant + p->nTenant;
  p->nScope = pEntry->nScope;
  p->zKey = p->zScope + p->nScope;
  p->nKey = pEntry->nKey;
}

static void entryUnref(SlMemoryEntry *p){
  if( p && --p->nRef==0 ){
    sqlite3_value_free(p->pValue);
    sqlite3_value_free(p->pStep);
    sqlite3_free(p);
  }
}

/*
** Where the pointer to the probe's entry is, NULL if there is none.
*/
static SlMemoryEntry **memoryFind(SlMemory *p, const SlProbe *pProbe){
  SlMemoryEntry **pp;
  if( p==0 ) return 0;
  pp = &p->pRoot;
  while( *pp ){
    int c = probeCompare(pProbe, *pp);
    if( c==0 ) return pp;
    pp = c < 0 ? &(*pp)->pLeft : &(*pp)->pRight;
  }
  return 0;
}

/*
** The first entry after the probe, NULL if there is none.
*/
static SlMemoryEntry *memoryAfter(SlMemory *p, const SlProbe *pProbe){
  SlMemoryEntry *pEntry = p ? p->pRoot : 0;
  SlMemoryEntry *pBest = 0;
  while( pEntry ){
    if( probeCompare(pProbe, pEntry)<0 ){
      pBest = pEntry;
      pEntry = pEntry->pLeft;
    }else{
      pEntry = pEntry->pRight;
    }
  }
  return pBest;
}

/*
** Put a new entry, whose key is not in the tree, where it belongs: below all
** of higher priority, above the rest, which is split around it.
*/
static void memoryLink(SlMemory *p, const SlProbe *pProbe,
                       SlMemoryEntry *pNew) {
  SlMemoryEntry **pp = &p->pRoot;
  SlMemoryEntry **ppLeft = &pNew->pLeft;
  SlMemoryEntry **ppRight = &pNew->pRight;
  SlMemoryEntry *pRest;
  while( *pp && (*pp)->iPriority>=pNew->iPriority ){
    pp = probeCompare(pProbe, *pp) < 0 ? &(*pp)->pLeft : &(*pp)->pRight;
  }
  pRest = *pp;
  *pp = pNew;
  while( pRest ){
    if( probeCompare(pProbe, pRest)<0 ){
      *ppRight = pRest;
      ppRight = &pRest->pLeft;
      pRest = pRest->pLeft;
    }else{
      *ppLeft = pRest;
      ppLeft = &pRest->pRight;
      pRest = pRest->pRight;
    }
  }
  *ppLeft = 0;
  *ppRight = 0;
}

/*
** Take the entry at *pp out of the tree: its two subtrees become one.
*/
static void memoryUnlink(SlMemoryEntry **pp){
  SlMemoryEntry *pOld = *pp;
  SlMemoryEntry *pLeft = pOld->pLeft;
  SlMemoryEntry *pRight = pOld->pRight;
  while( pLeft && pRight ){
    if( pLeft->iPriority>=pRight->iPriority ){
      *pp = pLeft;
      pp = &pLeft->pRight;
      pLeft = pLeft->pRight;
    }else{
      *pp = pRight;
      pp = &pRight->pLeft;
      pRight = pRight->pLeft;
    }
  }
  *pp = pLeft ? pLeft : pRight;
  entryUnref(pOld);
}

/*
** A pseudo-random number from a serial (the finalizer of splitmix64).
*/
static u32 memoryPriority(i64 iSerial){
  u64 x = (u64)iSerial * 0x9e3779b97f4a7c15ULL;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
  return (u32)(x >> 32);
}

/*
** A new entry with one reference and copies of everything; NULL when out of
** memory.
*/
static SlMemoryEntry *entryNew(const SlProbe *p, const SlEntry *pEntry){
  u64 n = (u64)p->nTenant + (u64)p->nScope + (u64)p->nKey;
  SlMemoryEntry *pNew = sqlite3_malloc64(sizeof(*pNew) + n);
  if( pNew==0 ) return 0;
  memset(pNew, 0, sizeof(*pNew));
  pNew->nRef = 1;
  pNew->iAtMs = pEntry->bAtMs ? pEntry->iAtMs : slNowMs();
  pNew->nTenant = p->nTenant;
  pNew->nScope = p->nScope;
  pNew->nKey = p->nKey;
  memcpy(pNew->z, p->zTenant, (size_t)p->nTenant);
  memcpy(pNew->z + p->nTenant, p->zScope, (size_t)p->nScope);
  memcpy(pNew->z + p->nTenant + p->nScope, p->zKey, (size_t)p->nKey);
  pNew->pValue = sqlite3_value_dup(pEntry->pValue);
  pNew->pStep = sqlite3_value_dup(pEntry->pStep);
  if( pNew->pValue==0 || (pNew->pStep==0 && !slArgNull(pEntry->pStep)) ){
    entryUnref(pNew);
    return 0;
  }
  return pNew;
}

/*
** Upsert into memory.
*/
void slMemorySet(SlOp *pOp, const SlEntry *pEntry){
  SlMemory *p = pOp->pConn->pMemory;
  SlMemoryEntry **ppOld;
  SlMemoryEntry *pNew;
  SlProbe probe;
  if( pOp->rc!=SQLITE_OK ) return;
  if( p==0 ){
    p = sqlite3_malloc64(sizeof(*p));
    if( p==0 ){
      pOp->rc = SQLITE_NOMEM;
      return;
    }
    memset(p, 0, sizeof(*p));
    pOp->pConn->pMemory = p;
  }
  probeInit(&probe, pOp, pEntry);
  pNew = entryNew(&probe, pEntry);
  if( pNew==0 ){
    pOp->rc = SQLITE_NOMEM;
    return;
  }
  ppOld = memoryFind(p, &probe);
  if( ppOld ){
    SlMemoryEntry *pOld = *ppOld;
    pNew->pLeft = pOld->pLeft;
    pNew->pRight = pOld->pRight;
    pNew->iPriority = pOld->iPriority;
    pNew->iSerial = pOld->iSerial;
    *ppOld = pNew;
    entryUnref(pOld);
  }else{
    pNew->iSerial = ++p->iSerial;
    pNew->iPriority = memoryPriority(pNew->iSerial);
    memoryLink(p, &probe, pNew);
  }
}

/*
** Forget one entry: 1, or 0 if there is no such key.
*/
int slMemoryRemove(SlOp *pOp, const SlEntry *pEntry){
  SlMemoryEntry **pp;
  SlProbe probe;
  if( pOp->rc!=SQLITE_OK ) return 0;
  probeInit(&probe, pOp, pEntry);
  pp = memoryFind(pOp->pConn->pMemory, &probe);
  if( pp ) memoryUnlink(pp);
  return pp != 0;
}

/*
** Free the layer. Left children are rotated away, so that no stack is needed
** however the tree looks.
*/
void slMemoryFree(SlMemory *p){
  SlMemoryEntry *pEntry = p ? p->pRoot : 0;
  while( pEntry ){
    SlMemoryEntry *pNext = pEntry->pLeft;
    if( pNext ){
      pEntry->pLeft = pNext->pRight;
      pNext->pRight = pEntry;
    }else{
      pNext = pEntry->pRight;
      entryUnref(pEntry);
    }
    pEntry = pNext;
  }
  sqlite3_free(p);
}

/* ---- the store ------------------------------------------------------- */

/*
** Integer of the stored entry with that scope and key; 0: there is none.
*/
static i64 scopeFind(SlOp *pOp, const SlEntry *pEntry){
  i64 iKey = 0;
  sqlite3_stmt *pStmt = slStmt(pOp, SL_SQL_SCOPE_FIND);
  slBindTenant(pOp, pStmt, 1);
  slBindText(pOp, pStmt, 2, pEntry->zScope, pEntry->nScope);
  slBindText(pOp, pStmt, 3, pEntry->zKey, pEntry->nKey);
  if( slStep(pOp, pStmt) ) iKey = sqlite3_column_int64(pStmt, 0);
  slFree(pOp, SL_SQL_SCOPE_FIND, pStmt);
  return iKey;
}

static i64 scopeAtMs(SlOp *pOp, const SlEntry *pEntry){
  return pEntry->bAtMs ? pEntry->iAtMs : slOpNow(pOp, "at_ms");
}

/*
** Replace what the entry with that integer holds.
*/
static void scopeSet(SlOp *pOp, const SlEntry *pEntry){
  i64 iAtMs = scopeAtMs(pOp, pEntry);
  sqlite3_stmt *pStmt = slStmt(pOp, SL_SQL_SCOPE_SET);
  slBindInt(pOp, pStmt, 1, pEntry->iKey);
  slBindValue(pOp, pStmt, 2, pEntry->pValue);
  slBindInt(pOp, pStmt, 3, iAtMs);
  slBindValue(pOp, pStmt, 4, pEntry->pStep);
  slRun(pOp, SL_SQL_SCOPE_SET, pStmt);
}

static void scopeInsert(SlOp *pOp, SlEntry *pEntry){
  i64 iAtMs = scopeAtMs(pOp, pEntry);
  sqlite3_stmt *pStmt = slStmt(pOp, SL_SQL_SCOPE_INSERT);
  slBindTenant(pOp, pStmt, 1);
  slBindText(pOp, pStmt, 2, pEntry->zScope, pEntry->nScope);
  slBindText(pOp, pStmt, 3, pEntry->zKey, pEntry->nKey);
  slBindValue(pOp, pStmt, 4, pEntry->pValue);
  slBindInt(pOp, pStmt, 5, iAtMs);
  slBindValue(pOp, pStmt, 6, pEntry->pStep);
  slBindKey(pOp, pStmt, 7, SL_SQL_SCOPE_LAST);
  slRun(pOp, SL_SQL_SCOPE_INSERT, pStmt);
  if( pOp->rc==SQLITE_OK ){
    pEntry->iKey = sqlite3_last_insert_rowid(pOp->pConn->db);
  }
}

static void persistTask(SlOp *pOp, void *pArg){
  SlEntry *pEntry = (SlEntry *)pArg;
  pEntry->iKey = scopeFind(pOp, pEntry);
  if( pEntry->iKey ){
    scopeSet(pOp, pEntry);
  }else{
    scopeInsert(pOp, pEntry);
  }
}

void slScopePersist(SlOp *pOp, SlEntry *pEntry){
  slOpWriteOne(pOp, persistTask, pEntry);
}

static void mutateTask(SlOp *pOp, void *pArg){
  SlEntry *pEntry = (SlEntry *)pArg;
  pEntry->iKey = scopeFind(pOp, pEntry);
  if( pEntry->iKey ) scopeSet(pOp, pEntry);
}

/*
** Replace the value of a key that is there. Makes no tables.
*/
int slScopeMutate(SlOp *pOp, SlEntry *pEntry){
  pEntry->iKey = 0;
  if( slOpRead(pOp) ) slOpWriteOne(pOp, mutateTask, pEntry);
  return pEntry->iKey != 0;
}

static void scopeDelete(SlOp *pOp, i64 iKey){
  sqlite3_stmt *pStmt = slStmt(pOp, SL_SQL_SCOPE_DELETE);
  slBindInt(pOp, pStmt, 1, iKey);
  slBindTenant(pOp, pStmt, 2);
  slRun(pOp, SL_SQL_SCOPE_DELETE, pStmt);
}

static void purgeTask(SlOp *pOp, void *pArg){
  SlEntry *pEntry = (SlEntry *)pArg;
  pEntry->iKey = scopeFind(pOp, pEntry);
  if( pEntry->iKey ) scopeDelete(pOp, pEntry->iKey);
}

/*
** Remove a key from the store. Makes no tables.
*/
int slScopePurge(SlOp *pOp, SlEntry *pEntry){
  pEntry->iKey = 0;
  if( slOpRead(pOp) ) slOpWriteOne(pOp, purgeTask, pEntry);
  return pEntry->iKey != 0;
}

/*
** Fail where a change would give the entry the place of another.
*/
static void scopePlaceCheck(SlOp *pOp, const SlEntry *pEntry){
  SlEntry place = *pEntry;
  sqlite3_stmt *pStmt;
  i64 iFound;
  if( pEntry->zScope==0 && pEntry->zKey==0 ) return;
  pStmt = slStmt(pOp, SL_SQL_SCOPE_PLACE);
  slBindInt(pOp, pStmt, 1, pEntry->iKey);
  slBindTenant(pOp, pStmt, 2);
  if( slStep(pOp, pStmt) ){
    if( place.zScope==0 ){
      place.zScope = slStmtText(pOp, pStmt, 0, &place.nScope);
    }
    if( place.zKey==0 ) place.zKey = slStmtText(pOp, pStmt, 1, &place.nKey);
    iFound = scopeFind(pOp, &place);
    if( iFound!=0 && iFound!=pEntry->iKey ){
      slErr(pOp, SQLITE_CONSTRAINT, "scope key is taken: %.*s in %.*s",
            place.nKey, place.zKey, place.nScope, place.zScope);
    }
  }
  slFree(pOp, SL_SQL_SCOPE_PLACE, pStmt);
}

static void changeTask(SlOp *pOp, void *pArg){
  const SlEntry *pEntry = (const SlEntry *)pArg;
  sqlite3_stmt *pStmt;
  scopePlaceCheck(pOp, pEntry);
  pStmt = slStmt(pOp, SL_SQL_SCOPE_CHANGE);
  slBindInt(pOp, pStmt, 1, pEntry->iKey);
  slBindTenant(pOp, pStmt, 2);
  slBindText(pOp, pStmt, 3, pEntry->zScope, pEntry->nScope);
  slBindText(pOp, pStmt, 4, pEntry->zKey, pEntry->nKey);
  slBindValue(pOp, pStmt, 5, pEntry->pValue);
  if( pEntry->bAtMs ) slBindInt(pOp, pStmt, 6, pEntry->iAtMs);
  slBindInt(pOp, pStmt, 7, pEntry->bStep);
  slBindValue(pOp, pStmt, 8, pEntry->pStep);
  slRun(pOp, SL_SQL_SCOPE_CHANGE, pStmt);
}

void slScopeChange(SlOp *pOp, SlEntry *pEntry){
  slOpWriteOne(pOp, changeTask, pEntry);
}

static void removeTask(SlOp *pOp, void *pArg){
  scopeDelete(pOp, *(i64 *)pArg);
}

void slScopeRemove(SlOp *pOp, i64 iKey){
  slOpWriteOne(pOp, removeTask, &iKey);
}

/*
** The sum of column iCol over the rows of eSql for the tenant and, unless
** zScope is NULL, that scope.
*/
static i64 scopeSum(SlOp *pOp, int eSql, int iCol, const char *zScope,
                    int nScope) {
  i64 n = 0;
  sqlite3_stmt *pStmt = slStmt(pOp, eSql);
  slBindTenant(pOp, pStmt, 1);
  slBindText(pOp, pStmt, 2, zScope, nScope);
  while( slStep(pOp, pStmt) ) n += sqlite3_column_int64(pStmt, iCol);
  slFree(pOp, eSql, pStmt);
  return n;
}

i64 slScopeCount(SlOp *pOp, const char *zScope, int nScope){
  if( !slOpRead(pOp) ) return 0;
  if( zScope ) return scopeSum(pOp, SL_SQL_SCOPE_COUNT, 0, zScope, nScope);
  return scopeSum(pOp, SL_SQL_SCOPE_COUNTS, 1, 0, 0);
}

/* ---- scans ----------------------------------------------------------- */

/*
** Begin a scan of the layers in mLayer, restricted to the scope, or to the
** scope and key, of pWhere.
*/
void slScopeOpen(SlOp *pOp, SlScopeScan *p, const SlEntry *pWhere, int mLayer){
  assert(p->pStmt == 0 && p->pEntry == 0);
  p->mLayer = mLayer;
  p->iLast = pOp->pConn->pMemory ? pOp->pConn->pMemory->iSerial : 0;
  p->nTenant = (int)strlen(pOp->pConn->zTenant);
  memcpy(p->aTenant, pOp->pConn->zTenant, (size_t)p->nTenant);
  p->nScope = 0;
  p->nKey = 0;
  p->eSql = SL_SQL_SCOPE_ALL;
  if( pWhere->zScope ){
    p->eSql = SL_SQL_SCOPE_IN;
    p->nScope = pWhere->nScope;
    memcpy(p->aScope, pWhere->zScope, (size_t)p->nScope);
    if( pWhere->zKey ){
      p->eSql = SL_SQL_SCOPE_ONE;
      p->nKey = pWhere->nKey;
      memcpy(p->aKey, pWhere->zKey, (size_t)p->nKey);
    }
  }
  if( (mLayer & SL_LAYER_STORE)!=0 && slOpRead(pOp) ){
    i64 iLast = slScanBegin(pOp, &p->keys, SL_SQL_SCOPE_LAST);
    p->pStmt = slStmt(pOp, p->eSql);
    slBindTenant(pOp, p->pStmt, 1);
    slBindInt(pOp, p->pStmt, 2, iLast);
    if( p->nScope>0 ) slBindText(pOp, p->pStmt, 3, p->aScope, p->nScope);
    if( p->nKey>0 ) slBindText(pOp, p->pStmt, 4, p->aKey, p->nKey);
  }
}

static int scanStore(SlOp *pOp, SlScopeScan *p){
  SlEntry *pEntry = &p->entry;
  if( p->pStmt==0 || !slStep(pOp, p->pStmt) ) return 0;
  pEntry->iKey = sqlite3_column_int64(p->pStmt, 0);
  pEntry->zScope = slStmtText(pOp, p->pStmt, 1, &pEntry->nScope);
  pEntry->zKey = slStmtText(pOp, p->pStmt, 2, &pEntry->nKey);
  pEntry->pValue = sqlite3_column_value(p->pStmt, 3);
  pEntry->iAtMs = sqlite3_column_int64(p->pStmt, 4);
  pEntry->pStep = sqlite3_column_value(p->pStmt, 5);
  return pOp->rc == SQLITE_OK;
}

/*
** The entry after that where the scan stands, or its first; NULL at the end. A
** scope or key of 0 bytes comes before all others.
*/
static SlMemoryEntry *scanMemoryEntry(SlOp *pOp, SlScopeScan *p){
  SlMemory *pMemory = pOp->pConn->pMemory;
  SlMemoryEntry *pNext;
  SlProbe probe;
  if( p->nKey>0 && p->pEntry ) return 0;
  if( p->pEntry ){
    probeEntry(&probe, p->pEntry);
  }else{
    SlMemoryEntry **pp;
    probe.zTenant = p->aTenant;
    probe.nTenant = p->nTenant;
    probe.zScope = p->aScope;
    probe.nScope = p->nScope;
    probe.zKey = p->aKey;
    probe.nKey = p->nKey;
    if( p->nKey>0 ){
      pp = memoryFind(pMemory, &probe);
      return pp ? *pp : 0;
    }
  }
  pNext = memoryAfter(pMemory, &probe);
  if( pNext==0 ) return 0;
  if( pNext->nTenant!=probe.nTenant
   || memcmp(pNext->z, probe.zTenant, (size_t)probe.nTenant)!=0
  ){
    return 0;
  }
  if( p->nScope>0 && (pNext->nScope!=p->nScope
       || memcmp(pNext->z+pNext->nTenant, p->aScope, (size_t)p->nScope)!=0)
  ){
    return 0;
  }
  return pNext;
}

static int scanMemory(SlOp *pOp, SlScopeScan *p){
  SlEntry *pEntry = &p->entry;
  SlMemoryEntry *pNext;
  if( pOp->rc!=SQLITE_OK ) return 0;
  do {
    pNext = scanMemoryEntry(pOp, p);
    if( pNext ) pNext->nRef++;
    entryUnref(p->pEntry);
    p->pEntry = pNext;
    if( pNext==0 ) return 0;
  }while( pNext->iSerial>p->iLast );
  pEntry->iKey = SL_SCOPE_MEMORY | pNext->iSerial;
  pEntry->zScope = pNext->z + pNext->nTenant;
  pEntry->nScope = pNext->nScope;
  pEntry->zKey = pEntry->zScope + pNext->nScope;
  pEntry->nKey = pNext->nKey;
  pEntry->pValue = pNext->pValue;
  pEntry->iAtMs = pNext->iAtMs;
  pEntry->pStep = pNext->pStep;
  return 1;
}

/*
** 1 and the next entry in p->entry, which lives until the next call; 0 at the
** end.
*/
int slScopeNext(SlOp *pOp, SlScopeScan *p){
  if( p->mLayer & SL_LAYER_STORE ){
    if( scanStore(pOp, p) ) return 1;
    p->mLayer &= ~SL_LAYER_STORE;
  }
  if( p->mLayer & SL_LAYER_MEMORY ){
    if( scanMemory(pOp, p) ) return 1;
    p->mLayer = 0;
  }
  return 0;
}

/*
** Let go of everything. May be called again, and on a zeroed scan.
*/
void slScopeClose(SlOp *pOp, SlScopeScan *p){
  slFree(pOp, p->eSql, p->pStmt);
  p->pStmt = 0;
  slScanEnd(pOp->pConn, &p->keys);
  entryUnref(p->pEntry);
  p->pEntry = 0;
  p->mLayer = 0;
}

/*
** The letter in lower case if it is of ASCII, as LIKE has it.
*/
static int foldCase(char c){
  return c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c;
}

/*
** 1 if zPart occurs in z.
*/
static int textContains(const char *z, i64 n, const char *zPart, i64 nPart){
  i64 i, j;
  for(i=0; i+nPart<=n; i++){
    for(j=0; j<nPart && foldCase(z[i+j])==foldCase(zPart[j]); j++){
    }
    if( j==nPart ) return 1;
  }
  return 0;
}

/*
** What column 3, the value, is as text, but for blobs: 0 if it is one, or
** NULL, which only damage puts there.
** Taking a number's text would change the value that is then shown, so that
** is done to a copy, *ppCopy, which the caller frees.
*/
static const char *scanValueText(SlOp *pOp, const SlScopeScan *p, i64 *pn,
                                 sqlite3_value **ppCopy) {
  const char *z;
  *ppCopy = 0;
  switch( sqlite3_column_type(p->pStmt, 3) ){
    case SQLITE_BLOB:
    case SQLITE_NULL: return 0;
    case SQLITE_TEXT:
      z = (const char *)sqlite3_column_text(p->pStmt, 3);
      *pn = sqlite3_column_bytes(p->pStmt, 3);
      break;
    default:
      *ppCopy = sqlite3_value_dup(sqlite3_column_value(p->pStmt, 3));
      z = (const char *)sqlite3_value_text(*ppCopy);
      if( z ) *pn = sqlite3_value_bytes(*ppCopy);
      break;
  }
  if( z==0 ) pOp->rc = SQLITE_NOMEM;
  return z;
}

int slScopeMatch(SlOp *pOp, const SlScopeScan *p, const char *z, i64 n){
  sqlite3_value *pCopy;
  const char *zValue;
  i64 nValue = 0;
  int bMatch;
  assert(p->mLayer == SL_LAYER_STORE && pOp->rc == SQLITE_OK);
  if( textContains(p->entry.zKey, p->entry.nKey, z, n) ) return 1;
  zValue = scanValueText(pOp, p, &nValue, &pCopy);
  bMatch = zValue && textContains(zValue, nValue, z, n);
  sqlite3_value_free(pCopy);
  return bMatch;
}

/* ---- the list of scopes ---------------------------------------------- */

typedef struct CountList CountList;
struct CountList {
  SlScopeCount *a;
  int n;
  int nAlloc;
};

/*
** Add a scope to the list; zScope is sqlite3_malloc'd and the list's from
** now on, also on failure. NULL: there was no memory for it, or the operation
** has failed.
*/
static void countAdd(SlOp *pOp, CountList *p, char *zScope, i64 nM, i64 nS){
  if( zScope && p->n==p->nAlloc ){
    int nNew = p->nAlloc ? p->nAlloc * 2 : 16;
    SlScopeCount *aNew = sqlite3_realloc64(p->a, (u64)nNew * sizeof(*aNew));
    if( aNew ){
      p->a = aNew;
      p->nAlloc = nNew;
    }else{
      sqlite3_free(zScope);
      zScope = 0;
    }
  }
  if( zScope==0 ){
    slErrRc(pOp, SQLITE_NOMEM);
    return;
  }
  p->a[p->n].zScope = zScope;
  p->a[p->n].nMemory = nM;
  p->a[p->n].nStore = nS;
  p->n++;
}

static void countStore(SlOp *pOp, CountList *p){
  sqlite3_stmt *pStmt;
  if( !slOpRead(pOp) ) return;
  pStmt = slStmt(pOp, SL_SQL_SCOPE_COUNTS);
  slBindTenant(pOp, pStmt, 1);
  while( slStep(pOp, pStmt) ){
    countAdd(pOp, p, slColumnText(pOp, pStmt, 0), 0,
             sqlite3_column_int64(pStmt, 1));
  }
  slFree(pOp, SL_SQL_SCOPE_COUNTS, pStmt);
}

/*
** Count the entries in memory: those of a scope come one after another. The
** list is not empty, or the operation has failed.
*/
static void countMemory(SlOp *pOp, CountList *p){
  SlScopeScan scan;
  SlEntry where;
  memset(&scan, 0, sizeof(scan));
  memset(&where, 0, sizeof(where));
  slScopeOpen(pOp, &scan, &where, SL_LAYER_MEMORY);
  while( slScopeNext(pOp, &scan) ){
    const SlEntry *pEntry = &scan.entry;
    assert(p->n > 0);
    if( strlen(p->a[p->n-1].zScope)==(size_t)pEntry->nScope
     && memcmp(p->a[p->n-1].zScope, pEntry->zScope, (size_t)pEntry->nScope)==0
    ){
      p->a[p->n - 1].nMemory++;
    }else{
      countAdd(pOp, p, sqlite3_mprintf("%.*s", pEntry->nScope, pEntry->zScope),
               1, 0);
    }
  }
  slScopeClose(pOp, &scan);
}

static int countCompare(const void *p1, const void *p2){
  return strcmp(((const SlScopeCount *)p1)->zScope,
                ((const SlScopeCount *)p2)->zScope);
}

void slScopeList(SlOp *pOp, SlScopeCount **paCount, int *pnCount){
  CountList list;
  int i, n = 0;
  memset(&list, 0, sizeof(list));
  countAdd(pOp, &list, sqlite3_mprintf(SL_SCOPE_GLOBAL), 0, 0);
  countStore(pOp, &list);
  countMemory(pOp, &list);
  if( list.n>1 ){
    qsort(list.a, (size_t)list.n, sizeof(list.a[0]), countCompare);
  }
  for(i=0; i<list.n; i++){
    if( n>0 && countCompare(&list.a[n-1], &list.a[i])==0 ){
      list.a[n - 1].nMemory += list.a[i].nMemory;
      list.a[n - 1].nStore += list.a[i].nStore;
      sqlite3_free(list.a[i].zScope);
    }else{
      list.a[n++] = list.a[i];
    }
  }
  *paCount = list.a;
  *pnCount = n;
}

void slScopeListFree(SlScopeCount *aCount, int nCount){
  int i;
  for(i=0; i<nCount; i++) sqlite3_free(aCount[i].zScope);
  sqlite3_free(aCount);
}
