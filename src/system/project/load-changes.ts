import { join } from "node:path";
import { z } from "zod";
import { requireChangeId, type ChangeId } from "../../change/change-id.js";
import { commandChange, knexChange, sqlChange, type Change, type KnexHalf } from "../../change/change.js";
import { directivesFrom, parseHead } from "../../change/directives.js";
import { BelayError, messageOf } from "../../errors.js";
import { SourceText, type Position } from "../../sql/source-text.js";
import { listIfThere, readBytes } from "../files.js";
import { importModule } from "../import-module.js";

const folder = "migrations";

/** The forms of a change, by the ending of its file for the way forward. */
const forms: readonly { readonly suffix: string; readonly load: (file: Found) => Promise<Change> }[] = [
  { suffix: ".up.sql", load: loadSql },
  { suffix: ".command.json", load: loadCommand },
  { suffix: ".ts", load: loadKnex },
  { suffix: ".mts", load: loadKnex },
  { suffix: ".js", load: loadKnex },
  { suffix: ".mjs", load: loadKnex },
];

/** What becomes of an SQL change whose way back has no file: an error, or a change with an empty one. */
export type MissingDown = "refuse" | "empty";

interface Found {
  readonly root: string;
  readonly missingDown: MissingDown;
  readonly id: ChangeId;
  /** Relative to the project. */
  readonly file: string;
  readonly names: ReadonlySet<string>;
}

/** What lies in `migrations/`: the changes that could be read, and an error for each file that could not. */
export interface LoadedChanges {
  readonly changes: readonly Change[];
  readonly errors: readonly BelayError[];
}

/**
 * All changes in `migrations/`, unordered. A file there that is part of no change is an error, not a thing to pass over.
 * @throws BelayError naming the file: `change-half-missing`, `change-file-unknown`, `change-unreadable` …
 */
export async function loadChanges(root: string, missingDown: MissingDown = "refuse"): Promise<readonly Change[]> {
  const { changes, errors } = await tryLoadChanges(root, missingDown);
  const [first] = errors;
  if (first !== undefined) throw first;
  return changes;
}

/** The same, but a file that cannot be read does not hide the others. */
export async function tryLoadChanges(root: string, missingDown: MissingDown = "refuse"): Promise<LoadedChanges> {
  const names = new Set((await listIfThere(join(root, folder))).filter((name) => !isIgnored(name)));
  const changes: Change[] = [];
  const errors: BelayError[] = [];
  for (const name of names) {
    try {
      const change = await loadOne({ root, names, missingDown }, name);
      if (change !== null) changes.push(change);
    } catch (thrown) {
      if (!(thrown instanceof BelayError)) throw thrown;
      errors.push(thrown);
    }
  }
  return { changes, errors };
}

/** Null for a file that belongs to another one's change. */
async function loadOne(folderOf: Omit<Found, "id" | "file">, name: string): Promise<Change | null> {
  if (name.endsWith(".down.sql")) {
    requireUp(name, folderOf.names);
    return null;
  }
  const form = forms.find(({ suffix }) => name.endsWith(suffix) && !name.endsWith(".d.ts"));
  if (form === undefined) throw unknownFile(name);
  const file = `${folder}/${name}`;
  return form.load({ ...folderOf, id: requireChangeId(name.slice(0, -form.suffix.length), file), file });
}

function isIgnored(name: string): boolean {
  return name.startsWith(".") || name.endsWith(".tmp") || /^(README|LICENSE)/i.test(name) || name.endsWith(".map");
}

async function loadSql({ root, id, file, names, missingDown }: Found): Promise<Change> {
  const downName = `${id.id}.down.sql`;
  const downFile = `${folder}/${downName}`;
  if (!names.has(downName) && missingDown === "refuse") {
    throw new BelayError("usage", "change-half-missing", `${file} has no way back: ${downFile} is missing`, {
      hint: "Write it, or let `belay build --derive` write it. Where there is none, say `-- belay:irreversible <reason>` in the up file and leave the down file empty.",
    });
  }
  const up = await readText(join(root, file), file);
  const down = names.has(downName) ? await readText(join(root, downFile), downFile) : "";
  return sqlChange({ id, directives: parseHead(up, file), files: [file, downFile] }, up, down);
}

function requireUp(name: string, names: ReadonlySet<string>): void {
  const up = name.replace(/\.down\.sql$/, ".up.sql");
  if (names.has(up)) return;
  throw new BelayError(
    "usage",
    "change-half-missing",
    `${folder}/${name} has no way forward: ${folder}/${up} is missing`,
    {
      hint: "Add it, or delete the down file.",
    },
  );
}

const commandSchema = z.strictObject({
  title: z.string().optional(),
  proposal: z.string().optional(),
  requires: z.array(z.string()).optional(),
  irreversible: z.string().optional(),
  up: z.strictObject({ run: z.array(z.string()).min(1) }),
  down: z.strictObject({ run: z.array(z.string()).min(1) }),
});

async function loadCommand({ root, id, file }: Found): Promise<Change> {
  const parsed = commandSchema.safeParse(parseJson(await readText(join(root, file), file), file));
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw unreadable(file, `${issue?.path.join(".") ?? ""}: ${issue?.message ?? ""}`);
  }
  const { up, down, ...head } = parsed.data;
  return commandChange({ id, directives: directivesFrom(head, file), files: [file] }, up.run, down.run);
}

async function loadKnex({ root, id, file }: Found): Promise<Change> {
  const path = join(root, file);
  const source = await readText(path, file);
  const module = await importKnex(path, file);
  const directives = directivesFrom(module["belay"], file);
  const halves = { up: halfOf(module, "up", file), down: halfOf(module, "down", file) };
  const transaction = transactionOf(module["config"]) ?? directives.transaction;
  return knexChange({ id, directives: { ...directives, transaction }, files: [file] }, source, halves.up, halves.down);
}

async function importKnex(path: string, file: string): Promise<Record<string, unknown>> {
  try {
    const module = await importModule(path);
    const inner = module["default"];
    return typeof inner === "object" && inner !== null && "up" in inner ? { ...inner, ...module } : module;
  } catch (thrown) {
    throw unreadable(file, messageOf(thrown), thrown);
  }
}

function halfOf(module: Record<string, unknown>, name: "up" | "down", file: string): KnexHalf {
  const half = module[name];
  if (typeof half !== "function") {
    throw new BelayError("usage", "change-half-missing", `${file} exports no function \`${name}\``, {
      hint: "A change is a pair: export both up(knex) and down(knex).",
    });
  }
  return async (knex) => half(knex) as unknown;
}

function transactionOf(config: unknown): "on" | "off" | null {
  if (typeof config !== "object" || config === null || !("transaction" in config)) return null;
  return config.transaction === false ? "off" : "on";
}

async function readText(path: string, file: string): Promise<string> {
  const bytes = readBytes(path);
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (thrown) {
    const { line, column } = firstForeignByte(bytes);
    const message = `${file}:${line}:${column}: it is not UTF-8 text`;
    throw new BelayError("usage", "change-unreadable", message, { hint: "Save it in UTF-8.", cause: thrown });
  }
}

/** Where a text stops being UTF-8. */
function firstForeignByte(bytes: Buffer): Position {
  const text = bytes.toString("utf8");
  let end = text.indexOf("\uFFFD");
  // The replacement character may stand there itself.
  while (bytes.indexOf("\uFFFD", Buffer.byteLength(text.slice(0, end))) === Buffer.byteLength(text.slice(0, end)))
    end = text.indexOf("\uFFFD", end + 1);
  return new SourceText(text).positionAtByte(Buffer.byteLength(text.slice(0, end)));
}

function parseJson(text: string, file: string): unknown {
  try {
    return JSON.parse(text);
  } catch (thrown) {
    throw unreadable(file, messageOf(thrown), thrown);
  }
}

function unknownFile(name: string): BelayError {
  return new BelayError("usage", "change-file-unknown", `${folder}/${name} is no part of a change`, {
    hint: `A change is <id>.up.sql with <id>.down.sql, <id>.ts, or <id>.command.json.`,
  });
}

function unreadable(file: string, why: string, cause?: unknown): BelayError {
  return new BelayError("usage", "change-unreadable", `${file}: ${why}`, { hint: "Correct the file.", cause });
}
