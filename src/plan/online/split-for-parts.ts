import { effectsOf, type Effects, type ObjectReference } from "../../sql/effects.js";
import { contentOf, type Node } from "../../sql/node.js";
import type { Statement } from "../../sql/statement.js";
import { keyOf } from "../key-of.js";
import type { Part } from "./alter-text.js";
import { isAsWritten, isBatched } from "./directive.js";
import { realise, type Piece } from "./piece.js";
import type { OnlineContext } from "./rewrite-online.js";
import { sameTree } from "./same-tree.js";
import { splitAlterTable } from "./split-alter-table.js";

const why = "The way forward commits in several steps: where it is cut off between them, only what was done is undone.";

type ForwardContext = Omit<OnlineContext, "half">;

/**
 * Cuts the statements of a way back that undo, in one go, what the way forward does in several transactions: an ALTER TABLE of several subcommands, a DROP of
 * several objects. Where all of the way forward is one transaction nothing is cut.
 */
export async function splitForParts(
  down: readonly Statement[],
  up: readonly Statement[],
  context: ForwardContext,
): Promise<readonly Statement[]> {
  const sections = sectionsByKey(up, context);
  if (sections.count < 2) return down;
  const cut: Statement[] = [];
  for (const statement of down) {
    const parts = isAsWritten(statement) ? null : await partsOf(statement, sections, context);
    cut.push(...(parts ?? [statement]));
  }
  return cut;
}

interface Sections {
  readonly count: number;
  /** The section that an object is made or dropped in; null where the way forward does not name it. */
  readonly of: (object: ObjectReference) => number | null;
}

async function partsOf(statement: Statement, sections: Sections, { home }: ForwardContext): Promise<readonly Statement[] | null> {
  const alter = contentOf(statement.node, "AlterTableStmt");
  if (alter !== undefined) {
    const groupOf = ({ command }: Part): string => {
      const node: Node = { AlterTableStmt: { ...alter, cmds: [{ AlterTableCmd: command }] } };
      const { creates, drops } = effectsOf({ ...statement, node });
      return [...creates, ...drops].map((object) => String(sections.of(object))).join();
    };
    return splitAlterTable(statement, groupOf, why);
  }
  const pieces = dropPieces(statement, sections, home);
  return pieces === null ? null : realise(statement, pieces);
} // prettier-ignore

/** One DROP for what each section made, the last section first: what depends on another was made after it. */
function dropPieces({ node, text, tokens }: Statement, sections: Sections, home: string): readonly Piece[] | null {
  const drop = contentOf(node, "DropStmt");
  const objects = drop?.objects ?? [];
  if (drop === undefined || objects.length < 2 || drop.behavior === "DROP_CASCADE") return null;
  const bySection = new Map<number, Node[]>();
  for (const object of objects) {
    const [reference] = dropsOf({ DropStmt: { ...drop, objects: [object] } });
    const section = reference === undefined ? -1 : (sections.of(reference) ?? -1);
    bySection.set(section, [...(bySection.get(section) ?? []), object]);
  }
  const lists = tokens.findIndex(({ text: word }) => word === ",");
  if (bySection.size < 2 || lists === -1) return null;
  const words = objectWords(text, tokens, objects.length);
  if (words === null) return null;
  const ordered = [...bySection].toSorted(([a], [b]) => b - a);
  return ordered.map(([, some]) => ({
    text: `${words.head} ${some.map((object) => words.each[objects.indexOf(object)] ?? "").join(", ")}${words.tail}`,
    why,
    fits: (made) => sameTree(made, { DropStmt: { ...drop, objects: some } }),
    group: null,
  }));

  function dropsOf(part: Node): readonly ObjectReference[] {
    const { drops } = effectsOf({ text, tokens, node: part, line: 1, column: 1, directives: [], startByte: 0 });
    return drops.map((object) => atHome(object, home));
  }
}

interface ObjectWords {
  readonly head: string;
  readonly each: readonly string[];
  readonly tail: string;
}

/** `DROP … [IF EXISTS] a, b [RESTRICT]`, cut at the commas that stand in no brackets. */
function objectWords(text: string, tokens: Statement["tokens"], count: number): ObjectWords | null {
  const commas: Statement["tokens"][number][] = [];
  let depth = 0;
  for (const token of tokens) {
    if (token.text === "(") depth += 1;
    if (token.text === ")") depth -= 1;
    if (token.text === "," && depth === 0) commas.push(token);
  }
  const [first] = commas;
  const last = tokens.at(-1);
  if (commas.length !== count - 1 || first === undefined || last === undefined) return null;
  const before = tokens.filter(({ end }) => end <= first.start);
  const start = firstOfName(before);
  const isRestrict = last.text.toLowerCase() === "restrict";
  const end = isRestrict ? (tokens.at(-2)?.end ?? last.end) : last.end;
  if (start === null) return null;
  const starts = [start, ...commas.map((comma) => comma.end)];
  const ends = [...commas.map((comma) => comma.start), end];
  return {
    head: text.slice(0, start).trimEnd(),
    each: starts.map((from, index) => text.slice(from, ends[index]).trim()),
    tail: isRestrict ? ` ${last.text}` : "",
  };
}

/** Where the name begins that these tokens end with: `app.tasks`. */
function firstOfName(tokens: readonly Statement["tokens"][number][]): number | null {
  let index = tokens.length - 1;
  while (tokens[index - 1]?.text === ".") index -= 2;
  return tokens[index]?.start ?? null;
}

function sectionsByKey(up: readonly Statement[], { home, transaction }: ForwardContext): Sections {
  const found = new Map<string, number>();
  let section = 0;
  let isClosed = false;
  for (const [index, statement] of up.entries()) {
    const effects = effectsOf(statement);
    const isAlone = effects.transaction !== "inside" || transaction === "off" || isBatched(statement);
    if (index > 0 && (isAlone || isClosed)) section += 1;
    isClosed = isAlone;
    for (const key of keysIn(effects, home)) found.set(key, section);
  }
  return { count: section + 1, of: (object) => found.get(keyOf(atHome(object, home)).key) ?? null };
}

function keysIn({ creates, drops }: Effects, home: string): readonly string[] {
  return [...creates, ...drops].map((object) => keyOf(atHome(object, home)).key);
}

function atHome(object: ObjectReference, home: string): ObjectReference {
  return object.schema === home ? { ...object, schema: null } : object;
}
