import { refuseUnknownDirectives } from "../change/directives.js";
import { BelayError } from "../errors.js";
import type { Direction } from "../journal/entry.js";
import { batchOf } from "../sql/batch.js";
import { contentOf } from "../sql/node.js";
import type { Statement } from "../sql/statement.js";
import type { Compiled, Source } from "./compiled.js";

/**
 * The statements without those that set a role; each of the others knows the role under which its author runs it. A change is cut into transactions, some of them on other
 * sessions or after a crash, and Belay's own statements stand between: so a role goes with each statement, and not with the session. SET LOCAL ROLE holds until the end of
 * the half, or of nothing where each statement commits (manual, SET ROLE).
 * @throws BelayError `session-authorization` with the place.
 */
export function withRoles(
  statements: readonly Statement[],
  file: string,
  transaction: "on" | "off",
): readonly Statement[] {
  let role: string | null = null;
  return statements.flatMap((statement) => {
    const set = contentOf(statement.node, "VariableSetStmt");
    const place = `${file}:${statement.line}:${statement.column}`;
    if (set?.name === "session_authorization") throw sessionAuthorization(statement, place);
    if (set?.name !== "role" || set.kind === "VAR_SET_CURRENT") return role === null ? [statement] : [{ ...statement, role }];
    refuseUnknownDirectives(statement.directives, place);
    batchOf(statement, file);
    const value = contentOf(set.args?.[0], "A_Const")?.sval?.sval ?? "none";
    if (set.is_local !== true || transaction === "on") role = value === "none" ? null : value;
    return [];
  });
} // prettier-ignore

function sessionAuthorization({ text }: Statement, place: string): BelayError {
  const message = `${place}: "${text}" would make Belay's own session another user's, who may not write to the ledger.`;
  return new BelayError("refused", "session-authorization", message, {
    hint: "Write SET ROLE: it holds for the statements of the change alone.",
  });
}

/**
 * What the ledger runs, so that it can keep what rows were, runs as whoever may write to the ledger: which rows the author's role sees is not known there. What cannot
 * stand in a transaction runs so, too, and would belong to that role.
 * @throws BelayError `role-rows` or `role-outside` with the place.
 */
export function refuseUnderRole(
  { files, form }: Source,
  half: Direction,
  { statement: { role, line, column }, effects, batch }: Compiled,
  isKept: boolean,
): void {
  if (role === undefined || (form === "knex" && half === "up")) return;
  const place = form === "sql" ? `${files[half]}:${line}:${column}` : files[half];
  if (isKept || batch !== null) {
    const message = `${place}: it writes rows as the role ${role}, and that role cannot write down what they were.`;
    const hint = batch === null ? "Write RESET ROLE before it, or `-- belay:keep off` at the head." : "Write RESET ROLE before it.";
    throw new BelayError("refused", "role-rows", message, { hint });
  }
  if (effects.transaction !== "outside" || !effects.command.startsWith("CREATE ") || effects.command.includes("INDEX")) return;
  const message = `${place}: ${effects.command} runs outside a transaction, and not as the role ${role}.`;
  throw new BelayError("refused", "role-outside", message, { hint: "Write RESET ROLE before it, and OWNER TO after it." });
} // prettier-ignore
