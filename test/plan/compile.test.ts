import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { compile, type Source } from "../../src/plan/compile.js";
import { authored, isAuthors, isBracketed, stepsOf, type Section, type StatementPlan } from "../../src/plan/step.js";
import { parseStatements } from "../../src/sql/parse.js";

async function planOf(up: string, down: string, given: Partial<Source> = {}): Promise<StatementPlan> {
  const halves = { up: await parseStatements(up, "up.sql"), down: await parseStatements(down, "down.sql") };
  return compile({
    id: "20260101000001_x",
    files: { up: "x.up.sql", down: "x.down.sql" },
    form: "sql",
    transaction: "on",
    keep: "on",
    digest: "d",
    home: "public",
    ...halves,
    ...given,
  });
}

/** Each section as its kind and the commands in it; what Belay put there goes by its purpose. */
function shape(sections: readonly Section[]): readonly string[] {
  return sections.map(({ transaction, steps }) => {
    const names = steps.map(({ command, purpose }) => purpose ?? command);
    return `${transaction}: ${names.join(", ")}`;
  });
}

describe("a compiled plan", () => {
  it("puts neighbouring statements in one transaction, and what cannot run in one outside and alone", async () => {
    const up = `ALTER TABLE t ADD COLUMN a int; ALTER TABLE t ADD COLUMN b int;
      CREATE INDEX CONCURRENTLY i ON t (a); CREATE INDEX CONCURRENTLY j ON t (b);
      ALTER TABLE t ALTER COLUMN b SET DEFAULT 1;`;
    const plan = await planOf(up, "SELECT 1");
    expect(shape(plan.forward)).toEqual([
      "inside: ALTER TABLE ADD COLUMN, ALTER TABLE ADD COLUMN",
      "outside: CREATE INDEX CONCURRENTLY",
      "outside: CREATE INDEX CONCURRENTLY",
      "inside: ALTER TABLE ALTER COLUMN SET DEFAULT",
    ].map((line) => expect.stringMatching(new RegExp(`^${line.split(":")[0]}: `)))); // prettier-ignore
    expect(plan.forward.map(({ steps }) => steps.length)).toEqual([2, 1, 1, 1]);
    expect(isBracketed(plan.forward)).toBe(true);
    expect(isBracketed(plan.backward)).toBe(false);
  });

  it("gives a validation, and a new value of an enum, a transaction of its own", async () => {
    const up = `ALTER TABLE t ADD CONSTRAINT c CHECK (a > 0) NOT VALID; ALTER TABLE t VALIDATE CONSTRAINT c; COMMENT ON TABLE t IS 'x';
      ALTER TYPE mood ADD VALUE 'calm'; INSERT INTO t VALUES ('calm'); ALTER DOMAIN d VALIDATE CONSTRAINT positive;`;
    const plan = await planOf(up, "SELECT 1");
    expect(shape(plan.forward)).toEqual([
      "inside: ALTER TABLE ADD CONSTRAINT",
      "inside: ALTER TABLE VALIDATE CONSTRAINT",
      "inside: COMMENT ON TABLE",
      "inside: ALTER TYPE ADD VALUE",
      "inside: write",
      "inside: ALTER DOMAIN VALIDATE CONSTRAINT",
    ]);
  });

  it("says what the catalog must show after a statement outside a transaction", async () => {
    const up = `ALTER TABLE m DETACH PARTITION app.m_1 CONCURRENTLY; REINDEX INDEX CONCURRENTLY i; DROP INDEX CONCURRENTLY j; VACUUM t;`;
    const plan = await planOf(up, "SELECT 1");
    expect(stepsOf(plan.forward).map(({ verification }) => verification)).toEqual([
      { kind: "detached", parent: { schema: null, name: "m" }, partition: { schema: "app", name: "m_1" } },
      { kind: "reindexed", relation: { schema: null, name: "i" } },
      { kind: "index-gone", index: { schema: null, name: "j" } },
      { kind: "none" },
    ]);
  });

  it("loses and reorders no statement, whatever they are", async () => {
    const statements = fc.array(
      fc.constantFrom(
        "ALTER TABLE t ADD COLUMN a int",
        "CREATE INDEX CONCURRENTLY i ON t (a)",
        "UPDATE t SET a = 1",
        "DROP TABLE t",
        "VACUUM t",
        "CREATE TABLE IF NOT EXISTS t (a int)",
      ),
      { minLength: 1, maxLength: 6 },
    );
    await fc.assert(
      fc.asyncProperty(
        statements,
        fc.constantFrom("on", "off"),
        fc.constantFrom("on", "off"),
        async (given, transaction, keep) => {
          const plan = await planOf(given.join(";\n"), "SELECT 1", { transaction, keep } as const);
          expect(stepsOf(plan.forward).filter(isAuthors).map(authored)).toEqual(given);
          for (const { transaction: kind, steps } of plan.forward) {
            const ownSteps = steps.filter(isAuthors).length;
            expect(steps.length).toBeGreaterThan(0);
            expect(kind === "outside" && steps.length > 1).toBe(false);
            expect(transaction === "off" && ownSteps > 1).toBe(false);
          }
        },
      ),
      { numRuns: 60 },
    );
  });

  it("hides what is dropped, and brings it back before its place would be made anew", async () => {
    const plan = await planOf("ALTER TABLE app.t ADD COLUMN a int;", "ALTER TABLE app.t DROP COLUMN a;");
    expect(stepsOf(plan.backward).map(({ purpose }) => purpose)).toEqual(["hide"]);
    expect(stepsOf(plan.forward).map(({ purpose }) => purpose)).toEqual(["unhide", null, "restore"]);
    expect(stepsOf(plan.forward)[1]).toMatchObject({ unless: ["column app.t.a"] });
    expect(stepsOf(plan.backward)[0]).toMatchObject({
      sql: expect.stringMatching(
        /^SELECT belay\.hide\('20260101000001_x', 'down', 'd', 'ALTER TABLE app\.t DROP COLUMN a', /,
      ),
      removes: ["column app.t.a"],
      origin: { text: "ALTER TABLE app.t DROP COLUMN a" },
    });
    expect(plan.loss).toEqual([]);
  });

  it("brings a whole table back on the way back, checks its constraints after that, and leaves out what only says how it was", async () => {
    const down = `CREATE TABLE t (a int); CREATE INDEX i ON t (a); INSERT INTO t VALUES (1); COMMENT ON TABLE t IS 'said'; GRANT SELECT ON t TO public;
      INSERT INTO log SELECT count(*) FROM t; ALTER TABLE u ADD COLUMN b int`;
    const plan = await planOf("DROP TABLE t;", down);
    expect(stepsOf(plan.forward).map(({ purpose }) => purpose)).toEqual(["compare", "return", "hide", "return"]);
    expect(shape(plan.backward)).toEqual([
      "inside: unhide, CREATE TABLE, CREATE INDEX, INSERT, COMMENT ON TABLE, GRANT, write, ALTER TABLE ADD COLUMN, restore",
      "inside: finish",
      "inside: finish",
    ]);
    const unless = stepsOf(plan.backward)
      .filter(isAuthors)
      .map((step) => step.unless ?? []);
    // The last two stay for the ledger to decide: they may be parts of what came back.
    expect(unless).toEqual([...Array.from({ length: 5 }, () => ["table t"]), ["table log"], ["column u.b"]]);
  });

  it("makes nothing that came back as a part of something else", async () => {
    const up = `DROP SCHEMA app CASCADE; DROP TYPE mood CASCADE`;
    const down = `CREATE SCHEMA app; CREATE TABLE app.t (a int PRIMARY KEY); ALTER TABLE app.t ADD CONSTRAINT c CHECK (a > 0) NOT VALID; ALTER TABLE app.t VALIDATE CONSTRAINT c;
      GRANT SELECT ON app.t TO public; INSERT INTO app.t VALUES (1); CREATE TYPE mood AS ENUM ('ok'); ALTER TABLE people ADD COLUMN m mood; UPDATE people SET m = 'ok'`;
    const unless = stepsOf((await planOf(up, down)).backward)
      .filter(isAuthors)
      .map((step) => step.unless ?? []);
    expect(unless).toEqual([
      ["schema app"],
      ["table app.t"],
      ["constraint app.t.c"],
      ["constraint app.t.c"],
      ["table app.t"],
      ["table app.t"],
      ["type mood"],
      ["column people.m"],
      ["column people.m"],
    ]);
  });

  it("makes anew what the other half drops for good, also where what it stands on comes back", async () => {
    const up = "DROP INDEX i; ALTER TABLE t DROP COLUMN a, DROP COLUMN b";
    const down =
      "ALTER TABLE t ADD COLUMN a int; ALTER TABLE t ADD COLUMN b int; CREATE INDEX i ON t (a); CREATE INDEX j ON t (a, c); UPDATE t SET a = 1; UPDATE t SET a = 1, c = 2";
    const plan = await planOf(up, down);
    const unless = stepsOf(plan.backward)
      .filter(isAuthors)
      .map((step) => step.unless ?? []);
    expect(unless).toEqual([["column t.a"], ["column t.b"], [], ["column t.a"], ["column t.a"], ["column t.a", "column t.c"]]); // prettier-ignore
  });

  it("hides no view that would hold the columns which it reads: the pair writes it down, and nothing of anybody's is in it", async () => {
    const purposes = async (up: string): Promise<readonly (string | null)[]> =>
      stepsOf((await planOf(up, "SELECT 1")).forward)
        .map(({ purpose }) => purpose)
        .filter((purpose) => purpose !== "see");
    expect(await purposes("DROP VIEW v; ALTER TABLE t ALTER COLUMN a TYPE bigint")).toEqual([null, null]);
    expect(await purposes("DROP VIEW v CASCADE")).toEqual(["hide"]);
    expect(await purposes("DROP MATERIALIZED VIEW m; ALTER TABLE t DROP COLUMN a")).toEqual(["hide", "hide"]);
    expect(await purposes("DROP MATERIALIZED VIEW m; ALTER TABLE t ALTER COLUMN a TYPE bigint")).toEqual([null, null]);
  });

  it("drops for good what the half has made itself, and copies what is dropped together with something else", async () => {
    const own = await planOf("CREATE TABLE x (a int); DROP TABLE x", "SELECT 1");
    expect(stepsOf(own.forward).map(({ purpose }) => purpose)).toEqual([null, "keep", null]);
    const mixed = await planOf("ALTER TABLE t DROP COLUMN a, ADD COLUMN b int", "ALTER TABLE t ADD COLUMN a int");
    expect(stepsOf(mixed.forward).map(({ purpose }) => purpose)).toEqual(["keep", null]);
  });

  it("keeps nothing where nothing is destroyed: a rename, a move, an index", async () => {
    for (const [up, down] of [
      ["ALTER TABLE t RENAME COLUMN a TO b", "ALTER TABLE t RENAME COLUMN b TO a"],
      ["ALTER TABLE t RENAME TO u", "ALTER TABLE u RENAME TO t"],
      ["ALTER TABLE t SET SCHEMA s", "ALTER TABLE s.t SET SCHEMA public"],
      ["CREATE INDEX i ON t (a)", "DROP INDEX i"],
    ] as const) {
      const plan = await planOf(up, down);
      expect(stepsOf([...plan.forward, ...plan.backward]).map(({ purpose }) => purpose)).toEqual([null, null]);
      expect(plan.loss).toEqual([]);
    }
  });

  it("keeps what a statement finds in the rows that it writes, and has the other half put it back around the one that undoes it", async () => {
    const plan = await planOf(
      "INSERT INTO t VALUES (1); UPDATE t SET a = 2",
      "UPDATE t SET a = 1; DELETE FROM t WHERE a = 1",
    );
    const purposes = (sections: StatementPlan["forward"]): readonly unknown[] =>
      stepsOf(sections).map((step) => step.purpose);
    expect(purposes(plan.forward)).toEqual([
      "compare",
      "compare",
      "write",
      "return",
      "compare",
      "write",
      "return",
      "return",
      "return",
    ]);
    expect(purposes(plan.backward)).toEqual(["compare", "compare", "write", "return", "write", "return", "return"]);
    expect(plan.loss).toEqual([]);
    const made = await planOf(
      "CREATE TABLE t (a int); INSERT INTO t VALUES (1); ALTER TABLE u ADD COLUMN b int; UPDATE u SET b = 1",
      "DROP TABLE t; ALTER TABLE u DROP COLUMN b",
    );
    expect(purposes(made.forward)).toEqual(["unhide", null, null, "unhide", null, null, "restore", "restore"]);
  });

  it("puts rows back at first where no statement of the way back writes their table, and at last where it got another shape since", async () => {
    const first = await planOf(
      "ALTER TABLE t ALTER a DROP NOT NULL; UPDATE t SET a = NULL",
      "ALTER TABLE t ALTER a SET NOT NULL",
    );
    expect(stepsOf(first.backward)[1]).toMatchObject({ purpose: "return" });
    const last = await planOf(
      "UPDATE t SET a = 1; ALTER TABLE t ADD CHECK (a > 0)",
      "ALTER TABLE t DROP CONSTRAINT t_a_check",
    );
    expect(stepsOf(last.backward).map(({ purpose }) => purpose)).toEqual([null, "compare", "return", "return"]);
  });

  it("with keep off keeps nothing, and says what the way back loses", async () => {
    const plan = await planOf("ALTER TABLE t ADD COLUMN a int;", "ALTER TABLE t DROP COLUMN a;", { keep: "off" });
    expect(stepsOf([...plan.forward, ...plan.backward]).map(({ purpose }) => purpose)).toEqual([null, null]);
    expect(plan.loss).toMatchObject([{ object: "column t.a" }]);
    const rows = await planOf("INSERT INTO t VALUES (1)", "DELETE FROM t WHERE a = 1", { keep: "off" });
    expect(rows.loss).toMatchObject([{ object: "t", what: expect.stringContaining("DELETE") }]);
  });

  it("knows what IF NOT EXISTS may meet, and what the catalog must show after a statement outside", async () => {
    const up = `CREATE INDEX IF NOT EXISTS i ON t (a); ALTER TABLE t ADD COLUMN IF NOT EXISTS a int;
      CREATE UNIQUE INDEX CONCURRENTLY k ON t (a);`;
    const plan = await planOf(up, "DROP INDEX CONCURRENTLY k; DROP INDEX i; ALTER TABLE t DROP COLUMN a;");
    const own = stepsOf(plan.forward).filter(({ purpose }) => purpose === null);
    expect(own.map(({ mayMeet }) => mayMeet.map(({ key }) => key))).toEqual([["index i"], ["column t.a"], []]);
    expect(own.map(({ verification }) => verification.kind)).toEqual(["none", "none", "index-valid"]);
    expect(stepsOf(plan.backward)[0]?.verification).toEqual({ kind: "index-gone", index: { schema: null, name: "k" } });
  });

  it.each(["BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT s", "START TRANSACTION"])(
    "of a half with %s is refused with its place: Belay brackets the statements itself",
    async (statement) => {
      await expect(planOf(`SELECT 1;\n  ${statement};`, "SELECT 1")).rejects.toMatchObject({
        code: "transaction-control",
        message: expect.stringContaining("x.up.sql:2:3"),
      });
    },
  );
});
