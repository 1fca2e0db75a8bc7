import { BelayError } from "../errors.js";
import type { Attribute } from "./snapshot.js";

/** The letters of an `aclitem` (PostgreSQL manual, "Privileges", table "ACL Privilege Abbreviations"). */
const privilegeOfLetter: { readonly [letter: string]: string } = {
  r: "SELECT",
  w: "UPDATE",
  a: "INSERT",
  d: "DELETE",
  D: "TRUNCATE",
  x: "REFERENCES",
  t: "TRIGGER",
  m: "MAINTAIN",
  X: "EXECUTE",
  U: "USAGE",
  C: "CREATE",
  c: "CONNECT",
  T: "TEMPORARY",
  s: "SET",
  A: "ALTER SYSTEM",
};

/** A privilege beyond the defaults, one with the right to hand it on, or one of the defaults that was taken away. */
export type Grant = "granted" | "grantable" | "revoked";

/** For each role (`public` is everybody) its privileges; `SELECT by anna` where somebody else than the owner gave it. */
export type Privileges = { readonly [grantee: string]: { readonly [privilege: string]: Grant } };

interface AclItem {
  readonly grantee: string;
  readonly privilege: string;
  readonly grantable: boolean;
}

function takeRole(text: string): { readonly role: string; readonly rest: string } {
  const match = /^(?:"((?:[^"]|"")*)"|([^"=/]*))/.exec(text);
  const role = match?.[1]?.replaceAll('""', '"') ?? match?.[2] ?? "";
  return { role, rest: text.slice(match?.[0].length ?? 0) };
}

function explode(item: string, owner: string): readonly AclItem[] {
  const grantee = takeRole(item);
  const [letters = "", ...grantorText] = grantee.rest.slice(1).split("/");
  const grantor = takeRole(grantorText.join("/")).role;
  const by = grantor === owner ? "" : ` by ${grantor}`;
  return [...letters.matchAll(/([A-Za-z])(\*?)/g)].map(([, letter = "", star]) => {
    const privilege = privilegeOfLetter[letter];
    if (privilege === undefined)
      throw new BelayError("defect", "privilege-unknown", `The privilege "${letter}" in "${item}" is not known.`);
    return {
      grantee: grantee.role === "" ? "public" : grantee.role,
      privilege: `${privilege}${by}`,
      grantable: star === "*",
    };
  });
}

const idOf = (item: AclItem): string => `${item.grantee}\n${item.privilege}\n${item.grantable}`;

/**
 * What an access list says beyond, or short of, the built-in defaults for this kind of object and owner; `null` where it
 * says exactly these. The owner's own full set is not spelled out, so that a server with one more kind of privilege
 * (MAINTAIN, since 17) gives the same value.
 */
export function privilegesOf(
  acl: readonly string[] | null,
  defaults: readonly string[],
  owner: string,
): Privileges | null {
  if (acl === null) return null;
  const actual = acl.flatMap((item) => explode(item, owner));
  const standard = defaults.flatMap((item) => explode(item, owner));
  const standardIds = new Set(standard.map(idOf));
  const actualNames = new Set(actual.map((item) => `${item.grantee}\n${item.privilege}`));
  const result: { [grantee: string]: { [privilege: string]: Grant } } = {};
  const note = (item: AclItem, grant: Grant): void => {
    (result[item.grantee] ??= {})[item.privilege] = grant;
  };
  for (const item of standard) if (!actualNames.has(`${item.grantee}\n${item.privilege}`)) note(item, "revoked");
  for (const item of actual) if (!standardIds.has(idOf(item))) note(item, item.grantable ? "grantable" : "granted");
  return Object.keys(result).length === 0 ? null : (result as Privileges & Attribute);
}
