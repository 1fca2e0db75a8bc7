import { excerpt, reportError, type Place } from "./report-error.js";

/** What a command of a report is to Belay. */
export type RailsCommand =
  | {
      readonly kind: "migration";
      readonly name: string;
      readonly attributes: readonly string[];
      readonly options: MigrationOptions;
    }
  /** It would run migrations, which is what a rollout does. */
  | { readonly kind: "apply" }
  /** It belongs to Rails, but no change can be made of it. */
  | { readonly kind: "declined"; readonly reason: string }
  | { readonly kind: "other" };

export interface MigrationOptions {
  readonly timestamps: boolean;
  /** The type of a new table's key, and of the columns that refer to one. */
  readonly primaryKeyType: PrimaryKeyType;
}

export type PrimaryKeyType = "bigint" | "integer" | "uuid" | "string";

const ASSIGNMENT = /^[A-Za-z_]\w*=/;
const PRIMARY_KEY_TYPES: readonly PrimaryKeyType[] = ["bigint", "integer", "uuid", "string"];
/** Tasks that bring a database up to date. Those that go back, drop or fill it are not among them. */
const APPLY_TASK = /^db:(?:migrate(?::up)?(?::[a-z]\w*)?|prepare)$/;
const OTHER_MIGRATE_TASK = /^db:migrate:(?:down|redo|reset|status)/;
const TABLE_GENERATORS = ["model", "resource", "scaffold"];
/** Options that say how files are written; there are none here. */
const FILE_OPTIONS = new Set(["--force", "-f", "--skip", "-s", "--quiet", "-q", "--skip-collision-check"]);

/**
 * Reads the words of one simple command.
 *
 * @throws BelayError `proposal-rails-option` or `proposal-rails-name`.
 */
export function readRailsCommand(words: readonly string[], place: Place): RailsCommand {
  const [program = "", ...rest] = withoutLaunchers(words);
  if (isProgram(program, "rake")) return tasks(rest);
  if (!isProgram(program, "rails")) return { kind: "other" };
  const [verb = "", generator = "", ...argumentWords] = rest;
  if (verb !== "generate" && verb !== "g") return tasks(rest);
  if (generator === "migration" || generator === "active_record:migration") return migration(argumentWords, place);
  if (!TABLE_GENERATORS.includes(generator)) return { kind: "other" };
  const reason = `the ${generator} generator writes application code too; ask for the table with: rails generate migration Create…`;
  return { kind: "declined", reason };
}

/** `RAILS_ENV=production bundle exec bin/rails` → `bin/rails`. */
function withoutLaunchers(words: readonly string[]): readonly string[] {
  const from = words.findIndex((word) => word !== "env" && !ASSIGNMENT.test(word));
  const [first = "", second = "", ...others] = from === -1 ? [] : words.slice(from);
  if (isProgram(first, "bundle") && second === "exec") return withoutLaunchers(others);
  if (isProgram(first, "ruby") && /(?:^|\/)bin\/(?:rails|rake)$/.test(second)) return [second, ...others];
  return from === -1 ? [] : words.slice(from);
}

function isProgram(word: string, name: string): boolean {
  return word === name || word.endsWith(`bin/${name}`);
}

function tasks(words: readonly string[]): RailsCommand {
  const names = words.filter((word) => !word.startsWith("-") && !ASSIGNMENT.test(word));
  const applies = names.length > 0 && names.every((name) => APPLY_TASK.test(name) && !OTHER_MIGRATE_TASK.test(name));
  return { kind: applies ? "apply" : "other" };
}

interface SplitWords {
  readonly positional: readonly string[];
  readonly options: ReadonlyMap<string, string>;
}

function migration(words: readonly string[], place: Place): RailsCommand {
  const { positional, options } = splitOptions(words);
  const [name, ...attributes] = positional;
  if (options.has("--pretend") || options.has("-p"))
    return { kind: "declined", reason: "--pretend writes no migration" };
  const database = ["--database", "--db"].find((option) => options.has(option));
  if (database !== undefined) {
    const other = `${database} names another database; in Belay the targets of its config say where a change goes`;
    return { kind: "declined", reason: other };
  }
  if (name === undefined) {
    throw reportError(place, "rails-name", "the name of a migration, such as AddPartNumberToProducts", "none");
  }
  return { kind: "migration", name, attributes, options: migrationOptions(options, place) };
}

/** Thor, the parser that Rails uses, takes options anywhere, and their values after `=` or as the next word. */
function splitOptions(words: readonly string[]): SplitWords {
  const positional: string[] = [];
  const options = new Map<string, string>();
  for (let at = 0; at < words.length; at += 1) {
    const word = words[at] ?? "";
    if (!word.startsWith("-")) {
      positional.push(word);
      continue;
    }
    const [option = word, ...value] = word.split("=");
    const takesNext = value.length === 0 && TAKES_VALUE.has(option);
    options.set(option, takesNext ? (words[at + 1] ?? "") : value.join("="));
    if (takesNext) at += 1;
  }
  return { positional, options };
}

const TAKES_VALUE = new Set(["--primary-key-type", "--database", "--db", "--orm", "-o"]);

function migrationOptions(given: ReadonlyMap<string, string>, place: Place): MigrationOptions {
  let options: MigrationOptions = { timestamps: true, primaryKeyType: "bigint" };
  for (const [option, value] of given) options = { ...options, ...oneOption(option, value, place) };
  return options;
}

function oneOption(option: string, value: string, place: Place): Partial<MigrationOptions> {
  if (FILE_OPTIONS.has(option)) return {};
  if (option === "--no-timestamps" || option === "--skip-timestamps") return { timestamps: false };
  if (option === "--timestamps" && ["", "true", "false"].includes(value)) return { timestamps: value !== "false" };
  if (["--orm", "-o"].includes(option) && value === "active_record") return {};
  const primaryKeyType = PRIMARY_KEY_TYPES.find((type) => type === value);
  if (option === "--primary-key-type" && primaryKeyType !== undefined) return { primaryKeyType };
  const known = `--[no-]timestamps, --primary-key-type=${PRIMARY_KEY_TYPES.join("|")}, --force, --skip, --quiet`;
  throw reportError(
    place,
    "rails-option",
    `one of the options ${known}`,
    excerpt(value === "" ? option : `${option}=${value}`),
  );
}
