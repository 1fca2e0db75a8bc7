import { describe, expect, it } from "vitest";
import { expectBelay, project, type TestProject } from "../support/cli.js";
import { appliedOn, pair, tasks } from "../cli/fixture.js";

const note = "20260101000001_note";
const upOnly = (id: string, up: string, ...head: readonly string[]): Record<string, string> => {
  const { [`migrations/${id}.up.sql`]: text = "" } = pair(id, up, "", ...head);
  return { [`migrations/${id}.up.sql`]: text };
};

const one = (files: Record<string, string>): Promise<TestProject> =>
  project(files, { targets: ["main"], schema: `${tasks} CREATE TABLE parts (task bigint REFERENCES tasks);` });

describe("belay build --derive", () => {
  it("writes the way back that is missing, proved on a copy of the target, which it does not touch", async () => {
    const made = await one(upOnly(note, "ALTER TABLE tasks ADD COLUMN region text DEFAULT 'eu'; UPDATE tasks SET region = 'us' WHERE id > 5; CREATE INDEX by_region ON tasks (region); COMMENT ON COLUMN tasks.note IS 'what';", "title AddRegion")); // prettier-ignore
    const { exitCode, json } = await expectBelay(made, 0, ["build", "--derive", "--json"]);
    expect(exitCode).toBe(0);
    expect(json()).toMatchObject({
      outcome: "derived",
      base: { kind: "target", target: "main" },
      changes: [{ change: note, replaced: null, losses: [], files: [`migrations/${note}.up.sql`, `migrations/${note}.down.sql`, `rollbacks/${note}.sql`] }],
      refused: null,
    }); // prettier-ignore
    const down = await made.read(`migrations/${note}.down.sql`);
    expect(down).toContain("-- Takes back AddRegion: derived");
    expect(down).toContain('DROP COLUMN "region";');
    expect(down).toContain('COMMENT ON COLUMN "public"."tasks"."note" IS NULL;');
    expect(await appliedOn(made.database("main"))).toEqual([]);
    expect((await expectBelay(made, 0, ["build", "--check", "--json"])).json().outcome).toBe("unchanged");
    expect((await expectBelay(made, 0, ["rehearse", "--json"])).json().outcome).toBe("proven");
    await expectBelay(made, 0, ["rollout", "--yes"]);
    await expectBelay(made, 0, ["revert", "AddRegion", "--yes"]);
  });

  it("brings back what a report drops, and takes its word away that there is no way back", async () => {
    const made = await one(upOnly(note, "ALTER TABLE tasks DROP COLUMN note; CREATE VIEW open AS SELECT id FROM tasks;", "title DropNote", "proposal p-1", "irreversible what it drops is not in the statement")); // prettier-ignore
    await expectBelay(made, 0, ["build", "--derive"]);
    expect(await made.read(`migrations/${note}.up.sql`)).not.toContain("irreversible");
    expect(await made.read(`migrations/${note}.down.sql`)).toContain('ADD COLUMN "note" text');
    expect((await expectBelay(made, 0, ["rehearse", "--json"])).json().outcome).toBe("proven");
  });

  it("lets rows that are kept go back without a statement, beside what the catalog wants, and alone", async () => {
    const second = "20260101000002_rows";
    const made = await one({
      ...upOnly(note, "ALTER TABLE tasks ADD COLUMN size int; UPDATE tasks SET note = 'new';"),
      ...upOnly(second, "DELETE FROM tasks WHERE id = 1; INSERT INTO tasks (id, note) VALUES (77, 'more');"),
    });
    const { query } = made.database("main");
    await query("DELETE FROM tasks; INSERT INTO tasks (id, note) VALUES (1, 'one'), (2, NULL)");
    const { changes } = (await expectBelay(made, 0, ["build", "--derive", "--json"])).json();
    expect(changes).toMatchObject([{ change: note, keepsRows: true, statements: ['ALTER TABLE "public"."tasks" DROP COLUMN "size"'] }, { change: second, statements: [] }]); // prettier-ignore
    expect((await expectBelay(made, 0, ["build", "--derive", "--json"])).json().outcome).toBe("nothing_to_derive");
    expect((await expectBelay(made, 0, ["rehearse", "--json"])).json().outcome).toBe("proven");
    await expectBelay(made, 0, ["rollout", "--yes"]);
    expect(await query("SELECT id::int, note FROM tasks ORDER BY id")).toEqual([{ id: 2, note: "new" }, { id: 77, note: "more" }]); // prettier-ignore
    await expectBelay(made, 0, ["revert", "--to", note, "--yes"]);
    await expectBelay(made, 0, ["revert", "--last", "--yes"]);
    expect(await query("SELECT id::int, note FROM tasks ORDER BY id")).toEqual([{ id: 1, note: "one" }, { id: 2, note: null }]); // prettier-ignore
  });

  it("leaves alone what has a way back, and what a person declared to have none until it is named", async () => {
    const other = "20260101000002_other";
    const made = await one({
      ...pair(note, "CREATE TABLE a (id int);", "DROP TABLE a;"),
      ...upOnly(other, "CREATE TABLE b (id int);", "irreversible nobody wants it back"),
    });
    expect((await expectBelay(made, 0, ["build", "--derive", "--json"])).json()).toMatchObject({ outcome: "nothing_to_derive", changes: [] }); // prettier-ignore
    expect(await made.read(`migrations/${note}.down.sql`)).toBe("DROP TABLE a;\n");
    expect((await expectBelay(made, 0, ["build", "--derive", "other", "--json"])).json().changes).toMatchObject([{ change: other }]); // prettier-ignore
    const forced = (await expectBelay(made, 0, ["build", "--derive", "--force", note, "--json"])).json();
    expect(forced.changes).toMatchObject([{ change: note, replaced: "DROP TABLE a;\n" }]);
    expect(await made.read(`migrations/${note}.down.sql`)).toContain('DROP TABLE "public"."a";');
  });

  it("needs no target: an empty database with all earlier changes does as well, and it says so", async () => {
    const second = "20260101000002_index";
    const made = await one({
      ...pair(note, "CREATE TABLE things (id int);", "DROP TABLE things;"),
      ...upOnly(second, "CREATE INDEX CONCURRENTLY by_id ON things (id);"),
    });
    const url = "postgres://nobody@127.0.0.1:1/nothing";
    await made.configure({ targets: { main: { url } }, stages: [{ name: "main", targets: ["main"] }] });
    const { base, changes } = (await expectBelay(made, 0, ["build", "--derive", "--json"])).json();
    expect(base).toMatchObject({ kind: "empty", why: expect.stringContaining("127.0.0.1:1") });
    expect(changes).toMatchObject([{ change: second, statements: ['DROP INDEX "public"."by_id"'] }]);
  });

  it("derives several changes in one go, each on top of the ones before it", async () => {
    const ids = [1, 2, 3].map((number) => `2026010100000${number}_c${number}`);
    const ups = ["CREATE TYPE mood AS ENUM ('sad');", "CREATE TABLE feelings (m mood DEFAULT 'sad');", "ALTER TABLE feelings RENAME TO moods; ALTER TABLE moods RENAME COLUMN m TO felt;"]; // prettier-ignore
    const made = await one(Object.assign({}, ...ids.map((id, place) => upOnly(id, ups[place] ?? ""))));
    const { changes } = (await expectBelay(made, 0, ["build", "--derive", "--json"])).json();
    expect(changes.map(({ change }: { change: string }) => change)).toEqual(ids);
    expect(changes[2].statements.join(";")).toMatch(/RENAME TO "feelings".*RENAME COLUMN "felt" TO "m"/);
    expect((await expectBelay(made, 0, ["rehearse", "--json"])).json().outcome).toBe("proven");
  });

  it.each([
    [
      "rows that it overwrites and does not keep",
      "-- belay:keep off\nUPDATE tasks SET note = 'x'; ALTER TABLE tasks ADD COLUMN a int;",
      /UPDATE writes rows of tasks that were there before/,
    ],
    ["a change that leaves the catalog as it is", "SELECT 1;", /changes nothing in the catalog/],
    ["what belongs to the whole server", "CREATE ROLE derive_somebody;", /CREATE ROLE, which no catalog/],
    ["a change that fails", "ALTER TABLE missing ADD COLUMN a int;", /up\.sql:1:1: the change itself fails: .*missing/],
    ["a switched trigger of a constraint", "ALTER TABLE parts DISABLE TRIGGER ALL;", /triggers switched/],
    ["a transaction of its own", "CREATE TABLE a (); COMMIT; CREATE TABLE b ();", /ends or begins a transaction/],
  ])("refuses %s in one sentence, and writes nothing", async (_, up, why) => {
    const made = await one(upOnly(note, up));
    const { error, outcome } = (await expectBelay(made, 3, ["build", "--derive", "--json"])).json();
    expect(outcome).toBe("refused");
    expect(error).toMatchObject({ code: "derive-refused", message: expect.stringMatching(why), hint: expect.stringContaining("by hand") }); // prettier-ignore
    await expect(made.read(`migrations/${note}.down.sql`)).rejects.toThrow("ENOENT");
    await expect(made.read(`rollbacks/${note}.sql`)).rejects.toThrow("ENOENT");
  });

  it("says in which earlier change an empty database gets stuck", async () => {
    const second = "20260101000002_more";
    const made = await one({
      ...pair(note, "ALTER TABLE tasks ADD COLUMN a int;", "ALTER TABLE tasks DROP COLUMN a;"),
      ...upOnly(second, "CREATE TABLE b ();"),
    });
    const main = { url: "postgres://nobody@127.0.0.1:1/nothing" };
    await made.configure({ targets: { main }, stages: [{ name: "main", targets: ["main"] }] });
    const { error } = (await expectBelay(made, 3, ["build", "--derive", "--json"])).json();
    expect(error).toMatchObject({ code: "derive-base", message: expect.stringMatching(/note.*empty database.*tasks/), hint: expect.stringContaining("reachable") }); // prettier-ignore
  });

  it("is no check, and does not write halves of other forms", async () => {
    const made = await one({ "migrations/20260101000001_run.command.json": JSON.stringify({ up: { run: ["true"] }, down: { run: ["true"] } }) }); // prettier-ignore
    await expectBelay(made, 2, ["build", "--derive", "--check"]);
    expect((await expectBelay(made, 3, ["build", "--derive", "run", "--json"])).json().error.code).toBe("derive-form");
  });

  it("is what propose names where a statement does not tell its way back, and what it wrote stays when the report is read again", async () => {
    const report = [
      "# Slow", "", "- id: slow-1", "- timestamp: 2026-01-01T00:00:01Z", "- severity: 3", "- block_execution: false", "",
      "## Actions", "", "```sql", "ALTER TABLE tasks ALTER COLUMN note SET DEFAULT 'none';", "```", "",
    ].join("\n"); // prettier-ignore
    const made = await one({ "report.md": report });
    const proposed = await expectBelay(made, 0, ["propose", "report.md"]);
    expect(proposed.stdout).toContain("belay build --derive");
    const { changes } = (await expectBelay(made, 0, ["build", "--derive", "--json"])).json();
    expect(changes[0].statements).toEqual(['ALTER TABLE ONLY "public"."tasks" ALTER COLUMN "note" DROP DEFAULT']);
    const files = await Promise.all(changes[0].files.slice(0, 2).map((file: string) => made.read(file)));
    const again = (await expectBelay(made, 0, ["propose", "report.md", "--json"])).json();
    expect(again.changes).toMatchObject([{ action: "kept" }]);
    expect(await Promise.all(changes[0].files.slice(0, 2).map((file: string) => made.read(file)))).toEqual(files);
    await expectBelay(made, 0, ["rehearse"]);
  });
});
