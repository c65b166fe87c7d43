/*
** util_time.c: the clock, and the small texts that stand for numbers, ages
** and times; and what has to be known about UTF-8.
**
** Times are INTEGER ms since 1970 UTC everywhere, in the proleptic Gregorian
** calendar and without leap seconds, as in SQLite's own functions.  None of
** these functions looks at the locale or the time zone.
*/
#include "slUtil.h"
#include <string.h>
#include <time.h>

#define TIME_DAY_MS ((i64)86400000)
#define TIME_MIN_MS (-(i64)62167219200000) /* 0000-01-01T00:00:00.000 */
#define TIME_MAX_MS ((i64)253402300799999) /* 9999-12-31T23:59:59.999 */

#define TIME_MAX_I64 ((i64)0x7fffffffffffffff)

/*
** See slUtil.h.
*/
i64 slNowMs(void){
  struct timespec now;
  if( clock_gettime(CLOCK_REALTIME, &now)!=0 ) return 0;
  return (i64)now.tv_sec * 1000 + (i64)now.tv_nsec / 1000000;
}

/*
** Reads the decimal digits that the n bytes at z start with.  *pVal gets
** their value, and the number of digits is returned: 0 if there are none or
** if the value is over iMax.
*/
static i64 timeDigits(const char *z, i64 n, u64 iMax, u64 *pVal){
  u64 v = 0;
  i64 i;
  for(i=0; i<n && z[i]>='0' && z[i]<='9'; i++){
    u64 d = (u64)(z[i] - '0');
    if( v>(iMax - d)/10 ) return 0;
    v = v * 10 + d;
  }
  *pVal = v;
  return i;
}

/*
** See slUtil.h.
*/
int slParseDecimal(const char *z, i64 n, i64 *pOut){
  int bNeg = 0;
  u64 v;
  if( n>0 && (z[0]=='-' || z[0]=='+') ){
    bNeg = z[0] == '-';
    z++;
    n--;
  }
  if( n<=0 || timeDigits(z, n, (u64)TIME_MAX_I64 + (u64)bNeg, &v)!=n ){
    return 0;
  }
  /* In two steps, for the least number has no positive counterpart */
  *pOut = bNeg ? -1 - (i64)(v - 1) : (i64)v;
  return 1;
}

/*
** See slUtil.h.
*/
int slParseAge(const char *z, i64 n, i64 *pMs){
  u64 v;
  i64 nUnit = 1; /* Milliseconds in the unit */
  i64 i = timeDigits(z, n, (u64)TIME_MAX_I64, &v);
  if( i==0 || i<n-1 ) return 0;
  if( i==n-1 ){
    switch( z[i] ){
      case 's': nUnit = 1000; break;
      case 'm': nUnit = 60 * 1000; break;
      case 'h': nUnit = 60 * 60 * 1000; break;
      case 'd': nUnit = TIME_DAY_MS; break;
      default: return 0;
    }
  }
  if( (i64)v>TIME_MAX_I64/nUnit ) return 0;
  *pMs = (i64)v * nUnit;
  return 1;
}

/*
** A reader of fixed fields.  Once bBad is set nothing makes it good again, and
** what is read is of no use.
*/
typedef struct TimeText TimeText;
struct TimeText {
  const char *z;    /* Next byte */
  const char *zEnd; /* End of the text */
  int bBad;         /* Something was not as it must be */
};

/*
** Passes c if it is next.  True if so.
*/
static int timeTake(TimeText *p, char c){
  if( p->z>=p->zEnd || *p->z!=c ) return 0;
  p->z++;
  return 1;
}

/*
** Passes c, which must be next.
*/
static void timeMust(TimeText *p, char c){
  if( !timeTake(p, c) ) p->bBad = 1;
}

/*
** The number in the next nDigit digits, which must lie within iMin..iMax; iMin
** where it does not.
*/
static int timeField(TimeText *p, int nDigit, int iMin, int iMax){
  int v = 0;
  if( p->zEnd-p->z<nDigit ){
    p->bBad = 1;
    return iMin;
  }
  do {
    char c = *p->z++;
    if( c<'0' || c>'9' ){
      p->bBad = 1;
      return iMin;
    }
    v = v * 10 + (c - '0');
  }while( --nDigit );
  if( v>=iMin && v<=iMax ) return v;
  p->bBad = 1;
  return iMin;
}

/*
** The digits of a fraction of a second, one or more, as ms.
*/
static int timeFraction(TimeText *p){
  int v = 0;
  int nUnit = 100; /* What the next digit counts, in ms */
  const char *zStart = p->z;
  while( p->z<p->zEnd && *p->z>='0' && *p->z<='9' ){
    v += nUnit * (*p->z++ - '0');
    nUnit /= 10;
  }
  if( p->z==zStart ) p->bBad = 1;
  return v;
}

/*
** The offset of a zone in minutes east of UTC.  It may be left out.
*/
static int timeZone(TimeText *p){
  int bWest;
  int nMinute;
  if( p->z>=p->zEnd || timeTake(p, 'Z') ) return 0;
  bWest = timeTake(p, '-');
  if( !bWest ) timeMust(p, '+');
  nMinute = 60 * timeField(p, 2, 0, 23);
  if( p->z<p->zEnd ){
    timeTake(p, ':');
    nMinute += timeField(p, 2, 0, 59);
  }
  return bWest ? -nMinute : nMinute;
}

/*
** See slUtil.h.
*/
int slParseIso8601(const char *z, i64 n, i64 *pMs){
  static const int aDays[] = { /* Days in the year before each month */
                               0,   31,  59,  90,  120, 151, 181,
                               212, 243, 273, 304, 334, 365
  };
  TimeText t;
  int iYear, iMonth, iDay;
  int bLeap;
  int nMonth; /* Days in the month */
  i64 nDay;   /* Days since 1970-01-01 */
  int iHour = 0, iMinute = 0, iSecond = 0, iMs = 0, iZone = 0;

  t.z = z;
  t.zEnd = z + n;
  t.bBad = 0;
  iYear = timeField(&t, 4, 1, 9999);
  timeMust(&t, '-');
  iMonth = timeField(&t, 2, 1, 12);
  timeMust(&t, '-');
  iDay = timeField(&t, 2, 1, 31);
  if( t.bBad ) return 0;
  if( t.z<t.zEnd ){
    if( !timeTake(&t, ' ') ) timeMust(&t, 'T');
    iHour = timeField(&t, 2, 0, 23);
    timeMust(&t, ':');
    iMinute = timeField(&t, 2, 0, 59);
    if( timeTake(&t, ':') ){
      iSecond = timeField(&t, 2, 0, 60);
      if( timeTake(&t, '.') ) iMs = timeFraction(&t);
    }
    iZone = timeZone(&t);
  }
  if( t.bBad || t.z!=t.zEnd ) return 0;

  bLeap = (iYear % 4 == 0 && iYear % 100 != 0) || iYear % 400 == 0;
  nMonth = aDays[iMonth] - aDays[iMonth - 1] + (bLeap && iMonth == 2);
  if( iDay>nMonth ) return 0;
  nDay = (i64)(iYear - 1) * 365 + (iYear - 1) / 4 - (iYear - 1) / 100
         + (iYear - 1) / 400;
  nDay += aDays[iMonth - 1] + (bLeap && iMonth > 2) + iDay - 1;
  nDay -= 719162; /* 0001-01-01 to 1970-01-01 */
  *pMs = nDay * TIME_DAY_MS + iMs
         + 1000 * ((i64)iSecond + 60 * ((i64)iMinute - iZone + 60 * iHour));
  return 1;
}

/*
** Writes v as nDigit decimal digits at z.
*/
static void timePut(char *z, int nDigit, i64 v){
  do {
    z[--nDigit] = (char)('0' + v % 10);
    v /= 10;
  }while( nDigit );
}

/*
** See slUtil.h.  Days are counted from March 1st of the year -400, which
** puts the leap day at the end of each year, century and cycle of 400 years.
*/
void slFormatCompact(i64 iMs, char z[16]){
  i64 nDay;    /* Days since that March 1st, then days
                                  ** left in ever smaller periods */
  i64 nSecond; /* Seconds of the day */
  i64 iYear, n, iMonth;
  if( iMs<TIME_MIN_MS ) iMs = TIME_MIN_MS;
  if( iMs>TIME_MAX_MS ) iMs = TIME_MAX_MS;
  iMs += (719468 + 146097) * TIME_DAY_MS;
  nDay = iMs / TIME_DAY_MS;
  nSecond = iMs % TIME_DAY_MS / 1000;

  iYear = 400 * (nDay / 146097) - 400;
  nDay %= 146097;
  n = nDay / 36524;
  if( n>3 ) n = 3; /* February 29th of a 400th year */
  iYear += 100 * n;
  nDay -= 36524 * n;
  iYear += 4 * (nDay / 1461);
  nDay %= 1461;
  n = nDay / 365;
  if( n>3 ) n = 3; /* February 29th of a 4th year */
  iYear += n;
  nDay -= 365 * n;
  iMonth = (5 * nDay + 2) / 153; /* 0 is March; 153 days in 5 months */
  nDay -= (153 * iMonth + 2) / 5;
  iMonth += 3;
  if( iMonth>12 ){
    iMonth -= 12;
    iYear++;
  }
  timePut(&z[0], 4, iYear);
  timePut(&z[4], 2, iMonth);
  timePut(&z[6], 2, nDay + 1);
  z[8] = '-';
  timePut(&z[9], 2, nSecond / 3600);
  timePut(&z[11], 2, nSecond / 60 % 60);
  timePut(&z[13], 2, nSecond % 60);
  z[15] = 0;
}

/*
** See slUtil.h.
*/
int slHexDigit(char c){
  if( c>='0' && c<='9' ) return c - '0';
  if( c>='a' && c<='f' ) return c - 'a' + 10;
  if( c>='A' && c<='F' ) return c - 'A' + 10;
  return -1;
}

/*
** True if the next 8 bytes are ASCII.
*/
static int utf8Ascii8(const void *a){
  u64 x;
  memcpy(&x, a, 8);
  return (x & 0x8080808080808080) == 0;
}

/*
** The bytes of the character at z, 0 if it is none.  The second byte is what
** tells overlong forms, surrogates and too large characters from others;
** iMin..iMax is what it may be.
*/
static int utf8Char(const u8 *z, const u8 *zEnd){
  u8 iMin = 0x80, iMax = 0xbf;
  int nTail; /* Bytes after the first */
  int i;
  if( z[0]<0x80 ) return 1;
  if( z[0]<0xc2 || z[0]>0xf4 ) return 0;
  nTail = z[0] < 0xe0 ? 1 : z[0] < 0xf0 ? 2 : 3;
  if( zEnd-z<=nTail ) return 0;
  switch( z[0] ){
    case 0xe0: iMin = 0xa0; break;
    case 0xed: iMax = 0x9f; break;
    case 0xf0: iMin = 0x90; break;
    case 0xf4: iMax = 0x8f; break;
    default: break;
  }
  if( z[1]<iMin || z[1]>iMax ) return 0;
  for(i=2; i<=nTail; i++){
    if( (z[i] & 0xc0)!=0x80 ) return 0;
  }
  return nTail + 1;
}

/*
** See slUtil.h.
*/
int slUtf8Valid(const u8 *z, i64 n){
  const u8 *zEnd = z + n;
  while( z<zEnd ){
    int nChar = zEnd - z >= 8 && utf8Ascii8(z) ? 8 : utf8Char(z, zEnd);
    if( nChar==0 ) return 0;
    z += nChar;
  }
  return 1;
}

/*
** See slUtil.h.
*/
void slUtf8Mend(char *zText){
  u8 *z = (u8 *)zText;
  const u8 *zEnd = z + strlen(zText);
  while( z<zEnd ){
    int nChar = utf8Char(z, zEnd);
    if( nChar==0 ) *z = '?';
    z += nChar ? nChar : 1;
  }
}

/*
** See slUtil.h.
*/
i64 slUtf8Chars(const char *z, i64 n, i64 nMax){
  i64 i = 0; /* Bytes passed */
  while( i<n && nMax>0 ){
    if( nMax>=8 && n-i>=8 && utf8Ascii8(&z[i]) ){
      i += 8;
      nMax -= 8;
      continue;
    }
    nMax--;
    if( (u8)z[i++]>=0xc0 ){
      while( i<n && ((u8)z[i] & 0xc0)==0x80 ) i++;
    }
  }
  return i;
}
