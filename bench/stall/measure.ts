import { setTimeout as sleep } from "node:timers/promises";
import { startLoad } from "../load/load.js";
import { now } from "../load/now.js";
import { waitsWithin, type Waits } from "../measure/samples.js";
import type { Peer, Place } from "../peers/peer.js";
import { withPlace } from "../place.js";
import { query, withClient, type BenchServer } from "../server/server.js";
import { fill, first, isThere, queries, second } from "./scene.js";

export interface StallSetting {
  /** Connections of the application. */
  readonly clients: number;
  readonly ratePerSecond: number;
  /** Rows of the table. */
  readonly rows: number;
  /** How long a reader's transaction holds the table, in milliseconds. */
  readonly holdMs: number;
  /** How long the application is watched before, in milliseconds. */
  readonly baselineMs: number;
}

export interface StallMeasurement {
  readonly contender: string;
  readonly before: Waits;
  readonly during: Waits;
  /** The longest wait above the baseline's median, in milliseconds. */
  readonly stallMs: number;
  readonly tookMs: number;
  readonly attempts: number;
  readonly ownDelayMs: number;
}

/** Between connecting and the baseline: caches fill, the first queries of each connection are planned. */
const warmUpMs = 1_500;
/** What was queued is worked off before the window closes. */
const settleMs = 1_000;

/** One contender brings the second change out while a reader holds the table and the application works on. */
export async function measureStall(server: BenchServer, peer: Peer, setting: StallSetting): Promise<StallMeasurement> {
  return withPlace(server, peer, null, async (place) => {
    await setUp(peer, place, setting);
    const { clients, ratePerSecond, rows } = setting;
    const load = await startLoad({ url: place.url, clients, ratePerSecond, rows, queries });
    await sleep(Math.min(warmUpMs, setting.baselineMs));
    const baselineAt = now();
    await sleep(setting.baselineMs);
    const startedAt = now();
    const outcome = await whileHeld(place.url, setting.holdMs, () => peer.apply(place));
    await sleep(settleMs);
    const endedAt = now();
    const { samples, ownDelayMs } = await load.stop();
    await requireColumn(peer, place.url);
    const before = waitsWithin(samples, baselineAt, startedAt);
    const during = waitsWithin(samples, startedAt, endedAt);
    return { contender: peer.name, before, during, stallMs: during.max - before.p50, ...outcome, ownDelayMs };
  });
}

async function setUp(peer: Peer, place: Place, { rows }: StallSetting): Promise<void> {
  await peer.write(place, [first]);
  await peer.makeReady?.(place);
  await peer.apply(place);
  await query(place.url, fill(rows));
  await query(place.url, "VACUUM ANALYZE orders");
  await peer.write(place, [second]);
  await peer.makeReady?.(place);
  await query(place.url, "CHECKPOINT");
}

/** A reader's transaction holds the table for so long; `work` begins as soon as it does. Gives what the work gives, when both are done. */
async function whileHeld<T>(url: string, holdMs: number, work: () => Promise<T>): Promise<T> {
  return withClient(url, async (reader) => {
    await reader.query("BEGIN");
    await reader.query("SELECT count(*) FROM orders");
    const released = sleep(holdMs).then(() => reader.query("COMMIT"));
    const [result] = await Promise.all([work(), released]);
    return result;
  });
}

async function requireColumn(peer: Peer, url: string): Promise<void> {
  const [row] = await query<{ columns: number }>(url, isThere);
  if (row?.columns !== 1) throw new Error(`${peer.name} says that it is done, but the column is not there`);
}
