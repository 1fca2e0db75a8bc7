import { durationText, shortStatement } from "./duration-text.js";
import type { Paint } from "./paint.js";

interface RehearsalView {
  readonly change: string;
  readonly outcome: "proven" | "failed";
  readonly assertions: readonly { readonly name: string; readonly passed: boolean; readonly detail: string }[];
  readonly locks: readonly {
    readonly statement: string;
    readonly mode: string;
    readonly relation: string;
    readonly heldMs: number;
  }[];
  readonly durationMs: { readonly up: number; readonly down: number };
}

/** Table lock modes, the weakest first (manual, 13.3.1). The first three let reads and writes pass, and are not worth a line. */
const modes = [
  "ACCESS SHARE", "ROW SHARE", "ROW EXCLUSIVE", "SHARE UPDATE EXCLUSIVE", "SHARE", "SHARE ROW EXCLUSIVE", "EXCLUSIVE", "ACCESS EXCLUSIVE",
]; // prettier-ignore
const weakest = 3;

export function rehearsalText(changes: readonly RehearsalView[], paint: Paint): readonly string[] {
  if (changes.length === 0) return ["No change is pending: there is nothing to rehearse."];
  const lines: string[] = [];
  for (const change of changes) {
    const outcome = change.outcome === "proven" ? paint.good("proven") : paint.bad("failed");
    const { up, down } = change.durationMs;
    lines.push(`${outcome} ${paint.strong(change.change)}  up ${durationText(up)}, down ${durationText(down)}`);
    for (const { name, detail } of change.assertions.filter(({ passed }) => !passed))
      lines.push(`  ${paint.bad("✗")} ${name}: ${detail}`);
    lines.push(...locksText(change, paint));
  }
  if (changes.some(({ outcome }) => outcome === "failed")) return lines;
  return [...lines, "", `${paint.accent("next")}  belay rollout`];
}

/** The strongest lock on each relation, with the longest time for which it was held. */
function locksText(change: RehearsalView, paint: Paint): readonly string[] {
  const strongest = new Map<string, RehearsalView["locks"][number]>();
  for (const lock of change.locks.filter(({ mode }) => modes.indexOf(mode) >= weakest)) {
    const known = strongest.get(lock.relation);
    if (known === undefined || rank(lock) > rank(known)) strongest.set(lock.relation, lock);
  }
  return [...strongest.values()].map(({ statement, mode, relation, heldMs }) =>
    paint.dim(`  lock ${mode} on ${relation} for ${durationText(heldMs)}: ${shortStatement(statement, 60)}`),
  );
}

/** By mode first, then by time. */
function rank({ mode, heldMs }: RehearsalView["locks"][number]): number {
  return modes.indexOf(mode) * 1e9 + heldMs;
}
