import { afterEach, describe, expect, it } from "vitest";
import type { Step } from "../../src/plan/step.js";
import { finishDetachments, runOutside } from "../../src/postgres/run/outside/run-outside.js";
import { standingOf } from "../../src/postgres/run/outside/standing.js";
import type { OpenTarget } from "../../src/postgres/session/open-target.js";
import { freshDatabase, type FreshDatabase } from "../support/database.js";
import { contextOf, operate, stepsFor } from "../lock/world.js";
import { connect, until } from "../world/server.js";

const schema = `
  CREATE TABLE tasks (id int PRIMARY KEY, state text); INSERT INTO tasks SELECT i, 'new' FROM generate_series(1, 20000) i;
  CREATE TABLE measures (at date NOT NULL) PARTITION BY RANGE (at);
  CREATE TABLE measures_2020 PARTITION OF measures FOR VALUES FROM ('2020-01-01') TO ('2021-01-01');
`;

const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});

async function place(): Promise<{
  database: FreshDatabase;
  target: OpenTarget;
  open: () => ReturnType<typeof connect>;
}> {
  const database = await freshDatabase("outside");
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

async function only(sql: string): Promise<Step> {
  const [step] = await stepsFor(sql);
  if (step === undefined) throw new Error(`${sql} has no step`);
  return step;
}

async function partitions(database: FreshDatabase): Promise<readonly unknown[]> {
  return database.query("SELECT inhdetachpending AS pending FROM pg_inherits WHERE inhparent = 'measures'::regclass");
}

const detach = "ALTER TABLE measures DETACH PARTITION measures_2020 CONCURRENTLY";
const build = "CREATE INDEX CONCURRENTLY idx_state ON tasks (state)";

describe("a statement outside a transaction", () => {
  it("names the old snapshot that an index build waits for, tells its phase, and ends when that is gone", async () => {
    const { target, open } = await place();
    const holder = await open();
    await holder.query(
      "SET application_name = 'nightly'; BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM measures",
    );
    const context = contextOf(target, { patienceMs: 300 });
    const step = await only(build);
    const running = runOutside(context, step);
    await until(
      async () =>
        context.told.some(({ kind }) => kind === "step-progress") &&
        context.told.some(({ kind }) => kind === "waiting"),
    );
    await holder.query("COMMIT");
    await running;
    const waiting = context.told.flatMap((one) => (one.kind === "waiting" ? one.blockers : []));
    expect(waiting[0]).toMatchObject({ application: "nightly", state: "idle in transaction" });
    const phases = context.told.flatMap((one) => (one.kind === "step-progress" ? [one.phase] : []));
    expect(phases).toContain("waiting for old snapshots");
    expect(await standingOf(target.operator, step)).toBe("done");
  });

  it("ends the old snapshot that it waits for, where a person has allowed that", async () => {
    const { database, target } = await place();
    const role = `${database.name}_app`;
    await database.client.query(`CREATE ROLE ${role} LOGIN PASSWORD 'secret'; GRANT SELECT ON measures TO ${role}`);
    cleanups.push(() => database.client.query(`DROP OWNED BY ${role}; DROP ROLE ${role}`));
    const url = new URL(database.url);
    [url.username, url.password] = [role, "secret"];
    const holder = await connect(url.href);
    cleanups.push(() => holder.end().catch(() => undefined)); // it is terminated
    await holder.query("BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM measures");
    const context = contextOf(target, { terminateOlderThanMs: 0 });
    await runOutside(context, await only(build));
    const ended = context.told.flatMap((one) => (one.kind === "blocker-ended" ? [one.how] : []));
    expect(ended).toEqual(["terminated"]);
  });

  it("gives up within the patience where the lock of its table is not to be had, and leaves nothing", async () => {
    const { database, target, open } = await place();
    const holder = await open();
    await holder.query("BEGIN; LOCK TABLE tasks IN SHARE ROW EXCLUSIVE MODE");
    const context = contextOf(target, { patienceMs: 300 });
    await expect(runOutside(context, await only(build))).rejects.toMatchObject({ code: "lock-patience-spent" });
    expect(await database.query("SELECT to_regclass('idx_state') AS index")).toEqual([{ index: null }]);
  });

  it("clears an INVALID index of its own away, and builds it again", async () => {
    const { database, target } = await place();
    await database.client.query("INSERT INTO tasks VALUES (0, 'old')");
    const unique = await only("CREATE UNIQUE INDEX CONCURRENTLY idx_state ON tasks (state)");
    const context = contextOf(target);
    await expect(runOutside(context, unique)).rejects.toMatchObject({ code: "23505" });
    expect(await database.query("SELECT to_regclass('idx_state') AS index")).toEqual([{ index: null }]);
    await database.client.query("CREATE UNIQUE INDEX CONCURRENTLY idx_state ON tasks (state)").catch(() => undefined);
    expect(await standingOf(target.operator, unique)).toBe("leftover");
    await runOutside(context, await only(build));
    expect(await standingOf(target.operator, unique)).toBe("done");
    expect(context.told).toContainEqual(
      expect.objectContaining({ kind: "note", message: expect.stringContaining("INVALID index idx_state") }),
    );
  });

  it("builds no index without a name, which could not be found again, whoever sealed the step", async () => {
    const { database, target } = await place();
    const named = await only(build);
    const step: Step = {
      ...named,
      sql: named.sql.replace(" idx_state", ""),
      makes: [],
      verification: { kind: "none" },
    };
    const run = runOutside(contextOf(target), step);
    await expect(run).rejects.toMatchObject({ kind: "refused", code: "index-unnamed" });
    expect(await database.query("SELECT FROM pg_index WHERE indrelid = 'tasks'::regclass")).toHaveLength(1);
  });

  it("detaches a partition beside readers that come to an end, and none of them queues behind it", async () => {
    const { database, target, open } = await place();
    const [holder, reader] = [await open(), await open()];
    await holder.query("BEGIN; SELECT count(*) FROM measures_2020");
    const context = contextOf(target, { budgetMs: 100 });
    const running = runOutside(context, await only(detach));
    await until(async () => (await partitions(database)).some((one) => JSON.stringify(one) === '{"pending":true}'));
    // With the holder still there: whoever waited behind a request without a limit would not come back.
    for (let n = 0; n < 30; n += 1) await reader.query("SELECT count(*) FROM measures_2020");
    await holder.query("COMMIT");
    await running;
    expect(await partitions(database)).toEqual([]);
  });

  it("takes a partition out for good that was left half-way, on the way forward and back", async () => {
    const { database, target, open } = await place();
    const holder = await open();
    await holder.query("BEGIN; SELECT count(*) FROM measures");
    const other = await open();
    await other.query("SET lock_timeout = '50ms'");
    await other.query(detach).catch(() => undefined);
    expect(await partitions(database)).toEqual([{ pending: true }]);
    await holder.query("COMMIT");
    const step = await only(detach);
    expect(await standingOf(target.operator, step)).toBe("leftover");
    const context = contextOf(target);
    await finishDetachments(context, [step]);
    expect(await partitions(database)).toEqual([]);
    expect(await standingOf(target.operator, step)).toBe("done");
    expect(context.told).toMatchObject([{ kind: "note", message: expect.stringContaining("finished detaching") }]);
  });

  it.each(["VACUUM FULL tasks", "REINDEX SCHEMA public", "CLUSTER"])(
    "that keeps others out is asked for within the budget, again and again: %s",
    async (sql) => {
      const { database, target, open } = await place();
      await database.client.query("CLUSTER tasks USING tasks_pkey");
      const [holder, writer] = [await open(), await open()];
      await holder.query("SET application_name = 'report-job'; BEGIN; UPDATE tasks SET state = 'old' WHERE id = 1");
      const context = contextOf(target, { budgetMs: 100 });
      const running = runOutside(context, await only(sql));
      await until(async () => context.told.filter(({ kind }) => kind === "waiting").length >= 3);
      // With the holder still there: whoever queued behind a request without a limit would not come back.
      for (let n = 0; n < 30; n += 1) await writer.query("UPDATE tasks SET state = 'new' WHERE id = 2");
      await holder.query("COMMIT");
      await running;
      const impatient = contextOf(target, { budgetMs: 50, patienceMs: 300 });
      await holder.query("BEGIN; UPDATE tasks SET state = 'old' WHERE id = 1");
      await expect(runOutside(impatient, await only(sql))).rejects.toMatchObject({ code: "lock-patience-spent" });
      await holder.query("COMMIT");
      expect((await target.worker()).alive()).toBe(true);
      expect(await (await target.worker()).query("SHOW lock_timeout")).toEqual([{ lock_timeout: "0" }]);
    },
  );

  it("that keeps others out for longer than policy.lock.hold is ended", async () => {
    const { database, target } = await place();
    await database.client
      .query(`CREATE FUNCTION slow(int) RETURNS int IMMUTABLE LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(0.01); RETURN $1; END';
      CREATE TABLE slow (id int); INSERT INTO slow SELECT generate_series(1, 50); CREATE INDEX ON slow (slow(id)); INSERT INTO slow SELECT generate_series(51, 60)`);
    await database.client.query("CREATE OR REPLACE FUNCTION slow(int) RETURNS int IMMUTABLE LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(1); RETURN $1; END'"); // prettier-ignore
    const run = runOutside(contextOf(target, { holdMs: 300 }), await only("VACUUM FULL slow"));
    await expect(run).rejects.toMatchObject({
      code: "lock-held-too-long",
      message: expect.stringContaining(" on slow "),
    });
  });

  it("clears what a REINDEX has left, and verifies that nothing is left after the next", async () => {
    const { database, target, open } = await place();
    await database.client.query("CREATE INDEX idx_state ON tasks (state)");
    const holder = await open();
    await holder.query("BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM measures");
    const other = await open();
    await other.query("SET statement_timeout = '400ms'");
    await other.query("REINDEX INDEX CONCURRENTLY idx_state").catch(() => undefined);
    await holder.query("COMMIT");
    const step = await only("REINDEX TABLE CONCURRENTLY tasks");
    expect(await standingOf(target.operator, step)).toBe("leftover");
    await runOutside(contextOf(target), step);
    expect(await standingOf(target.operator, step)).toBe("not-done");
    expect(await database.query("SELECT FROM pg_index WHERE NOT indisvalid")).toEqual([]);
  });
});
