import { copyFile, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { openFolder, temporaryFolder } from "../postgres/sandbox/folder.js";
import { ownIdentity } from "../postgres/sandbox/process-identity.js";
import { acquireSandbox, type Sandbox } from "../postgres/sandbox/sandbox.js";
import { ownerFile, playgroundPrefix, sweepPlaygrounds } from "./abandoned.js";

/** This repository, or the package. */
export const repository = fileURLToPath(new URL("../..", import.meta.url));

export const firstChange = "20251201090000_create_execution_tasks";

/** A project of its own in a fresh folder, with a sandbox that runs for as long as the story does. */
export interface Playground {
  readonly directory: string;
  readonly sandbox: Sandbox;
  /** The report's copy in the project, relative to it. */
  readonly report: string;
  /** Stops the server, and removes all that there is of the project and the sandbox. */
  close(): Promise<void>;
}

/** Copies the repository's config, its first change and the report to a fresh folder, and starts the sandbox there. */
export async function openPlayground(report: string, note: (message: string) => void): Promise<Playground> {
  await sweepPlaygrounds();
  const directory = await mkdtemp(join(await temporaryFolder(), playgroundPrefix()));
  let sandbox: Sandbox | null = null;
  const close = async (): Promise<void> => {
    await sandbox?.release();
    const { root } = await openFolder(directory);
    await rm(root, { recursive: true, force: true });
    await rm(directory, { recursive: true, force: true });
  };
  try {
    const copied = await fill(directory, report);
    sandbox = await acquireSandbox({ projectDirectory: directory, report: note });
    return { directory, sandbox, report: copied, close };
  } catch (thrown) {
    await close();
    throw thrown;
  }
}

/** Gives where the report's copy lies. */
async function fill(directory: string, report: string): Promise<string> {
  await writeFile(join(directory, ownerFile), JSON.stringify(await ownIdentity()));
  for (const folder of ["migrations", "proposals"]) await mkdir(join(directory, folder));
  for (const file of ["belay.config.ts", `migrations/${firstChange}.ts`])
    await copyFile(join(repository, file), join(directory, file));
  const copied = `proposals/${basename(report)}`;
  await copyFile(report, join(directory, copied));
  return copied;
}
