import * as fc from "fast-check";
import { expect, test } from "vitest";
import { keyName, objectKey, objectKinds, parseObjectKey } from "../../src/snapshot/object-key.js";

const kind = fc.constantFrom(...objectKinds);
const path = fc.array(fc.string({ minLength: 1 }), { minLength: 1, maxLength: 3 });
const signature = fc.constantFrom("", "(integer, text)", "()", '("Odd".type)');

test("a key taken apart gives the kind, the names and the signature that it was made of", () => {
  fc.assert(
    fc.property(kind, path, signature, (aKind, aPath, aSignature) => {
      expect(parseObjectKey(objectKey(aKind, aPath, aSignature))).toEqual({
        kind: aKind,
        path: aPath,
        signature: aSignature,
      });
    }),
  );
});

test("names with dots, quotes or capitals cannot be mistaken for others", () => {
  expect(objectKey("table", ["a.b", 'c"d'])).toBe('table "a.b"."c""d"');
  expect(objectKey("table", ["a", "b"])).toBe("table a.b");
  expect(keyName("Users")).toBe('"Users"');
});

test("a keyword is not quoted, since versions differ in what is one", () => {
  expect(objectKey("column", ["public", "json", "select"])).toBe("column public.json.select");
});

test("a text that is no key is a defect", () => {
  expect(() => parseObjectKey("elephant public.t")).toThrow("not the key of a catalog object");
});
