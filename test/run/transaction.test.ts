import fc from "fast-check";
import type { Client } from "pg";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { wantedLocks } from "../../src/plan/wanted-locks.js";
import { runTransaction } from "../../src/postgres/run/run-transaction.js";
import type { OpenTarget } from "../../src/postgres/session/open-target.js";
import { freshDatabase, type FreshDatabase } from "../support/database.js";
import { contextOf, operate, stepsFor } from "../lock/world.js";
import { connect, pause } from "../world/server.js";

const schema = `
  CREATE TABLE a (id int PRIMARY KEY); CREATE TABLE b (id int PRIMARY KEY); CREATE VIEW v AS SELECT id FROM a;
  CREATE FUNCTION slowly() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(20); RETURN NULL; END';
  CREATE CONSTRAINT TRIGGER slow AFTER INSERT ON b DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION slowly();
`;

let database: FreshDatabase;
let target: OpenTarget;
const clients: Client[] = [];

beforeAll(async () => {
  database = await freshDatabase("transaction");
  await database.client.query(schema);
  target = await operate(database.url);
});

afterEach(async () => {
  for (const client of clients.splice(0)) await client.end();
});

afterAll(async () => {
  await target.close();
  await database.drop();
});

async function columnsOf(table: string): Promise<readonly unknown[]> {
  return database.query("SELECT attname FROM pg_attribute WHERE attrelid = $1::regclass AND attnum > 1", [table]);
}

describe("a transaction", () => {
  it("begins whatever its statement looks like in the comment that names it", async () => {
    const texts = fc.string({ unit: fc.constantFrom("*", "/", "-", " ", "'", "\n", "x", "ä", "\u{1F9D7}") });
    await fc.assert(
      fc.asyncProperty(texts, async (text) => {
        const run = runTransaction(contextOf(target), text, (session) => session.query("SELECT 1 AS one"));
        expect(await run).toEqual([{ one: 1 }]);
      }),
      { numRuns: 200, examples: [["'https://*.example.com'"], ["'Accept: */*'"], ["x".repeat(199) + "*/"]] },
    );
  });

  it("whose COMMIT keeps writers out for longer than policy.lock.hold is ended, and leaves nothing", async () => {
    const sql = "ALTER TABLE a ADD COLUMN late int";
    const context = contextOf(target, { holdMs: 300 });
    const work = async (session: { query(text: string): Promise<unknown> }): Promise<void> => {
      await session.query(sql);
      await session.query("INSERT INTO b VALUES (1)");
    };
    const run = runTransaction(context, sql, work, wantedLocks(await stepsFor(sql)));
    await expect(run).rejects.toMatchObject({ code: "lock-held-too-long" });
    expect(await columnsOf("a")).toEqual([]);
    expect(await database.query("SELECT FROM b")).toEqual([]);
  });

  it("that keeps the readers of a view out for longer than policy.lock.hold is ended", async () => {
    const context = contextOf(target, { holdMs: 300 });
    const run = runTransaction(context, "CREATE OR REPLACE VIEW", async (session) => {
      await session.query("CREATE OR REPLACE VIEW v AS SELECT id FROM a WHERE id > 0");
      await session.query("SELECT pg_sleep(20)");
    });
    await expect(run).rejects.toMatchObject({ code: "lock-held-too-long", message: expect.stringContaining(" on v ") });
  });

  it("that takes a strong lock late has it for as long as one that takes it at once", async () => {
    const context = contextOf(target, { holdMs: 1_000 });
    await runTransaction(context, "DO", async (session) => {
      await session.query("SELECT pg_sleep(1.5)");
      await session.query("ALTER TABLE a ADD COLUMN in_time int");
      await session.query("SELECT pg_sleep(0.5)");
    });
    expect(await columnsOf("a")).toEqual([{ attname: "in_time" }]);
  });

  it("is stopped by a Ctrl-C that comes between two of its statements", async () => {
    const stop = new AbortController();
    const context = { ...contextOf(target), signal: stop.signal };
    const run = runTransaction(context, "two", async (session) => {
      await session.query("CREATE TABLE one ()");
      stop.abort();
      await pause(400);
      await session.query("SELECT pg_sleep(20)");
    });
    await expect(run).rejects.toMatchObject({ code: "interrupted" });
    expect(await database.query("SELECT to_regclass('one') AS there")).toEqual([{ there: null }]);
    // Nothing of it hits what comes next.
    const next = runTransaction(contextOf(target), "next", (session) => session.query("SELECT pg_sleep(0.6)"));
    expect(await next).toHaveLength(1);
  });

  it("goes on where what looks at it from outside is cancelled by somebody", async () => {
    const saboteur = await connect(database.url);
    clients.push(saboteur);
    const sabotage = saboteur.query(`DO $cancel$ BEGIN
      FOR i IN 1..2000 LOOP
        PERFORM pg_cancel_backend(${target.operator.pid}), pg_sleep(0.0005);
      END LOOP;
    END $cancel$`);
    const context = contextOf(target, { holdMs: 100 });
    const run = runTransaction(context, "one", async (session) => {
      await session.query("CREATE TABLE looked_at ()");
      await session.query("SELECT pg_sleep(1.5)");
    });
    await run;
    await sabotage;
    expect(await database.query("SELECT to_regclass('looked_at') IS NULL AS gone")).toEqual([{ gone: false }]);
  });
});
