import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { compareRuns } from "../../src/postgres/knex/compare-runs.js";
import type { Run, Sent } from "../../src/postgres/knex/record-run.js";

function sent(sql: string): Sent {
  return { sql, text: sql, acts: !sql.startsWith("?"), answer: sql.startsWith("?") ? "rows" : "nothing" };
}

const statement = fc.constantFrom("a", "b", "c", "d", "?r").map(sent);
const run: fc.Arbitrary<Run> = fc.record({
  sent: fc.array(statement, { maxLength: 8 }),
  thrown: fc.option(fc.constantFrom("one", "other"), { freq: 6 }),
});
const someRuns = fc.array(run, { minLength: 1, maxLength: 4 });

function stands(sealed: readonly string[], { sent: all }: Run): boolean {
  let next = 0;
  for (const { sql } of all) if (sql === sealed[next]) next += 1;
  return next === sealed.length;
}

function acting({ sent: all }: Run): readonly string[] {
  return all.filter(({ acts }) => acts).map(({ sql }) => sql);
}

describe("what is sealed of several runs", () => {
  it("stands in each of them, in that order, and is something that acts", () => {
    fc.assert(
      fc.property(someRuns, (runs) => {
        const { sealed } = compareRuns(runs);
        for (const one of runs) expect(stands(sealed, one)).toBe(true);
        expect(sealed).not.toContain("?r");
      }),
    );
  });

  it("is all of it exactly where nothing depends on rows", () => {
    fc.assert(
      fc.property(someRuns, (runs) => {
        const { sealed, dependent } = compareRuns(runs);
        const isSame = runs.every((one) => JSON.stringify(acting(one)) === JSON.stringify(sealed));
        expect(dependent.length === 0).toBe(isSame && runs.every(({ thrown }) => thrown === null));
      }),
    );
  });

  it("of runs that are one and the same is that run", () => {
    fc.assert(
      fc.property(run, fc.integer({ min: 1, max: 4 }), (one, times) => {
        const { sealed } = compareRuns(Array.from({ length: times }, () => one));
        expect(sealed).toEqual(acting(one));
      }),
    );
  });

  it("begins with all that was sent before anything about rows was answered", () => {
    fc.assert(
      fc.property(
        fc.array(
          statement.filter(({ acts }) => acts),
          { maxLength: 5 },
        ),
        someRuns,
        (before, runs) => {
          const { sealed } = compareRuns(runs.map((one) => ({ ...one, sent: [...before, ...one.sent] })));
          expect(sealed.slice(0, before.length)).toEqual(before.map(({ sql }) => sql));
        },
      ),
    );
  });
});
