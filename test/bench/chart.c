/*
** chart.c - the charts: what is in them and how they are laid out.
**
**   bench-ratios.svg    every row with a target, against its target
**   bench-append.svg    an append by each way, over the number of sessions
**   bench-history.svg   append and tail read over the length of the history
**   bench-forks.svg     reading through forks, over the depth
**   bench-bytes.svg     bytes an event: N, rows, packed
**
** The lines hand over points; a chart whose lines were not run is left out.
*/
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "bench.h"

/* Colours: text, faint lines, good, bad, and the series. */
#define C_TEXT "#1a1a1a"
#define C_GREY "#666666"
#define C_GRID "#dddddd"
#define C_GOOD "#2a9d63"
#define C_BAD  "#d1603d"
static const char *const azColor[] = { "#2f6db5", "#74abe0", "#1b9aaa",
                                       "#e0a43a", "#5a5f66", "#a9afb8",
                                       "#d1603d" };

/* Points as handed over. Series and categories are kept in the order in
** which they first came. */
#define N_SERIES 8
#define N_CAT    8
typedef struct Chart Chart;
struct Chart {
  int nSeries;
  int nCat;
  char azSeries[N_SERIES][60];
  char azCat[N_CAT][60];
  double aX[N_CAT];
  double aY[N_SERIES][N_CAT]; /* 0: no point */
};
static Chart aChart[CHART_COUNT];

/*
** Index of a text in a list, added if new.
*/
static int indexOf(char (*az)[60], int *pn, int nMax, const char *z){
  int i;
  for(i=0; i<*pn; i++){
    if( strcmp(az[i], z)==0 ) return i;
  }
  if( *pn==nMax ) die("chart: too many of %s", z);
  snprintf(az[i], sizeof(az[i]), "%s", z);
  return (*pn)++;
}

/*
** Hand over a point.
*/
void chartPoint(int eChart, const char *zSeries, const char *zX, double x,
                double y) {
  Chart *p = &aChart[eChart];
  int iSeries, iCat;
  iSeries = indexOf(p->azSeries, &p->nSeries, N_SERIES, zSeries);
  iCat = indexOf(p->azCat, &p->nCat, N_CAT, zX);
  p->aX[iCat] = x;
  p->aY[iSeries][iCat] = y;
}

/*
** The colour of a series: the baselines have theirs in every chart.
*/
static const char *colorOf(const Chart *p, int iSeries){
  const char *z = p->azSeries[iSeries];
  if( strcmp(z, "N")==0 ) return azColor[6];
  if( strcmp(z, "R0")==0 || strstr(z, "raw") ) return azColor[4];
  if( strstr(z, "R1") ) return azColor[5];
  return azColor[iSeries % 4];
}

/*
** The greatest y of a chart.
*/
static double maxY(const Chart *p){
  double r = 0;
  int i, j;
  for(i=0; i<p->nSeries; i++){
    for(j=0; j<p->nCat; j++) r = p->aY[i][j] > r ? p->aY[i][j] : r;
  }
  return r;
}

/*
** A round number not below r/5, as the step of an axis.
*/
static double axisStep(double r){
  double rStep = pow(10, floor(log10(r / 5)));
  if( rStep * 2>=r / 5 ) return rStep * 2;
  if( rStep * 5>=r / 5 ) return rStep * 5;
  return rStep * 10;
}

/*
** Width of a series' entry in the legend, roughly.
*/
static double legendWidth(const char *z){
  return 36 + 6.6 * (double)strlen(z);
}

/*
** A horizontal list of the series' names in their colours.
*/
static void legend(Svg *pSvg, const Chart *p, double x, double y){
  int i;
  for(i=0; i<p->nSeries; i++){
    svgRect(pSvg, x, y - 9, 11, 11, colorOf(p, i));
    svgText(pSvg, x + 16, y, 's', 12, C_TEXT, p->azSeries[i]);
    x += legendWidth(p->azSeries[i]);
  }
}

/* The frame of a chart with two axes. */
typedef struct Frame Frame;
struct Frame {
  Svg *pSvg;
  double x, y, w, h; /* the plot */
  double rMax;       /* y at the top */
};

/*
** The grid and figures of the vertical axis.
*/
static void yAxis(const Frame *p, const char *zUnit){
  double rStep = axisStep(p->rMax), r;
  char z[60];
  for(r=0; r<=p->rMax*1.0001; r+=rStep){
    double y = p->y + p->h - r / p->rMax * p->h;
    svgLine(p->pSvg, p->x, y, p->x + p->w, y, C_GRID, 1, 0);
    snprintf(z, sizeof(z), "%.4g%s", r, zUnit);
    svgText(p->pSvg, p->x - 8, y + 4, 'e', 12, C_GREY, z);
  }
}

/*
** Series as lines over a logarithmic x axis, aTarget, which may be NULL, giving
** the target of each.
*/
static void lineChart(const Chart *p, const char *zFile, const char *zTitle,
                      const char *zSub, const char *zUnit, const char *zX,
                      const double *aTarget) {
  Frame f = { 0, 70, 100, 650, 270, 0 };
  int i, j;
  double rLow = log10(p->aX[0]), rHigh = log10(p->aX[p->nCat - 1]);
  f.pSvg = svgOpen(zFile, 760, 430, zTitle, zSub);
  f.rMax = maxY(p) * 1.15;
  for(i=0; aTarget && i<p->nSeries; i++){
    if( f.rMax<aTarget[i]*1.1 ) f.rMax = aTarget[i] * 1.1;
  }
  legend(f.pSvg, p, 70, 80);
  yAxis(&f, zUnit);
  for(j=0; j<p->nCat; j++){
    double x = f.x + 30 + (log10(p->aX[j]) - rLow) / (rHigh - rLow) * 590;
    svgText(f.pSvg, x, f.y + f.h + 18, 'm', 12, C_TEXT, p->azCat[j]);
  }
  svgText(f.pSvg, f.x + f.w / 2, f.y + f.h + 42, 'm', 12, C_GREY, zX);
  for(i=0; i<p->nSeries; i++){
    double xLast = 0, yLast = 0;
    for(j=0; j<p->nCat; j++){
      double x = f.x + 30 + (log10(p->aX[j]) - rLow) / (rHigh - rLow) * 590;
      double y = f.y + f.h - p->aY[i][j] / f.rMax * f.h;
      const char *zColor = colorOf(p, i);
      if( j>0 ) svgLine(f.pSvg, xLast, yLast, x, y, zColor, 2, 0);
      svgDot(f.pSvg, x, y, 4, zColor);
      xLast = x;
      yLast = y;
    }
    if( aTarget ){
      double y = f.y + f.h - aTarget[i] / f.rMax * f.h;
      svgLine(f.pSvg, f.x, y, f.x + f.w, y, colorOf(p, i), 1, 1);
      svgText(f.pSvg, f.x + f.w, y - 4, 'e', 11, colorOf(p, i), "target");
    }
  }
  svgClose(f.pSvg);
}

/*
** Groups of bars, one a category, one bar a series, each with its figure. With
** bShare a bar's height is its share of the group's first.
*/
static void barChart(const Chart *p, const char *zFile, const char *zTitle,
                     const char *zSub, int bShare) {
  Frame f = { 0, 70, 100, 0, 270, 0 };
  double wBar = 44, wLegend = 0, x = f.x + 30;
  char z[40];
  int i, j;
  for(i=0; i<p->nSeries; i++){
    for(j=0; j<p->nCat; j++) f.w += p->aY[i][j] > 0 ? wBar : 0;
  }
  f.w += 40 * p->nCat + 20;
  for(i=0; i<p->nSeries; i++) wLegend += legendWidth(p->azSeries[i]);
  if( f.w<wLegend ) f.w = wLegend;
  if( f.w<560 ) f.w = 560;
  f.rMax = bShare ? 125 : maxY(p) * 1.1;
  f.pSvg = svgOpen(zFile, (int)f.w + 100, 420, zTitle, zSub);
  legend(f.pSvg, p, 70, 80);
  yAxis(&f, bShare ? "%" : "");
  for(j=0; j<p->nCat; j++){
    double xFirst = x;
    for(i=0; i<p->nSeries; i++){
      double r = bShare ? 100 * p->aY[i][j] / p->aY[0][j] : p->aY[i][j];
      double h = r / f.rMax * f.h;
      if( p->aY[i][j]<=0 ) continue;
      svgRect(f.pSvg, x, f.y + f.h - h, wBar - 4, h, colorOf(p, i));
      snprintf(z, sizeof(z), "%.0f", p->aY[i][j]);
      svgText(f.pSvg, x + wBar / 2 - 2, f.y + f.h - h - 5, 'm', 11, C_TEXT, z);
      x += wBar;
    }
    svgText(f.pSvg, (xFirst + x) / 2 - 2, f.y + f.h + 20, 'm', 13, C_TEXT,
            p->azCat[j]);
    x += 40;
  }
  svgClose(f.pSvg);
}

/*
** Where a row stands against its target: 1 is right on it, less is better.
*/
static double against(const ReportRow *p){
  double r = p->rMeasured > 1e-3 ? p->rMeasured : 1e-3;
  if( p->eOp==OP_MIN ) return p->rTarget / r;
  if( p->eOp==OP_EQUAL && r<1 ) r = 1 / r;
  return r / p->rTarget;
}

/*
** All rows with a target: a bar each on a logarithmic scale, and the target
** as one line through all of them.
*/
static void ratioChart(void){
  static const double aTick[] = { 0.125, 0.25, 0.5, 1, 2, 4, 8 };
  const double xPlot = 470, wPlot = 380, rLow = log(0.1), rHigh = log(10);
  double xOne = xPlot + (0 - rLow) / (rHigh - rLow) * wPlot;
  int n = 0, i, iRow = 0;
  double y;
  char z[200];
  Svg *pSvg;
  for(i=0; i<reportCount(); i++) n += reportAt(i)->eOp != OP_NONE;
  if( n==0 ) return;
  pSvg = svgOpen("bench-ratios.svg", 1130, 110 + n * 20,
                 "Every line of the benchmark against its target",
                 "Bars to the left of the line reach the target; logarithmic"
                 " scale.");
  for(i=0; i<7; i++){
    double x = xPlot + (log(aTick[i]) - rLow) / (rHigh - rLow) * wPlot;
    svgLine(pSvg, x, 82, x, 90 + n * 20, aTick[i] == 1 ? C_TEXT : C_GRID, 1, 0);
    snprintf(z, sizeof(z), aTick[i] == 1 ? "target" : "%g×", aTick[i]);
    svgText(pSvg, x, 76, 'm', 11, aTick[i] == 1 ? C_TEXT : C_GREY, z);
  }
  for(i=0; i<reportCount(); i++){
    const ReportRow *p = reportAt(i);
    double x, r;
    if( p->eOp==OP_NONE ) continue;
    y = 88 + 20 * iRow++;
    if( i>0 && reportAt(i - 1)->iLine!=p->iLine ){
      svgLine(pSvg, 20, y - 1, 1110, y - 1, C_GRID, 1, 0);
    }
    r = log(against(p));
    r = r < rLow ? rLow : r > rHigh ? rHigh : r;
    x = xPlot + (r - rLow) / (rHigh - rLow) * wPlot;
    snprintf(z, sizeof(z), "%d", p->iLine);
    svgText(pSvg, 38, y + 12, 'e', 12, C_GREY, z);
    svgText(pSvg, 48, y + 12, 's', 12, C_TEXT, p->zWhat);
    svgRect(pSvg, x < xOne ? x : xOne, y + 2, fabs(x - xOne) + 1, 13,
            reportOk(p) ? C_GOOD : C_BAD);
    snprintf(z, sizeof(z), "%.*f  (%s)", p->rMeasured < 100 ? 2 : 0,
             p->rMeasured, reportTarget(p));
    svgText(pSvg, xPlot + wPlot + 14, y + 12, 's', 12, C_TEXT, z);
  }
  svgClose(pSvg);
}

/*
** Write all charts that have points.
*/
void chartWrite(void){
  static const double aFork[] = { 1.1, 1.3 };
  ratioChart();
  if( aChart[CHART_APPEND].nCat ){
    barChart(&aChart[CHART_APPEND], "bench-append.svg",
             "CPU time of an append within a transaction, in ns",
             "JSON of 200 bytes, one event a statement (arrays of 1,000 for"
             " session_append_json()), sessions in turn.",
             0);
  }
  if( aChart[CHART_HISTORY].nCat ){
    lineChart(&aChart[CHART_HISTORY], "bench-history.svg",
              "Cost against the length of the history",
              "CPU time of one append in a transaction of 50, and of reading"
              " the last 10 events.",
              " µs", "events in the session", 0);
  }
  if( aChart[CHART_FORK].nCat ){
    lineChart(&aChart[CHART_FORK], "bench-forks.svg",
              "Reading through forks of forks",
              "CPU time against a session of the same length without forks;"
              " each fork adds 100 events.",
              "×", "forks above the session", aFork);
  }
  if( aChart[CHART_BYTES].nCat ){
    barChart(&aChart[CHART_BYTES], "bench-bytes.svg", "Bytes an event",
             "Size of the database file; height is the share of what existing"
             " session stores take (N).",
             1);
  }
}
