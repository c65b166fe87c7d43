#!/bin/sh
# cluster.sh: three dqlite nodes with sessionlog on loopback ports.
#
#   cluster.sh start DIR PORT   make DIR, start nodes 1 to 3 on PORT+1 to
#                               PORT+3, join them, and say how to talk to them
#   cluster.sh node DIR N       start node N of DIR again
#   cluster.sh stop DIR         stop them all
#
# DIR/N holds the data of node N, DIR/N.pid its process, DIR/N.log what it
# says, DIR/addresses the addresses. The programs are those in the directory
# $BIN, build/test at first.
set -eu
: "${BIN:=build/test}"

fail(){
  echo "cluster.sh: $*" >&2
  exit 1
}

address(){
  cut -d, -f"$1" "$dir/addresses"
}

node(){
  mkdir -p "$dir/$1"
  "$BIN/cluster_node" "$1" "$(address "$1")" "$dir/$1" \
    >>"$dir/$1.log" 2>&1 </dev/null &
  echo $! >"$dir/$1.pid"
}

# Run a command until it succeeds, for some seconds.
until_ok(){
  n=0
  until "$@" >/dev/null 2>&1; do
    n=$((n + 1))
    [ $n -lt 100 ] || fail "failed: $* ($(cat "$dir"/*.log))"
    sleep 0.1
  done
}

start(){
  [ ! -e "$dir" ] || fail "$dir exists; stop that cluster and remove it first"
  mkdir -p "$dir"
  a1=127.0.0.1:$(($1 + 1))
  a2=127.0.0.1:$(($1 + 2))
  a3=127.0.0.1:$(($1 + 3))
  echo "$a1,$a2,$a3" >"$dir/addresses"
  for i in 1 2 3; do node $i; done
  until_ok "$BIN/cluster_client" "$a1,$a2,$a3" leader
  until_ok "$BIN/cluster_client" "$a1,$a2,$a3" add 2 "$a2"
  until_ok "$BIN/cluster_client" "$a1,$a2,$a3" add 3 "$a3"
  client="$BIN/cluster_client $a1,$a2,$a3"
  cat <<END
Three nodes, with data and pids in $dir: $a1 $a2 $a3
Who leads:   $client leader
Statements:  echo "SELECT * FROM session_list" | $client sql
A node's files, as it has them now:
             $BIN/cluster_client $a2 dump DIRECTORY
Stop them:   sh $0 stop $dir
END
}

# A zombie that nobody waits for has stopped too.
running(){
  [ -d "/proc/$1" ] && ! grep -q '^State:.*Z' "/proc/$1/status" 2>/dev/null
}

stop(){
  for f in "$dir"/*.pid; do
    [ -e "$f" ] || continue
    pid=$(cat "$f")
    kill "$pid" 2>/dev/null || true
    n=0
    while running "$pid"; do
      n=$((n + 1))
      [ $n -lt 100 ] || kill -9 "$pid" || true
      sleep 0.1
    done
    rm -f "$f"
  done
}

[ $# -ge 2 ] || fail "usage: cluster.sh start DIR PORT | node DIR N | stop DIR"
what=$1
dir=$2
case $what in
  start) start "${3:-19000}" ;;
  node) node "$3" ;;
  stop) stop ;;
  *) fail "unknown command: $what" ;;
esac
