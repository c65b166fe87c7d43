/*
** core_util.c - whether the functions of slUtil.h believe the length they are
** given: nothing behind the text is looked at.
**
**   core_util FUNCTION TEXT...
**
** FUNCTION is decimal, age, time, utf8, chars, ulid, json, walk or real. Each
** text is given to it whole, and cut to each length from 0 on, with one of many
** bytes behind it: each must give what is given with a NUL there. The same
** where memory ends with the text. The result for the whole text is printed;
** where what is behind it makes a difference, that is. A \xNN in TEXT is that
** byte.
**
**   core_util fork N
**
** N times a child and its parent make an id each right after the fork. Prints
** how many of the children's were not of a later ms than the last before the
** fork, and how many had the parent's randomness.
*/
#define _GNU_SOURCE 1
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>
#include "slUtil.h"

#define MAX_TEXT   400 /* bytes of a text */
#define MAX_RESULT 8000

typedef struct Result Result;
struct Result {
  int n;
  char z[MAX_RESULT];
};

static void add(Result *p, const char *zLabel, i64 i){
  p->n += snprintf(&p->z[p->n], sizeof(p->z) - (size_t)p->n, "%s%lld", zLabel,
                   (long long)i);
}

/*
** A value of JSON with all that is in it, as "type@offset+bytes". Strings that
** are "one" or "null" are marked as such. The stack of iterators holds what is
** open.
*/
static void jsonResult(Result *pRes, const char *zText, const SlJson *pValue){
  static const char zOne[] = "one\0two"; /* It ends at the first NUL */
  SlJsonIter aIter[MAX_TEXT];
  SlJson key, val = *pValue;
  int nOpen = 0;
  while( 1 ){
    char *z;
    i64 i, n;
    add(pRes, " ", val.eType);
    add(pRes, "@", val.z - zText);
    add(pRes, "+", val.n);
    if( slJsonString(&val, &z, &n)!=SQLITE_OK ) exit(2);
    if( val.eType>=SL_JSON_ARRAY ){
      slJsonIter(&val, &aIter[nOpen++]);
      if( n!=val.n ) add(pRes, "!", n);
    }else{
      if( slJsonInt(&val, &i) ) add(pRes, "=", i);
      pRes->n += snprintf(&pRes->z[pRes->n], sizeof(pRes->z) - pRes->n,
                          "(%.*s)", (int)n, z);
      i = slJsonStringEq(&val, zOne) || slJsonStringEq(&val, "null");
      add(pRes, i ? " one" : "", 1);
    }
    sqlite3_free(z);
    while( nOpen>0 && !slJsonNext(&aIter[nOpen-1], &key, &val) ) nOpen--;
    if( nOpen==0 ) return;
    if( aIter[nOpen - 1].bObject ) add(pRes, " key+", key.n);
  }
}

/*
** The same text in passing, as a walk does: an array's elements or an object's
** members, and those of an array in it.
*/
static void walkResult(Result *pRes, const char *z, i64 n){
  SlJsonWalk w;
  SlJson key, val;
  int bGood;
  memset(&w, 0xff, sizeof(w));
  slJsonWalk(&w, z, n);
  if( slJsonWalkEnter(&w, '[') ){
    while( slJsonWalkNext(&w, ']', 0) ){
      if( slJsonWalkEnter(&w, '{') ){
        while( slJsonWalkNext(&w, '}', &key) ){
          add(pRes, " key+", key.n);
          if( slJsonWalkValue(&w, &val) ) add(pRes, ":", val.n);
        }
        add(pRes, " end@", w.z - z);
      }else if( slJsonWalkValue(&w, &val) ){
        add(pRes, " +", val.n);
      }
    }
  }else if( slJsonWalkValue(&w, &val) ){
    add(pRes, " alone+", val.n);
  }
  bGood = slJsonWalkEnd(&w);
  add(pRes, bGood ? " good@" : " bad@", (w.zErr ? w.zErr : w.z) - z);
  /* After an error nothing more is found. */
  if( w.zErr && slJsonWalkNext(&w, ']', 0) ) add(pRes, "!", 1);
  if( w.zErr && slJsonWalkEnd(&w) ) add(pRes, "!", 2);
}

static void call(const char *zFunc, const char *z, i64 n, Result *pRes){
  i64 i = 0;
  pRes->n = 0;
  pRes->z[0] = 0;
  if( strcmp(zFunc, "decimal")==0 ){
    add(pRes, "", slParseDecimal(z, n, &i));
    add(pRes, " ", i);
  }else if( strcmp(zFunc, "age")==0 ){
    add(pRes, "", slParseAge(z, n, &i));
    add(pRes, " ", i);
  }else if( strcmp(zFunc, "time")==0 ){
    add(pRes, "", slParseIso8601(z, n, &i));
    add(pRes, " ", i);
  }else if( strcmp(zFunc, "utf8")==0 ){
    add(pRes, "", slUtf8Valid((const u8 *)z, n));
  }else if( strcmp(zFunc, "chars")==0 ){
    for(i=-1; i<=n+1; i++) add(pRes, i < 0 ? "" : " ", slUtf8Chars(z, n, i));
  }else if( strcmp(zFunc, "ulid")==0 ){
    SlUlid u = { 0, 0 };
    add(pRes, "", slUlidParseText(z, n, &u));
    add(pRes, " ", (i64)u.iHi);
    add(pRes, " ", (i64)u.iLo);
  }else if( strcmp(zFunc, "walk")==0 ){
    walkResult(pRes, z, n);
  }else if( strcmp(zFunc, "real")==0 ){
    SlJson val;
    double x = -1;
    if( slJsonParse(z, n, &val, 0)
     && (val.eType==SL_JSON_INT || val.eType==SL_JSON_REAL)
    ){
      x = slJsonReal(&val);
    }
    pRes->n = snprintf(pRes->z, sizeof(pRes->z), "%.17g", x);
  }else{
    SlJson val;
    memset(&val, 0, sizeof(val));
    add(pRes, "", slJsonParse(z, n, &val, &i));
    if( pRes->z[0]=='1' ){
      jsonResult(pRes, z, &val);
    }else{
      add(pRes, " ", i);
    }
  }
}

static int unescape(char *z){
  char *zTo = z;
  char *zFrom = z;
  while( *zFrom ){
    if( zFrom[0]=='\\' && zFrom[1]=='x' ){
      char aHex[3] = { zFrom[2], zFrom[3], 0 };
      *zTo++ = (char)strtol(aHex, 0, 16);
      zFrom += 4;
    }else{
      *zTo++ = *zFrom++;
    }
  }
  *zTo = 0;
  return (int)(zTo - z);
}

/* The text cut to n bytes, with zBehind behind it. */
static void callCut(const char *zFunc, const char *z, int n,
                    const char *zBehind, Result *pRes) {
  char a[MAX_TEXT + 100];
  memset(a, zBehind[0], sizeof(a));
  memcpy(a, z, (size_t)n);
  memcpy(&a[n], zBehind, strlen(zBehind) + 1);
  call(zFunc, a, n, pRes);
}

/* The text cut to n bytes, at the end of memory: aEnd must not be read. */
static void callEnd(const char *zFunc, const char *z, int n, char *aEnd,
                    Result *pRes) {
  memcpy(aEnd - n, z, (size_t)n);
  call(zFunc, aEnd - n, n, pRes);
}

/* The end of a page, behind which is none. */
static char *lastPage(void){
  size_t nPage = (size_t)sysconf(_SC_PAGESIZE);
  char *a = mmap(0, 2 * nPage, PROT_READ | PROT_WRITE,
                 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if( a==MAP_FAILED || mprotect(a + nPage, nPage, PROT_NONE) ) exit(2);
  return a + nPage;
}

/* See above. The child's id is in shared memory. */
static int forked(int n){
  SlUlid *pChild = mmap(0, sizeof(*pChild), PROT_READ | PROT_WRITE,
                        MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  int nEarly = 0, nSame = 0;
  if( pChild==MAP_FAILED ) return 2;
  while( n-- ){
    SlUlid last, own;
    pid_t pid;
    if( slUlidNew(&last) ) return 2;
    pid = fork();
    if( pid<0 ) return 2;
    if( pid==0 ) _exit(slUlidNew(pChild) != SQLITE_OK);
    if( slUlidNew(&own) || waitpid(pid, 0, 0)!=pid ) return 2;
    nEarly += slUlidMs(pChild) <= slUlidMs(&last);
    nSame += pChild->iLo >> 32 == own.iLo >> 32;
  }
  printf("early=%d same=%d\n", nEarly, nSame);
  return 0;
}

int main(int argc, char **argv){
  static const char *const azBehind[] = {
    "0",      "9",       "12345678901234567890",
    "Z",      "z",       ":",
    ".",      "+1",      "-",
    "T00:00", "e",       "s",
    "\"",     "]",       "}",
    ",",      "\\u0041", " ",
    "\x80",   "\xbf",    "\xe2\x82\xac",
    "A",
  };
  static Result plain, other;
  char *aEnd = lastPage();
  size_t j;
  int i, n;
  if( argc<3 ) return 2;
  if( strcmp(argv[1], "fork")==0 ) return forked(atoi(argv[2]));
  for(i=2; i<argc; i++){
    int nText = unescape(argv[i]);
    if( nText>MAX_TEXT ) return 2;
    for(n=0; n<=nText; n++){
      callCut(argv[1], argv[i], n, "", &plain);
      callEnd(argv[1], argv[i], n, aEnd, &other);
      if( strcmp(plain.z, other.z)!=0 ) printf("%d bytes: %s\n", n, other.z);
      for(j=0; j<sizeof(azBehind)/sizeof(azBehind[0]); j++){
        callCut(argv[1], argv[i], n, azBehind[j], &other);
        if( strcmp(plain.z, other.z)!=0 ){
          printf("%d bytes of %s, then %s: %s, not %s\n", n, argv[i],
                 azBehind[j], other.z, plain.z);
        }
      }
    }
    printf("%s\n", plain.z);
  }
  return 0;
}
