/*
** slCheck.h - what the two rooms of session_check() share.
**
** check.c goes through the schema, the sessions and what hangs on them;
** check_event.c goes through their histories. Nobody else includes this.
** The rules are listed in check.c.
*/
#ifndef SL_CHECK_H
#define SL_CHECK_H

#include "sessionlogInt.h"

/* Highest integer of a session. */
#define CK_MAX_SESSION ((i64)0x7fffffff)

/* A session as the checker knows it. Ordinals are within 0 to SL_MAX_ORDINAL,
** whatever the row says. */
typedef struct CkSession CkSession;
struct CkSession {
  i64 iKey;       /* its integer */
  i64 iParent;    /* the parent's */
  CkSession *pUp; /* the parent, if that comes before it, or NULL */
  i64 iForkedAt;  /* fork point, 0 without a parent */
  i64 iArchived;  /* watermark */
  i64 iKept;      /* -1 while it lives */
  i64 iHead;      /* highest ordinal, once its history was read */
  i64 iRead;      /* highest ordinal that a surviving fork reads */
  i64 nMatched;   /* keyed packed events found in sessionlog_key */
  i64 iRun;       /* number of the run of equal keys it was seen in */
  i64 iRunAt;     /* lowest ordinal it has there */
  u8 bMine;       /* the tenant's that is checked */
  u8 bParent;     /* it has a parent */
  u8 bChild;      /* somebody's parent */
  u8 bKey;        /* iKey is a valid one: there may be events */
  char zId[27];   /* its id, or as much of that as fits */
};

/* One place of a run of equal idempotency keys. */
typedef struct CkPlace CkPlace;
struct CkPlace {
  CkSession *pSession;
  i64 iOrdinal;
};

/* A check on its way. */
typedef struct Check Check;
struct Check {
  SlOp *pOp;
  SlFaults *pOut;
  const char *zTenant; /* NULL: the whole database */
  int bTable;          /* a table is not what it should be */
  CkSession *a;        /* sessions by key */
  i64 n;
  i64 nAlloc;
  SlBlock *pBlock;
  i64 iBlock;      /* key of the block decoded, -1: none */
  CkPlace *aPlace; /* the present run of equal idempotency keys */
  i64 nPlace;
  i64 nPlaceAlloc;
  i64 nRun; /* runs so far */
};

/**************************************************************************
** Interface to code in check.c
*/

/* Have room for one more element of nSize bytes in an array that grows.
** Returns the array, or NULL with the operation failed. */
void *slCkGrow(SlOp *, void *a, i64 n, i64 *pnAlloc, size_t nSize);

/* Add a row to the result. The session may be NULL, the ordinal 0: none. */
void slCkFault(Check *, const char *zRule, const CkSession *, i64 iOrdinal,
               const char *zFmt, ...);

/* The text of a column of type TEXT, else NULL. */
const char *slCkText(Check *, sqlite3_stmt *, int i, int *pn);

/* 1 if the n bytes are a name; with bTrim, one without space at its ends. */
int slCkName(const char *z, int n, int bTrim);

/* 1 if the column has the type. */
int slCkIs(sqlite3_stmt *, int i, int eType);

/* The session with that integer, NULL if there is none. */
CkSession *slCkFind(const Check *, i64 iKey);

/**************************************************************************
** Interface to code in check_event.c, in the order of its use
*/

/* The session's own events and their keys. Sets its iHead. */
void slCkHistory(Check *, CkSession *);

/* Once all heads are known: what fork points, watermarks and tombstones must
** be within. */
void slCkOrdinals(Check *);

/* Events and keys without a session, whose tenant nobody knows. */
void slCkOrphans(Check *);

/* Idempotency keys that a session sees twice. */
void slCkKeys(Check *);

#endif /* SL_CHECK_H */
