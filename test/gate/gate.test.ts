import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { gateDefaults, type GateSpecification } from "../../src/gate/gate.js";
import { validateGate } from "../../src/gate/validate-gate.js";

const errors: GateSpecification = {
  name: "errors",
  probe: { kind: "sql", query: "select 0" },
  phases: ["before", "after"],
  success: { max: 0 },
};

describe("defaults", () => {
  it("before: one measurement decides", () => {
    expect(gateDefaults(errors, "before")).toMatchObject({
      measurements: { kind: "count", count: 1 },
      consecutiveSuccess: 1,
      consecutiveFailureLimit: 1,
      failureLimit: 1,
      inconclusiveLimit: 1,
      consecutiveErrorLimit: 3,
      initialDelayMs: 0,
    });
  });

  it("after: eight, 15 s apart, the last three good, three in a row or five in all bad", () => {
    expect(gateDefaults(errors, "after")).toMatchObject({
      measurements: { kind: "count", count: 8 },
      intervalMs: 15_000,
      consecutiveSuccess: 3,
      consecutiveFailureLimit: 3,
      failureLimit: 5,
    });
  });

  it("a bake that is shorter than eight measurements squeezes them together; a longer one does not stretch them", () => {
    expect(gateDefaults(errors, "after", 7_000).intervalMs).toBe(1_000);
    expect(gateDefaults(errors, "after", 3_600_000).intervalMs).toBe(15_000);
    expect(gateDefaults({ ...errors, intervalMs: 2_000 }, "after", 7_000).intervalMs).toBe(2_000);
  });

  it("fewer measurements need no more successes than there are", () => {
    const two = gateDefaults({ ...errors, measurements: { kind: "count", count: 2 } }, "after");
    expect(two).toMatchObject({ consecutiveSuccess: 2, consecutiveFailureLimit: 2, failureLimit: 2 });
  });

  it("a command without conditions is judged by its exit code", () => {
    const smoke: GateSpecification = {
      name: "smoke",
      probe: { kind: "command", run: ["npm", "run", "smoke"] },
      phases: ["after"],
    };
    expect(gateDefaults(smoke, "after").success).toEqual({ status: 0 });
    expect(gateDefaults({ ...smoke, failure: { min: 5 } }, "after").success).toBeNull();
  });

  it("what is given is kept, and every timeout is above 0", () => {
    const given = {
      intervalMs: 5,
      timeoutMs: 6,
      initialDelayMs: 7,
      consecutiveErrorLimit: 8,
      inconclusiveLimit: 9,
      failureLimit: 10,
    };
    expect(gateDefaults({ ...errors, ...given }, "after")).toMatchObject(given);
    expect(gateDefaults(errors, "after").timeoutMs).toBeGreaterThan(0);
    expect(gateDefaults({ ...errors, success: { maxMs: 30_000 } }, "after").timeoutMs).toBeGreaterThan(30_000);
  });

  it("fill in a sound gate, whatever is left out and however short the bake", () => {
    const bake = fc.option(fc.nat({ max: 600_000 }), { nil: undefined });
    const measurements = fc.oneof(
      fc.record({ kind: fc.constant("count" as const), count: fc.integer({ min: 1, max: 50 }) }),
      fc.record({ kind: fc.constant("duration" as const), durationMs: fc.integer({ min: 1, max: 600_000 }) }),
      fc.constant(undefined),
    );
    fc.assert(
      fc.property(bake, measurements, fc.constantFrom("before", "during", "after"), (bakeMs, given, phase) => {
        const gate = gateDefaults({ ...errors, measurements: given }, phase, bakeMs);
        expect(() => validateGate(gate)).not.toThrow();
        const spanMs = gate.measurements.kind === "count" ? (gate.measurements.count - 1) * gate.intervalMs : 0;
        const roomMs = phase === "after" && bakeMs !== undefined ? bakeMs : Infinity;
        expect(spanMs).toBeLessThanOrEqual(roomMs);
      }),
    );
  });
});

describe("a gate that could give no sound verdict is refused", () => {
  const http: GateSpecification = {
    name: "api",
    probe: { kind: "http", url: "https://user:hunter2@example.test/health" },
    phases: ["after"],
    success: { status: 200 },
  };

  it.each<[string, GateSpecification, string, RegExp]>([
    [
      "no condition at all",
      { ...errors, success: undefined },
      "gate-without-condition",
      /neither success nor failure/u,
    ],
    ["an empty condition", { ...errors, failure: {} }, "gate-without-condition", /no condition in failure/u],
    ["a path alone", { ...http, success: { jsonPath: "a" } }, "gate-without-condition", /jsonPath only says where/u],
    ["a status of SQL", { ...errors, success: { status: 200 } }, "gate-condition-invalid", /SQL has none/u],
    ["an empty list of statuses", { ...http, success: { status: [] } }, "gate-condition-invalid", /nothing can meet/u],
    ["a status of 200.5", { ...http, success: { status: 200.5 } }, "gate-condition-invalid", /whole numbers/u],
    ["a range upside down", { ...errors, success: { min: 2, max: 1 } }, "gate-condition-invalid", /nothing can meet/u],
    ["NaN", { ...errors, success: { max: Number.NaN } }, "gate-condition-invalid", /must be numbers/u],
    ["a quick answer as failure", { ...http, failure: { maxMs: 5 } }, "gate-condition-invalid", /use success\.maxMs/u],
    ["no time at all", { ...http, success: { maxMs: 0 } }, "gate-condition-invalid", /above 0/u],
    [
      "a path into SQL",
      { ...errors, success: { jsonPath: "a", max: 0 } },
      "gate-condition-invalid",
      /for http probes/u,
    ],
    [
      "a path with a filter",
      { ...http, success: { jsonPath: "a[?(@.b)]", max: 0 } },
      "gate-condition-invalid",
      /not of the form/u,
    ],
    [
      "a path without a value",
      { ...http, success: { jsonPath: "a", status: 200 } },
      "gate-condition-invalid",
      /beside it/u,
    ],
    [
      "two paths",
      { ...http, success: { jsonPath: "a", max: 0 }, failure: { jsonPath: "b", min: 1 } },
      "gate-condition-invalid",
      /different jsonPaths/u,
    ],
    ["no phase", { ...errors, phases: [] }, "gate-schedule-invalid", /no phase/u],
    ["an empty query", { ...errors, probe: { kind: "sql", query: " " } }, "gate-probe-invalid", /empty query/u],
    ["an empty command", { ...errors, probe: { kind: "command", run: [] } }, "gate-probe-invalid", /no command/u],
    ["a file", { ...http, probe: { kind: "http", url: "file:///etc/passwd" } }, "gate-probe-invalid", /not http/u],
    ["no measurement", { ...errors, measurements: { kind: "count", count: 0 } }, "gate-schedule-invalid", /count 0/u],
    ["a timeout of 0", { ...errors, timeoutMs: 0 }, "gate-schedule-invalid", /a timeout of 0 ms/u],
    ["half a millisecond", { ...errors, intervalMs: 0.5 }, "gate-schedule-invalid", /an interval of 0\.5 ms/u],
    ["a month", { ...errors, timeoutMs: 2_592_000_000 }, "gate-schedule-invalid", /must be from 1 to/u],
    ["a negative limit", { ...errors, failureLimit: -1 }, "gate-schedule-invalid", /failureLimit -1/u],
    ["no success needed", { ...errors, consecutiveSuccess: 0 }, "gate-schedule-invalid", /at least 1/u],
    [
      "more successes than measurements",
      { ...errors, consecutiveSuccess: 3, measurements: { kind: "count", count: 2 } },
      "gate-schedule-invalid",
      /3 successes of 2/u,
    ],
    [
      "a duration without a rest",
      { ...errors, intervalMs: 0, measurements: { kind: "duration", durationMs: 5 } },
      "gate-schedule-invalid",
      /never rest/u,
    ],
    [
      "a timeout below maxMs",
      { ...http, success: { maxMs: 9 }, timeoutMs: 5 },
      "gate-schedule-invalid",
      /gives up after 5 ms/u,
    ],
  ])("%s", (_title, gate, code, message) => {
    expect(() => validateGate(gate)).toThrow(
      expect.objectContaining({ kind: "usage", code, message: expect.stringMatching(message) }),
    );
  });

  it("and a URL that is refused is not repeated, since it may hold a password", () => {
    const bad: GateSpecification = { ...http, probe: { kind: "http", url: "ftp://user:hunter2@example.test" } };
    expect(() => validateGate(bad)).toThrow(
      expect.objectContaining({ message: expect.not.stringContaining("hunter2") }),
    );
  });

  it("while a sound one goes through, as written and as filled in", () => {
    for (const gate of [errors, http]) {
      expect(validateGate(gate)).toBeUndefined();
      expect(validateGate(gateDefaults(gate, "after"))).toBeUndefined();
    }
  });
});
