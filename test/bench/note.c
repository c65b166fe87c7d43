/*
** note.c - why a figure of the table is above its target: where the time goes,
** what has been tried, and what is left. The figures are those of the machine
** on which they were found; bench.md prints them under its own.
*/
#include <stdio.h>

#include "bench.h"

/* A paragraph about a line of the table. */
typedef struct Note Note;
struct Note {
  int iLine;
  const char *zText;
};

static const Note aNote[] = {
  { 3,
    "callgrind, instructions an event: R0 8,050, session_append_json() 7,630."
    " Of these 4,760 are the INSERT ... SELECT that writes 256 events at a"
    " time, 27 steps of SQLite's machine a row; the rest is reading the JSON,"
    " and keeping the event until then. Tried: the text validated and taken"
    " apart in one pass instead of three (taken, 9,980 before), the plain part"
    " of strings 16 bytes at a time (taken, 280), one reading of the clock for"
    " a batch (taken), more events in a statement (no gain beyond 256). Not"
    " done: a table without CHECKs and the index of keys, which is 0.87 of R0"
    " for a raw INSERT, as they hold without the extension too." },
  { 4,
    "0.75 N is less than R0 itself takes over 100 sessions: see the row \"R0"
    " alone\". Each commit writes the page of its session and the WAL's frame"
    " for it, which is what the CPU time goes into (R0 11.4 µs, of which 16,600"
    " instructions are SQLite's, the rest is the kernel's). callgrind, one"
    " session: 23,300 instructions a transaction against R0's 16,600; of the"
    " difference 1,400 are the stored table's CHECKs and its index, 2,600 the"
    " inner statement's binding, step, halt and reset, 900 SQLite's for a"
    " table in a transaction, 500 the test that the cached head holds, 370 the"
    " id." },
  { 4,
    "Tried: no inner statement for the task (taken: the row's own INSERT is the"
    " only one), the head from a cache (taken), the data version read once, at"
    " the commit (taken), bindings left where they are (150 instructions, not"
    " worth a pointer that outlives what it points to)." },
  { 6,
    "Reading packed history costs the decoding of its blocks on top of what"
    " the raw SELECT costs. callgrind, 200 bytes: 2,740 instructions an event"
    " for the raw SELECT, 2,740 for events_since() without the decoder. So"
    " the floor is near 1 plus the row \"decoding alone\", which is the"
    " decoder without SQLite: zstd, and a tenth the checksum and the columns."
    " The raw rows of some KB are a copy at 4 to 6 GB/s; zstd gives 1.4 (blocks"
    " of 12 KB) to 2.6 GB/s." },
  { 6,
    "Tried, in ns an event for JSON of 200 bytes / transcripts / the mix, with"
    " the bytes after compression in parts of those before."
    " zstd level 3: 165 / 574 / 2141, 0.33 / 0.19 / 0.23."
    " Level 1: 152 / 548 / 2013, 0.33 / 0.20 / 0.24."
    " **Level 1, matches of 7 bytes or more: 136 / 521 / 1895, 0.34 / 0.20 /"
    " 0.24, taken.**"
    " Level -1, whose literals are not coded: 107 / 445 / 2020, 0.42 / 0.24 /"
    " 0.28; level -10: 81 / 395 / 1722, 0.60 / 0.36 / 0.37."
    " Blocks of at most 64 KB: - / 657 / 2157, - / 0.23 / 0.26."
    " Blocks of 256 events instead of 64: 108 at 0.30, but a block is to have"
    " 64. Another codec, LZ4: 53 / 303 / 902, 0.49 / 0.28 / 0.35: would bring"
    " transcripts to 1.0 and the mix to 1.6, for a third to a half more bytes,"
    " and the mix above line 14's 0.30." },
  { 6,
    "Outside the decoder: values of a packed event are read where they were"
    " decoded (18% of the instructions per column saved); payloads that zstd"
    " shrinks moderately are decoded at once, not through a window of their"
    " own. Not done: handing out texts without copying them, worth 5% at the"
    " most (memcpy's share in perf), as each would have to hold its block." },
  { 7,
    "A tail of 10 costs 64,300 instructions against 30,700 for the raw SELECT"
    " (callgrind, the caller's fetching of four columns in both). For each"
    " row: the inner step 1,310, which is a second row of SQLite's, SQLite's"
    " calls of the table 470, results handed over 420, the look-up of the"
    " row's values 425, our own code 300. Once: the statement that opens"
    " the snapshot 1,300, seeking 3,000 and"
    " the end of the inner statement 1,900. A row-at-a-time table function that"
    " does nothing else had been measured at 1.6." },
  { 7,
    "Taken: closed cursors, readers and short arguments are kept, not"
    " allocated (2,000 instructions a query); the statement that opens"
    " the snapshot opens no table (600); a transaction's"
    " state is asked for once (200); integers are not copied as values (50 a"
    " row). Tried and left: the values of a row looked up once and kept from"
    " row to row (340 a row, but what SQLite hands out is good until the next"
    " step only); kinds kept for the connection and handed out"
    " without a copy (no gain: SQLite releases the register's memory each"
    " time); no column for idempotency keys where none is asked for (80 a row,"
    " for two more statements); no upper bound in the inner statement (100 a"
    " row, but behind a packed session it reads another's row, however large);"
    " a batch of rows for each inner step, by way of an aggregate (360 a row at"
    " the most: what the steps save, copying each row once more takes back"
    " in part)." },
  { 10,
    "A fork is the raw INSERT, its rules, and the search for its parent."
    " callgrind,"
    " instructions a fork, with the commit of each 20th: raw INSERT 50,500;"
    " into the stored table, with CHECK and STRICT but no trigger, 54,200;"
    " with the"
    " trigger that stops REPLACE 63,400; fork by session_fork() 89,700: 10,400"
    " for the ref, 7,000 for the parent's head, the highest key and what"
    " is taken"
    " over, the rest for the call, the id and 25 values to bind. So the INSERT"
    " with its protection has 1.2 by itself, and nothing is left for the"
    " search: two statements that seek in four trees." },
  { 10,
    "Tried, from 187,300 instructions (2.5 to 2.8 of R0) on: no IN in a"
    " CHECK (it"
    " fills an ephemeral table in each INSERT): -35,000. VALUES for INSERT ..."
    " SELECT with a LEFT JOIN of the parent, which had two ephemeral tables"
    " more; the parent looked up once, not twice; no inner statement where one"
    " row is all: -50,000. No statement journal (OR FAIL, RAISE(FAIL), no"
    " function in a CHECK): -8,000. One statement for head, highest key"
    " and what"
    " is taken over: -4,000. Not done: the trigger dropped (-9,000, for a"
    " REPLACE that takes a session's row away), forks that wait as events do"
    " (each reads what the one before would have written), fewer indexes (each"
    " serves a documented query, and R0 has the same)." },
  { 12,
    "SQLite's own search grows with the depth of its trees and with pages that"
    " are in no cache of the processor: the row \"raw SELECT by name\""
    " says by how"
    " much on the machine of the table, 1.26 to 1.48 in the runs that were"
    " looked at. A name takes the same two seeks, index and row, as the raw"
    " SELECT; a label three, as its own row is between; a prefix three, two of"
    " which find no name and no label." },
  { 12,
    "Tried, 1M against 1k sessions in one run where the raw SELECT grew by"
    " 1.48:"
    " ids and prefixes from the index alone, without the row: 1.19 by id"
    " (taken)."
    " Name and label in one statement: 1.36 by name against 1.34 in two,"
    " 1.58 by"
    " label against 1.66; a miss less, but the seeks that grow are the same. An"
    " index that holds what is read of a session's row: 1.14 by name, for"
    " a name's"
    " and an id's bytes more in each session. The memory of refs looked up"
    " lately has 16 places, which 100 refs in turn pass by; a larger one would"
    " only measure itself." },
  { 13, "Sessions left open are rows, and SQLite as Debian builds it"
        " overwrites freed"
        " pages (secure_delete): each goes to the WAL, and by that alone a"
        " plain DELETE of"
        " the rows, without trigger and without the index of keys, writes 0.47"
        " of N's"
        " bytes, as session_prune() does (0.28 with secure_delete=FAST, which"
        " is for the"
        " application to decide). Ended sessions are packed, about a page a"
        " block, and"
        " those pages are overwritten too." },
  { 13,
    "CPU, 20,000 events of 100 sessions, N at 76 to 102 ms: session_prune() 37"
    " at best, the plain DELETE of their ranges with the two look-ups of"
    " the trigger"
    " 30 to 35, with one of them 33 to 36, with a trigger that tests a"
    " constant 24 to"
    " 32, without a trigger 15 to 20: so 0.2 is the floor of rows, and 0.3"
    " that of"
    " rows with any guard, which is in SQL so that it holds without the"
    " extension."
    " Tried: the two look-ups in the other order (30 to 38), secure_delete=FAST"
    " without a trigger (14 to 17), no index of idempotency keys (15). Not"
    " tried:"
    " dropping the trigger for a moment, as every other connection would"
    " have to"
    " prepare its statements anew." },
  { 14,
    "Packing has to delete the rows and to compress them; the two alone are the"
    " rows \"raw DELETE\" and \"making blocks\", and at more than a KB an event"
    " each of them takes the target or more. DELETE: SQLite as Debian builds it"
    " overwrites freed pages (secure_delete), so each is written to the WAL and"
    " by a checkpoint to the database: 4.1 µs for a transcript's event, 10.5"
    " for one of the mix, against 1.4 with secure_delete off, which is for the"
    " application to decide. zstd: 2.2 and 8.8 µs." },
  { 14,
    "Tried: zstd level 3 (2.7 and 11.2 µs), level 1 with long matches (2.2 and"
    " 8.8, taken), level -3 (2.0 and 7.5, but 0.46 of the bytes for JSON of 200"
    " bytes instead of 0.34), level -10 (1.5 and 6.4; 0.60); smaller and larger"
    " hash tables (within 7%). A cheaper guard of DELETE, which is in SQL so"
    " that it holds without the extension: 635 ns a row with the present one,"
    " 596 with a single look-up, 513 with one row to compare with, 423 with a"
    " trigger that tests a constant, 273 without any: nothing worth a weaker"
    " guard. All rows in one DELETE instead of 64 at a time: the same." },
};

/*
** 1 if a row of the line misses its target.
*/
static int lineIsOver(int iLine){
  int i;
  for(i=0; i<reportCount(); i++){
    const ReportRow *p = reportAt(i);
    if( p->iLine==iLine && !reportOk(p) ) return 1;
  }
  return 0;
}

/*
** Write the paragraphs about the lines that miss a target.
*/
void noteWrite(FILE *pOut){
  size_t i;
  int iLast = 0;
  for(i=0; i<sizeof(aNote)/sizeof(aNote[0]); i++){
    int iLine = aNote[i].iLine;
    if( !lineIsOver(iLine) ) continue;
    if( iLast==0 ) fprintf(pOut, "\n## Targets not reached\n");
    if( iLine!=iLast ) fprintf(pOut, "\n### Line %d\n", iLine);
    fprintf(pOut, "\n%s\n", aNote[i].zText);
    iLast = iLine;
  }
}
