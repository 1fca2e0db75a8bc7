import { describe, expect, it } from "vitest";
import { historyAims, summariseApply } from "../../bench/apply/report.js";
import { expected, longHistory, smallChanges } from "../../bench/apply/scene.js";
import { psqlPeer } from "../../bench/peers/psql.js";
import { belayPeer } from "../../bench/peers/belay.js";
import { aimsOf, summarise } from "../../bench/stall/report.js";
import { spreadText, tableText } from "../../bench/report/table.js";

const belay = belayPeer({ rehearse: false });

describe("the changes of the benchmarks", () => {
  it("have ids in the order in which they are applied, each once", () => {
    for (const changes of [smallChanges(1_000), longHistory(1_000)]) {
      const ids = changes.map(({ id }) => id);
      expect(ids.toSorted()).toEqual(ids);
      expect(new Set(ids).size).toBe(1_000);
      for (const id of ids) expect(id).toMatch(/^\d{14}_[a-z0-9_]+$/);
    }
  });

  it("name no table before it was created", () => {
    const created = new Set<string>();
    const early = [...smallChanges(200), ...longHistory(200).slice(10)].filter(({ up }) => {
      const [, made] = /^CREATE TABLE (\w+)/.exec(up) ?? [];
      if (made !== undefined) created.add(made);
      return made === undefined && !created.has(/(?:ALTER TABLE|ON) (\w+)/.exec(up)?.[1] ?? "");
    });
    expect(early).toEqual([]);
    expect(expected(smallChanges(1_000))).toEqual({ tables: 700, columns: 200, indexes: 100 });
  });
});

describe("the summary of a benchmark", () => {
  const took = (run: number, contender: string, tookMs: number) => ({ run, contender, tookMs, readyMs: {} });

  it("takes a ratio within one run", () => {
    // The machine was ten times slower in the second run: both were, and the ratio stays.
    const measurements = [took(1, "belay", 20), took(1, "psql", 10), took(2, "belay", 200), took(2, "psql", 100)];
    const [, psql] = summariseApply([belay, psqlPeer], measurements, 10);
    expect(psql?.belayTimes).toEqual({ median: 2, min: 2, max: 2 });
    expect(psql?.perChangeMs.median).toBe(5.5);
  });

  it("says of each aim whether it was kept", () => {
    const waits = { queries: 1, p50: 1, p99: 2, max: 3 };
    const stalled = (contender: string, stallMs: number) => {
      return { run: 1, contender, before: waits, during: waits, stallMs, tookMs: 1, attempts: 1, ownDelayMs: 0 };
    };
    const kept = (own: number, other: number): readonly boolean[] => {
      const summary = summarise([belay, psqlPeer], [stalled("belay", own), stalled("psql", other)]);
      return aimsOf([belay, psqlPeer], summary).map((aim) => aim.kept);
    };
    expect(kept(250, 2_500)).toEqual([true, true]);
    expect(kept(251, 5_000)).toEqual([false, true]);
    expect(kept(100, 999)).toEqual([true, false]);
    const long = (ms: number) => ({ applied: 10_000, statusMs: flat(ms), rolloutMs: flat(10) });
    const short = { applied: 10, statusMs: flat(10), rolloutMs: flat(10) };
    expect(historyAims([short, long(20)]).map((aim) => aim.kept)).toEqual([true, true]);
    expect(historyAims([short, long(21)]).map((aim) => aim.kept)).toEqual([false, true]);
  });

  it("shows the least and the most beside the median, and columns of one width", () => {
    expect(spreadText({ median: 1.26, min: 1, max: 2 }, 1)).toBe("1.3 (1.0–2.0)");
    expect(spreadText(flat(4))).toBe("4");
    expect(tableText([["", "ms"], ["belay", "12"], ["x", "3"]])).toBe("       ms\n-----  --\nbelay  12\nx       3"); // prettier-ignore
  });
});

function flat(value: number) {
  return { median: value, min: value, max: value };
}
