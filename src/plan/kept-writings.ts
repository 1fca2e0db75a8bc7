import type { Direction } from "../journal/entry.js";
import type { RowWriting } from "../sql/row-writing.js";
import type { Statement } from "../sql/statement.js";
import { compiledHalf, type Source } from "./compiled.js";
import { writingsIn } from "./lossless/rows.js";

/** How the statements of a half write rows of which it is kept what they were. */
export function keptWritings(source: Source, direction: Direction): ReadonlyMap<Statement, RowWriting> {
  const found = writingsIn(source, compiledHalf(source, direction), direction);
  return new Map(found.map(({ compiled, writing }) => [compiled.statement, writing]));
}
