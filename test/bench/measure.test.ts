import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { interleaved } from "../../bench/measure/rounds.js";
import { waitsWithin } from "../../bench/measure/samples.js";
import { dueAtMs, dueBy } from "../../bench/measure/schedule.js";
import { median, percentile, spreadOf } from "../../bench/measure/statistics.js";

const some = fc.array(fc.double({ noNaN: true, min: -1e9, max: 1e9 }), { minLength: 1, maxLength: 40 });

describe("the statistics of a benchmark", () => {
  it("take the middle value, or the mean of the two in the middle", () => {
    expect(median([9, 1, 5])).toBe(5);
    expect(median([4, 1, 2, 30])).toBe(3);
    expect(median([])).toBeNaN();
  });

  it("call the nearest rank a percentile", () => {
    const hundred = Array.from({ length: 100 }, (_, index) => 100 - index);
    expect(percentile(hundred, 50)).toBe(50);
    expect(percentile(hundred, 99)).toBe(99);
    expect(percentile(hundred, 100)).toBe(100);
    expect(percentile([7, 8], 1)).toBe(7);
    expect(percentile([], 50)).toBeNaN();
  });

  it("leave at least so many of 100 values at or below a percentile, and not with any smaller value", () => {
    fc.assert(
      fc.property(some, fc.integer({ min: 1, max: 100 }), (values, percent) => {
        const found = percentile(values, percent);
        const share = (limit: (value: number) => boolean): number => values.filter(limit).length / values.length;
        expect(share((value) => value <= found)).toBeGreaterThanOrEqual(percent / 100 - 1e-12);
        expect(share((value) => value < found)).toBeLessThan(percent / 100);
      }),
    );
  });

  it("keep the median between the least and the most, whatever the order", () => {
    fc.assert(
      fc.property(some, (values) => {
        const spread = spreadOf(values);
        expect(spread).toEqual(spreadOf(values.toReversed()));
        expect(spread.min).toBe(Math.min(...values));
        expect(spread.max).toBe(Math.max(...values));
        expect(spread.median).toBeGreaterThanOrEqual(spread.min);
        expect(spread.median).toBeLessThanOrEqual(spread.max);
      }),
    );
  });
});

describe("an open-loop schedule", () => {
  it("begins at once and keeps its rate", () => {
    expect(dueBy(0, 1_000)).toBe(1);
    expect(dueBy(999, 1_000)).toBe(1_000);
    expect(dueBy(-1, 1_000)).toBe(0);
  });

  it("counts exactly the queries that are due", () => {
    const elapsed = fc.double({ noNaN: true, min: 0, max: 1e7 });
    const rate = fc.double({ noNaN: true, min: 0.1, max: 20_000 });
    fc.assert(
      fc.property(elapsed, rate, (elapsedMs, ratePerSecond) => {
        const due = dueBy(elapsedMs, ratePerSecond);
        expect(dueAtMs(due - 1, ratePerSecond)).toBeLessThanOrEqual(elapsedMs);
        expect(dueAtMs(due, ratePerSecond)).toBeGreaterThan(elapsedMs);
      }),
    );
  });

  it("meets each moment when a query falls due", () => {
    const number = fc.integer({ min: 0, max: 1_000_000 });
    fc.assert(
      fc.property(number, fc.integer({ min: 1, max: 20_000 }), (n, rate) => {
        expect(dueBy(dueAtMs(n, rate), rate)).toBe(n + 1);
      }),
    );
  });
});

describe("the waits of an application", () => {
  it("belong to the stretch of time in which their queries were due", () => {
    const samples = { dueAt: Float64Array.of(10, 20, 30, 40), waitMs: Float64Array.of(1, 900, 2, 3) };
    expect(waitsWithin(samples, 20, 40)).toEqual({ queries: 2, p50: 2, p99: 900, max: 900 });
    expect(waitsWithin(samples, 0, 20)).toEqual({ queries: 1, p50: 1, p99: 1, max: 1 });
  });
});

describe("the runs of a benchmark", () => {
  it("give each contender its turn before any has a second one", () => {
    const turns = interleaved(["a", "b", "c"], 2).map(({ run, contender }) => `${run}${contender}`);
    expect(turns).toEqual(["1a", "1b", "1c", "2a", "2b", "2c"]);
  });
});
