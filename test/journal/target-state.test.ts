import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Entry, EntryBodies, EntryKind } from "../../src/journal/entry.js";
import { emptyTarget, foldTarget, heldAs, withDependents } from "../../src/journal/target-state.js";

const ids = ["a", "b", "c"] as const;
const id = fc.constantFrom(...ids);

type Draft = { readonly kind: EntryKind; readonly change: string | null; readonly body: unknown };

function draft<K extends EntryKind>(kind: K, change: string | null, body: EntryBodies[K]): Draft {
  return { kind, change, body };
}

const applied = (change: string, requires: readonly string[] = [], digest = change): Draft =>
  draft("applied", change, {
    title: change,
    digest,
    requires,
    before: "0",
    met: [],
    durationMs: 1,
    irreversible: null,
  });
const reverted = (change: string, hold?: boolean): Draft =>
  draft("reverted", change, { digest: change, reason: "why", ...(hold !== undefined && { hold }) });
const failed = (change: string): Draft => draft("failed", change, { digest: change, message: "m", sqlState: null });
const released = (change: string): Draft => draft("released", change, { reason: "why" });
const begun = (change: string): Draft =>
  draft("change-started", change, { direction: "up", digest: change, sections: 2, before: "0" });

const anything: fc.Arbitrary<Draft> = fc.oneof(
  id.map((change) => applied(change)),
  fc.tuple(id, fc.option(fc.boolean(), { nil: undefined })).map(([change, hold]) => reverted(change, hold)),
  id.map(failed),
  id.map(released),
  id.map(begun),
  id.map((change) => draft("section-done", change, { direction: "up", section: 0, met: ["index i"] })),
  id.map((change) => draft("section-intended", change, { direction: "up", section: 1, statement: "s" })),
  fc
    .tuple(id, fc.stringMatching(/^[0-9a-f]{4}$/))
    .map(([change, fingerprint]) => draft("catalog-recorded", change, { fingerprint })),
  fc.constant(draft("stage-done", null, { stage: "s" })),
  fc.constant(draft("abort-requested", null, {})),
);
const ledger = fc.array(anything, { maxLength: 20 }).map((drafts) => entries(...drafts));

function entries(...drafts: readonly Draft[]): readonly Entry[] {
  return drafts.map((one, index) => ({ seq: index + 1, at: `t${index}`, rollout: "r", actor: "ada", ...one }) as Entry);
}

function property(check: (given: readonly Entry[]) => void): void {
  fc.assert(fc.property(ledger, check));
}

/** The last of a change's entries that decides whether it is live. */
const lastOf = (given: readonly Entry[], change: string, ...kinds: readonly EntryKind[]): EntryKind | null =>
  given.findLast((one) => one.change === change && kinds.includes(one.kind))?.kind ?? null;

describe("where a target stands", () => {
  it("is folded from its ledger: a longer ledger is the shorter one and what came after", () => {
    expect(foldTarget([])).toEqual(emptyTarget);
    property((given) => {
      expect(foldTarget(given).lastSeq).toBe(given.length);
    });
  });

  it("has a change live exactly where its last word is `applied`, each once, in the order of those words", () => {
    property((given) => {
      const state = foldTarget(given);
      const live = ids.filter((change) => lastOf(given, change, "applied", "reverted") === "applied");
      expect(state.applied.map((change) => change.id).toSorted()).toEqual(live.toSorted());
      const seqs = state.applied.map(({ seq }) => seq);
      expect(seqs).toEqual(seqs.toSorted((a, b) => a - b));
    });
  });

  it("holds a change exactly where it last failed or was taken back in earnest", () => {
    property((given) => {
      const held = ids.filter((change) => {
        const words = given.filter((one) => one.change === change);
        const word = words.findLast(({ kind, body }) => {
          if (kind === "reverted") return (body as { hold?: boolean }).hold !== false;
          return ["failed", "applied", "released"].includes(kind);
        });
        return word?.kind === "failed" || word?.kind === "reverted";
      });
      expect(
        foldTarget(given)
          .held.map((change) => change.id)
          .toSorted(),
      ).toEqual(held.toSorted());
    });
  });

  it("is not what other rollouts' words say: entries without a change change nothing but the number", () => {
    property((given) => {
      const without = foldTarget(given.filter(({ change }) => change !== null));
      expect({ ...foldTarget(given), lastSeq: 0 }).toEqual({ ...without, lastSeq: 0 });
    });
  });

  it("expects a catalog only where nothing was applied or taken back since it was recorded", () => {
    property((given) => {
      const last = given.findLast(({ kind }) => ["catalog-recorded", "applied", "reverted"].includes(kind));
      expect(foldTarget(given).expected).toBe(last?.kind === "catalog-recorded" ? last.body.fingerprint : null);
    });
  });

  it("has a change open from its beginning until it is applied or taken back, with what is done and what is intended", () => {
    const [intended] = entries(draft("section-intended", "a", { direction: "up", section: 1, statement: "s" }));
    const given = entries(begun("a"), draft("section-done", "a", { direction: "up", section: 0, met: ["index i"] }));
    expect(foldTarget(given).open).toMatchObject({ id: "a", done: 1, intended: null, met: ["index i"], before: "0" });
    expect(foldTarget([...given, ...(intended === undefined ? [] : [intended])]).open).toMatchObject({ intended: 1 });
    expect(foldTarget(entries(begun("a"), applied("a"))).open).toBeNull();
    expect(foldTarget(entries(begun("a"), reverted("a"))).open).toBeNull();
    expect(foldTarget(entries(begun("a"), failed("a"))).open).toMatchObject({ id: "a" });
  });
});

describe("a held change", () => {
  it("is held under its digest, so an edited one may run, and under its title where that is known", () => {
    const state = foldTarget(entries(failed("a")));
    expect(heldAs(state, "a", "a")).toMatchObject({ why: "failed", by: "ada", at: "t0", detail: "m" });
    expect(heldAs(state, "a", "another")).toBeNull();
    expect(heldAs(state, "b", "a")).toBeNull();
    expect(foldTarget(entries(applied("a"), reverted("a"), failed("a"))).held).toMatchObject([{ id: "a", title: "a" }]);
    expect(state.held).toMatchObject([{ title: null }]);
  });
});

describe("the dependents of a change", () => {
  it("are those that require it, through others too, the newest first", () => {
    const state = foldTarget(entries(applied("a"), applied("b", ["a"]), applied("x"), applied("c", ["b"])));
    const reached = (...wanted: readonly string[]): readonly string[] =>
      withDependents(state, wanted).map((change) => change.id);
    expect(reached("a")).toEqual(["c", "b", "a"]);
    expect(reached("b", "x")).toEqual(["c", "x", "b"]);
    expect(reached("x", "unknown")).toEqual(["x"]);
    expect(reached()).toEqual([]);
  });
});
