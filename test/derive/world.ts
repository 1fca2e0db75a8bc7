import { findWay, type FoundWay } from "../../src/authoring/derive-way.js";
import { readSide } from "../../src/postgres/catalog/read-side.js";
import type { Session } from "../../src/postgres/session/session.js";
import type { Side } from "../../src/snapshot/derive/side.js";
import { describeDifference } from "../../src/snapshot/difference.js";

const untouched = new WeakMap<Session, Side>();

/** The catalog after a setup; without one it is the same each time, and read once. */
async function sideAfter(session: Session, setup: string | undefined): Promise<Side> {
  if (setup !== undefined) {
    await session.query(setup);
    return readSide(session.client);
  }
  const side = untouched.get(session) ?? (await readSide(session.client));
  untouched.set(session, side);
  return side;
}

/** How the catalog of the session comes back from what `change` does to it; everything is taken back afterwards. */
export async function wayBackFrom(session: Session, change: string, setup?: string): Promise<FoundWay> {
  await session.query("BEGIN");
  try {
    const before = await sideAfter(session, setup);
    await session.query(change);
    const changed = await readSide(session.client);
    const way = await findWay(session, before, changed);
    expectCatalog(way);
    // The way back of the way back is a way forward: each attribute is both set and taken off.
    if (way.refusals.length === 0) expectCatalog(await findWay(session, changed, way.reached));
    return way;
  } finally {
    await session.query("ROLLBACK");
  }
}

/** What was found was read again after the last statement. */
function expectCatalog({ refusals, differences, statements }: FoundWay): void {
  if (refusals.length > 0 || differences.length === 0) return;
  throw new Error(`${differences.map(describeDifference).join("\n")}\nafter\n${statements.join(";\n")}`);
}
