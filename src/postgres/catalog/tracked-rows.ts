import type pg from "pg";
import { bucketSize, bucketsIn, changedSince, firstUserOid, identitiesIn, listAll } from "./sql/tracked.js";

/** An object of the catalog: the oids of its class and of itself. */
export type Address = readonly [classId: number, oid: number];

/** A row of a system catalog: the object that it says something of, and the one that others may depend on by it. */
export interface TrackedRow {
  readonly owner: Address;
  readonly raw: Address;
}

/** All rows of a user's at some moment, so that it can be said later which have come, changed and gone. */
export interface TrackedRows {
  /** By catalog, then by what tells a row from the others. */
  readonly rows: ReadonlyMap<string, Map<string, TrackedRow>>;
  /** All transactions before this one have ended at that moment. */
  readonly since: bigint;
  /** This one, and all after it, have not begun at that moment. */
  readonly next: bigint;
  /** A hash over all that is not looked at row by row. */
  readonly rare: string;
}

/** What has come, changed or gone. */
export interface TouchedRows {
  readonly touched: readonly TrackedRow[];
  readonly gone: readonly TrackedRow[];
}

/** Beyond this many transactions a comparison of their ids would be wrong; half of that is far enough. */
const farthest = 1_000_000_000n;

interface FoundRow {
  readonly catalog: string;
  readonly count: number;
  readonly rows: readonly (readonly [string, number, number, number, number])[] | null;
}

interface Found {
  readonly catalogs: ReadonlyMap<string, { readonly count: number; readonly rows: ReadonlyMap<string, TrackedRow> }>;
  readonly rare: string;
  readonly since: bigint;
  readonly next: bigint;
}

export async function listRows(
  client: pg.ClientBase,
  serverVersion: number,
  excluded: readonly string[],
): Promise<TrackedRows> {
  const { catalogs, rare, since, next } = found(
    (await client.query<FoundRow>(listAll(serverVersion), [excluded])).rows,
  );
  const rows = new Map([...catalogs].map(([name, catalog]) => [name, new Map(catalog.rows)] as const));
  return { rows, rare, since, next };
}

/**
 * What has changed since `before`, and the rows as they are now. Null where that cannot be told row by row: a catalog that seldom changes did, an object of PostgreSQL's
 * own did, or `before` is too long ago.
 */
export async function compareRows(
  client: pg.ClientBase,
  serverVersion: number,
  excluded: readonly string[],
  before: TrackedRows,
): Promise<(TouchedRows & { readonly now: TrackedRows }) | null> {
  const { rows } = await client.query<FoundRow>({
    name: "belay_changed_since",
    text: changedSince(serverVersion),
    values: [excluded, String(before.since % 2n ** 32n)],
  });
  const now = found(rows);
  if (now.rare !== before.rare || now.next - before.since > farthest) return null;
  const touched: TrackedRow[] = [];
  const fewer = new Map<string, Map<string, TrackedRow>>();
  for (const [name, { count, rows: changed }] of now.catalogs) {
    const known = before.rows.get(name) ?? new Map<string, TrackedRow>();
    for (const [identity, row] of changed) {
      if (row.raw[1] < firstUserOid && name !== "pg_description") return null;
      touched.push(row);
      const last = known.get(identity);
      // A row of another owner than before: the former one has changed as well.
      if (last !== undefined && last.owner[1] !== row.owner[1]) touched.push(last);
      if (name !== "pg_attribute" && isOfUser(name, row)) known.set(identity, row);
    }
    if (name !== "pg_attribute" && count !== known.size) fewer.set(name, known);
  }
  const gone = await forgetGone(client, fewer);
  return { touched, gone, now: { ...before, since: now.since, next: now.next } };
}

function isOfUser(catalog: string, { raw: [classId, oid] }: TrackedRow): boolean {
  return oid >= firstUserOid || (catalog === "pg_description" && describedToo.has(classId));
}

/** pg_namespace and pg_extension: `public` and `plpgsql` are PostgreSQL's own, and their comments a user's. */
const describedToo: ReadonlySet<number> = new Set([2615, 3079]);

/** The same rows at this moment, where no transaction but `own` has written anything since, in the whole cluster; else null. */
export async function stillAs(
  client: pg.ClientBase,
  before: TrackedRows,
  own: readonly string[],
): Promise<TrackedRows | null> {
  if (before.since !== before.next) return null;
  const { rows } = await client.query<{ next: string }>({
    name: "belay_next_xid",
    text: "select pg_snapshot_xmax(pg_current_snapshot())::text as next",
  });
  const next = BigInt(rows[0]?.next ?? 0);
  const ours = new Set(own.filter((xid) => BigInt(xid) >= before.next));
  return next - before.next === BigInt(ours.size) ? { ...before, since: next, next } : null;
}

/** Takes out what is no longer there, and gives it. What lies in a bucket with as many rows as are known there is all there still. */
async function forgetGone(
  client: pg.ClientBase,
  known: ReadonlyMap<string, Map<string, TrackedRow>>,
): Promise<readonly TrackedRow[]> {
  if (known.size === 0) return [];
  const counted = await client.query<{ catalog: string; counts: Readonly<Record<string, number>> | null }>(
    bucketsIn([...known.keys()]),
  );
  const suspects = new Map<string, Map<string, TrackedRow>>();
  for (const { catalog, counts } of counted.rows)
    suspects.set(catalog, inOtherBuckets(known.get(catalog) ?? new Map<string, TrackedRow>(), counts ?? {}));
  const { names, text } = identitiesIn([...suspects.keys()]);
  const buckets = names.map((name) => [...new Set([...(suspects.get(name) ?? [])].map(([, row]) => bucketOf(row)))]);
  const here = (await client.query<{ catalog: string; identities: readonly string[] | null }>(text, buckets)).rows;
  return here.flatMap(({ catalog, identities }) => {
    const there = new Set(identities);
    const gone = [...(suspects.get(catalog) ?? [])].filter(([identity]) => !there.has(identity));
    for (const [identity] of gone) known.get(catalog)?.delete(identity);
    return gone.map(([, row]) => row);
  });
}

function inOtherBuckets(
  rows: ReadonlyMap<string, TrackedRow>,
  counts: Readonly<Record<string, number>>,
): Map<string, TrackedRow> {
  const known = new Map<number, number>();
  for (const row of rows.values()) known.set(bucketOf(row), (known.get(bucketOf(row)) ?? 0) + 1);
  return new Map([...rows].filter(([, row]) => counts[bucketOf(row)] !== known.get(bucketOf(row))));
}

function bucketOf({ raw }: TrackedRow): number {
  return Math.floor(raw[1] / bucketSize);
}

function found(rows: readonly FoundRow[]): Found {
  const catalogs = new Map<string, { count: number; rows: ReadonlyMap<string, TrackedRow> }>();
  const texts = new Map<string, readonly unknown[]>();
  for (const { catalog, count, rows: list } of rows) {
    if (catalog === "rare" || catalog === "mark") {
      texts.set(catalog, (list ?? []) as readonly unknown[]);
      continue;
    }
    const byIdentity = (list ?? []).map(([identity, ownerClass, owner, rawClass, raw]) => {
      return [identity, { owner: [ownerClass, owner], raw: [rawClass, raw] } as const] as const;
    });
    catalogs.set(catalog, { count, rows: new Map(byIdentity) });
  }
  const [since = "0", next = "0"] = texts.get("mark") ?? [];
  return { catalogs, rare: String(texts.get("rare")?.[0]), since: BigInt(String(since)), next: BigInt(String(next)) };
}
