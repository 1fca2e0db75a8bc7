import type { InRun } from "../measure/rounds.js";
import { median, spreadOf, type Spread } from "../measure/statistics.js";
import type { Peer } from "../peers/peer.js";
import { spreadText, tableText } from "../report/table.js";
import type { Aim } from "../report/results.js";
import type { StallMeasurement } from "./measure.js";

/** The longest that Belay may let an application wait, in milliseconds. */
const aimMs = 250;
/** How much longer each peer that waits for its lock without end must let it wait. */
const aimTimes = 10;

export interface StallSummary {
  readonly contender: string;
  readonly stallMs: Spread;
  readonly p99Ms: Spread;
  readonly baselineP50Ms: Spread;
  readonly baselineP99Ms: Spread;
  readonly baselineMaxMs: Spread;
  readonly tookMs: Spread;
  readonly attempts: Spread;
  /** This contender's stall in terms of Belay's in the same run; null without Belay. */
  readonly timesBelay: Spread | null;
}

export function summarise(
  peers: readonly Peer[],
  measurements: readonly InRun<StallMeasurement>[],
): readonly StallSummary[] {
  const belay = measurements.filter(({ contender }) => contender === "belay");
  return peers.map(({ name }) => {
    const own = measurements.filter(({ contender }) => contender === name);
    const spread = (value: (one: StallMeasurement) => number): Spread => spreadOf(own.map(value));
    const ratios = own.flatMap(({ run, stallMs }) =>
      belay.filter((one) => one.run === run).map((one) => stallMs / one.stallMs),
    );
    return {
      contender: name,
      stallMs: spread((one) => one.stallMs),
      p99Ms: spread((one) => one.during.p99),
      baselineP50Ms: spread((one) => one.before.p50),
      baselineP99Ms: spread((one) => one.before.p99),
      baselineMaxMs: spread((one) => one.before.max),
      tookMs: spread((one) => one.tookMs),
      attempts: spread((one) => one.attempts),
      timesBelay: ratios.length === 0 ? null : spreadOf(ratios),
    };
  });
}

export function tableOf(summary: readonly StallSummary[]): string {
  const head = [
    "",
    "longest wait, ms",
    "× Belay's",
    "p99, ms",
    "before: p50",
    "p99",
    "max, ms",
    "tool took, ms",
    "starts",
  ];
  const rows = summary.map((one) => [
    one.contender,
    spreadText(one.stallMs),
    one.timesBelay === null ? "–" : spreadText(one.timesBelay, 1),
    spreadText(one.p99Ms),
    one.baselineP50Ms.median.toFixed(1),
    one.baselineP99Ms.median.toFixed(1),
    one.baselineMaxMs.median.toFixed(1),
    spreadText(one.tookMs),
    spreadText(one.attempts),
  ]);
  return tableText([head, ...rows]);
}

export function aimsOf(peers: readonly Peer[], summary: readonly StallSummary[]): readonly Aim[] {
  const belay = summary.find(({ contender }) => contender === "belay");
  if (belay === undefined) return [];
  const own: Aim = {
    aim: `Belay's longest wait at most ${aimMs} ms`,
    seen: `${belay.stallMs.median.toFixed(0)} ms`,
    kept: belay.stallMs.median <= aimMs,
  };
  const waiting = peers.filter(({ givesUp }) => !givesUp).map(({ name }) => name);
  const others = summary.filter(({ contender }) => waiting.includes(contender));
  return [
    own,
    ...others.map(({ contender, timesBelay }) => {
      const times = timesBelay?.median ?? median([]);
      return {
        aim: `Belay's longest wait at most 1/${aimTimes} of ${contender}'s`,
        seen: `1/${times.toFixed(1)}`,
        kept: times >= aimTimes,
      };
    }),
  ];
}
