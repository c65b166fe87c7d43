/*
** main.c - the benchmark's options and order.
**
**   bench [--quick] [--data DIR] [--only LINES] [--out DIR] [--tmp DIR]
**         [--so FILE] [--load FILE]
**
** Prints the table, and writes bench.md and bench-*.svg into the directory
** --out (build). Databases are made in a new directory below --tmp (TMPDIR or
** /tmp) and removed. --only 6,7 runs some lines. The exit status is 0 when
** everything ran, whatever targets were missed: a target is a matter of the
** report.
*/
#define _XOPEN_SOURCE 700
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"

Config config = {
  0, "build", 0, 0, 0, 0, "build/sessionlog.so", "build/bench/load"
};

/*
** The first of two sizes, or the second with --quick.
*/
i64 pickSize(i64 nFull, i64 nQuick){
  return config.bQuick ? nQuick : nFull;
}

/*
** 1 if any of the lines iFrom..iTo is asked for.
*/
int wantLines(int iFrom, int iTo){
  const char *z = config.zOnly;
  if( z==0 ) return 1;
  while( *z ){
    char *zEnd;
    long i = strtol(z, &zEnd, 10);
    if( zEnd==z ) die("--only wants numbers: %s", config.zOnly);
    if( i>=iFrom && i<=iTo ) return 1;
    z = *zEnd == ',' ? zEnd + 1 : zEnd;
  }
  return 0;
}

/*
** Read the options.
*/
static void readOptions(int argc, char **argv, const char **pzTmp){
  int i;
  for(i=1; i<argc; i++){
    const char *zArg = argv[i];
    if( strcmp(zArg, "--quick")==0 ){
      config.bQuick = 1;
      continue;
    }
    if( i + 1==argc ) die("unknown option, or no value for it: %s", zArg);
    i++;
    if( strcmp(zArg, "--data")==0 )
      config.zData = argv[i];
    else if( strcmp(zArg, "--only")==0 )
      config.zOnly = argv[i];
    else if( strcmp(zArg, "--out")==0 )
      config.zOut = argv[i];
    else if( strcmp(zArg, "--tmp")==0 )
      *pzTmp = argv[i];
    else if( strcmp(zArg, "--so")==0 )
      config.zSo = argv[i];
    else if( strcmp(zArg, "--load")==0 )
      config.zLoad = argv[i];
    else
      die("unknown option: %s", zArg);
  }
}

/*
** Run all lines, in the order of their numbers as far as they are measured
** apart.
*/
static void runLines(void){
  static void (*const axLine[])(void) = { lineAppend,  lineDurable, lineRead,
                                          lineHistory, lineFork,    lineFind,
                                          linePrune,   linePack,    lineUlid,
                                          lineProcs,   lineMemory,  lineLoad };
  size_t i;
  for(i=0; i<sizeof(axLine)/sizeof(axLine[0]); i++) axLine[i]();
}

/*
** Called by nftw() for every file of the directory of databases.
*/
static int removeFile(const char *zPath, const struct stat *pStat, int eType,
                      struct FTW *pFtw) {
  (void)pStat;
  (void)eType;
  (void)pFtw;
  return remove(zPath);
}

/*
** Remove the directory of databases, also where the program ends early.
*/
static void cleanUp(void){
  if( config.zTmp ) nftw(config.zTmp, removeFile, 16, FTW_DEPTH | FTW_PHYS);
}

int main(int argc, char **argv){
  const char *zTmp = getenv("TMPDIR");
  static char zDir[600];
  double t0 = wallNs();
  if( argc>1 && strcmp(argv[1], "--worker")==0 ){
    return procsWorker(argc, argv);
  }
  config.zSelf = argv[0];
  if( zTmp==0 ) zTmp = "/tmp";
  readOptions(argc, argv, &zTmp);
  snprintf(zDir, sizeof(zDir), "%s/sessionlog-bench-XXXXXX", zTmp);
  if( mkdtemp(zDir)==0 ) die("cannot make %s", zDir);
  config.zTmp = zDir;
  atexit(cleanUp);
  runLines();
  reportPrint();
  reportWrite();
  chartWrite();
  printf("%.0f s; %s/bench.md, %s/bench-*.svg\n", (wallNs() - t0) / 1e9,
         config.zOut, config.zOut);
  return 0;
}
