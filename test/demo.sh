#!/bin/sh
# demo.sh: a guided run in one screen.
#
#   make demo
#   make demo TRANSCRIPT=file.jsonl     with a transcript of your own
#
# Needs the sqlite3 shell and the built extension: $SESSIONLOG_SO, else
# build/sessionlog.so.  What it makes lies in a temporary directory that goes
# at the end.  Each statement runs in a process of its own, as it would in
# real life: nothing is carried over but the database file.
set -u

root=`cd "\`dirname "$0"\`/.." && pwd` || exit 1
so=${SESSIONLOG_SO:-$root/build/sessionlog.so}
transcript=${TRANSCRIPT:-}
: "${transcript:=$root/test/demo/transcript.jsonl}"

fail(){
  echo "demo: $1" >&2
  exit 1
}
command -v sqlite3 >/dev/null 2>&1 || fail "no sqlite3 shell found"
test -f "$so" || fail "$so: not there (make builds it)"
test -f "$transcript" -a -r "$transcript" || fail "$transcript: can't be read"

dir=`mktemp -d` || exit 1
trap 'rm -rf "$dir"' EXIT
trap 'exit 130' INT TERM
cp "$transcript" "$dir/transcript.jsonl" || exit 1
cp "$so" "$dir/sessionlog.so" || exit 1
cd "$dir" || exit 1

# The shell's settings.  Columns and rows end with characters that are in no
# text, so that a text of several lines can be told from several rows.
cat >init.sql <<'END'
.load ./sessionlog
.mode list
.separator "\037" "\036"
PRAGMA synchronous=OFF;
END

# sql SQL: run it on the database, raw.
sql(){
  sqlite3 -batch -init init.sql demo.db "$1"
}

# ask SQL: the single value that it gives.
ask(){
  sql "$1" | tr -d '\036'
}

# Rows as aligned columns; a line break within a text becomes a blank.
align(){
  LC_ALL=C tr '\001-\035' ' ' | tr '\036' '\n' | LC_ALL=C awk -F '\037' '
    { n = NF > n ? NF : n
      for(i=1; i<=NF; i++){
        a[NR,i] = $i
        if( length($i)>w[i] ) w[i] = length($i)
      } }
    END {
      for(r=1; r<=NR; r++){
        line = ""
        for(i=1; i<n; i++) line = line sprintf("%-" (w[i]+2) "s", a[r,i])
        line = "   " line a[r,n]
        sub(/ +$/, "", line)
        print line
      }
    }'
}

step(){
  echo
  echo "$1"
}

# show SQL: print the statement, then what it gives.
show(){
  echo "$1" | sed '1s/^/   > /; 2,$s/^/     /'
  sql "$1" >rows || fail "the statement failed"
  align <rows
}

nl=`wc -l <transcript.jsonl | tr -d ' '`
echo "sessionlog `ask 'SELECT sessionlog_version()'`:" \
     "`basename "$transcript"`, $nl lines, in a new database"

step "1. Import a transcript: each line becomes an event."
show "SELECT session_import(readfile('transcript.jsonl'), 'work') AS id;"

# Where this transcript keeps its text: in a field, or the payload is text.
path=`ask "
  SELECT path FROM (
    SELECT 1 AS i, '\\$.content' AS path UNION SELECT 2, '\\$.message.content'
    UNION SELECT 3, '\\$.text' UNION SELECT 4, '\\$'
  ), events_tail('work', 20)
  WHERE CASE WHEN json_valid(payload) THEN payload ->> path END <> ''
  GROUP BY path ORDER BY count(*) DESC, i LIMIT 1"`
text(){
  if [ -n "$path" ]; then echo "substr(payload ->> '$1', 1, $2)"
  else echo "substr(payload, 1, $2)"
  fi
}
head=`ask "SELECT session_head('work')"`
cursor=$((head>3 ? head-3 : 0))
at=$((head/2))

step "2. Resume: a reader that had seen event $cursor asks for what came since."
show "SELECT ordinal, kind, $(text "$path" 64)
FROM events_since('work', $cursor);"

step "3. Fork: go back to event $at and try another way. No event is copied."
show "SELECT session_fork('work', $at, 'other-way') AS id;"

step "4. Append to both; neither sees what the other adds."
show "INSERT INTO session_events(session_id, kind, payload) VALUES
  ('work',      'user', json_object('content', 'Ship it.')),
  ('other-way', 'user', json_object('content', 'Start again from here.'));"
show "SELECT ordinal, kind, $(text '$.content' 40) FROM events_tail('other-way', 2);"

step "5. Label it; list the newest first; draw the tree."
show "INSERT INTO session_labels(label, session_id) VALUES('wip', 'other-way');"
show "SELECT name, head, id = session_find('wip') FROM session_list ORDER BY id DESC LIMIT 3;"
show "SELECT line FROM session_tree('work');"

step "6. Pack: the same lines once more as plain rows; ending a session packs it into blocks."
show "INSERT INTO session_list(name) VALUES('again');
INSERT INTO session_events(session_id, kind, payload)
SELECT 'again', kind, payload FROM session_events('work') WHERE ordinal <= $head;"
size="SELECT name, value FROM session_stats() WHERE name IN ('bytes_rows', 'bytes_blocks');"
show "$size"
show "UPDATE session_list SET status = 'ended' WHERE name = 'again';"
show "$size"
