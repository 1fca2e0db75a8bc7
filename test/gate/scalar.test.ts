import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { lastNumberIn, numberOf, scalarFromText } from "../../src/gate/scalar.js";
import { gateOf } from "./arbitraries.js";

describe("a value", () => {
  it("is a number when it spells one, and an empty text spells none", () => {
    expect(["7", " 7 ", "-1.50", ".5", "1e3", "Infinity", "-infinity"].map(numberOf)).toEqual([
      7,
      7,
      -1.5,
      0.5,
      1000,
      Infinity,
      -Infinity,
    ]);
    expect(["", " ", "0x10", "7 rows", "1_000", "t", true, null, Number.NaN].map(numberOf)).toEqual(
      Array(9).fill(undefined),
    );
  });

  it("stays text for a gate that compares with a text", () => {
    expect(scalarFromText(gateOf({ success: { equals: "1.10" } }), "1.10")).toBe("1.10");
    expect(scalarFromText(gateOf({ success: { max: 2 } }), "1.10")).toBe(1.1);
    expect(scalarFromText(gateOf({ success: { max: 2 } }), "NaN")).toBeNaN();
  });

  it("every finite number is read back as it was written", () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true }), (number) => {
        expect(numberOf(String(number))).toEqual(number + 0);
      }),
    );
  });
});

describe("the last number in a text", () => {
  it.each([
    ["errors: 12\n", 12],
    ["1\n2\n3\n", 3],
    ["12 errors, 3.5 %", 3.5],
    ["total 4.", 4],
    ["2026-01-01 took 3ms", undefined],
    ["", undefined],
  ])("of %j is %j", (text, number) => {
    expect(lastNumberIn(text)).toBe(number);
  });
});
