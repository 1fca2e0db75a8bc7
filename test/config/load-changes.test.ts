import { mkdtemp, mkdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { loadChanges, tryLoadChanges } from "../../src/system/project/load-changes.js";

const id = "20260101000001_add_region";
const folders: string[] = [];

afterEach(async () => {
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true, force: true });
});

async function folder(files: Record<string, string | Buffer>): Promise<string> {
  const root = await mkdtemp(join(tmpdir(), "belay-files-"));
  folders.push(root);
  for (const [file, content] of Object.entries(files)) {
    const path = join(root, "migrations", file);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, content);
  }
  return root;
}

const knex = `export async function up(knex) { await knex.raw("select 1"); }
export async function down(knex) { await knex.raw("select 2"); }
`;

describe("the files of a change", () => {
  it.each<[string, Record<string, string | Buffer>, string, readonly string[]]>([
    [
      "an unknown directive",
      { [`${id}.up.sql`]: "\n-- belay:titel X\n", [`${id}.down.sql`]: "" },
      "directive-unknown",
      [`${id}.up.sql:2`, "titel"],
    ],
    [
      "a severity of high",
      { [`${id}.up.sql`]: "-- belay:severity high", [`${id}.down.sql`]: "" },
      "directive-invalid",
      [`${id}.up.sql:1`, "high"],
    ],
    ["no way back", { [`${id}.up.sql`]: "SELECT 1;" }, "change-half-missing", [`${id}.down.sql`]],
    ["no way forward", { [`${id}.down.sql`]: "SELECT 1;" }, "change-half-missing", [`${id}.up.sql`]],
    ["a name that is no id", { "add_region.up.sql": "SELECT 1;" }, "change-id-invalid", ["add_region"]],
    ["a month 13", { "20261301000000_x.ts": knex }, "change-id-invalid", ["20261301000000_x"]],
    ["an ending that nothing has", { "notes.txt": "" }, "change-file-unknown", ["notes.txt"]],
    [
      "a knex migration without down",
      { [`${id}.mjs`]: "export async function up() {}" },
      "change-half-missing",
      ["down", id],
    ],
    ["TypeScript that does not parse", { [`${id}.ts`]: "export const up = (" }, "change-unreadable", [id]],
    [
      "a command that is a string",
      { [`${id}.command.json`]: '{"up": {"run": "rm -rf"}, "down": {"run": ["true"]}}' },
      "change-unreadable",
      ["up.run"],
    ],
    [
      "a pair of commands without down",
      { [`${id}.command.json`]: '{"up": {"run": ["true"]}}' },
      "change-unreadable",
      ["down"],
    ],
    ["no JSON", { [`${id}.command.json`]: "{" }, "change-unreadable", [id]],
    [
      "no UTF-8",
      { [`${id}.up.sql`]: Buffer.from([0xff, 0xfe, 0x00]), [`${id}.down.sql`]: "" },
      "change-unreadable",
      ["UTF-8"],
    ],
  ])("with %s are refused, and the error names them", async (_, files, code, named) => {
    // prettier-ignore
    const root = await folder(files);
    const thrown = await loadChanges(root).catch((error: unknown) => error);
    expect(thrown).toMatchObject({ kind: "usage", code });
    for (const word of named) expect(String(thrown)).toContain(word);
  });

  it("that are wrong do not hide the ones that are right", async () => {
    const right = { "20260101000002_b.up.sql": "SELECT 1;", "20260101000002_b.down.sql": "SELECT 1;" };
    const { changes, errors } = await tryLoadChanges(await folder({ ...right, "notes.txt": "" }));
    expect(changes.map((change) => change.id)).toEqual(["20260101000002_b"]);
    expect(errors).toHaveLength(1);
  });

  it("that an editor left, and what explains the folder, are passed over", async () => {
    const root = await folder({ ".x.up.sql.swp": "", "README.md": "", "a.tmp": "" });
    await expect(loadChanges(root)).resolves.toEqual([]);
  });

  it("in TypeScript, JavaScript and commands are changes like those in SQL, with the same directives", async () => {
    const root = await folder({
      "20260101000001_a.mjs": `${knex}export const belay = { title: "A", requires: ["x", "y"] };\n`,
      "20260101000002_b.ts": `${knex}export const config = { transaction: false };\n`,
      "20260101000003_c.command.json": '{"title": "C", "up": {"run": ["true"]}, "down": {"run": ["false"]}}',
    });
    const changes = (await loadChanges(root)).toSorted((a, b) => (a.id < b.id ? -1 : 1));
    expect(changes.map(({ form, title }) => [form, title])).toEqual([["knex", "A"], ["knex", "b"], ["command", "C"]]); // prettier-ignore
    expect(changes[0]?.directives.requires).toEqual(["x", "y"]);
    expect(changes.map(({ directives }) => directives.transaction)).toEqual(["on", "off", "on"]);
  });

  it("may be none: a project without the folder has no changes", async () => {
    await expect(loadChanges(join(tmpdir(), "belay-no-such-folder"))).resolves.toEqual([]);
  });
});
