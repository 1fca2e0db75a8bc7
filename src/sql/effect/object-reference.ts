/** The kinds of object that statements make, drop and refer to, in the words of PostgreSQL's manual. */
export type ObjectKind =
  | "access method"
  | "aggregate"
  | "cast"
  | "collation"
  | "column"
  | "constraint"
  | "conversion"
  | "database"
  | "domain"
  | "enum value"
  | "event trigger"
  | "extension"
  | "foreign data wrapper"
  | "foreign table"
  | "function"
  | "index"
  | "language"
  | "large object"
  | "materialized view"
  | "operator"
  | "operator class"
  | "operator family"
  | "parameter"
  | "policy"
  | "procedure"
  | "publication"
  | "role"
  | "routine"
  | "rule"
  | "schema"
  | "sequence"
  | "server"
  | "statistics"
  | "subscription"
  | "table"
  | "tablespace"
  | "text search configuration"
  | "text search dictionary"
  | "text search parser"
  | "text search template"
  | "transform"
  | "trigger"
  | "type"
  | "user mapping"
  | "view";

/**
 * An object as a statement names it. What a query reads has the kind "table" also where it is a view: the statement alone does not
 * tell them apart.
 */
export interface ObjectReference {
  readonly kind: ObjectKind;
  /** Null where the statement leaves it to the search path. For an object of a table, the schema of that table. */
  readonly schema: string | null;
  readonly name: string;
  /** The table of a column, constraint, trigger, policy, rule or index; the type of an enum value or an attribute. */
  readonly of?: string;
}

/** Each object once, in the order in which they first come up. */
export function distinctReferences(references: readonly ObjectReference[]): readonly ObjectReference[] {
  const seen = new Map<string, ObjectReference>();
  for (const each of references) {
    const key = JSON.stringify([each.kind, each.schema, each.name, each.of ?? null]);
    if (!seen.has(key)) seen.set(key, each);
  }
  return [...seen.values()];
}
