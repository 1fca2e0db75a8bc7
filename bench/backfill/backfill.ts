import { takeTurns } from "../measure/rounds.js";
import type { BenchOptions } from "../options.js";
import { gather, howOf } from "../peers/contenders.js";
import { note } from "../report/note.js";
import { publish } from "../report/results.js";
import { query, type BenchServer } from "../server/server.js";
import { backfillContenders } from "./contenders.js";
import { measureBackfill, type BackfillSetting } from "./measure.js";
import { aimsOf, summarise, tableOf } from "./report.js";
import { fill } from "./scene.js";

const whole: BackfillSetting = { rows: 2_000_000, clients: 50, ratePerSecond: 400, baselineMs: 5_000 };
const tiny: BackfillSetting = { rows: 5_000, clients: 4, ratePerSecond: 100, baselineMs: 500 };

const template = "bench_template";

/** What it costs to fill a column of a large table, and what an application sees of it. */
export async function backfill(server: BenchServer, options: BenchOptions): Promise<void> {
  const setting = settingOf(options);
  const { present, missing } = await gather(backfillContenders(options.cli), options.only);
  await makeTemplate(server, setting.rows);
  const measurements = await takeTurns(
    present,
    options.runs,
    (peer) => measureBackfill(server, template, peer, setting),
    ({ run, contender, rowsPerSecond, p99Times }) =>
      note(`run ${run} ${contender}: ${rowsPerSecond.toFixed(0)} rows/s, p99 ${p99Times.toFixed(1)} × the one before`),
  );
  const summary = summarise(present, measurements);
  await publish(
    {
      benchmark: "backfill",
      setting: { ...setting, runs: options.runs, quick: options.quick },
      how: howOf(present),
      server: server.facts,
      missing,
      summary,
      aims: options.quick ? [] : aimsOf(summary),
      measurements,
    },
    [tableOf(summary)],
  );
}

function settingOf({ quick, rows }: BenchOptions): BackfillSetting {
  const setting = quick ? tiny : whole;
  return { ...setting, rows: rows ?? setting.rows };
}

async function makeTemplate(server: BenchServer, rows: number): Promise<void> {
  await query(server.url("postgres"), `CREATE DATABASE ${template} TEMPLATE template0`);
  for (const statement of fill(rows)) await query(server.url(template), statement);
}
