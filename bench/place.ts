import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Peer, Place } from "./peers/peer.js";
import { withDatabase } from "./server/databases.js";
import type { BenchServer } from "./server/server.js";

/** Runs `work` in a new project of a contender, with a database of its own: a copy of `template`, or an empty one. */
export async function withPlace<T>(
  server: BenchServer,
  peer: Peer,
  template: string | null,
  work: (place: Place) => Promise<T>,
): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), `belay-bench-${peer.name}-`));
  try {
    return await withDatabase(server, template, async (url) => {
      const place = { folder, url, scratchUrl: server.url("postgres") };
      await peer.prepare(place);
      return work(place);
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
