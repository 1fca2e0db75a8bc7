import type { Blocker, Progress } from "../progress.js";
import { durationText, shortStatement } from "./duration-text.js";
import { paceText } from "./pace-text.js";
import type { Paint } from "./paint.js";

/** What a piece of progress does to the screen: a line that stays, or one that shows what is going on now. */
export interface ProgressLine {
  readonly kind: "line" | "now";
  readonly text: string;
}

/** A piece of progress as text; null where it says nothing to a person. */
export function progressText(progress: Progress, paint: Paint): ProgressLine | null {
  switch (progress.kind) {
    case "note":
      return line(`${where(progress.target)}${paint.dim(progress.message)}`);
    case "warning":
      return line(`${where(progress.target)}${paint.warn(progress.message)}`);
    case "target-started":
      return line(`${paint.strong(progress.target)}  ${plural(progress.changes, "change")} to apply`);
    case "step-started":
      return now(`${where(progress.target)}${shortStatement(progress.statement)}`);
    case "step-progress": {
      const share = progress.total > 0 ? ` ${Math.floor((progress.done / progress.total) * 100)} %` : "";
      return now(`${where(progress.target)}${shortStatement(progress.statement, 48)}: ${progress.phase}${share}`);
    }
    case "step-done":
      return null;
    case "waiting":
      return now(
        `${where(progress.target)}waiting ${durationText(progress.waitedMs)} for a lock: ${shortStatement(progress.statement, 48)}${blockersText(progress.blockers)}`,
      );
    case "blocker-ended":
      return line(
        `${where(progress.target)}${paint.warn(progress.how)} ${blockerText(progress.blocker)} ${paint.dim("as --terminate-blockers asked")}`,
      );
    case "batch-done": {
      const said = `${where(progress.target)}${shortStatement(progress.statement, 48)}: ${paceText(progress.pace)}`;
      return progress.pace.finished ? line(paint.dim(said)) : now(said);
    }
    case "throttled":
      return line(
        progress.held
          ? `${where(progress.target)}${paint.warn("held")} by the gate ${progress.gate}: ${progress.reason}`
          : `${where(progress.target)}${paint.good("goes on:")} the gate ${progress.gate} is green again`,
      );
    case "change-done": {
      const what = progress.direction === "up" ? paint.good("applied") : paint.warn("taken back");
      return line(
        `${where(progress.target)}${what} ${progress.change} ${paint.dim(durationText(progress.durationMs))}`,
      );
    }
    case "measured": {
      const { value, outcome, latencyMs } = progress.measurement;
      return now(
        `${where(progress.target)}gate ${progress.gate} ${progress.phase}: ${String(value)} ${outcome} ${paint.dim(durationText(latencyMs))}`,
      );
    }
    case "gate-decided": {
      const verdict = progress.verdict === "pass" ? paint.good("pass") : paint.bad(progress.verdict);
      return line(
        `${where(progress.target)}gate ${progress.gate} ${progress.phase}: ${verdict} ${paint.dim(progress.reason)}`,
      );
    }
    case "baking":
      return now(`stage ${progress.stage} bakes for ${durationText(progress.remainingMs)} more`);
    case "stage-done":
      return line(`stage ${paint.strong(progress.stage)} ${paint.good("done")}`);
    case "turning-back":
      return line(`${paint.bad("going back:")} ${progress.message}`);
    case "proved-back":
      return line(
        progress.equal
          ? `${where(progress.target)}${paint.good("proved back:")} the catalog is what it was`
          : notBack(progress.target, progress.differences, paint),
      );
    case "rehearsing":
      return line(paint.strong(`rehearsing ${progress.change}`));
    case "assertion": {
      const mark = progress.passed ? paint.good("✓") : paint.bad("✗");
      return line(`  ${mark} ${progress.name} ${paint.dim(progress.detail)}`);
    }
  }
}

function notBack(target: string, differences: readonly string[], paint: Paint): string {
  return [
    `${where(target)}${paint.bad("NOT back:")} the catalog differs`,
    ...differences.map((one) => `    ${one}`),
  ].join("\n");
}

function blockersText(blockers: readonly Blocker[]): string {
  const [first] = blockers;
  if (first === undefined) return "";
  const more = blockers.length > 1 ? ` and ${blockers.length - 1} more` : "";
  return `, held by ${blockerText(first)}${more}`;
}

/** Who stands in the way, for a person. */
function blockerText({ kind, pid, user, application, state, ageSeconds, query, detail }: Blocker): string {
  const age = `${Math.round(ageSeconds)} s`;
  if (kind === "prepared transaction") return `a prepared transaction of ${user}, ${age}: ${detail}`;
  const said = detail === "" ? shortStatement(query, 40) : detail;
  if (kind !== "session") return `${kind} ${pid}, ${age}: ${said}`;
  return `process ${pid} ${user}${application === "" ? "" : ` (${application})`}, ${state}, ${age}: ${said}`;
}

function where(target: string | null): string {
  return target === null ? "" : `${target}  `;
}

export function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}

function line(text: string): ProgressLine {
  return { kind: "line", text };
}

function now(text: string): ProgressLine {
  return { kind: "now", text };
}
