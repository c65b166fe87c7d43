/*
** Interface to code in block.c: the codec of compressed event blocks.
**
** A block holds 1 to 64 consecutive events of one session as one BLOB.
** This file knows the bytes only: who reads the events out of the database,
** and who stores the blocks there, is somebody else's business.
**
** Packing:
**
**     SlPacker *p = slPackerNew();
**     for each event, in order of ordinal:
**       if( !slPackerFits(p, &ev) ){
**         rc = slPackerFinish(p, iKey, nLimit, &pOut, &nOut);
**         store the row (iKey, n_events, pOut)
**       }
**       rc = slPackerAdd(p, &ev);
**     finish the last block, slPackerFree(p)
**
** Unpacking:
**
**     SlBlock *p = slBlockNew();
**     rc = slBlockDecode(p, iKey, nEvents, pData, nData, nLimit);
**     for(i=0; i<slBlockCount(p); i++) slBlockEvent(p, i, &ev);
**     slBlockFree(p);
**
** A packer and a block may be used from one thread at a time.  All memory,
** that of zstd included, comes from sqlite3_malloc64().
*/
#ifndef SL_BLOCK_H
#define SL_BLOCK_H

#include "slUtil.h"

#define SL_BLOCK_EVENTS 64 /* At most so many events in a block */
#define SL_BLOCK_RAW                                                           \
  (256 * 1024)            /* A block of several events stays within
                                    ** so many bytes before compression */
#define SL_BLOCK_TEXT 255 /* Longest kind or key, in bytes */

/*
** The values of one event.  All pointers are borrowed: an SlEvent owns
** nothing and is never freed.  No text is zero-terminated.
*/
typedef struct SlEvent SlEvent;
struct SlEvent {
  i64 iAtMs;         /* When it happened, in ms of the Unix epoch */
  const char *zKind; /* Its kind, 1..255 bytes */
  int nKind;         /* Bytes in zKind */
  const char *zKey;  /* Idempotency key, 1..255 bytes.  0: it has none */
  int nKey;          /* Bytes in zKey */
  int eType;         /* Payload's type: SQLITE_NULL, SQLITE_INTEGER... */
  i64 iInt;          /* The payload if SQLITE_INTEGER */
  double rReal;      /* The payload if SQLITE_FLOAT */
  const void *pData; /* The payload if SQLITE_TEXT or SQLITE_BLOB */
  i64 nData;         /* Bytes in pData, 0 for the other types */
};

typedef struct SlPacker SlPacker; /* Events on their way into a block */
typedef struct SlBlock SlBlock;   /* A decoded block */

SlPacker *slPackerNew(void);
void slPackerFree(SlPacker *);
void slPackerTrim(SlPacker *);
int slPackerFits(const SlPacker *, const SlEvent *);
int slPackerAdd(SlPacker *, const SlEvent *);
int slPackerCount(const SlPacker *);
int slPackerFinish(SlPacker *, i64 iKey, i64 nLimit, void **ppOut, i64 *pnOut);

SlBlock *slBlockNew(void);
void slBlockFree(SlBlock *);
int slBlockDecode(SlBlock *, i64 iKey, i64 nEvents, const void *pData,
                  i64 nData, i64 nLimit);
int slBlockCount(const SlBlock *);
const SlEvent *slBlockAt(const SlBlock *, int i);
void slBlockEvent(const SlBlock *, int i, SlEvent *);

#endif /* SL_BLOCK_H */
