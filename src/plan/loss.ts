import type { Direction } from "../journal/entry.js";
import { quoteQualified } from "../sql/quote.js";
import { rowWritingOf } from "../sql/row-writing.js";
import type { Compiled, Source } from "./compiled.js";
import { keyOf } from "./key-of.js";
import { destroys, hasValues } from "./lossless/copy.js";
import { isHideable } from "./lossless/hide.js";
import { setsOnly } from "./lossless/rows.js";
import type { Loss } from "./step.js";

/** Data that the statements of a half destroy and nothing keeps. What a half has made itself is nobody's yet. */
export function lossesOf(source: Source, statements: readonly Compiled[], direction: Direction): readonly Loss[] {
  const made = new Set<string>();
  return statements.flatMap((compiled) => {
    const found = lossOf(source, compiled, { direction, made });
    for (const object of compiled.effects.creates) made.add(keyOf(object).key);
    return found;
  });
}

interface Half {
  readonly direction: Direction;
  readonly made: ReadonlySet<string>;
}

function lossOf(source: Source, compiled: Compiled, half: Half): readonly Loss[] {
  const { statement, effects } = compiled;
  const when = half.direction === "up" ? "applied" : "taken back";
  const loss = (object: string, what: string): Loss => ({ object, what, when });
  // A knex migration runs live on its way forward: nothing could stand in the place of its statements.
  const keeps = source.keep === "on" && !(source.form === "knex" && half.direction === "up");
  const why = source.keep === "off" ? "keep is off" : "a knex migration runs as it is";
  if (effects.command === "REFRESH MATERIALIZED VIEW") {
    // What the change itself has filled can be filled again.
    const views = effects.needs.filter((object) => !half.made.has(keyOf(object).key));
    return half.direction === "down" ? [] : views.map((view) => loss(keyOf(view).key, "what it holds before the change refreshes it")); // prettier-ignore
  }
  if (effects.nature === "data") {
    if (keeps && rowWritingOf(statement) !== null) return [];
    const [tables, told] = [writtenTables(compiled, half), keeps ? "the statement cannot be cut" : why];
    const verb = half.direction === "up" ? "the change" : "the way back";
    return tables.length === 0
      ? []
      : [loss(tables.join(", "), `rows as they are before ${verb} runs its ${effects.command} (${told})`)];
  }
  const drops = effects.drops.filter((object) => !half.made.has(keyOf(object).key));
  if (keeps) {
    if (isHideable(statement.node, effects, { madeBefore: new Set(), isAtEnd: true })) return [];
    // On the way forward it is values alone that no way back could know.
    const isReaching = effects.cascade && (half.direction === "down" ? drops.length > 0 : drops.some(hasValues));
    return isReaching
      ? [loss(drops.map((object) => keyOf(object).key).join(", "), "whatever CASCADE reaches beyond it")]
      : [];
  }
  if (!destroys(effects)) return [];
  return drops.filter(hasValues).map((object) => loss(keyOf(object).key, `its values (${why})`));
}

/** Rows that were there before; what an INSERT adds destroys none. */
function writtenTables(compiled: Compiled, { made }: Half): readonly string[] {
  const { effects, statement } = compiled;
  const writing = rowWritingOf(statement);
  if (writing?.command === "INSERT" || (writing !== null && setsOnly(writing, compiled, made))) return [];
  if (!["DELETE", "INSERT", "MERGE", "SELECT", "TRUNCATE", "UPDATE"].includes(effects.command)) return [];
  return effects.locks
    .filter(({ relation, mode }) => mode !== "ACCESS SHARE" && !made.has(keyOf({ kind: "table", ...relation }).key))
    .map(({ relation }) => quoteQualified(relation));
}
