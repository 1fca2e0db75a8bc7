import { versionOf } from "../change/change-id.js";
import { effectsOf } from "../sql/effects.js";
import { inverseOf } from "../sql/inverse.js";
import { parseStatements } from "../sql/parse.js";
import { makeConcurrent } from "../sql/splice.js";
import type { Statement } from "../sql/statement.js";
import { downFile, upFile, type FileHead } from "./change-file.js";
import type { Proposal, SchemaAction } from "./proposal.js";
import { sqlOf, type SqlPair } from "./rails-sql.js";
import { oneLine } from "./report-error.js";
import { Requirements } from "./requirements.js";
import { fileNameOf, nameOfStatement } from "./sql-name.js";

/** A pair that a proposal asks for, ready to be written to two files. */
export interface ProposedChange {
  /** `20260101014704_add_ai_model_to_execution_tasks` */
  readonly id: string;
  /** 14 digits: the report's time in UTC, a second later for each change. */
  readonly version: string;
  readonly name: string;
  /** `AddAiModelToExecutionTasks`, or the name of the object that a statement makes. */
  readonly title: string;
  /** The whole text of the `.up.sql`. */
  readonly up: string;
  /** The whole text of the `.down.sql`. */
  readonly down: string;
  readonly heading: string;
  /** Ids of earlier changes of the same report whose objects this one uses. */
  readonly requires: readonly string[];
  /** Why there is no way back; null where there is one. */
  readonly irreversible: string | null;
  /** What a person should know before it runs. */
  readonly warnings: readonly string[];
  /** The line of the report. */
  readonly line: number;
}

/**
 * The changes of a proposal, in its order. The same report always gives the same changes, byte for byte.
 *
 * @param source the name of the report's file, for messages.
 * @throws BelayError `proposal-column-twice` for a table that would have the same column twice.
 */
export async function changesOf(proposal: Proposal, source = "report"): Promise<readonly ProposedChange[]> {
  const actions = proposal.actions.filter((action) => action.kind === "schema");
  const names = new Names();
  const requirements = new Requirements();
  const changes: ProposedChange[] = [];
  for (const [index, action] of actions.entries()) {
    const pair = await pairOf(action, source);
    const { name, title } = names.take(action);
    const version = versionOf(new Date(Date.parse(proposal.timestamp) + index * 1000));
    const id = `${version}_${name}`;
    const requires = requirements.take(id, await parseStatements(pair.up.map((sql) => `${sql};\n`).join("")));
    changes.push({ id, version, name, ...files(proposal, action, title, requires, pair) });
  }
  return changes;
}

function files(
  proposal: Proposal,
  { heading, line }: SchemaAction,
  title: string,
  requires: readonly string[],
  pair: SqlPair,
): Omit<ProposedChange, "id" | "version" | "name"> {
  const { id, severity, blockExecution: blocked } = proposal;
  const { irreversible, warnings } = pair;
  const head: FileHead = { title, proposal: id, severity, blocked, requires, irreversible, heading };
  return { title, up: upFile(head, pair), down: downFile(head, pair), heading, requires, irreversible, warnings, line };
}

async function pairOf({ request, line }: SchemaAction, source: string): Promise<SqlPair> {
  switch (request.kind) {
    case "rails":
      return sqlOf(request.migration, { source, line });
    case "sql":
      return await statementPair(request.statement);
  }
}

/** An index is built, and dropped, without blocking writers; the way back is derived from what will really run. */
async function statementPair(written: Statement): Promise<SqlPair> {
  const [statement = written] = await parseStatements(makeConcurrent(written));
  const inverse = inverseOf(statement);
  const up = [statement.text];
  if (inverse.kind === "none") return { up, down: [], irreversible: inverse.reason, warnings: [] };
  return { up, down: inverse.sql.map((sql) => sql.replace(/;\s*$/, "")), irreversible: null, warnings: [] };
}

/** Gives each change a name and a title that no other change of the report has. */
class Names {
  readonly #taken = new Set<string>();

  take({ request }: SchemaAction): { readonly name: string; readonly title: string } {
    const { name, title } = request.kind === "rails" ? request.migration : statementNames(request.statement);
    const file = fileNameOf(name);
    for (let count = 1; ; count += 1) {
      const suffix = count === 1 ? "" : `_${count}`;
      const wanted = [`${file}${suffix}`, `${title}${suffix}`];
      if (wanted.some((each) => this.#taken.has(each))) continue;
      for (const each of wanted) this.#taken.add(each);
      return { name: `${file}${suffix}`, title: `${title}${suffix}` };
    }
  }
}

function statementNames(statement: Statement): { readonly name: string; readonly title: string } {
  const name = nameOfStatement(effectsOf(statement));
  return { name, title: oneLine(name) || fileNameOf(name) };
}
