import * as fc from "fast-check";
import { gateDefaults, type Gate, type GateSpecification } from "../../src/gate/gate.js";
import type { Measurement, Outcome } from "../../src/gate/measurement.js";

export function gateOf(specification: Partial<GateSpecification> = {}): Gate {
  return gateDefaults(
    {
      name: "errors",
      probe: { kind: "sql", query: "select 0" },
      phases: ["after"],
      success: { max: 0 },
      ...specification,
    },
    specification.phases?.[0] ?? "after",
  );
}

/** A series of measurements a second apart, one for each letter: success, failure, inconclusive, error. */
export function series(letters: string): readonly Measurement[] {
  const outcomes: Record<string, Outcome> = { S: "success", F: "failure", I: "inconclusive", E: "error" };
  return [...letters].map((letter, second) => ({
    at: new Date(Date.UTC(2026, 0, 1) + second * 1_000).toISOString(),
    value: second,
    latencyMs: 1,
    outcome: outcomes[letter] ?? "error",
  }));
}

export const lettersArbitrary = fc.string({ unit: fc.constantFrom("S", "S", "S", "F", "I", "E"), maxLength: 30 });

/** Any sound gate: by count or by duration, with any limits. */
export const gateArbitrary: fc.Arbitrary<Gate> = fc
  .record({
    count: fc.integer({ min: 1, max: 12 }),
    durationMs: fc.option(fc.integer({ min: 1, max: 12_000 })),
    consecutiveFailureLimit: fc.integer({ min: 0, max: 6 }),
    failureLimit: fc.integer({ min: 0, max: 8 }),
    consecutiveSuccess: fc.integer({ min: 1, max: 4 }),
    inconclusiveLimit: fc.integer({ min: 0, max: 8 }),
    consecutiveErrorLimit: fc.integer({ min: 0, max: 4 }),
  })
  .map(({ count, durationMs, consecutiveSuccess, ...limits }) =>
    gateOf({
      ...limits,
      measurements: durationMs === null ? { kind: "count", count } : { kind: "duration", durationMs },
      consecutiveSuccess: durationMs === null ? Math.min(consecutiveSuccess, count) : consecutiveSuccess,
    }),
  );
