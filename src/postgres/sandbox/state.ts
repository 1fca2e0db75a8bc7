import { randomBytes } from "node:crypto";
import { readFile, rename, writeFile } from "node:fs/promises";
import { z } from "zod";
import { hasCode } from "./system-error.js";

/** What a sandbox remembers between two runs of its server. */
export interface SandboxState {
  /** The port that it had last, so that a url noted down stays right where it can. */
  readonly port?: number | undefined;
}

const stateSchema = z.object({ port: z.int().min(1).max(65_535).optional() });
const PASSWORD_BYTES = 24;

/** Reads the state; one that is not there or damaged is no state. */
export async function readState(path: string): Promise<SandboxState> {
  const text = await readIfThere(path);
  if (text === undefined) return {};
  try {
    return stateSchema.parse(JSON.parse(text));
  } catch {
    // It only holds what can be found again.
    return {};
  }
}

/** Replaces the state as a whole. */
export async function writeState(path: string, state: SandboxState): Promise<void> {
  await writeFile(`${path}.draft`, `${JSON.stringify(state)}\n`, { mode: 0o600 });
  await rename(`${path}.draft`, path);
}

/** The superuser's password, or undefined before there is one. */
export async function readPassword(path: string): Promise<string | undefined> {
  return (await readIfThere(path))?.trim();
}

/** Makes the superuser's password and keeps it in a file that nobody else can read. */
export async function makePassword(path: string): Promise<string> {
  const password = randomBytes(PASSWORD_BYTES).toString("base64url");
  await writeFile(`${path}.draft`, `${password}\n`, { mode: 0o600 });
  await rename(`${path}.draft`, path);
  return password;
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if (hasCode(error, "ENOENT")) return undefined;
    throw error;
  }
}
