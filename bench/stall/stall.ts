import { takeTurns } from "../measure/rounds.js";
import type { BenchOptions } from "../options.js";
import { belayPeer } from "../peers/belay.js";
import { gather, howOf } from "../peers/contenders.js";
import { dbmatePeer } from "../peers/dbmate.js";
import { knexPeer } from "../peers/knex.js";
import { nodePgMigratePeer } from "../peers/node-pg-migrate.js";
import { psqlLockTimeoutPeer, psqlPeer } from "../peers/psql.js";
import { umzugPeer } from "../peers/umzug.js";
import { note } from "../report/note.js";
import { publish } from "../report/results.js";
import type { BenchServer } from "../server/server.js";
import { measureStall, type StallSetting } from "./measure.js";
import { aimsOf, summarise, tableOf } from "./report.js";

const whole: StallSetting = { clients: 200, ratePerSecond: 1_000, rows: 100_000, holdMs: 5_000, baselineMs: 4_000 };
const tiny: StallSetting = { clients: 8, ratePerSecond: 100, rows: 1_000, holdMs: 1_000, baselineMs: 500 };

/** How long an application waits while a column is added to a table that a reader holds. */
export async function stall(server: BenchServer, options: BenchOptions): Promise<void> {
  const setting = options.quick ? tiny : whole;
  const all = [
    belayPeer({ cli: options.cli, rehearse: true }),
    knexPeer,
    umzugPeer,
    nodePgMigratePeer,
    dbmatePeer,
    psqlPeer,
    psqlLockTimeoutPeer,
  ];
  const { present, missing } = await gather(all, options.only);
  const measurements = await takeTurns(
    present,
    options.runs,
    (peer) => measureStall(server, peer, setting),
    ({ run, contender, stallMs }) =>
      note(`run ${run} ${contender}: longest wait ${stallMs.toFixed(0)} ms above the baseline`),
  );
  const summary = summarise(present, measurements);
  await publish(
    {
      benchmark: "stall",
      setting: { ...setting, runs: options.runs, quick: options.quick },
      how: howOf(present),
      server: server.facts,
      missing,
      summary,
      aims: options.quick ? [] : aimsOf(present, summary),
      measurements,
    },
    [tableOf(summary)],
  );
}
