import { identitySequenceRules, identityAction } from "./identity.js";
import { emit } from "../../emit/emission.js";
import { identifier, literal, mapOf, qualified, referenced } from "../../emit/sql-text.js";
import type { Attribute } from "../../snapshot.js";
import { alterRelation } from "../drop.js";
import { nameOf, relationOf } from "../parts.js";
import { type Alteration, type Altered, type AttributeRules, follows, refusal } from "./alteration.js";
import { commentRule, foreignOptionChanges, privilegeChanges, storageOptions } from "./shared.js";

const kindOfRelation = ({ key, snapshot }: Alteration): string => {
  const relation = relationOf(key, snapshot);
  return relation === undefined ? "table" : nameOf(relation).kind;
};

const columnName = ({ name }: Alteration): string => identifier(name.path[2] ?? "");

/** `ALTER TABLE ONLY … ALTER COLUMN … <action>`. */
function settings(alteration: Alteration, ...actions: readonly string[]): Altered {
  const on = `${alterRelation(alteration.key, alteration.snapshot, "ONLY ")} ALTER COLUMN ${columnName(alteration)}`;
  return emit("describe", alteration, ...actions.map((action) => `${on} ${action}`));
}

/** Types of PostgreSQL's own are printed without a schema; between two of these it is known which cast there is. */
const isOwnType = (type: string): boolean => type.includes(".");

function castTo(alteration: Alteration): string {
  const [was, is] = [String(alteration.was["type"]), String(alteration.object["type"])];
  return `${columnName(alteration)}${isOwnType(was) || isOwnType(is) ? "::text" : ""}::${is}`;
}

/** Type and collation, which are set together. Children of an inheritance tree follow their parent. */
function retype(alteration: Alteration): Altered {
  const { object, was, key, snapshot } = alteration;
  const kind = kindOfRelation(alteration);
  if (kind === "view" || kind === "materialized view") return [];
  if (object["inherited"] === true && was["inherited"] === true) return [];
  const collation = typeof object["collation"] === "string" ? ` COLLATE ${referenced(object["collation"])}` : "";
  const type = `TYPE ${String(object["type"])}${collation}`;
  const on = alterRelation(key, snapshot);
  if (kind === "type") return emit("create", alteration, `${on} ALTER ATTRIBUTE ${columnName(alteration)} ${type}`);
  const using = kind === "foreign table" ? "" : ` USING ${castTo(alteration)}`;
  return emit("create", alteration, `${on} ALTER COLUMN ${columnName(alteration)} ${type}${using}`);
}

function addNotNull(alteration: Alteration, notNull: Attribute): readonly string[] {
  const { name, notValid, noInherit, comment } = mapOf(notNull);
  const on = alterRelation(alteration.key, alteration.snapshot);
  if (notNull === true) return [`${on} ALTER COLUMN ${columnName(alteration)} SET NOT NULL`];
  const called = typeof name === "string" ? `CONSTRAINT ${identifier(name)} ` : "";
  const marks = `${noInherit === true ? " NO INHERIT" : ""}${notValid === true ? " NOT VALID" : ""}`;
  const table = qualified(alteration.name.path.slice(0, 2));
  return [
    `${on} ADD ${called}NOT NULL ${columnName(alteration)}${marks}`,
    ...(typeof name === "string" && typeof comment === "string"
      ? [`COMMENT ON CONSTRAINT ${identifier(name)} ON ${table} IS ${literal(comment)}`]
      : []),
  ];
}

/** Keeps the constraint where another name or its validation is all that differs: a key may stand on it. */
function notNull(alteration: Alteration): Altered {
  const [was, is] = [alteration.was["notNull"], alteration.object["notNull"]];
  const on = alterRelation(alteration.key, alteration.snapshot);
  const drop = `${on} ALTER COLUMN ${columnName(alteration)} DROP NOT NULL`;
  if (is === undefined) return emit("create", alteration, drop);
  if (was === undefined) return emit("create", alteration, ...addNotNull(alteration, is));
  const [before, after] = [mapOf(was), mapOf(is)];
  const [oldName, newName] = [before["name"], after["name"]];
  if (
    typeof oldName === "string" &&
    typeof newName === "string" &&
    before["noInherit"] === after["noInherit"] &&
    after["notValid"] !== true
  ) {
    return emit("create", alteration,
      ...(oldName === newName ? [] : [`${on} RENAME CONSTRAINT ${identifier(oldName)} TO ${identifier(newName)}`]),
      ...(before["notValid"] === true ? [`${on} VALIDATE CONSTRAINT ${identifier(newName)}`] : [])); // prettier-ignore
  }
  return emit("create", alteration, drop, ...addNotNull(alteration, is));
}

function generated(alteration: Alteration): Altered {
  const { object, was, to } = alteration;
  if (was["generated"] === "stored" && object["generated"] === undefined)
    return emit(
      "create",
      alteration,
      `${alterRelation(alteration.key, alteration.snapshot)} ALTER COLUMN ${columnName(alteration)} DROP EXPRESSION`,
    );
  if (object["generated"] === undefined) return refusal("was computed, and a way back would have to write its values");
  if (was["generated"] !== object["generated"] || to.serverVersion < 170000) return "replace";
  const on = `${alterRelation(alteration.key, alteration.snapshot)} ALTER COLUMN ${columnName(alteration)}`;
  return emit("create", alteration, `${on} SET EXPRESSION AS (${String(object["expression"])})`);
}

/** Before version 16 the type's own storage has to be named (manual, "TOAST"). */
function ownStorage({ to, object }: Alteration): string {
  if (to.serverVersion >= 160000) return "DEFAULT";
  return /^(numeric|inet|cidr)\b/.test(String(object["type"])) ? "MAIN" : "EXTENDED";
}

const upper = (value: Attribute | undefined, otherwise: string): string =>
  value === undefined ? otherwise : String(value).toUpperCase();

function identity(alteration: Alteration): Altered {
  const on = `${alterRelation(alteration.key, alteration.snapshot)} ALTER COLUMN ${columnName(alteration)}`;
  return [...emit("create", alteration, ...identityAction(alteration, on)), ...identitySequenceRules(alteration)];
}

export const columnRules: AttributeRules = {
  type: retype,
  collation: retype,
  notNull,
  // A default is a unit of its own: it stands on other things than its column.
  default: follows,
  expression: generated,
  generated,
  identity,
  storage: (alteration) =>
    settings(alteration, `SET STORAGE ${upper(alteration.object["storage"], ownStorage(alteration))}`),
  compression: (alteration) =>
    settings(alteration, `SET COMPRESSION ${String(alteration.object["compression"] ?? "default")}`),
  statistics: (alteration) => settings(alteration, `SET STATISTICS ${String(alteration.object["statistics"] ?? -1)}`),
  options: (alteration) =>
    settings(alteration, ...storageOptions(alteration.was["options"], alteration.object["options"])),
  serverOptions: (alteration) =>
    settings(
      alteration,
      foreignOptionChanges(alteration.was["serverOptions"], alteration.object["serverOptions"]).trim(),
    ),
  privileges: (alteration) =>
    emit("grant", alteration, ...privilegeChanges(`TABLE ${qualified(alteration.name.path.slice(0, 2))}`,
      alteration.was["privileges"], alteration.object["privileges"], ` (${columnName(alteration)})`)), // prettier-ignore
  inherited: follows,
  notLocal: follows,
  comment: commentRule,
};
