import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { lockTry } from "../../src/postgres/lock/lock-schedule.js";

const budgets = fc.integer({ min: 1, max: 5_000 });
const randoms = fc.double({ min: 0, max: 0.999, noNaN: true });
const attempts = fc.integer({ min: 0, max: 10_000 });

describe("the tries for a lock", () => {
  it("begin without queueing", () => {
    fc.assert(
      fc.property(budgets, randoms, (budgetMs, random) => {
        expect(lockTry(0, { budgetMs, vacuumMs: null, random }).waitMs).toBe(0);
      }),
    );
  });

  it("never make others wait for longer than the budget", () => {
    fc.assert(
      fc.property(attempts, budgets, randoms, (attempt, budgetMs, random) => {
        expect(lockTry(attempt, { budgetMs, vacuumMs: null, random }).waitMs).toBeLessThanOrEqual(budgetMs);
      }),
    );
  });

  it("grow up to the budget, and reach it", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 30 }), budgets, (attempt, budgetMs) => {
        const options = { budgetMs, vacuumMs: null, random: 0 };
        expect(lockTry(attempt + 1, options).waitMs).toBeGreaterThanOrEqual(lockTry(attempt, options).waitMs);
        expect(lockTry(30, options).waitMs).toBe(budgetMs);
      }),
    );
  });

  it("leave pauses that are spread by chance and at most a second and a half long", () => {
    fc.assert(
      fc.property(attempts, budgets, randoms, randoms, (attempt, budgetMs, one, other) => {
        const pause = (random: number): number => lockTry(attempt, { budgetMs, vacuumMs: null, random }).pauseMs;
        expect(pause(one)).toBeGreaterThan(0);
        expect(pause(one)).toBeLessThanOrEqual(1_500);
        if (one + 0.001 < other) expect(pause(one)).toBeLessThan(pause(other));
      }),
    );
  });

  it("are now and then long enough for an autovacuum to be cancelled, and mostly not", () => {
    fc.assert(
      fc.property(budgets, fc.integer({ min: 5_001, max: 10_000 }), (budgetMs, vacuumMs) => {
        const waits = Array.from(
          { length: 30 },
          (_, attempt) => lockTry(attempt, { budgetMs, vacuumMs, random: 0 }).waitMs,
        );
        const long = waits.filter((waitMs) => waitMs > vacuumMs);
        expect(long.length).toBeGreaterThan(0);
        expect(waits.filter((waitMs) => waitMs <= budgetMs).length).toBe(30 - long.length);
        expect(long.length).toBeLessThanOrEqual(10);
      }),
    );
  });
});
