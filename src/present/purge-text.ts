import type { Paint } from "./paint.js";
import { keptText, type KeptView } from "./status-text.js";

export interface PurgeView {
  readonly target: string;
  readonly purge: readonly (KeptView & { readonly at: string; readonly endsWayBack: boolean })[];
  readonly stays: number;
}

/** What is past its time, what that means, and what stays. */
export function purgeText(targets: readonly PurgeView[], paint: Paint, done: boolean): readonly string[] {
  const lines: string[] = [];
  for (const { target, purge, stays } of targets) {
    lines.push(paint.strong(target));
    for (const kept of purge) {
      const since = paint.dim(`since ${kept.at.slice(0, 19).replace("T", " ")} by ${kept.change}`);
      lines.push(`  ${paint.bad(done ? "purged" : "purge ")} ${keptText(kept)} ${since}`);
      if (kept.endsWayBack)
        lines.push(`         ${paint.bad("its change is applied: no way back brings that back afterwards")}`);
    }
    if (purge.length === 0) lines.push(paint.good("  nothing is past its time"));
    if (stays > 0) lines.push(paint.dim(`  ${stays} more stay kept`));
  }
  return lines;
}
