import type { Emission } from "../../emit/emission.js";
import type { ObjectKind } from "../../object-key.js";
import { sameAttribute } from "../../snapshot.js";
import { type Alteration, type Altered, type AttributeRules, refusal } from "./alteration.js";
import { columnRules } from "./column.js";
import { constraintRules, indexRules } from "./constraint.js";
import { defaultPrivilegesRules } from "./default-privileges.js";
import {
  aggregateRules,
  castRules,
  domainRules,
  extensionRules,
  publicationRules,
  routineRules,
  serverRules,
  statisticsRules,
  subscriptionRules,
  textSearchConfigurationRules,
  typeRules,
  userMappingRules,
  wrapperRules,
} from "./other.js";
import { sequenceRules } from "./sequence.js";
import { commentRule, commonRules } from "./shared.js";
import { enabledRule, eventStateRule, tableRules, viewRules } from "./table.js";

const onTable: AttributeRules = { enabled: enabledRule, inherited: () => [], comment: commentRule };
const named: AttributeRules = commonRules();

const rules: { readonly [kind in ObjectKind]: AttributeRules } = {
  "access method": named,
  aggregate: aggregateRules,
  cast: castRules,
  collation: named,
  column: columnRules,
  constraint: constraintRules,
  conversion: named,
  "default privileges": defaultPrivilegesRules,
  domain: domainRules,
  "event trigger": { ...named, enabled: eventStateRule },
  extension: extensionRules,
  "foreign data wrapper": wrapperRules,
  "foreign table": tableRules,
  function: routineRules,
  index: indexRules,
  language: named,
  "materialized view": viewRules,
  operator: named,
  "operator class": named,
  "operator family": named,
  policy: { comment: commentRule },
  procedure: routineRules,
  publication: publicationRules,
  rule: onTable,
  schema: named,
  sequence: sequenceRules,
  server: serverRules,
  statistics: statisticsRules,
  subscription: subscriptionRules,
  table: tableRules,
  "text search configuration": textSearchConfigurationRules,
  "text search dictionary": named,
  "text search parser": named,
  "text search template": named,
  transform: named,
  trigger: onTable,
  type: typeRules,
  "user mapping": userMappingRules,
  view: viewRules,
};

/** What holds rows, or what only its owner can make again: never dropped to be made anew. */
const neverReplaced: ReadonlySet<ObjectKind> = new Set([
  "table",
  "column",
  "schema",
  "extension",
  "sequence",
  "subscription",
]);

/** The attributes in which both sides differ. */
export function changedAttributes({ was, object }: Pick<Alteration, "was" | "object">): readonly string[] {
  return [...new Set([...Object.keys(was), ...Object.keys(object)])]
    .filter((name) => !sameAttribute(was[name], object[name]))
    .sort();
}

/** The statements that give an object that both sides have its attributes of the other side; `replace` where there is none for one of them. */
export function alterObject(alteration: Alteration): Altered {
  const { kind } = alteration.name;
  const emissions: Emission[] = [];
  for (const attribute of changedAttributes(alteration)) {
    const altered: Altered = rules[kind][attribute]?.(alteration) ?? withoutRule(kind, attribute);
    if (!Array.isArray(altered)) return altered;
    for (const emission of altered as readonly Emission[])
      if (!emissions.some(({ sql }) => sql === emission.sql)) emissions.push(emission);
  }
  return emissions;
}

function withoutRule(kind: ObjectKind, attribute: string): Altered {
  return neverReplaced.has(kind) ? refusal(`differs in ${attribute}, for which there is no ALTER`) : "replace";
}
