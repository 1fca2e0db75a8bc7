import * as fc from "fast-check";
import { expect, test } from "vitest";
import { differences } from "../../src/snapshot/difference.js";
import { type CatalogObject, type Snapshot, fingerprint, snapshotOf } from "../../src/snapshot/snapshot.js";
import { expectedAfterUndo } from "../../src/snapshot/undo.js";
import { arbitrarySnapshot } from "./arbitrary.js";

const tableOf = (object: CatalogObject): Snapshot => snapshotOf({ "table public.t": object });
const columns = (...names: readonly string[]): Snapshot => tableOf({ columns: names });

test("where nothing came after the change, undoing it gives exactly what was before", () => {
  fc.assert(
    fc.property(arbitrarySnapshot, arbitrarySnapshot, (before, after) => {
      expect(fingerprint(expectedAfterUndo(before, after, after))).toBe(fingerprint(before));
    }),
    { numRuns: 1000 },
  );
});

test("undoing a change that changed nothing leaves everything as it is", () => {
  fc.assert(
    fc.property(arbitrarySnapshot, arbitrarySnapshot, (before, current) => {
      expect(differences(current, expectedAfterUndo(before, before, current))).toEqual([]);
    }),
  );
});

test("objects that the change did not touch stay as later changes left them", () => {
  fc.assert(
    fc.property(arbitrarySnapshot, arbitrarySnapshot, arbitrarySnapshot, (before, after, current) => {
      const touched = new Set(differences(before, after).map(({ object }) => object));
      const result = expectedAfterUndo(before, after, current);
      const differing = differences(current, result).map(({ object }) => object);
      expect(differing.filter((object) => !touched.has(object))).toEqual([]);
    }),
  );
});

test("undoing two changes in the reverse order gives what was before both", () => {
  fc.assert(
    fc.property(arbitrarySnapshot, arbitrarySnapshot, arbitrarySnapshot, (first, second, third) => {
      const oneBack = expectedAfterUndo(second, third, third);
      expect(fingerprint(expectedAfterUndo(first, second, oneBack))).toBe(fingerprint(first));
    }),
  );
});

const orders: readonly (readonly [string, Snapshot, Snapshot, Snapshot, Snapshot])[] = [
  [
    "an added column goes, one added later stays",
    columns("a"),
    columns("a", "b"),
    columns("a", "b", "c"),
    columns("a", "c"),
  ],
  [
    "a dropped column comes back to its place, one added later stays at the end",
    columns("a", "b", "c"),
    columns("a", "c"),
    columns("a", "c", "d"),
    columns("a", "b", "c", "d"),
  ],
  [
    "a renamed column gets its name back in its place",
    columns("a", "b", "c"),
    columns("a", "x", "c"),
    columns("a", "x", "c", "d"),
    columns("a", "b", "c", "d"),
  ],
  [
    "a column that was dropped first and made anew goes back to its place",
    columns("a", "b", "c"),
    columns("b", "c", "a"),
    columns("b", "c", "a", "d"),
    columns("a", "b", "c", "d"),
  ],
  [
    "a column that a later change dropped stays away",
    columns("a", "b"),
    columns("a", "b", "c"),
    columns("b", "c"),
    columns("b"),
  ],
  [
    "a privilege goes, another one given later to the same role stays",
    tableOf({}),
    tableOf({ privileges: { anna: { SELECT: "granted" } } }),
    tableOf({ privileges: { anna: { SELECT: "granted", INSERT: "granted" }, bob: { SELECT: "granted" } } }),
    tableOf({ privileges: { anna: { INSERT: "granted" }, bob: { SELECT: "granted" } } }),
  ],
  [
    "an option goes back, another one set later stays",
    tableOf({ options: { fillfactor: "70" } }),
    tableOf({ options: { fillfactor: "90" } }),
    tableOf({ options: { fillfactor: "90", user_catalog_table: "true" } }),
    tableOf({ options: { fillfactor: "70", user_catalog_table: "true" } }),
  ],
  [
    "an object that the change dropped comes back",
    tableOf({ owner: "anna" }),
    snapshotOf({}),
    snapshotOf({ "schema later": {} }),
    snapshotOf({ "table public.t": { owner: "anna" }, "schema later": {} }),
  ],
  [
    "an object that the change altered and a later one dropped stays away",
    tableOf({ owner: "anna" }),
    tableOf({ owner: "bob" }),
    snapshotOf({}),
    snapshotOf({}),
  ],
];

test.for(orders)("%s", ([, before, after, current, expected]) => {
  expect(expectedAfterUndo(before, after, current)).toEqual(expected);
});
