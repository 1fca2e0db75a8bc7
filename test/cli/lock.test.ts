import { describe, expect, it } from "vitest";
import type { Client } from "pg";
import { expectBelay, startBelay, type TestProject } from "../support/cli.js";
import { addRegion, appliedOn, build, built, catalogOf, columnsOf, region } from "./fixture.js";

/** Somebody reads the table in a transaction that does not end. */
async function hold(made: TestProject): Promise<Client> {
  const { client } = made.database("main");
  await client.query("SET application_name = 'report-job'");
  await client.query("BEGIN");
  await client.query("SELECT count(*) FROM tasks");
  return client;
}

function patient(patience: string): object {
  return { policy: { lock: { budget: "100ms", patience }, rehearsal: { required: false } } };
}

describe("a lock that somebody else holds", () => {
  it("is waited for, the holder is named, and the change goes on when it is released", async () => {
    const made = await built(addRegion, { targets: ["main"], config: patient("40s") });
    const holder = await hold(made);
    const running = startBelay(made, ["rollout"]);
    while (!running.stderr().includes("report-job")) await new Promise((resolve) => setTimeout(resolve, 50));
    expect(running.stderr()).toMatch(/waiting .* for a lock/);
    await holder.query("COMMIT");
    const { exitCode } = await running.result;
    expect(exitCode).toBe(0);
    expect(await appliedOn(made.database("main"))).toEqual([region]);
  });

  it("for longer than the patience ends the rollout, which leaves nothing, holds nothing, and names the holder", async () => {
    const made = await built(addRegion, { targets: ["main"], config: patient("500ms") });
    const before = await catalogOf(made.database("main"));
    const holder = await hold(made);
    const document = (await expectBelay(made, 3, ["rollout", "--json"])).json();
    expect(document).toMatchObject({ outcome: "refused", failure: { message: expect.stringContaining("report-job") } });
    await holder.query("COMMIT");
    expect(await catalogOf(made.database("main"))).toBe(before);
    await expectBelay(made, 0, ["rollout"]);
  });

  it("on the way back is waited for too, and a way back that gives up can be run again", async () => {
    const made = await built(addRegion, { targets: ["main"], config: patient("40s") });
    await expectBelay(made, 0, ["rollout"]);
    await made.configure({ ...patient("500ms") });
    await build(made);
    const holder = await hold(made);
    expect((await expectBelay(made, 5, ["revert", "AddRegion", "--yes"])).stderr).toContain("report-job");
    await holder.query("COMMIT");
    expect(await appliedOn(made.database("main"))).toEqual([region]);
    await expectBelay(made, 0, ["revert", "AddRegion", "--yes"]);
    expect(await columnsOf(made.database("main"), "tasks")).not.toContain("region");
  });
});
