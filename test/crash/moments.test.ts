import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { openTarget } from "../../src/postgres/session/open-target.js";
import { belay, expectBelay, startBelay } from "../support/cli.js";
import { drawLine } from "../world/line.js";
import { climb } from "./strike.js";
import { faultsOf, standingOf, type Ladder } from "../world/whole.js";
import { until } from "../world/server.js";
import { endOf, holdTable, kill, runs, waitsForLock } from "../world/watch.js";
import { makeWorld, type Cell, type Shape, type World } from "./world.js";

const shapes: readonly Shape[] = ["alter", "index", "command"];
let world: World;
let ladder: Ladder;
const cells: Cell[] = [];

beforeAll(async () => {
  world = await makeWorld(shapes);
  ladder = await climb(world, shapes);
}, 300_000);
afterEach(async () => {
  for (const cell of cells.splice(0)) await cell.remove();
});
afterAll(() => world.remove());

async function cell(from: "before" | "after" = "before", change: object = {}): Promise<Cell> {
  const made = await world.cell(change, from);
  cells.push(made);
  return made;
}

/** How many changes stand on both targets; everything else about them is as it must be. */
async function whole({ staging, production }: Cell): Promise<readonly [number, number]> {
  const [one, two] = [await standingOf(staging), await standingOf(production)];
  expect([...faultsOf("staging", one, ladder), ...faultsOf("production", two, ladder)]).toEqual([]);
  return [one.applied.length, two.applied.length];
}

test.each([1, 2])("the lost answer to COMMIT %i is asked of the ledger: the rollout goes on", async (nth) => {
  const made = await cell();
  const line = await drawLine(world.server.port);
  try {
    await made.connectThrough(line.port);
    line.loseCommitAnswer(nth);
    await expectBelay(made.root, 0, ["rollout", "--yes"]);
    expect(line.lost()).toBe(1);
    expect(await whole(made)).toEqual([3, 3]);
  } finally {
    await line.close();
  }
});

test("the lost answer to the COMMIT of a way back is asked of the ledger: it is reported taken back, and proved", async () => {
  const made = await cell("after");
  const line = await drawLine(world.server.port);
  try {
    await made.connectThrough(line.port);
    await expectBelay(made.root, 0, ["revert", "made", "idx_state", "--yes"]);
    line.loseCommitAnswer(1);
    const { targets } = (await expectBelay(made.root, 0, ["revert", "add_model", "--yes", "--json"])).json();
    expect(line.lost()).toBe(1);
    expect(targets).toMatchObject([{ reverted: [ladder.ids[0]], provenBack: true }, { provenBack: true }]);
    expect(await whole(made)).toEqual([0, 0]);
  } finally {
    await line.close();
  }
});

test("a statement whose process was killed while it waited for a lock is not applied later", async () => {
  const made = await cell();
  const holder = await holdTable(made.production.url, "tasks", "SHARE");
  const running = startBelay(made.root, ["rollout", "--yes"]);
  expect(await waitsForLock(made.production.client, endOf(running))).toBe(true);
  await kill(running);
  const abort = await belay(made.root, ["abort", await rolloutOf(made)]);
  await holder.release();
  expect(abort.exitCode).toBe(0);
  expect(await whole(made)).toEqual([0, 0]);
});

test("Ctrl-C while an index is built goes back at once, and drops what it has left", async () => {
  const made = await cell();
  const reader = await world.server.connect(made.production.name);
  const running = startBelay(made.root, ["rollout", "--yes"]);
  const ended = endOf(running);
  await until(
    async () =>
      (await made.staging.client.query("SELECT FROM belay.applied WHERE id LIKE '%idx_state'")).rowCount === 1,
    ended,
  );
  await reader.query("BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1");
  expect(await runs(made.production.client, "CREATE INDEX CONCURRENTLY%", ended)).toBe(true);
  await until(
    async () => (await made.production.client.query("SELECT FROM pg_index WHERE NOT indisvalid")).rowCount === 1,
    ended,
  );
  running.kill("SIGINT");
  await runs(made.production.client, "DROP INDEX CONCURRENTLY%", ended);
  await reader.end();
  expect((await running.result).exitCode).toBe(130);
  expect(await whole(made)).toEqual([0, 0]);
  await expectBelay(made.root, 0, ["rollout", "--yes"]);
  expect(await whole(made)).toEqual([3, 3]);
});

test("two operators at once: one acts, and the other touches nothing", async () => {
  const made = await cell();
  const both = [startBelay(made.root, ["rollout", "--yes"]), startBelay(made.root, ["rollout", "--yes"])];
  const codes = (await Promise.all(both.map(({ result }) => result))).map(({ exitCode }) => exitCode).toSorted();
  expect([
    [0, 0],
    [0, 3],
  ]).toContainEqual(codes);
  expect(await whole(made)).toEqual([3, 3]);
});

test("an operator whose session was ended cannot act behind the back of the one that took over", async () => {
  const made = await cell();
  const holder = await holdTable(made.staging.url, "tasks", "SHARE");
  const first = startBelay(made.root, ["rollout", "--yes"]);
  expect(await waitsForLock(made.staging.client, endOf(first))).toBe(true);
  const second = startBelay(made.root, ["rollout", "--yes"]);
  await until(async () => {
    const { rows } = await made.staging.client.query(
      `SELECT pg_terminate_backend(o.pid) FROM pg_stat_activity o, pg_stat_activity w WHERE o.datname = current_database() AND w.datname = o.datname
         AND o.application_name LIKE 'belay/%/operator' AND w.application_name LIKE 'belay-waiting/%'`,
    );
    return rows.length > 0;
  });
  await holder.release();
  const codes = [(await first.result).exitCode, (await second.result).exitCode];
  expect(codes).toContain(0);
  await belay(made.root, ["rollout", "--yes"]);
  expect(await whole(made)).toEqual([3, 3]);
});

test("a process that has lost its operator's lock to another opens no worker any more", async () => {
  const { staging } = await cell();
  const settings = { name: "staging", url: staging.url, searchPath: "public", rollout: null, operatorPatienceMs: 5_000, note: (): void => undefined }; // prettier-ignore
  const first = await openTarget({ ...settings, actor: "first" });
  const worker = await first.worker();
  await staging.client.query("SELECT pg_terminate_backend(pid) FROM unnest($1::int[]) AS ours(pid)", [[first.operator.pid, worker.pid]]); // prettier-ignore
  const second = await openTarget({ ...settings, actor: "second" });
  await until(async () => !worker.alive());
  await expect(first.worker()).rejects.toMatchObject({ code: "operator-lost" });
  await Promise.all([first.close(), second.close()]);
});

test("a command ends with the process that runs it, and is taken back before it begins anew", async () => {
  const made = await cell();
  const running = startBelay(made.root, ["rollout", "--yes"], { env: { BELAY_TEST_SLOW: "2" } });
  expect(await runs(made.production.client, "%pg_sleep(2)%", endOf(running))).toBe(true);
  await kill(running);
  await expectBelay(made.root, 0, ["rollout", "--yes"]);
  expect(await whole(made)).toEqual([3, 3]);
  const { rows } = await made.production.client.query("SELECT id FROM made_by_command");
  expect(rows).toEqual([{ id: 1 }]);
});

test("a change that was killed before the catalog after it was recorded can be taken back from under later ones, and is proved", async () => {
  const made = await cell();
  const stop = await made.stopAt(made.production, 4);
  const running = startBelay(made.root, ["rollout", "--yes"]);
  const pid = await stop.reached(endOf(running));
  await kill(running);
  await made.production.client.query("SELECT pg_terminate_backend($1)", [pid]);
  await stop.release();
  await expectBelay(made.root, 0, ["rollout", "--yes"]);
  const { targets } = (await expectBelay(made.root, 0, ["revert", "add_model", "--yes", "--json"])).json();
  expect(targets).toMatchObject([{ provenBack: true }, { provenBack: true }]);
});

test("a way back that was killed before its proof is proved by the next command", async () => {
  const made = await cell("after");
  const { entries } = await standingOf(made.staging);
  const stop = await made.stopAt(made.staging, entries.length + 3);
  const running = startBelay(made.root, ["revert", "made", "--yes"]);
  const pid = await stop.reached(endOf(running));
  await kill(running);
  await made.staging.client.query("SELECT pg_terminate_backend($1)", [pid]);
  await stop.release();
  const { stderr } = await expectBelay(made.root, 0, ["revert", "made", "--yes"]);
  expect(stderr).toContain("was taken back, and the catalog is what it was before");
  expect(await whole(made)).toEqual([2, 2]);
});

test("`revert --last` of a change that was cut off half-way takes that back, and not the one before too", async () => {
  const made = await cell();
  await expectBelay(made.root, 0, ["rollout", "--to", "add_model", "--yes"]);
  const holder = await holdTable(made.staging.url, "tasks", "SHARE");
  const running = startBelay(made.root, ["rollout", "--yes"]);
  expect(await waitsForLock(made.staging.client, endOf(running))).toBe(true);
  await kill(running);
  await holder.release();
  const { targets } = (
    await expectBelay(made.root, 0, ["revert", "--last", "--target", "staging", "--yes", "--json"])
  ).json();
  expect(targets).toMatchObject([{ reverted: [ladder.ids[1]], provenBack: true }]);
  expect(await whole(made)).toEqual([1, 1]);
});

test("a rehearsal that was killed leaves whole files, and its scratch database to the next one", async () => {
  const made = await cell();
  const scratch = async (): Promise<number> =>
    (await made.staging.client.query("SELECT FROM pg_database WHERE datname LIKE 'belay_rehearsal_%'")).rowCount ?? 0;
  const running = startBelay(made.root, ["rehearse"]);
  expect(await until(async () => (await scratch()) === 1, endOf(running))).not.toBeNull();
  await kill(running);
  for (const file of await readdir(join(made.root, "rollbacks"))) {
    if (file.endsWith(".json")) JSON.parse(await readFile(join(made.root, "rollbacks", file), "utf8"));
  }
  await expectBelay(made.root, 0, ["rehearse"]);
  expect(await scratch()).toBe(0);
});

async function rolloutOf({ staging }: Cell): Promise<string> {
  const { rows } = await staging.client.query<{ rollout: string }>(
    "SELECT rollout FROM belay.journal WHERE kind = 'rollout-started' ORDER BY seq DESC LIMIT 1",
  );
  return rows[0]?.rollout ?? "";
}
