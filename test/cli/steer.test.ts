import { describe, expect, it } from "vitest";
import { expectBelay, startBelay, type TestProject } from "../support/cli.js";
import { addRegion, appliedOn, build, built, catalogOf, kindsOn, pair, region } from "./fixture.js";

const second = "20260101000002_second";
const files = { ...addRegion, ...pair(second, "CREATE TABLE second ();", "DROP TABLE second;") };

/** A rollout that staging holds up for long enough to steer it. */
async function baking(
  bake: string,
  options: object = {},
): Promise<{ made: TestProject; id: string; running: ReturnType<typeof startBelay> }> {
  const stages = [
    { name: "staging", targets: ["staging"], bake },
    { name: "production", targets: ["production"] },
  ];
  const made = await built(files, { config: { stages, ...options } as object });
  const running = startBelay(made, ["rollout", "--json"]);
  while (!running.stderr().includes(`applied ${second}`)) await new Promise((resolve) => setTimeout(resolve, 50));
  const [row] = await made.database("staging").query("SELECT rollout FROM belay.applied LIMIT 1");
  return { made, id: String(row?.["rollout"]), running };
}

describe("a rollout that is steered from another terminal", () => {
  it("stops before its next step when it is paused, and goes on when it is resumed", async () => {
    const { made, id, running } = await baking("5s");
    await expectBelay(made, 0, ["pause", id]);
    const paused = await running.result;
    expect(paused.exitCode).toBe(6);
    expect(paused.json()).toMatchObject({ outcome: "paused", waiting: { kind: "pause" }, rollout: id });
    expect(await appliedOn(made.database("production"))).toEqual([]);
    const { rollouts } = (await expectBelay(made, 0, ["status", id, "--json"])).json();
    expect(rollouts).toMatchObject([{ id, state: "paused", standing: [{ target: "staging", applied: [second, region] }, { target: "production", applied: [] }] }]); // prettier-ignore
    expect((await expectBelay(made, 2, ["status", "20200101-000000-abcd"])).stderr).toContain("history");
    expect((await expectBelay(made, 0, ["resume", id, "--json"])).json()).toMatchObject({
      outcome: "completed",
      rollout: id,
    });
    expect(await appliedOn(made.database("production"))).toEqual([region, second]);
    expect((await expectBelay(made, 2, ["resume", id])).stderr).toContain("no unfinished rollout");
  });

  it("goes back soon when it is aborted, however long it would still bake", async () => {
    const { made, id, running } = await baking("10m");
    const requested = (await expectBelay(made, 0, ["abort", id, "--json"])).json();
    expect(requested.outcome).toBe("requested");
    const aborted = await running.result;
    expect(aborted.exitCode).toBe(4);
    expect(aborted.json()).toMatchObject({ outcome: "aborted" });
    expect(await appliedOn(made.database("staging"))).toEqual([]);
    expect(await kindsOn(made.database("staging"))).toContain("back-proved");
  });

  it("that stands still is told by plan for any target, as far as the first target's ledger can be read", async () => {
    const stages = [{ name: "staging", targets: ["staging"] }, { name: "production", targets: ["production"], approval: true }]; // prettier-ignore
    const made = await built(files, { config: { stages } });
    const planFor = async (...args: readonly string[]) => (await expectBelay(made, 0, ["plan", "--json", ...args])).json().plan; // prettier-ignore
    expect((await planFor("--target", "production")).findings).toEqual([]);
    const { rollout } = (await expectBelay(made, 6, ["rollout", "--json"])).json();
    const told = { severity: "note", code: "rollout-unfinished", target: null, message: expect.stringContaining(rollout) };
    expect((await planFor()).findings).toEqual([expect.objectContaining(told)]);
    const plan = await planFor("--target", "production");
    expect(plan.findings).toEqual([expect.objectContaining(told)]);
    expect(plan.targets).toMatchObject([{ target: "production", pending: [region, second] }]);

    const role = `belay_test_${rollout.slice(-4)}`;
    await made.database("staging").query(`CREATE ROLE ${role} LOGIN PASSWORD 'poor'`);
    const url = new URL(made.database("staging").url);
    [url.username, url.password] = [role, "poor"];
    const production = { url: made.database("production").url };
    await made.configure({ stages, targets: { staging: { url: url.href }, production } });
    expect((await planFor("--target", "production")).findings).toMatchObject([
      { severity: "warn", code: "rollouts-unknown", target: "staging", message: expect.stringContaining(`the role ${role} may not read its ledger`) },
    ]);
    await made.database("staging").query(`DROP ROLE ${role}`);
    await made.configure({ stages, targets: { staging: { url: "postgres://127.0.0.1:1/gone" }, production } });
    const alone = await planFor("--target", "production");
    expect(alone.findings).toMatchObject([
      { severity: "warn", code: "rollouts-unknown", target: "staging", message: expect.stringContaining("127.0.0.1:1") },
    ]);
    expect(alone).toMatchObject({ changes: [{ change: region }, { change: second }], targets: [{ target: "production" }] });
    await made.configure({ stages });
    await expectBelay(made, 0, ["abort", rollout, "--yes"]);
    expect((await planFor("--target", "production")).findings).toEqual([]);
  }); // prettier-ignore

  it("that stands still goes back by the terminal that aborts it", async () => {
    const stages = [{ name: "staging", targets: ["staging"] }, { name: "production", targets: ["production"], approval: true }]; // prettier-ignore
    const made = await built(files, { config: { stages } });
    const before = await catalogOf(made.database("staging"));
    const { rollout, waiting } = (await expectBelay(made, 6, ["rollout", "--json"])).json();
    expect(waiting.hint).toContain(`belay approve ${rollout}`);
    await expectBelay(made, 0, ["new", "HalfWritten"]);
    const document = (await expectBelay(made, 0, ["abort", rollout, "--json"])).json();
    expect(document).toMatchObject({ outcome: "aborted", targets: [{ target: "staging", state: "rolled-back" }, { target: "production", state: "pending" }] }); // prettier-ignore
    expect(await catalogOf(made.database("staging"))).toBe(before);
    expect((await expectBelay(made, 2, ["abort", rollout])).stderr).toContain("no unfinished rollout");
  });

  it("goes on only as what it began as: a file that changed since is named", async () => {
    const stages = [{ name: "staging", targets: ["staging"] }, { name: "production", targets: ["production"], approval: true }]; // prettier-ignore
    const made = await built(addRegion, { config: { stages } });
    const { rollout } = (await expectBelay(made, 6, ["rollout", "--json"])).json();
    await made.write(
      pair(region, "ALTER TABLE tasks ADD COLUMN region varchar;", "ALTER TABLE tasks DROP COLUMN region;"),
    );
    await build(made);
    const { error } = (await expectBelay(made, 3, ["resume", rollout, "--yes", "--json"])).json();
    expect(error).toMatchObject({
      message: expect.stringContaining(region),
      hint: expect.stringMatching(/[Pp]ut the file/),
    });
    await expectBelay(made, 0, ["abort", rollout]);
    expect(await appliedOn(made.database("staging"))).toEqual([]);
  });
});
