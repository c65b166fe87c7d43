// better-sqlite3: const db = new (require('better-sqlite3'))('app.db');
const { DatabaseSync } = require('node:sqlite');
const db = new DatabaseSync('app.db', { allowExtension: true });
db.loadExtension('./build/sessionlog.so');

const append = db.prepare(
  'INSERT INTO session_events(session_id, kind, payload) VALUES(?, ?, ?)');
db.exec("BEGIN; INSERT INTO session_list(name) VALUES('fix-login')");
append.run('fix-login', 'user', 'Login fails with an empty password');
append.run('fix-login', 'tool', JSON.stringify({ cmd: 'make test', exit: 2 }));
append.run('fix-login', 'assistant', 'The length is not tested in auth.c');
db.prepare('SELECT session_fork(?, ?, ?)').get('fix-login', 2, 'other-way');
db.exec('COMMIT');

const cursor = 1;
const since = db.prepare(
  'SELECT ordinal, kind, payload FROM events_since(?, ?)');
for (const e of since.all('fix-login', cursor)) {
  console.log(e.ordinal, e.kind, e.payload);
}
for (const row of db.prepare('SELECT line FROM session_tree(?)').all('fix-login')) {
  console.log(row.line);
}
