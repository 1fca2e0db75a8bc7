import { z } from "zod";

/** How a way back was found that decides by what it reads: it was run on scratch copies with different rows, and what it sent was written down. */
export const recording = z.strictObject({
  /** SHA-256 over the changes up to its own, as `basisOf` gives it: on another basis it is recorded anew. */
  basis: z.string(),
  /** On what it ran: an empty database with the changes before, or the name of the target whose catalog was copied. */
  base: z.string(),
  /** What it sent whatever the rows were, in order: the way back. */
  sealed: z.array(z.string()),
  /** What it sent, or did, by rows that it had read: left out of the way back. Values stand as `$1`. */
  dependent: z.array(z.string()),
  /** The statements by whose answers it decided. */
  reads: z.array(z.string()),
});

export type Recording = z.infer<typeof recording>;

/** Whether all that the way back does was sealed. */
export function isWhole({ dynamic }: { readonly dynamic?: Recording }): boolean {
  return (dynamic?.dependent.length ?? 0) === 0;
}
