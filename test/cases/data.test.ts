import { prove } from "./harness/prove.js";
import { tasks } from "./harness/tables.js";

prove("rows that a change writes", [
  {
    name: "INSERT: the way back takes out what it put in",
    before: tasks,
    up: "INSERT INTO tasks VALUES (10, 'ten'), (11, 'eleven');",
    down: "DELETE FROM tasks WHERE id IN (10, 11);",
    write: "UPDATE tasks SET note = 'x' WHERE id = 1",
  },
  {
    name: "INSERT of a row that the application changes: what it wrote is there when the change is applied again",
    before: tasks,
    up: "INSERT INTO tasks VALUES (10, 'ten');",
    down: "DELETE FROM tasks WHERE id = 10;",
    write: "UPDATE tasks SET note = 'mine' WHERE id = 10",
    touched: { "public.tasks": [] },
    afterAgain: [["SELECT note FROM tasks WHERE id = 10", ["mine"]]],
  },
  {
    name: "UPDATE: the old values come back, though the way back does not know them",
    before: tasks,
    up: "UPDATE tasks SET note = 'same';",
    down: "UPDATE tasks SET note = 'none';",
    afterDown: [["SELECT note FROM tasks ORDER BY id", ["a"], [null], ["c"]]],
  },
  {
    name: "UPDATE: a row that the application changed since stays as it is",
    before: tasks,
    up: "UPDATE tasks SET note = 'same';",
    down: "UPDATE tasks SET note = 'none' WHERE note = 'same';",
    write: "UPDATE tasks SET note = 'mine' WHERE id = 1",
    afterDown: [["SELECT id, note FROM tasks ORDER BY id", ["1", "mine"], ["2", null], ["3", "c"]]],
    touched: { "public.tasks": ["1"] },
  },
  {
    name: "UPDATE that its way back undoes by itself",
    before: tasks,
    up: "UPDATE tasks SET priority = priority + 100;",
    down: "UPDATE tasks SET priority = priority - 100;",
    afterDown: [["SELECT priority FROM tasks ORDER BY id", ["1"], ["2"], [null]]],
  },
  {
    name: "DELETE: the rows come back",
    before: tasks,
    up: "DELETE FROM tasks WHERE id < 3;",
    down: "INSERT INTO tasks SELECT i, 'lost' FROM generate_series(1, 2) i;",
    afterDown: [["SELECT title FROM tasks ORDER BY id", ["one"], ["two"], ["three"]]],
  },
  {
    name: "DELETE: a row whose key was taken again stays out",
    before: tasks,
    up: "DELETE FROM tasks WHERE id = 1;",
    down: "INSERT INTO tasks VALUES (1, 'lost') ON CONFLICT DO NOTHING;",
    write: "INSERT INTO tasks VALUES (1, 'mine')",
    againTouches: true,
    afterDown: [["SELECT title FROM tasks WHERE id = 1", ["mine"]]],
    afterAgain: [["SELECT count(*) FROM tasks WHERE id = 1", ["0"]]],
  },
  {
    name: "TRUNCATE: the rows come back",
    before: tasks,
    up: "TRUNCATE tasks;",
    down: "SELECT 1;",
    afterDown: [["SELECT count(*) FROM tasks", ["3"]]],
  },
  {
    name: "TRUNCATE … CASCADE: those of the tables that refer come back too",
    before: `${tasks} CREATE TABLE logs (id int PRIMARY KEY, task int REFERENCES tasks); INSERT INTO logs VALUES (1, 1), (2, 3);`,
    up: "TRUNCATE tasks CASCADE;",
    down: "SELECT 1;",
  },
  {
    name: "TRUNCATE … RESTART IDENTITY: the sequence is not lowered by the way back",
    before: "CREATE TABLE t (id serial PRIMARY KEY); INSERT INTO t DEFAULT VALUES; INSERT INTO t DEFAULT VALUES;",
    up: "TRUNCATE t RESTART IDENTITY;",
    down: "SELECT 1;",
    afterDown: [["SELECT count(*) FROM t", ["2"]]],
  },
  {
    name: "INSERT … ON CONFLICT DO UPDATE",
    before: tasks,
    up: "INSERT INTO tasks VALUES (1, 'uno'), (9, 'nine') ON CONFLICT (id) DO UPDATE SET title = excluded.title;",
    down: "DELETE FROM tasks WHERE id = 9; UPDATE tasks SET title = 'one' WHERE id = 1;",
  },
  {
    name: "MERGE",
    since: 17,
    before: tasks,
    up: "MERGE INTO tasks t USING (VALUES (1, 'uno'), (9, 'nine')) AS v (id, title) ON t.id = v.id WHEN MATCHED THEN UPDATE SET title = v.title WHEN NOT MATCHED THEN INSERT (id, title) VALUES (v.id, v.title);",
    down: "DELETE FROM tasks WHERE id = 9; UPDATE tasks SET title = 'one' WHERE id = 1;",
  },
  {
    name: "a backfill in batches over a column that the change adds",
    before: tasks,
    up: "ALTER TABLE tasks ADD COLUMN region text;\n-- belay:batch\nUPDATE tasks SET region = 'r' || id;",
    down: "ALTER TABLE tasks DROP COLUMN region;",
    write: "UPDATE tasks SET region = 'mine' WHERE id = 2",
    afterAgain: [["SELECT region FROM tasks ORDER BY id", ["r1"], ["mine"], ["r3"]]],
  },
  {
    name: "a backfill in batches over a column that was there: the way back has what was in it",
    before: `${tasks} INSERT INTO tasks SELECT i, 't' || i, 'n' || i FROM generate_series(4, 700) i;`,
    up: "-- belay:batch\nUPDATE tasks SET note = 'same' WHERE id <> 3;",
    down: "-- belay:batch\nUPDATE tasks SET note = 'none';",
    write: "UPDATE tasks SET title = 'mine' WHERE id = 600; INSERT INTO tasks VALUES (701, 'new', 'same')",
    againTouches: true,
    touched: { "public.tasks": ["600", "701"] },
    afterDown: [["SELECT id, note FROM tasks WHERE id IN (1, 2, 3, 600, 700, 701) ORDER BY id", ["1", "a"], ["2", null], ["3", "c"], ["600", "none"], ["700", "n700"], ["701", "none"]]], // prettier-ignore
  },
  {
    name: "a backfill in batches that nothing on the way back undoes but what was kept",
    before: `${tasks} INSERT INTO tasks SELECT i, 't' || i, 'n' || i FROM generate_series(4, 700) i;`,
    up: "-- belay:batch\nUPDATE tasks SET note = 'same';",
    down: "SELECT 1;",
    write: "UPDATE tasks SET note = 'mine' WHERE id = 600",
    afterDown: [["SELECT note FROM tasks WHERE id IN (1, 600, 700) ORDER BY id", ["a"], ["mine"], ["n700"]]],
  },
  {
    name: "DELETE that foreign keys carry further: deleted and emptied rows of other tables come back",
    before: `${tasks} CREATE TABLE logs (id int PRIMARY KEY, task int REFERENCES tasks ON DELETE CASCADE); CREATE TABLE lines (id int PRIMARY KEY, log int REFERENCES logs ON DELETE CASCADE);
      CREATE TABLE marks (id int PRIMARY KEY, task int REFERENCES tasks ON DELETE SET NULL, said text);
      INSERT INTO logs VALUES (1, 1), (2, 1), (3, 3); INSERT INTO lines VALUES (1, 1), (2, 3); INSERT INTO marks VALUES (1, 1, 'a'), (2, 1, 'b'), (3, 3, 'c');`,
    up: "DELETE FROM tasks WHERE id = 1;",
    down: "SELECT 1;",
    write: "UPDATE marks SET said = 'mine' WHERE id = 2",
    afterUp: [["SELECT (SELECT count(*) FROM logs), (SELECT count(*) FROM lines), (SELECT count(*) FROM marks WHERE task IS NULL)", ["1", "1", "2"]]], // prettier-ignore
    afterDown: [["SELECT id, task, said FROM marks ORDER BY id", ["1", "1", "a"], ["2", null, "mine"], ["3", "3", "c"]]], // prettier-ignore
  },
  {
    name: "DELETE from a tree that refers to itself",
    before: "CREATE TABLE node (id int PRIMARY KEY, up int REFERENCES node ON DELETE CASCADE); INSERT INTO node VALUES (1, NULL), (2, 1), (3, 2), (4, NULL);", // prettier-ignore
    up: "DELETE FROM node WHERE id = 1;",
    down: "SELECT 1;",
    afterUp: [["SELECT id FROM node", ["4"]]],
  },
  {
    name: "INSERT and DELETE in a table without a key",
    before: "CREATE TABLE t (a int, b text); INSERT INTO t VALUES (1, 'x'), (1, 'x'), (2, NULL);",
    up: "INSERT INTO t VALUES (1, 'x'), (3, 'z'); DELETE FROM t WHERE a = 2;",
    down: "SELECT 1;",
    afterUp: [["SELECT count(*) FROM t", ["4"]]],
  },
  {
    name: "UPDATE with a WITH clause, other tables, an alias, comments and words that mean something elsewhere",
    before: `${tasks} CREATE TABLE prices (task int, price int); INSERT INTO prices VALUES (1, 5), (1, 6), (3, 7);`,
    up: `WITH "update" AS (SELECT task, max(price) AS price FROM prices -- from where
      GROUP BY task) UPDATE tasks AS "set" -- set
      SET priority = CASE WHEN "set".note IS DISTINCT FROM 'a' THEN p.price ELSE 9 END /* from */ FROM "update" AS p JOIN prices AS q USING (task) -- using
      WHERE p.task = "set".id -- where`,
    down: "UPDATE tasks SET priority = 0;",
  },
  {
    name: "DELETE with USING",
    before: `${tasks} CREATE TABLE prices (task int, price int); INSERT INTO prices VALUES (1, 5), (1, 6), (3, 7);`,
    up: "DELETE FROM ONLY tasks t USING prices p JOIN prices q USING (task) WHERE p.task = t.id AND p.price < 6;",
    down: "SELECT 1;",
    afterUp: [["SELECT id FROM tasks ORDER BY id", ["2"], ["3"]]],
  },
  {
    name: "UPDATE, and after that its table gets another shape",
    before: tasks,
    up: "UPDATE tasks SET note = 'same'; ALTER TABLE tasks ADD COLUMN extra int DEFAULT 1, ADD CHECK (note = 'same'); ALTER TABLE tasks DROP COLUMN priority;",
    down: "ALTER TABLE tasks ADD COLUMN priority int; ALTER TABLE tasks DROP CONSTRAINT tasks_note_check, DROP COLUMN extra;",
    write: "UPDATE tasks SET title = 'mine' WHERE id = 1",
    touched: { "public.tasks": ["1"] },
    afterDown: [["SELECT title, note FROM tasks ORDER BY id", ["mine", "same"], ["two", null], ["three", "c"]]],
  },
  {
    name: "UPDATE of a table whose trigger writes the time: that comes back too",
    before: `CREATE TABLE t (id int PRIMARY KEY, a text, at timestamptz DEFAULT '2020-01-01'); INSERT INTO t VALUES (1, 'x'), (2, 'y');
      CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN NEW.at := clock_timestamp(); RETURN NEW; END'; CREATE TRIGGER touch BEFORE UPDATE ON t FOR EACH ROW EXECUTE FUNCTION touch();`,
    up: "UPDATE t SET a = 'same';",
    down: "UPDATE t SET a = 'none';",
    againTouches: true,
  },
  {
    name: "UPDATE of names that want quotes",
    before: `CREATE TABLE "100% Tasks" ("The ""Id""" int, "part %I" text, "Größe %s" text, PRIMARY KEY ("The ""Id""", "part %I")); INSERT INTO "100% Tasks" VALUES (1, 'a%', 'x'), (2, 'it''s', NULL);`,
    up: `UPDATE "100% Tasks" SET "Größe %s" = '100%'; INSERT INTO "100% Tasks" VALUES (3, '/*which*/true', 'n');`,
    down: `SELECT 1;`,
  },
  {
    name: "an UPDATE under forced row security reaches what it reached, and no row is passed over on the way back",
    before: `${tasks} ALTER TABLE tasks ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;`,
    up: "UPDATE tasks SET note = 'same' WHERE id > 1;",
    down: "UPDATE tasks SET note = 'none' WHERE id > 1;",
    afterDown: [["SELECT note FROM tasks ORDER BY id", ["a"], [null], ["c"]]],
  },
  {
    name: "schema and rows together: a table is split in two",
    before: tasks,
    up: "CREATE TABLE notes (task int PRIMARY KEY REFERENCES tasks, note text); INSERT INTO notes SELECT id, note FROM tasks WHERE note IS NOT NULL; ALTER TABLE tasks DROP COLUMN note;",
    down: "ALTER TABLE tasks ADD COLUMN note text DEFAULT 'none'; DROP TABLE notes;",
    write: "UPDATE notes SET note = 'mine' WHERE task = 1; INSERT INTO notes VALUES (2, 'b')",
    afterAgain: [["SELECT task, note FROM notes ORDER BY task", ["1", "mine"], ["2", "b"], ["3", "c"]]],
  },
]);
