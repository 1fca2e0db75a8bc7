import type { Finding } from "../preflight/finding.js";
import type { Loss, Purpose, Reversibility, SectionTransaction } from "./step.js";

/** What a rollout would do, as it is printed and as the JSON document has it. */
export interface RolloutPlan {
  /** Of what a rollout would do now, and on which databases: `belay rollout --plan <digest>` does nothing else. */
  readonly digest: string;
  readonly changes: readonly PlannedChange[];
  readonly stages: readonly PlannedStage[];
  readonly targets: readonly PlannedTarget[];
  /** What was seen on the targets. */
  readonly findings: readonly Finding[];
}

/** What a rollout would do with one change. */
export interface PlannedChange {
  readonly change: string;
  readonly title: string;
  readonly form: "sql" | "knex" | "command";
  readonly forward: readonly PlannedStep[];
  readonly backward: readonly PlannedStep[];
  readonly irreversible: string | null;
  readonly reversibility: Reversibility;
  readonly loss: readonly Loss[];
  /** Of a knex migration whose down decides by what it reads, so that it was recorded on scratch copies; left out for all others. */
  readonly dynamic?: {
    /** What its down does by rows that it reads: no part of the way back. */
    readonly leftOut: readonly string[];
  };
  readonly artifact: "warm" | "stale" | "broken";
  /** As rehearsed, in milliseconds; null where it was not. */
  readonly expectedMs: { readonly up: number; readonly down: number } | null;
  /** The targets on which it is pending. */
  readonly targets: readonly string[];
}

export interface PlannedStep {
  readonly statement: string;
  /** What the author wrote, where this stands for it or for a part of it, and why it does. */
  readonly origin?: { readonly text: string; readonly why: string };
  /** What Belay put it there for; left out for a statement of the author's. */
  readonly purpose?: Purpose;
  /** The role that the author has set for it, where it runs under that. */
  readonly role?: string;
  readonly transaction: SectionTransaction;
  /** In batches: the columns of the key that its ranges are made of; null where the catalog of each target gives it. */
  readonly batchKey?: readonly string[] | null;
  readonly locks: readonly { readonly relation: string; readonly mode: string }[];
}

export interface PlannedStage {
  readonly name: string;
  readonly targets: readonly string[];
  readonly gates: readonly string[];
  readonly bakeMs: number;
  readonly approval: boolean;
}

/** A target as it was found: to this database the plan is bound. */
export interface PlannedTarget {
  readonly target: string;
  /** Where it is, without a password. */
  readonly address: string;
  /** Null where the role may not read it. */
  readonly systemIdentifier: string | null;
  readonly database: string;
  readonly serverVersion: string;
  readonly role: string;
  readonly superuser: boolean;
  /** The schemas of the policy's search path that the role sees. */
  readonly searchPath: readonly string[];
  readonly encoding: string;
  readonly collation: string;
  readonly timeZone: string;
  readonly extensions: readonly { readonly name: string; readonly version: string }[];
  readonly pending: readonly string[];
  /** The most that the disk must hold at one moment, by direction and place. */
  readonly disk: readonly {
    readonly direction: "up" | "down";
    /** The data directory, or the tablespace's folder. */
    readonly place: string;
    readonly neededBytes: number;
    /** Null where it cannot be seen from here. */
    readonly freeBytes: number | null;
  }[];
}
