import type { Gate } from "./gate.js";
import type { Measurement } from "./measurement.js";

export interface FinalVerdict {
  readonly kind: "pass" | "fail" | "inconclusive" | "error";
  readonly reason: string;
}

/**
 * - `pass`: all measurements are taken, no limit was reached, and the last `consecutiveSuccess` are good.
 * - `fail`: a limit on failures was reached.
 * - `inconclusive`: too little is known; it holds and asks.
 * - `error`: the probe is broken; it holds and asks.
 */
export type Verdict = { readonly kind: "pending" } | FinalVerdict;

interface Tally {
  /** All but errors. */
  readonly measured: number;
  readonly failures: number;
  readonly inconclusives: number;
  readonly failuresInARow: number;
  readonly successesInARow: number;
  readonly errorsInARow: number;
  readonly firstAt: string | undefined;
}

const NOTHING: Tally = {
  measured: 0,
  failures: 0,
  inconclusives: 0,
  failuresInARow: 0,
  successesInARow: 0,
  errorsInARow: 0,
  firstAt: undefined,
};

/**
 * The verdict of a gate on its measurements, in the order in which they were taken. The first verdict that is reached stays:
 * measurements after it change nothing. No measurement gives no verdict, so a gate that was never asked, or that was cancelled
 * half-way, has not passed.
 *
 * An error is a measurement that was not made: it is taken again, counts for nothing but `consecutiveErrorLimit`, and breaks no row
 * of the others.
 */
export function judge(gate: Gate, measurements: readonly Measurement[]): Verdict {
  let tally = NOTHING;
  for (const measurement of measurements) {
    tally = count(tally, measurement);
    const verdict = trip(gate, tally, measurement) ?? conclude(gate, tally, measurement);
    if (verdict !== undefined) return verdict;
  }
  return { kind: "pending" };
}

function count(tally: Tally, { outcome, at }: Measurement): Tally {
  if (outcome === "error") return { ...tally, errorsInARow: tally.errorsInARow + 1 };
  return {
    measured: tally.measured + 1,
    failures: tally.failures + (outcome === "failure" ? 1 : 0),
    inconclusives: tally.inconclusives + (outcome === "inconclusive" ? 1 : 0),
    failuresInARow: outcome === "failure" ? tally.failuresInARow + 1 : 0,
    successesInARow: outcome === "success" ? tally.successesInARow + 1 : 0,
    errorsInARow: 0,
    firstAt: tally.firstAt ?? at,
  };
}

/** The limit that this measurement reaches. Only the kind that it is can trip: a limit of 0 is reached by the first of its kind. */
function trip(gate: Gate, tally: Tally, measurement: Measurement): FinalVerdict | undefined {
  const because = measurement.detail === undefined ? "" : `: ${measurement.detail}`;
  switch (measurement.outcome) {
    case "success":
      return undefined;
    case "failure":
      if (tally.failuresInARow >= gate.consecutiveFailureLimit) {
        return { kind: "fail", reason: `${counted(tally.failuresInARow, "failure")} in a row${because}` };
      }
      if (tally.failures < gate.failureLimit) return undefined;
      return { kind: "fail", reason: `${counted(tally.failures, "failure")} in all${because}` };
    case "inconclusive":
      if (tally.inconclusives < gate.inconclusiveLimit) return undefined;
      return { kind: "inconclusive", reason: `${counted(tally.inconclusives, "inconclusive measurement")}${because}` };
    case "error":
      if (tally.errorsInARow < gate.consecutiveErrorLimit) return undefined;
      return { kind: "error", reason: `${counted(tally.errorsInARow, "error")} of the probe in a row${because}` };
  }
}

/** What stands at the end, once all measurements are taken. */
function conclude(gate: Gate, tally: Tally, measurement: Measurement): FinalVerdict | undefined {
  if (measurement.outcome === "error" || !isComplete(gate, tally, measurement)) return undefined;
  const needed = Math.max(1, gate.consecutiveSuccess);
  const measured = counted(tally.measured, "measurement");
  if (tally.successesInARow >= needed) {
    return { kind: "pass", reason: `${measured}, the last ${tally.successesInARow} good` };
  }
  const last = measurement.detail === undefined ? "" : `, the last one: ${measurement.detail}`;
  return {
    kind: "inconclusive",
    reason: `${measured}, only ${tally.successesInARow} of ${needed} good at the end${last}`,
  };
}

function isComplete(gate: Gate, tally: Tally, measurement: Measurement): boolean {
  const { measurements } = gate;
  switch (measurements.kind) {
    case "count":
      return tally.measured >= measurements.count;
    case "duration":
      return Date.parse(measurement.at) - Date.parse(tally.firstAt ?? measurement.at) >= measurements.durationMs;
  }
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}
