import { readdir, readFile, realpath } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { canRun } from "./process.js";

/** Where Debian and its kin put the programs of each version; what stands in PATH there is a script in Perl that chooses one. */
const debianFolder = "/usr/lib/postgresql";

/** The program psql itself, and no wrapper, whose start would be counted as psql's; null where there is none. */
export async function findPsql(): Promise<string | null> {
  const inPath = (process.env["PATH"] ?? "").split(delimiter).map((folder) => join(folder, "psql"));
  const debian = (await readdir(debianFolder).catch(() => [])).toSorted((a, b) => Number(b) - Number(a));
  for (const candidate of [...inPath, ...debian.map((version) => join(debianFolder, version, "bin", "psql"))]) {
    if ((await canRun(candidate, "--version")) && !(await isScript(candidate))) return candidate;
  }
  return null;
}

async function isScript(path: string): Promise<boolean> {
  return (await readFile(await realpath(path))).subarray(0, 2).toString() === "#!";
}
