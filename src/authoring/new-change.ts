import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { camelCase, snakeCase, versionOf } from "../change/change-id.js";
import { BelayError } from "../errors.js";
import { writeWhole } from "../system/files.js";
import type { Project } from "../system/project/project.js";

export type Form = "sql" | "ts" | "command";

/**
 * Writes an empty pair, named after `name` and the time, and later than every change there is. Gives its files, relative to the project.
 * @throws BelayError `name-invalid`.
 */
export async function newChange(project: Project, name: string, form: Form, now: Date): Promise<readonly string[]> {
  const snake = snakeCase(name);
  if (snake === "" || snake.length > 100) {
    throw new BelayError("usage", "name-invalid", `"${name}" makes no name of a change.`, {
      hint: "For example: belay new AddRegionToTasks",
    });
  }
  const id = `${freeVersion(project, now)}_${snake}`;
  const title = /^[A-Z][A-Za-z0-9]*$/.test(name) ? name : camelCase(snake);
  await mkdir(join(project.root, "migrations"), { recursive: true });
  const files = Object.entries(filesOf(form, id, title));
  for (const [file, text] of files) await writeWhole(join(project.root, file), text);
  return files.map(([file]) => file);
}

function freeVersion(project: Project, now: Date): string {
  const last = project.changes.at(-1)?.version ?? "";
  let time = now;
  while (versionOf(time) <= last) {
    const [, y, mo, d, h, mi, s] = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)$/.exec(last) ?? [];
    time = new Date(Date.parse(`${y}-${mo}-${d}T${h}:${mi}:${s}Z`) + 1_000);
  }
  return versionOf(time);
}

function filesOf(form: Form, id: string, title: string): { readonly [file: string]: string } {
  switch (form) {
    case "sql":
      return {
        [`migrations/${id}.up.sql`]: `-- belay:title ${title}\n\n-- Write here what the change does.\n`,
        [`migrations/${id}.down.sql`]: "-- Write here what takes it back.\n",
      };
    case "ts":
      return { [`migrations/${id}.ts`]: knexTemplate(title) };
    case "command":
      return { [`migrations/${id}.command.json`]: commandTemplate(title) };
  }
}

function knexTemplate(title: string): string {
  return `import type { Knex } from "knex";

export const belay = { title: "${title}" };

export async function up(knex: Knex): Promise<void> {
  // Write here what the change does, for example:
  // await knex.schema.alterTable("tasks", (table) => table.string("region"));
}

export async function down(knex: Knex): Promise<void> {
  // Write here what takes it back, for example:
  // await knex.schema.alterTable("tasks", (table) => table.dropColumn("region"));
}
`;
}

function commandTemplate(title: string): string {
  const pair = { title, up: { run: ["true"] }, down: { run: ["true"] } };
  return `${JSON.stringify(pair, null, 2)}\n`;
}
