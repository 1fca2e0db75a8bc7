import { BelayError } from "../errors.js";

/** What the head of a change says about it. */
export interface Directives {
  /** The title a person uses for it, for example `AddAiModelToExecutionTasks`. */
  readonly title: string | null;
  /** The id of the proposal that asked for it. */
  readonly proposal: string | null;
  /** Ids, names or titles of the changes whose objects it uses. */
  readonly requires: readonly string[];
  /** `off`: each statement commits on its own. */
  readonly transaction: "on" | "off";
  /** `off`: what the way back drops is gone, and not kept. */
  readonly keep: "on" | "off";
  /** Why there is no way back; null where there is one. */
  readonly irreversible: string | null;
  /** The proposal's severity, 0 to 10. */
  readonly severity: number | null;
  /** Why it may not run yet; null where it may. */
  readonly blocked: string | null;
}

export const noDirectives: Directives = {
  title: null,
  proposal: null,
  requires: [],
  transaction: "on",
  keep: "on",
  irreversible: null,
  severity: null,
  blocked: null,
};

/** Directives that stand before a statement, and not at the head of the file. */
export const statementDirectives: ReadonlySet<string> = new Set(["batch", "as-written"]);

type Reader = (value: string, place: string, sofar: Directives) => Partial<Directives>;

const readers: { readonly [name: string]: Reader } = {
  title: (value, place) => ({ title: required(value, place, "title") }),
  proposal: (value, place) => ({ proposal: required(value, place, "proposal") }),
  requires: (value, place, sofar) => ({ requires: [...sofar.requires, required(value, place, "requires")] }),
  transaction: (value, place) => ({ transaction: onOrOff(value, place, "transaction") }),
  keep: (value, place) => ({ keep: onOrOff(value, place, "keep") }),
  irreversible: (value, place) => ({ irreversible: required(value, place, "irreversible") }),
  severity: (value, place) => ({ severity: severity(value, place) }),
  blocked: (value, place) => ({ blocked: required(value, place, "blocked") }),
};

const COMMENT = /^\s*--\s?([^]*)$/;
const DIRECTIVE = /^belay:([a-z-]+)(?:\s+([^\r\n]*))?$/;

/**
 * Reads the directives in the comments at the head of an `.up.sql`. A statement's own directives may stand there too, in a
 * file that starts with the statement; they are left to the statement.
 * @throws BelayError `directive-unknown` or `directive-invalid` with file and line.
 */
export function parseHead(text: string, file: string): Directives {
  let directives = noDirectives;
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    if (line.trim() === "") continue;
    const comment = COMMENT.exec(line)?.[1]?.trim();
    if (comment === undefined) break;
    if (!comment.startsWith("belay:")) continue;
    directives = { ...directives, ...readOne(comment, `${file}:${index + 1}`, directives) };
  }
  return directives;
}

/** The directives of a TypeScript change: the object that it exports as `belay`. */
export function directivesFrom(value: unknown, file: string): Directives {
  if (value === undefined) return noDirectives;
  if (typeof value !== "object" || value === null) throw invalid(file, "export const belay must be an object");
  let directives = noDirectives;
  for (const [name, given] of Object.entries(value)) {
    if (statementDirectives.has(name)) throw invalid(file, `belay:${name} stands before a statement of an SQL file`);
    for (const one of Array.isArray(given) ? given : [given]) {
      directives = { ...directives, ...readOne(`belay:${name} ${String(one)}`, file, directives) };
    }
  }
  return directives;
}

/** Every directive as one line, in one order: what the digest is taken of. */
export function canonicalDirectives(directives: Directives): string {
  return Object.entries(directives)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => `${name}=${JSON.stringify(value)}`)
    .join("\n");
}

/**
 * Refuses what stands before a statement and is neither a directive of a statement nor one of the head.
 * @throws BelayError `directive-unknown`.
 */
export function refuseUnknownDirectives(comments: readonly string[], place: string): void {
  const unknown = comments.find((comment) => !isKnown(DIRECTIVE.exec(comment)?.[1] ?? ""));
  if (unknown !== undefined) throw directiveUnknown(place, unknown);
}

function isKnown(name: string): boolean {
  return statementDirectives.has(name) || readers[name] !== undefined;
}

function directiveUnknown(place: string, comment: string): BelayError {
  const known = [...Object.keys(readers), ...statementDirectives].join(", ");
  return new BelayError("usage", "directive-unknown", `${place}: unknown directive "${comment}"`, {
    hint: `Known directives: ${known}.`,
  });
}

function readOne(comment: string, place: string, sofar: Directives): Partial<Directives> {
  const [, name = "", value = ""] = DIRECTIVE.exec(comment) ?? [];
  if (statementDirectives.has(name)) return {};
  const reader = readers[name];
  if (reader === undefined) throw directiveUnknown(place, comment);
  return reader(value.trim(), place, sofar);
}

function required(value: string, place: string, name: string): string {
  if (value === "") throw invalid(place, `belay:${name} needs a value`);
  return value;
}

function onOrOff(value: string, place: string, name: string): "on" | "off" {
  if (value !== "on" && value !== "off") throw invalid(place, `belay:${name} is "on" or "off", not "${value}"`);
  return value;
}

function severity(value: string, place: string): number {
  const number = Number(value);
  if (value === "" || !(number >= 0 && number <= 10)) throw invalid(place, `belay:severity is 0 to 10, not "${value}"`);
  return number;
}

function invalid(place: string, message: string): BelayError {
  return new BelayError("usage", "directive-invalid", `${place}: ${message}`);
}
