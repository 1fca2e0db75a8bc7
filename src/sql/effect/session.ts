import type { TransactionStmtKind, VariableSetStmt } from "libpg-query";
import type { EffectsDraft } from "./effects.js";
import { readingOf } from "./reading.js";
import type { EffectRules } from "./rules.js";

const TRANSACTION_WORDS: Record<TransactionStmtKind, string> = {
  TRANS_STMT_BEGIN: "BEGIN",
  TRANS_STMT_START: "START TRANSACTION",
  TRANS_STMT_COMMIT: "COMMIT",
  TRANS_STMT_ROLLBACK: "ROLLBACK",
  TRANS_STMT_SAVEPOINT: "SAVEPOINT",
  TRANS_STMT_RELEASE: "RELEASE SAVEPOINT",
  TRANS_STMT_ROLLBACK_TO: "ROLLBACK TO SAVEPOINT",
  TRANS_STMT_PREPARE: "PREPARE TRANSACTION",
  TRANS_STMT_COMMIT_PREPARED: "COMMIT PREPARED",
  TRANS_STMT_ROLLBACK_PREPARED: "ROLLBACK PREPARED",
};

/** Statements about the transaction and about the session, not about the database. */
export const sessionRules: EffectRules = {
  TransactionStmt: ({ kind }) => ({
    command: TRANSACTION_WORDS[kind ?? "TRANS_STMT_BEGIN"],
    nature: "transaction-control",
    transaction: (kind ?? "").endsWith("_PREPARED") ? "outside" : "inside",
  }),
  VariableSetStmt: setVariable,
  VariableShowStmt: () => ({ command: "SHOW", nature: "query" }),
  DiscardStmt: ({ target }) => ({
    command: "DISCARD",
    nature: "session",
    transaction: target === "DISCARD_ALL" ? "outside" : "inside",
  }),
  ConstraintsSetStmt: () => ({ command: "SET CONSTRAINTS", nature: "session" }),
  PrepareStmt: ({ query }) => ({ command: "PREPARE", nature: "session", ...readingOf(query) }),
  ExecuteStmt: () => ({ command: "EXECUTE", nature: "utility" }),
  DeallocateStmt: () => ({ command: "DEALLOCATE", nature: "session" }),
  ListenStmt: () => ({ command: "LISTEN", nature: "session" }),
  UnlistenStmt: () => ({ command: "UNLISTEN", nature: "session" }),
  NotifyStmt: () => ({ command: "NOTIFY", nature: "utility" }),
  LoadStmt: () => ({ command: "LOAD", nature: "session" }),
};

/** SET TRANSACTION speaks of the transaction that it stands in, as BEGIN does. */
function setVariable({ kind, name }: VariableSetStmt): EffectsDraft {
  if (kind === "VAR_SET_MULTI" && name !== "SESSION CHARACTERISTICS") {
    return { command: "SET TRANSACTION", nature: "transaction-control" };
  }
  return { command: kind === "VAR_RESET" || kind === "VAR_RESET_ALL" ? "RESET" : "SET", nature: "session" };
}
