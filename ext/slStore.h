/*
** slStore.h - the room below the rules: connections, databases, operations,
** prepared statements and arguments.
**
** It is included by way of sessionlogInt.h, which is the map.
*/
#ifndef SL_STORE_H
#define SL_STORE_H

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
#define SL_KEY(iSession, iOrdinal)                                             \
  ((i64)((u64)(iSession) << 32) | (i64)(iOrdinal))
#define SL_ORDINAL(iKey) (SL_MAX_ORDINAL & (iKey))
#define SL_SESSION(iKey) ((iKey) >> 32)

typedef struct SlConn SlConn;
typedef struct SlDb SlDb;
typedef struct SlOp SlOp;
typedef struct SlSession SlSession;
typedef struct SlCache SlCache;
typedef struct SlMemory SlMemory;
typedef struct SlPending SlPending;
typedef struct SlReader SlReader;
typedef struct SlScan SlScan;
typedef struct SlMemo SlMemo;

/**************************************************************************
** Interface to code in store.c: connections, databases, operations.
*/

/* What session_writes() says. */
enum {
  SL_WRITES_ANY,
  SL_WRITES_DML,
  SL_WRITES_EXPLICIT
};

/* What sessionlog knows of a connection. Shared by all functions and tables
** that are registered on it; freed with the last of them. */
struct SlConn {
  sqlite3 *db;             /* the connection */
  int nRef;                /* registrations that hold this object */
  char *zTenant;           /* the tenant, never NULL */
  u32 iTenant;             /* counts its changes */
  int bLocked;             /* the tenant can't be changed any more */
  char *zSchema;           /* the database that is meant by default */
  SlDb *pDb;               /* databases used so far */
  int nDb;                 /* number of them, gives SlDb.iDb */
  int bHome;               /* the home table is connected: stmts may be kept */
  int bEnlisted;           /* one of our tables is part of the transaction */
  SlOp *pTask;             /* the operation that the task table will run */
  sqlite3_stmt *pTaskStmt; /* idle statement that runs it */
  char zCurrent[27];       /* id of the current session, or "" */
  SlReader *pReader;       /* idle reader, see reader.c */
  SlReader *pOpen;         /* readers that are open */
  SlScan *pScan;           /* other scans that are open */
  SlBlock *pBlock;         /* idle decoder, see reader.c */
  SlPacker *pPacker;       /* idle packer, see pack.c */
  SlPending *pPending;     /* events that wait to be written, see pending.c */
  SlDb *pBurst;            /* where the last statement of ours was an append */
  SlMemory *pMemory;       /* scopes' memory layer, see scope.c */
};

/* What is kept of one attached database. */
struct SlDb {
  SlConn *pConn;
  SlDb *pNext;   /* next in SlConn.pDb */
  char *zName;   /* schema name as SQLite spells it */
  int iDb;       /* 0 for main, then in order of first use */
  int bVerified; /* the stored tables are what they should be */
  int bMarked;   /* see slDbMark() */
  int bChecked;  /* iVersion was found good in this transaction */
  i64 iRemoved;  /* highest integer of a session removed in this transaction */
  u32 iVersion;  /* SQLITE_FCNTL_DATA_VERSION of what is cached */
  int eWrites;   /* SL_WRITES_ as stored */
  i64 iSchema;   /* schema version as stored, 0: not known */
  SlCache *pCache; /* sessions recently appended to, see event.c */
  int bUtf16;      /* its text is not UTF-8 */
  u32 iMemoTenant; /* SlConn.iTenant of what is in aMemo */
  SlMemo *aMemo;   /* refs looked up lately, or NULL: session.c */
  sqlite3_stmt *aStmt[SL_SQL_COUNT]; /* idle statements */
};

/* One call of a function, or one callback of a virtual table. On the C
** stack of the surface, or inside a cursor. */
struct SlOp {
  SlConn *pConn;
  SlDb *pDb;                     /* the database it works on */
  int rc;                        /* SQLITE_OK, or why all the rest is skipped */
  char *zErr;                    /* message for rc, or NULL for SQLite's own */
  int bStable;                   /* nothing read since the caches were made has
                           ** changed, and nothing can until slOpEnd() */
  int bAppend;                   /* the task is an append: no session changes */
  int eProbe;                    /* which statement pProbe is */
  sqlite3_stmt *pProbe;          /* holds the read snapshot until slOpEnd() */
  void (*xTask)(SlOp *, void *); /* see slOpWrite() */
  void *pTaskArg;
  int bLockHeld; /* inside slOpWrite() */
};

SlConn *slConnNew(sqlite3 *);
void slConnRef(SlConn *);
void slConnUnref(void *);

/* Start an operation on the named database; zSchema NULL means the
** connection's. The error for an unknown one is "no such database: NAME".
** slOpEnd() releases what the operation holds, all but zErr, which the caller
** frees. */
void slOpBegin(SlOp *, SlConn *, const char *zSchema);
void slOpBeginValue(SlOp *, SlConn *, sqlite3_value *pSchema);
void slOpEnd(SlOp *);

/* Make the operation fail. The first failure wins. */
void slErr(SlOp *, int rc, const char *zFmt, ...);
void slErrDb(SlOp *);         /* with the connection's present error */
void slErrRc(SlOp *, int rc); /* with the code's own text; OK: nothing */

/* Ready the operation to read. Returns 1 if the log can be read, 0 where the
** database has no tables (not an error) or the operation has failed. The
** snapshot lasts until slOpEnd() unless a statement of the caller's holds it
** anyway. */
int slOpRead(SlOp *);

/* Run xTask(op, pArg) with the write lock held and the tables made or
** upgraded: all that it writes is undone if it fails, in every context.
** Inside xTask, slOpWrite() runs its task directly. */
void slOpWrite(SlOp *, void (*xTask)(SlOp *, void *), void *pArg);

/* As slOpWrite() for a task that writes with one statement at the most, as
** its last step that can fail: spares the inner statement where the lock is
** held already. */
void slOpWriteOne(SlOp *, void (*xTask)(SlOp *, void *), void *pArg);

/* Call in a writing function before anything else: with session_writes()
** at dml or explicit, a write that hides in an autocommit SELECT fails, and
** the message gives zDml, the statement to use. */
void slOpGuard(SlOp *, const char *zDml);

/* Now in ms, a new ULID, this host's name, this process: an error that names
** zWhat where session_writes() is explicit. slOpHost() returns sqlite3_malloc'd
** text. */
i64 slOpNow(SlOp *, const char *zWhat);
void slOpUlid(SlOp *, const char *zWhat, char zId[27]);
char *slOpHost(SlOp *, const char *zWhat);
i64 slOpPid(SlOp *, const char *zWhat);

/* The same error for a zWhat that was read from this machine's files. */
void slOpDrawn(SlOp *, const char *zWhat);

/* Forget what is cached of the database's rows: after every write but a
** plain append. */
void slDbChanged(SlDb *);

/* Transaction callbacks, the same for all tables that write. */
void slConnEnlist(SlConn *);
void slConnCommit(SlConn *);
void slConnRollback(SlConn *, int bAll);
int slConnSavepoint(SlConn *, char **pzErr);

/* Database of that index (SlDb.iDb), which is that of a row that was read. */
SlDb *slDbByIndex(SlConn *, int iDb);

/* Ready or make the tables; returns the schema version (session_init()). */
int slInit(SlOp *);

/* The schema version stored in the database, -1 where there is none. Gives
** no error for a newer one. */
i64 slSchemaVersion(SlOp *);

/* Compare the stored schema with sql/schema.sql, and call xFault for each
** object that is missing, altered or foreign: zFault says what is wrong, to be
** freed (NULL: no memory). Returns the number of objects that bear our names.
*/
enum {
  SL_FAULT_FOREIGN, /* altered, or none of ours */
  SL_FAULT_LACKS,   /* an index or a trigger lacks */
  SL_FAULT_NO_TABLE /* a table lacks */
};
typedef void (*SlSchemaFault)(SlOp *, void *pArg, int eFault, char *zFault);
int slSchemaCheck(SlOp *, SlSchemaFault xFault, void *pArg);

/* The text of a statement with $db replaced by the quoted schema name.
** sqlite3_malloc'd; NULL when out of memory. */
char *slSqlFor(const char *zText, const char *zSchema);

/* The body of the task table: run the operation's task. */
void slOpRunTask(SlOp *);

/**************************************************************************
** Interface to code in home.c: the internal tables.
*/
#define SL_HOME    "sessionlog_home"
#define SL_TASK    "sessionlog_task"
#define SL_PENDING "sessionlog_pending"
int slHomeRegister(SlConn *);

/**************************************************************************
** Interface to code in stmt.c: the only place where SQL is prepared.
*/

/* Prepare statement eSql afresh, the caller's to finalize; slStmt() is for
** all but DDL. */
sqlite3_stmt *slPrepare(SlOp *, int eSql);

/* The statement that runs a task: put back into SlConn.pTaskStmt or
** finalized by the caller. */
sqlite3_stmt *slTaskStmt(SlOp *);

/* Finalize the idle statements of a database. */
void slDbFinalize(SlDb *);

/* Borrow statement eSql (SL_SQL_...) on the operation's database, reset and
** with no bindings. Events that wait (pending.c) are written before. NULL when
** the operation has failed. Give it back with slFree(), always, also after a
** failure (NULL is allowed). */
sqlite3_stmt *slStmt(SlOp *, int eSql);
void slFree(SlOp *, int eSql, sqlite3_stmt *);

/* Bind by kind, sticky. Text and value are not copied: they must live until
** slFree(). slBindValue() keeps type and bytes. */
void slBindInt(SlOp *, sqlite3_stmt *, int i, i64 iVal);
void slBindText(SlOp *, sqlite3_stmt *, int i, const char *z, i64 n);
void slBindValue(SlOp *, sqlite3_stmt *, int i, sqlite3_value *);
void slBindEvent(SlOp *, sqlite3_stmt *, int i, const SlEvent *);

/* 1 with a row, 0 at the end or on failure. */
int slStep(SlOp *, sqlite3_stmt *);

/* Step a statement that writes to its end: PRAGMA count_changes makes it give
** a row. Returns SQLite's code, SQLITE_DONE for success. */
int slStepAll(sqlite3_stmt *);

/* Fail if it does not write, because an authorizer said SQLITE_IGNORE. SQLite
** asks when it prepares, also when it does so again by itself: so this is for
** after the step. No statement is kept that an authorizer has had a say in. */
void slMustWrite(SlOp *, sqlite3_stmt *);

/* Run a statement that writes, and give it back. */
void slRun(SlOp *, int eSql, sqlite3_stmt *);

/* Run eSql with up to two integers bound, and return the integer that its
** first row has in column 0 (0 for NULL), or iDefault without a row. */
i64 slQueryInt(SlOp *, int eSql, i64 i1, i64 i2, i64 iDefault);

/* The text of column i, which every row has: NULL there is damage, and so the
** error. Sets *pn to its bytes. */
const char *slStmtText(SlOp *, sqlite3_stmt *, int i, int *pn);

/* The bytes of column i, read from a table. Sets *pn to their number. */
const void *slStmtBlob(SlOp *, sqlite3_stmt *, int i, int *pn);

/* Copy of it as sqlite3_malloc'd text, NULL on failure. */
char *slColumnText(SlOp *, sqlite3_stmt *, int i);

/**************************************************************************
** Interface to code in scan.c: where scans of sessions, labels, meta data,
** artifacts and scopes end.
*/

/* An open scan of one of the tables whose rows come and go. It ends at the
** highest key that there was when it began, and no new row gets that key, or
** a lower one, before the scan has ended. */
struct SlScan {
  SlScan *pNext; /* next in SlConn.pScan */
  SlDb *pDb;     /* NULL: not open */
  int eMax;      /* the statement that gives the highest key */
  i64 iMax;      /* what it gave */
};

/* Begin a scan: the highest key. */
i64 slScanBegin(SlOp *, SlScan *, int eMax);

/* The same of a row that is known, and no others. */
void slScanOne(SlOp *, SlScan *, int eMax, i64 iKey);

/* End it. May be called again, and on a zeroed one. */
void slScanEnd(SlConn *, SlScan *);

/* The highest key that an open scan knows, 0: there is none. */
i64 slScanTop(const SlOp *, int eMax);

/* Bind the key of a new row to parameter i: NULL, for SQLite to choose, unless
** a scan is open. */
void slBindKey(SlOp *, sqlite3_stmt *, int i, int eMax);

/**************************************************************************
** Interface to code in value.c: arguments.
*/

/* 1 and the number if the value is INTEGER, integral REAL or decimal text. */
int slValueInt(sqlite3_value *, i64 *);

/* An INTEGER argument: as slValueInt(); else a MISMATCH "invalid ARG: VALUE".
** NULL gives iNull. */
i64 slArgInt(SlOp *, const char *zArg, sqlite3_value *, i64 iNull);

/* 1 if the value is NULL or a NULL pointer (an argument left out). */
int slArgNull(sqlite3_value *);

/* A name-like argument: text (numbers count as their text), 1 to 255 bytes
** of valid UTF-8 without NUL. With bTrim ASCII white space is cut at both
** ends. The text is owned by the value; *pn is its length. Blobs are a
** MISMATCH, NULL and everything else "invalid ARG: ...". */
const char *slArgName(SlOp *, const char *zArg, sqlite3_value *, int bTrim,
                      int *pn);

/* The same test for text that is not a value. */
const char *slCheckName(SlOp *, const char *zArg, const char *z, i64 n,
                        int bTrim, int *pn);

/* Descriptive text of any length: NULL gives NULL, numbers count as their
** text, blobs are a MISMATCH. */
const char *slArgText(SlOp *, const char *zArg, sqlite3_value *, int *pn);

/* An age: as slArgInt(), or text such as '15m'. NULL is an error. */
i64 slArgAge(SlOp *, const char *zArg, sqlite3_value *);

/* The value as it should stand in a message, at most 60 bytes of it: text
** as it is, NULL, numbers, x'…' for blobs. sqlite3_malloc'd. */
char *slShow(sqlite3_value *);

/* Fail with "invalid ARG: VALUE". */
void slInvalid(SlOp *, int rc, const char *zArg, sqlite3_value *);

/* An event's payload, or any value, in SlEvent's form. Borrowed. */
void slEventFromValue(SlOp *, SlEvent *, sqlite3_value *);

/* The same from JSON: text as it is, an array or object as its JSON text,
** true and false as 1 and 0. *pzFree is text to be freed after use, or NULL. */
void slEventFromJson(SlOp *, SlEvent *, const SlJson *, char **pzFree);

/* The text of a JSON value, to be freed: true and false are 1 and 0, an array
** or object is its JSON text. NULL: no memory. */
char *slJsonArgText(SlOp *, const SlJson *, i64 *pn);

/* slArgInt() and slArgName() of JSON values. *pzFree as above. */
i64 slJsonArgInt(SlOp *, const char *zArg, const SlJson *);
const char *slJsonArgName(SlOp *, const char *zArg, const SlJson *, int bTrim,
                          int *pn, char **pzFree);

#endif /* SL_STORE_H */
