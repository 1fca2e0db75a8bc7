import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { demandsOf } from "../../src/preflight/demand.js";
import { bytesText } from "../../src/preflight/judge-activity.js";
import { diskNeeds } from "../../src/preflight/judge-disk.js";
import { missingFor } from "../../src/preflight/judge-objects.js";
import { conflicts } from "../../src/preflight/lock-conflict.js";
import { judgeOrder } from "../../src/preflight/out-of-order.js";
import { isSameDatabase } from "../../src/preflight/identity.js";
import type { RelationFacts } from "../../src/preflight/facts.js";
import { LOCK_MODES } from "../../src/sql/effects.js";
import { parseStatements } from "../../src/sql/parse.js";

async function demands(sql: string, direction: "up" | "down" = "up") {
  return demandsOf(await parseStatements(sql), { file: "x.up.sql", direction, placed: true });
}

describe("the right that a statement wants", () => {
  it.each([
    ["ALTER TABLE tasks ADD COLUMN x int REFERENCES users (id)", ["owner", "REFERENCES"]],
    ["CREATE TABLE a (u int REFERENCES users)", ["REFERENCES"]],
    ["CREATE TABLE p1 PARTITION OF p FOR VALUES IN (1)", ["owner"]],
    ["CREATE TABLE a (LIKE b)", ["SELECT"]],
    ["CREATE INDEX CONCURRENTLY i ON tasks (x)", ["owner"]],
    ["CREATE VIEW v AS SELECT * FROM a", ["SELECT"]],
    ["CREATE TRIGGER t BEFORE INSERT ON tasks FOR EACH ROW EXECUTE FUNCTION f()", ["TRIGGER"]],
    ["UPDATE tasks SET x = y FROM other WHERE other.id = tasks.id", ["UPDATE", "SELECT"]],
    ["TRUNCATE tasks", ["TRUNCATE"]],
    ["GRANT SELECT ON tasks TO joe", [null]],
    ["REFRESH MATERIALIZED VIEW m", ["maintain"]],
  ])("%s", async (sql, rights) => {
    expect((await demands(sql))[0]?.relations.map(({ right }) => right)).toEqual(rights);
  });
});

describe("the work that a statement does on a whole table", () => {
  it.each([
    ["ALTER TABLE t ADD COLUMN x int DEFAULT 7", []],
    ["ALTER TABLE t ADD COLUMN x timestamptz DEFAULT now()", []],
    ["ALTER TABLE t ADD COLUMN x uuid DEFAULT gen_random_uuid()", ["rewrite"]],
    ["ALTER TABLE t ADD COLUMN x bigserial", ["rewrite"]],
    ["ALTER TABLE t ADD COLUMN x int GENERATED ALWAYS AS IDENTITY", ["rewrite"]],
    ["ALTER TABLE t ALTER COLUMN x TYPE bigint", ["rewrite"]],
    ["ALTER TABLE t ADD UNIQUE (x)", ["index"]],
    ["ALTER TABLE t ADD CONSTRAINT u UNIQUE USING INDEX i", []],
    ["CREATE INDEX CONCURRENTLY i ON t (x)", ["index"]],
    ["VACUUM FULL t", ["rewrite"]],
    ["UPDATE t SET x = 1", ["update"]],
    ["ALTER TABLE t DROP COLUMN x", []],
  ])("%s", async (sql, work) => {
    expect((await demands(sql))[0]?.work.map(({ kind }) => kind)).toEqual(work);
  });

  it("is counted as the most at one moment, for each way", async () => {
    const relation = { name: "t", oid: 1, tableOid: 1 } as RelationFacts;
    const sizes = [{ oid: 1, heapBytes: 100, totalBytes: 150, exact: true, tablespace: null }];
    const list = [
      ...(await demands("CREATE INDEX i ON t (x); UPDATE t SET x = 1")),
      ...(await demands("ALTER TABLE t ALTER x TYPE int", "down")),
    ];
    expect(diskNeeds({ relations: [relation], sizes }, list).map(({ direction, bytes }) => [direction, bytes])).toEqual(
      [
        ["up", 200],
        ["down", 150],
      ],
    );
    expect([0, 1023, 1536, 5 * 2 ** 30].map(bytesText)).toEqual(["0 bytes", "1023 bytes", "1.5 kB", "5.0 GB"]);
  });
});

describe("what is missing", () => {
  const nothing = { relations: [], objects: [] };
  const missing = async (sql: string): Promise<readonly string[]> => missingFor(nothing, await demands(sql)).map(({ reference }) => reference.name); // prettier-ignore

  it("is what a statement names and none before it makes", async () => {
    expect(await missing("ALTER TABLE a ADD COLUMN x mood; CREATE TABLE b (); CREATE INDEX i ON b (x);")).toEqual([
      "a",
      "mood",
    ]);
  });

  it("is nothing that may be missing, or that a statement may have made which nobody sees through", async () => {
    expect(
      await missing("DROP TABLE IF EXISTS a; DO $$ BEGIN END $$; ALTER TABLE b ADD x int; CREATE EXTENSION citext"),
    ).toEqual([]);
  });
});

describe("the order of changes", () => {
  const ids = fc.uniqueArray(fc.integer({ min: 0, max: 30 }).map((n) => String(n).padStart(2, "0")), { minLength: 1, maxLength: 12 }); // prettier-ignore

  it("names exactly those that are older than the newest applied one, and were never there before", () => {
    fc.assert(
      fc.property(ids, fc.func(fc.integer({ min: 0, max: 2 })), (all, part) => {
        const order = all.toSorted();
        const of = (which: number): readonly string[] => order.filter((id) => Math.abs(part(id)) % 3 === which);
        const [applied, pending, back] = [of(0), of(1), of(2)];
        const source = {
          target: "t",
          pending: [...pending, ...back],
          applied,
          known: new Set([...applied, ...back]),
          order,
        };
        const found = judgeOrder({ ...source, allowed: false });
        const expected = pending.filter((id) => applied.some((one) => one > id));
        expect(found.map(({ message }) => message.slice(0, 2))).toEqual(expected);
        expect(judgeOrder({ ...source, allowed: true }).every(({ severity }) => severity === "warn")).toBe(true);
      }),
    );
  });
});

describe("lock modes and identities", () => {
  it("conflict with each other in both directions, and the strongest with all (manual, table 13.2)", () => {
    for (const a of LOCK_MODES) {
      for (const b of LOCK_MODES) expect(conflicts(a, b)).toBe(conflicts(b, a));
      expect(conflicts(a, "ACCESS EXCLUSIVE")).toBe(true);
    }
    expect(LOCK_MODES.map((a) => LOCK_MODES.filter((b) => conflicts(a, b)).length)).toEqual([1, 2, 4, 5, 5, 6, 7, 8]);
  });

  it("are the same database where name and system agree, as far as they are known", () => {
    const one = { systemIdentifier: "1", database: "a" };
    expect(isSameDatabase(one, one)).toBe(true);
    expect(isSameDatabase(one, { ...one, systemIdentifier: null })).toBe(true);
    expect(isSameDatabase(one, { ...one, systemIdentifier: "2" })).toBe(false);
    expect(isSameDatabase(one, { ...one, database: "b" })).toBe(false);
  });
});
