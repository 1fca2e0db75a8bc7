import { emit } from "../../emit/emission.js";
import { parseReference, qualified } from "../../emit/sql-text.js";
import type { CatalogObject } from "../../snapshot.js";
import { type AttributeRule, type AttributeRules, follows } from "./alteration.js";
import { alterTarget, commonRules } from "./shared.js";

const bound = (word: string, value: CatalogObject[string] | undefined): string =>
  value === undefined ? `NO ${word}` : `${word} ${String(value)}`;

/** Where a sequence begins unless it says otherwise (manual, CREATE SEQUENCE). */
function startOf(sequence: CatalogObject): string {
  const isDescending = String(sequence["increment"] ?? "1").startsWith("-");
  const otherwise = isDescending ? (sequence["maximum"] ?? "-1") : (sequence["minimum"] ?? "1");
  return String(sequence["start"] ?? otherwise);
}

/** The options that differ, as ALTER SEQUENCE writes them. */
export function sequenceActions(was: CatalogObject, is: CatalogObject): readonly string[] {
  const differs = (...names: readonly string[]): boolean => names.some((name) => was[name] !== is[name]);
  return [
    ...(differs("increment") ? [`INCREMENT BY ${String(is["increment"] ?? "1")}`] : []),
    ...(differs("minimum", "increment") ? [bound("MINVALUE", is["minimum"])] : []),
    ...(differs("maximum", "increment") ? [bound("MAXVALUE", is["maximum"])] : []),
    ...(differs("start", "minimum", "maximum", "increment") ? [`START WITH ${startOf(is)}`] : []),
    ...(differs("cache") ? [`CACHE ${String(is["cache"] ?? "1")}`] : []),
    ...(differs("cycle") ? [is["cycle"] === true ? "CYCLE" : "NO CYCLE"] : []),
  ];
}

const options: AttributeRule = (alteration) => {
  const { was, object } = alteration;
  const type = was["type"] === object["type"] ? [] : [`AS ${String(object["type"] ?? "bigint")}`];
  const actions = [...type, ...sequenceActions(was, object)];
  return actions.length === 0 ? [] : alterTarget(alteration, actions.join(" "));
};

const ownedBy: AttributeRule = (alteration) => {
  const owner = alteration.object["ownedBy"];
  const column = owner === undefined ? "NONE" : qualified(parseReference(owner));
  // Losing its owner comes first, since the owner may be about to go; getting one, once both have their own owner.
  const phase = owner === undefined ? "create" : "grant";
  return alterTarget(alteration, `OWNED BY ${column}`).map((emission) => ({ ...emission, phase }));
};

export const sequenceRules: AttributeRules = {
  ...commonRules(),
  type: options,
  start: options,
  increment: options,
  minimum: options,
  maximum: options,
  cache: options,
  cycle: options,
  ownedBy,
  unlogged: (alteration) =>
    emit(
      "create",
      alteration,
      `ALTER SEQUENCE ${qualified(alteration.name.path)} SET ${alteration.object["unlogged"] === true ? "UNLOGGED" : "LOGGED"}`,
    ),
  columns: follows,
};
