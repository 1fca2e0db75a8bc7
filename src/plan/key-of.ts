import type { ObjectReference } from "../sql/effects.js";
import { quoteIdentifier, quoteQualified } from "../sql/quote.js";
import type { ObjectKey } from "./step.js";

/**
 * What the ledger calls an object: its kind and its quoted name, below its table where it has none without that. An index has: what drops it does not name its
 * table, and must come to the same key.
 */
export function keyOf(object: ObjectReference): ObjectKey {
  const { kind, schema, name } = object;
  const of = kind === "index" ? null : (object.of ?? null);
  const key =
    of === null
      ? `${kind} ${quoteQualified({ schema, name })}`
      : `${kind} ${quoteQualified({ schema, name: of })}.${quoteIdentifier(name)}`;
  return { kind, schema, name, of, key };
}
