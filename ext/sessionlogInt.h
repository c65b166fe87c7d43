/*
** sessionlogInt.h - the map of sessionlog's inside.
**
** Dependencies point one way:
**
**   sessionlog.c                 entry point, the two registration tables
**     fn_*.c, vt_*.c             surface: SQL functions, virtual tables
**       vtab.c, func.c           what all surface files share
**         session.c event.c ...  rules: sessions, events, forks, retention
**           store.c stmt.c ...   operations, prepared statements, arguments
**                                (slStore.h)
**             ulid.c json.c ...  utilities (slUtil.h), block.c (slBlock.h)
**
** A rule file knows nothing of sqlite3_vtab or sqlite3_context; a surface
** file names no stored table. The stored tables are in sql/schema.sql, the
** statements in the other files of sql/; the build turns both into sql.h and
** sql.c.
**
** Errors are sticky. Whatever is done belongs to an operation, SlOp. Once
** SlOp.rc is set, every function that takes the SlOp returns at once and
** changes nothing, so that the main path reads as a list of steps.
*/
#ifndef SESSIONLOGINT_H
#define SESSIONLOGINT_H

#include "slStore.h"

/**************************************************************************
** Interface to code in place.c: session_writes().
*/

/* The mode as text; set it. */
const char *slWritesName(const SlDb *);
void slWritesSet(SlOp *, const char *z, i64 n);

/**************************************************************************
** Interface to code in session.c: refs, and the columns of a session.
*/

/* What the rules need of a session's row. */
struct SlSession {
  i64 iKey;      /* the integer; 0: none */
  i64 iParent;   /* parent's integer, 0: none */
  i64 iForkedAt; /* fork point, 0 without a parent */
  i64 iArchived; /* watermark */
  u32 iFound;    /* SlConn.iTenant + 1 when it was found as a living session of
                 ** the tenant, else 0: it may be another's, or a tombstone */
  char zId[27];  /* canonical id */
};

/* The session that a ref names, among the tenant's living ones. Not found:
** returns 0 and no error, and nothing is set. Ambiguous: an error. Needs
** slOpRead() (whatever it says: without tables nothing is found) or the write
** lock. NULL is not found. */
int slFind(SlOp *, sqlite3_value *pRef, SlSession *);
int slFindText(SlOp *, const char *zRef, i64 nRef, SlSession *);

/* As slFind() for the id alone: mostly without reading the session's row. */
int slFindOnlyId(SlOp *, sqlite3_value *pRef, char zId[27]);

/* The same, but not found (or NULL) is the error "no such session: REF". With
** pRef a NULL pointer (an argument left out) the current session is meant. */
void slNeed(SlOp *, sqlite3_value *pRef, SlSession *);
void slNeedText(SlOp *, const char *zRef, i64 nRef, SlSession *);

/* Forget the refs looked up lately; free what holds them. */
void slMemoClear(SlDb *);
void slMemoFree(SlDb *);

/* The connection's current session; none: error "no current session". It is in
** the connection's own database, never in another that the operation names. */
void slNeedCurrent(SlOp *, SlSession *);

/* 1 if there is a current session, and it is in the operation's database. */
int slIsCurrentDb(const SlOp *);

/* The current session, without an error where there is none. */
int slFindCurrent(SlOp *, SlSession *);

/* A living session of the tenant by its canonical id, or exact name. */
int slFindId(SlOp *, const char *zId, SlSession *);
int slFindName(SlOp *, const char *z, i64 n, SlSession *);

/* A session by its integer, tombstones too, or without them. 0: there is
** none. */
int slSessionByKey(SlOp *, i64 iKey, SlSession *);
int slSessionLiving(SlOp *, i64 iKey, SlSession *);

/* An ordinal from a stored row, 0 for what can be none. */
i64 slColumnOrdinal(sqlite3_stmt *, int i);

/* Step a statement whose rows begin with key, parent, forked_at, archived,
** id, and take the session from the row. 0: there is no row. */
int slSessionStep(SlOp *, sqlite3_stmt *, SlSession *);

/* Bind a copy of the tenant's name: another call may change it before the
** statement ends. */
void slBindTenant(SlOp *, sqlite3_stmt *, int i);

/* The columns of session_list, in order. */
enum {
  SL_COL_ID,
  SL_COL_NAME,
  SL_COL_PARENT_ID,
  SL_COL_FORKED_AT,
  SL_COL_KIND,
  SL_COL_TARGET,
  SL_COL_TARGET_CLASS,
  SL_COL_TARGET_HASH,
  SL_COL_CWD,
  SL_COL_GROUP_KEY,
  SL_COL_STATUS,
  SL_COL_CREATED_BY,
  SL_COL_APP_VERSION,
  SL_COL_SOURCE_URL,
  SL_COL_ORIGIN,
  SL_COL_PID,
  SL_COL_HOST,
  SL_COL_STARTED_AT_MS,
  SL_COL_ENDED_AT_MS,
  SL_COL_SEEN_AT_MS,
  SL_COL_PAUSED_AT_MS,
  SL_COL_PAUSE_SUMMARY,
  SL_COL_HEAD,
  SL_COL_ARCHIVED,
  SL_COL_N_EVENTS,
  SL_COL_REF,
  SL_COL_SCHEMA,
  SL_COL_LABEL,
  SL_COL_META,
  SL_COL_COUNT
};

/* Column values that were given to a new or changed session, checked and
** converted. Text is borrowed. */
typedef struct SlField SlField;
struct SlField {
  u8 bGiven; /* the column is part of the statement */
  u8 bNull;  /* ... with NULL */
  int n;     /* text columns: bytes of z */
  const char *z;
  i64 i; /* INTEGER columns (…_ms, pid, forked_at, …) */
};
typedef struct SlFields SlFields;
struct SlFields {
  SlField a[SL_COL_COUNT];
  const SlSession *pParent; /* a new fork's parent, instead of parent_id */
  char zId[27];             /* id in canonical form */
  char zParent[27];         /* parent_id, where that is given as a blob */
  char zRef[27];            /* ref, likewise */
  u8 bWhole;                /* UPDATE: the whole row is given, so that a status
                           ** like the old one was not set on purpose */
  u8 bChange;               /* UPDATE: an id that is none is no worse than any
                           ** other, all are read-only */
};

/* Set one column from a value, from text, or from an integer, with the checks
** and messages that the contract has for it. parent_id is any ref. */
void slFieldValue(SlOp *, SlFields *, int iCol, sqlite3_value *);
void slFieldText(SlOp *, SlFields *, int iCol, const char *z, i64 n);
void slFieldInt(SlOp *, SlFields *, int iCol, i64 iVal);

/* Fail with "COLUMN is read-only". */
void slFieldReadOnly(SlOp *, int iCol);

/* Name of the column; number of the column of that name (-1: none). */
const char *slColumnName(int iCol);
int slColumnIndex(const SlJson *pName);
int slColumnIsInt(int iCol);

/**************************************************************************
** Interface to code in create.c: sessions that begin and that change.
*/

/* The n-th auto name of a session with that target (NULL: none) that begins
** at iMs: the plain one for 0 and 1, or with -n. sqlite3_malloc'd. */
char *slAutoName(SlOp *, const char *zTarget, i64 nTarget, i64 iMs, int n);

/* Inside a task: make a session from what is given and defaults; label and
** meta too. Forks are sessions with parent_id. */
void slSessionCreate(SlOp *, SlFields *, SlSession *pOut);

/* As slOpWrite() for a task that ends with slSessionCreate() and writes
** nothing else: spares the inner statement where one row is all. */
void slSessionWrite(SlOp *, const SlFields *, void (*xTask)(SlOp *, void *),
                    void *pArg);

/* Inside a task: change what is given, by the rules of UPDATE session_list. */
void slSessionChange(SlOp *, i64 iKey, SlFields *);

/* 1 if the session has ended (ended_at_ms is set). */
int slSessionEnded(SlOp *, const SlSession *);

/**************************************************************************
** Interface to code in label.c: labels, meta, artifacts. Names are checked
** already, but for slLabelSet(). All that writes belongs inside a task.
*/

/* Point the label at the session (session_label()). */
void slLabelSet(SlOp *, const SlSession *, const char *z, int n, int bAtMs,
                i64 iAtMs);

/* Key of the label, 0: there is none. */
i64 slLabelKey(SlOp *, const char *z, int n);

/* Remove a label: 1, or 0 if there is none. Remove it by its key. */
int slLabelDrop(SlOp *, const char *z, int n);
void slLabelDelete(SlOp *, i64 iKey);

/* Change the label with that key: z NULL, pSession NULL and bAtMs 0 leave
** what is there. */
void slLabelChange(SlOp *, i64 iKey, const char *z, int n, const SlSession *,
                   int bAtMs, i64 iAtMs);

/* Set a meta value, which is not NULL; key of the pair, 0: there is none. */
void slMetaSet(SlOp *, const SlSession *, const char *z, int n,
               const SlEvent *);
i64 slMetaKey(SlOp *, const SlSession *, const char *z, int n);

/* Set all members of a JSON object for a session that has no meta yet. */
void slMetaJson(SlOp *, const SlSession *, const char *z, i64 n);

/* Change or remove the pair with that key: NULL leaves what is there. */
void slMetaChange(SlOp *, i64 iKey, const SlSession *, const char *z, int n,
                  const SlEvent *);
void slMetaDelete(SlOp *, i64 iKey);

/* Keep an artifact of nSize bytes; returns its key. Remove one by its key. */
i64 slArtifactAdd(SlOp *, const SlSession *, const char *z, int n, i64 iAtMs,
                  i64 nSize, const SlEvent *pContent);
void slArtifactDelete(SlOp *, i64 iKey);

/* 1 if the session itself has recorded an event, or has an artifact. */
int slHasData(SlOp *, const SlSession *);

/**************************************************************************
** Interface to code in fork.c: how sessions descend from each other.
*/

/* Replace a session by its parent, which it has. One that isn't there, or is
** not older, is a CORRUPT error. */
void slParent(SlOp *, SlSession *);

/* The ordinal up to which two sessions share their history. */
i64 slCommon(SlOp *, const SlSession *, const SlSession *);

/* A walk from a session up to its oldest ancestor, itself first. */
typedef struct SlLineage SlLineage;
struct SlLineage {
  SlSession session;   /* the present one */
  int nDepth;          /* steps from the first one */
  i64 iNext;           /* integer of the next one, 0: none */
  sqlite3_stmt *pStmt; /* stands on the present one */
};

/* Next: 1 with a session, 0 at the end. The name is that of the present one,
** SQL NULL if it has none or is removed. Close works on one that is all
** zero. */
void slLineageOpen(SlOp *, SlLineage *, const SlSession *);
int slLineageNext(SlOp *, SlLineage *);
sqlite3_value *slLineageName(const SlLineage *);
void slLineageClose(SlOp *, SlLineage *);

/* A walk over a session and what descends from it, or over all of the
** tenant's (pSession NULL), depth first. It ends at the sessions that there
** were when it was opened. Memory: 24 bytes for each sibling of the present
** session and of its ancestors. */
typedef struct SlTree SlTree;
struct SlTree {
  SlSession session;        /* the present one */
  int nDepth;               /* steps below the first one, or below a root */
  int bLast;                /* it is the last of its siblings */
  sqlite3_stmt *pKin;       /* stands on the present one */
  sqlite3_stmt *pRoots;     /* roots still to come, NULL: one was asked for */
  SlScan keys;              /* which sessions there were */
  struct SlTreeNode *aNode; /* stack of the sessions still to come */
  i64 nNode;
  i64 nNodeAlloc;
  char *zIndent; /* what is drawn before the branch; no NUL */
  i64 nIndent;   /* bytes of it that the present one has */
  i64 nIndentAlloc;
};

/* As above. slTreeLine() is the session as a line of the drawing, which the
** caller frees. */
void slTreeOpen(SlOp *, SlTree *, const SlSession *);
int slTreeNext(SlOp *, SlTree *);
sqlite3_value *slTreeName(const SlTree *);
sqlite3_value *slTreeStatus(const SlTree *);
sqlite3_value *slTreeParentId(const SlTree *);
char *slTreeLine(SlOp *, SlTree *);
void slTreeClose(SlOp *, SlTree *);

/**************************************************************************
** Interface to code in pack.c: rows into blocks, and the watermark.
*/

/* How many of the newest events session_pack() leaves as rows. */
#define SL_PACK_KEEP 8

/* Inside a task: pack the session's own rows up to ordinal iTo. The last,
** partial block is made only if it has nMin events or more. Returns the
** number of events packed. */
i64 slPack(SlOp *, const SlSession *, i64 iTo, int nMin);

/* Inside a task: what session_pack() does. All but the newest events, or all
** if the session has ended. Returns the number of events packed. */
i64 slPackIdle(SlOp *, const SlSession *);

/* Inside a task: move the watermark forward to iTo (clamped to the head) and
** pack what it hides. Returns the number of events newly hidden. */
i64 slArchive(SlOp *, SlSession *, i64 iTo);

/**************************************************************************
** Interface to code in retain.c: removing sessions.
*/

/* Inside a task: remove the session. What surviving forks read stays. The
** connection's current session is an error. */
void slSessionRemove(SlOp *, const SlSession *);

/* What session_prune() is asked to do. */
typedef struct SlPrune SlPrune;
struct SlPrune {
  i64 iAge; /* ms since the last activity, at least */
  int bAll; /* also sessions of users, and labelled ones */
  int bDry; /* only tell which */
  int bNow; /* iNow is given */
  i64 iNow;
};

/* Remove the sessions that are so old. Returns the ids as a JSON array,
** sqlite3_malloc'd. */
char *slPrune(SlOp *, const SlPrune *);

/* What session_reap() is asked to do. */
typedef struct SlReap SlReap;
struct SlReap {
  int bKnown;  /* live is given */
  SlJson live; /* a JSON array: the names that exist */
  const char *zOrigin;
  int nOrigin;
  int bNow; /* iNow is given */
  i64 iNow;
};

/* Mark sessions that are gone. Returns what was done as a JSON object,
** sqlite3_malloc'd. */
char *slReap(SlOp *, const SlReap *);

/* 1 if a process of that id is alive, or can't be asked. */
int slPidAlive(i64 iPid);

/**************************************************************************
** Interface to code in life.c: pause, resume, stop.
*/

/* What session_pause() is asked to do. */
typedef struct SlPause SlPause;
struct SlPause {
  sqlite3_value *pRef; /* the session, as for slNeed() */
  const char *zNote;   /* the summary; NULL: made from the last events */
  int nNote;
  int bAtMs; /* iAtMs is given */
  i64 iAtMs;
  char *zSummary; /* OUT: sqlite3_malloc'd */
  i64 nSummary;
};

/* Pause a session that has not ended. */
void slPause(SlOp *, SlPause *);

/* Make a paused session active again; stop one that has not ended. */
void slResume(SlOp *, sqlite3_value *pRef, SlSession *pOut);
void slStop(SlOp *, sqlite3_value *pRef, SlSession *pOut);

/* The session, if it takes commands; else a CONSTRAINT error. */
void slCommandTarget(SlOp *, sqlite3_value *pRef, SlSession *pOut);

/**************************************************************************
** Interface to code in pending.c: appended events that wait to be written.
*/

/* Forget them, but (unless bAll) not those that are being written; free the
** buffer. */
void slPendingDrop(SlConn *, int bAll);
void slPendingFree(SlConn *);

/* Have the event of that key written later, in the operation's database: 1.
** 0 if it is not of the kind that may wait, or there is no room for it: what
** waits has to be written first, by which heads may change. The write lock is
** held, and the key is free. */
int slPendingAdd(SlOp *, i64 iKey, const SlEvent *);

/* Write what waits. Those that could not be written go on waiting, unless
** the transaction was rolled back. */
void slPendingFlush(SlOp *);

/* The same for a callback without an operation: SQLite's code and message.
** bSavepoint: it is xSavepoint. */
int slPendingSync(SlConn *, int bSavepoint, char **pzErr);

/* 1 while they are being written: a TEMP trigger has called us. */
int slPendingBusy(const SlConn *);

/* Event iRow of those being written: 0 if there is none. Each is given once, in
** order: who else reads in between gets none. */
int slPendingRow(SlConn *, int iRow, i64 *piKey, SlEvent *);

/**************************************************************************
** Interface to code in event.c: append and head.
*/

/* What an append is asked to do. Text and values are borrowed. */
typedef struct SlAppend SlAppend;
struct SlAppend {
  int bSession;        /* session is known: pRef is not looked at */
  SlSession session;   /* OUT, or IN with bSession */
  sqlite3_value *pRef; /* the session, as for slNeed() */
  SlEvent event;       /* kind, key and payload, checked; iAtMs if bAtMs */
  int bAtMs;           /* the time is given, else now */
  int bExpect;         /* iExpect is given */
  i64 iExpect;         /* the ordinal that the event must get */
  i64 iKey;            /* OUT: session's integer << 32 | iOrdinal */
  i64 iOrdinal;        /* OUT: its ordinal, also that of a known key */
  SlUlid id;           /* the session's id, once bId is set; starts as 0 */
  int bId;
};

/* Append one event: waits to be written, or a slOpWriteOne() task of its own,
** inside other tasks too. A known idempotency key with the same kind and
** payload writes nothing. */
void slAppend(SlOp *, SlAppend *);

/* A statement about the event's row under the key, which SL_SQL_EVENT_INSERT
** writes and SL_SQL_EVENT_SAME looks for. */
sqlite3_stmt *slEventStmt(SlOp *, int eSql, i64 iKey, const SlEvent *);

/* Highest ordinal of the session: recorded, inherited or 0. */
i64 slHead(SlOp *, const SlSession *);

/* Own events recorded in the session (rows and blocks). */
i64 slOwnEvents(SlOp *, const SlSession *);

/* Drop what is remembered of sessions' heads; free it all. */
void slCacheClear(SlCache *);
void slCacheFree(SlCache *);

/**************************************************************************
** Interface to code in scope.c: scopes, keyed memory in two layers.
*/

/* An entry, as it is asked for, set, or shown. Everything is borrowed. */
typedef struct SlEntry SlEntry;
struct SlEntry {
  const char *zScope; /* checked name; NULL in a scan: all scopes */
  int nScope;
  const char *zKey; /* checked key; NULL in a scan: all keys */
  int nKey;
  sqlite3_value *pValue; /* not NULL; in slScopeChange(): leave it alone */
  sqlite3_value *pStep;  /* source_step, NULL pointer for NULL */
  int bStep;             /* slScopeChange(): set source_step */
  int bAtMs;             /* iAtMs is given, else it is now */
  i64 iAtMs;
  i64 iKey; /* shown and OUT: the integer that identifies it */
};

/* Set in SlEntry.iKey of entries in memory. */
#define SL_SCOPE_MEMORY ((i64)1 << 47)

/* The memory layer: set, remove (1, or 0 if there is no such key). */
void slMemorySet(SlOp *, const SlEntry *);
int slMemoryRemove(SlOp *, const SlEntry *);
void slMemoryFree(SlMemory *);

/* The store: upsert with the new entry's integer in iKey; replace what a key
** that is there holds; remove. The last two give 1, or 0 if there is no such
** key. slOpWriteOne() tasks of their own. */
void slScopePersist(SlOp *, SlEntry *);
int slScopeMutate(SlOp *, SlEntry *);
int slScopePurge(SlOp *, SlEntry *);

/* The same by the entry's integer. slScopeChange() sets what is given; a
** scope and key that are another entry's are a CONSTRAINT error. */
void slScopeChange(SlOp *, SlEntry *);
void slScopeRemove(SlOp *, i64 iKey);

/* Entries of the tenant in the store, of one scope or (NULL) of all. */
i64 slScopeCount(SlOp *, const char *zScope, int nScope);

/* A scan of the entries, those of the store by scope and key, then those in
** memory. Zeroed before slScopeOpen(); slScopeClose() always. */
enum {
  SL_LAYER_STORE = 1,
  SL_LAYER_MEMORY = 2
};
typedef struct SlScopeScan SlScopeScan;
struct SlScopeScan {
  SlEntry entry;                /* the present entry */
  int mLayer;                   /* layers still to read */
  int eSql;                     /* what pStmt is */
  sqlite3_stmt *pStmt;          /* scan of the store */
  struct SlMemoryEntry *pEntry; /* place in memory, held */
  SlScan keys;                  /* where it ends there */
  i64 iLast;   /* memory: newest entry that belongs to the scan */
  int nTenant; /* bytes of aTenant */
  int nScope;  /* bytes of aScope; 0: all scopes */
  int nKey;    /* bytes of aKey; 0: all keys */
  char aTenant[SL_MAX_NAME];
  char aScope[SL_MAX_NAME];
  char aKey[SL_MAX_NAME];
};
void slScopeOpen(SlOp *, SlScopeScan *, const SlEntry *pWhere, int mLayer);
int slScopeNext(SlOp *, SlScopeScan *);
void slScopeClose(SlOp *, SlScopeScan *);

/* 1 if the text of n bytes is in the key or (unless it is a blob) value of the
** scan's present entry, in the store; letters of ASCII in either case. */
int slScopeMatch(SlOp *, const SlScopeScan *, const char *z, i64 n);

/* How many entries a scope has. */
typedef struct SlScopeCount SlScopeCount;
struct SlScopeCount {
  char *zScope;
  i64 nMemory;
  i64 nStore;
};

/* All scopes of the tenant that have entries, and "global", by name. To be
** freed by slScopeListFree(), also after a failure. */
void slScopeList(SlOp *, SlScopeCount **paCount, int *pnCount);
void slScopeListFree(SlScopeCount *, int nCount);

/**************************************************************************
** Interface to code in flush.c: what is committed survives power loss.
*/

/* Make the operation's database durable now, whatever "synchronous" is. An
** error inside a transaction; nothing to do for one in memory. */
void slFlush(SlOp *);

/**************************************************************************
** Interface to code in reader.c: a session's history as one sequence.
*/

/* A reader, the connection's idle one or a new one; NULL: no memory. It goes
** back, closed, by slReaderFree(). slReaderDelete() is for its last. */
SlReader *slReaderNew(SlConn *);
void slReaderFree(SlReader *);
void slReaderDelete(SlReader *);

/* Position before the events iFrom..iTo (inclusive) of the session's whole
** history, inherited and archived ones included, ascending or descending.
** Clamped to what exists. */
void slReaderOpen(SlOp *, SlReader *, const SlSession *, i64 iFrom, i64 iTo,
                  int bDesc);

/* 1 and the next event, 0 at the end. slReaderKey() is its key in the session
** that recorded it. */
int slReaderNext(SlOp *, SlReader *);
i64 slReaderKey(const SlReader *);

/* The event's values; pointers live until the next call on the reader. */
void slReaderEvent(SlOp *, SlReader *, SlEvent *);

/* The same without a copy, where the event is in a block; else NULL. */
const SlEvent *slReaderPacked(const SlReader *);

/* One of its values as SQLite's, where the event is a row: quicker than
** slReaderEvent(). */
enum {
  SL_EV_KEY,
  SL_EV_AT_MS,
  SL_EV_KIND,
  SL_EV_IDEM,
  SL_EV_PAYLOAD
};
sqlite3_value *slReaderValue(SlReader *, int eColumn);

/* Id of the session that recorded it, NUL-terminated, never NULL. */
const char *slReaderOrigin(SlOp *, SlReader *);

/* Give the statements back. */
void slReaderClose(SlReader *);

/* Something may have been rolled back: open readers look what is left. */
void slReaderUndone(SlConn *);

/* The session of that integer is removed: its readers are at their end. */
void slReaderRemoved(const SlOp *, i64 iKey);

/* An event comes after the head of the session: what readers may still have to
** read above it was rolled back. */
void slReaderAppend(const SlOp *, i64 iKey, i64 iHead);

/* There are sessions that the reader's owner will read next: xList is called as
** slReaderAppend() is, for any session, once something was rolled back. It is
** so until slReaderFree(). */
typedef void (*SlReaderList)(void *pList, i64 iKey, i64 iHead);
void slReaderList(SlReader *, SlReaderList xList, void *pList);

/**************************************************************************
** Interface to code in copy.c: a session as JSON Lines.
*/

typedef struct SlExport SlExport;

/* Begin an export of the session as it is now. NULL on failure. */
SlExport *slExportOpen(SlOp *, const SlSession *);

/* The next line, sqlite3_malloc'd, *pn bytes; NULL at the end. What there is
** of it after a failure is the caller's, too. */
char *slExportLine(SlOp *, SlExport *, i64 *pn);

void slExportClose(SlExport *); /* NULL is allowed */

/**************************************************************************
** Interface to code in import.c: sessions from JSON Lines.
*/

/* Make a session, or a tree of them, of n bytes of lines. zName, checked, is
** its name, or NULL. *pOut gets the session that has the last line. */
void slImport(SlOp *, const char *z, i64 n, const char *zName, int nName,
              SlSession *pOut);

/**************************************************************************
** Interface to code in save.c: copies in files.
*/

/* Copy the database (pSession NULL) or the session to a new file, as of the
** snapshot that the operation holds. zPath is not empty. */
void slSave(SlOp *, const char *zPath, const SlSession *pSession);

/**************************************************************************
** Interface to code in check.c: damage. It goes on in check_event.c, and
** slCheck.h is between them.
*/

/* A broken rule. */
typedef struct SlFault SlFault;
struct SlFault {
  const char *zRule; /* its name, see check.c */
  char zId[27];      /* id of the session, or "" */
  i64 iOrdinal;      /* 0: none */
  char *zDetail;     /* what is wrong, owned */
};

typedef struct SlFaults SlFaults;
struct SlFaults {
  SlFault *a;
  i64 n;
  i64 nAlloc;
};

/* Check the database, or what of it is zTenant's, and add what is wrong to
** *pOut, which is all zero at first. Normal calls refuse a damaged schema;
** this one reads on. slFaultsFree() also after a failure. */
void slCheck(SlOp *, const char *zTenant, SlFaults *pOut);
void slFaultsFree(SlFaults *);

/**************************************************************************
** Interface to code in stats.c: statistics.
*/

/* The rows of session_stats, in order. */
enum {
  SL_STAT_SESSIONS,
  SL_STAT_EVENTS,
  SL_STAT_FORKS,
  SL_STAT_DEEPEST,
  SL_STAT_BYTES_ROWS,
  SL_STAT_BYTES_BLOCKS,
  SL_STAT_BYTES_ARTIFACTS,
  SL_STAT_PACKED,
  SL_STAT_ARCHIVED,
  SL_STAT_BLOCKS,
  SL_STAT_ENDED,
  SL_STAT_REMOVED,
  SL_STAT_LABELS,
  SL_STAT_META,
  SL_STAT_ARTIFACTS,
  SL_STAT_SCOPES,
  SL_STAT_SCOPE_ENTRIES,
  SL_STAT_COUNT
};

/* All of them for the connection's tenant; the name of one. */
void slStats(SlOp *, i64 aStat[SL_STAT_COUNT]);
const char *slStatName(int eStat);

#endif /* SESSIONLOGINT_H */
