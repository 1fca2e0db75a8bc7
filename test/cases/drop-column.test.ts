import { prove } from "./harness/prove.js";
import { reader, writer } from "./harness/roles.js";
import { emptyTasks, tasks } from "./harness/tables.js";

/** With a column in the middle, `note`, on which something hangs. */
const withNote = (more: string): string => `${tasks} ${more}`;
const drop = "ALTER TABLE tasks DROP COLUMN note;";
const add = "ALTER TABLE tasks ADD COLUMN note text;";
const inPassing = "a row that is written without naming its columns goes into the hidden one";

prove("a column that is dropped", [
  {
    name: "the last one, with its values",
    before: tasks,
    up: "ALTER TABLE tasks DROP COLUMN priority;",
    down: "ALTER TABLE tasks ADD COLUMN priority int;",
    write: "UPDATE tasks SET title = 'uno' WHERE id = 1; INSERT INTO tasks VALUES (4, 'four', 'd')",
    afterDown: [["SELECT id, priority FROM tasks ORDER BY id", ["1", "1"], ["2", "2"], ["3", null], ["4", null]]],
  },
  {
    name: "the last one, on an empty table",
    before: emptyTasks,
    up: "ALTER TABLE tasks DROP COLUMN priority;",
    down: "ALTER TABLE tasks ADD COLUMN priority int;",
    write: "INSERT INTO tasks VALUES (1, 'one', 'a')",
  },
  {
    name: "one in the middle, with its default and its place",
    before: tasks,
    up: drop,
    down: add,
    write: "INSERT INTO tasks (id, title, priority) VALUES (4, 'four', 4); DELETE FROM tasks WHERE id = 1",
    afterDown: [["SELECT id, note FROM tasks WHERE id < 4 ORDER BY id", ["2", null], ["3", "c"]]],
  },
  {
    name: "one in the middle: what is written without naming columns goes into those that are left",
    today: inPassing,
    before: tasks,
    up: drop,
    down: add,
    write: "INSERT INTO tasks VALUES (4, 'four', 4)",
    afterDown: [["SELECT id, title, priority FROM tasks WHERE id = 4", ["4", "four", "4"]]],
  },
  {
    name: "one in the middle: what is read without naming columns has those that are left",
    today: "SELECT * shows the hidden one",
    before: tasks,
    up: drop,
    down: add,
    afterUp: [["SELECT * FROM tasks ORDER BY id", ["1", "one", "1"], ["2", "two", "2"], ["3", "three", null]]],
  },
  {
    name: "one in the middle, on an empty table",
    before: emptyTasks,
    up: drop,
    down: add,
    write: "INSERT INTO tasks (id, title, priority) VALUES (4, 'four', 4)",
  },
  {
    name: "of a table without a key",
    before: "CREATE TABLE logs (what text, level int); INSERT INTO logs VALUES ('a', 1), ('a', 2), ('b', NULL);",
    up: "ALTER TABLE logs DROP COLUMN level;",
    down: "ALTER TABLE logs ADD COLUMN level int;",
    write: "INSERT INTO logs VALUES ('c')",
  },
  {
    name: "NOT NULL: the application goes on writing without it, and its rows are counted before the way back",
    before: tasks,
    up: "ALTER TABLE tasks DROP COLUMN title;",
    down: "ALTER TABLE tasks ADD COLUMN title text NOT NULL DEFAULT 'untitled'; ALTER TABLE tasks ALTER title DROP DEFAULT;",
    write: "INSERT INTO tasks (id, note) VALUES (4, 'd')",
    afterDown: [
      ["SELECT id, title FROM tasks ORDER BY id", ["1", "one"], ["2", "two"], ["3", "three"], ["4", "untitled"]],
    ],
    today: "a row that was written meanwhile has no value, and the default of the way back is not asked",
  },
  {
    name: "NOT NULL without a default, and nobody writes meanwhile",
    before: tasks,
    up: "ALTER TABLE tasks DROP COLUMN title;",
    down: "ALTER TABLE tasks ADD COLUMN title text NOT NULL;",
  },
  {
    name: "with comment, grants, statistics target, storage, compression and options",
    before:
      withNote(`COMMENT ON COLUMN tasks.note IS 'a note'; GRANT SELECT (note) ON tasks TO ${reader}; GRANT UPDATE (note) ON tasks TO ${writer} WITH GRANT OPTION;
      ALTER TABLE tasks ALTER note SET STATISTICS 700, ALTER note SET STORAGE EXTERNAL, ALTER note SET COMPRESSION pglz, ALTER note SET (n_distinct = 5);`),
    up: drop,
    down: add,
    write: "UPDATE tasks SET priority = 9 WHERE id = 3",
  },
  {
    name: "with a collation",
    before: `CREATE TABLE t (id int PRIMARY KEY, name text COLLATE "C"); INSERT INTO t VALUES (1, 'a');`,
    up: "ALTER TABLE t DROP COLUMN name;",
    down: "ALTER TABLE t ADD COLUMN name text;",
  },
  {
    name: "with indexes: a plain one, a partial one, one with INCLUDE, one over an expression",
    before:
      withNote(`CREATE INDEX n1 ON tasks (note text_pattern_ops DESC); CREATE INDEX n2 ON tasks (id) WHERE note IS NOT NULL;
      CREATE INDEX n3 ON tasks (priority) INCLUDE (note); CREATE INDEX n4 ON tasks (lower(note)) WITH (fillfactor = 70);
      COMMENT ON INDEX n1 IS 'first'; ALTER INDEX n4 ALTER COLUMN 1 SET STATISTICS 300; CREATE INDEX n5 ON tasks (priority);`),
    up: drop,
    down: add,
    write: "UPDATE tasks SET priority = 9 WHERE id = 3",
  },
  {
    name: "with a unique constraint and its comment",
    before: withNote(
      "ALTER TABLE tasks ADD CONSTRAINT one_note UNIQUE (note); COMMENT ON CONSTRAINT one_note ON tasks IS 'once';",
    ),
    up: drop,
    down: add,
  },
  {
    name: "with a CHECK of its own: the application writes what the constraint would refuse for an absent value",
    before: withNote(
      "UPDATE tasks SET note = 'b' WHERE note IS NULL; ALTER TABLE tasks ADD CONSTRAINT has_note CHECK (note IS NOT NULL AND note <> 'none');",
    ),
    up: drop,
    down: "ALTER TABLE tasks ADD COLUMN note text; UPDATE tasks SET note = 'filled' WHERE note IS NULL;",
    write: "INSERT INTO tasks (id, title, priority) VALUES (4, 'four', 4)",
    afterDown: [["SELECT note FROM tasks ORDER BY id", ["a"], ["b"], ["c"], ["filled"]]],
    today: "a row that was written meanwhile violates the CHECK, which comes back before the way back fills it",
  },
  {
    name: "with an EXCLUDE constraint",
    before: `CREATE TABLE rooms (id int PRIMARY KEY, during int4range, EXCLUDE USING gist (during WITH &&)); INSERT INTO rooms VALUES (1, '[1,5)'), (2, '[5,9)');`,
    up: "ALTER TABLE rooms DROP COLUMN during;",
    down: "ALTER TABLE rooms ADD COLUMN during int4range;",
    write: "INSERT INTO rooms VALUES (3)",
  },
  {
    name: "that refers to another table",
    before: `CREATE TABLE users (id int PRIMARY KEY); INSERT INTO users VALUES (7), (8);
      CREATE TABLE jobs (id int PRIMARY KEY, owner int REFERENCES users ON UPDATE CASCADE DEFERRABLE); INSERT INTO jobs VALUES (1, 7), (2, NULL);`,
    up: "ALTER TABLE jobs DROP COLUMN owner;",
    down: "ALTER TABLE jobs ADD COLUMN owner int;",
    write: "INSERT INTO jobs VALUES (3); DELETE FROM users WHERE id = 8",
  },
  {
    name: "that another table refers to, with CASCADE: the foreign key comes back too",
    before: `CREATE TABLE users (id int PRIMARY KEY, email text UNIQUE); INSERT INTO users VALUES (1, 'a@x'), (2, 'b@x');
      CREATE TABLE mails (id int PRIMARY KEY, email text REFERENCES users (email)); INSERT INTO mails VALUES (1, 'a@x');`,
    up: "ALTER TABLE users DROP COLUMN email CASCADE;",
    down: "ALTER TABLE users ADD COLUMN email text;",
    write: "INSERT INTO mails VALUES (2, 'b@x')",
  },
  {
    name: "of the primary key",
    before: "CREATE TABLE t (id int PRIMARY KEY, name text); INSERT INTO t VALUES (1, 'a'), (2, 'b');",
    up: "ALTER TABLE t DROP COLUMN id;",
    down: "ALTER TABLE t ADD COLUMN id int;",
  },
  {
    name: "serial, with its sequence, which is not lowered",
    before: "CREATE TABLE t (id int PRIMARY KEY, number serial); INSERT INTO t SELECT i FROM generate_series(1, 5) i;",
    up: "ALTER TABLE t DROP COLUMN number;",
    down: "ALTER TABLE t ADD COLUMN number serial;",
    write: "INSERT INTO t VALUES (6)",
    afterDown: [
      ["SELECT id, number FROM t WHERE id < 6 ORDER BY id", ["1", "1"], ["2", "2"], ["3", "3"], ["4", "4"], ["5", "5"]],
    ],
  },
  {
    name: "identity, with the options of its sequence",
    before: `CREATE TABLE t (id int PRIMARY KEY, number bigint GENERATED ALWAYS AS IDENTITY (START 100 INCREMENT 10 MAXVALUE 9999 CYCLE));
      INSERT INTO t SELECT i FROM generate_series(1, 3) i;`,
    up: "ALTER TABLE t DROP COLUMN number;",
    down: "ALTER TABLE t ADD COLUMN number bigint GENERATED ALWAYS AS IDENTITY;",
    afterDown: [["SELECT number FROM t ORDER BY id", ["100"], ["110"], ["120"]]],
  },
  {
    name: "generated and stored",
    before:
      "CREATE TABLE t (id int PRIMARY KEY, a int, b int GENERATED ALWAYS AS (a * 2) STORED); INSERT INTO t VALUES (1, 5);",
    up: "ALTER TABLE t DROP COLUMN b;",
    down: "ALTER TABLE t ADD COLUMN b int GENERATED ALWAYS AS (a * 2) STORED;",
    write: "UPDATE t SET a = 6",
    afterDown: [["SELECT b FROM t", ["12"]]],
  },
  {
    name: "from which another one is generated, with CASCADE",
    before:
      "CREATE TABLE t (id int PRIMARY KEY, a int, b int GENERATED ALWAYS AS (a * 2) STORED); INSERT INTO t VALUES (1, 5);",
    up: "ALTER TABLE t DROP COLUMN a CASCADE;",
    down: "ALTER TABLE t ADD COLUMN a int; ALTER TABLE t ADD COLUMN b int GENERATED ALWAYS AS (a * 2) STORED;",
    write: "INSERT INTO t VALUES (2)",
    afterDown: [["SELECT id, b FROM t ORDER BY id", ["1", "10"], ["2", null]]],
  },
  {
    name: "virtual",
    since: 18,
    before:
      "CREATE TABLE t (id int PRIMARY KEY, a int, b int GENERATED ALWAYS AS (a * 2) VIRTUAL); INSERT INTO t VALUES (1, 5);",
    up: "ALTER TABLE t DROP COLUMN b;",
    down: "ALTER TABLE t ADD COLUMN b int GENERATED ALWAYS AS (a * 2) VIRTUAL;",
    afterDown: [["SELECT b FROM t", ["10"]]],
  },
  {
    name: "that a view shows, with CASCADE: the view comes back with its grants and its comment",
    before: withNote(
      `CREATE VIEW notes AS SELECT id, note FROM tasks; GRANT SELECT ON notes TO ${reader}; COMMENT ON VIEW notes IS 'all notes'; ALTER VIEW notes OWNER TO ${writer};`,
    ),
    up: "ALTER TABLE tasks DROP COLUMN note CASCADE;",
    down: add,
  },
  {
    name: "that a trigger, a policy and a statistics object name",
    before: withNote(`CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
      CREATE STATISTICS together ON note, priority FROM tasks;`),
    up: drop,
    down: add,
    write: "UPDATE tasks SET priority = 9 WHERE id = 3",
  },
  {
    name: "that a policy names, with CASCADE",
    before: withNote(
      "CREATE POLICY noted ON tasks USING (note IS NOT NULL); ALTER TABLE tasks ENABLE ROW LEVEL SECURITY;",
    ),
    up: "ALTER TABLE tasks DROP COLUMN note CASCADE;",
    down: add,
  },
  {
    name: "that a trigger's condition names, with CASCADE",
    before: withNote(`CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
      CREATE TRIGGER noted BEFORE UPDATE OF note ON tasks FOR EACH ROW WHEN (NEW.note <> OLD.note) EXECUTE FUNCTION touch();`),
    up: "ALTER TABLE tasks DROP COLUMN note CASCADE;",
    down: add,
  },
  {
    name: "several at once",

    before: tasks,
    up: "ALTER TABLE tasks DROP COLUMN note, DROP COLUMN priority;",
    down: "ALTER TABLE tasks ADD COLUMN note text DEFAULT 'none', ADD COLUMN priority int;",
    write: "INSERT INTO tasks VALUES (4, 'four')",
    afterDown: [["SELECT note, priority FROM tasks WHERE id < 3 ORDER BY id", ["a", "1"], [null, "2"]]],
  },
  {
    name: "and made again in the same change with another type",
    before: tasks,
    up: "ALTER TABLE tasks DROP COLUMN priority; ALTER TABLE tasks ADD COLUMN priority text;",
    down: "ALTER TABLE tasks DROP COLUMN priority; ALTER TABLE tasks ADD COLUMN priority int;",
    write: "UPDATE tasks SET priority = 'high' WHERE id = 1",
    afterDown: [["SELECT id, priority FROM tasks ORDER BY id", ["1", "1"], ["2", "2"], ["3", null]]],
    afterAgain: [["SELECT id, priority FROM tasks ORDER BY id", ["1", "high"], ["2", null], ["3", null]]],
  },
  {
    name: "IF EXISTS, where there is none",
    before: tasks,
    up: "ALTER TABLE tasks DROP COLUMN IF EXISTS region; ALTER TABLE tasks DROP COLUMN priority;",
    down: "ALTER TABLE tasks ADD COLUMN priority int;",
  },
  {
    name: "with `keep off`: its values are lost, and that is named",
    before: tasks,
    up: "-- belay:keep off\nALTER TABLE tasks DROP COLUMN priority;",
    down: "ALTER TABLE tasks ADD COLUMN priority int;",
    loss: { named: ["column tasks.priority"], columns: { "public.tasks": ["priority"] } },
  },
  {
    name: "of a type whose values are long, and one of an array",
    before:
      "CREATE TABLE t (id int PRIMARY KEY, b bytea, a text[]); INSERT INTO t SELECT i, decode(repeat('ab', 5000), 'hex'), ARRAY['x', NULL, 'y,z'] FROM generate_series(1, 3) i;",
    up: "ALTER TABLE t DROP COLUMN b, DROP COLUMN a;",
    down: "ALTER TABLE t ADD COLUMN b bytea, ADD COLUMN a text[];",
  },
]);
