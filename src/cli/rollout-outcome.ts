import { rolloutText } from "../present/rollout-text.js";
import type { Paint } from "../present/paint.js";
import type { RolloutResult } from "../rollout/result.js";
import type { Outcome } from "./conduct.js";
import { exitCode } from "./exit-code.js";

/** A rollout's result as a command's: its lines, its document and its exit code. */
export function rolloutOutcome(result: RolloutResult, paint: Paint, asked: "rollout" | "abort"): Outcome {
  const { rollout, outcome, targets, gates, failure, waiting, notBack } = result;
  const data = {
    rollout,
    targets,
    gates,
    ...(failure && { failure }),
    ...(waiting && { waiting }),
    ...(notBack.length > 0 && { notBack }),
  };
  const error = errorOf(result);
  return {
    outcome,
    exitCode: exitCodeFor(result, asked),
    data,
    lines: rolloutText(result, paint),
    ...(error && { error }),
  };
}

function exitCodeFor(result: RolloutResult, asked: "rollout" | "abort"): number {
  switch (result.outcome) {
    case "completed":
      return 0;
    case "rolled_back":
      return exitCode["rolled-back"];
    case "rollback_failed":
      return exitCode["not-back"];
    case "refused":
      return exitCode.refused;
    case "paused":
      return exitCode.paused;
    case "aborted":
      if (result.interrupted) return exitCode.interrupted;
      return asked === "abort" ? 0 : exitCode["rolled-back"];
  }
}

/** A document that did not go well says why under `error`, and what to do next. */
function errorOf({ rollout, outcome, failure, waiting, notBack }: RolloutResult): Outcome["error"] | null {
  if (outcome === "completed" || outcome === "aborted") return null;
  if (waiting !== null) return { code: `waits-for-${waiting.kind}`, message: waiting.message, hint: waiting.hint };
  const message = failure?.message ?? notBack.map(({ target, reason }) => `${target}: ${reason}`).join("; ");
  const code = outcome.replaceAll("_", "-");
  switch (outcome) {
    case "rolled_back":
      return {
        code,
        message,
        hint: 'correct the change, or release what is held: belay retry <change> --reason "<why>"',
      };
    case "rollback_failed":
      return { code, message, hint: `belay abort ${rollout} tries the way back again; belay drift shows what differs` };
    case "refused":
    case "paused":
      return { code, message };
  }
}
