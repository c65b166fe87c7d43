/*
** extFunc.h - the entry point of a test's extension, which registers the SQL
** functions of a table. Included after SQLITE_EXTENSION_INIT1.
*/
#ifndef EXT_FUNC_H
#define EXT_FUNC_H

#include <stddef.h>

/* A function: -1 for any number of arguments. */
typedef struct ExtFunc ExtFunc;
struct ExtFunc {
  const char *zName;
  int nArg;
  void (*xFunc)(sqlite3_context *, int, sqlite3_value **);
};

static int extRegister(sqlite3 *db, const ExtFunc *a, size_t n){
  int rc = SQLITE_OK;
  size_t i;
  for(i=0; i<n && rc==SQLITE_OK; i++){
    rc = sqlite3_create_function(db, a[i].zName, a[i].nArg, SQLITE_UTF8, 0,
                                 a[i].xFunc, 0, 0);
  }
  return rc;
}

/* The entry point xInit of an extension whose functions are in a[]. */
#define EXT_ENTRY(xInit, a)                                                    \
  int xInit(sqlite3 *, char **, const sqlite3_api_routines *);                 \
  int xInit(sqlite3 *db, char **pzErr, const sqlite3_api_routines *pApi) {     \
    (void)pzErr;                                                               \
    SQLITE_EXTENSION_INIT2(pApi);                                              \
    return extRegister(db, a, sizeof(a) / sizeof(a[0]));                       \
  }

#endif /* EXT_FUNC_H */
