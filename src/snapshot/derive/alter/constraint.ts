import { emit } from "../../emit/emission.js";
import { identifier, mapOf, qualified, referenced } from "../../emit/sql-text.js";
import { alterRelation } from "../drop.js";
import { type Alteration, type Altered, type AttributeRules, follows, refusal } from "./alteration.js";
import { comment, commentRule, storageOptions } from "./shared.js";

/** The index itself, or the one under a constraint. */
function indexPath({ name }: Alteration): readonly string[] {
  return name.kind === "index" ? name.path : [name.path[0] ?? "", name.path[2] ?? ""];
}

const indexAction =
  (text: (alteration: Alteration) => string) =>
  (alteration: Alteration): Altered =>
    emit("describe", alteration, `ALTER INDEX ${qualified(indexPath(alteration))} ${text(alteration)}`);

function tableOf(alteration: Alteration): string {
  const { name, object } = alteration;
  return name.kind === "index" ? referenced(object["table"]) : qualified(name.path.slice(0, 2));
}

function clustered(alteration: Alteration): Altered {
  const on = `ALTER TABLE ONLY ${tableOf(alteration)}`;
  const name = identifier(indexPath(alteration).at(-1) ?? "");
  // Another index takes the mark over by itself; where none does, it is taken off before any is set.
  return alteration.object["clustered"] === true
    ? emit("describe", alteration, `${on} CLUSTER ON ${name}`)
    : emit("create", alteration, `${on} SET WITHOUT CLUSTER`);
}

/** Taken off by what the table says, or by the index that has it instead. */
function replicaIdentity(alteration: Alteration): Altered {
  if (alteration.object["replicaIdentity"] !== true) return [];
  const name = identifier(indexPath(alteration).at(-1) ?? "");
  return emit("describe", alteration, `ALTER TABLE ONLY ${tableOf(alteration)} REPLICA IDENTITY USING INDEX ${name}`);
}

function columnStatistics(alteration: Alteration): Altered {
  const [was, is] = [mapOf(alteration.was["statistics"]), mapOf(alteration.object["statistics"])];
  const changed = [...new Set([...Object.keys(was), ...Object.keys(is)])].filter(
    (column) => was[column] !== is[column],
  );
  const on = `ALTER INDEX ${qualified(indexPath(alteration))} ALTER COLUMN`;
  return emit(
    "describe",
    alteration,
    ...changed.map((column) => `${on} ${column} SET STATISTICS ${String(is[column] ?? -1)}`),
  );
}

const withOptions = / WITH \((?:[^()']|'(?:[^']|'')*')*\)/;

/** An index that differs by its storage options alone is not built anew. */
function indexDefinition(alteration: Alteration): Altered {
  const [was, is] = [String(alteration.was["definition"]), String(alteration.object["definition"])];
  if (was.replace(withOptions, "") !== is.replace(withOptions, "")) return "replace";
  const [before, after] = [optionsIn(was), optionsIn(is)];
  const on = `ALTER INDEX ${qualified(indexPath(alteration))}`;
  return emit("describe", alteration, ...storageOptions(before, after).map((set) => `${on} ${set}`));
}

/** `fillfactor='70'` within `WITH (…)`, as a map. */
function optionsIn(definition: string): { readonly [name: string]: string } {
  const [list = ""] = withOptions.exec(definition) ?? [];
  return Object.fromEntries(
    [...list.matchAll(/([a-z_]+)='((?:[^']|'')*)'/g)].map(([, name = "", value = ""]) => [name, value]),
  );
}

const invalid = (alteration: Alteration): Altered =>
  alteration.object["invalid"] === true ? refusal("was invalid, and no statement makes it so") : "replace";

export const indexRules: AttributeRules = {
  definition: indexDefinition,
  clustered,
  replicaIdentity,
  statistics: columnStatistics,
  tablespace: indexAction(({ object }) => `SET TABLESPACE ${identifier(String(object["tablespace"] ?? "pg_default"))}`),
  invalid,
  notReady: invalid,
  dropping: invalid,
  partitionOf: (alteration) => {
    const { was, object } = alteration;
    const parent = object["partitionOf"];
    if (parent === undefined) return [];
    if (was["partitionOf"] !== undefined) return refusal(`hangs on another index than ${String(parent)}`);
    return emit(
      "attach",
      alteration,
      `ALTER INDEX ${referenced(parent)} ATTACH PARTITION ${qualified(alteration.name.path)}`,
    );
  },
  comment: commentRule,
};

function notValid(alteration: Alteration): Altered {
  if (alteration.object["notValid"] === true) return "replace";
  const on = alterRelation(alteration.key, alteration.snapshot);
  return emit("create", alteration, `${on} VALIDATE CONSTRAINT ${identifier(alteration.name.path[2] ?? "")}`);
}

export const constraintRules: AttributeRules = {
  notValid,
  clustered,
  replicaIdentity,
  options: (alteration) => {
    const sets = storageOptions(alteration.was["options"], alteration.object["options"]);
    const on = `ALTER INDEX ${qualified(indexPath(alteration))}`;
    return emit("describe", alteration, ...sets.map((set) => `${on} ${set}`));
  },
  tablespace: indexRules["tablespace"] ?? follows,
  indexInvalid: invalid,
  triggers: () => refusal("has its triggers switched in another way, and they have no name to switch them by"),
  inherited: follows,
  notLocal: follows,
  noInherit: () => "replace",
  comment: commentRule,
  indexComment: (alteration) =>
    emit(
      "describe",
      alteration,
      comment(`INDEX ${qualified(indexPath(alteration))}`, alteration.object["indexComment"]),
    ),
};
