import { contentOf, contentsOf, type Node } from "../../sql/node.js";
import { quoteLiteral } from "../../sql/quote.js";
import type { Effects } from "../../sql/effects.js";
import type { Direction } from "../../journal/entry.js";
import { keyOf } from "../key-of.js";
import type { Step } from "../step.js";

/** What has values, or a definition that its way back could miss a part of. */
const hideable: ReadonlySet<string> = new Set([
  "OBJECT_AGGREGATE",
  "OBJECT_DOMAIN",
  "OBJECT_FOREIGN_TABLE",
  "OBJECT_FUNCTION",
  "OBJECT_PROCEDURE",
  "OBJECT_ROUTINE",
  "OBJECT_SCHEMA",
  "OBJECT_SEQUENCE",
  "OBJECT_TABLE",
  "OBJECT_TYPE",
]);

/** Would hold what they read: while they are hidden, no column of that could be dropped or get another type. */
const reading: ReadonlySet<string> = new Set(["OBJECT_MATVIEW", "OBJECT_VIEW"]);

/** A statement of a half, and what stands before and after it. */
export interface Within {
  /** Keys of what the half has made before: that has no values of anybody's. */
  readonly madeBefore: ReadonlySet<string>;
  /** Keys of what the other half makes in one statement with others: it cannot be made again without those. */
  readonly madeTogether?: ReadonlySet<string>;
  /** Whether nothing but drops comes after it. */
  readonly isAtEnd: boolean;
}

/**
 * Whether a statement does nothing but drop what can be hidden instead. A view has nothing of its own, and both halves write it down: it is hidden only where
 * CASCADE takes others along, or where what makes it makes others too.
 */
export function isHideable(node: Node, effects: Effects, { madeBefore, madeTogether, isAtEnd }: Within): boolean {
  if (effects.drops.length === 0 || effects.drops.every((object) => madeBefore.has(keyOf(object).key))) return false;
  const drop = contentOf(node, "DropStmt");
  if (drop !== undefined) {
    const type = drop.removeType ?? "";
    if (!reading.has(type) || !isAtEnd) return hideable.has(type);
    const isWhole = effects.drops.some((object) => madeTogether?.has(keyOf(object).key) === true);
    return effects.cascade || isWhole || type === "OBJECT_MATVIEW";
  }
  const alter = contentOf(node, "AlterTableStmt");
  if (alter === undefined || !["OBJECT_TABLE", "OBJECT_FOREIGN_TABLE"].includes(alter.objtype ?? "")) return false;
  return contentsOf(alter.cmds, "AlterTableCmd").every(({ subtype }) => subtype === "AT_DropColumn");
}

/** On whose behalf something is hidden or brought back. */
export interface Keeper {
  readonly id: string;
  readonly digest: string;
  readonly direction: Direction;
}

/** Puts the ledger's `belay.hide` in the place of a step that drops. */
export function hidden(step: Step, effects: Effects, { id, digest, direction }: Keeper): Step {
  const wanted = JSON.stringify(effects.drops.map(keyOf));
  const values = [id, direction, digest, step.sql, wanted].map(quoteLiteral).join(", ");
  return {
    ...step,
    sql: `SELECT belay.hide(${values})`,
    purpose: "hide",
    origin: { text: step.sql, why: "what it drops is hidden, so that it can come back as it was" },
  };
}

/** Brings back what the other half hid under a key, where it did. */
export function unhidden(key: string, locks: Step["locks"], { id, digest, direction }: Keeper): Step {
  const values = [id, direction, digest, key].map(quoteLiteral).join(", ");
  return {
    sql: `SELECT belay.unhide(${values})`,
    command: "SELECT",
    purpose: "unhide",
    locks,
    makes: [],
    mayMeet: [],
    removes: [],
    verification: { kind: "none" },
  };
}

/** Checks the constraints of what came back, and then makes them what they were: each in a transaction of its own. */
export function finishing(id: string, part: "validate" | "complete"): Step {
  return {
    sql: `SELECT belay.finish_back(${quoteLiteral(id)}, ${quoteLiteral(part)})`,
    command: "SELECT",
    purpose: "finish",
    locks: [],
    makes: [],
    mayMeet: [],
    removes: [],
    verification: { kind: "none" },
  };
}
