import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { rewriteOnline } from "../../src/plan/online/rewrite-online.js";
import { sameTree } from "../../src/plan/online/same-tree.js";
import { splitAlterTable } from "../../src/plan/online/split-alter-table.js";
import { splitForParts } from "../../src/plan/online/split-for-parts.js";
import { contentOf, contentsOf } from "../../src/sql/node.js";
import { parseStatements } from "../../src/sql/parse.js";
import { quoteIdentifier } from "../../src/sql/quote.js";
import type { Statement } from "../../src/sql/statement.js";
import { filler, identifiers } from "../sql/arbitraries.js";

const context = { home: "public", transaction: "on", half: "up" } as const;

async function only(text: string): Promise<Statement> {
  const [statement] = await parseStatements(text);
  if (statement === undefined) throw new Error(`${text} has no statement`);
  return statement;
}

const name = identifiers.map(quoteIdentifier);
/** Words of one subcommand, between which any white space and comment may stand. */
const subcommand: fc.Arbitrary<readonly string[]> = fc.oneof(
  name.map((n) => ["ADD", "COLUMN", n, "numeric(10,2)", "DEFAULT", "(1 + 2)"]),
  name.map((n) => ["ADD", n, "text", "CHECK", `(${n} <> 'a,b')`, "UNIQUE", "NOT", "NULL"]),
  name.map((n) => ["DROP", "COLUMN", n, "CASCADE"]),
  name.map((n) => ["DROP", "CONSTRAINT", "IF", "EXISTS", n]),
  name.map((n) => ["ALTER", n, "SET", "NOT", "NULL"]),
  name.map((n) => ["ALTER", "COLUMN", n, "SET", "DEFAULT", "ARRAY[1, 2]"]),
  name.map((n) => ["ADD", "CONSTRAINT", n, "CHECK", "(a > 0)"]),
  name.map((n) => ["ADD", "FOREIGN", "KEY", `(${n}, b)`, "REFERENCES", "p", "(x, y)", "DEFERRABLE"]),
  name.map((n) => ["ADD", "UNIQUE", `(a, ${n})`, "INCLUDE", "(c)"]),
  name.map((n) => ["ADD", "PRIMARY", "KEY", `(${n})`]),
  name.map((n) => ["VALIDATE", "CONSTRAINT", n]),
  name.map((n) => ["DISABLE", "TRIGGER", n]),
  fc.constant(["SET", "(fillfactor = 70, autovacuum_enabled = false)"]),
);

const statement = fc
  .tuple(
    fc.constantFrom(["ALTER", "TABLE"], ["alter", "table", "only"], ["ALTER", "TABLE", "IF", "EXISTS"]),
    name,
    fc.array(subcommand, { minLength: 1, maxLength: 6 }),
    fc.array(filler, { minLength: 60, maxLength: 60 }),
  )
  .map(([head, table, commands, fillers]) => {
    const list = commands.flatMap((words, index) => (index === 0 ? words : [",", ...words]));
    const words = [...head, `app.${table}`, ...list];
    return words.map((word, index) => (index === 0 ? word : `${fillers[index % fillers.length]}${word}`)).join("");
  });

function tableOf({ node }: Statement): unknown {
  return contentOf(node, "AlterTableStmt")?.relation;
}

function count(trees: readonly unknown[], one: unknown): number {
  return trees.filter((tree) => sameTree(tree, one)).length;
}

function commandsOf({ node }: Statement): readonly unknown[] {
  return contentOf(node, "AlterTableStmt")?.cmds ?? [];
}

describe("an ALTER TABLE of several subcommands", () => {
  it("comes apart into statements that each mean what they meant, none lost and none added", async () => {
    await fc.assert(
      fc.asyncProperty(statement, async (text) => {
        const author = await only(text);
        const whole = commandsOf(author);
        const parts = (await splitAlterTable(author, () => "apart")) ?? [author];
        const found = parts.flatMap(commandsOf);
        expect(found).toHaveLength(whole.length);
        expect(parts.length).toBe(whole.length);
        expect(parts.every((part) => sameTree(tableOf(part), tableOf(author)))).toBe(true);
        expect(whole.every((one) => count(found, one) === count(whole, one))).toBe(true);
      }),
      { numRuns: 150 },
    );
  }); // prettier-ignore

  it("is rewritten without losing or repeating a column that it adds, or anything that it drops", async () => {
    const words = (statements: readonly Statement[], subtype: string): readonly string[] =>
      statements
        .flatMap((one) => contentsOf(contentOf(one.node, "AlterTableStmt")?.cmds, "AlterTableCmd"))
        .filter((command) => command.subtype === subtype)
        .map((command) => command.name ?? contentOf(command.def, "ColumnDef")?.colname ?? "")
        .filter((called) => !called.endsWith("_belay_not_null"));
    await fc.assert(
      fc.asyncProperty(statement, async (text) => {
        const author = await only(text);
        const { statements } = await rewriteOnline([author], context);
        for (const subtype of ["AT_AddColumn", "AT_DropColumn", "AT_DropConstraint", "AT_SetNotNull", "AT_DisableTrig"]) {
          const found = words(statements, subtype);
          const missing = words([author], subtype).filter((one) => !found.includes(one));
          // A primary key makes its columns NOT NULL by itself.
          const more = subtype === "AT_SetNotNull" ? 0 : found.length - words([author], subtype).length;
          expect({ missing, more }).toEqual({ missing: [], more: 0 });
        }
      }),
      { numRuns: 150 },
    );
  }); // prettier-ignore
});

describe("a way back is cut where the way forward commits", () => {
  async function cut(up: string, down: string): Promise<readonly string[]> {
    const forward = await rewriteOnline(await parseStatements(up), context);
    const parts = await splitForParts(await parseStatements(down), forward.statements, context);
    return parts.map(({ text }) => text);
  }

  it("by what each of its transactions makes, the last one first", async () => {
    const up = `CREATE TABLE a (id int); ALTER TABLE t ADD COLUMN x int, ADD CONSTRAINT c CHECK (x > 0), ADD UNIQUE (x);
      CREATE TABLE b (id int); CREATE INDEX i ON t (y); CREATE TABLE app.d (id int)`;
    const down = `DROP TABLE IF EXISTS a, b, app.d RESTRICT; DROP INDEX i;
      ALTER TABLE t DROP CONSTRAINT c, DROP CONSTRAINT t_x_key, DROP COLUMN x, ALTER z DROP NOT NULL`;
    expect(await cut(up, down)).toEqual([
      "DROP TABLE IF EXISTS app.d RESTRICT",
      "DROP TABLE IF EXISTS b RESTRICT",
      "DROP TABLE IF EXISTS a RESTRICT",
      "DROP INDEX i",
      "ALTER TABLE t DROP CONSTRAINT c, DROP CONSTRAINT t_x_key",
      "ALTER TABLE t DROP COLUMN x",
      "ALTER TABLE t ALTER z DROP NOT NULL",
    ]);
  });

  it("and stays as it is where that is one transaction, or the author says so", async () => {
    const down = "ALTER TABLE t DROP COLUMN a, DROP COLUMN b";
    expect(await cut("ALTER TABLE t ADD COLUMN a int; ALTER TABLE t ADD COLUMN b int", down)).toEqual([down]);
    const up = "ALTER TABLE t ADD COLUMN a int; CREATE INDEX i ON t (z); ALTER TABLE t ADD COLUMN b int";
    expect(await cut(up, `-- belay:as-written\n${down}`)).toEqual([down]);
    expect(await cut(up, down)).toHaveLength(2);
  });
});
