import { rollout } from "../../../src/rollout/rollout.js";
import { revert } from "../../../src/revert/revert.js";
import type { Project } from "../../../src/system/project/project.js";
import { drawLine, type Fate } from "../../world/line.js";
import { openHold } from "./hold.js";
import type { Shape } from "./shapes.js";
import type { Direction, Site } from "./site.js";
import { leavesTrace } from "./statements.js";

/** A statement of a journey that nothing disturbs. */
export interface Point {
  readonly shape: Shape;
  readonly direction: Direction;
  /** Its number among the statements that leave a trace, from 1 on. */
  readonly statement: number;
  readonly text: string;
  /** Whether it can be made long. */
  readonly canBeHeld: boolean;
}

/** Brings the change up or down, in this process. */
export async function travel(project: Project, direction: Direction): Promise<void> {
  if (direction === "up") await rollout(project, { yes: true });
  else await revert(project, { selection: { kind: "last" } });
}

/** Finds every statement at which a journey can be struck, by listening to it. */
export async function findPoints(site: Site, shape: Shape, direction: Direction): Promise<readonly Point[]> {
  const database = await site.database(shape, direction);
  const line = await drawLine(site.server.port);
  const hold = await openHold(site.server, database.name);
  const points: { readonly text: string; canBeHeld: boolean }[] = [];
  let watching = Promise.resolve();
  line.judge(async ({ text, pid }): Promise<Fate> => {
    if (!leavesTrace(text)) return "pass";
    const point = { text, canBeHeld: false };
    points.push(point);
    await watching;
    await hold.arm(text);
    const mine = points.length;
    watching = hold
      .holds(pid, () => points.length > mine || ended)
      .then((held) => {
        point.canBeHeld = held;
        return hold.release();
      });
    return "pass";
  });
  let ended = false;
  try {
    await travel(site.shape(shape).at(through(database.url, line.port)), direction).finally(() => (ended = true));
    await watching;
  } finally {
    await hold.close();
    await line.close();
    await database.drop();
  }
  return points.map(({ text, canBeHeld }, index) => ({ shape, direction, statement: index + 1, text, canBeHeld }));
}

/** The same database by way of another port. */
export function through(url: string, port: number): string {
  const other = new URL(url);
  other.port = String(port);
  return other.href;
}
