/**
 * A gate: a health check with a probe, limits and a schedule. What it says about a series of measurements is in `verdict.ts`.
 */

export type Phase = "before" | "during" | "after";

interface SqlProbe {
  readonly kind: "sql";
  /** One statement that reads. The first column of its first row is the value. */
  readonly query: string;
}

interface HttpProbe {
  readonly kind: "http";
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>> | undefined;
}

interface CommandProbe {
  readonly kind: "command";
  /** The executable and its arguments; no shell reads them. */
  readonly run: readonly string[];
}

export type Probe = SqlProbe | HttpProbe | CommandProbe;

/** What a probe can read as one value. `null` is an answer only for a gate that asks for it (`equals: null`). */
export type Scalar = string | number | boolean | null;

/** Conditions on one measurement. All that are given must hold for the whole to be met. */
export interface Conditions {
  /** The value is at most this. */
  readonly max?: number | undefined;
  /** The value is at least this. */
  readonly min?: number | undefined;
  readonly equals?: Scalar | undefined;
  /** The HTTP status, or the exit code of a command, is this or one of these. */
  readonly status?: number | readonly number[] | undefined;
  /** The whole answer was there within so many milliseconds. */
  readonly maxMs?: number | undefined;
  /** Where the value stands in a JSON answer: `data.items[0].count`. It holds for `success` and `failure` alike. */
  readonly jsonPath?: string | undefined;
}

type Measurements =
  { readonly kind: "count"; readonly count: number } | { readonly kind: "duration"; readonly durationMs: number };

/** How often a gate measures, and what ends it. A limit trips when it is reached; 0, like 1, trips at the first one. */
interface Schedule {
  readonly intervalMs: number;
  readonly timeoutMs: number;
  readonly initialDelayMs: number;
  readonly measurements: Measurements;
  readonly consecutiveFailureLimit: number;
  /** Failures in all, in a row or not. */
  readonly failureLimit: number;
  /** So many successes must stand at the end for the gate to pass. */
  readonly consecutiveSuccess: number;
  /** Inconclusive measurements in all. */
  readonly inconclusiveLimit: number;
  readonly consecutiveErrorLimit: number;
}

export interface Gate extends Schedule {
  readonly kind: "gate";
  readonly name: string;
  readonly probe: Probe;
  readonly phases: readonly Phase[];
  readonly success: Conditions | null;
  readonly failure: Conditions | null;
}

/** A gate whose probe is known to be of one kind. */
export type GateOf<K extends Probe["kind"]> = Gate & { readonly probe: Extract<Probe, { readonly kind: K }> };

/** A gate as its author wrote it: what is left out is filled in by `gateDefaults`, which depends on the phase. */
export type GateSpecification = Pick<Gate, "name" | "probe" | "phases"> & {
  readonly success?: Conditions | null | undefined;
  readonly failure?: Conditions | null | undefined;
} & { readonly [K in keyof Schedule]?: Schedule[K] | undefined };

const AFTER_COUNT = 8;
const AFTER_INTERVAL_MS = 15_000;
const BEFORE_INTERVAL_MS = 1_000;
const DURING_INTERVAL_MS = 2_000;
const TIMEOUT_MS = 10_000;

/**
 * Fills in what a specification leaves out.
 *
 * - `before`: one measurement, since somebody waits for it; an error of the probe is retried after a second.
 * - `during`: every two seconds, for as long as a change runs in batches; one good measurement after a bad one is enough.
 * - `after`: eight measurements, 15 s apart, or spread over the stage's bake where that is shorter; the last three must be good;
 *   three bad ones in a row or five in all fail.
 * - No limit and no needed success is above the number of measurements: a gate that measures once is decided by that one.
 * - A command without conditions is judged by its exit code, as every shell does it.
 *
 * @param bakeMs how long the stage bakes, in ms; undefined where it has no bake of its own.
 */
export function gateDefaults(specification: GateSpecification, phase: Phase, bakeMs?: number): Gate {
  const measurements = specification.measurements ?? { kind: "count", count: phase === "before" ? 1 : AFTER_COUNT };
  const intervalMs = specification.intervalMs ?? defaultIntervalMs(measurements, phase, bakeMs);
  const atMost = expectedCount(measurements, intervalMs);
  const unjudged = isUnjudged(specification);
  return {
    kind: "gate",
    name: specification.name,
    probe: specification.probe,
    phases: specification.phases,
    success: unjudged && specification.probe.kind === "command" ? { status: 0 } : (specification.success ?? null),
    failure: specification.failure ?? null,
    intervalMs,
    timeoutMs: specification.timeoutMs ?? defaultTimeoutMs(specification),
    initialDelayMs: specification.initialDelayMs ?? 0,
    measurements,
    consecutiveFailureLimit: specification.consecutiveFailureLimit ?? Math.min(3, atMost),
    failureLimit: specification.failureLimit ?? Math.min(5, atMost),
    consecutiveSuccess: specification.consecutiveSuccess ?? (phase === "during" ? 1 : Math.min(3, atMost)),
    inconclusiveLimit: specification.inconclusiveLimit ?? Math.min(5, atMost),
    consecutiveErrorLimit: specification.consecutiveErrorLimit ?? 3,
  };
}

/** Whether a specification gives no conditions at all. */
export function isUnjudged(specification: GateSpecification): boolean {
  return (specification.success ?? null) === null && (specification.failure ?? null) === null;
}

function defaultIntervalMs(measurements: Measurements, phase: Phase, bakeMs: number | undefined): number {
  if (phase === "during") return DURING_INTERVAL_MS;
  if (measurements.kind === "duration") {
    return Math.max(1, Math.min(AFTER_INTERVAL_MS, Math.floor(measurements.durationMs / (AFTER_COUNT - 1))));
  }
  if (phase === "before") return BEFORE_INTERVAL_MS;
  if (bakeMs === undefined || measurements.count < 2) return AFTER_INTERVAL_MS;
  return Math.min(AFTER_INTERVAL_MS, Math.floor(bakeMs / (measurements.count - 1)));
}

function expectedCount(measurements: Measurements, intervalMs: number): number {
  if (measurements.kind === "count") return measurements.count;
  return Math.max(1, Math.floor(measurements.durationMs / Math.max(1, intervalMs)) + 1);
}

/** A slow answer must be seen as slow, so the timeout leaves room above `maxMs`. */
function defaultTimeoutMs(specification: GateSpecification): number {
  return Math.max(TIMEOUT_MS, 2 * (specification.success?.maxMs ?? 0));
}
