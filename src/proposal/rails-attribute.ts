import { columnType } from "./rails-type.js";
import { excerpt, reportError, type Place } from "./report-error.js";

/** An attribute on the command line of Rails' generator: `name:type{modifiers}!:index`. */
export type Attribute = ColumnAttribute | ReferenceAttribute | VirtualAttribute;

export interface ColumnAttribute {
  readonly kind: "column";
  /** Of the column. */
  readonly name: string;
  /** A type of PostgreSQL. */
  readonly type: string;
  readonly notNull: boolean;
  readonly index: IndexKind;
}

/** A reference to the table that its name is the singular of. */
export interface ReferenceAttribute {
  readonly kind: "reference";
  /** Without the `_id` of its column. */
  readonly name: string;
  /** It can point to any table: a second column names it, and no foreign key guards it. */
  readonly polymorphic: boolean;
  readonly notNull: boolean;
  readonly index: IndexKind;
}

/** An attribute that Rails stores in tables of its own, so that no column is made. */
export interface VirtualAttribute {
  readonly kind: "virtual";
  readonly name: string;
  readonly type: string;
}

export type IndexKind = "none" | "index" | "unique";

/** PostgreSQL cuts a longer name in silence (PostgreSQL manual, Lexical Structure), so two names could become one. */
export const LONGEST_NAME_BYTES = 63;

const LONGEST_ATTRIBUTE = 200;

const NAME = /^[\p{L}_][\p{L}\p{N}_]*$/u;
const TYPE = /^(?<name>[a-z0-9_]+)(?:\{(?<modifier>[^{}]*)\})?(?<mark>[!?]?)$/;
const VIRTUAL_TYPES = ["rich_text", "attachment", "attachments"];

/**
 * Reads an attribute.
 *
 * @throws BelayError `proposal-rails-attribute`, `proposal-rails-type` or `proposal-name`.
 */
export function parseAttribute(text: string, place: Place): Attribute {
  if (text.length > LONGEST_ATTRIBUTE) {
    throw reportError(
      place,
      "rails-attribute",
      `an attribute of at most ${LONGEST_ATTRIBUTE} characters`,
      excerpt(text),
    );
  }
  const parts = splitAtColons(text);
  const [name = "", second = "string", third] = parts;
  const typeIsIndex = parts.length === 2 && isIndex(second);
  const [type, index] = typeIsIndex ? ["string", second] : [second, third];
  if (parts.length > 3 || (index !== undefined && !isIndex(index))) {
    throw reportError(
      place,
      "rails-attribute",
      "an attribute such as name:type:index or name:type:uniq",
      excerpt(text),
    );
  }
  requireName(name, `the name of a column in ${excerpt(text)}`, place);
  return typed(name, type, index === undefined ? "none" : index === "uniq" ? "unique" : "index", text, place);
}

/** @throws BelayError `proposal-name` for a name that Ruby and PostgreSQL would not both take as it stands. */
export function requireName(name: string, what: string, place: Place): string {
  if (!NAME.test(name)) {
    throw reportError(place, "name", `letters, digits and _ as ${what}`, excerpt(name));
  }
  const bytes = Buffer.byteLength(name, "utf8");
  if (bytes <= LONGEST_NAME_BYTES) return name;
  throw reportError(
    place,
    "name",
    `at most ${LONGEST_NAME_BYTES} bytes as ${what}`,
    `${bytes} bytes in ${excerpt(name)}`,
  );
}

function typed(name: string, written: string, index: IndexKind, text: string, place: Place): Attribute {
  const { name: type, modifier = null, mark } = (TYPE.exec(written)?.groups ?? {}) as Partial<Record<string, string>>;
  if (type === undefined) {
    throw reportError(
      place,
      "rails-attribute",
      "an attribute such as name:type, name:type{10} or name:type!",
      excerpt(text),
    );
  }
  if (type === "references" || type === "belongs_to") return reference(name, modifier, mark ?? "", index, place);
  if (VIRTUAL_TYPES.includes(type)) return { kind: "virtual", name, type };
  const notNull = mark === "!";
  if (type === "digest") return column(`${name}_digest`, "string", modifier, notNull, index, place);
  if (type === "token") return column(name, "string", modifier, notNull, "unique", place);
  return column(name, type, modifier, notNull, index, place);
}

function column(
  name: string,
  railsType: string,
  modifier: string | null,
  notNull: boolean,
  index: IndexKind,
  place: Place,
): ColumnAttribute {
  const reading = columnType(railsType, modifier);
  if ("expected" in reading) {
    const found = excerpt(modifier === null ? railsType : `${railsType}{${modifier}}`);
    throw reportError(place, "rails-type", `${reading.expected} for ${excerpt(name)}`, found);
  }
  requireName(name, "the name of a column", place);
  return { kind: "column", name, type: reading.type, notNull, index };
}

/** Rails requires a reference to point to a row since version 5; `?` says otherwise. Each one gets an index. */
function reference(
  name: string,
  modifier: string | null,
  mark: string,
  index: IndexKind,
  place: Place,
): ReferenceAttribute {
  const options = modifier === null ? [] : modifier.split(/[,.-]/);
  const unknown = options.find((option) => !["polymorphic", "index", "foreign_key"].includes(option));
  if (unknown !== undefined) {
    throw reportError(
      place,
      "rails-type",
      `references or references{polymorphic} for ${excerpt(name)}`,
      excerpt(unknown),
    );
  }
  const polymorphic = options.includes("polymorphic");
  requireName(`${name}_${polymorphic ? "type" : "id"}`, "the name of a column", place);
  return { kind: "reference", name, polymorphic, notNull: mark !== "?", index: index === "none" ? "index" : index };
}

/** A colon within braces belongs to the modifier. */
function splitAtColons(text: string): readonly string[] {
  return text.split(/:(?![^{]*\})/);
}

function isIndex(text: string): boolean {
  return text === "index" || text === "uniq";
}
