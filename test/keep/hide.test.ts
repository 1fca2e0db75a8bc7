import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { readSnapshot } from "../../src/postgres/catalog/read-snapshot.js";
import { ledgerSchema } from "../../src/postgres/ledger/sql/ledger-schema.js";
import { describeDifference, differences } from "../../src/snapshot/difference.js";
import type { Snapshot } from "../../src/snapshot/snapshot.js";
import { freshDatabase, type FreshDatabase } from "../support/database.js";

const change = "20260101000000_c";

let database: FreshDatabase;

beforeEach(async () => {
  database = await freshDatabase("hide");
  await database.client.query(ledgerSchema);
  await database.client.query("SELECT belay.take_over('test')");
});

afterEach(() => database.drop());

const look = (): Promise<Snapshot> => readSnapshot(database.client);

interface Wanted {
  readonly kind: string;
  readonly name: string;
  readonly schema?: string | null;
  readonly of?: string;
}

const keyOf = ({ kind, name, of }: Wanted): string => `${kind} ${of === undefined ? "" : `${of}.`}${name}`;

async function hide(statement: string, wanted: readonly Wanted[], direction = "up"): Promise<void> {
  const named = wanted.map((one) => ({ schema: null, of: null, ...one, key: keyOf(one) }));
  await database.query("SELECT belay.hide($1, $2, 'd', $3, $4)", [change, direction, statement, JSON.stringify(named)]);
}

async function unhide(wanted: Wanted, direction = "down"): Promise<void> {
  await database.query("SELECT belay.unhide($1, $2, 'd', $3)", [change, direction, keyOf(wanted)]);
  for (const part of ["validate", "complete"]) await database.query("SELECT belay.finish_back($1, $2)", [change, part]);
}

/** What the statement itself does to the catalog, in a transaction that is rolled back. */
async function afterReally(statement: string): Promise<Snapshot> {
  await database.query("BEGIN");
  try {
    await database.query(statement);
    return await look();
  } finally {
    await database.query("ROLLBACK");
  }
}

const found = (expected: Snapshot, actual: Snapshot): readonly string[] =>
  differences(expected, actual).map(describeDifference);

interface Case {
  readonly name: string;
  readonly before: string;
  readonly drop: string;
  readonly wanted: readonly Wanted[];
}

const cases: readonly Case[] = [
  {
    name: "a column with all that a column can have",
    before: `CREATE TABLE parent (id int PRIMARY KEY);
      CREATE TABLE t (id int PRIMARY KEY, c text COLLATE "C" NOT NULL DEFAULT 'x' CHECK (c <> ''), p int REFERENCES parent, last int);
      CREATE INDEX t_c ON t (c); CREATE UNIQUE INDEX t_c_last ON t (c, last); CREATE STATISTICS t_s ON c, last FROM t;
      COMMENT ON COLUMN t.c IS 'said'; ALTER TABLE t ALTER c SET STATISTICS 42, ALTER c SET STORAGE EXTERNAL; GRANT SELECT (c) ON t TO public;
      INSERT INTO t SELECT i, 'c' || i, NULL, i FROM generate_series(1, 5) i`,
    drop: "ALTER TABLE t DROP COLUMN c",
    wanted: [{ kind: "column", name: "c", of: "t" }],
  },
  {
    name: "a column of a foreign key, NOT NULL without a default",
    before: `CREATE TABLE parent (id int PRIMARY KEY); INSERT INTO parent VALUES (1);
      CREATE TABLE t (id int PRIMARY KEY, p int NOT NULL REFERENCES parent ON DELETE CASCADE, last int); INSERT INTO t VALUES (1, 1, 1)`,
    drop: "ALTER TABLE t DROP COLUMN p",
    wanted: [{ kind: "column", name: "p", of: "t" }],
  },
  {
    name: "a column of the primary key",
    before: "CREATE TABLE t (a int, b int, c int, PRIMARY KEY (a, b)); INSERT INTO t VALUES (1, 1, 1)",
    drop: "ALTER TABLE t DROP COLUMN b",
    wanted: [{ kind: "column", name: "b", of: "t" }],
  },
  {
    name: "an identity column, a serial one, and a generated one",
    before: `CREATE TABLE t (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, n serial, g int GENERATED ALWAYS AS (n * 2) STORED, last int);
      INSERT INTO t (last) VALUES (1), (2)`,
    drop: "ALTER TABLE t DROP COLUMN id, DROP COLUMN n CASCADE",
    wanted: [
      { kind: "column", name: "id", of: "t" },
      { kind: "column", name: "n", of: "t" },
    ],
  },
  {
    name: "a column that a view, a policy, a trigger and another table's foreign key use, with CASCADE",
    before: `CREATE TABLE t (id int PRIMARY KEY, c int UNIQUE, last int); CREATE VIEW v AS SELECT c FROM t; CREATE VIEW v2 AS SELECT c FROM v; GRANT SELECT ON v TO public;
      CREATE TABLE other (c int REFERENCES t (c)); CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
      CREATE TRIGGER g BEFORE UPDATE OF c ON t FOR EACH ROW EXECUTE FUNCTION f(); ALTER TABLE t DISABLE TRIGGER g; COMMENT ON TRIGGER g ON t IS 'said';
      ALTER TABLE t ENABLE ROW LEVEL SECURITY; CREATE POLICY p ON t FOR SELECT TO public USING (c > 0); INSERT INTO t VALUES (1, 1, 1); INSERT INTO other VALUES (1)`,
    drop: "ALTER TABLE t DROP COLUMN c CASCADE",
    wanted: [{ kind: "column", name: "c", of: "t" }],
  },
  {
    name: "a column of a partitioned table",
    before: `CREATE TABLE t (id int, c int NOT NULL, last int) PARTITION BY RANGE (id); CREATE TABLE t1 PARTITION OF t FOR VALUES FROM (0) TO (10);
      CREATE INDEX t_c ON t (c); INSERT INTO t VALUES (1, 1, 1)`,
    drop: "ALTER TABLE t DROP COLUMN c",
    wanted: [{ kind: "column", name: "c", of: "t" }],
  },
  {
    name: "a table with all that hangs on it",
    before: `CREATE TABLE parent (id int PRIMARY KEY); CREATE TABLE t (id int GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY, n serial, p int REFERENCES parent, CONSTRAINT k UNIQUE (n));
      CREATE INDEX t_p ON t (p); CREATE STATISTICS t_s ON n, p FROM t; COMMENT ON TABLE t IS 'said'; GRANT SELECT, INSERT ON t TO public; CREATE PUBLICATION pub FOR TABLE t, parent;
      ALTER TABLE t ENABLE ROW LEVEL SECURITY; CREATE POLICY p ON t USING (n > 0); CREATE RULE r AS ON UPDATE TO t WHERE false DO INSTEAD NOTHING;
      INSERT INTO parent VALUES (1); INSERT INTO t (p) VALUES (1)`,
    drop: "DROP TABLE t",
    wanted: [{ kind: "table", name: "t" }],
  },
  {
    name: "tables that refer to each other, with a view over both",
    before: `CREATE TABLE a (id int PRIMARY KEY); CREATE TABLE b (id int PRIMARY KEY REFERENCES a); CREATE TABLE c (id int REFERENCES b); CREATE VIEW v AS SELECT a.id FROM a JOIN b USING (id)`,
    drop: "DROP TABLE a, b CASCADE",
    wanted: [
      { kind: "table", name: "a" },
      { kind: "table", name: "b" },
    ],
  },
  {
    name: "a partitioned table",
    before: `CREATE TABLE t (id int PRIMARY KEY, c int) PARTITION BY RANGE (id); CREATE TABLE t1 PARTITION OF t FOR VALUES FROM (0) TO (10); CREATE TABLE t2 PARTITION OF t DEFAULT;
      CREATE INDEX t_c ON t (c); INSERT INTO t VALUES (1, 1), (20, 2)`,
    drop: "DROP TABLE t",
    wanted: [{ kind: "table", name: "t" }],
  },
  {
    name: "a partition",
    before: `CREATE TABLE t (id int PRIMARY KEY, c int) PARTITION BY RANGE (id); CREATE TABLE t1 PARTITION OF t FOR VALUES FROM (0) TO (10); CREATE INDEX t_c ON t (c); INSERT INTO t VALUES (1, 1)`,
    drop: "DROP TABLE t1",
    wanted: [{ kind: "table", name: "t1" }],
  },
  {
    name: "a view and a materialized one",
    before: `CREATE TABLE t (id int); CREATE VIEW v AS SELECT * FROM t; GRANT SELECT ON v TO public; COMMENT ON VIEW v IS 'said'; CREATE MATERIALIZED VIEW m AS SELECT * FROM v; CREATE INDEX m_id ON m (id)`,
    drop: "DROP VIEW v CASCADE",
    wanted: [{ kind: "view", name: "v" }],
  },
  {
    name: "a sequence that a default uses",
    before: `CREATE SEQUENCE s START 7; SELECT nextval('s'); CREATE TABLE t (id int DEFAULT nextval('s'))`,
    drop: "DROP SEQUENCE s CASCADE",
    wanted: [{ kind: "sequence", name: "s" }],
  },
  {
    name: "an enum, a domain and a composite type, with a function and a column",
    before: `CREATE TYPE e AS ENUM ('a', 'b'); CREATE TYPE "K" AS (x int); CREATE DOMAIN d AS int CHECK (VALUE > 0); CREATE FUNCTION f(e) RETURNS int LANGUAGE sql AS 'SELECT 1';
      CREATE TABLE t (id int, c e, last "K"); INSERT INTO t VALUES (1, 'a', NULL)`,
    drop: "DROP TYPE e CASCADE",
    wanted: [{ kind: "type", name: "e" }],
  },
  {
    name: "functions of one name, and what calls them",
    before: `CREATE FUNCTION f(int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT $1'; CREATE FUNCTION f(text) RETURNS text LANGUAGE sql AS 'SELECT $1'; COMMENT ON FUNCTION f(int) IS 'said';
      CREATE TABLE t (id int CHECK (f(id) > 0), n int DEFAULT f(1)); CREATE INDEX t_f ON t (f(n)); INSERT INTO t VALUES (1)`,
    drop: "DROP FUNCTION f(int) CASCADE",
    wanted: [{ kind: "function", name: "f" }],
  },
  {
    name: "a schema with what is in it",
    before: `CREATE SCHEMA s; GRANT USAGE ON SCHEMA s TO public; COMMENT ON SCHEMA s IS 'said'; CREATE TABLE s.t (id int PRIMARY KEY); CREATE FUNCTION s.f() RETURNS int LANGUAGE sql AS 'SELECT 1';
      CREATE TYPE s.e AS ENUM ('a'); CREATE VIEW v AS SELECT * FROM s.t; INSERT INTO s.t VALUES (1)`,
    drop: "DROP SCHEMA s CASCADE",
    wanted: [{ kind: "schema", name: "s" }],
  },
  {
    name: "names that want quotes, as long as they can be",
    before: `CREATE TABLE "T x" (id int PRIMARY KEY, "${"ü".repeat(31)}" int NOT NULL, "${"a".repeat(62)}Q" int, last int); CREATE INDEX "${"ü".repeat(30)}_i" ON "T x" ("${"ü".repeat(31)}");
      CREATE INDEX "${"ü".repeat(30)}_j" ON "T x" ("${"ü".repeat(31)}"); INSERT INTO "T x" VALUES (1, 1, 1, 1)`,
    drop: `ALTER TABLE "T x" DROP COLUMN "${"ü".repeat(31)}"`,
    wanted: [{ kind: "column", name: "ü".repeat(31), of: "T x" }],
  },
];

describe("what is hidden already", () => {
  test("stands in the way of nothing that is hidden after it, and all comes back in the opposite order", async () => {
    await database.query(`CREATE TYPE e AS ENUM ('a'); CREATE TABLE t (id int PRIMARY KEY, c e, last int); INSERT INTO t VALUES (1, 'a', 2);
      CREATE MATERIALIZED VIEW m AS SELECT c FROM t; CREATE FUNCTION f(e) RETURNS int LANGUAGE sql AS 'SELECT 1'`);
    const first = await look();
    const steps = [
      ["DROP MATERIALIZED VIEW m", { kind: "materialized view", name: "m" }],
      ["DROP FUNCTION f", { kind: "function", name: "f" }],
      ["ALTER TABLE t DROP COLUMN c", { kind: "column", name: "c", of: "t" }],
      ["DROP TYPE e", { kind: "type", name: "e" }],
      ["DROP TABLE t", { kind: "table", name: "t" }],
    ] as const;
    const gone = await afterReally(steps.map(([statement]) => statement).join(";"));
    for (const [statement, wanted] of steps) await hide(statement, [wanted]);
    expect(found(gone, await look())).toEqual([]);
    for (const [, wanted] of steps.toReversed()) await unhide(wanted);
    expect(found(first, await look())).toEqual([]);
    expect(await database.query("SELECT * FROM m")).toEqual([{ c: "a" }]);
  });
});

describe("what a change drops is hidden", () => {
  test.each(cases)("$name: gone for the catalog, and back as it was", async ({ before, drop, wanted }) => {
    await database.query(before);
    const first = await look();
    const gone = await afterReally(drop);
    await hide(drop, wanted);
    expect(found(gone, await look())).toEqual([]);
    for (const one of wanted) await unhide(one);
    expect(found(first, await look())).toEqual([]);
    await hide(drop, wanted);
    await database.query("SELECT belay.purge(seq, 'test') FROM belay.kept_now()");
    expect(found(gone, await look())).toEqual([]);
    const [left] = await database.query(
      "SELECT count(*)::int AS n FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace WHERE nspname = 'belay_kept'",
    );
    expect(left).toEqual({ n: 0 });
  });
});
