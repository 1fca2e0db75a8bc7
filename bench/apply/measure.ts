import type { BenchChange, Peer } from "../peers/peer.js";
import { withPlace } from "../place.js";
import { query, type BenchServer } from "../server/server.js";
import { expected, made, type Made } from "./scene.js";

export interface ApplyMeasurement {
  readonly contender: string;
  readonly tookMs: number;
  /** What was done before, such as building artifacts; not part of `tookMs`. */
  readonly readyMs: Readonly<Record<string, number>>;
}

/** One contender applies all changes to an empty database, in one go. */
export async function measureApply(
  server: BenchServer,
  peer: Peer,
  changes: readonly BenchChange[],
): Promise<ApplyMeasurement> {
  return withPlace(server, peer, null, async (place) => {
    await peer.write(place, changes);
    const readyMs = (await peer.makeReady?.(place)) ?? {};
    const { tookMs } = await peer.apply(place);
    await requireMade(peer, place.url, changes);
    return { contender: peer.name, tookMs, readyMs };
  });
}

async function requireMade(peer: Peer, url: string, changes: readonly BenchChange[]): Promise<void> {
  const [found] = await query<Made & Record<string, unknown>>(url, made);
  const wanted = expected(changes);
  if (found?.tables === wanted.tables && found.columns === wanted.columns && found.indexes === wanted.indexes) return;
  throw new Error(`${peer.name} made ${JSON.stringify(found)} and not ${JSON.stringify(wanted)}`);
}
