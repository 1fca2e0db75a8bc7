import { sequenceOptions } from "../../emit/column.js";
import { type Emission, emit } from "../../emit/emission.js";
import { identifier, literal, mapOf, qualified, referenced } from "../../emit/sql-text.js";
import { sameAttribute } from "../../snapshot.js";
import type { Alteration } from "./alteration.js";
import { comment, privilegeChanges } from "./shared.js";
import { sequenceActions } from "./sequence.js";

/** A new sequence under a column that has rows goes on behind the furthest of them. */
function goOn({ name, object }: Alteration): string {
  const { sequence, increment } = mapOf(object["identity"]);
  const furthest = `${String(increment ?? "1").startsWith("-") ? "min" : "max"}(${identifier(name.path[2] ?? "")})`;
  const table = qualified(name.path.slice(0, 2));
  return `SELECT pg_catalog.setval(${literal(referenced(sequence))}, v) FROM (SELECT ${furthest} AS v FROM ${table}) AS furthest WHERE v IS NOT NULL`;
}

/** What makes the column an identity, no longer one, or another one. `on` is `ALTER TABLE … ALTER COLUMN …`. */
export function identityAction(alteration: Alteration, on: string): readonly string[] {
  const [was, is] = [alteration.was["identity"], alteration.object["identity"]];
  if (is === undefined) return [`${on} DROP IDENTITY`];
  const wanted = mapOf(is);
  const when = String(wanted["generated"]).toUpperCase();
  const made = `${on} ADD GENERATED ${when} AS IDENTITY (SEQUENCE NAME ${referenced(wanted["sequence"])}${sequenceOptions(wanted)})`;
  if (was === undefined) return [made, goOn(alteration)];
  const held = mapOf(was);
  const actions = sequenceActions(held, wanted).map((action) => `SET ${action}`);
  const settings = [...(held["generated"] === wanted["generated"] ? [] : [`SET GENERATED ${when}`]), ...actions];
  const renamed = held["sequence"] === wanted["sequence"] ? [] : [`ALTER SEQUENCE ${referenced(held["sequence"])} RENAME TO ${lastName(wanted["sequence"])}`]; // prettier-ignore
  return [...renamed, ...(settings.length === 0 ? [] : [`${on} ${settings.join(" ")}`])];
}

function lastName(reference: Parameters<typeof referenced>[0]): string {
  return referenced(reference).replace(/^"(?:[^"]|"")*"\./, "");
}

/** Privileges, comment and persistence of the sequence under an identity. */
export function identitySequenceRules(alteration: Alteration): readonly Emission[] {
  const [was, is] = [mapOf(alteration.was["identity"]), mapOf(alteration.object["identity"])];
  if (is["sequence"] === undefined) return [];
  const on = `SEQUENCE ${referenced(is["sequence"])}`;
  const differs = (attribute: string): boolean => !sameAttribute(was[attribute], is[attribute]);
  const persistence = is["persistence"] ?? (was["persistence"] === "unlogged" ? "logged" : "unlogged");
  return [
    ...emit("grant", alteration, ...privilegeChanges(on, was["privileges"], is["privileges"])),
    ...(differs("comment") ? emit("describe", alteration, comment(on, is["comment"])) : []),
    ...(differs("persistence")
      ? emit("describe", alteration, `ALTER ${on} SET ${String(persistence).toUpperCase()}`)
      : []),
  ];
}
