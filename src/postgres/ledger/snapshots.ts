import { applyDeltas, type Snapshot, type SnapshotDelta } from "../../snapshot/snapshot.js";
import type { Session } from "../session/session.js";
import { write, type Beside, type Written } from "./ledger.js";

/** A snapshot in the ledger on which others may stand. */
export interface StoredSnapshot {
  readonly fingerprint: string;
  /** Null where somebody else stored it: the ledger knows. */
  readonly room: Room | null;
}

interface Room {
  /** How many snapshots stand under it until one that is whole. */
  readonly depth: number;
  /** How many characters may still be added until one is stored whole again: so reading stays bounded, and the sum grows with what has changed. */
  readonly characters: number;
}

/** A row of `belay.snapshot`. */
export interface SnapshotRow {
  readonly fingerprint: string;
  readonly body: string;
  /** The snapshot that it is a delta on; null for one that is whole. */
  readonly base: string | null;
  readonly depth: number;
  readonly room: number;
}

/** How many snapshots may stand on one another. */
const deepest = 1_000;
/** A whole one is not worth more often than after this many characters. */
const leastRoom = 32_768;

export function wholeRow(fingerprint: string, snapshot: Snapshot): SnapshotRow {
  const body = JSON.stringify(snapshot);
  return { fingerprint, body, base: null, depth: 0, room: Math.max(body.length, leastRoom) };
}

/** What it has beyond one that is there already. Null where that would take too long to read: then it is to be stored whole. */
export function deltaRow(
  fingerprint: string,
  delta: SnapshotDelta,
  base: StoredSnapshot & { readonly room: Room },
): SnapshotRow | null {
  const body = JSON.stringify({ delta });
  const [depth, room] = [base.room.depth + 1, base.room.characters - body.length];
  return depth > deepest || room < 0 ? null : { fingerprint, body, base: base.fingerprint, depth, room };
}

/** Null where it is not there, against all expectation. */
export async function roomOf(
  session: Session,
  { fingerprint, room }: StoredSnapshot,
): Promise<(StoredSnapshot & { readonly room: Room }) | null> {
  if (room !== null) return { fingerprint, room };
  const [found] = await session.query<Room & Record<string, unknown>>(
    "SELECT depth, room::float8 AS characters FROM belay.snapshot WHERE fingerprint = $1",
    [fingerprint],
  );
  return found === undefined ? null : { fingerprint, room: found };
}

/** The same one is stored once. */
export function besideOf({ fingerprint, body, base, depth, room }: SnapshotRow): Beside {
  return { into: "snapshot (fingerprint, body, base, depth, room)", values: [fingerprint, body, base, depth, room] };
}

export function storeSnapshot(session: Session, row: SnapshotRow): Promise<Written> {
  return write(session, besideOf(row));
}

interface StoredRow {
  readonly fingerprint: string;
  readonly base: string | null;
  readonly body: Snapshot | { readonly delta: SnapshotDelta };
}

/** What a session has read: a row never changes, and a way back over many changes needs nearly the same rows for each. */
const rowsRead = new WeakMap<Session, Map<string, StoredRow>>();
/** Beyond this many rows what was read is forgotten. */
const mostRows = 20_000;

/** The snapshot of this fingerprint; null where it was never stored. Two that stand on one another share the objects in which they do not differ. */
export async function readStoredSnapshot(session: Session, fingerprint: string): Promise<Snapshot | null> {
  const known = rowsRead.get(session) ?? new Map<string, StoredRow>();
  rowsRead.set(session, known);
  const deltas: SnapshotDelta[] = [];
  let [next, asked]: [string | null, boolean] = [fingerprint, false];
  while (next !== null) {
    const row: StoredRow | undefined = known.get(next);
    if (row === undefined) {
      if (asked) return null;
      if (known.size > mostRows) known.clear();
      for (const read of await chainUnder(session, next))
        if (!known.has(read.fingerprint)) known.set(read.fingerprint, read);
      asked = true;
      continue;
    }
    if (!("delta" in row.body)) return applyDeltas(row.body, deltas.toReversed());
    deltas.push(row.body.delta);
    next = row.base;
  }
  return null;
}

/** The row and all on which it stands. A ledger of version 1 has no column for the base: all of its snapshots are whole. */
function chainUnder(session: Session, fingerprint: string): Promise<readonly (StoredRow & Record<string, unknown>)[]> {
  return session.query<StoredRow & Record<string, unknown>>(
    `WITH RECURSIVE chain AS (
       SELECT fingerprint, to_jsonb(s) ->> 'base' AS base, body FROM belay.snapshot s WHERE fingerprint = $1
       UNION ALL
       SELECT s.fingerprint, to_jsonb(s) ->> 'base', s.body FROM chain JOIN belay.snapshot s ON s.fingerprint = chain.base)
     SELECT fingerprint, base, body FROM chain`,
    [fingerprint],
  );
}
