import { prove } from "./harness/prove.js";
import { reader, writer } from "./harness/roles.js";
import { emptyTasks, tasks } from "./harness/tables.js";

/** All that may hang on a table. */
const dressed = `${tasks}
  CREATE INDEX by_note ON tasks (lower(note)) WITH (fillfactor = 70); COMMENT ON INDEX by_note IS 'i';
  ALTER TABLE tasks ADD CONSTRAINT positive CHECK (priority > 0), ADD CONSTRAINT one_title UNIQUE (title) DEFERRABLE;
  COMMENT ON TABLE tasks IS 'what is to do'; COMMENT ON COLUMN tasks.note IS 'n'; COMMENT ON CONSTRAINT positive ON tasks IS 'c';
  ALTER TABLE tasks SET (fillfactor = 80, toast.autovacuum_enabled = false), ALTER note SET STATISTICS 50, ALTER note SET STORAGE EXTERNAL;
  CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
  CREATE TRIGGER touched BEFORE UPDATE OF note ON tasks FOR EACH ROW WHEN (NEW.note <> '') EXECUTE FUNCTION touch();
  ALTER TABLE tasks ENABLE ALWAYS TRIGGER touched; COMMENT ON TRIGGER touched ON tasks IS 't';
  ALTER TABLE tasks ENABLE ROW LEVEL SECURITY, REPLICA IDENTITY FULL;
  CREATE POLICY own ON tasks AS RESTRICTIVE FOR SELECT TO ${reader} USING (title = current_user); COMMENT ON POLICY own ON tasks IS 'p';
  CREATE RULE quiet AS ON DELETE TO tasks WHERE OLD.id = 0 DO INSTEAD NOTHING;
  CREATE STATISTICS together ON title, priority FROM tasks;
  GRANT SELECT, INSERT ON tasks TO ${reader}; GRANT UPDATE (note) ON tasks TO ${reader}; ALTER TABLE tasks OWNER TO ${writer};`;

const again = "CREATE TABLE tasks (id int PRIMARY KEY, title text NOT NULL, note text DEFAULT 'none', priority int);";

prove("a table", [
  {
    name: "CREATE TABLE: what the application wrote returns with it",
    before: tasks,
    up: "CREATE TABLE logs (id bigserial PRIMARY KEY, what text NOT NULL, at timestamptz DEFAULT '2020-01-01Z');",
    down: "DROP TABLE logs;",
    write: "INSERT INTO logs (id, what) VALUES (5, 'a'), (6, 'b')",
    afterAgain: [["SELECT id, what FROM logs ORDER BY id", ["5", "a"], ["6", "b"]]],
  },
  {
    name: "CREATE TABLE with all that may hang on it",
    before: `CREATE TABLE users (id int PRIMARY KEY); INSERT INTO users VALUES (1);`,
    up: `CREATE TABLE jobs (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, owner int REFERENCES users, n int CHECK (n > 0), d int GENERATED ALWAYS AS (n * 2) STORED, UNIQUE (owner, n));
      CREATE INDEX ON jobs (n) WHERE n > 5; COMMENT ON TABLE jobs IS 'j'; GRANT SELECT ON jobs TO ${reader}; GRANT UPDATE (n) ON jobs TO ${reader};`,
    down: "DROP TABLE jobs;",
    write: "INSERT INTO jobs (owner, n) VALUES (1, 2), (1, 3); UPDATE jobs SET n = 9 WHERE n = 3",
    afterAgain: [["SELECT n, d FROM jobs ORDER BY n", ["2", "4"], ["9", "18"]]],
  },
  {
    name: "CREATE TABLE without a key: rows that are equal stay as many",
    before: "SELECT 1;",
    up: "CREATE TABLE logs (what text);",
    down: "DROP TABLE logs;",
    write: "INSERT INTO logs VALUES ('a'), ('a'), (NULL)",
    afterAgain: [["SELECT count(*) FROM logs", ["3"]]],
  },
  {
    name: "CREATE TABLE that nobody writes to",
    before: tasks,
    up: "CREATE TABLE logs (id int);",
    down: "DROP TABLE logs;",
  },
  {
    name: "CREATE TABLE AS",

    before: tasks,
    up: "CREATE TABLE copy AS SELECT * FROM tasks;",
    down: "DROP TABLE copy;",
    write: "UPDATE copy SET note = 'x' WHERE id = 1; DELETE FROM copy WHERE id = 2",
  },
  {
    name: "CREATE TABLE (LIKE … INCLUDING ALL)",

    before: dressed,
    up: "CREATE TABLE copy (LIKE tasks INCLUDING ALL);",
    down: "DROP TABLE copy;",
    write: "INSERT INTO copy VALUES (1, 'a')",
  },
  {
    name: "CREATE TABLE IF NOT EXISTS, which meets one that somebody else made: that stays with its rows",
    before: tasks,
    up: "CREATE TABLE IF NOT EXISTS tasks (id int);",
    down: "DROP TABLE IF EXISTS tasks;",
    write: "INSERT INTO tasks VALUES (4, 'four')",
  },
  {
    name: "CREATE UNLOGGED TABLE with a fill factor",
    before: "SELECT 1;",
    up: "CREATE UNLOGGED TABLE cache (k text PRIMARY KEY, v bytea) WITH (fillfactor = 50);",
    down: "DROP TABLE cache;",
    write: "INSERT INTO cache VALUES ('a', 'b')",
  },
  {
    name: "CREATE TABLE OF a type",
    before: "CREATE TYPE pair AS (a int, b text);",
    up: "CREATE TABLE pairs OF pair (PRIMARY KEY (a));",
    down: "DROP TABLE pairs;",
    write: "INSERT INTO pairs VALUES (1, 'x')",
  },
  {
    name: "two tables that refer to each other",
    before: "SELECT 1;",
    up: "CREATE TABLE a (id int PRIMARY KEY, b int); CREATE TABLE b (id int PRIMARY KEY, a int REFERENCES a); ALTER TABLE a ADD CONSTRAINT a_b FOREIGN KEY (b) REFERENCES b DEFERRABLE INITIALLY DEFERRED;",
    down: "ALTER TABLE a DROP CONSTRAINT a_b; DROP TABLE b; DROP TABLE a;",
    write: "BEGIN; INSERT INTO a VALUES (1, 1); INSERT INTO b VALUES (1, 1); COMMIT",
  },
  {
    name: "DROP TABLE, with its rows",
    before: "CREATE TABLE logs (id int PRIMARY KEY, what text); INSERT INTO logs VALUES (1, 'a'), (2, NULL);",
    up: "DROP TABLE logs;",
    down: "CREATE TABLE logs (id int PRIMARY KEY, what text);",
  },
  { name: "DROP TABLE, an empty one", before: emptyTasks, up: "DROP TABLE tasks;", down: again },
  {
    name: "DROP TABLE without a key",
    before: "CREATE TABLE logs (what text); INSERT INTO logs VALUES ('a'), ('a'), (NULL);",
    up: "DROP TABLE logs;",
    down: "CREATE TABLE logs (what text);",
  },
  {
    name: "DROP TABLE with all that hangs on it",
    before: dressed,
    up: "DROP TABLE tasks;",
    down: again,
  },
  {
    name: "DROP TABLE with a serial column: its sequence goes on where it was",

    before:
      "CREATE TABLE logs (id serial PRIMARY KEY, what text); INSERT INTO logs (what) VALUES ('a'), ('b'), ('c'); DELETE FROM logs WHERE id = 3;",
    up: "DROP TABLE logs;",
    down: "CREATE TABLE logs (id serial PRIMARY KEY, what text);",
    afterDown: [["SELECT last_value FROM logs_id_seq", ["3"]]],
  },
  {
    name: "DROP TABLE that others refer to, with CASCADE: their foreign key comes back",

    before: `CREATE TABLE users (id int PRIMARY KEY); INSERT INTO users VALUES (1), (2); CREATE TABLE jobs (id int PRIMARY KEY, owner int REFERENCES users ON DELETE CASCADE); INSERT INTO jobs VALUES (1, 1);`,
    up: "DROP TABLE users CASCADE;",
    down: "CREATE TABLE users (id int PRIMARY KEY);",
    write: "INSERT INTO jobs VALUES (2, 2)",
  },
  {
    name: "DROP TABLE with a view over it, with CASCADE: the view comes back",

    before: `${tasks} CREATE VIEW notes AS SELECT id, note FROM tasks; CREATE VIEW more AS SELECT count(*) FROM notes; GRANT SELECT ON notes TO ${reader};`,
    up: "DROP TABLE tasks CASCADE;",
    down: again,
  },
  {
    name: "DROP TABLE of several",
    before: `${tasks} CREATE TABLE logs (id int PRIMARY KEY, task int REFERENCES tasks); INSERT INTO logs VALUES (1, 1);`,
    up: "DROP TABLE logs, tasks;",
    down: `${again} CREATE TABLE logs (id int PRIMARY KEY, task int REFERENCES tasks);`,
  },
  {
    name: "DROP TABLE IF EXISTS, where there is none",
    before: tasks,
    up: "DROP TABLE IF EXISTS nothing; ALTER TABLE tasks ADD COLUMN a int;",
    down: "ALTER TABLE tasks DROP COLUMN a;",
  },
  {
    name: "DROP TABLE and one of the same name made again",
    before: "CREATE TABLE t (id int PRIMARY KEY, a text); INSERT INTO t VALUES (1, 'old');",
    up: "DROP TABLE t; CREATE TABLE t (id int PRIMARY KEY, b int);",
    down: "DROP TABLE t; CREATE TABLE t (id int PRIMARY KEY, a text);",
    write: "INSERT INTO t VALUES (5, 50)",
    afterDown: [["SELECT id, a FROM t", ["1", "old"]]],
    afterAgain: [["SELECT id, b FROM t", ["5", "50"]]],
    touched: { "public.t": [] },
  },
  {
    name: "RENAME, which its sequence, its foreign keys, its view and its policy follow",
    before: `${dressed} CREATE VIEW notes AS SELECT id, note FROM tasks; CREATE TABLE logs (task int REFERENCES tasks);`,
    up: "ALTER TABLE tasks RENAME TO todos;",
    down: "ALTER TABLE todos RENAME TO tasks;",
    write: "UPDATE todos SET note = 'x' WHERE id = 1",
    touched: { "public.tasks": ["1"] },
    afterDown: [["SELECT note FROM tasks WHERE id = 1", ["x"]]],
  },
  {
    name: "SET SCHEMA",
    before: `${dressed} CREATE SCHEMA app;`,
    up: "ALTER TABLE tasks SET SCHEMA app;",
    down: "ALTER TABLE app.tasks SET SCHEMA public;",
    write: "DELETE FROM app.tasks WHERE id = 1",
    touched: { "public.tasks": ["1"] },
  },
  {
    name: "OWNER TO",
    before: tasks,
    up: `ALTER TABLE tasks OWNER TO ${writer};`,
    down: "ALTER TABLE tasks OWNER TO CURRENT_USER;",
  },
  {
    name: "SET UNLOGGED",
    before: tasks,
    up: "ALTER TABLE tasks SET UNLOGGED;",
    down: "ALTER TABLE tasks SET LOGGED;",
    write: "INSERT INTO tasks VALUES (4, 'four')",
  },
  {
    name: "SET and RESET of storage parameters",
    before: `${tasks} ALTER TABLE tasks SET (fillfactor = 90);`,
    up: "ALTER TABLE tasks SET (fillfactor = 70, autovacuum_enabled = false);",
    down: "ALTER TABLE tasks RESET (autovacuum_enabled); ALTER TABLE tasks SET (fillfactor = 90);",
  },
  {
    name: "REPLICA IDENTITY FULL",
    before: tasks,
    up: "ALTER TABLE tasks REPLICA IDENTITY FULL;",
    down: "ALTER TABLE tasks REPLICA IDENTITY DEFAULT;",
  },
  {
    name: "SET TABLESPACE to where it is",
    before: tasks,
    up: "ALTER TABLE tasks SET TABLESPACE pg_default;",
    down: "ALTER TABLE tasks SET TABLESPACE pg_default;",
  },
  {
    name: "SET ACCESS METHOD",
    since: 15,
    before: `${tasks} CREATE ACCESS METHOD second TYPE TABLE HANDLER heap_tableam_handler;`,
    up: "ALTER TABLE tasks SET ACCESS METHOD second;",
    down: "ALTER TABLE tasks SET ACCESS METHOD heap;",
    write: "INSERT INTO tasks VALUES (4, 'four')",
  },
  {
    name: "OF and NOT OF",
    before: "CREATE TYPE pair AS (a int, b text); CREATE TABLE t (a int, b text); INSERT INTO t VALUES (1, 'x');",
    up: "ALTER TABLE t OF pair;",
    down: "ALTER TABLE t NOT OF;",
  },
  {
    name: "CLUSTER",
    before: `${tasks} CREATE INDEX by_note ON tasks (note);`,
    up: "CLUSTER tasks USING by_note;",
    down: "ALTER TABLE tasks SET WITHOUT CLUSTER;",
  },
  {
    name: "COMMENT ON TABLE, over another one",
    before: `${tasks} COMMENT ON TABLE tasks IS 'old';`,
    up: "COMMENT ON TABLE tasks IS 'new';",
    down: "COMMENT ON TABLE tasks IS 'old';",
  },
]);
