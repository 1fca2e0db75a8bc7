import { followers, strikes, type Cell, type Strike } from "./cell.js";
import { findPoints, type Point } from "./points.js";
import { shapes, type Shape } from "./shapes.js";
import type { Site } from "./site.js";

export const allShapes = Object.keys(shapes) as readonly Shape[];

const victims = ["own", "other", "all"] as const;

/** The whole matrix: each strike, at the boundary before each statement that leaves a trace and in the middle of each that can be made long, up and down. */
export async function allCells(site: Site, wanted: readonly Strike[] = strikes): Promise<readonly Cell[]> {
  const points: Point[] = [];
  for (const shape of allShapes) {
    for (const direction of ["up", "down"] as const) points.push(...(await findPoints(site, shape, direction)));
  }
  const cells: Cell[] = [];
  for (const strike of wanted) {
    for (const [index, point] of points.entries()) {
      // Without a rollout there is none to abort.
      const fitting = point.direction === "up" ? followers : followers.filter((follower) => follower !== "abort");
      const follower = fitting[index % fitting.length] ?? "rollout";
      const victim = victims[(index + point.statement) % victims.length] ?? "own";
      cells.push({ point, strike, where: "at", follower, victim });
      if (point.canBeHeld && !isEntry(point)) cells.push({ point, strike, where: "inside", follower, victim: "own" });
    }
  }
  return cells;
}

/** An entry in the ledger is one row, written in no time: its middle is like the boundary before it. */
function isEntry({ text }: Point): boolean {
  return text.includes(" belay.append($1,");
}

/** So many of them, spread over the whole. */
export function spread(cells: readonly Cell[], count: number): readonly Cell[] {
  return Array.from({ length: count }, (_, index) => cells[Math.floor((index * cells.length) / count)]).filter(
    (cell) => cell !== undefined,
  );
}

export function titleOf({ point, strike, where, follower, victim }: Cell): string {
  const whom = strike === "terminate" ? ` (${victim})` : "";
  const what = point.text.replaceAll(/\s+/g, " ").trim().slice(0, 60);
  return `${point.shape}, ${point.direction}: ${strike}${whom} ${where} statement ${point.statement} (${what}), then ${follower}`;
}
