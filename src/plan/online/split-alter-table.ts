import type { Statement } from "../../sql/statement.js";
import { passOf, type Pass } from "./alter-order.js";
import { cutAlterTable, type AlterText, type Part } from "./alter-text.js";
import { realise, type Piece } from "./piece.js";
import { altersBy } from "./place.js";

/** A subcommand as it is written, or pieces that stand for one. */
export type Run =
  | { readonly kind: "own"; readonly pass: Pass; readonly part: Part }
  | { readonly kind: "form"; readonly pass: Pass; readonly pieces: readonly Piece[] };

const why = "One ALTER TABLE would hold the strongest lock of all its parts for as long as the longest of them takes.";

export function own(part: Part): Run {
  return { kind: "own", pass: passOf(part.command), part };
}

/**
 * Cuts an ALTER TABLE of several subcommands into statements, in the order in which PostgreSQL runs them. Neighbours for which `groupOf` says the same stay together; one
 * for which it says "apart" stands alone. Each means what it meant: its words are parsed again and must give the same tree.
 * @returns null where that is not possible, or there is nothing to cut.
 */
export async function splitAlterTable(
  statement: Statement,
  groupOf: (part: Part) => string,
  reason = why,
): Promise<readonly Statement[] | null> {
  const cut = cutAlterTable(statement);
  if (cut === null || cut.parts.length < 2 || !isSplittable(cut)) return null;
  const pieces = inOrder(cut.parts.map(own), cut, groupOf, reason);
  return pieces.length < 2 ? null : realise(statement, pieces);
}

/**
 * Whether its parts mean the same one after the other. The new value of a column may be computed from one that the same statement drops: that is there no more
 * when it comes second.
 */
export function isSplittable({ parts }: AlterText): boolean {
  const computes = parts.some(({ tokens, command: { subtype } }) =>
    subtype === "AT_AlterColumnType" && tokens.some(({ text }) => text.toLowerCase() === "using")); // prettier-ignore
  return !(computes && parts.some(({ command: { subtype } }) => subtype === "AT_DropColumn"));
}

/** The pieces of all runs in the order of their passes; what is as it is written, and stands together, is one statement. */
export function inOrder(
  runs: readonly Run[],
  { prefix }: AlterText,
  groupOf: (part: Part) => string,
  reason = why,
): readonly Piece[] {
  const pieces: Piece[] = [];
  let together: Part[] = [];
  const close = (): void => {
    if (together.length > 0) pieces.push(pieceOf(prefix, together, reason));
    together = [];
  };
  for (const run of runs.toSorted((a, b) => a.pass - b.pass)) {
    if (run.kind === "form") {
      close();
      pieces.push(...run.pieces);
      continue;
    }
    const [first] = together;
    const group = groupOf(run.part);
    if (first !== undefined && (group === "apart" || groupOf(first) !== group)) close();
    together.push(run.part);
  }
  close();
  return pieces;
}

function pieceOf(prefix: string, parts: readonly Part[], reason: string): Piece {
  return {
    text: `${prefix} ${parts.map(({ text }) => text).join(", ")}`,
    why: reason,
    fits: altersBy(parts.map(({ command }) => command)),
    group: null,
  };
}
