/** One small change, in SQL; each contender gets it in its own form. */
export interface BenchChange {
  /** 14 digits, `_` and a name. */
  readonly id: string;
  readonly up: string;
  readonly down: string;
  /** Large enough to be run in batches, by whoever can. */
  readonly batch?: boolean;
}

/** Where a contender works: a project of its own, and a database. */
export interface Place {
  readonly folder: string;
  readonly url: string;
  /** A superuser's url of a database that scratch copies may be made beside. */
  readonly scratchUrl: string;
}

/** Somebody who brings changes to a database. */
export interface Peer {
  readonly name: string;
  /** What it is and how it is run, for the results. */
  readonly how: string;
  readonly kind: "belay" | "javascript" | "binary" | "psql";
  /** Whether it gives a lock up by itself when that does not come. */
  readonly givesUp: boolean;
  /** Needs what `npm ci` in bench/ installs. */
  readonly installed: boolean;
  /** Why it cannot take part on this machine; null where it can. */
  unavailable(): Promise<string | null>;
  /** Writes the project's files, but for the changes. */
  prepare(place: Place): Promise<void>;
  /** Writes changes in its own form, after those that are there. */
  write(place: Place, changes: readonly BenchChange[]): Promise<void>;
  /** What its users do between writing a change and bringing it out; null where that is nothing. Gives what took its time. */
  readonly makeReady: ((place: Place) => Promise<Readonly<Record<string, number>>>) | null;
  /** Applies what is pending. @throws where that fails. */
  apply(place: Place): Promise<Outcome>;
}

export interface Outcome {
  /** From the start of its process to its end, in milliseconds. */
  readonly tookMs: number;
  /** How often it had to be started. */
  readonly attempts: number;
}
