import * as fc from "fast-check";
import { expect, test } from "vitest";
import { privilegesOf } from "../../src/snapshot/privileges.js";

const before17 = ["owner=arwdDxt/owner"];
const since17 = ["owner=arwdDxtm/owner"];

test("no access list, and one that spells out the defaults, say nothing", () => {
  expect(privilegesOf(null, before17, "owner")).toBeNull();
  expect(privilegesOf(before17, before17, "owner")).toBeNull();
});

test("a grant reads the same from a server that has one more privilege", () => {
  const expected = { bob: { SELECT: "granted", INSERT: "grantable" } };
  expect(privilegesOf([...before17, "bob=a*r/owner"], before17, "owner")).toEqual(expected);
  expect(privilegesOf([...since17, "bob=a*r/owner"], since17, "owner")).toEqual(expected);
});

test("the order of the items of an access list does not matter", () => {
  const items = ["owner=arwdDxt/owner", "bob=r/owner", "=r/owner", '"an ""odd"" one"=w*/owner', "eve=a/bob"];
  const expected = privilegesOf(items, before17, "owner");
  expect(expected).toEqual({
    bob: { SELECT: "granted" },
    public: { SELECT: "granted" },
    'an "odd" one': { UPDATE: "grantable" },
    eve: { "INSERT by bob": "granted" },
  });
  fc.assert(
    fc.property(fc.shuffledSubarray(items, { minLength: items.length }), (shuffled) => {
      expect(privilegesOf(shuffled, before17, "owner")).toEqual(expected);
    }),
  );
});

test("a default that was taken away is shown as revoked", () => {
  expect(privilegesOf(["owner=X/owner"], ["=X/owner", "owner=X/owner"], "owner")).toEqual({
    public: { EXECUTE: "revoked" },
  });
  expect(privilegesOf([], ["owner=U/owner"], "owner")).toEqual({ owner: { USAGE: "revoked" } });
});

test("a privilege that is not known is a defect and not skipped", () => {
  expect(() => privilegesOf(["bob=Z/owner"], [], "owner")).toThrow("is not known");
});
