/*
** replay.c - a main() for fuzz targets without a fuzzer: gives every file
** named, or in a directory named, to the target once, and prints how many
** there were.
*/
#define _GNU_SOURCE 1
#include "fuzz.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

static long nRun;

/*
** Feed one file. The copy is as long as the file and no longer, so that
** reading past it shows under a sanitizer.
*/
static void replayFile(const char *zPath){
  FILE *f = fopen(zPath, "rb");
  long n = 0;
  uint8_t *a = 0;
  if( f ){
    fseek(f, 0, SEEK_END);
    n = ftell(f);
    rewind(f);
    a = malloc(n > 0 ? (size_t)n : 1);
  }
  if( a==0 || fread(a, 1, (size_t)n, f)!=(size_t)n ){
    fuzzFail("cannot read %s", zPath);
  }
  fclose(f);
  if( getenv("FUZZ_VERBOSE") ) fprintf(stderr, "%s\n", zPath);
  LLVMFuzzerTestOneInput(a, (size_t)n);
  free(a);
  nRun++;
}

int main(int argc, char **argv){
  int i;
  for(i=1; i<argc; i++){
    DIR *pDir = opendir(argv[i]);
    struct dirent *pEntry;
    if( pDir==0 ){
      replayFile(argv[i]);
      continue;
    }
    while( (pEntry = readdir(pDir))!=0 ){
      char zPath[4096];
      if( pEntry->d_name[0]=='.' ) continue;
      snprintf(zPath, sizeof(zPath), "%s/%s", argv[i], pEntry->d_name);
      replayFile(zPath);
    }
    closedir(pDir);
  }
  printf("%ld inputs\n", nRun);
  return 0;
}
