import { readFile, statfs } from "node:fs/promises";
import { join } from "node:path";
import type { ServerFacts, SizeFacts } from "../../preflight/facts.js";
import { addressOf } from "../session/address.js";

const localHosts: ReadonlySet<string> = new Set(["localhost", "127.0.0.1", "::1", "[::1]"]);

/**
 * Free bytes where the tables lie, by tablespace (`""`: the data directory), as far as they can be known: SQL does not tell them, so only where the server is
 * on this machine and its folder can be read.
 */
export async function freeDisk(
  url: string,
  server: ServerFacts,
  sizes: readonly SizeFacts[],
): Promise<Readonly<Record<string, number>>> {
  const { dataDirectory } = server;
  if (dataDirectory === null || sizes.length === 0 || !(await isHere(url, dataDirectory, server))) return {};
  const places = [...new Set(sizes.map(({ tablespace }) => tablespace ?? ""))];
  const found = await Promise.all(
    places.map(async (place) => [place, await freeIn(place === "" ? dataDirectory : place)]),
  );
  return Object.fromEntries(found.filter(([, bytes]) => bytes !== null)) as Record<string, number>;
}

/** A folder of that name may belong to another server: its lock file tells port and start (manual, 73.1: postmaster.pid). */
async function isHere(url: string, dataDirectory: string, { startedAt }: ServerFacts): Promise<boolean> {
  const { host, port } = addressOf(url);
  if (!localHosts.has(host) && !host.startsWith("/")) return false;
  const lines = (await readOrNull(join(dataDirectory, "postmaster.pid")))?.split("\n") ?? [];
  return Number(lines[3]) === port && Math.abs(Number(lines[2]) - Number(startedAt)) <= 2;
}

async function readOrNull(path: string): Promise<string | null> {
  try {
    return await readFile(path, "utf8");
  } catch {
    return null; // not here, or not for us to read: then the free disk is not known
  }
}

async function freeIn(path: string): Promise<number | null> {
  try {
    const { bavail, bsize } = await statfs(path);
    return bavail * bsize;
  } catch {
    return null; // as above
  }
}
