import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { lockTry, type LockScheduleOptions } from "../../src/postgres/lock/lock-schedule.js";

const budgets = fc.integer({ min: 1, max: 5_000 });
const randoms = fc.integer({ min: 0, max: 999 }).map((thousandths) => thousandths / 1_000);
const attempts = fc.integer({ min: 0, max: 10_000 });
const ages = fc.integer({ min: 0, max: 10_000_000 });

/** Many short transactions in the way, just begun. */
function short(budgetMs: number): LockScheduleOptions {
  return { budgetMs, oldestMs: 0, waitedMs: 0, vacuumMs: null, random: 0 };
}

describe("the tries for a lock", () => {
  it("begin without queueing", () => {
    fc.assert(
      fc.property(budgets, ages, ages, randoms, (budgetMs, oldestMs, waitedMs, random) => {
        expect(lockTry(0, { budgetMs, oldestMs, waitedMs, vacuumMs: null, random }).waitMs).toBe(0);
      }),
    );
  });

  it("never make others wait for longer than the budget", () => {
    fc.assert(
      fc.property(attempts, budgets, ages, ages, randoms, (attempt, budgetMs, oldestMs, waitedMs, random) => {
        const { waitMs } = lockTry(attempt, { budgetMs, oldestMs, waitedMs, vacuumMs: null, random });
        expect(waitMs).toBeLessThanOrEqual(budgetMs);
      }),
    );
  });

  it("grow up to the budget where short transactions take turns, and reach it", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 30 }), budgets, (attempt, budgetMs) => {
        expect(lockTry(attempt + 1, short(budgetMs)).waitMs).toBeGreaterThanOrEqual(
          lockTry(attempt, short(budgetMs)).waitMs,
        );
        expect(lockTry(30, short(budgetMs)).waitMs).toBe(budgetMs);
      }),
    );
  });

  it("do not queue behind a transaction that has lasted for longer than the budget", () => {
    fc.assert(
      fc.property(attempts, budgets, ages, fc.integer({ min: 0, max: 10_000 }), (attempt, budgetMs, more, waitedMs) => {
        const oldestMs = budgetMs + 1 + more;
        expect(lockTry(attempt, { ...short(budgetMs), oldestMs, waitedMs }).waitMs).toBe(0);
      }),
    );
  });

  it("queue now and then all the same when that goes on and on", () => {
    const options = { ...short(200), oldestMs: 60_000, waitedMs: 20_000 };
    const waits = Array.from({ length: 40 }, (_, attempt) => lockTry(attempt + 40, options).waitMs);
    expect(waits.filter((waitMs) => waitMs === 200)).toHaveLength(10);
    expect(waits.filter((waitMs) => waitMs === 0)).toHaveLength(30);
  });

  it("leave pauses that are spread by chance and at most a second and a half long", () => {
    fc.assert(
      fc.property(attempts, budgets, ages, randoms, randoms, (attempt, budgetMs, oldestMs, one, other) => {
        const pause = (random: number): number => lockTry(attempt, { ...short(budgetMs), oldestMs, random }).pauseMs;
        expect(pause(one)).toBeGreaterThan(0);
        expect(pause(one)).toBeLessThanOrEqual(1_500);
        expect(Math.sign(pause(one) - pause(other))).toBe(Math.sign(one - other));
      }),
    );
  });

  it("are now and then long enough for an autovacuum to be cancelled, and make nobody wait in between", () => {
    fc.assert(
      fc.property(budgets, fc.integer({ min: 1, max: 10_000 }), ages, (budgetMs, vacuumMs, oldestMs) => {
        const waits = Array.from(
          { length: 30 },
          (_, attempt) => lockTry(attempt, { ...short(budgetMs), vacuumMs, oldestMs }).waitMs,
        );
        expect(waits.filter((waitMs) => waitMs > vacuumMs)).toHaveLength(9);
        expect(waits.filter((waitMs) => waitMs === 0)).toHaveLength(21);
      }),
    );
  });
});
