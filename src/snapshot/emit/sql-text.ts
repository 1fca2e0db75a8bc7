import { parseKeyPath } from "../object-key.js";
import type { Attribute, CatalogObject } from "../snapshot.js";

/** A name as an identifier; always quoted, so that no list of keywords is needed. */
export function identifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** A qualified name from its parts. */
export function qualified(path: readonly string[]): string {
  return path.map(identifier).join(".");
}

/** A qualified name from the text with which one object refers to another, such as `public.tasks`. */
export function referenced(reference: Attribute | undefined): string {
  return qualified(parseReference(reference));
}

/** A string literal that is read the same under either setting of `standard_conforming_strings`. */
export function literal(text: string): string {
  const quoted = `'${text.replaceAll("'", "''").replaceAll("\\", "\\\\")}'`;
  return text.includes("\\") ? `E${quoted}` : quoted;
}

/** A role in GRANT, OWNER TO and TO: `public` means everybody and is no identifier. */
export function roleName(role: string): string {
  return role === "public" ? "PUBLIC" : identifier(role);
}

/** `"name" = 'value'` for each entry, with the names of storage options (`toast.x`) qualified. */
export function optionList(options: Attribute | undefined): string {
  return entriesOf(options)
    .map(([name, value]) => `${qualified(name.split("."))} = ${literal(String(value))}`)
    .join(", ");
}

/** `"name" 'value'` for each entry, as foreign-data objects write their options. */
export function foreignOptions(options: Attribute | undefined): string {
  const list = entriesOf(options).map(([name, value]) => `${identifier(name)} ${literal(String(value))}`);
  return list.length === 0 ? "" : ` OPTIONS (${list.join(", ")})`;
}

/** The entries of a map; none where the attribute is no map. */
export function entriesOf(value: Attribute | undefined): readonly (readonly [string, Attribute])[] {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? Object.entries(value) : [];
}

/** A list of texts; empty where the attribute is no list. */
export function textsOf(value: Attribute | undefined): readonly string[] {
  return Array.isArray(value) ? value.map(String) : [];
}

/** ` <word> <value>` where the attribute is there, else nothing. */
export function clause(word: string, value: Attribute | undefined): string {
  return value === undefined || value === null ? "" : ` ${word} ${String(value)}`;
}

/** The attribute as a map; an empty one where it is none. */
export function mapOf(value: Attribute | undefined): CatalogObject {
  return Object.fromEntries(entriesOf(value));
}

/** The parts of the text with which one object refers to another. */
export function parseReference(reference: Attribute | undefined): readonly string[] {
  return parseKeyPath(String(reference)).path;
}
