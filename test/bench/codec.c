/*
** codec.c - the blocks of a log, decoded and made alone: what reading and
** packing cost at the least.
*/
#include <stdlib.h>
#include <string.h>

#include "bench.h"
#include "slBlock.h"

/* A block as it is stored, and its events. */
typedef struct Stored Stored;
struct Stored {
  i64 iKey;
  i64 nEvent;
  void *pData;
  i64 nData;
  SlBlock *pEvents;
};

struct Codec {
  int n;
  Stored *a;
  SlBlock *pBlock; /* for decoding */
  SlPacker *pPacker;
};

/* No payload is larger. */
#define LIMIT 1000000000

/*
** Decode a block.
*/
static void decode(SlBlock *p, const Stored *pFrom){
  if( slBlockDecode(p, pFrom->iKey, pFrom->nEvent, pFrom->pData, pFrom->nData,
                    LIMIT)
  ){
    die("a block can't be decoded");
  }
}

/*
** Take a block from a row: key, n_events, data.
*/
static void take(Stored *p, sqlite3_stmt *pStmt){
  p->iKey = sqlite3_column_int64(pStmt, 0);
  p->nEvent = sqlite3_column_int64(pStmt, 1);
  p->nData = sqlite3_column_bytes(pStmt, 2);
  p->pData = malloc((size_t)p->nData);
  p->pEvents = slBlockNew();
  if( p->pData==0 || p->pEvents==0 ) die("out of memory");
  memcpy(p->pData, sqlite3_column_blob(pStmt, 2), (size_t)p->nData);
  decode(p->pEvents, p);
}

/*
** All blocks of a database.
*/
Codec *codecOpen(sqlite3 *db){
  Codec *p = calloc(1, sizeof(*p));
  sqlite3_stmt *pStmt;
  i64 n = dbInt(db, "SELECT count(*) FROM sessionlog_block");
  if( p==0 || (p->a = calloc((size_t)n + 1, sizeof(Stored)))==0 ){
    die("out of memory");
  }
  p->pBlock = slBlockNew();
  p->pPacker = slPackerNew();
  if( p->pBlock==0 || p->pPacker==0 ) die("out of memory");
  pStmt = dbPrepare(db, "SELECT key, n_events, data FROM sessionlog_block");
  while( sqlite3_step(pStmt)==SQLITE_ROW ) take(&p->a[p->n++], pStmt);
  sqlite3_finalize(pStmt);
  if( p->n!=n ) die("%d blocks of %lld", p->n, n);
  return p;
}

/*
** Decode all of them.
*/
void codecDecode(Codec *p){
  int i;
  for(i=0; i<p->n; i++) decode(p->pBlock, &p->a[i]);
}

/*
** Make all of them.
*/
void codecEncode(Codec *p){
  int i, j;
  for(i=0; i<p->n; i++){
    const SlBlock *pEvents = p->a[i].pEvents;
    void *pOut;
    i64 nOut;
    for(j=0; j<slBlockCount(pEvents); j++){
      if( slPackerAdd(p->pPacker, slBlockAt(pEvents, j)) ) die("packing");
    }
    if( slPackerFinish(p->pPacker, p->a[i].iKey, LIMIT, &pOut, &nOut)
     || nOut!=p->a[i].nData
    ){
      die("a block came out differently");
    }
  }
}

/*
** Free them.
*/
void codecClose(Codec *p){
  int i;
  for(i=0; i<p->n; i++){
    free(p->a[i].pData);
    slBlockFree(p->a[i].pEvents);
  }
  slBlockFree(p->pBlock);
  slPackerFree(p->pPacker);
  free(p->a);
  free(p);
}
