import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { runArtifact } from "../artifact/run-artifact.js";
import { build, built, pair } from "../cli/fixture.js";
import { operate } from "../lock/world.js";
import { changeOf, up as apply } from "../online/world.js";
import { parseStatements } from "../../src/sql/parse.js";
import { expectBelay, project, type TestProject } from "../support/cli.js";
import { freshDatabase, serverUrl, type FreshDatabase } from "../support/database.js";
import { connect } from "../world/server.js";

const owner = `belay_test_${randomUUID().slice(0, 8)}`;
const [member, administrator, person] = [`${owner}_member`, `${owner}_admin`, `${owner}_person`];
const id = "20260101000009_it";
const schema = `GRANT USAGE, CREATE ON SCHEMA public TO ${owner};
  CREATE TABLE tasks (id int PRIMARY KEY, note text, extra text); INSERT INTO tasks VALUES (1, 'a', 'x'), (2, 'b', 'y'); ALTER TABLE tasks OWNER TO ${owner}`;

beforeAll(async () => {
  const admin = await connect(serverUrl());
  await admin.query(
    `CREATE ROLE ${owner}; CREATE ROLE ${member} LOGIN PASSWORD 'secret' IN ROLE ${owner}; CREATE ROLE ${administrator} SUPERUSER; CREATE ROLE ${person} LOGIN PASSWORD 'secret' IN ROLE ${administrator}, ${owner}`,
  );
  await admin.end();
});

afterAll(async () => {
  for (const { client } of databases) await client.query(`DROP OWNED BY ${owner}, ${member} CASCADE`);
  const admin = await connect(serverUrl());
  await admin.query(`DROP ROLE ${owner}, ${member}, ${person}, ${administrator}`);
  await admin.end();
});

const databases: FreshDatabase[] = [];

async function owners(database: FreshDatabase): Promise<Record<string, string>> {
  const rows = await database.query(
    "SELECT relname AS name, relowner::regrole::text AS owner FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'v') ORDER BY 1",
  );
  return Object.fromEntries(rows.map(({ name, owner: of }) => [name, of === owner ? "theirs" : "ours"]));
}

async function place(up: string, down: string): Promise<TestProject> {
  const made = await built(pair(id, up, down), { targets: ["main"], schema });
  databases.push(made.database("main"));
  return made;
}

/** Several transactions, one statement outside of any, and a column that is hidden. */
const up = `SET ROLE ${owner};
  CREATE TABLE reports (id int);
  ALTER TABLE tasks ADD CONSTRAINT noted CHECK (note <> '');
  CREATE INDEX by_note ON tasks (note);
  ALTER TABLE tasks DROP COLUMN extra;
  CREATE VIEW notes AS SELECT note FROM tasks;
  RESET ROLE;
  CREATE TABLE own ();`;
const down = `DROP TABLE own;
  SET LOCAL ROLE "${owner}";
  DROP VIEW notes;
  ALTER TABLE tasks ADD COLUMN extra text;
  DROP INDEX by_note;
  ALTER TABLE tasks DROP CONSTRAINT noted;
  DROP TABLE reports;
  SET role = 'none';`;
const after = { notes: "theirs", own: "ours", reports: "theirs", tasks: "theirs" };

describe("a role that a change sets", () => {
  it("may know nothing of the ledger", async () => {
    const made = await place(
      `SET ROLE ${owner}; CREATE TABLE reports (id int);`,
      `SET ROLE ${owner}; DROP TABLE reports;`,
    );
    await expectBelay(made, 0, ["rollout", "--yes"]);
    expect(await owners(made.database("main"))).toEqual({ reports: "theirs", tasks: "theirs" });
    expect((await runArtifact(made, id)).said).toContain("taken back");
    expect(await owners(made.database("main"))).toEqual({ tasks: "theirs" });
  });

  it("holds for the statements after it, in whichever transactions they run, and for nothing of ours; there and back, rehearsed, and by the file alone", async () => {
    const made = await place(up, down);
    const database = made.database("main");
    await expectBelay(made, 0, ["rehearse"]);
    const { plan } = (await expectBelay(made, 0, ["plan", "--json"])).json();
    const steps: { statement: string; role?: string }[] = plan.changes[0].forward;
    const roles = steps.filter(({ role }) => role === owner).map(({ statement }) => statement.replaceAll(/\s+/g, " "));
    expect(roles).toEqual([
      "CREATE TABLE reports (id int)",
      "ALTER TABLE tasks ADD CONSTRAINT noted CHECK (note <> '') NOT VALID",
      "ALTER TABLE tasks VALIDATE CONSTRAINT noted",
      "CREATE VIEW notes AS SELECT note FROM tasks",
    ]);
    expect(steps.find(({ statement }) => statement.startsWith("CREATE TABLE own"))).not.toHaveProperty("role");
    await expectBelay(made, 0, ["rollout", "--yes"]);
    expect(await owners(database)).toEqual(after);
    expect((await runArtifact(made, id)).exitCode).toBe(0);
    expect(await owners(database)).toEqual({ tasks: "theirs" });
    await expectBelay(made, 0, ["rollout", "--yes", "--retry", "again"]);
    expect(await owners(database)).toEqual(after);
    await expectBelay(made, 0, ["revert", "--last", "--yes"]);
    expect(await owners(database)).toEqual({ tasks: "theirs" });
    expect(await database.query("SELECT extra FROM tasks ORDER BY id")).toEqual([{ extra: "x" }, { extra: "y" }]);
  });

  it("gives way to the role that a person has set who runs the file", async () => {
    const made = await place(up, down);
    const database = made.database("main");
    await expectBelay(made, 0, ["rollout", "--yes"]);
    const url = new URL(database.url);
    [url.username, url.password] = [person, "secret"];
    const client = await connect(url.href);
    await client.query(`SET ROLE ${administrator}`);
    for (const { text } of await parseStatements(await made.read(`rollbacks/${id}.sql`))) await client.query(text);
    await client.end();
    expect(await owners(database)).toEqual({ tasks: "theirs" });
  });

  it("may be one that an ordinary role is a member of, which owns the database's objects", async () => {
    const made = await place(up, down);
    const database = made.database("main");
    await database.query(`GRANT CREATE ON DATABASE ${database.name} TO ${member}`);
    const url = new URL(database.url);
    [url.username, url.password] = [member, "secret"];
    await made.configure({ targets: { main: { url: url.href } }, policy: { rehearsal: { required: false } } });
    await expectBelay(made, 0, ["rollout", "--yes"]);
    expect(
      await database.query(
        "SELECT relowner::regrole::text AS owner FROM pg_class WHERE relname IN ('own', 'reports') ORDER BY relname",
      ),
    ).toEqual([{ owner: member }, { owner }]);
    expect((await runArtifact({ ...made, database: () => ({ ...database, url: url.href }) }, id)).exitCode).toBe(0);
    expect(await owners(database)).toEqual({ tasks: "theirs" });
  });

  it("is the same where the change was cut off, at whichever statement", async () => {
    const change = await changeOf(up, down);
    for (let at = 0; ; at += 1) {
      const database = await freshDatabase("role");
      databases.push(database);
      await database.client.query(schema);
      const target = await operate(database.url);
      const { whole } = await apply(target, change, at);
      if (!whole) await apply(target, change);
      expect({ at, owners: await owners(database) }).toEqual({ at, owners: after });
      await target.close();
      if (whole) break;
      expect(at).toBeLessThan(40);
    }
  });

  it("in a knex migration ends with it", async () => {
    const text = `export const up = (knex) => knex.raw("SET ROLE ${owner}").then(() => knex.raw("CREATE TABLE reports (id int)"));
      export const down = async (knex) => { await knex.raw("SET ROLE ${owner}"); await knex.raw("DROP TABLE reports"); };`;
    const made = await built({ [`migrations/${id}.mjs`]: text }, { targets: ["main"], schema });
    databases.push(made.database("main"));
    await expectBelay(made, 0, ["rollout", "--yes"]);
    expect(await owners(made.database("main"))).toEqual({ reports: "theirs", tasks: "theirs" });
    await expectBelay(made, 0, ["revert", "--last", "--yes"]);
    expect(await owners(made.database("main"))).toEqual({ tasks: "theirs" });
  });
});

describe("what cannot run under another role is refused by check, with its place", () => {
  const cases: readonly (readonly [string, string, string])[] = [
    ["SET SESSION AUTHORIZATION somebody;", "session-authorization", "1:1"],
    ["SET ROLE a;\nUPDATE tasks SET note = '';", "role-rows", "2:1"],
    ["SET ROLE a;\n-- belay:batch\n  DELETE FROM tasks;", "role-rows", "3:3"],
    ["SET LOCAL ROLE a; RESET ROLE; SET ROLE b; CREATE DATABASE x;", "role-outside", "1:43"],
    ["-- belay:batch\nSET ROLE a; SELECT 1;", "batch-statement", "2:1"],
    ["SET ROLE a;", "change-half-empty", ""],
  ];

  it.each(cases)("%j", async (text, rule, at) => {
    const made = await project(pair(id, text, "SELECT 1;"), { targets: [] });
    const { findings } = (await expectBelay(made, 7, ["check", "--json"])).json();
    expect(findings).toMatchObject([{ rule, fix: expect.anything() }]);
    expect(findings[0].message).toContain(`${id}.up.sql:${at}`);
  });

  it("but not where nothing is kept of the rows", async () => {
    const made = await project(pair(id, "SET ROLE a; UPDATE tasks SET note = '';", "SELECT 1;", "keep off"), { targets: [] });
    await build(made);
    expect((await expectBelay(made, 0, ["check", "--json"])).json().findings).toEqual([]);
  });
}); // prettier-ignore
