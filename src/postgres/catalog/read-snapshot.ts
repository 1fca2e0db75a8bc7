import type pg from "pg";
import type { Snapshot } from "../../snapshot/snapshot.js";
import { type CatalogReading, readCatalog } from "./catalog-reading.js";
import { settledReading } from "./settled-reading.js";

/** Belay's own schemas: never part of a user's catalog. */
export const ownSchemas: readonly string[] = ["belay", "belay_kept"];

export interface ReadSnapshotOptions {
  /** Schemas to leave out besides the system's and Belay's own. */
  readonly excludeSchemas?: readonly string[];
}

/**
 * The canonical snapshot of the user catalog: without the system's schemas, without Belay's own and without what belongs to
 * an extension. Reads one consistent state: in the transaction that the client is in, or else in a repeatable-read,
 * read-only one of its own. The client's settings are as before when it returns.
 * @throws BelayError `catalog-unsettled` where others drop objects in it without a pause.
 */
export async function readSnapshot(client: pg.ClientBase, options: ReadSnapshotOptions = {}): Promise<Snapshot> {
  return (await readCatalogOf(client, options)).snapshot;
}

/** As `readSnapshot`, with the addresses of the objects. */
export function readCatalogOf(client: pg.ClientBase, options: ReadSnapshotOptions = {}): Promise<CatalogReading> {
  const excluded = [...ownSchemas, ...(options.excludeSchemas ?? [])];
  return settledReading(client, () => readCatalog(client, excluded));
}
