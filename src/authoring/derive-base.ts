import type { Change } from "../change/change.js";
import { BelayError } from "../errors.js";
import { foldTarget } from "../journal/target-state.js";
import { readEntries } from "../postgres/ledger/reader.js";
import type { Connections } from "../postgres/session/connections.js";
import { withSession } from "../postgres/session/session.js";
import type { Config, Target } from "../system/config/config.js";
import { selectTargets } from "../system/config/select-targets.js";

/** On what a way back is derived: a copy of a target, or an empty database in which all earlier changes run first. */
export type Base =
  | { readonly kind: "target"; readonly target: string; readonly url: string; readonly applied: ReadonlySet<string> }
  | { readonly kind: "empty"; readonly why: string; readonly url: null; readonly applied: ReadonlySet<string> };

/** A target's catalog, where it can be reached and stands before the changes; else an empty database, and why. */
export async function chooseBase(
  config: Config,
  name: string | null,
  wanted: readonly Change[],
  connections: Connections,
): Promise<Base> {
  const target = targetOf(config, name);
  const empty = (why: string): Base => ({ kind: "empty", why, url: null, applied: new Set() });
  try {
    const url = await connections.urlOf(target);
    const applied = await appliedOn(url);
    const already = wanted.find(({ id }) => applied.has(id));
    if (already !== undefined) return empty(`${already.id} is applied on ${target.name} already`);
    return { kind: "target", target: target.name, url, applied };
  } catch (thrown) {
    // No session is to be had there: the changes before are enough to make the same catalog.
    if (!(thrown instanceof BelayError) || thrown.kind !== "usage") throw thrown;
    return empty(thrown.message.replace(/\.$/, ""));
  }
}

async function appliedOn(url: string): Promise<ReadonlySet<string>> {
  return withSession(url, { applicationName: "belay-read/derive" }, async (session) => {
    return new Set(foldTarget(await readEntries(session)).applied.map(({ id }) => id));
  });
}

function targetOf(config: Config, wanted: string | null): Target {
  const [target] = selectTargets(config, wanted ?? config.stages[0]?.targets[0] ?? null);
  if (target !== undefined) return target;
  throw new BelayError("defect", "target-none", "The config has no target.");
}
