import { describe, expect, test } from "vitest";
import { touchesBackward, touchesForward, untouchedAfter } from "../../src/plan/touches.js";
import type { Section, Step } from "../../src/plan/step.js";

function step(command: string, change: Partial<Step> = {}): Step {
  const none = {
    purpose: null,
    locks: [],
    makes: [],
    mayMeet: [],
    removes: [],
    verification: { kind: "none" },
  } as const;
  return { sql: command, command, ...none, ...change };
}

function writes(command: string, relation: string): Step {
  return step(command, { locks: [{ relation, mode: "ROW EXCLUSIVE" }] });
}

function section(...steps: Step[]): Section {
  return { transaction: "inside", steps };
}

describe("what a way back may touch", () => {
  test("a statement backward has the key of the one forward that it undoes: rows are written back in the opposite order", () => {
    const forward = touchesForward([
      section(writes("UPDATE", "t")),
      section(writes("DELETE", "u"), writes("INSERT", "t")),
    ]);
    const [second, other, first] = [writes("DELETE", "t"), writes("INSERT", "u"), writes("UPDATE", "t")];
    const backward = touchesBackward([section(second, other), section(first)]);
    expect(forward).toEqual([["rows t 1"], ["rows u 1", "rows t 2"]]);
    expect([second, other, first].map((one) => backward.get(one))).toEqual([["rows t 2"], ["rows u 1"], ["rows t 1"]]);
  });

  test("what a section that was never begun would have touched is untouched, unless a begun one touched it too", () => {
    const forward = [["table a"], ["index i", "table a"], ["rows a 1"]];
    expect(untouchedAfter(forward, 0)).toEqual(["table a", "index i", "rows a 1"]);
    expect(untouchedAfter(forward, 1)).toEqual(["index i", "rows a 1"]);
    expect(untouchedAfter(forward, 3)).toEqual([]);
  });

  test("a WITH that writes touches the rows that it writes, whatever the query around it is called; locking a table touches none", () => {
    const both = { relation: "t", mode: "ROW EXCLUSIVE" } as const;
    const query = step("SELECT", { locks: [both, { relation: "u", mode: "ACCESS SHARE" }] });
    const [empties, locks] = [
      step("TRUNCATE", { locks: [{ relation: "t", mode: "ACCESS EXCLUSIVE" }] }),
      step("LOCK TABLE", { locks: [both] }),
    ];
    expect(touchesForward([section(query), section(empties), section(locks)])).toEqual([
      ["rows t 1"],
      ["rows t 2"],
      [],
    ]);
  });

  test("reading a table, and copying what is about to be dropped, touches no rows", () => {
    const reads = step("UPDATE", { locks: [{ relation: "t", mode: "ROW EXCLUSIVE" }, { relation: "u", mode: "ACCESS SHARE" }] }); // prettier-ignore
    const keeps = step("SELECT", { purpose: "keep", locks: [{ relation: "t", mode: "ACCESS EXCLUSIVE" }] });
    expect(touchesForward([section(reads, keeps)])).toEqual([["rows t 1"]]);
  });
});
