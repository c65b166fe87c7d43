/*
** sessionlogInt.h - the map of sessionlog's inside.
**
** Dependencies point one way:
**
**   sessionlog.c                 entry point, the two registration tables
**     fn_*.c, vt_*.c             surface: SQL functions, virtual tables
**       vtab.c, func.c           what all surface files share
**         session.c event.c ...  rules: sessions, events, forks, retention
**           store.c              operations and prepared statements
**             ulid.c json.c ...  utilities (slUtil.h), block.c (slBlock.h)
**
** A rule file knows nothing of sqlite3_vtab or sqlite3_context; a surface
** file names no stored table. The stored tables are in sql/schema.sql, the
** statements in the other files of sql/; the build turns both into sql.h and sql.c.
**
** Errors are sticky. Whatever is done belongs to an operation, SlOp. Once
** SlOp.rc is set, every function that takes the SlOp returns at once and
** changes nothing, so that the main path reads as a list of steps.
*/
#ifndef SESSIONLOGINT_H
#define SESSIONLOGINT_H

#include <assert.h>
#include <string.h>

#include "slBlock.h"
#include "slUtil.h"
#include "sql.h"

/* The newest schema version that this build reads and writes. */
#define SL_SCHEMA 1

/* Highest ordinal of a session. */
#define SL_MAX_ORDINAL ((i64)0xffffffff)

/* Longest name, label, kind, scope or key, in bytes. */
#define SL_MAX_NAME 255

/* The key of an event: session integer and ordinal. */
#define SL_KEY(iSession, iOrdinal) (((i64)(iSession)<<32)|(i64)(iOrdinal))
#define SL_ORDINAL(iKey) ((iKey)&SL_MAX_ORDINAL)
#define SL_SESSION(iKey) ((iKey)>>32)

typedef struct SlConn SlConn;
typedef struct SlDb SlDb;
typedef struct SlOp SlOp;
typedef struct SlSession SlSession;
typedef struct SlCache SlCache;
typedef struct SlMemory SlMemory;

/**************************************************************************
** Interface to code in store.c: connections, databases, operations, and
** the only place where SQL is prepared.
*/

/* What session_writes() says. */
enum { SL_WRITES_ANY, SL_WRITES_DML, SL_WRITES_EXPLICIT };

/* What sessionlog knows of a connection. Shared by all functions and tables
** that are registered on it; freed with the last of them. */
struct SlConn {
  sqlite3 *db;             /* the connection */
  int nRef;                /* registrations that hold this object */
  char *zTenant;           /* the tenant, never NULL */
  int bLocked;             /* the tenant can't be changed any more */
  char *zSchema;           /* the database that is meant by default */
  SlDb *pDb;               /* databases used so far */
  int nDb;                 /* number of them, gives SlDb.iDb */
  int bHome;               /* the home table is connected: stmts may be kept */
  int bEnlisted;           /* one of our tables is part of the transaction */
  SlOp *pTask;             /* the operation that the task table will run */
  sqlite3_stmt *pTaskStmt; /* idle statement that runs it */
  char zCurrent[27];       /* id of the current session, or "" */
  SlBlock *pBlock;         /* idle decoder, see reader.c */
  SlMemory *pMemory;       /* scopes' memory layer, see scope.c */
};

/* What is kept of one attached database. */
struct SlDb {
  SlConn *pConn;
  SlDb *pNext;             /* next in SlConn.pDb */
  char *zName;             /* schema name as SQLite spells it */
  int iDb;                 /* 0 for main, then in order of first use */
  int bVerified;           /* the stored tables are what they should be */
  int bChecked;            /* iVersion was found good in this transaction */
  u32 iVersion;            /* SQLITE_FCNTL_DATA_VERSION of what is cached */
  int eWrites;             /* SL_WRITES_ as stored */
  int iSchema;             /* schema version as stored, 0: no tables */
  SlCache *pCache;         /* sessions recently appended to, see event.c */
  sqlite3_stmt *aStmt[SL_SQL_COUNT];  /* idle statements */
};

/* One call of a function, or one callback of a virtual table. On the C
** stack of the surface, or inside a cursor. */
struct SlOp {
  SlConn *pConn;
  SlDb *pDb;               /* the database it works on */
  int rc;                  /* SQLITE_OK, or why all the rest is skipped */
  char *zErr;              /* message for rc, or NULL for SQLite's own */
  sqlite3_stmt *pProbe;    /* holds the read snapshot until slOpEnd() */
  void (*xTask)(SlOp*, void*);  /* see slOpWrite() */
  void *pTaskArg;
  int bLockHeld;           /* inside slOpWrite() */
};

SlConn *slConnNew(sqlite3*);
void slConnRef(SlConn*);
void slConnUnref(void*);

/* Start an operation on the named database; zSchema NULL means the
** connection's. The error for an unknown one is "no such database: NAME".
** slOpEnd() releases what the operation holds, all but zErr; slOpError()
** hands over rc, with *pzErr to be freed by the caller. */
void slOpBegin(SlOp*, SlConn*, const char *zSchema);
void slOpBeginValue(SlOp*, SlConn*, sqlite3_value *pSchema);
void slOpEnd(SlOp*);

/* Make the operation fail. The first failure wins. */
void slErr(SlOp*, int rc, const char *zFmt, ...);
void slErrDb(SlOp*);              /* with the connection's present error */
void slErrRc(SlOp*, int rc);      /* with the code's own text; OK: nothing */

/* Ready the operation to read. Returns 1 if the log can be read, 0 where the
** database has no tables (not an error) or the operation has failed. The
** snapshot lasts until slOpEnd() unless a statement of the caller's holds it
** anyway. */
int slOpRead(SlOp*);

/* Run xTask(op, pArg) with the write lock held and the tables made or
** upgraded: all that it writes is undone if it fails, in every context.
** Inside xTask, slOpWrite() runs its task directly. */
void slOpWrite(SlOp*, void (*xTask)(SlOp*, void*), void *pArg);

/* As slOpWrite() for a task that writes with one statement at the most, as
** its last step that can fail: spares the inner statement where the lock is
** held already. */
void slOpWriteOne(SlOp*, void (*xTask)(SlOp*, void*), void *pArg);

/* Call in a writing function before anything else: with session_writes()
** at dml or explicit, a write that hides in an autocommit SELECT fails, and
** the message gives zDml, the statement to use. */
void slOpGuard(SlOp*, const char *zDml);

/* Now in ms, a new ULID, this host's name: an error that names zWhat where
** session_writes() is explicit. slOpHost() returns sqlite3_malloc'd text. */
i64 slOpNow(SlOp*, const char *zWhat);
void slOpUlid(SlOp*, const char *zWhat, char zId[27]);
char *slOpHost(SlOp*, const char *zWhat);

/* Borrow statement eSql (SL_SQL_...) on the operation's database, reset and
** with no bindings. NULL when the operation has failed. Give it back with
** slFree(), always, also after a failure (NULL is allowed). */
sqlite3_stmt *slStmt(SlOp*, int eSql);
void slFree(SlOp*, int eSql, sqlite3_stmt*);

/* Bind by kind, sticky. Text and value are not copied: they must live until
** slFree(). slBindValue() keeps type and bytes. */
void slBindInt(SlOp*, sqlite3_stmt*, int i, i64 iVal);
void slBindText(SlOp*, sqlite3_stmt*, int i, const char *z, i64 n);
void slBindValue(SlOp*, sqlite3_stmt*, int i, sqlite3_value*);
void slBindEvent(SlOp*, sqlite3_stmt*, int i, const SlEvent*);

/* 1 with a row, 0 at the end or on failure. */
int slStep(SlOp*, sqlite3_stmt*);

/* Run a statement that gives no rows, and give it back. */
void slRun(SlOp*, int eSql, sqlite3_stmt*);

/* Run eSql with one or two integers bound, and return the integer that its
** first row has in column 0, or iDefault without a row or with NULL. */
i64 slQueryInt(SlOp*, int eSql, i64 i1, i64 i2, i64 iDefault);

/* Copy of column i as sqlite3_malloc'd text, NULL for NULL (or failure). */
char *slColumnText(SlOp*, sqlite3_stmt*, int i);

/* Forget what is cached of the database's rows: after every write but a
** plain append. */
void slDbChanged(SlDb*);

/* Transaction callbacks, the same for all tables that write. */
void slConnEnlist(SlConn*);
void slConnCommit(SlConn*);
void slConnRollback(SlConn*);

/* Register the two internal tables; see store.c. */
int slHomeRegister(SlConn*);

/* Database of that index (SlDb.iDb), NULL if there is none. */
SlDb *slDbByIndex(SlConn*, int iDb);

/* Ready or make the tables; returns the schema version (session_init()). */
int slInit(SlOp*);

/* The schema version stored in the database, -1 where there is none. Gives
** no error for a newer one. */
i64 slSchemaVersion(SlOp*);

/* Compare the stored schema with sql/schema.sql, and call xFault for each
** object that is missing, altered or foreign: bTable if it is one of our
** tables, zFault says what is wrong, to be freed (NULL: no memory). Returns
** the number of objects that bear our names. */
typedef void (*SlSchemaFault)(SlOp*, void *pArg, int bTable, char *zFault);
int slSchemaCheck(SlOp*, SlSchemaFault xFault, void *pArg);

/* The text of a statement with $db replaced by the quoted schema name.
** sqlite3_malloc'd; NULL when out of memory. */
char *slSqlFor(const char *zText, const char *zSchema);

/**************************************************************************
** Interface to code in value.c: arguments.
*/

/* An INTEGER argument: INTEGER, integral REAL or decimal text; else a
** MISMATCH "invalid ARG: VALUE". NULL gives iNull. */
i64 slArgInt(SlOp*, const char *zArg, sqlite3_value*, i64 iNull);

/* 1 if the value is NULL or a NULL pointer (an argument left out). */
int slArgNull(sqlite3_value*);

/* A name-like argument: text (numbers count as their text), 1 to 255 bytes
** of valid UTF-8 without NUL. With bTrim ASCII white space is cut at both
** ends. The text is owned by the value; *pn is its length. Blobs are a
** MISMATCH, NULL and everything else "invalid ARG: ...". */
const char *slArgName(SlOp*, const char *zArg, sqlite3_value*, int bTrim,
                      int *pn);

/* The same test for text that is not a value. */
const char *slCheckName(SlOp*, const char *zArg, const char *z, i64 n,
                        int bTrim, int *pn);

/* Descriptive text of any length: NULL gives NULL, numbers count as their
** text, blobs are a MISMATCH. */
const char *slArgText(SlOp*, const char *zArg, sqlite3_value*, int *pn);

/* An age: as slArgInt(), or text such as '15m'. NULL is an error. */
i64 slArgAge(SlOp*, const char *zArg, sqlite3_value*);

/* The value as it should stand in a message, at most 60 bytes of it: text
** as it is, NULL, numbers, x'…' for blobs. sqlite3_malloc'd. */
char *slShow(sqlite3_value*);

/* An event's payload, or any value, in SlEvent's form. Borrowed. */
void slEventFromValue(SlOp*, SlEvent*, sqlite3_value*);

/* The same from JSON: text as it is, an array or object as its JSON text,
** true and false as 1 and 0. *pzFree is text to be freed after use, or NULL. */
void slEventFromJson(SlOp*, SlEvent*, const SlJson*, char **pzFree);

/* slArgInt() and slArgName() of JSON values. *pzFree as above. */
i64 slJsonArgInt(SlOp*, const char *zArg, const SlJson*);
const char *slJsonArgName(SlOp*, const char *zArg, const SlJson*, int bTrim,
                          int *pn, char **pzFree);

/**************************************************************************
** Interface to code in session.c: sessions, refs, labels, meta, artifacts.
*/

/* What the rules need of a session's row. */
struct SlSession {
  i64 iKey;                /* the integer; 0: none */
  i64 iParent;             /* parent's integer, 0: none */
  i64 iForkedAt;           /* fork point, 0 without a parent */
  i64 iArchived;           /* watermark */
  char zId[27];            /* canonical id */
};

/* The session that a ref names, among the tenant's living ones. Not found:
** returns 0 and no error. Ambiguous: an error. Needs slOpRead() or the write
** lock. NULL is not found. */
int slFind(SlOp*, sqlite3_value *pRef, SlSession*);
int slFindText(SlOp*, const char *zRef, i64 nRef, SlSession*);

/* The same, but not found (or NULL) is the error "no such session: REF". With
** pRef a NULL pointer (an argument left out) the current session is meant. */
void slNeed(SlOp*, sqlite3_value *pRef, SlSession*);
void slNeedText(SlOp*, const char *zRef, i64 nRef, SlSession*);

/* The connection's current session; none: error "no current session". It is in
** the connection's own database, never in another that the operation names. */
void slNeedCurrent(SlOp*, SlSession*);

/* A session by its integer, tombstones too. 0: there is none. */
int slSessionByKey(SlOp*, i64 iKey, SlSession*);

/* The columns of session_list, in order. */
enum {
  SL_COL_ID, SL_COL_NAME, SL_COL_PARENT_ID, SL_COL_FORKED_AT, SL_COL_KIND,
  SL_COL_TARGET, SL_COL_TARGET_CLASS, SL_COL_TARGET_HASH, SL_COL_CWD,
  SL_COL_GROUP_KEY, SL_COL_STATUS, SL_COL_CREATED_BY, SL_COL_APP_VERSION,
  SL_COL_SOURCE_URL, SL_COL_ORIGIN, SL_COL_PID, SL_COL_HOST,
  SL_COL_STARTED_AT_MS, SL_COL_ENDED_AT_MS, SL_COL_SEEN_AT_MS,
  SL_COL_PAUSED_AT_MS, SL_COL_PAUSE_SUMMARY, SL_COL_HEAD, SL_COL_ARCHIVED,
  SL_COL_N_EVENTS, SL_COL_REF, SL_COL_SCHEMA, SL_COL_LABEL, SL_COL_META,
  SL_COL_COUNT
};

/* Column values that were given to a new or changed session, checked and
** converted. Text is borrowed. */
typedef struct SlField SlField;
struct SlField {
  u8 bGiven;               /* the column is part of the statement */
  u8 bNull;                /* ... with NULL */
  int n;                   /* text columns: bytes of z */
  const char *z;
  i64 i;                   /* INTEGER columns (…_ms, pid, forked_at, …) */
};
typedef struct SlFields SlFields;
struct SlFields {
  SlField a[SL_COL_COUNT];
};

/* Set one column from a value, from text, or from an integer, with the checks
** and messages that the contract has for it. parent_id is any ref. */
void slFieldValue(SlOp*, SlFields*, int iCol, sqlite3_value*);
void slFieldText(SlOp*, SlFields*, int iCol, const char *z, i64 n);
void slFieldInt(SlOp*, SlFields*, int iCol, i64 iVal);

/* Name of the column; number of the column of that name (-1: none). */
const char *slColumnName(int iCol);
int slColumnIndex(const char *zName, i64 nName);

/* Inside a task: make a session from what is given and defaults; label and
** meta too. Forks are sessions with parent_id. */
void slSessionCreate(SlOp*, SlFields*, SlSession *pOut);

/* Inside a task: change what is given, by the rules of UPDATE session_list. */
void slSessionChange(SlOp*, i64 iKey, SlFields*);

/* Inside a task: point the label at the session (session_label()). */
void slLabelSet(SlOp*, const SlSession*, const char *z, int n, int bAtMs,
                i64 iAtMs);

/**************************************************************************
** Interface to code in pack.c: rows into blocks, and the watermark.
*/

/* How many of the newest events session_pack() leaves as rows. */
#define SL_PACK_KEEP 8

/* Inside a task: pack the session's own rows up to ordinal iTo. The last,
** partial block is made only if it has nMin events or more. Returns the
** number of events packed. */
i64 slPack(SlOp*, const SlSession*, i64 iTo, int nMin);

/* Inside a task: move the watermark forward to iTo (clamped to the head) and
** pack what it hides. Returns the number of events newly hidden. */
i64 slArchive(SlOp*, SlSession*, i64 iTo);

/**************************************************************************
** Interface to code in retain.c: removing sessions.
*/

/* Inside a task: remove the session. What surviving forks read stays. The
** connection's current session is an error. */
void slSessionRemove(SlOp*, const SlSession*);

/**************************************************************************
** Interface to code in event.c: append and head.
*/

/* What an append is asked to do. Text and values are borrowed. */
typedef struct SlAppend SlAppend;
struct SlAppend {
  int bSession;            /* session is known: pRef is not looked at */
  SlSession session;       /* OUT, or IN with bSession */
  sqlite3_value *pRef;     /* the session, as for slNeed() */
  SlEvent event;           /* kind, key and payload, checked; iAtMs if bAtMs */
  int bAtMs;               /* the time is given, else now */
  int bExpect;             /* iExpect is given */
  i64 iExpect;             /* the ordinal that the event must get */
  i64 iKey;                /* OUT: session's integer << 32 | iOrdinal */
  i64 iOrdinal;            /* OUT: its ordinal, also that of a known key */
};

/* Append one event: a slOpWriteOne() task of its own, inside other tasks too.
** A known idempotency key with the same kind and payload writes nothing. */
void slAppend(SlOp*, SlAppend*);

/* Highest ordinal of the session: recorded, inherited or 0. */
i64 slHead(SlOp*, const SlSession*);

/* Own events recorded in the session (rows and blocks). */
i64 slOwnEvents(SlOp*, const SlSession*);

/* Drop what is remembered of sessions' heads; free it all. */
void slCacheClear(SlCache*);
void slCacheFree(SlCache*);

/**************************************************************************
** Interface to code in scope.c: the memory layer.
*/

void slMemoryFree(SlMemory*);

/**************************************************************************
** Interface to code in reader.c: a session's history as one sequence.
*/

typedef struct SlReader SlReader;

SlReader *slReaderNew(void);
void slReaderFree(SlReader*);            /* slReaderClose() first */

/* Position before the events iFrom..iTo (inclusive) of the session's whole
** history, inherited and archived ones included, ascending or descending.
** Clamped to what exists. */
void slReaderOpen(SlOp*, SlReader*, const SlSession*, i64 iFrom, i64 iTo,
                  int bDesc);

/* 1 and the next event, 0 at the end. *piKey is its key in the session that
** recorded it. */
int slReaderNext(SlOp*, SlReader*);
i64 slReaderKey(const SlReader*);

/* The event's values; pointers live until the next call on the reader. */
void slReaderEvent(SlOp*, SlReader*, SlEvent*);

/* One of them as a value of SQLite's, where the event is a row: quicker than
** slReaderEvent(). NULL pointer: it is in a block. */
enum { SL_EV_KEY, SL_EV_AT_MS, SL_EV_KIND, SL_EV_IDEM, SL_EV_PAYLOAD };
sqlite3_value *slReaderValue(SlReader*, int eColumn);

/* Id of the session that recorded it, NUL-terminated, never NULL. */
const char *slReaderOrigin(SlOp*, SlReader*);

/* Give the statements back. */
void slReaderClose(SlReader*);

#endif /* SESSIONLOGINT_H */
