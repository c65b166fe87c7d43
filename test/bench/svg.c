/*
** svg.c - a small writer of SVG: rectangles, lines, dots and text.
**
** The picture has a light background of its own, so that it reads the same on
** a dark page.
*/
#include <stdio.h>
#include <stdlib.h>

#include "bench.h"

struct Svg {
  FILE *pFile;
  char zPath[1100];
};

/*
** Write text with what XML reserves replaced.
*/
static void putText(FILE *p, const char *z){
  for(; *z; z++){
    switch( *z ){
      case '<': fputs("&lt;", p); break;
      case '>': fputs("&gt;", p); break;
      case '&': fputs("&amp;", p); break;
      default: fputc(*z, p); break;
    }
  }
}

/*
** Begin a picture of w by h with a title and a line below it.
*/
Svg *svgOpen(const char *zFile, int w, int h, const char *zTitle,
             const char *zSub) {
  Svg *p = calloc(1, sizeof(*p));
  if( p==0 ) die("out of memory");
  snprintf(p->zPath, sizeof(p->zPath), "%s/%s", config.zOut, zFile);
  p->pFile = fopen(p->zPath, "w");
  if( p->pFile==0 ) die("cannot write %s", p->zPath);
  fprintf(p->pFile,
          "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\""
          " height=\"%d\" viewBox=\"0 0 %d %d\""
          " font-family=\"Helvetica, Arial, DejaVu Sans, sans-serif\">\n"
          "<title>",
          w, h, w, h);
  putText(p->pFile, zTitle);
  fprintf(p->pFile, "</title>\n");
  svgRect(p, 0, 0, w, h, "#ffffff");
  svgText(p, 20, 30, 's', 17, "#1a1a1a", zTitle);
  svgText(p, 20, 50, 's', 12, "#666666", zSub);
  return p;
}

/*
** End it.
*/
void svgClose(Svg *p){
  fprintf(p->pFile, "</svg>\n");
  if( fclose(p->pFile) ) die("cannot write %s", p->zPath);
  free(p);
}

/*
** A filled rectangle.
*/
void svgRect(Svg *p, double x, double y, double w, double h,
             const char *zFill) {
  fprintf(p->pFile,
          "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\""
          " fill=\"%s\"/>\n",
          x, y, w, h, zFill);
}

/*
** A line.
*/
void svgLine(Svg *p, double x1, double y1, double x2, double y2,
             const char *zColor, double rWidth, int bDash) {
  fprintf(p->pFile,
          "<line x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\""
          " stroke=\"%s\" stroke-width=\"%.1f\"%s/>\n",
          x1, y1, x2, y2, zColor, rWidth,
          bDash ? " stroke-dasharray=\"5 4\"" : "");
}

/*
** A dot.
*/
void svgDot(Svg *p, double x, double y, double r, const char *zFill){
  fprintf(p->pFile,
          "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"%.1f\" fill=\"%s\"/>\n", x, y, r,
          zFill);
}

/*
** Text that starts, has its middle, or ends at x.
*/
void svgText(Svg *p, double x, double y, int eAnchor, int nSize,
             const char *zColor, const char *zText) {
  fprintf(p->pFile,
          "<text x=\"%.1f\" y=\"%.1f\" font-size=\"%d\" fill=\"%s\""
          " text-anchor=\"%s\">",
          x, y, nSize, zColor,
          eAnchor == 'm'   ? "middle"
          : eAnchor == 'e' ? "end"
                           : "start");
  putText(p->pFile, zText);
  fprintf(p->pFile, "</text>\n");
}
