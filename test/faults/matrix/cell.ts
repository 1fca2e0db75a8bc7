import { BelayError } from "../../../src/errors.js";
import { revert } from "../../../src/revert/revert.js";
import { rollout } from "../../../src/rollout/rollout.js";
import type { Project } from "../../../src/system/project/project.js";
import { startBelay, type RunningBelay } from "../../support/cli.js";
import { drawLine, type Fate, type Passing } from "../../world/line.js";
import { faultsOf, serverIsUp, standingOf } from "../../world/whole.js";
import { openHold, type Hold } from "./hold.js";
import { through, travel, type Point } from "./points.js";
import { urlVariable, type Site, type SiteDatabase } from "./site.js";
import { leavesTrace } from "./statements.js";

/** What befalls a command. */
export const strikes = ["SIGKILL", "terminate", "server crash", "lost answer"] as const;
export type Strike = (typeof strikes)[number];

/** The next command. */
export const followers = ["rollout", "abort", "revert"] as const;
export type Follower = (typeof followers)[number];

/** One strike at one place. */
export interface Cell {
  readonly point: Point;
  readonly strike: Strike;
  /** At the boundary before the statement (of a lost answer: after it), or in its middle. */
  readonly where: "at" | "inside";
  readonly follower: Follower;
  /** Whose session is terminated. */
  readonly victim: "own" | "other" | "all";
}

/** Strikes, runs the next command, and gives everything that is not as it must be. */
export async function runCell(site: Site, cell: Cell): Promise<readonly string[]> {
  const { shape, direction } = cell.point;
  const place = site.shape(shape);
  const database = await site.database(shape, direction);
  const told: string[] = [];
  try {
    const reached = await strikeOn(site, database, cell, told);
    await serverIsUp(site.server);
    await follow(place.at(database.url), cell.follower, told);
    const standing = await standingOf(database);
    const faults = [...faultsOf("main", standing, place.ladder), ...(reached ? [] : ["the strike was never reached"])];
    const count = (kind: string): number => standing.entries.filter((entry) => entry.kind === kind).length;
    // A revert that finds nothing to take back leaves a rollout to go on.
    if (count("rollout-started") > count("rollout-ended") && cell.follower !== "revert")
      faults.push("a rollout is unfinished");
    return faults.length === 0 ? [] : [...faults, ...told];
  } finally {
    await database.drop();
  }
}

async function strikeOn(site: Site, database: SiteDatabase, cell: Cell, told: string[]): Promise<boolean> {
  const line = await drawLine(site.server.port);
  const hold = await openHold(site.server, database.name);
  const url = through(database.url, line.port);
  const process = cell.strike === "SIGKILL" ? startProcess(site, cell, url) : null;
  const blow: Blow = { site, database, cell, hold, line, process };
  let seen = 0;
  let struck: Promise<void> | null = null;
  const blowFallen = async (): Promise<boolean> => {
    await struck;
    return struck !== null;
  };
  line.judge(async (statement): Promise<Fate> => {
    if (struck !== null || !leavesTrace(statement.text) || (seen += 1) < cell.point.statement) return "pass";
    if (cell.where === "at" && cell.strike === "lost answer") {
      struck = Promise.resolve();
      return "lose the answer";
    }
    if (cell.where === "inside") {
      await hold.arm(statement.text);
      struck = hold.holds(statement.pid, () => false).then(() => strikeNow(blow, statement));
      return "pass";
    }
    struck = strikeNow(blow, statement);
    await struck;
    return cell.strike === "SIGKILL" ? "cut" : "pass";
  });
  try {
    if (process === null) await inProcess(site.shape(cell.point.shape).at(url), cell, told);
    else told.push((await process.result).stderr);
    return await blowFallen();
  } finally {
    await blowFallen();
    await hold.close();
    await line.close();
  }
}

interface Blow {
  readonly site: Site;
  readonly database: SiteDatabase;
  readonly cell: Cell;
  readonly hold: Hold;
  readonly line: { cut(): void };
  readonly process: RunningBelay | null;
}

/** A statement that was held goes on as soon as the blow has fallen, if its session still lives. */
async function strikeNow(blow: Blow, statement: Passing): Promise<void> {
  const { site, cell, hold, line, process } = blow;
  switch (cell.strike) {
    case "SIGKILL":
      process?.kill("SIGKILL");
      await process?.result;
      break;
    case "terminate":
      await terminate(blow, statement.pid);
      break;
    case "server crash":
      await site.server.crash();
      break;
    case "lost answer":
      line.cut();
      break;
  }
  await hold.release();
}

async function terminate({ site, database, cell }: Blow, own: number): Promise<void> {
  const client = await site.server.connect(database.name);
  const whose = { own: "pid = $1", other: "pid <> $1", all: "$1 > 0" }[cell.victim];
  await client.query(
    `SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = current_database() AND application_name LIKE 'belay%' AND ${whose}`,
    [own],
  );
  await client.end();
}

function startProcess(site: Site, { point }: Cell, url: string): RunningBelay {
  const args = point.direction === "up" ? ["rollout", "--yes"] : ["revert", "--last", "--yes"];
  return startBelay(site.shape(point.shape).root, args, { env: { [urlVariable]: url } });
}

/** A command that finds its own way out of it may end well or badly, but never with a defect. */
async function inProcess(project: Project, { point }: Cell, told: string[]): Promise<void> {
  try {
    await travel(project, point.direction);
  } catch (thrown) {
    told.push(`the command: ${String(thrown)}`);
    if (!(thrown instanceof BelayError) || thrown.kind === "defect") throw thrown;
  }
}

async function follow(project: Project, follower: Follower, told: string[]): Promise<void> {
  const report = (progress: object): void => void told.push(JSON.stringify(progress));
  try {
    if (follower === "revert") await revert(project, { selection: { kind: "last" }, report });
    else await rollout(project, { yes: true, abort: follower === "abort", report });
  } catch (thrown) {
    told.push(`the next command: ${String(thrown)}`);
    // Nothing to abort, or held since it was taken back: nothing was touched then.
    if (!(thrown instanceof BelayError) || !["usage", "refused"].includes(thrown.kind)) throw thrown;
  }
}
