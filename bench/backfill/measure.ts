import { setTimeout as sleep } from "node:timers/promises";
import { startLoad } from "../load/load.js";
import { now } from "../load/now.js";
import { waitsWithin, type Waits } from "../measure/samples.js";
import type { Peer } from "../peers/peer.js";
import { withPlace } from "../place.js";
import { query, type BenchServer } from "../server/server.js";
import { backfill, queries, size, tuples, unfilled } from "./scene.js";

export interface BackfillSetting {
  readonly rows: number;
  /** Connections of the application. */
  readonly clients: number;
  readonly ratePerSecond: number;
  /** How long the application is watched before, in milliseconds. */
  readonly baselineMs: number;
}

export interface BackfillMeasurement {
  readonly contender: string;
  readonly tookMs: number;
  readonly rowsPerSecond: number;
  readonly before: Waits;
  readonly during: Waits;
  /** The p99 of the application's queries while the backfill ran, in terms of the one before. */
  readonly p99Times: number;
  /** How much larger table and indexes are, of 100 of what they were. */
  readonly grownPercent: number;
  readonly deadTuples: number;
  readonly deadPercent: number;
  readonly freePercent: number;
  readonly ownDelayMs: number;
}

const warmUpMs = 2_000;

/** One contender fills a column of a copy of `template`, while the application works on it. */
export async function measureBackfill(
  server: BenchServer,
  template: string,
  peer: Peer,
  setting: BackfillSetting,
): Promise<BackfillMeasurement> {
  return withPlace(server, peer, template, async (place) => {
    await peer.write(place, [backfill]);
    await peer.makeReady?.(place);
    const { rows, clients, ratePerSecond, baselineMs } = setting;
    const before = await bytesOf(place.url);
    const load = await startLoad({ url: place.url, clients, ratePerSecond, rows, queries });
    await sleep(Math.min(warmUpMs, baselineMs));
    const baselineAt = now();
    await sleep(baselineMs);
    const startedAt = now();
    const { tookMs } = await peer.apply(place);
    const endedAt = now();
    const { samples, ownDelayMs } = await load.stop();
    const after = await bytesOf(place.url);
    const bloat = await bloatOf(place.url);
    await requireFilled(peer, place.url);
    const waits = {
      before: waitsWithin(samples, baselineAt, startedAt),
      during: waitsWithin(samples, startedAt, endedAt),
    };
    return {
      contender: peer.name,
      tookMs,
      rowsPerSecond: (rows * 1000) / tookMs,
      ...waits,
      p99Times: waits.during.p99 / waits.before.p99,
      grownPercent: (after / before - 1) * 100,
      ...bloat,
      ownDelayMs,
    };
  });
}

async function bytesOf(url: string): Promise<number> {
  const [row] = await query<{ bytes: number }>(url, size);
  return row?.bytes ?? Number.NaN;
}

interface Bloat {
  readonly deadTuples: number;
  readonly deadPercent: number;
  readonly freePercent: number;
}

async function bloatOf(url: string): Promise<Bloat> {
  const [row] = await query<Bloat & Record<string, unknown>>(url, tuples);
  return row ?? { deadTuples: Number.NaN, deadPercent: Number.NaN, freePercent: Number.NaN };
}

async function requireFilled(peer: Peer, url: string): Promise<void> {
  const [row] = await query<{ rows: number }>(url, unfilled);
  if (row?.rows !== 0) throw new Error(`${peer.name} says that it is done, but ${row?.rows} rows are not filled`);
}
