import fc from "fast-check";
import { expect, test } from "vitest";
import type { Entry, FrozenPlan } from "../../src/journal/entry.js";
import { TargetFold } from "../../src/journal/target-state.js";
import { pendingOf } from "../../src/rollout/pending.js";

const ids = ["a", "b", "c", "d"] as const;
const step = fc.record({
  kind: fc.constantFrom("applied", "applied", "reverted"),
  change: fc.constantFrom(...ids, "x"),
});

test("what is pending is what the plan names and the target does not have, however it came there between two looks", () => {
  fc.assert(
    fc.property(fc.array(fc.array(step, { maxLength: 4 }), { maxLength: 8 }), (looks) => {
      const changes = ids.map((id) => ({ id, digest: id, artifact: id }));
      const plan: FrozenPlan = { digest: "p", changes, stages: [], strictApproval: false };
      const fold = new TargetFold();
      let seq = 0;
      for (const steps of looks) {
        for (const one of steps) {
          seq += 1;
          const body = { title: "", digest: "", reason: "", requires: [] };
          fold.add({ seq, at: "", rollout: "r", actor: "", body, ...one } as unknown as Entry);
        }
        const live = new Set(fold.state.applied.map(({ id }) => id));
        expect(pendingOf(plan, "t", fold.state.applied)).toEqual(ids.filter((id) => !live.has(id)));
      }
    }),
    { numRuns: 5_000 },
  );
});
