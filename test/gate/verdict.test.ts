import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { judge } from "../../src/gate/verdict.js";
import { gateArbitrary, gateOf, lettersArbitrary, series } from "./arbitraries.js";

const after = gateOf();
const kindOf = (letters: string, gate = after): string => judge(gate, series(letters)).kind;

describe("the defaults after a change", () => {
  it.each([
    ["nothing measured is not a pass", "", "pending"],
    ["seven good ones of eight are still pending", "SSSSSSS", "pending"],
    ["eight good ones pass", "SSSSSSSS", "pass"],
    ["early failures are forgiven when the last three are good", "FFSISSSS", "pass"],
    ["a bad one among the last three is no pass", "SSSSSSFS", "inconclusive"],
    ["three failures in a row fail at once", "SSFFF", "fail"],
    ["five failures in all fail at once", "FFSFFSF", "fail"],
    ["four failures in all do not fail", "FFSFFSS", "pending"],
    ["five inconclusive ones hold", "IIIII", "inconclusive"],
    ["three errors in a row hold, and do not fail", "SSEEE", "error"],
    ["errors are taken again and break no row", "SSSSSESSES", "pass"],
    ["three errors that are not in a row do not hold", "ESESESSSSSS", "pass"],
    ["errors do not break a row of failures", "FFEF", "fail"],
    ["an error at the place of the last measurement is taken again", "SSSSSSSE", "pending"],
  ])("%s", (_title, letters, kind) => {
    expect(kindOf(letters)).toBe(kind);
  });

  it("gives the reason with the detail of the measurement that decided", () => {
    const [bad] = series("F");
    const verdict = judge(gateOf({ consecutiveFailureLimit: 1 }), [{ ...bad!, detail: "7 is above the max of 0" }]);
    expect(verdict).toEqual({ kind: "fail", reason: "1 failure in a row: 7 is above the max of 0" });
  });
});

describe("limits", () => {
  it.each([
    ["consecutiveFailureLimit", "F", "fail"],
    ["failureLimit", "F", "fail"],
    ["inconclusiveLimit", "I", "inconclusive"],
    ["consecutiveErrorLimit", "E", "error"],
  ])("%s trips at the first one when it is 0 or 1, at the second when it is 2", (limit, letter, kind) => {
    const loose = { consecutiveFailureLimit: 9, failureLimit: 9, inconclusiveLimit: 9, consecutiveErrorLimit: 9 };
    expect(kindOf(letter, gateOf({ ...loose, [limit]: 0 }))).toBe(kind);
    expect(kindOf(letter, gateOf({ ...loose, [limit]: 1 }))).toBe(kind);
    expect(kindOf(letter, gateOf({ ...loose, [limit]: 2 }))).toBe("pending");
    expect(kindOf(letter + letter, gateOf({ ...loose, [limit]: 2 }))).toBe(kind);
  });

  it("of 0 do not trip by themselves", () => {
    const strict = gateOf({
      consecutiveFailureLimit: 0,
      failureLimit: 0,
      inconclusiveLimit: 0,
      consecutiveErrorLimit: 0,
    });
    expect(kindOf("SSSSSSSS", strict)).toBe("pass");
  });

  it("a gate with one measurement is decided by that one", () => {
    const before = gateOf({ phases: ["before"] });
    expect(["S", "F", "I", "E"].map((letter) => kindOf(letter, before))).toEqual([
      "pass",
      "fail",
      "inconclusive",
      "pending",
    ]);
  });

  it("a gate by duration ends with the first measurement at or after it, by the measurements' own clock", () => {
    const gate = gateOf({ measurements: { kind: "duration", durationMs: 4_000 }, intervalMs: 1_000 });
    expect(kindOf("SSSS", gate)).toBe("pending");
    expect(kindOf("SSSSS", gate)).toBe("pass");
    expect(kindOf("SSSSE", gate)).toBe("pending");
  });
});

describe("laws", () => {
  it("a verdict once reached stays, whatever is measured after it", () => {
    fc.assert(
      fc.property(gateArbitrary, lettersArbitrary, lettersArbitrary, (gate, letters, more) => {
        const verdict = judge(gate, series(letters));
        fc.pre(verdict.kind !== "pending");
        expect(judge(gate, series(letters + more))).toEqual(verdict);
      }),
    );
  });

  it("a pass stands on consecutiveSuccess good measurements at its end", () => {
    fc.assert(
      fc.property(gateArbitrary, lettersArbitrary, (gate, letters) => {
        const prefix = shortestVerdict(gate, letters);
        fc.pre(prefix !== undefined && judge(gate, series(prefix)).kind === "pass");
        expect(prefix!.replaceAll("E", "").endsWith("S".repeat(gate.consecutiveSuccess))).toBe(true);
      }),
      { numRuns: 500 },
    );
  });

  it("good measurements at the end never fail a gate", () => {
    fc.assert(
      fc.property(gateArbitrary, lettersArbitrary, fc.integer({ min: 1, max: 20 }), (gate, letters, count) => {
        fc.pre(judge(gate, series(letters)).kind !== "fail");
        expect(kindOf(letters + "S".repeat(count), gate)).not.toBe("fail");
      }),
    );
  });

  it("a measurement that turns bad never turns a gate good", () => {
    const rank = { pass: 2, pending: 1, inconclusive: 1, error: 1, fail: 0 };
    fc.assert(
      fc.property(gateArbitrary, lettersArbitrary, fc.nat(), (gate, letters, seed) => {
        fc.pre(letters.includes("S"));
        const good = [...letters].flatMap((letter, at) => (letter === "S" ? [at] : []));
        const at = good[seed % good.length]!;
        const worse = `${letters.slice(0, at)}F${letters.slice(at + 1)}`;
        const [before, now] = [judge(gate, series(letters)).kind, judge(gate, series(worse)).kind];
        expect(now === "pass" && rank[before] < rank.pass).toBe(false);
        expect(before === "fail" && now !== "fail").toBe(false);
      }),
      { numRuns: 500 },
    );
  });

  it("the order of failures does not matter to failureLimit", () => {
    fc.assert(
      fc.property(lettersArbitrary, fc.integer({ min: 0, max: 8 }), (letters, failureLimit) => {
        const endless = {
          measurements: { kind: "count", count: 99 },
          inconclusiveLimit: 99,
          consecutiveErrorLimit: 99,
        } as const;
        const gate = gateOf({ ...endless, consecutiveFailureLimit: 99, failureLimit });
        const sorted = [...letters].sort().join("");
        expect(kindOf(letters, gate)).toBe(kindOf(sorted, gate));
      }),
    );
  });

  it("errors below their limit change no verdict", () => {
    fc.assert(
      fc.property(gateArbitrary, lettersArbitrary, (gate, letters) => {
        fc.pre(gate.measurements.kind === "count");
        const patient = { ...gate, consecutiveErrorLimit: 99 };
        expect(kindOf(letters, patient)).toBe(kindOf(letters.replaceAll("E", ""), patient));
      }),
    );
  });

  it("no gate goes on for ever: with its limits, so many measurements are always enough", () => {
    fc.assert(
      fc.property(gateArbitrary, fc.infiniteStream(fc.constantFrom("S", "F", "I", "E")), (gate, stream) => {
        fc.pre(gate.measurements.kind === "count");
        const enough = 13 * (Math.max(1, gate.consecutiveErrorLimit) + 1);
        const letters = [...stream.take(enough)].join("");
        expect(kindOf(letters, gate)).not.toBe("pending");
      }),
    );
  });
});

function shortestVerdict(gate: ReturnType<typeof gateOf>, letters: string): string | undefined {
  for (let length = 0; length <= letters.length; length += 1) {
    if (kindOf(letters.slice(0, length), gate) !== "pending") return letters.slice(0, length);
  }
  return undefined;
}
