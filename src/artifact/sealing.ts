import type { Recording } from "./recording.js";

/** What an artifact needs to know besides its change. */
export interface Sealing {
  /** Ids of the changes that it requires. */
  readonly requires: readonly string[];
  /** Where unqualified names are looked for. */
  readonly searchPath: string;
  /** How a way back was found that decides by what it reads; null, or left out, for all others. */
  readonly dynamic?: Recording | null;
}
