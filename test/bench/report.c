/*
** report.c - the table: on the terminal, and in bench.md with what is needed
** to read it.
*/
#define _POSIX_C_SOURCE 200809L
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench.h"

#define N_ROW 200
static ReportRow aRow[N_ROW];
static int nRow;

/*
** Compare rows by line, for sorting, keeping the order within a line.
*/
static int insertAt(int iLine){
  int i = nRow;
  while( i>0 && aRow[i-1].iLine>iLine ) i--;
  return i;
}

/*
** Add a row of the table.
*/
void reportRow(int iLine, const char *zWhat, int eOp, double rTarget,
               const char *zBase, double rMeasured, const char *zDetail, ...) {
  va_list ap;
  ReportRow *p;
  int i = insertAt(iLine);
  if( nRow==N_ROW ) die("too many rows");
  memmove(&aRow[i + 1], &aRow[i], (size_t)(nRow - i) * sizeof(aRow[0]));
  nRow++;
  p = &aRow[i];
  p->iLine = iLine;
  p->eOp = eOp;
  p->rTarget = rTarget;
  p->rMeasured = rMeasured;
  p->zWhat = sqlite3_mprintf("%s", zWhat);
  p->zBase = sqlite3_mprintf("%s", zBase);
  va_start(ap, zDetail);
  p->zDetail = sqlite3_vmprintf(zDetail, ap);
  va_end(ap);
  if( p->zWhat==0 || p->zBase==0 || p->zDetail==0 ) die("out of memory");
  fprintf(stderr, "  line %d: %s: %s%s\n", iLine, zWhat, reportFigure(p),
          reportOk(p) ? "" : "  (over)");
}

/*
** Number of rows, and one of them.
*/
int reportCount(void){
  return nRow;
}
const ReportRow *reportAt(int i){
  return &aRow[i];
}

/*
** 1 if the row reaches its target, to the two decimals that are shown, or has
** none.
*/
int reportOk(const ReportRow *p){
  double r = p->rMeasured;
  switch( p->eOp ){
    case OP_MAX: return r <= p->rTarget + 0.00499;
    case OP_MIN: return r >= p->rTarget - 0.00499;
    case OP_EQUAL:
      return (r < 1 ? 1 / (r > 0 ? r : 1e-9) : r) <= p->rTarget + 0.00499;
  }
  return 1;
}

/*
** The target as text.
*/
const char *reportTarget(const ReportRow *p){
  static char z[80];
  static const char *const az[] = { "≤", "≥", "within" };
  if( p->eOp==OP_NONE ) return "";
  snprintf(z, sizeof(z), "%s %.4g %s",
           p->eOp == OP_EQUAL && p->rTarget == 1 ? "=" : az[p->eOp], p->rTarget,
           p->zBase);
  return z;
}

/*
** The figure as text.
*/
const char *reportFigure(const ReportRow *p){
  static char z[80];
  snprintf(z, sizeof(z), "%.*f %s", p->rMeasured < 100 ? 2 : 0, p->rMeasured,
           p->zBase);
  return z;
}

/*
** What the row comes to.
*/
static const char *verdict(const ReportRow *p){
  return p->eOp == OP_NONE ? "" : reportOk(p) ? "ok" : "over";
}

/*
** Print UTF-8 text padded to nWidth characters.
*/
static void pad(FILE *pOut, const char *z, int nWidth){
  int n = 0, i;
  for(i=0; z[i]; i++) n += (z[i] & 0xc0) != 0x80;
  fprintf(pOut, "%s%*s", z, n < nWidth ? nWidth - n : 0, "");
}

/*
** Number of rows that miss their target.
*/
static int countOver(void){
  int i, n = 0;
  for(i=0; i<nRow; i++) n += !reportOk(&aRow[i]);
  return n;
}

/*
** Number of rows that have a target.
*/
static int countTarget(void){
  int i, n = 0;
  for(i=0; i<nRow; i++) n += aRow[i].eOp != OP_NONE;
  return n;
}

/*
** Print the table.
*/
void reportPrint(void){
  int i;
  pad(stdout, " #", 4);
  pad(stdout, "what", 62);
  pad(stdout, "target", 22);
  pad(stdout, "measured", 22);
  printf("\n");
  for(i=0; i<nRow; i++){
    printf("%2d  ", aRow[i].iLine);
    pad(stdout, aRow[i].zWhat, 62);
    pad(stdout, reportTarget(&aRow[i]), 22);
    pad(stdout, reportFigure(&aRow[i]), 22);
    printf("%s\n", verdict(&aRow[i]));
  }
  printf("%d of %d targets reached; session_check() clean on %d databases\n",
         countTarget() - countOver(), countTarget(), dbCheckedCount());
}

/*
** The model of the processor, as Linux tells.
*/
static void cpuModel(char *zOut, int nOut){
  FILE *pFile = fopen("/proc/cpuinfo", "r");
  char z[300];
  snprintf(zOut, (size_t)nOut, "unknown processor");
  while( pFile && fgets(z, sizeof(z), pFile) ){
    char *zColon = strchr(z, ':');
    if( strncmp(z, "model name", 10)==0 && zColon ){
      zColon[strcspn(zColon, "\n")] = 0;
      snprintf(zOut, (size_t)nOut, "%s", &zColon[2]);
      break;
    }
  }
  if( pFile ) fclose(pFile);
}

/*
** What the report says before the table.
*/
static void writeHead(FILE *p){
  char zCpu[200];
  cpuModel(zCpu, sizeof(zCpu));
  fprintf(p,
          "# Benchmark\n\n"
          "%s, %ld cores; SQLite %s; %s sizes.\n\n"
          "Measured side by side in one run: what is compared takes turns of"
          " some milliseconds. Times are CPU times, figures medians of %d"
          " rounds, ratios medians of the rounds' ratios. All databases:"
          " journal_mode=WAL, synchronous=NORMAL, cache_size=-65536, 4096-byte"
          " pages. `session_check()` had no rows on any of %d databases at its"
          " end.\n\n"
          "- **R0**: raw prepared INSERT into the same layout, key given."
          " The table is declared as the stored one is, with its CHECKs and its"
          " index, but has no triggers; \"bare columns\" has neither.\n"
          "- **R1**: the same with the next ordinal by subselect.\n"
          "- **N**: text session id (UUID), AUTOINCREMENT id, an index over"
          " the session, timestamp by default, JSON text.\n"
          "- **raw**: prepared SELECT over rows in the layout of R0, given"
          " the range of keys. **flat**: a session of the same length without"
          " forks. **×**: one size against the other, either way"
          " round.\n\n"
          "Rows without a target are there for information.\n\n",
          zCpu, sysconf(_SC_NPROCESSORS_ONLN), sqlite3_libversion(),
          config.bQuick ? "quick (`QUICK=1`)" : "full", BENCH_ROUNDS,
          dbCheckedCount());
}

/*
** Write bench.md.
*/
void reportWrite(void){
  char zPath[1100];
  FILE *p;
  int i;
  snprintf(zPath, sizeof(zPath), "%s/bench.md", config.zOut);
  p = fopen(zPath, "w");
  if( p==0 ) die("cannot write %s", zPath);
  writeHead(p);
  fprintf(p, "| # | what | target | measured | | figures |\n"
             "|---|---|---|---|---|---|\n");
  for(i=0; i<nRow; i++){
    const char *zVerdict = verdict(&aRow[i]);
    const char *zMark = strcmp(zVerdict, "over") ? "" : "**";
    fprintf(p, "| %d | %s | %s |", aRow[i].iLine, aRow[i].zWhat,
            reportTarget(&aRow[i]));
    fprintf(p, " %s | %s%s%s | %s |\n", reportFigure(&aRow[i]), zMark, zVerdict,
            zMark, aRow[i].zDetail);
  }
  fprintf(p, "\n%d of %d targets reached.\n", countTarget() - countOver(),
          countTarget());
  noteWrite(p);
  if( fclose(p) ) die("cannot write %s", zPath);
}
