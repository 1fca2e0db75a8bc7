import { takeTurns } from "../measure/rounds.js";
import type { BenchOptions } from "../options.js";
import { belayPeer } from "../peers/belay.js";
import { gather, howOf } from "../peers/contenders.js";
import { dbmatePeer } from "../peers/dbmate.js";
import { knexPeer } from "../peers/knex.js";
import { nodePgMigratePeer } from "../peers/node-pg-migrate.js";
import { psqlOncePeer, psqlPeer } from "../peers/psql.js";
import { umzugPeer } from "../peers/umzug.js";
import { note } from "../report/note.js";
import { publish } from "../report/results.js";
import type { BenchServer } from "../server/server.js";
import { measureHistory, type HistoryMeasurement } from "./history.js";
import { measureApply } from "./measure.js";
import { applyAims, applyTable, historyAims, historyTable, summariseApply, summariseHistory } from "./report.js";
import { smallChanges } from "./scene.js";

interface ApplySetting {
  /** Into an empty database, by each contender. */
  readonly changes: number;
  /** Changes applied before, in the short history and in the long one. */
  readonly histories: readonly [number, number];
}

const whole: ApplySetting = { changes: 1_000, histories: [10, 10_000] };
const tiny: ApplySetting = { changes: 10, histories: [10, 20] };

/** What small changes cost, and what a long history costs. */
export async function apply(server: BenchServer, options: BenchOptions): Promise<void> {
  const setting = settingOf(options);
  const own = { cli: options.cli, rehearse: false };
  const all = [belayPeer(own), psqlPeer, psqlOncePeer, knexPeer, umzugPeer, nodePgMigratePeer, dbmatePeer];
  const { present, missing } = await gather(all, options.only);
  const changes = smallChanges(setting.changes);
  const measurements = await takeTurns(
    present,
    options.runs,
    (peer) => measureApply(server, peer, changes),
    ({ run, contender, tookMs }) => note(`run ${run} ${contender}: ${tookMs.toFixed(0)} ms`),
  );
  const summary = summariseApply(present, measurements, setting.changes);
  const takesPart = present.some(({ kind }) => kind === "belay");
  const grown: readonly HistoryMeasurement[] = takesPart
    ? await measureHistory(server, own, setting.histories, options.runs)
    : [];
  const histories = summariseHistory(grown);
  await publish(
    {
      benchmark: "apply",
      setting: { ...setting, runs: options.runs, quick: options.quick },
      how: howOf(present),
      server: server.facts,
      missing,
      summary: { apply: summary, histories },
      aims: options.quick ? [] : [...applyAims(present, summary), ...historyAims(histories)],
      measurements: [...measurements, ...grown],
    },
    takesPart ? [applyTable(summary), historyTable(histories)] : [applyTable(summary)],
  );
}

function settingOf({ quick, changes, history }: BenchOptions): ApplySetting {
  const { changes: many, histories } = quick ? tiny : whole;
  return { changes: changes ?? many, histories: [histories[0], history ?? histories[1]] };
}
