import { BelayError, messageOf } from "../../errors.js";
import type { Retyping } from "../../sql/retyping.js";
import type { Session } from "../session/session.js";
import { sqlStateOf } from "../session/sql-state.js";

/** What a change took away, and is not gone. */
export interface Kept {
  /** The ledger's entry. */
  readonly seq: number;
  /** ISO 8601, UTC. */
  readonly at: string;
  /** By the server's clock, in seconds. */
  readonly ageSeconds: number;
  readonly change: string;
  readonly direction: "up" | "down";
  /** Hidden where it was or in the schema `belay_kept`; a column's values settled there, the column itself gone; copied there, since it could not be hidden; or rows as a statement found them. */
  readonly how: "hidden" | "settled" | "copied" | "rows";
  /** What it was, as people call it: `column public.tasks.note`. */
  readonly objects: readonly string[];
  /** Where its rows and values lie. */
  readonly parts: readonly KeptPart[];
}

export interface KeptPart {
  readonly table: string;
  readonly column: string | null;
  /** A table of `belay_kept`; of a hidden column its name where it is. */
  readonly keptAs: string;
  readonly rows: number;
  /** By the table's statistics. */
  readonly isEstimate: boolean;
  /** Of the disk; null for a column within its table. */
  readonly bytes: number | null;
}

/** Everything that is kept, the oldest first. */
export async function readKept(session: Session): Promise<readonly Kept[]> {
  const [ledger] = await session.query<{ there: boolean }>(
    "SELECT to_regprocedure('belay.kept_now()') IS NOT NULL AS there",
  );
  if (ledger?.there !== true) return [];
  const rows = await session.query(
    `SELECT seq::float8 AS seq, to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS at, extract(epoch FROM clock_timestamp() - at)::float8 AS "ageSeconds", change, direction, how, objects,
       (SELECT coalesce(jsonb_agg(jsonb_build_object('table', p -> 'table', 'column', p -> 'column', 'keptAs', p -> 'keptAs', 'rows', coalesce(p -> 'rows', '0'),
         'isEstimate', p -> 'isEstimate', 'bytes', p -> 'bytes')), '[]') FROM jsonb_array_elements(parts) AS p) AS parts
     FROM belay.kept_now()`,
  );
  return rows as unknown as readonly Kept[];
}

/** Drops what is kept under an entry for good, and says so in the ledger, in the transaction that is open. @throws BelayError `kept-in-use`. */
export async function purgeKept(session: Session, seq: number, actor: string): Promise<void> {
  try {
    await session.query("SELECT belay.purge($1, $2, $3)", [seq, actor, session.epoch]);
  } catch (thrown) {
    if (sqlStateOf(thrown) !== "BE031") throw thrown;
    throw new BelayError("refused", "kept-in-use", messageOf(thrown).replace(/^Belay: /, ""), {
      hint: "Drop what uses it, and purge again.",
      cause: thrown,
    });
  }
}

/** What was purged of an applied change since: its way back can only make that anew, empty. */
export async function purgedOf(session: Session, change: string, since: number): Promise<readonly string[]> {
  const rows = await session.query<{ object: string }>(
    `SELECT DISTINCT object FROM belay.journal p JOIN belay.journal k ON k.seq = (p.body ->> 'kept')::bigint, jsonb_array_elements_text(p.body -> 'objects') AS object
     WHERE p.kind = 'purged' AND p.change = $1 AND p.seq > $2 AND k.body ->> 'direction' = 'up' ORDER BY object`,
    [change, since],
  );
  return rows.map(({ object }) => object);
}

/** Rows that would break a constraint that a way back brings back. */
export interface Violation extends Record<string, unknown> {
  /** In words: `rows of public.things without a value for size, which is NOT NULL`. */
  readonly what: string;
  readonly rows: number;
}

/** Rows whose values an older type cannot hold. */
export interface Unfit extends Record<string, unknown> {
  /** That it cannot take at all: the statement would stop at them. */
  readonly cannot: number;
  /** That it takes, but rounds or cuts. */
  readonly altered: number;
}

/** How far the rows are counted. */
export const mostUnfit = 10_000;

/** Tries the rows of an applied change on what its way back makes of a column's type, without a lock that anybody feels. Null where the ledger cannot tell. */
export async function unfitFor(session: Session, change: string, retyping: Retyping): Promise<Unfit | null> {
  const [ledger] = await session.query<{ there: boolean }>(
    "SELECT to_regprocedure('belay.unfit(text, jsonb, bigint)') IS NOT NULL AS there",
  );
  if (ledger?.there !== true) return null;
  const [row] = await session.query<Unfit>(
    "SELECT cannot::float8 AS cannot, altered::float8 AS altered FROM belay.unfit($1, $2, $3)",
    [change, JSON.stringify(retyping), mostUnfit],
  );
  return row ?? null;
}

/** Looks through the rows as they are, without a lock that anybody feels: what has come since a change hid something, and does not fit it. */
export async function violationsOf(session: Session, change: string): Promise<readonly Violation[]> {
  const [ledger] = await session.query<{ there: boolean }>(
    "SELECT to_regprocedure('belay.violations(text, text)') IS NOT NULL AS there",
  );
  if (ledger?.there !== true) return [];
  return session.query<Violation>("SELECT what, rows::float8 AS rows FROM belay.violations($1, 'down')", [change]);
}
