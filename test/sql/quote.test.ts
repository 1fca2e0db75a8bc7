import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { BelayError } from "../../src/errors.js";
import { contentOf, contentsOf } from "../../src/sql/node.js";
import { parseStatements } from "../../src/sql/parse.js";
import { quoteIdentifier, quoteLiteral, quoteQualified } from "../../src/sql/quote.js";
import { identifiers, storableText } from "./arbitraries.js";

/** What PostgreSQL's parser makes of the only column of a SELECT. */
async function resultOf(
  sql: string,
): Promise<{ readonly name: string | undefined; readonly text: string | undefined }> {
  const statements = await parseStatements(sql);
  expect(statements).toHaveLength(1);
  const [target] = contentsOf(contentOf(statements[0]?.node, "SelectStmt")?.targetList, "ResTarget");
  return { name: target?.name, text: contentOf(target?.val, "A_Const")?.sval?.sval ?? "" };
}

describe("quoteIdentifier", () => {
  test("gives any name that PostgreSQL can store back to the parser unchanged", async () => {
    await fc.assert(
      fc.asyncProperty(identifiers, async (name) => {
        expect((await resultOf(`select 1 as ${quoteIdentifier(name)}`)).name).toBe(name);
      }),
    );
  });

  test("keeps a name whole wherever a name may stand: as a table, a column, a type and a function", async () => {
    await fc.assert(
      fc.asyncProperty(identifiers, async (name) => {
        const quoted = quoteIdentifier(name);
        const statements = await parseStatements(
          `create table ${quoted} (${quoted} ${quoted} default ${quoted}()); alter table ${quoted} rename ${quoted} to ${quoted}`,
        );
        const rename = contentOf(statements[1]?.node, "RenameStmt");
        expect([rename?.relation?.relname, rename?.subname, rename?.newname]).toEqual([name, name, name]);
      }),
    );
  });

  test.each(["execution_tasks", "_x1", "name", "index", "comment", "data"])("leaves the plain name %s bare", (name) => {
    expect(quoteIdentifier(name)).toBe(name);
  });

  test.each([
    "user",
    "order",
    "select",
    "left",
    "int",
    "Mixed",
    "1st",
    "with space",
    "ümlaut",
    'quo"te',
    "x); DROP TABLE y; --",
  ])("puts quotes around %s", (name) => {
    expect(quoteIdentifier(name)).toBe(`"${name.replaceAll('"', '""')}"`);
  });

  test.each(["", "a\0b"])("refuses %j, which cannot be a name", (name) => {
    expect(() => quoteIdentifier(name)).toThrow(BelayError);
  });
});

describe("quoteQualified", () => {
  test("quotes the schema and the name each on its own", () => {
    expect(quoteQualified({ schema: "My.Schema", name: "user" })).toBe('"My.Schema"."user"');
  });

  test("leaves out a schema that is not known", () => {
    expect(quoteQualified({ schema: null, name: "tasks" })).toBe("tasks");
  });
});

describe("quoteLiteral", () => {
  test("gives any text that PostgreSQL can store back to the parser unchanged", async () => {
    await fc.assert(
      fc.asyncProperty(storableText, async (text) => {
        expect((await resultOf(`select ${quoteLiteral(text)}`)).text).toBe(text);
      }),
    );
  });

  test("marks a text with backslashes, so that no setting changes what it means", () => {
    expect(quoteLiteral("a\\'b")).toBe("E'a\\\\''b'");
  });

  test("refuses a NUL character", () => {
    expect(() => quoteLiteral("a\0b")).toThrow(expect.objectContaining({ code: "sql-literal" }));
  });
});
