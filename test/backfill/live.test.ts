import { Client } from "pg";
import { expect, test } from "vitest";
import { belay, expectBelay, startBelay, type TestProject } from "../support/cli.js";
import { runArtifact } from "../artifact/run-artifact.js";
import {
  backfill,
  backfillId,
  countsOf,
  eventually,
  exact,
  expectNothingLeft,
  reached,
  stopAt,
  stopper,
  tasks,
} from "./world.js";

async function connect(made: TestProject): Promise<Client> {
  const client = new Client({ connectionString: made.database("main").url });
  await client.connect();
  return client;
}

/** An application that inserts between and beyond the rows, changes and deletes some, without a pause, until it is told to end. */
function traffic(made: TestProject): () => Promise<void> {
  const end = new AbortController();
  const work = (async () => {
    const client = await connect(made);
    for (let n = 0; !end.signal.aborted; n += 1) {
      await client.query("INSERT INTO tasks (id, n, note) VALUES ($1, 1000000, 'new') ON CONFLICT DO NOTHING", [
        (n * 7919) % 400_000,
      ]);
      await client.query("INSERT INTO tasks (id, n, note) SELECT max(id) + 1, 1000000, 'beyond' FROM tasks");
      await client.query("UPDATE tasks SET note = 'seen' WHERE note IS NULL AND id % 10 = 0 AND id = $1", [
        ((n * 31) % 40_000) * 10,
      ]);
      await client.query("DELETE FROM tasks WHERE note IS NULL AND id = $1", [((n * 17) % 40_000) * 10 + 10]);
    }
    await client.end();
  })();
  return async () => {
    end.abort();
    await work;
  };
}

test("while rows are inserted, changed and deleted it ends, and each row that was there is written exactly once", async () => {
  const made = await backfill(exact, tasks(40_000));
  const stop = traffic(made);
  await expectBelay(made, 0, ["rollout", "--yes"]);
  const [{ seen = 0 } = {}] = await made
    .database("main")
    .query<{ seen: number }>(
      "SELECT (body ->> 'seenRows')::int AS seen FROM belay.journal WHERE kind = 'batches-passed' ORDER BY seq DESC LIMIT 1",
    );
  await stop();
  expect(Object.keys(await countsOf(made, "note IS DISTINCT FROM 'new' AND note IS DISTINCT FROM 'beyond'"))).toEqual([
    "100",
  ]);
  // What came in between may have been met once.
  expect(["1000000", "1000100"]).toEqual(expect.arrayContaining(Object.keys(await countsOf(made, "note = 'new'"))));
  // What came beyond the last row that was there when it began was not.
  const [beyond] = await made
    .database("main")
    .query<{ cut: boolean }>(
      "SELECT max(id) FILTER (WHERE n = 1000100) IS NULL OR max(id) FILTER (WHERE n = 1000100) < min(id) FILTER (WHERE n = 1000000) AS cut FROM tasks WHERE note = 'beyond'",
    );
  expect(beyond).toEqual({ cut: true });
  expect(await countsOf(made, "note = 'beyond' AND n = 1000000")).not.toEqual({});
  expect(seen).toBeGreaterThan(10_000);
});

test("a row that the application holds is waited for with short tries: nobody waits for long behind the batch", async () => {
  const made = await backfill(exact, tasks(3000));
  const holder = await connect(made);
  await holder.query("BEGIN; UPDATE tasks SET note = 'held' WHERE id = 20000");
  const running = startBelay(made, ["rollout", "--yes"], { env: { FORCE_COLOR: "0" } });
  const journal = (): Promise<unknown[]> =>
    made.database("main").query("SELECT 1 FROM belay.watermark WHERE seen >= 1900");
  // With ever smaller batches it comes close to the row.
  await eventually(async () =>
    (await belay(made, ["status", "--json"])).json().targets[0].watermark?.seenRows > 1000 ? true : null,
  );
  await holder.query("COMMIT");
  await holder.end();
  expect(await running.result).toMatchObject({ exitCode: 0 });
  expect(await countsOf(made)).toEqual({ 100: 3000 });
  expect(await journal()).toEqual([]);
});

test("a deadlock with the application in which the server ends our side is tried again", async () => {
  const beside = `CREATE TABLE beside (n int); INSERT INTO beside VALUES (0);
    CREATE FUNCTION count_beside() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN UPDATE beside SET n = n + 1; RETURN NEW; END';
    CREATE TRIGGER count_beside BEFORE UPDATE ON tasks FOR EACH ROW WHEN (NEW.id = 4000) EXECUTE FUNCTION count_beside();`;
  const made = await backfill(exact, tasks(3000) + stopper + beside);
  const { query, name } = made.database("main");
  await query(`ALTER DATABASE ${name} SET deadlock_timeout = '20ms'`);
  const stop = await stopAt(made, 2_000);
  const running = startBelay(made, ["rollout", "--yes"]);
  await reached(made, running);
  const other = await connect(made);
  await other.query("SET deadlock_timeout = '60s'; BEGIN; UPDATE beside SET n = n + 1");
  const waiting = other.query("UPDATE tasks SET note = 'theirs' WHERE id = 1000");
  await stop.release();
  await waiting;
  await other.query("COMMIT");
  await other.end();
  expect(await running.result).toMatchObject({ exitCode: 0 });
  expect(await countsOf(made)).toEqual({ 100: 3000 });
  const [counted] = await query<{ deadlocks: number }>(
    "SELECT deadlocks::int FROM pg_stat_database WHERE datname = current_database()",
  );
  expect(counted?.deadlocks).toBeGreaterThan(0);
});

const gated = {
  gates: {
    load: { probe: "sql", query: "SELECT count(*) FROM red", phase: "during", success: { max: 0 }, interval: "50ms" },
  },
  stages: [{ name: "main", targets: ["main"], gates: ["load"] }],
};
const throttledEntries = "SELECT body FROM belay.journal WHERE kind = 'throttled' ORDER BY seq";

test("a red gate holds the batches back from the first one on, says so, and lets them go on when it is green", async () => {
  const made = await backfill(
    exact,
    `${tasks(5000)} CREATE TABLE red (why text); INSERT INTO red VALUES ('lag');`,
    gated,
  );
  const { query } = made.database("main");
  const running = startBelay(made, ["rollout", "--yes"]);
  await eventually(async () =>
    (await belay(made, ["history", "--json"])).stdout.includes('"throttled"') ? true : null,
  );
  expect(await countsOf(made)).toEqual({ 0: 5000 });
  await query("DELETE FROM red");
  const { exitCode, stderr } = await running.result;
  expect(exitCode).toBe(0);
  expect(stderr).toContain("held by the gate load: 1 is above the max of 0");
  expect(stderr).toContain("the gate load is green again");
  expect(await query(throttledEntries)).toMatchObject([{ body: { held: true } }, { body: { held: false } }]);
  expect(await countsOf(made)).toEqual({ 100: 5000 });
});

test("a gate that turns red between two batches holds the next one; Ctrl-C then takes back what was written", async () => {
  const made = await backfill(exact, `${tasks(5000)} ${stopper} CREATE TABLE red (why text);`, gated);
  const { query } = made.database("main");
  const stop = await stopAt(made, 4_000);
  const running = startBelay(made, ["rollout", "--yes"]);
  await reached(made, running);
  await query("INSERT INTO red VALUES ('lag')");
  await eventually(async () => ((await query(throttledEntries)).length > 0 ? true : null));
  await stop.release();
  await eventually(async () => ((await countsOf(made))["100"] === 500 ? true : null));
  expect((await belay(made, ["status"])).stdout).toContain("batches by id: 500 of about 5,000 rows are done");
  running.kill("SIGINT");
  expect((await running.result).exitCode).toBe(130);
  expect(await countsOf(made)).toEqual({ 0: 5000 });
  await expectNothingLeft(made);
});

test("a pause from another terminal ends the batches at a border, and resume goes on from there", async () => {
  const made = await backfill(
    exact,
    `${tasks(5000)} CREATE TABLE red (why text); INSERT INTO red VALUES ('lag');`,
    gated,
  );
  const { query } = made.database("main");
  const running = startBelay(made, ["rollout", "--yes"]);
  await eventually(async () => {
    const there = await query("SELECT to_regclass('belay.journal') IS NOT NULL AS there");
    return there[0]?.["there"] === true && (await query(throttledEntries)).length > 0 ? true : null;
  });
  const [started] = await query<{ rollout: string }>(
    "SELECT rollout FROM belay.journal WHERE kind = 'rollout-started'",
  );
  await expectBelay(made, 0, ["pause", started?.rollout ?? ""]);
  expect((await running.result).exitCode).toBe(6);
  await query("DELETE FROM red");
  await expectBelay(made, 0, ["resume", started?.rollout ?? "", "--yes"]);
  expect(await countsOf(made)).toEqual({ 100: 5000 });
});

test("it is rehearsed there and back, by its artifact alone too, and the plan says by which key it runs", async () => {
  const files = {
    "migrations/20260101000100_filled.up.sql":
      "ALTER TABLE tasks ADD COLUMN c int;\n-- belay:batch key=id\nUPDATE tasks SET c = n, n = n + 100;\nALTER TABLE tasks ADD CHECK (c IS NOT NULL) NOT VALID;\n",
    "migrations/20260101000100_filled.down.sql":
      "ALTER TABLE tasks DROP CONSTRAINT tasks_c_check;\n-- belay:batch\nUPDATE tasks SET n = n - 100;\nALTER TABLE tasks DROP COLUMN c;\n",
  };
  const made = await backfill(files, tasks(2000));
  await made.configure({ policy: { rehearsal: { sample: 500 } } });
  await expectBelay(made, 0, ["rehearse"]);
  const plan = await expectBelay(made, 0, ["plan"]);
  expect(plan.stdout).toContain("in batches by id");
  await expectBelay(made, 0, ["rollout", "--yes"]);
  expect(await countsOf(made, "c = 0")).toEqual({ 100: 2000 });
  expect(await runArtifact(made, "20260101000100_filled")).toMatchObject({ exitCode: 0 });
  expect(await countsOf(made)).toEqual({ 0: 2000 });
  expect((await runArtifact(made, "20260101000100_filled")).said).toContain("already taken back");
});

test("a batch that fails leaves nothing of the change: what the others wrote is taken back exactly", async () => {
  const made = await backfill(
    exact,
    `${tasks(5000)} UPDATE tasks SET n = 5 WHERE id = 50000; ALTER TABLE tasks ADD CHECK (n <> 105);`,
  );
  const { exitCode, stderr } = await belay(made, ["rollout", "--yes"]);
  expect({ exitCode, stderr }).toMatchObject({ exitCode: 4, stderr: expect.stringContaining("tasks_n_check") });
  expect(await countsOf(made)).toEqual({ 0: 4999, 5: 1 });
  await expectNothingLeft(made);
});

test("a table without a key is refused before anything is touched, and where nothing is kept when it comes up", async () => {
  const schema = "CREATE TABLE tasks (id int, n int); INSERT INTO tasks VALUES (1, 0)";
  const made = await backfill(exact, schema);
  const refused = await belay(made, ["rollout", "--yes"]);
  expect(refused).toMatchObject({ exitCode: 3, stderr: expect.stringContaining("tasks has no primary key") });
  const keepNothing = Object.entries(exact).map(([file, sql]) => [file, file.endsWith("up.sql") ? `-- belay:keep off\n\n${sql}` : sql]); // prettier-ignore
  const unkept = await backfill(Object.fromEntries(keepNothing), schema);
  const failed = await belay(unkept, ["rollout", "--yes", "--accept-loss", backfillId]);
  expect(failed).toMatchObject({ exitCode: 4, stderr: expect.stringContaining("tasks has no key") });
  for (const one of [made, unkept]) expect(await countsOf(one)).toEqual({ 0: 1 });
});

test("the artifact meets a row that is held, and goes on when it is free", async () => {
  const made = await backfill(exact, tasks(2000));
  await expectBelay(made, 0, ["rollout", "--yes"]);
  const holder = await connect(made);
  await holder.query("BEGIN; UPDATE tasks SET note = 'held' WHERE id = 10000");
  const run = runArtifact(made, backfillId);
  await eventually(async () => {
    const waits = await made
      .database("main")
      .query("SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'transactionid'");
    return waits.length > 0 ? true : null;
  });
  await holder.query("COMMIT");
  await holder.end();
  expect(await run).toMatchObject({ exitCode: 0 });
  expect(await countsOf(made)).toEqual({ 0: 2000 });
});
