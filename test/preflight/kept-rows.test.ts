import { describe, expect, it } from "vitest";
import { built, pair } from "../cli/fixture.js";
import { belay, expectBelay } from "../support/cli.js";

const targets = ["main"];
const keyless = pair(
  "20260101000001_keyless",
  "ALTER TABLE tasks DROP CONSTRAINT tasks_pkey;",
  "ALTER TABLE tasks ADD PRIMARY KEY (id);",
);
const update = pair("20260101000002_notes", "UPDATE tasks SET note = 'same';", "UPDATE tasks SET note = 'none';");

describe("what rows were cannot be kept, and that shows only when the change runs", () => {
  it("is told with the way out by the rollout, whose way back it is", async () => {
    const made = await built({ ...keyless, ...update }, { targets });
    const { failure } = (await expectBelay(made, 4, ["rollout", "--yes", "--json"])).json();
    expect(failure.message).toMatch(/tasks has no primary key.* Give it one\. .*-- belay:keep off/);
    const again = await belay(made, ["status"]);
    expect(again.stdout).toContain("Give it one.");
    expect(await made.database("main").query("SELECT count(*)::int AS n FROM belay.image")).toEqual([{ n: 0 }]);
  });

  it("is told with the way out by the rehearsal", async () => {
    const made = await built({ ...keyless, ...update }, { targets });
    const { error } = (await expectBelay(made, 3, ["rehearse", "--json"])).json();
    expect(error.message).toMatch(/tasks has no primary key.* Give it one\. .*-- belay:keep off/);
  });
});
