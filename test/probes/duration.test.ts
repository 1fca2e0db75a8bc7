import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { formatDuration, parseDuration } from "../../src/system/duration.js";

describe("a duration", () => {
  it.each([
    ["200ms", 200],
    ["10s", 10_000],
    ["5m", 300_000],
    ["2h", 7_200_000],
    ["7d", 604_800_000],
    ["1h30m", 5_400_000],
    [" 0s ", 0],
  ])("%s is %i ms", (text, ms) => {
    expect(parseDuration(text)).toBe(ms);
  });

  it.each(["", "10", "s", "-5s", "1.5h", "5 m", "5M", "30m1h", "5s5s", "1w", "99999999999999999d", "10s; drop"])(
    "%j is refused, with what to write",
    (text) => {
      const refusal = { kind: "usage", code: "duration-invalid", hint: expect.stringContaining("10s") };
      expect(() => parseDuration(text)).toThrow(expect.objectContaining(refusal));
    },
  );

  it("is shown in its longest units", () => {
    expect([0, 1, 90_000, 86_400_000, 5_400_001].map(formatDuration)).toEqual(["0s", "1ms", "1m30s", "1d", "1h30m1ms"]);
  });

  it("is read back as it was shown", () => {
    fc.assert(
      fc.property(fc.maxSafeNat(), (ms) => {
        expect(parseDuration(formatDuration(ms))).toBe(ms);
      }),
    );
  });
});
