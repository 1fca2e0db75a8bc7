import { contentOf, contentsOf, type Node } from "../../sql/node.js";
import type { Effects, ObjectReference } from "../../sql/effects.js";
import { keyOf } from "../key-of.js";

/** What the other half of a change takes away: what it hides comes back as it was; what it drops for good has to be made again. */
export interface OtherHalf {
  readonly hides: ReadonlySet<string>;
  readonly drops: ReadonlySet<string>;
  /** What it makes in one statement with others. */
  readonly madeTogether: ReadonlySet<string>;
}

/** The keys of what a statement makes that the other half hides. */
export function returningIn({ creates }: Effects, { hides }: OtherHalf): readonly string[] {
  return keysOf(creates).filter((key) => hides.has(key));
}

/**
 * The keys of what must have come back for a statement to have nothing left to do; none where it always has. A statement that makes what is hidden, or that only
 * says something about it (an index, a default, a grant, rows), has done its work where that is there as it was.
 */
export function doneBy(node: Node, effects: Effects, other: OtherHalf): readonly string[] {
  if (other.hides.size === 0) return [];
  const own = returningIn(effects, other);
  if (own.length > 0) return own;
  if (effects.nature === "data") return writtenBy(node, effects, other);
  if (effects.nature !== "schema" || keysOf(effects.creates).some((key) => other.drops.has(key))) return [];
  // Without a name nobody can tell whether the other half dropped it for good.
  const isNameless = effects.creates.length === 0 && /^CREATE|ADD CONSTRAINT/.test(effects.command);
  if (isNameless && [...other.drops].some((key) => !other.hides.has(key))) return [];
  return aboutAlone(effects, other);
}

/**
 * The same for what may come back as a part of something else, which only the ledger can tell: the partition of a table, what stands in a schema, what CASCADE
 * reached.
 */
export function doneByParts(node: Node, effects: Effects, { hides }: OtherHalf): readonly string[] {
  if (hides.size === 0) return [];
  if (effects.nature === "data") return keysOf(targetsOf(node, effects));
  if (effects.nature !== "schema") return [];
  const { creates, drops, needs } = effects;
  if (creates.length > 0) return keysOf(creates.filter((object) => !isWithin(object, creates)));
  if (drops.length > 0) return [];
  const spokenOf = needs.filter(({ kind }) => kind !== "role");
  const parts = spokenOf.filter(({ of }) => of !== undefined);
  return [...new Set(keysOf(parts.length > 0 ? parts : [...spokenOf, ...tablesIn(effects)]))];
}

/** A column or a constraint of a table that the same statement makes. */
function isWithin({ schema, of }: ObjectReference, creates: readonly ObjectReference[]): boolean {
  return of !== undefined && creates.some((one) => one.of === undefined && one.schema === schema && one.name === of);
}

/** What the statement speaks of, where all of it comes back. */
function aboutAlone({ creates, drops, needs, locks }: Effects, { hides }: OtherHalf): readonly string[] {
  const tables = [...keysOf(tablesIn({ locks })), ...[...creates, ...drops, ...needs].flatMap(ownerOf)];
  const objects = needs.filter(({ kind }) => !["column", "role", "table"].includes(kind)).flatMap(aliasesOf);
  const found = [...new Set([...tables, ...objects])].filter((key) => hides.has(key));
  if (tables.length > 0 && tables.every((key) => hides.has(key))) return found;
  if (tables.length === 0) return found;
  const columns = keysOf(needs.filter(({ kind }) => kind === "column"));
  const back = columns.filter((key) => hides.has(key));
  return back.length > 0 && isAboutThem(creates, columns, hides) ? back : [];
}

/** What is made over a column that was hidden was hidden with it; what is only said must be said of such columns alone. */
function isAboutThem(
  creates: readonly ObjectReference[],
  columns: readonly string[],
  hides: ReadonlySet<string>,
): boolean {
  return creates.length > 0 || columns.every((key) => hides.has(key));
}

/** Rows come back with their table, and values with their column. */
function writtenBy(node: Node, effects: Effects, { hides }: OtherHalf): readonly string[] {
  const tables = keysOf(tablesIn({ locks: writingIn(effects) }));
  if (tables.length > 0 && tables.every((key) => hides.has(key))) return tables;
  const columns = keysOf(columnsSet(node, effects));
  return columns.every((key) => hides.has(key)) ? columns : [];
}

/** The columns that an UPDATE sets; of any other statement the tables that it writes. */
function targetsOf(node: Node, effects: Effects): readonly ObjectReference[] {
  const columns = columnsSet(node, effects);
  return columns.length > 0 ? columns : tablesIn({ locks: writingIn(effects) });
}

function columnsSet(node: Node, effects: Effects): readonly ObjectReference[] {
  const update = contentOf(node, "UpdateStmt");
  const [target] = writingIn(effects);
  if (update === undefined || target === undefined) return [];
  const { schema, name } = target.relation;
  return contentsOf(update.targetList, "ResTarget").map((set) => ({ kind: "column", schema, name: set.name ?? "", of: name })); // prettier-ignore
}

function writingIn({ locks }: Effects): Effects["locks"] {
  return locks.filter(({ mode }) => mode === "ROW EXCLUSIVE" || mode === "ACCESS EXCLUSIVE");
}

function tablesIn({ locks }: Pick<Effects, "locks">): readonly ObjectReference[] {
  return locks.map(({ relation }) => ({ kind: "table", ...relation }));
}

function ownerOf({ kind, schema, name, of }: ObjectReference): readonly string[] {
  if (of !== undefined) return [keyOf({ kind: "table", schema, name: of }).key];
  return kind === "table" ? [keyOf({ kind, schema, name }).key] : [];
}

/** A function may be dropped by one word and described by another. */
function aliasesOf(object: ObjectReference): readonly string[] {
  const routines = ["function", "procedure", "routine", "aggregate"] as const;
  const kinds = routines.some((kind) => kind === object.kind) ? routines : [object.kind];
  return kinds.map((kind) => keyOf({ ...object, kind }).key);
}

function keysOf(objects: readonly ObjectReference[]): readonly string[] {
  return objects.map((object) => keyOf(object).key);
}
