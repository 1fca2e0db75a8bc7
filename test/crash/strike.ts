import { startBelay, expectBelay, belay, type BelayResult, type RunningBelay } from "../support/cli.js";
import { drawLine, type Line } from "../world/line.js";
import { faultsOf, serverIsUp, standingOf, type Ladder, type Standing } from "../world/whole.js";
import type { Cell, Database, Shape, Stop, World } from "./world.js";

/** What befalls a command. */
export const strikes = [
  "SIGKILL", "SIGKILL and end both", "end worker", "end operator", "end both", "crash server", "cut line", "SIGINT", "SIGTERM", "SIGHUP",
] as const; // prettier-ignore
export type Strike = (typeof strikes)[number];

/** What is run afterwards. */
export const followers = ["rollout", "abort", "revert", "status first"] as const;
export type Follower = (typeof followers)[number];

/** What is under way when it happens. */
export const journeys = ["rollout", "red gate", "revert"] as const;
export type Journey = (typeof journeys)[number];

/** One crash: where, what, and what comes after. */
export interface Crash {
  readonly journey: Journey;
  readonly target: "staging" | "production";
  /** The entry of the target's ledger that is being written when it happens, counted from the journey's beginning. */
  readonly entry: number;
  readonly strike: Strike;
  readonly follower: Follower;
}

export interface Outcome {
  readonly reached: boolean;
  readonly result: BelayResult;
  readonly follow: BelayResult | null;
  readonly staging: Standing;
  readonly production: Standing;
  /** Everything that is not as it must be; empty where all is well. */
  readonly faults: readonly string[];
}

const redGate = {
  gates: { red: { probe: "sql", query: "SELECT count(*) FROM belay.applied", phase: "after", success: { max: 0 } } },
  stages: [
    { name: "staging", targets: ["staging"] },
    { name: "production", targets: ["production"], gates: ["red"] },
  ],
};

/** Added to the sum of the rows by the shapes that write. */
const additions: Partial<Record<Shape, number>> = { mixed: 100_000, apart: 1_000_000 };
const sumBefore = 2_001_000;

/** Runs a rollout that nothing disturbs, and notes what stands after each change. The cell's databases become those of the reverts. */
export async function climb(world: World, shapes: readonly Shape[]): Promise<Ladder> {
  const cell = await world.cell();
  await expectBelay(cell.root, 0, ["rollout", "--yes"]);
  const [staging, production] = [await standingOf(cell.staging), await standingOf(cell.production)];
  const begun = staging.entries.flatMap((entry) => (entry.kind === "target-started" ? [entry.body.before] : []));
  const recorded = staging.entries.flatMap((entry) =>
    entry.kind === "catalog-recorded" ? [entry.body.fingerprint] : [],
  );
  const sums = shapes.reduce((list, shape) => [...list, (list.at(-1) ?? 0) + (additions[shape] ?? 0)], [sumBefore]);
  await world.keepAsAfter(cell);
  return {
    ids: staging.applied,
    fingerprints: [...begun, ...recorded],
    rows: sums.map((sum) => `2000 rows, ${sum}`),
    // The copies that the reverts begin with have one more each: that they were accepted.
    entries: { staging: staging.entries.length + 1, production: production.entries.length + 1 },
  };
}

/** Makes a cell, lets the crash happen, runs what follows, and tells what is wrong. */
export async function crash(world: World, ladder: Ladder, plan: Crash): Promise<Outcome> {
  const from = plan.journey === "revert" ? "after" : "before";
  const cell = await world.cell(plan.journey === "red gate" ? redGate : {}, from);
  const line = plan.strike === "cut line" ? await drawLine(world.server.port) : null;
  try {
    if (line !== null) await cell.connectThrough(line.port);
    const { reached, result } = await strikeAt(cell, line, plan, ladder);
    await line?.close();
    await cell.connectThrough(world.server.port);
    await serverIsUp(world.server);
    const follow = await followWith(cell, plan.follower);
    const [staging, production] = [await standingOf(cell.staging), await standingOf(cell.production)];
    const faults = [...faultsOf("staging", staging, ladder), ...faultsOf("production", production, ladder)];
    const outcome = { reached, result, follow, staging, production };
    return { ...outcome, faults: [...faults, ...unsettled(plan, outcome, ladder)] };
  } finally {
    await line?.close();
    await cell.remove();
  }
}

async function strikeAt(
  cell: Cell,
  line: Line | null,
  plan: Crash,
  ladder: Ladder,
): Promise<{ readonly reached: boolean; readonly result: BelayResult }> {
  const target = cell[plan.target];
  const begunAt = plan.journey === "revert" ? ladder.entries[plan.target] : 1;
  const stop = await cell.stopAt(target, begunAt + plan.entry);
  const args = plan.journey === "revert" ? ["revert", "--to", ladder.ids[0] ?? "", "--yes"] : ["rollout", "--yes"];
  const running = startBelay(cell.root, args);
  let ended = false;
  const end = running.result.finally(() => (ended = true));
  const pid = await stop.reached(() => ended);
  if (pid !== null) await befall(cell, target, line, plan.strike, running, stop);
  await stop.release();
  return { reached: pid !== null, result: await end };
}

async function befall(
  cell: Cell,
  target: Database,
  line: Line | null,
  strike: Strike,
  running: RunningBelay,
  stop: Stop,
): Promise<void> {
  switch (strike) {
    case "SIGKILL":
    case "SIGINT":
    case "SIGTERM":
    case "SIGHUP":
      running.kill(strike);
      if (strike === "SIGKILL") await running.result;
      return;
    case "SIGKILL and end both":
      running.kill("SIGKILL");
      await running.result;
      return terminate(cell, target, "%");
    case "end worker":
      return terminate(cell, target, "%/worker");
    case "end operator":
      return terminate(cell, target, "%/operator");
    case "end both":
      return terminate(cell, target, "%");
    case "crash server":
      await cell.server.crash();
      return;
    case "cut line":
      line?.cut();
      await stop.release();
      return;
  }
}

async function terminate(cell: Cell, target: Database, like: string): Promise<void> {
  const client = await cell.server.connect(target.name);
  await client.query(
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND application_name LIKE 'belay/%' AND application_name LIKE $1",
    [like],
  );
  await client.end();
}

async function followWith(cell: Cell, follower: Follower): Promise<BelayResult | null> {
  switch (follower) {
    case "rollout":
      return belay(cell.root, ["rollout", "--yes"]);
    case "revert":
      return belay(cell.root, ["revert", "--last", "--yes"]);
    case "status first":
      await belay(cell.root, ["status", "--json"]);
      return belay(cell.root, ["rollout", "--yes"]);
    case "abort": {
      const { rows } = await cell.staging.client.query<{ rollout: string }>(
        `SELECT rollout FROM belay.journal s WHERE kind = 'rollout-started'
           AND NOT EXISTS (SELECT FROM belay.journal e WHERE e.kind = 'rollout-ended' AND e.rollout = s.rollout)`,
      );
      const [row] = rows;
      return row === undefined ? null : belay(cell.root, ["abort", row.rollout]);
    }
  }
}

/** Exit codes that fit, and no rollout that is left unfinished. */
function unsettled(plan: Crash, outcome: Omit<Outcome, "faults">, ladder: Ladder): readonly string[] {
  const faults: string[] = [];
  const { result, follow, staging, production } = outcome;
  const told = (name: string, { exitCode, stdout, stderr }: BelayResult): string =>
    `${name} ended with ${exitCode}\n${stdout}\n${stderr}`;
  const fits = plan.strike.startsWith("SIGKILL") ? [-1] : [0, 4, 130];
  if (outcome.reached && !fits.includes(result.exitCode)) faults.push(told("the command", result));
  if (follow !== null && ![0, 3, 4, 130].includes(follow.exitCode)) faults.push(told("the next command", follow));
  const open =
    staging.entries.filter((entry) => entry.kind === "rollout-started").length -
    staging.entries.filter((entry) => entry.kind === "rollout-ended").length;
  if (open > 0)
    faults.push(`${open} rollouts are unfinished; ${follow === null ? "" : told("the next command", follow)}`);
  const [one, two] = [staging.applied.length, production.applied.length];
  const isWhole = (count: number): boolean => count === 0 || count === ladder.ids.length;
  if (plan.journey !== "revert" && plan.follower !== "revert" && (one !== two || !isWhole(one))) {
    faults.push(
      `staging has ${one} changes, production ${two}; ${told("the command", result)} ${follow === null ? "" : told("the next command", follow)}`,
    );
  }
  return faults;
}
