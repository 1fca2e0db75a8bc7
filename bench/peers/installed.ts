import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { readFile, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { BelayError } from "../../src/errors.js";
import { note } from "../report/note.js";

const bench = fileURLToPath(new URL("..", import.meta.url));
export const nodeModules = join(bench, "node_modules");

/**
 * Installs the peers, as the lock file says, unless they are there.
 * @throws where that fails, saying what can be measured without them.
 */
export async function installPeers(): Promise<void> {
  const wanted = await readFile(join(bench, "package-lock.json"), "utf8");
  const mark = join(nodeModules, ".installed-from");
  if (existsSync(mark) && (await readFile(mark, "utf8")) === wanted) return;
  note("installing the peers into bench/node_modules");
  const npm = spawn("npm", ["ci"], { cwd: bench, stdio: ["ignore", process.stderr, process.stderr] });
  const [exitCode] = (await once(npm, "exit")) as [number | null];
  if (exitCode !== 0)
    throw new BelayError("usage", "bench-peers-missing", "The peers could not be installed (npm ci in bench/).", {
      hint: "`--only belay,psql` measures without them.",
    });
  await writeFile(mark, wanted);
}

/** Lets a project find the peers, as if it had installed them. */
export async function linkPeers(folder: string): Promise<void> {
  await symlink(nodeModules, join(folder, "node_modules"));
}

/** A program that the peers brought. */
export function programOf(name: string): string {
  return join("node_modules", ".bin", name);
}
