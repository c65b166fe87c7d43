/*
** copy.c - a session as JSON Lines: session_export().
**
** The first line is the header, an object
**
**   {"sessionlog":1,"id":…,"name":…,"parent_id":…, …,"archived":N,
**    "head":N,"labels":[…],"meta":{…}}
**
** with the columns of session_list. Then comes one line an event, in the
** order of ordinals, from 1 to the head that the session had when the export
** began; inherited and archived ones are among them:
**
**   {"ordinal":N,"kind":…,"at_ms":N,"key":…,"origin_id":…,"type":…,
**    "payload":…}
**
** Values are written so that import.c finds every bit again. An INTEGER is a
** JSON number without point or exponent; a REAL has 17 digits and a point or
** an exponent, an infinite one is the text "Inf" or "-Inf"; a BLOB is text in
** hexadecimal; TEXT is text, and in hexadecimal under the type "text-hex"
** where it is not UTF-8. A payload's type stands beside it. In the header, a
** value that JSON has no form for is an object {"type":…,"value":…}.
*/
#include "sessionlogInt.h"

#include <float.h>
#include <stdio.h>

struct SlExport {
  SlReader *pReader;
  SlSession session;
  i64 iHead;   /* where the export ends */
  i64 nEvent;  /* events given */
  int bHeader; /* the header has been given */
};

/*
** Append n bytes in hexadecimal, as a JSON string.
*/
static void exportHex(sqlite3_str *pStr, const u8 *a, i64 n){
  static const char aDigit[] = "0123456789ABCDEF";
  char aBuf[1024];
  int nBuf = 0;
  i64 i;
  sqlite3_str_appendchar(pStr, 1, '"');
  for(i=0; i<n; i++){
    aBuf[nBuf++] = aDigit[a[i] >> 4];
    aBuf[nBuf++] = aDigit[a[i] & 15];
    if( nBuf==(int)sizeof(aBuf) ){
      sqlite3_str_append(pStr, aBuf, nBuf);
      nBuf = 0;
    }
  }
  sqlite3_str_append(pStr, aBuf, nBuf);
  sqlite3_str_appendchar(pStr, 1, '"');
}

/*
** Append a finite number in 17 digits, with a point or an exponent. What the
** locale has for a point may be several bytes.
*/
static void exportReal(sqlite3_str *pStr, double r){
  char zNum[64];
  int i;
  int bPoint = 0;
  snprintf(zNum, sizeof(zNum), "%.17g", r);
  for(i=0; zNum[i]; i++){
    char c = zNum[i];
    if( strchr("0123456789+-e", c) ){
      sqlite3_str_appendchar(pStr, 1, c);
      if( c=='e' ) bPoint = 1;
    }else if( !bPoint ){
      sqlite3_str_appendchar(pStr, 1, '.');
      bPoint = 1;
    }
  }
  if( !bPoint ) sqlite3_str_appendall(pStr, ".0");
}

/*
** 1 if the number has digits.
*/
static int isFinite(double r){
  return r >= -DBL_MAX && r <= DBL_MAX;
}

/*
** The name of a value's type as it is exported.
*/
static const char *exportType(const SlEvent *pVal){
  switch( pVal->eType ){
    case SQLITE_INTEGER: return "integer";
    case SQLITE_FLOAT: return pVal->rReal == pVal->rReal ? "real" : "null";
    case SQLITE_BLOB: return "blob";
    case SQLITE_TEXT:
      return slUtf8Valid((const u8 *)pVal->pData, pVal->nData) ? "text"
                                                               : "text-hex";
    default: return "null";
  }
}

/*
** Append the value of a payload, of type zType.
*/
static void exportPayload(sqlite3_str *pStr, const SlEvent *pVal,
                          const char *zType) {
  switch( zType[0] ){
    case 'i': sqlite3_str_appendf(pStr, "%lld", pVal->iInt); break;
    case 'r':
      if( isFinite(pVal->rReal) ){
        exportReal(pStr, pVal->rReal);
      }else{
        sqlite3_str_appendall(pStr, pVal->rReal > 0 ? "\"Inf\"" : "\"-Inf\"");
      }
      break;
    case 'n': sqlite3_str_appendall(pStr, "null"); break;
    default:
      if( strcmp(zType, "text")==0 ){
        slJsonQuote(pStr, (const char *)pVal->pData, pVal->nData);
      }else{
        exportHex(pStr, (const u8 *)pVal->pData, pVal->nData);
      }
      break;
  }
}

/*
** Append a value of the header.
*/
static void exportValue(sqlite3_str *pStr, const SlEvent *pVal){
  const char *zType = exportType(pVal);
  int bPlain = zType[0] == 'i' || zType[0] == 'n' || strcmp(zType, "text") == 0
               || (zType[0] == 'r' && isFinite(pVal->rReal));
  if( !bPlain ) sqlite3_str_appendf(pStr, "{\"type\":\"%s\",\"value\":", zType);
  exportPayload(pStr, pVal, zType);
  if( !bPlain ) sqlite3_str_appendchar(pStr, 1, '}');
}

/*
** Append column i of the statement, as exportValue() does.
*/
static void exportColumn(SlOp *pOp, sqlite3_str *pStr, sqlite3_stmt *pStmt,
                         int i) {
  SlEvent e;
  int n;
  if( sqlite3_column_type(pStmt, i)==SQLITE_TEXT ){
    slStmtText(pOp, pStmt, i, &n);
  }
  slEventFromValue(pOp, &e, sqlite3_column_value(pStmt, i));
  if( pOp->rc==SQLITE_OK ) exportValue(pStr, &e);
}

/*
** Append a column of type TEXT as a key of the header.
*/
static void exportKey(SlOp *pOp, sqlite3_str *pStr, sqlite3_stmt *pStmt,
                      int i) {
  int n;
  const char *z = slStmtText(pOp, pStmt, i, &n);
  if( z ) slJsonQuote(pStr, z, n);
}

/*
** Append the session's labels and meta data.
*/
static void exportOwned(SlOp *pOp, SlExport *p, sqlite3_str *pStr){
  const char *zComma = "";
  sqlite3_stmt *pStmt = slStmt(pOp, SL_SQL_EXPORT_LABEL);
  sqlite3_str_appendall(pStr, ",\"labels\":[");
  slBindInt(pOp, pStmt, 1, p->session.iKey);
  while( slStep(pOp, pStmt) ){
    sqlite3_str_appendall(pStr, zComma);
    exportKey(pOp, pStr, pStmt, 0);
    zComma = ",";
  }
  slFree(pOp, SL_SQL_EXPORT_LABEL, pStmt);
  sqlite3_str_appendall(pStr, "],\"meta\":{");
  zComma = "";
  pStmt = slStmt(pOp, SL_SQL_EXPORT_META);
  slBindInt(pOp, pStmt, 1, p->session.iKey);
  while( slStep(pOp, pStmt) ){
    sqlite3_str_appendall(pStr, zComma);
    exportKey(pOp, pStr, pStmt, 0);
    sqlite3_str_appendchar(pStr, 1, ':');
    exportColumn(pOp, pStr, pStmt, 1);
    zComma = ",";
  }
  slFree(pOp, SL_SQL_EXPORT_META, pStmt);
  sqlite3_str_appendchar(pStr, 1, '}');
}

/*
** Append the header.
*/
static void exportHeader(SlOp *pOp, SlExport *p, sqlite3_str *pStr){
  sqlite3_stmt *pStmt = slStmt(pOp, SL_SQL_EXPORT_SESSION);
  int i;
  sqlite3_str_appendall(pStr, "{\"sessionlog\":1");
  slBindInt(pOp, pStmt, 1, p->session.iKey);
  slStep(pOp, pStmt); /* the session has just been found */
  for(i=0; pOp->rc==SQLITE_OK && i<SL_COL_HEAD; i++){
    sqlite3_str_appendf(pStr, ",\"%s\":", slColumnName(i));
    exportColumn(pOp, pStr, pStmt, i);
  }
  if( pOp->rc==SQLITE_OK ){
    sqlite3_str_appendall(pStr, ",\"archived\":");
    exportColumn(pOp, pStr, pStmt, i);
  }
  slFree(pOp, SL_SQL_EXPORT_SESSION, pStmt);
  sqlite3_str_appendf(pStr, ",\"head\":%lld", p->iHead);
  exportOwned(pOp, p, pStr);
  sqlite3_str_appendchar(pStr, 1, '}');
}

/*
** Append the line of an event.
*/
static void exportEvent(SlOp *pOp, SlExport *p, sqlite3_str *pStr){
  SlEvent e;
  const char *zType;
  slReaderEvent(pOp, p->pReader, &e);
  if( pOp->rc!=SQLITE_OK ) return;
  sqlite3_str_appendf(
    pStr, "{\"ordinal\":%lld,\"kind\":", SL_ORDINAL(slReaderKey(p->pReader)));
  slJsonQuote(pStr, e.zKind, e.nKind);
  sqlite3_str_appendf(pStr, ",\"at_ms\":%lld,\"key\":", e.iAtMs);
  if( e.zKey ){
    slJsonQuote(pStr, e.zKey, e.nKey);
  }else{
    sqlite3_str_appendall(pStr, "null");
  }
  zType = exportType(&e);
  sqlite3_str_appendf(pStr,
                      ",\"origin_id\":\"%s\",\"type\":\"%s\","
                      "\"payload\":",
                      slReaderOrigin(pOp, p->pReader), zType);
  exportPayload(pStr, &e, zType);
  sqlite3_str_appendchar(pStr, 1, '}');
}

/*
** 1 and the next event, 0 at the end. A copy that lacks what its header says
** must not look whole: an error.
*/
static int exportNext(SlOp *pOp, SlExport *p){
  if( slReaderNext(pOp, p->pReader) ){
    p->nEvent++;
    return 1;
  }
  if( pOp->rc==SQLITE_OK && p->nEvent<p->iHead ){
    slErr(pOp, SQLITE_ABORT,
          "session %s was removed or rolled back while it was read",
          p->session.zId);
  }
  return 0;
}

SlExport *slExportOpen(SlOp *pOp, const SlSession *pSession){
  SlExport *p = sqlite3_malloc64(sizeof(*p));
  if( p==0 ){
    pOp->rc = SQLITE_NOMEM;
    return 0;
  }
  memset(p, 0, sizeof(*p));
  p->session = *pSession;
  p->pReader = slReaderNew(pOp->pConn);
  if( p->pReader==0 ) pOp->rc = SQLITE_NOMEM;
  p->iHead = slHead(pOp, pSession);
  if( p->pReader ){
    slReaderOpen(pOp, p->pReader, pSession, 1, p->iHead, 0);
  }
  return p;
}

char *slExportLine(SlOp *pOp, SlExport *p, i64 *pn){
  sqlite3_str *pStr;
  *pn = 0;
  if( p->bHeader && !exportNext(pOp, p) ) return 0;
  pStr = sqlite3_str_new(pOp->pConn->db);
  if( p->bHeader ){
    exportEvent(pOp, p, pStr);
  }else{
    exportHeader(pOp, p, pStr);
    p->bHeader = 1;
  }
  slErrRc(pOp, sqlite3_str_errcode(pStr));
  *pn = sqlite3_str_length(pStr);
  return sqlite3_str_finish(pStr);
}

void slExportClose(SlExport *p){
  if( p==0 ) return;
  slReaderFree(p->pReader);
  sqlite3_free(p);
}
