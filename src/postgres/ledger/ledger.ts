import type { Entry, EntryBodies, EntryKind } from "../../journal/entry.js";
import type { ChainedEntry } from "../../journal/chain.js";
import { foldTarget, type TargetState } from "../../journal/target-state.js";
import { BelayError, messageOf } from "../../errors.js";
import type { Session } from "../session/session.js";
import { operatorLost, sqlStateOf } from "../session/sql-state.js";
import { ledgerSchema, ledgerVersion } from "./sql/ledger-schema.js";

/** What an entry is about besides its body. */
export interface About {
  readonly rollout?: string | null;
  readonly change?: string | null;
  readonly actor: string;
}

const readable = `to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS at`;

/** The version of the ledger in this database; null where there is none. */
export async function ledgerVersionIn(session: Session): Promise<number | null> {
  const [found] = await session.query<{ there: boolean }>(
    "SELECT to_regprocedure('belay.version()') IS NOT NULL AS there",
  );
  if (found?.there !== true) return null;
  const [row] = await session.query<{ version: number }>("SELECT belay.version() AS version");
  return row?.version ?? null;
}

/**
 * Makes the ledger, or brings it to this version. Call it under the operator's lock: two at once would collide.
 * @throws BelayError `ledger-too-new` where a newer Belay made it.
 */
export async function ensureLedger(session: Session, actor: string): Promise<void> {
  const version = await ledgerVersionIn(session);
  if (version === ledgerVersion) return;
  if (version !== null && version > ledgerVersion) {
    throw new BelayError(
      "usage",
      "ledger-too-new",
      `This database's ledger has version ${version}; this Belay knows ${ledgerVersion}.`,
      {
        hint: "Use the newer Belay that made it.",
      },
    );
  }
  await session.query("BEGIN");
  try {
    await session.client.query(ledgerSchema);
    await takeOver(session, actor);
    if (version === null) await append(session, "ledger-created", { actor }, { version: ledgerVersion });
    await session.query("COMMIT");
  } catch (thrown) {
    await session.query("ROLLBACK");
    throw forbidden(session, thrown) ?? thrown;
  }
}

/** Appends one entry; within a transaction it commits with that. */
export async function append<K extends EntryKind>(
  session: Session,
  kind: K,
  about: About,
  body: EntryBodies[K],
): Promise<number> {
  const { rollout = null, change = null, actor } = about;
  const values = [kind, rollout, change, actor, JSON.stringify(body), session.epoch];
  try {
    const [row] = await session.query<{ seq: string; xid: string }>(
      "SELECT belay.append($1, $2, $3, $4, $5::jsonb, $6) AS seq, pg_current_xact_id()::text AS xid",
      values,
    );
    session.xid = row?.xid ?? null;
    return Number(row?.seq);
  } catch (thrown) {
    throw sqlStateOf(thrown) === "BE009" ? operatorLost(messageOf(thrown), thrown) : thrown;
  }
}

/** Becomes the operator, whose entries alone the ledger takes from now on: whoever was it before is fenced off. */
export async function takeOver(session: Session, actor: string): Promise<number> {
  const [row] = await session.query<{ epoch: string }>("SELECT belay.take_over($1) AS epoch", [actor]);
  const epoch = Number(row?.epoch);
  await session.claim(epoch);
  return epoch;
}

/** All entries, oldest first, without the artifacts in them; those of one rollout where it is given. */
export async function readEntries(session: Session, rollout: string | null = null): Promise<readonly Entry[]> {
  try {
    if ((await ledgerVersionIn(session)) === null) return [];
    const rows = await session.query(
      `SELECT seq::float8 AS seq, ${readable}, kind, rollout, change, actor, body - 'artifact' AS body
       FROM belay.journal WHERE $1::text IS NULL OR rollout = $1 ORDER BY journal.seq`,
      [rollout],
    );
    return rows as unknown as readonly Entry[];
  } catch (thrown) {
    throw forbidden(session, thrown) ?? thrown;
  }
}

/** A role that may not have the ledger is a matter of rights, and no defect. */
function forbidden(session: Session, thrown: unknown): BelayError | null {
  if (sqlStateOf(thrown) !== "42501") return null;
  const { database, user } = session.client;
  return new BelayError("usage", "rights-missing", `The ledger of ${database}: ${messageOf(thrown)}.`, {
    hint: `Let ${user} have it: GRANT CREATE ON DATABASE, and ownership or all rights on the schemas belay and belay_kept.`,
    cause: thrown,
  });
}

/** The entries as they were hashed. */
export async function readChain(session: Session): Promise<readonly ChainedEntry[]> {
  if ((await ledgerVersionIn(session)) === null) return [];
  const rows = await session.query(
    `SELECT seq::float8 AS seq, ${readable}, kind, rollout, change, actor, body::text AS "bodyText", previous, hash
     FROM belay.journal ORDER BY journal.seq`,
  );
  return rows as unknown as readonly ChainedEntry[];
}

export async function readTarget(session: Session): Promise<TargetState> {
  return foldTarget(await readEntries(session));
}

/** The artifact that was stored when the change was last begun or applied here; null where it never was. */
export async function readArtifact(
  session: Session,
  change: string,
): Promise<{ sql: string; manifest: unknown } | null> {
  const [row] = await session.query<{ artifact: { sql: string; manifest: unknown } | null }>(
    `SELECT body -> 'artifact' AS artifact FROM belay.journal WHERE body ? 'artifact' AND change = $1 ORDER BY seq DESC LIMIT 1`,
    [change],
  );
  return row?.artifact ?? null;
}

/** The change that was applied or taken back last, where the catalog after it was not recorded and no other was begun since; else null. */
export async function lastUnrecorded(session: Session): Promise<Unrecorded | null> {
  const [last] = await session.query<Unrecorded & Record<string, unknown>>(
    `SELECT seq::float8 AS seq, kind, change, rollout FROM belay.journal
     WHERE kind IN ('applied', 'reverted', 'catalog-recorded', 'change-started') ORDER BY seq DESC LIMIT 1`,
  );
  return last !== undefined && ["applied", "reverted"].includes(last.kind) ? last : null;
}

interface Unrecorded {
  readonly seq: number;
  readonly kind: EntryKind;
  readonly change: string;
  readonly rollout: string | null;
}
