import { readdir } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { belay, expectBelay, project, type TestProject } from "../support/cli.js";
import { addRegion, appliedOn, exists, pair, region, regionIndex, indexRegion, tasks, unrehearsed } from "./fixture.js";

interface Head {
  readonly severity?: string;
  readonly blocked?: boolean;
}

/** A report that asks for a column, for its index, and for something in prose. */
function report({ severity = "6", blocked = false }: Head = {}, column = "ai_model:string"): string {
  return `# Proposal
- id: fsar_0001
- timestamp: 2026-01-01T01:47:04.827Z
- severity: ${severity}
- block_execution: ${blocked}
- proposal:

self_improvement: The tasks should say which model ran them.

1. **Model**
   - **Column:** Add it.
     \`\`\`bash
     rails generate migration AddAiModelToTasks ${column}
     rails db:migrate
     \`\`\`
   - **Training:** Talk to the people who run the models.
2. **Speed**
   \`\`\`sql
   CREATE INDEX idx_ai_model ON tasks (ai_model);
   \`\`\`

## Risks
- Slow while the index is built

## Mitigations
- Rehearse
`;
}

const column = "20260101014704_add_ai_model_to_tasks";
const index = "20260101014705_idx_ai_model";

async function proposed(head: Head = {}, options: object = {}): Promise<TestProject> {
  const made = await project({ "report.md": report(head) }, { schema: tasks, ...options });
  await expectBelay(made, 0, ["propose", "report.md"]);
  return made;
}

async function filesIn(made: TestProject): Promise<readonly string[]> {
  return (await readdir(made.root, { recursive: true })).filter((file) => !file.endsWith("belay.config.json"));
}

describe("belay init", () => {
  it("writes a config and two folders, once; what is there is not touched", async () => {
    const made = await project({}, { targets: [] });
    const document = (await expectBelay(made, 0, ["init", "--json"])).json();
    expect(document).toMatchObject({ outcome: "done", made: ["migrations/", "rollbacks/", "belay.config.ts"] });
    await made.write({ "belay.config.ts": `${await made.read("belay.config.ts")}// mine\n` });
    expect((await expectBelay(made, 0, ["init", "--json"])).json()).toMatchObject({ outcome: "unchanged", made: [] });
    expect(await made.read("belay.config.ts")).toContain("// mine");
    expect((await expectBelay(made, 0, ["check", "--json"])).json().findings).toEqual([]);
  });
});

describe("belay new", () => {
  it("writes an empty pair in each form, later than every change there is", async () => {
    const made = await project(pair("20990101000000_late", "SELECT 1;", "SELECT 1;"), { targets: ["main"] });
    const files = async (...args: readonly string[]): Promise<readonly string[]> =>
      (await expectBelay(made, 0, ["new", ...args, "--json"])).json().files;
    expect(await files("AddColour")).toEqual([
      "migrations/20990101000001_add_colour.up.sql",
      "migrations/20990101000001_add_colour.down.sql",
    ]);
    expect(await files("AddShape", "--ts")).toEqual(["migrations/20990101000002_add_shape.ts"]);
    expect(await files("warm cache", "--command")).toEqual(["migrations/20990101000003_warm_cache.command.json"]);
    expect((await expectBelay(made, 2, ["new", "X", "--ts", "--command"])).stderr).toContain("exclusive");
    expect((await expectBelay(made, 2, ["new", "!!"])).stderr).toContain("!!");
    expect((await expectBelay(made, 7, ["check", "AddColour"])).stdout).toContain("add_colour.up.sql");
  });
});

describe("belay propose", () => {
  it("writes pairs and artifacts, names what is prose, and the second time changes nothing", async () => {
    const made = await project({ "report.md": report() }, { targets: ["main"], schema: tasks });
    const dry = (await expectBelay(made, 0, ["propose", "report.md", "--dry-run", "--json"])).json();
    expect(dry).toMatchObject({ outcome: "dry_run", changes: [{ id: column }, { id: index }] });
    expect(await filesIn(made)).toEqual(["report.md"]);
    const document = (await expectBelay(made, 0, ["propose", "report.md", "--json"])).json();
    expect(document).toMatchObject({
      outcome: "written",
      proposal: { id: "fsar_0001", severity: 6, blocked: false },
      changes: [
        {
          id: column,
          title: "AddAiModelToTasks",
          action: "written",
          files: [`migrations/${column}.up.sql`, `migrations/${column}.down.sql`],
        },
        { id: index, title: "idx_ai_model", action: "written" },
      ],
    });
    expect(JSON.stringify(document.advisories)).toContain("Talk to the people");
    expect(await made.read(`migrations/${index}.up.sql`)).toMatch(/belay:requires[^]*CREATE INDEX CONCURRENTLY/);
    await expectBelay(made, 0, ["build", "--check"]);
    const again = (await expectBelay(made, 0, ["propose", "report.md", "--json"])).json();
    expect(again).toMatchObject({ outcome: "unchanged", changes: [{ action: "unchanged" }, { action: "unchanged" }] });
    const { stdout } = await expectBelay(made, 0, ["propose", "report.md"]);
    expect(stdout).toContain("Talk to the people");
  });

  it("keeps the statements of a pair that a person has edited", async () => {
    const made = await proposed({}, { targets: ["main"] });
    const edited = (await made.read(`migrations/${column}.up.sql`)).replace(";", " DEFAULT 'none';");
    await made.write({ [`migrations/${column}.up.sql`]: edited });
    const document = (await expectBelay(made, 0, ["propose", "report.md", "--json"])).json();
    expect(document.changes).toMatchObject([{ action: "kept" }, { action: "unchanged" }]);
    expect(await made.read(`migrations/${column}.up.sql`)).toBe(edited);
  });

  it("of a blocked report writes the pairs for review, and a rollout refuses them until the report says otherwise", async () => {
    const made = await proposed({ blocked: true }, { config: unrehearsed, targets: ["main"] });
    expect((await expectBelay(made, 3, ["rollout", "--yes", "--json"])).json().error.code).toBe("proposal-blocked");
    expect(await appliedOn(made.database("main"))).toEqual([]);
    await made.write({ "report.md": report() });
    expect((await expectBelay(made, 0, ["propose", "report.md", "--json"])).json().outcome).toBe("written");
    await expectBelay(made, 0, ["rollout"]);
    expect(await appliedOn(made.database("main"))).toEqual([column, index]);
  });

  it("of severity 7 makes every stage after the first wait for an approval, which --yes is", async () => {
    const made = await proposed({ severity: "7" }, { config: unrehearsed });
    const paused = (await expectBelay(made, 6, ["rollout", "--json"])).json();
    expect(paused).toMatchObject({
      outcome: "paused",
      error: { code: "waits-for-approval" },
      waiting: { kind: "approval" },
    });
    expect(await appliedOn(made.database("staging"))).toEqual([column, index]);
    expect(await appliedOn(made.database("production"))).toEqual([]);
    await expectBelay(made, 6, ["resume", paused.rollout]);
    expect((await expectBelay(made, 0, ["approve", paused.rollout, "--json"])).json()).toMatchObject({
      stage: "production",
    });
    expect((await expectBelay(made, 2, ["approve", paused.rollout])).stderr).toContain("waits for no approval");
    expect((await expectBelay(made, 0, ["resume", paused.rollout, "--json"])).json().outcome).toBe("completed");
    expect(await appliedOn(made.database("production"))).toEqual([column, index]);
    const other = await proposed({ severity: "7" }, { config: unrehearsed });
    await expectBelay(other, 0, ["rollout", "--yes"]);
  });

  it("of severity 9 wants a person's own word: --yes is none", async () => {
    const made = await proposed({ severity: "9" }, { config: unrehearsed });
    const paused = (await expectBelay(made, 6, ["rollout", "--yes", "--json"])).json();
    expect(paused.error.message).toContain("--yes");
    expect(await appliedOn(made.database("production"))).toEqual([]);
    await expectBelay(made, 6, ["resume", paused.rollout, "--yes"]);
    await expectBelay(made, 0, ["approve", paused.rollout]);
    await expectBelay(made, 0, ["resume", paused.rollout]);
    expect(await appliedOn(made.database("production"))).toEqual([column, index]);
  });

  it("splices no name from a report into a statement", async () => {
    const hostile = `"ai_model:string); DROP TABLE tasks; --"`;
    const made = await project(
      { "report.md": report({}, hostile) },
      { targets: ["main"], schema: tasks, config: unrehearsed },
    );
    const result = await belay(made, ["propose", "report.md"]);
    const rolled = result.exitCode === 0 ? await belay(made, ["rollout"]) : result;
    expect([0, 2, 4]).toContain(rolled.exitCode);
    expect(await exists(made.database("main"), "tasks")).toBe(true);
  });

  it.each<[string, string | Buffer, RegExp]>([
    ["without a head", "# Proposal\n\nSome text.\n", /id/],
    ["without an id", report().replace("- id: fsar_0001\n", ""), /id/],
    ["with an unreadable date", report().replace("2026-01-01T01:47:04.827Z", "yesterday"), /report\.md:\d+.*yesterday/],
    ["with a severity of high", report({ severity: "high" }), /report\.md:4.*high/],
    ["with a severity of 11", report({ severity: "11" }), /report\.md:4.*11/],
    ["with an unterminated fence", report().replaceAll("   ```\n", ""), /report\.md:\d+/],
    ["that is empty", "", /empty/i],
    ["that is binary", Buffer.from([0x23, 0x00, 0xff, 0xfe, 0x01]), /report\.md/],
    ["of ten megabytes", `${report()}${"x".repeat(10 * 1024 * 1024)}`, /large|long|big|MB/i],
    [
      "with SQL that does not parse",
      report().replace("CREATE INDEX idx_ai_model ON", "CREATE INDEX ON ON"),
      /report\.md:\d+/,
    ],
  ])("of a report %s exits 2, says where, and writes nothing", async (_, text, said) => {
    // prettier-ignore
    const made = await project({}, { targets: [] });
    await made.write({ "report.md": text as string });
    const { stderr } = await expectBelay(made, 2, ["propose", "report.md"]);
    expect(stderr).toMatch(said);
    expect(await filesIn(made)).toEqual(["report.md"]);
  });
});

describe("belay build and belay check", () => {
  it("find what is missing, edited, out of date or cannot be read, each with its file; build mends what it may", async () => {
    const made = await project({ ...addRegion, ...indexRegion }, { targets: ["main"] });
    const rules = async (): Promise<readonly string[]> =>
      (await belay(made, ["check", "--json"]))
        .json()
        .findings.map((found: { rule: string; file: string }) => `${found.rule} ${found.file}`);
    const file = `rollbacks/${region}.sql`;
    expect((await expectBelay(made, 7, ["build", "--check", "--json"])).json()).toMatchObject({
      outcome: "out_of_date",
      artifacts: [{ action: "out-of-date" }, { action: "out-of-date" }],
    });
    expect(await rules()).toEqual([`artifact-missing ${file}`, `artifact-missing rollbacks/${regionIndex}.sql`]);
    expect((await expectBelay(made, 0, ["build", "--json"])).json()).toMatchObject({ outcome: "built" });
    expect((await expectBelay(made, 0, ["build", "--json"])).json()).toMatchObject({ outcome: "unchanged" });
    expect(await rules()).toEqual([]);
    await made.write({ [file]: `${await made.read(file)}-- edited\n` });
    const edited = (await expectBelay(made, 7, ["check", "--json"])).json().findings;
    expect(edited).toMatchObject([
      {
        change: region,
        rule: "artifact-edited",
        severity: "error",
        file,
        message: expect.stringMatching(/[0-9a-f]{64}.* now [0-9a-f]{64}/),
      },
    ]);
    await expectBelay(made, 0, ["build"]);
    await made.write({
      [`migrations/${region}.up.sql`]: "-- belay:title AddRegion\nALTER TABLE tasks ADD COLUMN region varchar;\n",
    });
    expect(await rules()).toEqual([`artifact-stale ${file}`]);
    await expectBelay(made, 7, ["build", "--check"]);
    await expectBelay(made, 0, ["build"]);
    await made.write({ [`rollbacks/${region}.json`]: "{" });
    expect(await rules()).toEqual([expect.stringMatching(/^manifest-invalid/)]);
    await expectBelay(made, 0, ["build"]);
    await expectBelay(made, 0, ["build", "--check"]);
  });

  it("name the place of a syntax error, a lost half and a transaction of the author's own, in every format", async () => {
    const made = await project(
      {
        ...pair("20260101000001_bad", "SELECT 1;\nALTER TABEL tasks;", "SELECT 1;"),
        "migrations/20260101000002_half.up.sql": "SELECT 1;\n",
        ...pair("20260101000003_own", "SELECT 1;\n  COMMIT;", "SELECT 1;"),
      },
      { targets: ["main"] },
    );
    const { findings } = (await expectBelay(made, 7, ["check", "--json"])).json();
    expect(findings).toMatchObject([
      { rule: "change-half-missing", severity: "error", file: "migrations/20260101000002_half.up.sql" },
      { change: "20260101000001_bad", severity: "error", file: "migrations/20260101000001_bad.up.sql", line: 2, message: expect.stringContaining(":2:7") },
      { change: "20260101000003_own", rule: "transaction-control", line: 2 },
    ]); // prettier-ignore
    const github = (await expectBelay(made, 7, ["check", "--format", "github"])).stdout;
    expect(github).toMatch(/^::error file=migrations\/20260101000001_bad\.up\.sql,line=2[^\n]*::/m);
    const sarif = JSON.parse((await expectBelay(made, 7, ["check", "--format", "sarif"])).stdout);
    expect(sarif).toMatchObject({ version: "2.1.0", runs: [{ tool: { driver: { name: "belay" } } }] });
    const place = sarif.runs[0].results[1].locations[0].physicalLocation;
    expect(place).toMatchObject({
      artifactLocation: { uri: "migrations/20260101000001_bad.up.sql" },
      region: { startLine: 2 },
    });
    expect((await expectBelay(made, 7, ["check"])).stdout).toContain("20260101000001_bad.up.sql:2");
  });
});
