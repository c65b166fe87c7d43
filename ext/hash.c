/*
** hash.c - XXH64, the checksum of blocks, after "xxHash fast digest
** algorithm", doc/xxhash_spec.md of https://github.com/Cyan4973/xxHash.  Names
** are those of that text.
*/
#include "slUtil.h"

#define PRIME64_1 (((u64)0x9E3779B1 << 32) | 0x85EBCA87)
#define PRIME64_2 (((u64)0xC2B2AE3D << 32) | 0x27D4EB4F)
#define PRIME64_3 (((u64)0x165667B1 << 32) | 0x9E3779F9)
#define PRIME64_4 (((u64)0x85EBCA77 << 32) | 0xC2B2AE63)
#define PRIME64_5 (((u64)0x27D4EB2F << 32) | 0x165667C5)

/* x, rotated to the left by r bits, 0<r<64. */
static u64 hashRotate(u64 x, int r){
  return x << r | x >> (64 - r);
}

/* Read 8 or 4 bytes, little-endian. */
static u64 hashLane64(const u8 *a){
  return (u64)a[0] | (u64)a[1] << 8 | (u64)a[2] << 16 | (u64)a[3] << 24
         | (u64)a[4] << 32 | (u64)a[5] << 40 | (u64)a[6] << 48
         | (u64)a[7] << 56;
}
static u64 hashLane32(const u8 *a){
  return (u64)a[0] | (u64)a[1] << 8 | (u64)a[2] << 16 | (u64)a[3] << 24;
}

/* One round: take a lane into an accumulator. */
static u64 hashRound(u64 acc, u64 lane){
  return hashRotate(acc + lane * PRIME64_2, 31) * PRIME64_1;
}

/* Merge an accumulator into the final one. */
static u64 hashMerge(u64 acc, u64 accN){
  return (acc ^ hashRound(0, accN)) * PRIME64_1 + PRIME64_4;
}

/* Return XXH64 of the n bytes at a[]. */
u64 slHash64(const u8 *a, i64 n, u64 seed){
  const u8 *aEnd = a + n;
  u64 acc;

  if( n>=32 ){
    u64 acc1 = seed + PRIME64_1 + PRIME64_2;
    u64 acc2 = seed + PRIME64_2;
    u64 acc3 = seed;
    u64 acc4 = seed - PRIME64_1;
    do {
      acc1 = hashRound(acc1, hashLane64(a));
      acc2 = hashRound(acc2, hashLane64(a + 8));
      acc3 = hashRound(acc3, hashLane64(a + 16));
      acc4 = hashRound(acc4, hashLane64(a + 24));
      a += 32;
    }while( aEnd-a>=32 );
    acc = hashRotate(acc1, 1) + hashRotate(acc2, 7) + hashRotate(acc3, 12)
          + hashRotate(acc4, 18);
    acc = hashMerge(acc, acc1);
    acc = hashMerge(acc, acc2);
    acc = hashMerge(acc, acc3);
    acc = hashMerge(acc, acc4);
  }else{
    acc = seed + PRIME64_5;
  }
  acc += (u64)n;

  while( aEnd-a>=8 ){
    acc ^= hashRound(0, hashLane64(a));
    acc = hashRotate(acc, 27) * PRIME64_1 + PRIME64_4;
    a += 8;
  }
  if( aEnd-a>=4 ){
    acc ^= hashLane32(a) * PRIME64_1;
    acc = hashRotate(acc, 23) * PRIME64_2 + PRIME64_3;
    a += 4;
  }
  while( a<aEnd ){
    acc ^= (u64)a[0] * PRIME64_5;
    acc = hashRotate(acc, 11) * PRIME64_1;
    a++;
  }

  acc ^= acc >> 33;
  acc *= PRIME64_2;
  acc ^= acc >> 29;
  acc *= PRIME64_3;
  return acc ^ acc >> 32;
}
