import type { Client } from "pg";
import { afterEach, describe, expect, it } from "vitest";
import { wantedLocks } from "../../src/plan/wanted-locks.js";
import { runTransaction } from "../../src/postgres/run/run-transaction.js";
import type { OpenTarget } from "../../src/postgres/session/open-target.js";
import { freshDatabase, type FreshDatabase } from "../support/database.js";
import { contextOf, operate, stepsFor, takeTurns } from "../lock/world.js";
import { connect, pause, startServer, until } from "../world/server.js";

const schema = "CREATE TABLE tasks (id int PRIMARY KEY, state text); INSERT INTO tasks VALUES (1, 'new')";
const column = "ALTER TABLE tasks ADD COLUMN model text";
const budgetMs = 200;

const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});

interface Place {
  readonly database: FreshDatabase;
  readonly target: OpenTarget;
  open(): Promise<Client>;
}

async function place(): Promise<Place> {
  const database = await freshDatabase("l1");
  cleanups.push(() => database.drop());
  await database.client.query(schema);
  const target = await operate(database.url);
  cleanups.push(() => target.close());
  return {
    database,
    target,
    open: async () => {
      const client = await connect(database.url);
      cleanups.push(() => client.end());
      return client;
    },
  };
}

/** Reads the table all the time, and remembers the longest that the server ever let it wait for a lock, in milliseconds. */
function readAlways(
  client: Client,
  observer: Client,
  pid: number,
): { stop(): Promise<{ reads: number; longestMs: number }> } {
  const going = new AbortController();
  let [reads, longestMs] = [0, 0];
  const reading = (async () => {
    for (; !going.signal.aborted; reads += 1) await client.query("SELECT count(*) FROM tasks");
  })();
  const watching = (async () => {
    while (!going.signal.aborted) {
      const { rows } = await observer.query<{ ms: number }>(
        "SELECT extract(epoch FROM clock_timestamp() - waitstart)::float8 * 1000 AS ms FROM pg_locks WHERE pid = $1 AND NOT granted",
        [pid],
      );
      longestMs = Math.max(longestMs, rows[0]?.ms ?? 0);
      await pause(5);
    }
  })();
  return {
    stop: async () => {
      going.abort();
      await Promise.all([reading, watching]);
      return { reads, longestMs };
    },
  };
}

async function pidOf(client: Client): Promise<number> {
  return (await client.query<{ pid: number }>("SELECT pg_backend_pid() AS pid")).rows[0]?.pid ?? 0;
}

describe("L1: a reader holds the table, and an ALTER wants it", () => {
  it.each([
    ["forward", column],
    ["back", "ALTER TABLE tasks DROP COLUMN state"],
  ])(
    "%s: no other reader queues for longer than the budget, the holder is named, and it goes on when it lets go",
    async (_, sql) => {
      const { target, open } = await place();
      const [holder, reader, observer] = [await open(), await open(), await open()];
      await holder.query("SET application_name = 'report-job'; BEGIN; SELECT count(*) FROM tasks");
      const traffic = readAlways(reader, observer, await pidOf(reader));
      const context = contextOf(target, { budgetMs });
      const steps = await stepsFor(sql);
      const running = runTransaction(context, sql, (session) => session.query(sql), wantedLocks(steps));
      // Long enough for tries of every length.
      await until(async () => context.told.length >= 7);
      await holder.query("COMMIT");
      await running;
      const { reads, longestMs } = await traffic.stop();
      expect(reads).toBeGreaterThan(20);
      // What the server itself measured, and a margin for its timers on a busy machine.
      expect(longestMs).toBeLessThan(budgetMs + 150);
      expect(context.told[0]).toMatchObject({
        kind: "waiting",
        // The reader may be met in the middle of a query, too.
        blockers: expect.arrayContaining([
          expect.objectContaining({
            kind: "session",
            application: "report-job",
            state: "idle in transaction",
            query: expect.stringContaining("SELECT count(*)"),
          }),
        ]),
      });
    },
  );

  it("many short transactions that take turns, so that there is never a moment without one, do not keep it out, nor wait for longer than the budget", async () => {
    const { database, target, open } = await place();
    const [reader, observer] = [await open(), await open()];
    // Before the traffic: loading the parser keeps this process, and with it the traffic, from doing anything else.
    const wanted = wantedLocks(await stepsFor(column));
    const turns = await takeTurns("tasks", open);
    const traffic = readAlways(reader, observer, await pidOf(reader));
    const context = contextOf(target, { budgetMs, patienceMs: 60_000 });
    await runTransaction(context, column, (session) => session.query(column), wanted);
    await turns.stop();
    const { longestMs } = await traffic.stop();
    expect(context.told.some(({ kind }) => kind === "waiting")).toBe(true);
    expect(longestMs).toBeLessThan(budgetMs + 150);
    expect(
      await database.query("SELECT attname FROM pg_attribute WHERE attrelid = 'tasks'::regclass AND attname = 'model'"),
    ).toHaveLength(1);
  });

  it("asks without queueing first: the first try leaves no request behind which anybody could wait", async () => {
    const { target, open } = await place();
    const holder = await open();
    await holder.query("BEGIN; SELECT count(*) FROM tasks");
    const context = contextOf(target, { patienceMs: 0 });
    const locks = wantedLocks(await stepsFor(column));
    const refused = await runTransaction(context, column, (session) => session.query(column), locks).catch(
      (thrown: unknown) => thrown,
    );
    // What the server says where it was not even asked to wait, and not what it says when a wait has timed out.
    expect(refused).toMatchObject({
      code: "lock-patience-spent",
      cause: { message: expect.stringContaining("could not obtain lock") },
    });
    expect(context.told).toHaveLength(1);
  });

  it("after the patience nothing of ours is left: no lock, no open transaction, no column", async () => {
    const { database, target, open } = await place();
    const holder = await open();
    await holder.query("BEGIN; SELECT count(*) FROM tasks");
    const context = contextOf(target, { patienceMs: 600 });
    const run = runTransaction(
      context,
      column,
      (session) => session.query(column),
      wantedLocks(await stepsFor(column)),
    );
    await expect(run).rejects.toMatchObject({ code: "lock-patience-spent" });
    expect(
      await database.query(
        "SELECT a.pid FROM pg_stat_activity a WHERE a.datname = current_database() AND a.application_name LIKE 'belay/%' AND a.xact_start IS NOT NULL",
      ),
    ).toEqual([]);
    expect(
      await database.query(
        "SELECT FROM pg_locks l JOIN pg_stat_activity a USING (pid) WHERE a.application_name LIKE 'belay/%' AND l.relation = 'tasks'::regclass",
      ),
    ).toEqual([]);
    expect(
      await database.query("SELECT FROM pg_attribute WHERE attrelid = 'tasks'::regclass AND attname = 'model'"),
    ).toEqual([]);
  });

  it("an autovacuum gives way to a try that is long enough, and only then one is made", async () => {
    const server = await startServer();
    cleanups.push(() => server.remove());
    const client = await server.connect("postgres");
    cleanups.push(() => client.end());
    await client.query("ALTER SYSTEM SET autovacuum_naptime = '1s'");
    await client.query("SELECT pg_reload_conf()");
    // A vacuum of thousands of pages with a pause at each: only the server itself can make an autovacuum.
    await client.query(`
      CREATE TABLE wide (id int PRIMARY KEY, filler text) WITH (fillfactor = 10, autovacuum_vacuum_threshold = 0,
        autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_cost_delay = 100, autovacuum_vacuum_cost_limit = 1);
      INSERT INTO wide SELECT i, repeat('x', 500) FROM generate_series(1, 3000) i; DELETE FROM wide WHERE id % 2 = 0;`);
    await until(async () => {
      const { rowCount } = await client.query("SELECT FROM pg_stat_progress_vacuum WHERE relid = 'wide'::regclass");
      return rowCount === 1;
    });
    const target = await operate(server.url("postgres"));
    cleanups.push(() => target.close());
    const sql = "ALTER TABLE wide ADD COLUMN x int";
    const context = contextOf(target, { patienceMs: 60_000 });
    await runTransaction(context, sql, (session) => session.query(sql), wantedLocks(await stepsFor(sql)));
    const seen = context.told.flatMap((one) => (one.kind === "waiting" ? one.blockers : []));
    expect(seen.map(({ kind }) => kind)).toContain("autovacuum");
    expect(seen[0]?.detail).toMatch(/vacuum of wide, .* blocks/);
  });
});
