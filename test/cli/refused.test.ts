import { describe, expect, it } from "vitest";
import { expectBelay } from "../support/cli.js";
import { addRegion, appliedOn, build, built, columnsOf, exists, indexRegion, pair, prove, region } from "./fixture.js";

describe("a rollout is refused with exit 3 before anything is touched", () => {
  it("where an artifact is missing, edited, out of date, unproven or was not proven for these bytes", async () => {
    const made = await built(addRegion, { targets: ["main"], config: { policy: {} } });
    const refusal = async (): Promise<{ code: string; message: string }> =>
      (await expectBelay(made, 3, ["rollout", "--json"])).json().error;
    expect(await refusal()).toMatchObject({ code: "not-rehearsed" });
    await prove(made);
    const sealed = await made.read(`rollbacks/${region}.sql`);
    await made.write({ [`rollbacks/${region}.sql`]: `${sealed}-- harmless\n` });
    expect(await refusal()).toMatchObject({
      code: "artifact-edited",
      message: expect.stringMatching(/[0-9a-f]{64}.*[0-9a-f]{64}/),
    });
    await made.remove(`rollbacks/${region}.sql`);
    expect(await refusal()).toMatchObject({ code: "artifact-missing" });
    await made.write({ [`rollbacks/${region}.sql`]: sealed });
    await made.write({ [`migrations/${region}.down.sql`]: "ALTER TABLE tasks DROP COLUMN IF EXISTS region;\n" });
    expect(await refusal()).toMatchObject({ code: "artifact-stale" });
    await build(made);
    expect(await refusal()).toMatchObject({ code: "not-rehearsed" });
    expect(await appliedOn(made.database("main"))).toEqual([]);
    expect(await columnsOf(made.database("main"), "tasks")).not.toContain("region");
  });

  it("where the proof is too old", async () => {
    const made = await built(addRegion, { targets: ["main"], config: { policy: { rehearsal: { maxAge: "1ms" } } } });
    await made.configure({ policy: { rehearsal: { maxAge: "1ms" } } });
    await prove(made);
    expect((await expectBelay(made, 3, ["rollout", "--json"])).json().error.code).toBe("rehearsal-too-old");
  });

  it("where a file changed after it was applied: the file is named", async () => {
    const made = await built(addRegion, { targets: ["main"] });
    await expectBelay(made, 0, ["rollout"]);
    await made.write({
      ...addRegion,
      [`migrations/${region}.up.sql`]: "ALTER TABLE tasks ADD COLUMN region varchar;\n",
    });
    await build(made);
    const { error } = (await expectBelay(made, 3, ["rollout", "--json"])).json();
    expect(error).toMatchObject({
      code: "change-edited",
      message: expect.stringContaining(`migrations/${region}.up.sql`),
    });
  });

  it("where the catalog is not as Belay left it, unless that is accepted", async () => {
    const made = await built(addRegion, { targets: ["main"] });
    await expectBelay(made, 0, ["rollout"]);
    await made.database("main").query("CREATE INDEX by_hand ON tasks (note)");
    await made.write(indexRegion);
    await build(made);
    const drift = (await expectBelay(made, 7, ["drift", "--json"])).json();
    expect(drift.targets[0].differences).toMatchObject([{ kind: "added", object: expect.stringContaining("by_hand") }]);
    const { error } = (await expectBelay(made, 3, ["rollout", "--json"])).json();
    expect(error).toMatchObject({ code: "drift", message: expect.stringContaining("by_hand") });
    await expectBelay(made, 0, ["rollout", "--accept-drift"]);
    expect((await expectBelay(made, 0, ["drift", "--json"])).json().outcome).toBe("none");
    await expectBelay(made, 0, ["revert", "--last", "--yes"]);
    expect(await exists(made.database("main"), "by_hand")).toBe(true);
  });

  it("where a change has no way back, unless its loss is accepted in as many words", async () => {
    const id = "20260101000005_forget";
    const made = await built(pair(id, "DELETE FROM tasks WHERE id = 1;", "", "irreversible the row is gone"), {
      targets: ["main"],
    });
    expect((await expectBelay(made, 3, ["rollout", "--yes"])).stderr).toContain("the row is gone");
    await expectBelay(made, 0, ["rollout", "--accept-loss", "forget"]);
    expect((await expectBelay(made, 3, ["revert", "forget", "--yes"])).stderr).toContain("cannot be taken back");
    expect(await appliedOn(made.database("main"))).toEqual([id]);
  });
});
