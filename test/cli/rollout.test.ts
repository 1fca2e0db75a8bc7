import { describe, expect, it } from "vitest";
import { expectBelay, startBelay, type TestProject } from "../support/cli.js";
import {
  addRegion, appliedOn, build, built, catalogOf, columnsOf, exists, indexRegion, kindsOn, pair, region, regionIndex,
} from "./fixture.js"; // prettier-ignore

const both = ["staging", "production"] as const;

/** A gate that reads one number of a table of the test's. */
function gate(query: string, phase: "before" | "after") {
  return { probe: "sql", query, phase, success: { max: 0 }, interval: "10ms", count: 1 } as const;
}

function gated(name: string, ...gates: readonly (readonly [string, object])[]) {
  const names = gates.map(([gateName]) => gateName);
  return {
    gates: Object.fromEntries(gates),
    stages: both.map((stage) => ({ name: stage, targets: [stage], gates: stage === name ? names : [] })),
  } as object;
}

async function expectUntouched(made: TestProject, before: readonly string[]): Promise<void> {
  for (const [index, name] of both.entries()) {
    expect(await catalogOf(made.database(name))).toBe(before[index]);
    expect(await appliedOn(made.database(name))).toEqual([]);
  }
}

async function catalogs(made: TestProject): Promise<readonly string[]> {
  return Promise.all(both.map((name) => catalogOf(made.database(name))));
}

describe("a rollout", () => {
  it("proves, applies everywhere, records in the ledger, and the second time has nothing to do", async () => {
    const made = await built(
      { ...addRegion, ...indexRegion },
      { config: { policy: {}, ...gated("staging", ["calm", gate("select 0", "after")]) } },
    );
    expect((await expectBelay(made, 3, ["rollout"])).stderr).toContain("never rehearsed");
    const rehearsal = (await expectBelay(made, 0, ["rehearse", "--json"])).json();
    expect(rehearsal.changes).toMatchObject([
      { change: region, outcome: "proven" },
      { change: regionIndex, outcome: "proven" },
    ]);
    const document = (await expectBelay(made, 0, ["rollout", "--json"])).json();
    expect(document).toMatchObject({
      outcome: "completed",
      targets: both.map((target) => ({
        target,
        stage: target,
        state: "done",
        applied: [region, regionIndex],
        reverted: [],
      })),
      gates: [{ gate: "calm", target: "staging", phase: "after", verdict: "pass" }],
    });
    for (const name of both) {
      expect(await appliedOn(made.database(name))).toEqual([region, regionIndex]);
      expect(await exists(made.database(name), "idx_region")).toBe(true);
    }
    expect((await expectBelay(made, 0, ["rollout", "--json"])).json()).toMatchObject({
      outcome: "completed",
      rollout: null,
    });
    expect((await expectBelay(made, 0, ["drift", "--json"])).json().targets).toMatchObject(
      both.map((target) => ({ target, differences: [] })),
    );
  });

  it("whose second of three changes fails in production takes everything back everywhere, and holds the change", async () => {
    const second = pair("20260101000002_b", "ALTER TABLE tasks ADD COLUMN b int; ALTER TABLE extra ADD CONSTRAINT positive CHECK (n > 0);", "ALTER TABLE extra DROP CONSTRAINT positive; ALTER TABLE tasks DROP COLUMN b;"); // prettier-ignore
    const third = pair("20260101000003_c", "ALTER TABLE tasks ADD COLUMN c int;", "ALTER TABLE tasks DROP COLUMN c;");
    const made = await built({ ...addRegion, ...second, ...third });
    for (const target of ["staging", "production"]) await made.database(target).query("CREATE TABLE extra (n int)");
    await made.database("production").query("INSERT INTO extra VALUES (-1)");
    const before = await catalogs(made);
    const failed = (await expectBelay(made, 4, ["rollout", "--json"])).json();
    expect(failed).toMatchObject({
      outcome: "rolled_back",
      failure: { target: "production", change: "20260101000002_b", message: expect.stringContaining("extra") },
      targets: [
        { target: "staging", state: "rolled-back", applied: [] },
        { target: "production", state: "rolled-back", applied: [], reverted: ["20260101000002_b", region] },
      ],
    });
    await expectUntouched(made, before);
    const held = (await expectBelay(made, 3, ["rollout", "--json"])).json();
    expect(held.error).toMatchObject({ code: "change-held", hint: expect.stringContaining("belay retry") });
    await made.database("production").query("DELETE FROM extra");
    expect((await expectBelay(made, 0, ["rollout", "--retry", "extra is clean now", "--json"])).json()).toMatchObject({
      outcome: "completed",
    });
    expect(await columnsOf(made.database("production"), "tasks")).toContain("c");
    expect(await kindsOn(made.database("production"))).toContain("released");
  });

  it("that was taken back is held until `belay retry` releases it with a reason, or its digest changes", async () => {
    const made = await built(addRegion, { targets: ["main"] });
    await expectBelay(made, 0, ["rollout"]);
    await expectBelay(made, 0, ["revert", "AddRegion", "--yes", "--reason", "the app broke"]);
    const held = await expectBelay(made, 3, ["rollout"]);
    expect(held.stderr).toContain("the app broke");
    expect((await expectBelay(made, 2, ["retry", "AddRegion"])).stderr).toContain("reason");
    await expectBelay(made, 0, ["retry", "AddRegion", "--reason", "the app is mended"]);
    await expectBelay(made, 0, ["rollout"]);
    await expectBelay(made, 0, ["revert", "AddRegion", "--yes"]);
    await made.write(
      pair(region, "ALTER TABLE tasks ADD COLUMN region varchar(8);", "ALTER TABLE tasks DROP COLUMN region;"),
    );
    await build(made);
    await expectBelay(made, 0, ["rollout"]);
  });

  it("whose gate before is red touches nothing: exit 3", async () => {
    const made = await built(addRegion, { config: gated("staging", ["calm", gate("select 7", "before")]) });
    const before = await catalogs(made);
    const document = (await expectBelay(made, 3, ["rollout", "--json"])).json();
    expect(document).toMatchObject({ outcome: "refused", failure: { gate: "calm", target: "staging" } });
    await expectUntouched(made, before);
    expect(await kindsOn(made.database("staging"), region)).toEqual([]);
    expect((await expectBelay(made, 3, ["rollout"])).stderr).not.toContain("held");
  });

  it("whose gate before is red in production takes staging back: exit 4", async () => {
    const made = await built(addRegion, { config: gated("production", ["calm", gate("select 7", "before")]) });
    const before = await catalogs(made);
    const document = (await expectBelay(made, 4, ["rollout", "--json"])).json();
    expect(document).toMatchObject({ outcome: "rolled_back", failure: { gate: "calm", target: "production" } });
    await expectUntouched(made, before);
  });

  it("whose gate after is red in production goes back on both and proves it: exit 4", async () => {
    const watch =
      "select count(*) from information_schema.columns where table_name = 'tasks' and column_name = 'region'";
    const made = await built(addRegion, { config: gated("production", ["app", gate(watch, "after")]) });
    const before = await catalogs(made);
    const document = (await expectBelay(made, 4, ["rollout", "--json"])).json();
    expect(document).toMatchObject({
      outcome: "rolled_back",
      failure: { gate: "app", target: "production" },
      gates: [{ gate: "app", target: "production", phase: "after", verdict: "fail", measurements: [{ value: 1 }] }],
    });
    await expectUntouched(made, before);
    for (const name of both)
      expect((await kindsOn(made.database(name))).filter((kind) => kind === "back-proved")).toHaveLength(1);
  });

  it("whose gate cannot measure neither goes on nor back: exit 6, and `resume` measures again", async () => {
    const made = await built(addRegion, {
      config: gated("staging", [
        "app",
        { ...gate("select count(*) from no_such_table", "after"), consecutiveErrorLimit: 1 },
      ]),
    });
    const document = (await expectBelay(made, 6, ["rollout", "--json"])).json();
    expect(document).toMatchObject({ outcome: "paused", gates: [{ gate: "app", verdict: "error" }] });
    expect(await appliedOn(made.database("staging"))).toEqual([region]);
    expect(await appliedOn(made.database("production"))).toEqual([]);
    await made.database("staging").query("CREATE TABLE no_such_table ()");
    await expectBelay(made, 0, ["resume", document.rollout]);
    expect(await appliedOn(made.database("production"))).toEqual([region]);
  });

  it("beside another one on the same targets: one acts, the other exits 3 and names the holder", async () => {
    const wait =
      "DO $$ BEGIN WHILE NOT pg_try_advisory_xact_lock_shared(77) LOOP PERFORM pg_sleep(0.05); END LOOP; END $$;";
    const slow = pair("20260101000001_slow", `ALTER TABLE tasks ADD COLUMN slow int; ${wait}`, "ALTER TABLE tasks DROP COLUMN slow;"); // prettier-ignore
    const made = await built(slow);
    await made.database("staging").query("SELECT pg_advisory_lock(77)");
    const acting = startBelay(made, ["rollout", "--json"]);
    await until(async () => (await made.database("staging").query("SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'PgSleep'")).length > 0); // prettier-ignore
    const refused = await expectBelay(made, 3, ["rollout", "--json"]);
    await made.database("staging").query("SELECT pg_advisory_unlock(77)");
    expect((await acting.result).exitCode).toBe(0);
    expect(refused.json().error).toMatchObject({
      code: "operator-busy",
      message: expect.stringMatching(/belay\/\d{8}-\d{6}-[0-9a-f]{4}\/operator, process \d+/),
    });
    for (const name of both) {
      const kinds = await kindsOn(made.database(name), "20260101000001_slow");
      expect(kinds.filter((kind) => kind === "applied")).toHaveLength(1);
    }
  });

  it("that Ctrl-C stops goes back to where it was, holds nothing, and exits 130", async () => {
    const slow = pair("20260101000001_slow", "ALTER TABLE tasks ADD COLUMN slow int; SELECT pg_sleep(30);", "ALTER TABLE tasks DROP COLUMN slow;"); // prettier-ignore
    const made = await built({ ...slow }, { targets: ["main"] });
    const before = await catalogOf(made.database("main"));
    const running = startBelay(made, ["rollout", "--json"]);
    await until(async () => {
      const rows = await made.database("main").query("SELECT FROM pg_stat_activity WHERE datname = current_database() AND query LIKE '%pg_sleep(30)%' AND pid <> pg_backend_pid() AND state = 'active'"); // prettier-ignore
      return rows.length > 0;
    });
    running.kill("SIGINT");
    const result = await running.result;
    expect(result.exitCode).toBe(130);
    expect(result.json()).toMatchObject({ exitCode: 130, outcome: "aborted" });
    expect(await catalogOf(made.database("main"))).toBe(before);
    await made.write(
      pair("20260101000001_slow", "ALTER TABLE tasks ADD COLUMN slow int;", "ALTER TABLE tasks DROP COLUMN slow;"),
    );
    await build(made);
    await expectBelay(made, 0, ["rollout"]);
  });

  it("goes only to the target, up to the stage and up to the change that are named", async () => {
    const made = await built({ ...addRegion, ...indexRegion });
    const plan = (await expectBelay(made, 0, ["plan", "--target", "production", "--json"])).json().plan;
    expect(plan.stages).toMatchObject([{ name: "production", targets: ["production"] }]);
    await expectBelay(made, 0, ["rollout", "--stage", "staging", "--to", "AddRegion"]);
    expect(await appliedOn(made.database("staging"))).toEqual([region]);
    expect(await appliedOn(made.database("production"))).toEqual([]);
    await expectBelay(made, 0, ["rollout", "--target", "production"]);
    expect(await appliedOn(made.database("staging"))).toEqual([region]);
    expect(await appliedOn(made.database("production"))).toEqual([region, regionIndex]);
    expect((await expectBelay(made, 2, ["rollout", "--target", "moon"])).stderr).toContain("production");
  });

  it("as a dry run, and a plan, show every statement with its lock and its way back, and touch nothing", async () => {
    const made = await built({ ...addRegion, ...indexRegion });
    for (const args of [["plan"], ["rollout", "--dry-run"]]) {
      const { plan } = (await expectBelay(made, 0, [...args, "--json"])).json();
      const locks = [{ relation: "tasks", mode: "ACCESS EXCLUSIVE" }];
      const forward = expect.arrayContaining([
        { statement: "ALTER TABLE tasks ADD COLUMN region text", transaction: "inside", locks },
      ]);
      const outside = [{ transaction: "outside" }];
      expect(plan.changes).toMatchObject([
        { change: region, forward, targets: both },
        { change: regionIndex, forward: outside, backward: outside },
      ]);
    }
    const { stdout } = await expectBelay(made, 0, ["plan"]);
    expect(stdout).toContain("ALTER TABLE tasks DROP COLUMN region");
    expect(stdout).toContain("ACCESS EXCLUSIVE");
    for (const name of both) expect(await exists(made.database(name), "belay.journal")).toBe(false);
  });

  it("as a plan, tells in words what Belay adds to a statement, and leaves out what there is nothing to do for yet", async () => {
    const write = pair(region, "UPDATE tasks SET region = NULL WHERE id < 0;", "DELETE FROM tasks WHERE id < 0;");
    const made = await built(write);
    const { plan } = (await expectBelay(made, 0, ["plan", "--json"])).json();
    const purposes = (steps: readonly { purpose?: string }[]): unknown => steps.map(({ purpose }) => purpose ?? null);
    expect(purposes(plan.changes[0].backward)).toEqual(["compare", "write", "return", "return"]);
    const { stdout } = await expectBelay(made, 0, ["plan"]);
    expect(stdout).not.toContain("SELECT belay.");
    const shown = stdout.split("\n").filter((line) => /^ {2}(up|down) /.test(line));
    expect(
      shown.map((line) =>
        line
          .replace(/ +\[.*/, "")
          .trim()
          .replaceAll(/ +/g, " "),
      ),
    ).toEqual([
      "up written UPDATE tasks SET region = NULL WHERE id < 0",
      "up writing the rows, and keeping what was there",
      "down written DELETE FROM tasks WHERE id < 0",
      "down writing the rows, and keeping what was there",
      "down putting those rows back as they were",
      "down telling which rows somebody has changed since",
    ]);
  });
});

describe("an artifact", () => {
  it("is held against what would be built today only until its change is applied: then the target holds one", async () => {
    const made = await built(addRegion);
    const file = `rollbacks/${region}.json`;
    const manifest = JSON.parse(await made.read(file)) as object;
    const state = async (): Promise<unknown> =>
      (await expectBelay(made, 0, ["status", "--json"])).json().targets[0].artifacts;
    await expectBelay(made, 0, ["rollout"]);
    await made.write({ [file]: JSON.stringify({ ...manifest, title: "another" }) });
    expect(await state()).toMatchObject([{ change: region, state: "warm" }]);
    await expectBelay(made, 0, ["revert", "--last", "--yes"]);
    expect(await state()).toMatchObject([{ change: region, state: "stale" }]);
  });
});

async function until(condition: () => Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 50));
}
