/*
** flip.c - every byte of a small log is damaged, and the log used.
**
**   flip STEP FIRST      of every STEP bytes, from FIRST on, each is set to
**                        0 and 255, and has its lowest and highest bit flipped
**   flip 0               the file is cut off at the end of each page instead
**
** With SESSIONLOG_SECONDS in the environment it goes on with FIRST+1 and so on
** for so long, or until all bytes had their turn. What may come of it is
** checked by fuzzImage(). Prints the number of images.
*/
#define _GNU_SOURCE 1
#include "fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PAGE 512 /* the template's page size */

static char zWhat[100]; /* what is done now */
static long nRun;       /* images used */
static long nSound;     /* in which nothing was found */

/*
** Damage the byte in each way. a is as the template, and is so afterwards.
*/
static void flipByte(uint8_t *a, size_t n, size_t i){
  uint8_t iOld = a[i];
  uint8_t aTo[4];
  int j;
  aTo[0] = 0;
  aTo[1] = 255;
  aTo[2] = iOld ^ 1;
  aTo[3] = iOld ^ 0x80;
  for(j=0; j<4; j++){
    if( aTo[j]==iOld || (j>1 && (aTo[j]==0 || aTo[j]==255)) ) continue;
    a[i] = aTo[j];
    snprintf(zWhat, sizeof(zWhat), "byte %zu is %d", i, aTo[j]);
    if( getenv("FUZZ_VERBOSE") ) fprintf(stderr, "%s\n", zWhat);
    alarm(60);
    nSound += fuzzImage(a, n);
    nRun++;
  }
  a[i] = iOld;
}

int main(int argc, char **argv){
  size_t nImage, i;
  const uint8_t *aImage = fuzzTemplate(&nImage);
  size_t nStep = argc > 1 ? strtoul(argv[1], 0, 10) : 1;
  size_t iFirst = argc > 2 ? strtoul(argv[2], 0, 10) : 0;
  size_t nPart = 0;
  uint8_t *a = malloc(nImage);
  if( a==0 ) return 1;
  zFuzzWhat = zWhat;
  memcpy(a, aImage, nImage);
  for(i=PAGE; nStep==0 && i<nImage; i+=PAGE){
    alarm(60);
    fuzzImage(a, i);
    nRun++;
  }
  do {
    for(i=iFirst; nStep>0 && i<nImage; i+=nStep) flipByte(a, nImage, i);
    iFirst = nStep ? (iFirst + 1) % nStep : 0;
  }while( ++nPart<nStep && fuzzMore() );
  free(a);
  printf("count damaged_bytes %ld\n", nRun);
  printf("%ld images of %zu bytes, %ld of them sound\n", nRun, nImage, nSound);
  return 0;
}
