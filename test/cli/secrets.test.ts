import { randomUUID } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { belay, type BelayResult, type TestProject } from "../support/cli.js";
import type { FreshDatabase } from "../support/database.js";
import { addRegion, build, built, region, unrehearsed } from "./fixture.js";

const password = `s3cret${randomUUID().replaceAll("-", "")}`;
const role = `belay_test_${randomUUID().slice(0, 8)}`;
let made: TestProject;
let database: FreshDatabase;

beforeAll(async () => {
  made = await built(addRegion, { targets: ["main"] });
  database = made.database("main");
  await database.query(`CREATE ROLE ${role} LOGIN PASSWORD '${password}'`);
  await database.query(`ALTER DATABASE ${database.name} OWNER TO ${role}`);
  await database.query(`ALTER TABLE tasks OWNER TO ${role}; ALTER SCHEMA public OWNER TO ${role}`);
});

afterAll(async () => {
  await database.query(`DROP OWNED BY ${role} CASCADE; ALTER DATABASE ${database.name} OWNER TO CURRENT_USER`);
  await database.query(`REASSIGN OWNED BY ${role} TO CURRENT_USER; DROP ROLE ${role}`);
});

/** The database's url for the role, with one thing changed. */
function urlWith(change: (url: URL) => void): string {
  const url = new URL(database.url);
  url.username = role;
  url.password = password;
  change(url);
  return url.href;
}

async function run(url: string, args: readonly string[], more: object = {}): Promise<BelayResult> {
  await made.configure({
    ...unrehearsed,
    targets: { main: { url } },
    stages: [{ name: "main", targets: ["main"] }],
    ...more,
  });
  const result = await belay(made, args);
  expect(result.stdout + result.stderr).not.toContain(password);
  return result;
}

const plain = (): string => urlWith(() => undefined);

describe("a password in a url", () => {
  it.each<[string, (url: URL) => void, string]>([
    ["of an unknown host", (url) => (url.hostname = "no-such-host.invalid"), "no-such-host.invalid"],
    ["of a port where nothing listens", (url) => (url.port = "1"), "nothing listens"],
    ["of a database that is missing", (url) => (url.pathname = "/no_such_database"), "no such database"],
    ["of an unknown user", (url) => (url.username = "no_such_role"), "refused the login"],
    ["that is wrong", (url) => (url.password = `x${password}`), "refused the login"],
    ["of a server without TLS that should have it", (url) => url.searchParams.set("sslmode", "require"), "SSL"],
  ])("%s is in no error, which is one sentence with exit code 2", async (_, change, said) => {
    // prettier-ignore
    const { exitCode, stderr } = await run(urlWith(change), ["rollout"]);
    expect(stderr).toContain(said);
    expect(exitCode).toBe(2);
  });

  it("of a role that may make no ledger is in no error, which refuses in one sentence too, and nothing was touched", async () => {
    const poor = `${role}_poor`;
    await database.query(`CREATE ROLE ${poor} LOGIN PASSWORD '${password}'`);
    try {
      const { exitCode, stderr } = await run(
        urlWith((url) => (url.username = poor)),
        ["rollout"],
      );
      expect(stderr).toContain("permission denied");
      expect(stderr).not.toContain("defect");
      expect(exitCode).toBe(3);
      expect(await database.query("SELECT to_regnamespace('belay') AS ledger")).toEqual([{ ledger: null }]);
    } finally {
      await database.query(`DROP ROLE ${poor}`);
    }
  });

  it("is in no output, no document, no ledger and no artifact of a change that goes out and comes back", async () => {
    const tell = ["sh", "-c", 'echo "$BELAY_DATABASE_URL"; echo "$BELAY_DATABASE_URL" >&2'];
    const gates = {
      loud: { probe: "command", run: tell, phase: "after", success: { equals: "calm" }, count: 1 },
    };
    const commands: readonly (readonly string[])[] = [
      ["status"], ["plan"], ["rehearse"], ["rollout", "--json"], ["history"], ["history", "--json"], ["revert", "--last", "--yes"], ["drift"],
    ]; // prettier-ignore
    for (const args of commands) await run(plain(), args);
    const stages = [{ name: "main", targets: ["main"], gates: ["loud"] }];
    const red = await run(plain(), ["rollout", "--retry", "again", "--json"], { gates, stages });
    expect(red.json()).toMatchObject({ outcome: "rolled_back", failure: { gate: "loud" } });
    await run(plain(), ["status", "--json"]);
    await expectNowhere();
  });

  it("that a command of a change prints when it fails is in no output and no ledger", async () => {
    const tell = { run: ["sh", "-c", 'echo "cannot reach $BELAY_DATABASE_URL" >&2; exit 1'] };
    const id = "20260101000009_tell";
    await made.write({ [`migrations/${id}.command.json`]: JSON.stringify({ up: tell, down: tell }) });
    await made.configure({ ...unrehearsed, targets: { main: { url: plain() } } });
    await build(made);
    const { stderr } = await run(plain(), ["rollout", "--retry", "again"]);
    expect(stderr).toContain("cannot reach");
    await run(plain(), ["history", "--json"]);
    await made.remove(`migrations/${id}.command.json`);
    await expectNowhere();
  });
});

async function expectNowhere(): Promise<void> {
  const rows = await database.query("SELECT j::text AS entry FROM belay.journal j");
  expect(rows.length).toBeGreaterThan(0);
  expect(rows.map((row) => row["entry"]).join("\n")).not.toContain(password);
  const files = await readdir(join(made.root, "rollbacks"));
  expect(files).toContain(`${region}.sql`);
  for (const file of files) expect(await readFile(join(made.root, "rollbacks", file), "utf8")).not.toContain(password);
}
