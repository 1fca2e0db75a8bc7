import type { InRun } from "../measure/rounds.js";
import { spreadOf, type Spread } from "../measure/statistics.js";
import type { Peer } from "../peers/peer.js";
import type { Aim } from "../report/results.js";
import { spreadText, tableText } from "../report/table.js";
import type { HistoryMeasurement } from "./history.js";
import type { ApplyMeasurement } from "./measure.js";

const aimTimesPsql = 1.3;
/** A command that looks at the whole history may still not cost much more for it. */
const aimTimesShort = 2;

export interface ApplySummary {
  readonly contender: string;
  readonly tookMs: Spread;
  readonly perChangeMs: Spread;
  /** Belay's time in terms of this contender's in the same run; null without Belay. */
  readonly belayTimes: Spread | null;
  readonly readyMs: Readonly<Record<string, Spread>>;
}

export function summariseApply(
  peers: readonly Peer[],
  measurements: readonly InRun<ApplyMeasurement>[],
  changes: number,
): readonly ApplySummary[] {
  const belay = measurements.filter(({ contender }) => contender === "belay");
  return peers.map(({ name }) => {
    const own = measurements.filter(({ contender }) => contender === name);
    const ratios = own.flatMap(({ run, tookMs }) =>
      belay.filter((one) => one.run === run).map((one) => one.tookMs / tookMs),
    );
    const parts = Object.keys(own[0]?.readyMs ?? {});
    return {
      contender: name,
      tookMs: spreadOf(own.map(({ tookMs }) => tookMs)),
      perChangeMs: spreadOf(own.map(({ tookMs }) => tookMs / changes)),
      belayTimes: ratios.length === 0 ? null : spreadOf(ratios),
      readyMs: Object.fromEntries(
        parts.map((part) => [part, spreadOf(own.map(({ readyMs }) => readyMs[part] ?? Number.NaN))]),
      ),
    };
  });
}

export function applyTable(summary: readonly ApplySummary[]): string {
  const head = ["", "took, ms", "ms a change", "belay takes × of it", "before that, ms"];
  const rows = summary.map((one) => [
    one.contender,
    spreadText(one.tookMs),
    one.perChangeMs.median.toFixed(2),
    one.belayTimes === null ? "–" : spreadText(one.belayTimes, 2),
    Object.entries(one.readyMs)
      .map(([part, spread]) => `${part.replace(/Ms$/, "")} ${spreadText(spread)}`)
      .join(", "),
  ]);
  return tableText([head, ...rows]);
}

export function applyAims(peers: readonly Peer[], summary: readonly ApplySummary[]): readonly Aim[] {
  const timesOf = (name: string): number | undefined =>
    summary.find(({ contender }) => contender === name)?.belayTimes?.median;
  const aim = (name: string, most: number): readonly Aim[] => {
    const times = timesOf(name);
    if (times === undefined) return [];
    return [{ aim: `Belay takes at most ${most} × ${name}`, seen: `${times.toFixed(2)} ×`, kept: times <= most }];
  };
  const javascript = peers.filter(({ kind }) => kind === "javascript");
  return [...aim("psql", aimTimesPsql), ...javascript.flatMap(({ name }) => aim(name, 1))];
}

export interface HistorySummary {
  readonly applied: number;
  readonly statusMs: Spread;
  readonly rolloutMs: Spread;
}

export function summariseHistory(measurements: readonly HistoryMeasurement[]): readonly HistorySummary[] {
  return [...new Set(measurements.map(({ applied }) => applied))].map((applied) => {
    const own = measurements.filter((one) => one.applied === applied);
    return {
      applied,
      statusMs: spreadOf(own.map(({ statusMs }) => statusMs)),
      rolloutMs: spreadOf(own.map(({ rolloutMs }) => rolloutMs)),
    };
  });
}

export function historyTable(summary: readonly HistorySummary[]): string {
  const head = ["changes applied before", "belay status, ms", "rollout of one more, ms"];
  return tableText([
    head,
    ...summary.map(({ applied, statusMs, rolloutMs }) => [
      String(applied),
      spreadText(statusMs),
      spreadText(rolloutMs),
    ]),
  ]);
}

export function historyAims([short, long]: readonly HistorySummary[]): readonly Aim[] {
  if (short === undefined || long === undefined) return [];
  const aim = (what: string, key: "statusMs" | "rolloutMs"): Aim => {
    const times = long[key].median / short[key].median;
    return {
      aim: `${what} after ${long.applied} changes at most ${aimTimesShort} × after ${short.applied}`,
      seen: `${times.toFixed(2)} ×`,
      kept: times <= aimTimesShort,
    };
  };
  return [aim("status", "statusMs"), aim("one more change", "rolloutMs")];
}
