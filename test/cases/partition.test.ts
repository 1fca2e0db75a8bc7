import { prove } from "./harness/prove.js";
import { reader } from "./harness/roles.js";

const measures = `CREATE TABLE m (at date NOT NULL, n int DEFAULT 1, PRIMARY KEY (at)) PARTITION BY RANGE (at);
  CREATE TABLE m20 PARTITION OF m FOR VALUES FROM ('2020-01-01') TO ('2021-01-01'); INSERT INTO m VALUES ('2020-05-05', 1), ('2020-06-06', 2);`;
const withRest = `${measures} CREATE TABLE rest PARTITION OF m DEFAULT; INSERT INTO m VALUES ('2030-01-01', 3);`;
const family = `CREATE TABLE base (a int CHECK (a > 0), b text DEFAULT 'q'); CREATE TABLE child (c int) INHERITS (base);
  INSERT INTO base VALUES (1, 'x'); INSERT INTO child VALUES (2, 'y', 3);`;

prove("partitions and inheritance", [
  {
    name: "CREATE TABLE … PARTITION BY with its partitions",
    before: "SELECT 1;",
    up: "CREATE TABLE m (at date PRIMARY KEY, n int) PARTITION BY RANGE (at); CREATE TABLE m20 PARTITION OF m FOR VALUES FROM ('2020-01-01') TO ('2021-01-01'); CREATE TABLE rest PARTITION OF m DEFAULT;",
    down: "DROP TABLE m;",
    write: "INSERT INTO m VALUES ('2020-01-01', 1), ('2030-01-01', 2)",
    afterAgain: [["SELECT n, tableoid::regclass::text FROM m ORDER BY n", ["1", "m20"], ["2", "rest"]]],
  },
  {
    name: "CREATE TABLE … PARTITION OF",
    before: measures,
    up: "CREATE TABLE m21 PARTITION OF m FOR VALUES FROM ('2021-01-01') TO ('2022-01-01');",
    down: "DROP TABLE m21;",
    write: "INSERT INTO m VALUES ('2021-03-03', 7)",
    afterAgain: [["SELECT n FROM m WHERE at > '2021-01-01'", ["7"]]],
  },
  {
    name: "CREATE TABLE … PARTITION OF, beside a default partition",
    before: withRest,
    up: "CREATE TABLE m21 PARTITION OF m FOR VALUES FROM ('2021-01-01') TO ('2022-01-01');",
    down: "DROP TABLE m21;",
    write: "INSERT INTO m VALUES ('2021-03-03', 7)",
  },
  {
    name: "partitions of partitions, by list and by hash",
    before: "SELECT 1;",
    up: "CREATE TABLE t (a int, b text) PARTITION BY LIST (a); CREATE TABLE t1 PARTITION OF t FOR VALUES IN (1, NULL) PARTITION BY HASH (b); CREATE TABLE t10 PARTITION OF t1 FOR VALUES WITH (MODULUS 2, REMAINDER 0); CREATE TABLE t11 PARTITION OF t1 FOR VALUES WITH (MODULUS 2, REMAINDER 1);",
    down: "DROP TABLE t;",
    write: "INSERT INTO t VALUES (1, 'a'), (NULL, 'b'), (1, 'c')",
    afterAgain: [["SELECT b FROM t ORDER BY b", ["a"], ["b"], ["c"]]],
  },
  {
    name: "ATTACH PARTITION",
    before: `${measures} CREATE TABLE m21 (at date NOT NULL PRIMARY KEY, n int DEFAULT 1); INSERT INTO m21 VALUES ('2021-01-01', 5);`,
    up: "ALTER TABLE m ATTACH PARTITION m21 FOR VALUES FROM ('2021-01-01') TO ('2022-01-01');",
    down: "ALTER TABLE m DETACH PARTITION m21;",
    write: "INSERT INTO m VALUES ('2021-02-02', 6)",
  },
  {
    name: "ATTACH PARTITION that has its columns in another order and no index",
    before: `${measures} CREATE TABLE m21 (n int DEFAULT 1, at date NOT NULL); INSERT INTO m21 VALUES (5, '2021-01-01');`,
    up: "ALTER TABLE m ATTACH PARTITION m21 FOR VALUES FROM ('2021-01-01') TO ('2022-01-01');",
    down: "ALTER TABLE m DETACH PARTITION m21; ALTER TABLE m21 DROP CONSTRAINT m21_pkey;",
    write: "INSERT INTO m VALUES ('2021-02-02', 6)",
  },
  {
    name: "DETACH PARTITION",
    before: measures,
    up: "ALTER TABLE m DETACH PARTITION m20;",
    down: "ALTER TABLE m ATTACH PARTITION m20 FOR VALUES FROM ('2020-01-01') TO ('2021-01-01');",
    write: "INSERT INTO m20 VALUES ('2020-07-07', 7)",
  },
  {
    name: "DETACH PARTITION CONCURRENTLY",
    before: measures,
    up: "ALTER TABLE m DETACH PARTITION m20 CONCURRENTLY;",
    down: "ALTER TABLE m ATTACH PARTITION m20 FOR VALUES FROM ('2020-01-01') TO ('2021-01-01'); ALTER TABLE m20 DROP CONSTRAINT m20_at_check;",
    write: "INSERT INTO m20 VALUES ('2020-07-07', 7)",
  },
  {
    name: "DROP TABLE of a partition: it comes back into its place, with its rows",
    before: measures,
    up: "DROP TABLE m20;",
    down: "CREATE TABLE m20 PARTITION OF m FOR VALUES FROM ('2020-01-01') TO ('2021-01-01');",
  },
  {
    name: "DROP TABLE of a partitioned table with its partitions",
    before: withRest,
    up: "DROP TABLE m;",
    down: "CREATE TABLE m (at date NOT NULL, n int DEFAULT 1, PRIMARY KEY (at)) PARTITION BY RANGE (at); CREATE TABLE m20 PARTITION OF m FOR VALUES FROM ('2020-01-01') TO ('2021-01-01'); CREATE TABLE rest PARTITION OF m DEFAULT;",
  },
  {
    name: "ADD COLUMN on a partitioned table",
    before: withRest,
    up: "ALTER TABLE m ADD COLUMN region text DEFAULT 'eu';",
    down: "ALTER TABLE m DROP COLUMN region;",
    write: "UPDATE m SET region = 'us' WHERE at = '2020-05-05'",
    afterAgain: [
      ["SELECT at::text, region FROM m ORDER BY at", ["2020-05-05", "us"], ["2020-06-06", "eu"], ["2030-01-01", "eu"]],
    ],
  },
  {
    name: "DROP COLUMN on a partitioned table",
    before: withRest,
    up: "ALTER TABLE m DROP COLUMN n;",
    down: "ALTER TABLE m ADD COLUMN n int DEFAULT 1;",
    write: "DELETE FROM m WHERE at = '2020-06-06'",
  },
  {
    name: "ALTER COLUMN on a partition alone",
    before: measures,
    up: "ALTER TABLE m20 ALTER n SET DEFAULT 20, ALTER n SET STATISTICS 40;",
    down: "ALTER TABLE m20 ALTER n SET STATISTICS -1, ALTER n SET DEFAULT 1;",
  },
  {
    name: "RENAME of a partition and of a column",
    before: measures,
    up: "ALTER TABLE m20 RENAME TO y2020; ALTER TABLE m RENAME n TO amount;",
    down: "ALTER TABLE m RENAME amount TO n; ALTER TABLE y2020 RENAME TO m20;",
    touched: {},
  },
  {
    name: "a trigger on a partitioned table",
    before: `${withRest} CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';`,
    up: "CREATE TRIGGER each AFTER INSERT ON m FOR EACH ROW EXECUTE FUNCTION touch();",
    down: "DROP TRIGGER each ON m;",
  },
  {
    today: "the online form of UNIQUE does not know a partitioned table",
    name: "a CHECK and a UNIQUE on a partitioned table",
    before: withRest,
    up: "ALTER TABLE m ADD CONSTRAINT positive CHECK (n > 0), ADD CONSTRAINT once UNIQUE (at, n);",
    down: "ALTER TABLE m DROP CONSTRAINT once, DROP CONSTRAINT positive;",
  },
  {
    name: "grants on a partition",
    before: withRest,
    up: `GRANT SELECT ON m TO ${reader}; GRANT INSERT ON m20 TO ${reader};`,
    down: `REVOKE INSERT ON m20 FROM ${reader}; REVOKE SELECT ON m FROM ${reader};`,
  },
  {
    name: "CREATE TABLE … INHERITS",
    before: family,
    up: "CREATE TABLE second (d int) INHERITS (base);",
    down: "DROP TABLE second;",
    write: "INSERT INTO second VALUES (5, 'z', 6)",
  },
  {
    name: "INHERIT",
    before: `${family} CREATE TABLE alike (a int CHECK (a > 0), b text, c int); ALTER TABLE alike RENAME CONSTRAINT alike_a_check TO base_a_check; INSERT INTO alike VALUES (7, 'w');`,
    up: "ALTER TABLE alike INHERIT base;",
    down: "ALTER TABLE alike NO INHERIT base;",
  },
  {
    name: "NO INHERIT",
    before: `CREATE TABLE base (a int CHECK (a > 0)); CREATE TABLE child (a int CHECK (a > 0), c int); ALTER TABLE child RENAME CONSTRAINT child_a_check TO base_a_check;
      ALTER TABLE child INHERIT base; INSERT INTO child VALUES (1, 2);`,
    up: "ALTER TABLE child NO INHERIT base;",
    down: "ALTER TABLE child INHERIT base;",
  },
  {
    name: "ADD COLUMN on a parent",
    stays: true,

    before: family,
    up: "ALTER TABLE base ADD COLUMN d int DEFAULT 5;",
    down: "ALTER TABLE base DROP COLUMN d;",
    write: "INSERT INTO child (a, d) VALUES (9, 9)",
  },
  {
    name: "DROP COLUMN on a parent",

    before: `${family} ALTER TABLE base ADD COLUMN d int; UPDATE base SET d = a * 10;`,
    up: "ALTER TABLE base DROP COLUMN d;",
    down: "ALTER TABLE base ADD COLUMN d int;",
  },
  {
    name: "ADD COLUMN on a parent, where a child has one of that name",
    today: "values of a column that is dropped are put back by a primary key alone",
    before: family,
    up: "ALTER TABLE base ADD COLUMN c int;",
    down: "ALTER TABLE base DROP COLUMN c;",
    write: "UPDATE base SET c = 8",
  },
  {
    name: "DROP TABLE of a child",
    before: family,
    up: "DROP TABLE child;",
    down: "CREATE TABLE child (c int) INHERITS (base);",
  },
  {
    name: "DROP TABLE of a child of two, one of whose columns both have",
    before: `CREATE TABLE zeta (a int NOT NULL, b int CONSTRAINT low CHECK (b < 9) NO INHERIT); CREATE TABLE alpha (a int, c text DEFAULT 'c' CHECK (c <> ''));
      CREATE TABLE child (c text DEFAULT 'd', d int) INHERITS (zeta, alpha); INSERT INTO child VALUES (1, 2, 'x', 3);`,
    up: "DROP TABLE child;",
    down: "CREATE TABLE child (c text DEFAULT 'd', d int) INHERITS (zeta, alpha);",
    write: "INSERT INTO zeta VALUES (2, 2)",
  },
  {
    name: "DROP TABLE of a parent, with CASCADE",
    before: family,
    up: "DROP TABLE base CASCADE;",
    down: "CREATE TABLE base (a int CHECK (a > 0), b text DEFAULT 'q'); CREATE TABLE child (c int) INHERITS (base);",
  },
]);
