import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { SqlChange } from "../../src/change/change.js";
import { findChange } from "../../src/change/find.js";
import { orderChanges, requiredBy } from "../../src/change/order.js";
import { BelayError } from "../../src/errors.js";
import { changeOf, changes } from "./arbitraries.js";

const of = (id: string, requires: readonly string[] = [], title?: string) => {
  const [version = "", ...name] = id.split("_");
  return changeOf({ id, version, name: name.join("_") }, requires, title);
};
const first = "20260101000001_add_region";
const second = "20260101000002_idx_region";

/** The code of the error that is thrown; null for none. */
function codeOf(work: () => unknown): string | null {
  try {
    work();
    return null;
  } catch (thrown) {
    if (thrown instanceof BelayError) return thrown.code;
    throw thrown;
  }
}

describe("the order of changes", () => {
  it("is that of their versions, whatever order they were found in", () => {
    fc.assert(
      fc.property(changes, (given) => {
        const ordered = orderChanges(given).map(({ version }) => version);
        expect(ordered).toEqual(given.map(({ version }) => version).toSorted());
      }),
    );
  });

  it("has a required change before the one that requires it, or is refused", () => {
    fc.assert(
      fc.property(changes, fc.nat(), fc.nat(), (given, from, to) => {
        const by = given[from % given.length];
        const required = given[to % given.length];
        if (by === undefined || required === undefined) return;
        const all = given.map((change) => (change === by ? changeOf(by, [required.id]) : change));
        const expected =
          required.version < by.version ? null
          : required === by ? "change-requires-itself"
          : "change-requires-later"; // prettier-ignore
        expect(codeOf(() => orderChanges(all))).toBe(expected);
      }),
    );
  });

  it("is none where two have the same version, or one requires what is not there", () => {
    const twin = "20260101000001_other";
    expect(() => orderChanges([of(first), of(twin)])).toThrow(
      expect.objectContaining({ code: "change-duplicate-version", message: expect.stringContaining(twin) }),
    );
    expect(() => orderChanges([of(second, ["moon"])])).toThrow(expect.objectContaining({ code: "change-unknown" }));
  });

  it("lets `requires` be an id, a version, a name, a title or a unique prefix", () => {
    const all = (wanted: string) => [of(first, [], "AddRegion"), of(second, [wanted])];
    for (const wanted of [first, "20260101000001", "add_region", "AddRegion", "AddR"]) {
      expect(requiredBy(of(second, [wanted]), all(wanted)).map(({ id }) => id)).toEqual([first]);
    }
  });
});

describe("a change that a person means", () => {
  it("is found by id, version, name, title and every prefix that fits it alone", () => {
    fc.assert(
      fc.property(changes, fc.nat(), fc.nat(), (given, at, length) => {
        const meant = given[at % given.length];
        if (meant === undefined) return;
        expect(findChange(given, meant.id)).toBe(meant);
        expect(findChange(given, meant.version)).toBe(meant);
        const prefix = meant.id.slice(0, 1 + (length % meant.id.length));
        const names = ({ id, version, name, title }: SqlChange): string[] => [id, version, name, title];
        const exact = given.filter((change) => names(change).includes(prefix));
        const fitting =
          exact.length > 0 ? exact : given.filter((change) => names(change).some((text) => text.startsWith(prefix)));
        expect(codeOf(() => findChange(given, prefix))).toBe(fitting.length === 1 ? null : "change-ambiguous");
      }),
    );
  });

  it("is the exact one where its name is the beginning of another's", () => {
    const short = of("20260101000001_add");
    expect(findChange([of("20260101000002_add_region"), short], "add")).toBe(short);
  });

  it("is nobody's for an unknown or an empty word: the error lists what there is", () => {
    for (const wanted of ["moon", ""]) {
      expect(() => findChange([of(first)], wanted)).toThrow(
        expect.objectContaining({ code: "change-unknown", hint: expect.stringContaining(first) }),
      );
    }
    expect(() => findChange([of(first), of(second)], "2026")).toThrow(
      expect.objectContaining({ code: "change-ambiguous", message: expect.stringContaining(second) }),
    );
  });
});
