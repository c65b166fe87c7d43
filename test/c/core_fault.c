/*
** core_fault.c - runs scenarios with a fault at every point.
**
**   core_fault MODE [OPTION...] FILE.sql...
**
** A scenario is a piece of SQL on a database that a template gives. First it
** is run without a fault, and what each statement returned and what the
** database then held is noted. Then it is run again and again, with a fault
** at the 1st, the 2nd, … point. What must be true each time:
**
**   -  a statement gives what it gave without a fault, or fails with the
**      error that belongs to the fault;
**   -  after a failure the content is as before the statement and the
**      transaction as it was (or the transaction is rolled back as a whole,
**      which SQLite does when it has no other way);
**   -  the same connection, with the fault gone, then runs the rest and gets
**      what it should;
**   -  it closes, nothing is leaked, nothing has written past its memory;
**   -  opened again, the database holds what it should, and
**      integrity_check and session_check() find nothing.
**
** MODE
**   oom    an allocation fails, once and from then on
**   own    a call of SQLite's API finds no memory, once and from then on. Calls
**          with the same functions on the stack are the same call: it fails
**          in the first scenario that makes it
**   io     an I/O operation fails with IOERR, once and from then on
**   full   a write fails with FULL, once and from then on
**   kill   the process dies before an I/O operation; what was acknowledged
**          must be there afterwards
**   torn   the process dies half-way through a write
**   lose   a write is lost: the harness must complain (a test of itself)
**   room   -dir is a small file system, which is filled up but for so many
**          pages
**   limit  no file may grow beyond so many pages: a limit of the process, which
**          everybody may set
**   list   no fault: each scenario once, and what it touched, one a line
**
** OPTIONS
**   -dir D      directory for the databases (.)
**   -budget N   about as many points, evenly spread, and each scenario on one
**               template only; without it every point on every template
**   -seed N     which points and templates the budget takes
**   -seconds N  stop after so much time
**   -forget 1   after a death the file is as at the start: the harness must
**               complain
**   -only NAME  that scenario; -template NAME, -at N: only these; -to N: the
**               points up to that
**
** SCENARIOS in a file are separated by their first line, and made of
**   -- name: NAME      the first line
**   -- before: SQL;    runs before, without faults
**   -- fails           one of the statements fails without any fault
**   -- open            opening the database and loading sessionlog is part
**                      of it
**   -- empty           on a database without the tables
**   -- aux             with a copy of the database attached as aux
**   -- damaged         session_check() has something to say
**   -- null            gives NULL, and no error, where the log can't be read
** and statements, each ended by a semicolon at the end of a line. @DIR@ is
** the directory for files that a scenario makes. The template is made by the
** file base.sql beside the first FILE.
*/
#define _GNU_SOURCE 1
#include "faultInject.h"
#include "faultOwn.h"
#include <dirent.h>
#include <execinfo.h>
#include <fcntl.h>
#include <stdarg.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>

int sqlite3_sessionlog_init(sqlite3 *, char **, const void *);

/* ---- text ------------------------------------------------------------ */

typedef struct Text Text;
struct Text {
  char *a;  /* always ends in 0 once anything was added */
  size_t n; /* bytes in it */
  size_t nAlloc;
};

static void die(const char *zFmt, ...){
  va_list ap;
  va_start(ap, zFmt);
  vfprintf(stderr, zFmt, ap);
  va_end(ap);
  fputc('\n', stderr);
  exit(2);
}

static void textAdd(Text *p, const void *a, size_t n){
  if( p->n+n+1>p->nAlloc ){
    p->nAlloc = (p->n + n + 1) * 2;
    p->a = realloc(p->a, p->nAlloc);
    if( p->a==0 ) die("no memory");
  }
  if( n ) memcpy(p->a + p->n, a, n);
  p->n += n;
  p->a[p->n] = 0;
}
static void textStr(Text *p, const char *z){
  textAdd(p, z, strlen(z));
}
static void textFmt(Text *p, const char *zFmt, ...){
  char z[200];
  va_list ap;
  va_start(ap, zFmt);
  vsnprintf(z, sizeof(z), zFmt, ap);
  va_end(ap);
  textStr(p, z);
}

/*
** Add text in which what differs from run to run is replaced: ULIDs of our
** time (those of the template begin with 00), times of day in ms.
*/
static void textNormal(Text *p, const char *z, size_t n){
  size_t i, j;
  for(i=0; i<n; i=j){
    int bDigits = 1;
    for(j=i; j<n; j++){
      if( (z[j]<'0' || z[j]>'9') && (z[j]<'A' || z[j]>'Z') ) break;
      if( z[j]>'9' ) bDigits = 0;
    }
    if( j-i==26 && z[i]=='0' && z[i+1]=='1' ){
      textStr(p, "<ulid>");
    }else if( bDigits && j-i==13 && z[i]=='1' ){
      textStr(p, "<now>");
    }else{
      if( j==i ) j++;
      textAdd(p, &z[i], j - i);
    }
  }
}

/*
** Add column i of the statement's row, with its type.
*/
static void textColumn(Text *p, sqlite3_stmt *pStmt, int i){
  const char *z;
  int eType = sqlite3_column_type(pStmt, i);
  switch( eType ){
    case SQLITE_NULL: textStr(p, "NULL"); break;
    case SQLITE_BLOB: {
      const unsigned char *a = sqlite3_column_blob(pStmt, i);
      int j, n = sqlite3_column_bytes(pStmt, i);
      for(j=0; j<n; j++) textFmt(p, "%02x", a[j]);
      break;
    }
    default:
      z = (const char *)sqlite3_column_text(pStmt, i);
      textNormal(p, z ? z : "(no text)",
                 (size_t)sqlite3_column_bytes(pStmt, i));
      if( eType==SQLITE_TEXT ) textStr(p, "'");
      break;
  }
  textStr(p, "|");
}

/* ---- scenarios and templates ----------------------------------------- */

#define MAX_STMT 24 /* statements of a scenario */

typedef struct Scenario Scenario;
struct Scenario {
  char *zName;
  char *azBefore[MAX_STMT];
  int nBefore;
  char *azStmt[MAX_STMT];
  int nStmt;
  int bFails;
  int bOpen;
  int bEmpty;
  int bAux;
  int bDamaged;
  int bNull;
};

/* What the scenario does without a fault. */
typedef struct Expect Expect;
struct Expect {
  char *azResult[MAX_STMT + 1]; /* of each statement, from 1 */
  char *azData[MAX_STMT + 1];   /* stored afterwards; 0: before the first */
  char *azPlace[MAX_STMT + 1];  /* the connection's place afterwards */
  int abAuto[MAX_STMT + 1];     /* no transaction is open afterwards */
  char *zFiles;                 /* files made in @DIR@ */
};

typedef struct Template Template;
struct Template {
  const char *zName;
  const char *zEncoding;
  int bPacked;
  const char *zJournal;
  char *aFile[2]; /* the file's bytes: with the tables, and without */
  size_t nFile[2];
};
static Template aTemplate[] = {
  { "utf8", "UTF-8", 0, "DELETE", { 0, 0 }, { 0, 0 } },
  { "utf8-packed", "UTF-8", 1, "DELETE", { 0, 0 }, { 0, 0 } },
  { "utf16", "UTF-16le", 0, "DELETE", { 0, 0 }, { 0, 0 } },
  { "utf16-packed", "UTF-16be", 1, "DELETE", { 0, 0 }, { 0, 0 } },
  { "wal", "UTF-8", 0, "WAL", { 0, 0 }, { 0, 0 } },
  { "delete-packed", "UTF-8", 1, "DELETE", { 0, 0 }, { 0, 0 } },
  { "truncate", "UTF-16le", 0, "TRUNCATE", { 0, 0 }, { 0, 0 } },
  { "persist-packed", "UTF-8", 1, "PERSIST", { 0, 0 }, { 0, 0 } },
};
#define OOM_TEMPLATES 4 /* the first ones are for oom, the others for I/O */
#define ALL_TEMPLATES 8

static const char *zDir = ".";   /* of the databases */
static char zDb[512], zAux[512]; /* the databases */
static char zOut[512];           /* @DIR@ */
static char *zBase;              /* text of base.sql */
static const char *zMode;
static int bVerbose;
static int iSeed;
static i64 iLast; /* the last point of a job, 0: no limit */
static int bForget;
static time_t tEnd; /* when to stop, 0: at the end */
static i64 nBad;    /* complaints */
static i64 nPointRun, nFailRun, nOkRun, nKilled, nLate;
static Text touched; /* for "list" */

/* The run that is going on, for complaints. */
static const Scenario *pNowScenario;
static const Template *pNowTemplate;

static void complain(const char *zFmt, ...){
  va_list ap;
  nBad++;
  if( nBad>40 && !bVerbose ) return;
  printf("! %s %s %s %s %lld (%s): ", zMode, pNowScenario->zName,
         pNowTemplate->zName, gFault.bPersist ? "from" : "at", gFault.iAt,
         gFault.zOp ? gFault.zOp : "not reached");
  va_start(ap, zFmt);
  vprintf(zFmt, ap);
  va_end(ap);
  printf("\n");
  fflush(stdout);
}

/*
** Complain of two texts that should be the same: the first lines that are
** not.
*/
static void complainDiff(const char *zWhat, const char *zWant,
                         const char *zGot) {
  size_t n, nGot;
  while( *zWant && *zGot ){
    n = strcspn(zWant, "\n");
    nGot = strcspn(zGot, "\n");
    if( n!=nGot || memcmp(zWant, zGot, n)!=0 ) break;
    zWant += n + (zWant[n] != 0);
    zGot += nGot + (zGot[nGot] != 0);
  }
  n = strcspn(zWant, "\n");
  nGot = strcspn(zGot, "\n");
  complain("%s\n    expected: %.*s\n    got:      %.*s", zWhat,
           (int)(n < 300 ? n : 300), zWant, (int)(nGot < 300 ? nGot : 300),
           zGot);
}

static char *readAll(const char *zFile, size_t *pn){
  Text t = { 0, 0, 0 };
  char a[8192];
  size_t n;
  FILE *in = fopen(zFile, "rb");
  if( in==0 ) die("cannot read %s", zFile);
  textAdd(&t, "", 0);
  while( (n = fread(a, 1, sizeof(a), in))>0 ) textAdd(&t, a, n);
  fclose(in);
  if( pn ) *pn = t.n;
  return t.a;
}

static void writeAll(const char *zFile, const char *a, size_t n){
  int fd = open(zFile, O_WRONLY | O_CREAT | O_TRUNC, 0644);
  if( fd<0 || write(fd, a, n)!=(ssize_t)n ) die("cannot write %s", zFile);
  close(fd);
}

static void removeDb(const char *zFile){
  static const char *const azEnd[] = { "", "-journal", "-wal", "-shm" };
  char z[600];
  size_t i;
  for(i=0; i<4; i++){
    snprintf(z, sizeof(z), "%s%s", zFile, azEnd[i]);
    unlink(z);
  }
}

/*
** Copy of z with @DIR@ replaced, which stands between quotes.
*/
static char *expand(const char *z, size_t n){
  Text t = { 0, 0, 0 };
  size_t i;
  textAdd(&t, "", 0);
  for(i=0; i<n; i++){
    if( z[i]=='@' && i+5<=n && memcmp(&z[i], "@DIR@", 5)==0 ){
      char zQuoted[2 * sizeof(zOut)];
      sqlite3_snprintf((int)sizeof(zQuoted), zQuoted, "%q", zOut);
      textStr(&t, zQuoted);
      i += 4;
    }else{
      textAdd(&t, &z[i], 1);
    }
  }
  return t.a;
}

/*
** What a comment line says, if it begins with zKey: the rest, else NULL.
*/
static const char *directive(const char *zLine, size_t n, const char *zKey){
  size_t nKey = strlen(zKey);
  if( n<3+nKey || memcmp(zLine, "-- ", 3)!=0 ) return 0;
  return memcmp(zLine + 3, zKey, nKey) == 0 ? zLine + 3 + nKey : 0;
}

/*
** Append the scenarios of a file to *pa.
*/
static void parseFile(const char *zFile, Scenario **pa, int *pn){
  const char *zStart = 0;
  char *zText = readAll(zFile, 0);
  const char *z = zText;
  Scenario *p = 0;
  while( *z ){
    size_t n = strcspn(z, "\n");
    const char *zArg;
    if( (zArg = directive(z, n, "name: "))!=0 ){
      *pa = realloc(*pa, sizeof(Scenario) * (size_t)(*pn + 1));
      p = &(*pa)[(*pn)++];
      memset(p, 0, sizeof(*p));
      p->zName = expand(zArg, (size_t)(z + n - zArg));
      zStart = 0;
    }else if( p==0 ){
      /* the file's heading */
    }else if( (zArg = directive(z, n, "before: "))!=0 ){
      if( p->nBefore==MAX_STMT ) die("%s: too long", p->zName);
      p->azBefore[p->nBefore++] = expand(zArg, (size_t)(z + n - zArg));
    }else if( directive(z, n, "fails") ){
      p->bFails = 1;
    }else if( directive(z, n, "open") ){
      p->bOpen = 1;
    }else if( directive(z, n, "empty") ){
      p->bEmpty = 1;
    }else if( directive(z, n, "aux") ){
      p->bAux = 1;
    }else if( directive(z, n, "damaged") ){
      p->bDamaged = 1;
    }else if( directive(z, n, "null") ){
      p->bNull = 1;
    }else if( zStart || (n>0 && memcmp(z, "--", 2)!=0) ){
      if( zStart==0 ) zStart = z;
      if( z[n-(n>0)]==';' ){
        if( p->nStmt==MAX_STMT ) die("%s: too long", p->zName);
        p->azStmt[p->nStmt++] = expand(zStart, (size_t)(z + n - zStart));
        zStart = 0;
      }
    }
    z += n + (z[n] != 0);
  }
  if( zStart ) die("%s: a statement without an end", zFile);
  free(zText);
}

/* ---- functions with bugs, for tests of the harness; one of use ------- */

/*
** bug_leak(): loses its first allocation when the second fails.
*/
static void bugLeak(sqlite3_context *pCtx, int n, sqlite3_value **ap){
  void *p1 = sqlite3_malloc64(100);
  void *p2 = p1 ? sqlite3_malloc64(100) : 0;
  (void)n;
  (void)ap;
  if( p2==0 ){
    sqlite3_result_error_nomem(pCtx);
    return;
  }
  sqlite3_free(p1);
  sqlite3_free(p2);
}

/*
** bug_ignore(): does not look whether its memory is there.
*/
static void bugIgnore(sqlite3_context *pCtx, int n, sqlite3_value **ap){
  char *p = sqlite3_mprintf("right");
  (void)n;
  (void)ap;
  sqlite3_result_text(pCtx, p, -1, sqlite3_free);
}

/*
** bug_code(): a wrong error for the failure.
*/
static void bugCode(sqlite3_context *pCtx, int n, sqlite3_value **ap){
  void *p = sqlite3_malloc(100);
  (void)n;
  (void)ap;
  if( p==0 ) sqlite3_result_error(pCtx, "something is wrong", -1);
  sqlite3_free(p);
}

/*
** bug_half(): two writes, of which the first stays when the second fails.
** What they return is looked at.
*/
static void bugHalf(sqlite3_context *pCtx, int n, sqlite3_value **ap){
  sqlite3 *db = sqlite3_context_db_handle(pCtx);
  int i, rc = SQLITE_OK;
  (void)n;
  (void)ap;
  for(i=0; i<2 && rc==SQLITE_OK; i++){
    rc = sqlite3_exec(db,
                      "INSERT INTO sessionlog_meta(session, name, value)"
                      " SELECT 1, 'x'||count(*), 1 FROM sessionlog_meta",
                      0, 0, 0);
  }
  if( rc!=SQLITE_OK ) sqlite3_result_error_code(pCtx, rc);
}

/*
** bug_unchecked(): a write whose return code nobody looks at.
*/
static void bugUnchecked(sqlite3_context *pCtx, int n, sqlite3_value **ap){
  (void)n;
  (void)ap;
  sqlite3_exec(sqlite3_context_db_handle(pCtx),
               "INSERT INTO sessionlog_meta(session, name, value)"
               " VALUES(1, 'x', 1)",
               0, 0, 0);
}

/*
** bug_freed(): when it has no memory left, it returns what it has freed.
** bug_overrun(): writes past the end of its memory.
*/
static void bugFreed(sqlite3_context *pCtx, int n, sqlite3_value **ap){
  char *volatile p1 = sqlite3_mprintf("a text of some length");
  void *p2 = p1 ? sqlite3_malloc(100) : 0;
  char *volatile pOld = p1;
  (void)n;
  (void)ap;
  if( p1==0 ){
    sqlite3_result_error_nomem(pCtx);
    return;
  }
  if( p2==0 ) sqlite3_free(p1);
  sqlite3_result_int(pCtx, pOld[15] == 'l');
  if( p2 ) sqlite3_free(p1);
  sqlite3_free(p2);
}
static void bugOverrun(sqlite3_context *pCtx, int n, sqlite3_value **ap){
  char *volatile p = sqlite3_malloc64(40);
  (void)n;
  (void)ap;
  if( p==0 ){
    sqlite3_result_error_nomem(pCtx);
  }else{
    p[sqlite3_msize(p)] = 0;
  }
  sqlite3_free(p);
}

/*
** load_again(): sessionlog is loaded where it is already.
*/
static void loadAgain(sqlite3_context *pCtx, int n, sqlite3_value **ap){
  char *zErr = 0;
  int rc = sqlite3_sessionlog_init(sqlite3_context_db_handle(pCtx), &zErr, 0);
  (void)n;
  (void)ap;
  if( rc!=SQLITE_OK ) sqlite3_result_error_code(pCtx, rc);
  sqlite3_free(zErr);
}

static void bugRegister(sqlite3 *db){
  static const struct {
    const char *zName;
    void (*x)(sqlite3_context *, int, sqlite3_value **);
  } aBug[] = { { "bug_leak", bugLeak },           { "bug_ignore", bugIgnore },
               { "bug_code", bugCode },           { "bug_half", bugHalf },
               { "bug_unchecked", bugUnchecked }, { "bug_freed", bugFreed },
               { "bug_overrun", bugOverrun },     { "load_again", loadAgain } };
  size_t i;
  for(i=0; i<sizeof(aBug)/sizeof(aBug[0]); i++){
    sqlite3_create_function(db, aBug[i].zName, 0, SQLITE_UTF8, 0, aBug[i].x, 0,
                            0);
  }
}

/* ---- databases ------------------------------------------------------- */

/*
** Open the database with sessionlog. A failure leaves *pDb to be closed.
*/
static int openDb(const char *zFile, sqlite3 **pDb){
  int rc = sqlite3_open(zFile, pDb);
  if( rc==SQLITE_OK ){
    char *zErr = 0;
    sqlite3_extended_result_codes(*pDb, 1);
    rc = sqlite3_sessionlog_init(*pDb, &zErr, 0);
    sqlite3_free(zErr);
  }
  return rc;
}

/*
** Run statements that can't fail.
*/
static void mustRun(sqlite3 *db, const char *zSql){
  char *zErr = 0;
  if( sqlite3_exec(db, zSql, 0, 0, &zErr)!=SQLITE_OK ){
    die("%s: %s\n%s", pNowScenario ? pNowScenario->zName : "base.sql", zErr,
        zSql);
  }
}

/*
** The rows that a query gives, one a line, and after them the error if there
** is one; returns the code. Faults strike only within SQLite.
*/
static int query(sqlite3 *db, const char *zSql, Text *pOut){
  sqlite3_stmt *pStmt = 0;
  int bArmed = gFault.bArmed;
  int i;
  int rc = sqlite3_prepare_v2(db, zSql, -1, &pStmt, 0);
  if( rc==SQLITE_OK ){
    while( (rc = sqlite3_step(pStmt))==SQLITE_ROW ){
      gFault.bArmed = 0;
      for(i=0; i<sqlite3_column_count(pStmt); i++) textColumn(pOut, pStmt, i);
      textStr(pOut, "\n");
      gFault.bArmed = bArmed;
    }
    rc = sqlite3_finalize(pStmt);
  }
  if( rc!=SQLITE_OK ){
    gFault.bArmed = 0;
    textFmt(pOut, "error %d: ", rc);
    textNormal(pOut, sqlite3_errmsg(db), strlen(sqlite3_errmsg(db)));
    gFault.bArmed = bArmed;
  }
  return rc;
}

/* The stored tables as plain rows, and events as they are read. A process
** number and the bytes of a block, in which there may be times, are left
** out. */
static const char *const azContent[] = {
  "SELECT name, value FROM %s.sessionlog_config ORDER BY name",
  "SELECT key, id, tenant, name, parent, forked_at, kind, target,"
  " target_class, target_hash, cwd, group_key, status, created_by,"
  " app_version, source_url, origin, pid IS NULL, host, started_at_ms,"
  " ended_at_ms, seen_at_ms, paused_at_ms, pause_summary, archived, kept"
  " FROM %s.sessionlog_session ORDER BY key",
  "SELECT * FROM %s.sessionlog_event ORDER BY key",
  "SELECT key, n_events, last_at_ms FROM %s.sessionlog_block ORDER BY key",
  "SELECT * FROM %s.sessionlog_key ORDER BY session, idem",
  "SELECT * FROM %s.sessionlog_label ORDER BY key",
  "SELECT * FROM %s.sessionlog_meta ORDER BY key",
  "SELECT * FROM %s.sessionlog_artifact ORDER BY key",
  "SELECT * FROM %s.sessionlog_scope ORDER BY key",
  "SELECT count(*) FROM %s.sqlite_schema",
};

static char *content(sqlite3 *db){
  Text t = { 0, 0, 0 };
  size_t i;
  int iDb;
  const char *zName;
  for(iDb=0; iDb<2; iDb++){
    zName = iDb ? "aux" : "main";
    if( sqlite3_db_readonly(db, zName)<0 ) continue;
    for(i=0; i<sizeof(azContent)/sizeof(azContent[0]); i++){
      char zSql[600];
      snprintf(zSql, sizeof(zSql), azContent[i], zName);
      textFmt(&t, "[%s %d]\n", zName, (int)i);
      query(db, zSql, &t);
    }
    textStr(&t, "\n");
  }
  return t.a;
}

/*
** Where the connection stands, and what it sees of events and scopes.
*/
static char *place(sqlite3 *db){
  Text t = { 0, 0, 0 };
  query(db, "SELECT session_current(), session_tenant(), session_schema()", &t);
  query(db,
        "SELECT session_id, ordinal, kind, at_ms, payload, key, origin_id"
        " FROM session_events",
        &t);
  query(db, "SELECT * FROM scope_entries", &t);
  return t.a;
}

/*
** Names and sizes of the files in @DIR@. Removes them.
*/
static char *takeFiles(void){
  Text t = { 0, 0, 0 };
  struct dirent *pEntry;
  DIR *p = opendir(zOut);
  textAdd(&t, "", 0);
  while( p && (pEntry = readdir(p))!=0 ){
    char z[1000];
    struct stat buf;
    if( pEntry->d_name[0]=='.' ) continue;
    snprintf(z, sizeof(z), "%s/%s", zOut, pEntry->d_name);
    if( stat(z, &buf)!=0 ) continue;
    textNormal(&t, pEntry->d_name, strlen(pEntry->d_name));
    textFmt(&t, " %lld;", (i64)buf.st_size);
    unlink(z);
  }
  if( p ) closedir(p);
  return t.a;
}

/*
** Make the two files of a template.
*/
static void makeTemplate(Template *p){
  int i;
  for(i=0; i<2; i++){
    sqlite3 *db;
    char z[100];
    removeDb(zDb);
    if( openDb(zDb, &db)!=SQLITE_OK ) die("cannot open %s", zDb);
    snprintf(z, sizeof(z), "PRAGMA encoding='%s'; PRAGMA page_size=1024",
             p->zEncoding);
    mustRun(db, z);
    if( strcmp(p->zJournal, "WAL")==0 ) mustRun(db, "PRAGMA journal_mode=WAL");
    mustRun(db, "CREATE TABLE app(a, b)");
    if( i==0 ) mustRun(db, zBase);
    if( i==0 && p->bPacked ){
      mustRun(db, "SELECT session_pack(id) FROM session_list ORDER BY id");
    }
    if( sqlite3_close(db)!=SQLITE_OK ) die("%s: cannot close", p->zName);
    p->aFile[i] = readAll(zDb, &p->nFile[i]);
    removeDb(zDb);
  }
}

/*
** Lay out the database files of a scenario.
*/
static void layOut(const Template *pT, const Scenario *pS){
  int i = pS->bEmpty;
  removeDb(zDb);
  writeAll(zDb, pT->aFile[i], pT->nFile[i]);
  if( pS->bAux ){
    removeDb(zAux);
    writeAll(zAux, pT->aFile[i], pT->nFile[i]);
  }
}

/*
** Open the database for the scenario and run what comes before it. Leaves
** faults armed.
*/
static int start(const Template *pT, const Scenario *pS, sqlite3 **pDb){
  int i, rc;
  char z[600];
  gFault.nCount = gFault.nFired = 0;
  gFault.zOp = 0;
  gFault.bArmed = pS->bOpen;
  rc = openDb(zDb, pDb);
  if( rc!=SQLITE_OK || pS->bOpen ) return rc;
  bugRegister(*pDb);
  snprintf(z, sizeof(z), "PRAGMA journal_mode=%s", pT->zJournal);
  mustRun(*pDb, z);
  if( pS->bAux ){
    sqlite3_snprintf((int)sizeof(z), z,
                     "ATTACH %Q AS aux; PRAGMA aux.journal_mode=%s", zAux,
                     pT->zJournal);
    mustRun(*pDb, z);
    mustRun(*pDb, "SELECT count(*) FROM aux.app");
  }
  mustRun(*pDb, "SELECT count(*) FROM main.app");
  for(i=0; i<pS->nBefore; i++) mustRun(*pDb, pS->azBefore[i]);
  gFault.bArmed = 1;
  return SQLITE_OK;
}

/* ---- one scenario ---------------------------------------------------- */

/*
** Note what the database is after statement k.
*/
static void expectState(Expect *pE, int k, sqlite3 *db){
  gFault.bArmed = 0;
  pE->abAuto[k] = sqlite3_get_autocommit(db);
  pE->azPlace[k] = place(db);
  pE->azData[k] = content(db);
}

static void expectFree(Expect *pE){
  int k;
  for(k=0; k<=MAX_STMT; k++){
    free(pE->azResult[k]);
    free(pE->azData[k]);
    free(pE->azPlace[k]);
  }
  free(pE->zFiles);
  memset(pE, 0, sizeof(*pE));
}

static void sound(sqlite3 *db, int bBoth);

/*
** What the scenario does without a fault. 0: it is not as it says.
*/
static int expect(const Template *pT, const Scenario *pS, Expect *pE){
  sqlite3 *db = 0;
  int k;
  int bFailed = 0;
  i64 nBefore = nBad;
  memset(pE, 0, sizeof(*pE));
  gFault.iAt = 0;
  gFault.bPersist = 0;
  layOut(pT, pS);
  if( start(pT, pS, &db)!=SQLITE_OK ) die("%s: cannot open", pS->zName);
  gFault.bArmed = 0;
  expectState(pE, 0, db);
  for(k=1; k<=pS->nStmt; k++){
    Text t = { 0, 0, 0 };
    textAdd(&t, "", 0);
    if( query(db, pS->azStmt[k-1], &t)!=SQLITE_OK ){
      bFailed = 1;
      if( !pS->bFails ) complain("fails without a fault: %s", t.a);
    }
    pE->azResult[k] = t.a;
    expectState(pE, k, db);
  }
  if( pS->bFails && !bFailed ) complain("does not fail");
  if( !pE->abAuto[pS->nStmt] ) complain("leaves a transaction open");
  sound(db, 1);
  if( sqlite3_close(db)!=SQLITE_OK ) complain("cannot close");
  pE->zFiles = takeFiles();
  return nBad == nBefore;
}

/*
** Complain where one of the two checks finds anything; bBoth 0: only look at
** the file's structure.
*/
static void sound(sqlite3 *db, int bBoth){
  Text t = { 0, 0, 0 };
  query(db, "PRAGMA integrity_check", &t);
  if( strcmp(t.a, "ok'|\n")!=0 ) complain("integrity_check: %s", t.a);
  t.n = 0;
  textAdd(&t, "", 0);
  if( bBoth && !pNowScenario->bDamaged )
    query(db, "SELECT * FROM session_check()", &t);
  if( t.n ) complain("session_check(): %s", t.a);
  free(t.a);
}

/*
** 1 if the code is one that the fault may give.
*/
static int isFault(int rc){
  switch( gFault.eKind ){
    case FAULT_OOM:
      return (rc & 255) == SQLITE_NOMEM || rc == SQLITE_IOERR_NOMEM;
    case FAULT_IO:
    case FAULT_FULL:
    case FAULT_ROOM:
    case FAULT_LIMIT:
      rc &= 255;
      return rc == SQLITE_IOERR || rc == SQLITE_FULL || rc == SQLITE_CANTOPEN;
  }
  return 0;
}

/*
** 1 if statement k has failed and yet is done whole: a function called by
** SELECT has written before SQLite copies what it returns, and for that there
** was no memory.
*/
static int isLate(sqlite3 *db, const Scenario *pS, const Expect *pE, int k,
                  const char *zData, const char *zPlace) {
  if( gFault.eKind!=FAULT_OOM || memcmp(pS->azStmt[k-1], "SELECT", 6)!=0
   || sqlite3_get_autocommit(db)!=pE->abAuto[k]
   || strcmp(zData, pE->azData[k])!=0 || strcmp(zPlace, pE->azPlace[k])!=0
  ){
    return 0;
  }
  nLate++;
  return 1;
}

/*
** A commit that failed for lack of I/O may have reached the disk whole.
*/
static int maybeDone(const Expect *pE, int k, const char *zData){
  return gFault.eKind != FAULT_OOM && pE->abAuto[k]
         && strcmp(zData, pE->azData[k]) == 0;
}

/*
** 1 if it is the error that it should be but for the message, for which there
** was no memory: SQLite then has the code's own.
*/
static int isShort(int rc, const char *zWant, const char *zGot){
  char z[200];
  if( gFault.eKind!=FAULT_OOM || rc==SQLITE_OK ) return 0;
  snprintf(z, sizeof(z), "error %d: %s", rc, sqlite3_errstr(rc));
  return strcmp(zGot, z) == 0 && memcmp(zWant, z, strcspn(z, ":")) == 0;
}

/*
** No file may grow beyond so many bytes.
*/
static void limitFiles(rlim_t n){
  struct rlimit lim;
  if( getrlimit(RLIMIT_FSIZE, &lim)!=0 ) die("cannot read the limit of files");
  lim.rlim_cur = n < lim.rlim_max ? n : lim.rlim_max;
  if( setrlimit(RLIMIT_FSIZE, &lim)!=0 ) die("cannot limit files");
}

/*
** Fill the file system of -dir, but for so many bytes.
*/
static void fillUp(i64 nLeave){
  static char a[4096];
  char z[600];
  int fd;
  i64 n = 0;
  ssize_t nGot;
  snprintf(z, sizeof(z), "%s/filler", zDir);
  fd = open(z, O_WRONLY | O_CREAT | O_TRUNC, 0644);
  if( fd<0 ) die("cannot write %s", z);
  while( (nGot = write(fd, a, sizeof(a)))>0 ) n += nGot;
  if( ftruncate(fd, n>nLeave ? n - nLeave : 0)!=0 ) die("cannot cut %s", z);
  close(fd);
}

/*
** Take the filler away, or the limit.
*/
static void makeRoom(void){
  char z[600];
  if( gFault.eKind==FAULT_LIMIT ){
    limitFiles(RLIM_INFINITY);
    return;
  }
  snprintf(z, sizeof(z), "%s/filler", zDir);
  unlink(z);
}

/*
** Statement k has failed by the fault. Compare what there is now with what
** was before it. Returns the statement to go on with, or 0 to stop.
*/
static int afterFailure(sqlite3 *db, const Scenario *pS, const Expect *pE,
                        int k, const char **pzData) {
  char *zPlace = place(db); /* First: it writes the events that wait */
  char *zData = content(db);
  int bAuto = sqlite3_get_autocommit(db);
  int j = k - 1;
  int iNext = 0;
  int bSame;
  if( memcmp(pS->azStmt[k-1], "RELEASE", 7)==0 && pE->abAuto[k] && !bAuto ){
    /* SQLite rolls back, and says that there still is a transaction; or the
    ** statement could not even be prepared, and nothing was rolled back. */
    sqlite3_exec(db, "ROLLBACK", 0, 0, 0);
    free(zData);
    zData = content(db);
    bAuto = sqlite3_get_autocommit(db);
  }
  while( bAuto && !pE->abAuto[j] ) j--;
  bSame = bAuto == pE->abAuto[j] && strcmp(zData, pE->azData[j]) == 0;
  *pzData = pE->azData[j];
  if( bSame && j<k-1 ){
    /* All was rolled back; nothing tells where the connection should be. */
  }else if( bSame && strcmp(zPlace, pE->azPlace[j])==0 ){
    iNext = k;
  }else if( isLate(db, pS, pE, k, zData, zPlace) ){
    if( bAuto ) *pzData = pE->azData[k];
    iNext = k + 1;
  }else if( maybeDone(pE, k, zData) ){
    *pzData = pE->azData[k];
  }else if( bAuto!=pE->abAuto[j] ){
    complain("a transaction is open after: %s", pS->azStmt[k - 1]);
  }else if( bSame ){
    complainDiff("the connection is elsewhere", pE->azPlace[j], zPlace);
  }else{
    complainDiff("half done", pE->azData[j], zData);
    *pzData = 0;
  }
  free(zData);
  free(zPlace);
  return iNext;
}

/*
** What statement k gave, against what it should.
*/
enum {
  GAVE_RIGHT, /* as without a fault */
  GAVE_FAULT, /* the error of the fault */
  GAVE_WRONG
};
static int judge(sqlite3 *db, const Scenario *pS, const Expect *pE, int k,
                 int rc, const char *zGot) {
  if( strcmp(zGot, pE->azResult[k])==0 ){
    /* An error of its own, and to undo the statement was not possible. */
    if( gFault.nFired && rc!=SQLITE_OK
     && sqlite3_get_autocommit(db)!=pE->abAuto[k]
    ){
      return GAVE_FAULT;
    }
    return GAVE_RIGHT;
  }
  if( gFault.nFired==0 ) return GAVE_WRONG;
  if( pS->bNull && strcmp(zGot, "NULL|\n")==0 ) return GAVE_FAULT;
  if( isFault(rc) || isShort(rc, pE->azResult[k], zGot) ) return GAVE_FAULT;
  return GAVE_WRONG;
}

/*
** Run statements from k on, with the fault, and after it has struck without.
** *pzData is what the database should hold at the end, NULL if that is not
** known.
*/
static void runStatements(sqlite3 *db, const Scenario *pS, const Expect *pE,
                          const char **pzData) {
  int k, rc, eGave;
  int bStruck = 0;
  Text t = { 0, 0, 0 };
  *pzData = pE->azData[0];
  for(k=1; k>0 && k<=pS->nStmt;){
    t.n = 0;
    textAdd(&t, "", 0);
    rc = query(db, pS->azStmt[k - 1], &t);
    eGave = judge(db, pS, pE, k, rc, t.a);
    if( eGave==GAVE_RIGHT ){
      if( pE->abAuto[k] ) *pzData = pE->azData[k];
      k++;
    }else if( eGave==GAVE_FAULT && !bStruck ){
      bStruck = 1;
      nFailRun++;
      gFault.bArmed = 0;
      if( gFault.eKind>=FAULT_ROOM ) makeRoom();
      k = afterFailure(db, pS, pE, k, pzData);
    }else{
      gFault.bArmed = 0;
      complainDiff(bStruck ? "not the same when tried again" : "wrong",
                   pE->azResult[k], t.a);
      *pzData = 0;
      k = 0;
    }
  }
  gFault.bArmed = 0;
  if( k>0 ){
    char *z = place(db);
    if( strcmp(z, pE->azPlace[pS->nStmt])!=0 ){
      complainDiff("the connection ends elsewhere", pE->azPlace[pS->nStmt], z);
    }
    free(z);
  }
  if( !bStruck && gFault.nFired ) nOkRun++;
  free(t.a);
}

/*
** Open the database again: it must be sound and hold zData (NULL: unknown),
** or zOther unless that is NULL. What the run without faults left has been
** through session_check(), so that most times the same content is enough.
*/
static void reopen(const Scenario *pS, const Expect *pE, const char *zData,
                   const char *zOther) {
  sqlite3 *db = 0;
  char *zGot;
  char z[600];
  int bCheck = zData != pE->azData[pS->nStmt] || nPointRun % 8 == 0;
  int rc = bCheck ? openDb(zDb, &db) : sqlite3_open(zDb, &db);
  if( rc!=SQLITE_OK ) complain("cannot be opened again");
  if( pS->bAux ){
    sqlite3_snprintf((int)sizeof(z), z, "ATTACH %Q AS aux", zAux);
    mustRun(db, z);
  }
  sound(db, bCheck);
  zGot = content(db);
  if( zData && strcmp(zData, zGot)!=0
   && (zOther==0 || strcmp(zOther, zGot)!=0)
  ){
    complainDiff("opened again, it holds something else", zData, zGot);
  }
  free(zGot);
  sqlite3_close(db);
}

/*
** Run the scenario with the fault that gFault describes. 0: the point was not
** reached.
*/
static int runPoint(const Template *pT, const Scenario *pS, const Expect *pE){
  sqlite3 *db = 0;
  const char *zData = pE->azData[0];
  char *zFiles;
  i64 nMemory = sqlite3_memory_used();
  i64 nFail = nFailRun;
  int rc;
  layOut(pT, pS);
  gFault.bOverrun = 0;
  rc = start(pT, pS, &db);
  if( rc==SQLITE_OK ){
    runStatements(db, pS, pE, &zData);
  }else{
    gFault.bArmed = 0;
    nFailRun++;
    if( !isFault(rc) ) complain("opening gives %d", rc);
  }
  rc = sqlite3_close(db);
  if( rc!=SQLITE_OK ){
    complain("cannot close: a statement is left over");
    sqlite3_close_v2(db);
  }
  if( sqlite3_memory_used()!=nMemory ){
    complain("%lld bytes leaked", sqlite3_memory_used() - nMemory);
  }
  if( gFault.bOverrun ) complain("written past the end of an allocation");
  zFiles = takeFiles();
  if( zFiles[0] && strcmp(zFiles, pE->zFiles)!=0 ){
    complainDiff("other files are there", pE->zFiles, zFiles);
  }
  free(zFiles);
  reopen(pS, pE, zData, 0);
  if( gFault.nFired==0 && nFailRun!=nFail ) complain("failed by itself");
  return gFault.nFired > 0;
}

/* ---- death ----------------------------------------------------------- */

/*
** The child: run the scenario, and tell the parent by a byte of each
** statement that is done.
*/
static void childRun(const Template *pT, const Scenario *pS, int fd){
  sqlite3 *db = 0;
  int k, rc;
  Text t = { 0, 0, 0 };
  rc = start(pT, pS, &db);
  for(k=1; rc==SQLITE_OK && k<=pS->nStmt; k++){
    query(db, pS->azStmt[k - 1], &t);
    if( write(fd, "+", 1)!=1 ) break;
  }
  gFault.bArmed = 0;
  _exit(gFault.nFired ? 3 : 0);
}

/*
** Let a child die at the point, and look at what it leaves. 0: it did not
** reach the point.
*/
static int runDeath(const Template *pT, const Scenario *pS, const Expect *pE){
  int aPipe[2];
  int nDone = 0;
  int iStatus = 0;
  int j, k;
  char c;
  pid_t pid;
  layOut(pT, pS);
  fflush(stdout);
  if( pipe(aPipe)!=0 ) die("no pipe");
  pid = fork();
  if( pid<0 ) die("cannot fork");
  if( pid==0 ){
    close(aPipe[0]);
    childRun(pT, pS, aPipe[1]);
  }
  close(aPipe[1]);
  while( read(aPipe[0], &c, 1)==1 ) nDone++;
  close(aPipe[0]);
  waitpid(pid, &iStatus, 0);
  if( WIFEXITED(iStatus) && WEXITSTATUS(iStatus)==0 ) return 0;
  gFault.zOp = "killed";
  nKilled++;
  if( !WIFSIGNALED(iStatus) || WTERMSIG(iStatus)!=SIGKILL ){
    complain("the child ended in another way: %d", iStatus);
  }
  free(takeFiles());
  if( bForget ) layOut(pT, pS);
  for(j=nDone; !pE->abAuto[j]; j--){
  }
  for(k=nDone+1; k<pS->nStmt && !pE->abAuto[k]; k++){
  }
  reopen(pS, pE, pE->azData[j],
         k == nDone + 1 && k <= pS->nStmt ? pE->azData[k] : 0);
  return 1;
}

/* ---- a full disk ----------------------------------------------------- */

/*
** With room for so many pages only, on the disk or in each file. 0: the
** scenario had room enough.
*/
static int runRoom(const Template *pT, const Scenario *pS, const Expect *pE){
  sqlite3 *db = 0;
  const char *zData = 0;
  i64 nFail = nFailRun;
  i64 nMemory = sqlite3_memory_used();
  makeRoom();
  layOut(pT, pS);
  if( start(pT, pS, &db)!=SQLITE_OK ) die("%s: cannot open", pS->zName);
  gFault.bArmed = 0;
  if( gFault.eKind==FAULT_LIMIT ){
    limitFiles((rlim_t)(gFault.iAt - 1) * FAULT_PAGE);
  }else{
    fillUp((gFault.iAt - 1) * 4096);
  }
  gFault.nFired = 1;
  gFault.zOp = zMode;
  runStatements(db, pS, pE, &zData);
  if( sqlite3_close(db)!=SQLITE_OK ) complain("cannot close");
  if( sqlite3_memory_used()!=nMemory ) complain("leaked");
  makeRoom();
  free(takeFiles());
  reopen(pS, pE, zData, 0);
  return nFailRun > nFail;
}

/* ---- all scenarios --------------------------------------------------- */

/*
** One point.
*/
static int runOne(const Template *pT, const Scenario *pS, const Expect *pE){
  int bReached;
  switch( gFault.eKind ){
    case FAULT_KILL:
    case FAULT_TORN: bReached = runDeath(pT, pS, pE); break;
    case FAULT_ROOM:
    case FAULT_LIMIT: bReached = runRoom(pT, pS, pE); break;
    default: bReached = runPoint(pT, pS, pE); break;
  }
  nPointRun += bReached;
  return bReached;
}

/*
** The number of points that a scenario has.
*/
static i64 countPoints(const Template *pT, const Scenario *pS){
  sqlite3 *db = 0;
  int k;
  Text t = { 0, 0, 0 };
  gFault.iAt = 0;
  gFault.bPersist = 0;
  layOut(pT, pS);
  if( start(pT, pS, &db)!=SQLITE_OK ) die("%s: cannot open", pS->zName);
  for(k=0; k<pS->nStmt; k++) query(db, pS->azStmt[k], &t);
  gFault.bArmed = 0;
  sqlite3_close(db);
  free(takeFiles());
  free(t.a);
  return gFault.nCount;
}

/* ---- the calls, for "own" -------------------------------------------- */

#define STACK_DEPTH 20
#define STACK_SLOTS (1 << 18)

static unsigned long long aStack[STACK_SLOTS]; /* a hash table; 0: free */
static i64 *aFresh; /* points with a stack that wasn't seen before */
static int nFresh;

/*
** Note the point if no point had this stack.
*/
static void stackPoint(void){
  void *ap[STACK_DEPTH];
  int i, n = backtrace(ap, STACK_DEPTH);
  unsigned long long h = 14695981039346656037u;
  size_t iSlot;
  for(i=0; i<n; i++) h = (h ^ (size_t)ap[i]) * 1099511628211u;
  if( h==0 ) h = 1;
  for(iSlot=(size_t)(h>>40); aStack[iSlot%STACK_SLOTS]; iSlot++){
    if( aStack[iSlot%STACK_SLOTS]==h ) return;
  }
  aStack[iSlot % STACK_SLOTS] = h;
  aFresh = realloc(aFresh, sizeof(i64) * (size_t)(nFresh + 1));
  aFresh[nFresh++] = gFault.nCount;
}

/*
** Fill aFresh[] for a scenario.
*/
static void freshPoints(const Template *pT, const Scenario *pS){
  nFresh = 0;
  gFault.xPoint = stackPoint;
  countPoints(pT, pS);
  gFault.xPoint = 0;
}

/* What is run: a scenario on a template. */
typedef struct Job Job;
struct Job {
  const Scenario *pScenario;
  const Template *pTemplate;
  i64 nPoint; /* points it has, 0: to be found out */
};

/*
** The points of a job that have a stack of their own: each fails once, and from
** then on.
*/
static void runFresh(const Job *pJob){
  Expect e;
  int i;
  pNowScenario = pJob->pScenario;
  pNowTemplate = pJob->pTemplate;
  if( expect(pJob->pTemplate, pJob->pScenario, &e) ){
    freshPoints(pJob->pTemplate, pJob->pScenario);
    for(i=0; i<2*nFresh; i++){
      gFault.iAt = aFresh[i / 2];
      gFault.bPersist = i % 2;
      runOne(pJob->pTemplate, pJob->pScenario, &e);
    }
  }
  expectFree(&e);
}

/*
** Every iStep-th point of a job, from iFirst on; all if iStep is 1.
*/
static void runJob(const Job *pJob, i64 iFirst, i64 iStep, i64 iOnly){
  Expect e;
  int bPersist;
  int nMode = 2;
  i64 i;
  pNowScenario = pJob->pScenario;
  pNowTemplate = pJob->pTemplate;
  if( gFault.eKind>=FAULT_KILL ) nMode = 1;
  if( expect(pJob->pTemplate, pJob->pScenario, &e) ){
    for(bPersist=0; bPersist<nMode; bPersist++){
      for(i=iOnly ? iOnly : iFirst; pJob->nPoint==0 || i<=pJob->nPoint;
          i+=iStep){
        if( iLast && i>iLast ) break;
        gFault.iAt = i;
        gFault.bPersist = bPersist;
        if( !runOne(pJob->pTemplate, pJob->pScenario, &e) || iOnly ) break;
      }
      /* The other points of the two kinds. */
      iFirst = 1 + (iFirst - 1 + iStep / 2) % iStep;
    }
  }
  expectFree(&e);
}

/* ---- what a scenario touches ----------------------------------------- */

/*
** Authorizer that notes functions and tables.
*/
static int noteTouch(void *pArg, int eAction, const char *z1, const char *z2,
                     const char *zDatabase, const char *zInner) {
  (void)pArg;
  (void)zDatabase;
  if( zInner ) return SQLITE_OK;
  if( eAction==SQLITE_FUNCTION ){
    textFmt(&touched, "function %s\n", z2);
  }else if( eAction==SQLITE_READ ){
    textFmt(&touched, "read %s\n", z1);
  }else if( eAction==SQLITE_INSERT ){
    textFmt(&touched, "insert %s\n", z1);
  }else if( eAction==SQLITE_UPDATE ){
    textFmt(&touched, "update %s\n", z1);
  }else if( eAction==SQLITE_DELETE ){
    textFmt(&touched, "delete %s\n", z1);
  }
  return SQLITE_OK;
}

/*
** Print what the scenario's own statements touch, not those within: they are
** prepared only.
*/
static void listScenario(const Template *pT, const Scenario *pS){
  sqlite3 *db = 0;
  Expect e;
  int k;
  pNowScenario = pS;
  pNowTemplate = pT;
  expect(pT, pS, &e);
  expectFree(&e);
  layOut(pT, pS);
  if( start(pT, pS, &db)!=SQLITE_OK ) die("%s: cannot open", pS->zName);
  gFault.bArmed = 0;
  for(k=0; k<pS->nStmt; k++){
    sqlite3_stmt *pStmt = 0;
    Text t = { 0, 0, 0 };
    sqlite3_set_authorizer(db, noteTouch, 0);
    sqlite3_prepare_v2(db, pS->azStmt[k], -1, &pStmt, 0);
    sqlite3_set_authorizer(db, 0, 0);
    sqlite3_finalize(pStmt);
    query(db, pS->azStmt[k], &t);
    free(t.a);
  }
  sqlite3_close(db);
  free(takeFiles());
}

/* ---- the program ----------------------------------------------------- */

static int modeKind(const char *z){
  static const struct {
    const char *z;
    int e;
  } a[] = { { "oom", FAULT_OOM },   { "own", FAULT_OOM },
            { "list", FAULT_OOM },  { "io", FAULT_IO },
            { "full", FAULT_FULL }, { "kill", FAULT_KILL },
            { "torn", FAULT_TORN }, { "lose", FAULT_LOSE },
            { "room", FAULT_ROOM }, { "limit", FAULT_LIMIT } };
  size_t i;
  for(i=0; i<sizeof(a)/sizeof(a[0]); i++){
    if( strcmp(a[i].z, z)==0 ) return a[i].e;
  }
  die("unknown mode: %s", z);
  return 0;
}

/*
** The jobs: each scenario on each template, or with a budget on one that
** changes from scenario to scenario. Returns their number.
*/
static int makeJobs(const Scenario *aS, int nS, i64 nBudget, const char *zOnly,
                    const char *zTemplate, Job **paJob) {
  int iFrom = gFault.eKind == FAULT_OOM ? 0 : OOM_TEMPLATES;
  int iTo = gFault.eKind == FAULT_OOM ? OOM_TEMPLATES : ALL_TEMPLATES;
  int i, j, n = 0;
  Job *a = calloc((size_t)(nS * ALL_TEMPLATES + 1), sizeof(Job));
  for(i=0; i<nS; i++){
    const Scenario *pS = &aS[i];
    if( zOnly && strcmp(zOnly, pS->zName)!=0 ) continue;
    for(j=iFrom; j<iTo; j++){
      const Template *pT = &aTemplate[j];
      if( zTemplate && strcmp(zTemplate, pT->zName)!=0 ) continue;
      if( nBudget && !zTemplate && (i+iSeed)%(iTo-iFrom)!=j-iFrom ) continue;
      /* A commit over two files is not atomic in WAL mode: SQLite's limit. */
      if( pS->bAux && gFault.eKind!=FAULT_OOM
       && strcmp(pT->zJournal, "WAL")==0
      )
        continue;
      a[n].pScenario = pS;
      a[n].pTemplate = pT;
      n++;
    }
  }
  *paJob = a;
  return n;
}

int main(int argc, char **argv){
  static Scenario *aS; /* static: not lost at the end, to valgrind */
  static Job *aJob;
  int nS = 0;
  int i, nJob;
  i64 nBudget = 0, iAt = 0, nTotal = 0, iStep = 1;
  const char *zOnly = 0, *zTemplate = 0;
  if( argc<3 ) die("usage: core_fault MODE [OPTION...] FILE.sql...");
  zMode = argv[1];
  gFault.eKind = modeKind(zMode);
  gFault.bOwn = strcmp(zMode, "own") == 0;
  for(i=2; i+1<argc && argv[i][0]=='-'; i+=2){
    const char *zArg = argv[i + 1];
    if( strcmp(argv[i], "-dir")==0 ) zDir = zArg;
    if( strcmp(argv[i], "-budget")==0 ) nBudget = atoll(zArg);
    if( strcmp(argv[i], "-seed")==0 ) iSeed = atoi(zArg) & 0xffff;
    if( strcmp(argv[i], "-forget")==0 ) bForget = 1;
    if( strcmp(argv[i], "-seconds")==0 ) tEnd = time(0) + atoi(zArg);
    if( strcmp(argv[i], "-only")==0 ) zOnly = zArg;
    if( strcmp(argv[i], "-template")==0 ) zTemplate = zArg;
    if( strcmp(argv[i], "-at")==0 ) iAt = atoll(zArg);
    if( strcmp(argv[i], "-to")==0 ) iLast = atoll(zArg);
  }
  bVerbose = zOnly != 0;
  snprintf(zDb, sizeof(zDb), "%s/fault.db", zDir);
  snprintf(zAux, sizeof(zAux), "%s/aux.db", zDir);
  snprintf(zOut, sizeof(zOut), "%s/out", zDir);
  mkdir(zOut, 0755);
  /* A write beyond the limit then fails. */
  signal(SIGXFSZ, SIG_IGN);
  if( faultInstall()!=SQLITE_OK ) die("cannot install the faults");
  if( i<argc ){
    char z[600];
    const char *zSlash = strrchr(argv[i], '/');
    snprintf(z, sizeof(z), "%.*sbase.sql",
             zSlash ? (int)(zSlash - argv[i]) + 1 : 0, argv[i]);
    zBase = readAll(z, 0);
  }
  for(; i<argc; i++) parseFile(argv[i], &aS, &nS);
  for(i=0; i<ALL_TEMPLATES; i++) makeTemplate(&aTemplate[i]);
  if( strcmp(zMode, "list")==0 ){
    for(i=0; i<nS; i++) listScenario(&aTemplate[0], &aS[i]);
    if( touched.a ) fputs(touched.a, stdout);
    return nBad > 0;
  }
  nJob = makeJobs(aS, nS, nBudget, zOnly, zTemplate, &aJob);
  for(i=0; nBudget && i<nJob; i++){
    pNowScenario = aJob[i].pScenario;
    aJob[i].nPoint = countPoints(aJob[i].pTemplate, aJob[i].pScenario);
    nTotal += aJob[i].nPoint;
  }
  if( gFault.eKind<FAULT_KILL ) nTotal *= 2;
  if( nBudget && nTotal>nBudget ) iStep = nTotal / nBudget;
  for(i=0; i<nJob; i++){
    int j = (i + iSeed) % nJob;
    if( tEnd && time(0)>=tEnd ) break;
    if( gFault.bOwn && iAt==0 ){
      runFresh(&aJob[j]);
    }else{
      runJob(&aJob[j], 1 + j % iStep, iStep, iAt);
    }
  }
  printf("%s: %d scenarios, %lld points, %lld without an error, %lld with one, "
         "%lld of these late, %lld kills, %lld complaints\n",
         zMode, nS, nPointRun, nOkRun, nFailRun, nLate, nKilled, nBad);
  return nBad > 0;
}
