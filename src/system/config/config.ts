import type { GateSpecification } from "../../gate/gate.js";

/** One database. */
export interface Target {
  readonly name: string;
  /** `postgres://…`, or `embedded:<name>` for a database of the sandbox server. May hold a password: never print it. */
  readonly url: string;
}

export interface Stage {
  readonly name: string;
  readonly targets: readonly string[];
  readonly gates: readonly string[];
  readonly bakeMs: number;
  readonly approval: boolean;
}

export interface Policy {
  readonly lock: { readonly budgetMs: number; readonly patienceMs: number };
  readonly rehearsal: {
    readonly required: boolean;
    readonly maxAgeMs: number;
    /** `embedded`, or the URL of a server on which scratch databases may be made. */
    readonly on: string;
    /** Rows of each table that are copied from the target into the scratch database; 0: none. */
    readonly sample: number;
  };
  readonly rollBack: "target" | "stage" | "rollout";
  readonly keepMs: number;
  /** Where unqualified names are looked for, on every target and in every artifact. */
  readonly searchPath: string;
}

/** A config after parsing: every default filled in, durations in milliseconds. */
export interface Config {
  readonly targets: readonly Target[];
  readonly stages: readonly Stage[];
  readonly gates: { readonly [name: string]: GateSpecification };
  readonly policy: Policy;
}
