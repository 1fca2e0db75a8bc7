import type { Demand } from "./demand.js";
import type { SizeFacts, TargetFacts } from "./facts.js";
import { note, refuse, type Finding } from "./finding.js";
import { bytesText } from "./judge-activity.js";

/** What a way needs at most at one moment in one place, in bytes; the same amount again may pass through the WAL. */
export interface DiskNeed {
  readonly direction: "up" | "down";
  /** `""`: the data directory. */
  readonly place: string;
  readonly bytes: number;
  /** The statement that needs it. */
  readonly demand: Demand;
  readonly relation: string;
  readonly exact: boolean;
}

/** Below this a need is not worth a line, in bytes. */
const mentionedFrom = 64 * 1024 * 1024;

/**
 * The greatest need of each direction and place. A rewrite holds the old table and the new one, with all indexes, until it commits. An index is no larger than
 * its table, and is sorted on disk before: twice the rows at most. An update writes new versions of all rows.
 */
export function diskNeeds(
  { relations, sizes }: Pick<TargetFacts, "relations" | "sizes">,
  demands: readonly Demand[],
): readonly DiskNeed[] {
  const byName = new Map(relations.map((relation) => [relation.name, relation]));
  const byOid = new Map(sizes.map((size) => [size.oid, size]));
  const most = new Map<string, DiskNeed>();
  for (const demand of demands) {
    for (const { kind, relation } of demand.work) {
      const size = byOid.get(byName.get(relation)?.tableOid ?? -1);
      if (size === undefined) continue;
      const { direction } = demand;
      const place = size.tablespace ?? "";
      const need = { direction, place, bytes: bytesFor(kind, size), demand, relation, exact: size.exact };
      const known = most.get(`${direction} ${place}`);
      if (known === undefined || known.bytes < need.bytes) most.set(`${direction} ${place}`, need);
    }
  }
  return [...most.values()];
}

function bytesFor(kind: "rewrite" | "index" | "update", { heapBytes, totalBytes }: SizeFacts): number {
  return kind === "rewrite" ? totalBytes : kind === "index" ? 2 * heapBytes : heapBytes;
}

/** Refuses what does not fit where the free disk is known, and says what is needed where it is not. */
export function judgeDisk(facts: TargetFacts, demands: readonly Demand[]): readonly Finding[] {
  return diskNeeds(facts, demands).flatMap((need) => {
    const free = facts.freeBytes[need.place];
    const where = need.place === "" ? "the data directory" : need.place;
    const way = need.direction === "up" ? "the way forward" : "the way back";
    const { file, place } = need.demand;
    const at = place === null ? file : `${file}:${place.line}:${place.column}`;
    const about = need.exact ? "up to" : "about (by the last vacuum's estimate)";
    const wants = `${way} wants ${about} ${bytesText(need.bytes)} in ${where} for ${need.relation} (${at})`;
    if (free === undefined) {
      if (need.bytes < mentionedFrom) return [];
      return [note("disk-need", facts.target, `${wants}; how much is free there cannot be seen from here.`)];
    }
    if (free < need.bytes) {
      const hint = "Make room, or move the table to another tablespace.";
      return [refuse("disk-full", facts.target, `${wants}, and ${bytesText(free)} is free.`, hint)];
    }
    return need.bytes < mentionedFrom ? [] : [note("disk-need", facts.target, `${wants}; ${bytesText(free)} is free.`)];
  });
}
