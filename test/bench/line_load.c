/*
** line_load.c - line 18: loading the extension.
**
** prog_load, which is linked with SQLite alone, does it in a process of its
** own each time, so that dlopen() has all its work to do, and prints the CPU
** time and the time on the wall that it took.
*/
#define _POSIX_C_SOURCE 200809L
#include <stdio.h>
#include <stdlib.h>

#include "bench.h"

/*
** Line 18.
*/
void lineLoad(void){
  double aCpu[BENCH_ROUNDS], aWall[BENCH_ROUNDS];
  char zCmd[2200];
  int i;
  if( !wantLines(18, 18) ) return;
  snprintf(zCmd, sizeof(zCmd), "'%s' '%s'", config.zLoad, config.zSo);
  for(i=0; i<BENCH_ROUNDS; i++){
    FILE *pPipe = popen(zCmd, "r");
    if( pPipe==0 || fscanf(pPipe, "%lf %lf", &aCpu[i], &aWall[i])!=2
     || pclose(pPipe) ){
      die("%s does not run", zCmd);
    }
  }
  reportRow(18, "load of the extension, in a new process", OP_MAX, 1, "ms",
            median(aCpu, BENCH_ROUNDS) / 1e6, "%.2f ms on the wall",
            median(aWall, BENCH_ROUNDS) / 1e6);
}
