/*
** clock.c - interleaved timing.
**
** A race runs its variants in turns of one chunk each, every turn timed by
** the CPU clock of the thread; who begins rotates. A round is nChunk turns.
*/
#define _POSIX_C_SOURCE 200809L
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "bench.h"

/*
** A clock in ns.
*/
static double readClock(clockid_t eClock){
  struct timespec t;
  clock_gettime(eClock, &t);
  return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

/*
** CPU time of this thread.
*/
double cpuNs(void){
  return readClock(CLOCK_THREAD_CPUTIME_ID);
}

/*
** Time on the wall.
*/
double wallNs(void){
  return readClock(CLOCK_MONOTONIC);
}

/*
** Run all rounds of a race.
*/
void raceRun(const Race *p, Timing *pOut){
  int iRound, iChunk, i;
  memset(pOut, 0, sizeof(*pOut));
  pOut->nVar = p->nVar;
  for(iRound=0; iRound<BENCH_ROUNDS; iRound++){
    for(i=0; p->xBegin && i<p->nVar; i++) p->xBegin(p->pArg, i, iRound);
    for(iChunk=0; iChunk<p->nChunk; iChunk++){
      for(i=0; i<p->nVar; i++){
        int iVar = (i + iRound + iChunk) % p->nVar;
        double t0 = cpuNs();
        p->xWork(p->pArg, iVar, iChunk);
        pOut->a[iVar][iRound] += cpuNs() - t0;
      }
    }
    for(i=0; p->xEnd && i<p->nVar; i++) p->xEnd(p->pArg, i, iRound);
  }
}

/*
** For qsort().
*/
static int compareReal(const void *p1, const void *p2){
  double r1 = *(const double *)p1, r2 = *(const double *)p2;
  return r1 < r2 ? -1 : r1 > r2;
}

/*
** The median of n figures, at most BENCH_ROUNDS.
*/
double median(const double *a, int n){
  double b[BENCH_ROUNDS];
  memcpy(b, a, (size_t)n * sizeof(b[0]));
  qsort(b, (size_t)n, sizeof(b[0]), compareReal);
  return n & 1 ? b[n / 2] : (b[n / 2 - 1] + b[n / 2]) / 2;
}

/*
** Median of a variant's totals.
*/
double timingMedian(const Timing *p, int iVar){
  return median(p->a[iVar], BENCH_ROUNDS);
}

/*
** Median of the rounds' ratios.
*/
double timingRatio(const Timing *p, int iVar, int iBase){
  double a[BENCH_ROUNDS];
  int i;
  for(i=0; i<BENCH_ROUNDS; i++) a[i] = p->a[iVar][i] / p->a[iBase][i];
  return median(a, BENCH_ROUNDS);
}
