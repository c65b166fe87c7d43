/*
** bench.h - the map of the benchmark.
**
**   main.c       options, the order of things
**     line_*.c   the lines of the table, one file a subject
**       base.c   the baselines R0, R1 and N
**       input.c  payloads
**       db.c     SQLite with every failure being the end of the program
**       clock.c  interleaved timing, medians
**     report.c   the table, build/bench.md
**     chart.c    which charts there are;  svg.c  how they are drawn
**
** Everything is measured in one process, side by side: what is compared is
** run in turns of some milliseconds, so that whatever else the machine does
** hits all alike. A figure is the median over BENCH_ROUNDS rounds, a ratio
** the median of the rounds' ratios.
*/
#ifndef BENCH_H
#define BENCH_H

#include <stdio.h>

#include "slUtil.h" /* i64 */

/* Rounds of every measurement. */
#define BENCH_ROUNDS 7

/* Most variants that can be compared at once. */
#define BENCH_VARIANTS 16

/* Options, set once by main(). */
typedef struct Config Config;
struct Config {
  int bQuick;        /* smaller sizes */
  const char *zOut;  /* directory of the report */
  const char *zTmp;  /* directory of the databases */
  const char *zData; /* directory of transcripts, or NULL */
  const char *zOnly; /* comma-separated lines to run, or NULL for all */
  const char *zSelf; /* this program's file */
  const char *zSo;   /* the loadable extension */
  const char *zLoad; /* the program that times its loading */
};
extern Config config;

/* The first of two sizes, or the second with QUICK. */
i64 pickSize(i64 nFull, i64 nQuick);

/* 1 if any of the lines iFrom..iTo is asked for. */
int wantLines(int iFrom, int iTo);

/**************************************************************************
** clock.c
*/

/* CPU time of this thread, and the time on the wall, in ns. */
double cpuNs(void);
double wallNs(void);

/* CPU times in ns: one total a variant and round. */
typedef struct Timing Timing;
struct Timing {
  int nVar;
  double a[BENCH_VARIANTS][BENCH_ROUNDS];
};

/* What is to be compared. xWork is timed, xBegin and xEnd, which may be NULL,
** prepare and finish a variant's round. */
typedef struct Race Race;
struct Race {
  int nVar;   /* number of variants */
  int nChunk; /* turns of each a round */
  void *pArg;
  void (*xBegin)(void *pArg, int iVar, int iRound);
  void (*xWork)(void *pArg, int iVar, int iChunk);
  void (*xEnd)(void *pArg, int iVar, int iRound);
};
void raceRun(const Race *, Timing *);

double median(const double *, int n);

/* Median of a variant's totals, and of the ratio of two variants. */
double timingMedian(const Timing *, int iVar);
double timingRatio(const Timing *, int iVar, int iBase);

/**************************************************************************
** db.c
*/

/* Print a message and end the program. */
void die(const char *zFmt, ...);

/* Path of a database of that name; from a static ring of buffers. */
const char *dbPath(const char *zName);

/* Open a database below config.zTmp with the pragmas that all share. With
** bLog the extension is registered on the connection. dbCreate() removes
** what was there. */
sqlite3 *dbOpen(const char *zName, int bLog);
sqlite3 *dbCreate(const char *zName, int bLog);
void dbClose(sqlite3 *);
void dbRemove(const char *zName);
void dbCopy(const char *zFrom, const char *zTo);

/* Run SQL text; the printf form allows %lld, %Q and the like. */
void dbExec(sqlite3 *, const char *zFmt, ...);
i64 dbInt(sqlite3 *, const char *zFmt, ...);
void dbText(sqlite3 *, char *zOut, int nOut, const char *zFmt, ...);
sqlite3_stmt *dbPrepare(sqlite3 *, const char *zSql);

/* Step a statement to its end and reset it; returns the number of rows. All
** columns are fetched; *pSum, which may be NULL, gets a sum over them. */
i64 stmtRun(sqlite3_stmt *);
i64 stmtRead(sqlite3_stmt *, i64 *pSum);
void stmtBindText(sqlite3_stmt *, int i, const char *z, i64 n);

/* Bytes of the file, and of its WAL. */
i64 dbBytes(const char *zName);
i64 walBytes(const char *zName);

/* Bytes that the connection has written to the WAL since the last call. */
i64 dbWritten(sqlite3 *);

/* End the program unless session_check() has no rows. */
void dbCheck(sqlite3 *, const char *zWhat);
void dbCheckFile(const char *zName);
int dbCheckedCount(void);

/**************************************************************************
** input.c
*/

/* Payloads of one kind, used over and over. */
typedef struct Input Input;
struct Input {
  const char *zName; /* as the report calls it */
  int n;             /* number of payloads */
  char **az;
  int *an;
  i64 nByte; /* all of them together */
};
Input *inputJson200(void);
Input *inputMix(void);
Input *inputData(const char *zDir);
void inputFree(Input *);

/* Index of the payload of event i, and its kind. */
int inputAt(const Input *, i64 i);
const char *inputKind(i64 i);

/* Pseudo-random bits, the same in every run. */
unsigned inputRandom(void);

/**************************************************************************
** base.c
*/

/* A way to append. */
enum {
  WAY_LOG,  /* INSERT INTO session_events */
  WAY_FN,   /* SELECT session_append() */
  WAY_JSON, /* SELECT session_append_json(), arrays of BENCH_ARRAY */
  WAY_BARE, /* raw INSERT into its columns without constraints */
  WAY_R0,   /* raw INSERT into the same layout, key given */
  WAY_R1,   /* the same with the next ordinal by subselect */
  WAY_N,    /* what existing session stores do */
  WAY_COUNT
};
#define BENCH_ARRAY 1000
extern const char *const azWay[WAY_COUNT];

/* A database being appended to. */
typedef struct Appender Appender;
struct Appender {
  int eWay;
  const char *zName; /* the database */
  sqlite3 *db;
  sqlite3_stmt *pStmt;
  int nSession;
  char (*aId)[40];     /* the sessions' ids */
  i64 *aHead;          /* their heads */
  const Input *pInput; /* what is appended */
  char **azArray;      /* WAY_JSON: arrays made beforehand, from input.c */
  int *anArray;
  int nArray;
};

/* Make a database of nSession empty sessions. */
void appenderOpen(Appender *, int eWay, const char *zName, int nSession,
                  const Input *);
/* Append to a database that another process has made: one session of it. */
void appenderJoin(Appender *, int eWay, const char *zName, const char *zId,
                  int iSession, const Input *);
/* Append event i to session number iSession. */
void appenderAdd(Appender *, i64 i, int iSession);
/* Append BENCH_ARRAY events at once (WAY_JSON). */
void appenderAddArray(Appender *, i64 i, int iSession);
/* Check, unless it is a baseline, and close; the file stays. */
void appenderClose(Appender *);
/* Close without a check. */
void appenderLeave(Appender *);
/* 1 for the ways that use the extension's tables. */
int wayIsLog(int eWay);

/* Tables of the baselines, and ids of the peers' sort. */
void baseRows(sqlite3 *);
void basePeers(sqlite3 *);
void basePeerId(char zId[40]);

/* The current time as all ways record it. */
i64 nowMs(void);

/* The raw SELECT of a range of keys: ?1 <= key <= ?2. */
extern const char *const zRawSelect;
/* events_since(?1, ?2) with the same columns. */
extern const char *const zSinceSelect;

/**************************************************************************
** note.c: why a target is not reached.
*/
void noteWrite(FILE *);

/**************************************************************************
** codec.c: the blocks of a log without SQLite.
*/
typedef struct Codec Codec;
Codec *codecOpen(sqlite3 *);
void codecDecode(Codec *);
void codecEncode(Codec *);
void codecClose(Codec *);

/**************************************************************************
** line_*.c
*/
void lineAppend(void);  /* 1, 2, 3, 5 */
void lineDurable(void); /* 4 */
void lineRead(void);    /* 6, 7 */
void lineHistory(void); /* 8, 9 */
void lineFork(void);    /* 10, 11 */
void lineFind(void);    /* 12 */
void linePrune(void);   /* 13 */
void linePack(void);    /* 14 */
void lineUlid(void);    /* 15 */
void lineProcs(void);   /* 16 */
void lineMemory(void);  /* 17 */
void lineLoad(void);    /* 18 */

/* What a process of line 16 does: main() hands argv over. */
int procsWorker(int argc, char **argv);

/**************************************************************************
** report.c
*/

/* How a figure is held against its target. */
enum {
  OP_MAX,   /* at most */
  OP_MIN,   /* at least */
  OP_EQUAL, /* the ratio either way round at most */
  OP_NONE   /* no target: for information */
};

/* One row of the table. The texts are copied. zBase is what the target is
** measured in ("R1", "ms"); zDetail gives the figures behind it. */
void reportRow(int iLine, const char *zWhat, int eOp, double rTarget,
               const char *zBase, double rMeasured, const char *zDetail, ...);
void reportPrint(void);
void reportWrite(void);

/* For the chart of all rows. */
typedef struct ReportRow ReportRow;
struct ReportRow {
  int iLine;
  char *zWhat;
  int eOp;
  double rTarget;
  char *zBase;
  double rMeasured;
  char *zDetail;
};
int reportCount(void);
const ReportRow *reportAt(int i);
/* 1 if the row reaches its target (or has none). */
int reportOk(const ReportRow *);
/* The target and the figure as text, from static buffers. */
const char *reportTarget(const ReportRow *);
const char *reportFigure(const ReportRow *);

/**************************************************************************
** chart.c: the points of the charts, collected by the lines.
*/
enum {
  CHART_APPEND,  /* x: sessions, y: ns an append; series: way */
  CHART_HISTORY, /* x: events, y: us; series: what */
  CHART_FORK,    /* x: depth, y: ratio to the flat session */
  CHART_BYTES,   /* category: input, y: bytes an event; series: form */
  CHART_COUNT
};
void chartPoint(int eChart, const char *zSeries, const char *zX, double x,
                double y);
void chartWrite(void);

/**************************************************************************
** svg.c
*/
typedef struct Svg Svg;
Svg *svgOpen(const char *zFile, int w, int h, const char *zTitle,
             const char *zSub);
void svgClose(Svg *);
void svgRect(Svg *, double x, double y, double w, double h, const char *zFill);
void svgLine(Svg *, double x1, double y1, double x2, double y2,
             const char *zColor, double rWidth, int bDash);
void svgDot(Svg *, double x, double y, double r, const char *zFill);
/* eAnchor: 's' start, 'm' middle, 'e' end. */
void svgText(Svg *, double x, double y, int eAnchor, int nSize,
             const char *zColor, const char *zText);

#endif /* BENCH_H */
