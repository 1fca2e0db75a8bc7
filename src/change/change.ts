import type { ChangeId } from "./change-id.js";
import { digestOf } from "./digest.js";
import type { Directives } from "./directives.js";

/** What every change has, however its halves are written. */
interface ChangeBase extends ChangeId {
  readonly title: string;
  readonly directives: Directives;
  /** SHA-256 in hex over both halves and the directives. */
  readonly digest: string;
  /** Its files, relative to the project, the way forward first. */
  readonly files: readonly string[];
}

/** A pair of SQL files. */
export interface SqlChange extends ChangeBase {
  readonly form: "sql";
  readonly up: string;
  readonly down: string;
}

/** A half of a knex migration; it is handed a knex instance or its transaction. */
export type KnexHalf = (knex: unknown) => Promise<unknown>;

/** A knex migration; `config = { transaction: false }` is its directive `transaction: off`. */
export interface KnexChange extends ChangeBase {
  readonly form: "knex";
  readonly up: KnexHalf;
  readonly down: KnexHalf;
}

/** A pair of commands, each an argument list that no shell sees. */
export interface CommandChange extends ChangeBase {
  readonly form: "command";
  readonly up: readonly string[];
  readonly down: readonly string[];
}

export type Change = SqlChange | KnexChange | CommandChange;

interface Parts {
  readonly id: ChangeId;
  readonly directives: Directives;
  readonly files: readonly string[];
}

export function sqlChange(parts: Parts, up: string, down: string): SqlChange {
  return { form: "sql", ...base(parts, up, down), up, down };
}

/** `source` is the text of the whole module: the digest cannot tell its halves apart. */
export function knexChange(parts: Parts, source: string, up: KnexHalf, down: KnexHalf): KnexChange {
  return { form: "knex", ...base(parts, source, ""), up, down };
}

export function commandChange(parts: Parts, up: readonly string[], down: readonly string[]): CommandChange {
  return { form: "command", ...base(parts, JSON.stringify(up), JSON.stringify(down)), up, down };
}

function base(parts: Parts, up: string, down: string): ChangeBase {
  return {
    ...parts.id,
    title: parts.directives.title ?? parts.id.name,
    directives: parts.directives,
    digest: digestOf(up, down, parts.directives),
    files: parts.files,
  };
}
