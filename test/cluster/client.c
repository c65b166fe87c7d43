#define _POSIX_C_SOURCE 200809L
/*
** client.c - talk to a dqlite cluster: a small client of its wire protocol,
** for which the C library has none.
**
**   cluster_client ADDRESS[,ADDRESS...] COMMAND
**
** The addresses are HOST:PORT with a numeric host. Commands:
**
**   leader          print the leader's address
**   add ID ADDRESS  make that node a voting member
**   sql             run the statements on standard input, one a line, in
**                   the database "log", at the leader. For each are printed
**                   the rows, columns separated by '|', then "ok" or "error
**                   CODE MESSAGE"
**   retry           the same for statements that may be sent twice: where
**                   the answer is lost, or nobody leads, or the leader is
**                   busy, they are sent again, for a minute. At the end
**                   "reconnected N" is printed
**   send            send the first line on standard input as a statement,
**                   and leave without waiting for the answer
**   dump DIRECTORY  write the files of the database "log", as the first
**                   address has them, into DIRECTORY
**
** A message is a header of 8 bytes (words in the body, uint32; type, uint8;
** schema, uint8; two bytes unused) and a body of 8-byte words; numbers are
** little-endian, text is terminated and padded with NUL.
*/
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

typedef uint8_t u8;
typedef uint64_t u64;

/* Requests and responses. */
enum {
  REQ_LEADER = 0,
  REQ_CLIENT = 1,
  REQ_OPEN = 3,
  REQ_EXEC_SQL = 8,
  REQ_QUERY_SQL = 9,
  REQ_ADD = 12,
  REQ_ASSIGN = 13,
  REQ_DUMP = 15,
  RES_FAILURE = 0
};

/* Types of values in rows. */
enum {
  TYPE_INTEGER = 1,
  TYPE_FLOAT = 2,
  TYPE_TEXT = 3,
  TYPE_BLOB = 4,
  TYPE_NULL = 5,
  TYPE_UNIXTIME = 9,
  TYPE_ISO8601 = 10,
  TYPE_BOOLEAN = 11
};

/* The word behind the rows of a message: there are no more, or more come in
** another message. */
#define ROWS_DONE 0xffffffffffffffffULL
#define ROWS_PART 0xeeeeeeeeeeeeeeeeULL

/* Codes of a failure that are no fault of the statement. */
#define CODE_BUSY  5
#define CODE_IOERR 10
/* Ours: the connection was lost. */
#define CODE_LOST 0xffffffffULL

/* How long an answer may take; the same where the statement can be sent again;
** and for how long it is. */
#define ANSWER_S 10
#define AGAIN_S  2
#define RETRY_S  60

/* The pause before: while somebody else's write is under way, and while there
** is no leader. */
#define BUSY_NS 2000000
#define LOST_NS 50000000

/* What is talked to. */
typedef struct Client Client;
struct Client {
  char zAll[512];   /* addresses, separated by commas */
  char zServer[64]; /* address of fd, "" at first */
  int fd;           /* -1: not connected */
  u64 iDb;          /* the database opened on it */
  u8 *aOut;         /* message being built: n bytes */
  size_t nOut;      /* header included */
  size_t nAlloc;    /* size of aOut */
  u8 *aIn;          /* body of the last response */
  size_t nIn;       /* its size */
  size_t iIn;       /* how far it has been read */
  int eIn;          /* its type */
  u64 iCode;        /* code of the last failure, 0: none */
  char zError[256]; /* its message */
  int nAnswer;      /* seconds that an answer may take */
  int nConnect;     /* connections to a leader so far */
};

static void die(const char *zWhy){
  fprintf(stderr, "cluster_client: %s\n", zWhy);
  exit(1);
}

/* ---- messages -------------------------------------------------------- */

static void putBytes(Client *p, const void *a, size_t n){
  size_t nPad = (8 - n % 8) % 8;
  if( p->nOut+n+nPad>p->nAlloc ){
    p->nAlloc = (p->nOut + n + nPad) * 2;
    p->aOut = realloc(p->aOut, p->nAlloc);
    if( p->aOut==0 ) die("out of memory");
  }
  memcpy(p->aOut + p->nOut, a, n);
  memset(p->aOut + p->nOut + n, 0, nPad);
  p->nOut += n + nPad;
}

static void putU64(Client *p, u64 i){
  u8 a[8];
  int k;
  for(k=0; k<8; k++) a[k] = (u8)(i >> 8 * k);
  putBytes(p, a, 8);
}

static void putText(Client *p, const char *z){
  putBytes(p, z, strlen(z) + 1);
}

static void begin(Client *p){
  p->nOut = 0;
  putU64(p, 0);
}

/*
** Read a word; past the end of the message there are zeros.
*/
static u64 getU64(Client *p){
  u64 i = 0;
  int k;
  if( p->nIn-p->iIn<8 ) return 0;
  for(k=0; k<8; k++) i |= (u64)p->aIn[p->iIn + k] << 8 * k;
  p->iIn += 8;
  return i;
}

/*
** Read n bytes and their padding: NULL where the message is too short.
*/
static const u8 *getBytes(Client *p, u64 n){
  const u8 *a = p->aIn + p->iIn;
  if( n>p->nIn-p->iIn ) return 0;
  p->iIn += (size_t)((n + 7) / 8 * 8);
  if( p->iIn>p->nIn ) p->iIn = p->nIn;
  return a;
}

static const char *getText(Client *p){
  size_t nLeft = p->nIn - p->iIn;
  const u8 *pEnd = nLeft ? memchr(p->aIn + p->iIn, 0, nLeft) : 0;
  if( pEnd==0 ) return "";
  return (const char *)getBytes(p, (u64)(pEnd - (p->aIn + p->iIn)) + 1);
}

/* ---- the connection -------------------------------------------------- */

static void hangUp(Client *p){
  if( p->fd>=0 ) close(p->fd);
  p->fd = -1;
}

/*
** Note a failure: the connection is lost.
*/
static int lost(Client *p){
  hangUp(p);
  p->iCode = CODE_LOST;
  snprintf(p->zError, sizeof(p->zError), "connection lost");
  return 0;
}

static int sendAll(Client *p, const u8 *a, size_t n){
  while( n>0 ){
    ssize_t nDone = send(p->fd, a, n, 0);
    if( nDone<=0 ) return lost(p);
    a += nDone;
    n -= (size_t)nDone;
  }
  return 1;
}

static int recvAll(Client *p, u8 *a, size_t n){
  while( n>0 ){
    ssize_t nDone = recv(p->fd, a, n, 0);
    if( nDone<=0 ) return lost(p);
    a += nDone;
    n -= (size_t)nDone;
  }
  return 1;
}

/*
** Send what was built.
*/
static int request(Client *p, int eType){
  size_t nWord = p->nOut / 8 - 1;
  int k;
  for(k=0; k<4; k++) p->aOut[k] = (u8)(nWord >> 8 * k);
  p->aOut[4] = (u8)eType;
  return sendAll(p, p->aOut, p->nOut);
}

/*
** Note a failure: its code and text are the end of the message. A query that
** fails midway leaves the columns and rows that it had in front of them.
*/
static void failure(Client *p){
  size_t iAt;
  for(iAt=0; iAt+8<p->nIn; iAt+=8){
    p->iIn = iAt;
    p->iCode = getU64(p);
    snprintf(p->zError, sizeof(p->zError), "%s", getText(p));
    if( p->iIn==p->nIn ) break;
  }
}

/*
** Receive a message; a failure is noted. 1 if it is none.
*/
static int response(Client *p){
  u8 aHead[8];
  if( !recvAll(p, aHead, 8) ) return 0;
  p->nIn = ((size_t)aHead[0] | (size_t)aHead[1] << 8 | (size_t)aHead[2] << 16
            | (size_t)aHead[3] << 24)
           * 8;
  p->eIn = aHead[4];
  p->iIn = 0;
  p->aIn = realloc(p->aIn, p->nIn + 1);
  if( p->aIn==0 ) die("out of memory");
  if( !recvAll(p, p->aIn, p->nIn) ) return 0;
  p->iCode = 0;
  if( p->eIn==RES_FAILURE ){
    failure(p);
    return 0;
  }
  return 1;
}

static int call(Client *p, int eType){
  return request(p, eType) && response(p);
}

/*
** Connect to HOST:PORT and greet. 1 if that went well.
*/
static int dial(Client *p, const char *zAddress){
  struct sockaddr_in addr;
  struct timeval limit = { p->nAnswer, 0 };
  char zHost[64];
  const char *zColon = strrchr(zAddress, ':');
  int bOn = 1;
  hangUp(p);
  if( zColon==0 || zColon-zAddress>=(long)sizeof(zHost) ) die("bad address");
  memcpy(zHost, zAddress, (size_t)(zColon - zAddress));
  zHost[zColon - zAddress] = 0;
  memset(&addr, 0, sizeof(addr));
  addr.sin_family = AF_INET;
  addr.sin_port = htons((uint16_t)atoi(zColon + 1));
  if( inet_pton(AF_INET, zHost, &addr.sin_addr)!=1 ) die("bad address");
  p->fd = socket(AF_INET, SOCK_STREAM, 0);
  if( p->fd<0 ) die("no socket");
  setsockopt(p->fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
  setsockopt(p->fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
  setsockopt(p->fd, IPPROTO_TCP, TCP_NODELAY, &bOn, sizeof(bOn));
  if( connect(p->fd, (struct sockaddr *)&addr, sizeof(addr))!=0 ){
    return lost(p);
  }
  snprintf(p->zServer, sizeof(p->zServer), "%s", zAddress);
  p->nOut = 0;
  putU64(p, 1); /* the protocol's version, without a header */
  if( !sendAll(p, p->aOut, p->nOut) ) return 0;
  begin(p);
  putU64(p, (u64)getpid());
  return call(p, REQ_CLIENT);
}

/*
** The leader that the server knows of, "" for none.
*/
static int askLeader(Client *p, char *zLeader, size_t nLeader){
  zLeader[0] = 0;
  begin(p);
  putU64(p, 0);
  if( !call(p, REQ_LEADER) ) return 0;
  getU64(p);
  snprintf(zLeader, nLeader, "%s", getText(p));
  return zLeader[0] != 0;
}

/*
** Connect to the leader, as one of the addresses knows it.
*/
static int dialLeader(Client *p){
  char zAll[sizeof(p->zAll)];
  char zLeader[64];
  char *z, *zSave = 0;
  memcpy(zAll, p->zAll, sizeof(zAll));
  for(z=strtok_r(zAll, ",", &zSave); z; z=strtok_r(0, ",", &zSave)){
    if( dial(p, z) && askLeader(p, zLeader, sizeof(zLeader))
     && (strcmp(zLeader, z)==0 || dial(p, zLeader))
    ){
      p->nConnect++;
      return 1;
    }
  }
  return lost(p);
}

static int openDb(Client *p){
  begin(p);
  putText(p, "log");
  putU64(p, 0);
  putText(p, "");
  if( !call(p, REQ_OPEN) ) return 0;
  p->iDb = getU64(p) & 0xffffffff;
  return 1;
}

static int ready(Client *p){
  return p->fd >= 0 || (dialLeader(p) && openDb(p));
}

/* ---- statements ------------------------------------------------------ */

/*
** Print a value of a row.
*/
static void showValue(Client *p, int eType){
  double r;
  u64 i;
  const u8 *a;
  switch( eType ){
    case TYPE_INTEGER:
    case TYPE_UNIXTIME:
    case TYPE_BOOLEAN: printf("%lld", (long long)getU64(p)); break;
    case TYPE_FLOAT:
      i = getU64(p);
      memcpy(&r, &i, 8);
      printf("%.17g", r);
      break;
    case TYPE_TEXT:
    case TYPE_ISO8601: printf("%s", getText(p)); break;
    case TYPE_BLOB:
      i = getU64(p);
      a = getBytes(p, i);
      if( a ) fwrite(a, 1, (size_t)i, stdout);
      break;
    default: getU64(p);
  }
}

/*
** Print the rows of a response, 1 if more are to come. A row begins with its
** types, four bits each, in words.
*/
static int showRows(Client *p){
  u64 nCol = getU64(p);
  u64 i;
  for(i=0; i<nCol; i++) getText(p);
  while( p->nIn-p->iIn>=8 ){
    u64 iMark = getU64(p);
    const u8 *aType;
    if( iMark==ROWS_DONE ) return 0;
    if( iMark==ROWS_PART ) return 1;
    p->iIn -= 8;
    aType = getBytes(p, (nCol + 1) / 2);
    for(i=0; aType && i<nCol; i++){
      if( i ) putchar('|');
      showValue(p, aType[i / 2] >> (i % 2 ? 4 : 0) & 15);
    }
    putchar('\n');
  }
  return 0;
}

/*
** 1 if the statement gives rows.
*/
static int isQuery(const char *z){
  return strncasecmp(z, "SELECT", 6) == 0 || strncasecmp(z, "WITH", 4) == 0
         || strncasecmp(z, "PRAGMA", 6) == 0;
}

static void statement(Client *p, const char *zSql){
  begin(p);
  putU64(p, p->iDb);
  putText(p, zSql);
}

/*
** Run a statement: 1 if it was acknowledged.
*/
static int run(Client *p, const char *zSql){
  if( !ready(p) ) return 0;
  statement(p, zSql);
  if( !isQuery(zSql) ) return call(p, REQ_EXEC_SQL);
  if( !call(p, REQ_QUERY_SQL) ) return 0;
  while( showRows(p) ){
    if( !response(p) ) return 0;
  }
  return 1;
}

/*
** Run a statement until it is acknowledged or refused for good.
*/
static int runRetry(Client *p, const char *zSql){
  time_t iEnd = time(0) + RETRY_S;
  struct timespec pause = { 0, 0 };
  while( !run(p, zSql) ){
    int bAgain = p->iCode == CODE_LOST || (p->iCode & 0xff) == CODE_BUSY
                 || (p->iCode & 0xff) == CODE_IOERR;
    if( !bAgain || time(0)>=iEnd ) return 0;
    if( p->iCode!=CODE_BUSY ) hangUp(p);
    pause.tv_nsec = p->iCode == CODE_BUSY ? BUSY_NS : LOST_NS;
    nanosleep(&pause, 0);
  }
  return 1;
}

static void runInput(Client *p, int bRetry){
  char *zLine = 0;
  size_t nLine = 0;
  ssize_t n;
  while( (n = getline(&zLine, &nLine, stdin))>0 ){
    if( zLine[n-1]=='\n' ) zLine[n - 1] = 0;
    if( zLine[0]==0 ) continue;
    if( bRetry ? runRetry(p, zLine) : run(p, zLine) ){
      puts("ok");
    }else{
      printf("error %llu %s\n", (unsigned long long)p->iCode, p->zError);
    }
    fflush(stdout);
  }
  if( bRetry ) printf("reconnected %d\n", p->nConnect - 1);
  free(zLine);
}

/*
** Send a statement and hang up.
*/
static int sendInput(Client *p){
  char *zLine = 0;
  size_t nLine = 0;
  int bOk;
  if( getline(&zLine, &nLine, stdin)<=0 || !ready(p) ) return 0;
  statement(p, zLine);
  bOk = request(p, REQ_EXEC_SQL);
  free(zLine);
  return bOk;
}

/* ---- members, dumps -------------------------------------------------- */

static int addMember(Client *p, const char *zId, const char *zAddress){
  u64 id = strtoull(zId, 0, 10);
  if( !dialLeader(p) ) return 0;
  begin(p);
  putU64(p, id);
  putText(p, zAddress);
  if( !call(p, REQ_ADD) ) return 0;
  begin(p);
  putU64(p, id);
  putU64(p, 0); /* a voter */
  return call(p, REQ_ASSIGN);
}

/*
** The files as the server at the first address has them.
*/
static int dumpFiles(Client *p, const char *zDir){
  char zPath[1024];
  u64 nFile, nByte;
  const u8 *a;
  FILE *f;
  p->zAll[strcspn(p->zAll, ",")] = 0;
  if( !dial(p, p->zAll) ) return 0;
  begin(p);
  putText(p, "log");
  if( !call(p, REQ_DUMP) ) return 0;
  for(nFile=getU64(p); nFile>0; nFile--){
    snprintf(zPath, sizeof(zPath), "%s/%s", zDir, getText(p));
    nByte = getU64(p);
    a = getBytes(p, nByte);
    f = fopen(zPath, "wb");
    if( a==0 || f==0 || fwrite(a, 1, (size_t)nByte, f)!=nByte || fclose(f) ){
      die("cannot write the dump");
    }
  }
  return 1;
}

static int command(Client *p, int argc, char **argv){
  const char *zCmd = argv[2];
  if( argc==3 && strcmp(zCmd, "leader")==0 ){
    if( !dialLeader(p) ) return 0;
    puts(p->zServer);
    return 1;
  }
  if( argc==3 && (strcmp(zCmd, "sql")==0 || strcmp(zCmd, "retry")==0) ){
    if( zCmd[0]=='r' ) p->nAnswer = AGAIN_S;
    runInput(p, zCmd[0] == 'r');
    return 1;
  }
  if( argc==3 && strcmp(zCmd, "send")==0 ) return sendInput(p);
  if( argc==4 && strcmp(zCmd, "dump")==0 ) return dumpFiles(p, argv[3]);
  if( argc==5 && strcmp(zCmd, "add")==0 ){
    return addMember(p, argv[3], argv[4]);
  }
  die("unknown command");
  return 0;
}

int main(int argc, char **argv){
  Client client;
  int bOk;
  memset(&client, 0, sizeof(client));
  client.fd = -1;
  client.nAnswer = ANSWER_S;
  if( argc<3 || strlen(argv[1])>=sizeof(client.zAll) ){
    die("usage: cluster_client ADDRESS[,ADDRESS...] COMMAND");
  }
  signal(SIGPIPE, SIG_IGN);
  memcpy(client.zAll, argv[1], strlen(argv[1]));
  bOk = command(&client, argc, argv);
  if( !bOk ){
    fprintf(stderr, "cluster_client: error %llu %s\n",
            (unsigned long long)client.iCode, client.zError);
  }
  hangUp(&client);
  free(client.aOut);
  free(client.aIn);
  return bOk ? 0 : 1;
}
