/*
** slSurface.h - what the SQL surface shares: how a function and a virtual
** table are described, registered and called.
**
** A SQL function is one row in aFunc[] of sessionlog.c and one C function of
** type SlFuncCall in a fn_*.c file. A virtual table is one row in apTable[]
** and one SlTable in a vt_*.c file. What is in neither does not exist.
*/
#ifndef SLSURFACE_H
#define SLSURFACE_H

#include "sessionlogInt.h"

/**************************************************************************
** Interface to code in func.c: SQL functions.
*/

/* The body of a SQL function. The operation is begun on the connection's
** database; what it ends with in pOp->rc becomes the SQL error, else the
** result is what the body has set (NULL if nothing). */
typedef void (*SlFuncCall)(SlOp *, sqlite3_context *, int, sqlite3_value **);

/* A row of the registration table. */
typedef struct SlFunc SlFunc;
struct SlFunc {
  const char *zName;
  int nMin; /* fewest and most arguments */
  int nMax;
  int mFlags; /* SQLITE_INNOCUOUS, _DETERMINISTIC, _DIRECTONLY,
                           ** SL_ANYWHERE, SL_PURE */
  SlFuncCall xCall;
};

/* The function works also where the connection's database is not attached
** any more: SlOp.pDb may be NULL. */
#define SL_ANYWHERE 0x40000000

/* The function looks at no database: SlOp.pDb is NULL. */
#define SL_PURE 0x20000000

int slFuncRegister(SlConn *, const SlFunc *);

/* Set the result to text of n bytes (copied), or to sqlite3_malloc'd text
** that SQLite then owns; NULL gives NULL. Nothing when the op has failed. */
void slResultText(SlOp *, sqlite3_context *, const char *z, i64 n);
void slResultOwned(SlOp *, sqlite3_context *, char *z);
void slResultInt(SlOp *, sqlite3_context *, i64 iVal);
void slResultEvent(sqlite3_context *, const SlEvent *, sqlite3_destructor_type);

/**************************************************************************
** Interface to code in vtab.c: eponymous virtual tables.
*/

typedef struct SlTable SlTable;
typedef struct SlCursor SlCursor;

/* A hidden argument, kept for xColumn. Numbers, NULL and short text are kept
** in place, all else as a copy of the value. */
typedef struct SlHeld SlHeld;
struct SlHeld {
  sqlite3_value *pVal; /* the copy, or NULL */
  i64 i;               /* of an INTEGER */
  int eType;           /* SQLITE_INTEGER, _NULL, _TEXT */
  int n;               /* bytes of the text */
  char z[40];
};

/* The beginning of every cursor. */
struct SlCursor {
  sqlite3_vtab_cursor base;
  const SlTable *pTable;
  SlOp op;     /* begun in xFilter, on the database of "schema" */
  SlScan scan; /* where the scan ends, if xFilter begins one */
  i64 iRowid;  /* rowid of the present row; see SL_ROWID */
  int bEof;
  u32 mArg;       /* columns whose value is in aArg */
  int nArg;       /* number of them */
  SlHeld aArg[6]; /* hidden arguments as given, for xColumn */
};

enum {
  SL_INSERT,
  SL_UPDATE,
  SL_DELETE
};

/* A virtual table: a row of the registration table. */
struct SlTable {
  const char *zName;
  const char *zDecl; /* columns for sqlite3_declare_vtab(): "a, b, …" */
  u32 mEq;           /* columns whose "=" is passed to xFilter */
  u32 mHidden;       /* of these, arguments: hidden columns, which must
                           ** be usable and are not checked by SQLite again */
  int iSchema;       /* number of the hidden column "schema" */
  int bFixed;        /* no row is ever changed; rowids are stored keys */
  int nCursor;       /* bytes of a cursor, SlCursor first */

  /* May improve the plan after mEq is dealt with: *piArg is the next free
  ** argvIndex, mUsed the columns whose "=" is passed. Costs and order. */
  int (*xPlan)(sqlite3_index_info *, u32 mUsed, int *piArg);

  /* Begin a scan: the cursor stands on its first row, or bEof is set. mArg
  ** tells which columns' "=" is given; slFilterArg() finds the value. What
  ** xPlan has added comes after these. idxStr is as xPlan left it. */
  void (*xFilter)(SlOp *, SlCursor *, u32 mArg, const char *zPlan,
                  sqlite3_value **apArg);
  void (*xNext)(SlOp *, SlCursor *);

  /* A column's value; hidden arguments are dealt with by vtab.c. */
  void (*xColumn)(SlOp *, SlCursor *, sqlite3_context *, int iCol);

  /* Let go of all that the cursor holds (statements, memory). The cursor
  ** may be filtered again. Works on one that never was. May be NULL. */
  void (*xReset)(SlCursor *);

  /* INSERT, UPDATE, DELETE: iKey is the key part of the old row's rowid,
  ** apCol the new values by column (none for DELETE). *piKey gets the key
  ** part of the new row's. NULL: the table is read-only. */
  void (*xWrite)(SlOp *, int eWrite, i64 iKey, sqlite3_value **apCol,
                 i64 *piKey);
};

/* Rowid of a row: its key in the stored table, and which database. A key that
** leaves no room for that is damage, and so the error. */
#define SL_ROWID(pDb, iKey) (((i64)(pDb)->iDb << 48) | (i64)(iKey))
i64 slRowid(SlOp *, i64 iKey);

int slTableRegister(SlConn *, const SlTable *);

/* The value given for column iCol, or a NULL pointer. */
sqlite3_value *slFilterArg(u32 mArg, int iCol, sqlite3_value **apArg);

/* How many values of mArg there are: apArg[that] is xPlan's first own. */
int slFilterCount(u32 mArg);

/* In xWrite of UPDATE: 1 if the statement leaves the column alone. */
int slUnchanged(sqlite3_value *);

/* The names of the columns: "id" for 0 of session_list. Not for messages of
** hidden ones. Used by "COLUMN is read-only". */
void slReadOnly(SlOp *, const char *zColumn);

/**************************************************************************
** The bodies, by file. Keep in the order of sessionlog.c.
*/

/* fn_id.c */
void slFnUlid(SlOp *, sqlite3_context *, int, sqlite3_value **);
void slFnUlidMs(SlOp *, sqlite3_context *, int, sqlite3_value **);
void slFnUlidText(SlOp *, sqlite3_context *, int, sqlite3_value **);
void slFnUlidBlob(SlOp *, sqlite3_context *, int, sqlite3_value **);
void slFnUlidUuid(SlOp *, sqlite3_context *, int, sqlite3_value **);
void slFnVersion(SlOp *, sqlite3_context *, int, sqlite3_value **);
void slFnSourceId(SlOp *, sqlite3_context *, int, sqlite3_value **);

/* fn_place.c */
void slFnCurrent(SlOp *, sqlite3_context *, int, sqlite3_value **);
void slFnUse(SlOp *, sqlite3_context *, int, sqlite3_value **);
void slFnTenant(SlOp *, sqlite3_context *, int, sqlite3_value **);
void slFnSchema(SlOp *, sqlite3_context *, int, sqlite3_value **);
void slFnInit(SlOp *, sqlite3_context *, int, sqlite3_value **);
void slFnSchemaVersion(SlOp *, sqlite3_context *, int, sqlite3_value **);
void slFnWrites(SlOp *, sqlite3_context *, int, sqlite3_value **);

/* fn_session.c */
void slFnStart(SlOp *, sqlite3_context *, int, sqlite3_value **);
void slFnOpen(SlOp *, sqlite3_context *, int, sqlite3_value **);
void slFnFind(SlOp *, sqlite3_context *, int, sqlite3_value **);
void slFnEnd(SlOp *, sqlite3_context *, int, sqlite3_value **);
void slFnTouch(SlOp *, sqlite3_context *, int, sqlite3_value **);
void slFnLabel(SlOp *, sqlite3_context *, int, sqlite3_value **);
void slFnUnlabel(SlOp *, sqlite3_context *, int, sqlite3_value **);
void slFnPromote(SlOp *, sqlite3_context *, int, sqlite3_value **);
void slFnMetaGet(SlOp *, sqlite3_context *, int, sqlite3_value **);
void slFnMetaSet(SlOp *, sqlite3_context *, int, sqlite3_value **);
void slFnHasData(SlOp *, sqlite3_context *, int, sqlite3_value **);
void slFnTargetHash(SlOp *, sqlite3_context *, int, sqlite3_value **);
void slFnGroupKey(SlOp *, sqlite3_context *, int, sqlite3_value **);
void slFnAutoName(SlOp *, sqlite3_context *, int, sqlite3_value **);

/* vt_list.c, vt_label.c, vt_meta.c, vt_artifact.c */
extern const SlTable slTableList;
extern const SlTable slTableLabels;
extern const SlTable slTableMeta;
extern const SlTable slTableArtifacts;

/* fn_event.c */
void slFnAppend(SlOp *, sqlite3_context *, int, sqlite3_value **);
void slFnAppendJson(SlOp *, sqlite3_context *, int, sqlite3_value **);
void slFnHead(SlOp *, sqlite3_context *, int, sqlite3_value **);

/* vt_event.c */
extern const SlTable slTableEvents;
extern const SlTable slTableSince;
extern const SlTable slTableTail;
extern const SlTable slTableArchived;

/* fn_copy.c */
void slFnSave(SlOp *, sqlite3_context *, int, sqlite3_value **);
void slFnImport(SlOp *, sqlite3_context *, int, sqlite3_value **);

/* vt_export.c */
extern const SlTable slTableExport;

/* vt_check.c */
extern const SlTable slTableCheck;
extern const SlTable slTableStats;

/* fn_scope.c */
void slFnRemember(SlOp *, sqlite3_context *, int, sqlite3_value **);
void slFnRecall(SlOp *, sqlite3_context *, int, sqlite3_value **);
void slFnForget(SlOp *, sqlite3_context *, int, sqlite3_value **);
void slFnPersist(SlOp *, sqlite3_context *, int, sqlite3_value **);
void slFnRetrieve(SlOp *, sqlite3_context *, int, sqlite3_value **);
void slFnMutate(SlOp *, sqlite3_context *, int, sqlite3_value **);
void slFnPurge(SlOp *, sqlite3_context *, int, sqlite3_value **);
void slFnFlush(SlOp *, sqlite3_context *, int, sqlite3_value **);

/* vt_scope.c */
extern const SlTable slTableScopeEntries;
extern const SlTable slTableScopeQuery;
extern const SlTable slTableScopeList;

/* fn_fork.c */
void slFnFork(SlOp *, sqlite3_context *, int, sqlite3_value **);
void slFnCommon(SlOp *, sqlite3_context *, int, sqlite3_value **);

/* vt_fork.c */
extern const SlTable slTableAncestors;
extern const SlTable slTableTree;

/* fn_pack.c */
void slFnPack(SlOp *, sqlite3_context *, int, sqlite3_value **);
void slFnArchive(SlOp *, sqlite3_context *, int, sqlite3_value **);

/* fn_retain.c */
void slFnPrune(SlOp *, sqlite3_context *, int, sqlite3_value **);
void slFnReap(SlOp *, sqlite3_context *, int, sqlite3_value **);
void slFnPidAlive(SlOp *, sqlite3_context *, int, sqlite3_value **);

/* fn_life.c */
void slFnPause(SlOp *, sqlite3_context *, int, sqlite3_value **);
void slFnResume(SlOp *, sqlite3_context *, int, sqlite3_value **);
void slFnCommandTarget(SlOp *, sqlite3_context *, int, sqlite3_value **);
void slFnStop(SlOp *, sqlite3_context *, int, sqlite3_value **);

#endif /* SLSURFACE_H */
