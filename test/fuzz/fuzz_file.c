/*
** fuzz_file.c - fuzz target: a damaged file.
**
** The input is a list of damages to the template: two bytes of offset, one
** of length, and so many bytes that are written there. Then every read and
** write is made on it, within a budget. No read may crash, hang or take much
** memory; and where session_check() and integrity_check() find nothing, all
** must work and agree.
**
** fuzzImage() does it with a whole image: flip.c and rows.c call it too.
*/
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

int bFuzzPages = 1;

/* Most that a small file may make us allocate. */
#define FILE_MEMORY ((sqlite3_int64)48 * 1024 * 1024)

/* Steps of SQLite's machine that one statement may take: thousands of times
** what it needs on the template. */
#define FILE_BUDGET 3000000

static const char *const azRead[] = {
  "SELECT * FROM session_list",
  "SELECT * FROM session_list ORDER BY id DESC LIMIT 3",
  "SELECT * FROM session_list WHERE group_key IS NOT NULL OR status='active'",
  "SELECT * FROM session_list('alpha')",
  "SELECT * FROM session_list('01ARZ3NDEKTSV4RRFFQ69G5FA3')",
  "SELECT * FROM session_events",
  "SELECT * FROM session_events('gamma') ORDER BY ordinal DESC",
  "SELECT * FROM session_events('alpha') WHERE ordinal BETWEEN 60 AND 70",
  "SELECT * FROM events_since('beta', 0)",
  "SELECT * FROM events_since('orphan', 0, 10)",
  "SELECT * FROM events_tail('gamma', 5)",
  "SELECT * FROM events_archived('beta')",
  "SELECT * FROM session_labels",
  "SELECT * FROM session_meta",
  "SELECT * FROM session_artifacts",
  "SELECT * FROM scope_entries",
  "SELECT * FROM scope_list",
  "SELECT * FROM scope_query('global', 'v')",
  "SELECT * FROM session_ancestors('gamma')",
  "SELECT * FROM session_tree()",
  "SELECT * FROM session_tree('alpha')",
  "SELECT session_common('beta', 'gamma'), session_common('gamma', 'orphan')",
  "SELECT session_head('alpha'), session_has_data('alpha'), session_find('la')",
  "SELECT * FROM session_export('gamma')",
  "SELECT * FROM session_export('alpha')",
  "SELECT * FROM session_stats()",
  "SELECT session_schema_version(), session_writes(), session_current()",
  "SELECT session_prune(0, 'all', 1, 100)",
  "SELECT * FROM session_check()",
};

static const char *const azWrite[] = {
  "INSERT INTO session_events(session_id, kind, payload, key)"
  " VALUES('alpha', 'w', 'p', 'kw'), ('beta', 'w', 'p', 'key14')",
  "INSERT INTO session_events(session_id, kind, payload, key)"
  " VALUES('gamma', 'w', 'p', 'kb')",
  "SELECT session_append_json('orphan', '[{\"kind\":\"a\",\"payload\":1}]')",
  "INSERT INTO session_list(name, parent_id, label) VALUES('w', 'beta', 'lw')",
  "SELECT session_fork('alpha', 30, 'w2')",
  "UPDATE session_list SET name='renamed', archived=5 WHERE ref='alpha'",
  "SELECT session_resume('renamed')",
  "SELECT session_pack('renamed')",
  "SELECT session_archive('renamed', 70)",
  "SELECT session_label('beta', 'la'), session_meta('beta', 'm', 2)",
  "UPDATE session_meta SET value='z'",
  "UPDATE scope_entries SET value='z' WHERE layer='store'",
  "INSERT INTO session_artifacts(session_id, name, content)"
  " VALUES('beta', 'w', 'c')",
  "DELETE FROM session_artifacts",
  "SELECT session_pause('beta'), session_end('orphan')",
  "SELECT scope_persist('global', 'k1', 'w')",
  "DELETE FROM session_list WHERE name IN ('gamma', 'orphan')",
  "SELECT session_import((SELECT group_concat(line, char(10))"
  " FROM session_export('beta')))",
  "DELETE FROM session_list WHERE ref='renamed'",
  "SELECT session_reap('[]', 'tmux', 100)",
  "SELECT session_prune(0, 'all', 0, 99999999999999)",
  "DELETE FROM scope_entries WHERE layer='store'",
};

/*
** Neither too much memory nor none for zSql, whose results mSeen has. In a
** damaged page SQLite may believe the length that a record gives: then it was
** not sessionlog that asked for so much.
*/
static void fileMemory(const char *zSql, unsigned mSeen, int bOwn){
  sqlite3_int64 n = sqlite3_memory_highwater(1);
  if( ((mSeen & (1u << SQLITE_NOMEM)) || n>FILE_MEMORY)
   && (bOwn || !bFuzzPages || (sqlite3_int64)nFuzzAsked>FILE_MEMORY)
  ){
    fuzzFail("%lld bytes allocated, %lld of them at once by sessionlog: %s",
             (long long)n, (long long)nFuzzAsked, zSql);
  }
}

/*
** Run one statement within the budget. On a sound log nothing but success,
** or the refusal of a rule, may come of it. Returns bSound, or 0 where SQLite
** itself meets damage in a page that its check has overlooked.
*/
static int fileRun(sqlite3 *db, const char *zSql, int bSound){
  unsigned mSeen = 0;
  unsigned mOk = 1u << SQLITE_OK | 1u << SQLITE_CONSTRAINT | 1u << SQLITE_ERROR
                 | 1u << SQLITE_FULL;
  fuzzBudget(db, FILE_BUDGET);
  fuzzRun(db, zSql, 99, &mSeen);
  if( mSeen & (1u<<SQLITE_INTERRUPT) ) fuzzFail("hangs: %s", zSql);
  fileMemory(zSql, mSeen, bSound);
  if( bFuzzPages && sqlite3_extended_errcode(db)==SQLITE_CORRUPT ) bSound = 0;
  if( bSound && (mSeen & ~mOk) ){
    fuzzFail("result %d (%s) on a sound log: %s", sqlite3_errcode(db),
             sqlite3_errmsg(db), zSql);
  }
  if( sqlite3_get_autocommit(db)==0 ) fuzzFail("in a transaction: %s", zSql);
  return bSound;
}

int fuzzImage(const uint8_t *a, size_t n){
  sqlite3 *db = fuzzOpen(a, n);
  size_t i;
  int bSound;
  sqlite3_memory_highwater(1);
  fuzzBudget(db, FILE_BUDGET);
  bSound = fuzzSound(db, 1);
  fileMemory("the checks", 0, bSound);
  for(i=0; i<sizeof(azRead)/sizeof(azRead[0]); i++){
    bSound = fileRun(db, azRead[i], bSound);
  }
  if( bSound ){
    fuzzBudget(db, 0);
    fuzzConsistent(db, "where checks find nothing");
  }
  for(i=0; i<sizeof(azWrite)/sizeof(azWrite[0]); i++){
    bSound = fileRun(db, azWrite[i], bSound);
  }
  if( bSound ){
    fuzzBudget(db, 0);
    if( !fuzzSound(db, 1) ) fuzzFail("writing to a sound log broke it");
    fuzzConsistent(db, "after writing");
  }
  fileRun(db, "SELECT * FROM session_check()", 0);
  fuzzClose(db);
  return bSound;
}

int LLVMFuzzerTestOneInput(const uint8_t *a, size_t n){
  size_t nImage, i = 0;
  const uint8_t *aImage = fuzzTemplate(&nImage);
  uint8_t *aCopy = malloc(nImage);
  if( aCopy==0 || n>4000 ){
    free(aCopy);
    return 0;
  }
  memcpy(aCopy, aImage, nImage);
  while( i+3<n ){
    size_t iAt = ((size_t)a[i] << 8 | a[i + 1]) % nImage;
    size_t nByte = a[i + 2];
    i += 3;
    if( nByte>n-i ) nByte = n - i;
    if( nByte>nImage-iAt ) nByte = nImage - iAt;
    memcpy(&aCopy[iAt], &a[i], nByte);
    i += nByte;
  }
  fuzzImage(aCopy, nImage);
  free(aCopy);
  return 0;
}
