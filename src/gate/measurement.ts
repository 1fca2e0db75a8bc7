import { asksForStatus, checkConditions, type Truth } from "./conditions.js";
import type { Conditions, Gate, Scalar } from "./gate.js";
import type { Reading } from "./reading.js";

export type Outcome = "success" | "failure" | "inconclusive" | "error";

/** One measurement, as it is kept: plain JSON. */
export interface Measurement {
  readonly at: string;
  readonly value: Scalar;
  readonly latencyMs: number;
  readonly status?: number;
  readonly outcome: Outcome;
  /** Why the outcome is not a success. */
  readonly detail?: string;
}

interface Judgement {
  readonly outcome: Outcome;
  readonly detail?: string;
}

/**
 * Holds a gate's conditions against a reading.
 *
 * | success | failure | outcome |
 * |---|---|---|
 * | any | met | failure |
 * | met | unmet or not given | success |
 * | unmet | not given | failure |
 * | not given | unmet | success |
 * | unmet | unmet | inconclusive |
 * | unknown for lack of data | | inconclusive |
 * | unknown for an error | | error |
 */
export function evaluate(gate: Gate, reading: Reading): Measurement {
  const { outcome, detail } = judgeReading(gate, reading);
  return {
    at: reading.at,
    value: reading.kind === "value" ? storable(reading.value) : null,
    latencyMs: reading.latencyMs,
    ...(reading.status === undefined ? {} : { status: reading.status }),
    outcome,
    ...(detail === undefined ? {} : { detail }),
  };
}

function judgeReading(gate: Gate, reading: Reading): Judgement {
  if (reading.kind === "no-answer") return judgeNoAnswer(gate, reading.message);
  const unasked = unaskedStatus(gate, reading.status);
  if (unasked !== undefined) return { outcome: "error", detail: unasked };
  const check = (conditions: Conditions | null): Truth | undefined =>
    conditions === null ? undefined : checkConditions(conditions, reading);
  return combine(check(gate.success), check(gate.failure));
}

/**
 * An application that refuses connections, or does not answer in time, is what a health check is there to find: a gate that asks
 * about the status or the time has its answer, and it is a failure. A gate that only reads a number (a metric behind HTTP, a
 * count from a command) has learnt nothing about that number: its probe is broken, which says nothing about the database.
 */
function judgeNoAnswer(gate: Gate, detail: string): Judgement {
  const asks = [gate.success, gate.failure].some((given) => asksForStatus(given) || given?.maxMs !== undefined);
  return { outcome: asks ? "failure" : "error", detail };
}

/**
 * A status that no condition asks about must be the ordinary one (2xx, exit code 0). Otherwise the answer is not the one that the
 * gate was written for: a quick error page has not passed a check for speed, and its text is not the value.
 */
function unaskedStatus(gate: Gate, status: number | undefined): string | undefined {
  if (status === undefined || asksForStatus(gate.success) || asksForStatus(gate.failure)) return undefined;
  const ordinary = gate.probe.kind === "http" ? status >= 200 && status < 300 : status === 0;
  return ordinary ? undefined : `status ${status}, and the gate says nothing about the status`;
}

function combine(success: Truth | undefined, failure: Truth | undefined): Judgement {
  if (failure?.kind === "met") return { outcome: "failure", detail: "the failure condition is met" };
  for (const kind of ["error", "no-data"] as const) {
    const unknown = [success, failure].find((truth) => truth?.kind === kind);
    if (unknown?.kind === kind) return { outcome: kind === "error" ? "error" : "inconclusive", detail: unknown.detail };
  }
  if (success === undefined && failure === undefined)
    return { outcome: "inconclusive", detail: "there is no condition" };
  if (success?.kind !== "unmet") return { outcome: "success" };
  return { outcome: failure === undefined ? "failure" : "inconclusive", detail: success.detail };
}

/** JSON has no infinity; its name is kept instead. */
function storable(value: Scalar): Scalar {
  return typeof value === "number" && !Number.isFinite(value) ? String(value) : value;
}
