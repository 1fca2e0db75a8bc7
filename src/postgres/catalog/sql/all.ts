import { constraints } from "./constraint.js";
import { accessMethods, foreignDataWrappers, languages, servers, transforms, userMappings } from "./foreign-data.js";
import type { CatalogQuery } from "./fragments.js";
import { casts, conversions, operatorClasses, operatorFamilies, operators } from "./operator.js";
import { columns, relations } from "./relation.js";
import { eventTriggers, publications, subscriptions } from "./replication.js";
import { routines } from "./routine.js";
import { defaultPrivileges, extensions, schemas } from "./schema.js";
import { identitySequences, sequences } from "./sequence.js";
import { indexes } from "./table-index.js";
import { policies, rules, statistics, triggers } from "./table-rules.js";
import {
  textSearchConfigurations,
  textSearchDictionaries,
  textSearchParsers,
  textSearchTemplates,
} from "./text-search.js";
import { collations, domains, types } from "./type.js";

/** The statements whose rows are each an object of their own. */
export const plainQueries = (serverVersion: number): readonly CatalogQuery[] => [
  schemas,
  extensions,
  defaultPrivileges,
  relations,
  sequences,
  indexes,
  triggers,
  rules,
  policies,
  statistics,
  routines,
  types,
  domains,
  collations,
  operators,
  operatorClasses,
  operatorFamilies,
  casts,
  conversions,
  textSearchConfigurations,
  textSearchDictionaries,
  textSearchParsers,
  textSearchTemplates,
  foreignDataWrappers,
  servers,
  userMappings,
  languages,
  accessMethods,
  transforms,
  publications(serverVersion),
  subscriptions,
  eventTriggers,
];

/** The statements whose rows are woven into others: columns into their tables, and so on. */
export const wovenQueries = { columns, identitySequences, constraints } as const;
