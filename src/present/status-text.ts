import { bytesText } from "../preflight/judge-activity.js";
import { passedText } from "./pace-text.js";
import type { Paint } from "./paint.js";

/** Where everything stands, as it is printed and as the JSON document has it. */
export interface KeptView {
  readonly change: string;
  readonly how: string;
  readonly objects: readonly string[];
  readonly parts: readonly {
    readonly table: string;
    readonly column: string | null;
    readonly keptAs: string;
    readonly rows: number;
    readonly isEstimate: boolean;
    readonly bytes: number | null;
  }[];
}

export interface StatusView {
  readonly targets: readonly {
    readonly target: string;
    readonly unreachable: string | null;
    /** How many entries its ledger has. */
    readonly entries: number;
    /** Ids, in the order in which they were applied. */
    readonly applied: readonly string[];
    /** The same with what the ledger says of them. */
    readonly live: readonly { readonly id: string; readonly title: string; readonly at: string; readonly by: string }[];
    readonly pending: readonly string[];
    readonly held: readonly {
      readonly id: string;
      readonly why: string;
      readonly detail: string;
      readonly by: string;
      readonly at: string;
    }[];
    readonly open: {
      readonly id: string;
      readonly direction: string;
      readonly done: number;
      readonly sections: number;
    } | null;
    readonly watermark: {
      readonly key: readonly string[];
      readonly aboutRows: number | null;
      readonly seenRows: number;
      readonly changedRows: number;
    } | null;
    readonly kept: readonly KeptView[];
    readonly drift: readonly { readonly message: string }[] | null;
    readonly artifacts: readonly {
      readonly change: string;
      readonly state: "warm" | "stale" | "broken";
      readonly reason?: string;
    }[];
  }[];
  readonly rollouts: readonly {
    readonly id: string;
    readonly startedAt: string;
    readonly startedBy: string;
    readonly state: string;
    readonly changes: readonly string[];
    readonly stages: readonly { readonly name: string; readonly state: string }[];
    readonly standing: readonly { readonly target: string; readonly applied: readonly string[] }[];
  }[];
}

export function statusText(view: StatusView, paint: Paint): readonly string[] {
  const lines: string[] = [];
  for (const target of view.targets) lines.push(...targetText(target, paint), "");
  for (const rollout of view.rollouts) {
    lines.push(
      `${paint.strong(`rollout ${rollout.id}`)} ${paint.warn(rollout.state)}, begun ${short(rollout.startedAt)} by ${rollout.startedBy}`,
    );
    for (const { name, state } of rollout.stages) lines.push(`  stage ${name}: ${state}`);
  }
  const cold = view.targets[0]?.artifacts.filter(({ state }) => state !== "warm") ?? [];
  for (const { change, state, reason } of cold)
    lines.push(`${paint.warn(`artifact ${state}`)} ${change}: ${reason ?? ""}`);
  return lines;
}

function targetText(target: StatusView["targets"][number], paint: Paint): readonly string[] {
  if (target.unreachable !== null) return [`${paint.strong(target.target)}  ${paint.bad(target.unreachable)}`];
  const drifted = target.drift !== null && target.drift.length > 0;
  const lines = [`${paint.strong(target.target)}${drifted ? `  ${paint.bad("drift")}` : ""}`];
  for (const { id, at, by } of target.live)
    lines.push(`  ${paint.good("applied")} ${id} ${paint.dim(`${short(at)} by ${by}`)}`);
  for (const id of target.pending.filter((pending) => !target.held.some((held) => held.id === pending)))
    lines.push(`  ${paint.accent("pending")} ${id}`);
  for (const { id, why, at, by, detail } of target.held)
    lines.push(`  ${paint.warn("held   ")} ${id} ${paint.dim(`${why} ${short(at)} by ${by}: ${detail}`)}`);
  if (target.open !== null)
    lines.push(
      `  ${paint.bad("cut off")} ${target.open.id} half-way ${target.open.direction}: the next command settles it`,
    );
  if (target.watermark !== null)
    lines.push(
      `  ${paint.dim(`batches by ${target.watermark.key.join(", ")}: ${passedText(target.watermark)} are done`)}`,
    );
  for (const kept of target.kept) lines.push(`  ${paint.dim(`kept    ${keptText(kept)}`)}`);
  for (const { message } of target.drift ?? []) lines.push(`  ${paint.bad("drift  ")} ${message}`);
  if (lines.length === 1) lines.push(paint.dim("  nothing is applied, and nothing is pending"));
  return lines;
}

/** A time to the second. */
function short(at: string): string {
  return at.slice(0, 19).replace("T", " ");
}

/** What is kept, where, and how much it is. */
export function keptText({ how, objects, parts }: KeptView): string {
  const places = parts.map(({ table, column, keptAs, rows, isEstimate, bytes }) => {
    const place = how === "hidden" && column !== null ? `in ${table} as ${keptAs}` : `in belay_kept.${keptAs}`;
    return [`${isEstimate ? "about " : ""}${rows} rows`, place, ...(bytes === null ? [] : [bytesText(bytes)])].join(
      ", ",
    );
  });
  return [`${objects.join(", ")} (${how})`, ...places].join(": ");
}
