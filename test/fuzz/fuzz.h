/*
** fuzz.h - what the fuzz targets share.
**
** A target is one file fuzz_NAME.c with LLVMFuzzerTestOneInput(). Linked with
** libFuzzer it is fed inputs that reach new code (make fuzz); linked with
** replay.c it goes once through those in corpus/NAME (make test). sessionlog
** is linked in statically. A target that sees what must not be calls
** fuzzFail(), which aborts: to the fuzzer that is a crash.
*/
#ifndef FUZZ_H
#define FUZZ_H

#include <sqlite3.h>
#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *a, size_t n);

/* Print a message and abort. zFuzzWhat, if it is set, is printed too: which
** of many inputs it is. */
extern const char *zFuzzWhat;
void fuzzFail(const char *zFmt, ...) __attribute__((noreturn));

/* 1 until the program has run for SESSIONLOG_SECONDS of the environment, 0
** without that: go on with another part. */
int fuzzMore(void);

/* The small sound log that is damaged, made once: all kinds of rows are in
** it. Owned by fuzz.c. */
const uint8_t *fuzzTemplate(size_t *pn);

/* A connection in memory with sessionlog on it, whose database is a copy of
** the n bytes; a NULL pointer gives an empty database. */
sqlite3 *fuzzOpen(const uint8_t *a, size_t n);

/* Close it; statements or memory left over are failures. */
void fuzzClose(sqlite3 *db);

/* Each statement may run so many steps of SQLite's machine from now on, and
** is interrupted then. 0: any number. */
void fuzzBudget(sqlite3 *db, int nOps);

/* Run the statements in the text one after another, at most nMax of them, and
** read all columns. Returns the first result that is neither OK nor an error
** that damage or bad SQL may give, else SQLITE_OK; each result code is OR'ed
** into *pmSeen as 1<<primary code. */
void fuzzRun(sqlite3 *db, const char *zSql, int nMax, unsigned *pmSeen);

/* The first row's first column as text (malloc'd), NULL if there is none. */
char *fuzzOne(sqlite3 *db, const char *zSql, int *pRc);

/* 1 if integrity_check and session_check() find nothing in the database. */
int fuzzSound(sqlite3 *db, int bIntegrity);

/* On a sound database, every read must work and agree with the others:
** fails with zWhat if one does not. */
void fuzzConsistent(sqlite3 *db, const char *zWhat);

/* Every read and write on a damaged image, in fuzz_file.c. Returns 1 if the
** checks found nothing in it. */
int fuzzImage(const uint8_t *a, size_t n);

/* 1 (at first) if pages of the image may be damaged, not only rows. There are
** bytes in the records of an index that integrity_check does not compare, and
** that SQLite complains of when it goes from the index to its table: that is
** an error like any other, and no sign that session_check() has failed. */
extern int bFuzzPages;

/* Most bytes that sessionlog has asked for at once since fuzzOpen(). */
extern sqlite3_uint64 nFuzzAsked;

/* Bits of *pmSeen for results that nothing may give. */
#define FUZZ_NEVER                                                             \
  (1u << SQLITE_INTERNAL | 1u << SQLITE_MISUSE | 1u << SQLITE_RANGE            \
   | 1u << SQLITE_NOLFS)

#endif /* FUZZ_H */
