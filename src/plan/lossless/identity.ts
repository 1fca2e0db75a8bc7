import { contentOf, contentsOf } from "../../sql/node.js";
import type { ObjectReference } from "../../sql/effects.js";
import { quoteLiteral, quoteQualified } from "../../sql/quote.js";
import type { Compiled } from "../compiled.js";
import { keyOf } from "../key-of.js";
import type { Classified } from "../sections.js";

/** Columns that get an identity again which the other half took from them: its sequence begins anew, and must give no value that a row has. */
export function identitiesFor(statements: readonly Compiled[], others: readonly Compiled[]): readonly Classified[] {
  const taken = new Set(identitiesIn(others, "AT_DropIdentity").map((column) => keyOf(column).key));
  return identitiesIn(statements, "AT_AddIdentity")
    .filter((column) => taken.has(keyOf(column).key))
    .map(continued);
}

function identitiesIn(
  statements: readonly Compiled[],
  what: "AT_AddIdentity" | "AT_DropIdentity",
): readonly ObjectReference[] {
  return statements.flatMap(({ statement, effects }) => {
    const commands = contentsOf(contentOf(statement.node, "AlterTableStmt")?.cmds, "AlterTableCmd");
    const [table] = effects.locks;
    if (table === undefined) return [];
    const { schema, name: of } = table.relation;
    return commands
      .filter(({ subtype }) => subtype === what)
      .map(({ name }) => ({ kind: "column" as const, schema, name: name ?? "", of }));
  });
}

function continued({ schema, name, of }: ObjectReference): Classified {
  const relation = quoteQualified({ schema, name: of ?? "" });
  return {
    step: {
      sql: `SELECT belay.continue_sequence(to_regclass(${quoteLiteral(relation)}), ${quoteLiteral(name)})`,
      command: "SELECT",
      purpose: "restore",
      locks: [{ relation, mode: "ACCESS SHARE" }],
      makes: [],
      mayMeet: [],
      removes: [],
      verification: { kind: "none" },
    },
    transaction: "inside",
  };
}
