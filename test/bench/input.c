/*
** input.c - payloads.
**
** All are JSON. Their text is made of words drawn with falling frequency from
** a vocabulary of 4,000 made-up ones, mixed with file names, numbers, hex
** digits and lines that look like a program's, half of them seen before, so
** that it compresses a little less well than transcripts of coding agents do
** (DATA measures on real ones). The same in every run.
*/
#define _XOPEN_SOURCE 700
#include <ftw.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"

/* The vocabulary. */
#define N_WORD 4000
static char aWord[N_WORD][16];

/* Text being made. */
typedef struct Text Text;
struct Text {
  char *z;
  int n;
  int nAlloc;
};

/*
** Pseudo-random bits.
*/
unsigned inputRandom(void){
  static unsigned long long x = 88172645463325252ull;
  x ^= x << 13;
  x ^= x >> 7;
  x ^= x << 17;
  return (unsigned)(x >> 16);
}

/*
** Uniform in (0,1).
*/
static double uniform(void){
  return ((double)inputRandom() + 0.5) / 4294967296.0;
}

/*
** Standard normal.
*/
static double normal(void){
  return sqrt(-2 * log(uniform())) * cos(6.283185307179586 * uniform());
}

/*
** Make the vocabulary of syllables.
*/
static void makeWords(void){
  static const char *const azSyl[] = { "re", "ta",   "in", "con", "er", "ion",
                                       "pa", "th",   "se", "lo",  "de", "un",
                                       "ex", "ment", "ly", "o",   "fi", "st",
                                       "ck", "a",    "mo", "tor", "is", "ul" };
  int i, j;
  if( aWord[0][0] ) return;
  for(i=0; i<N_WORD; i++){
    int n = 1 + (int)(inputRandom() % 3);
    for(j=0; j<n; j++) strcat(aWord[i], azSyl[inputRandom() % 24]);
  }
}

/*
** A word; the first are the most frequent.
*/
static const char *word(void){
  double r = uniform();
  return aWord[(int)(r * r * r * r * N_WORD)];
}

/*
** Append to a text.
*/
static void add(Text *p, const char *z){
  int n = (int)strlen(z);
  if( p->n + n + 1>p->nAlloc ){
    p->nAlloc = (p->n + n + 1) * 2;
    p->z = realloc(p->z, (size_t)p->nAlloc);
    if( p->z==0 ) die("out of memory");
  }
  memcpy(p->z + p->n, z, (size_t)n + 1);
  p->n += n;
}

/* Lines made lately: tools show the same files again and again. */
#define N_RECENT 64
static char aRecent[N_RECENT][200];
static unsigned nLine;

/*
** A line as found in messages, in the output of tools, or in programs.
*/
static void makeLine(char z[200], int eStyle){
  int i, n = 0;
  switch( eStyle ){
    case 0:
      snprintf(z, 200, "  %u: src/%s/%s_%s.c: %s(%s, %u);\\n",
               inputRandom() % 2000, word(), word(), word(), word(), word(),
               inputRandom() % 100);
      break;
    case 1:
      snprintf(z, 200, "%08x %s %s=%u %u.%03u ms\\n", inputRandom(), word(),
               word(), inputRandom() % 10000, inputRandom() % 60,
               inputRandom() % 1000);
      break;
    default:
      for(i=0; i<12; i++){
        n += snprintf(&z[n], (size_t)(200 - n), "%s%s", word(),
                      i == 11 ? ".\\n" : " ");
      }
      break;
  }
}

/*
** Add a line, every other one shown before.
*/
static void addLine(Text *p, int eStyle){
  char *z;
  if( nLine>N_RECENT && (inputRandom() & 1) ){
    z = aRecent[inputRandom() % N_RECENT];
  }else{
    z = aRecent[nLine++ % N_RECENT];
    makeLine(z, eStyle);
  }
  add(p, z);
}

/*
** A payload of about nByte bytes, never more.
*/
static char *makePayload(int nByte, int *pn){
  static const char *const azRole[] = { "assistant", "user", "tool" };
  Text t = { 0, 0, 0 };
  char z[80];
  int eStyle = (int)(inputRandom() % 5);
  snprintf(z, sizeof(z),
           "{\"type\":\"message\",\"role\":\"%s\",\"id\":\"evt_%08x\","
           "\"content\":\"",
           azRole[inputRandom() % 3], inputRandom());
  add(&t, z);
  while( t.n<nByte-120 ) addLine(&t, eStyle);
  while( t.n<nByte-18 ){
    add(&t, word());
    add(&t, " ");
  }
  add(&t, "\"}");
  *pn = t.n;
  return t.z;
}

/*
** An input of n payloads still to be made.
*/
static Input *newInput(const char *zName, int n){
  Input *p = calloc(1, sizeof(*p));
  if( p==0 ) die("out of memory");
  makeWords();
  p->zName = zName;
  p->n = n;
  p->az = calloc((size_t)n, sizeof(char *));
  p->an = calloc((size_t)n, sizeof(int));
  if( p->az==0 || p->an==0 ) die("out of memory");
  return p;
}

/*
** JSON of about 200 bytes.
*/
Input *inputJson200(void){
  Input *p = newInput("JSON of 200 bytes", 4096);
  int i;
  for(i=0; i<p->n; i++){
    p->az[i] = makePayload(180 + (int)(inputRandom() % 61), &p->an[i]);
    p->nByte += p->an[i];
  }
  return p;
}

/*
** A log-normal mix: median 1 KB, mean 4 KB, 0.2% over 100 KB, a few of 1 to
** 10 MB.
*/
Input *inputMix(void){
  Input *p = newInput("log-normal mix", (int)pickSize(20000, 4000));
  int nHuge = (int)pickSize(3, 1);
  int i;
  for(i=0; i<p->n; i++){
    double r = 1000 * exp(1.665 * normal());
    int n = r < 60 ? 60 : r > 900000 ? 900000 : (int)r;
    if( i%(p->n / nHuge)==p->n / nHuge / 2 ){
      n = i / (p->n / nHuge) == 1 ? 10000000 : 1000000;
    }
    p->az[i] = makePayload(n, &p->an[i]);
    p->nByte += p->an[i];
  }
  return p;
}

/* The input that readFile() adds to, nftw() having no argument for it. */
static Input *pReading;

/*
** Add a line of a transcript.
*/
static void addRead(Input *p, const char *z, int n){
  if( (p->n & (p->n - 1))==0 ){
    size_t nAlloc = p->n ? (size_t)p->n * 2 : 1;
    p->az = realloc(p->az, nAlloc * sizeof(char *));
    p->an = realloc(p->an, nAlloc * sizeof(int));
    if( p->az==0 || p->an==0 ) die("out of memory");
  }
  p->az[p->n] = malloc((size_t)n + 1);
  if( p->az[p->n]==0 ) die("out of memory");
  memcpy(p->az[p->n], z, (size_t)n);
  p->az[p->n][n] = 0;
  p->an[p->n++] = n;
  p->nByte += n;
}

/*
** Called by nftw() for every file: each line of a .jsonl is a payload.
*/
static int readFile(const char *zPath, const struct stat *pStat, int eType,
                    struct FTW *pFtw) {
  size_t nPath = strlen(zPath);
  char *zLine = 0;
  size_t nAlloc = 0;
  ssize_t n;
  FILE *pFile;
  (void)pStat;
  (void)pFtw;
  if( eType!=FTW_F || nPath<6 || strcmp(&zPath[nPath - 6], ".jsonl") ) return 0;
  pFile = fopen(zPath, "r");
  if( pFile==0 ) die("cannot read %s", zPath);
  while( (n = getline(&zLine, &nAlloc, pFile))>0 ){
    if( zLine[n-1]=='\n' ) n--;
    if( n>0 ) addRead(pReading, zLine, (int)n);
  }
  free(zLine);
  fclose(pFile);
  return 0;
}

/*
** The lines of all *.jsonl below a directory.
*/
Input *inputData(const char *zDir){
  Input *p = calloc(1, sizeof(*p));
  if( p==0 ) die("out of memory");
  p->zName = "transcripts";
  pReading = p;
  if( nftw(zDir, readFile, 16, FTW_PHYS) ) die("cannot read %s", zDir);
  if( p->n==0 ) die("no lines of .jsonl files below %s", zDir);
  return p;
}

/*
** Free an input.
*/
void inputFree(Input *p){
  int i;
  if( p==0 ) return;
  for(i=0; i<p->n; i++) free(p->az[i]);
  free(p->az);
  free(p->an);
  free(p);
}

/*
** Index of the payload of event i: in order, as a transcript is read.
*/
int inputAt(const Input *p, i64 i){
  return (int)(i % p->n);
}

/*
** Kind of event i.
*/
const char *inputKind(i64 i){
  static const char *const az[] = { "message", "tool_call", "tool_result",
                                    "thinking" };
  return az[i & 3];
}
