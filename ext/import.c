/*
** import.c - sessions from JSON Lines: session_import().
**
** Two forms are read, and told apart by the first line. Lines end in LF or
** CR LF, the last may end without; blank ones are skipped, but count in the
** "line N: …" of errors. A byte order mark before the first is skipped too.
**
** The log's own form, which session_export() writes (see copy.c), begins with
** an object that has the number 1 as "sessionlog". The session gets a new id,
** the name that the caller gives or none, and the rest of what describes it,
** the meta data and the watermark from the header. id, name, parent_id,
** forked_at and labels of the header are not used: what an export has
** inherited is recorded in the new session itself. Lines that are missing,
** doubled or out of order are errors, at the end of the file too where the
** header gives the head.
**
** Every other input is a transcript: each line an object, which becomes an
** event with the line as its payload, byte by byte. The kind is the text in
** "type", else in "role", if that is a valid kind, else "message". The time
** is "timestamp" (ISO 8601, or a number: seconds if its absolute value is
** below 1e11, else ms), and where that is missing or makes no sense, now.
** Where a key is there twice, the last one counts.
**
** A transcript may branch. A line that has an "uuid" and whose "parentUuid"
** names a line that was read before comes after that one: if there is an
** event after it already, the line begins a fork of the session that holds
** it, at its ordinal. Every other line comes after the line before it. A uuid
** that comes again stands for the later line. The result is the session that
** got the last line. (Two uuids are the same if they are spelled the same.)
*/
#include "sessionlogInt.h"

/* Below this, a number is seconds. */
#define IMPORT_SECONDS 1e11

/* A session that the import makes. */
typedef struct ImportBranch ImportBranch;
struct ImportBranch {
  SlSession session;
  i64 iHead;
};

/* Where the line of a uuid went. */
typedef struct ImportUuid ImportUuid;
struct ImportUuid {
  const char *z; /* as it stands in the input, NULL: a free slot */
  i64 n;
  i64 iBranch; /* index of the branch */
  i64 iOrdinal;
};

typedef struct Import Import;
struct Import {
  const char *z; /* what is left of the input */
  i64 n;
  const char *zLine; /* the present line */
  i64 nLine;
  i64 iLine;         /* its number, 0: before the first */
  const char *zName; /* name for the result, or NULL */
  int nName;
  SlSession *pOut; /* OUT: the result */
  SlAppend append;
  i64 iNow; /* time of lines without one, if bNow */
  int bNow;
  ImportBranch *aBranch; /* the sessions made */
  i64 nBranch;
  i64 nBranchAlloc;
  i64 iBranch;       /* the one that got the line before */
  ImportUuid *aUuid; /* hash table of a power of two slots */
  i64 nUuid;         /* lines noted there */
  i64 nUuidAlloc;
};

/* ---- lines ----------------------------------------------------------- */

/*
** 1 if the n bytes are white space of JSON's.
*/
static int lineBlank(const char *z, i64 n){
  while( n>0 && (*z==' ' || *z=='\t' || *z=='\r') ){
    z++;
    n--;
  }
  return n == 0;
}

/*
** Step to the next line that is not blank: 0 at the end.
*/
static int importLine(Import *p){
  while( p->n>0 ){
    const char *zEnd = memchr(p->z, '\n', (size_t)p->n);
    i64 n = zEnd ? zEnd - p->z : p->n;
    p->zLine = p->z;
    p->nLine = n;
    p->iLine++;
    p->z += zEnd ? n + 1 : n;
    p->n -= zEnd ? n + 1 : n;
    if( lineBlank(p->zLine, n) ) continue;
    if( p->zLine[n-1]=='\r' ) p->nLine--;
    return 1;
  }
  return 0;
}

/*
** Put "line N: " before the message of an error that the input is to blame
** for.
*/
static void importWhere(SlOp *pOp, const Import *p){
  int rc = pOp->rc;
  int eRc = rc & 0xff;
  if( eRc==SQLITE_ERROR || eRc==SQLITE_CONSTRAINT || eRc==SQLITE_MISMATCH ){
    char *zErr = pOp->zErr;
    pOp->rc = SQLITE_OK;
    pOp->zErr = 0;
    slErr(pOp, rc, "line %lld: %z", p->iLine, zErr);
  }
}

/*
** The present line as an object, or after an error as null, without members.
*/
static void importObject(SlOp *pOp, const Import *p, SlJson *pObject){
  i64 iErr;
  if( !slJsonParse(p->zLine, p->nLine, pObject, &iErr) ){
    slErr(pOp, SQLITE_ERROR, "malformed JSON at byte %lld", iErr + 1);
  }else if( pObject->eType!=SL_JSON_OBJECT ){
    slErr(pOp, SQLITE_ERROR, "not a JSON object");
  }
  if( pOp->rc!=SQLITE_OK ) memset(pObject, 0, sizeof(*pObject));
}

/*
** Fail because of a key that means nothing.
*/
static void importUnknown(SlOp *pOp, const SlJson *pKey){
  slErr(pOp, SQLITE_ERROR, "unknown key: %.*s",
        (int)slUtf8Chars(pKey->z, pKey->n, 60), pKey->z);
}

/*
** Read the object's members by name: apVal[i] is that of azKey[i], or all
** zero if it is missing or null. Unless bAny, other and double keys are
** errors.
*/
static void importMembers(SlOp *pOp, const SlJson *pObject,
                          const char *const *azKey, int nKey, int bAny,
                          SlJson *aVal) {
  SlJsonIter it;
  SlJson key, val;
  u32 mSeen = 0;
  memset(aVal, 0, (size_t)nKey * sizeof(aVal[0]));
  assert(pObject->eType != SL_JSON_ARRAY); /* which has no keys */
  slJsonIter(pObject, &it);
  while( slJsonNext(&it, &key, &val) ){
    int i;
    for(i=0; i<nKey && !slJsonStringEq(&key, azKey[i]); i++){
    }
    if( i<nKey ){
      if( !bAny && (mSeen>>i & 1) ){
        slErr(pOp, SQLITE_ERROR, "duplicate key: %s", azKey[i]);
      }
      mSeen |= (u32)1 << i;
      aVal[i] = val;
    }else if( !bAny ){
      importUnknown(pOp, &key);
    }
  }
}

/*
** 1 if the member is there and not null.
*/
static int importGiven(const SlJson *pVal){
  return pVal->eType != SL_JSON_NULL;
}

/* ---- values ---------------------------------------------------------- */

/*
** Make bytes of a string of hexadecimal digits, in *ppFree; they are in
** *pEvent as a value of eType. Behind the last digit comes the quote, which is
** none.
*/
static void importHex(SlOp *pOp, const SlJson *pVal, int eType, SlEvent *pEvent,
                      char **pzFree) {
  i64 i;
  char *a;
  int m = 0;
  if( pVal->eType!=SL_JSON_STRING ){
    slErr(pOp, SQLITE_ERROR, "payload is not hexadecimal");
    return;
  }
  a = sqlite3_malloc64((u64)pVal->n / 2 + 1);
  if( a==0 ){
    pOp->rc = SQLITE_NOMEM;
    return;
  }
  *pzFree = a;
  for(i=0; i<pVal->n; i+=2){
    int i1 = slHexDigit(pVal->z[i]);
    int i2 = slHexDigit(pVal->z[i + 1]);
    m |= i1 | i2;
    a[i / 2] = (char)((i1 * 16 | i2) & 0xff);
  }
  if( m<0 ) slErr(pOp, SQLITE_ERROR, "payload is not hexadecimal");
  pEvent->eType = eType;
  pEvent->pData = a;
  pEvent->nData = pVal->n / 2;
}

/*
** A REAL: a number, or "Inf" and "-Inf".
*/
static void importReal(SlOp *pOp, const SlJson *pVal, SlEvent *pEvent){
  pEvent->eType = SQLITE_FLOAT;
  if( pVal->eType==SL_JSON_INT || pVal->eType==SL_JSON_REAL ){
    pEvent->rReal = slJsonReal(pVal);
  }else if( slJsonStringEq(pVal, "Inf") || slJsonStringEq(pVal, "-Inf") ){
    SlJson big = *pVal;
    big.z = pVal->z[0] == '-' ? "-1e999" : "1e999";
    big.n = (i64)strlen(big.z);
    big.eType = SL_JSON_REAL;
    pEvent->rReal = slJsonReal(&big);
  }else{
    slErr(pOp, SQLITE_ERROR, "payload is not a real number");
  }
}

/*
** The value that pVal is with the type pType. What it borrows belongs to the
** input or to *pzFree.
*/
static void importValue(SlOp *pOp, const SlJson *pType, const SlJson *pVal,
                        SlEvent *pEvent, char **pzFree) {
  pEvent->eType = SQLITE_NULL;
  pEvent->pData = 0;
  pEvent->nData = 0;
  *pzFree = 0;
  if( pOp->rc!=SQLITE_OK ) return;
  if( slJsonStringEq(pType, "null") ){
    if( importGiven(pVal) ) slErr(pOp, SQLITE_ERROR, "payload is not null");
  }else if( slJsonStringEq(pType, "integer") ){
    pEvent->eType = SQLITE_INTEGER;
    if( !slJsonInt(pVal, &pEvent->iInt) ){
      slErr(pOp, SQLITE_ERROR, "payload is not an integer");
    }
  }else if( slJsonStringEq(pType, "real") ){
    importReal(pOp, pVal, pEvent);
  }else if( slJsonStringEq(pType, "text") ){
    if( pVal->eType!=SL_JSON_STRING ){
      slErr(pOp, SQLITE_ERROR, "payload is not text");
    }else{
      slEventFromJson(pOp, pEvent, pVal, pzFree);
    }
  }else if( slJsonStringEq(pType, "text-hex") ){
    importHex(pOp, pVal, SQLITE_TEXT, pEvent, pzFree);
  }else if( slJsonStringEq(pType, "blob") ){
    importHex(pOp, pVal, SQLITE_BLOB, pEvent, pzFree);
  }else{
    slErr(pOp, SQLITE_ERROR,
          "type is not one of null, integer, real, text, "
          "text-hex, blob");
  }
}

/*
** A value of the header: plain, or an object of type and value.
*/
static void importHeaderValue(SlOp *pOp, const SlJson *pVal, SlEvent *pEvent,
                              char **pzFree) {
  static const char *const azKey[] = { "type", "value" };
  SlJson a[2];
  *pzFree = 0;
  if( pVal->eType==SL_JSON_OBJECT ){
    importMembers(pOp, pVal, azKey, 2, 0, a);
    importValue(pOp, &a[0], &a[1], pEvent, pzFree);
  }else{
    slEventFromJson(pOp, pEvent, pVal, pzFree);
  }
}

/* ---- sessions -------------------------------------------------------- */

/*
** Make a session, the next branch.
*/
static void importSession(SlOp *pOp, Import *p, SlFields *pFields){
  ImportBranch *pNew;
  if( pOp->rc!=SQLITE_OK ) return;
  if( p->nBranch==p->nBranchAlloc ){
    i64 nNew = p->nBranch ? p->nBranch * 2 : 4;
    pNew = sqlite3_realloc64(p->aBranch, (u64)nNew * sizeof(*pNew));
    if( pNew==0 ){
      pOp->rc = SQLITE_NOMEM;
      return;
    }
    p->aBranch = pNew;
    p->nBranchAlloc = nNew;
  }
  pNew = &p->aBranch[p->nBranch];
  memset(pNew, 0, sizeof(*pNew));
  slSessionCreate(pOp, pFields, &pNew->session);
  pNew->iHead = pNew->session.iForkedAt;
  p->iBranch = p->nBranch++;
}

/*
** Append an event, which is in p->append, to the present branch.
*/
static void importEvent(SlOp *pOp, Import *p){
  ImportBranch *pBranch;
  if( pOp->rc!=SQLITE_OK ) return;
  pBranch = &p->aBranch[p->iBranch];
  p->append.bSession = 1;
  p->append.session = pBranch->session;
  p->append.bId = 0;
  p->append.bExpect = 1;
  p->append.iExpect = pBranch->iHead + 1;
  slAppend(pOp, &p->append);
  pBranch->iHead++;
}

/*
** All lines are read: name the result and pack what was made.
*/
static void importEnd(SlOp *pOp, Import *p, i64 iArchived){
  i64 i;
  if( pOp->rc!=SQLITE_OK ) return;
  if( p->zName ){
    SlFields f;
    memset(&f, 0, sizeof(f));
    slFieldText(pOp, &f, SL_COL_NAME, p->zName, p->nName);
    slSessionChange(pOp, p->aBranch[p->iBranch].session.iKey, &f);
  }
  for(i=0; i<p->nBranch; i++){
    slPack(pOp, &p->aBranch[i].session, p->aBranch[i].iHead, 1);
  }
  slArchive(pOp, &p->aBranch[p->iBranch].session, iArchived);
  *p->pOut = p->aBranch[p->iBranch].session;
}

/* ---- the log's own form ---------------------------------------------- */

/*
** Set a column of the new session. What the text borrows has to live until
** the session is made: it is kept in azFree.
*/
static void headerField(SlOp *pOp, SlFields *pFields, int iCol,
                        const SlJson *pVal, char **pzFree) {
  SlEvent e;
  if( pOp->rc!=SQLITE_OK || pVal->eType==SL_JSON_NULL ) return;
  if( slColumnIsInt(iCol) ){
    slFieldInt(pOp, pFields, iCol, slJsonArgInt(pOp, slColumnName(iCol), pVal));
    return;
  }
  memset(&e, 0, sizeof(e));
  importHeaderValue(pOp, pVal, &e, pzFree);
  if( e.eType!=SQLITE_TEXT ){
    slErr(pOp, SQLITE_MISMATCH, "invalid %s: %.*s", slColumnName(iCol),
          (int)slUtf8Chars(pVal->z, pVal->n, 60), pVal->z);
  }
  slFieldText(pOp, pFields, iCol, (const char *)e.pData, e.nData);
}

/* What of a header is not a column. */
typedef struct ImportHeader ImportHeader;
struct ImportHeader {
  SlFields fields; /* what the session is made with */
  SlFields later;  /* ... and then changed to */
  char *azFree[SL_COL_COUNT];
  SlJson meta;
  int bHead; /* iHead is given */
  i64 iHead;
  i64 iArchived;
};

/*
** One member of the header.
*/
static void headerMember(SlOp *pOp, ImportHeader *pHdr, const SlJson *pKey,
                         const SlJson *pVal) {
  int iCol = slColumnIndex(pKey);
  if( slJsonStringEq(pKey, "sessionlog") ){
    i64 iVersion = 0;
    slJsonInt(pVal, &iVersion);
    if( iVersion!=1 ){
      slErr(pOp, SQLITE_ERROR, "an export of version %.*s can't be read",
            (int)slUtf8Chars(pVal->z, pVal->n, 60), pVal->z);
    }
    return;
  }
  if( slJsonStringEq(pKey, "labels") ) return;
  switch( iCol ){
    case SL_COL_ID:
    case SL_COL_NAME:
    case SL_COL_PARENT_ID:
    case SL_COL_FORKED_AT:
    case SL_COL_N_EVENTS: break;
    case SL_COL_HEAD:
      if( pVal->eType==SL_JSON_NULL ) break;
      pHdr->bHead = 1;
      pHdr->iHead = slJsonArgInt(pOp, "head", pVal);
      break;
    case SL_COL_ARCHIVED:
      if( pVal->eType==SL_JSON_NULL ) break;
      pHdr->iArchived = slJsonArgInt(pOp, "archived", pVal);
      break;
    case SL_COL_META:
      if( pVal->eType!=SL_JSON_NULL && pVal->eType!=SL_JSON_OBJECT ){
        slErr(pOp, SQLITE_ERROR, "meta is not an object");
      }
      pHdr->meta = *pVal;
      break;
    case SL_COL_TARGET:
      /* Given at once, it would make an auto name. */
      headerField(pOp, &pHdr->later, iCol, pVal, &pHdr->azFree[iCol]);
      break;
    case SL_COL_GROUP_KEY:
    case SL_COL_PAUSED_AT_MS:
      /* Where the others say what it should be, NULL has to be set. */
      if( pVal->eType==SL_JSON_NULL ){
        slFieldText(pOp, &pHdr->later, iCol, 0, 0);
      }
      headerField(pOp, &pHdr->fields, iCol, pVal, &pHdr->azFree[iCol]);
      break;
    case SL_COL_LABEL:
    case SL_COL_REF:
    case SL_COL_SCHEMA:
    case -1: importUnknown(pOp, pKey); break;
    default:
      headerField(pOp, &pHdr->fields, iCol, pVal, &pHdr->azFree[iCol]);
      break;
  }
}

/*
** The session's meta data.
*/
static void headerMeta(SlOp *pOp, Import *p, const SlJson *pMeta){
  SlJsonIter it;
  SlJson key, val;
  slJsonIter(pMeta, &it);
  while( pOp->rc==SQLITE_OK && slJsonNext(&it, &key, &val) ){
    const SlSession *pSession = &p->aBranch[p->iBranch].session;
    SlEvent e;
    char *zKey, *zVal;
    int nKey;
    const char *z = slJsonArgName(pOp, "key", &key, 0, &nKey, &zKey);
    memset(&e, 0, sizeof(e));
    importHeaderValue(pOp, &val, &e, &zVal);
    if( e.eType==SQLITE_NULL ){
      slErr(pOp, SQLITE_CONSTRAINT, "meta %.*s is null", nKey, z);
    }
    if( slMetaKey(pOp, pSession, z, nKey) ){
      slErr(pOp, SQLITE_ERROR, "duplicate key: %.*s", nKey, z);
    }
    slMetaSet(pOp, pSession, z, nKey, &e);
    sqlite3_free(zVal);
    sqlite3_free(zKey);
  }
}

/*
** The number of a key of the header: a column's, or one past those. -1: none.
*/
static int headerKey(const SlJson *pKey){
  if( slJsonStringEq(pKey, "sessionlog") ) return SL_COL_COUNT;
  if( slJsonStringEq(pKey, "labels") ) return SL_COL_COUNT + 1;
  return slColumnIndex(pKey);
}

/*
** The first line: make the session.
*/
static void importHeader(SlOp *pOp, Import *p, const SlJson *pObject,
                         ImportHeader *pHdr) {
  SlJsonIter it;
  SlJson key, val;
  u64 mSeen = 0;
  int i;
  slJsonIter(pObject, &it);
  while( slJsonNext(&it, &key, &val) ){
    u64 mKey = (u64)1 << (headerKey(&key) & 63);
    if( mSeen & mKey ){
      slErr(pOp, SQLITE_ERROR, "duplicate key: %.*s", (int)key.n, key.z);
    }
    mSeen |= mKey;
    headerMember(pOp, pHdr, &key, &val);
  }
  importSession(pOp, p, &pHdr->fields);
  if( pOp->rc==SQLITE_OK ){
    slSessionChange(pOp, p->aBranch[0].session.iKey, &pHdr->later);
  }
  headerMeta(pOp, p, &pHdr->meta);
  for(i=0; i<SL_COL_COUNT; i++) sqlite3_free(pHdr->azFree[i]);
}

/*
** A line after the header: an event.
*/
static void importExported(SlOp *pOp, Import *p){
  enum {
    ORDINAL,
    KIND,
    AT_MS,
    KEY,
    ORIGIN_ID,
    TYPE,
    PAYLOAD,
    COUNT
  };
  static const char *const azKey[COUNT] = { "ordinal", "kind",      "at_ms",
                                            "key",     "origin_id", "type",
                                            "payload" };
  SlEvent *pEvent = &p->append.event;
  SlJson object;
  SlJson a[COUNT];
  i64 iOrdinal = 0;
  char *zKind = 0, *zKey = 0, *zPayload = 0;
  importObject(pOp, p, &object);
  importMembers(pOp, &object, azKey, COUNT, 0, a);
  memset(pEvent, 0, sizeof(*pEvent));
  slJsonInt(&a[ORDINAL], &iOrdinal);
  if( iOrdinal!=p->aBranch[0].iHead+1 ){
    slErr(pOp, SQLITE_ERROR, "ordinal is not %lld", p->aBranch[0].iHead + 1);
  }
  if( !importGiven(&a[KIND]) ) slErr(pOp, SQLITE_ERROR, "kind is missing");
  pEvent->zKind =
    slJsonArgName(pOp, "kind", &a[KIND], 0, &pEvent->nKind, &zKind);
  if( importGiven(&a[KEY]) ){
    pEvent->zKey = slJsonArgName(pOp, "key", &a[KEY], 0, &pEvent->nKey, &zKey);
  }
  p->append.bAtMs = importGiven(&a[AT_MS]);
  if( p->append.bAtMs ){
    pEvent->iAtMs = slJsonArgInt(pOp, "at_ms", &a[AT_MS]);
  }
  importValue(pOp, &a[TYPE], &a[PAYLOAD], pEvent, &zPayload);
  importEvent(pOp, p);
  sqlite3_free(zKind);
  sqlite3_free(zKey);
  sqlite3_free(zPayload);
}

/*
** Read an export, whose first line is the present one.
*/
static void importExport(SlOp *pOp, Import *p, const SlJson *pObject){
  ImportHeader hdr;
  memset(&hdr, 0, sizeof(hdr));
  importHeader(pOp, p, pObject, &hdr);
  while( pOp->rc==SQLITE_OK && importLine(p) ) importExported(pOp, p);
  if( pOp->rc==SQLITE_OK && hdr.bHead && hdr.iHead!=p->aBranch[0].iHead ){
    slErr(pOp, SQLITE_ERROR, "the last event is %lld, but the header says %lld",
          p->aBranch[0].iHead, hdr.iHead);
  }
  importWhere(pOp, p);
  importEnd(pOp, p, hdr.iArchived);
}

/* ---- transcripts ----------------------------------------------------- */

/*
** The slot of a uuid, or the free one where it belongs. The table is never
** full.
*/
static ImportUuid *uuidSlot(const Import *p, const char *z, i64 n){
  u64 h = 14695981039346656037u;
  i64 i;
  for(i=0; i<n; i++) h = (h ^ (u8)z[i]) * 1099511628211u;
  h ^= h >> 32;
  for(;;){
    ImportUuid *pSlot = &p->aUuid[h & (u64)(p->nUuidAlloc - 1)];
    if( pSlot->z==0
     || (pSlot->n==n && memcmp(pSlot->z, z, (size_t)n)==0)
    ){
      return pSlot;
    }
    h++;
  }
}

/*
** Make the table of uuids larger.
*/
static void uuidGrow(SlOp *pOp, Import *p){
  ImportUuid *aOld = p->aUuid;
  i64 nOld = p->nUuidAlloc;
  i64 nNew = nOld ? nOld * 2 : 64;
  i64 i;
  ImportUuid *aNew = sqlite3_malloc64((u64)nNew * sizeof(*aNew));
  if( aNew==0 ){
    slErrRc(pOp, SQLITE_NOMEM);
    return;
  }
  memset(aNew, 0, (size_t)nNew * sizeof(*aNew));
  p->aUuid = aNew;
  p->nUuidAlloc = nNew;
  for(i=0; i<nOld; i++){
    if( aOld[i].z ) *uuidSlot(p, aOld[i].z, aOld[i].n) = aOld[i];
  }
  sqlite3_free(aOld);
}

/*
** Note where the line of that uuid has gone.
*/
static void uuidPut(SlOp *pOp, Import *p, const SlJson *pUuid){
  ImportUuid *pSlot;
  if( p->nUuid*2>=p->nUuidAlloc ) uuidGrow(pOp, p);
  if( pOp->rc!=SQLITE_OK ) return;
  pSlot = uuidSlot(p, pUuid->z, pUuid->n);
  p->nUuid++;
  pSlot->z = pUuid->z;
  pSlot->n = pUuid->n;
  pSlot->iBranch = p->iBranch;
  pSlot->iOrdinal = p->aBranch[p->iBranch].iHead;
}

/*
** The line comes after that of pParent, if that is known: go to its branch,
** or begin one there.
*/
static void uuidFollow(SlOp *pOp, Import *p, const SlJson *pParent){
  const ImportUuid *pSlot;
  const ImportBranch *pBranch;
  if( pOp->rc!=SQLITE_OK || p->nUuid==0 ) return;
  pSlot = uuidSlot(p, pParent->z, pParent->n);
  if( pSlot->z==0 ) return;
  pBranch = &p->aBranch[pSlot->iBranch];
  if( pSlot->iOrdinal==pBranch->iHead ){
    p->iBranch = pSlot->iBranch;
  }else{
    SlFields f;
    char zParent[27];
    memset(&f, 0, sizeof(f));
    memcpy(zParent, pBranch->session.zId, sizeof(zParent));
    slFieldText(pOp, &f, SL_COL_PARENT_ID, zParent, 26);
    slFieldInt(pOp, &f, SL_COL_FORKED_AT, pSlot->iOrdinal);
    importSession(pOp, p, &f);
  }
}

/*
** The kind: the text in pVal if it is one.
*/
static int lineKind(SlOp *pOp, Import *p, const SlJson *pVal, char **pzFree){
  SlEvent e;
  if( pVal->eType!=SL_JSON_STRING || pOp->rc!=SQLITE_OK ) return 0;
  slEventFromJson(pOp, &e, pVal, pzFree);
  if( e.nData>0 && e.nData<=SL_MAX_NAME
   && memchr(e.pData, 0, (size_t)e.nData)==0
   && slUtf8Valid((const u8*)e.pData, e.nData)
  ){
    p->append.event.zKind = (const char *)e.pData;
    p->append.event.nKind = (int)e.nData;
    return 1;
  }
  sqlite3_free(*pzFree);
  *pzFree = 0;
  return 0;
}

/*
** The time in n bytes of text: 1 with *piMs, 2 with a number in *pr, or 0.
*/
static int textTime(const char *z, i64 n, i64 *piMs, double *pr){
  i64 i;
  if( slParseIso8601(z, n, piMs) ) return 1;
  if( !slParseDecimal(z, n, &i) ) return 0;
  *pr = (double)i;
  return 2;
}

/*
** The time in a member of the line: 1, or 0 if there is none, or on failure.
*/
static int lineTime(SlOp *pOp, const SlJson *pVal, i64 *piMs){
  double r = 0.0;
  int eTime;
  switch( pVal->eType ){
    case SL_JSON_STRING: {
      char *zFree;
      SlEvent e;
      slEventFromJson(pOp, &e, pVal, &zFree);
      eTime = textTime((const char *)e.pData, e.nData, piMs, &r);
      sqlite3_free(zFree);
      if( eTime<2 ) return eTime;
      break;
    }
    case SL_JSON_INT:
    case SL_JSON_REAL: r = slJsonReal(pVal); break;
    default: return 0;
  }
  if( r>-IMPORT_SECONDS && r<IMPORT_SECONDS ) r = r * 1000.0;
  if( !(r>-9e15 && r<9e15) ) return 0;
  *piMs = (i64)(r < 0 ? r - 0.5 : r + 0.5);
  return 1;
}

/*
** The time of the line, else one for all the lines that have none.
*/
static void lineAtMs(SlOp *pOp, Import *p, const SlJson *pVal){
  p->append.bAtMs = 1;
  if( lineTime(pOp, pVal, &p->append.event.iAtMs) ) return;
  if( !p->bNow ) p->iNow = slOpNow(pOp, "timestamp");
  p->bNow = 1;
  p->append.event.iAtMs = p->iNow;
}

/*
** A line of a transcript, as an object.
*/
static void importMessage(SlOp *pOp, Import *p, const SlJson *pObject){
  enum {
    TYPE,
    ROLE,
    TIMESTAMP,
    UUID,
    PARENT,
    COUNT
  };
  static const char *const azKey[COUNT] = { "type", "role", "timestamp", "uuid",
                                            "parentUuid" };
  SlEvent *pEvent = &p->append.event;
  SlJson a[COUNT];
  char *zFree = 0;
  importMembers(pOp, pObject, azKey, COUNT, 1, a);
  memset(pEvent, 0, sizeof(*pEvent));
  if( !lineKind(pOp, p, &a[TYPE], &zFree)
   && !lineKind(pOp, p, &a[ROLE], &zFree)
  ){
    pEvent->zKind = "message";
    pEvent->nKind = 7;
  }
  lineAtMs(pOp, p, &a[TIMESTAMP]);
  pEvent->eType = SQLITE_TEXT;
  pEvent->pData = p->zLine;
  pEvent->nData = p->nLine;
  if( a[UUID].eType==SL_JSON_STRING && a[PARENT].eType==SL_JSON_STRING ){
    uuidFollow(pOp, p, &a[PARENT]);
  }
  importEvent(pOp, p);
  if( a[UUID].eType==SL_JSON_STRING ) uuidPut(pOp, p, &a[UUID]);
  sqlite3_free(zFree);
}

/*
** Read a transcript, whose first line is the present one.
*/
static void importTranscript(SlOp *pOp, Import *p, const SlJson *pObject){
  SlFields f;
  SlJson object;
  memset(&f, 0, sizeof(f));
  importSession(pOp, p, &f);
  importMessage(pOp, p, pObject);
  while( pOp->rc==SQLITE_OK && importLine(p) ){
    importObject(pOp, p, &object);
    importMessage(pOp, p, &object);
  }
  importWhere(pOp, p);
  importEnd(pOp, p, 0);
}

/* ---- both ------------------------------------------------------------ */

/*
** 1 if the object is the header of an export.
*/
static int importIsHeader(const SlJson *pObject){
  SlJsonIter it;
  SlJson key, val;
  slJsonIter(pObject, &it);
  while( slJsonNext(&it, &key, &val) ){
    if( slJsonStringEq(&key, "sessionlog") ) return val.eType == SL_JSON_INT;
  }
  return 0;
}

/*
** The task of slImport().
*/
static void importTask(SlOp *pOp, void *pArg){
  Import *p = (Import *)pArg;
  SlJson object;
  if( p->n>=3 && memcmp(p->z, "\xef\xbb\xbf", 3)==0 ){
    p->z += 3;
    p->n -= 3;
  }
  if( !importLine(p) ){
    slErr(pOp, SQLITE_ERROR, "invalid jsonl: empty");
    return;
  }
  importObject(pOp, p, &object);
  if( importIsHeader(&object) ){
    importExport(pOp, p, &object);
  }else{
    importTranscript(pOp, p, &object);
  }
}

void slImport(SlOp *pOp, const char *z, i64 n, const char *zName, int nName,
              SlSession *pOut) {
  Import s;
  memset(&s, 0, sizeof(s));
  s.z = z;
  s.n = n;
  s.zName = zName;
  s.nName = nName;
  s.pOut = pOut;
  slOpWrite(pOp, importTask, &s);
  sqlite3_free(s.aBranch);
  sqlite3_free(s.aUuid);
}
