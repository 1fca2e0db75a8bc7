import fc from "fast-check";
import { expect, test } from "vitest";
import { RunningFingerprint } from "../../src/snapshot/running-fingerprint.js";
import { fingerprint, snapshotOf, type CatalogObject } from "../../src/snapshot/snapshot.js";

/** Enough keys that the pages split and empty; some begin alike, one is empty. */
const key = fc.oneof(
  fc.integer({ min: 0, max: 900 }).map((n) => `table public.t${n}`),
  fc.string({ maxLength: 3 }),
);
const object = fc.oneof(
  fc.dictionary(fc.constantFrom("type", "comment"), fc.option(fc.string({ maxLength: 3 }))),
  fc.constant(null),
);

test("is at each moment what is counted over the whole, whatever came and went", () => {
  fc.assert(
    fc.property(
      fc.array(fc.array(fc.tuple(key, object), { maxLength: 600, size: "max" }), { maxLength: 4 }),
      (rounds) => {
        const running = new RunningFingerprint();
        const objects = new Map<string, CatalogObject>();
        for (const round of rounds) {
          for (const [name, made] of round) {
            if (made === null) {
              running.delete(name);
              objects.delete(name);
            } else {
              running.set(name, made);
              objects.set(name, made);
            }
          }
          expect(running.digest()).toBe(fingerprint(snapshotOf(Object.fromEntries(objects))));
        }
      },
    ),
    { numRuns: 60 },
  );
});
