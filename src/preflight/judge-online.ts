import { quoteQualified } from "../sql/quote.js";
import type { Demand } from "./demand.js";
import type { RelationFacts, TargetFacts } from "./facts.js";
import { refuse, type Finding } from "./finding.js";
import { placeOf } from "./judge-objects.js";

/** From this major on a partitioned table may have a foreign key that is not valid yet (release notes of PostgreSQL 18). */
const foreignKeysFrom = 18;

/**
 * What a table of the target cannot have in the form in which it is to be made there, forward or back: only the catalog tells whether it is partitioned, a view or a foreign
 * table. In order: what pending statements make is known from them.
 */
export function judgeOnline(
  { target, server, relations }: Pick<TargetFacts, "target" | "relations"> & { readonly server: { readonly major: number } },
  demands: readonly Demand[],
): readonly Finding[] {
  const kinds = new Map(relations.map(({ name, kind }) => [name, kind]));
  const findings: Finding[] = [];
  for (const demand of demands) {
    for (const { kind, schema, name } of demand.makes)
      if (kind === "table" && demand.makesPartitioned) kinds.set(quoteQualified({ schema, name }), "p");
    const [table] = demand.relations;
    const kind = table === undefined ? undefined : kinds.get(table.name);
    if (demand.unpartitioned === null || table === undefined || kind === undefined) continue;
    if (demand.unpartitioned === "foreign key" && server.major >= foreignKeysFrom) continue;
    const finding = findingFor(target, demand, table.name, kind);
    if (finding !== null) findings.push(finding);
  }
  return findings;
} // prettier-ignore

function findingFor(target: string, demand: Demand, table: string, kind: RelationFacts["kind"]): Finding | null {
  const at = placeOf(demand);
  const other = { v: "a view", f: "a foreign table" }[kind];
  if (other !== undefined && demand.unpartitioned === "index") {
    const message = `${table} is ${other} there, which can have no index; ${at} makes one.`;
    return refuse("online-impossible", target, message, "Take the statement out, or make the index on the table itself.");
  }
  if (kind !== "p") return null;
  const what =
    demand.unpartitioned === "index"
      ? "an index cannot be built CONCURRENTLY on it"
      : "up to PostgreSQL 17 it can have no foreign key that is NOT VALID at first";
  const message = `${table} is partitioned there: ${what}, as ${at} ${demand.rewritten ? "would" : "wants"}.`;
  const each = demand.unpartitioned === "index" ? "build it on each partition and attach these" : "add it to each partition first";
  const hint = demand.rewritten
    ? `Write \`-- belay:as-written\` before the statement, if all partitions may be locked for as long as that takes; or ${each}.`
    : `Leave CONCURRENTLY or NOT VALID out, and write \`-- belay:as-written\`, if all partitions may be locked for as long as that takes; or ${each}.`;
  return refuse("online-partitioned", target, message, hint);
} // prettier-ignore
