import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { entryHash, findBreak, type ChainedEntry } from "../../src/journal/chain.js";

const text = fc.string({ maxLength: 8 });
const links = fc.array(
  fc.record({
    at: text,
    kind: text,
    rollout: fc.option(text),
    change: fc.option(text),
    actor: text,
    bodyText: fc.json({ maxDepth: 1 }),
  }),
  { minLength: 1, maxLength: 6 },
);

function chain(given: readonly Omit<ChainedEntry, "seq" | "previous" | "hash">[]): readonly ChainedEntry[] {
  let previous = "";
  return given.map((link, index) => {
    const entry = { ...link, seq: index + 1, previous };
    const hash = entryHash(entry);
    previous = hash;
    return { ...entry, hash };
  });
}

describe("a chain of entries", () => {
  it("that each follow the one before is whole", () => {
    expect(findBreak([])).toBeNull();
    fc.assert(
      fc.property(links, (given) => {
        expect(findBreak(chain(given))).toBeNull();
      }),
    );
  });

  it("is broken at an entry of which any word was changed", () => {
    const field = fc.constantFrom("at", "kind", "actor", "bodyText");
    fc.assert(
      fc.property(links, fc.nat(), field, (given, at, name) => {
        const whole = chain(given);
        const seq = (at % whole.length) + 1;
        const tampered = whole.map((entry) => (entry.seq === seq ? { ...entry, [name]: `${entry[name]}!` } : entry));
        expect(findBreak(tampered)).toMatchObject({ seq, why: expect.stringContaining("changed") });
      }),
    );
  });

  it("is broken after an entry that was changed and hashed anew, and where one is missing or two are swapped", () => {
    fc.assert(
      fc.property(links, fc.nat(), (given, at) => {
        fc.pre(given.length > 1);
        const whole = chain(given);
        const seq = (at % (whole.length - 1)) + 1;
        const forged = whole.map((entry) => {
          if (entry.seq !== seq) return entry;
          const changed = { ...entry, actor: `${entry.actor}!` };
          return { ...changed, hash: entryHash(changed) };
        });
        expect(findBreak(forged)?.seq).toBe(seq + 1);
        expect(findBreak(whole.filter((entry) => entry.seq !== seq))?.seq).toBe(seq);
        expect(findBreak(whole.toReversed())).not.toBeNull();
      }),
    );
  });
});
