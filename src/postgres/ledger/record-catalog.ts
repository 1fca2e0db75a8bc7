import { fingerprint, type Snapshot } from "../../snapshot/snapshot.js";
import { readSnapshot } from "../catalog/read-snapshot.js";
import { append, storeSnapshot } from "./ledger.js";
import type { OpenTarget } from "../session/open-target.js";
import type { Session } from "../session/session.js";

export interface Catalog {
  readonly snapshot: Snapshot;
  readonly fingerprint: string;
}

export async function readCatalog(session: Session): Promise<Catalog> {
  const snapshot = await readSnapshot(session.client);
  return { snapshot, fingerprint: fingerprint(snapshot) };
}

/** Reads the catalog and stores it, so that a later look can name what differs. */
export async function keepCatalog(target: Pick<OpenTarget, "operator">): Promise<Catalog> {
  const catalog = await readCatalog(target.operator);
  await storeSnapshot(target.operator, catalog.fingerprint, catalog.snapshot);
  return catalog;
}

/** What the record needs of a target. */
export type Recorded = Pick<OpenTarget, "operator" | "rollout" | "actor">;

/** Records the catalog as a change left it. */
export async function recordCatalog(target: Recorded, change: string): Promise<Catalog> {
  const catalog = await keepCatalog(target);
  const about = { rollout: target.rollout, change, actor: target.actor };
  await append(target.operator, "catalog-recorded", about, { fingerprint: catalog.fingerprint });
  return catalog;
}
