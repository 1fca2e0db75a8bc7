import { contentOf, contentsOf, type NodeContent } from "../../sql/node.js";
import type { Statement, Token } from "../../sql/statement.js";

export type Command = NodeContent<"AlterTableCmd">;
export type Constraint = NodeContent<"Constraint">;

/** An ALTER TABLE as its author wrote it, cut at its subcommands. */
export interface AlterText {
  /** Up to the table's name: `ALTER TABLE IF EXISTS ONLY app.tasks`. */
  readonly prefix: string;
  /** The table's name as it stands there, without ONLY and the star. */
  readonly table: string;
  readonly parts: readonly Part[];
}

/** A subcommand: its words, and what the parser makes of it. */
export interface Part {
  readonly text: string;
  /** Offsets from the start of `text`. */
  readonly tokens: readonly Token[];
  /** Where `text` begins, in bytes of the file: locations in the tree are such. */
  readonly startByte: number;
  readonly command: Command;
}

/** Null where the words and the tree do not fit together. */
export function cutAlterTable(statement: Statement): AlterText | null {
  const { text, tokens, node } = statement;
  const alter = contentOf(node, "AlterTableStmt");
  const commands = contentsOf(alter?.cmds, "AlterTableCmd");
  const name = nameAt(tokens);
  const runs = name === null ? [] : splitAtCommas(tokens.slice(name.after));
  if (alter?.objtype !== "OBJECT_TABLE" || name === null || runs.length !== commands.length) return null;
  const parts = commands.flatMap((command, index) => partOf(statement, runs[index] ?? [], command) ?? []);
  const last = tokens[name.after - 1];
  if (parts.length !== commands.length || last === undefined) return null;
  return { prefix: text.slice(0, last.end), table: text.slice(name.from.start, name.to.end), parts };
}

function partOf({ text, startByte }: Statement, run: readonly Token[], command: Command): Part | null {
  const [from, to] = [run[0]?.start, run.at(-1)?.end];
  if (from === undefined || to === undefined) return null;
  const tokens = run.map((token) => ({ ...token, start: token.start - from, end: token.end - from }));
  return { text: text.slice(from, to), tokens, startByte: startByte + Buffer.byteLength(text.slice(0, from)), command };
}

interface Name {
  readonly from: Token;
  readonly to: Token;
  /** How many tokens there are up to the subcommands. */
  readonly after: number;
}

/** The table's name in ALTER TABLE [IF EXISTS] [ONLY] name [*]. */
function nameAt(tokens: readonly Token[]): Name | null {
  const is = (index: number, word: string): boolean => tokens[index]?.text.toLowerCase() === word;
  let next = 2;
  if (is(next, "if") && is(next + 1, "exists")) next += 2;
  if (is(next, "only")) next += 1;
  const isBracketed = is(next, "(");
  if (isBracketed) next += 1;
  const from = tokens[next];
  while (is(next + 1, ".")) next += 2;
  const to = tokens[next];
  next += 1;
  if (isBracketed || is(next, "*")) next += 1;
  return from === undefined || to === undefined ? null : { from, to, after: next };
}

/** Cuts at the commas that stand in no brackets. */
function splitAtCommas(tokens: readonly Token[]): readonly (readonly Token[])[] {
  const runs: Token[][] = [[]];
  let depth = 0;
  for (const token of tokens) {
    if (token.text === "(" || token.text === "[") depth += 1;
    if (token.text === ")" || token.text === "]") depth -= 1;
    if (token.text === "," && depth === 0) runs.push([]);
    else runs.at(-1)?.push(token);
  }
  return runs;
}

/** The index of the token that begins at this place of the tree, in bytes of the file; null where none does. */
export function tokenAtByte({ text, tokens, startByte }: Part, location: number): number | null {
  const found = tokens.findIndex(({ start }) => startByte + Buffer.byteLength(text.slice(0, start)) === location);
  return found === -1 ? null : found;
}

/** The index after a bracket and all that is in it. */
export function afterBrackets(tokens: readonly Token[], open: number): number {
  let depth = 0;
  for (let index = open; index < tokens.length; index += 1) {
    const { text } = tokens[index] ?? { text: "" };
    if (text === "(") depth += 1;
    if (text === ")") depth -= 1;
    if (depth === 0) return index + 1;
  }
  return tokens.length;
}
