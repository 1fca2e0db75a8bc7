import { randomUUID } from "node:crypto";
import { readdir, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestProject } from "vitest/node";
import { openFolder } from "../../src/postgres/sandbox/folder.js";
import { sweepLeases } from "../../src/postgres/sandbox/lease.js";
import { withLock } from "../../src/postgres/sandbox/lock-file.js";
import { findPostmaster, stopPostmaster } from "../../src/postgres/sandbox/postmaster.js";
import { acquireSandbox } from "../../src/postgres/sandbox/sandbox.js";
import { hasCode } from "../../src/postgres/sandbox/system-error.js";

declare module "vitest" {
  interface ProvidedContext {
    /** A superuser's url of the server that all tests of this run share. */
    readonly superuserUrl: string;
  }
}

const PREFIX = `belay-test-server-${process.getuid?.() ?? "user"}-`;
/** A younger folder may be one that another run is about to take. */
const ABANDONED_AFTER_MS = 60_000;

/** One server for the whole run: the one that BELAY_TEST_URL names, or a sandbox of its own that is removed afterwards. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const given = process.env["BELAY_TEST_URL"];
  if (given !== undefined && given !== "") {
    project.provide("superuserUrl", given);
    return async () => undefined;
  }
  await removeAbandoned();
  const dataDirectory = join(tmpdir(), `${PREFIX}${randomUUID()}`);
  const sandbox = await acquireSandbox({ projectDirectory: process.cwd(), dataDirectory });
  project.provide("superuserUrl", sandbox.url("postgres"));
  return async () => {
    await sandbox.release();
    await rm(dataDirectory, { recursive: true, force: true });
  };
}

/** A run that was killed leaves its server; the next one ends it. */
async function removeAbandoned(): Promise<void> {
  for (const name of (await readdir(tmpdir())).filter((found) => found.startsWith(PREFIX))) {
    try {
      await removeUnlessHeld(join(tmpdir(), name));
    } catch (error) {
      // Another run removes it at this moment.
      if (!hasCode(error, "ENOENT")) throw error;
    }
  }
}

async function removeUnlessHeld(path: string): Promise<void> {
  if (Date.now() - (await stat(path)).mtimeMs < ABANDONED_AFTER_MS) return;
  const folder = await openFolder(path, path);
  const held = await withLock(folder.root, async () => {
    if ((await sweepLeases(folder.leases)) > 0) return true;
    const postmaster = await findPostmaster(folder.data);
    if (postmaster !== undefined) await stopPostmaster(postmaster, folder.data);
    return false;
  });
  if (!held) await rm(path, { recursive: true, force: true });
}
