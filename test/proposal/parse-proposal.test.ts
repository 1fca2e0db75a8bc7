import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { BelayError } from "../../src/errors.js";
import { parseProposal } from "../../src/proposal/parse-proposal.js";
import { REPORT_LIMIT_BYTES } from "../../src/proposal/report-text.js";
import { advisories, block, fixture, HEAD, parse, report } from "./report.js";

const without = (key: string): string => report("x").replace(new RegExp(`^- ${key}:.*\n`, "m"), "");
const instead = (key: string, value: string): string =>
  report("x").replace(new RegExp(`^- ${key}:.*$`, "m"), `- ${key}: ${value}`);

describe("the head of a report", () => {
  it("gives id, time with milliseconds, severity and block_execution", async () => {
    expect(await parse(report("x"))).toMatchObject({
      kind: "proposal",
      id: "r_1",
      timestamp: "2026-01-01T01:47:04.827Z",
      severity: 6,
      blockExecution: false,
      title: "Report",
    });
    expect(await parse(await fixture("blocked"))).toMatchObject({
      severity: 9.5,
      blockExecution: true,
      title: "Customs report",
    });
  });

  it("turns a time with an offset into UTC", async () => {
    expect((await parse(instead("timestamp", "2026-01-01T01:00:00+02:00"))).timestamp).toBe("2025-12-31T23:00:00.000Z");
  });

  it("may hold further keys, which become advisories", async () => {
    const proposal = await parse(`- author: Ann\n${report("x")}`);
    expect(advisories(proposal)[0]).toEqual({ kind: "advisory", heading: "Head", text: "author: Ann", line: 1 });
  });

  it.each([
    ["an empty file", "", 1, "empty"],
    ["only blank lines", " \n\n", 1, "empty"],
    ["no head", "Just prose.\n", 1, "head-missing"],
    ["a title without a head", "# Title\n\nProse.\n", 3, "head-missing"],
    ["only a title", "# Title\n", 1, "head-missing"],
    ["a numbered list for a head", "1. id: x\n", 1, "head-missing"],
    ["no id", without("id"), 1, "head-id"],
    ["no timestamp", without("timestamp"), 1, "head-timestamp"],
    ["no severity", without("severity"), 1, "head-severity"],
    ["no block_execution", without("block_execution"), 1, "head-block-execution"],
    ["an id with a space", instead("id", "a b"), 1, "id"],
    ["an id that is too long", instead("id", "a".repeat(101)), 1, "id"],
    ["an id with a line of SQL", instead("id", "x'; DROP TABLE y"), 1, "id"],
    ["an unreadable date", instead("timestamp", "yesterday"), 2, "timestamp"],
    ["a day that does not exist", instead("timestamp", "2026-02-30T00:00:00Z"), 2, "timestamp"],
    ["an hour that does not exist", instead("timestamp", "2026-02-03T24:00:00Z"), 2, "timestamp"],
    ["a time without a zone", instead("timestamp", "2026-02-03T04:05:06"), 2, "timestamp"],
    ["a severity of high", instead("severity", "high"), 3, "severity"],
    ["a severity of 11", instead("severity", "11"), 3, "severity"],
    ["a severity below 0", instead("severity", "-1"), 3, "severity"],
    ["a block_execution of maybe", instead("block_execution", "maybe"), 4, "block-execution"],
    ["a key twice", report("x").replace("- severity: 6", "- severity: 6\n- severity: 7"), 4, "head-duplicate"],
    ["an item that is no key", report("x").replace("- severity: 6", "- very severe"), 3, "head-item"],
    ["a key of two lines", report("x").replace("- severity: 6", "- severity: 6\n  or 7"), 4, "head-item"],
  ])("is refused with its line: %s", async (_, text, line, code) => {
    await expect(parse(text)).rejects.toMatchObject({
      kind: "usage",
      code: `proposal-${code}`,
      message: expect.stringMatching(new RegExp(`^report\\.md:${line}: expected .+, found .+`)) as string,
    });
  });
});

describe("the text of a report", () => {
  it("may start with a byte order mark and end its lines in CR LF", async () => {
    const plain = await parse(await fixture("nested"));
    const text = `\uFEFF${(await fixture("nested")).replaceAll("\n", "\r\n")}`;
    expect(await parse(text)).toEqual(plain);
    expect(await parseProposal(new TextEncoder().encode(text), "report.md")).toEqual(plain);
  });

  it.each([
    ["a NUL byte", Buffer.from(`${report("x")}\0`), 8, "binary"],
    ["bytes that are not UTF-8", Buffer.concat([Buffer.from(report("x")), Buffer.from([0x41, 0xff])]), 8, "binary"],
    ["10 MB of text", Buffer.alloc(10_000_000, "some text\n"), 1, "too-large"],
    ["one byte more than the limit", Buffer.alloc(REPORT_LIMIT_BYTES + 1, "a"), 1, "too-large"],
    ["too many lines", Buffer.alloc(20_000, "\n"), 10_001, "too-large"],
    ["200 quotes within each other", Buffer.from(report(">".repeat(200))), 7, "nesting"],
  ])("is refused with its line: %s", async (_, bytes, line, code) => {
    await expect(parseProposal(bytes, "report.md")).rejects.toMatchObject({
      code: `proposal-${code}`,
      message: expect.stringMatching(new RegExp(`^report\\.md:${line}: expected `)) as string,
    });
  });

  it("says the limit to someone whose report is too large", async () => {
    await expect(parse("a".repeat(REPORT_LIMIT_BYTES + 1))).rejects.toThrow(
      `at most 256 KiB (${REPORT_LIMIT_BYTES} bytes)`,
    );
  });

  it.each([
    ["at the end of the file", report("```bash", "rails db:migrate"), 7],
    ["with nothing after it", `${HEAD.join("\n")}\n\`\`\`sql`, 7],
    ["at the end of a list item", report("- a", "  ```bash", "  rails db:migrate", "", "prose"), 8],
    ["closed by fewer marks", report("````sql", "SELECT 1;", "```"), 7],
    ["closed by other marks", report("~~~sql", "SELECT 1;", "```"), 7],
    ["closed by an indented fence", report("```sql", "SELECT 1;", "      ```"), 7],
    ["in a quote", report("> ```sql", "> SELECT 1;", "", "prose"), 7],
  ])("is refused where a fence is not closed: %s", async (_, text, line) => {
    await expect(parse(text)).rejects.toMatchObject({
      code: "proposal-fence-unterminated",
      message: expect.stringMatching(new RegExp(`^report\\.md:${line}: expected a closing fence`)) as string,
    });
  });

  it("either becomes a proposal or is refused as wrong usage, whatever it is", async () => {
    const line = fc.oneof(
      fc.constantFrom(
        "- a",
        "  - b",
        "```bash",
        "```",
        "> q",
        "# h",
        "## Risks",
        "rails g migration AddAToB a",
        "**x:** y",
        "",
      ),
      fc.string(),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(line, { maxLength: 20 }), fc.boolean(), async (lines, withHead) => {
        const text = withHead ? report(...lines) : lines.join("\n");
        const outcome = await parse(text).catch((thrown: unknown) => thrown);
        expect(outcome).toHaveProperty("kind", outcome instanceof BelayError ? "usage" : "proposal");
      }),
    );
  });
});

describe("the actions of a report", () => {
  it("come in the order of the report, each with its headings", async () => {
    const { actions, risks, mitigations, title } = await parse(await fixture("nested"));
    expect(title).toBe("Night shift report");
    expect(actions.map((action) => [action.kind, action.line, action.heading])).toEqual([
      ["advisory", 6, "Report"],
      ["schema", 12, "Weigh again › New scale"],
      ["advisory", 16, "Weigh again › Training"],
      ["schema", 20, "Find heavy ones"],
      ["advisory", 21, "Find heavy ones"],
      ["advisory", 23, "Find heavy ones"],
      ["advisory", 25, "Find heavy ones"],
      ["advisory", 29, "Later"],
      ["advisory", 33, "Later"],
    ]);
    expect(risks).toEqual(["Old parcels: keep no weight", "Two scales", "may disagree"]);
    expect(mitigations).toEqual(["Weigh a sample twice"]);
  });

  it("keep the prose beside a change as its explanation", async () => {
    const { actions } = await parse(await fixture("nested"));
    expect(actions[1]).toMatchObject({
      kind: "schema",
      explanation: "The scale writes `grams` now.",
      command: expect.stringContaining("rails generate migration AddGramsToParcels") as string,
      block: expect.stringContaining("rails db:migrate") as string,
    });
  });

  it("keep the text on the line after `- proposal:`", async () => {
    const { actions } = await parse(await fixture("nested"));
    expect(actions[0]).toMatchObject({ text: expect.stringMatching(/^summary: Parcels lose/) as string });
  });

  it("keep a bullet list that follows `- proposal:` as the body", async () => {
    const proposal = await parse(report("- **Do:** this", "- Do that"));
    expect(advisories(proposal)).toEqual([
      { kind: "advisory", heading: "Do", text: "this", line: 7 },
      { kind: "advisory", heading: "Report", text: "Do that", line: 8 },
    ]);
  });

  it.each([
    ["another command", block("bash", "sudo reboot now"), "command not run: sudo reboot now"],
    ["a query", block("sql", "SELECT 1;"), "statement not run: SELECT 1"],
    ["maintenance", block("sql", "VACUUM parcels;"), "statement not run: VACUUM parcels"],
    ["code in another language", block("python", "print(1)"), "code in python, not run: print(1)"],
    ["code in no language", block("", "rails db:migrate"), "code without a language, not run: rails db:migrate"],
    [
      "indented code",
      report("## Head", "", "    rails db:migrate"),
      "code without a language, not run: rails db:migrate",
    ],
    ["a comment alone in a block", block("bash", "# think first"), "comment: think first"],
    ["a comment alone in SQL", block("sql", "-- think first"), "comment: -- think first"],
    ["printed output alone", block("console", "$ rails db:migrate", "README"), "output: README"],
    ["a heading with nothing under it", report("## Think", "## Risks"), "Think"],
    ["a lead with nothing under it", report("1. **Think:**"), "Think"],
    ["a link", report("See [the notes](http://x.test/a)."), "See [the notes](http://x.test/a)."],
    ["HTML", report("<b>bold</b> words"), "<b>bold</b> words"],
    [
      "a generator of models",
      block("bash", "rails g model Parcel grams:integer"),
      "the model generator writes application code too",
    ],
    [
      "a migration whose name says nothing",
      block("bash", "rails g migration FixParcels a"),
      "empty migration: its name follows none",
    ],
    [
      "a migration without columns",
      block("bash", "rails g migration AddAToParcels"),
      "empty migration: it names no columns",
    ],
    [
      "another database",
      block("bash", "rails g migration AddAToB a --database=animals"),
      "--database names another database",
    ],
    ["rich text", block("bash", "rails g migration AddAToB a:rich_text b"), "a:rich_text makes no column"],
    ["going back", block("bash", "rails db:rollback"), "command not run: rails db:rollback"],
  ])("are advisories where they are %s", async (_, text, said) => {
    expect(advisories(await parse(text)).map((advisory) => advisory.text)).toEqual([expect.stringContaining(said)]);
  });

  it.each([
    "rails db:migrate",
    "bin/rails db:migrate RAILS_ENV=test",
    "bundle exec rake db:migrate --trace",
    "RAILS_ENV=x rails db:prepare",
  ])("are none where a rollout does the same: %s", async (command) => {
    expect((await parse(block("bash", command))).actions).toEqual([]);
  });

  it("read commands after prompts, and leave what they printed", async () => {
    const { actions } = await parse(
      block("console", "$ rails g migration AddAToB a \\", "> b:text", "      create  db/migrate/1.rb"),
    );
    expect(actions).toHaveLength(1);
    expect(actions[0]).toMatchObject({
      kind: "schema",
      line: 8,
      block: expect.stringContaining("create  db") as string,
    });
  });

  it.each([
    ["BEGIN;", 8, "sql-statement"],
    ["SELECT 1;\nSET lock_timeout = 0;", 9, "sql-statement"],
    ["-- belay:irreversible never\nDROP TABLE a;", 9, "sql-directive"],
    [`CREATE TABLE ${"a".repeat(64)} (id int);`, 8, "name"],
    [`CREATE TABLE "${"ä".repeat(32)}" (id int);`, 8, "name"],
  ])("are refused with the line of the report: %s", async (sql, line, code) => {
    await expect(parse(block("sql", sql))).rejects.toMatchObject({
      code: `proposal-${code}`,
      message: expect.stringContaining(`report.md:${line}: expected`) as string,
    });
  });

  it.each([
    ["a syntax error", "CREATE TABLE a (id int);\nCREATE TABEL b ();", 9, "sql-syntax"],
    ["a command of psql", "SELECT 1;\n\\d parcels", 9, "sql-psql-command"],
    ["a directive in a statement", "CREATE TABLE a (\n-- belay:keep off\nid int);", 9, "sql-directive-misplaced"],
  ])(
    "are refused where PostgreSQL's parser refuses them, with the line of the report: %s",
    async (_, sql, line, code) => {
      await expect(parse(block("sql", sql))).rejects.toMatchObject({
        code,
        message: expect.stringContaining(`report.md:${line}:`) as string,
      });
    },
  );

  it("name the line of SQL in an indented list item", async () => {
    const text = report("1. a", "   - b", "     ```sql", "     SELECT 1;", "     nonsense;", "     ```");
    await expect(parse(text)).rejects.toThrow("report.md:11:");
  });

  it.each([
    ["a fenced block", report("## Head", "```", "a", "```"), 9],
    ["an indented block", report("## Head", "", "    a"), 9],
    ["a fenced block of several lines", report("## Head", "~~~~", "", "a", "b", "~~~~"), 9],
  ])("stand on the first line of their code: %s", async (_, text, line) => {
    expect((await parse(text)).actions.map((action) => action.line)).toEqual([line]);
  });

  it("are at most 200", async () => {
    const commands = Array.from({ length: 201 }, (_, at) => `rails g migration Add${"ABC"[at % 3]}ToB a`);
    await expect(parse(block("bash", ...commands))).rejects.toThrow(
      "report.md:208: expected at most 200 changes, found 201",
    );
    const sql = Array.from({ length: 201 }, () => ["```sql", "SELECT 1;", "```"]).flat();
    await expect(parse(report(...sql))).rejects.toThrow("expected at most 200 blocks of SQL, found 201");
  });
});

describe("nothing of a report is dropped", () => {
  const paragraph = fc.constantFrom(
    "# {}",
    "### {}",
    "{}",
    "**{}**",
    "**{}:** {}",
    "`{}` {}",
    "> {}",
    "[{}]({})",
    "![{}]({})",
    "{}\n===",
    "<i>{}</i>",
    "[{}]: {}",
  );
  const item = fc.constantFrom(
    "- {}",
    "- **{}:** {}",
    "- {}:\n  - {}",
    "- {}\n\n  {}\n  > {}",
    "1. **{}**\n   - {}\n     ```yaml\n     {}\n     ```",
    "- {}\n  - {}\n    - **{}**",
  );
  const code = fc.constantFrom(
    "```sh\n{} # {}\n# {}\n```",
    "```console\n$ {}\n{}\n```",
    "```\n{}\n```",
    "```sql\n-- {}\n```",
    "```sql\nSELECT {};\n```",
    "    {}",
  );
  const schema = fc.constantFrom(
    "- {}\n\n  {}\n  ```bash\n  rails g migration AddAToB {}\n  rails db:migrate # {}\n  ```\n  {}",
    "{}\n```sql\n-- {}\nCREATE TABLE {} (id int);\n```",
  );
  const section = fc.constantFrom(
    "## Risks\n- {}\n\n{}",
    "## Mitigations\n### {}\n- **{}:** {}\n  - {}",
    "## Risks:\n```\n{}\n```",
  );

  it("each word of the body is in an action, a risk or a mitigation", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.oneof(paragraph, item, code, schema, section), { maxLength: 12 }), async (parts) => {
        let count = 0;
        const body = parts.join("\n\n").replaceAll("{}", () => `w${(count += 1)}x`);
        const { actions, risks, mitigations } = await parse(report(...body.split("\n")));
        const found = JSON.stringify([actions.map((action) => ({ ...action, request: null })), risks, mitigations]);
        for (let word = 1; word <= count; word += 1) expect(found).toContain(`w${word}x`);
      }),
    );
  });
});
