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
  readonly lock: {
    readonly budgetMs: number;
    readonly patienceMs: number;
    readonly holdMs: number;
    /** Only ever said on the command line: whoever blocks us with a transaction of at least this age, in milliseconds, is ended. */
    readonly terminateOlderThanMs?: number;
  };
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
  /** A vacuum that does not give way holds a table which a change touches: wait for its end, as long as `lock.patienceMs` says, or refuse at once. */
  readonly vacuum: "wait" | "refuse";
  /** A change that is older than the newest applied one. */
  readonly outOfOrder: "refuse" | "allow";
  /** What differs between the targets of a rollout beyond what must not. */
  readonly differences: "show" | "refuse";
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
