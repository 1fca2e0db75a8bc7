import { createHash } from "node:crypto";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { describeDifference, differences } from "../../src/snapshot/difference.js";
import {
  type Attribute,
  type CatalogObject,
  canonicalJson,
  fingerprint,
  snapshotOf,
} from "../../src/snapshot/snapshot.js";
import { arbitrarySnapshot } from "./arbitrary.js";

function reversed(value: Attribute): Attribute {
  if (Array.isArray(value)) return value.map((item: Attribute) => reversed(item));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .toReversed()
      .map(([name, item]) => [name, reversed(item as Attribute)] as const),
  );
}

test("the fingerprint does not depend on the order in which objects and attributes were put in", () => {
  fc.assert(
    fc.property(arbitrarySnapshot, (snapshot) => {
      const objects = reversed(snapshot.objects as Attribute) as { readonly [key: string]: CatalogObject };
      expect(fingerprint(snapshotOf(objects))).toBe(fingerprint(snapshot));
    }),
  );
});

test("two snapshots have the same fingerprint exactly where they have no difference", () => {
  fc.assert(
    fc.property(arbitrarySnapshot, arbitrarySnapshot, (one, other) => {
      expect(fingerprint(one) === fingerprint(other)).toBe(differences(one, other).length === 0);
    }),
  );
});

test("a snapshot does not differ from itself, nor from its way through JSON", () => {
  fc.assert(
    fc.property(arbitrarySnapshot, (snapshot) => {
      expect(differences(snapshot, snapshot)).toEqual([]);
      expect(differences(snapshot, JSON.parse(JSON.stringify(snapshot)) as typeof snapshot)).toEqual([]);
    }),
  );
});

test("the differences the other way round are the same with their sides exchanged", () => {
  const opposite = { added: "removed", removed: "added", changed: "changed" } as const;
  fc.assert(
    fc.property(arbitrarySnapshot, arbitrarySnapshot, (one, other) => {
      const there = differences(one, other).map(({ kind, object }) => `${opposite[kind]} ${object}`);
      const back = differences(other, one).map(({ kind, object }) => `${kind} ${object}`);
      // Whether the places of columns are implied by the columns that came and went is asked from one side.
      const withoutOrder = (list: readonly string[]): readonly string[] =>
        list.filter((text) => !text.includes("table"));
      expect(withoutOrder(there)).toEqual(withoutOrder(back));
    }),
  );
});

test("the fingerprint is the SHA-256 of the bytes that its comment writes down", () => {
  const snapshot = snapshotOf({ "table public.ü": { owner: "o", columns: ["a"], comment: null }, "schema a": {} });
  const bytes = 'belay-snapshot-1\n"schema a" {}\n"table public.ü" {"columns":["a"],"owner":"o"}\n';
  expect(fingerprint(snapshot)).toBe(createHash("sha256").update(bytes, "utf8").digest("hex"));
});

test("canonical JSON sorts the names of maps, also of nested ones, and keeps the order of lists", () => {
  expect(canonicalJson({ b: [2, 1, { d: null, c: "x" }], a: true })).toBe('{"a":true,"b":[2,1,{"c":"x","d":null}]}');
});

test("a changed object shows only the attributes that differ, on both sides", () => {
  const expected = snapshotOf({ "column a.b.c": { type: "text", notNull: true } });
  const actual = snapshotOf({ "column a.b.c": { type: "text", default: "1" } });
  expect(differences(expected, actual)).toEqual([
    {
      kind: "changed",
      object: "column a.b.c",
      expected: { default: null, notNull: true },
      actual: { default: "1", notNull: null },
    },
  ]);
});

test("a column added at the end is one difference, one added in the middle tells the order as well", () => {
  const column = { type: "text" };
  const at = (...columns: readonly string[]): ReturnType<typeof snapshotOf> =>
    snapshotOf({
      "table public.t": { columns },
      ...Object.fromEntries(columns.map((name) => [`column public.t.${name}`, column] as const)),
    });
  const objects = (columns: readonly string[]): readonly string[] =>
    differences(at("a", "b"), at(...columns)).map(({ object }) => object);
  expect(objects(["a", "b", "c"])).toEqual(["column public.t.c"]);
  expect(objects(["b"])).toEqual(["column public.t.a"]);
  expect(objects(["a", "c", "b"])).toEqual(["column public.t.c", "table public.t"]);
  expect(objects(["b", "a"])).toEqual(["table public.t"]);
});

test("each kind of difference is described in one sentence that names the object and both sides", () => {
  const expected = snapshotOf({ "table public.t": { owner: "anna" }, "schema old": {} });
  const actual = snapshotOf({ "table public.t": { owner: "bob" }, "schema new": {} });
  expect(differences(expected, actual).map(describeDifference)).toEqual([
    "The schema new is there and was not expected.",
    "The schema old was expected and is missing.",
    "The table public.t differs: owner is bob, expected anna.",
  ]);
});
