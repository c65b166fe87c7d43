import sqlite3

db = sqlite3.connect("app.db")
db.enable_load_extension(True)
db.load_extension("./build/sessionlog")
db.enable_load_extension(False)

with db:
    db.execute("INSERT INTO session_list(name) VALUES(?)", ("fix-login",))
    db.executemany(
        "INSERT INTO session_events(session_id, kind, payload) VALUES(?, ?, ?)",
        [
            ("fix-login", "user", "Login fails with an empty password"),
            ("fix-login", "tool", '{"cmd":"make test","exit":2}'),
            ("fix-login", "assistant", "The length is not tested in auth.c"),
        ],
    )
    db.execute("SELECT session_fork(?, ?, ?)", ("fix-login", 2, "other-way"))

cursor = 1
since = "SELECT ordinal, kind, payload FROM events_since(?, ?)"
for ordinal, kind, payload in db.execute(since, ("fix-login", cursor)):
    print(ordinal, kind, payload)
for (line,) in db.execute("SELECT line FROM session_tree('fix-login')"):
    print(line)
