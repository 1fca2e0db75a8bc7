import { BelayError } from "../errors.js";

/** Every kind of object that a snapshot tells apart. */
export const objectKinds = [
  "access method",
  "aggregate",
  "cast",
  "collation",
  "column",
  "constraint",
  "conversion",
  "default privileges",
  "domain",
  "event trigger",
  "extension",
  "foreign data wrapper",
  "foreign table",
  "function",
  "index",
  "language",
  "materialized view",
  "operator",
  "operator class",
  "operator family",
  "policy",
  "procedure",
  "publication",
  "rule",
  "schema",
  "sequence",
  "server",
  "statistics",
  "subscription",
  "table",
  "text search configuration",
  "text search dictionary",
  "text search parser",
  "text search template",
  "transform",
  "trigger",
  "type",
  "user mapping",
  "view",
] as const;

export type ObjectKind = (typeof objectKinds)[number];

/** An object's key, taken apart: `path` holds the plain names, `signature` is the text from the first bracket on. */
export interface ObjectName {
  readonly kind: ObjectKind;
  readonly path: readonly string[];
  readonly signature: string;
}

const plainName = /^[a-z_][a-z0-9_$]*$/;

/**
 * Quoted only where the characters ask for it. PostgreSQL's `quote_ident` also quotes keywords, but its list of keywords
 * differs between versions, and a key must not.
 */
export function keyName(name: string): string {
  return plainName.test(name) ? name : `"${name.replaceAll('"', '""')}"`;
}

/** A qualified name as keys and references write it, such as `public.tasks` or `public."Task list"`. */
export function keyPath(path: readonly string[]): string {
  return path.map(keyName).join(".");
}

/** The key of an object, such as `column public.tasks.id`. */
export function objectKey(kind: ObjectKind, path: readonly string[], signature = ""): string {
  return `${kind} ${keyPath(path)}${signature}`;
}

const longestFirst = [...objectKinds].sort((one, other) => other.length - one.length);
const nameAtStart = /^(?:"((?:[^"]|"")*)"|([a-z_][a-z0-9_$]*))/;

/** Takes a qualified name apart; what is left after it is the signature. */
export function parseKeyPath(text: string): { readonly path: readonly string[]; readonly signature: string } {
  const path: string[] = [];
  let rest = text;
  for (;;) {
    const match = nameAtStart.exec(rest);
    if (match === null) break;
    path.push(match[1]?.replaceAll('""', '"') ?? match[2] ?? "");
    rest = rest.slice(match[0].length);
    if (!rest.startsWith(".")) break;
    rest = rest.slice(1);
  }
  return { path, signature: rest };
}

/**
 * Takes a key apart again: `parseObjectKey(objectKey(kind, path, signature))` gives back what went in.
 * Throws `defect` `snapshot-key-unknown` for a text that is no key.
 */
export function parseObjectKey(key: string): ObjectName {
  const kind = longestFirst.find((candidate) => key.startsWith(`${candidate} `));
  if (kind === undefined)
    throw new BelayError("defect", "snapshot-key-unknown", `"${key}" is not the key of a catalog object.`);
  return { kind, ...parseKeyPath(key.slice(kind.length + 1)) };
}
