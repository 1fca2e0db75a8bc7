import { afterEach, describe, expect, it } from "vitest";
import { wantedLocks } from "../../src/plan/wanted-locks.js";
import { runTransaction } from "../../src/postgres/run/run-transaction.js";
import type { Session } from "../../src/postgres/session/session.js";
import { freshDatabase, type FreshDatabase } from "../support/database.js";
import { contextOf, operate, stepsFor, takeTurns } from "../lock/world.js";
import { connect, pause, until } from "../world/server.js";

const schema = `
  CREATE TABLE a (id int PRIMARY KEY); CREATE TABLE b (id int PRIMARY KEY); CREATE TABLE c (id int PRIMARY KEY, a int REFERENCES a, b int);
  INSERT INTO a VALUES (1);
`;
const three = "ALTER TABLE a ADD COLUMN x int; ALTER TABLE b ADD COLUMN x int; ALTER TABLE c ADD COLUMN x int";

const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});

async function database(): Promise<FreshDatabase> {
  const made = await freshDatabase("l2");
  cleanups.push(() => made.drop());
  await made.client.query(schema);
  return made;
}

async function open(url: string): ReturnType<typeof connect> {
  const client = await connect(url);
  cleanups.push(() => client.end());
  return client;
}

describe("L2: a transaction locks three tables, and the last one is taken", () => {
  it("the first is never held for longer than the budget while it waits for the last", async () => {
    const made = await database();
    const target = await operate(made.url);
    cleanups.push(() => target.close());
    const observer = await open(made.url);
    const context = contextOf(target, { budgetMs: 200, patienceMs: 60_000 });
    // Before the traffic: loading the parser keeps this process, and with it the traffic, from doing anything else.
    const wanted = wantedLocks(await stepsFor(three));
    const going = new AbortController();
    let longestMs = 0;
    // It has to be waited for: there is hardly ever a moment without one.
    const turns = await takeTurns("c", () => open(made.url));
    const watching = (async () => {
      while (!going.signal.aborted) {
        const { rows } = await observer.query<{ ms: number }>(
          `SELECT extract(epoch FROM clock_timestamp() - s.xact_start)::float8 * 1000 AS ms FROM pg_locks l JOIN pg_stat_activity s USING (pid)
           WHERE l.relation = 'a'::regclass AND l.mode = 'AccessExclusiveLock' AND l.granted AND s.application_name LIKE 'belay/%'`,
        );
        longestMs = Math.max(longestMs, rows[0]?.ms ?? 0);
        await pause(5);
      }
    })();
    const work = async (session: Session): Promise<void> => {
      for (const statement of three.split("; ")) await session.query(statement);
    };
    await runTransaction(context, three, work, wanted);
    going.abort();
    await turns.stop();
    await watching;
    expect(context.told.some(({ kind }) => kind === "waiting")).toBe(true);
    expect(longestMs).toBeGreaterThan(0);
    // Three waits of 200 ms each would be 600.
    expect(longestMs).toBeLessThan(200 + 150);
  });

  it("the waits for its tables count together: what was spent on the second is not there for the third", async () => {
    const made = await database();
    const { locks } = wantedLocks(await stepsFor(three));
    await (await operate(made.url)).close();
    await made.client.query("CREATE TABLE waited (ms float8)");
    const [second, third] = [await open(made.url), await open(made.url)];
    await third.query("BEGIN; SELECT count(*) FROM c");
    const held = second.query("BEGIN; SELECT count(*) FROM b; SELECT pg_sleep(0.7); COMMIT");
    await until(async () => (await made.query("SELECT FROM pg_locks WHERE relation = 'b'::regclass")).length > 0);
    await made.client.query(`DO $take$
      DECLARE began timestamptz := clock_timestamp();
      BEGIN
        PERFORM belay.take_locks('${JSON.stringify(locks)}', '{}', 1000, 1000);
      EXCEPTION WHEN lock_not_available THEN
        INSERT INTO waited SELECT extract(epoch FROM clock_timestamp() - began) * 1000;
      END $take$`);
    await held;
    const [{ ms } = { ms: 0 }] = await made.query<{ ms: number }>("SELECT ms FROM waited");
    // By the server's own clock: one second for all, where 0.7 and another whole second would be 1.7.
    expect(ms).toBeGreaterThan(900);
    expect(ms).toBeLessThan(1_500);
  });

  it("none of its statements runs before all locks are there", async () => {
    const made = await database();
    const target = await operate(made.url);
    cleanups.push(() => target.close());
    const holder = await open(made.url);
    await holder.query("BEGIN; SELECT count(*) FROM c");
    let ran = 0;
    const context = contextOf(target, { patienceMs: 500 });
    const running = runTransaction(context, three, async () => void (ran += 1), wantedLocks(await stepsFor(three)));
    await expect(running).rejects.toMatchObject({ code: "lock-patience-spent" });
    expect(ran).toBe(0);
  });

  it.each([
    ["in one long statement", "SELECT pg_sleep(30)"],
    ["in many short ones", "SELECT pg_sleep(0.02)"],
  ])(
    "a transaction that keeps writers out for longer than policy.lock.hold %s is ended, and leaves nothing",
    async (_, sleep) => {
      const made = await database();
      const target = await operate(made.url);
      cleanups.push(() => target.close());
      const sql = "ALTER TABLE a ADD COLUMN x int";
      const context = contextOf(target, { holdMs: 300 });
      const running = runTransaction(
        context,
        sql,
        async (session) => {
          await session.query(sql);
          for (let n = 0; n < 500; n += 1) await session.query(sleep);
        },
        wantedLocks(await stepsFor(sql)),
      );
      await expect(running).rejects.toMatchObject({
        code: "lock-held-too-long",
        message: expect.stringMatching(/ACCESS EXCLUSIVE on a for 300 ms/),
      });
      expect(await made.query("SELECT FROM pg_attribute WHERE attrelid = 'a'::regclass AND attname = 'x'")).toEqual([]);
      expect(
        await made.query("SELECT FROM pg_locks WHERE relation = 'a'::regclass AND granted AND pid <> pg_backend_pid()"),
      ).toEqual([]);
    },
  );

  it("one whose client does nothing under a strong lock, as a stopped one would, is ended by the server itself", async () => {
    const made = await database();
    const target = await operate(made.url);
    cleanups.push(() => target.close());
    const sql = "ALTER TABLE a ADD COLUMN x int";
    const work = async (session: Session): Promise<void> => {
      await session.query(sql);
      const locks = "SELECT FROM pg_locks WHERE relation = 'a'::regclass AND mode = 'AccessExclusiveLock'";
      // Nobody but the server can do anything now; the test's own limit of time ends this where it does not.
      await until(async () => (await made.query(locks)).length === 0);
      await session.query("SELECT 1");
    };
    const context = contextOf(target, { holdMs: 300 });
    await expect(runTransaction(context, sql, work, wantedLocks(await stepsFor(sql)))).rejects.toThrow(
      /idle-in-transaction timeout|[Cc]onnection/,
    );
    expect(await made.query("SELECT FROM pg_attribute WHERE attrelid = 'a'::regclass AND attname = 'x'")).toEqual([]);
  });

  it("one that only locks what it has made itself, or what writers share, may take its time", async () => {
    const made = await database();
    const target = await operate(made.url);
    cleanups.push(() => target.close());
    const context = contextOf(target, { holdMs: 200 });
    await runTransaction(context, "CREATE TABLE", async (session) => {
      await session.query("CREATE TABLE own (id int PRIMARY KEY)");
      await session.query("UPDATE a SET id = id + 1");
      await session.query("SELECT pg_sleep(1)");
    });
    expect(await made.query("SELECT to_regclass('own') IS NOT NULL AS there, (SELECT id FROM a) AS id")).toEqual([
      { there: true, id: 2 },
    ]);
  });
});
