import fc from "fast-check";
import { sqlChange, type Change } from "../../src/change/change.js";
import { noDirectives } from "../../src/change/directives.js";
import { compile } from "../../src/plan/compile.js";
import type { StatementPlan } from "../../src/plan/step.js";
import { quoteIdentifier } from "../../src/sql/quote.js";
import { parseStatements } from "../../src/sql/parse.js";

/** Names that want out of whatever quotes they stand in. */
export const hostileName = fc.oneof(
  fc.constantFrom("$belay$", "$belay1$", "$$", "'; DROP TABLE x; --", '"; DROP TABLE x; --', "*/", "--", "\\", "%", "%s", "a b", "ä", "select", "\n", "\\q", ":x", "$1"),
  fc.string({ minLength: 1, maxLength: 8 }).filter((name) => !name.includes("\0")),
); // prettier-ignore

export interface Sample {
  readonly change: Change;
  readonly plan: StatementPlan;
}

/** A change whose way back names things, in one section or several. */
export async function sampleOf(
  names: readonly string[],
  options: { outside: boolean; title: string },
): Promise<Sample> {
  const quoted = names.map((name) => quoteIdentifier(name));
  const up = quoted.map((name) => `ALTER TABLE ${name} ADD COLUMN ${name} text;`).join("\n");
  const drop = options.outside ? quoted.map((name) => `DROP INDEX CONCURRENTLY ${name};\n`).join("") : "";
  const down = drop + quoted.map((name) => `ALTER TABLE ${name} DROP COLUMN ${name};`).join("\n");
  const id = { id: "20260101000001_x", version: "20260101000001", name: "x" };
  const change = sqlChange({ id, directives: { ...noDirectives, title: options.title }, files: [] }, up, down);
  const halves = { up: await parseStatements(up, "up.sql"), down: await parseStatements(down, "down.sql") };
  return {
    change,
    plan: compile({
      id: id.id,
      digest: "0".repeat(64),
      files: { up: "", down: "" },
      form: "sql",
      transaction: "on",
      keep: "on",
      home: "public",
      ...halves,
    }),
  };
}
