import type { Client } from "pg";
import { afterEach, describe, expect, it } from "vitest";
import { wantedLocks } from "../../src/plan/wanted-locks.js";
import { runTransaction } from "../../src/postgres/run/run-transaction.js";
import { freshDatabase, type FreshDatabase } from "../support/database.js";
import { connect, startServer, until } from "../world/server.js";
import { contextOf, operate, stepsFor } from "./world.js";

const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});

async function open(url: string): Promise<Client> {
  const client = await connect(url);
  cleanups.push(() => client.end());
  return client;
}

async function fresh(schema: string): Promise<FreshDatabase> {
  const database = await freshDatabase("taking");
  cleanups.push(() => database.drop());
  await (await operate(database.url)).close();
  await database.client.query(schema);
  return database;
}

describe("the locks of a transaction", () => {
  it.each([
    ["after its parent", "CREATE TABLE old PARTITION OF measures FOR VALUES FROM ('2020-01-01') TO ('2021-01-01')"],
    ["before its parent", "ALTER TABLE older ADD COLUMN value int; ALTER TABLE measures ATTACH PARTITION older FOR VALUES FROM ('2019-01-01') TO ('2020-01-01')"], // prettier-ignore
  ])(
    "are taken although a partition, locked %s, is dropped while they are waited for",
    async (_, partition) => {
      const database = await fresh(`CREATE TABLE older (at date NOT NULL);
        CREATE TABLE measures (at date NOT NULL, value int) PARTITION BY RANGE (at); ${partition}`);
      const [dropper, taker] = [await open(database.url), await open(database.url)];
      await dropper.query(`BEGIN; DROP TABLE ${partition.includes("older") ? "older" : "old"}`);
      const { locks } = wantedLocks(await stepsFor("ALTER TABLE measures ADD COLUMN x int"));
      const [{ pid } = { pid: 0 }] = (await taker.query<{ pid: number }>("SELECT pg_backend_pid() AS pid")).rows;
      const taking = taker.query("SELECT belay.take_locks($1, '{}', 20000, 200)", [JSON.stringify(locks)]);
      await until(async () => (await database.query("SELECT FROM pg_locks WHERE pid = $1 AND NOT granted", [pid])).length > 0);
      await dropper.query("COMMIT");
      expect((await taking).rowCount).toBe(1);
    },
  ); // prettier-ignore

  it("that cannot be taken beforehand share the budget, so that nobody waits for each of them in turn", async () => {
    const database = await fresh(
      "CREATE TABLE t (id int); CREATE VIEW a AS TABLE t; CREATE VIEW b AS TABLE t; CREATE VIEW c AS TABLE t; CREATE MATERIALIZED VIEW d AS TABLE t",
    );
    const timeoutFor = async (sql: string): Promise<number> => {
      const { locks } = wantedLocks(await stepsFor(sql));
      await database.query("BEGIN");
      await database.query("SELECT belay.take_locks($1, '{}', 0, 200)", [JSON.stringify(locks)]);
      const [row] = await database.query("SELECT setting::int AS ms FROM pg_settings WHERE name = 'lock_timeout'");
      await database.query("ROLLBACK");
      return Number(row?.["ms"]);
    };
    const four = await timeoutFor("DROP VIEW a; DROP VIEW b; DROP VIEW c; REFRESH MATERIALIZED VIEW d");
    expect(four).toBeGreaterThanOrEqual(10);
    expect(four).toBeLessThanOrEqual(50);
    expect(await timeoutFor("DROP VIEW a")).toBeGreaterThan(50);
    expect(await timeoutFor("ALTER TABLE t ADD COLUMN x int; CREATE VIEW e AS SELECT a.id FROM a, b, c")).toBe(200);
  });
});

describe("a role that may not see what others do", () => {
  it("lets an autovacuum give way all the same, and knows one against wraparound by the age of its table", async () => {
    const server = await startServer();
    cleanups.push(() => server.remove());
    const admin = await server.connect("postgres");
    cleanups.push(() => admin.end());
    await admin.query("CREATE ROLE deploy LOGIN PASSWORD 'secret'");
    await admin.query("CREATE DATABASE shop OWNER deploy");
    await admin.query("ALTER SYSTEM SET autovacuum_naptime = '1s'");
    await admin.query("SELECT pg_reload_conf()");
    const url = new URL(server.url("shop"));
    [url.username, url.password] = ["deploy", "secret"];
    const owner = await open(url.href);
    const slow = "autovacuum_vacuum_cost_delay = 100, autovacuum_vacuum_cost_limit = 1";
    await owner.query(`
      CREATE SCHEMA own; CREATE TABLE own.wide (id int PRIMARY KEY, filler text) WITH (fillfactor = 10, autovacuum_vacuum_threshold = 0,
        autovacuum_vacuum_scale_factor = 0, ${slow});
      INSERT INTO own.wide SELECT i, repeat('x', 500) FROM generate_series(1, 3000) i; DELETE FROM own.wide WHERE id % 2 = 0;`);
    const vacuumed = async (): Promise<boolean> =>
      (await admin.query("SELECT FROM pg_stat_progress_vacuum v JOIN pg_database d ON d.oid = v.datid WHERE d.datname = 'shop'")).rowCount === 1; // prettier-ignore
    await until(vacuumed);
    const target = await operate(url.href);
    cleanups.push(() => target.close());
    const sql = "ALTER TABLE own.wide ADD COLUMN x int";
    const locks = wantedLocks(await stepsFor(sql));
    const context = contextOf(target, { patienceMs: 30_000 });
    await runTransaction(context, sql, (session) => session.query(sql), locks);
    const seen = context.told.flatMap((one) => (one.kind === "waiting" ? one.blockers : []));
    expect(new Set(seen.map(({ kind }) => kind))).toEqual(new Set(["autovacuum"]));
    // Now one that does not give way: the age of the table has passed its limit.
    await owner.query("ALTER TABLE own.wide SET (autovacuum_freeze_max_age = 100000)");
    await owner.query("CREATE PROCEDURE own.wear() LANGUAGE plpgsql AS $$ BEGIN FOR i IN 1..101000 LOOP PERFORM pg_current_xact_id(); COMMIT; END LOOP; END $$"); // prettier-ignore
    await owner.query("CALL own.wear()");
    await until(vacuumed);
    const impatient = contextOf(target, { patienceMs: 500 });
    const again = "ALTER TABLE own.wide ADD COLUMN y int";
    await expect(runTransaction(impatient, again, (session) => session.query(again), locks)).rejects.toMatchObject({
      code: "lock-patience-spent",
      message: expect.stringContaining("wraparound vacuum"),
    });
  });
});
