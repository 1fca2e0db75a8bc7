import { constraints } from "./constraint.js";
import type { CatalogQuery, UnitKind } from "./fragments.js";
import { columns, relations } from "./relation.js";
import { publications } from "./replication.js";
import { routines } from "./routine.js";
import { identitySequences, sequences } from "./sequence.js";
import { indexes } from "./table-index.js";
import { policies, rules, statistics, triggers } from "./table-rules.js";
import { types } from "./type.js";

/** The statements that read units, in an order in which their rows can be woven together. */
export const unitQueries = (serverVersion: number): readonly CatalogQuery[] => [
  relations,
  sequences,
  indexes,
  triggers,
  rules,
  policies,
  statistics,
  routines,
  types,
  publications(serverVersion),
  columns,
  identitySequences,
  constraints,
];

/** One statement for all units of these kinds. Takes the excluded schemas as `$1`, and for each kind in turn the oids of its units. */
export function readUnits(queries: readonly CatalogQuery[], kinds: readonly UnitKind[]): string {
  return queries
    .flatMap(({ text, unit }, index) => {
      const place = unit === undefined ? -1 : kinds.indexOf(unit);
      if (place < 0) return [];
      return [
        `select ${index} as query, to_jsonb(q) as row from (${text}) q where q.unit = any ($${place + 2}::oid[])`,
      ];
    })
    .join("\nunion all\n");
}
