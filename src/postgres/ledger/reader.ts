import type { Entry } from "../../journal/entry.js";
import { TargetFold, type TargetState } from "../../journal/target-state.js";
import { messageOf, BelayError } from "../../errors.js";
import type { Session } from "../session/session.js";
import { sqlStateOf } from "../session/sql-state.js";

/** The journal as one session has read it. It grows by what others and this session append, and is never read twice. */
interface Reading {
  readonly entries: Entry[];
  readonly ofRollout: Map<string, Entry[]>;
  readonly fold: TargetFold;
  /** The last entry that was read. */
  last: { readonly seq: number; readonly hash: string };
}

const readings = new WeakMap<Session, Reading>();

/** All entries, oldest first, without the artifacts that a ledger of version 1 has in them. */
export async function readEntries(session: Session): Promise<readonly Entry[]> {
  return [...(await read(session)).entries];
}

export async function readTarget(session: Session): Promise<TargetState> {
  return (await read(session)).fold.state;
}

/** Where the target stands, and the entries of one rollout: the same list each time, as long as it only grows. */
export async function readRollout(
  session: Session,
  rollout: string,
): Promise<{ readonly state: TargetState; readonly entries: readonly Entry[] }> {
  const reading = await read(session);
  return { state: reading.fold.state, entries: reading.ofRollout.get(rollout) ?? [] };
}

/** Where the target stood when this session read its ledger last. */
export async function lastReadTarget(session: Session): Promise<TargetState> {
  return readings.get(session)?.fold.state ?? readTarget(session);
}

/** Whether a change is live, asked of the ledger. */
export async function isApplied(session: Session, id: string): Promise<boolean> {
  return (await read(session)).fold.isApplied(id);
}

/** The same, as far as this session has read its ledger. */
export async function wasApplied(session: Session, id: string): Promise<boolean> {
  return (readings.get(session) ?? (await read(session))).fold.isApplied(id);
}

/**
 * Reads on from the entry that was read last. Entries become visible in the order of their numbers, since each is written under the lock of the ledger's head; and where
 * the last one is no longer what it was, because its transaction was rolled back or somebody has put another ledger in its place, it is read from its beginning.
 */
async function read(session: Session): Promise<Reading> {
  const known = readings.get(session) ?? nothingRead();
  const rows = await rowsFrom(session, known.last.seq);
  const [anchor] = rows;
  const goesOn = known.last.seq === 0 || (anchor?.seq === known.last.seq && anchor.hash === known.last.hash);
  const reading = goesOn ? known : nothingRead();
  const added = goesOn ? rows.slice(known.last.seq === 0 ? 0 : 1) : await rowsFrom(session, 0);
  for (const { hash, ...entry } of added) {
    const typed = entry as unknown as Entry;
    reading.entries.push(typed);
    reading.fold.add(typed);
    reading.last = { seq: typed.seq, hash };
    if (typed.rollout !== null) listOf(reading, typed.rollout).push(typed);
  }
  readings.set(session, reading);
  return reading;
}

function nothingRead(): Reading {
  return { entries: [], ofRollout: new Map(), fold: new TargetFold(), last: { seq: 0, hash: "" } };
}

function listOf({ ofRollout }: Reading, rollout: string): Entry[] {
  const list = ofRollout.get(rollout) ?? [];
  ofRollout.set(rollout, list);
  return list;
}

type Row = Record<string, unknown> & { readonly seq: number; readonly hash: string };

/** The body is looked into only where there may be an artifact in it: it may be long. */
const entriesFrom = `
  SELECT seq::float8 AS seq, to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS at, kind, rollout, change, actor, hash,
    CASE WHEN kind IN ('applied', 'change-started') AND jsonb_typeof(body -> 'artifact') = 'object' THEN body - 'artifact' ELSE body END AS body
  FROM belay.journal WHERE seq >= $1 ORDER BY journal.seq`;

async function rowsFrom(session: Session, seq: number): Promise<readonly Row[]> {
  try {
    // A statement that fails would end the transaction around it.
    if (session.client.getTransactionStatus() === "T" && !(await isThere(session))) return [];
    return (await session.client.query<Row>({ name: "belay_entries_from", text: entriesFrom, values: [seq] })).rows;
  } catch (thrown) {
    // 42P01: there is no such table, so there is no ledger (yet).
    if (sqlStateOf(thrown) === "42P01") return [];
    throw forbidden(session, thrown) ?? thrown;
  }
}

async function isThere(session: Session): Promise<boolean> {
  const [row] = await session.query<{ there: boolean }>("SELECT to_regclass('belay.journal') IS NOT NULL AS there");
  return row?.there === true;
}

/** A role that may not have the ledger is a matter of rights, and no defect. */
export function forbidden(session: Session, thrown: unknown): BelayError | null {
  if (sqlStateOf(thrown) !== "42501") return null;
  const { database, user } = session.client;
  return new BelayError("usage", "rights-missing", `The ledger of ${database}: ${messageOf(thrown)}.`, {
    hint: `Let ${user} have it: GRANT CREATE ON DATABASE, and ownership or all rights on the schemas belay and belay_kept.`,
    cause: thrown,
  });
}
