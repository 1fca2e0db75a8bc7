import type { EntryBodies, EntryKind } from "../../journal/entry.js";
import type { ChainedEntry } from "../../journal/chain.js";
import { BelayError, messageOf } from "../../errors.js";
import type { Session } from "../session/session.js";
import type { StoredArtifact } from "./artifacts.js";
import { forbidden } from "./reader.js";
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

/** A row that is stored together with an entry, unless it is there already. */
export interface Beside {
  /** A table of the ledger, with its columns. */
  readonly into: string;
  readonly values: readonly unknown[];
}

/** What came of writing. */
export interface Written {
  /** The entry's number; 0 where none was written. */
  readonly seq: number;
  /** Whether the row beside it is new. */
  readonly added: boolean;
  readonly xid: string | null;
}

/** Appends one entry, and stores the artifact that it names; within a transaction it commits with that. */
export async function append<K extends EntryKind>(
  session: Session,
  kind: K,
  about: About,
  body: EntryBodies[K],
  artifact: StoredArtifact | null = null,
): Promise<number> {
  const beside =
    artifact === null
      ? null
      : { into: "artifact (hash, sql, manifest)", values: [artifact.hash, artifact.sql, artifact.manifest] };
  return (await appendBeside(session, kind, about, body, beside)).seq;
}

export async function appendBeside<K extends EntryKind>(
  session: Session,
  kind: K,
  about: About,
  body: EntryBodies[K],
  beside: Beside | null,
): Promise<Written> {
  const { rollout = null, change = null, actor } = about;
  const values = [kind, rollout, change, actor, JSON.stringify(body), session.epoch];
  try {
    return await write(session, beside, "belay.append($1, $2, $3, $4, $5::jsonb, $6)", values);
  } catch (thrown) {
    throw sqlStateOf(thrown) === "BE009"
      ? operatorLost(messageOf(thrown), thrown)
      : (forbidden(session, thrown) ?? thrown);
  }
}

/** One statement, so that a transaction of its own is enough for both. */
export async function write(
  session: Session,
  beside: Beside | null,
  entry = "0",
  values: readonly unknown[] = [],
): Promise<Written> {
  const places = beside?.values.map((_, index) => `$${values.length + index + 1}`).join(", ");
  const storing =
    beside === null
      ? ""
      : `WITH beside AS (INSERT INTO belay.${beside.into} VALUES (${places}) ON CONFLICT DO NOTHING RETURNING 1)`;
  const added = beside === null ? "false" : "EXISTS (SELECT FROM beside)";
  const [row] = await session.query<{ seq: string; added: boolean; xid: string }>(
    `${storing} SELECT ${entry} AS seq, ${added} AS added, pg_current_xact_id()::text AS xid`,
    [...values, ...(beside?.values ?? [])],
  );
  session.xid = row?.xid ?? null;
  return { seq: Number(row?.seq), added: row?.added === true, xid: session.xid };
}

/** Becomes the operator, whose entries alone the ledger takes from now on: whoever was it before is fenced off. */
export async function takeOver(session: Session, actor: string): Promise<number> {
  const epoch = await nextEpoch(session, actor);
  await session.claim(epoch);
  return epoch;
}

async function nextEpoch(session: Session, actor: string): Promise<number> {
  try {
    const [row] = await session.query<{ epoch: string }>("SELECT belay.take_over($1) AS epoch", [actor]);
    return Number(row?.epoch);
  } catch (thrown) {
    throw forbidden(session, thrown) ?? thrown;
  }
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
