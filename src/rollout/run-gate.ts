import type { Gate } from "../gate/gate.js";
import { evaluate, type Measurement } from "../gate/measurement.js";
import type { Reading } from "../gate/reading.js";
import { judge, type FinalVerdict, type Verdict } from "../gate/verdict.js";

export interface RunGateOptions {
  readonly measure: () => Promise<Reading>;
  /** Waits so many ms; it may end early, or throw, when the signal is aborted. */
  readonly wait: (ms: number) => Promise<void>;
  readonly onMeasurement?: ((measurement: Measurement, verdictSoFar: Verdict) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Measurements of the same gate from before an interruption, oldest first: they count. */
  readonly alreadyTaken?: readonly Measurement[] | undefined;
}

export interface GateRun {
  readonly verdict: FinalVerdict;
  /** All of them, those already taken first. */
  readonly measurements: readonly Measurement[];
  /** Whether the signal ended it before it had a verdict; it has not passed then, and its verdict is inconclusive. */
  readonly cancelled: boolean;
}

/** Measures until the gate has a verdict, or until the signal: a reading that an abort cut short is not kept. */
export async function runGate(gate: Gate, options: RunGateOptions): Promise<GateRun> {
  const measurements: Measurement[] = [...(options.alreadyTaken ?? [])];
  let verdict = judge(gate, measurements);
  while (verdict.kind === "pending") {
    const goesOn = await pause(measurements.length === 0 ? gate.initialDelayMs : gate.intervalMs, options);
    if (!goesOn) return cancelled(measurements);
    const reading = await options.measure();
    if (isAborted(options)) return cancelled(measurements);
    const measurement = evaluate(gate, reading);
    measurements.push(measurement);
    verdict = judge(gate, measurements);
    options.onMeasurement?.(measurement, verdict);
  }
  return { verdict, measurements, cancelled: false };
}

/** Whether the time has passed without an abort. */
async function pause(ms: number, options: RunGateOptions): Promise<boolean> {
  if (isAborted(options)) return false;
  try {
    if (ms > 0) await options.wait(ms);
  } catch (thrown) {
    // A timer with a signal ends by throwing; that is the abort itself, and nothing else may be hidden by it.
    if (!isAborted(options)) throw thrown;
  }
  return !isAborted(options);
}

function isAborted({ signal }: RunGateOptions): boolean {
  return signal?.aborted === true;
}

function cancelled(measurements: readonly Measurement[]): GateRun {
  const taken = measurements.length === 1 ? "1 measurement" : `${measurements.length} measurements`;
  return { verdict: { kind: "inconclusive", reason: `cancelled after ${taken}` }, measurements, cancelled: true };
}
