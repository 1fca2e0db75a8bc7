import { rm } from "node:fs/promises";
import { join } from "node:path";
import { belayPeer, belayRunner, type BelayOptions } from "../peers/belay.js";
import type { Place } from "../peers/peer.js";
import { withPlace } from "../place.js";
import { query, type BenchServer } from "../server/server.js";
import { dropOf, fill, pairs, tables, type Table } from "./scene.js";

export interface BuildMeasurement {
  readonly buildMs: number;
}

/** `belay build` of a project that has no artifact yet: the whole process, its start included. */
export async function measureBuilds(
  server: BenchServer,
  options: BelayOptions,
  count: number,
  work: (build: () => Promise<BuildMeasurement>) => Promise<void>,
): Promise<void> {
  const peer = belayPeer(options);
  await withPlace(server, peer, null, async (place) => {
    await peer.write(place, pairs(count));
    await work(async () => {
      await rm(join(place.folder, "rollbacks"), { recursive: true, force: true });
      return { buildMs: await belayRunner(options.cli)(place, "build") };
    });
  });
}

export interface DropMeasurement {
  /** Of the change alone, by the ledger, in milliseconds. */
  readonly dropMs: number;
  /** The same of its way back: from the first entry to the one that says that it is taken back. */
  readonly backMs: number;
}

/** In one run. */
export type Both = Readonly<Record<"large" | "empty", DropMeasurement>>;

/** A column that is dropped and comes back, again and again, of a table with rows and of one without. */
export async function withTables(
  server: BenchServer,
  options: BelayOptions,
  rows: number,
  work: (measure: () => Promise<Both>) => Promise<void>,
): Promise<void> {
  const peer = belayPeer(options);
  await withPlace(server, peer, null, async (place) => {
    for (const statement of fill(rows)) await query(place.url, statement);
    await peer.write(place, tables.map(dropOf));
    await peer.makeReady?.(place);
    await work(() => measureDrops(place, options));
  });
}

async function measureDrops(place: Place, options: BelayOptions): Promise<Both> {
  const belay = belayRunner(options.cli);
  await belay(place, "rollout", "--yes", "--retry", "once more");
  await belay(place, "revert", ...tables.map((table) => dropOf(table).id), "--yes");
  return { large: await dropSeen(place, "large"), empty: await dropSeen(place, "empty") };
}

async function dropSeen(place: Place, table: Table): Promise<DropMeasurement> {
  const { id } = dropOf(table);
  const [row] = await query<{ drop_ms: number; back_ms: number }>(
    place.url,
    `SELECT (a.body ->> 'durationMs')::float8 AS drop_ms, extract(epoch FROM r.at - s.at)::float8 * 1000 AS back_ms
     FROM belay.journal r
     JOIN LATERAL (SELECT * FROM belay.journal a WHERE a.change = r.change AND a.kind = 'applied' AND a.seq < r.seq ORDER BY seq DESC LIMIT 1) AS a ON true
     JOIN LATERAL (SELECT * FROM belay.journal s WHERE s.change = r.change AND s.kind = 'change-started' AND s.seq BETWEEN a.seq AND r.seq ORDER BY seq DESC LIMIT 1) AS s ON true
     WHERE r.kind = 'reverted' AND r.change = '${id}' ORDER BY r.seq DESC LIMIT 1`,
  );
  if (row === undefined) throw new Error(`the ledger does not tell of ${id}`);
  return { dropMs: row.drop_ms, backMs: row.back_ms };
}
