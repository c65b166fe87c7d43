/*
** life.c - session_pause(), session_resume(), session_stop(),
** session_command_target(): states that a session passes through.
**
** The summary of a paused session, where no note is given, is one line for
** each of the last SL_PAUSE_EVENTS visible events, oldest first: its payload
** as text, each run of ASCII white space (at the ends too) as one blank.
** NULLs and blobs have no line, adjacent equal lines are one, and of it all
** the first SL_PAUSE_CHARS characters count.
*/
#include "sessionlogInt.h"

#define SL_PAUSE_EVENTS 50
#define SL_PAUSE_CHARS  500

/* As many bytes of a line decide: a character has no more than four. */
#define SL_PAUSE_BYTES (4 * SL_PAUSE_CHARS)

/* Room for a session's status. */
#define SL_STATUS_MAX 20

/* ---- the summary ----------------------------------------------------- */

static int isBlank(char c){
  return c == ' ' || (c >= '\t' && c <= '\r');
}

/* A line, as far as it can matter. */
typedef struct Line Line;
struct Line {
  int n;
  char z[SL_PAUSE_BYTES];
};

/*
** Set the line from text, with white space folded.
*/
static void lineText(Line *p, const char *z, i64 n){
  i64 i;
  char cLast = 0;
  p->n = 0;
  for(i=0; i<n && p->n<SL_PAUSE_BYTES; i++){
    if( !isBlank(z[i]) ){
      p->z[p->n++] = z[i];
    }else if( !isBlank(cLast) ){
      p->z[p->n++] = ' ';
    }
    cLast = z[i];
  }
}

/*
** Set the line from an event's payload: 0 if it has none.
*/
static int lineEvent(Line *p, const SlEvent *pEvent){
  char zNumber[32];
  switch( pEvent->eType ){
    case SQLITE_TEXT:
      lineText(p, (const char *)pEvent->pData, pEvent->nData);
      return 1;
    case SQLITE_INTEGER:
      sqlite3_snprintf(sizeof(zNumber), zNumber, "%lld", pEvent->iInt);
      break;
    case SQLITE_FLOAT:
      sqlite3_snprintf(sizeof(zNumber), zNumber, "%!.15g", pEvent->rReal);
      break;
    default: return 0;
  }
  lineText(p, zNumber, (i64)strlen(zNumber));
  return 1;
}

/*
** Add the lines of what the reader gives, until there is enough.
*/
static void summaryLines(SlOp *pOp, SlReader *pReader, sqlite3_str *pStr){
  Line aLine[2];
  SlEvent event;
  int nLine = 0;
  aLine[0].n = aLine[1].n = 0;
  while( sqlite3_str_length(pStr)<SL_PAUSE_BYTES
      && slReaderNext(pOp, pReader)
  ){
    Line *pNew = &aLine[nLine & 1];
    const Line *pOld = &aLine[(nLine + 1) & 1];
    slReaderEvent(pOp, pReader, &event);
    if( pOp->rc!=SQLITE_OK || !lineEvent(pNew, &event) ) continue;
    if( nLine>0 ){
      if( pNew->n==pOld->n && memcmp(pNew->z, pOld->z, (size_t)pNew->n)==0 ){
        continue;
      }
      sqlite3_str_appendchar(pStr, 1, '\n');
    }
    sqlite3_str_append(pStr, pNew->z, pNew->n);
    nLine++;
  }
}

/*
** Make the summary of what is visible of the session.
*/
static void summaryMake(SlOp *pOp, SlPause *p, const SlSession *pSession){
  i64 iHead = slHead(pOp, pSession);
  i64 iFrom = iHead - SL_PAUSE_EVENTS + 1;
  sqlite3_str *pStr = sqlite3_str_new(0);
  SlReader *pReader = slReaderNew(pOp->pConn);
  i64 n;
  if( pReader==0 ) slErrRc(pOp, SQLITE_NOMEM);
  if( iFrom<=pSession->iArchived ) iFrom = pSession->iArchived + 1;
  if( pOp->rc==SQLITE_OK ){
    slReaderOpen(pOp, pReader, pSession, iFrom, iHead, 0);
    summaryLines(pOp, pReader, pStr);
  }
  if( pReader ){
    slReaderClose(pReader);
    slReaderFree(pReader);
  }
  /* Without a byte there would be no text, not even an empty one. */
  sqlite3_str_appendchar(pStr, 1, 0);
  slErrRc(pOp, sqlite3_str_errcode(pStr));
  n = sqlite3_str_length(pStr) - 1;
  p->zSummary = sqlite3_str_finish(pStr);
  p->nSummary = slUtf8Chars(p->zSummary, n, SL_PAUSE_CHARS);
}

/*
** Take the note over as the summary.
*/
static void summaryNote(SlOp *pOp, SlPause *p){
  p->zSummary = sqlite3_malloc64((u64)p->nNote + 1);
  if( p->zSummary==0 ){
    slErrRc(pOp, SQLITE_NOMEM);
    return;
  }
  memcpy(p->zSummary, p->zNote, (size_t)p->nNote);
  p->zSummary[p->nNote] = 0;
  p->nSummary = p->nNote;
}

/* ---- states ---------------------------------------------------------- */

/*
** The session's status, in z.
*/
static void lifeStatus(SlOp *pOp, const SlSession *p, char z[SL_STATUS_MAX]){
  sqlite3_stmt *pStmt = slStmt(pOp, SL_SQL_LIFE_STATUS);
  z[0] = 0;
  slBindInt(pOp, pStmt, 1, p->iKey);
  if( slStep(pOp, pStmt) ){
    sqlite3_snprintf(SL_STATUS_MAX, z, "%s", sqlite3_column_text(pStmt, 0));
  }
  slFree(pOp, SL_SQL_LIFE_STATUS, pStmt);
}

static int isEnded(const char *zStatus){
  return strcmp(zStatus, "ended") == 0 || strcmp(zStatus, "reaped") == 0;
}

/*
** Fail if the session has ended.
*/
static void lifeNotEnded(SlOp *pOp, const SlSession *p){
  char zStatus[SL_STATUS_MAX];
  lifeStatus(pOp, p, zStatus);
  if( isEnded(zStatus) ){
    slErr(pOp, SQLITE_CONSTRAINT, "session %s has ended: %s", p->zId, zStatus);
  }
}

/*
** Give the session another status, by the rules of UPDATE.
*/
static void lifeChange(SlOp *pOp, const SlSession *p, const char *zStatus){
  SlFields fields;
  memset(&fields, 0, sizeof(fields));
  slFieldText(pOp, &fields, SL_COL_STATUS, zStatus, (i64)strlen(zStatus));
  slSessionChange(pOp, p->iKey, &fields);
}

static void pauseTask(SlOp *pOp, void *pArg){
  SlPause *p = (SlPause *)pArg;
  SlSession session;
  SlFields fields;
  memset(&fields, 0, sizeof(fields));
  slNeed(pOp, p->pRef, &session);
  lifeNotEnded(pOp, &session);
  if( !p->bAtMs ) p->iAtMs = slOpNow(pOp, "paused_at_ms");
  if( pOp->rc!=SQLITE_OK ) return;
  if( p->zNote ){
    summaryNote(pOp, p);
  }else{
    summaryMake(pOp, p, &session);
  }
  slFieldText(pOp, &fields, SL_COL_STATUS, "paused", 6);
  slFieldInt(pOp, &fields, SL_COL_PAUSED_AT_MS, p->iAtMs);
  slFieldText(pOp, &fields, SL_COL_PAUSE_SUMMARY, p->zSummary, p->nSummary);
  slSessionChange(pOp, session.iKey, &fields);
}

void slPause(SlOp *pOp, SlPause *p){
  slOpWrite(pOp, pauseTask, p);
}

/* A session on its way through a task. */
typedef struct LifeArg LifeArg;
struct LifeArg {
  sqlite3_value *pRef;
  SlSession *pSession;
};

static void resumeTask(SlOp *pOp, void *pArg){
  LifeArg *p = (LifeArg *)pArg;
  char zStatus[SL_STATUS_MAX];
  slNeed(pOp, p->pRef, p->pSession);
  lifeStatus(pOp, p->pSession, zStatus);
  if( strcmp(zStatus, "paused")!=0 ){
    slErr(pOp, SQLITE_CONSTRAINT, "session %s is not paused: %s",
          p->pSession->zId, zStatus);
  }
  lifeChange(pOp, p->pSession, "active");
}

void slResume(SlOp *pOp, sqlite3_value *pRef, SlSession *pOut){
  LifeArg arg;
  arg.pRef = pRef;
  arg.pSession = pOut;
  slOpWrite(pOp, resumeTask, &arg);
}

static void stopTask(SlOp *pOp, void *pArg){
  LifeArg *p = (LifeArg *)pArg;
  slNeed(pOp, p->pRef, p->pSession);
  lifeNotEnded(pOp, p->pSession);
  lifeChange(pOp, p->pSession, "stopped");
}

void slStop(SlOp *pOp, sqlite3_value *pRef, SlSession *pOut){
  LifeArg arg;
  arg.pRef = pRef;
  arg.pSession = pOut;
  slOpWrite(pOp, stopTask, &arg);
}

void slCommandTarget(SlOp *pOp, sqlite3_value *pRef, SlSession *pOut){
  char zStatus[SL_STATUS_MAX];
  slOpRead(pOp);
  slNeed(pOp, pRef, pOut);
  lifeStatus(pOp, pOut, zStatus);
  if( isEnded(zStatus) || strcmp(zStatus, "stopped")==0 ){
    slErr(pOp, SQLITE_CONSTRAINT, "session %s takes no commands: %s", pOut->zId,
          zStatus);
  }
}
