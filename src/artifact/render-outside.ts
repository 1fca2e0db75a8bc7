import type { Change } from "../change/change.js";
import type { Section, Step } from "../plan/step.js";
import { makesNobodyQueue } from "../plan/wanted-locks.js";
import type { QualifiedName } from "../sql/name.js";
import { quoteLiteral, quoteQualified } from "../sql/quote.js";
import { block, perform } from "./block.js";

/** A section of an artifact. */
export interface Place {
  readonly change: Change;
  readonly index: number;
  readonly count: number;
  readonly searchPath: string;
}

/** Until the guard has looked, and after it has refused: nothing may run. */
export const refused = "-";

/** Whether the statement of a section outside a transaction does nothing where it must not run. */
export function isSkippable({ verification }: Step): boolean {
  return ["index-gone", "index-valid"].includes(verification.kind);
}

/**
 * A statement outside a transaction cannot stand in a block that decides. A drop is skipped by name instead: where it must not run, the search path leads nowhere,
 * and IF EXISTS finds nothing. Whatever else it is, after the guard has refused it meets a session that may only read.
 */
export function renderOutside({ steps: [step] }: Section, place: Place, budget: string): string {
  if (step === undefined) return "";
  const { change, index, count, searchPath } = place;
  const id = quoteLiteral(change.id);
  const end = `PERFORM belay.end_section(${id}, ${index}, ${count}, ${quoteLiteral(change.digest)});`;
  const patient = makesNobodyQueue(step) ? ["SET lock_timeout = 0;"] : [];
  const { verification } = step;
  if (verification.kind === "index-gone") {
    const met = step.removes.map((key) => ` AND NOT belay.met(${id}, ${quoteLiteral(key)})`).join("");
    const drop = dropWhere(`belay.todo(${id}, ${index})${met}`, verification.index, searchPath);
    return [...patient, ...drop, budget, block(["BEGIN", `  ${end}`, "END"])].join("\n");
  }
  const run = [onlyReadingIfRefused, `${skippable(step)};`, "SET default_transaction_read_only TO DEFAULT;", budget];
  if (verification.kind !== "index-valid") return [...patient, ...run, block(["BEGIN", `  ${end}`, "END"])].join("\n");
  const { index: name } = verification;
  const invalid = `EXISTS (SELECT FROM pg_index WHERE indexrelid = to_regclass(${quoteLiteral(quoteQualified(name))}) AND NOT (indisvalid AND indisready))`;
  return [
    // What was cut off before has left an INVALID index, over which IF NOT EXISTS would do nothing.
    ...patient,
    ...dropWhere(`belay.todo(${id}, ${index}) AND ${invalid}`, name, searchPath),
    ...run,
    block([
      "BEGIN",
      `  IF belay.todo(${id}, ${index}) AND ${invalid} THEN`,
      `    RAISE EXCEPTION 'Belay: the index % is INVALID: its building was cut off. Run this again.', ${quoteLiteral(quoteQualified(name))};`,
      "  END IF;",
      `  ${end}`,
      "END",
    ]),
  ].join("\n");
}

function dropWhere(condition: string, name: QualifiedName, searchPath: string): readonly string[] {
  const home = quoteLiteral(name.schema === null ? searchPath : quoteQualified({ schema: null, name: name.schema }));
  return [
    perform(`set_config('search_path', CASE WHEN ${condition} THEN ${home} ELSE 'belay_nowhere' END, false)`),
    `DROP INDEX CONCURRENTLY IF EXISTS ${quoteQualified({ schema: null, name: name.name })};`,
    `SET search_path = ${searchPath};`,
  ];
}

const onlyReadingIfRefused = perform(
  `set_config('default_transaction_read_only', CASE current_setting('belay.reverting', true) WHEN '${refused}' THEN 'on' ELSE 'off' END, false)`,
);

/** Space and comments between two words. */
const gap = String.raw`(?:\s|--[^\n]*\n|/\*[^]*?\*/)+`;
const buildsIndex = new RegExp(`^(CREATE${gap}(?:UNIQUE${gap})?INDEX${gap}CONCURRENTLY)(?!${gap}IF${gap}NOT\\b)`, "i");

/** CREATE INDEX CONCURRENTLY over an index that is there does nothing: IF NOT EXISTS. One without a name cannot have that. */
function skippable({ sql, verification }: Step): string {
  return verification.kind === "index-valid" ? sql.replace(buildsIndex, "$1 IF NOT EXISTS") : sql;
}
