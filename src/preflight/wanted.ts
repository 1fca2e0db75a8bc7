import type { ObjectReference } from "../sql/effects.js";
import { quoteQualified } from "../sql/quote.js";
import type { Demand } from "./demand.js";
import type { ObjectFacts } from "./facts.js";

/** What a target's catalog is asked for. */
export interface Wanted {
  readonly relations: readonly { readonly name: string; readonly schema: string | null; readonly table: string }[];
  readonly objects: readonly {
    readonly kind: ObjectFacts["kind"];
    readonly schema: string | null;
    readonly name: string;
  }[];
}

/** Everything that some statements name, each once, and the schemas in which they make what they name without one. */
export function wantedBy(demands: readonly Demand[], searchPath: readonly string[] = []): Wanted {
  const relations = new Map<string, Wanted["relations"][number]>();
  const homes = searchPath.map((name) => ({ kind: "schema", schema: null, name }) as const);
  const objects = new Map<string, Wanted["objects"][number]>(homes.map((home) => [JSON.stringify(home), home]));
  for (const demand of demands) {
    for (const { name, schema, table } of demand.relations) relations.set(name, { name, schema, table });
    for (const { schema, name } of demand.needs.filter(isRelation)) {
      const quoted = quoteQualified({ schema, name });
      relations.set(quoted, { name: quoted, schema, table: name });
    }
    for (const reference of [...demand.needs, ...demand.drops, ...demand.makes]) {
      for (const object of objectsOf(reference)) objects.set(JSON.stringify(object), object);
    }
  }
  return { relations: [...relations.values()], objects: [...objects.values()] };
}

const relationKinds: ReadonlySet<string> = new Set(["table", "view", "materialized view", "sequence", "foreign table"]);

function isRelation({ kind }: ObjectReference): boolean {
  return relationKinds.has(kind);
}

function objectsOf({ kind, schema, name }: ObjectReference): readonly Wanted["objects"][number][] {
  const home = schema === null ? [] : [{ kind: "schema", schema: null, name: schema } as const];
  switch (kind) {
    case "type":
    case "domain":
      return [...home, { kind: "type", schema, name }];
    case "function":
      return [...home, { kind, schema, name }];
    case "schema":
    case "extension":
      return [{ kind, schema: null, name }];
    default:
      return home;
  }
}
