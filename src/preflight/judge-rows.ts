import type { Demand } from "./demand.js";
import type { NotKept, RelationFacts, TargetFacts } from "./facts.js";
import { refuse, warn, type Finding } from "./finding.js";
import { placeOf } from "./judge-objects.js";

/**
 * The statements whose rows are to be kept and cannot be, one finding each. In order: after a statement that gives one of the tables another shape, or that nobody sees through, nothing
 * can be said; the way back of a change runs after its way forward.
 */
export function judgeRows(
  { target, relations, notKept }: Pick<TargetFacts, "target" | "relations" | "notKept">,
  demands: readonly Demand[],
): readonly Finding[] {
  const found = new Map<Demand, readonly NotKept[]>(
    keeping(demands).map((demand, index) => [demand, notKept.filter(({ statement }) => statement === index)]),
  );
  const tables = new Map(relations.map((relation) => [relation.name, relation]));
  const forward = new Reshaped(tables);
  let back = new Reshaped(tables);
  let file = "";
  const findings: Finding[] = [];
  for (const demand of demands) {
    if (demand.direction === "down" && demand.file !== file) back = new Reshaped(tables);
    file = demand.file;
    const isKnown = (one: NotKept): boolean => !forward.has(one) && (demand.direction === "up" || !back.has(one));
    const known = (found.get(demand) ?? []).filter(isKnown);
    const first = known.find(({ certain }) => certain) ?? known[0];
    if (first !== undefined) findings.push(findingFor(target, demand, first));
    (demand.direction === "up" ? forward : back).note(demand);
  }
  return findings;
}

/** Those that the facts are asked about, in order. */
export function keeping(demands: readonly Demand[]): readonly Demand[] {
  return demands.filter(({ keeps }) => keeps !== null);
}

function findingFor(target: string, demand: Demand, { sentence, hint, certain }: NotKept): Finding {
  const at = placeOf(demand);
  if (certain) return refuse("rows-not-kept", target, `${sentence}; ${at} writes them.`, hint);
  return warn("rows-not-kept", target, `${sentence}; ${at} fails where a foreign key takes rows of it along.`, hint);
}

/** What statements have given another shape. */
class Reshaped {
  private readonly tables = new Set<number>();
  private isOpaque = false;

  constructor(private readonly relations: ReadonlyMap<string, RelationFacts>) {}

  note({ dynamic, reshapes, relations }: Demand): void {
    if (dynamic) this.isOpaque = true;
    for (const { name } of reshapes ? relations : []) {
      const relation = this.relations.get(name);
      if (relation !== undefined) this.tables.add(relation.tableOid);
    }
  }

  has({ lies }: NotKept): boolean {
    return this.isOpaque || lies.some((oid) => this.tables.has(oid));
  }
}
