/*
** value.c - arguments: what is accepted, and how it is refused in words.
*/
#include "sessionlogInt.h"

/* Bytes of a value that a message shows. */
#define SL_SHOW 60

/*
** The bytes of a TEXT value, or of a number's text, in UTF-8, without a NUL
** behind them: spares the copy that sqlite3_value_text() makes of what has
** none. Borrowed. Without memory for it there are none, and SQLite itself
** fails the statement.
*/
static const char *textBytes(sqlite3_value *pVal, int *pn){
  const char *z;
  *pn = sqlite3_value_bytes(pVal);
  z = (const char *)sqlite3_value_blob(pVal);
  return *pn ? z : "";
}

int slArgNull(sqlite3_value *pVal){
  return pVal == 0 || sqlite3_value_type(pVal) == SQLITE_NULL;
}

char *slShow(sqlite3_value *pVal){
  sqlite3_str *pStr;
  if( slArgNull(pVal) ) return sqlite3_mprintf("NULL");
  if( sqlite3_value_type(pVal)==SQLITE_BLOB ){
    const u8 *a = (const u8 *)sqlite3_value_blob(pVal);
    int n = sqlite3_value_bytes(pVal);
    int i;
    pStr = sqlite3_str_new(0);
    sqlite3_str_appendall(pStr, "x'");
    for(i=0; i<n && i<SL_SHOW/2; i++) sqlite3_str_appendf(pStr, "%02x", a[i]);
    sqlite3_str_appendall(pStr, n > i ? "..." : "'");
    return sqlite3_str_finish(pStr);
  }else{
    int n;
    const char *z = textBytes(pVal, &n);
    if( n<=SL_SHOW ) return sqlite3_mprintf("%.*s", n, z);
    return sqlite3_mprintf("%.*s...", (int)slUtf8Chars(z, n, SL_SHOW), z);
  }
}

void slInvalid(SlOp *pOp, int rc, const char *zArg, sqlite3_value *p){
  char *z;
  if( pOp->rc!=SQLITE_OK ) return;
  z = slShow(p);
  slErr(pOp, z ? rc : SQLITE_NOMEM, "invalid %s: %z", zArg, z);
}

int slValueInt(sqlite3_value *pVal, i64 *piRes){
  switch( sqlite3_value_type(pVal) ){
    case SQLITE_INTEGER: *piRes = sqlite3_value_int64(pVal); return 1;
    case SQLITE_FLOAT: {
      double r = sqlite3_value_double(pVal);
      if( r>=-9223372036854775808.0 && r<9223372036854775808.0
       && (double)(i64)r==r
      ){
        *piRes = (i64)r;
        return 1;
      }
      return 0;
    }
    case SQLITE_TEXT: {
      int n;
      const char *z = textBytes(pVal, &n);
      return slParseDecimal(z, n, piRes);
    }
    default: return 0;
  }
}

i64 slArgInt(SlOp *pOp, const char *zArg, sqlite3_value *pVal, i64 iNull){
  i64 iRes = 0;
  if( pOp->rc!=SQLITE_OK || slArgNull(pVal) ) return iNull;
  if( slValueInt(pVal, &iRes) ) return iRes;
  slInvalid(pOp, SQLITE_MISMATCH, zArg, pVal);
  return iNull;
}

i64 slArgAge(SlOp *pOp, const char *zArg, sqlite3_value *pVal){
  i64 iRes = 0;
  if( slArgNull(pVal) ){
    slErr(pOp, SQLITE_ERROR, "invalid %s: NULL", zArg);
    return 0;
  }
  if( sqlite3_value_type(pVal)==SQLITE_TEXT ){
    int n;
    const char *z = textBytes(pVal, &n);
    if( slParseAge(z, n, &iRes) ) return iRes;
  }
  return slArgInt(pOp, zArg, pVal, 0);
}

const char *slCheckName(SlOp *pOp, const char *zArg, const char *z, i64 n,
                        int bTrim, int *pn) {
  const char *zWhy = 0;
  *pn = 0;
  if( pOp->rc!=SQLITE_OK ) return 0;
  if( bTrim ){
    while( n>0 && (*z==' ' || (*z>='\t' && *z<='\r')) ){
      z++;
      n--;
    }
    while( n>0 && (z[n-1]==' ' || (z[n-1]>='\t' && z[n-1]<='\r')) ) n--;
  }
  if( n==0 ){
    zWhy = bTrim ? "blank" : "empty";
  }else if( n>SL_MAX_NAME ){
    zWhy = "more than 255 bytes";
  }else if( memchr(z, 0, (size_t)n) ){
    zWhy = "NUL in text";
  }else if( !slUtf8Valid((const u8*)z, n) ){
    zWhy = "not UTF-8";
  }
  if( zWhy ){
    slErr(pOp, SQLITE_CONSTRAINT, "invalid %s: %s", zArg, zWhy);
    return 0;
  }
  *pn = (int)n;
  return z;
}

const char *slArgName(SlOp *pOp, const char *zArg, sqlite3_value *pVal,
                      int bTrim, int *pn) {
  const char *z;
  int n;
  *pn = 0;
  if( pOp->rc!=SQLITE_OK ) return 0;
  if( slArgNull(pVal) ){
    slErr(pOp, SQLITE_CONSTRAINT, "invalid %s: NULL", zArg);
    return 0;
  }
  if( sqlite3_value_type(pVal)==SQLITE_BLOB ){
    slInvalid(pOp, SQLITE_MISMATCH, zArg, pVal);
    return 0;
  }
  z = textBytes(pVal, &n);
  return slCheckName(pOp, zArg, z, n, bTrim, pn);
}

const char *slArgText(SlOp *pOp, const char *zArg, sqlite3_value *pVal,
                      int *pn) {
  const char *z;
  *pn = 0;
  if( pOp->rc!=SQLITE_OK || slArgNull(pVal) ) return 0;
  if( sqlite3_value_type(pVal)==SQLITE_BLOB ){
    slInvalid(pOp, SQLITE_MISMATCH, zArg, pVal);
    return 0;
  }
  z = (const char *)sqlite3_value_text(pVal);
  if( z==0 ) pOp->rc = SQLITE_NOMEM;
  *pn = sqlite3_value_bytes(pVal);
  return z;
}

void slEventFromValue(SlOp *pOp, SlEvent *pEvent, sqlite3_value *pVal){
  int n;
  pEvent->eType = pVal ? sqlite3_value_type(pVal) : SQLITE_NULL;
  pEvent->pData = 0;
  pEvent->nData = 0;
  switch( pEvent->eType ){
    case SQLITE_INTEGER: pEvent->iInt = sqlite3_value_int64(pVal); break;
    case SQLITE_FLOAT: pEvent->rReal = sqlite3_value_double(pVal); break;
    case SQLITE_TEXT:
      pEvent->pData = textBytes(pVal, &n);
      pEvent->nData = n;
      break;
    case SQLITE_BLOB:
      pEvent->pData = sqlite3_value_blob(pVal);
      pEvent->nData = sqlite3_value_bytes(pVal);
      /* A zeroblob() for which there is no memory has become NULL. */
      if( sqlite3_value_type(pVal)!=SQLITE_BLOB ) pOp->rc = SQLITE_NOMEM;
      break;
    default: break;
  }
}

/*
** Text of a JSON string, decoded. Without escapes it is the span itself, else
** *pzFree owns it.
*/
static const char *jsonText(SlOp *pOp, const SlJson *pJson, i64 *pn,
                            char **pzFree) {
  *pzFree = 0;
  *pn = pJson->n;
  if( !pJson->bEscape ) return pJson->z;
  slErrRc(pOp, slJsonString(pJson, pzFree, pn));
  return *pzFree;
}

void slEventFromJson(SlOp *pOp, SlEvent *pEvent, const SlJson *pJson,
                     char **pzFree) {
  *pzFree = 0;
  pEvent->pData = 0;
  pEvent->nData = 0;
  switch( pJson->eType ){
    case SL_JSON_NULL: pEvent->eType = SQLITE_NULL; break;
    case SL_JSON_TRUE:
    case SL_JSON_FALSE:
      pEvent->eType = SQLITE_INTEGER;
      pEvent->iInt = pJson->eType == SL_JSON_TRUE;
      break;
    case SL_JSON_INT:
    case SL_JSON_REAL:
      pEvent->eType = SQLITE_INTEGER;
      if( !slJsonInt(pJson, &pEvent->iInt) ){
        pEvent->eType = SQLITE_FLOAT;
        pEvent->rReal = slJsonReal(pJson);
      }
      break;
    default:
      pEvent->eType = SQLITE_TEXT;
      pEvent->pData = jsonText(pOp, pJson, &pEvent->nData, pzFree);
      break;
  }
}

/*
** Fail with MISMATCH and the JSON text.
*/
static void jsonInvalid(SlOp *pOp, const char *zArg, const SlJson *pJson){
  i64 n = slUtf8Chars(pJson->z, pJson->n, SL_SHOW);
  slErr(pOp, SQLITE_MISMATCH, "invalid %s: %.*s%s", zArg, (int)n, pJson->z,
        n < pJson->n ? "..." : "");
}

char *slJsonArgText(SlOp *pOp, const SlJson *pJson, i64 *pn){
  SlJson text = *pJson;
  char *z;
  if( pJson->eType==SL_JSON_TRUE || pJson->eType==SL_JSON_FALSE ){
    text.z = pJson->eType == SL_JSON_TRUE ? "1" : "0";
    text.n = 1;
  }
  slErrRc(pOp, slJsonString(&text, &z, pn));
  return z;
}

i64 slJsonArgInt(SlOp *pOp, const char *zArg, const SlJson *pJson){
  i64 iRes = 0;
  i64 n;
  char *zFree;
  const char *z;
  int bInt;
  if( pOp->rc!=SQLITE_OK ) return 0;
  switch( pJson->eType ){
    case SL_JSON_TRUE: return 1;
    case SL_JSON_FALSE: return 0;
    case SL_JSON_INT:
      if( slJsonInt(pJson, &iRes) ) return iRes;
      break;
    case SL_JSON_REAL: {
      double r = slJsonReal(pJson);
      if( r>=-9223372036854775808.0 && r<9223372036854775808.0
       && (double)(i64)r==r
      ){
        return (i64)r;
      }
      break;
    }
    case SL_JSON_STRING:
      z = jsonText(pOp, pJson, &n, &zFree);
      bInt = slParseDecimal(z, n, &iRes);
      sqlite3_free(zFree);
      if( bInt ) return iRes;
      break;
    default: break;
  }
  jsonInvalid(pOp, zArg, pJson);
  return 0;
}

const char *slJsonArgName(SlOp *pOp, const char *zArg, const SlJson *pJson,
                          int bTrim, int *pn, char **pzFree) {
  static const char *const azBool[] = { "1", "0" };
  const char *z;
  i64 n = 1;
  *pn = 0;
  *pzFree = 0;
  if( pOp->rc!=SQLITE_OK ) return 0;
  if( pJson->eType==SL_JSON_TRUE || pJson->eType==SL_JSON_FALSE ){
    z = azBool[pJson->eType == SL_JSON_FALSE];
  }else{
    z = jsonText(pOp, pJson, &n, pzFree);
  }
  return slCheckName(pOp, zArg, z, n, bTrim, pn);
}
