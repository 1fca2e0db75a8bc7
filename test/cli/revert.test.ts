import { describe, expect, it } from "vitest";
import { expectBelay, type TestProject } from "../support/cli.js";
import {
  addRegion,
  appliedOn,
  built,
  catalogOf,
  columnsOf,
  indexRegion,
  kindsOn,
  pair,
  region,
  regionIndex,
} from "./fixture.js";

const both = ["staging", "production"] as const;
const last = "20260101000003_last";
const three = {
  ...addRegion,
  ...indexRegion,
  ...pair(last, "CREATE TABLE extra (id int);", "DROP TABLE extra;", "title Extra"),
};

async function live(
  files: Record<string, string> = three,
  targets: readonly string[] = ["main"],
): Promise<TestProject> {
  const made = await built(files, { targets });
  await expectBelay(made, 0, ["rollout"]);
  return made;
}

describe("a revert", () => {
  it("takes dependents back first, on every target, proves each, and the second time has nothing to do", async () => {
    const made = await built(three);
    const before = await Promise.all(both.map((name) => catalogOf(made.database(name))));
    await expectBelay(made, 0, ["rollout"]);
    const document = (await expectBelay(made, 0, ["revert", "AddRegion", "--yes", "--json"])).json();
    expect(document).toMatchObject({
      outcome: "reverted",
      targets: both.map((target) => ({
        target,
        reverted: [regionIndex, region],
        alreadyReverted: [],
        loss: [],
        provenBack: true,
      })),
    });
    expect(document.targets[0].durationMs).toBeGreaterThan(0);
    for (const name of both) expect(await appliedOn(made.database(name))).toEqual([last]);
    const again = (await expectBelay(made, 0, ["revert", "AddRegion", "--yes", "--json"])).json();
    expect(again).toMatchObject({
      outcome: "nothing_to_do",
      targets: both.map((target) => ({ target, reverted: [], alreadyReverted: [region] })),
    });
    await expectBelay(made, 0, ["revert", "--last", "--yes"]);
    expect(await Promise.all(both.map((name) => catalogOf(made.database(name))))).toEqual(before);
  });

  it("of everything after a change, of a rollout, and of one target takes just that", async () => {
    const made = await live(three, both);
    await expectBelay(made, 0, ["revert", "--to", "AddRegion", "--yes", "--target", "staging"]);
    expect(await appliedOn(made.database("staging"))).toEqual([region]);
    expect(await appliedOn(made.database("production"))).toEqual([region, regionIndex, last]);
    const [row] = await made.database("production").query("SELECT DISTINCT rollout FROM belay.applied");
    await expectBelay(made, 0, ["revert", "--rollout", String(row?.["rollout"]), "--yes", "--target", "production"]);
    expect(await appliedOn(made.database("production"))).toEqual([]);
    expect(await appliedOn(made.database("staging"))).toEqual([region]);
  });

  it("is refused without --yes where nobody can be asked, and says what it would do", async () => {
    const made = await live(addRegion);
    const { stderr } = await expectBelay(made, 3, ["revert", "AddRegion"], { input: "y\n" });
    expect(stderr).toContain("ALTER TABLE tasks DROP COLUMN region");
    expect(stderr).toContain("--yes");
    expect(await appliedOn(made.database("main"))).toEqual([region]);
    expect((await expectBelay(made, 3, ["revert", "AddRegion", "--json"])).json().error.code).toBe("not-confirmed");
  });

  it("of a change that is not applied, or of nothing in particular, is refused and touches nothing", async () => {
    const made = await live(addRegion);
    expect((await expectBelay(made, 3, ["revert", "idx_region", "--yes", "--json"])).json().error.code).toBe(
      "change-not-applied",
    );
    expect((await expectBelay(made, 2, ["revert", "--yes"])).stderr).toContain("--last");
    expect((await expectBelay(made, 2, ["revert", "AddRegion", "--last", "--yes"])).stderr).toContain("one of them");
    expect(await appliedOn(made.database("main"))).toEqual([region]);
  });

  it("keeps values that were written since, says so, and the next rollout brings them back", async () => {
    const made = await live(addRegion);
    await made.database("main").query("UPDATE tasks SET region = 'eu' WHERE id <= 5");
    await expectBelay(made, 0, ["revert", "AddRegion", "--yes"]);
    const { targets } = (await expectBelay(made, 0, ["status", "--json"])).json();
    expect(targets[0].kept).toMatchObject([
      {
        how: "settled",
        objects: ["column public.tasks.region"],
        change: region,
        parts: [{ table: "public.tasks", column: "region", rows: 5 }],
      },
    ]);
    expect(
      await made
        .database("main")
        .query(`SELECT count(*)::int AS n FROM belay_kept."${targets[0].kept[0].parts[0].keptAs}"`),
    ).toEqual([{ n: 5 }]);
    await made.database("main").query("DELETE FROM tasks WHERE id = 1; UPDATE tasks SET note = 'changed' WHERE id = 2");
    await expectBelay(made, 0, ["rollout", "--retry", "wanted after all"]);
    const rows = await made.database("main").query("SELECT id::int, note FROM tasks WHERE region = 'eu' ORDER BY id");
    expect(rows).toEqual([{ id: 2, note: "changed" }, { id: 3, note: "task 3" }, { id: 4, note: "task 4" }, { id: 5, note: "task 5" }]); // prettier-ignore
    expect((await expectBelay(made, 0, ["status", "--json"])).json().targets[0].kept).toEqual([]);
  });

  it("brings back the rows of a table that a change dropped", async () => {
    const drop = pair("20260101000001_drop", "DROP TABLE old;", "CREATE TABLE old (id int PRIMARY KEY, note text);");
    const made = await built(drop, {
      targets: ["main"],
      schema:
        "CREATE TABLE old (id int PRIMARY KEY, note text); INSERT INTO old SELECT n, 'n' || n FROM generate_series(1, 7) AS n;",
    });
    const before = await catalogOf(made.database("main"));
    await expectBelay(made, 0, ["rollout"]);
    await expectBelay(made, 0, ["revert", "drop", "--yes"]);
    expect(await made.database("main").query("SELECT count(*)::int AS n, max(note) AS last FROM old")).toEqual([
      { n: 7, last: "n7" },
    ]);
    expect(await catalogOf(made.database("main"))).toBe(before);
  });

  it("of a change whose file is gone or edited works all the same: the ledger holds its artifact", async () => {
    const made = await live(addRegion);
    await made.write({
      [`migrations/${region}.up.sql`]: "SELECT 'edited';\n",
      [`migrations/${region}.down.sql`]: "SELECT 'edited';\n",
    });
    await made.remove("rollbacks");
    await expectBelay(made, 0, ["revert", "AddRegion", "--yes"]);
    expect(await columnsOf(made.database("main"), "tasks")).not.toContain("region");
  });

  it("leaves alone what others did since, and ends with 5 where its own statement cannot run", async () => {
    const made = await live(addRegion);
    await made.database("main").query("CREATE TABLE by_hand ()");
    await expectBelay(made, 0, ["revert", "AddRegion", "--yes"]);
    expect(await columnsOf(made.database("main"), "by_hand")).toEqual([]);
    await expectBelay(made, 0, ["rollout", "--retry", "again", "--accept-drift"]);
    await made.database("main").query("CREATE VIEW on_region AS SELECT region FROM tasks");
    const stuck = (await expectBelay(made, 5, ["revert", "AddRegion", "--yes", "--json"])).json();
    expect(stuck).toMatchObject({
      outcome: "rollback_failed",
      error: { code: "not-back", message: expect.stringContaining("on_region") },
    });
    expect(await appliedOn(made.database("main"))).toEqual([region]);
    await made.database("main").query("DROP VIEW on_region");
    await expectBelay(made, 0, ["revert", "AddRegion", "--yes"]);
    expect(await kindsOn(made.database("main"), region)).toContain("back-proved");
  });
});

describe("the status", () => {
  it("says of each target what is applied, pending, held and adrift, and of each artifact whether it is warm", async () => {
    const made = await built(three);
    await expectBelay(made, 0, ["rollout", "--to", "AddRegion"]);
    await made.database("staging").query("ALTER TABLE tasks ALTER COLUMN priority SET DEFAULT 9");
    await made.write({ [`rollbacks/${last}.sql`]: "-- nothing\n" });
    const { targets } = (await expectBelay(made, 0, ["status", "--json"])).json();
    expect(targets).toMatchObject([
      {
        target: "staging",
        applied: [region],
        pending: [regionIndex, last],
        held: [],
        kept: [],
        drift: [{ kind: "changed", object: expect.stringContaining("priority"), message: expect.stringMatching(/9/) }],
        artifacts: [{ change: region, state: "warm" }, { change: regionIndex, state: "warm" }, { change: last, state: "broken" }],
      },
      { target: "production", applied: [region], drift: [] },
    ]); // prettier-ignore
    const { stdout } = await expectBelay(made, 0, ["status"]);
    expect(stdout).toMatch(/staging[^]*priority[^]*production/);
    const drift = (await expectBelay(made, 7, ["drift", "--json"])).json();
    expect(drift.targets[0].differences).toMatchObject([
      { kind: "changed", expected: expect.anything(), actual: expect.anything() },
    ]);
  });

  it("of a target that cannot be reached says so, and shows the others", async () => {
    const made = await built(addRegion, { targets: ["main"] });
    const { url } = made.database("main");
    await made.configure({
      targets: { main: { url }, away: { url: "postgres://u@127.0.0.1:1/x" } },
      stages: [{ name: "main", targets: ["main"] }],
    });
    const { targets } = (await expectBelay(made, 0, ["status", "--json"])).json();
    expect(targets).toMatchObject([{ target: "main", unreachable: null }, { target: "away", unreachable: expect.stringContaining("nothing listens") }]); // prettier-ignore
    await expectBelay(made, 7, ["drift"]);
  });
});

describe("the history", () => {
  it("tells everything that happened, oldest first, and whether somebody wrote into the ledger by hand", async () => {
    const made = await live(addRegion);
    await expectBelay(made, 0, ["revert", "AddRegion", "--yes", "--reason", "a drill"], { env: { BELAY_AS: "grace" } });
    const { targets } = (await expectBelay(made, 0, ["history", "--json"])).json();
    expect(targets[0].broken).toBeNull();
    const told = targets[0].entries.map(({ kind, actor }: { kind: string; actor: string }) => [kind, actor]);
    expect(told.map(([kind]: string[]) => kind)).toEqual(await kindsOn(made.database("main")));
    expect(told).toContainEqual(["reverted", "grace"]);
    const { stdout } = await expectBelay(made, 0, ["history"]);
    expect(stdout).toMatch(/a drill/);
    await made.database("main").query("ALTER TABLE belay.journal DISABLE TRIGGER ALL");
    await made.database("main").query("UPDATE belay.journal SET actor = 'eve' WHERE seq = 3");
    expect((await expectBelay(made, 7, ["history", "--json"])).json().targets[0].broken).toMatchObject({ seq: 3 });
    expect((await expectBelay(made, 7, ["history"])).stdout).toContain("entry 3 was changed");
  });
});
