import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { compile } from "../../src/plan/compile.js";
import type { StatementPlan } from "../../src/plan/step.js";
import { batchOf, type Batch } from "../../src/sql/batch.js";
import { contentOf, kindOf } from "../../src/sql/node.js";
import { parseStatements } from "../../src/sql/parse.js";

async function batchIn(sql: string, directive = "-- belay:batch"): Promise<Batch | null> {
  const [statement] = await parseStatements(`${directive}\n${sql}`, "x.up.sql");
  return statement === undefined ? null : batchOf(statement, "x.up.sql");
}

async function compiled(up: string, down: string, form: "sql" | "knex" = "sql"): Promise<StatementPlan> {
  const files = { up: "x.up.sql", down: "x.down.sql" };
  const halves = { up: await parseStatements(up, files.up), down: await parseStatements(down, files.down) };
  return compile({ id: "x", files, form, transaction: "on", keep: "on", digest: "d", home: "public", ...halves });
}

describe("the place for a range's condition", () => {
  test.each([
    ["UPDATE t SET n = 1", "UPDATE t SET n = 1 WHERE"],
    ["DELETE FROM ONLY s.t AS x", "DELETE FROM ONLY s.t AS x WHERE"],
    ["UPDATE t SET n = 1 WHERE a OR b;", "UPDATE t SET n = 1 WHERE (a OR b) AND"],
    [
      "UPDATE t SET n = 1 where/* why */a -- because\n OR b -- so",
      "UPDATE t SET n = 1 where (/* why */a -- because\n OR b) AND",
    ],
    [
      `UPDATE t SET "where" = u.where FROM public.where u WHERE t.id = u.id`,
      `UPDATE t SET "where" = u.where FROM public.where u WHERE (t.id = u.id) AND`,
    ],
    [
      "UPDATE t SET n = (SELECT max(x) FROM u WHERE u.t = t.id)",
      "UPDATE t SET n = (SELECT max(x) FROM u WHERE u.t = t.id) WHERE",
    ],
    ["UPDATE t SET ä = 'größe WHERE' WHERE ä = 'ß)'", "UPDATE t SET ä = 'größe WHERE' WHERE (ä = 'ß)') AND"],
    ["UPDATE t SET a[(1)] = 2 WHERE a[1] IS NULL", "UPDATE t SET a[(1)] = 2 WHERE (a[1] IS NULL) AND"],
  ])("%s", async (sql, head) => {
    expect((await batchIn(sql))?.head).toBe(head);
  });

  const condition = fc.oneof({ depthSize: "small" }, fc.constantFrom("a", "n > 1", "s = 'x WHERE y'", "EXISTS (SELECT FROM u WHERE u.id = t.id)", "u.where IS NULL", "CASE WHEN a THEN b ELSE c END", "a IN (1, 2)", `"where"`)); // prettier-ignore
  const whole = fc.letrec<{ node: string }>((tie) => ({
    node: fc.oneof(
      { maxDepth: 3 },
      condition,
      fc
        .tuple(tie("node"), fc.constantFrom("AND", "OR", "-- a comment WHERE\nAND"), tie("node"))
        .map((parts) => parts.join(" ")),
      tie("node").map((inner) => `NOT (${inner})`),
    ),
  })).node;

  test("what is put there is ANDed to the whole of the author's condition, whatever that is", async () => {
    await fc.assert(
      fc.asyncProperty(
        whole,
        fc.constantFrom("UPDATE t SET n = 1 FROM public.where u WHERE", "DELETE FROM t USING public.where u WHERE"),
        async (where, head) => {
          const batch = await batchIn(`${head} ${where}`);
          const [statement] = await parseStatements(`${batch?.head} (t.id) > (1)`);
          const [original] = await parseStatements(`${head} ${where}`);
          // The parser flattens an AND within an AND; parentheses keep all else together.
          const parts = conjuncts(whereOf(statement?.node));
          expect(withoutPlaces(parts.slice(0, -1))).toEqual(withoutPlaces(conjuncts(whereOf(original?.node))));
          expect(kindOf(parts.at(-1))).toBe("A_Expr");
        },
      ),
      { numRuns: 150 },
    );
  });
});

type Tree = Awaited<ReturnType<typeof parseStatements>>[number]["node"];

function whereOf(node: Tree | undefined): Tree | undefined {
  return (contentOf(node, "UpdateStmt") ?? contentOf(node, "DeleteStmt"))?.whereClause;
}

function conjuncts(node: Tree | undefined): readonly (Tree | undefined)[] {
  const and = contentOf(node, "BoolExpr");
  return and?.boolop === "AND_EXPR" ? (and.args ?? []).flatMap(conjuncts) : [node];
}

function withoutPlaces(tree: unknown): unknown {
  return JSON.parse(
    JSON.stringify(tree, (key, value: unknown) => (/location$|_start$|_end$/.test(key) ? undefined : value)),
  );
}

describe("what is known of a batched statement", () => {
  test("names, columns that it sets, tables that it reads, and the key that its author gives", async () => {
    const sql = `UPDATE ONLY app."Orders" AS o SET (total, "Tax") = (SELECT 1, 2), n = n + 1 FROM app.rates r WHERE o.rate = r.id`;
    expect(await batchIn(sql, `-- belay:batch key=tenant, "Id"`)).toMatchObject({
      relation: `app."Orders"`,
      only: true,
      as: "o",
      key: ["tenant", "Id"],
      sets: ["total", "Tax", "n"],
      reads: ["app.rates"],
    });
    expect(await batchIn("UPDATE t SET n = 1", "-- why")).toBeNull();
  });

  test("a key without quotes is folded as the server folds a name: letters beyond ASCII stay", async () => {
    const named = await batchIn("UPDATE t SET ÄRGER_Nr = 1", "-- belay:batch");
    expect((await batchIn("UPDATE t SET n = 1", "-- belay:batch key=ÄRGER_Nr"))?.key).toEqual(named?.sets);
  });

  test("it is a section of its own, between what commits together", async () => {
    const plan = await compiled(
      "ALTER TABLE t ADD c int;\n-- belay:batch\nUPDATE t SET c = 1;\nALTER TABLE t ALTER c SET NOT NULL;",
      "ALTER TABLE t DROP c;",
    );
    expect(plan.forward.map(({ transaction }) => transaction)).toEqual(["inside", "batched", "inside"]);
    expect(kindOf((await parseStatements(plan.forward[1]?.steps[0]?.sql ?? ""))[0]?.node)).toBe("UpdateStmt");
  });
});

describe("what cannot run in batches is refused with its place", () => {
  test.each([
    [
      "another kind of statement",
      "INSERT INTO t VALUES (1)",
      "x.up.sql:2:1: this cannot run in batches: only an UPDATE or a DELETE",
    ],
    ["a schema change", "ALTER TABLE t ADD c int", "x.up.sql:2:1"],
    [
      "a WITH clause",
      "WITH w AS (SELECT 1) DELETE FROM t",
      "x.up.sql:2:1: this cannot run in batches: it has a WITH clause",
    ],
    ["RETURNING", "DELETE FROM t RETURNING id", "RETURNING"],
    ["the row of a cursor", "DELETE FROM t WHERE CURRENT OF c", "cursor"],
    ["a parameter", "UPDATE t\n  SET n = $1", "x.up.sql:3:11"],
    [
      "the table itself in a subquery",
      "UPDATE t SET n = 1\n  WHERE n < (SELECT avg(n) FROM t AS other)",
      "x.up.sql:3:33: this cannot run in batches: it reads t a second time",
    ],
    ["the table itself in FROM", "UPDATE t AS a SET n = b.n FROM t AS b WHERE a.id = b.parent", "x.up.sql:2:32"],
  ])("%s", async (_, sql, message) => {
    await expect(batchIn(sql)).rejects.toThrow(message);
    await expect(batchIn(sql)).rejects.toMatchObject({ kind: "usage", code: "batch-statement" });
  });

  test.each([
    ["-- belay:batch 500", 'does not know "500"'],
    ["-- belay:batch key=", "names no column"],
    ["-- belay:batch key=a b", "no list of columns"],
    ["-- belay:batch key=a, a", "names the column a twice"],
    ["-- belay:batch\n-- belay:batch", "twice"],
  ])("the directive %s", async (directive, message) => {
    await expect(batchIn("UPDATE t SET n = 1", directive)).rejects.toThrow(message);
    await expect(batchIn("UPDATE t SET n = 1", directive)).rejects.toMatchObject({ code: "batch-directive" });
  });

  test("a directive that there is not, also before a later statement", async () => {
    await expect(compiled("SELECT 1;\n-- belay:batches\nUPDATE t SET n = 1", "")).rejects.toMatchObject({
      code: "directive-unknown",
      message: 'x.up.sql:3:1: unknown directive "belay:batches"',
    });
  });

  test("a column of the given key that it sets", async () => {
    await expect(batchIn("UPDATE t SET id = id + 1", "-- belay:batch key=id")).rejects.toThrow(
      "sets id, a column of the key",
    );
  });

  test("in a knex migration, which runs live and as a whole", async () => {
    await expect(compiled("-- belay:batch\nUPDATE t SET n = 1", "", "knex")).rejects.toMatchObject({
      code: "batch-statement",
    });
  });
});

describe("a way back that could not stop where the way forward was cut off", () => {
  const up = "-- belay:batch\nUPDATE t SET n = n + 1";

  test.each([
    [
      "is not batched",
      "\nUPDATE public.t SET n = n - 1",
      "x.down.sql:2:1: this undoes a statement that runs in batches",
    ],
    ["puts rows in without looking", "INSERT INTO t SELECT 1", "x.down.sql:1:1"],
    [
      "writes the table more often",
      "-- belay:batch\nUPDATE t SET n = n - 1;\n-- belay:batch\nDELETE FROM t WHERE n = 0",
      "x.down.sql:2:1: the way forward writes rows of that table less often",
    ],
  ])("%s: it is refused", async (_, down, message) => {
    await expect(compiled(up, down)).rejects.toThrow(message);
  });

  test.each([
    "-- belay:batch\nUPDATE t SET n = n - 1",
    "ALTER TABLE t DROP n",
    "INSERT INTO t SELECT 1 ON CONFLICT DO NOTHING",
    "UPDATE u SET n = 1",
  ])("%s: it can, or has nothing to undo there", async (down) => {
    await expect(compiled(up, down)).resolves.toMatchObject({ form: "sql" });
  });
});
