import { findWay, type FoundWay } from "../../src/authoring/derive-way.js";
import { readSide } from "../../src/postgres/catalog/read-side.js";
import type { Side } from "../../src/snapshot/derive/side.js";
import type { Session } from "../../src/postgres/session/session.js";
import { describeDifference, differences } from "../../src/snapshot/difference.js";

/** How the catalog of the session comes back from what `change` does to it; everything is taken back afterwards. */
export async function wayBackFrom(session: Session, change: string, setup = "SELECT 1"): Promise<FoundWay> {
  await session.query("BEGIN");
  try {
    await session.query(setup);
    const before = await readSide(session.client);
    await session.query(change);
    const changed = await readSide(session.client);
    const way = await findWay(session, before);
    await expectCatalog(session, before, way);
    // The way back of the way back is a way forward: each attribute is both set and taken off.
    if (way.refusals.length === 0) await expectCatalog(session, changed, await findWay(session, changed));
    return way;
  } finally {
    await session.query("ROLLBACK");
  }
}

async function expectCatalog(session: Session, wanted: Side, way: FoundWay): Promise<void> {
  if (way.refusals.length > 0) return;
  const left = differences(wanted.snapshot, (await readSide(session.client)).snapshot).map(describeDifference);
  if (left.length > 0) throw new Error(`${left.join("\n")}\nafter\n${way.statements.join(";\n")}`);
}
