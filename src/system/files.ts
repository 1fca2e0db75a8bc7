import { readFileSync } from "node:fs";
import { readdir, rename, writeFile } from "node:fs/promises";

/** Writes beside, then renames: a reader sees the old bytes or the new ones. */
export async function writeWhole(path: string, text: string): Promise<void> {
  await writeTogether([[path, text]]);
}

/** The same for files that make no sense without each other: all stand beside before the first is renamed. */
export async function writeTogether(files: readonly (readonly [path: string, text: string])[]): Promise<void> {
  const beside = (path: string): string => `${path}.${process.pid}.tmp`;
  for (const [path, text] of files) await writeFile(beside(path), text);
  for (const [path] of files) await rename(beside(path), path);
}

/** Its bytes. Read at once, since a file of a project is small: waiting for each would take thirty times as long, and there may be 40,000 of them. */
export function readBytes(path: string): Buffer {
  return readFileSync(path);
}

export async function readIfThere(path: string): Promise<string | null> {
  try {
    return readBytes(path).toString("utf8");
  } catch (thrown) {
    if (isMissing(thrown)) return null;
    throw thrown;
  }
}

/** The names in a folder, sorted; none where it is missing. */
export async function listIfThere(path: string): Promise<readonly string[]> {
  try {
    return (await readdir(path)).toSorted();
  } catch (thrown) {
    if (isMissing(thrown)) return [];
    throw thrown;
  }
}

function isMissing(thrown: unknown): boolean {
  return typeof thrown === "object" && thrown !== null && "code" in thrown && thrown.code === "ENOENT";
}
