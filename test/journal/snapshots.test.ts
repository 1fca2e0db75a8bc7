import { readFile } from "node:fs/promises";
import fc from "fast-check";
import { afterAll, beforeAll, expect, it } from "vitest";
import { ensureLedger } from "../../src/postgres/ledger/ledger.js";
import { keepCatalog, readCatalog, readWhole, recordCatalog } from "../../src/postgres/ledger/record-catalog.js";
import { readStoredSnapshot } from "../../src/postgres/ledger/snapshots.js";
import { openSession, type Session } from "../../src/postgres/session/session.js";
import { fingerprint } from "../../src/snapshot/snapshot.js";
import { freshDatabase, type FreshDatabase } from "../support/database.js";

let database: FreshDatabase;
let session: Session;

beforeAll(async () => {
  database = await freshDatabase("snapshots");
  await database.query(await readFile(new URL("fixtures/ledger-1.sql", import.meta.url), "utf8"));
  session = await openSession(database.url, { applicationName: "test" });
});

afterAll(async () => {
  await session.close();
  await database.drop();
});

interface Stored {
  readonly [column: string]: unknown;
  readonly characters: number;
  readonly depth: number;
  readonly whole: boolean;
}

const stored = (): Promise<Stored[]> =>
  database.query<Stored>(
    "SELECT length(body::text) AS characters, depth, base IS NULL AS whole FROM belay.snapshot ORDER BY depth",
  );

it("a snapshot that version 1 stored is read, before the ledger is brought up to date and after", async () => {
  await database.query("CREATE TABLE old (a int)");
  const { snapshot, fingerprint: old } = await readWhole(session);
  await database.query("INSERT INTO belay.snapshot VALUES ($1, $2)", [old, JSON.stringify(snapshot)]);
  expect(await readStoredSnapshot(session, old)).toEqual(snapshot);
  await ensureLedger(session, "ada");
  expect(await readStoredSnapshot(session, old)).toEqual(snapshot);
  expect(await readStoredSnapshot(session, "another")).toBeNull();
});

it("every snapshot of a history comes back as it was, whatever came, went and came again", async () => {
  const target = { operator: session, rollout: null, actor: "ada" };
  const step = fc.constantFrom(
    "CREATE TABLE a (id int PRIMARY KEY)",
    "ALTER TABLE a ADD COLUMN b text",
    "ALTER TABLE a DROP COLUMN b",
    "DROP TABLE a",
    "CREATE SCHEMA s",
    "DROP SCHEMA s",
    "COMMENT ON TABLE old IS 'x'",
    "COMMENT ON TABLE old IS NULL",
  );
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 8, maxLength: 20 }), async (steps) => {
      const seen = new Set<string>();
      for (const [index, sql] of steps.entries()) {
        await database.query(sql).catch(() => undefined);
        seen.add(index % 2 === 0 ? await keepCatalog(target) : (await recordCatalog(target, "c")).fingerprint);
        expect(await readCatalog(session)).toEqual(await readWhole(session));
      }
      for (const one of seen) {
        const found = await readStoredSnapshot(session, one);
        expect(found === null ? null : fingerprint(found)).toBe(one);
      }
    }),
    { numRuns: 6 },
  );
});

it("what is stored grows with what has changed, and not with all that is there", async () => {
  const tables = Array.from(
    { length: 150 },
    (_, n) => `CREATE TABLE wide_${n} (id bigint PRIMARY KEY, a text, b text)`,
  );
  // Nothing of what came and went before is to bear on it.
  await database.query("DROP SCHEMA public CASCADE; CREATE SCHEMA public");
  await database.query(tables.join(";"));
  const target = { operator: session };
  await keepCatalog(target);
  const before = (await stored()).reduce((sum, { characters }) => sum + characters, 0);
  const whole = JSON.stringify((await readCatalog(session)).snapshot).length;
  for (let n = 0; n < 40; n += 1) {
    await database.query(`ALTER TABLE wide_${n} ADD COLUMN c text`);
    await keepCatalog(target);
  }
  const rows = await stored();
  const added = rows.reduce((sum, { characters }) => sum + characters, 0) - before;
  expect(added).toBeLessThan(whole * 2);
  // Reading one stays bounded as well: a whole one lies not too far under it.
  expect(Math.max(...rows.map(({ depth }) => depth))).toBeGreaterThan(10);
});

it("one is stored whole again before those on top of the last one come to more than that", async () => {
  const target = { operator: session };
  await database.query("DROP SCHEMA public CASCADE; CREATE SCHEMA public");
  await keepCatalog(target);
  const wholeBefore = (await stored()).filter(({ whole }) => whole).length;
  const comment = "x".repeat(9_000);
  await database.query("CREATE TABLE t (a int)");
  for (let n = 0; n < 24; n += 1) {
    await database.query(`COMMENT ON TABLE t IS '${n} ${comment}'`);
    await keepCatalog(target);
  }
  const rows = await stored();
  expect(rows.filter(({ whole }) => whole).length - wholeBefore).toBeGreaterThanOrEqual(3);
});
