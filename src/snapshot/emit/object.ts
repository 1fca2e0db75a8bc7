import { type ObjectKind, parseObjectKey } from "../object-key.js";
import type { Snapshot } from "../snapshot.js";
import { column } from "./column.js";
import { constraint, index } from "./constraint.js";
import type { Emission, Emitter } from "./emission.js";
import { aggregate, defaultPrivileges, extension, routine, schema, sequence } from "./namespace.js";
import {
  accessMethod,
  cast,
  defined,
  eventTrigger,
  foreignDataWrapper,
  operator,
  publication,
  server,
  textSearchConfiguration,
  textSearchDictionary,
  textSearchPart,
  userMapping,
} from "./server-object.js";
import { table, view } from "./table.js";
import { definedOnTable, policy, statistics } from "./table-rules.js";
import { collation, domain, type } from "./type.js";

/** Kinds that only their author can install: code in C, or a connection to another server. */
const notEmitted: Emitter = () => [];

const emitters: { readonly [kind in ObjectKind]: Emitter } = {
  "access method": accessMethod,
  aggregate,
  cast,
  collation,
  column,
  constraint,
  conversion: defined,
  "default privileges": defaultPrivileges,
  domain,
  "event trigger": eventTrigger,
  extension,
  "foreign data wrapper": foreignDataWrapper,
  "foreign table": table,
  function: routine,
  index,
  language: notEmitted,
  "materialized view": view,
  operator,
  "operator class": notEmitted,
  "operator family": notEmitted,
  policy,
  procedure: routine,
  publication,
  rule: definedOnTable,
  schema,
  sequence,
  server,
  statistics,
  subscription: notEmitted,
  table,
  "text search configuration": textSearchConfiguration,
  "text search dictionary": textSearchDictionary,
  "text search parser": textSearchPart,
  "text search template": textSearchPart,
  transform: notEmitted,
  trigger: definedOnTable,
  type,
  "user mapping": userMapping,
  view,
};

/**
 * The statements that make one object of the snapshot, with owner, privileges and comment. No statement for a kind that
 * cannot be made from its catalog entry alone: whoever runs them compares the outcome.
 */
export function emitObject(snapshot: Snapshot, key: string): readonly Emission[] {
  const name = parseObjectKey(key);
  const object = snapshot.objects[key];
  return object === undefined ? [] : emitters[name.kind]({ key, name, object, snapshot });
}
