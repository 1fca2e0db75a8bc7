import { describe, expect, it } from "vitest";
import { expectBelay, type TestProject } from "../support/cli.js";
import { appliedOn, build, built, catalogOf, columnsOf, exists, kindsOn, pair, prove } from "./fixture.js";
import { runArtifact } from "../artifact/run-artifact.js";

const id = "20260101000001_x";
const one = { targets: ["main"] };

async function main(made: TestProject): Promise<string> {
  return catalogOf(made.database("main"));
}

describe("a change with a statement that cannot run in a transaction", () => {
  const files = pair(
    id,
    "ALTER TABLE tasks ADD COLUMN region text;\nCREATE INDEX CONCURRENTLY idx_region ON tasks (region);",
    "DROP INDEX CONCURRENTLY idx_region;\nALTER TABLE tasks DROP COLUMN region;",
  );

  it("is proven, applied section by section, and taken back to the same catalog", async () => {
    const made = await built(files, { ...one, config: { policy: {} } });
    const before = await main(made);
    await prove(made);
    await expectBelay(made, 0, ["rollout"]);
    expect(await kindsOn(made.database("main"), id)).toEqual([
      "change-started", "section-done", "section-intended", "section-done", "applied", "catalog-recorded",
    ]); // prettier-ignore
    const { targets } = (await expectBelay(made, 0, ["revert", "--last", "--yes", "--json"])).json();
    expect(targets).toMatchObject([{ reverted: [id], provenBack: true }]);
    expect(await main(made)).toBe(before);
  });

  it("that fails leaves no INVALID index, and what came before it in the change goes back too", async () => {
    const unique = pair(
      id,
      "ALTER TABLE tasks ADD COLUMN region text;\nCREATE UNIQUE INDEX CONCURRENTLY one_note ON tasks (note);",
      "DROP INDEX CONCURRENTLY one_note;\nALTER TABLE tasks DROP COLUMN region;",
    );
    const made = await built(unique, one);
    await made.database("main").query("INSERT INTO tasks (note) VALUES ('task 1')");
    const before = await main(made);
    const document = (await expectBelay(made, 4, ["rollout", "--json"])).json();
    expect(document).toMatchObject({ outcome: "rolled_back", failure: { change: id } });
    expect(await main(made)).toBe(before);
    expect(await exists(made.database("main"), "one_note")).toBe(false);
    expect(await columnsOf(made.database("main"), "tasks")).not.toContain("region");
    await made.database("main").query("DELETE FROM tasks WHERE id > 20");
    await expectBelay(made, 0, ["rollout", "--retry", "no duplicates any more"]);
    expect(await exists(made.database("main"), "one_note")).toBe(true);
  });

  it("refuses to take somebody else's index for its own", async () => {
    const made = await built(files, one);
    await made.database("main").query("CREATE INDEX idx_region ON tasks (note)");
    const before = await main(made);
    expect((await expectBelay(made, 4, ["rollout"])).stderr).toContain("there already");
    expect(await main(made)).toBe(before);
  });
});

describe("a change with `transaction off`", () => {
  it("commits each statement on its own, and all of them go back where one fails", async () => {
    const files = pair(
      id,
      "ALTER TABLE tasks ADD COLUMN a int;\nALTER TABLE tasks ADD COLUMN b int;\nALTER TABLE no_such_table ADD COLUMN c int;",
      "ALTER TABLE no_such_table DROP COLUMN c;\nALTER TABLE tasks DROP COLUMN b;\nALTER TABLE tasks DROP COLUMN a;",
      "transaction off",
    );
    const made = await built(files, one);
    const before = await main(made);
    await expectBelay(made, 4, ["rollout"]);
    const kinds = await kindsOn(made.database("main"), id);
    expect(kinds.filter((kind) => kind === "section-done").length).toBeGreaterThanOrEqual(2);
    expect(await main(made)).toBe(before);
    await made.database("main").query("CREATE TABLE no_such_table ()");
    await expectBelay(made, 0, ["rollout", "--retry", "it is there now", "--accept-drift"]);
    expect(await columnsOf(made.database("main"), "tasks")).toEqual(expect.arrayContaining(["a", "b"]));
    await expectBelay(made, 0, ["revert", "--last", "--yes"]);
    expect(await columnsOf(made.database("main"), "tasks")).toEqual(["id", "note", "priority"]);
  });
});

describe("what a change met and did not make", () => {
  const files = pair(
    id,
    `CREATE TABLE IF NOT EXISTS tasks (id int);
CREATE TABLE IF NOT EXISTS fresh (id int);
ALTER TABLE tasks ADD COLUMN IF NOT EXISTS priority int;
CREATE INDEX IF NOT EXISTS by_note ON tasks (note);
CREATE INDEX IF NOT EXISTS by_priority ON tasks (priority);`,
    "DROP INDEX by_priority; DROP INDEX by_note; ALTER TABLE tasks DROP COLUMN priority; DROP TABLE fresh; DROP TABLE tasks;",
  );

  async function met(): Promise<{ made: TestProject; before: string }> {
    const made = await built(files, one);
    await made.database("main").query("CREATE INDEX by_note ON tasks (note)");
    const before = await main(made);
    await expectBelay(made, 0, ["rollout"]);
    const [row] = await made
      .database("main")
      .query("SELECT body -> 'met' AS met FROM belay.journal WHERE kind = 'applied'");
    expect(row?.["met"]).toEqual(["table tasks", "column tasks.id", "column tasks.priority", "index by_note"]);
    expect(await exists(made.database("main"), "by_priority")).toBe(true);
    return { made, before };
  }

  it("is left alone by the way back", async () => {
    const { made, before } = await met();
    await expectBelay(made, 0, ["revert", "--last", "--yes"]);
    expect(await main(made)).toBe(before);
    expect(await made.database("main").query("SELECT count(*)::int AS n FROM tasks WHERE priority = 3")).toEqual([
      { n: 20 },
    ]);
  });

  it("is left alone by the artifact's file too", async () => {
    const { made, before } = await met();
    expect(await runArtifact(made, id)).toMatchObject({ exitCode: 0 });
    expect(await main(made)).toBe(before);
    expect(await made.database("main").query("SELECT count(*)::int AS n FROM tasks WHERE priority = 3")).toEqual([
      { n: 20 },
    ]);
  });
});

describe("a pair of commands", () => {
  const run = (direction: string, sql: string): object => ({
    run: [
      "sh",
      "-c",
      `test "$BELAY_DIRECTION" = ${direction} && psql -X -q -v ON_ERROR_STOP=1 -c "$0" "$BELAY_DATABASE_URL"`,
      sql,
    ],
  });
  const files = {
    [`migrations/${id}.command.json`]: JSON.stringify({
      title: "WarmCache",
      up: run("up", "CREATE TABLE warm (id int)"),
      down: run("down", "DROP TABLE warm"),
    }),
  };

  it("is proven, applied and taken back, without a shell of Belay's", async () => {
    const made = await built(files, { ...one, config: { policy: {} } });
    const before = await main(made);
    await prove(made);
    await expectBelay(made, 0, ["rollout"]);
    expect(await exists(made.database("main"), "warm")).toBe(true);
    await expectBelay(made, 0, ["revert", "WarmCache", "--yes"]);
    expect(await main(made)).toBe(before);
  });

  it("whose way forward fails is run backward, and says how it ended", async () => {
    const made = await built(
      {
        [`migrations/${id}.command.json`]: JSON.stringify({
          up: { run: ["sh", "-c", "echo no luck >&2; exit 3"] },
          down: { run: ["true"] },
        }),
      },
      one,
    );
    const before = await main(made);
    const { failure } = (await expectBelay(made, 4, ["rollout", "--json"])).json();
    expect(failure.message).toMatch(/exit code 3: no luck/);
    expect(await main(made)).toBe(before);
  });
});

describe("a knex migration", () => {
  const up = `await knex.schema.alterTable("tasks", (table) => table.string("region").index("idx_region"));`;
  const down = `await knex.schema.alterTable("tasks", (table) => { table.dropIndex([], "idx_region"); table.dropColumn("region"); });`;
  const source = (config = ""): string => `import type { Knex } from "knex";
export const belay = { title: "AddRegion" };
${config}
export async function up(knex: Knex): Promise<void> { ${up} }
export async function down(knex: Knex): Promise<void> { ${down} }
`;

  it.each([
    ["as knex writes it", ""],
    ["outside a transaction", "export const config = { transaction: false };"],
  ])(
    "%s is proven, applied and taken back, by its artifact in SQL too",
    async (_, config) => {
      const made = await built({ [`migrations/${id}.ts`]: source(config) }, { ...one, config: { policy: {} } });
      const before = await main(made);
      await prove(made);
      expect(await made.read(`rollbacks/${id}.sql`)).toContain(`drop index "idx_region"`);
      await expectBelay(made, 0, ["rollout"]);
      expect(await columnsOf(made.database("main"), "tasks")).toContain("region");
      await expectBelay(made, 0, ["revert", "AddRegion", "--yes"]);
      expect(await main(made)).toBe(before);
      await expectBelay(made, 0, ["rollout", "--retry", "again"]);
      expect(await runArtifact(made, id)).toMatchObject({ exitCode: 0 });
      expect(await main(made)).toBe(before);
      expect(await appliedOn(made.database("main"))).toEqual([]);
    },
    120_000,
  );

  it("may decide by what it reads, forward and back", async () => {
    const reading = `if (!(await knex.schema.hasColumn("tasks", "region"))) { ${up} }`;
    const made = await built({ [`migrations/${id}.ts`]: source().replace(up, reading) }, one);
    await expectBelay(made, 0, ["rollout"]);
    expect(await columnsOf(made.database("main"), "tasks")).toContain("region");
    await expectBelay(made, 0, ["revert", "--last", "--yes"]);
    const dynamic = source().replace(down, `if (await knex.schema.hasColumn("tasks", "region")) { ${down} }`);
    await made.write({ [`migrations/${id}.ts`]: dynamic });
    await build(made);
    await expectBelay(made, 0, ["rollout", "--retry", "it decides on its way back, too"]);
    await expectBelay(made, 0, ["revert", "--last", "--yes"]);
    expect(await columnsOf(made.database("main"), "tasks")).not.toContain("region");
  });

  it("that fails half-way leaves nothing", async () => {
    const failing = source().replace(up, `${up} await knex.raw("SELECT 1 / 0");`);
    const made = await built({ [`migrations/${id}.ts`]: failing }, one);
    const before = await main(made);
    expect((await expectBelay(made, 4, ["rollout"])).stderr).toContain("division by zero");
    expect(await main(made)).toBe(before);
  });
});
