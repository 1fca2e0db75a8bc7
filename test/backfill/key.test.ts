import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { append, ensureLedger, takeOver } from "../../src/postgres/ledger/ledger.js";
import { beginBatches, runBatch, type BatchPlace, type Watermark } from "../../src/postgres/ledger/batches.js";
import { openSession, type Session } from "../../src/postgres/session/session.js";
import { batchOf } from "../../src/sql/batch.js";
import { parseStatements } from "../../src/sql/parse.js";
import { freshDatabase, type FreshDatabase } from "../support/database.js";

let database: FreshDatabase;
let session: Session;
let number = 0;

beforeAll(async () => {
  database = await freshDatabase("batch_key");
  session = await openSession(database.url, { applicationName: "belay-test/key" });
  await ensureLedger(session, "tester");
  await takeOver(session, "tester");
});
afterAll(async () => {
  await session.close();
  await database.drop();
});

/** Makes a table `t` anew, and begins a batched statement on it. */
async function begun(schema: string, sql: string): Promise<{ place: BatchPlace; mark: Watermark }> {
  await session.query("DROP SCHEMA IF EXISTS s CASCADE");
  await session.client.query(`CREATE SCHEMA s; SET search_path = s, public; ${schema}`);
  const [statement] = await parseStatements(sql);
  const batch = statement === undefined ? null : batchOf(statement, "x");
  if (batch === null) throw new Error("not batched");
  number += 1;
  const place: BatchPlace = {
    change: `c${number}`,
    direction: "up",
    section: 0,
    batch,
    rollout: null,
    actor: "tester",
  };
  const body = { direction: "up", digest: "", sections: 2, before: null } as const;
  await append(session, "change-started", { change: place.change, actor: "tester" }, body);
  return { place, mark: await beginBatches(session, place, null) };
}

/** Runs it to its end in ranges of so many rows, and gives how many rows it passed and changed. */
async function finish(
  place: BatchPlace,
  size: number,
): Promise<{ seenRows: number; changedRows: number; batches: number }> {
  for (let batches = 1; ; batches += 1) {
    const run = await runBatch(session, place, size);
    if (run.finished) return { seenRows: run.seenRows, changedRows: run.changedRows, batches };
  }
}

const update = "-- belay:batch\nUPDATE t SET n = n + 1";

describe("the key is found in the catalog", () => {
  test.each([
    [
      "the primary key, before others",
      "CREATE TABLE t (id int PRIMARY KEY, a int NOT NULL UNIQUE, n int)",
      update,
      ["id"],
    ],
    [
      "of several columns, in the index's order",
      "CREATE TABLE t (a int, b text, n int, PRIMARY KEY (b, a))",
      update,
      ["b", "a"],
    ],
    [
      "a unique index, where the statement sets the primary key",
      "CREATE TABLE t (id int PRIMARY KEY, a int NOT NULL UNIQUE, n int)",
      "-- belay:batch\nUPDATE t SET id = -id",
      ["a"],
    ],
    [
      "the one that is given",
      "CREATE TABLE t (id int PRIMARY KEY, a int NOT NULL, b int NOT NULL, n int, UNIQUE (a, b))",
      "-- belay:batch key=b, a\nUPDATE t SET n = 1",
      ["a", "b"],
    ],
    [
      "without the columns that an index only includes",
      "CREATE TABLE t (id int NOT NULL, a int, n int, UNIQUE (id) INCLUDE (a))",
      update,
      ["id"],
    ],
    ["a name that wants quotes", `CREATE TABLE t ("Order" int PRIMARY KEY, n int)`, update, [`"Order"`]],
  ])("%s", async (_, schema, sql, key) => {
    expect((await begun(schema, sql)).mark.key).toEqual(key);
  });

  test.each([
    ["none at all", "CREATE TABLE t (id int, n int)"],
    ["a column that may be null", "CREATE TABLE t (id int UNIQUE, n int)"],
    ["a part of the rows", "CREATE TABLE t (id int NOT NULL, n int); CREATE UNIQUE INDEX ON t (id) WHERE n > 0"],
    ["an expression", "CREATE TABLE t (id int NOT NULL, n int); CREATE UNIQUE INDEX ON t (abs(id))"],
    ["one that is checked late", "CREATE TABLE t (id int NOT NULL UNIQUE DEFERRABLE, n int)"],
    [
      "directions that do not agree",
      "CREATE TABLE t (a int NOT NULL, b int NOT NULL, n int); CREATE UNIQUE INDEX ON t (a, b DESC)",
    ],
    [
      "another order than the type's own",
      "CREATE TABLE t (a text NOT NULL, n int); CREATE UNIQUE INDEX ON t (a text_pattern_ops)",
    ],
    [
      "a column that is computed from what may change",
      "CREATE TABLE t (a int, g int GENERATED ALWAYS AS (a + 1) STORED NOT NULL UNIQUE, n int)",
    ],
    [
      "one that is not valid",
      "CREATE TABLE t (id int NOT NULL, n int); CREATE UNIQUE INDEX i ON t (id); UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'i'::regclass",
    ],
  ])("but not %s", async (_, schema) => {
    await expect(begun(schema, update)).rejects.toMatchObject({
      code: "batch-refused",
      message: expect.stringContaining("has no key"),
    });
  });

  test("a NOT NULL that was never validated is none", async () => {
    const [server] = await database.query<{ major: number }>(
      "SELECT current_setting('server_version_num')::int / 10000 AS major",
    );
    if ((server?.major ?? 0) < 18) return;
    const schema = "CREATE TABLE t (id int UNIQUE, n int); ALTER TABLE t ADD CONSTRAINT c NOT NULL id NOT VALID";
    await expect(begun(schema, update)).rejects.toThrow("has no key");
  });

  test("a statement that sets the only key is refused", async () => {
    const started = begun("CREATE TABLE t (id int PRIMARY KEY)", "-- belay:batch\nUPDATE t SET id = id + 1");
    await expect(started).rejects.toThrow("and whose columns it leaves alone");
  });
});

describe("only what can be cut into ranges", () => {
  const table = "CREATE TABLE t (id int PRIMARY KEY, n int);";
  test.each([
    ["a view", "CREATE TABLE u (id int PRIMARY KEY, n int); CREATE VIEW t AS SELECT * FROM u", update, "is no table"],
    ["a table from which others inherit", `${table} CREATE TABLE child () INHERITS (t)`, update, "inherit from"],
    [
      "one that reads a view",
      `${table} CREATE VIEW v AS SELECT * FROM t`,
      `${update} FROM v WHERE v.id = t.id`,
      "reads the view v",
    ],
    [
      "one that reads its own table by another name",
      table,
      `${update} FROM s.t x WHERE x.id = t.id`,
      "the table that it writes",
    ],
    [
      "one that reads its own partition",
      "CREATE TABLE t (id int PRIMARY KEY, n int) PARTITION BY RANGE (id); CREATE TABLE p PARTITION OF t DEFAULT",
      `${update} WHERE EXISTS (SELECT FROM p WHERE p.n = 1)`,
      "the table that it writes",
    ],
  ])("%s is refused", async (_, schema, sql, message) => {
    await expect(begun(schema, sql)).rejects.toMatchObject({
      code: "batch-refused",
      message: expect.stringContaining(message),
    });
  });
});

describe("each row is passed once, in the order of its key", () => {
  const values: readonly (readonly [string, string])[] = [
    ["bigint", "i - 50"],
    ["numeric", "(i - 50) / 7.0"],
    ["float8", "CASE i WHEN 1 THEN 'NaN' WHEN 2 THEN '-Infinity' ELSE (i / 3.0)::text END::float8"],
    [
      "timestamptz",
      "CASE i WHEN 1 THEN 'infinity' WHEN 2 THEN '-infinity' ELSE (now() - i * interval '1.000001 hours')::text END::timestamptz",
    ],
    ["interval", "i * interval '1 month' - i * interval '3 hours'"],
    ["uuid", "md5(i::text)::uuid"],
    ["bytea", "decode(md5(i::text), 'hex')"],
    ["inet", "('10.0.0.' || i)::inet"],
    ["text", `chr(200 + i) || '''"\\' || repeat(' ', i % 3) || i`],
    [`text COLLATE "C"`, "chr(64 + i) || chr(300 - i) || i"],
    ["char(5)", "lpad(i::text, 1 + i % 4, ' ') || chr(64 + i % 26)"],
    ["int4range", "int4range(i, i + 5)"],
    ["int[]", "ARRAY[i % 7, i]"],
    ["name", "('n' || i)::name"],
    ["date", "current_date - i"],
    ["jsonb", "to_jsonb(i)"],
  ];

  test.each(values)("%s", async (type, expression) => {
    const { place } = await begun(
      `CREATE TABLE t (id ${type} PRIMARY KEY, n int DEFAULT 0); INSERT INTO t SELECT ${expression} FROM generate_series(1, 99) i`,
      update,
    );
    const settings = ["SET datestyle = 'SQL, DMY'", "SET timezone = 'Asia/Kathmandu'", "SET extra_float_digits = -5", "SET intervalstyle = 'sql_standard'", "SET bytea_output = 'escape'"]; // prettier-ignore
    await session.client.query(settings.join(";"));
    // Another session may go on from the watermark, with other settings.
    await runBatch(session, place, 10);
    await session.reset();
    await session.client.query("SET search_path = s, public");
    expect(await finish(place, 10)).toMatchObject({ seenRows: 99, changedRows: 99 });
    expect(await session.query("SELECT n, count(*)::int FROM t GROUP BY n")).toEqual([{ n: 1, count: 99 }]);
  });

  test.each([
    [
      "several columns of several types",
      "CREATE TABLE t (a text, b timestamptz, c int, n int DEFAULT 0, PRIMARY KEY (a, b, c)); INSERT INTO t SELECT chr(97 + i % 3), now() + i % 5 * interval '1 h', i FROM generate_series(1, 300) i",
    ],
    [
      "a descending index",
      "CREATE TABLE t (a int NOT NULL, b int NOT NULL, n int DEFAULT 0); CREATE UNIQUE INDEX ON t (a DESC, b DESC); INSERT INTO t SELECT i % 9, i FROM generate_series(1, 300) i",
    ],
    [
      "an enum",
      "CREATE TYPE e AS ENUM ('z', 'a', 'm'); CREATE TABLE t (e e, i int, n int DEFAULT 0, PRIMARY KEY (e, i)); INSERT INTO t SELECT (ARRAY['z', 'a', 'm'])[1 + i % 3]::e, i FROM generate_series(1, 300) i",
    ],
    [
      "a domain",
      "CREATE DOMAIN d AS int CHECK (value > 0); CREATE TABLE t (id d PRIMARY KEY, n int DEFAULT 0); INSERT INTO t SELECT i FROM generate_series(1, 300) i",
    ],
    [
      "a collation without case",
      `CREATE COLLATION ci (provider = icu, locale = 'und-u-ks-level2', deterministic = false); CREATE TABLE t (a text COLLATE ci PRIMARY KEY, n int DEFAULT 0); INSERT INTO t SELECT CASE i % 2 WHEN 0 THEN 'Ab' ELSE 'aB' END || i FROM generate_series(1, 300) i`,
    ],
    [
      "an index with a collation of its own",
      `CREATE TABLE t (a text NOT NULL, n int DEFAULT 0); CREATE UNIQUE INDEX ON t (a COLLATE "C"); INSERT INTO t SELECT CASE i % 2 WHEN 0 THEN 'x' ELSE 'X' END || i FROM generate_series(1, 300) i`,
    ],
    [
      "partitions",
      "CREATE TABLE t (id int PRIMARY KEY, n int DEFAULT 0) PARTITION BY HASH (id); CREATE TABLE p0 PARTITION OF t FOR VALUES WITH (MODULUS 2, REMAINDER 0); CREATE TABLE p1 PARTITION OF t FOR VALUES WITH (MODULUS 2, REMAINDER 1); INSERT INTO t SELECT i FROM generate_series(1, 300) i",
    ],
    [
      "only a parent's own rows",
      "CREATE TABLE t (id int PRIMARY KEY, n int DEFAULT 0); CREATE TABLE child () INHERITS (t); INSERT INTO t SELECT i FROM generate_series(1, 300) i; INSERT INTO child SELECT i, -1 FROM generate_series(1, 9) i",
    ],
  ])("%s", async (name, schema) => {
    const { place } = await begun(schema, name.startsWith("only") ? update.replace("UPDATE", "UPDATE ONLY") : update);
    expect(await finish(place, 70)).toEqual({ seenRows: 300, changedRows: 300, batches: 5 });
    expect(await session.query("SELECT n, count(*)::int FROM t WHERE n >= 0 GROUP BY n")).toEqual([
      { n: 1, count: 300 },
    ]);
  });

  test("a DELETE, a join and a condition come to what the whole statement would have come to", async () => {
    const schema = `CREATE TABLE t (id int PRIMARY KEY, n int); INSERT INTO t SELECT i, i % 10 FROM generate_series(1, 300) i;
      CREATE TABLE dead (n int); INSERT INTO dead VALUES (3), (3), (7)`;
    const { place } = await begun(schema, "-- belay:batch\nDELETE FROM t AS x USING dead d WHERE d.n = x.n OR x.n = 9");
    expect(await finish(place, 40)).toMatchObject({ seenRows: 300, changedRows: 90 });
    expect(await session.query("SELECT array_agg(DISTINCT n ORDER BY n) AS n FROM t")).toEqual([
      { n: [0, 1, 2, 4, 5, 6, 8] },
    ]);
  });

  test("an empty table is done at once", async () => {
    const { place, mark } = await begun("CREATE TABLE t (id int PRIMARY KEY, n int)", update);
    expect(mark.seenRows).toBe(0);
    expect(await finish(place, 10)).toEqual({ seenRows: 0, changedRows: 0, batches: 1 });
  });
});

describe("statistics", () => {
  test("are collected where there are none, and tell about how many rows there are", async () => {
    const { mark } = await begun(
      "CREATE TABLE t (id int PRIMARY KEY, n int); INSERT INTO t SELECT i FROM generate_series(1, 3000) i",
      update,
    );
    expect(mark.aboutRows).toBe(3000);
    expect(
      await session.query("SELECT count(*)::int FROM pg_stats WHERE schemaname = 's' AND tablename = 't'"),
    ).toEqual([{ count: 2 }]);
  });
});

describe("a watermark that somebody has written into", () => {
  test("is behind the journal, and nothing goes on from it", async () => {
    const { place } = await begun(
      "CREATE TABLE t (id int PRIMARY KEY, n int DEFAULT 0); INSERT INTO t SELECT i FROM generate_series(1, 300) i",
      update,
    );
    await finish(place, 100);
    await session.query("UPDATE belay.watermark SET passed = NULL, batches = 0 WHERE change = $1", [place.change]);
    await expect(beginBatches(session, place, null)).rejects.toThrow("does not fit the journal");
  });
});
