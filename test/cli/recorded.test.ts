import { describe, expect, it } from "vitest";
import { buildArtifacts } from "../../src/authoring/build-artifacts.js";
import { check } from "../../src/authoring/check.js";
import { runArtifactFile } from "../../src/rehearsal/run-artifact.js";
import { BelayError } from "../../src/errors.js";
import { loadProject } from "../../src/system/project/project.js";
import { runArtifact } from "../artifact/run-artifact.js";
import { expectBelay, project, type TestProject } from "../support/cli.js";
import { appliedOn, build, built, catalogOf, columnsOf, pair, prove, unrehearsed } from "./fixture.js";

const first = "20260101000001_settings";
const id = "20260101000002_region";
const one = { targets: ["main"] };

/** A table with a row that the changes themselves write. */
const settings = pair(
  first,
  "CREATE TABLE settings (key text PRIMARY KEY, value text); INSERT INTO settings VALUES ('mode', 'plain');",
  "DROP TABLE settings;",
);

function migration(down: string, head = ""): Record<string, string> {
  return {
    [`migrations/${id}.ts`]: `import type { Knex } from "knex";
export const belay = { title: "AddRegion" };
${head}
export async function up(knex: Knex): Promise<void> {
  await knex.schema.alterTable("settings", (table) => table.string("region"));
}
export async function down(knex: Knex): Promise<void> {
${down}
}
`,
  };
}

const dropRegion = `await knex.schema.alterTable("settings", (table) => table.dropColumn("region"));`;

async function dynamicOf(
  made: TestProject,
): Promise<{ base: string; sealed: string[]; dependent: string[]; reads: string[] }> {
  return JSON.parse(await made.read(`rollbacks/${id}.json`)).dynamic;
}

/** No scratch copy is to be had any more. */
async function withoutScratch(made: TestProject): Promise<void> {
  await made.configure({ policy: { rehearsal: { required: false, on: "postgres://127.0.0.1:1/none" } } });
}

async function findings(made: TestProject): Promise<unknown> {
  const { root, config, configFile } = await loadProject({ directory: made.root });
  return check({ root, config, configFile }, []);
}

describe("a down that asks the catalog and decides", () => {
  const down = `if (await knex.schema.hasColumn("settings", "region")) { ${dropRegion} }
  if (await knex.schema.hasTable("never_was")) await knex.schema.dropTable("never_was");`;

  it("is recorded as a whole, proven, and taken back by Belay and by its artifact alone", async () => {
    const made = await built({ ...settings, ...migration(down) }, { ...one, config: { policy: {} } });
    expect(await dynamicOf(made)).toMatchObject({
      base: "empty",
      sealed: ['alter table "settings" drop column "region"'],
      dependent: [],
      reads: [],
    });
    const before = await catalogOf(made.database("main"));
    await prove(made);
    await expectBelay(made, 0, ["rollout"]);
    await expectBelay(made, 0, ["revert", "AddRegion", "--yes"]);
    expect(await columnsOf(made.database("main"), "settings")).toEqual(["key", "value"]);
    await expectBelay(made, 0, ["rollout", "--retry", "again"]);
    expect(await runArtifact(made, id)).toMatchObject({ exitCode: 0 });
    expect(await runArtifact(made, first)).toMatchObject({ exitCode: 0 });
    expect(await catalogOf(made.database("main"))).toBe(before);
  });

  it("is warned of by check, told by plan, and by the head of its artifact", async () => {
    const made = await built({ ...settings, ...migration(down) }, one);
    expect(await findings(made)).toMatchObject([{ change: id, rule: "knex-down-dynamic", severity: "warning" }]);
    await expectBelay(made, 0, ["check"]);
    const { plan } = (await expectBelay(made, 0, ["plan", "--json"])).json();
    expect(plan.changes[1]).toMatchObject({ change: id, dynamic: { leftOut: [] }, loss: [] });
    expect((await expectBelay(made, 0, ["plan"])).stdout).toContain("recorded: the down decides by what it reads");
    expect(await made.read(`rollbacks/${id}.sql`)).toContain("-- Recorded: the down decides by what it reads.");
  });

  it("gives the same bytes wherever it is built, and no command but build and rehearse needs a scratch copy", async () => {
    const made = await built({ ...settings, ...migration(down) }, one);
    const other = await built({ ...settings, ...migration(down) }, one);
    for (const file of [`rollbacks/${id}.sql`, `rollbacks/${id}.json`])
      expect(await other.read(file)).toBe(await made.read(file));
    await withoutScratch(made);
    await build(made);
    await expect(buildArtifacts(await loadProject({ directory: made.root }), [id], false)).rejects.toThrow(BelayError);
    await expectBelay(made, 0, ["build", "--check"]);
    await expectBelay(made, 0, ["check"]);
    await expectBelay(made, 0, ["plan"]);
    await expectBelay(made, 0, ["rollout"]);
    await expectBelay(made, 0, ["status"]);
    await expectBelay(made, 0, ["revert", "--last", "--yes"]);
  });

  it("is recorded anew where a change before it is another, or itself", async () => {
    const made = await built({ ...settings, ...migration(down) }, one);
    await made.write(pair("20260101000000_other", "CREATE TABLE other (id int);", "DROP TABLE other;"));
    const stale = (await expectBelay(made, 7, ["build", "--check", "--json"])).json().artifacts;
    expect(stale).toMatchObject([
      { action: "out-of-date" },
      { action: "unchanged" },
      { change: id, action: "out-of-date" },
    ]);
    await build(made);
    await expectBelay(made, 0, ["build", "--check"]);
    await made.write(migration(`${down}\n// another one`));
    expect(await findings(made)).toMatchObject([{ change: id, rule: "knex-down-unrecorded", severity: "error" }]);
    await expectBelay(made, 7, ["build", "--check"]);
    expect((await expectBelay(made, 3, ["plan", "--json"])).json().error).toMatchObject({ code: "knex-down-unrecorded", hint: expect.stringContaining("belay build") }); // prettier-ignore
    await expectBelay(made, 0, ["build"]);
    await expectBelay(made, 0, ["build", "--check"]);
  });

  it("may stand outside a transaction, and run what cannot stand in one", async () => {
    const indexed = `if (await knex.schema.hasColumn("settings", "region")) await knex.raw("drop index concurrently if exists idx_value");\n${dropRegion}`;
    const made = await built(
      { ...settings, ...migration(indexed, "export const config = { transaction: false };") },
      one,
    );
    expect(await dynamicOf(made)).toMatchObject({
      dependent: [],
      sealed: [expect.stringContaining("concurrently"), expect.any(String)],
    });
    await expectBelay(made, 0, ["rollout"]);
    await expectBelay(made, 0, ["revert", "--last", "--yes"]);
    expect(await columnsOf(made.database("main"), "settings")).toEqual(["key", "value"]);
  });

  it("is recorded on a copy of a target where the changes stand on what none of them made", async () => {
    const made = await built(migration(down), { ...one, schema: "CREATE TABLE settings (key text PRIMARY KEY)" });
    expect(await dynamicOf(made)).toMatchObject({
      base: "main",
      sealed: ['alter table "settings" drop column "region"'],
      dependent: [],
    });
  });

  it("has its artifact refused, and says so, where there is nothing that it could be recorded on", async () => {
    const made = await project(migration(down), { ...one, config: unrehearsed });
    const { error } = (await expectBelay(made, 3, ["build", "--json"])).json();
    expect(error.code).toBe("knex-down-unrecordable");
    expect(error.message).toContain("does not run on an empty database");
    expect(error.message).toContain("does not run on a copy of main");
  });
});

describe("a down that reads rows and decides", () => {
  const down = `const rows = await knex("settings").where({ key: "mode" });
  for (const { key } of rows) await knex("settings").where({ key }).update({ value: "was " + key });
  ${dropRegion}`;
  const leftOut = 'update "settings" set "value" = $1 where "key" = $2';

  it("has what depends on rows left out, and every command says so", async () => {
    const made = await built({ ...settings, ...migration(down) }, one);
    expect(await dynamicOf(made)).toMatchObject({
      sealed: ['alter table "settings" drop column "region"'],
      dependent: [leftOut],
      reads: ['select * from "settings" where "key" = $1', leftOut],
    });
    expect(await findings(made)).toMatchObject([{ rule: "knex-down-dynamic", severity: "warning", message: expect.stringContaining(leftOut) }]); // prettier-ignore
    expect(await made.read(`rollbacks/${id}.sql`)).toContain(`--   ${leftOut}`);
    const { plan } = (await expectBelay(made, 0, ["plan", "--json"])).json();
    expect(plan.changes[1]).toMatchObject({ dynamic: { leftOut: [leftOut] }, loss: [{ object: leftOut }] });
  });

  it("does not go forward, nor back, until a person accepts that", async () => {
    const made = await built({ ...settings, ...migration(down) }, one);
    const refused = (await expectBelay(made, 3, ["rollout", "--json"])).json().error;
    expect(refused).toMatchObject({ code: "way-back-partial", hint: expect.stringContaining("--accept-loss region") });
    await expectBelay(made, 0, ["rollout", "--accept-loss", "region"]);
    const { error } = (await expectBelay(made, 3, ["revert", "AddRegion", "--yes", "--json"])).json();
    expect(error).toMatchObject({ code: "way-back-partial", hint: expect.stringContaining(`--accept-loss ${id}`) });
    expect(await appliedOn(made.database("main"))).toEqual([first, id]);
    await expectBelay(made, 0, ["revert", "AddRegion", "--yes", "--accept-loss", "AddRegion"]);
    expect(await columnsOf(made.database("main"), "settings")).toEqual(["key", "value"]);
  });

  it("has an artifact that refuses to do half, and does what is sealed when it is told to", async () => {
    const made = await built({ ...settings, ...migration(down) }, one);
    await expectBelay(made, 0, ["rollout", "--accept-loss", "region"]);
    const refused = await runArtifact(made, id);
    expect(refused.exitCode).not.toBe(0);
    expect(refused.said).toContain(`the way back of ${id} is not whole`);
    expect(await appliedOn(made.database("main"))).toEqual([first, id]);
    // It says for itself that what is sealed is enough.
    await runArtifactFile(made.database("main").url, await made.read(`rollbacks/${id}.sql`));
    expect(await appliedOn(made.database("main"))).toEqual([first]);
    expect(await columnsOf(made.database("main"), "settings")).toEqual(["key", "value"]);
  });

  it.each([
    [
      "a branch that only many rows take",
      `const [{ count }] = await knex("settings").count("*"); if (Number(count) > 100) await knex.schema.dropTable("settings");\n${dropRegion}`,
      ['drop table "settings"'],
    ],
    [
      "how many rows a write found",
      `if ((await knex("settings").where({ key: "mode" }).del()) > 1) await knex("settings").insert({ key: "b" });\n${dropRegion}`,
      ['insert into "settings" ("key") values ($1)'],
    ],
    [
      "a loop that ends when no rows are left",
      `while ((await knex("settings").where({ key: "gone" }).del()) > 0);\n${dropRegion}`,
      ['delete from "settings" where "key" = $1'],
    ],
    [
      "pages of rows",
      `for (let page = 0; (await knex.raw("select key from settings limit 10 offset " + page * 10)).rows.length > 0; page += 1);
  for (let page = 0; (await knex("settings").limit(10).offset(page * 10)).length > 0; page += 1) await knex.raw("notify page");\n${dropRegion}`,
      ["notify page"],
    ],
    [
      "what a write gave back",
      `for (const { key } of await knex("settings").del().returning("key")) await knex.raw("comment on table settings is '" + key + "'");\n${dropRegion}`,
      ["comment on table settings is 'mode'", "comment on table settings is 'belay 1000'"],
    ],
    [
      "a refusal by rows",
      `if ((await knex("settings").where({ key: "busy" })).length > 0) throw new Error("still busy");\n${dropRegion}`,
      ['alter table "settings" drop column "region"', "it throws: still busy"],
    ],
    [
      "the database's own name",
      `const { rows } = await knex.raw("select current_database() as name"); await knex.raw("comment on table settings is 'of " + rows[0].name + "'");\n${dropRegion}`,
      ["comment on table settings is 'of <database>'"],
    ],
  ])("leaves out what follows from %s", async (_what, body, dependent) => {
    const made = await built({ ...settings, ...migration(body) }, one);
    expect((await dynamicOf(made)).dependent).toEqual(expect.arrayContaining(dependent));
    const others = await built({ ...settings, ...migration(body) }, one);
    expect(await others.read(`rollbacks/${id}.json`)).toBe(await made.read(`rollbacks/${id}.json`));
  });

  it("is whole where it only looks, and does the same whatever it sees", async () => {
    const looking = `const rows = await knex("settings"); if (rows.length > 1_000) rows.pop();\n${dropRegion}\nawait knex.raw("select setval(pg_get_serial_sequence('counted', 'id'), 7, false)");`;
    const counted = pair("20260101000000_counted", "CREATE TABLE counted (id serial);", "DROP TABLE counted;");
    const made = await built({ ...counted, ...settings, ...migration(looking) }, one);
    expect(await dynamicOf(made)).toMatchObject({
      dependent: [],
      reads: ['select * from "settings"', expect.stringContaining("setval")],
      sealed: [expect.stringContaining("drop column"), expect.stringContaining("setval")],
    });
  });

  it("is refused where it ends its transaction by itself", async () => {
    const ending = `await knex.schema.hasTable("settings");\n${dropRegion}\nawait knex.raw("commit");`;
    const made = await project({ ...settings, ...migration(ending) }, { ...one, config: unrehearsed });
    const { error } = (await expectBelay(made, 3, ["build", "--json"])).json();
    expect(error.code).toBe("transaction-control");
  });

  it("is refused where it does not even run", async () => {
    const made = await project(
      { ...settings, ...migration(`await knex("no_such_table");`) },
      { ...one, config: unrehearsed },
    );
    const { error } = (await expectBelay(made, 3, ["build", "--json"])).json();
    expect(error).toMatchObject({ code: "knex-down-unrecordable", message: expect.stringContaining("no_such_table") });
  });
});

it("starts no scratch copy for downs that only build statements", async () => {
  const made = await project({ ...settings, ...migration(dropRegion) }, { ...one, config: unrehearsed });
  await withoutScratch(made);
  await build(made);
  expect(await dynamicOf(made)).toBeUndefined();
});
