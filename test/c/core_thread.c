/*
** core_thread.c - ids and appends from many threads of two processes.
**
**   core_thread THREADS IDS [-repeat]
**
** The process forks after it has drawn an id, so that both halves start from
** the same state; then each has THREADS threads, which draw IDS ids each.
** Every second thread does so on a connection that all of these share, the
** others on one of their own. In between, each appends to the one session of
** its connection, reads its newest events and remembers a key.
**
** In the end the ids of both processes must all differ, those of a thread
** must increase, and each session must hold what was appended to it.
** -repeat makes one id be there twice, which must be found.
**
** Prints the counts. Exit status 0: all is well; 1: something was found.
*/
#define _GNU_SOURCE 1
#include "stress.h"

#include <pthread.h>
#include <sys/mman.h>
#include <sys/wait.h>

#define THREAD_MAX 64
#define ID_BYTES   27 /* with the zero behind it */

static struct {
  int nThread;      /* Threads of a process */
  int nId;          /* Ids of a thread */
  sqlite3 *pShared; /* What half of the threads share */
} g;

/* One thread and what it found. */
typedef struct {
  pthread_t thread;
  sqlite3 *db;           /* Its own connection, or the shared one */
  char (*aId)[ID_BYTES]; /* Where its ids go, in shared memory */
  int nAppend;           /* Events that it appended */
  int nFound;            /* Ids out of order, steps that failed */
} Worker;

/*
** A new connection to a database of its own, with the one session.
*/
static sqlite3 *openOne(void){
  sqlite3 *db = 0;
  int f = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_FULLMUTEX;
  int rc = sqlite3_open_v2(":memory:", &db, f, 0);
  if( rc==SQLITE_OK ) rc = sqlite3_sessionlog_init(db, 0, 0);
  if( rc!=SQLITE_OK ) stDie("cannot open: %s", sqlite3_errmsg(db));
  stMust(db, "INSERT INTO session_list(name) VALUES('s')");
  return db;
}

/*
** Run a statement to its end; returns whether it went well.
*/
static int runOne(sqlite3_stmt *p){
  int rc;
  do {
    rc = sqlite3_step(p);
  }while( rc==SQLITE_ROW );
  sqlite3_reset(p);
  if( rc==SQLITE_DONE ) return 1;
  printf("error %d: %s\n", rc, sqlite3_errmsg(sqlite3_db_handle(p)));
  return 0;
}

/*
** What a thread does.
*/
static void *work(void *pArg){
  Worker *p = (Worker *)pArg;
  sqlite3_stmt *pId = stPrepare(p->db, "SELECT ulid()");
  sqlite3_stmt *apOther[3];
  int i;
  apOther[0] = stPrepare(p->db, "INSERT INTO session_events(session_id, kind)"
                                " VALUES('s', 'k')");
  apOther[1] = stPrepare(p->db, "SELECT * FROM events_tail('s', 5)");
  apOther[2] = stPrepare(p->db, "SELECT scope_remember('global', 'k', 'v')");
  for(i=0; i<g.nId; i++){
    if( sqlite3_step(pId)==SQLITE_ROW ){
      const char *z = (const char *)sqlite3_column_text(pId, 0);
      snprintf(p->aId[i], ID_BYTES, "%s", z ? z : "");
    }
    sqlite3_reset(pId);
    if( i>0 && strcmp(p->aId[i - 1], p->aId[i])>=0 ) p->nFound++;
    if( i%8<3 ){
      if( !runOne(apOther[i % 8]) ) p->nFound++;
      p->nAppend += i % 8 == 0;
    }
  }
  sqlite3_finalize(pId);
  for(i=0; i<3; i++) sqlite3_finalize(apOther[i]);
  return 0;
}

/*
** See that a connection's session holds n events and is sound, and close it;
** returns how much is wrong.
*/
static int closeOne(sqlite3 *db, int n){
  sqlite3_stmt *p = stPrepare(db, "SELECT (SELECT session_head('s')),"
                                  " (SELECT count(*) FROM session_events('s')),"
                                  " (SELECT count(*) FROM session_check())");
  int nFound = 1;
  if( sqlite3_step(p)==SQLITE_ROW ){
    nFound = (sqlite3_column_int(p, 0) != n) + (sqlite3_column_int(p, 1) != n)
             + sqlite3_column_int(p, 2);
  }
  sqlite3_finalize(p);
  if( sqlite3_close(db)!=SQLITE_OK ) nFound++;
  return nFound;
}

/*
** The threads of one process; returns how much is wrong.
*/
static int process(char (*aId)[ID_BYTES]){
  static Worker a[THREAD_MAX];
  int i, nShared = 0, nFound = 0;
  g.pShared = openOne();
  for(i=0; i<g.nThread; i++){
    a[i].db = i & 1 ? g.pShared : openOne();
    a[i].aId = aId + (size_t)i * (size_t)g.nId;
    if( pthread_create(&a[i].thread, 0, work, &a[i]) ) stDie("no thread");
  }
  for(i=0; i<g.nThread; i++){
    pthread_join(a[i].thread, 0);
    nFound += a[i].nFound;
    if( i & 1 ){
      nShared += a[i].nAppend;
    }else{
      nFound += closeOne(a[i].db, a[i].nAppend);
    }
  }
  return nFound + closeOne(g.pShared, nShared);
}

/*
** Compare two ids for qsort().
*/
static int compareIds(const void *a, const void *b){
  return memcmp(a, b, ID_BYTES);
}

int main(int argc, char **argv){
  char(*aId)[ID_BYTES];
  int nFound, nTwice = 0, status = 0;
  size_t i, nHalf, nAll;
  pid_t pid;
  sqlite3 *db;
  if( argc<3 ) stDie("usage: core_thread THREADS IDS [-repeat]");
  g.nThread = atoi(argv[1]);
  g.nId = atoi(argv[2]);
  if( g.nThread<1 || g.nThread>THREAD_MAX || g.nId<1 ) stDie("bad number");
  nHalf = (size_t)g.nThread * (size_t)g.nId;
  nAll = 2 * nHalf;
  aId = mmap(0, nAll * ID_BYTES, PROT_READ | PROT_WRITE,
             MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if( aId==MAP_FAILED ) stDie("out of memory");
  db = openOne();
  sqlite3_close(db);
  pid = fork();
  if( pid<0 ) stDie("cannot fork");
  if( pid==0 ){
    nFound = process(aId + nHalf);
    fflush(stdout);
    _exit(nFound != 0);
  }
  nFound = process(aId);
  waitpid(pid, &status, 0);
  if( status!=0 ) nFound++;
  if( argc>3 && strcmp(argv[3], "-repeat")==0 ){
    memcpy(aId[0], aId[1], ID_BYTES);
  }
  qsort(aId, nAll, ID_BYTES, compareIds);
  for(i=1; i<nAll; i++) nTwice += compareIds(aId[i - 1], aId[i]) == 0;
  printf("ids=%lld twice=%d findings=%d\n", (long long)nAll, nTwice,
         nFound + nTwice);
  return nFound + nTwice != 0;
}
