import type { SqlChange } from "../change/change.js";
import { BelayError, messageOf } from "../errors.js";
import { readSide } from "../postgres/catalog/read-side.js";
import type { OpenTarget } from "../postgres/session/open-target.js";
import type { Session } from "../postgres/session/session.js";
import { isConnectionLost } from "../postgres/session/sql-state.js";
import { describeDifference, type Difference } from "../snapshot/difference.js";
import { textsOf } from "../snapshot/emit/sql-text.js";
import type { DerivedLoss } from "../snapshot/derive/side.js";
import { effectsOf } from "../sql/effects.js";
import { parseStatements } from "../sql/parse.js";
import { quoteQualified } from "../sql/quote.js";
import type { Statement } from "../sql/statement.js";
import { beyondCatalog } from "./derive-rows.js";
import { findWay } from "./derive-way.js";

/** A way back that was found by running it, and what it does not bring back. */
export interface DerivedDown {
  readonly statements: readonly string[];
  readonly losses: readonly DerivedLoss[];
  /** Whether rows that the change writes go back besides, by what the ledger keeps of them. */
  readonly keepsRows: boolean;
}

/** Why there is none: it is refused, and these are the reasons. */
export class NotDerived extends BelayError {
  constructor(
    change: string,
    readonly reasons: readonly string[],
    readonly found: readonly string[] = [],
  ) {
    super("refused", "derive-refused", `${change}: no way back could be derived. ${reasons.join(" ")}`, {
      hint: `Write migrations/${change}.down.sql by hand; where there is no way back, say \`-- belay:irreversible <reason>\` in the up file.`,
    });
  }
}

/**
 * Runs a change on a scratch database without its rows, finds the statements that take the catalog back to what it was, and takes everything back.
 * @throws NotDerived, naming every reason.
 */
export async function deriveDown(target: OpenTarget, change: SqlChange, home: string): Promise<DerivedDown> {
  const up = await parseStatements(change.up, change.files[0] ?? change.id);
  const beyond = beyondCatalog(up, home, change.directives.keep === "on");
  if (beyond.refusals.length > 0) throw new NotDerived(change.id, beyond.refusals);
  const session = await target.worker();
  await session.reset();
  await session.query("BEGIN");
  try {
    await emptyTables(session);
    const before = await readSide(session.client);
    for (const statement of up) await runUp(session, change, statement);
    const way = await findWay(session, before);
    const reasons = way.refusals.length > 0 ? way.refusals : way.differences.filter(isMore).map(describeDifference);
    if (reasons.length > 0) throw new NotDerived(change.id, reasons, way.statements);
    const { keepsRows } = beyond;
    if (way.statements.length === 0 && !keepsRows) throw new NotDerived(change.id, ["It changes nothing in the catalog."]); // prettier-ignore
    return { statements: way.statements, losses: [...beyond.losses, ...way.losses], keepsRows };
  } catch (thrown) {
    if (!(thrown instanceof BelayError) || thrown instanceof NotDerived || thrown.kind !== "refused") throw thrown;
    throw new NotDerived(change.id, [thrown.message]);
  } finally {
    if (session.alive()) await session.query("ROLLBACK");
  }
}

/** A column that is added again stands at the end; where it was hidden instead of dropped it stands in its place, which the rehearsal shows. */
function isMore(difference: Difference): boolean {
  if (difference.kind !== "changed" || Object.keys(difference.expected).join() !== "columns") return true;
  const [was, is] = [textsOf(difference.expected["columns"]), textsOf(difference.actual["columns"])];
  return was.toSorted().join() !== is.toSorted().join();
}

/** Whether a way back fits the rows is proved afterwards; here they would only stand in the way of finding it. */
async function emptyTables(session: Session): Promise<void> {
  const tables = await session.query<{ schema: string; name: string }>(
    `SELECT n.nspname AS schema, c.relname AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE c.relkind IN ('r', 'p') AND n.nspname !~ '^pg_' AND n.nspname NOT IN ('information_schema', 'belay', 'belay_kept')`,
  );
  if (tables.length === 0) return;
  await session.query("SET LOCAL session_replication_role = replica");
  await session.query(`TRUNCATE ${tables.map(quoteQualified).join(", ")} CASCADE`);
  await session.query("SET LOCAL session_replication_role = origin");
}

async function runUp(session: Session, change: SqlChange, statement: Statement): Promise<void> {
  const { nature, command } = effectsOf(statement);
  if (nature === "transaction-control") throw new NotDerived(change.id, [`"${statement.text}" ends or begins a transaction.`]); // prettier-ignore
  if (command.startsWith("VACUUM")) return;
  try {
    await session.query(inTransaction(statement));
  } catch (thrown) {
    if (isConnectionLost(thrown)) throw thrown;
    const place = `${change.files[0]}:${statement.line}:${statement.column}`;
    throw new NotDerived(change.id, [`${place}: the change itself fails: ${messageOf(thrown)}.`]);
  }
}

/** CONCURRENTLY changes how a statement runs and not what it leaves, and cannot run within a transaction. */
function inTransaction({ text, tokens }: Statement): string {
  const word = tokens.find((token) => token.text.toUpperCase() === "CONCURRENTLY");
  return word === undefined ? text : `${text.slice(0, word.start)}${text.slice(word.end)}`;
}

/** The text of the `.down.sql`. */
export function downText({ title }: SqlChange, { statements, losses, keepsRows }: DerivedDown): string {
  const head = [
    `Takes back ${title}: derived by \`belay build --derive\`, which ran it on a scratch copy and found the catalog as it was before.`,
    ...(keepsRows ? ["The rows that it writes go back by what Belay keeps of them: that wants no statement."] : []),
    ...losses.map(({ object, what }) => `Not brought back: ${object}: ${what}.`),
  ];
  const comments = head.map((line) => `-- ${line.replaceAll(/\s+/g, " ")}\n`).join("");
  return `${comments}\n${statements.map((sql) => `${sql.trim().replace(/;$/, "")};\n`).join("")}`;
}
