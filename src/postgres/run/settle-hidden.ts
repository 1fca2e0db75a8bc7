import { messageOf } from "../../errors.js";
import type { Report } from "../../progress.js";
import type { OpenTarget } from "../session/open-target.js";
import { isConnectionLost } from "../session/sql-state.js";
import type { LockPolicy } from "./run-context.js";

/**
 * Settles the columns that ways back have hidden: their values move, batch after batch, to tables in `belay_kept`, and the columns go. The way back is over by then,
 * so what goes wrong here is only told: the column stays hidden until the next command.
 * @param change whose; null for all.
 */
export async function settleHidden(
  { target, lock, report }: { readonly target: OpenTarget; readonly lock: LockPolicy; readonly report: Report },
  change: string | null,
): Promise<void> {
  const worker = await target.worker();
  const tell = (message: string): void => report({ kind: "note", target: target.name, message });
  if ((await unsettled(target, change)).length === 0) return;
  try {
    await worker.query("CALL belay.settle($1, $2 * interval '1 millisecond')", [change, lock.patienceMs]);
  } catch (thrown) {
    if (isConnectionLost(thrown)) throw thrown;
    tell(`what the way back hid could not be settled (${messageOf(thrown)}); the next command tries again`);
  }
  for (const { called, relation, attribute, hasKey } of await unsettled(target, change)) {
    const why = hasKey ? "the next command settles it" : "its table has no primary key";
    tell(`${called} of ${relation} stays hidden as ${attribute}: ${why}`);
  }
}

interface Unsettled extends Record<string, unknown> {
  readonly relation: string;
  readonly attribute: string;
  readonly called: string;
  readonly hasKey: boolean;
}

async function unsettled({ operator }: OpenTarget, change: string | null): Promise<readonly Unsettled[]> {
  const [ledger] = await operator.query<{ there: boolean }>(
    "SELECT to_regprocedure('belay.unsettled()') IS NOT NULL AS there",
  );
  if (ledger?.there !== true) return [];
  return operator.query<Unsettled>(
    `SELECT relation, attribute, called, key IS NOT NULL AS "hasKey" FROM belay.unsettled() AS u WHERE coalesce(u.change = $1, true)`,
    [change],
  );
}
