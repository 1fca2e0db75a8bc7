import type { BelayOptions, RunBelay } from "../peers/belay.js";
import { belayPeer, belayRunner } from "../peers/belay.js";
import type { Place } from "../peers/peer.js";
import { withPlace } from "../place.js";
import { note } from "../report/note.js";
import type { BenchServer } from "../server/server.js";
import { takeTurns, type InRun } from "../measure/rounds.js";
import { changeOfHistory, longHistory } from "./scene.js";

export interface HistoryMeasurement {
  /** How many changes were applied before the first run. */
  readonly applied: number;
  readonly statusMs: number;
  /** One more change. */
  readonly rolloutMs: number;
}

/** A project whose changes have all been applied. */
interface Grown {
  readonly place: Place;
  readonly applied: number;
  readonly belay: RunBelay;
}

/** What `belay status` and the rollout of one more change cost in a short history and in a long one. Both histories are made by applying the changes, over a catalog of one size. */
export async function measureHistory(
  server: BenchServer,
  options: BelayOptions,
  sizes: readonly [number, number],
  runs: number,
): Promise<readonly InRun<HistoryMeasurement>[]> {
  return withGrown(server, options, sizes[0], (short) =>
    withGrown(server, options, sizes[1], (long) => {
      const measure = (grown: Grown, run: number): Promise<HistoryMeasurement> => measureOnce(grown, run, options);
      return takeTurns([short, long], runs, measure, ({ run, applied, statusMs, rolloutMs }) => {
        const [status, rollout] = [statusMs, rolloutMs].map((ms) => ms.toFixed(0));
        note(`run ${run} after ${applied} changes: status ${status} ms, one more change ${rollout} ms`);
      });
    }),
  );
}

async function withGrown<T>(
  server: BenchServer,
  options: BelayOptions,
  applied: number,
  work: (grown: Grown) => Promise<T>,
): Promise<T> {
  const peer = belayPeer(options);
  return withPlace(server, peer, null, async (place) => {
    await peer.write(place, longHistory(applied));
    await peer.makeReady?.(place);
    const { tookMs } = await peer.apply(place);
    note(`belay has applied ${applied} changes in ${(tookMs / 1000).toFixed(1)} s`);
    return work({ place, applied, belay: belayRunner(options.cli) });
  });
}

async function measureOnce(
  { place, applied, belay }: Grown,
  run: number,
  options: BelayOptions,
): Promise<HistoryMeasurement> {
  const statusMs = await belay(place, "status", "--json");
  const next = changeOfHistory(applied + run - 1);
  await belayPeer(options).write(place, [next]);
  await belay(place, "build", next.id);
  return { applied, statusMs, rolloutMs: await belay(place, "rollout", "--yes") };
}
