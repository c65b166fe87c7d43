/*
** rows.c - rows of the stored tables are made to lie, and the log is used.
**
**   rows STEP FIRST      of every STEP damages, from FIRST on, one; with
**                        SESSIONLOG_SECONDS as flip.c
**
** First each column of each stored table takes each of a list of values, in
** one row after another and in all at once; then come lies that take more
** than one column, and blocks that were made by hand, with checksums that are
** right. STRICT, NOT NULL, CHECK and the triggers are taken out of the schema
** for the damage and put back after it, so that only the rows are wrong. What
** may come of it is checked by fuzzImage(). Prints the number of images.
**
** block.c is included, as the checksum is its own affair.
*/
#define _GNU_SOURCE 1
#include "../../ext/block.c"

#include "fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* Take the schema's guards away, and put them back. */
static const char zOpenUp[] =
  "PRAGMA writable_schema=ON;"
  "CREATE TEMP TABLE saved AS SELECT type, name, tbl_name, rootpage, sql"
  " FROM main.sqlite_schema;"
  "DELETE FROM main.sqlite_schema WHERE type='trigger';"
  "UPDATE main.sqlite_schema SET sql=replace(replace(replace(replace(sql,"
  " ') STRICT, WITHOUT', ') WITHOUT'), ') STRICT', ')'),"
  " ' IS NOT NULL', ' IS NOT  NULL'), ' NOT NULL', '')"
  " WHERE type='table';"
  "PRAGMA writable_schema=RESET;"
  "PRAGMA ignore_check_constraints=ON;"
  "SELECT * FROM sessionlog_session;";
static const char zCloseUp[] =
  "PRAGMA writable_schema=ON;"
  "UPDATE main.sqlite_schema AS s SET sql="
  "(SELECT sql FROM saved WHERE name=s.name) WHERE type='table';"
  "INSERT INTO main.sqlite_schema SELECT * FROM saved WHERE type='trigger';"
  "PRAGMA writable_schema=RESET;"
  "DROP TABLE saved;";

static const char *const azTable[][2] = {
  /* Table, and what identifies a row. */
  { "sessionlog_config", "name" },      { "sessionlog_session", "key" },
  { "sessionlog_event", "key" },        { "sessionlog_block", "key" },
  { "sessionlog_key", "session,idem" }, { "sessionlog_label", "key" },
  { "sessionlog_meta", "key" },         { "sessionlog_artifact", "key" },
  { "sessionlog_scope", "key" },
};

static const char *const azValue[] = {
  "NULL",
  "-1",
  "0",
  "1",
  "2",
  "7",
  "65",
  "2147483647",
  "2147483648",
  "4294967295",
  "4294967296",
  "9223372036854775807",
  "(-9223372036854775807-1)",
  "1.5",
  "9e999",
  "''",
  "'x'",
  "' '",
  "'5'",
  "x''",
  "x'00'",
  "zeroblob(300)",
  "CAST(x'ff' AS TEXT)",
  "CAST(x'610062' AS TEXT)",
  "CAST(hex(zeroblob(200)) AS TEXT)",
  "'01ARZ3NDEKTSV4RRFFQ69G5FA1'",
  "'01arz3ndektsv4rrffq69g5fa9'",
  "'ended'",
  "'other'",
};

/* Lies that the checks must find, all of them. */
static const char *const azLie[] = {
  /* what every row has is not there */
  "UPDATE sessionlog_session SET id=NULL WHERE key=1",
  "UPDATE sessionlog_session SET id=NULL WHERE key=2",
  "UPDATE sessionlog_event SET kind=NULL",
  "UPDATE sessionlog_label SET label=NULL",
  "UPDATE sessionlog_meta SET name=NULL",
  "UPDATE sessionlog_scope SET scope=NULL",
  "UPDATE sessionlog_scope SET name=NULL",
  /* parents in a circle, and nowhere */
  "UPDATE sessionlog_session SET parent=key, forked_at=3 WHERE key=1",
  "UPDATE sessionlog_session SET parent=3, forked_at=2 WHERE key=1",
  "UPDATE sessionlog_session SET parent=key, forked_at=1",
  "UPDATE sessionlog_session SET parent=99 WHERE key=2",
  "UPDATE sessionlog_session SET parent=-5 WHERE key=2",
  "UPDATE sessionlog_session SET parent=7 WHERE key=5",
  "UPDATE sessionlog_session SET parent=NULL WHERE parent IS NOT NULL",
  "DELETE FROM sessionlog_session WHERE key=1",
  "DELETE FROM sessionlog_session WHERE key=4",
  "DELETE FROM sessionlog_session",
  /* heads, fork points, watermarks */
  "UPDATE sessionlog_session SET forked_at=4294967295 WHERE key=2",
  "UPDATE sessionlog_session SET forked_at=77 WHERE key=2",
  "UPDATE sessionlog_session SET forked_at=9223372036854775807 WHERE key=2",
  "UPDATE sessionlog_session SET forked_at=9223372036854775807, id=NULL"
  " WHERE key=2",
  "UPDATE sessionlog_session SET forked_at=0 WHERE key=2",
  "UPDATE sessionlog_session SET archived=4294967295",
  "UPDATE sessionlog_session SET archived=77 WHERE key=1",
  "UPDATE sessionlog_session SET archived=-9 WHERE key=1",
  /* removed sessions */
  "UPDATE sessionlog_session SET kept=0",
  "UPDATE sessionlog_session SET kept=5 WHERE key=1",
  "UPDATE sessionlog_session SET kept=NULL, name='alpha2', forked_at=1"
  " WHERE key=4",
  "UPDATE sessionlog_session SET kept=4294967295 WHERE key=4",
  "UPDATE sessionlog_session SET kept=1 WHERE key=4",
  /* rows that overlap, are missing, or belong to nobody */
  "DELETE FROM sessionlog_event WHERE key=(1<<32)+74",
  "DELETE FROM sessionlog_block WHERE key=(1<<32)+1",
  "DELETE FROM sessionlog_block",
  "INSERT INTO sessionlog_event VALUES((1<<32)+5, 1, 'k', NULL, 'again')",
  "INSERT INTO sessionlog_event VALUES((1<<32)+4294967295, 1, 'k', NULL, 'l')",
  "INSERT INTO sessionlog_event VALUES(1<<32, 1, 'k', NULL, 'zero')",
  "INSERT INTO sessionlog_event VALUES(-1, 1, 'k', NULL, 'negative')",
  "INSERT INTO sessionlog_event VALUES(5, 1, 'k', NULL, 'of session 0')",
  "INSERT INTO sessionlog_event VALUES((99<<32)+1, 1, 'k', NULL, 'orphan')",
  "INSERT INTO sessionlog_event VALUES((2147483647<<32)+4294967295, 1, 'k',"
  " NULL, 'last')",
  "INSERT INTO sessionlog_event VALUES((2<<32)+3, 1, 'k', NULL, 'inherited')",
  "INSERT INTO sessionlog_block SELECT key+10, n_events, last_at_ms, data"
  " FROM sessionlog_block",
  "INSERT INTO sessionlog_block SELECT key+(5<<32), n_events, last_at_ms, data"
  " FROM sessionlog_block",
  "UPDATE sessionlog_block SET key=key+1",
  "UPDATE sessionlog_block SET key=-key",
  "UPDATE sessionlog_block SET n_events=n_events-1",
  "UPDATE sessionlog_block SET n_events=64, data=zeroblob(100)",
  "UPDATE sessionlog_block SET data=substr(data, 1, length(data)-1)",
  "UPDATE sessionlog_block SET data=data||x'00'",
  "UPDATE sessionlog_block SET data=x''",
  "UPDATE sessionlog_block SET n_events=9223372036854775807",
  /* keys */
  "DELETE FROM sessionlog_key",
  "INSERT INTO sessionlog_key VALUES(1, 'stray', 3)",
  "INSERT INTO sessionlog_key VALUES(1, 'stray', 75)",
  "INSERT INTO sessionlog_key VALUES(99, 'stray', 3)",
  "UPDATE sessionlog_key SET ordinal=ordinal+1",
  "INSERT INTO sessionlog_key VALUES(2, 'key7', 67)",
  /* what belongs to sessions */
  "UPDATE sessionlog_label SET session=4",
  "UPDATE sessionlog_label SET session=7 WHERE tenant='default'",
  "UPDATE sessionlog_meta SET session=99",
  "UPDATE sessionlog_artifact SET session=4",
  "UPDATE sessionlog_artifact SET size=4294967296",
  "UPDATE sessionlog_session SET tenant='other' WHERE key=2",
};

/* Objects under our names, and what hangs on them: these stay. */
static const char *const azForeign[] = {
  "DROP TABLE sessionlog_event; CREATE VIEW sessionlog_event AS SELECT 1 key,"
  " 2 at_ms, 'k' kind, NULL idem, 3 payload",
  "DROP TABLE sessionlog_session; CREATE TABLE sessionlog_session(key)",
  "DROP TABLE sessionlog_config; CREATE VIEW sessionlog_config AS"
  " SELECT 'schema_version' name, 1 value UNION ALL SELECT 'writes', 'any'",
  "DROP TABLE sessionlog_config; CREATE VIEW sessionlog_config AS"
  " SELECT 'schema_version' name, (WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL"
  " SELECT i+1 FROM n) SELECT max(i) FROM n LIMIT 1) value",
  "DROP TABLE sessionlog_config; CREATE TABLE sessionlog_config(name, value)",
  "DROP TABLE sessionlog_config; CREATE TABLE sessionlog_config(x)",
  "DROP TABLE sessionlog_config; CREATE VIEW sessionlog_config AS"
  " SELECT * FROM session_list",
  "DROP TABLE sessionlog_event; CREATE VIRTUAL TABLE sessionlog_event"
  " USING fts5(key, at_ms, kind, idem, payload)",
  "DROP TABLE sessionlog_block; CREATE VIRTUAL TABLE sessionlog_block"
  " USING rtree(key, n_events, last_at_ms)",
  "DROP INDEX sessionlog_event_idem;"
  " CREATE INDEX sessionlog_event_idem ON sessionlog_event(kind)",
  "DROP INDEX sessionlog_event_idem;"
  " CREATE TABLE sessionlog_event_idem(x)",
  "DROP TRIGGER sessionlog_event_update; CREATE TRIGGER"
  " sessionlog_event_update AFTER INSERT ON sessionlog_event BEGIN"
  " DELETE FROM sessionlog_event; END",
  "CREATE TRIGGER evil AFTER INSERT ON sessionlog_event BEGIN"
  " DELETE FROM sessionlog_block; END",
  "CREATE TRIGGER evil BEFORE UPDATE ON sessionlog_session BEGIN"
  " UPDATE sessionlog_session SET tenant='other'; END",
  "CREATE TABLE sessionlog_extra(x)",
  "CREATE VIEW sessionlog_extra AS SELECT 1",
  "CREATE UNIQUE INDEX app ON sessionlog_session(started_at_ms)",
  "CREATE INDEX app ON sessionlog_event(payload, at_ms)",
  "CREATE INDEX app ON sessionlog_session(abs(archived))",
  "CREATE TABLE session_events(session_id, kind, payload)",
  "CREATE VIEW session_list AS SELECT 1 AS id",
  "CREATE TABLE sessionlog_home(x); CREATE TABLE sessionlog_task(x)",
  "CREATE VIEW sessionlog_task AS SELECT 1 AS task",
  "ALTER TABLE sessionlog_event ADD COLUMN more ANY",
  "ALTER TABLE sessionlog_event RENAME COLUMN payload TO load",
  "ALTER TABLE sessionlog_event RENAME TO elsewhere",
};

static long nDone;  /* damages counted so far */
static long nRun;   /* images used */
static long nSound; /* in which nothing was found */
static long nStep;
static long iFirst;

/*
** 1 if the next damage is one of those that were asked for.
*/
static int rowsWanted(void){
  return nDone++ % nStep == iFirst;
}

/*
** Use what is in the database, and close it.
*/
static int rowsUse(sqlite3 *db, const char *zWhat){
  sqlite3_int64 n = 0;
  unsigned char *a = sqlite3_serialize(db, "main", &n, 0);
  unsigned char *aCopy = malloc((size_t)n);
  int bSound;
  if( a==0 || aCopy==0 ) fuzzFail("no memory");
  memcpy(aCopy, a, (size_t)n);
  sqlite3_free(a);
  fuzzClose(db);
  if( getenv("FUZZ_VERBOSE") ) fprintf(stderr, "%s\n", zWhat);
  zFuzzWhat = zWhat;
  alarm(60);
  bSound = fuzzImage(aCopy, (size_t)n);
  free(aCopy);
  nRun++;
  nSound += bSound;
  return bSound;
}

static sqlite3 *rowsOpen(void){
  size_t n;
  const uint8_t *a = fuzzTemplate(&n);
  return fuzzOpen(a, n);
}

/*
** A statement that is part of the harness.
*/
static void rowsMust(sqlite3 *db, const char *zSql){
  char *zErr = 0;
  if( sqlite3_exec(db, zSql, 0, 0, &zErr) ) fuzzFail("%s: %s", zErr, zSql);
}

/*
** Do the damage, and use the log. An UPDATE that SQLite refuses (a rowid that
** is no integer) is no damage. Returns 1 if the checks found nothing.
*/
static int rowsDamage(const char *zSql){
  sqlite3 *db = rowsOpen();
  int rc;
  rowsMust(db, zOpenUp);
  rc = sqlite3_exec(db, zSql, 0, 0, 0);
  if( rc!=SQLITE_OK || sqlite3_total_changes(db)==0 ){
    fuzzClose(db);
    return 0;
  }
  rowsMust(db, zCloseUp);
  return rowsUse(db, zSql);
}

/*
** Each column of each table, each value.
*/
static void rowsColumns(void){
  size_t iTab, iVal;
  for(iTab=0; iTab<sizeof(azTable)/sizeof(azTable[0]); iTab++){
    char *azCol[64];
    int nCol = 0, i, iRow;
    sqlite3 *db = rowsOpen();
    sqlite3_stmt *pStmt = 0;
    sqlite3_prepare_v2(db, "SELECT name FROM pragma_table_info(?1)", -1, &pStmt,
                       0);
    sqlite3_bind_text(pStmt, 1, azTable[iTab][0], -1, SQLITE_STATIC);
    while( sqlite3_step(pStmt)==SQLITE_ROW ){
      azCol[nCol++] = strdup((const char *)sqlite3_column_text(pStmt, 0));
    }
    sqlite3_finalize(pStmt);
    fuzzClose(db);
    for(i=0; i<nCol; i++){
      for(iVal=0; iVal<sizeof(azValue)/sizeof(azValue[0]); iVal++){
        for(iRow=-1; iRow<7; iRow++){
          char zSql[1000];
          int n = snprintf(zSql, sizeof(zSql), "UPDATE %s SET %s=%s",
                           azTable[iTab][0], azCol[i], azValue[iVal]);
          if( iRow>=0 ){
            snprintf(&zSql[n], sizeof(zSql) - n,
                     " WHERE (%s)=(SELECT %s FROM %s"
                     " ORDER BY 1 LIMIT 1 OFFSET %d)",
                     azTable[iTab][1], azTable[iTab][1], azTable[iTab][0],
                     iRow);
          }
          if( rowsWanted() ) rowsDamage(zSql);
        }
      }
      free(azCol[i]);
    }
  }
}

/*
** Put a block made by hand in place of the first one of session 1.
*/
static void rowsBlock(const char *zWhat, int nEvent, int eCodec, i64 nRaw,
                      const u8 *aBody, i64 nBody) {
  i64 iKey = ((i64)1 << 32) + 1;
  u8 *a;
  int nHdr = 2;
  sqlite3 *db;
  sqlite3_stmt *pStmt = 0;
  if( !rowsWanted() ) return;
  a = malloc(BLOCK_HDR + (size_t)nBody);
  if( a==0 ) fuzzFail("no memory");
  a[0] = BLOCK_FORMAT;
  a[1] = (u8)eCodec;
  nHdr += blockPutVarint(&a[2], (u64)nRaw);
  blockPut64(&a[nHdr], blockChecksum(iKey, nEvent, a, nHdr, aBody, nBody));
  nHdr += BLOCK_SUM;
  memcpy(&a[nHdr], aBody, (size_t)nBody);
  db = rowsOpen();
  rowsMust(db, zOpenUp);
  sqlite3_prepare_v2(db,
                     "UPDATE sessionlog_block SET n_events=?1, data=?2"
                     " WHERE key=(1<<32)+1",
                     -1, &pStmt, 0);
  sqlite3_bind_int(pStmt, 1, nEvent);
  sqlite3_bind_blob64(pStmt, 2, a, (u64)(nHdr + nBody), SQLITE_STATIC);
  if( sqlite3_step(pStmt)!=SQLITE_DONE || sqlite3_changes(db)!=1 ){
    fuzzFail("%s: %s", zWhat, sqlite3_errmsg(db));
  }
  sqlite3_finalize(pStmt);
  free(a);
  rowsMust(db, zCloseUp);
  if( rowsUse(db, zWhat) ) fuzzFail("nothing found wrong: %s", zWhat);
}

/*
** Blocks with a right checksum around what is wrong.
*/
static void rowsBlocks(void){
  static const u8 aTwo[] = {
    1,   1,   'k',               /* one kind */
    0,   0,   0,   1,            /* kinds; lengths of keys */
    2,   2,   17,  6,            /* times; serial types */
    'z', 'h', 'i',               /* key, payload */
    0,   0,   0,   0, 0, 0, 0, 5 /* payload */
  };
  static const u8 aHdr[] = {
    /* a zstd frame with a window of 8 MiB that promises 10^9 bytes */
    0x28, 0xb5, 0x2f, 0xfd, 0xc0, 0x68, 0x00, 0xca, 0x9a, 0x3b, 0, 0, 0, 0
  };
  u8 a[sizeof(aTwo) + 20];
  u8 *aBig;
  size_t nBig, i;
  i64 n = sizeof(aTwo);
  /* Sound in itself, but of other events than the log has: 2 instead of 64
  ** leave a gap. */
  rowsBlock("2 events", 2, BLOCK_STORED, n, aTwo, n);
  rowsBlock("size less", 2, BLOCK_STORED, n - 1, aTwo, n);
  rowsBlock("size more", 2, BLOCK_STORED, n + 1, aTwo, n);
  rowsBlock("size huge", 2, BLOCK_STORED, ((i64)1 << 62), aTwo, n);
  rowsBlock("size negative", 2, BLOCK_STORED, -1, aTwo, n);
  rowsBlock("codec", 2, 9, n, aTwo, n);
  rowsBlock("stored as zstd", 2, BLOCK_ZSTD, n, aTwo, n);
  rowsBlock("3 events", 3, BLOCK_STORED, n, aTwo, n);
  rowsBlock("64 events", 64, BLOCK_STORED, n, aTwo, n);
  rowsBlock("1 event", 1, BLOCK_STORED, n, aTwo, n);
  for(i=0; i<sizeof(aTwo); i++){
    /* 0xff makes lengths and counts run over, and varints long. */
    memcpy(a, aTwo, sizeof(aTwo));
    a[i] = 0xff;
    rowsBlock("a byte is ff", 2, BLOCK_STORED, n, a, n);
    rowsBlock("cut off", 2, BLOCK_STORED, (i64)i, aTwo, (i64)i);
  }
  rowsBlock("promise of 10^9", 1, BLOCK_ZSTD, 1000000000, aHdr, sizeof(aHdr));
  rowsBlock("promise of 10^9 in 64", 64, BLOCK_ZSTD, 1000000000, aHdr,
            sizeof(aHdr));
  /* The same kept: each 4 bytes give 128 KiB of zeros. */
  nBig = sizeof(aHdr) + 4 * 7630;
  aBig = malloc(nBig);
  if( aBig==0 ) fuzzFail("no memory");
  memcpy(aBig, aHdr, sizeof(aHdr));
  for(i=sizeof(aHdr); i<nBig; i+=4){
    size_t nLeft = 1000000000 - (i - sizeof(aHdr)) / 4 * 131072;
    int bLast = nLeft <= 131072;
    unsigned v =
      (unsigned)((bLast ? nLeft : 131072) << 3) | 2 | (unsigned)bLast;
    aBig[i] = (u8)v;
    aBig[i + 1] = (u8)(v >> 8);
    aBig[i + 2] = (u8)(v >> 16);
    aBig[i + 3] = 0;
  }
  rowsBlock("10^9 zeros", 64, BLOCK_ZSTD, 1000000000, aBig, (i64)nBig);
  free(aBig);
}

int main(int argc, char **argv){
  size_t i;
  long nPart = 0;
  nStep = argc > 1 ? strtol(argv[1], 0, 10) : 1;
  iFirst = argc > 2 ? strtol(argv[2], 0, 10) : 0;
  if( nStep<1 || iFirst>=nStep ) return 2;
  bFuzzPages = 0;
  do {
    rowsColumns();
    nDone = 0;
    iFirst = (iFirst + 1) % nStep;
  }while( ++nPart<nStep && fuzzMore() );
  nStep = 1;
  iFirst = 0;
  for(i=0; i<sizeof(azLie)/sizeof(azLie[0]); i++){
    if( rowsDamage(azLie[i]) ) fuzzFail("nothing found wrong: %s", azLie[i]);
  }
  rowsBlocks();
  for(i=0; i<sizeof(azForeign)/sizeof(azForeign[0]); i++){
    sqlite3 *db = rowsOpen();
    rowsMust(db, azForeign[i]);
    rowsUse(db, azForeign[i]);
  }
  printf("count damaged_rows %ld\n", nRun);
  printf("%ld images, %ld of them sound\n", nRun, nSound);
  return 0;
}
