import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { Client } from "pg";
import { runArtifactFile } from "../../../src/rehearsal/run-artifact.js";
import { serverUrl } from "../../support/database.js";

/** PostgreSQL's own programs, where there are any that fit the server under test. */
export interface Witness {
  /** What runs an artifact: `psql`, or any driver. */
  readonly runs: "psql" | "a driver";
  /** Who dumps a schema, besides Belay; null where no `pg_dump` of the server's major version is to be had. */
  readonly dumps: string | null;
  run(url: string, artifact: string): Promise<void>;
  /** The schema as `pg_dump` prints it; the empty text where there is none that fits. */
  dump(url: string): Promise<string>;
}

/** Looks beside the server's own programs first, then on the PATH. */
export async function findWitness(): Promise<Witness> {
  const { version, programs } = await serverUnderTest();
  const psql = await firstOf(programs("psql"), () => true);
  const pgDump = await firstOf(programs("pg_dump"), (text) => new RegExp(` ${version}\\b`).test(text));
  return {
    runs: psql === null ? "a driver" : "psql",
    dumps: pgDump === null ? null : `pg_dump ${version}`,
    run: (url, artifact) => (psql === null ? runByDriver(url, artifact) : runByPsql(psql, url, artifact)),
    dump: async (url) => (pgDump === null ? "" : withoutNoise(await dumpBy(pgDump, url))),
  };
}

async function serverUnderTest(): Promise<{ version: number; programs: (name: string) => readonly string[] }> {
  const client = new Client({ connectionString: serverUrl() });
  await client.connect();
  try {
    const { rows } = await client.query<{ version: number; directory: string }>(
      "SELECT current_setting('server_version_num')::int / 10000 AS version, (SELECT setting FROM pg_config WHERE name = 'BINDIR') AS directory",
    );
    const { version, directory } = rows[0] ?? { version: 0, directory: "" };
    return { version, programs: (name) => [join(directory, name), name] };
  } finally {
    await client.end();
  }
}

async function firstOf(programs: readonly string[], fits: (version: string) => boolean): Promise<string | null> {
  for (const program of programs) {
    const { failed, stdout } = await execa(program, ["--version"], { reject: false });
    if (!failed && fits(stdout)) return program;
  }
  return null;
}

async function runByPsql(psql: string, url: string, artifact: string): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "belay-case-"));
  try {
    const file = join(folder, "artifact.sql");
    await writeFile(file, artifact);
    await execa(psql, ["-X", "-q", "-v", "ON_ERROR_STOP=1", "-f", file, url]);
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function runByDriver(url: string, artifact: string): Promise<void> {
  await runArtifactFile(url, artifact);
}

async function dumpBy(pgDump: string, url: string): Promise<string> {
  const { stdout } = await execa(pgDump, [
    "--schema-only",
    "--exclude-schema=belay",
    "--exclude-schema=belay_kept",
    url,
  ]);
  return stdout;
}

/** Each dump has its own word to restrict psql with. */
function withoutNoise(dump: string): string {
  return dump.replaceAll(/^\\(un)?restrict .*$/gm, "");
}
