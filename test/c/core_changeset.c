#define _POSIX_C_SOURCE 200809L
/*
** core_changeset.c - a process of its own that runs SQL, and SQLite's session
** extension.
**
**   core_changeset DATABASE
**
** Reads lines. A line is SQL, whose rows are printed with '|' between columns
** and whose error as "error: MESSAGE", or one of
**
**   .open              close the database and open it again
**   .record            record changes of all tables from now on
**   .save FILE         write what was recorded to FILE, and stop recording
**   .apply FILE        apply a changeset; the first conflict is printed and
**                      undoes it all
**   .triggers 0|1      let triggers fire
**
** Without a line it says whether the library has the session extension: the
** exit status is 3 where it has not.
*/
#define SQLITE_ENABLE_SESSION        1
#define SQLITE_ENABLE_PREUPDATE_HOOK 1
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Null where the library lacks them. */
#pragma weak sqlite3session_create
#pragma weak sqlite3session_attach
#pragma weak sqlite3session_changeset
#pragma weak sqlite3session_delete
#pragma weak sqlite3changeset_apply
#pragma weak sqlite3changeset_op

int sqlite3_sessionlog_init(sqlite3 *, char **, const sqlite3_api_routines *);

/* What is worked on. */
typedef struct Shell Shell;
struct Shell {
  const char *zFile;
  sqlite3 *db;
  sqlite3_session *pSession; /* records, or NULL */
};

static void die(const char *zWhy){
  fprintf(stderr, "core_changeset: %s\n", zWhy);
  exit(1);
}

static void openDb(Shell *p){
  char *zErr = 0;
  if( sqlite3_close(p->db)!=SQLITE_OK ) die("the database can't be closed");
  if( sqlite3_open(p->zFile, &p->db)!=SQLITE_OK
   || sqlite3_sessionlog_init(p->db, &zErr, 0)!=SQLITE_OK
  ){
    die("the database can't be opened");
  }
  sqlite3_busy_timeout(p->db, 10000);
}

static int printRow(void *pArg, int nCol, char **azVal, char **azName){
  int i;
  (void)pArg;
  (void)azName;
  for(i=0; i<nCol; i++) printf("%s%s", i ? "|" : "", azVal[i] ? azVal[i] : "");
  putchar('\n');
  return 0;
}

static void printError(sqlite3 *db, int rc){
  if( rc!=SQLITE_OK ) printf("error: %s\n", sqlite3_errmsg(db));
}

static void saveChanges(Shell *p, const char *zTo){
  int n = 0;
  void *a = 0;
  FILE *f = fopen(zTo, "wb");
  if( f==0 || sqlite3session_changeset(p->pSession, &n, &a)!=SQLITE_OK
   || fwrite(a, 1, (size_t)n, f)!=(size_t)n || fclose(f)!=0
  ){
    die("the changeset can't be written");
  }
  sqlite3_free(a);
  sqlite3session_delete(p->pSession);
  p->pSession = 0;
}

/*
** Print what is in the way, and abort.
*/
static int conflict(void *pArg, int eConflict, sqlite3_changeset_iter *pIter){
  static const char *const azWhy[] = {
    "?", "data", "not found", "conflict", "constraint", "foreign key"
  };
  const char *zTab = "";
  int nCol, eOp, bIndirect;
  (void)pArg;
  sqlite3changeset_op(pIter, &zTab, &nCol, &eOp, &bIndirect);
  printf("%s: %s\n", azWhy[eConflict > 5 ? 0 : eConflict], zTab);
  return SQLITE_CHANGESET_ABORT;
}

static void applyChanges(Shell *p, const char *zFrom){
  FILE *f = fopen(zFrom, "rb");
  char *a;
  long n;
  int rc;
  if( f==0 || fseek(f, 0, SEEK_END)!=0 ) die("no such changeset");
  n = ftell(f);
  rewind(f);
  a = malloc((size_t)n + 1);
  if( a==0 || fread(a, 1, (size_t)n, f)!=(size_t)n ) die("can't be read");
  fclose(f);
  rc = sqlite3changeset_apply(p->db, (int)n, a, 0, conflict, 0);
  free(a);
  if( rc!=SQLITE_OK && rc!=SQLITE_ABORT ) printError(p->db, rc);
}

static void runLine(Shell *p, const char *z){
  if( z[0]!='.' ){
    printError(p->db, sqlite3_exec(p->db, z, printRow, 0, 0));
  }else if( strcmp(z, ".open")==0 ){
    openDb(p);
  }else if( strcmp(z, ".record")==0 ){
    if( sqlite3session_create(p->db, "main", &p->pSession)!=SQLITE_OK
     || sqlite3session_attach(p->pSession, 0)!=SQLITE_OK
    ){
      die("no session");
    }
  }else if( strncmp(z, ".save ", 6)==0 ){
    saveChanges(p, z + 6);
  }else if( strncmp(z, ".apply ", 7)==0 ){
    applyChanges(p, z + 7);
  }else if( strncmp(z, ".triggers ", 10)==0 ){
    sqlite3_db_config(p->db, SQLITE_DBCONFIG_ENABLE_TRIGGER, atoi(z + 10), 0);
  }else{
    die("unknown command");
  }
  fflush(stdout);
}

int main(int argc, char **argv){
  Shell shell;
  char *zLine = 0;
  size_t nAlloc = 0;
  ssize_t n;
  if( argc!=2 ) die("usage: core_changeset DATABASE");
  memset(&shell, 0, sizeof(shell));
  shell.zFile = argv[1];
  openDb(&shell);
  while( (n = getline(&zLine, &nAlloc, stdin))>0 ){
    if( zLine[n-1]=='\n' ) zLine[n - 1] = 0;
    if( zLine[0] ) runLine(&shell, zLine);
  }
  free(zLine);
  if( sqlite3_close(shell.db)!=SQLITE_OK ) die("the database can't be closed");
  return sqlite3session_create ? 0 : 3;
}
