import { contentsOf, kindOf, stringsOf, type Node, type NodeKind } from "./node.js";
import { readingOf } from "./effect/reading.js";
import type { Statement } from "./statement.js";

/**
 * What the answer to a statement tells its sender: nothing; what the catalog holds, which is the same wherever the same changes are applied; or something of rows,
 * of the server or of the session.
 */
export type Answer = "nothing" | "catalog" | "rows";

export interface Asking {
  /** Whether it does something, beside answering. */
  readonly acts: boolean;
  readonly answer: Answer;
}

/** What a statement asks for. Where nobody can tell, it acts, and answers with rows. */
export function askingOf({ node }: Statement): Asking {
  const kind = kindOf(node);
  if (kind === "SelectStmt") return askingOfQuery(node);
  if (kind === "VariableShowStmt") return { acts: false, answer: "rows" };
  return { acts: true, answer: kind !== null && tellsNothing(kind) ? "nothing" : "rows" };
}

/** Answered with a number of rows, or with rows. */
const telling: ReadonlySet<NodeKind> = new Set<NodeKind>([
  "InsertStmt", "UpdateStmt", "DeleteStmt", "MergeStmt", "CopyStmt", "CreateTableAsStmt",
  "CallStmt", "ExecuteStmt", "ExplainStmt", "FetchStmt", "PrepareStmt",
]); // prettier-ignore

function tellsNothing(kind: NodeKind): boolean {
  return !telling.has(kind);
}

function askingOfQuery(node: Node): Asking {
  const parts = partsOf(node);
  const relations = readingOf(node).locks.map(({ relation }) => relation);
  const acts = parts.writes || parts.functions.some((name) => !harmless.has(name));
  const isCatalogs =
    !acts &&
    !parts.readsSession &&
    relations.every(({ schema, name }) => isCatalog(schema, name)) &&
    parts.functions.every((name) => ofCatalog.has(name)) &&
    !parts.columns.some((column) => statistics.has(column));
  return { acts, answer: isCatalogs ? "catalog" : "rows" };
}

/** Of the catalog: definitions alone. What counts rows, or belongs to the whole server or to a role, is not among them. */
const definitions: ReadonlySet<string> = new Set(
  `pg_am pg_attrdef pg_attribute pg_cast pg_class pg_collation pg_constraint pg_conversion pg_depend pg_description pg_enum pg_event_trigger
   pg_extension pg_foreign_data_wrapper pg_foreign_server pg_foreign_table pg_index pg_indexes pg_inherits pg_language pg_matviews pg_namespace
   pg_opclass pg_operator pg_opfamily pg_partitioned_table pg_policies pg_policy pg_proc pg_publication pg_publication_rel pg_publication_tables
   pg_range pg_rewrite pg_rules pg_sequence pg_statistic_ext pg_tables pg_trigger pg_ts_config pg_ts_dict pg_type pg_views`.split(
    /\s+/,
  ),
);

/** Columns of `pg_class` that follow the rows. */
const statistics: ReadonlySet<string> = new Set([
  "reltuples", "relpages", "relallvisible", "relallfrozen", "relfilenode", "relfrozenxid", "relminmxid", "relhassubclass", "xmin",
]); // prettier-ignore

function isCatalog(schema: string | null, name: string): boolean {
  if (schema === "information_schema") return !/role|grant|privilege|user_mapping|sql_|^sequences$/.test(name);
  return (schema === null || schema === "pg_catalog") && definitions.has(name);
}

/** Functions that do nothing but answer from the catalog, or from their arguments. */
const ofCatalog: ReadonlySet<string> = new Set(
  `current_database current_schema current_schemas to_regclass to_regtype to_regproc to_regprocedure to_regnamespace to_regoper format_type col_description
   obj_description pg_get_constraintdef pg_get_expr pg_get_functiondef pg_get_function_arguments pg_get_function_identity_arguments pg_get_indexdef
   pg_get_partkeydef pg_get_ruledef pg_get_serial_sequence pg_get_triggerdef pg_get_viewdef pg_table_is_visible pg_type_is_visible
   pg_function_is_visible array_agg array_length array_position array_to_string bool_and bool_or btrim cardinality char_length concat concat_ws
   count every format generate_subscripts json_agg json_build_array json_build_object jsonb_agg jsonb_build_object left length like_escape
   lower ltrim max min parse_ident position quote_ident quote_literal quote_nullable regexp_match regexp_matches regexp_replace replace reverse
   right row_number rtrim split_part starts_with string_agg string_to_array strpos substr substring to_json to_jsonb translate unnest upper`.split(
    /\s+/,
  ),
);

/** More that do nothing but answer. */
const harmless: ReadonlySet<string> = new Set([
  ...ofCatalog,
  ...`abs age avg ceil ceiling clock_timestamp coalesce current_setting date_part date_trunc extract floor generate_series greatest
   has_table_privilege inet_server_addr json_array_length json_each json_extract_path json_extract_path_text jsonb_array_elements jsonb_array_length
   jsonb_each jsonb_extract_path jsonb_extract_path_text least make_date md5 mod now nullif pg_database_size pg_relation_size pg_size_pretty
   pg_table_size pg_total_relation_size percentile_cont percentile_disc random round sum to_char to_date to_number to_timestamp trunc version`.split(
    /\s+/,
  ),
]);

interface Parts {
  readonly functions: readonly string[];
  /** The last parts of the names of columns. */
  readonly columns: readonly string[];
  readonly writes: boolean;
  /** The time, the user: CURRENT_TIMESTAMP and its kin. */
  readonly readsSession: boolean;
}

const writers: ReadonlySet<string> = new Set(["InsertStmt", "UpdateStmt", "DeleteStmt", "MergeStmt", "intoClause"]);
const schemaValues: ReadonlySet<unknown> = new Set(["SVFOP_CURRENT_SCHEMA"]);

/** Walks the tree by the shape of its nodes, since the parser stands some of them unwrapped in their parents. */
function partsOf(part: unknown): Parts {
  const functions: string[] = [];
  const columns: string[] = [];
  let writes = false;
  let readsSession = false;
  const visit = (each: unknown): void => {
    if (typeof each !== "object" || each === null) return;
    if (Array.isArray(each)) return each.forEach(visit);
    const tree = each as Readonly<Record<string, unknown>>;
    if (Array.isArray(tree["funcname"])) functions.push(nameOf(tree["funcname"] as readonly Node[]));
    if (Array.isArray(tree["fields"])) columns.push(...contentsOf(tree["fields"] as readonly Node[], "String").map(({ sval }) => sval ?? "")); // prettier-ignore
    if ("SQLValueFunction" in tree) {
      const { op } = tree["SQLValueFunction"] as { readonly op?: unknown };
      readsSession ||= !schemaValues.has(op);
    }
    writes ||= Object.keys(tree).some((key) => writers.has(key) && tree[key] !== undefined);
    for (const value of Object.values(tree)) visit(value);
  };
  visit(part);
  return { functions, columns, writes, readsSession };
}

/** With its schema where that is not PostgreSQL's own. */
function nameOf(parts: readonly Node[]): string {
  const names = stringsOf(parts);
  return (names[0] === "pg_catalog" ? names.slice(1) : names).join(".");
}
