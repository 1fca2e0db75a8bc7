import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { contentOf } from "../../src/sql/node.js";
import { parseStatements } from "../../src/sql/parse.js";
import { quoteIdentifier } from "../../src/sql/quote.js";
import { makeConcurrent } from "../../src/sql/splice.js";
import type { Statement } from "../../src/sql/statement.js";
import { filler, identifiers } from "./arbitraries.js";

async function only(text: string): Promise<Statement> {
  const statements = await parseStatements(text);
  expect(statements).toHaveLength(1);
  return statements[0] as Statement;
}

describe("makeConcurrent", () => {
  test.each([
    ["create index index on index (index)", "create index concurrently index on index (index)"],
    ["CREATE UNIQUE INDEX i ON t (a) WHERE b", "CREATE UNIQUE INDEX CONCURRENTLY i ON t (a) WHERE b"],
    ["create /* index */ index -- ü\n on t (a)", "create /* index */ index concurrently -- ü\n on t (a)"],
    ["create index if not exists i on t (a)", "create index concurrently if not exists i on t (a)"],
    ["Create Index\ni on t(a)", "Create Index CONCURRENTLY\ni on t(a)"],
    ["drop index s.i", "drop index concurrently s.i"],
    ["DROP INDEX IF EXISTS i RESTRICT", "DROP INDEX CONCURRENTLY IF EXISTS i RESTRICT"],
  ])("turns %j into %j", async (before, after) => {
    expect(makeConcurrent(await only(before))).toBe(after);
  });

  test.each([
    "create index concurrently i on t (a)",
    "drop index concurrently i",
    "drop index i, j",
    "drop index i cascade",
    "drop table index",
    "select 'create index i on t (a)'",
  ])("leaves %s as it is", async (text) => {
    expect(makeConcurrent(await only(text))).toBe(text);
  });

  test("keeps all of the author's text, makes the statement concurrent, and does it once only", async () => {
    const creates = fc
      .tuple(
        fc.constantFrom("create", "CREATE"),
        fc.constantFrom("", "unique"),
        fc.constantFrom("index", "INDEX"),
        identifiers,
      )
      .map(([create, unique, index, name]) => [create, unique, index, quoteIdentifier(name), "on", "t", "(a)"]);
    const drops = identifiers.map((name) => ["drop", "index", quoteIdentifier(name)]);
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(creates, drops),
        fc.array(filler, { minLength: 7, maxLength: 7 }),
        async (words, fillers) => {
          const text = words.map((word, place) => (place === 0 ? word : `${fillers[place] ?? " "}${word}`)).join("");
          const statement = await only(text);
          const spliced = makeConcurrent(statement);
          expect(spliced.replace(/ concurrently/i, "")).toBe(statement.text);
          const { node } = await only(spliced);
          expect((contentOf(node, "IndexStmt") ?? contentOf(node, "DropStmt"))?.concurrent).toBe(true);
          expect(makeConcurrent(await only(spliced))).toBe(spliced);
        },
      ),
    );
  });
});
