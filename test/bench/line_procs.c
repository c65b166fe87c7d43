/*
** line_procs.c - line 16: eight processes appending to one file.
**
** The program starts itself eight times with --worker. A worker opens the
** database, says so, waits for the start, and appends its events, each in a
** transaction of its own. What is compared is events a second on the wall,
** from the start to the last one's end. Any error of a worker ends the
** benchmark.
*/
#define _POSIX_C_SOURCE 200809L
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench.h"

#define N_PROC 8

/* The pipes between the benchmark and a worker. */
typedef struct Worker Worker;
struct Worker {
  pid_t iPid;
  int fdGo;    /* written to for the start */
  int fdReady; /* the worker writes here once it has opened the database */
};

/*
** In the child: become a worker, reading the start from standard input.
*/
static void becomeWorker(const int aGo[2], const int aReady[2], int eWay,
                         const char *zId, int iSession, i64 nEvent) {
  char zWay[20], zSession[20], zEvent[20];
  snprintf(zWay, sizeof(zWay), "%d", eWay);
  snprintf(zSession, sizeof(zSession), "%d", iSession);
  snprintf(zEvent, sizeof(zEvent), "%lld", nEvent);
  dup2(aGo[0], 0);
  dup2(aReady[1], 1);
  close(aGo[0]);
  close(aGo[1]);
  close(aReady[0]);
  close(aReady[1]);
  execl(config.zSelf, config.zSelf, "--worker", config.zTmp, zWay, zId,
        zSession, zEvent, (char *)0);
  _exit(127);
}

/*
** Start a worker.
*/
static void startWorker(Worker *p, int eWay, const char *zId, int iSession,
                        i64 nEvent) {
  int aGo[2], aReady[2];
  if( pipe(aGo) || pipe(aReady) ) die("cannot make a pipe");
  fflush(stdout);
  p->iPid = fork();
  if( p->iPid<0 ) die("cannot fork");
  if( p->iPid==0 ) becomeWorker(aGo, aReady, eWay, zId, iSession, nEvent);
  close(aGo[0]);
  close(aReady[1]);
  p->fdGo = aGo[1];
  p->fdReady = aReady[0];
}

/*
** What a worker does. argv: program --worker DIRECTORY WAY ID SESSION EVENTS
*/
int procsWorker(int argc, char **argv){
  Appender a;
  Input *pInput;
  i64 i, nEvent;
  int iSession;
  char c = 'r';
  if( argc!=7 ) die("--worker is for the benchmark itself");
  config.zTmp = argv[2];
  memset(&a, 0, sizeof(a));
  iSession = atoi(argv[5]);
  nEvent = atoll(argv[6]);
  pInput = inputJson200();
  appenderJoin(&a, atoi(argv[3]), "procs.db", argv[4], iSession, pInput);
  if( write(1, &c, 1)!=1 || read(0, &c, 1)!=1 ) return 1;
  for(i=0; i<nEvent; i++) appenderAdd(&a, i, iSession);
  appenderLeave(&a);
  inputFree(pInput);
  return 0;
}

/*
** Let N_PROC workers append to a fresh database; returns events a second.
*/
static double procsRun(int eWay, int bShared, i64 nEvent){
  Worker aWorker[N_PROC];
  Input *pInput = inputJson200();
  Appender a;
  double t0, t1;
  i64 nFound;
  int i, iStatus, nBad = 0;
  char c = 'g';
  appenderOpen(&a, eWay, "procs.db", N_PROC, pInput);
  dbExec(a.db, "PRAGMA wal_checkpoint(TRUNCATE)");
  for(i=0; i<N_PROC; i++){
    int iSession = bShared ? 0 : i;
    startWorker(&aWorker[i], eWay, a.aId[iSession][0] ? a.aId[iSession] : "-",
                iSession, nEvent);
  }
  for(i=0; i<N_PROC; i++){
    if( read(aWorker[i].fdReady, &c, 1)!=1 ) die("a worker did not start");
  }
  t0 = wallNs();
  for(i=0; i<N_PROC; i++){
    if( write(aWorker[i].fdGo, &c, 1)!=1 ) die("a worker is gone");
  }
  for(i=0; i<N_PROC; i++){
    waitpid(aWorker[i].iPid, &iStatus, 0);
    if( iStatus!=0 ) nBad++;
    close(aWorker[i].fdGo);
    close(aWorker[i].fdReady);
  }
  t1 = wallNs();
  if( nBad ) die("%d of %d workers failed", nBad, N_PROC);
  nFound = dbInt(a.db, wayIsLog(eWay) ? "SELECT count(*) FROM session_events"
                                      : "SELECT count(*) FROM ev");
  if( nFound!=nEvent * N_PROC ) die("%lld events are there", nFound);
  appenderClose(&a);
  dbRemove("procs.db");
  inputFree(pInput);
  return (double)(nEvent * N_PROC) / (t1 - t0) * 1e9;
}

/*
** Compare with a raw way.
*/
static void procsRow(const char *zWhat, int eRaw, int bShared){
  double aLog[BENCH_ROUNDS], aRaw[BENCH_ROUNDS], aRatio[BENCH_ROUNDS];
  i64 nEvent = pickSize(4000, 1000);
  int i;
  for(i=0; i<BENCH_ROUNDS; i++){
    if( i & 1 ) aRaw[i] = procsRun(eRaw, bShared, nEvent);
    aLog[i] = procsRun(WAY_LOG, bShared, nEvent);
    if( !(i & 1) ) aRaw[i] = procsRun(eRaw, bShared, nEvent);
    aRatio[i] = aLog[i] / aRaw[i];
  }
  reportRow(16, zWhat, OP_MIN, 0.9, azWay[eRaw], median(aRatio, BENCH_ROUNDS),
            "%.0f / %.0f events a second, no errors",
            median(aLog, BENCH_ROUNDS), median(aRaw, BENCH_ROUNDS));
}

/*
** Line 16.
*/
void lineProcs(void){
  if( !wantLines(16, 16) ) return;
  procsRow("8 processes, a session each", WAY_R0, 0);
  procsRow("8 processes, one session", WAY_R1, 1);
}
