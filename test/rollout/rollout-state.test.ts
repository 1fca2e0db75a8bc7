import { describe, expect, it } from "vitest";
import type { Entry, EntryBodies, EntryKind } from "../../src/journal/entry.js";
import { foldRollout, foldRollouts, standing, turnOf } from "../../src/rollout/rollout-state.js";

let seq = 0;

function entry<K extends EntryKind>(kind: K, body: EntryBodies[K], change: string | null = null, rollout = "r"): Entry {
  seq += 1;
  return { seq, at: String(seq), kind, rollout, change, actor: "ada", body } as Entry;
}

const plan = {
  digest: "p",
  changes: [{ id: "a", digest: "a", artifact: "a" }],
  stages: [{ name: "one", targets: ["t", "u"], approval: false }],
  strictApproval: false,
};
const started = entry("rollout-started", { plan });
const applied = (id: string): Entry =>
  entry("applied", { title: id, digest: id, requires: [], before: "", met: [], durationMs: 0, irreversible: null }, id);
const gate = (phase: "before" | "after", verdict: string): Entry =>
  entry("gate", { gate: "g", target: "t", phase, verdict, reason: "why", measurements: [] });
const progress = (...entries: readonly Entry[]) => {
  const [first] = foldRollout([started], new Map([["t", entries]])).targets;
  if (first === undefined) throw new Error("no target");
  return first;
};

describe("what a rollout has done on a target", () => {
  it("is nothing before its ledger says so, and every target of the plan is there", () => {
    const { targets } = foldRollout([started], new Map());
    expect(targets.map(({ target, before, applied: done }) => [target, before, done])).toEqual([["t", null, []], ["u", null, []]]); // prettier-ignore
  });

  it("forgets that a gate passed after, when a change is applied after that", () => {
    expect(progress(applied("a"), gate("after", "pass")).passedAfter).toEqual(["g"]);
    expect(progress(applied("a"), gate("after", "pass"), applied("b")).passedAfter).toEqual([]);
    expect(progress(gate("before", "pass"), applied("a")).passedBefore).toEqual(["g"]);
  });

  it("forgets a proof when anything is applied or taken back after it", () => {
    const proved = entry("back-proved", { target: "t", expected: "x", actual: "x", equal: true });
    const reverted = entry("reverted", { digest: "a", reason: "" }, "a");
    expect(progress(applied("a"), reverted, proved).proved).toBe(true);
    expect(progress(applied("a"), proved, reverted).proved).toBeNull();
    expect(progress(proved, applied("a")).proved).toBeNull();
  });

  it("stands with the last applied change first, without what was taken back", () => {
    const gone = entry("reverted", { digest: "b", reason: "" }, "b");
    expect(standing(progress(applied("a"), applied("b"), applied("c"), gone))).toEqual(["c", "a"]);
  });

  it("has failed where a gate failed or a change failed, and for the first of them it turns back; errors are no failures", () => {
    const failed = entry("failed", { digest: "a", message: "broke", sqlState: null }, "a");
    const turn = (...entries: readonly Entry[]) => turnOf(foldRollout([started], new Map([["u", entries]])));
    expect(turn(gate("before", "error"), gate("after", "inconclusive"))).toBeNull();
    expect(turn(gate("after", "fail"), failed)).toMatchObject({ gate: "g", change: null, by: "failure" });
    expect(turn(failed, gate("after", "fail"))).toMatchObject({ target: "u", change: "a", gate: null, by: "failure" });
  });
});

describe("a rollout", () => {
  it("turned back stays so for the first reason, and what a person asks for later does not change that", () => {
    const turn = (message: string) =>
      entry("turned-back", { target: null, change: null, gate: null, message, by: "interrupt" });
    const state = foldRollout([started, turn("first"), turn("second"), entry("resume-requested", {})], new Map());
    expect(state.turned?.message).toBe("first");
  });

  it("is paused from a pause to a resume, and not when it is to go back", () => {
    const [pause, resume, abort] = [entry("pause-requested", {}), entry("resume-requested", {}), entry("abort-requested", {})]; // prettier-ignore
    const paused = (...entries: readonly Entry[]) => foldRollout([started, ...entries], new Map()).paused;
    expect([paused(), paused(pause), paused(pause, resume), paused(pause, resume, pause), paused(pause, abort)]).toEqual([
      false, true, false, true, false,
    ]); // prettier-ignore
  });

  it("is one of those that a ledger tells of, oldest first, each with its own entries", () => {
    const other = entry("rollout-started", { plan }, null, "s");
    const ended = entry("rollout-ended", { outcome: "completed" }, null, "s");
    const both = foldRollouts([started, other, entry("stage-done", { stage: "one" }), ended]);
    expect(both.map(({ id, stagesDone, ended: outcome }) => [id, stagesDone, outcome])).toEqual([
      ["r", ["one"], null],
      ["s", [], "completed"],
    ]);
  });

  it("without a beginning is a defect, not a guess", () => {
    expect(() => foldRollout([entry("approved", { stage: "one" })], new Map())).toThrow(
      expect.objectContaining({ kind: "defect" }),
    );
  });
});
