import type { Statement } from "../sql/statement.js";
import type { Migration } from "./rails-migration.js";

/** A parsed report. */
export interface Proposal {
  readonly kind: "proposal";
  /** 1 to 100 characters of `A-Z a-z 0-9 . _ : -`, so that it can stand in a comment of a SQL file. */
  readonly id: string;
  /** ISO 8601 in UTC, with milliseconds. */
  readonly timestamp: string;
  /** 0 to 10. */
  readonly severity: number;
  readonly blockExecution: boolean;
  readonly title: string;
  /** In the order of the report. */
  readonly actions: readonly Action[];
  readonly risks: readonly string[];
  readonly mitigations: readonly string[];
}

/** One thing that a report asks for. */
export type Action = SchemaAction | AdvisoryAction;

/** An action that becomes a change. */
export interface SchemaAction {
  readonly kind: "schema";
  /** The headings and bold leads above it, from the outermost, as `Performance › Query`; `Report` where there are none. */
  readonly heading: string;
  /** What the report says about it, as one line. */
  readonly explanation: string;
  /** The line of the report at which its command or statement starts. */
  readonly line: number;
  /** The whole code block in which it stands. */
  readonly block: string;
  /** The command or statement as the report writes it. */
  readonly command: string;
  readonly request: SchemaRequest;
}

export type SchemaRequest =
  { readonly kind: "rails"; readonly migration: Migration } | { readonly kind: "sql"; readonly statement: Statement };

/** Something that a person has to read: Belay does not carry it out. */
export interface AdvisoryAction {
  readonly kind: "advisory";
  readonly heading: string;
  readonly text: string;
  readonly line: number;
}
