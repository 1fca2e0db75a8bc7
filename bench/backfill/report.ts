import type { InRun } from "../measure/rounds.js";
import { spreadOf, type Spread } from "../measure/statistics.js";
import type { Peer } from "../peers/peer.js";
import type { Aim } from "../report/results.js";
import { spreadText, tableText } from "../report/table.js";
import type { BackfillMeasurement } from "./measure.js";

/** Belay's rows a second, of those of the single UPDATE. */
const aimShare = 0.6;
/** The p99 of the application's queries while Belay works, of the one before. */
const aimP99Times = 1.5;

export interface BackfillSummary {
  readonly contender: string;
  readonly rowsPerSecond: Spread;
  /** Of the single UPDATE's rows a second in the same run; null without it. */
  readonly share: Spread | null;
  readonly p99BeforeMs: Spread;
  readonly p99DuringMs: Spread;
  readonly p99Times: Spread;
  readonly longestMs: Spread;
  readonly grownPercent: Spread;
  readonly deadPercent: Spread;
}

export function summarise(
  peers: readonly Peer[],
  measurements: readonly InRun<BackfillMeasurement>[],
): readonly BackfillSummary[] {
  const single = measurements.filter(({ contender }) => contender === "single-update");
  return peers.map(({ name }) => {
    const own = measurements.filter(({ contender }) => contender === name);
    const spread = (value: (one: BackfillMeasurement) => number): Spread => spreadOf(own.map(value));
    const shares = own.flatMap(({ run, rowsPerSecond }) =>
      single.filter((one) => one.run === run).map((one) => rowsPerSecond / one.rowsPerSecond),
    );
    return {
      contender: name,
      rowsPerSecond: spread((one) => one.rowsPerSecond),
      share: shares.length === 0 ? null : spreadOf(shares),
      p99BeforeMs: spread((one) => one.before.p99),
      p99DuringMs: spread((one) => one.during.p99),
      p99Times: spread((one) => one.p99Times),
      longestMs: spread((one) => one.during.max),
      grownPercent: spread((one) => one.grownPercent),
      deadPercent: spread((one) => one.deadPercent),
    };
  });
}

export function tableOf(summary: readonly BackfillSummary[]): string {
  const head = [
    "",
    "rows/s",
    "of single",
    "p99 before, ms",
    "p99 during, ms",
    "times",
    "longest, ms",
    "grown %",
    "dead %",
  ];
  const rows = summary.map((one) => [
    one.contender,
    spreadText(one.rowsPerSecond),
    one.share === null ? "–" : spreadText(one.share, 2),
    spreadText(one.p99BeforeMs, 1),
    spreadText(one.p99DuringMs, 1),
    spreadText(one.p99Times, 1),
    spreadText(one.longestMs),
    spreadText(one.grownPercent),
    spreadText(one.deadPercent),
  ]);
  return tableText([head, ...rows]);
}

export function aimsOf(summary: readonly BackfillSummary[]): readonly Aim[] {
  const belay = summary.find(({ contender }) => contender === "belay");
  if (belay === undefined) return [];
  const { share, p99Times } = belay;
  const calm: Aim = {
    aim: `the application's p99 while Belay works at most ${aimP99Times} × the one before`,
    seen: `${p99Times.median.toFixed(2)} ×`,
    kept: p99Times.median <= aimP99Times,
  };
  if (share === null) return [calm];
  const fast: Aim = {
    aim: `Belay's rows a second at least ${aimShare} of the single UPDATE's`,
    seen: share.median.toFixed(2),
    kept: share.median >= aimShare,
  };
  return [fast, calm];
}
