import { relationName } from "./effect/relation.js";
import { contentOf, contentsOf } from "./node.js";
import { quoteQualified } from "./quote.js";
import type { Statement, Token } from "./statement.js";

/** A statement that does nothing but give columns of a table another type. */
export interface Retyping {
  /** The table, quoted as it stands there. */
  readonly relation: string;
  readonly columns: readonly string[];
  /** For each of them how its values are made; null where the statement does not say. */
  readonly using: readonly (string | null)[];
  /** The statement around the name of the table. */
  readonly around: readonly [string, string];
}

/** Null for every other statement. */
export function retypingOf({ node, text, tokens, startByte }: Statement): Retyping | null {
  const alter = contentOf(node, "AlterTableStmt");
  const commands = contentsOf(alter?.cmds, "AlterTableCmd");
  const isTable = alter?.objtype === "OBJECT_TABLE" && alter.relation !== undefined;
  if (!isTable || commands.some(({ subtype }) => subtype !== "AT_AlterColumnType")) return null;
  const at = Buffer.from(text)
    .subarray(0, Math.max(0, (alter.relation?.location ?? 0) - startByte))
    .toString().length;
  const first = tokens.findIndex(({ start }) => start === at);
  const last = tokens[first + 1]?.text === "." ? tokens[first + 2] : tokens[first];
  if (first < 0 || last === undefined) return null;
  return {
    relation: quoteQualified(relationName(alter.relation)),
    columns: commands.flatMap(({ name }) => name ?? []),
    using: usingIn(text, tokens.slice(tokens.indexOf(last) + 1)),
    around: [text.slice(0, at), text.slice(last.end)],
  };
}

/** What stands after USING, in each part of the statement: nothing before it can be that word. */
function usingIn(text: string, tokens: readonly Token[]): readonly (string | null)[] {
  return partsOf(tokens).map((part) => {
    const at = part.findIndex((token) => token.text.toUpperCase() === "USING");
    const [first, last] = [part[at + 1], part.at(-1)];
    return at < 0 || first === undefined || last === undefined ? null : text.slice(first.start, last.end);
  });
}

/** Cut at the commas that are in no parentheses or brackets. */
function partsOf(tokens: readonly Token[]): readonly (readonly Token[])[] {
  const parts: Token[][] = [[]];
  let depth = 0;
  for (const token of tokens) {
    if ("([".includes(token.text)) depth += 1;
    if (")]".includes(token.text)) depth -= 1;
    if (token.text === "," && depth === 0) parts.push([]);
    else parts.at(-1)?.push(token);
  }
  return parts;
}
