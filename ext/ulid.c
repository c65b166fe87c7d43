/*
** ulid.c: identifiers.  Makes, reads and writes ULIDs for the SQL functions
** ulid(), ulid_ms(), ulid_text(), ulid_blob() and ulid_uuid(), and for
** every id of a session.
**
** A ULID is 128 bits: 48 of time in ms since 1970, then 80 of randomness,
** the most significant first.  It has three forms with the same order:
**
**   blob   16 bytes, big-endian
**   text   26 characters of Crockford's base32, 5 bits each, the first
**          with only 3 of them:        01ARZ3NDEKTSV4RRFFQ69G5FAV
**   uuid   36 characters of RFC 4122:  01563e3a-b5d3-d676-4c61-efb99302bd5b
**
** NEW IDS are strictly increasing in a process.  The first of a ms has fresh
** randomness; another in the same ms, or one made after the clock has gone
** back, is the last one plus 1, with a carry into the time if the 80 bits
** run over.  A reading of the clock serves for a few microseconds.
**
** A FORKED CHILD must not go on where its parent does.  What it must not
** have (the lock's owner, the unused randomness) lies in memory that Linux
** hands to a child as zeros; elsewhere getpid() is asked on each call.  In
** either case the child's first id has a later ms than its parent's last and
** randomness of its own.
**
** The order holds as long as the library stays loaded: unloading it with
** its last connection loses the last id.  An extension that returns
** SQLITE_OK_LOAD_PERMANENTLY is never unloaded.
*/
#include "slUtil.h"
#include <pthread.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/types.h>
#include <unistd.h>
#ifdef __APPLE__
#include <sys/random.h>
#endif

#define ULID_RAND 10               /* Bytes of randomness in an id */
#define ULID_POOL (25 * ULID_RAND) /* getentropy() gives at most 256 */

/*
** What belongs to one process alone.  All zeros is a valid state: unlocked,
** without an owner, the pool empty.
*/
typedef struct UlidOwn UlidOwn;
struct UlidOwn {
  pthread_mutex_t mutex; /* Held to touch this or the last id */
  pid_t iPid;            /* The process that owns this, or 0 */
  int nPool;             /* Unused bytes, at the start of aPool[] */
  u8 aPool[ULID_POOL];   /* Randomness, zeros where used */
};

/*
** The process-wide state.  pOwn is set once, by ulidInit().
*/
static pthread_once_t ulidOnce = PTHREAD_ONCE_INIT;
static UlidOwn ulidPlain = { PTHREAD_MUTEX_INITIALIZER, 0, 0, { 0 } };
static struct {
  UlidOwn *pOwn; /* The wiped page, or &ulidPlain */
  int bWiped;    /* pOwn is zeroed in a child */
  int bForked;   /* "last" is a parent's id */
  SlUlid last;   /* Last id given by slUlidNew() */
  u64 iMs;       /* What the clock said last, 0 if it was not asked */
  u64 iTick;     /* The counter at that moment */
} ulid;

/*
** How old a reading of the clock may be, in ticks of ulidTick().
*/
#define ULID_STALE 16384

/*
** The processor's counter of time, or 0 where it has none that a program may
** read.
*/
static u64 ulidTick(void){
#if defined(__GNUC__) && defined(__x86_64__)
  return __builtin_ia32_rdtsc();
#else
  return 0;
#endif
}

/*
** Chooses where the state of this process lives: a page that a child gets as
** zeros if the system has such a thing (and if zeros are an unlocked mutex),
** else plain memory. A system that takes any advice follows none: QEMU's
** emulation of Linux says yes to all, at least up to 7.2.
*/
static void ulidInit(void){
  UlidOwn *pOwn = &ulidPlain;
#if defined(MADV_WIPEONFORK) && defined(MAP_ANONYMOUS)
  {
    static const pthread_mutex_t unlocked = PTHREAD_MUTEX_INITIALIZER;
    const void *pUnlocked = &unlocked;
    void *p = mmap(0, sizeof(UlidOwn), PROT_READ | PROT_WRITE,
                   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if( p==MAP_FAILED ){
      /* Plain memory will do. */
    }else if( memcmp(p, pUnlocked, sizeof(unlocked))==0
           && madvise(p, sizeof(UlidOwn), -1)!=0
           && madvise(p, sizeof(UlidOwn), MADV_WIPEONFORK)==0
    ){
      pOwn = (UlidOwn *)p;
      ulid.bWiped = 1;
    }else{
      munmap(p, sizeof(UlidOwn));
    }
  }
#endif
  __atomic_store_n(&ulid.pOwn, pOwn, __ATOMIC_RELEASE);
}

/*
** Takes the lock and, in a process that has not been here before, disowns
** what came from its parent.  The caller releases pOwn->mutex.
*/
static UlidOwn *ulidEnter(void){
  UlidOwn *pOwn = __atomic_load_n(&ulid.pOwn, __ATOMIC_ACQUIRE);
  if( pOwn==0 ){
    pthread_once(&ulidOnce, ulidInit);
    pOwn = ulid.pOwn;
  }
  pthread_mutex_lock(&pOwn->mutex);
  if( pOwn->iPid==0 || (!ulid.bWiped && pOwn->iPid!=getpid()) ){
    memset(pOwn->aPool, 0, sizeof(pOwn->aPool));
    pOwn->nPool = 0;
    pOwn->iPid = getpid();
    ulid.bForked = 1;
  }
  return pOwn;
}

/*
** Gives p the time iMs and fresh randomness.  The lock is held.  SQLITE_OK,
** or SQLITE_IOERR with *p as it was.
*/
static int ulidFresh(UlidOwn *pOwn, u64 iMs, SlUlid *p){
  u8 *a; /* The randomness taken */
  u64 iLo = 0;
  int i;
  if( pOwn->nPool<ULID_RAND ){
    if( getentropy(pOwn->aPool, ULID_POOL)!=0 ) return SQLITE_IOERR;
    pOwn->nPool = ULID_POOL;
  }
  pOwn->nPool -= ULID_RAND;
  a = &pOwn->aPool[pOwn->nPool];
  for(i=2; i<ULID_RAND; i++) iLo = iLo << 8 | a[i];
  p->iHi = iMs << 16 | (u64)a[0] << 8 | a[1];
  p->iLo = iLo;
  memset(a, 0, ULID_RAND);
  return SQLITE_OK;
}

/*
** The time in ms. To ask the clock costs as much as all the rest of a new id,
** so one reading is good for a run of ids: for a few microseconds. A counter
** that stands still is none, and beyond all bounds as one that was read before
** the last reading. The lock is held.
*/
static u64 ulidNow(u64 iTick){
  if( ulid.iMs==0 || iTick-ulid.iTick-1>=ULID_STALE-1 ){
    i64 iNow = slNowMs();
    ulid.iMs = iNow < 0 ? 0 : (u64)iNow;
    ulid.iTick = iTick;
  }
  return ulid.iMs;
}

/*
** See slUtil.h.  The counter is read before the lock is taken: where another
** thread got in between, the difference is beyond all bounds, and the clock
** is asked.
*/
int slUlidNew(SlUlid *p){
  int rc = SQLITE_OK;
  u64 iTick = ulidTick();
  UlidOwn *pOwn = ulidEnter();
  u64 iMs = ulidNow(iTick);
  u64 iLast = ulid.last.iHi >> 16; /* Time of the last id */
  if( ulid.bForked && iMs<=iLast ) iMs = iLast + 1;
  if( iMs>(u64)SL_ULID_MAX_MS ){
    rc = SQLITE_RANGE;
  }else if( iMs>iLast ){
    rc = ulidFresh(pOwn, iMs, &ulid.last);
    if( rc==SQLITE_OK ) ulid.bForked = 0;
  }else if( ++ulid.last.iLo==0 ){
    ulid.last.iHi++;
  }
  *p = ulid.last;
  pthread_mutex_unlock(&pOwn->mutex);
  return rc;
}

/*
** See slUtil.h.
*/
int slUlidAt(i64 iMs, SlUlid *p){
  int rc;
  UlidOwn *pOwn;
  assert(iMs >= 0 && iMs <= SL_ULID_MAX_MS);
  pOwn = ulidEnter();
  rc = ulidFresh(pOwn, (u64)iMs, p);
  pthread_mutex_unlock(&pOwn->mutex);
  return rc;
}

/*
** Values of Crockford's characters plus 0x20, and 0 for all others, so that
** the AND of many entries still says whether all of them are characters.
*/
#define D(up, low, v) [up] = 0x20 | (v), [low] = 0x20 | (v)
static const u8 aUlidValue[256] = {
  ['0'] = 0x20,    ['1'] = 0x21,    ['2'] = 0x22,    ['3'] = 0x23,
  ['4'] = 0x24,    ['5'] = 0x25,    ['6'] = 0x26,    ['7'] = 0x27,
  ['8'] = 0x28,    ['9'] = 0x29,    D('O', 'o', 0),  D('I', 'i', 1),
  D('L', 'l', 1),  D('A', 'a', 10), D('B', 'b', 11), D('C', 'c', 12),
  D('D', 'd', 13), D('E', 'e', 14), D('F', 'f', 15), D('G', 'g', 16),
  D('H', 'h', 17), D('J', 'j', 18), D('K', 'k', 19), D('M', 'm', 20),
  D('N', 'n', 21), D('P', 'p', 22), D('Q', 'q', 23), D('R', 'r', 24),
  D('S', 's', 25), D('T', 't', 26), D('V', 'v', 27), D('W', 'w', 28),
  D('X', 'x', 29), D('Y', 'y', 30), D('Z', 'z', 31)
};
#undef D

/*
** Reads 26 characters of base32: 3 bits and 12 times 5 of iHi, 5 that are
** shared between the halves as 1 and 4, 12 times 5 of iLo.
*/
static int ulidParseBase32(const char *z, SlUlid *p){
  u32 mAll = 0x20; /* AND of all entries */
  u32 v;           /* One entry */
  u64 iHi, iLo;
  int i;
  v = aUlidValue[(u8)z[0]];
  if( v<0x20 || v>0x27 ) return 0;
  iHi = v & 7;
  for(i=1; i<=12; i++){
    v = aUlidValue[(u8)z[i]];
    mAll &= v;
    iHi = iHi << 5 | (v & 31);
  }
  v = aUlidValue[(u8)z[13]];
  mAll &= v;
  iHi = iHi << 1 | ((v >> 4) & 1);
  iLo = v & 15;
  for(i=14; i<=25; i++){
    v = aUlidValue[(u8)z[i]];
    mAll &= v;
    iLo = iLo << 5 | (v & 31);
  }
  if( mAll==0 ) return 0;
  p->iHi = iHi;
  p->iLo = iLo;
  return 1;
}

/*
** Reads the 36 characters of an RFC 4122 text.
*/
static int ulidParseUuid(const char *z, SlUlid *p){
  u64 a[2] = { 0, 0 }; /* The halves */
  int nDigit = 0;      /* Digits seen */
  int i;
  for(i=0; i<36; i++){
    if( i==8 || i==13 || i==18 || i==23 ){
      if( z[i]!='-' ) return 0;
    }else{
      int v = slHexDigit(z[i]);
      if( v<0 ) return 0;
      a[nDigit >= 16] = a[nDigit >= 16] << 4 | (u64)v;
      nDigit++;
    }
  }
  p->iHi = a[0];
  p->iLo = a[1];
  return 1;
}

/*
** See slUtil.h.
*/
int slUlidParseText(const char *z, i64 n, SlUlid *p){
  if( n==26 ) return ulidParseBase32(z, p);
  if( n==36 ) return ulidParseUuid(z, p);
  return 0;
}

/*
** See slUtil.h.
*/
int slUlidParseBlob(const void *pBlob, i64 n, SlUlid *p){
  const u8 *a = (const u8 *)pBlob;
  u64 iHi = 0, iLo = 0;
  int i;
  if( n!=16 ) return 0;
  for(i=0; i<8; i++){
    iHi = iHi << 8 | a[i];
    iLo = iLo << 8 | a[i + 8];
  }
  p->iHi = iHi;
  p->iLo = iLo;
  return 1;
}

/*
** See slUtil.h.
*/
int slUlidParseValue(sqlite3_value *pVal, SlUlid *p){
  switch( sqlite3_value_type(pVal) ){
    case SQLITE_TEXT: {
      /* First the length: 0 if there is no memory to convert it. */
      int n = sqlite3_value_bytes(pVal);
      return slUlidParseText((const char *)sqlite3_value_blob(pVal), n, p);
    }
    case SQLITE_BLOB: {
      const void *a;
      if( sqlite3_value_bytes(pVal)!=16 ) return 0;
      a = sqlite3_value_blob(pVal);
      if( a==0 ) return 0; /* no memory for zeroblob() */
      return slUlidParseBlob(a, 16, p);
    }
    default: return 0;
  }
}

/*
** The 1024 pairs of characters, in order: 10 bits each.
*/
#define D32(a)                                                                 \
  a "0" a "1" a "2" a "3" a "4" a "5" a "6" a "7" a "8" a "9" a "A" a "B" a    \
    "C" a "D" a "E" a "F" a "G" a "H" a "J" a "K" a "M" a "N" a "P" a "Q" a    \
    "R" a "S" a "T" a "V" a "W" a "X" a "Y" a "Z"
static const char aUlidPair[] =
  D32("0") D32("1") D32("2") D32("3") D32("4") D32("5") D32("6") D32("7")
    D32("8") D32("9") D32("A") D32("B") D32("C") D32("D") D32("E") D32("F")
      D32("G") D32("H") D32("J") D32("K") D32("M") D32("N") D32("P") D32("Q")
        D32("R") D32("S") D32("T") D32("V") D32("W") D32("X") D32("Y") D32("Z");
#undef D32

/*
** See slUtil.h. Two characters at a time, of 10 bits; the first pair has only
** 8, and the seventh lies across the halves.
*/
void slUlidText(const SlUlid *p, char z[27]){
  u64 iHi = p->iHi;
  u64 iLo = p->iLo;
#define PAIR(i, v) memcpy(&z[i], &aUlidPair[(1023 & (v)) * 2], 2)
  PAIR(0, iHi >> 56);
  PAIR(2, iHi >> 46);
  PAIR(4, iHi >> 36);
  PAIR(6, iHi >> 26);
  PAIR(8, iHi >> 16);
  PAIR(10, iHi >> 6);
  PAIR(12, iHi << 4 | iLo >> 60);
  PAIR(14, iLo >> 50);
  PAIR(16, iLo >> 40);
  PAIR(18, iLo >> 30);
  PAIR(20, iLo >> 20);
  PAIR(22, iLo >> 10);
  PAIR(24, iLo);
#undef PAIR
  z[26] = 0;
}

/*
** See slUtil.h.
*/
void slUlidBlob(const SlUlid *p, u8 a[16]){
  int i;
  for(i=0; i<8; i++){
    a[i] = (u8)(p->iHi >> (56 - 8 * i));
    a[i + 8] = (u8)(p->iLo >> (56 - 8 * i));
  }
}

/*
** See slUtil.h.
*/
void slUlidUuid(const SlUlid *p, char z[37]){
  static const char aDigit[] = "0123456789abcdef";
  u8 a[16];
  int i, j = 0;
  slUlidBlob(p, a);
  for(i=0; i<16; i++){
    if( i==4 || i==6 || i==8 || i==10 ) z[j++] = '-';
    z[j++] = aDigit[a[i] >> 4];
    z[j++] = aDigit[a[i] & 15];
  }
  z[j] = 0;
}

/*
** See slUtil.h.
*/
i64 slUlidMs(const SlUlid *p){
  return (i64)(p->iHi >> 16);
}
