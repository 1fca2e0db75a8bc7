import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { effectsOf, type Effects } from "../../src/sql/effects.js";
import type { Node } from "../../src/sql/node.js";
import { parseStatements } from "../../src/sql/parse.js";
import { quoteIdentifier } from "../../src/sql/quote.js";
import { identifiers } from "./arbitraries.js";
import { effects, said } from "./statement-effects.js";

describe("the nature of a statement", () => {
  test.each<[Effects["nature"], readonly string[]]>([
    [
      "schema",
      [
        "create table t ()",
        "drop table t",
        "alter table t add a int",
        "comment on table t is ''",
        "grant select on t to r",
        "select 1 into t",
      ],
    ],
    [
      "data",
      [
        "insert into t values (1)",
        "update t set a = 1",
        "delete from t",
        "truncate t",
        "copy t from '/x'",
        "refresh materialized view v",
        "with x as (delete from t returning 1) select 1 from x",
        "explain analyze delete from t",
      ],
    ],
    [
      "query",
      [
        "select 1",
        "values (1)",
        "table t",
        "show work_mem",
        "explain delete from t",
        "explain analyze select 1",
        "copy t to '/x'",
      ],
    ],
    [
      "transaction-control",
      [
        "begin",
        "start transaction",
        "commit",
        "end",
        "rollback",
        "abort",
        "savepoint a",
        "release a",
        "rollback to a",
        "prepare transaction 'a'",
        "set transaction read only",
      ],
    ],
    [
      "session",
      [
        "set work_mem = '1MB'",
        "set local role r",
        "reset all",
        "discard all",
        "listen a",
        "set constraints all deferred",
        "prepare a as select 1",
        "deallocate a",
      ],
    ],
    [
      "utility",
      [
        "vacuum",
        "analyze t",
        "reindex table t",
        "cluster t",
        "do ''",
        "call p()",
        "lock table t",
        "checkpoint",
        "alter system reset all",
      ],
    ],
  ])("is %s", async (nature, texts) => {
    const statements = await parseStatements(texts.join(";\n"));
    expect(statements.map((each) => [each.text, effectsOf(each).nature])).toEqual(texts.map((text) => [text, nature]));
  });
});

describe("effectsOf", () => {
  test("says which forms are guarded or reach further", async () => {
    expect(await effects("drop table if exists t cascade")).toMatchObject({
      ifExists: true,
      ifNotExists: false,
      cascade: true,
    });
    expect(await effects("create table if not exists t ()")).toMatchObject({
      ifExists: false,
      ifNotExists: true,
      cascade: false,
    });
    expect(await effects("alter table t add column if not exists a int")).toMatchObject({
      ifExists: false,
      ifNotExists: true,
    });
    expect(await effects("alter table t drop column if exists a cascade")).toMatchObject({
      ifExists: true,
      ifNotExists: false,
      cascade: true,
    });
    expect(await effects("alter table if exists t add a int")).toMatchObject({ ifExists: true, ifNotExists: false });
  });

  test("never invents a schema", async () => {
    const found = await effects("create view v as select a from t");
    expect([...found.creates, ...found.needs].map(({ schema }) => schema)).toEqual([null, null, null]);
    expect(found.locks).toEqual([{ relation: { schema: null, name: "t" }, mode: "ACCESS SHARE" }]);
  });

  test("names one lock a relation, the strongest", async () => {
    const found = await effects("insert into t select * from t where a in (select a from u for share)");
    expect(found.locks).toEqual([
      { relation: { schema: null, name: "t" }, mode: "ROW EXCLUSIVE" },
      { relation: { schema: null, name: "u" }, mode: "ROW SHARE" },
    ]);
  });

  test("gives the names back as they are, whatever characters they hold", async () => {
    await fc.assert(
      fc.asyncProperty(identifiers, identifiers, identifiers, async (schema, table, column) => {
        const [s, t, c] = [schema, table, column].map(quoteIdentifier);
        const found = await effects(`alter table ${s}.${t} add column ${c} int`);
        expect(found.creates).toEqual([{ kind: "column", schema, name: column, of: table }]);
        expect(found.locks).toEqual([{ relation: { schema, name: table }, mode: "ACCESS EXCLUSIVE" }]);
      }),
    );
  });

  test("takes what a CREATE SCHEMA holds into account", async () => {
    const found = await effects(
      "create schema s create table t (id int references other.u) create view v as select id from t create view w as select id from v",
    );
    expect(found.creates.map(said)).toEqual(["schema s", "table s.t", "column s.t.id", "view s.v", "view s.w"]);
    expect(found.needs.map(said)).toEqual(["table other.u"]);
  });

  test("has no effects to tell of a statement that it does not know, and does not throw", () => {
    const node = { SomeFutureStmt: { relation: { relname: "t" } } } as unknown as Node;
    expect(effectsOf({ text: "", line: 1, column: 1, directives: [], node, tokens: [], startByte: 0 })).toEqual({
      command: "SOME FUTURE",
      nature: "utility",
      transaction: "inside",
      creates: [],
      drops: [],
      needs: [],
      locks: [],
      ifExists: false,
      ifNotExists: false,
      cascade: false,
    });
  });
});
