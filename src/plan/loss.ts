import { quoteQualified } from "../sql/quote.js";
import { rowWritingOf } from "../sql/row-writing.js";
import type { Compiled, Source } from "./compiled.js";
import { keyOf } from "./key-of.js";
import { destroys, hasValues } from "./lossless/copy.js";
import { isHideable } from "./lossless/hide.js";
import type { Loss } from "./step.js";

/** Data that a way back destroys and nothing keeps. */
export function lossOf(source: Source, { statement, effects }: Compiled): readonly Loss[] {
  if (source.keep === "on" && isHideable(statement.node, effects, { madeBefore: new Set(), isAtEnd: true })) return [];
  if (source.keep === "on" && rowWritingOf(statement) !== null) return [];
  if (effects.nature === "data" && ["DELETE", "TRUNCATE", "UPDATE", "MERGE"].includes(effects.command)) {
    const tables = effects.locks.map(({ relation }) => quoteQualified(relation)).join(", ");
    return [{ object: tables, what: `rows as they are before the way back runs its ${effects.command}` }];
  }
  if (source.keep === "on") {
    return effects.cascade && effects.drops.length > 0
      ? [{ object: effects.drops.map((d) => keyOf(d).key).join(", "), what: "whatever CASCADE reaches beyond it" }]
      : [];
  }
  if (!destroys(effects)) return [];
  return effects.drops
    .filter(hasValues)
    .map((object) => ({ object: keyOf(object).key, what: "its values (keep is off)" }));
}
