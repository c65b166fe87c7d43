/*
** faultOwn.h - the calls of SQLite's API that may allocate, each with a frame
** of its own around it, for gFault.bOwn.
**
** The linker puts __wrap_X() in the place of X(), see the Makefile. A call
** within a call (SQLite runs a function of ours, which calls SQLite) has its
** own frame, and no memory where the outer one has none.
*/
#include <stdarg.h>

static int callEnter(void){
  int eOuter = gFault.eCall;
  if( eOuter!=CALL_FAIL ) gFault.eCall = CALL_NEW;
  return eOuter;
}

/* Define __wrap_NAME(), for a call that returns a value, or none. */
#define WRAP(TYPE, NAME, PARAM, ARG)                                           \
  TYPE __real_##NAME PARAM;                                                    \
  TYPE __wrap_##NAME PARAM;                                                    \
  TYPE __wrap_##NAME PARAM {                                                   \
    int eOuter = callEnter();                                                  \
    TYPE res = __real_##NAME ARG;                                              \
    gFault.eCall = eOuter;                                                     \
    return res;                                                                \
  }
#define WRAP_VOID(NAME, PARAM, ARG)                                            \
  void __real_##NAME PARAM;                                                    \
  void __wrap_##NAME PARAM;                                                    \
  void __wrap_##NAME PARAM {                                                   \
    int eOuter = callEnter();                                                  \
    __real_##NAME ARG;                                                         \
    gFault.eCall = eOuter;                                                     \
  }

WRAP(void *, sqlite3_malloc64, (sqlite3_uint64 n), (n))
WRAP(void *, sqlite3_realloc64, (void *p, sqlite3_uint64 n), (p, n))
WRAP(char *, sqlite3_vmprintf, (const char *z, va_list ap), (z, ap))
WRAP(sqlite3_str *, sqlite3_str_new, (sqlite3 * db), (db))
WRAP(sqlite3_value *, sqlite3_value_dup, (const sqlite3_value *p), (p))
WRAP(const unsigned char *, sqlite3_value_text, (sqlite3_value * p), (p))
WRAP(const void *, sqlite3_value_blob, (sqlite3_value * p), (p))
WRAP(int, sqlite3_value_bytes, (sqlite3_value * p), (p))
WRAP(const unsigned char *, sqlite3_column_text, (sqlite3_stmt * p, int i),
     (p, i))
WRAP(const void *, sqlite3_column_blob, (sqlite3_stmt * p, int i), (p, i))
WRAP(int, sqlite3_column_bytes, (sqlite3_stmt * p, int i), (p, i))
WRAP(const char *, sqlite3_column_name, (sqlite3_stmt * p, int i), (p, i))
WRAP(int, sqlite3_bind_blob64,
     (sqlite3_stmt * p, int i, const void *a, sqlite3_uint64 n,
      void (*x)(void *)),
     (p, i, a, n, x))
WRAP(int, sqlite3_bind_text,
     (sqlite3_stmt * p, int i, const char *a, int n, void (*x)(void *)),
     (p, i, a, n, x))
WRAP(int, sqlite3_bind_text64,
     (sqlite3_stmt * p, int i, const char *a, sqlite3_uint64 n,
      void (*x)(void *), unsigned char e),
     (p, i, a, n, x, e))
WRAP(int, sqlite3_bind_value, (sqlite3_stmt * p, int i, const sqlite3_value *v),
     (p, i, v))
WRAP(int, sqlite3_prepare_v2,
     (sqlite3 * db, const char *z, int n, sqlite3_stmt **pp, const char **pz),
     (db, z, n, pp, pz))
WRAP(int, sqlite3_prepare_v3,
     (sqlite3 * db, const char *z, int n, unsigned int f, sqlite3_stmt **pp,
      const char **pz),
     (db, z, n, f, pp, pz))
WRAP(int, sqlite3_step, (sqlite3_stmt * p), (p))
WRAP(int, sqlite3_exec,
     (sqlite3 * db, const char *z, int (*x)(void *, int, char **, char **),
      void *p, char **pz),
     (db, z, x, p, pz))
WRAP(int, sqlite3_declare_vtab, (sqlite3 * db, const char *z), (db, z))
WRAP(int, sqlite3_create_module_v2,
     (sqlite3 * db, const char *z, const sqlite3_module *m, void *p,
      void (*x)(void *)),
     (db, z, m, p, x))
WRAP(int, sqlite3_create_function_v2,
     (sqlite3 * db, const char *z, int n, int e, void *p,
      void (*xFunc)(sqlite3_context *, int, sqlite3_value **),
      void (*xStep)(sqlite3_context *, int, sqlite3_value **),
      void (*xFinal)(sqlite3_context *), void (*xDestroy)(void *)),
     (db, z, n, e, p, xFunc, xStep, xFinal, xDestroy))
WRAP(int, sqlite3_open_v2,
     (const char *z, sqlite3 **pp, int f, const char *zVfs), (z, pp, f, zVfs))
WRAP(sqlite3_backup *, sqlite3_backup_init,
     (sqlite3 * db1, const char *z1, sqlite3 *db2, const char *z2),
     (db1, z1, db2, z2))
WRAP(int, sqlite3_backup_step, (sqlite3_backup * p, int n), (p, n))
WRAP_VOID(sqlite3_str_append, (sqlite3_str * p, const char *z, int n),
          (p, z, n))
WRAP_VOID(sqlite3_str_appendall, (sqlite3_str * p, const char *z), (p, z))
WRAP_VOID(sqlite3_str_appendchar, (sqlite3_str * p, int n, char c), (p, n, c))
WRAP_VOID(sqlite3_str_vappendf, (sqlite3_str * p, const char *z, va_list ap),
          (p, z, ap))

/* Those with any number of arguments, by way of those above. */
char *__wrap_sqlite3_mprintf(const char *, ...);
char *__wrap_sqlite3_mprintf(const char *zFmt, ...){
  char *z;
  va_list ap;
  va_start(ap, zFmt);
  z = __wrap_sqlite3_vmprintf(zFmt, ap);
  va_end(ap);
  return z;
}
void __wrap_sqlite3_str_appendf(sqlite3_str *, const char *, ...);
void __wrap_sqlite3_str_appendf(sqlite3_str *p, const char *zFmt, ...){
  va_list ap;
  va_start(ap, zFmt);
  __wrap_sqlite3_str_vappendf(p, zFmt, ap);
  va_end(ap);
}
