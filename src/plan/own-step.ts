import type { Effects } from "../sql/effects.js";
import { retypingOf } from "../sql/retyping.js";
import { quoteQualified } from "../sql/quote.js";
import type { Compiled } from "./compiled.js";
import { keyOf } from "./key-of.js";
import type { Step, Verification } from "./step.js";

/** A statement as it is written. */
export function ownStep({ statement, effects, batch, together }: Compiled): Step {
  const retyping = retypingOf(statement);
  return {
    sql: statement.text,
    command: effects.command,
    purpose: null,
    locks: effects.locks.map(({ relation, mode }) => ({ relation: quoteQualified(relation), mode })),
    makes: effects.creates.map((object) => keyOf(object).key),
    mayMeet: effects.ifNotExists ? effects.creates.map(keyOf) : [],
    removes: effects.drops.map((object) => keyOf(object).key),
    verification: verificationOf(effects),
    ...(statement.origin !== undefined && { origin: statement.origin }),
    ...(statement.role !== undefined && effects.transaction !== "outside" && { role: statement.role }),
    ...(together !== undefined && together.length > 0 && { together }),
    ...(retyping !== null && { retyping }),
    ...(batch !== null && { batch }),
  };
}

function verificationOf(effects: Effects): Verification {
  if (effects.transaction !== "outside") return { kind: "none" };
  const made = effects.creates.find((object) => object.kind === "index");
  if (made !== undefined) return { kind: "index-valid", index: { schema: made.schema, name: made.name } };
  const gone = effects.drops.find((object) => object.kind === "index");
  if (gone !== undefined) return { kind: "index-gone", index: { schema: gone.schema, name: gone.name } };
  const [first, second] = effects.locks;
  if (effects.command.endsWith("DETACH PARTITION CONCURRENTLY") && first !== undefined && second !== undefined) {
    return { kind: "detached", parent: first.relation, partition: second.relation };
  }
  if (effects.command.startsWith("REINDEX") && first !== undefined) {
    return { kind: "reindexed", relation: first.relation };
  }
  return { kind: "none" };
}
