import type { Conditions, Scalar } from "./gate.js";
import type { Reading } from "./reading.js";
import { numberOf } from "./scalar.js";

/** Whether conditions are met by a reading; `no-data` and `error` where that cannot be known. */
export type Truth =
  | { readonly kind: "met" }
  | { readonly kind: "unmet"; readonly detail: string }
  | { readonly kind: "no-data"; readonly detail: string }
  | { readonly kind: "error"; readonly detail: string };

type Answer = Exclude<Reading, { readonly kind: "no-answer" }>;

const MET: Truth = { kind: "met" };

/**
 * Checks every condition and takes the weakest: one that is known to be unmet decides, whatever is unknown beside it (a 502 page
 * that is no JSON is a wrong status first of all).
 */
export function checkConditions(conditions: Conditions, reading: Answer): Truth {
  const truths = [
    checkStatus(conditions, reading),
    checkLatency(conditions, reading),
    checkValue(conditions.max, reading, checkMax),
    checkValue(conditions.min, reading, checkMin),
    checkValue(conditions.equals, reading, checkEquals),
  ];
  const first = (kind: Truth["kind"]): Truth | undefined => truths.find((truth) => truth.kind === kind);
  return first("unmet") ?? first("error") ?? first("no-data") ?? MET;
}

/** Whether conditions say something about the status. */
export function asksForStatus(conditions: Conditions | null): boolean {
  return conditions?.status !== undefined;
}

function checkStatus({ status }: Conditions, reading: Answer): Truth {
  if (status === undefined) return MET;
  if (reading.status === undefined) return unknown(reading, "there is no status");
  const wanted = typeof status === "number" ? [status] : status;
  if (wanted.includes(reading.status)) return MET;
  return { kind: "unmet", detail: `status ${reading.status} is not ${wanted.join(" or ")}` };
}

function checkLatency({ maxMs }: Conditions, reading: Answer): Truth {
  if (maxMs === undefined) return MET;
  if (reading.kind === "error") return unknown(reading, "there is no latency");
  if (reading.latencyMs <= maxMs) return MET;
  return { kind: "unmet", detail: `${Math.round(reading.latencyMs)} ms is above ${maxMs} ms` };
}

function checkValue<T>(wanted: T | undefined, reading: Answer, check: (wanted: T, value: Scalar) => Truth): Truth {
  if (wanted === undefined) return MET;
  if (reading.kind !== "value") return unknown(reading, "there is no value");
  if (reading.value === null && wanted !== null) return { kind: "no-data", detail: "the value is null" };
  return check(wanted, reading.value);
}

function checkMax(max: number, value: Scalar): Truth {
  const number = numberOf(value);
  if (number === undefined) return notANumber("max", value);
  return number <= max ? MET : { kind: "unmet", detail: `${number} is above the max of ${max}` };
}

function checkMin(min: number, value: Scalar): Truth {
  const number = numberOf(value);
  if (number === undefined) return notANumber("min", value);
  return number >= min ? MET : { kind: "unmet", detail: `${number} is below the min of ${min}` };
}

function checkEquals(wanted: Scalar, value: Scalar): Truth {
  const same =
    typeof wanted === "number"
      ? numberOf(value) === wanted
      : typeof wanted === "string"
        ? String(value) === wanted
        : value === wanted;
  return same ? MET : { kind: "unmet", detail: `${shown(value)} is not ${shown(wanted)}` };
}

function unknown(reading: Answer, absent: string): Truth {
  switch (reading.kind) {
    case "value":
      return { kind: "error", detail: absent };
    case "no-data":
      return { kind: "no-data", detail: reading.message };
    case "error":
      return { kind: "error", detail: reading.message };
  }
}

function notANumber(condition: "max" | "min", value: Scalar): Truth {
  if (typeof value === "number") return { kind: "no-data", detail: "the value is NaN" };
  return { kind: "error", detail: `${condition} needs a number, and the value is ${shown(value)}` };
}

/** A value cut to what fits in a line. */
function shown(value: Scalar): string {
  const text = JSON.stringify(value);
  return text.length > 80 ? `${text.slice(0, 79)}…` : text;
}
