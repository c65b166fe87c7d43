/*
** fuzz_block.c - fuzz target: the bytes of a packed block.
**
** The first byte of the input says how much of the block is made right around
** the rest, the second is the number of events: 0 nothing, 1 the checksum,
** 2 a stored body's header too, 3 the rest is compressed first. A block that
** decodes must come out of the packer and decode again as the same events.
**
** block.c is included, as the checksum is its own affair.
*/
#include "../../ext/block.c"

#include "fuzz.h"

#include <stdlib.h>

#define KEY   ((i64)7 << 32 | 5)
#define LIMIT 20000000 /* of a value */

/*
** Decode, and go through what comes out.
*/
static void blockTry(SlBlock *p, int nEvent, const u8 *a, i64 n){
  SlPacker *pPack;
  SlBlock *p2;
  void *pOut = 0;
  i64 nOut = 0;
  int i, rc;
  rc = slBlockDecode(p, KEY, nEvent, a, n, LIMIT);
  if( rc==SQLITE_TOOBIG ) return;
  if( rc==SQLITE_NOMEM ) fuzzFail("no memory for %lld bytes", n);
  if( rc!=SQLITE_OK ) return;
  if( slBlockCount(p)!=nEvent ) fuzzFail("count");
  pPack = slPackerNew();
  p2 = slBlockNew();
  if( pPack==0 || p2==0 ) fuzzFail("no memory");
  for(i=0; i<nEvent; i++){
    SlEvent e;
    slBlockEvent(p, i, &e);
    if( !slPackerFits(pPack, &e) ) goto done;
    if( slPackerAdd(pPack, &e) ) fuzzFail("add %d", i);
  }
  if( slPackerFinish(pPack, KEY, 1000000000, &pOut, &nOut)
   || slBlockDecode(p2, KEY, nEvent, pOut, nOut, LIMIT)
  ){
    fuzzFail("what was packed does not decode");
  }
  for(i=0; i<nEvent; i++){
    SlEvent e1, e2;
    slBlockEvent(p, i, &e1);
    slBlockEvent(p2, i, &e2);
    if( e1.iAtMs!=e2.iAtMs || e1.nKind!=e2.nKind || e1.nKey!=e2.nKey
     || e1.eType!=e2.eType || e1.iInt!=e2.iInt || e1.nData!=e2.nData
     || memcmp(e1.zKind, e2.zKind, e1.nKind)!=0
     || (e1.nKey && memcmp(e1.zKey, e2.zKey, e1.nKey)!=0)
     || memcmp(&e1.rReal, &e2.rReal, sizeof(double))!=0
     || (e1.nData && memcmp(e1.pData, e2.pData, (size_t)e1.nData)!=0)
    ){
      fuzzFail("event %d is not the same", i);
    }
  }
done:
  slPackerFree(pPack);
  slBlockFree(p2);
}

/*
** Put header and checksum in front of a body.
*/
static i64 blockAround(u8 *aOut, int eCodec, i64 nRaw, int nEvent,
                       const u8 *aBody, i64 nBody) {
  int nHdr = 2;
  aOut[0] = BLOCK_FORMAT;
  aOut[1] = (u8)eCodec;
  nHdr += blockPutVarint(&aOut[2], (u64)nRaw);
  blockPut64(&aOut[nHdr], blockChecksum(KEY, nEvent, aOut, nHdr, aBody, nBody));
  nHdr += BLOCK_SUM;
  memcpy(&aOut[nHdr], aBody, (size_t)nBody);
  return nHdr + nBody;
}

int LLVMFuzzerTestOneInput(const uint8_t *a, size_t n){
  SlBlock *p;
  int eMode, nEvent;
  u8 *aOut;
  if( n<2 || n>100000 ) return 0;
  eMode = a[0] & 3;
  nEvent = a[1];
  a += 2;
  n -= 2;
  p = slBlockNew();
  aOut = malloc(ZSTD_compressBound(n) + BLOCK_HDR + 16);
  if( p==0 || aOut==0 ) fuzzFail("no memory");
  sqlite3_memory_highwater(1);
  memcpy(aOut, a, n);
  if( eMode==0 ){
    blockTry(p, nEvent, aOut, (i64)n);
  }else if( eMode==1 ){
    u64 nRaw;
    int nHdr = n > 3 ? blockGetVarint(&aOut[2], (i64)n - 2, &nRaw) : 0;
    if( nHdr && (i64)n-nHdr-2>=BLOCK_SUM ){
      nHdr += 2;
      blockPut64(&aOut[nHdr],
                 blockChecksum(KEY, nEvent, aOut, nHdr, &aOut[nHdr + BLOCK_SUM],
                               (i64)n - nHdr - BLOCK_SUM));
    }
    blockTry(p, nEvent, aOut, (i64)n);
  }else if( eMode==2 ){
    i64 nOut = blockAround(aOut, BLOCK_STORED, (i64)n, nEvent, a, (i64)n);
    blockTry(p, nEvent, aOut, nOut);
  }else{
    size_t nBound = ZSTD_compressBound(n);
    u8 *aBody = malloc(nBound);
    size_t nBody;
    i64 nOut;
    if( aBody==0 ) fuzzFail("no memory");
    nBody = ZSTD_compress(aBody, nBound, a, n, 1);
    nOut = blockAround(aOut, BLOCK_ZSTD, (i64)n, nEvent, aBody, (i64)nBody);
    blockTry(p, nEvent, aOut, nOut);
    free(aBody);
  }
  slBlockFree(p);
  free(aOut);
  if( sqlite3_memory_highwater(0)>(i64)n*80000+4000000 ){
    fuzzFail("%lld bytes allocated for %lld", (i64)sqlite3_memory_highwater(0),
             (i64)n);
  }
  if( sqlite3_memory_used()!=0 ) fuzzFail("memory is left over");
  return 0;
}
