import { relationName } from "./effect/relation.js";
import { contentOf, contentsOf } from "./node.js";
import { quoteQualified } from "./quote.js";
import type { Statement } from "./statement.js";

/** A statement that does nothing but give columns of a table another type. */
export interface Retyping {
  /** The table, quoted as it stands there. */
  readonly relation: string;
  readonly columns: readonly string[];
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
    around: [text.slice(0, at), text.slice(last.end)],
  };
}
