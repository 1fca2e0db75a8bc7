import { BelayError } from "../errors.js";
import { needsQuotes } from "./keyword.js";
import type { QualifiedName } from "./name.js";

const PLAIN_NAME = /^[a-z_][a-z0-9_]*$/;

/**
 * An identifier as it stands in SQL: bare where it is a plain lower-case word that is not a key word, quoted otherwise. The rule is
 * that of `quote_ident` (PostgreSQL manual, String Functions), so the same name is always written in the same way.
 *
 * @throws BelayError `sql-identifier` for an empty name and for one with a NUL character; neither can exist in PostgreSQL.
 */
export function quoteIdentifier(name: string): string {
  if (name === "" || name.includes("\0")) {
    throw new BelayError(
      "usage",
      "sql-identifier",
      name === ""
        ? "An empty text cannot be the name of an object."
        : `A name cannot hold a NUL character: ${JSON.stringify(name)}.`,
      { hint: "Give the object a name of 1 to 63 bytes." },
    );
  }
  if (PLAIN_NAME.test(name) && !needsQuotes(name)) return name;
  return `"${name.replaceAll('"', '""')}"`;
}

/** A name with its schema, if it has one, each part quoted on its own. */
export function quoteQualified(name: QualifiedName): string {
  const own = quoteIdentifier(name.name);
  return name.schema === null ? own : `${quoteIdentifier(name.schema)}.${own}`;
}

/**
 * A text as a string constant. Backslashes make it an `E''` constant, so that it means the same whatever
 * `standard_conforming_strings` says; this is what `quote_literal` does (PostgreSQL manual, String Functions).
 *
 * @throws BelayError `sql-literal` for a text with a NUL character, which PostgreSQL cannot store.
 */
export function quoteLiteral(text: string): string {
  if (text.includes("\0")) {
    throw new BelayError("usage", "sql-literal", "A text with a NUL character cannot be written to PostgreSQL.", {
      hint: "Remove the NUL character, or store the value as bytea.",
    });
  }
  const quoted = `'${text.replaceAll("'", "''").replaceAll("\\", "\\\\")}'`;
  return text.includes("\\") ? `E${quoted}` : quoted;
}
