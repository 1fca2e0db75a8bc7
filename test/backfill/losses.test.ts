import { Client } from "pg";
import { expect, test } from "vitest";
import { expectBelay, startBelay, type TestProject } from "../support/cli.js";
import { drawLine } from "../world/line.js";
import { startServer } from "../world/server.js";
import { backfill, countsOf, eventually, exact, expectNothingLeft, reached, stopAt, stopper, tasks } from "./world.js";

const rows = 5000;
const policy = { lock: { budget: "200ms", patience: "60s" }, rehearsal: { required: false } };

/** The sessions of a rollout, by what they are. */
async function sessionOf(made: TestProject, part: "operator" | "worker"): Promise<number> {
  return eventually(async () => {
    const [row] = await made
      .database("main")
      .query<{ pid: number }>(
        `SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND application_name LIKE 'belay/%/${part}'`,
      );
    return row?.pid ?? null;
  });
}

test("a backfill that loses its connection again and again, and gets on in between, is not to blame for it", async () => {
  const made = await backfill(exact, tasks(rows) + stopper);
  const { query } = made.database("main");
  // Each in the second batch after the one before: the first one is through in between.
  const places = [6_000, 12_000, 17_000, 22_000, 27_000];
  const stop = await stopAt(made, places[0] ?? 0);
  const running = startBelay(made, ["rollout", "--yes"]);
  for (const [index, place] of places.entries()) {
    const pid = await reached(made, running);
    await query("INSERT INTO stop SELECT $1::bigint WHERE $1 IS NOT NULL", [places[index + 1] ?? null]);
    await query("DELETE FROM stop WHERE id = $1", [place]);
    await query("SELECT pg_terminate_backend($1, 10000)", [pid]);
  }
  await stop.release();
  expect(await running.result).toMatchObject({ exitCode: 0 });
  expect(await countsOf(made)).toEqual({ 100: rows });
  await expectNothingLeft(made);
});

test("a batch whose COMMIT gets no answer is asked after by its own transaction, and not done twice", async () => {
  const head = "ALTER TABLE tasks ADD COLUMN seen int;\n";
  const made = await backfill(
    {
      "migrations/20260101000100_mixed.up.sql": `${head}-- belay:batch\nUPDATE tasks SET n = n + 100;\n`,
      "migrations/20260101000100_mixed.down.sql":
        "-- belay:batch\nUPDATE tasks SET n = n - 100;\nALTER TABLE tasks DROP COLUMN seen;\n",
    },
    tasks(rows),
  );
  const { query, url } = made.database("main");
  await query("CREATE TABLE passed (xid xid8)");
  await query(`CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $f$ BEGIN INSERT INTO passed VALUES (pg_current_xact_id()); RETURN NULL; END $f$;
    CREATE TRIGGER note AFTER UPDATE ON tasks FOR EACH STATEMENT EXECUTE FUNCTION note()`);
  const line = await drawLine(Number(new URL(url).port));
  const through = new URL(url);
  through.port = String(line.port);
  await made.configure({ targets: { main: { url: through.href } }, policy });
  let inBatch = false;
  let isLost = false;
  line.judge(({ text }) => {
    if (text.startsWith("SELECT finished")) inBatch = true;
    if (!inBatch || isLost || text !== "COMMIT") return "pass";
    isLost = true;
    return "lose the answer";
  });
  const result = await startBelay(made, ["rollout", "--yes"]).result;
  await line.close();
  expect(result).toMatchObject({ exitCode: 0 });
  const [first] = await query<{ xid: string }>("SELECT xid::text FROM passed ORDER BY xid::text::numeric LIMIT 1");
  expect(result.stderr).toContain(`was lost: its transaction ${first?.xid} is committed`);
  expect(await countsOf(made)).toEqual({ 100: rows });
});

test("somebody who cancels what the operator's session looks at while a batch runs does no harm", async () => {
  const made = await backfill(exact, tasks(rows) + stopper);
  const stop = await stopAt(made, 6_000);
  const running = startBelay(made, ["rollout", "--yes"]);
  await reached(made, running);
  const pid = await sessionOf(made, "operator");
  const { query } = made.database("main");
  await query(
    `DO $$ BEGIN FOR i IN 1..5000 LOOP PERFORM pg_cancel_backend(${pid}); PERFORM pg_sleep(0.0001); END LOOP; END $$`,
  );
  await stop.release();
  const result = await running.result;
  expect(result.stderr).not.toContain("    at ");
  expect(result).toMatchObject({ exitCode: 0 });
  expect(await countsOf(made)).toEqual({ 100: rows });
});

test.each(["abort", "pause"])("a batch that waits for a row which somebody holds heeds a person's %s", async (word) => {
  const made = await backfill(exact, tasks(rows));
  const { query, url } = made.database("main");
  const holder = new Client({ connectionString: url });
  await holder.connect();
  await holder.query("BEGIN; UPDATE tasks SET note = 'held' WHERE id = 10");
  const running = startBelay(made, ["rollout", "--yes"]);
  const rollout = await eventually(async () => {
    const [row] = await query<{ rollout: string }>(
      "SELECT rollout FROM belay.journal WHERE kind = 'batches-started'",
    ).catch(() => []);
    return row?.rollout ?? null;
  });
  await expectBelay(made, 0, [word, rollout]);
  expect(await running.result).toMatchObject({ exitCode: word === "abort" ? 4 : 6 });
  await holder.query("ROLLBACK");
  await holder.end();
  expect(await countsOf(made)).toEqual({ 0: rows });
});

test("a server that stops at once in the midst of a batch and comes again: the same command goes on, each row is written once", async () => {
  const server = await startServer();
  try {
    const admin = await server.connect("postgres");
    await admin.query("CREATE DATABASE app");
    await admin.end();
    const made = await backfill(exact, "");
    const app = await server.connect("app");
    await app.query(`${tasks(rows)} ${stopper} INSERT INTO stop VALUES (20000)`);
    const held = await server.connect("app");
    await held.query("SELECT pg_advisory_lock(77)");
    await made.configure({ targets: { main: { url: server.url("app") } }, policy });
    const running = startBelay(made, ["rollout", "--yes"]);
    await eventually(async () => {
      const { rows: found } = await app.query("SELECT 1 FROM pg_stat_activity WHERE wait_event = 'PgSleep'");
      return found.length > 0 ? true : null;
    });
    await server.crash();
    expect(await running.result).toMatchObject({ exitCode: 0 });
    const after = await server.connect("app");
    const counts = await after.query("SELECT n, count(*)::int AS count FROM tasks GROUP BY n");
    expect(counts.rows).toEqual([{ n: 100, count: rows }]);
    expect((await after.query("SELECT * FROM belay.watermark")).rows).toEqual([]);
    await after.end();
  } finally {
    await server.remove();
  }
});
