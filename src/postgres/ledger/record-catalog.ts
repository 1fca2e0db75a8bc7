import {
  changedKeys,
  fingerprint,
  snapshotOf,
  type CatalogObject,
  type Snapshot,
  type SnapshotDelta,
} from "../../snapshot/snapshot.js";
import { RunningFingerprint } from "../../snapshot/running-fingerprint.js";
import { readSnapshot } from "../catalog/read-snapshot.js";
import { trackCatalog, type TrackedCatalog } from "../catalog/tracked-catalog.js";
import type { OpenTarget } from "../session/open-target.js";
import type { Session } from "../session/session.js";
import { appendBeside, type Written } from "./ledger.js";
import {
  besideOf,
  deltaRow,
  roomOf,
  storeSnapshot,
  wholeRow,
  type SnapshotRow,
  type StoredSnapshot,
} from "./snapshots.js";

export interface Catalog {
  readonly snapshot: Snapshot;
  readonly fingerprint: string;
}

/** What an operator's session knows of its catalog, and what of that lies in the ledger. */
interface Book {
  readonly tracked: TrackedCatalog;
  readonly running: RunningFingerprint;
  fingerprint: string;
  /** The last snapshot that was stored, and the objects that may have changed since; null and all of them at first. */
  stored: StoredSnapshot | null;
  readonly unstored: Set<string>;
  /** The transactions in which this session itself has written into the ledger since. */
  ownXids: readonly string[];
}

const books = new WeakMap<Session, Book>();

/** Reads the catalog as it is. An operator's session reads only what has changed since it looked last. */
export async function readCatalog(session: Session): Promise<Catalog> {
  return session.epoch === null ? readWhole(session) : catalogIn(await look(session));
}

/** Reads the whole catalog anew, whatever was read before: what proves a rollout's way back does not stand on what was remembered. */
export async function readWhole(session: Session): Promise<Catalog> {
  const snapshot = await readSnapshot(session.client);
  return { snapshot, fingerprint: fingerprint(snapshot) };
}

function catalogIn(book: Book): Catalog {
  return { snapshot: snapshotIn(book), fingerprint: book.fingerprint };
}

function snapshotIn({ tracked }: Book): Snapshot {
  return snapshotOf(Object.fromEntries(tracked.objects));
}

function openBook(session: Session): Book {
  const book = {
    tracked: trackCatalog(session.client),
    running: new RunningFingerprint(),
    fingerprint: "",
    stored: null,
    unstored: new Set<string>(),
    ownXids: [],
  };
  books.set(session, book);
  return book;
}

async function look(session: Session): Promise<Book> {
  const book = books.get(session) ?? openBook(session);
  const before = book.tracked.objects;
  const found = await book.tracked.refresh(book.ownXids);
  book.ownXids = [];
  const changed = found === "all" ? changedKeys(before, book.tracked.objects) : found;
  for (const key of changed) {
    book.unstored.add(key);
    const object = book.tracked.objects.get(key);
    if (object === undefined) book.running.delete(key);
    else book.running.set(key, object);
  }
  if (changed.size > 0 || book.fingerprint === "") book.fingerprint = book.running.digest();
  return book;
}

/** What the record needs of a target. */
export type Recorded = Pick<OpenTarget, "operator" | "rollout" | "actor">;

/** Reads the catalog and stores it, so that a later look can name what differs. Gives its fingerprint. */
export async function keepCatalog({ operator }: Pick<OpenTarget, "operator">): Promise<string> {
  const book = await look(operator);
  const row = await rowIn(operator, book);
  if (row !== null) wrote(book, row, await storeSnapshot(operator, row));
  return book.fingerprint;
}

/** Records the catalog as a change left it. Gives its fingerprint. */
export async function recordFingerprint(target: Recorded, change: string): Promise<string> {
  const { operator, rollout, actor } = target;
  const book = await look(operator);
  const row = await rowIn(operator, book);
  const body = { fingerprint: book.fingerprint };
  const beside = row === null ? null : besideOf(row);
  const written = await appendBeside(operator, "catalog-recorded", { rollout, change, actor }, body, beside);
  if (row !== null) wrote(book, row, written);
  else if (written.xid !== null) book.ownXids = [written.xid];
  return book.fingerprint;
}

/** The snapshot as it is to be stored: as what it has beyond the last one, where that is not too long a chain. Null where it is stored already. */
async function rowIn(operator: Session, book: Book): Promise<SnapshotRow | null> {
  if (book.stored?.fingerprint === book.fingerprint) return null;
  const base = book.stored === null ? null : await roomOf(operator, book.stored);
  const delta = base === null ? null : deltaRow(book.fingerprint, deltaIn(book), base);
  return delta ?? wholeRow(book.fingerprint, snapshotIn(book));
}

function wrote(book: Book, row: SnapshotRow, { added, xid }: Written): void {
  // Where it lay there already, it stands on others than was thought.
  book.stored = { fingerprint: row.fingerprint, room: added ? { depth: row.depth, characters: row.room } : null };
  book.unstored.clear();
  book.ownXids = xid === null ? [] : [xid];
}

function deltaIn({ tracked, unstored }: Book): SnapshotDelta {
  const delta: { [key: string]: CatalogObject | null } = {};
  for (const key of unstored) delta[key] = tracked.objects.get(key) ?? null;
  return delta;
}

/** The same, and gives the whole catalog. */
export async function recordCatalog(target: Recorded, change: string): Promise<Catalog> {
  await recordFingerprint(target, change);
  return catalogIn(books.get(target.operator) ?? (await look(target.operator)));
}
