import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseJsonPath, readJsonPath } from "../../src/gate/json-path.js";

const document = { status: "ok", data: { items: [{ count: 3 }, { count: null }] }, "a-b": 1, "": 2 };

describe("a JSON path", () => {
  it.each([
    ["status", "ok"],
    ["$.status", "ok"],
    [".status", "ok"],
    ["data.items[0].count", 3],
    ["data.items.0.count", 3],
    ["data.items[1].count", null],
    ["$.a-b", 1],
  ])("%s finds %j", (path, value) => {
    expect(readJsonPath(document, path)).toEqual({ kind: "found", value });
  });

  it.each([
    "missing",
    "status.length",
    "data.items.length",
    "data.items[2].count",
    "__proto__",
    "constructor.name",
    "data.items[1].count.x",
  ])("%s finds nothing", (path) => {
    expect(readJsonPath(document, path)).toEqual({ kind: "missing" });
  });

  it.each(["", "$", "a..b", "a[*]", "a[?(@.b)]", "a[-1]", "a b", "a.", "a[0"])(
    "%j is not of the simple form",
    (path) => {
      expect(parseJsonPath(path)).toBeUndefined();
    },
  );

  it("finds again whatever was put at any keys", () => {
    const key = fc.string({ unit: fc.constantFrom("a", "b", "_", "-", "0", "ü"), minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(fc.array(key, { minLength: 1, maxLength: 5 }), fc.jsonValue(), (keys, value) => {
        const nested = keys.reduceRight<unknown>((inner, name) => ({ [name]: inner }), value);
        expect(readJsonPath(nested, keys.join("."))).toEqual({ kind: "found", value });
      }),
    );
  });
});
