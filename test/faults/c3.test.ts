import { describe, expect, it } from "vitest";
import { check } from "../../src/authoring/check.js";
import { loadProject } from "../../src/system/project/project.js";
import { appliedOn, built, columnsOf, exists, pair, unrehearsed } from "../cli/fixture.js";
import { project, type TestProject } from "../support/cli.js";
import { refusalOf, roll } from "./refusal.js";

const id = "20260101000001_several";

async function written(up: string): Promise<TestProject> {
  return project(pair(id, up, "DROP TABLE a;"), { targets: ["main"], config: unrehearsed });
}

describe("C3: a file of several statements", () => {
  it("is cut by the parser, so that each runs as it can: a concurrent index stands among others", async () => {
    const up = `ALTER TABLE tasks ADD COLUMN region text DEFAULT ';';
      CREATE INDEX CONCURRENTLY idx_region ON tasks (region); /* ; */
      CREATE FUNCTION f() RETURNS int LANGUAGE sql AS $$ SELECT 1; $$;`;
    const down = "DROP FUNCTION f(); DROP INDEX CONCURRENTLY idx_region; ALTER TABLE tasks DROP COLUMN region;";
    const made = await built(pair(id, up, down), { targets: ["main"] });
    expect((await roll(made)).outcome).toBe("completed");
    expect(await exists(made.database("main"), "idx_region")).toBe(true);
    expect(await columnsOf(made.database("main"), "tasks")).toContain("region");
  });

  it.each([
    ["COMMIT", "CREATE TABLE a (); COMMIT; CREATE TABLE b ();", 20],
    ["BEGIN", "BEGIN; CREATE TABLE a (); END;", 1],
    ["SAVEPOINT", "CREATE TABLE a (); SAVEPOINT s;", 20],
    ["ROLLBACK TO", "CREATE TABLE a (); ROLLBACK TO s;", 20],
    ["PREPARE TRANSACTION", "CREATE TABLE a (); PREPARE TRANSACTION 'x';", 20],
  ])("with %s in it is an error at check time, with the place, and nothing of it ever runs", async (_, up, column) => {
    const made = await written(up);
    const loaded = await loadProject({ directory: made.root });
    const [finding] = await check(loaded, []);
    expect(finding).toMatchObject({
      rule: "transaction-control",
      severity: "error",
      file: `migrations/${id}.up.sql`,
      line: 1,
    });
    expect(finding?.message).toContain(`migrations/${id}.up.sql:1:${column}: `);
    expect(await refusalOf(made)).toMatchObject({ kind: "refused", code: "transaction-control" });
    expect(await exists(made.database("main"), "a")).toBe(false);
  });

  it.each([
    ["a DO block", "CREATE TABLE a (); DO $$ BEGIN CREATE TABLE b (); COMMIT; CREATE TABLE c (); END $$;"],
    [
      "a procedure that is called",
      "CREATE TABLE a (); CREATE PROCEDURE p() LANGUAGE plpgsql AS $$ BEGIN CREATE TABLE b (); COMMIT; END $$; CALL p();",
    ],
  ])("with COMMIT within %s leaves nothing", async (_, up) => {
    const made = await built(pair(id, up, "DROP TABLE a;"), { targets: ["main"] });
    expect((await roll(made)).outcome).toBe("rolled_back");
    for (const table of ["a", "b", "c"]) expect(await exists(made.database("main"), table)).toBe(false);
    expect(await appliedOn(made.database("main"))).toEqual([]);
  });

  it("that a knex migration sends as one string with a COMMIT in it is an error as well", async () => {
    const source = (sql: string): string => `export const up = (knex) => knex.raw(${JSON.stringify(sql)});
      export const down = (knex) => knex.schema.dropTable("a");`;
    for (const sql of ["CREATE TABLE a (); COMMIT; CREATE TABLE b ()", "COMMIT"]) {
      const made = await project({ [`migrations/${id}.mjs`]: source(sql) }, { targets: ["main"], config: unrehearsed });
      expect(await refusalOf(made)).toMatchObject({ code: "transaction-control" });
      expect(await exists(made.database("main"), "a")).toBe(false);
    }
  });
});
