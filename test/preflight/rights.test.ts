import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { pair, unrehearsed } from "../cli/fixture.js";
import { belay, expectBelay, project, type TestProject } from "../support/cli.js";

let role = "";
const table = pair("20260101000001_notes", "CREATE TABLE notes (id int);", "DROP TABLE notes;");
const unique = pair(
  "20260101000001_unique",
  "ALTER TABLE tasks ADD UNIQUE (id);",
  "ALTER TABLE tasks DROP CONSTRAINT tasks_id_key;",
);
const update = pair("20260101000001_notes", "UPDATE tasks SET note = 'x';", "UPDATE tasks SET note = 'y';");
const swap = pair("20260101000001_swap", "DELETE FROM tasks WHERE id = 1;", "INSERT INTO tasks VALUES (1, 'again');");
const index = pair("20260101000001_index", "CREATE INDEX by_note ON tasks (note);", "DROP INDEX by_note;");

/** A project whose target is reached as a role that may connect, with what `grants` say of `$role`. */
async function poorProject(files: Record<string, string>, grants: string): Promise<TestProject> {
  const made = await project(files, { targets: ["main"], schema: "CREATE TABLE tasks (id int, note text)" });
  const { query, url, name } = made.database("main");
  role = `belay_test_${randomUUID().slice(0, 8)}`;
  await query(`CREATE ROLE ${role} LOGIN PASSWORD 'poor'`);
  await query(grants.replaceAll("$role", role).replaceAll("$database", name));
  const poor = new URL(url);
  poor.username = role;
  poor.password = "poor";
  await made.configure({ ...unrehearsed, targets: { main: { url: poor.href } } });
  await expectBelay(made, 0, ["build"]);
  return made;
}

async function gone(made: TestProject): Promise<void> {
  const { query } = made.database("main");
  await query(`DROP OWNED BY ${role} CASCADE`);
  await query(`DROP ROLE ${role}`);
}

describe("a role that lacks a right is told so before anything is touched", () => {
  it.each([
    [
      "CREATE on the schema in which a name without one is made",
      table,
      "REVOKE CREATE ON SCHEMA public FROM public",
      /create anything in the schema public/,
    ],
    [
      "CREATE on the schema of the table that it owns and wants an index on",
      index,
      "ALTER TABLE tasks OWNER TO $role; REVOKE CREATE ON SCHEMA public FROM public",
      /create anything in the schema of tasks/,
    ],
    [
      "CREATE on the schema of the table that it owns and wants a key on",
      unique,
      "ALTER TABLE tasks OWNER TO $role; REVOKE CREATE ON SCHEMA public FROM public",
      /create anything in the schema of tasks/,
    ],
    [
      "SELECT on every column of a table whose rows it writes, where what they were is kept",
      update,
      "ALTER TABLE tasks ADD PRIMARY KEY (id); GRANT SELECT (id), UPDATE ON tasks TO $role",
      /lacks SELECT on tasks: .*up\.sql:1:1 writes its rows; what they were is read to be kept/,
    ],
    [
      "what puts rows back that it may write",
      swap,
      "ALTER TABLE tasks ADD PRIMARY KEY (id); GRANT SELECT, DELETE, INSERT ON tasks TO $role",
      /lacks UPDATE on tasks: .*the way back puts it there again/,
    ],
  ])("%s", async (_, files, grants, said) => {
    const made = await poorProject(files, `GRANT CREATE ON DATABASE $database TO $role; ${grants}`);
    const result = await belay(made, ["rollout", "--yes"]);
    expect(result).toMatchObject({ exitCode: 3, stderr: expect.stringMatching(said) });
    expect(await made.database("main").query("SELECT to_regnamespace('belay') AS ledger")).toEqual([{ ledger: null }]);
    await gone(made);
  });
});

it.each([
  ["SELECT, UPDATE", update],
  ["SELECT, UPDATE, INSERT, DELETE", swap],
])("a role that has each right by which rows are kept and put back (%s) needs no more", async (rights, files) => {
  const grants = `GRANT CREATE ON DATABASE $database TO $role; ALTER TABLE tasks ADD PRIMARY KEY (id); INSERT INTO tasks VALUES (1, 'a'); GRANT ${rights} ON tasks TO $role`;
  const made = await poorProject(files, grants);
  await expectBelay(made, 0, ["rollout", "--yes"]);
  await expectBelay(made, 0, ["revert", "--last", "--yes"]);
  expect(await made.database("main").query("SELECT note FROM tasks")).toEqual([{ note: "a" }]);
  await gone(made);
});

describe("a role that may only read the ledger", () => {
  let made: TestProject;
  const first = pair("20260101000001_notes", "ALTER TABLE tasks ADD COLUMN a int;", "ALTER TABLE tasks DROP COLUMN a;");
  const second = pair("20260101000002_more", "ALTER TABLE tasks ADD COLUMN b int;", "ALTER TABLE tasks DROP COLUMN b;");

  beforeAll(async () => {
    made = await poorProject(first, "ALTER TABLE tasks OWNER TO $role");
    const poor = JSON.parse(await made.read("belay.config.json")) as { targets: object };
    await made.configure(unrehearsed);
    await expectBelay(made, 0, ["rollout", "--yes"]);
    await made.database("main").query(`GRANT USAGE ON SCHEMA belay, belay_kept TO ${role};
      GRANT SELECT ON ALL TABLES IN SCHEMA belay TO ${role}; GRANT CREATE ON SCHEMA public TO ${role}`);
    await made.write(second);
    await made.configure({ ...unrehearsed, targets: poor.targets as never });
    await expectBelay(made, 0, ["build"]);
  });
  afterAll(() => gone(made));

  it("sees what is pending", async () => {
    const { plan } = (await expectBelay(made, 0, ["plan", "--json"])).json();
    expect(plan.changes).toMatchObject([{ change: "20260101000002_more" }]);
    expect(plan.findings).toMatchObject([{ severity: "refuse", code: "rights-missing" }]);
  });

  it.each([
    ["rollout", 3, ["rollout", "--yes"]],
    ["revert", 2, ["revert", "--last", "--yes"]],
  ])("is told in one sentence that it may not: %s", async (_, code, argv) => {
    const result = await belay(made, argv);
    expect(result).toMatchObject({ exitCode: code, stderr: expect.not.stringContaining("    at ") });
  });
});
