import { prove } from "./harness/prove.js";
import { tasks } from "./harness/tables.js";

/** A table of one column of a type besides its key. */
const one = (type: string, ...values: readonly string[]): string =>
  `CREATE TABLE t (id int PRIMARY KEY, a ${type}); INSERT INTO t VALUES ${values.map((value, index) => `(${index + 1}, ${value})`).join(", ")};`;

const to = (type: string, using = ""): string => `ALTER TABLE t ALTER a TYPE ${type}${using && ` USING ${using}`};`;

prove("a column that gets another type", [
  {
    name: "int to bigint, and back",
    before: one("int", "1", "NULL"),
    up: to("bigint"),
    down: to("int"),
    write: "INSERT INTO t VALUES (3, 7)",
    afterDown: [["SELECT a FROM t WHERE id = 3", ["7"]]],
  },
  {
    name: "int to bigint, with a value that int cannot hold: it is there again when the change is",
    before: one("int", "1"),
    up: to("bigint"),
    down: to("int", "least(a, 2147483647)::int"),
    write: "INSERT INTO t VALUES (3, 3000000000)",
    afterDown: [["SELECT a FROM t ORDER BY id", ["1"], ["2147483647"]]],
    afterAgain: [["SELECT a FROM t ORDER BY id", ["1"], ["3000000000"]]],
  },
  {
    name: "varchar that becomes wider",
    before: one("varchar(10)", "'a'"),
    up: to("varchar(20)"),
    down: to("varchar(10)"),
    write: "UPDATE t SET a = 'abc'",
  },
  {
    name: "varchar to text",
    before: one("varchar(10)", "'a'"),
    up: to("text"),
    down: to("varchar(10)"),
    write: "UPDATE t SET a = 'abc'",
  },
  {
    name: "text to varchar that cuts values off: the way back has them whole",
    before: one("text", "'abcdef'", "'xy'"),
    up: to("varchar(3)", "left(a, 3)"),
    down: to("text"),
    write: "UPDATE t SET a = 'new' WHERE id = 2",
    afterDown: [["SELECT a FROM t ORDER BY id", ["abcdef"], ["new"]]],
  },
  {
    name: "numeric of more digits",
    before: one("numeric(8,2)", "1.25"),
    up: to("numeric(12,2)"),
    down: to("numeric(8,2)"),
    write: "UPDATE t SET a = 2.50",
  },
  {
    name: "numeric that rounds: the way back has what was there",
    before: one("numeric(8,3)", "1.255", "2.5"),
    up: to("numeric(8,1)"),
    down: to("numeric(8,3)"),
    write: "UPDATE t SET a = 9 WHERE id = 2",
    afterDown: [["SELECT a FROM t ORDER BY id", ["1.255"], ["9.000"]]],
  },
  {
    name: "float8 to int, which rounds",
    before: one("float8", "1.5", "2.25"),
    up: to("int"),
    down: to("float8"),
    afterUp: [["SELECT a FROM t ORDER BY id", ["2"], ["2"]]],
  },
  {
    name: "text to int, with USING",
    before: one("text", "'1'", "'02'"),
    up: to("int", "a::int"),
    down: to("text"),
    afterDown: [["SELECT a FROM t ORDER BY id", ["1"], ["02"]]],
  },
  {
    name: "int to text, with USING",
    before: one("int", "1", "2"),
    up: to("text", "'n' || a"),
    down: to("int", "substr(a, 2)::int"),
    write: "UPDATE t SET a = 'n9' WHERE id = 1",
  },
  {
    name: "text to an enum",
    before: `CREATE TYPE mood AS ENUM ('sad', 'ok'); ${one("text", "'sad'", "'ok'")}`,
    up: to("mood", "a::mood"),
    down: to("text"),
    write: "UPDATE t SET a = 'ok' WHERE id = 1",
  },
  {
    name: "text to boolean, where several values become one",
    before: one("text", "'yes'", "'y'", "'no'"),
    up: to("boolean", "a LIKE 'y%'"),
    down: to("text", "CASE WHEN a THEN 'yes' ELSE 'no' END"),
    afterDown: [["SELECT a FROM t ORDER BY id", ["yes"], ["y"], ["no"]]],
  },
  {
    name: "timestamp to timestamptz, at UTC",
    before: one("timestamp", "'2020-01-02 03:04:05'"),
    up: to("timestamptz", "a AT TIME ZONE 'UTC'"),
    down: to("timestamp", "a AT TIME ZONE 'UTC'"),
    write: "INSERT INTO t VALUES (2, '2021-01-01 00:00Z')",
  },
  {
    name: "timestamptz to date, which forgets the hour",
    before: one("timestamptz", "'2020-01-02 03:04:05Z'"),
    up: to("date"),
    down: to("timestamptz"),
    afterDown: [["SELECT extract(hour FROM a AT TIME ZONE 'UTC') FROM t", ["3"]]],
  },
  {
    name: "json to jsonb, which forgets the order and the spaces",
    before: one("json", `'{"b": 1,  "a": 2}'`),
    up: to("jsonb"),
    down: to("json"),
    afterDown: [["SELECT a::text FROM t", ['{"b": 1,  "a": 2}']]],
  },
  { name: "cidr to inet", before: one("cidr", "'10.0.0.0/8'"), up: to("inet"), down: to("cidr") },
  {
    name: "a scalar to an array",
    before: one("int", "1", "NULL"),
    up: to("int[]", "ARRAY[a]"),
    down: to("int", "a[1]"),
    afterDown: [["SELECT a FROM t ORDER BY id", ["1"], [null]]],
  },
  {
    name: "a domain with a CHECK, and back",
    before: `CREATE DOMAIN positive AS int CHECK (VALUE > 0); ${one("int", "1", "2")}`,
    up: to("positive"),
    down: to("int"),
    write: "UPDATE t SET a = 5",
  },
  {
    name: "another collation",
    before: one("text", "'a'"),
    up: 'ALTER TABLE t ALTER a TYPE text COLLATE "C";',
    down: 'ALTER TABLE t ALTER a TYPE text COLLATE "default";',
  },
  {
    name: "with a default, an index, a CHECK, a comment and a statistics target on it",
    before: `${one("int", "1", "2")} ALTER TABLE t ALTER a SET DEFAULT 7, ALTER a SET STATISTICS 50, ADD CHECK (a > 0); CREATE INDEX ON t (a); CREATE INDEX ON t ((a + 1)); COMMENT ON COLUMN t.a IS 'amount';`,
    up: to("bigint"),
    down: to("int"),
    write: "INSERT INTO t (id) VALUES (3)",
  },
  {
    name: "of the column that a foreign key refers to, and of the one that refers",
    before: `CREATE TABLE users (id int PRIMARY KEY); CREATE TABLE jobs (id int PRIMARY KEY, owner int REFERENCES users); INSERT INTO users VALUES (1); INSERT INTO jobs VALUES (1, 1);`,
    up: "ALTER TABLE users ALTER id TYPE bigint; ALTER TABLE jobs ALTER owner TYPE bigint;",
    down: "ALTER TABLE jobs ALTER owner TYPE int; ALTER TABLE users ALTER id TYPE int;",
    write: "INSERT INTO users VALUES (2); INSERT INTO jobs VALUES (2, 2)",
    touched: {},
  },
  {
    name: "of a serial column with its sequence",
    before: "CREATE TABLE t (id serial PRIMARY KEY, a text); INSERT INTO t (a) VALUES ('x'), ('y');",
    up: "ALTER TABLE t ALTER id TYPE bigint; ALTER SEQUENCE t_id_seq AS bigint;",
    down: "ALTER SEQUENCE t_id_seq AS integer; ALTER TABLE t ALTER id TYPE int;",
    write: "INSERT INTO t (a) VALUES ('z')",
  },
  {
    name: "that a view shows: the view is dropped and made again",
    before: `${tasks} CREATE VIEW notes AS SELECT id, note FROM tasks; COMMENT ON VIEW notes IS 'n';`,
    up: "DROP VIEW notes; ALTER TABLE tasks ALTER note TYPE varchar(50); CREATE VIEW notes AS SELECT id, note FROM tasks; COMMENT ON VIEW notes IS 'n';",
    down: "DROP VIEW notes; ALTER TABLE tasks ALTER note TYPE text; CREATE VIEW notes AS SELECT id, note FROM tasks; COMMENT ON VIEW notes IS 'n';",
    write: "UPDATE tasks SET note = 'x' WHERE id = 1",
  },
  {
    name: "on a partitioned table",
    before:
      "CREATE TABLE m (at date, n int) PARTITION BY RANGE (at); CREATE TABLE m1 PARTITION OF m FOR VALUES FROM ('2020-01-01') TO ('2021-01-01'); INSERT INTO m VALUES ('2020-05-05', 1);",
    up: "ALTER TABLE m ALTER n TYPE bigint;",
    down: "ALTER TABLE m ALTER n TYPE int;",
    write: "INSERT INTO m VALUES ('2020-06-06', 2)",
  },
]);
