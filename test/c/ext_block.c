/*
** ext_block: SQL functions that make blocks by hand, with the right checksum
** around whatever is in them, and that ask the packer.
**
**   block_make(key, n, body)          data of the block of row key, of n
**                                     events, with that body, stored as it is
**   block_make(key, n, frame, size)   the same; the body is size bytes in that
**                                     zstd frame
**   block_add(n, size)                what slPackerAdd() returns for an event
**                                     of size bytes behind n small ones: the
**                                     bytes are not there, so it may not take
**                                     them
**
** block.c is included, as the checksum is its own affair.
*/
#include "../../ext/block.c"
#include "../../ext/hash.c"

SQLITE_EXTENSION_INIT1
#include "extFunc.h"

static void blockMake(sqlite3_context *pCtx, int nArg, sqlite3_value **ap){
  i64 iKey = sqlite3_value_int64(ap[0]);
  i64 nEvent = sqlite3_value_int64(ap[1]);
  const void *pBody = sqlite3_value_blob(ap[2]);
  int nBody = sqlite3_value_bytes(ap[2]);
  int nHdr = 2;
  u8 *a = sqlite3_malloc64(BLOCK_HDR + (u64)nBody);
  if( a==0 ){
    sqlite3_result_error_nomem(pCtx);
    return;
  }
  a[0] = BLOCK_FORMAT;
  a[1] = nArg > 3 ? BLOCK_ZSTD : BLOCK_STORED;
  nHdr += blockPutVarint(
    &a[2], (u64)(nArg > 3 ? sqlite3_value_int64(ap[3]) : (i64)nBody));
  blockPut64(&a[nHdr],
             blockChecksum(iKey, nEvent, a, nHdr, (const u8 *)pBody, nBody));
  nHdr += BLOCK_SUM;
  if( nBody>0 ) memcpy(&a[nHdr], pBody, (size_t)nBody);
  sqlite3_result_blob(pCtx, a, nHdr + nBody, sqlite3_free);
}

static void blockAdd(sqlite3_context *pCtx, int nArg, sqlite3_value **ap){
  SlPacker *p = slPackerNew();
  int i, rc = p ? SQLITE_OK : SQLITE_NOMEM;
  SlEvent e;
  (void)nArg;
  memset(&e, 0, sizeof(e));
  e.zKind = "k";
  e.nKind = 1;
  e.eType = SQLITE_NULL;
  for(i=0; rc==SQLITE_OK && i<sqlite3_value_int(ap[0]); i++){
    rc = slPackerAdd(p, &e);
  }
  if( rc==SQLITE_OK ){
    e.eType = SQLITE_BLOB;
    e.nData = sqlite3_value_int64(ap[1]);
    rc = slPackerAdd(p, &e);
  }
  slPackerFree(p);
  sqlite3_result_int(pCtx, rc);
}

static const ExtFunc aFunc[] = {
  { "block_make", 3, blockMake },
  { "block_make", 4, blockMake },
  { "block_add", 2, blockAdd },
};

EXT_ENTRY(sqlite3_extblock_init, aFunc)
