import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { execa } from "execa";
import { messageOf } from "../../src/errors.js";
import { runArtifactFile } from "../../src/rehearsal/run-artifact.js";
import type { TestProject } from "../support/cli.js";

export interface ArtifactRun {
  readonly exitCode: number;
  /** What it said: notices and errors. */
  readonly said: string;
}

const { failed: hasNoPsql } = await execa("psql", ["--version"], { reject: false });

/** Runs `rollbacks/<id>.sql` alone, with psql where there is one, or else as any driver would. */
export async function runArtifact(made: TestProject, id: string, target = "main"): Promise<ArtifactRun> {
  return runFile(made, `rollbacks/${id}.sql`, target);
}

export async function runFile(made: TestProject, file: string, target = "main"): Promise<ArtifactRun> {
  const { url } = made.database(target);
  if (hasNoPsql) return runByDriver(join(made.root, file), url);
  const args = ["-X", "-v", "ON_ERROR_STOP=1", "-f", file, url];
  const { exitCode, stdout, stderr } = await execa("psql", args, { cwd: made.root, reject: false });
  return { exitCode: exitCode ?? -1, said: `${stdout}\n${stderr}` };
}

async function runByDriver(path: string, url: string): Promise<ArtifactRun> {
  try {
    return { exitCode: 0, said: (await runArtifactFile(url, await readFile(path, "utf8"))).join("\n") };
  } catch (thrown) {
    return { exitCode: 3, said: messageOf(thrown) };
  }
}
