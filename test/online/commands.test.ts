import { describe, expect, it } from "vitest";
import { expectBelay, project, type TestProject } from "../support/cli.js";

const id = "20260101000100_change";

async function place(up: string, down: string, schema: string): Promise<TestProject> {
  const made = await project(
    { [`migrations/${id}.up.sql`]: up, [`migrations/${id}.down.sql`]: down },
    { targets: ["main"], schema },
  );
  await expectBelay(made, 0, ["build"]);
  return made;
}

const partitioned = `
  CREATE TABLE m (at date NOT NULL, n int) PARTITION BY RANGE (at);
  CREATE TABLE m_1 PARTITION OF m FOR VALUES FROM ('2020-01-01') TO ('2021-01-01');
  INSERT INTO m SELECT '2020-02-02', i FROM generate_series(1, 100) i;`;

describe("a table that turns out to be partitioned", () => {
  it("is refused before anything is touched, in a rehearsal too, with the way that works", async () => {
    const made = await place("CREATE INDEX by_n ON m (n);\n", "DROP INDEX by_n;\n", partitioned);
    const said = /m is partitioned there: an index cannot be built CONCURRENTLY on it, as migrations\/\S+\.up\.sql:1:1 would\./;
    const rehearsed = (await expectBelay(made, 3, ["rehearse", "--json"])).json();
    expect(rehearsed.changes[0].assertions).toContainEqual({ name: "up-runs", passed: false, detail: expect.stringMatching(said) });
    await made.configure({ policy: { rehearsal: { required: false } } });
    const { plan } = (await expectBelay(made, 0, ["plan", "--json"])).json();
    expect(plan.findings).toContainEqual(expect.objectContaining({ severity: "refuse", code: "online-partitioned", message: expect.stringMatching(said) }));
    const refused = await expectBelay(made, 3, ["rollout", "--yes"]);
    expect(refused.stderr).toMatch(said);
    expect(refused.stderr).toContain("-- belay:as-written");
    expect(await made.database("main").query("SELECT to_regnamespace('belay') AS belay")).toEqual([{ belay: null }]);

    await made.write({ [`migrations/${id}.up.sql`]: "-- belay:as-written it has few rows\nCREATE INDEX by_n ON m (n);\n" });
    await expectBelay(made, 0, ["build"]);
    await expectBelay(made, 0, ["rehearse"]);
    await expectBelay(made, 0, ["rollout", "--yes"]);
    await expectBelay(made, 0, ["revert", "--last", "--yes"]);
  });

  it("is seen where the way back alone needs it", async () => {
    const made = await place("DROP INDEX by_n;\n", "CREATE INDEX by_n ON m (n);\n", `${partitioned} CREATE INDEX by_n ON m (n);`);
    await made.configure({ policy: { rehearsal: { required: false } } });
    const refused = await expectBelay(made, 3, ["rollout", "--yes"]);
    expect(refused.stderr).toMatch(/m is partitioned there.*\.down\.sql:1:1/);
  });
}); // prettier-ignore

const schema = "CREATE TABLE t (a int, b int); INSERT INTO t SELECT i, i FROM generate_series(1, 100) i;";

describe("what runs in the place of what was written", () => {
  it("is shown by plan beside it, with the reason, in the document too; it is rehearsed, applied, and taken back by nothing but its file", async () => {
    const made = await place(
      "ALTER TABLE t ADD CONSTRAINT positive CHECK (a > 0), ALTER b SET NOT NULL;\nCREATE INDEX ON t (a);\n",
      "DROP INDEX t_a_idx;\nALTER TABLE t ALTER b DROP NOT NULL, DROP CONSTRAINT positive;\n",
      schema,
    );
    await expectBelay(made, 0, ["rehearse"]);
    const { plan } = (await expectBelay(made, 0, ["plan", "--json"])).json();
    const [change] = plan.changes;
    expect(change.forward.map(({ statement }: { statement: string }) => statement)).toEqual([
      "ALTER TABLE t ADD CONSTRAINT t_b_belay_not_null CHECK (b IS NOT NULL) NOT VALID",
      "ALTER TABLE t VALIDATE CONSTRAINT t_b_belay_not_null",
      "ALTER TABLE t ALTER b SET NOT NULL",
      "ALTER TABLE t DROP CONSTRAINT t_b_belay_not_null",
      "ALTER TABLE t ADD CONSTRAINT positive CHECK (a > 0) NOT VALID",
      "ALTER TABLE t VALIDATE CONSTRAINT positive",
      "CREATE INDEX CONCURRENTLY t_a_idx ON t (a)",
    ]);
    expect(change.forward[1].origin).toEqual({
      text: "ALTER TABLE t ADD CONSTRAINT positive CHECK (a > 0), ALTER b SET NOT NULL",
      why: expect.stringContaining("scan"),
    });
    const shown = (await expectBelay(made, 0, ["plan"])).stdout;
    expect(shown).toMatch(/up\s+written CREATE INDEX ON t \(a\)\n\s+As written .*\n\s+up\s+CREATE INDEX CONCURRENTLY t_a_idx ON t \(a\)/);
    expect(shown.match(/written ALTER TABLE t ADD CONSTRAINT positive/g)).toHaveLength(1);
    await expectBelay(made, 0, ["rollout", "--yes"]);
    await expectBelay(made, 0, ["revert", "--last", "--yes"]);
  });

  it("is proven both ways, by nothing but its file and twice, where the way back builds and proves too", async () => {
    const made = await place(
      `ALTER TABLE t DROP CONSTRAINT u, ADD CONSTRAINT u UNIQUE (b), DROP CONSTRAINT positive;
       DROP INDEX by_b; CREATE INDEX by_b ON t (b, a); ALTER TABLE t ALTER a DROP NOT NULL;\n`,
      `ALTER TABLE t ALTER a SET NOT NULL; DROP INDEX by_b; CREATE INDEX by_b ON t (b);
       ALTER TABLE t ADD CONSTRAINT positive CHECK (a > 0); ALTER TABLE t DROP CONSTRAINT u, ADD CONSTRAINT u UNIQUE (a);\n`,
      `${schema} ALTER TABLE t ADD CONSTRAINT u UNIQUE (a), ADD CONSTRAINT positive CHECK (a > 0), ALTER a SET NOT NULL; CREATE INDEX by_b ON t (b);`,
    );
    const { changes } = (await expectBelay(made, 0, ["rehearse", "--json"])).json();
    expect(changes[0].assertions.filter(({ passed }: { passed: boolean }) => !passed)).toEqual([]);
  });

  it("is nothing that check advises: it tells what the author has switched off, and what that costs", async () => {
    const made = await place("CREATE INDEX ON t (a);\n-- belay:as-written\nALTER TABLE t ADD UNIQUE (b);\n", "ALTER TABLE t DROP CONSTRAINT t_b_key;\nDROP INDEX t_a_idx;\n", schema);
    const { findings } = (await expectBelay(made, 0, ["check", "--json"])).json();
    expect(findings).toEqual([
      { change: id, rule: "as-written", severity: "info", file: `migrations/${id}.up.sql`, line: 3, message: expect.stringContaining("nobody can read or write") },
    ]);
  });
}); // prettier-ignore
