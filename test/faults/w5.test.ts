import { describe, expect, it } from "vitest";
import {
  addRegion,
  appliedOn,
  build,
  built,
  columnsOf,
  indexRegion,
  pair,
  region,
  regionIndex,
} from "../cli/fixture.js";
import { revert } from "../../src/revert/revert.js";
import { planRollout } from "../../src/rollout/plan-rollout.js";
import { loadProject } from "../../src/system/project/project.js";
import { refusalOf, roll } from "./refusal.js";

const late = "20251231000000_late";
const addLate = pair(late, "ALTER TABLE tasks ADD COLUMN late text;", "ALTER TABLE tasks DROP COLUMN late;");

describe("W5: a change with an older version arrives after newer ones were applied", () => {
  it("is named and refused, and run only when that is asked for", async () => {
    const made = await built(addRegion);
    await roll(made, { stage: "staging" });
    await made.write(addLate);
    await build(made);
    const refusal = await refusalOf(made);
    expect(refusal).toMatchObject({ kind: "refused", code: "out-of-order" });
    expect(refusal.message).toContain(`staging: ${late} is out of order: ${region} is newer`);
    expect(refusal.hint).toContain("--out-of-order");
    expect(await columnsOf(made.database("staging"), "tasks")).not.toContain("late");
    expect(await columnsOf(made.database("production"), "tasks")).not.toContain("late");
    expect((await roll(made, { outOfOrder: true })).outcome).toBe("completed");
    expect(await appliedOn(made.database("staging"))).toEqual([region, late]);
    // Production had neither: there they ran in their order.
    expect(await appliedOn(made.database("production"))).toEqual([late, region]);
  });

  it("is a matter of each target: one that is behind takes the same changes in order", async () => {
    const made = await built({ ...addRegion, ...indexRegion });
    await roll(made, { stage: "staging" });
    const project = await loadProject({ directory: made.root });
    const plan = await planRollout(project, { to: null, stage: null, target: null });
    expect(plan.findings.filter(({ code }) => code === "out-of-order")).toEqual([]);
    expect((await roll(made)).outcome).toBe("completed");
    expect(await appliedOn(made.database("production"))).toEqual([region, regionIndex]);
  });

  it("may be allowed for a project", async () => {
    const made = await built(addRegion, { targets: ["main"] });
    await roll(made);
    await made.write(addLate);
    await build(made);
    await made.configure({ policy: { rehearsal: { required: false }, outOfOrder: "allow" } });
    expect((await roll(made)).outcome).toBe("completed");
  });

  it("is not what a change is that was taken back, and is released by a person", async () => {
    const other = pair("20260101000003_other", "CREATE TABLE other (id int);", "DROP TABLE other;");
    const made = await built({ ...addRegion, ...other }, { targets: ["main"] });
    await roll(made);
    await revert(await loadProject({ directory: made.root }), { selection: { kind: "changes", names: [region] } });
    expect(await appliedOn(made.database("main"))).toEqual(["20260101000003_other"]);
    expect(await refusalOf(made)).toMatchObject({ code: "change-held" });
    expect((await roll(made, { retry: "the cause is gone" })).outcome).toBe("completed");
  });
});
