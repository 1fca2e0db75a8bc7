import { contentOf } from "./node.js";
import type { Statement } from "./statement.js";

/**
 * The statement as it stands, with CONCURRENTLY set after INDEX where PostgreSQL has such a form for it; the author's words and
 * comments stay as they are. A statement that is concurrent already, or that cannot be (several indexes in one DROP, CASCADE, any
 * other command), is given back unchanged.
 */
export function makeConcurrent(statement: Statement): string {
  const index = hasConcurrentForm(statement) ? statement.tokens.find(isIndexWord) : undefined;
  if (index === undefined) return statement.text;
  const word = index.text === index.text.toLowerCase() ? "concurrently" : "CONCURRENTLY";
  return `${statement.text.slice(0, index.end)} ${word}${statement.text.slice(index.end)}`;
}

/** Whether PostgreSQL has a CONCURRENTLY form for it that it does not use yet (manual, CREATE INDEX and DROP INDEX). */
function hasConcurrentForm(statement: Statement): boolean {
  const create = contentOf(statement.node, "IndexStmt");
  if (create !== undefined) return create.concurrent !== true;
  const drop = contentOf(statement.node, "DropStmt");
  if (drop?.removeType !== "OBJECT_INDEX" || drop.concurrent === true) return false;
  return drop.objects?.length === 1 && drop.behavior !== "DROP_CASCADE";
}

/** The first word INDEX is the command's own: only CREATE, DROP or UNIQUE, which are no names, can stand before it. */
function isIndexWord({ text }: Statement["tokens"][number]): boolean {
  return text.toLowerCase() === "index";
}
