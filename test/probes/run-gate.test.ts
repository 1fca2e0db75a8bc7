import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { gateDefaults, type Gate } from "../../src/gate/gate.js";
import type { Measurement } from "../../src/gate/measurement.js";
import type { Reading } from "../../src/gate/reading.js";
import { judge } from "../../src/gate/verdict.js";
import { runGate } from "../../src/rollout/run-gate.js";

const gate: Gate = gateDefaults(
  {
    name: "errors",
    probe: { kind: "sql", query: "select 0" },
    phases: ["after"],
    success: { max: 0 },
    initialDelayMs: 7,
    intervalMs: 5,
  },
  "after",
);

/** Reads the given values in turn; null is an error of the probe. The last one is repeated. */
function reader(values: readonly (number | null)[]): () => Promise<Reading> {
  let next = 0;
  return async () => {
    const value = values[Math.min(next, values.length - 1)] ?? null;
    const taken = { at: new Date(Date.UTC(2026, 0, 1) + next * 1_000).toISOString(), latencyMs: 1 };
    next += 1;
    return value === null ? { kind: "error", message: "broken", ...taken } : { kind: "value", value, ...taken };
  };
}

describe("a gate that runs", () => {
  it("waits its initial delay once and its interval between measurements, and stops with its verdict", async () => {
    const waits: number[] = [];
    const run = await runGate(gate, { measure: reader([0, 1, 0]), wait: async (ms) => void waits.push(ms) });
    expect(run.verdict.kind).toBe("pass");
    expect(run.cancelled).toBe(false);
    expect(run.measurements.map(({ value }) => value)).toEqual([0, 1, 0, 0, 0, 0, 0, 0]);
    expect(waits).toEqual([7, 5, 5, 5, 5, 5, 5, 5]);
  });

  it("tells of each measurement with the verdict so far", async () => {
    const told: string[] = [];
    const onMeasurement = (measurement: Measurement, verdict: { kind: string }): void => {
      told.push(`${measurement.outcome} ${verdict.kind}`);
    };
    await runGate(gate, { measure: reader([1]), wait: async () => undefined, onMeasurement });
    expect(told).toEqual(["failure pending", "failure pending", "failure fail"]);
  });

  it("goes on where an interruption left it, and the end is the same", async () => {
    const values = fc.array(fc.constantFrom(0, 0, 0, 1, null), { minLength: 40, maxLength: 40 });
    await fc.assert(
      fc.asyncProperty(values, fc.nat({ max: 10 }), async (readings, interruptedAfter) => {
        const whole = await runGate(gate, { measure: reader(readings), wait: async () => undefined });
        const alreadyTaken = whole.measurements.slice(0, interruptedAfter);
        const measure = reader(readings);
        for (let skipped = 0; skipped < alreadyTaken.length; skipped += 1) await measure();
        expect(await runGate(gate, { measure, wait: async () => undefined, alreadyTaken })).toEqual(whole);
        expect(judge(gate, whole.measurements)).toEqual(whole.verdict);
      }),
    );
  });

  it("measures nothing where the verdict is there already", async () => {
    const { measurements } = await runGate(gate, { measure: reader([1]), wait: async () => undefined });
    const run = await runGate(gate, { measure: forbidden, wait: forbidden, alreadyTaken: measurements });
    expect(run.verdict.kind).toBe("fail");
  });

  it("throws what the measuring throws: that is a defect and no reading", async () => {
    await expect(runGate(gate, { measure: forbidden, wait: async () => undefined })).rejects.toThrow("forbidden");
    await expect(runGate(gate, { measure: reader([0]), wait: forbidden })).rejects.toThrow("forbidden");
  });
});

describe("a gate that is cancelled has not passed", () => {
  const cancelled = { cancelled: true, verdict: { kind: "inconclusive" } };

  it("before its first measurement", async () => {
    const run = await runGate(gate, { measure: forbidden, wait: forbidden, signal: AbortSignal.abort() });
    expect(run).toMatchObject({
      ...cancelled,
      measurements: [],
      verdict: { reason: "cancelled after 0 measurements" },
    });
  });

  it("in a measurement, whose reading is not kept", async () => {
    const abort = new AbortController();
    const read = reader([0]);
    const measure = async (): Promise<Reading> => {
      const reading = await read();
      if (reading.at.endsWith("07.000Z")) abort.abort();
      return reading;
    };
    const run = await runGate(gate, { measure, wait: async () => undefined, signal: abort.signal });
    expect(run).toMatchObject(cancelled);
    expect(run.measurements).toHaveLength(7);
  });

  it.each(["ends early", "throws"])("in a wait that %s", async (how) => {
    const abort = new AbortController();
    const wait = async (ms: number): Promise<void> => {
      if (ms !== gate.intervalMs) return;
      abort.abort();
      if (how === "throws") abort.signal.throwIfAborted();
    };
    const run = await runGate(gate, { measure: reader([0]), wait, signal: abort.signal });
    expect(run).toMatchObject(cancelled);
    expect(run.measurements).toHaveLength(1);
  });

  it("while one that has its verdict keeps it", async () => {
    const abort = new AbortController();
    const onMeasurement = (_measurement: Measurement, { kind }: { kind: string }): void => {
      if (kind === "pass") abort.abort();
    };
    const options = { measure: reader([0]), wait: async () => undefined, signal: abort.signal, onMeasurement };
    expect(await runGate(gate, options)).toMatchObject({ cancelled: false, verdict: { kind: "pass" } });
  });
});

async function forbidden(): Promise<never> {
  throw new TypeError("forbidden");
}
