import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { BelayError } from "../../src/errors.js";
import type { Node } from "../../src/sql/node.js";
import { parseStatements } from "../../src/sql/parse.js";
import { positionOf, type Statement } from "../../src/sql/statement.js";
import { contentOf } from "../../src/sql/node.js";
import { filler, statementTexts, storableText } from "./arbitraries.js";

/** The text from a line and column on, both from 1, the column in characters. */
function textAt(text: string, { line, column }: { readonly line: number; readonly column: number }): string {
  const lines = text.split("\n").slice(line - 1);
  const first = Array.from(lines[0] ?? "")
    .slice(column - 1)
    .join("");
  return [first, ...lines.slice(1)].join("\n");
}

/** A tree without its locations, which say where a node stood and not what it is. */
function shapeOf(node: Node): unknown {
  return JSON.parse(
    JSON.stringify(node, (key, value: unknown) =>
      /location$|^list_(start|end)$|^stmt_len$/.test(key) ? undefined : value,
    ),
  );
}

async function errorOf(text: string, source?: string): Promise<BelayError> {
  const outcome: unknown = await parseStatements(text, source).catch((thrown: unknown) => thrown);
  expect(outcome).toBeInstanceOf(BelayError);
  return outcome as BelayError;
}

describe("parseStatements", () => {
  test.each(["", "  \n\t", "-- only a comment", "/* only */ -- comments\n", ";;", "\uFEFF"])(
    "finds nothing in %j",
    async (text) => {
      expect(await parseStatements(text)).toEqual([]);
    },
  );

  test("gives each statement its own text, without the semicolon and without the comments around it", async () => {
    const statements = await parseStatements(
      "-- first\nselect 1 /* inside */ + 2 /* after */ ; -- and\n/* before */\n  drop table x -- end",
    );
    expect(statements.map(({ text, line, column }) => ({ text, line, column }))).toEqual([
      { text: "select 1 /* inside */ + 2", line: 2, column: 1 },
      { text: "drop table x", line: 4, column: 3 },
    ]);
  });

  test("finds each statement again at its line and column, whatever stands before it", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(filler, statementTexts), { minLength: 1, maxLength: 5 }), async (parts) => {
        const text = parts.map(([before, statement]) => `${before}${statement}`).join(";");
        const statements = await parseStatements(text);
        expect(statements.map((each) => each.text)).toEqual(parts.map(([, statement]) => statement));
        for (const each of statements) expect(textAt(text, each).startsWith(each.text)).toBe(true);
      }),
    );
  });

  test("means the same after it was split and joined again", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(statementTexts, { minLength: 1, maxLength: 6 }), filler, async (texts, between) => {
        const shapes = async (text: string): Promise<readonly unknown[]> =>
          (await parseStatements(text)).map(({ node }) => shapeOf(node));
        const original = texts.join(`;${between}`);
        const joined = (await parseStatements(original)).map((each) => each.text).join(";\n");
        expect(await shapes(joined)).toEqual(await shapes(original));
        expect(await shapes(original)).toHaveLength(texts.length);
      }),
    );
  });

  test("gives the words of a statement with offsets into its own text", async () => {
    const [, statement] = await parseStatements("select 'ü😀'; create /* ü😀 */ table \"😀\" (a int)");
    expect(statement?.tokens.map((token) => statement.text.slice(token.start, token.end))).toEqual(
      statement?.tokens.map((token) => token.text),
    );
    expect(statement?.tokens.map((token) => token.text)).toEqual(["create", "table", '"😀"', "(", "a", "int", ")"]);
  });

  test("tells where in the file a node of the tree stands", async () => {
    const text = "select 'ü';\n  select\n 'ü😀', x.y";
    const [, statement] = await parseStatements(text);
    const targets = contentOf(statement?.node, "SelectStmt")?.targetList ?? [];
    const location = contentOf(targets[1], "ResTarget")?.location ?? -1;
    expect(positionOf(statement as Statement, location)).toEqual({ line: 3, column: 8 });
    expect(positionOf(statement as Statement, statement?.startByte ?? -1)).toEqual({ line: 2, column: 3 });
  });

  test("reads a file of ten thousand statements in one go", async () => {
    const text = "insert into t values (1, 'ü');\n".repeat(10_000);
    const statements = await parseStatements(text);
    expect(statements).toHaveLength(10_000);
    expect(statements.at(-1)).toMatchObject({ line: 10_000, column: 1 });
  });
});

describe("directives", () => {
  test("bind to the statement directly after them", async () => {
    const statements = await parseStatements(
      "-- belay:title A\n-- a remark\n--belay:batch\nupdate t set a = 1;\nselect 1;\n-- belay:batch\ndelete from t",
    );
    expect(statements.map(({ directives }) => directives)).toEqual([
      ["belay:title A", "belay:batch"],
      [],
      ["belay:batch"],
    ]);
  });

  test.each([
    ["update t set a = 1; -- belay:batch", "f.sql:1:21"],
    ["update t\n  -- belay:batch\n set a = 1", "f.sql:2:3"],
  ])("are refused where no statement follows: %j", async (text, place) => {
    const error = await errorOf(text, "f.sql");
    expect(error.code).toBe("sql-directive-misplaced");
    expect(error.message).toContain(place);
  });

  test("are no error in a file that has no statement at all", async () => {
    expect(await parseStatements("-- belay:title Nothing yet\n")).toEqual([]);
  });

  test("are not read out of texts and block comments", async () => {
    const [statement] = await parseStatements("/* -- belay:batch */ select '-- belay:batch'");
    expect(statement?.directives).toEqual([]);
  });
});

describe("a syntax error", () => {
  test("names the file, the line and the column, and says what PostgreSQL says", async () => {
    const error = await errorOf("select 1;\nselect fro m x", "up.sql");
    expect(error).toMatchObject({ kind: "usage", code: "sql-syntax" });
    expect(error.message).toBe('up.sql:2:14: syntax error at or near "x"');
  });

  test("is placed in characters also after text that takes several bytes or two code units each", async () => {
    await fc.assert(
      fc.asyncProperty(storableText, fc.array(filler, { maxLength: 3 }), async (comment, fillers) => {
        const before = `/*${comment.replaceAll(/[*/]/g, "")}*/${fillers.join("")} select `;
        const text = `${before}from from`;
        const error = await errorOf(text, "x");
        const [, line, column] = /^x:(\d+):(\d+): /.exec(error.message) ?? [];
        expect(textAt(text, { line: Number(line), column: Number(column) })).toBe("from");
      }),
    );
  });

  test("at the end of the text is placed there", async () => {
    expect((await errorOf("select (", "a.sql")).message).toBe("a.sql:1:9: syntax error at end of input");
  });

  test("is found also where nothing stands before it but a semicolon", async () => {
    expect((await errorOf(" \n;nonsense here", "a.sql")).message).toBe('a.sql:2:2: syntax error at or near "nonsense"');
  });

  test("says so where a variable of psql stands", async () => {
    expect((await errorOf("select :name")).hint).toContain("psql");
  });

  test("says so of a NUL character, which would end the text for the parser", async () => {
    const error = await errorOf("select 1;\n drop \0 table x", "n.sql");
    expect(error.code).toBe("sql-syntax");
    expect(error.message).toContain("n.sql:2:7");
  });

  test("is what a text too deep for the parser gets, and the next text is read as ever", async () => {
    const error = await errorOf(`select ${"(".repeat(100_000)}1${")".repeat(100_000)}`);
    expect(error.code).toBe("sql-syntax");
    expect(await parseStatements("select 1")).toHaveLength(1);
  });
});

describe("what belongs to psql", () => {
  test.each([
    ["\\d tasks", "p.sql:1:1", "\\d"],
    ["select 1;\n  \\i other.sql\nselect 2;", "p.sql:2:3", "\\i"],
    ["select 'ü😀' \\gset", "p.sql:1:13", "\\gset"],
  ])("%j is refused as a command", async (text, place, command) => {
    const error = await errorOf(text, "p.sql");
    expect(error).toMatchObject({ kind: "usage", code: "sql-psql-command" });
    expect(error.message).toContain(`${place}: ${command} is`);
  });

  test.each([
    ["copy t from stdin", "c.sql:1:1"],
    ["select 'ü';\n  copy t (a) from stdin with (format csv);\n1,2\n\\.\n", "c.sql:2:3"],
    ["copy t from stdin;\n1;x\t2;\n3\t4\n\\.\nselect 1;", "c.sql:1:1"],
  ])("rows for COPY FROM STDIN are refused: %j", async (text, place) => {
    const error = await errorOf(text, "c.sql");
    expect(error).toMatchObject({ kind: "usage", code: "sql-copy-stdin" });
    expect(error.message).toContain(`${place}:`);
  });

  test.each(["copy t from '/tmp/x'", "copy t from program 'cat x'", "copy t to stdout"])("%s is read", async (text) => {
    expect(await parseStatements(text)).toHaveLength(1);
  });
});
