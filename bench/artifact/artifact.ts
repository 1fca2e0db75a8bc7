import { takeTurns, type InRun } from "../measure/rounds.js";
import { spreadOf, type Spread } from "../measure/statistics.js";
import type { BenchOptions } from "../options.js";
import { note } from "../report/note.js";
import { publish } from "../report/results.js";
import { spreadText, tableText } from "../report/table.js";
import type { BenchServer } from "../server/server.js";
import { measureBuilds, withTables, type Both, type BuildMeasurement, type DropMeasurement } from "./measure.js";

/** So long may it take to build a thousand artifacts, in milliseconds. */
const aimBuildMs = 10_000;
/** A kept drop does not look at rows: what differs is chance. */
const aimTimesEmpty = 1.5;

/** What it costs to build artifacts, and whether a kept DROP COLUMN asks how large its table is. */
export async function artifact(server: BenchServer, options: BenchOptions): Promise<void> {
  const { runs, quick, cli } = options;
  const setting = {
    artifacts: quick ? 20 : (options.changes ?? 1_000),
    rows: options.rows ?? (quick ? 1_000 : 10_000_000),
  };
  const own = { cli, rehearse: false };
  const builds: InRun<BuildMeasurement>[] = [];
  await measureBuilds(server, own, setting.artifacts, async (build) => {
    const tell = ({ run, buildMs }: InRun<BuildMeasurement>): void =>
      note(`run ${run} build: ${buildMs.toFixed(0)} ms`);
    builds.push(...(await takeTurns(["build"], runs, build, tell)));
  });
  const drops: InRun<Both>[] = [];
  await withTables(server, own, setting.rows, async (measure) => {
    const told = ({ dropMs, backMs }: DropMeasurement): string =>
      `${dropMs.toFixed(0)} ms, back in ${backMs.toFixed(0)} ms`;
    const tell = ({ run, large, empty }: InRun<Both>): void =>
      note(`run ${run} dropped: of the large table in ${told(large)}; of the empty one in ${told(empty)}`);
    drops.push(...(await takeTurns(["both"], runs, measure, tell)));
  });
  const summary = summarise(builds, drops);
  await publish(
    {
      benchmark: "artifact",
      setting: { ...setting, runs, quick },
      how: { belay: "belay build, without artifacts before; belay rollout and belay revert of a DROP COLUMN" },
      server: server.facts,
      missing: {},
      summary,
      aims: quick || setting.artifacts !== 1_000 ? [] : aimsOf(summary),
      measurements: [...builds, ...drops],
    },
    [
      tableText([
        ["", "took, ms"],
        [`build of ${setting.artifacts}`, spreadText(summary.buildMs)],
      ]),
      dropsTable(summary),
    ],
  );
}

interface Summary {
  readonly buildMs: Spread;
  readonly drops: readonly { readonly table: string; readonly dropMs: Spread; readonly backMs: Spread }[];
  /** The large table's time in terms of the empty one's, run by run. */
  readonly dropTimes: Spread;
  readonly backTimes: Spread;
}

function summarise(builds: readonly BuildMeasurement[], drops: readonly Both[]): Summary {
  const times = (figure: keyof DropMeasurement): Spread =>
    spreadOf(drops.map(({ large, empty }) => large[figure] / empty[figure]));
  return {
    buildMs: spreadOf(builds.map(({ buildMs }) => buildMs)),
    drops: (["large", "empty"] as const).map((table) => ({
      table,
      dropMs: spreadOf(drops.map((both) => both[table].dropMs)),
      backMs: spreadOf(drops.map((both) => both[table].backMs)),
    })),
    dropTimes: times("dropMs"),
    backTimes: times("backMs"),
  };
}

function dropsTable({ drops, dropTimes, backTimes }: Summary): string {
  return tableText([
    ["", "dropped, ms", "back, ms"],
    ...drops.map(({ table, dropMs, backMs }) => [table, spreadText(dropMs, 1), spreadText(backMs, 1)]),
    ["large in terms of empty", spreadText(dropTimes, 2), spreadText(backTimes, 2)],
  ]);
}

function aimsOf({ buildMs, dropTimes, backTimes }: Summary): readonly { aim: string; seen: string; kept: boolean }[] {
  const times = (what: string, { median }: Spread): { aim: string; seen: string; kept: boolean } => ({
    aim: `${what} of the large table at most ${aimTimesEmpty} × that of the empty one`,
    seen: `${median.toFixed(2)} ×`,
    kept: median <= aimTimesEmpty,
  });
  const seconds = `${(buildMs.median / 1000).toFixed(1)} s`;
  return [
    { aim: `1,000 artifacts in under ${aimBuildMs / 1000} s`, seen: seconds, kept: buildMs.median < aimBuildMs },
    times("the drop", dropTimes),
    times("the way back", backTimes),
  ];
}
