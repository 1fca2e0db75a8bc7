import { randomUUID } from "node:crypto";
import { describe, expect, it } from "vitest";
import { planRollout } from "../../src/rollout/plan-rollout.js";
import type { Finding } from "../../src/preflight/finding.js";
import { loadProject } from "../../src/system/project/project.js";
import { addRegion, build, built, pair, tasks, unrehearsed } from "../cli/fixture.js";
import type { TestProject } from "../support/cli.js";
import { isUntouched, refusalOf, roll } from "./refusal.js";

async function findingsOf(made: TestProject): Promise<readonly Finding[]> {
  return (await planRollout(await loadProject({ directory: made.root }), { to: null, stage: null, target: null }))
    .findings;
}

const id = "20260101000007_uses";
const uses = (sql: string): Record<string, string> => pair(id, `CREATE TABLE used (${sql});`, "DROP TABLE used;");

describe("W2: production is not what staging was", () => {
  it("is refused before the first stage where an extension is missing that a change uses", async () => {
    const made = await built(uses("name citext"), { schema: "CREATE TABLE tasks (id int)" });
    await made.database("staging").query("CREATE EXTENSION citext");
    const refusal = await refusalOf(made);
    expect(refusal).toMatchObject({ kind: "refused", code: "targets-differ" });
    expect(refusal.message).toContain("production: there is no type citext of the extension citext");
    expect(refusal.message).toContain(`migrations/${id}.up.sql:1:1 names; staging has it`);
    expect(refusal.hint).toContain("CREATE EXTENSION citext;");
    expect(await isUntouched(made.database("staging"))).toBe(true);
    await made.database("production").query("CREATE EXTENSION citext");
    expect((await roll(made)).outcome).toBe("completed");
  });

  it("is refused where the server has not the extension that a change makes", async () => {
    const made = await built(pair(id, "CREATE EXTENSION no_such_extension;", "DROP EXTENSION no_such_extension;"));
    expect(await refusalOf(made)).toMatchObject({ kind: "refused", code: "extension-unavailable" });
  });

  it("is refused where a column that a change names has another type", async () => {
    const change = pair(
      id,
      "ALTER TABLE tasks ALTER COLUMN priority SET NOT NULL;",
      "ALTER TABLE tasks ALTER COLUMN priority DROP NOT NULL;",
    );
    const made = await built(change);
    await made
      .database("production")
      .query("ALTER TABLE tasks ALTER COLUMN priority TYPE text, ALTER COLUMN note TYPE varchar(20)");
    const refusal = await refusalOf(made);
    expect(refusal.message).toContain("production: tasks.priority is text, and integer on staging.");
    const findings = await findingsOf(made);
    expect(findings.find(({ message }) => message.includes("tasks.note"))?.severity).toBe("warn");
    expect(await isUntouched(made.database("staging"))).toBe(true);
  });

  it("is shown where grants, default privileges, row security or extensions differ, and refused by policy", async () => {
    const made = await built(addRegion);
    const role = `belay_test_${randomUUID().slice(0, 8)}`;
    const staging = made.database("staging");
    await staging.query(`CREATE ROLE ${role}`);
    try {
      await staging.query(
        `GRANT SELECT ON tasks TO ${role}; ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO ${role}; ALTER TABLE tasks ENABLE ROW LEVEL SECURITY`,
      );
      const said = (await findingsOf(made)).map(({ severity, message }) => `${severity} ${message}`);
      expect(said).toEqual([
        expect.stringMatching(
          new RegExp(`^warn the list of default privileges is empty, and .*${role}.* on staging\\.$`),
        ),
        "warn row-level security of tasks is off, and on on staging.",
        expect.stringMatching(new RegExp(`^warn the list of grants of tasks is the default, and .*${role}=r/`)),
      ]);
      await made.configure({ policy: { ...unrehearsed.policy, differences: "refuse" } });
      expect(await refusalOf(made)).toMatchObject({ code: "targets-differ" });
      expect(await isUntouched(staging)).toBe(true);
    } finally {
      await staging.query(`DROP OWNED BY ${role} CASCADE`);
      await staging.query(`DROP ROLE ${role}`);
    }
  });

  it("is refused where the role on production lacks a right that a change wants", async () => {
    const made = await built(addRegion);
    const role = `belay_test_${randomUUID().slice(0, 8)}`;
    const production = made.database("production");
    await production.query(
      `CREATE ROLE ${role} LOGIN PASSWORD 'poor'; GRANT CREATE ON DATABASE ${production.name} TO ${role}`,
    );
    try {
      const url = new URL(production.url);
      [url.username, url.password] = [role, "poor"];
      await made.configure({
        ...unrehearsed,
        targets: { staging: { url: made.database("staging").url }, production: { url: url.href } },
      });
      const refusal = await refusalOf(made);
      expect(refusal).toMatchObject({ kind: "refused", code: "rights-missing" });
      expect(refusal.message).toContain(`production: the role ${role} does not own tasks`);
      expect(refusal.hint).toMatch(/^GRANT \S+ TO /);
      expect(await isUntouched(made.database("staging"))).toBe(true);
    } finally {
      await production.query(`DROP OWNED BY ${role}`);
      await production.query(`DROP ROLE ${role}`);
    }
  });

  it("is nothing to speak of where staging is only ahead", async () => {
    const made = await built(addRegion, { schema: tasks });
    await roll(made, { stage: "staging" });
    await made.write(
      pair("20260101000008_more", "ALTER TABLE tasks ADD COLUMN more text;", "ALTER TABLE tasks DROP COLUMN more;"),
    );
    await build(made);
    expect(await findingsOf(made)).toEqual([]);
    expect((await roll(made)).outcome).toBe("completed");
  });
});
