import type { Entry } from "../journal/entry.js";
import { describeIdentity, isSameDatabase, type Identity } from "./identity.js";
import { refuse, type Finding } from "./finding.js";

/** The database that a ledger knows as its own. */
export interface Home {
  readonly identity: Identity;
  readonly at: string;
}

/** Null where the ledger was never told: no rollout went there, or only one of an earlier version. */
export function homeOf(entries: readonly Entry[]): Home | null {
  for (const { kind, body, at } of entries.toReversed()) {
    if (kind !== "target-started" && kind !== "copy-accepted") continue;
    if (body.identity !== undefined) return { identity: body.identity, at };
  }
  return null;
}

/** A ledger knows by which name its database was rolled out to: production, under the name of staging, is not the place that was meant. */
export function judgeName(target: string, here: Identity, entries: readonly Entry[]): readonly Finding[] {
  const last = entries.findLast((entry) => entry.kind === "target-started" && entry.body.identity !== undefined);
  if (last?.kind !== "target-started" || last.body.identity === undefined) return [];
  if (last.body.target === target || !isSameDatabase(last.body.identity, here)) return [];
  const message = `this is the database that ${last.body.target} was (${describeIdentity(here)}), last at ${last.at}.`;
  const hint = `Correct the url. If the target was renamed, say so: --accept-renamed ${target}`;
  return [refuse("target-mistaken", target, message, hint)];
}

/** A ledger is copied along with its database: what it says is applied was applied in the one that it knows. */
export function judgeHome(target: string, here: Identity, entries: readonly Entry[]): readonly Finding[] {
  const home = homeOf(entries);
  if (home === null || isSameDatabase(home.identity, here)) return [];
  const message = `the ledger is that of ${describeIdentity(home.identity)}, last at ${home.at}, but this is ${describeIdentity(here)}: a copy, or the same under a new name. Nothing was touched.`;
  const hint = `If it is to be taken back there (restored from a backup, moved, renamed), say so: --accept-copy ${target}`;
  return [refuse("target-copied", target, message, hint)];
}
