import {
  changedKeys,
  fingerprint,
  fingerprintOf,
  snapshotOf,
  type CatalogObject,
  type Snapshot,
  type SnapshotDelta,
} from "../../snapshot/snapshot.js";
import { readSnapshot } from "../catalog/read-snapshot.js";
import { trackCatalog, type TrackedCatalog } from "../catalog/tracked-catalog.js";
import type { OpenTarget } from "../session/open-target.js";
import type { Session } from "../session/session.js";
import { append } from "./ledger.js";
import { storeDelta, storeWhole, type StoredSnapshot } from "./snapshots.js";

export interface Catalog {
  readonly snapshot: Snapshot;
  readonly fingerprint: string;
}

/** What an operator's session knows of its catalog, and what of that lies in the ledger. */
interface Book {
  readonly tracked: TrackedCatalog;
  fingerprint: string;
  /** The last snapshot that was stored, and the objects that may have changed since; null and all of them at first. */
  stored: StoredSnapshot | null;
  readonly unstored: Set<string>;
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
  const book = { tracked: trackCatalog(session.client), fingerprint: "", stored: null, unstored: new Set<string>() };
  books.set(session, book);
  return book;
}

async function look(session: Session): Promise<Book> {
  const book = books.get(session) ?? openBook(session);
  const before = book.tracked.objects;
  const found = await book.tracked.refresh();
  const changed = found === "all" ? changedKeys(before, book.tracked.objects) : found;
  for (const key of changed) book.unstored.add(key);
  if (changed.size > 0 || book.fingerprint === "") book.fingerprint = fingerprintOf(book.tracked.objects);
  return book;
}

/** What the record needs of a target. */
export type Recorded = Pick<OpenTarget, "operator" | "rollout" | "actor">;

/** Reads the catalog and stores it, so that a later look can name what differs. Gives its fingerprint. */
export async function keepCatalog({ operator }: Pick<OpenTarget, "operator">): Promise<string> {
  const book = await look(operator);
  if (book.stored?.fingerprint === book.fingerprint) return book.fingerprint;
  const { stored } = book;
  const asDelta = stored === null ? null : await storeDelta(operator, book.fingerprint, deltaIn(book), stored);
  book.stored = asDelta ?? (await storeWhole(operator, book.fingerprint, snapshotIn(book)));
  book.unstored.clear();
  return book.fingerprint;
}

function deltaIn({ tracked, unstored }: Book): SnapshotDelta {
  const delta: { [key: string]: CatalogObject | null } = {};
  for (const key of unstored) delta[key] = tracked.objects.get(key) ?? null;
  return delta;
}

/** Records the catalog as a change left it. Gives its fingerprint. */
export async function recordFingerprint(target: Recorded, change: string): Promise<string> {
  const kept = await keepCatalog(target);
  const about = { rollout: target.rollout, change, actor: target.actor };
  await append(target.operator, "catalog-recorded", about, { fingerprint: kept });
  return kept;
}

/** The same, and gives the whole catalog. */
export async function recordCatalog(target: Recorded, change: string): Promise<Catalog> {
  await recordFingerprint(target, change);
  return catalogIn(books.get(target.operator) ?? (await look(target.operator)));
}
