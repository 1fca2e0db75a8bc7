import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  batchSizeAfterConflict, batchWorkMs, firstBatch, largestBatch, nextBatchSize, smallestBatch,
} from "../../src/plan/batch-size.js"; // prettier-ignore
import { ledgerSchema } from "../../src/postgres/ledger/sql/ledger-schema.js";
import { freshDatabase, type FreshDatabase } from "../support/database.js";

const size = fc.integer({ min: smallestBatch, max: largestBatch });
const workMs = fc.double({ min: 0, max: 1e7, noNaN: true });
const aboutRows = fc.option(fc.integer({ min: 0, max: 1e9 }));

describe("the size of the next batch", () => {
  test("stays within its bounds, whatever a batch took", () => {
    fc.assert(
      fc.property(size, workMs, aboutRows, (now, took, about) => {
        for (const next of [nextBatchSize(now, took, about), batchSizeAfterConflict(now)]) {
          expect(Number.isInteger(next) && next >= smallestBatch && next <= largestBatch).toBe(true);
        }
      }),
    );
  });

  test("never more than doubles, nor falls below a quarter, and goes towards the aim", () => {
    fc.assert(
      fc.property(size, workMs, (now, took) => {
        const next = nextBatchSize(now, took, null);
        expect(next).toBeLessThanOrEqual(2 * now);
        expect(next).toBeGreaterThanOrEqual(Math.floor(now / 4));
        expect(took > batchWorkMs ? next <= now : next >= now).toBe(true);
      }),
    );
  });

  test("of a table whose rows are known is one in 500, or a small batch", () => {
    fc.assert(
      fc.property(size, workMs, fc.double({ min: 0, max: 1e9, noNaN: true }), (now, took, about) => {
        expect(nextBatchSize(now, took, about)).toBeLessThanOrEqual(Math.max(firstBatch, about / 500));
      }),
    );
  });

  test("comes to rest where a batch takes what it is to take, however its time grows with its rows", () => {
    const cost = fc.record({
      fixedMs: fc.double({ min: 0, max: 100, noNaN: true }),
      rowMs: fc.double({ min: 0.0001, max: 10, noNaN: true }),
      power: fc.constantFrom(0.8, 1, 1.2),
    });
    fc.assert(
      fc.property(cost, size, ({ fixedMs, rowMs, power }, from) => {
        const took = (rows: number): number => fixedMs + rowMs * rows ** power;
        const sizes = [from];
        for (let n = 0; n < 40; n += 1) sizes.push(nextBatchSize(sizes.at(-1) ?? 0, took(sizes.at(-1) ?? 0), null));
        const [before = 0, last = 0] = sizes.slice(-2);
        expect(Math.abs(last - before)).toBeLessThanOrEqual(1 + last * 0.01);
        const isBounded = last <= smallestBatch + 25 || last === largestBatch;
        expect(isBounded || Math.abs(took(last) - batchWorkMs) < batchWorkMs * 0.1).toBe(true);
      }),
    );
  });

  test("does not swing: a noise of a third in the times is no more than that in the sizes", () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: 0.75, max: 1.33, noNaN: true }), { minLength: 60, maxLength: 60 }),
        (noise) => {
          let rows = firstBatch;
          const settled = noise.map((factor) => (rows = nextBatchSize(rows, rows * 0.05 * factor, null))).slice(20);
          expect(Math.max(...settled)).toBeLessThan(batchWorkMs / 0.05 / 0.7);
          expect(Math.min(...settled)).toBeGreaterThan((batchWorkMs / 0.05) * 0.7);
        },
      ),
    );
  });
});

describe("the ledger's own", () => {
  let database: FreshDatabase;
  beforeAll(async () => {
    database = await freshDatabase("batch_size");
    await database.client.query(ledgerSchema);
  });
  afterAll(() => database.drop());

  test("is the same, to a row", async () => {
    await fc.assert(
      fc.asyncProperty(size, workMs, aboutRows, async (now, took, about) => {
        const [row] = await database.query<{ next: number }>("SELECT belay.next_batch_size($1, $2, $3) AS next", [
          now,
          took,
          about,
        ]);
        expect(Math.abs((row?.next ?? 0) - nextBatchSize(now, took, about))).toBeLessThanOrEqual(1);
      }),
    );
  });
});
