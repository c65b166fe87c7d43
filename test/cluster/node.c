#define _POSIX_C_SOURCE 200809L
/*
** node.c - one node of a dqlite cluster in which sessionlog is at home.
**
**   cluster_node ID ADDRESS DIRECTORY
**
** ID 1 founds the cluster; the others are added to it by a client. Runs until
** SIGTERM or SIGINT. This is all that a host of its own has to do:
**
** - Ignore SIGPIPE, which a peer that dies would raise.
** - Register sessionlog before the node starts, so that every connection
**   that dqlite opens has it. It is linked in (SQLITE_CORE).
*/
#include <dqlite.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>

int sqlite3_sessionlog_init(sqlite3 *, char **, const sqlite3_api_routines *);

/* How many log entries are kept before a snapshot, and behind it: few, so
** that a node that comes back is soon sent a snapshot. */
#define SNAPSHOT_AFTER 512
#define SNAPSHOT_TRAIL 512

/* Sets the pace of elections: ten or more times this until one begins. */
#define LATENCY_MS 10

/*
** Every connection that is opened from now on has sessionlog.
*/
static int registerSessionlog(void){
  if( sqlite3_config(SQLITE_CONFIG_MULTITHREAD)!=SQLITE_OK ) return 1;
  return sqlite3_auto_extension((void (*)(void))sqlite3_sessionlog_init)
         != SQLITE_OK;
}

/*
** Make the node and start it: 0 if that went well.
*/
static int startNode(const char *zId, const char *zAddress, const char *zDir,
                     dqlite_node **ppNode) {
  dqlite_node_id id = strtoull(zId, 0, 10);
  if( dqlite_node_create(id, zAddress, zDir, ppNode) ) return 1;
  return dqlite_node_set_bind_address(*ppNode, zAddress)
         || dqlite_node_set_network_latency_ms(*ppNode, LATENCY_MS)
         || dqlite_node_set_snapshot_params(*ppNode, SNAPSHOT_AFTER,
                                            SNAPSHOT_TRAIL)
         || dqlite_node_start(*ppNode);
}

int main(int argc, char **argv){
  dqlite_node *pNode = 0;
  sigset_t set;
  int iSig;
  if( argc!=4 ){
    fprintf(stderr, "usage: %s ID ADDRESS DIRECTORY\n", argv[0]);
    return 2;
  }
  signal(SIGPIPE, SIG_IGN);
  /* Blocked before the node starts its threads, which inherit it. */
  sigemptyset(&set);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, SIGINT);
  sigprocmask(SIG_BLOCK, &set, 0);
  if( registerSessionlog() ){
    fprintf(stderr, "%s: cannot register sessionlog\n", argv[0]);
    return 1;
  }
  if( startNode(argv[1], argv[2], argv[3], &pNode) ){
    fprintf(stderr, "%s: %s\n", argv[0],
            pNode ? dqlite_node_errmsg(pNode) : "cannot make a node");
    return 1;
  }
  sigwait(&set, &iSig);
  dqlite_node_stop(pNode);
  dqlite_node_destroy(pNode);
  return 0;
}
