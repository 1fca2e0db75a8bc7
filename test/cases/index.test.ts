import { prove } from "./harness/prove.js";
import { emptyTasks, tasks } from "./harness/tables.js";

const indexed = `${tasks} CREATE INDEX by_note ON tasks (note);`;

prove("an index", [
  {
    name: "CREATE INDEX, on a filled table",
    before: tasks,
    up: "CREATE INDEX by_note ON tasks (note);",
    down: "DROP INDEX by_note;",
    write: "INSERT INTO tasks VALUES (4, 'four')",
  },
  {
    name: "CREATE INDEX, on an empty table",
    before: emptyTasks,
    up: "CREATE INDEX by_note ON tasks (note);",
    down: "DROP INDEX by_note;",
  },
  {
    name: "CREATE INDEX without a name",
    before: tasks,
    up: "CREATE INDEX ON tasks (lower(note), priority);",
    down: "DROP INDEX tasks_lower_priority_idx;",
  },
  {
    name: "CREATE UNIQUE INDEX with INCLUDE, WHERE, an operator class, an order and a fill factor",
    before: tasks,
    up: `CREATE UNIQUE INDEX by_title ON tasks (title COLLATE "C" text_pattern_ops DESC NULLS LAST) INCLUDE (note) WITH (fillfactor = 60) WHERE priority IS NOT NULL;`,
    down: "DROP INDEX by_title;",
  },
  {
    name: "CREATE INDEX CONCURRENTLY",
    before: tasks,
    up: "CREATE INDEX CONCURRENTLY by_note ON tasks (note);",
    down: "DROP INDEX CONCURRENTLY by_note;",
    write: "INSERT INTO tasks VALUES (4, 'four')",
  },
  {
    name: "CREATE UNIQUE INDEX CONCURRENTLY over an expression",
    before: tasks,
    up: "CREATE UNIQUE INDEX CONCURRENTLY by_title ON tasks ((lower(title)));",
    down: "DROP INDEX CONCURRENTLY by_title;",
  },
  {
    name: "CREATE INDEX IF NOT EXISTS, which meets one that somebody else made",
    before: indexed,
    up: "CREATE INDEX IF NOT EXISTS by_note ON tasks (note);",
    down: "DROP INDEX IF EXISTS by_note;",
  },
  {
    name: "other methods: hash, gin, gist, brin, spgist",
    before:
      "CREATE TABLE t (a int, b text[], c int4range, d timestamptz, e text); INSERT INTO t VALUES (1, '{x}', '[1,2)', '2020-01-01Z', 'e');",
    up: "CREATE INDEX t1 ON t USING hash (a); CREATE INDEX t2 ON t USING gin (b) WITH (fastupdate = off); CREATE INDEX t3 ON t USING gist (c); CREATE INDEX t4 ON t USING brin (d) WITH (pages_per_range = 8); CREATE INDEX t5 ON t USING spgist (e);",
    down: "DROP INDEX t5, t4, t3, t2, t1;",
  },
  {
    name: "DROP INDEX",
    before: indexed,
    up: "DROP INDEX by_note;",
    down: "CREATE INDEX by_note ON tasks (note);",
    write: "INSERT INTO tasks VALUES (4, 'four')",
  },
  {
    name: "DROP INDEX CONCURRENTLY",
    before: indexed,
    up: "DROP INDEX CONCURRENTLY by_note;",
    down: "CREATE INDEX CONCURRENTLY by_note ON tasks (note);",
  },
  {
    name: "DROP INDEX of one that has a comment and a statistics target",
    before: `${tasks} CREATE INDEX by_note ON tasks (lower(note)); COMMENT ON INDEX by_note IS 'n'; ALTER INDEX by_note ALTER COLUMN 1 SET STATISTICS 300;`,
    up: "DROP INDEX by_note;",
    down: "CREATE INDEX by_note ON tasks (lower(note)); COMMENT ON INDEX by_note IS 'n'; ALTER INDEX by_note ALTER COLUMN 1 SET STATISTICS 300;",
  },
  {
    name: "ALTER INDEX … RENAME",
    before: indexed,
    up: "ALTER INDEX by_note RENAME TO by_remark;",
    down: "ALTER INDEX by_remark RENAME TO by_note;",
  },
  {
    name: "ALTER INDEX … SET and RESET",
    before: indexed,
    up: "ALTER INDEX by_note SET (fillfactor = 60);",
    down: "ALTER INDEX by_note RESET (fillfactor);",
  },
  {
    name: "ALTER INDEX … SET STATISTICS",
    before: `${tasks} CREATE INDEX by_note ON tasks (lower(note));`,
    up: "ALTER INDEX by_note ALTER COLUMN 1 SET STATISTICS 300;",
    down: "ALTER INDEX by_note ALTER COLUMN 1 SET STATISTICS -1;",
  },
  {
    name: "ALTER TABLE … CLUSTER ON and SET WITHOUT CLUSTER",
    before: indexed,
    up: "ALTER TABLE tasks CLUSTER ON by_note;",
    down: "ALTER TABLE tasks SET WITHOUT CLUSTER;",
  },
  {
    name: "ALTER TABLE … REPLICA IDENTITY USING INDEX",
    before: `${tasks} CREATE UNIQUE INDEX by_title ON tasks (title);`,
    up: "ALTER TABLE tasks REPLICA IDENTITY USING INDEX by_title;",
    down: "ALTER TABLE tasks REPLICA IDENTITY DEFAULT;",
  },
  { name: "REINDEX", before: indexed, up: "REINDEX INDEX by_note;", down: "REINDEX INDEX by_note;" },
  {
    name: "REINDEX CONCURRENTLY",
    before: indexed,
    up: "REINDEX INDEX CONCURRENTLY by_note;",
    down: "REINDEX INDEX CONCURRENTLY by_note;",
  },
  {
    today: "the online form of CREATE INDEX does not know a partitioned table",
    name: "on a partitioned table, with those of its partitions",
    before:
      "CREATE TABLE m (at date, n int) PARTITION BY RANGE (at); CREATE TABLE m1 PARTITION OF m FOR VALUES FROM ('2020-01-01') TO ('2021-01-01'); CREATE TABLE m2 PARTITION OF m DEFAULT; INSERT INTO m VALUES ('2020-05-05', 1), ('2022-01-01', 2);",
    up: "CREATE INDEX by_n ON m (n);",
    down: "DROP INDEX by_n;",
  },
  {
    today: "the way back leaves an index out",
    name: "ON ONLY a partitioned table, then ATTACH PARTITION",
    before:
      "CREATE TABLE m (at date, n int) PARTITION BY RANGE (at); CREATE TABLE m1 PARTITION OF m FOR VALUES FROM ('2020-01-01') TO ('2021-01-01'); CREATE INDEX m1_n ON m1 (n);",
    up: "CREATE INDEX by_n ON ONLY m (n); ALTER INDEX by_n ATTACH PARTITION m1_n;",
    down: "DROP INDEX by_n; CREATE INDEX m1_n ON m1 (n);",
  },
  {
    name: "on a materialized view",
    before: `${tasks} CREATE MATERIALIZED VIEW notes AS SELECT id, note FROM tasks;`,
    up: "CREATE UNIQUE INDEX notes_id ON notes (id);",
    down: "DROP INDEX notes_id;",
  },
  {
    name: "with statements in and out of a transaction in one change",
    before: tasks,
    up: "ALTER TABLE tasks ADD COLUMN region text; CREATE INDEX CONCURRENTLY by_region ON tasks (region); ALTER TABLE tasks ALTER region SET DEFAULT 'eu';",
    down: "ALTER TABLE tasks ALTER region DROP DEFAULT; DROP INDEX CONCURRENTLY by_region; ALTER TABLE tasks DROP COLUMN region;",
    write: "UPDATE tasks SET region = 'us' WHERE id = 1",
  },
  {
    name: "under `transaction off`, each statement by itself",
    before: tasks,
    up: "-- belay:transaction off\nCREATE INDEX by_note ON tasks (note);\nCREATE INDEX by_title ON tasks (title);",
    down: "DROP INDEX by_title;\nDROP INDEX by_note;",
  },
]);
