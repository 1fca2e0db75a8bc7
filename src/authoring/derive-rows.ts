import { effectsOf, type Effects, type ObjectReference } from "../sql/effects.js";
import { contentOf, contentsOf } from "../sql/node.js";
import { quoteQualified } from "../sql/quote.js";
import { rowWritingOf } from "../sql/row-writing.js";
import type { Statement } from "../sql/statement.js";
import type { DerivedLoss } from "../snapshot/derive/side.js";

/** What of a change no catalog tells. */
export interface BeyondCatalog {
  /** Whether it writes rows of which the ledger keeps what they were: they go back without a statement. */
  readonly keepsRows: boolean;
  /** A sentence for each statement whose way back has to be known from elsewhere. */
  readonly refusals: readonly string[];
  readonly losses: readonly DerivedLoss[];
}

/** Roles, databases and settings of the whole server are no part of a database's catalog; neither are labels. */
const ofServer =
  /^(?:CREATE|ALTER|DROP|GRANT|REVOKE) (?:ROLE|USER(?! MAPPING)|GROUP|DATABASE|TABLESPACE|SYSTEM|LARGE OBJECT)\b|^SECURITY LABEL/;

/**
 * What a change does that the difference of two catalogs does not show: rows that were there before, and what belongs to the server. Rows of a table, and values of
 * a column, that the change itself makes go with them.
 * @param keeps whether what rows were is kept, as far as the statements can be cut for that.
 */
export function beyondCatalog(statements: readonly Statement[], home: string, keeps: boolean): BeyondCatalog {
  const made = new Set<string>();
  let keepsRows = false;
  const [refusals, losses]: [string[], DerivedLoss[]] = [[], []];
  const keyOf = ({ schema, name, of }: Pick<ObjectReference, "schema" | "name" | "of">): string =>
    JSON.stringify([schema ?? home, of ?? name, of === undefined ? null : name]);
  for (const statement of statements) {
    const effects = effectsOf(statement);
    if (ofServer.test(effects.command))
      refusals.push(`It does ${effects.command}, which no catalog of a database shows.`);
    if (effects.command === "DO" || effects.command === "CALL")
      losses.push({ object: `"${effects.command}"`, what: "what it does to rows" });
    const isKept = keeps && rowWritingOf(statement) !== null;
    keepsRows ||= isKept;
    if (effects.nature === "data" && !isKept && !isOfItsOwn(statement, effects, (one) => made.has(keyOf(one)))) {
      const tables = writtenBy(effects).map(quoteQualified).join(", ");
      refusals.push(
        `${effects.command} writes rows of ${tables} that were there before: what they were is in no catalog.`,
      );
    }
    for (const object of effects.creates) made.add(keyOf(object));
  }
  return { keepsRows, refusals, losses };
}

function writtenBy({ locks }: Effects): readonly { readonly schema: string | null; readonly name: string }[] {
  return locks
    .filter(({ mode }) => mode === "ROW EXCLUSIVE" || mode === "ACCESS EXCLUSIVE")
    .map(({ relation }) => relation);
}

type Place = Pick<ObjectReference, "schema" | "name" | "of">;

function isOfItsOwn(statement: Statement, effects: Effects, isMade: (one: Place) => boolean): boolean {
  if (effects.command === "REFRESH MATERIALIZED VIEW") return true;
  const written = writtenBy(effects);
  if (written.every(isMade)) return true;
  const update = contentOf(statement.node, "UpdateStmt");
  const [table] = written;
  if (update === undefined || table === undefined || written.length > 1) return false;
  const columns = contentsOf(update.targetList, "ResTarget").map(({ name = "" }) => name);
  return columns.every((name) => isMade({ schema: table.schema, name, of: table.name }));
}
