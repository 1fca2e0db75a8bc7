import { join } from "node:path";
import { execa } from "execa";
import { expect, test } from "vitest";
import { belay, expectBelay, startBelay, type TestProject } from "../support/cli.js";
import { runArtifact } from "../artifact/run-artifact.js";
import { backfill, backfillId, countsOf, exact, expectNothingLeft, reached, stopAt, stopper, tasks } from "./world.js";

const rows = 5000;
/** Within the third batch: the first two have 500 and 1,000 rows. */
const within = 20_000;
/** The first row of the first batch, and the last one of all. */
const first = 10;
const last = rows * 10;

const strikes = ["SIGKILL", "SIGKILL and end the session", "end the session", "end the operator", "cancel"] as const;

async function strike(made: TestProject, how: (typeof strikes)[number], at: number): Promise<void> {
  const { query } = made.database("main");
  const stop = await stopAt(made, at);
  const running = startBelay(made, ["rollout", "--yes"]);
  const pid = await reached(made, running);
  switch (how) {
    case "SIGKILL":
      running.kill("SIGKILL");
      await running.result;
      break;
    case "SIGKILL and end the session":
      running.kill("SIGKILL");
      await running.result;
      await query("SELECT pg_terminate_backend($1)", [pid]);
      break;
    case "end the session":
      await query("SELECT pg_terminate_backend($1)", [pid]);
      break;
    case "end the operator":
      await query(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND application_name LIKE 'belay/%/operator'",
      );
      break;
    case "cancel":
      await query("SELECT pg_cancel_backend($1)", [pid]);
      break;
  }
  await stop.release();
  await running.result;
}

const places = [first, within, last];
const cells = strikes.flatMap((how, row) =>
  places.map((at, column) => ({ how, at, isFirst: row % places.length === column })),
);

// Each strike somewhere, and somewhere each: the other places by `npm run test:whole`.
for (const { how, at, isFirst } of cells)
  test(
    `${how} in the batch of row ${at}: the next command ends with each row written once`,
    { tags: isFirst ? [] : ["whole"] },
    async () => {
      const made = await backfill(exact, tasks(rows) + stopper);
      await strike(made, how, at);
      const next = await belay(made, ["rollout", "--yes"]);
      const counts = await countsOf(made);
      // A statement that was cancelled has failed, and the change is taken back and held; all else goes on.
      expect({ code: next.exitCode, said: next.stderr }).toMatchObject({ code: how === "cancel" ? 3 : 0 });
      expect(counts).toEqual({ [how === "cancel" ? 0 : 100]: rows });
      await expectNothingLeft(made);
    },
  );

test.each([first, within, last])(
  "killed in the batch of row %i, an abort takes back exactly what was written",
  async (at) => {
    const made = await backfill(exact, tasks(rows) + stopper);
    await strike(made, "SIGKILL and end the session", at);
    const { "100": written = 0 } = await countsOf(made);
    expect({ [first]: written === 0, [within]: written === 1500, [last]: written > 1500 }[at]).toBe(true);
    const { query } = made.database("main");
    // Beyond the watermark, somebody else writes what the way back must not touch.
    await query("UPDATE tasks SET n = 7 WHERE id = (SELECT max(id) FROM tasks)");
    const [rollout] = await query<{ rollout: string }>(
      "SELECT rollout FROM belay.journal WHERE kind = 'rollout-started'",
    );
    await belay(made, ["abort", rollout?.rollout ?? "", "--yes"]);
    expect(await countsOf(made)).toEqual({ 0: rows - 1, 7: 1 });
    await expectNothingLeft(made);
  },
);

test("a way back that is killed in the middle of a batch goes on where it was, whoever goes on with it", async () => {
  const made = await backfill(exact, tasks(rows) + stopper);
  await expectBelay(made, 0, ["rollout", "--yes"]);
  const stop = await stopAt(made, within);
  const running = startBelay(made, ["revert", backfillId, "--yes"]);
  const pid = await reached(made, running);
  running.kill("SIGKILL");
  await running.result;
  await made.database("main").query("SELECT pg_terminate_backend($1)", [pid]);
  await stop.release();
  expect(await countsOf(made)).toEqual({ 0: 1500, 100: 3500 });
  const { exitCode, said } = await runArtifact(made, backfillId);
  expect({ exitCode, said }).toMatchObject({ exitCode: 0 });
  expect(await countsOf(made)).toEqual({ 0: rows });
  await expectNothingLeft(made);
});

test("an artifact that is killed in the middle of a batch is gone on with by Belay", async () => {
  const made = await backfill(exact, tasks(rows) + stopper);
  await expectBelay(made, 0, ["rollout", "--yes"]);
  const stop = await stopAt(made, within);
  const client = runAlone(made);
  const pid = await reached(made);
  await made.database("main").query("SELECT pg_terminate_backend($1)", [pid]);
  await client;
  await stop.release();
  expect(await countsOf(made)).toEqual({ 0: 1500, 100: 3500 });
  await expectBelay(made, 0, ["revert", backfillId, "--yes"]);
  expect(await countsOf(made)).toEqual({ 0: rows });
  await expectNothingLeft(made);
});

/** A process of its own that runs the artifact statement by statement. */
async function runAlone(made: TestProject): Promise<void> {
  const script = join(import.meta.dirname, "fixtures/run-artifact.mjs");
  await execa("node", [script, made.database("main").url, join(made.root, `rollbacks/${backfillId}.sql`)], {
    reject: false,
  });
}

test("a way back of a partial change that is itself killed stops at the same row", async () => {
  const made = await backfill(exact, tasks(rows) + stopper);
  await strike(made, "SIGKILL and end the session", within);
  expect(await countsOf(made)).toEqual({ 0: 3500, 100: 1500 });
  const stop = await stopAt(made, 8_000);
  const running = startBelay(made, ["revert", "--last", "--yes"]);
  const pid = await reached(made, running);
  running.kill("SIGKILL");
  await running.result;
  await made.database("main").query("SELECT pg_terminate_backend($1)", [pid]);
  await stop.release();
  expect(await countsOf(made)).toEqual({ 0: 4000, 100: 1000 });
  await belay(made, ["revert", "--last", "--yes"]);
  expect(await countsOf(made)).toEqual({ 0: rows });
  await expectNothingLeft(made);
});
