import { emit } from "../../emit/emission.js";
import { identifier, qualified, referenced, textsOf } from "../../emit/sql-text.js";
import { objectKey } from "../../object-key.js";
import { sameAttribute } from "../../snapshot.js";
import { nameOf, relationOf } from "../parts.js";
import { type Alteration, type Altered, type AttributeRules, follows, refusal } from "./alteration.js";
import { commonRules, foreignOptionChanges, storageOptions } from "./shared.js";

const table = (alteration: Alteration): string =>
  `ALTER ${alteration.name.kind.toUpperCase()} ${qualified(alteration.name.path)}`;

const action =
  (text: (alteration: Alteration) => string) =>
  (alteration: Alteration): Altered =>
    emit("describe", alteration, `${table(alteration)} ${text(alteration)}`);

const switched = (attribute: string, on: string, off: string) =>
  action(({ object }) => (object[attribute] === true ? on : off));

/** Leaves the parents that it has no more, and those that it hangs on in another way; these and new ones are joined when all is made. */
function inherits(alteration: Alteration): Altered {
  const { was, object, from, key } = alteration;
  const [before, after] = [textsOf(was["inherits"]), textsOf(object["inherits"])];
  const isBoundTheSame = sameAttribute(was["partitionBound"], object["partitionBound"]);
  const left = before.filter((parent) => !isBoundTheSame || !after.includes(parent));
  const joined = after.filter((parent) => !isBoundTheSame || !before.includes(parent));
  const own = qualified(alteration.name.path);
  const bound = (of: Alteration["was"]): string | undefined =>
    typeof of["partitionBound"] === "string" ? of["partitionBound"] : undefined;
  const isThere = (parent: string): boolean =>
    from.snapshot.objects[`table ${parent}`] !== undefined || key.startsWith("foreign");
  return [
    ...emit("create", alteration, ...left.filter(isThere).map((parent) =>
      bound(was) === undefined ? `${table(alteration)} NO INHERIT ${referenced(parent)}`
      : `ALTER TABLE ${referenced(parent)} DETACH PARTITION ${own}`)),
    ...emit("attach", alteration, ...joined.map((parent) =>
      bound(object) === undefined ? `${table(alteration)} INHERIT ${referenced(parent)}`
      : `ALTER TABLE ${referenced(parent)} ATTACH PARTITION ${own} ${bound(object)}`)),
  ]; // prettier-ignore
}

/** One that stands on an index is said with the index. */
function replicaIdentity(alteration: Alteration): Altered {
  const wanted = alteration.object["replicaIdentity"];
  if (wanted === "index") return [];
  return emit(
    "create",
    alteration,
    `ALTER TABLE ONLY ${qualified(alteration.name.path)} REPLICA IDENTITY ${String(wanted ?? "default").toUpperCase()}`,
  );
}

export const tableRules: AttributeRules = {
  ...commonRules(() => "TABLE"),
  unlogged: switched("unlogged", "SET UNLOGGED", "SET LOGGED"),
  rowSecurity: switched("rowSecurity", "ENABLE ROW LEVEL SECURITY", "DISABLE ROW LEVEL SECURITY"),
  forceRowSecurity: switched("forceRowSecurity", "FORCE ROW LEVEL SECURITY", "NO FORCE ROW LEVEL SECURITY"),
  options: (alteration) =>
    emit(
      "describe",
      alteration,
      ...storageOptions(alteration.was["options"], alteration.object["options"]).map(
        (set) => `${table(alteration)} ${set}`,
      ),
    ),
  accessMethod: action(({ object }) => `SET ACCESS METHOD ${identifier(String(object["accessMethod"] ?? "heap"))}`),
  tablespace: action(({ object }) => `SET TABLESPACE ${identifier(String(object["tablespace"] ?? "pg_default"))}`),
  ofType: action(({ object }) => (typeof object["ofType"] === "string" ? `OF ${object["ofType"]}` : "NOT OF")),
  replicaIdentity,
  inherits,
  partitionBound: inherits,
  columns: follows,
  detachPending: () => refusal("is half detached from its parent; DETACH PARTITION … FINALIZE ends that"),
  partitionKey: () => refusal("is partitioned in another way, and no ALTER TABLE changes that"),
  server: () => "replace",
  serverOptions: action(({ was, object }) =>
    foreignOptionChanges(was["serverOptions"], object["serverOptions"]).trim(),
  ),
};

/** Whether CREATE OR REPLACE VIEW can do it: it may add columns at the end, and change nothing about those that are there. */
function onlyAddsColumns({ was, object, from, to, name }: Alteration): boolean {
  const [before, after] = [textsOf(was["columns"]), textsOf(object["columns"])];
  const columnIn = (side: typeof from, column: string) =>
    side.snapshot.objects[objectKey("column", [...name.path, column])];
  return before.every((column, place) => {
    const [old, fresh] = [columnIn(from, column), columnIn(to, column)];
    return after[place] === column && old?.["type"] === fresh?.["type"] && old?.["collation"] === fresh?.["collation"];
  });
}

function viewDefinition(alteration: Alteration): Altered {
  const { object, name } = alteration;
  if (name.kind !== "view" || !onlyAddsColumns(alteration)) return "replace";
  const columns = textsOf(object["columns"]).map(identifier).join(", ");
  const body = String(object["definition"]).replace(/;\s*$/, "");
  return emit("create", alteration, `CREATE OR REPLACE VIEW ${qualified(name.path)} (${columns}) AS ${body}`);
}

function populated(alteration: Alteration): Altered {
  const data = alteration.object["notPopulated"] === true ? "NO DATA" : "DATA";
  return emit("attach", alteration, `REFRESH MATERIALIZED VIEW ${qualified(alteration.name.path)} WITH ${data}`);
}

export const viewRules: AttributeRules = {
  ...commonRules(() => "TABLE"),
  definition: viewDefinition,
  columns: viewDefinition,
  options: tableRules["options"] ?? follows,
  accessMethod: tableRules["accessMethod"] ?? follows,
  tablespace: tableRules["tablespace"] ?? follows,
  notPopulated: populated,
};

const states: { readonly [state: string]: string } = {
  disabled: "DISABLE",
  replica: "ENABLE REPLICA",
  always: "ENABLE ALWAYS",
};

/** Of a trigger or a rule. */
export const enabledRule = (alteration: Alteration): Altered => {
  const { name, object, key, snapshot } = alteration;
  const word = states[String(object["enabled"])] ?? "ENABLE";
  const relation = relationOf(key, snapshot);
  const only = relation !== undefined && nameOf(relation).kind === "table" ? "ONLY " : "";
  const on = `ALTER TABLE ${only}${qualified(name.path.slice(0, 2))}`;
  return emit("describe", alteration, `${on} ${word} ${name.kind.toUpperCase()} ${identifier(name.path[2] ?? "")}`);
};

/** Of an event trigger. */
export const eventStateRule = (alteration: Alteration): Altered => {
  const word = states[String(alteration.object["enabled"])] ?? "ENABLE";
  return emit("last", alteration, `ALTER EVENT TRIGGER ${qualified(alteration.name.path)} ${word}`);
};
