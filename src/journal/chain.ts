import { createHash } from "node:crypto";

/** An entry as it is stored: its body as the text that was hashed. */
export interface ChainedEntry {
  readonly seq: number;
  readonly at: string;
  readonly kind: string;
  readonly rollout: string | null;
  readonly change: string | null;
  readonly actor: string;
  readonly bodyText: string;
  readonly previous: string;
  readonly hash: string;
}

/**
 * The hash of an entry: SHA-256, in hex, of these lines in UTF-8, joined by LF: the hash before it (empty for the first), its number, its
 * time (`YYYY-MM-DDTHH:MM:SS.ffffffZ`), kind, rollout, change, actor, and the body as PostgreSQL prints a jsonb; a null is an empty line.
 */
export function entryHash(entry: Omit<ChainedEntry, "hash">): string {
  const lines = [
    entry.previous,
    entry.seq,
    entry.at,
    entry.kind,
    entry.rollout,
    entry.change,
    entry.actor,
    entry.bodyText,
  ];
  return createHash("sha256")
    .update(lines.map((line) => String(line ?? "")).join("\n"))
    .digest("hex");
}

/** The first entry at which the chain is broken, and how; null where it is whole. */
export function findBreak(entries: readonly ChainedEntry[]): { readonly seq: number; readonly why: string } | null {
  let previous = "";
  let seq = 0;
  for (const entry of entries) {
    seq += 1;
    if (entry.seq !== seq) return { seq, why: `entry ${seq} is missing` };
    if (entry.previous !== previous) return { seq, why: `entry ${seq} does not follow the entry before it` };
    if (entryHash(entry) !== entry.hash) return { seq, why: `entry ${seq} was changed after it was written` };
    previous = entry.hash;
  }
  return null;
}
