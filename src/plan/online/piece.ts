import { BelayError } from "../../errors.js";
import type { Node } from "../../sql/node.js";
import { parseStatements } from "../../sql/parse.js";
import type { Statement } from "../../sql/statement.js";

/** A statement that is to stand for the author's, or for a part of it. */
export interface Piece {
  readonly text: string;
  readonly why: string;
  /** Whether PostgreSQL's parser makes of the text what it is meant to say. */
  readonly fits: (node: Node) => boolean;
  /** What it makes goes again, or becomes a part of something else, with a later piece of the same group. */
  readonly passing?: true;
  /** Pieces of one group stand for one subcommand; null where it is the author's own. */
  readonly group: number | null;
  /** Belongs before the transaction that the statement stands in: it builds what is to take the place of something dropped there. */
  readonly early?: true;
}

/** The pieces as statements at the place of the author's; null where one does not say what it is meant to: then the author's runs as it is. */
export async function realise(author: Statement, pieces: readonly Piece[]): Promise<readonly Statement[] | null> {
  const parsed = await parsedOrNull(pieces.map(({ text }) => text).join(";\n"));
  if (parsed?.length !== pieces.length) return null;
  const { line, column, directives } = author;
  const made = pieces.flatMap(({ why, fits, passing, group }, index) => {
    const statement = parsed[index];
    if (statement === undefined || !fits(statement.node)) return [];
    const origin = { text: author.origin?.text ?? author.text, why };
    const part = group === null ? {} : { part: { group, passing: passing === true } };
    return [
      {
        ...statement,
        line,
        column,
        directives,
        origin,
        ...part,
        ...(author.role !== undefined && { role: author.role }),
      },
    ];
  });
  return made.length === pieces.length ? made : null;
}

/** Text put together from exotic words may be no SQL: that is no error of the author's. */
async function parsedOrNull(text: string): Promise<readonly Statement[] | null> {
  try {
    return await parseStatements(text);
  } catch (thrown) {
    if (thrown instanceof BelayError && thrown.code === "sql-syntax") return null;
    throw thrown;
  }
}
