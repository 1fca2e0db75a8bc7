import { afterEach, describe, expect, it } from "vitest";
import { wantedLocks } from "../../src/plan/wanted-locks.js";
import { runTransaction } from "../../src/postgres/run/run-transaction.js";
import { freshDatabase, type FreshDatabase } from "../support/database.js";
import { contextOf, operate, stepsFor } from "../lock/world.js";
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
    const [holder, observer] = [await open(made.url), await open(made.url)];
    await holder.query("BEGIN; SELECT count(*) FROM c");
    const context = contextOf(target, { budgetMs: 200 });
    let going = true;
    let longestMs = 0;
    const watching = (async () => {
      while (going) {
        const { rows } = await observer.query<{ held: boolean; ms: number }>(
          `SELECT extract(epoch FROM clock_timestamp() - s.xact_start)::float8 * 1000 AS ms FROM pg_locks l JOIN pg_stat_activity s USING (pid)
           WHERE l.relation = 'a'::regclass AND l.mode = 'AccessExclusiveLock' AND l.granted AND s.application_name LIKE 'belay/%'`,
        );
        longestMs = Math.max(longestMs, rows[0]?.ms ?? 0);
        await pause(5);
      }
    })();
    const statements = three.split("; ");
    const running = runTransaction(
      context,
      three,
      async (session) => {
        for (const statement of statements) await session.query(statement);
      },
      wantedLocks(await stepsFor(three)),
    );
    await until(async () => context.told.length >= 8);
    going = false;
    await watching;
    await holder.query("COMMIT");
    await running;
    expect(longestMs).toBeGreaterThan(0);
    // Three waits of 200 ms each would be 600.
    expect(longestMs).toBeLessThan(200 + 150);
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
