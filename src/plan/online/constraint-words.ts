import { contentsOf, type NodeContent } from "../../sql/node.js";
import type { Token } from "../../sql/statement.js";
import { tokenAtByte, type Constraint, type Part } from "./alter-text.js";

/** A constraint as its author wrote it, at a table or at a column. */
export interface ConstraintWords {
  readonly node: Constraint;
  /** The name as it stands there; null where it has none. */
  readonly name: string | null;
  /** What comes after the name: `CHECK (n > 0)`. */
  readonly words: string;
  /** Offsets from the start of `words`. */
  readonly tokens: readonly Token[];
}

/** Of `ADD [CONSTRAINT name] …`. */
export function tableConstraint({ text, tokens }: Part, node: Constraint): ConstraintWords {
  return wordsFrom(text, tokens.slice(1), node);
}

/** A column as ADD COLUMN defines it, with what stands beside it. */
export interface ColumnWords {
  readonly node: NodeContent<"ColumnDef">;
  readonly items: readonly Item[];
  /** The subcommand with only some of the items. */
  readonly keeping: (isKept: (item: Item) => boolean) => string;
}

interface Item {
  readonly constraint: ConstraintWords;
  /** The nodes that it consists of: itself, and DEFERRABLE and its kin. */
  readonly nodes: readonly Constraint[];
  readonly from: number;
  readonly to: number;
}

/** Null where the words and the tree do not fit together. */
export function columnWords(part: Part, node: NodeContent<"ColumnDef">): ColumnWords | null {
  const constraints = contentsOf(node.constraints, "Constraint");
  const starts = [...constraints, ...(node.collClause === undefined ? [] : [node.collClause])].map(({ location }) =>
    tokenAtByte(part, location ?? -1),
  );
  if (starts.includes(null)) return null;
  const ordered = starts.flatMap((start) => start ?? []).toSorted((a, b) => a - b);
  const items: Item[] = [];
  for (const [index, constraint] of constraints.entries()) {
    const from = starts[index] ?? 0;
    const to = ordered[ordered.indexOf(from) + 1] ?? part.tokens.length;
    const before = items.at(-1);
    if (!isAttribute(constraint)) items.push(itemOf(part, [constraint], from, to));
    else if (before?.to === from) items.splice(-1, 1, itemOf(part, [...before.nodes, constraint], before.from, to));
    else return null;
  }
  return { node, items, keeping: (isKept) => textOf(part, items, isKept) };
}

function itemOf(part: Part, nodes: readonly Constraint[], from: number, to: number): Item {
  const node = nodes.reduce((sofar, { contype }) => ({ ...sofar, ...attribute(contype) }));
  return { constraint: wordsFrom(part.text, part.tokens.slice(from, to), node), nodes, from, to };
}

function isAttribute({ contype }: Constraint): boolean {
  return contype?.startsWith("CONSTR_ATTR_") === true;
}

/** What stands after a column's constraint, as a table's constraint has it (processCASbits in PostgreSQL's gram.y). */
function attribute(contype: Constraint["contype"]): Partial<Constraint> {
  switch (contype) {
    case "CONSTR_ATTR_DEFERRABLE":
      return { deferrable: true };
    case "CONSTR_ATTR_DEFERRED":
      return { deferrable: true, initdeferred: true };
    case "CONSTR_ATTR_NOT_ENFORCED":
      return { skip_validation: true };
    default:
      return {};
  }
}

function textOf({ text, tokens }: Part, items: readonly Item[], isKept: (item: Item) => boolean): string {
  const left = items.filter((item) => !isKept(item));
  const kept = tokens.map((_, index) => !left.some(({ from, to }) => from <= index && index < to));
  const runs: string[] = [];
  for (const [index, token] of tokens.entries()) {
    if (kept[index] !== true) continue;
    // Between two words that stay everything stays, comments too.
    const follows = kept[index - 1] === true;
    const word = text.slice(follows ? (tokens[index - 1]?.end ?? 0) : token.start, token.end);
    if (follows) runs.push((runs.pop() ?? "") + word);
    else runs.push(word);
  }
  return runs.join(" ");
}

function wordsFrom(text: string, tokens: readonly Token[], node: Constraint): ConstraintWords {
  const isNamed = tokens[0]?.text.toLowerCase() === "constraint";
  const own = isNamed ? tokens.slice(2) : tokens;
  const [from, to] = [own[0]?.start ?? 0, own.at(-1)?.end ?? 0];
  return {
    node,
    name: isNamed ? (tokens[1]?.text ?? null) : null,
    words: text.slice(from, to),
    tokens: own.map((token) => ({ ...token, start: token.start - from, end: token.end - from })),
  };
}
