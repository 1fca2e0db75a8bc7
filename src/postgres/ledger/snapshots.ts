import { applyDeltas, type Snapshot, type SnapshotDelta } from "../../snapshot/snapshot.js";
import type { Session } from "../session/session.js";

/** A snapshot in the ledger on which others may stand. */
export interface StoredSnapshot {
  readonly fingerprint: string;
  /** How many snapshots stand under it until one that is whole. */
  readonly depth: number;
  /** How many characters may still be added until one is stored whole again: so reading stays bounded, and the sum grows with what has changed. */
  readonly room: number;
}

/** How many snapshots may stand on one another. */
const deepest = 1_000;
/** A whole one is not worth more often than after this many characters. */
const leastRoom = 32_768;

/** Stores a snapshot under its fingerprint, whole; the same one is stored once. */
export async function storeWhole(session: Session, fingerprint: string, snapshot: Snapshot): Promise<StoredSnapshot> {
  const body = JSON.stringify(snapshot);
  return store(session, { fingerprint, base: null, body, depth: 0, room: Math.max(body.length, leastRoom) });
}

/** Stores it as what it has beyond one that is there already. Null where that would take too long to read: then it is to be stored whole. */
export async function storeDelta(
  session: Session,
  fingerprint: string,
  delta: SnapshotDelta,
  base: StoredSnapshot,
): Promise<StoredSnapshot | null> {
  const body = JSON.stringify({ delta });
  const [depth, room] = [base.depth + 1, base.room - body.length];
  if (depth > deepest || room < 0) return null;
  return store(session, { fingerprint, base: base.fingerprint, body, depth, room });
}

async function store(
  session: Session,
  row: StoredSnapshot & { readonly base: string | null; readonly body: string },
): Promise<StoredSnapshot> {
  const { fingerprint, base, body, depth, room } = row;
  const [stored] = await session.query<{ depth: number; room: number }>(
    `WITH stored AS (
       INSERT INTO belay.snapshot (fingerprint, body, base, depth, room) VALUES ($1, $2::jsonb, $3, $4, $5)
       ON CONFLICT DO NOTHING RETURNING depth, room)
     SELECT depth, room::float8 AS room FROM stored
     UNION ALL SELECT depth, room::float8 FROM belay.snapshot WHERE fingerprint = $1`,
    [fingerprint, body, base, depth, room],
  );
  return { fingerprint, depth: stored?.depth ?? depth, room: stored?.room ?? room };
}

/** The snapshot of this fingerprint; null where it was never stored. */
export async function readStoredSnapshot(session: Session, fingerprint: string): Promise<Snapshot | null> {
  // A ledger of version 1 has no column for the base: all of its snapshots are whole.
  const rows = await session.query<{ body: Snapshot | { readonly delta: SnapshotDelta } }>(
    `WITH RECURSIVE chain AS (
       SELECT to_jsonb(s) ->> 'base' AS base, s.body, 0 AS place FROM belay.snapshot s WHERE fingerprint = $1
       UNION ALL
       SELECT to_jsonb(s) ->> 'base', s.body, chain.place + 1 FROM chain JOIN belay.snapshot s ON s.fingerprint = chain.base)
     SELECT body FROM chain ORDER BY place DESC`,
    [fingerprint],
  );
  const [whole, ...others] = rows.map(({ body }) => body);
  if (whole === undefined || "delta" in whole) return null;
  return applyDeltas(
    whole,
    others.map((body) => ("delta" in body ? body.delta : {})),
  );
}
