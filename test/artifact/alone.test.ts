import { execa } from "execa";
import { describe, expect, it } from "vitest";
import { findBreak } from "../../src/journal/chain.js";
import { readChain } from "../../src/postgres/ledger/ledger.js";
import { withSession } from "../../src/postgres/session/session.js";
import { expectBelay, type TestProject } from "../support/cli.js";
import {
  addRegion,
  appliedOn,
  built,
  catalogOf,
  columnsOf,
  exists,
  indexRegion,
  kindsOn,
  pair,
  region,
  regionIndex,
} from "../cli/fixture.js";
import { runArtifact, runFile } from "./run-artifact.js";

const one = { targets: ["main"] };

async function wholeChain(made: TestProject): Promise<void> {
  const broken = await withSession(made.database("main").url, { applicationName: "test" }, async (session) =>
    findBreak(await readChain(session)),
  );
  expect(broken).toBeNull();
}

describe("an artifact that is run alone", () => {
  it("refuses politely where Belay never was, and where its change is not applied, and touches nothing", async () => {
    const made = await built(
      { ...addRegion, ...pair("20260101000009_late", "CREATE TABLE late ();", "DROP TABLE late;") },
      one,
    );
    const before = await catalogOf(made.database("main"));
    const nowhere = await runArtifact(made, region);
    expect(nowhere.exitCode).not.toBe(0);
    expect(nowhere.said).toContain("no ledger there. Nothing was touched");
    expect(await catalogOf(made.database("main"))).toBe(before);
    await expectBelay(made, 0, ["rollout", "--to", region]);
    await made.database("main").query("CREATE TABLE late ()");
    const notApplied = await runArtifact(made, "20260101000009_late");
    expect(notApplied.exitCode).not.toBe(0);
    expect(notApplied.said).toMatch(/20260101000009_late is not applied in database .* Nothing was touched/);
    expect(await exists(made.database("main"), "late")).toBe(true);
  });

  it("takes its change back and records that; a second time it says so; then Belay knows it as taken back", async () => {
    const made = await built(addRegion, one);
    const before = await catalogOf(made.database("main"));
    await expectBelay(made, 0, ["rollout"]);
    const first = await runArtifact(made, region);
    expect(first).toMatchObject({
      exitCode: 0,
      said: expect.stringContaining("is taken back, and the ledger says so"),
    });
    expect(await catalogOf(made.database("main"))).toBe(before);
    expect(await appliedOn(made.database("main"))).toEqual([]);
    expect(await kindsOn(made.database("main"), region)).toContain("reverted");
    await wholeChain(made);
    const second = await runArtifact(made, region);
    expect(second).toMatchObject({ exitCode: 0, said: expect.stringContaining("already taken back") });
    const { targets } = (await expectBelay(made, 0, ["status", "--json"])).json();
    expect(targets).toMatchObject([{ applied: [], pending: [region], held: [{ id: region, why: "reverted" }] }]);
    expect((await expectBelay(made, 3, ["rollout"])).stderr).toContain("artifact run by hand");
    expect((await expectBelay(made, 0, ["revert", "AddRegion", "--yes", "--json"])).json().targets).toMatchObject([
      { reverted: [], alreadyReverted: [region] },
    ]);
    await expectBelay(made, 0, ["rollout", "--retry", "again"]);
    expect(await columnsOf(made.database("main"), "tasks")).toContain("region");
  });

  it("puts values that were written since into belay_kept, from where the next rollout brings them back", async () => {
    const made = await built(addRegion, one);
    await expectBelay(made, 0, ["rollout"]);
    await made.database("main").query("UPDATE tasks SET region = 'eu' WHERE id <= 5");
    expect((await runArtifact(made, region)).exitCode).toBe(0);
    await expectBelay(made, 0, ["rollout", "--retry", "again"]);
    expect(await made.database("main").query("SELECT count(region)::int AS n FROM tasks")).toEqual([{ n: 5 }]);
    await wholeChain(made);
  });

  it("refuses where another version of its change was applied, and where another change requires it", async () => {
    const made = await built({ ...addRegion, ...indexRegion }, one);
    await expectBelay(made, 0, ["rollout"]);
    const text = await made.read(`rollbacks/${region}.sql`);
    const { digest } = JSON.parse(await made.read(`rollbacks/${region}.json`));
    await made.write({ "rollbacks/other.sql": text.replaceAll(digest, "0".repeat(64)) });
    const other = await runFile(made, "rollbacks/other.sql");
    expect(other.exitCode).not.toBe(0);
    expect(other.said).toContain(`was applied as ${digest}`);
    const required = await runArtifact(made, region);
    expect(required.exitCode).not.toBe(0);
    expect(required.said).toContain(`required by ${regionIndex}`);
    expect(await appliedOn(made.database("main"))).toEqual([region, regionIndex]);
    expect((await runArtifact(made, regionIndex)).exitCode).toBe(0);
    expect((await runArtifact(made, region)).exitCode).toBe(0);
    expect(await columnsOf(made.database("main"), "tasks")).toEqual(["id", "note", "priority"]);
    expect((await runArtifact(made, regionIndex)).exitCode).toBe(0);
  });

  it("of several sections goes on where it was cut off", async () => {
    const id = "20260101000001_x";
    const files = pair(
      id,
      "ALTER TABLE tasks ADD COLUMN region text;\nCREATE INDEX CONCURRENTLY idx_region ON tasks (region);",
      "DROP INDEX CONCURRENTLY idx_region;\nALTER TABLE tasks DROP COLUMN region;",
    );
    const made = await built(files, one);
    const before = await catalogOf(made.database("main"));
    await expectBelay(made, 0, ["rollout"]);
    // Everything up to the end of its first section; then the line is cut.
    const text = await made.read(`rollbacks/${id}.sql`);
    const cut = text.indexOf("end_section");
    await made.write({ "rollbacks/cut.sql": text.slice(0, text.indexOf("\n\n", cut)) });
    expect((await runFile(made, "rollbacks/cut.sql")).exitCode).toBe(0);
    expect(await exists(made.database("main"), "idx_region")).toBe(false);
    expect(await columnsOf(made.database("main"), "tasks")).toContain("region");
    expect(await runArtifact(made, id)).toMatchObject({
      exitCode: 0,
      said: expect.stringContaining("goes on where it was cut off"),
    });
    expect(await catalogOf(made.database("main"))).toBe(before);
    await wholeChain(made);
    expect(await runArtifact(made, id)).toMatchObject({ exitCode: 0, said: expect.stringContaining("already") });
    await expectBelay(made, 0, ["rollout", "--retry", "again"]);
    await expectBelay(made, 0, ["revert", "--last", "--yes"]);
    expect(await catalogOf(made.database("main"))).toBe(before);
  });

  it("that was cut off half-way is finished by Belay's own revert, too", async () => {
    const id = "20260101000001_x";
    const made = await built(
      pair(id, "ALTER TABLE tasks ADD COLUMN region text;\nCREATE INDEX CONCURRENTLY idx_region ON tasks (region);", "DROP INDEX CONCURRENTLY idx_region;\nALTER TABLE tasks DROP COLUMN region;"),
      one,
    ); // prettier-ignore
    const before = await catalogOf(made.database("main"));
    await expectBelay(made, 0, ["rollout"]);
    const text = await made.read(`rollbacks/${id}.sql`);
    await made.write({ "rollbacks/cut.sql": text.slice(0, text.indexOf("\n\n", text.indexOf("end_section"))) });
    await runFile(made, "rollbacks/cut.sql");
    await expectBelay(made, 0, ["revert", "--last", "--yes"]);
    expect(await catalogOf(made.database("main"))).toBe(before);
    expect(await appliedOn(made.database("main"))).toEqual([]);
  });

  it("refuses while somebody else operates the database, and names him", async () => {
    const made = await built(addRegion, one);
    await expectBelay(made, 0, ["rollout"]);
    await made.database("main").query("SELECT pg_advisory_lock(x'62656c6179'::bigint)");
    const busy = await runArtifact(made, region);
    expect(busy.exitCode).not.toBe(0);
    expect(busy.said).toContain("somebody else is at work");
    expect(await columnsOf(made.database("main"), "tasks")).toContain("region");
    await made.database("main").query("SELECT pg_advisory_unlock_all()");
    expect((await runArtifact(made, region)).exitCode).toBe(0);
  });

  it("is what `belay revert --print` prints, dependents first, without a database", async () => {
    const made = await built({ ...addRegion, ...indexRegion }, one);
    await made.configure({ targets: { main: { url: "postgres://nobody@127.0.0.1:1/nothing" } } });
    const { stdout } = await expectBelay(made, 0, ["revert", "AddRegion", "--print"]);
    const [index, column] = [
      await made.read(`rollbacks/${regionIndex}.sql`),
      await made.read(`rollbacks/${region}.sql`),
    ];
    expect(stdout.trim()).toBe(`${index}\n${column}`.trim());
  });
});

describe("an artifact of commands that is run alone", () => {
  const id = "20260101000001_warm";

  it("takes its change back and records that; a second time it does nothing; not applied it refuses", async () => {
    const command = (sql: string): object => ({ run: ["sh", "-c", `psql -X -q -c "$0" "$BELAY_DATABASE_URL"`, sql] });
    const files = {
      [`migrations/${id}.command.json`]: JSON.stringify({
        up: command("CREATE TABLE warm ()"),
        down: command("DROP TABLE warm"),
      }),
    };
    const made = await built(files, one);
    const run = async () =>
      execa("sh", [`rollbacks/${id}.sh`], {
        cwd: made.root,
        env: { DATABASE_URL: made.database("main").url },
        reject: false,
      });
    expect((await run()).exitCode).not.toBe(0);
    await expectBelay(made, 0, ["rollout"]);
    expect((await run()).exitCode).toBe(0);
    expect(await exists(made.database("main"), "warm")).toBe(false);
    expect(await appliedOn(made.database("main"))).toEqual([]);
    await wholeChain(made);
    const again = await run();
    expect(again.exitCode).toBe(0);
    expect(again.stderr).toContain("already");
  });
});
