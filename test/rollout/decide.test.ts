import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { RolloutState } from "../../src/rollout/rollout-state.js";
import { World, fates, type Fate, type Scenario } from "./world.js";

const scenario: fc.Arbitrary<Scenario> = fc.record({
  stages: fc
    .array(fc.record({ size: fc.integer({ min: 1, max: 2 }), approval: fc.boolean() }), { minLength: 1, maxLength: 3 })
    .map((stages) =>
      stages.map(({ size, approval }, index) => ({
        name: `stage${index}`,
        targets: Array.from({ length: size }, (_, at) => `t${index}${at}`),
        approval,
      })),
    ),
  changes: fc.uniqueArray(fc.constantFrom("plain1", "plain2", "bracketed1", "bracketed2"), {
    minLength: 1,
    maxLength: 3,
  }),
  gates: fc.record({
    before: fc.subarray(["calm", "light"]),
    after: fc.subarray(["app", "queue"]),
  }),
  rollBack: fc.constantFrom("target", "stage", "rollout"),
});

/** Mostly well, so that a run gets far enough for what goes wrong to matter. */
const fate: fc.Arbitrary<Fate> = fc.oneof(
  { weight: 6, arbitrary: fc.constant<Fate>("well") },
  { weight: 2, arbitrary: fc.constantFrom(...fates) },
);

const forward = new Set(["await-approval", "start-target", "gate-before", "apply", "gate-after", "bake"]);
const bound = 200;

/** Lets the fates befall a rollout, then all goes well until it has ended. */
function run(given: Scenario, befalls: readonly Fate[]): { readonly world: World; readonly outcome: string | null } {
  const world = new World(given);
  for (let step = 0; step < befalls.length + bound; step += 1) {
    const outcome = world.step(befalls[step] ?? "well");
    if (outcome !== null) return { world, outcome };
  }
  return { world, outcome: null };
}

function property(check: (result: ReturnType<typeof run>) => void): void {
  fc.assert(
    fc.property(scenario, fc.array(fate, { maxLength: 40 }), (given, befalls) => check(run(given, befalls))),
    { numRuns: 150 },
  );
}

function lastStanding({ targets }: RolloutState, wanted: string): string | undefined {
  const [progress] = targets.filter(({ target }) => target === wanted);
  return progress?.applied.findLast((id) => !progress.reverted.includes(id));
}

function passed(world: World, target: string, phase: "before" | "after"): ReadonlySet<string> {
  const entries = world.ledgers.get(target) ?? [];
  const lastApplied = entries.findLastIndex(({ kind }) => kind === "applied");
  const counted = phase === "after" ? entries.slice(lastApplied + 1) : entries;
  return new Set(
    counted.flatMap((entry) =>
      entry.kind === "gate" && entry.body.phase === phase && entry.body.verdict === "pass" ? [entry.body.gate] : [],
    ),
  );
}

describe("whatever befalls a rollout, it", () => {
  it("ends", () => {
    property(({ outcome }) => {
      expect(outcome).not.toBeNull();
    });
  });

  it("is completed only with every change on every target, every gate's pass and every approval", () => {
    property(({ world, outcome }) => {
      if (outcome !== "completed") return;
      const { stages, changes, gates } = world.scenario;
      for (const { targets, approval, name } of stages) {
        expect(world.state.approved.includes(name) || !approval).toBe(true);
        for (const target of targets) {
          expect(world.surroundings.pending(target)).toEqual([]);
          expect(world.surroundings.open(target)).toBeNull();
          expect([...passed(world, target, "before")].toSorted()).toEqual(gates.before.toSorted());
          expect([...passed(world, target, "after")].toSorted()).toEqual(gates.after.toSorted());
        }
      }
      expect(changes.length).toBeGreaterThan(0);
    });
  });

  it("does nothing forward once it has turned back", () => {
    property(({ world }) => {
      const onward = world.trace.filter(({ action, state }) => state.turned !== null && forward.has(action.kind));
      expect(onward).toEqual([]);
    });
  });

  it("turns back for the first failure before it does anything else", () => {
    property(({ world }) => {
      const blind = world.trace.filter(
        ({ action, state }) =>
          state.turned === null &&
          state.ended === null &&
          state.targets.some(({ failure }) => failure !== null) &&
          action.kind !== "turn-back",
      );
      expect(blind).toEqual([]);
    });
  });

  it("does nothing forward while it is paused or asked to go back", () => {
    property(({ world }) => {
      const hasty = world.trace.filter(
        ({ action, state }) => (state.paused || state.abortRequested) && forward.has(action.kind),
      );
      expect(hasty).toEqual([]);
    });
  });

  it("applies a change only where the gates before have passed, the stage is approved and the stages before are done", () => {
    property(({ world }) => {
      for (const { action, state } of world.trace) {
        if (action.kind !== "apply") continue;
        const index = world.scenario.stages.findIndex(({ name }) => name === action.stage);
        const stage = world.scenario.stages[index];
        const progress = state.targets.find(({ target }) => target === action.target);
        expect(progress?.before).toBe("zero");
        expect(progress?.passedBefore).toEqual(expect.arrayContaining([...world.scenario.gates.before]));
        expect(stage?.approval === false || state.approved.includes(action.stage)).toBe(true);
        expect(state.stagesDone).toEqual(world.scenario.stages.slice(0, index).map(({ name }) => name));
      }
    });
  });

  it("is back only where nothing of it stands, nothing is half-way, and that is proved", () => {
    property(({ world, outcome }) => {
      if (outcome === "completed") return;
      const failed = world.state.turned?.by === "failure" ? world.state.turned.target : null;
      const { rollBack, stages } = world.scenario;
      const stage = stages.find(({ targets }) => failed !== null && targets.includes(failed));
      const all = stages.flatMap(({ targets }) => targets);
      const scope =
        failed === null || rollBack === "rollout" ? all
        : rollBack === "stage" ? (stage?.targets ?? [])
        : [failed]; // prettier-ignore
      for (const target of scope) {
        expect(world.surroundings.standing(target)).toEqual([]);
        expect(world.surroundings.open(target)).toBeNull();
        const progress = world.state.targets.find((one) => one.target === target);
        expect(progress?.before === null || progress?.proved === true).toBe(true);
      }
    });
  });

  it("is called refused only where nothing was ever applied, and aborted only where a person said so", () => {
    property(({ world, outcome }) => {
      const applied = [...world.ledgers.values()].flat().filter(({ kind }) => kind === "applied");
      const by = world.state.turned?.by ?? null;
      expect(outcome === "refused" && applied.length > 0).toBe(false);
      expect(outcome === "aborted").toBe(by === "abort" || by === "interrupt");
      expect(outcome === "completed").toBe(by === null);
    });
  });

  it("goes back in the opposite order: the last target first, on it the last change first", () => {
    property(({ world }) => {
      const wrong = world.trace.filter(
        ({ action, state, left }) =>
          action.kind === "revert" &&
          (world.scenario.rollBack === "rollout" || state.turned?.by !== "failure") &&
          (left.at(-1) !== action.target || lastStanding(state, action.target) !== action.change),
      );
      expect(wrong).toEqual([]);
    });
  });

  it("that ended stays ended", () => {
    property(({ world, outcome }) => {
      expect(world.step("well")).toBe(outcome);
    });
  });
});

describe("a rollout that all goes well for", () => {
  it("is completed", () => {
    fc.assert(
      fc.property(scenario, (given) => {
        expect(run(given, []).outcome).toBe("completed");
      }),
    );
  });
});
