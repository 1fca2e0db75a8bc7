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

/** Locks that let reads and writes pass are not worth a line. */
const weakLocks = new Set(["ACCESS SHARE", "ROW SHARE", "ROW EXCLUSIVE"]);

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
  const failed = changes.filter(({ outcome }) => outcome === "failed");
  if (failed.length > 0)
    return [...lines, "", "The way back is not what it says. Correct the pair, then belay build and belay rehearse."];
  return [...lines, "", `${paint.accent("next")}  belay rollout`];
}

function locksText(change: RehearsalView, paint: Paint): readonly string[] {
  const longest = new Map<string, RehearsalView["locks"][number]>();
  for (const lock of change.locks.filter(({ mode }) => !weakLocks.has(mode))) {
    const key = `${lock.relation} ${lock.mode}`;
    if (lock.heldMs >= (longest.get(key)?.heldMs ?? 0)) longest.set(key, lock);
  }
  return [...longest.values()].map(({ statement, mode, relation, heldMs }) =>
    paint.dim(`  lock ${mode} on ${relation} for ${durationText(heldMs)}: ${shortStatement(statement, 60)}`),
  );
}
