import type { Node } from "./node.js";
import { SourceText, type Position } from "./source-text.js";

/** A word of a statement, not a comment. Offsets are those of JavaScript strings, from the start of the statement's text. */
export interface Token {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/** One statement of a file, with the author's own text. */
export interface Statement {
  /** Without the semicolon that ends it and without the comments around it. */
  readonly text: string;
  /** Of the first word, from 1. */
  readonly line: number;
  /** Of the first word, from 1, in characters (code points). */
  readonly column: number;
  /** The comments `-- belay:…` directly before the statement, without the dashes: `belay:batch`. */
  readonly directives: readonly string[];
  /** PostgreSQL's own tree. The locations in it are bytes from the start of the file: see `positionOf`. */
  readonly node: Node;
  readonly tokens: readonly Token[];
  /** Where the text starts in the file, in bytes of UTF-8. */
  readonly startByte: number;
  /** What the author wrote instead, where this stands for it or for a part of it. */
  readonly origin?: Origin;
  readonly part?: StatementPart;
  /** The role that its author has set for it, by SET ROLE; left out where it runs as whoever the session belongs to. */
  readonly role?: string;
}

/** Of statements that stand for one of the author's, or for one subcommand of it. */
export interface StatementPart {
  /** The same number for all that stand for the same. */
  readonly group: number;
  /** What this makes is not to stay: a later one of the group drops it, or makes it a part of something else. */
  readonly passing: boolean;
}

export interface Origin {
  readonly text: string;
  /** One sentence for people: why it is not run as it is written. */
  readonly why: string;
}

/** The place in the file of a node of the statement's tree, given that node's `location`. */
export function positionOf(statement: Statement, locationBytes: number): Position {
  const inside = new SourceText(statement.text).positionAtByte(Math.max(0, locationBytes - statement.startByte));
  return {
    line: statement.line + inside.line - 1,
    column: inside.line === 1 ? statement.column + inside.column - 1 : inside.column,
  };
}
