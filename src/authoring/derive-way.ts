import { BelayError, messageOf } from "../errors.js";
import { readSide } from "../postgres/catalog/read-side.js";
import type { Session } from "../postgres/session/session.js";
import { isConnectionLost } from "../postgres/session/sql-state.js";
import { type Difference, differences } from "../snapshot/difference.js";
import { renamesTo } from "../snapshot/derive/rename.js";
import type { Derived, Side } from "../snapshot/derive/side.js";
import { statementsTo } from "../snapshot/derive/statements-to.js";

/** A way that was run, and in what the catalog that it led to differs from the wanted one. */
export interface FoundWay extends Derived {
  readonly differences: readonly Difference[];
  /** Where it led, as it was read after the last statement. */
  readonly reached: Side;
}

/** What a statement does beyond its own words (a default privilege, a name that follows) shows only when it has run: then one looks again. */
const mostRounds = 4;

/**
 * Finds the statements that take the database of this session to the wanted catalog, by running them: renames first, then the difference that is left, until none
 * is. The caller's transaction holds what they do. `start` is the catalog as it is, where it was just read.
 * @throws BelayError `refused` `derived-statement-failed` naming a statement that the server refuses.
 */
export async function findWay(session: Session, wanted: Side, start?: Side): Promise<FoundWay> {
  let from = start ?? (await readSide(session.client));
  const statements: string[] = [...renamesTo(from, wanted)];
  await runEach(session, statements);
  if (statements.length > 0) from = await readSide(session.client);
  const losses: Derived["losses"][number][] = [];
  for (let round = 0; ; round += 1) {
    const derived = statementsTo(from, round === 0 ? wanted : withoutPlaces(wanted));
    if (round === 0) losses.push(...derived.losses);
    const found = differences(wanted.snapshot, from.snapshot);
    const isDone = derived.statements.length === 0 || round === mostRounds;
    if (isDone || derived.refusals.length > 0)
      return { statements, losses, refusals: derived.refusals, differences: found, reached: from };
    await runEach(session, derived.statements);
    statements.push(...derived.statements);
    from = await readSide(session.client);
  }
}

/** What was made anew has another place than what it stands for. */
function withoutPlaces(side: Side): Side {
  return { ...side, identities: new Map() };
}

async function runEach(session: Session, statements: readonly string[]): Promise<void> {
  for (const sql of statements) {
    try {
      await session.query(sql);
    } catch (thrown) {
      if (isConnectionLost(thrown)) throw thrown;
      throw new BelayError(
        "refused",
        "derived-statement-failed",
        `The server refuses what was derived: ${messageOf(thrown)} (${sql})`,
        {
          hint: "Write the way back by hand.",
          cause: thrown,
        },
      );
    }
  }
}
