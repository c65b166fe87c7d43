/*
** The codec of compressed event blocks: up to 64 consecutive events of one
** session, packed into one BLOB.  See slBlock.h for how it is used.
**
** STORED FORMAT, VERSION 1
**
** A block is a row of three columns:
**
**     key        session<<32 | ordinal of the first event
**     n_events   1..64.  Their ordinals follow on each other without a gap
**     data       all else, as below
**
** Integers of fixed size are big-endian.  A "varint" is that of the SQLite
** file format: 1 to 9 bytes, big-endian, 7 bits a byte with the high bit set
** on all but the last; a ninth byte gives 8 bits.  The data is
**
**     1 byte     format, 1
**     1 byte     codec of the body: 0 stored as it is, 1 one zstd frame
**     varint     size of the body once decompressed
**     8 bytes    checksum
**     the rest   body
**
** The checksum is XXH64(body as stored, seed), where the seed is XXH64(key as
** 8 bytes, n_events as 8 bytes, the bytes of data before the checksum; seed
** 0).  So it finds a damaged byte, a shortened block, and also a block that
** was moved to another row.  It is no defence against somebody who computes
** it anew: the decoder trusts nothing that it has not checked.
**
** A zstd frame (RFC 8878), of any level of compression, has its content size
** in its header, needs no dictionary, and has a window of at most 8 MiB.  A
** body that zstd does not make smaller is stored.
**
** The body once decompressed is, for n events, in columns:
**
**     1 byte     number of distinct kinds, 1..n
**     kinds      for each distinct kind: 1 byte its length, 1..255; the text
**     n bytes    for each event: its kind, an index into the above
**     n bytes    for each event: length of its key, 0 if it has none
**     n varints  for each event: at_ms, less that of the event before (less 0
**                for the first), modulo 2^64; a difference d is written as
**                2*d if d>=0, else as -2*d-1
**     n varints  for each event: type and size of its payload, by "serial
**                types" of the SQLite record format: 0 NULL, 6 INTEGER in 8
**                bytes, 7 REAL in 8 bytes (IEEE 754), N>=12 and even a BLOB
**                of (N-12)/2 bytes, N>=13 and odd a TEXT of (N-13)/2 bytes
**     keys       the keys, one after another
**     payloads   the payloads, one after another, to the end
**
** Text is UTF-8 by intent, but the codec returns the bytes that it was given.
**
** ON MEMORY
**
** A packer fills its body from the payloads backwards: they are collected
** behind a gap that takes the largest possible head, and the head is written
** in front of them at the end.  A decoded block is one buffer, into which
** all texts and payloads point.
**
** Buffers are kept from one block to the next, but not above BLOCK_KEEP: an
** event of 100 MB does not cost 100 MB until the connection closes.
*/
#include "slBlock.h"
#include <assert.h>
#include <string.h>
#define ZSTD_STATIC_LINKING_ONLY /* For ZSTD_create*Ctx_advanced() only */
#include <zstd.h>
#include <zstd_errors.h>

#define BLOCK_FORMAT 1 /* First byte of data */
#define BLOCK_STORED 0 /* Codecs */
#define BLOCK_ZSTD   1
#define BLOCK_LEVEL  1  /* zstd's level of compression, and what is changed: */
#define BLOCK_MATCH  7  /*   the shortest match it looks for, in bytes */
#define BLOCK_HASH   15 /*   log2 of the size of its table */
#define BLOCK_WINDOW 23 /* log2 of the largest window accepted */

#define BLOCK_VARINT 9                              /* Longest varint */
#define BLOCK_SUM    8                              /* Bytes of the checksum */
#define BLOCK_HDR    (2 + BLOCK_VARINT + BLOCK_SUM) /* Longest header */

/* Serial types of payloads */
#define BLOCK_NULL    0
#define BLOCK_INTEGER 6
#define BLOCK_REAL    7
#define BLOCK_BLOB    12
#define BLOCK_TEXT    13

/* The largest body that is written or accepted: a payload of SQLite's default
** limit, and the rest of its event with room to spare. */
#define BLOCK_MORE ((i64)65536)
#define BLOCK_MAX  (1000000000 + BLOCK_MORE)

/* Buffers above this size are not kept for the next block.  Only the block of
** a single large event is ever as big. */
#define BLOCK_KEEP (512 * 1024)

/* An idle packer keeps no buffer above this size, and no compressor above
** twice of it. */
#define BLOCK_IDLE (128 * 1024)

/* A frame that promises more than BLOCK_KEEP, and more than this many times
** its own size, is decompressed bit by bit. */
#define BLOCK_TRUST 64

/* No zstd frame expands more than this: the smallest zstd block has 4 bytes
** and gives at most 128 KiB. */
#define BLOCK_RATIO (128 * 1024 / 4)

/* Room that a packer leaves before the payloads: header, count of kinds,
** kinds, indexes, key lengths, the two columns of varints, keys. */
#define BLOCK_DICT   (SL_BLOCK_EVENTS * (1 + SL_BLOCK_TEXT))
#define BLOCK_COLUMN (SL_BLOCK_EVENTS * BLOCK_VARINT)
#define BLOCK_KEYS   (SL_BLOCK_EVENTS * SL_BLOCK_TEXT)
#define BLOCK_GAP                                                              \
  (BLOCK_HDR + 1 + BLOCK_DICT + 2 * SL_BLOCK_EVENTS + 2 * BLOCK_COLUMN         \
   + BLOCK_KEYS)

/* A buffer that grows. */
typedef struct BlockBuf BlockBuf;
struct BlockBuf {
  u8 *a; /* The buffer, from sqlite3_malloc64().  May be 0 */
  i64 n; /* Bytes allocated */
};

struct SlPacker {
  int nEvent;                  /* Events collected */
  int nKind;                   /* Distinct kinds among them */
  int nDict;                   /* Bytes in aDict[] */
  int nAt;                     /* Bytes in aAt[] */
  int nSerial;                 /* Bytes in aSerial[] */
  int nKey;                    /* Bytes in aKey[] */
  i64 nPayload;                /* Bytes of payload, at raw.a+BLOCK_GAP */
  i64 nRaw;                    /* Size of the body if it were finished now */
  i64 iLastMs;                 /* at_ms of the latest event, 0 at first */
  BlockBuf raw;                /* A gap of BLOCK_GAP bytes, then the payloads */
  BlockBuf out;                /* The latest compressed block */
  ZSTD_CCtx *pZstd;            /* Compressor.  0 until needed */
  int aiKind[SL_BLOCK_EVENTS]; /* Where each kind begins in aDict[] */
  u8 aIdx[SL_BLOCK_EVENTS];    /* Column of kinds, as in the body */
  u8 aKeyLen[SL_BLOCK_EVENTS]; /* Column of key lengths */
  u8 aAt[BLOCK_COLUMN];        /* Column of times */
  u8 aSerial[BLOCK_COLUMN];    /* Column of serial types */
  u8 aDict[BLOCK_DICT];        /* The distinct kinds */
  u8 aKey[BLOCK_KEYS];         /* The keys */
};

struct SlBlock {
  int nEvent;                      /* Events in the block.  0: none decoded */
  BlockBuf raw;                    /* The body, decompressed */
  ZSTD_DCtx *pZstd;                /* Decompressor.  0 until needed */
  SlEvent aEvent[SL_BLOCK_EVENTS]; /* The events, pointing into raw */
};

/**************************************************************************
** Numbers
*/

/* Write v as 8 bytes, big-endian. */
static void blockPut64(u8 *a, u64 v){
  int i;
  for(i=7; i>=0; i--){
    a[i] = (u8)(v & 0xff);
    v >>= 8;
  }
}

/* Read 8 bytes, big-endian. */
static u64 blockGet64(const u8 *a){
  return (u64)a[0] << 56 | (u64)a[1] << 48 | (u64)a[2] << 40 | (u64)a[3] << 32
         | (u64)a[4] << 24 | (u64)a[5] << 16 | (u64)a[6] << 8 | (u64)a[7];
}

/*
** Write v as a varint to a[], which has BLOCK_VARINT bytes.  Return how many
** bytes it took.
*/
static int blockPutVarint(u8 *a, u64 v){
  int n = 1;
  int i;
  u64 x;

  if( v>>56 ){
    a[8] = (u8)(v & 0xff);
    v >>= 8;
    for(i=7; i>=0; i--){
      a[i] = (u8)((v & 0x7f) | 0x80);
      v >>= 7;
    }
    return 9;
  }
  for(x=v>>7; x; x>>=7) n++;
  a[n - 1] = (u8)(v & 0x7f);
  for(i=n-2; i>=0; i--){
    v >>= 7;
    a[i] = (u8)((v & 0x7f) | 0x80);
  }
  return n;
}

/*
** Read a varint from the n bytes at a[] into *pv.  Return how many bytes it
** took, or 0, and 0 in *pv, if it does not end within them.
*/
static int blockGetVarint(const u8 *a, i64 n, u64 *pv){
  u64 v = 0;
  int i;

  for(i=0; i<n && i<8; i++){
    v = v << 7 | (u64)(a[i] & 0x7f);
    if( a[i]<0x80 ){
      *pv = v;
      return i + 1;
    }
  }
  if( i>=n ){
    *pv = 0;
    return 0;
  }
  *pv = v << 8 | (u64)a[8];
  return 9;
}

/* The number of bytes that blockPutVarint() writes for v. */
static int blockVarintLen(u64 v){
  int n = 1;
  while( n<9 && (v >>= 7)!=0 ) n++;
  return n;
}

/**************************************************************************
** The checksum
*/

/*
** The checksum of a block: the nHdr bytes of header before the checksum at
** aHdr, the nBody bytes of body at aBody.  nHdr is at most 2+BLOCK_VARINT.
*/
static u64 blockChecksum(i64 iKey,   /* Column key of the row */
                         i64 nEvent, /* Column n_events of the row */
                         const u8 *aHdr, int nHdr, const u8 *aBody, i64 nBody) {
  u8 a[16 + BLOCK_HDR];
  blockPut64(a, (u64)iKey);
  blockPut64(a + 8, (u64)nEvent);
  memcpy(a + 16, aHdr, (size_t)nHdr);
  return slHash64(aBody, nBody, slHash64(a, 16 + nHdr, 0));
}

/**************************************************************************
** Memory
*/

/* Give zstd the memory of SQLite. */
static void *blockZstdAlloc(void *pUnused, size_t n){
  (void)pUnused;
  return sqlite3_malloc64(n);
}
static void blockZstdFree(void *pUnused, void *p){
  (void)pUnused;
  sqlite3_free(p);
}
static ZSTD_customMem blockZstdMem(void){
  ZSTD_customMem mem;
  mem.customAlloc = blockZstdAlloc;
  mem.customFree = blockZstdFree;
  mem.opaque = 0;
  return mem;
}

/*
** Have at least n bytes in p, keeping what is in it: at least twice as many
** as before, but no more than asked for above BLOCK_KEEP.  Return SQLITE_OK,
** or SQLITE_NOMEM with p as it was.
*/
static int blockBufGrow(BlockBuf *p, i64 n){
  i64 n2 = p->n * 2 < BLOCK_KEEP ? p->n * 2 : BLOCK_KEEP;
  u8 *a;
  if( n<=p->n ) return SQLITE_OK;
  if( n<n2 ) n = n2;
  a = sqlite3_realloc64(p->a, (u64)n);
  if( a==0 ) return SQLITE_NOMEM;
  p->a = a;
  p->n = n;
  return SQLITE_OK;
}

/* Free the buffer of p. */
static void blockBufFree(BlockBuf *p){
  sqlite3_free(p->a);
  p->a = 0;
  p->n = 0;
}

/* Free the buffer of p if it is too big to be kept. */
static void blockBufTrim(BlockBuf *p){
  if( p->n>BLOCK_KEEP ) blockBufFree(p);
}

/**************************************************************************
** Packing
*/

/* Forget the events collected so far. */
static void packerClear(SlPacker *p){
  p->nEvent = 0;
  p->nKind = 0;
  p->nDict = 0;
  p->nAt = 0;
  p->nSerial = 0;
  p->nKey = 0;
  p->nPayload = 0;
  p->nRaw = 1;
  p->iLastMs = 0;
}

/*
** Return a new, empty packer, to be freed by slPackerFree(), or 0 if there is
** no memory.
*/
SlPacker *slPackerNew(void){
  SlPacker *p = sqlite3_malloc64(sizeof(*p));
  if( p ){
    memset(&p->raw, 0, sizeof(p->raw));
    memset(&p->out, 0, sizeof(p->out));
    p->pZstd = 0;
    packerClear(p);
  }
  return p;
}

/* Free a packer and the block that it gave last.  p may be 0. */
void slPackerFree(SlPacker *p){
  if( p==0 ) return;
  blockBufFree(&p->raw);
  blockBufFree(&p->out);
  ZSTD_freeCCtx(p->pZstd);
  sqlite3_free(p);
}

/*
** Forget the events, and free what is too large for an idle packer to keep:
** making a new compressor for one small block takes several times as long as
** compressing it.
*/
void slPackerTrim(SlPacker *p){
  packerClear(p);
  if( p->raw.n>BLOCK_IDLE ) blockBufFree(&p->raw);
  if( p->out.n>BLOCK_IDLE ) blockBufFree(&p->out);
  if( ZSTD_sizeof_CCtx(p->pZstd)>2*BLOCK_IDLE ){
    ZSTD_freeCCtx(p->pZstd);
    p->pZstd = 0;
  }
}

/* Return how many events have been collected. */
int slPackerCount(const SlPacker *p){
  return p->nEvent;
}

/* What an event is in a body. */
typedef struct BlockItem BlockItem;
struct BlockItem {
  int iKind;    /* Its kind: an index, or nKind if it is a new one */
  u64 iAt;      /* Its time as it is written */
  u64 iSerial;  /* Its serial type */
  i64 nPayload; /* Bytes of payload */
  i64 nRaw;     /* Bytes in all that it adds to the body */
};

/* Find out what pEvent would be if it were added to p. */
static void blockItem(const SlPacker *p, const SlEvent *pEvent,
                      BlockItem *pItem) {
  int i;
  u64 d;

  /* Neighbours are often of a kind: the kind of the latest event first */
  i = p->nEvent ? p->aIdx[p->nEvent - 1] : 0;
  if( p->nEvent==0 || p->aDict[p->aiKind[i]]!=pEvent->nKind
   || memcmp(&p->aDict[p->aiKind[i]+1], pEvent->zKind,
             (size_t)pEvent->nKind)!=0
  ){
    for(i=0; i<p->nKind; i++){
      const u8 *a = &p->aDict[p->aiKind[i]];
      if( a[0]==pEvent->nKind
       && memcmp(a+1, pEvent->zKind, (size_t)pEvent->nKind)==0
      ){
        break;
      }
    }
  }
  pItem->iKind = i;

  d = (u64)pEvent->iAtMs - (u64)p->iLastMs;
  pItem->iAt = d << 1 ^ (0 - (d >> 63));

  switch( pEvent->eType ){
    case SQLITE_INTEGER:
      pItem->iSerial = BLOCK_INTEGER;
      pItem->nPayload = 8;
      break;
    case SQLITE_FLOAT:
      pItem->iSerial = BLOCK_REAL;
      pItem->nPayload = 8;
      break;
    case SQLITE_TEXT:
      pItem->iSerial = BLOCK_TEXT + 2 * (u64)pEvent->nData;
      pItem->nPayload = pEvent->nData;
      break;
    case SQLITE_BLOB:
      pItem->iSerial = BLOCK_BLOB + 2 * (u64)pEvent->nData;
      pItem->nPayload = pEvent->nData;
      break;
    default:
      assert(pEvent->eType == SQLITE_NULL);
      pItem->iSerial = BLOCK_NULL;
      pItem->nPayload = 0;
      break;
  }

  pItem->nRaw = 2 + blockVarintLen(pItem->iAt) + blockVarintLen(pItem->iSerial)
                + pItem->nPayload;
  if( i==p->nKind ) pItem->nRaw += 1 + pEvent->nKind;
  if( pEvent->zKey ) pItem->nRaw += pEvent->nKey;
}

/* True if an item may be added to p. */
static int blockItemFits(const SlPacker *p, const BlockItem *pItem){
  if( p->nEvent==0 ) return 1;
  return p->nEvent < SL_BLOCK_EVENTS && p->nRaw + pItem->nRaw <= SL_BLOCK_RAW;
}

/*
** True if pEvent may be added to the block being collected: it is the first,
** or there are fewer than SL_BLOCK_EVENTS and the body stays within
** SL_BLOCK_RAW bytes.
*/
int slPackerFits(const SlPacker *p, const SlEvent *pEvent){
  BlockItem item;
  blockItem(p, pEvent, &item);
  return blockItemFits(p, &item);
}

/*
** Add a copy of pEvent to the block being collected.  Nothing is added unless
** SQLITE_OK is returned.  Errors:
**
**     SQLITE_NOMEM     no memory
**     SQLITE_TOOBIG    it does not fit (see slPackerFits()), or is larger
**                      than any block may be
**     SQLITE_CORRUPT   kind or key are not 1..255 bytes: no event is like
**                      that, so where it was read from is damaged
*/
int slPackerAdd(SlPacker *p, const SlEvent *pEvent){
  BlockItem item;
  u8 *aTo;
  u64 v;
  int rc;

  if( pEvent->nKind<1 || pEvent->nKind>SL_BLOCK_TEXT ) return SQLITE_CORRUPT;
  if( pEvent->zKey && (pEvent->nKey<1 || pEvent->nKey>SL_BLOCK_TEXT) ){
    return SQLITE_CORRUPT;
  }
  blockItem(p, pEvent, &item);
  if( !blockItemFits(p, &item) || p->nRaw+item.nRaw>BLOCK_MAX ){
    return SQLITE_TOOBIG;
  }
  if( p->nEvent==0 ){
    blockBufTrim(&p->raw);
    blockBufTrim(&p->out);
  }
  rc = blockBufGrow(&p->raw, BLOCK_GAP + p->nPayload + item.nPayload);
  if( rc!=SQLITE_OK ) return rc;

  if( item.iKind==p->nKind ){
    p->aiKind[p->nKind++] = p->nDict;
    p->aDict[p->nDict++] = (u8)pEvent->nKind;
    memcpy(&p->aDict[p->nDict], pEvent->zKind, (size_t)pEvent->nKind);
    p->nDict += pEvent->nKind;
  }
  p->aIdx[p->nEvent] = (u8)item.iKind;
  p->aKeyLen[p->nEvent] = 0;
  if( pEvent->zKey ){
    p->aKeyLen[p->nEvent] = (u8)pEvent->nKey;
    memcpy(&p->aKey[p->nKey], pEvent->zKey, (size_t)pEvent->nKey);
    p->nKey += pEvent->nKey;
  }
  p->nAt += blockPutVarint(&p->aAt[p->nAt], item.iAt);
  p->nSerial += blockPutVarint(&p->aSerial[p->nSerial], item.iSerial);
  p->iLastMs = pEvent->iAtMs;

  aTo = p->raw.a + BLOCK_GAP + p->nPayload;
  switch( pEvent->eType ){
    case SQLITE_INTEGER: blockPut64(aTo, (u64)pEvent->iInt); break;
    case SQLITE_FLOAT:
      assert(sizeof(v) == sizeof(pEvent->rReal));
      memcpy(&v, &pEvent->rReal, sizeof(v));
      blockPut64(aTo, v);
      break;
    default:
      if( item.nPayload ) memcpy(aTo, pEvent->pData, (size_t)item.nPayload);
      break;
  }
  p->nPayload += item.nPayload;
  p->nRaw += item.nRaw;
  p->nEvent++;
  return SQLITE_OK;
}

/* Copy n bytes to *ppTo, and move *ppTo behind them. */
static void blockAppend(u8 **ppTo, const void *pFrom, int n){
  memcpy(*ppTo, pFrom, (size_t)n);
  *ppTo += n;
}

/*
** Compress the nRaw bytes at aRaw, nRaw>1, to p->out.a+BLOCK_HDR.  Set *pn to
** the number of bytes that came out, or to 0 if they are not fewer than went
** in.  Return SQLITE_OK or SQLITE_NOMEM.
**
** No tighter room than that is given: zstd may report that room is lacking
** when the last few bytes would just fit.
*/
static int blockCompress(SlPacker *p, const u8 *aRaw, i64 nRaw, i64 *pn){
  size_t n;
  int rc;

  *pn = 0;
  rc = blockBufGrow(&p->out, BLOCK_HDR + nRaw - 1);
  if( rc!=SQLITE_OK ) return rc;
  if( p->pZstd==0 ){
    p->pZstd = ZSTD_createCCtx_advanced(blockZstdMem());
    if( p->pZstd==0 ) return SQLITE_NOMEM;
    ZSTD_CCtx_setParameter(p->pZstd, ZSTD_c_compressionLevel, BLOCK_LEVEL);
    ZSTD_CCtx_setParameter(p->pZstd, ZSTD_c_minMatch, BLOCK_MATCH);
    ZSTD_CCtx_setParameter(p->pZstd, ZSTD_c_hashLog, BLOCK_HASH);
  }
  n = ZSTD_compress2(p->pZstd, p->out.a + BLOCK_HDR, (size_t)(nRaw - 1), aRaw,
                     (size_t)nRaw);
  if( !ZSTD_isError(n) ){
    *pn = (i64)n;
  }else if( ZSTD_getErrorCode(n)!=ZSTD_error_dstSize_tooSmall ){
    /* Memory is all that compression of sane arguments can want */
    rc = SQLITE_NOMEM;
  }
  if( rc!=SQLITE_OK || nRaw>SL_BLOCK_RAW ){
    /* The tables of a compressor grow with its input, and stay */
    ZSTD_freeCCtx(p->pZstd);
    p->pZstd = 0;
  }
  return rc;
}

/*
** Encode the events collected, of which there is at least one, as the block
** of row iKey, and empty the packer, whatever is returned.  *ppOut and *pnOut
** give the column data; it belongs to the packer and is valid until the next
** call on it.  A block of more than nLimit bytes is SQLITE_TOOBIG; else
** SQLITE_OK or SQLITE_NOMEM.
*/
int slPackerFinish(SlPacker *p, i64 iKey, i64 nLimit, void **ppOut,
                   i64 *pnOut) {
  u8 aHdr[BLOCK_HDR]; /* The header */
  int nHdr;           /* Bytes of it before the checksum */
  u8 *aRaw;           /* The body before compression */
  u8 *aBody;          /* The body, with room for a header before it */
  i64 nBody;          /* Its size */
  i64 nRaw = p->nRaw;
  int nEvent = p->nEvent;
  u8 *aTo;
  int rc;

  *ppOut = 0;
  *pnOut = 0;
  assert(nEvent > 0 && nEvent <= SL_BLOCK_EVENTS);
  aRaw = aTo = p->raw.a + BLOCK_GAP - (nRaw - p->nPayload);
  *aTo++ = (u8)p->nKind;
  blockAppend(&aTo, p->aDict, p->nDict);
  blockAppend(&aTo, p->aIdx, nEvent);
  blockAppend(&aTo, p->aKeyLen, nEvent);
  blockAppend(&aTo, p->aAt, p->nAt);
  blockAppend(&aTo, p->aSerial, p->nSerial);
  blockAppend(&aTo, p->aKey, p->nKey);
  assert(aTo == p->raw.a + BLOCK_GAP);
  packerClear(p);

  aHdr[0] = BLOCK_FORMAT;
  nHdr = 2 + blockPutVarint(&aHdr[2], (u64)nRaw);
  rc = blockCompress(p, aRaw, nRaw, &nBody);
  if( rc!=SQLITE_OK ) return rc;
  if( nBody>0 ){
    aHdr[1] = BLOCK_ZSTD;
    aBody = p->out.a + BLOCK_HDR;
  }else{
    aHdr[1] = BLOCK_STORED;
    aBody = aRaw;
    nBody = nRaw;
  }
  if( nHdr+BLOCK_SUM+nBody>nLimit ) return SQLITE_TOOBIG;
  blockPut64(&aHdr[nHdr],
             blockChecksum(iKey, nEvent, aHdr, nHdr, aBody, nBody));
  nHdr += BLOCK_SUM;
  memcpy(aBody - nHdr, aHdr, (size_t)nHdr);
  *ppOut = aBody - nHdr;
  *pnOut = nHdr + nBody;
  return SQLITE_OK;
}

/**************************************************************************
** Unpacking
*/

/*
** Return a new SlBlock, to be freed by slBlockFree(), or 0 if there is no
** memory.
*/
SlBlock *slBlockNew(void){
  SlBlock *p = sqlite3_malloc64(sizeof(*p));
  if( p ){
    p->nEvent = 0;
    memset(&p->raw, 0, sizeof(p->raw));
    p->pZstd = 0;
  }
  return p;
}

/* Free a block and what its events point to.  p may be 0. */
void slBlockFree(SlBlock *p){
  if( p==0 ) return;
  blockBufFree(&p->raw);
  ZSTD_freeDCtx(p->pZstd);
  sqlite3_free(p);
}

/*
** True if the nBody bytes at aBody look like exactly one zstd frame that
** promises nRaw bytes and might keep its promise.  Nothing is allocated.
**
** The magic number is tested first since zstd itself would also take its
** older formats and frames to be skipped.
*/
static int blockFrameIsSane(const u8 *aBody, i64 nBody, i64 nRaw){
  static const u8 aMagic[4] = { 0x28, 0xb5, 0x2f, 0xfd };
  if( nBody<4 || memcmp(aBody, aMagic, 4)!=0 ) return 0;
  if( nRaw/BLOCK_RATIO>nBody ) return 0;
  if( ZSTD_getFrameContentSize(aBody, (size_t)nBody)!=(u64)nRaw ) return 0;
  return ZSTD_findFrameCompressedSize(aBody, (size_t)nBody) == (size_t)nBody;
}

/*
** Decompress a frame that promises nRaw bytes into p->raw, which grows as
** they come: the promise alone buys no memory.  The result is a return value
** of ZSTD_decompressStream(): 0, an error, or else the frame wants more input
** than there is or gives more output than it said.  *pnOut is the number of
** bytes that came.  SQLITE_NOMEM or SQLITE_OK is returned.
*/
static int blockStream(SlBlock *p, const u8 *aBody, i64 nBody, i64 nRaw,
                       size_t *pRes, i64 *pnOut) {
  ZSTD_inBuffer in;
  ZSTD_outBuffer out;
  size_t nOut; /* out.pos before the step */

  in.src = aBody;
  in.size = (size_t)nBody;
  in.pos = 0;
  out.pos = 0;
  ZSTD_DCtx_setParameter(p->pZstd, ZSTD_d_windowLogMax, BLOCK_WINDOW);
  do {
    if( (i64)out.pos==p->raw.n ){
      i64 n = p->raw.n < BLOCK_KEEP ? BLOCK_KEEP : p->raw.n * 2;
      if( blockBufGrow(&p->raw, n<nRaw ? n : nRaw) ) return SQLITE_NOMEM;
    }
    out.dst = p->raw.a;
    assert(p->raw.n <= nRaw); /* a buffer that is kept is smaller */
    out.size = (size_t)p->raw.n;
    nOut = out.pos;
    *pRes = ZSTD_decompressStream(p->pZstd, &out, &in);
    /* All input is there: a step without output is the last one. An error
    ** comes without output. */
  }while( *pRes!=0 && out.pos>nOut );
  *pnOut = (i64)out.pos;
  return SQLITE_OK;
}

/*
** Have the nRaw bytes of the body in p->raw.  Return SQLITE_OK, SQLITE_NOMEM,
** or SQLITE_CORRUPT if the frame does not give exactly nRaw bytes.
*/
static int blockDecompress(SlBlock *p, const u8 *aBody, i64 nBody, i64 nRaw){
  size_t res = 0;
  i64 nOut = 0;
  int rc;

  if( !blockFrameIsSane(aBody, nBody, nRaw) ) return SQLITE_CORRUPT;
  if( p->pZstd==0 ){
    p->pZstd = ZSTD_createDCtx_advanced(blockZstdMem());
    if( p->pZstd==0 ) return SQLITE_NOMEM;
  }
  if( nRaw<=BLOCK_KEEP || nRaw/BLOCK_TRUST<=nBody ){
    rc = blockBufGrow(&p->raw, nRaw);
    if( rc!=SQLITE_OK ) return rc;
    res = ZSTD_decompressDCtx(p->pZstd, p->raw.a, (size_t)nRaw, aBody,
                              (size_t)nBody);
    if( !ZSTD_isError(res) ){
      nOut = (i64)res;
      res = 0;
    }
  }else{
    rc = blockStream(p, aBody, nBody, nRaw, &res, &nOut);
  }
  /* zstd itself compares what came with what was promised. */
  if( rc==SQLITE_OK && (res!=0 || NEVER(nOut!=nRaw)) ){
    rc = SQLITE_CORRUPT;
    if( ZSTD_getErrorCode(res)==ZSTD_error_memory_allocation ){
      rc = SQLITE_NOMEM;
    }
  }
  if( rc!=SQLITE_OK || nRaw>BLOCK_KEEP ){
    /* It may have buffers of its own now, or be in the middle of a frame */
    ZSTD_freeDCtx(p->pZstd);
    p->pZstd = 0;
  }
  return rc;
}

/*
** Take the nRaw bytes at p->raw.a apart into the first n elements of
** p->aEvent[].  Return SQLITE_OK, or SQLITE_CORRUPT if they are not exactly
** what the format says.
*/
static int blockParse(SlBlock *p, int n, i64 nRaw){
  const u8 *a = p->raw.a;              /* Next byte */
  const u8 *aEnd;                      /* End of the body */
  const u8 *aIdx;                      /* Column of kinds */
  const u8 *aKeyLen;                   /* Column of key lengths */
  const char *azKind[SL_BLOCK_EVENTS]; /* The distinct kinds */
  int anKind[SL_BLOCK_EVENTS];         /* Their sizes */
  int nKind;                           /* Their number */
  u64 aSerial[SL_BLOCK_EVENTS];        /* Column of serial types */
  u64 iAt = 0;                         /* at_ms of the event before */
  u64 v;
  int nByte;
  int i;

  assert(a != 0 && nRaw >= 1);
  aEnd = a + nRaw;
  nKind = *a++;
  if( nKind<1 || nKind>n ) return SQLITE_CORRUPT;
  for(i=0; i<nKind; i++){
    if( a==aEnd || a[0]==0 || aEnd-a<=a[0] ) return SQLITE_CORRUPT;
    azKind[i] = (const char *)&a[1];
    anKind[i] = a[0];
    a += 1 + a[0];
  }
  if( aEnd-a<2*n ) return SQLITE_CORRUPT;
  aIdx = a;
  aKeyLen = a + n;
  a += 2 * n;
  for(i=0; i<n; i++){
    nByte = blockGetVarint(a, aEnd - a, &v);
    if( nByte==0 || aIdx[i]>=nKind ) return SQLITE_CORRUPT;
    a += nByte;
    iAt += v >> 1 ^ (0 - (v & 1));
    p->aEvent[i].iAtMs = (i64)iAt;
    p->aEvent[i].zKind = azKind[aIdx[i]];
    p->aEvent[i].nKind = anKind[aIdx[i]];
  }
  for(i=0; i<n; i++){
    nByte = blockGetVarint(a, aEnd - a, &aSerial[i]);
    if( nByte==0 ) return SQLITE_CORRUPT;
    a += nByte;
  }
  for(i=0; i<n; i++){
    SlEvent *pEv = &p->aEvent[i];
    if( aEnd-a<aKeyLen[i] ) return SQLITE_CORRUPT;
    pEv->zKey = aKeyLen[i] ? (const char *)a : 0;
    pEv->nKey = aKeyLen[i];
    a += aKeyLen[i];
  }
  for(i=0; i<n; i++){
    SlEvent *pEv = &p->aEvent[i];
    pEv->iInt = 0;
    pEv->rReal = 0.0;
    pEv->pData = 0;
    pEv->nData = 0;
    if( aSerial[i]>=BLOCK_BLOB ){
      v = (aSerial[i] - BLOCK_BLOB) / 2;
      if( v>(u64)(aEnd-a) ) return SQLITE_CORRUPT;
      pEv->eType = (aSerial[i] & 1) ? SQLITE_TEXT : SQLITE_BLOB;
      pEv->pData = a;
      pEv->nData = (i64)v;
      a += v;
    }else if( aSerial[i]==BLOCK_NULL ){
      pEv->eType = SQLITE_NULL;
    }else{
      if( aEnd-a<8 ) return SQLITE_CORRUPT;
      v = blockGet64(a);
      a += 8;
      if( aSerial[i]==BLOCK_INTEGER ){
        pEv->eType = SQLITE_INTEGER;
        pEv->iInt = (i64)v;
      }else if( aSerial[i]==BLOCK_REAL ){
        pEv->eType = SQLITE_FLOAT;
        memcpy(&pEv->rReal, &v, sizeof(v));
      }else{
        return SQLITE_CORRUPT;
      }
    }
  }
  return a == aEnd ? SQLITE_OK : SQLITE_CORRUPT;
}

/*
** Decode the block of a row (iKey, nEvents, pData) into p, in place of what
** was there.  Nothing of pData is used after the return.  Errors, which leave
** p without events:
**
**     SQLITE_NOMEM     no memory
**     SQLITE_TOOBIG    its one event is larger than a value of nLimit bytes;
**                      of several SQLite refuses the values that are
**     SQLITE_CORRUPT   it is not a block of this format and of that row
*/
int slBlockDecode(SlBlock *p, i64 iKey, i64 nEvents, const void *pData,
                  i64 nData, i64 nLimit) {
  const u8 *a = (const u8 *)pData;
  u64 nRaw; /* Size of the body decompressed */
  int nHdr; /* Size of the header, first without checksum */
  int rc;

  p->nEvent = 0;
  blockBufTrim(&p->raw);
  if( nEvents<1 || nEvents>SL_BLOCK_EVENTS ) return SQLITE_CORRUPT;
  if( nData<3 || a[0]!=BLOCK_FORMAT ) return SQLITE_CORRUPT;
  nHdr = blockGetVarint(&a[2], nData - 2, &nRaw);
  if( nRaw<1 || nRaw>BLOCK_MAX ) return SQLITE_CORRUPT;
  if( nEvents>1 && nRaw>SL_BLOCK_RAW ) return SQLITE_CORRUPT;
  nHdr += 2;
  if( nData-nHdr<BLOCK_SUM ) return SQLITE_CORRUPT;
  nData -= nHdr + BLOCK_SUM;
  if( blockGet64(&a[nHdr])
   != blockChecksum(iKey, nEvents, a, nHdr, &a[nHdr+BLOCK_SUM], nData)
  ){
    return SQLITE_CORRUPT;
  }
  if( nEvents==1 && (i64)nRaw>nLimit+BLOCK_MORE ) return SQLITE_TOOBIG;
  rc = SQLITE_CORRUPT;
  if( a[1]==BLOCK_ZSTD ){
    rc = blockDecompress(p, &a[nHdr + BLOCK_SUM], nData, (i64)nRaw);
  }else if( a[1]==BLOCK_STORED && nRaw==(u64)nData ){
    rc = blockBufGrow(&p->raw, nData);
    if( rc==SQLITE_OK ){
      assert(p->raw.a != 0);
      memcpy(p->raw.a, &a[nHdr + BLOCK_SUM], (size_t)nData);
    }
  }
  if( rc==SQLITE_OK ) rc = blockParse(p, (int)nEvents, (i64)nRaw);
  if( rc==SQLITE_OK ) p->nEvent = (int)nEvents;
  return rc;
}

/* Return how many events p holds, 0 if the latest decode failed. */
int slBlockCount(const SlBlock *p){
  return p->nEvent;
}

/*
** The i-th event of p, from 0.  It, and what it points to, belongs to p and is
** valid until the next decode.
*/
const SlEvent *slBlockAt(const SlBlock *p, int i){
  assert(i >= 0 && i < p->nEvent);
  return &p->aEvent[i];
}

/* A copy of that event, which still points into p. */
void slBlockEvent(const SlBlock *p, int i, SlEvent *pEvent){
  *pEvent = *slBlockAt(p, i);
}
