import { describe, expect, it } from "vitest";
import { planRollout } from "../../src/rollout/plan-rollout.js";
import { loadProject } from "../../src/system/project/project.js";
import { addRegion, appliedOn, build, built, indexRegion, region, unrehearsed } from "../cli/fixture.js";
import { expectBelay, type TestProject } from "../support/cli.js";
import { isUntouched, refusalOf, roll } from "./refusal.js";

async function digestOf(made: TestProject): Promise<string> {
  return (await planRollout(await loadProject({ directory: made.root }), { to: null, stage: null, target: null }))
    .digest;
}

/** The config with the urls of some targets exchanged. */
async function lead(made: TestProject, urls: Readonly<Record<string, string>>, more: object = {}): Promise<void> {
  const names = Object.keys(urls);
  const targets = Object.fromEntries(names.map((name) => [name, { url: urls[name] ?? "" }]));
  await made.configure({ ...unrehearsed, targets, stages: names.map((name) => ({ name, targets: [name] })), ...more });
}

describe("W1: the command ran against production instead of staging", () => {
  it("is refused where two targets are one database under two host names", async () => {
    const made = await built(addRegion);
    const { url } = made.database("production");
    const other = new URL(url);
    other.hostname = other.hostname === "localhost" ? "127.0.0.1" : "localhost";
    await lead(made, { staging: other.href, production: url });
    const refusal = await refusalOf(made);
    expect(refusal).toMatchObject({ kind: "usage", code: "same-database" });
    expect(refusal.message).toContain("production: it is the same database as staging");
    expect(await isUntouched(made.database("production"))).toBe(true);
  });

  it("is refused where a plan was looked at, and its target leads somewhere else since", async () => {
    const made = await built(addRegion, { targets: ["main", "other"] });
    const [main, other] = [made.database("main"), made.database("other")];
    await lead(made, { main: main.url });
    const digest = await digestOf(made);
    await lead(made, { main: other.url });
    expect(await refusalOf(made, { plan: digest })).toMatchObject({ kind: "refused", code: "plan-changed" });
    expect(await appliedOn(other)).toEqual([]);
    await lead(made, { main: main.url });
    expect((await roll(made, { plan: digest.slice(0, 12) })).outcome).toBe("completed");
  });

  it("is refused where the changes are no longer those of the plan", async () => {
    const made = await built(addRegion, { targets: ["main"] });
    const shown = (await expectBelay(made, 0, ["plan", "--json"])).json().plan;
    expect(shown.targets[0]).toMatchObject({
      target: "main",
      database: made.database("main").name,
      systemIdentifier: expect.stringMatching(/^\d+$/),
    });
    await made.write(indexRegion);
    await build(made);
    const { error } = (await expectBelay(made, 3, ["rollout", "--yes", "--plan", shown.digest, "--json"])).json();
    expect(error).toMatchObject({ code: "plan-changed", hint: "Look at it again: belay plan" });
    expect((await expectBelay(made, 2, ["rollout", "--plan", "nonsense", "--json"])).json().error.code).toBe(
      "plan-digest-invalid",
    );
    expect(await appliedOn(made.database("main"))).toEqual([]);
  });

  it("is refused where an unfinished rollout finds another database than the one on which it began", async () => {
    const made = await built(addRegion, { targets: ["staging", "production", "elsewhere"] });
    const { staging, production, elsewhere } = made.databases;
    const urls = (last: string): Record<string, string> => ({ staging: staging?.url ?? "", production: last });
    const stages = { stages: [{ name: "staging", targets: ["staging"] }, { name: "production", targets: ["production"], approval: true }] }; // prettier-ignore
    await lead(made, urls(production?.url ?? ""), stages);
    expect((await roll(made, { yes: false })).outcome).toBe("paused");
    await lead(made, urls(elsewhere?.url ?? ""), stages);
    const refusal = await refusalOf(made);
    expect(refusal).toMatchObject({ kind: "refused", code: "target-changed" });
    expect(refusal.message).toContain(production?.name);
    expect(await appliedOn(made.database("elsewhere"))).toEqual([]);
    await lead(made, urls(production?.url ?? ""), stages);
    expect((await roll(made)).outcome).toBe("completed");
  });

  it("is refused where the database's own ledger knows it under another target's name, unless that is said to be right", async () => {
    const made = await built(addRegion, { targets: ["production"] });
    await roll(made);
    await made.write(indexRegion);
    await build(made);
    await lead(made, { staging: made.database("production").url });
    const refusal = await refusalOf(made);
    expect(refusal).toMatchObject({ kind: "refused", code: "target-mistaken" });
    expect(refusal.message).toContain("staging: this is the database that production was");
    expect(await appliedOn(made.database("production"))).toEqual([region]);
    expect((await roll(made, { acceptRenamed: ["staging"] })).outcome).toBe("completed");
  });
});
