/*
** json.c: reads JSON arguments, batches and JSON Lines, and writes JSON
** strings.
**
** There is no tree.  slJsonParse() validates a text in one pass and gives
** back a view of its value; an iterator then walks the elements of arrays
** and objects, each again a view, and trusts what was validated.  Nothing is
** allocated but the decoded strings that a caller asks for, and nesting
** costs a byte a level, not a C stack frame.
**
**     SlJson top, key, val;
**     SlJsonIter it;
**     if( !slJsonParse(z, n, &top, &iErr) ) ...malformed at byte iErr...
**     slJsonIter(&top, &it);
**     while( slJsonNext(&it, &key, &val) ){
**       if( slJsonStringEq(&key, "kind") ) ...
**     }
**
** The grammar is RFC 8259 and nothing more: no comments, no trailing commas,
** no byte order mark.  Where the RFC leaves a choice: a \u escape of half a
** surrogate pair is accepted and means U+FFFD; of two equal keys both are
** seen; numbers may have any size.
*/
#include "slUtil.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif
#include <assert.h>
#include <errno.h>
#include <float.h>
#include <stdlib.h>
#include <string.h>

/* c in all 8 bytes of a word */
#define JSON_ALL(c) ((u64)0x0101010101010101 * (u64)(c))

/* True where __builtin_ctzll() finds a word's first byte in memory */
#if defined(__GNUC__) && defined(__BYTE_ORDER__)                               \
  && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define JSON_CTZ 1
#else
#define JSON_CTZ 0
#endif

/*
** The first byte of z..zEnd that a JSON string cannot hold as it is (a
** quote, a backslash or a control character), or zEnd.
**
** With SSE2, which every x86-64 has, sixteen bytes at a time; else, and for
** the rest, eight: with x a byte under 0x80, each of x-0x20,
** (x^'"')-1 and (x^'\\')-1 has its high bit set just if it went below zero.
** The borrow may disturb only bytes after one that was found.
*/
static const char *jsonPlain(const char *z, const char *zEnd){
#ifdef __SSE2__
  while( zEnd-z>=16 ){
    __m128i x = _mm_loadu_si128((const __m128i *)z);
    __m128i m =
      _mm_cmpeq_epi8(_mm_max_epu8(x, _mm_set1_epi8(0x1f)), _mm_set1_epi8(0x1f));
    m = _mm_or_si128(m, _mm_cmpeq_epi8(x, _mm_set1_epi8('"')));
    m = _mm_or_si128(m, _mm_cmpeq_epi8(x, _mm_set1_epi8('\\')));
    if( _mm_movemask_epi8(m) ) return z + __builtin_ctz(_mm_movemask_epi8(m));
    z += 16;
  }
#endif
  while( zEnd-z>=8 ){
    u64 x, m;
    memcpy(&x, z, 8);
    m = (x - JSON_ALL(0x20)) | ((x ^ JSON_ALL('"')) - JSON_ALL(1))
        | ((x ^ JSON_ALL('\\')) - JSON_ALL(1));
    m &= ~x & JSON_ALL(0x80);
#if JSON_CTZ
    if( m ) return z + (__builtin_ctzll(m) >> 3);
#else
    if( m ) break;
#endif
    z += 8;
  }
  while( z<zEnd && (u8)*z>=0x20 && *z!='"' && *z!='\\' ) z++;
  return z;
}

/*
** z without the white space it starts with.
*/
static const char *jsonSpace(const char *z, const char *zEnd){
  while( z<zEnd && (*z==' ' || *z=='\n' || *z=='\r' || *z=='\t') ) z++;
  return z;
}

/*
** The byte at z, or NUL at the end: no grammar takes a NUL.
*/
static char jsonPeek(const char *z, const char *zEnd){
  return z < zEnd ? *z : 0;
}

/*-------------------------------------------------------------------------
** Validation.  Each of these takes one thing at *pz, and moves *pz past it
** and returns 1, or to the byte at fault and returns 0.
*/

/*
** A string with its quotes.
*/
static int jsonTakeString(const char **pz, const char *zEnd, SlJson *p){
  const char *z = *pz;
  const char *zStart;
  int rc = 0;
  p->eType = SL_JSON_STRING;
  p->bEscape = 0;
  if( jsonPeek(z, zEnd)!='"' ) goto string_done;
  zStart = ++z;
  for(;;){
    int i;
    z = jsonPlain(z, zEnd);
    if( z>=zEnd ) goto string_done;
    if( *z=='"' ) break;
    if( *z!='\\' ) goto string_done;
    p->bEscape = 1;
    z++;
    switch( jsonPeek(z, zEnd) ){
      case '"':
      case '\\':
      case '/':
      case 'b':
      case 'f':
      case 'n':
      case 'r':
      case 't': z++; break;
      case 'u':
        z++;
        for(i=0; i<4; i++, z++){
          if( slHexDigit(jsonPeek(z, zEnd))<0 ) goto string_done;
        }
        break;
      default: goto string_done;
    }
  }
  p->z = zStart;
  p->n = z - zStart;
  z++;
  rc = 1;

string_done:
  *pz = z;
  return rc;
}

/*
** One digit or more.
*/
static int jsonTakeDigits(const char **pz, const char *zEnd){
  const char *z = *pz;
  while( z<zEnd && *z>='0' && *z<='9' ) z++;
  if( z==*pz ) return 0;
  *pz = z;
  return 1;
}

/*
** A number.
*/
static int jsonTakeNumber(const char **pz, const char *zEnd, SlJson *p){
  const char *zStart = *pz;
  p->eType = SL_JSON_INT;
  if( jsonPeek(*pz, zEnd)=='-' ) (*pz)++;
  if( jsonPeek(*pz, zEnd)=='0' ){
    (*pz)++;
  }else if( !jsonTakeDigits(pz, zEnd) ){
    return 0;
  }
  if( jsonPeek(*pz, zEnd)=='.' ){
    p->eType = SL_JSON_REAL;
    (*pz)++;
    if( !jsonTakeDigits(pz, zEnd) ) return 0;
  }
  if( jsonPeek(*pz, zEnd)=='e' || jsonPeek(*pz, zEnd)=='E' ){
    p->eType = SL_JSON_REAL;
    (*pz)++;
    if( jsonPeek(*pz, zEnd)=='+' || jsonPeek(*pz, zEnd)=='-' ) (*pz)++;
    if( !jsonTakeDigits(pz, zEnd) ) return 0;
  }
  p->z = zStart;
  p->n = *pz - zStart;
  return 1;
}

/*
** The literal name zName.
*/
static int jsonTakeName(const char **pz, const char *zEnd, const char *zName,
                        u8 eType, SlJson *p) {
  const char *zStart = *pz;
  for(; *zName; zName++, (*pz)++){
    if( jsonPeek(*pz, zEnd)!=*zName ) return 0;
  }
  p->z = zStart;
  p->n = *pz - zStart;
  p->eType = eType;
  return 1;
}

/*
** Any value but an array or object.
*/
static int jsonTakeScalar(const char **pz, const char *zEnd, SlJson *p){
  p->bEscape = 0;
  switch( jsonPeek(*pz, zEnd) ){
    case '"': return jsonTakeString(pz, zEnd, p);
    case 'n': return jsonTakeName(pz, zEnd, "null", SL_JSON_NULL, p);
    case 't': return jsonTakeName(pz, zEnd, "true", SL_JSON_TRUE, p);
    case 'f': return jsonTakeName(pz, zEnd, "false", SL_JSON_FALSE, p);
    default: return jsonTakeNumber(pz, zEnd, p);
  }
}

/*
** An object's key and its colon, with white space before and between.
*/
static int jsonTakeKey(const char **pz, const char *zEnd, SlJson *pKey){
  *pz = jsonSpace(*pz, zEnd);
  if( !jsonTakeString(pz, zEnd, pKey) ) return 0;
  *pz = jsonSpace(*pz, zEnd);
  if( jsonPeek(*pz, zEnd)!=':' ) return 0;
  (*pz)++;
  return 1;
}

/*
** Any value, which *pz is at the start of.  aOpen[] holds the bracket that
** each open container wants.
*/
static int jsonTakeValue(const char **pz, const char *zEnd, SlJson *p){
  char aOpen[SL_JSON_DEPTH];
  int nOpen = 0;
  const char *zStart = *pz;
  char c = jsonPeek(zStart, zEnd);
  SlJson inner; /* A value that only has to be valid */

  if( c!='[' && c!='{' ) return jsonTakeScalar(pz, zEnd, p);
  p->eType = c == '{' ? SL_JSON_OBJECT : SL_JSON_ARRAY;
  p->bEscape = 0;
  do {
    /* A value is due.  One that opens a container leaves another due, in
    ** that container, unless it is empty. */
    c = jsonPeek(*pz, zEnd);
    if( c=='[' || c=='{' ){
      char cClose = c == '{' ? '}' : ']';
      if( nOpen>=SL_JSON_DEPTH ) return 0;
      aOpen[nOpen++] = cClose;
      *pz = jsonSpace(*pz + 1, zEnd);
      if( jsonPeek(*pz, zEnd)!=cClose ){
        if( c=='{' ){
          if( !jsonTakeKey(pz, zEnd, &inner) ) return 0;
          *pz = jsonSpace(*pz, zEnd);
        }
        continue;
      }
    }else if( !jsonTakeScalar(pz, zEnd, &inner) ){
      return 0;
    }

    /* A value has ended, or an empty container is about to.  Close all that
    ** ends here, then pass the comma that leads to the next value. */
    while( nOpen ){
      *pz = jsonSpace(*pz, zEnd);
      c = jsonPeek(*pz, zEnd);
      if( c==',' ){
        (*pz)++;
        if( aOpen[nOpen-1]=='}' && !jsonTakeKey(pz, zEnd, &inner) ) return 0;
        *pz = jsonSpace(*pz, zEnd);
        break;
      }
      if( c!=aOpen[nOpen-1] ) return 0;
      (*pz)++;
      nOpen--;
    }
  }while( nOpen );
  p->z = zStart;
  p->n = *pz - zStart;
  return 1;
}

/*
** See slUtil.h.
*/
int slJsonParse(const char *z, i64 n, SlJson *pOut, i64 *piErr){
  const char *zEnd = z + n;
  const char *zAt = jsonSpace(z, zEnd);
  SlJson val;
  int rc = jsonTakeValue(&zAt, zEnd, &val);
  if( rc ){
    zAt = jsonSpace(zAt, zEnd);
    rc = zAt == zEnd;
  }
  if( rc ){
    *pOut = val;
  }else if( piErr ){
    *piErr = zAt - z;
  }
  return rc;
}

/*-------------------------------------------------------------------------
** Walking what has not been validated. See slUtil.h for all of these.
*/

void slJsonWalk(SlJsonWalk *p, const char *z, i64 n){
  p->zEnd = z + n;
  p->z = jsonSpace(z, p->zEnd);
  p->zErr = 0;
  p->bFirst = 0;
}

int slJsonWalkEnter(SlJsonWalk *p, char cOpen){
  assert(p->zErr == 0);
  if( jsonPeek(p->z, p->zEnd)!=cOpen ) return 0;
  p->z++;
  p->bFirst = 1;
  return 1;
}

int slJsonWalkNext(SlJsonWalk *p, char cClose, SlJson *pKey){
  char c;
  if( p->zErr ) return 0;
  p->z = jsonSpace(p->z, p->zEnd);
  c = jsonPeek(p->z, p->zEnd);
  if( c==cClose ){
    p->z++;
    p->bFirst = 0;
    return 0;
  }
  if( !p->bFirst ){
    if( c!=',' ) goto walk_error;
    p->z++;
  }
  p->bFirst = 0;
  if( cClose=='}' && !jsonTakeKey(&p->z, p->zEnd, pKey) ) goto walk_error;
  p->z = jsonSpace(p->z, p->zEnd);
  return 1;

walk_error:
  p->zErr = p->z;
  return 0;
}

int slJsonWalkValue(SlJsonWalk *p, SlJson *pVal){
  assert(p->zErr == 0);
  if( !jsonTakeValue(&p->z, p->zEnd, pVal) ){
    p->zErr = p->z;
    return 0;
  }
  return 1;
}

int slJsonWalkEnd(SlJsonWalk *p){
  if( p->zErr==0 ){
    p->z = jsonSpace(p->z, p->zEnd);
    if( p->z!=p->zEnd ) p->zErr = p->z;
  }
  return p->zErr == 0;
}

/*-------------------------------------------------------------------------
** Walking what has been validated.
*/

/*
** The closing quote of the string whose first byte is at z. There is one.
*/
static const char *jsonSkipString(const char *z, const char *zEnd, u8 *pbEsc){
  for(;;){
    z = jsonPlain(z, zEnd);
    if( *z!='\\' ) break;
    *pbEsc = 1;
    z += 2;
  }
  return z;
}

/*
** The byte after the array or object that starts at z. It has been validated,
** so that it ends before zEnd.
*/
static const char *jsonSkipContainer(const char *z, const char *zEnd){
  int nOpen = 0;
  u8 bEscape;
  while( ALWAYS(z<zEnd) ){
    switch( *z++ ){
      case '"':
        z = jsonSkipString(z, zEnd, &bEscape);
        if( ALWAYS(z<zEnd) ) z++;
        break;
      case '[':
      case '{': nOpen++; break;
      case ']':
      case '}':
        if( --nOpen==0 ) return z;
        break;
      default: break;
    }
  }
  return z;
}

/*
** The byte after the number that starts at z, which is a bracket at the latest;
** *peType is made REAL if it has a fraction or exponent.
*/
static const char *jsonSkipNumber(const char *z, u8 *peType){
  for(;; z++){
    if( *z>='0' && *z<='9' ) continue;
    if( *z=='.' || *z=='e' || *z=='E' || *z=='+' ){
      *peType = SL_JSON_REAL;
    }else if( *z!='-' ){
      break;
    }
  }
  return z;
}

/*
** Fills *p with the value at z and returns the byte after it.
*/
static const char *jsonNextValue(const char *z, const char *zEnd, SlJson *p){
  const char *zStart = z;
  p->bEscape = 0;
  switch( *z ){
    case '"':
      p->eType = SL_JSON_STRING;
      z = jsonSkipString(zStart + 1, zEnd, &p->bEscape);
      p->z = zStart + 1;
      p->n = z - p->z;
      return ALWAYS(z < zEnd) ? z + 1 : z;
    case '{':
      p->eType = SL_JSON_OBJECT;
      z = jsonSkipContainer(z, zEnd);
      break;
    case '[':
      p->eType = SL_JSON_ARRAY;
      z = jsonSkipContainer(z, zEnd);
      break;
    case 't':
      p->eType = SL_JSON_TRUE;
      z += 4;
      break;
    case 'f':
      p->eType = SL_JSON_FALSE;
      z += 5;
      break;
    case 'n':
      p->eType = SL_JSON_NULL;
      z += 4;
      break;
    default:
      p->eType = SL_JSON_INT;
      z = jsonSkipNumber(z, &p->eType);
      break;
  }
  assert(z > zStart && z <= zEnd);
  p->z = zStart;
  p->n = z - zStart;
  return z;
}

/*
** See slUtil.h.
*/
void slJsonIter(const SlJson *p, SlJsonIter *pIter){
  pIter->bObject = p->eType == SL_JSON_OBJECT;
  if( p->eType==SL_JSON_OBJECT || p->eType==SL_JSON_ARRAY ){
    assert(p->n >= 2);
    pIter->z = p->z + 1;
    pIter->zEnd = p->z + p->n - 1;
  }else{
    pIter->z = p->z;
    pIter->zEnd = p->z;
  }
}

/*
** See slUtil.h.
*/
int slJsonNext(SlJsonIter *pIter, SlJson *pKey, SlJson *pVal){
  const char *zEnd = pIter->zEnd;
  const char *z = jsonSpace(pIter->z, zEnd);
  if( z>=zEnd ) return 0;
  if( *z==',' ) z = jsonSpace(z + 1, zEnd);
  if( pIter->bObject ){
    SlJson key;
    z = jsonSpace(jsonNextValue(z, zEnd, &key), zEnd);
    assert(z < zEnd && *z == ':' && key.eType == SL_JSON_STRING);
    z = jsonSpace(z + 1, zEnd);
    *pKey = key;
  }
  pIter->z = jsonNextValue(z, zEnd, pVal);
  return 1;
}

/*-------------------------------------------------------------------------
** What a value means.
*/

/*
** The four hexadecimal digits at z.
*/
static u32 jsonHex4(const char *z){
  u32 c = 0;
  int i;
  for(i=0; i<4; i++) c = c << 4 | (u32)(slHexDigit(z[i]) & 15);
  return c;
}

/*
** Decodes the escape at z, which is at its backslash: the code point goes to
** *pc, and the byte after the escape is returned. There is another byte of the
** string, or its quote.
*/
static const char *jsonEscape(const char *z, u32 *pc){
  u32 c;
  assert(z[0] == '\\');
  switch( z[1] ){
    case 'b': *pc = '\b'; return z + 2;
    case 'f': *pc = '\f'; return z + 2;
    case 'n': *pc = '\n'; return z + 2;
    case 'r': *pc = '\r'; return z + 2;
    case 't': *pc = '\t'; return z + 2;
    case 'u': break;
    default: *pc = (u8)z[1]; return z + 2;
  }
  c = jsonHex4(z + 2);
  z += 6;
  if( (c & 0xf800)==0xd800 ){
    u32 c2 = 0; /* Second half, if there is one */
    if( c<0xdc00 && z[0]=='\\' && z[1]=='u' ){
      c2 = jsonHex4(z + 2);
    }
    if( (c2 & 0xfc00)==0xdc00 ){
      c = 0x10000 + ((c & 0x3ff) << 10) + (c2 & 0x3ff);
      z += 6;
    }else{
      c = 0xfffd;
    }
  }
  *pc = c;
  return z;
}

/*
** Writes code point c as UTF-8 at a and returns the byte after it.
*/
static char *jsonUtf8(char *a, u32 c){
  if( c<0x80 ){
    *a++ = (char)c;
  }else if( c<0x800 ){
    *a++ = (char)(0xc0 | c >> 6);
    *a++ = (char)(0x80 | (c & 0x3f));
  }else if( c<0x10000 ){
    *a++ = (char)(0xe0 | c >> 12);
    *a++ = (char)(0x80 | ((c >> 6) & 0x3f));
    *a++ = (char)(0x80 | (c & 0x3f));
  }else{
    *a++ = (char)(0xf0 | c >> 18);
    *a++ = (char)(0x80 | ((c >> 12) & 0x3f));
    *a++ = (char)(0x80 | ((c >> 6) & 0x3f));
    *a++ = (char)(0x80 | (c & 0x3f));
  }
  return a;
}

/*
** See slUtil.h.
*/
int slJsonStringEq(const SlJson *p, const char *zWant){
  const char *z = p->z;
  const char *zEnd;
  if( p->eType!=SL_JSON_STRING ) return 0;
  if( !p->bEscape ){
    size_t n = strlen(zWant);
    return (u64)p->n == n && memcmp(z, zWant, n) == 0;
  }
  zEnd = z + p->n;
  for(; z<zEnd; zWant++){
    u32 c;
    if( *z=='\\' ){
      z = jsonEscape(z, &c);
    }else{
      c = (u8)*z++;
    }
    if( c==0 || c!=(u8)*zWant ) return 0;
  }
  return *zWant == 0;
}

/*
** See slUtil.h.  No escape is shorter than what it stands for, so that the
** span's length is enough.
*/
int slJsonString(const SlJson *p, char **pz, i64 *pn){
  const char *z = p->z;
  const char *zEnd = z + p->n;
  char *zOut; /* The decoded text */
  char *a;    /* Where its next byte goes */
  *pz = 0;
  *pn = 0;
  zOut = sqlite3_malloc64((u64)p->n + 1);
  if( zOut==0 ) return SQLITE_NOMEM;
  a = zOut;
  while( z<zEnd ){
    size_t nPlain = (size_t)(zEnd - z);
    if( p->bEscape ){
      const char *zEsc = memchr(z, '\\', nPlain);
      if( zEsc ) nPlain = (size_t)(zEsc - z);
    }
    memcpy(a, z, nPlain);
    a += nPlain;
    z += nPlain;
    if( z<zEnd ){
      u32 c;
      z = jsonEscape(z, &c);
      a = jsonUtf8(a, c);
    }
  }
  *a = 0;
  *pz = zOut;
  *pn = a - zOut;
  return SQLITE_OK;
}

/*
** See slUtil.h.
*/
int slJsonInt(const SlJson *p, i64 *piVal){
  return p->eType == SL_JSON_INT && slParseDecimal(p->z, p->n, piVal);
}

/*
** Whether double is computed in its own precision, and not as on the x87,
** where a result is rounded twice.
*/
#define JSON_DOUBLE (FLT_EVAL_METHOD == 0 || FLT_EVAL_METHOD == 1)

/*
** See slUtil.h.
**
** strtod() rounds correctly but reads the locale's decimal point, so it is
** given a text without one: 12.5e3 goes as 125e2.  768 digits decide how any
** decimal rounds to a double; of more than 800, those behind them count only
** as being zeros or not.  The short numbers that most are need no strtod():
** 15 digits and the powers of ten to 22 are exact, and so one operation on
** them rounds correctly.
*/
double slJsonReal(const SlJson *p){
  static const double aPow10[] = { 1e0,  1e1,  1e2,  1e3,  1e4,  1e5,
                                   1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                   1e12, 1e13, 1e14, 1e15, 1e16, 1e17,
                                   1e18, 1e19, 1e20, 1e21, 1e22 };
  enum {
    nMaxDigit = 800
  };
  char aNum[nMaxDigit + 24]; /* Digits, and then "e-12345" */
  int nDigit = 0;            /* Digits in aNum[] */
  int bMore = 0;             /* A digit not zero was left out */
  int bPoint = 0;            /* The point has been seen */
  int bNeg = 0;
  i64 iExp = 0; /* Power of ten for the digits */
  const char *z = p->z;
  const char *zEnd = z + p->n;
  double r;

  assert(p->eType == SL_JSON_INT || p->eType == SL_JSON_REAL);
  assert(z < zEnd);
  if( *z=='-' ){
    bNeg = 1;
    z++;
  }
  for(; z<zEnd && *z!='e' && *z!='E'; z++){
    if( *z=='.' ){
      bPoint = 1;
      continue;
    }
    if( nDigit<nMaxDigit ){
      if( nDigit || *z!='0' ) aNum[nDigit++] = *z;
      if( bPoint ) iExp--;
    }else{
      if( *z!='0' ) bMore = 1;
      if( !bPoint ) iExp++;
    }
  }
  if( z<zEnd ){
    i64 i = 0; /* The exponent, clamped to more than any
                                  ** number of digits can make up for */
    int bNegExp = 0;
    z++;
    assert(z < zEnd);
    if( *z=='+' || *z=='-' ) bNegExp = *z++ == '-';
    for(; z<zEnd; z++){
      if( i<((i64)1<<56) ) i = i * 10 + (*z - '0');
    }
    iExp += bNegExp ? -i : i;
  }

  if( nDigit==0 ){
    r = 0.0;
  }else if( JSON_DOUBLE && nDigit<=15 && iExp>=-22 && iExp<=22 ){
    i64 v = 0;
    int i;
    for(i=0; i<nDigit; i++) v = v * 10 + (aNum[i] - '0');
    r = (double)v;
    if( iExp<0 ){
      r /= aPow10[-iExp];
    }else{
      r *= aPow10[iExp];
    }
  }else{
    int iErrno = errno;
    if( bMore ){
      aNum[nDigit++] = '1';
      iExp--;
    }
    if( iExp>9999 ) iExp = 9999;
    if( iExp<-9999 ) iExp = -9999;
    sqlite3_snprintf(16, &aNum[nDigit], "e%d", (int)iExp);
    r = strtod(aNum, 0);
    errno = iErrno;
  }
  return bNeg ? -r : r;
}

/*
** sqlite3_str_append() with a length of 64 bits: no text of SQLite's is longer
** than an int can say.
*/
static void jsonAppend(sqlite3_str *pStr, const char *z, i64 n){
  assert(n >= 0 && n <= 0x7fffffff);
  sqlite3_str_append(pStr, z, (int)n);
}

/*
** See slUtil.h.
*/
void slJsonQuote(sqlite3_str *pStr, const char *z, i64 n){
  static const char aHex[] = "0123456789abcdef";
  static const char aShort[256] = {
    ['"'] = '"',  ['\\'] = '\\', ['\b'] = 'b', ['\f'] = 'f',
    ['\n'] = 'n', ['\r'] = 'r',  ['\t'] = 't'
  };
  const char *zEnd = z + n;
  sqlite3_str_appendchar(pStr, 1, '"');
  for(;;){
    const char *zPlain = z;
    char aEsc[6] = { '\\', 0, '0', '0', 0, 0 };
    u8 c;
    z = jsonPlain(z, zEnd);
    jsonAppend(pStr, zPlain, z - zPlain);
    if( z>=zEnd ) break;
    c = (u8)*z++;
    if( aShort[c] ){
      aEsc[1] = aShort[c];
      sqlite3_str_append(pStr, aEsc, 2);
    }else{
      aEsc[1] = 'u';
      aEsc[4] = aHex[c >> 4];
      aEsc[5] = aHex[c & 15];
      sqlite3_str_append(pStr, aEsc, 6);
    }
  }
  sqlite3_str_appendchar(pStr, 1, '"');
}
