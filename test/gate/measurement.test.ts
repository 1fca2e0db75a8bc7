import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Conditions, Gate, Probe, Scalar } from "../../src/gate/gate.js";
import { evaluate, type Measurement } from "../../src/gate/measurement.js";
import type { Reading } from "../../src/gate/reading.js";
import { gateOf } from "./arbitraries.js";

const http: Probe = { kind: "http", url: "http://127.0.0.1/health" };
const command: Probe = { kind: "command", run: ["smoke"] };
const taken = { at: "2026-01-01T00:00:00.000Z", latencyMs: 12 };

function value(read: Scalar, status?: number): Reading {
  return { kind: "value", value: read, ...taken, ...(status === undefined ? {} : { status }) };
}

function gate(success: Conditions | null, failure: Conditions | null = null, probe?: Probe): Gate {
  return gateOf({ success, failure, ...(probe === undefined ? {} : { probe }) });
}

const outcome = (of: Gate, reading: Reading): Measurement["outcome"] => evaluate(of, reading).outcome;

describe("success and failure together", () => {
  it.each<[string, Conditions | null, Conditions | null, number, string]>([
    ["success met and failure not", { max: 5 }, { min: 10 }, 5, "success"],
    ["failure met", { max: 5 }, { min: 10 }, 10, "failure"],
    ["neither met", { max: 5 }, { min: 10 }, 7, "inconclusive"],
    ["both met: failure is stronger", { max: 20 }, { min: 10 }, 15, "failure"],
    ["only success given and not met", { max: 5 }, null, 6, "failure"],
    ["only failure given and not met", null, { min: 10 }, 9, "success"],
    ["only failure given and met", null, { min: 10 }, 10, "failure"],
  ])("%s", (_title, success, failure, read, expected) => {
    expect(outcome(gate(success, failure), value(read))).toBe(expected);
  });

  it("without any condition nothing is a success", () => {
    expect(outcome({ ...gate(null), success: null }, value(0))).toBe("inconclusive");
  });
});

describe("conditions", () => {
  it("must all hold", () => {
    const both = gate({ min: 1, max: 3 });
    expect([0, 1, 3, 4].map((read) => outcome(both, value(read)))).toEqual([
      "failure",
      "success",
      "success",
      "failure",
    ]);
  });

  it("maxMs holds up to and with its limit", () => {
    expect(outcome(gate({ maxMs: 12 }), value(null))).toBe("success");
    expect(outcome(gate({ maxMs: 11 }), value(null))).toBe("failure");
  });

  it("status is one or one of several", () => {
    expect(outcome(gate({ status: 200 }, null, http), value(null, 200))).toBe("success");
    expect(outcome(gate({ status: [200, 204] }, null, http), value(null, 204))).toBe("success");
    expect(outcome(gate({ status: [200, 204] }, null, http), value(null, 503))).toBe("failure");
  });

  it.each<[Scalar, Scalar, string]>([
    ["ok", "ok", "success"],
    ["ok", "OK", "failure"],
    ["1.10", "1.10", "success"],
    ["1.10", "1.1", "failure"],
    [0, 0, "success"],
    [0, "0", "success"],
    ["0", 0, "success"],
    [0, "", "failure"],
    [true, true, "success"],
    [true, false, "failure"],
    [null, null, "success"],
    [null, 0, "failure"],
  ])("equals %j against %j is a %s", (wanted, read, expected) => {
    expect(outcome(gate({ equals: wanted }), value(read))).toBe(expected);
  });

  it("a text where a number is needed is an error of the probe, not a verdict", () => {
    expect(evaluate(gate({ max: 0 }), value("00:00:05"))).toMatchObject({
      outcome: "error",
      detail: 'max needs a number, and the value is "00:00:05"',
    });
    expect(outcome(gate({ min: 0 }), value(""))).toBe("error");
    expect(outcome(gate({ max: 1 }), value(true))).toBe("error");
  });

  it("max and min split the numbers: one of them holds, and both only at the limit", () => {
    const finite = fc.double({ noNaN: true });
    fc.assert(
      fc.property(finite, finite, (limit, read) => {
        const below = outcome(gate({ max: limit }), value(read)) === "success";
        const above = outcome(gate({ min: limit }), value(read)) === "success";
        expect(below || above).toBe(true);
        expect(below && above).toBe(limit === read);
      }),
    );
  });
});

describe("what is not known", () => {
  it("no data is inconclusive, NaN and null are no data", () => {
    expect(outcome(gate({ max: 0 }), { kind: "no-data", message: "no row", ...taken })).toBe("inconclusive");
    expect(outcome(gate(null, { min: 1 }), { kind: "no-data", message: "no row", ...taken })).toBe("inconclusive");
    expect(outcome(gate({ max: 0 }), value(Number.NaN))).toBe("inconclusive");
    expect(outcome(gate({ max: 0 }), value(null))).toBe("inconclusive");
  });

  it("a broken probe is an error, whatever is asked", () => {
    const broken: Reading = { kind: "error", message: "unknown host", ...taken };
    for (const success of [{ max: 0 }, { maxMs: 300 }, { status: 200 }]) {
      expect(evaluate(gate(success, null, http), broken)).toMatchObject({ outcome: "error", detail: "unknown host" });
    }
  });

  it("no answer is a failure for a gate that asks about the status or the time", () => {
    const refused: Reading = { kind: "no-answer", message: "refused the connection", ...taken };
    expect(outcome(gate({ status: 200 }, null, http), refused)).toBe("failure");
    expect(outcome(gate({ maxMs: 300 }, null, http), refused)).toBe("failure");
    expect(outcome(gate(null, { status: [500, 503] }, http), refused)).toBe("failure");
  });

  it("no answer is an error for a gate that only reads a number", () => {
    const refused: Reading = { kind: "no-answer", message: "refused the connection", ...taken };
    expect(outcome(gate({ max: 0 }, null, http), refused)).toBe("error");
  });

  it("a wrong status is a failure even where the value cannot be read beside it", () => {
    const page: Reading = { kind: "error", message: "the answer is not JSON", status: 502, ...taken };
    const asks = gate({ status: 200, jsonPath: "errors", max: 0 }, null, http);
    expect(outcome(asks, page)).toBe("failure");
    expect(outcome(asks, { ...page, status: 200 })).toBe("error");
  });

  it("a status that nobody asked about must be the ordinary one", () => {
    expect(outcome(gate({ maxMs: 300 }, null, http), value(null, 204))).toBe("success");
    expect(outcome(gate({ maxMs: 300 }, null, http), value(null, 500))).toBe("error");
    expect(outcome(gate({ max: 0 }, null, command), value(0, 1))).toBe("error");
    expect(outcome(gate({ max: 0 }, null, command), value(0, 0))).toBe("success");
  });
});

describe("a measurement", () => {
  it("keeps the reading's time, value, latency and status, and says why it is no success", () => {
    expect(evaluate(gate({ max: 0, status: 0 }, null, command), value(7, 0))).toEqual({
      ...taken,
      value: 7,
      status: 0,
      outcome: "failure",
      detail: "7 is above the max of 0",
    });
    expect(evaluate(gate({ max: 7 }), value(7))).toEqual({ ...taken, value: 7, outcome: "success" });
  });

  it("survives JSON unchanged", () => {
    const scalar = fc.oneof(
      fc.double().map((read) => (Object.is(read, -0) ? 0 : read)),
      fc.constantFrom(Infinity, -Infinity, Number.NaN),
      fc.string(),
      fc.boolean(),
      fc.constant(null),
    );
    fc.assert(
      fc.property(scalar, (read) => {
        const measurement = evaluate(gate({ max: 0 }), value(read));
        expect(JSON.parse(JSON.stringify(measurement))).toEqual(measurement);
      }),
    );
  });
});
