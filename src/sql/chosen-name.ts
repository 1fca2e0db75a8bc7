import type { IndexElem } from "libpg-query";
import { contentOf, kindOf, stringsOf, type Node, type NodeContent } from "./node.js";

/** NAMEDATALEN - 1 of a server as it is built by default: the longest name, in bytes. */
const longestName = 63;

/**
 * The name that PostgreSQL puts together for an index or a constraint without one: `<first>_<second>_<label>`, the longer of the two shortened until it fits, never
 * within a character (makeObjectName in PostgreSQL's indexcmds.c, for a database in UTF-8).
 */
export function objectName(first: string, second: string | null, label: string): string {
  const ending = Buffer.byteLength(label) + 1 + (second === null ? 0 : 1);
  let [one, two] = [Buffer.byteLength(first), Buffer.byteLength(second ?? "")];
  while (one + two > longestName - ending) {
    if (one > two) one -= 1;
    else two -= 1;
  }
  const parts = [clipped(first, one), ...(second === null ? [] : [clipped(second, two)]), label];
  return parts.join("_");
}

/** The columns of a key as one word of a name; what comes after the longest name does not count (ChooseIndexNameAddition). */
export function joinedColumns(columns: readonly string[]): string {
  let joined = "";
  for (const column of columns) {
    joined += joined === "" ? column : `_${column}`;
    if (Buffer.byteLength(joined) > longestName) break;
  }
  return joined;
}

/** What PostgreSQL calls the columns of an index, expressions included (ChooseIndexColumnNames); null where that cannot be told. */
export function indexColumnNames(elements: readonly IndexElem[]): readonly string[] | null {
  const names: string[] = [];
  for (const element of elements) {
    const name = element.name ?? expressionName(element.expr);
    if (name === null) return null;
    names.push(distinct(name, names));
  }
  return names;
}

function distinct(name: string, others: readonly string[]): string {
  for (let number = 0; ; number += 1) {
    const suffix = number === 0 ? "" : String(number);
    const candidate = `${clipped(name, longestName - suffix.length)}${suffix}`;
    if (!others.includes(candidate)) return candidate;
  }
}

const nameless = "expr";
/** Expressions whose names depend on more than is looked at here. */
const untold = /^(Xml|Json|SQLValueFunction|SubLink|MergeSupportFunc)/;

function expressionName(node: Node | undefined): string | null {
  const told = figured(node);
  return told === null ? null : (told.name ?? nameless);
}

interface Figured {
  readonly name: string | null;
  /** 0: none; 1: a type's or CASE's, which a stronger one outdoes; 2. */
  readonly strength: 0 | 1 | 2;
}

/** FigureColnameInternal in PostgreSQL's parse_target.c; null for what is not known here. */
function figured(node: Node | undefined): Figured | null {
  const kind = kindOf(node);
  if (kind !== null && untold.test(kind)) return null;
  switch (kind) {
    case "ColumnRef":
      return named(stringsOf(contentOf(node, "ColumnRef")?.fields).at(-1));
    case "FuncCall":
      return named(stringsOf(contentOf(node, "FuncCall")?.funcname).at(-1));
    case "A_Indirection": {
      const { arg, indirection } = contentOf(node, "A_Indirection") as NodeContent<"A_Indirection">;
      const field = stringsOf(indirection).at(-1);
      return field === undefined ? figured(arg) : named(field);
    }
    case "CollateClause":
      return figured(contentOf(node, "CollateClause")?.arg);
    case "TypeCast": {
      const { arg, typeName } = contentOf(node, "TypeCast") as NodeContent<"TypeCast">;
      return orWeak(figured(arg), stringsOf(typeName?.names).at(-1) ?? null);
    }
    case "CaseExpr":
      return orWeak(figured(contentOf(node, "CaseExpr")?.defresult), "case");
    case "A_Expr":
      return contentOf(node, "A_Expr")?.kind === "AEXPR_NULLIF" ? named("nullif") : none;
    case "MinMaxExpr":
      return named(contentOf(node, "MinMaxExpr")?.op === "IS_LEAST" ? "least" : "greatest");
    case "CoalesceExpr":
      return named("coalesce");
    case "A_ArrayExpr":
      return named("array");
    case "RowExpr":
      return named("row");
    default:
      return none;
  }
}

const none: Figured = { name: null, strength: 0 };

function named(name: string | undefined): Figured {
  return name === undefined ? none : { name, strength: 2 };
}

function orWeak(inner: Figured | null, name: string | null): Figured | null {
  return inner === null || inner.strength === 2 || name === null ? inner : { name, strength: 1 };
}

/** At most so many bytes, ending with a whole character (pg_mbcliplen). */
function clipped(text: string, bytes: number): string {
  let kept = "";
  let length = 0;
  for (const character of text) {
    length += Buffer.byteLength(character);
    if (length > bytes) break;
    kept += character;
  }
  return kept;
}
