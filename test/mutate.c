/*
** mutate.c - what mutate.tcl links with the extension that it changes.
**
** mutate.tcl numbers the points of the extension, instructions that depend on
** a comparison: conditional jumps, sets and moves. An entry of the section
** sl_points tells where each is. Before the program begins
**
**   SL_MUTANT=N:always, N:never   changes point N, if it is linked: the jump
**                                 is always taken or never, the value is 1 or
**                                 0, the move is made or not
**   SL_SEEN=FILE                  has a byte set for what happened: at 2*N for
**                                 a point that was taken, at 2*N+1 for one
**                                 that was not. Any number of processes may
**                                 write to the file, and may be killed
*/
#define _GNU_SOURCE 1
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define HIDDEN __attribute__((visibility("hidden")))

/* Of the assembler text: the point's number, and the instruction's distance
** from here. */
typedef struct Point Point;
struct Point {
  int32_t iPoint;
  int32_t iAt;
};
extern const Point aPoint[] __asm__("__start_sl_points") HIDDEN;
extern const Point aPointEnd[] __asm__("__stop_sl_points") HIDDEN;

/* Whole pages, for a file takes their place. SL_SEEN_SIZE is a multiple. */
unsigned char sl_seen[SL_SEEN_SIZE] HIDDEN __attribute__((aligned(4096)));

static void fail(const char *z){
  fprintf(stderr, "mutate: %s\n", z);
  _exit(99);
}

/* A jump of 2 bytes (7x rel8) or 6 (0f 8x rel32). */
static int changeJump(unsigned char *a, int bAlways){
  int n = a[0] == 0x0f ? 6 : 2;
  if( n == 6 ? (a[1] & 0xf0) != 0x80 : (a[0] & 0xf0) != 0x70 ) return 0;
  if( !bAlways ){
    memset(a, 0x90, n);
  }else if( n == 6 ){
    a[0] = 0x90;
    a[1] = 0xe9;
  }else{
    a[0] = 0xeb;
  }
  return 1;
}

/* Bytes of an address: the ModRM byte and what it brings. */
static int modrmSize(const unsigned char *a){
  int eMod = a[0] >> 6;
  int eRm = a[0] & 7;
  int n = 1;
  if( eMod == 3 ) return n;
  if( eRm == 4 ){
    n++;
    if( eMod == 0 && (a[1] & 7) == 5 ) n += 4;
  }
  if( eMod == 1 ) n += 1;
  if( eMod == 2 || (eMod == 0 && eRm == 5) ) n += 4;
  return n;
}

/* A set (0f 9x) becomes a move of 1 or 0; a move (0f 4x) an unconditional one,
** or nothing: then an address that counts from the next instruction, which
** the one byte less would move, does not occur. */
static int changeValue(unsigned char *a, int bAlways){
  unsigned char *p = a;
  int n;
  if( *p == 0x66 ) p++;
  if( (*p & 0xf0) == 0x40 ) p++;
  if( p[0] != 0x0f ) return 0;
  n = modrmSize(p + 2);
  if( (p[1] & 0xf0) == 0x90 ){
    unsigned char eRm = p[2] & 0xc7;
    memmove(p + 1, p + 2, n);
    p[0] = 0xc6;
    p[1] = eRm;
    p[n + 1] = (unsigned char)bAlways;
    return 1;
  }
  if( (p[1] & 0xf0) != 0x40 ) return 0;
  if( !bAlways ){
    memset(a, 0x90, p + 2 + n - a);
    return 1;
  }
  if( (p[2] & 0xc7) == 0x05 ) return 0;
  p[0] = 0x8b;
  memmove(p + 1, p + 2, n);
  p[n + 1] = 0x90;
  return 1;
}

static void change(const char *z){
  char *zEnd;
  long iPoint = strtol(z, &zEnd, 10);
  int bAlways = strcmp(zEnd, ":always") == 0;
  uintptr_t iMask = ~(uintptr_t)4095;
  const Point *p;
  unsigned char *a;
  unsigned char *aPage;
  size_t n;
  if( iPoint < 0 || 2*iPoint >= SL_SEEN_SIZE ) fail("no such point");
  for(p = aPoint; p < aPointEnd && p->iPoint != iPoint; p++){
  }
  /* A program has those files of the library that it needs. */
  if( p == aPointEnd ) return;
  a = (unsigned char *)&p->iAt + p->iAt;
  aPage = (unsigned char *)((uintptr_t)a & iMask);
  n = ((uintptr_t)(a + 15) & iMask) - (uintptr_t)aPage + 4096;
  if( mprotect(aPage, n, PROT_READ | PROT_WRITE | PROT_EXEC) ){
    fail("code is read-only");
  }
  if( !changeJump(a, bAlways) && !changeValue(a, bAlways) ){
    fail("unknown instruction");
  }
  mprotect(aPage, n, PROT_READ | PROT_EXEC);
}

static void watch(const char *zFile){
  int fd = open(zFile, O_RDWR);
  void *p = MAP_FAILED;
  if( fd >= 0 ){
    p = mmap(sl_seen, sizeof(sl_seen), PROT_READ | PROT_WRITE,
             MAP_SHARED | MAP_FIXED, fd, 0);
    close(fd);
  }
  if( p == MAP_FAILED ) fail("can't map SL_SEEN");
}

__attribute__((constructor)) static void start(void) {
  const char *zMutant = getenv("SL_MUTANT");
  const char *zSeen = getenv("SL_SEEN");
  if( zMutant && zMutant[0] ) change(zMutant);
  if( zSeen && zSeen[0] ) watch(zSeen);
}
