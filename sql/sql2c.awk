# sql2c.awk: turn named SQL statements into C arrays.
#
#   awk -f sql/sql2c.awk -v H=build/gen/sql.h -v C=build/gen/sql.c sql/*.sql
#
# Input.  A statement begins with the line
#
#   -- name: some_name
#
# and ends before the next such line or at the end of the file.  Lines whose
# first non-blank characters are "--" and blank lines are dropped; a comment
# after SQL on the same line stays in the text.  Names are lower case letters,
# digits and underscores, unique over all files.
#
# Output.  The header has an enum with SL_SQL_SOME_NAME for each statement, in
# the order of the input, and SL_SQL_COUNT; the C file has slSqlText[] and
# slSqlName[], which the enum indexes.  The statements named schema_* in
# schema.sql, in their order there, are the ones that make the tables: their
# enum values are in slSchemaSql[], SL_SCHEMA_COUNT of them.
#
# Plain POSIX awk, so that any of mawk, gawk and busybox will do.

function fail(where, msg) {
  print where ": " msg | "cat 1>&2"
  close("cat 1>&2")
  failed = 1
  exit 1
}

# s as the inside of a C string literal.
function literal(s) {
  gsub(/["\\]/, "\\\\&", s)
  gsub(/\t/, "\\t", s)
  # -std=c99 means trigraphs: no two question marks may stand together.
  if (index(s, "??")) gsub(/[?]/, "\\\\&", s)
  return s
}

# The statement that was being read is complete.
function finish() {
  if (nStmt > 0 && nLine[nStmt] == 0)
    fail(where[nStmt], "statement " name[nStmt] " has no text")
}

FNR == 1 {
  finish()
  inStmt = 0
  base = FILENAME
  sub(/^.*\//, "", base)
}

{ sub(/[ \t\r]+$/, "") }

/^[ \t]*--[ \t]*name[ \t]*:/ {
  finish()
  here = FILENAME ":" FNR
  z = $0
  sub(/^[ \t]*--[ \t]*name[ \t]*:[ \t]*/, "", z)
  if (z !~ /^[a-z][a-z0-9_]*$/) fail(here, "bad statement name: " z)
  if (z == "count") fail(here, "\"count\" would clash with SL_SQL_COUNT")
  if (z in seen) fail(here, "statement " z " is already at " seen[z])
  seen[z] = here
  nStmt++
  name[nStmt] = z
  where[nStmt] = here
  nLine[nStmt] = 0
  if (base == "schema.sql" && z ~ /^schema_/) schema[++nSchema] = z
  inStmt = 1
  next
}

/^[ \t]*--/ || /^$/ { next }

{
  if (!inStmt) fail(FILENAME ":" FNR, "SQL before the first \"-- name:\" line")
  line[nStmt, ++nLine[nStmt]] = $0
}

END {
  if (failed) exit 1
  finish()
  if (nStmt == 0) fail("sql2c.awk", "no statements in the input")

  gen = "/* Generated from sql/ by sql/sql2c.awk: edit those files instead. */"
  print gen > C
  print "#include \"sql.h\"\n" > C
  print "const char *const slSqlText[SL_SQL_COUNT] = {" > C
  for (i = 1; i <= nStmt; i++) {
    print "  /* " name[i] " */" > C
    for (j = 1; j <= nLine[i]; j++)
      printf "  \"%s%s\"%s\n", literal(line[i, j]), \
        (j < nLine[i] ? "\\n" : ""), (j < nLine[i] ? "" : ",") > C
  }
  print "};\n" > C
  print "const char *const slSqlName[SL_SQL_COUNT] = {" > C
  for (i = 1; i <= nStmt; i++) print "  \"" name[i] "\"," > C
  print "};\n" > C
  print "const int slSchemaSql[SL_SCHEMA_COUNT + 1] = {" > C
  for (i = 1; i <= nSchema; i++)
    print "  SL_SQL_" toupper(schema[i]) "," > C
  print "  -1\n};" > C
  close(C)

  # Last, so that make sees it as newer than the C file.
  print gen > H
  print "#ifndef SL_SQL_H\n#define SL_SQL_H\n" > H
  print "enum {" > H
  for (i = 1; i <= nStmt; i++)
    print "  SL_SQL_" toupper(name[i]) "," > H
  print "  SL_SQL_COUNT\n};\n" > H
  print "/* Statement texts and names, indexed by SL_SQL_... */" > H
  print "extern const char *const slSqlText[SL_SQL_COUNT];" > H
  print "extern const char *const slSqlName[SL_SQL_COUNT];\n" > H
  print "/* The statements that make the tables, in order; ends with -1. */" > H
  print "#define SL_SCHEMA_COUNT " (nSchema + 0) > H
  print "extern const int slSchemaSql[SL_SCHEMA_COUNT + 1];\n" > H
  print "#endif" > H
}
