import { beforeAll, describe, expect, it } from "vitest";
import { Client } from "pg";
import { loadProject } from "../../src/system/project/project.js";
import { rehearse } from "../../src/rehearsal/rehearse.js";
import { addRegion, appliedOn, build, built, indexRegion, kindsOn, region } from "../cli/fixture.js";
import { expectBelay, type TestProject } from "../support/cli.js";
import { freshDatabase, type FreshDatabase } from "../support/database.js";

let made: TestProject;

beforeAll(async () => {
  made = await built(addRegion, { targets: ["main"] });
  await expectBelay(made, 0, ["rollout"]);
  // A template must have no session.
  await made.database("main").client.end();
});

/** Lends a copy of the database and its ledger, such as a restored backup is one. */
async function onCopy(work: (copy: FreshDatabase) => Promise<void>): Promise<void> {
  const copy = await freshDatabase("copy", made.database("main").name);
  try {
    await work(copy);
  } finally {
    await copy.drop();
  }
}

interface Said {
  readonly message: string;
  readonly hint: string;
}

/** Runs the artifact, and gives what it was refused with; null where it ran. */
async function artifactOn(url: string, before = "", options = ""): Promise<Said | null> {
  const client = new Client({ connectionString: url, options });
  await client.connect();
  try {
    await client.query(before);
    await client.query(await made.read(`rollbacks/${region}.sql`));
    return null;
  } catch (thrown) {
    const { message, hint = "" } = thrown as Error & { hint?: string };
    return { message, hint };
  } finally {
    await client.end();
  }
}

async function lead(url: string, name = "main"): Promise<void> {
  await made.configure({
    targets: { [name]: { url } },
    stages: [{ name, targets: [name] }],
    policy: { rehearsal: { required: false } },
  });
}

describe("an artifact in a copy of the database", () => {
  it("is refused, names both databases and the way on, and touches nothing", async () => {
    await onCopy(async (copy) => {
      const before = await kindsOn(copy);
      const said = await artifactOn(copy.url);
      expect(said?.message).toContain(`the ledger is that of database ${made.database("main").name} of system`);
      expect(said?.message).toContain(`this is database ${copy.name} of system`);
      expect(said?.hint).toContain("SET belay.accept_copy = on");
      expect(await kindsOn(copy)).toEqual(before);
      expect(await appliedOn(copy)).toEqual([region]);
    });
  });

  it.each([
    ["a SET", "SET belay.accept_copy = on", ""],
    ["PGOPTIONS", "", "-c belay.accept_copy=on"],
  ])("runs where a person says by %s that this is the place, and the ledger keeps that", async (_how, set, options) => {
    await onCopy(async (copy) => {
      expect(await artifactOn(copy.url, set, options)).toBeNull();
      expect((await kindsOn(copy)).slice(-3)).toEqual(["copy-accepted", "kept", "reverted"]);
      expect(await appliedOn(copy)).toEqual([]);
      // It is at home here now, and says "already" without being told again.
      expect(await artifactOn(copy.url)).toBeNull();
    });
  });

  it("goes by the name alone where the role may not read the system identifier", async () => {
    await onCopy(async (copy) => {
      await copy.query("REVOKE EXECUTE ON FUNCTION pg_control_system() FROM PUBLIC");
      await copy.query(`CREATE ROLE ${copy.name} SUPERUSER`);
      try {
        await copy.query(`ALTER ROLE ${copy.name} NOSUPERUSER`);
        await copy.query(
          `GRANT USAGE ON SCHEMA belay TO ${copy.name}; GRANT SELECT ON ALL TABLES IN SCHEMA belay TO ${copy.name}`,
        );
        await copy.query(`SET ROLE ${copy.name}`);
        const [row] = await copy.query<{ here: unknown }>("SELECT belay.identity() AS here");
        expect(row?.here).toEqual({ systemIdentifier: null, database: copy.name });
        await expect(copy.query("SELECT belay.admit_revert()")).rejects.toThrow(/of system \(not readable\)/);
        await copy.query("RESET ROLE");
        await copy.query(`ALTER DATABASE ${made.database("main").name} RENAME TO ${copy.name}_away`);
        await copy.client.end();
        await renamed(copy.name, made.database("main").name, async () => {
          const client = new Client({ connectionString: made.database("main").url });
          await client.connect();
          await client.query(`SET ROLE ${copy.name}; SELECT belay.admit_revert()`);
          await client.end();
        });
      } finally {
        await dropRole(copy.name);
      }
    });
  });
});

async function onServer(...statements: readonly string[]): Promise<void> {
  const client = new Client({ connectionString: made.database("main").url.replace(/\/[^/]*$/, "/postgres") });
  await client.connect();
  for (const sql of statements) await client.query(sql);
  await client.end();
}

/** The copy under the name of the original, which is `<copy>_away` meanwhile. */
async function renamed(copy: string, original: string, work: () => Promise<void>): Promise<void> {
  await onServer(`ALTER DATABASE ${copy} RENAME TO ${original}`);
  try {
    await work();
  } finally {
    await onServer(`ALTER DATABASE ${original} RENAME TO ${copy}`, `ALTER DATABASE ${copy}_away RENAME TO ${original}`);
  }
}

async function dropRole(role: string): Promise<void> {
  const client = new Client({
    connectionString: made.database("main").url.replace(/\/[^/]*$/, `/${role}`),
  });
  await client.connect();
  await client.query(`DROP OWNED BY ${role}`);
  await client.query(`DROP ROLE ${role}`);
  await client.end();
}

describe("belay revert", () => {
  it("is refused in a copy of the database until that is said to be right", async () => {
    await onCopy(async (copy) => {
      await lead(copy.url);
      const before = await kindsOn(copy);
      const { error } = (await expectBelay(made, 3, ["revert", "--last", "--yes", "--json"])).json();
      expect(error).toMatchObject({ code: "target-copied", hint: expect.stringContaining("--accept-copy main") });
      expect(error.message).toContain(copy.name);
      expect(await kindsOn(copy)).toEqual(before);
      const accepted = ["revert", "--last", "--yes", "--json", "--accept-copy", "main"];
      expect((await expectBelay(made, 0, accepted)).json().targets).toMatchObject([{ reverted: [region] }]);
      expect(await kindsOn(copy)).toContain("copy-accepted");
      await expectBelay(made, 0, ["revert", region, "--yes"]);
    });
  });

  it("is refused where the database's ledger knows it under another target's name, unless that is said to be right", async () => {
    await lead(made.database("main").url, "staging");
    const { error } = (await expectBelay(made, 3, ["revert", "--last", "--yes", "--json"])).json();
    expect(error).toMatchObject({ code: "target-mistaken", hint: expect.stringContaining("--accept-renamed staging") });
    await onCopy(async (copy) => expect(await appliedOn(copy)).toEqual([region]));
  });
});

describe("a rehearsal on a copy made from the target as a template", () => {
  it("runs the artifact there, although the copy has the original's ledger", async () => {
    await made.write(indexRegion);
    await made.configure({ policy: { rehearsal: { on: "template" } } });
    await build(made);
    const results = await rehearse(await loadProject({ directory: made.root }));
    expect(results.map(({ outcome }) => outcome)).toEqual(["proven"]);
  });
});
