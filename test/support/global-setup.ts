import { randomUUID } from "node:crypto";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestProject } from "vitest/node";
import { acquireSandbox } from "../../src/postgres/sandbox/sandbox.js";

declare module "vitest" {
  interface ProvidedContext {
    /** A superuser's url of the server that all tests of this run share. */
    readonly superuserUrl: string;
  }
}

/** One server for the whole run: the one that BELAY_TEST_URL names, or a sandbox of its own that is removed afterwards. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const given = process.env["BELAY_TEST_URL"];
  if (given !== undefined && given !== "") {
    project.provide("superuserUrl", given);
    return async () => undefined;
  }
  const dataDirectory = join(tmpdir(), `belay-test-${randomUUID()}`);
  const sandbox = await acquireSandbox({ projectDirectory: process.cwd(), dataDirectory });
  project.provide("superuserUrl", sandbox.url("postgres"));
  return async () => {
    await sandbox.release();
    await rm(dataDirectory, { recursive: true, force: true });
  };
}
