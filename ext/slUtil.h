/*
** slUtil.h: the bottom room of the house.  Identifiers, JSON, times and
** text, with no knowledge of sessions or of any stored table.  Every other
** file may include this one, which includes nothing of the project.
**
**   1.  Types
**   2.  Interface to code in ulid.c
**   3.  Interface to code in json.c
**   4.  Interface to code in util_time.c
**   5.  Interface to code in hash.c
**
** Lengths are always passed and always believed: no function here looks for
** a terminating NUL, save in the literals that its comment names.
*/
#ifndef SL_UTIL_H
#define SL_UTIL_H

/* clock_gettime(), getentropy() and madvise() under -std=c99. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE 1
#endif

#include <assert.h>

#ifdef SQLITE_CORE
#include "sqlite3.h"
#else
#include "sqlite3ext.h"
SQLITE_EXTENSION_INIT3
#endif

/*-------------------------------------------------------------------------
** 1.  Types
*/
typedef sqlite3_int64 i64;
typedef sqlite3_uint64 u64;
typedef unsigned char u8;
typedef unsigned int u32;

/*
** A condition that cannot be false, or true, as far as anybody knows, and that
** is looked at all the same. A debug build (SQLITE_DEBUG) stops where it isn't
** as thought; for the measure of coverage (SL_COVERAGE) the condition is not
** evaluated, since no test can take the other way: X must have no side effect,
** and where && or || joins it to others it has none of its own, or clang leaves
** out the whole.
*/
#if defined(SL_COVERAGE)
#define ALWAYS(X) ((void)sizeof((X) ? 1 : 0), 1)
#define NEVER(X)  ((void)sizeof((X) ? 1 : 0), 0)
#elif defined(SQLITE_DEBUG)
#define ALWAYS(X) ((X) ? 1 : (assert(0), 0))
#define NEVER(X)  ((X) ? (assert(0), 1) : 0)
#else
#define ALWAYS(X) (X)
#define NEVER(X)  (X)
#endif

/*-------------------------------------------------------------------------
** 2.  Interface to code in ulid.c
*/

/*
** The 128 bits of a ULID as two big-endian halves: iHi holds 48 bits of
** time and the first 16 of randomness, iLo the other 64.  Comparing iHi and
** then iLo orders as the text and the blob do.
*/
typedef struct SlUlid SlUlid;
struct SlUlid {
  u64 iHi; /* Time in ms << 16, and 16 random bits */
  u64 iLo; /* 64 random bits */
};

#define SL_ULID_MAX_MS ((((i64)1) << 48) - 1) /* Last time a ULID can hold */

/*
** A new id, greater than every one this process got from here before, in
** any thread.  SQLITE_OK; SQLITE_IOERR if the system has no randomness to
** give; SQLITE_RANGE if its clock is past SL_ULID_MAX_MS.
*/
int slUlidNew(SlUlid *);

/*
** An id with time iMs and fresh randomness.  It takes no part in the order
** that slUlidNew() keeps.  iMs is 0..SL_ULID_MAX_MS; SQLITE_IOERR as above.
*/
int slUlidAt(i64 iMs, SlUlid *);

/* 1 if the n bytes are the text (26 or 36 characters) of an id, else 0. */
int slUlidParseText(const char *z, i64 n, SlUlid *);

/* 1 if n is 16, else 0.  Any 16 bytes are an id. */
int slUlidParseBlob(const void *a, i64 n, SlUlid *);

/*
** 1 if the value is TEXT or BLOB and one of the forms above, 0 for anything
** else.  May convert the value's text encoding: where there is no memory for
** that it is 0, and SQLite itself fails the statement.
*/
int slUlidParseValue(sqlite3_value *, SlUlid *);

/* The three forms.  Both texts get a NUL; hexadecimal is lower-case. */
void slUlidText(const SlUlid *, char z[27]);
void slUlidBlob(const SlUlid *, u8 a[16]);
void slUlidUuid(const SlUlid *, char z[37]);

/* The time in it, ms since 1970. */
i64 slUlidMs(const SlUlid *);

/*-------------------------------------------------------------------------
** 3.  Interface to code in json.c
*/

#define SL_JSON_DEPTH 1000 /* Containers in containers, as SQLite */

/* SlJson.eType */
enum {
  SL_JSON_NULL,
  SL_JSON_TRUE,
  SL_JSON_FALSE,
  SL_JSON_INT,  /* No fraction and no exponent, any size */
  SL_JSON_REAL, /* Any other number */
  SL_JSON_STRING,
  SL_JSON_ARRAY,
  SL_JSON_OBJECT
};

/*
** One JSON value: a view into the text that was parsed, which has to outlive
** it.  A string's span is what stands between its quotes, still escaped; any
** other value's span is its whole text, brackets included.
*/
typedef struct SlJson SlJson;
struct SlJson {
  const char *z; /* First byte of the span */
  i64 n;         /* Bytes in the span */
  u8 eType;      /* SL_JSON_* */
  u8 bEscape;    /* A string with a backslash in it */
};

/*
** A walk through text that has not been validated: everything it passes is
** validated as by slJsonParse(), once.  zErr is 0 until something is wrong,
** then the byte at fault, and nothing is found any more.
*/
typedef struct SlJsonWalk SlJsonWalk;
struct SlJsonWalk {
  const char *z;    /* Next byte to look at */
  const char *zEnd; /* End of the text */
  const char *zErr; /* 0, or the first byte that can't be right */
  u8 bFirst;        /* No element of the container was passed yet */
};

/* A place between two elements of an array or object. */
typedef struct SlJsonIter SlJsonIter;
struct SlJsonIter {
  const char *z;    /* Next byte to look at */
  const char *zEnd; /* The closing bracket */
  u8 bObject;       /* Elements have keys */
};

/*
** 1 if the n bytes are one JSON value (RFC 8259) and white space, with the
** value in *pOut.  0 if not, and *pOut is left alone, with the offset of the
** first byte that cannot be right (n if the text ends too early) in *piErr,
** which may be 0.
** Everything inside is validated, save that bytes >= 0x80 in strings are
** not checked to be UTF-8.  Duplicate keys are the caller's to refuse.
*/
int slJsonParse(const char *z, i64 n, SlJson *pOut, i64 *piErr);

/*
** Stands before the first element of an array or object that came from
** slJsonParse() or slJsonNext().  Any other value has no elements.
*/
void slJsonIter(const SlJson *pContainer, SlJsonIter *);

/*
** 1 and the next element, 0 at the end.  *pKey is an object's key, a
** SL_JSON_STRING; it is left alone for an array, and may then be 0.
*/
int slJsonNext(SlJsonIter *, SlJson *pKey, SlJson *pVal);

/*
** Stand at the beginning of the text, white space aside.
*/
void slJsonWalk(SlJsonWalk *, const char *z, i64 n);

/*
** Enter the array or object that begins here, by its bracket: 1, or 0 if
** something else is here, which is no error. Nothing has been wrong so far.
*/
int slJsonWalkEnter(SlJsonWalk *, char cOpen);

/*
** 1 and stand at the next element of the container that cClose will close,
** with an object's key in *pKey; 0 at its end, which is passed, or on error.
*/
int slJsonWalkNext(SlJsonWalk *, char cClose, SlJson *pKey);

/* Take the value that is here: 1, or 0 on error. The same holds. */
int slJsonWalkValue(SlJsonWalk *, SlJson *pVal);

/* 1 if nothing but white space is left; anything else is an error. */
int slJsonWalkEnd(SlJsonWalk *);

/*
** True if the value is a string that decodes to z, which is ASCII and ends
** in a NUL.  Allocates nothing.
*/
int slJsonStringEq(const SlJson *pStr, const char *z);

/*
** The decoded string in *pz, with a NUL after its *pn bytes; the caller
** frees it with sqlite3_free().  It may hold NULs of its own, from \u0000.
** Half a surrogate pair becomes U+FFFD.  Values other than strings give
** their JSON text.  SQLITE_OK, or SQLITE_NOMEM with *pz and *pn zero.
*/
int slJsonString(const SlJson *pStr, char **pz, i64 *pn);

/* 1 and the number if it is SL_JSON_INT and fits 64 bits, else 0. */
int slJsonInt(const SlJson *, i64 *);

/*
** The nearest double of an SL_JSON_INT or SL_JSON_REAL, whatever the locale.
** Infinite if out of range.
*/
double slJsonReal(const SlJson *);

/*
** Appends the n bytes as a JSON string with its quotes.  Only what must be
** escaped is; bytes >= 0x80 pass.  Running out of memory is left in the
** sqlite3_str, as always.
*/
void slJsonQuote(sqlite3_str *, const char *z, i64 n);

/*-------------------------------------------------------------------------
** 4.  Interface to code in util_time.c
*/

/* Now, ms since 1970, by the clock that an administrator can set. */
i64 slNowMs(void);

/*
** An age: digits and one of s m h d ("90s", "15m", "12h", "7d"), or digits
** alone for ms.  No sign, no blanks.  1 and the ms in *pMs; 0 if it is
** something else or does not fit 64 bits.
*/
int slParseAge(const char *z, i64 n, i64 *pMs);

/*
** A time: YYYY-MM-DD, then optionally T or one blank and HH:MM, HH:MM:SS or
** HH:MM:SS.fraction, then optionally Z, +HH:MM, +HHMM or +HH (or -).
** Without a zone it is UTC.  Years 0001 to 9999, before the zone is applied;
** second 60 is the first of the next minute; what is finer than a ms is cut
** off.  1 and ms since 1970 in *pMs, or 0.
*/
int slParseIso8601(const char *z, i64 n, i64 *pMs);

/*
** iMs as "YYYYMMDD-HHMMSS" in UTC, with a NUL.  Times before year 0 or after
** 9999 are written as the first or last second of those years.
*/
void slFormatCompact(i64 iMs, char z[16]);

/*
** A decimal integer: one optional sign, digits and nothing else.  1 and its
** value if it fits 64 bits, else 0.
*/
int slParseDecimal(const char *z, i64 n, i64 *pOut);

/* The value of a hexadecimal digit of either case, -1 for anything else. */
int slHexDigit(char c);

/*
** True if the n bytes are UTF-8: no overlong form, no surrogate, nothing
** over U+10FFFF, no sequence cut short.  A NUL is a character like others.
*/
int slUtf8Valid(const u8 *z, i64 n);

/* Put a question mark in the place of each byte that is not UTF-8. */
void slUtf8Mend(char *z);

/*
** The number of bytes in the first nMax characters of z, n if it has no
** more than that, 0 if nMax is negative.  Never cuts a sequence.  Text that
** is not UTF-8 is counted as substr() counts it.
*/
i64 slUtf8Chars(const char *z, i64 n, i64 nMax);

/*-------------------------------------------------------------------------
** 5.  Interface to code in hash.c
*/

/* XXH64 of the n bytes at a. */
u64 slHash64(const u8 *a, i64 n, u64 seed);

#endif /* SL_UTIL_H */
