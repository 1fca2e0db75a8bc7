import type { ObjectType } from "libpg-query";
import type { ObjectKind } from "./object-reference.js";

/** The parser's types of object, in the words of the manual. */
const KINDS: Partial<Record<ObjectType, ObjectKind>> = {
  OBJECT_ACCESS_METHOD: "access method",
  OBJECT_AGGREGATE: "aggregate",
  OBJECT_ATTRIBUTE: "column",
  OBJECT_CAST: "cast",
  OBJECT_COLLATION: "collation",
  OBJECT_COLUMN: "column",
  OBJECT_CONVERSION: "conversion",
  OBJECT_DATABASE: "database",
  OBJECT_DOMAIN: "domain",
  OBJECT_DOMCONSTRAINT: "constraint",
  OBJECT_EVENT_TRIGGER: "event trigger",
  OBJECT_EXTENSION: "extension",
  OBJECT_FDW: "foreign data wrapper",
  OBJECT_FOREIGN_SERVER: "server",
  OBJECT_FOREIGN_TABLE: "foreign table",
  OBJECT_FUNCTION: "function",
  OBJECT_INDEX: "index",
  OBJECT_LANGUAGE: "language",
  OBJECT_LARGEOBJECT: "large object",
  OBJECT_MATVIEW: "materialized view",
  OBJECT_OPCLASS: "operator class",
  OBJECT_OPERATOR: "operator",
  OBJECT_OPFAMILY: "operator family",
  OBJECT_PARAMETER_ACL: "parameter",
  OBJECT_POLICY: "policy",
  OBJECT_PROCEDURE: "procedure",
  OBJECT_PUBLICATION: "publication",
  OBJECT_ROLE: "role",
  OBJECT_ROUTINE: "routine",
  OBJECT_RULE: "rule",
  OBJECT_SCHEMA: "schema",
  OBJECT_SEQUENCE: "sequence",
  OBJECT_STATISTIC_EXT: "statistics",
  OBJECT_SUBSCRIPTION: "subscription",
  OBJECT_TABCONSTRAINT: "constraint",
  OBJECT_TABLE: "table",
  OBJECT_TABLESPACE: "tablespace",
  OBJECT_TRANSFORM: "transform",
  OBJECT_TRIGGER: "trigger",
  OBJECT_TSCONFIGURATION: "text search configuration",
  OBJECT_TSDICTIONARY: "text search dictionary",
  OBJECT_TSPARSER: "text search parser",
  OBJECT_TSTEMPLATE: "text search template",
  OBJECT_TYPE: "type",
  OBJECT_USER_MAPPING: "user mapping",
  OBJECT_VIEW: "view",
};

/** Objects that live in no schema. */
const GLOBAL_KINDS: ReadonlySet<ObjectKind> = new Set<ObjectKind>([
  "access method",
  "cast",
  "database",
  "event trigger",
  "extension",
  "foreign data wrapper",
  "language",
  "large object",
  "parameter",
  "publication",
  "role",
  "schema",
  "server",
  "subscription",
  "tablespace",
  "transform",
  "user mapping",
]);

/** Objects that have columns or rows, and so are locked as tables are. */
const RELATION_KINDS: ReadonlySet<ObjectKind> = new Set<ObjectKind>([
  "foreign table",
  "index",
  "materialized view",
  "sequence",
  "table",
  "view",
]);

export function objectKindOf(type: ObjectType | undefined): ObjectKind {
  return (type === undefined ? undefined : KINDS[type]) ?? "table";
}

/** The words that SQL has for the type of object: `MATERIALIZED VIEW`. */
export function objectWords(type: ObjectType | undefined): string {
  return objectKindOf(type).toUpperCase();
}

export function isGlobalKind(kind: ObjectKind): boolean {
  return GLOBAL_KINDS.has(kind);
}

export function isRelationKind(kind: ObjectKind): boolean {
  return RELATION_KINDS.has(kind);
}
