import fc from "fast-check";
import pg from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { readSnapshot } from "../../src/postgres/catalog/read-snapshot.js";
import { trackCatalog, type TrackedCatalog } from "../../src/postgres/catalog/tracked-catalog.js";
import { differences } from "../../src/snapshot/difference.js";
import { snapshotOf } from "../../src/snapshot/snapshot.js";
import { freshDatabase, type FreshDatabase } from "../support/database.js";
import { beginning, doing, type Doing } from "./ddl.js";

let database: FreshDatabase;
let reader: pg.Client;
let slow: pg.Client;

beforeAll(async () => {
  database = await freshDatabase("tracked");
  reader = await connect();
  slow = await connect();
  await database.query("set lock_timeout = '100ms'");
  await slow.query("set lock_timeout = '100ms'");
  await reader.query("set lock_timeout = '50ms'");
  for (const role of ["tracked_anna", "tracked_bob"]) await attempt(database.client, `create role ${role}`);
});

afterAll(async () => {
  await reader.end();
  await slow.end();
  await attempt(database.client, "alter role tracked_anne rename to tracked_anna");
  await database.drop();
});

async function connect(): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: database.url });
  await client.connect();
  return client;
}

async function attempt(client: pg.Client, statement: string): Promise<boolean> {
  return client.query(statement).then(
    () => true,
    () => false,
  );
}

async function nested(client: pg.Client, statements: readonly string[]): Promise<void> {
  await client.query("begin");
  for (const statement of statements) {
    await client.query("savepoint s");
    if (!(await attempt(client, statement))) await client.query("rollback to savepoint s");
  }
}

async function act(one: Doing, look: () => Promise<void>): Promise<void> {
  if (one.kind === "alone") await attempt(database.client, one.statement);
  else if (one.kind === "nested") {
    await nested(database.client, one.statements);
    await attempt(database.client, "savepoint last; create table s0.t0 (a int); rollback to savepoint last");
    await database.query("rollback to savepoint s").catch(() => undefined);
    await database.query(one.end);
  } else {
    await nested(slow, one.statements);
    // Where a lock of the open transaction is in the way, the look breaks off; the next one must not build on it.
    await look().catch((thrown: unknown) => {
      if (!(thrown instanceof pg.DatabaseError) || thrown.code !== "55P03") throw thrown;
    });
    await slow.query("commit");
  }
}

async function expectSame(tracked: TrackedCatalog, done: readonly Doing[]): Promise<void> {
  await tracked.refresh();
  const full = await readSnapshot(reader);
  const found = snapshotOf(Object.fromEntries(tracked.objects));
  const last = done.slice(-3);
  expect({ last, found: differences(full, found) }).toEqual({ last, found: [] });
}

async function clear(): Promise<void> {
  const names = ["s0", "s1", "s2", "s3", "public", "belay_kept"];
  await database.query(
    `${names.map((name) => `drop schema if exists ${name} cascade`).join(";")}; drop publication if exists pub0; drop publication if exists pub1`,
  );
  await database.query(beginning);
}

const runs = Number(process.env["TRACKED_RUNS"] ?? 6);

test("what is read on from an earlier look is what a full look finds, whatever happened in between", async () => {
  let incremental = 0;
  let looks = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(doing, { minLength: 20, maxLength: 40, size: "max" }), async (all) => {
      await clear();
      const tracked = trackCatalog(reader);
      const done: Doing[] = [];
      for (const one of all) {
        done.push(one);
        await act(one, () => expectSame(tracked, done));
        looks += 1;
        if ((await tracked.refresh()) !== "all") incremental += 1;
        await expectSame(tracked, done);
      }
    }),
    { numRuns: runs, endOnFailure: true },
  );
  // Where everything were always read anew, nothing would be shown.
  expect(incremental).toBeGreaterThan(looks / 2);
}, 600_000);
