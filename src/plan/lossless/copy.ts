import type { Direction } from "../../journal/entry.js";
import type { Effects, ObjectKind, ObjectReference } from "../../sql/effects.js";
import { quoteLiteral, quoteQualified } from "../../sql/quote.js";
import type { Compiled, Source } from "../compiled.js";
import { keyOf } from "../key-of.js";
import type { Classified } from "../sections.js";
import type { Step } from "../step.js";

/** What is dropped and cannot be hidden: its values are copied before, and what is hidden must not need it any more. */
export function copiesBefore(source: Source, effects: Effects): readonly Classified[] {
  if (source.keep === "off" || !destroys(effects)) return [];
  const copies = effects.drops.filter(hasValues).map((object) => bookStep("keep", source, object, false));
  const used = effects.drops.filter(({ kind }) => usedByKept.has(kind));
  return used.length === 0 ? copies : [freed(used), ...copies];
}

/** What columns and foreign tables stand on, and nobody can hide. */
const usedByKept: ReadonlySet<ObjectKind> = new Set(["collation", "extension", "foreign data wrapper", "server"]);

function freed(objects: readonly ObjectReference[]): Classified {
  const step: Step = {
    sql: `SELECT belay.free(${quoteLiteral(JSON.stringify(objects.map(keyOf)))})`,
    command: "SELECT",
    purpose: "keep",
    locks: [],
    makes: [],
    mayMeet: [],
    removes: [],
    verification: { kind: "none" },
  };
  return { step, transaction: "inside" };
}

/**
 * What the other half has kept is put back at the end of a half, after everything that the author writes into its place: what people wrote since goes before rows
 * and defaults that a migration brings along. Its place is there where this half makes it, where it stands on both sides, or where nobody can tell what a statement does.
 */
export function restoresFor(
  source: Source,
  statements: readonly Compiled[],
  others: readonly Compiled[],
  direction: Direction,
): readonly Classified[] {
  if (source.keep === "off") return [];
  const keysMade = (half: readonly Compiled[]): ReadonlySet<string> =>
    new Set(
      half.flatMap(({ effects }) => (destroys(effects) ? effects.creates : [])).map((object) => keyOf(object).key),
    );
  const [made, madeThere] = [keysMade(statements), keysMade(others)];
  const isOpaque = statements.some(({ effects }) => opaque.includes(effects.command));
  const dropped = others.flatMap(({ effects }) => (destroys(effects) ? effects.drops.filter(hasValues) : []));
  const kept = new Map(dropped.map((object) => [keyOf(object).key, object]));
  const inOrder = [...made].filter((key) => kept.has(key));
  const rest = [...kept.keys()].filter((key) => !made.has(key) && (isOpaque || madeThere.has(key)));
  return [...inOrder, ...rest].flatMap((key) => {
    const object = kept.get(key);
    return object === undefined ? [] : [bookStep("restore", source, object, direction === "down")];
  });
}

/** What such a statement does only the server knows. */
const opaque: readonly string[] = ["CALL", "DO", "SELECT"];

/** Values are kept before they are dropped, and put back after their place was made again. */
function bookStep(purpose: "keep" | "restore", source: Source, object: ObjectReference, strict: boolean): Classified {
  const isColumn = object.kind === "column";
  const relation = quoteQualified({ schema: object.schema, name: isColumn ? (object.of ?? "") : object.name });
  const column = isColumn ? `, ${quoteLiteral(object.name)}` : ", NULL";
  const step: Step = {
    sql: `SELECT belay.${purpose}(${quoteLiteral(source.id)}, to_regclass(${quoteLiteral(relation)})${column}${purpose === "restore" ? `, ${strict}` : ""})`,
    command: "SELECT",
    purpose,
    locks: [{ relation, mode: purpose === "keep" ? "ACCESS EXCLUSIVE" : "ROW EXCLUSIVE" }],
    makes: [],
    mayMeet: [],
    removes: purpose === "keep" ? [keyOf(object).key] : [],
    verification: { kind: "none" },
  };
  return { step, transaction: "inside" };
}

/** A renamed or moved object is among what a statement drops and makes; its values stay where they are. */
export function destroys(effects: Effects): boolean {
  return !/ RENAME\b| SET SCHEMA\b/.test(effects.command);
}

export function hasValues(object: ObjectReference): boolean {
  return object.kind === "column" || object.kind === "table";
}
