import { describe, expect, it } from "vitest";
import { expectBelay, project } from "../support/cli.js";
import {
  addRegion,
  build,
  built,
  columnsOf,
  exists,
  indexRegion,
  pair,
  prove,
  region,
  regionIndex,
  tasks,
} from "./fixture.js";

describe("belay rehearse", () => {
  const failing = async (up: string, down: string, detail: RegExp): Promise<void> => {
    const made = await project(pair("20260101000001_x", up, down), {
      targets: ["main"],
      schema: `${tasks} CREATE ROLE belay_test_reader_${process.pid};`,
    });
    try {
      const { changes } = (await expectBelay(made, 3, ["rehearse", "--json"])).json();
      expect(changes).toMatchObject([{ change: "20260101000001_x", outcome: "failed" }]);
      const wrong = changes[0].assertions.filter(({ passed }: { passed: boolean }) => !passed);
      expect(JSON.stringify(wrong)).toMatch(detail);
      expect((await expectBelay(made, 3, ["rollout", "--json"])).json().error.code).toBe("rehearsal-failed");
    } finally {
      await made
        .database("main")
        .query(`DROP OWNED BY belay_test_reader_${process.pid}; DROP ROLE belay_test_reader_${process.pid}`);
    }
  };

  it.each([
    [
      "a column",
      "ALTER TABLE tasks ADD COLUMN a int, ADD COLUMN b int;",
      "ALTER TABLE tasks DROP COLUMN a;",
      /tasks\.b/,
    ],
    [
      "an index",
      "ALTER TABLE tasks ADD COLUMN a int; CREATE INDEX by_note ON tasks (note);",
      "ALTER TABLE tasks DROP COLUMN a;",
      /by_note/,
    ],
    ["a default", "ALTER TABLE tasks ALTER COLUMN priority SET DEFAULT 5;", "SELECT 1;", /priority.*5/],
    ["a grant", `GRANT SELECT ON tasks TO belay_test_reader_${process.pid};`, "SELECT 1;", /belay_test_reader/],
    ["what it says it drops", "ALTER TABLE tasks ADD COLUMN a int;", "ALTER TABLE tasks DROP COLUMN b;", /down-runs/],
  ])("finds a way back that forgets %s, names it, and a rollout refuses the change", async (_, up, down, detail) => {
    await failing(up, down, detail);
    expect(detail).toBeDefined();
  });

  it("writes its evidence into the manifest, leaves no scratch database, and does not touch the target", async () => {
    const made = await built(addRegion, { targets: ["main"], config: { policy: {} } });
    const { changes } = (await expectBelay(made, 0, ["rehearse", "AddRegion", "--json"])).json();
    const names = changes[0].assertions.map(({ name }: { name: string }) => name);
    expect(names).toEqual(expect.arrayContaining(["up-runs", "down-runs", "catalog-returns", "data-returns", "up-runs-again", "artifact-runs-alone", "artifact-returns", "down-is-idempotent"])); // prettier-ignore
    expect(changes[0]).toMatchObject({
      locks: expect.arrayContaining([expect.objectContaining({ mode: "ACCESS EXCLUSIVE", relation: "tasks" })]),
      durationMs: { up: expect.any(Number), down: expect.any(Number) },
    });
    const { evidence, digest, sha256 } = JSON.parse(await made.read(`rollbacks/${region}.json`));
    expect(evidence).toMatchObject({
      outcome: "proven",
      digest,
      artifact: sha256,
      serverVersion: expect.stringMatching(/^1\d/),
    });
    const scratch = await made
      .database("main")
      .query(
        "SELECT datname FROM pg_database WHERE datname LIKE 'belay_rehearsal_%' AND datname NOT IN (SELECT application_name FROM pg_stat_activity)",
      );
    expect(scratch).toEqual([]);
    expect(await columnsOf(made.database("main"), "tasks")).not.toContain("region");
    expect(await exists(made.database("main"), "belay.journal")).toBe(false);
  });

  it("of a change that is applied already is refused; of all changes it proves the pending ones", async () => {
    const made = await built({ ...addRegion, ...indexRegion }, { targets: ["main"] });
    await prove(made);
    await expectBelay(made, 0, ["rollout", "--to", "AddRegion"]);
    expect((await expectBelay(made, 2, ["rehearse", "AddRegion"])).stderr).toContain("applied on the target already");
    const { changes } = (await expectBelay(made, 0, ["rehearse", "--json"])).json();
    expect(changes.map(({ change }: { change: string }) => change)).toEqual([regionIndex]);
    await build(made);
  });
});
