import type { ObjectName } from "../../object-key.js";
import type { Attribute } from "../../snapshot.js";
import { emit } from "../../emit/emission.js";
import { ownership, target } from "../../emit/shared.js";
import { entriesOf, identifier, literal, mapOf, qualified, roleName } from "../../emit/sql-text.js";
import type { Alteration, AttributeRule, AttributeRules } from "./alteration.js";

/** The statement that sets a comment, or takes it away. */
export function comment(on: string, text: Attribute | undefined): string {
  return `COMMENT ON ${on} IS ${typeof text === "string" ? literal(text) : "NULL"}`;
}

export const commentRule: AttributeRule = (alteration) => {
  const { name, object, was } = alteration;
  const isOfDomain = (object["ofDomain"] ?? was["ofDomain"]) === true;
  return emit("describe", alteration, comment(target(aggregateName(name), isOfDomain), object["comment"]));
};

/** An aggregate over rows is written with a star, but its key is not. */
export function aggregateName(name: ObjectName): ObjectName {
  return name.kind === "aggregate" && name.signature === "()" ? { ...name, signature: "(*)" } : name;
}

const ownerRule: AttributeRule = (alteration) => ownership({ ...alteration, name: aggregateName(alteration.name) });

/** GRANT's and REVOKE's words for the way from one state of a privilege to another. */
function grantStatement(what: string, to: string, was: Attribute | undefined, is: Attribute | undefined): string {
  if (is === "revoked") return `REVOKE ${what} FROM ${to}`;
  if (is === "grantable") return `GRANT ${what} TO ${to} WITH GRANT OPTION`;
  if (is === "granted" && was === "grantable") return `REVOKE GRANT OPTION FOR ${what} FROM ${to}`;
  // Nothing said of it means the default: what was revoked of that is granted again.
  return is === "granted" || was === "revoked" ? `GRANT ${what} TO ${to}` : `REVOKE ${what} FROM ${to}`;
}

interface Entry {
  readonly grantee: string;
  readonly entry: string;
  readonly was: Attribute | undefined;
  readonly is: Attribute | undefined;
}

function changedEntries(before: Attribute | undefined, after: Attribute | undefined): readonly Entry[] {
  const [was, is] = [mapOf(before), mapOf(after)];
  return [...new Set([...Object.keys(was), ...Object.keys(is)])].flatMap((grantee) => {
    const [held, holds] = [mapOf(was[grantee]), mapOf(is[grantee])];
    return [...new Set([...Object.keys(held), ...Object.keys(holds)])]
      .filter((entry) => held[entry] !== holds[entry])
      .map((entry) => ({ grantee, entry, was: held[entry], is: holds[entry] }));
  });
}

/** The statements that turn one map of privileges into another. What another role handed on is granted, and revoked, as that role. */
export function privilegeChanges(
  on: string,
  before: Attribute | undefined,
  after: Attribute | undefined,
  columns = "",
): readonly string[] {
  const handedOn: string[] = [];
  const own: string[] = [];
  for (const { grantee, entry, was, is } of changedEntries(before, after)) {
    const [privilege = "", ...by] = entry.split(" by ");
    const sql = grantStatement(`${privilege}${columns} ON ${on}`, roleName(grantee), was, is);
    if (by.length === 0) own.push(sql);
    else handedOn.push(`SET ROLE ${identifier(by.join(" by "))}`, sql, "RESET ROLE");
  }
  return [...own, ...handedOn];
}

export function privilegesRule(word: (name: ObjectName) => string): AttributeRule {
  return (alteration) => {
    const { name, was, object } = alteration;
    const on = `${word(name)} ${qualified(name.path)}${name.signature}`;
    return emit("grant", alteration, ...privilegeChanges(on, was["privileges"], object["privileges"]));
  };
}

/** Owner, privileges and comment. */
export function commonRules(word: (name: ObjectName) => string = ({ kind }) => kind.toUpperCase()): AttributeRules {
  return { owner: ownerRule, privileges: privilegesRule(word), comment: commentRule };
}

function changedOptions(before: Attribute | undefined, after: Attribute | undefined) {
  const [was, is] = [mapOf(before), mapOf(after)];
  return {
    gone: Object.keys(was).filter((name) => is[name] === undefined),
    added: entriesOf(after).filter(([name]) => was[name] === undefined),
    set: entriesOf(after).filter(([name, value]) => was[name] !== undefined && was[name] !== value),
  };
}

/** `RESET (…)` and `SET (…)` of storage options, as far as something is to be said. */
export function storageOptions(before: Attribute | undefined, after: Attribute | undefined): readonly string[] {
  const { gone, added, set } = changedOptions(before, after);
  const optionName = (name: string): string => qualified(name.split("."));
  const values = [...added, ...set].map(([name, value]) => `${optionName(name)} = ${literal(String(value))}`);
  return [
    ...(gone.length === 0 ? [] : [`RESET (${gone.map(optionName).join(", ")})`]),
    ...(values.length === 0 ? [] : [`SET (${values.join(", ")})`]),
  ];
}

/** ` OPTIONS (ADD …, SET …, DROP …)` of foreign-data objects. */
export function foreignOptionChanges(before: Attribute | undefined, after: Attribute | undefined): string {
  const { gone, added, set } = changedOptions(before, after);
  const parts = [
    ...gone.map((name) => `DROP ${identifier(name)}`),
    ...added.map(([name, value]) => `ADD ${identifier(name)} ${literal(String(value))}`),
    ...set.map(([name, value]) => `SET ${identifier(name)} ${literal(String(value))}`),
  ];
  return parts.length === 0 ? "" : ` OPTIONS (${parts.join(", ")})`;
}

/** `ALTER <object>` and what follows, as emissions. */
export function alterTarget(alteration: Alteration, ...actions: readonly string[]) {
  const on = target(aggregateName(alteration.name));
  return emit("create", alteration, ...actions.map((action) => `ALTER ${on} ${action}`));
}
