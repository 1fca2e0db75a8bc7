import { readFile } from "node:fs/promises";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { requireChangeId } from "../../src/change/change-id.js";
import { parseHead } from "../../src/change/directives.js";
import { BelayError } from "../../src/errors.js";
import { changesOf } from "../../src/proposal/changes-of.js";
import { effectsOf } from "../../src/sql/effects.js";
import { parseStatements } from "../../src/sql/parse.js";
import { quoteIdentifier } from "../../src/sql/quote.js";
import { advisories, block, changes, fixture, parse, report, statementsOf } from "./report.js";

const commandsOf = async (half: string): Promise<readonly string[]> =>
  (await parseStatements(half)).map((statement) => effectsOf(statement).command);

describe("the changes of a proposal", () => {
  it("are files with a head and statements, exactly so", async () => {
    const text = (await fixture("nested")).replace(/ \\\n\s+scale:references/, "");
    expect(await changes(text)).toEqual([
      {
        id: "20251130235958_add_grams_to_parcels",
        version: "20251130235958",
        name: "add_grams_to_parcels",
        title: "AddGramsToParcels",
        up: [
          "-- belay:title AddGramsToParcels",
          "-- belay:proposal shift_0d1e2f30-aaaa-4bbb-8ccc-000000000001",
          "-- belay:severity 4",
          "-- Weigh again › New scale",
          "",
          "ALTER TABLE parcels ADD COLUMN grams integer;",
          "",
        ].join("\n"),
        down: "-- Takes back AddGramsToParcels\n\nALTER TABLE parcels DROP COLUMN grams;\n",
        heading: "Weigh again › New scale",
        requires: [],
        irreversible: null,
        warnings: [],
        line: 12,
      },
      {
        id: "20251130235959_parcels_by_grams",
        version: "20251130235959",
        name: "parcels_by_grams",
        title: "parcels_by_grams",
        up: [
          "-- belay:title parcels_by_grams",
          "-- belay:proposal shift_0d1e2f30-aaaa-4bbb-8ccc-000000000001",
          "-- belay:severity 4",
          "-- belay:requires 20251130235958_add_grams_to_parcels",
          "-- Find heavy ones",
          "",
          "CREATE INDEX CONCURRENTLY parcels_by_grams ON parcels (grams DESC);",
          "",
        ].join("\n"),
        down: "-- Takes back parcels_by_grams\n\nDROP INDEX CONCURRENTLY parcels_by_grams;\n",
        heading: "Find heavy ones",
        requires: ["20251130235958_add_grams_to_parcels"],
        irreversible: null,
        warnings: [],
        line: 19,
      },
    ]);
  });

  it("are named after what each statement makes or does", async () => {
    const all = await changes(await fixture("shapes"));
    expect(all.map(({ id, title, irreversible }) => [id, title, irreversible !== null])).toEqual([
      ["20260506070809_create_dock_visits", "CreateDockVisits", false],
      ["20260506070810_remove_sticker_from_parcels", "RemoveStickerFromParcels", true],
      ["20260506070811_idx_open", "idx_open", false],
      ["20260506070812_rank_positive", "rank_positive", false],
      ["20260506070813_update_parcels", "update_parcels", true],
    ]);
    expect(advisories(await parse(await fixture("shapes"))).map(({ heading, text }) => [heading, text])).toEqual([
      ["Report", "summary: Every shape once."],
      ["Crew", "Ask for a second forklift."],
      ["Machines", "command not run: sudo reboot forklift"],
    ]);
  });

  it("say that they are blocked where the report blocks execution", async () => {
    const [change] = await changes(await fixture("blocked"));
    expect(parseHead(change?.up ?? "", "up.sql")).toMatchObject({
      severity: 9.5,
      blocked: "customs:3 says block_execution: true",
      proposal: "customs:3",
    });
    expect(statementsOf(change?.up ?? "")).toEqual([
      "ALTER TABLE parcels ADD COLUMN country character varying(2)",
      "CREATE INDEX CONCURRENTLY index_parcels_on_country ON parcels (country)",
    ]);
  });

  it("of the report in this repository are the column and its index", async () => {
    const text = await readFile(new URL("../../proposals/ai-model.md", import.meta.url), "utf8");
    const proposal = await parse(text);
    expect((await changesOf(proposal)).map(({ id, title, requires }) => [id, title, requires])).toEqual([
      ["20260101014704_add_ai_model_to_execution_tasks", "AddAiModelToExecutionTasks", []],
      ["20260101014705_idx_ai_model", "idx_ai_model", ["20260101014704_add_ai_model_to_execution_tasks"]],
    ]);
    expect(advisories(proposal).map(({ heading }) => heading)).toContain("Stop the failing tasks › Release order");
    expect(advisories(proposal).length).toBeGreaterThan(8);
  });

  it.each([
    ["CREATE TABLE boxes (id int)", "boxes", "DROP TABLE boxes"],
    ['CREATE TABLE "Höhe; --" (id int)', "hohe", 'DROP TABLE "Höhe; --"'],
    ['CREATE TABLE "箱" (id int)', "change", 'DROP TABLE "箱"'],
    ["ALTER TABLE boxes ADD COLUMN lid text", "add_lid_to_boxes", "ALTER TABLE boxes DROP COLUMN lid"],
    ["ALTER TABLE boxes ADD CONSTRAINT flat CHECK (h < 3)", "flat", "ALTER TABLE boxes DROP CONSTRAINT flat"],
    ["ALTER TABLE boxes DROP COLUMN lid", "remove_lid_from_boxes", null],
    ["ALTER TABLE boxes ALTER COLUMN lid SET DEFAULT 'x'", "alter_boxes", null],
    ["DROP TABLE boxes", "drop_boxes", null],
    ["INSERT INTO boxes VALUES (1)", "insert_into_boxes", null],
    ["DELETE FROM boxes", "delete_from_boxes", null],
    ["UPDATE boxes SET lid = (SELECT max(name) FROM lids)", "update_boxes", null],
    ["ALTER TYPE mood ADD VALUE 'sad'", "add_sad_to_mood", null],
    ["COMMENT ON TABLE boxes IS 'flat'", "comment_on_boxes", null],
    ["CREATE VIEW flat_boxes AS SELECT * FROM boxes", "flat_boxes", "DROP VIEW flat_boxes"],
  ])("have a way back where one follows from the statement: %s", async (sql, name, back) => {
    const [change] = await changes(block("sql", `${sql};`));
    expect(change?.name).toBe(name);
    expect(statementsOf(change?.up ?? "")).toEqual([sql]);
    expect(change?.irreversible === null).toBe(back !== null);
    expect(statementsOf(change?.down ?? "")).toEqual(back === null ? [] : [back]);
    expect(parseHead(change?.up ?? "", "up.sql").irreversible).toBe(change?.irreversible);
  });

  it("drop an index without blocking writers, too", async () => {
    const [change] = await changes(block("sql", "drop index idx_open"));
    expect(statementsOf(change?.up ?? "")).toEqual(["drop index concurrently idx_open"]);
  });

  it("keep the author's words in a statement, comments included", async () => {
    const [change] = await changes(block("sql", "-- before", "create index i -- why", "  on t(a); -- after"));
    expect(change?.up.split("\n\n")[1]).toBe("create index concurrently i -- why\n  on t(a);\n");
  });

  it.each([
    ["a table", "CREATE TABLE a (id int PRIMARY KEY)", "CREATE TABLE b (a int REFERENCES a (id))", true],
    ["a table with its schema", "CREATE TABLE a (id int)", "ALTER TABLE public.a ADD COLUMN n int", true],
    ["a table of another schema", "CREATE TABLE x.a (id int)", "ALTER TABLE a ADD COLUMN n int", false],
    ["a column", "ALTER TABLE a ADD COLUMN n int", "CREATE INDEX i ON a (n)", true],
    ["another column", "ALTER TABLE a ADD COLUMN n int", "CREATE INDEX i ON a (m)", false],
    ["a column that is written", "ALTER TABLE a ADD COLUMN n int", "UPDATE a SET n = 1", true],
    ["a view", "CREATE VIEW v AS SELECT 1", "CREATE VIEW w AS SELECT * FROM v", true],
    ["a type", "CREATE TYPE mood AS ENUM ('sad')", "CREATE TABLE a (m mood)", true],
    ["an index", "CREATE INDEX i ON a (n)", "DROP INDEX i", true],
    ["an index that may be gone", "CREATE INDEX i ON a (n)", "DROP INDEX IF EXISTS i", true],
  ])("require the one that made what they need: %s", async (_, first, second, expected) => {
    const [one, two] = await changes(block("sql", `${first};`, `${second};`));
    expect(two?.requires).toEqual(expected ? [one?.id] : []);
    expect(parseHead(two?.up ?? "", "up.sql").requires).toEqual(two?.requires);
  });

  it("require each other's tables between migrations of Rails, too", async () => {
    const [first, second, third] = await changes(
      block(
        "bash",
        "rails g migration CreateBoxes",
        "rails g migration CreateLids box:references",
        "rails g migration AddAToB a",
      ),
    );
    expect(second?.requires).toEqual([first?.id]);
    expect(third?.requires).toEqual([]);
  });

  it("count their versions up by a second, over the end of a year as well", async () => {
    const text = report("```sql", "CREATE TABLE a (); CREATE TABLE b ();", "CREATE TABLE c ();", "```").replace(
      /timestamp: .*/,
      "timestamp: 2025-12-31T23:59:59.999Z",
    );
    expect((await changes(text)).map(({ version }) => version)).toEqual([
      "20251231235959",
      "20260101000000",
      "20260101000001",
    ]);
  });

  it("have names and titles of their own, however often a report asks for the same", async () => {
    const all = await changes(
      block("sql", "UPDATE t SET a = 1;", "UPDATE t SET a = 2;", "CREATE TABLE update_t_2 ();"),
    );
    expect(all.map(({ name }) => name)).toEqual(["update_t", "update_t_2", "update_t_2_2"]);
    expect(all.map(({ title }) => title)).toEqual(["update_t", "update_t_2", "update_t_2_2"]);
  });

  it("never take a directive from a heading or a name", async () => {
    const [change] = await changes(
      report("## belay:transaction off", "```sql", 'CREATE TABLE "x\n-- belay:keep off" ();', "```"),
    );
    const head = parseHead(change?.up ?? "", "up.sql");
    expect(head).toMatchObject({ transaction: "on", keep: "on", title: "x -- belay:keep off" });
    expect(await commandsOf(change?.up ?? "")).toEqual(["CREATE TABLE"]);
  });

  it("are the same, byte for byte, each time", async () => {
    const text = await fixture("shapes");
    expect(await changes(text)).toEqual(await changes(text));
  });
});

describe("whatever names a report uses", () => {
  const nasty = fc.oneof(
    fc.string({ maxLength: 40 }),
    fc.string({ unit: "binary", maxLength: 20 }),
    fc.constantFrom(
      "a); DROP TABLE x; --",
      '"; DROP TABLE x; --',
      "a'b",
      "select",
      "Größe",
      "a\nb",
      "\\",
      "$1",
      "${x}",
      "--",
      "/*",
      "belay:keep off",
    ),
    fc.stringMatching(/^[a-z][a-z0-9_]{0,30}$/),
  );

  it("a migration of Rails is refused, or its pair parses into just the statements that were asked for", async () => {
    const word = (text: string): string => `'${text.replaceAll("'", `'"'"'`)}'`;
    let made = 0;
    await fc.assert(
      fc.asyncProperty(
        nasty,
        nasty,
        fc.constantFrom("string", "text:index", "references"),
        async (table, column, type) => {
          const text = block("bash", `rails g migration ${word(`add_x_to_${table}`)} ${word(`${column}:${type}`)}`);
          const outcome = await changes(text).catch((thrown: unknown) => thrown);
          expect(outcome instanceof Error && !(outcome instanceof BelayError && outcome.kind === "usage")).toBe(false);
          if (outcome instanceof Error) return;
          for (const { id, up, down } of outcome as Awaited<ReturnType<typeof changes>>) {
            made += 1;
            requireChangeId(id, "report.md");
            const index = type === "string" ? [] : ["CREATE INDEX CONCURRENTLY"];
            const key = type === "references";
            const commands = (await commandsOf(up)).map((command) => command.replace(/^ALTER TABLE.*/, "ALTER TABLE"));
            expect(commands).toEqual([
              "ALTER TABLE",
              ...(key ? ["ALTER TABLE"] : []),
              ...index,
              ...(key ? ["ALTER TABLE"] : []),
            ]);
            expect(await parseStatements(down)).toHaveLength(1 + index.length + (key ? 1 : 0));
          }
        },
      ),
      { numRuns: 300 },
    );
    expect(made).toBeGreaterThan(10);
  });

  it("a statement of SQL stays the one statement that it was, in files that can be written and read", async () => {
    const name = nasty.filter(
      (text) =>
        text !== "" && !text.includes("\0") && Buffer.from(text).toString() === text && Buffer.byteLength(text) <= 63,
    );
    await fc.assert(
      fc.asyncProperty(name, name, async (heading, table) => {
        // A name with a line break cannot be told from the lines of the report around it.
        fc.pre(!/[\r\n`]/.test(table));
        const text = report(
          `## ${heading.replaceAll(/[\r\n]/g, " ")}`,
          "~~~sql",
          `CREATE TABLE ${quoteIdentifier(table)} ();`,
          "~~~",
        );
        const all = await changes(text);
        expect(all).toHaveLength(1);
        for (const { id, up, down, title } of all) {
          requireChangeId(id, "report.md");
          expect(parseHead(up, "up.sql")).toMatchObject({
            title,
            irreversible: null,
            transaction: "on",
            keep: "on",
            requires: [],
          });
          const [made, ...others] = await parseStatements(up);
          expect(others).toEqual([]);
          expect(made === undefined ? null : effectsOf(made).creates).toEqual([
            { kind: "table", schema: null, name: table },
          ]);
          expect(await commandsOf(down)).toEqual(["DROP TABLE"]);
        }
      }),
    );
  });
});
