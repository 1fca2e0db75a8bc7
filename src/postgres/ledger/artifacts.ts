import { createHash } from "node:crypto";
import { BelayError } from "../../errors.js";
import type { Session } from "../session/session.js";

/** The way back as it is sealed: the file that runs alone, and its manifest. */
export interface SealedArtifact {
  readonly sql: string;
  readonly manifest: unknown;
}

/** An artifact as the ledger holds it: once, under a hash of all that it is. The entries name that hash, so their chain covers it. */
export interface StoredArtifact {
  readonly hash: string;
  readonly sql: string;
  /** JSON on one line. */
  readonly manifest: string;
}

/** The hash is SHA-256, in hex, over the file and the line of its manifest, joined by LF. */
export function storedArtifact({ sql, manifest }: SealedArtifact): StoredArtifact {
  const line = JSON.stringify(manifest);
  return { hash: hashOf(sql, line), sql, manifest: line };
}

function hashOf(sql: string, manifest: string): string {
  return createHash("sha256").update(`${sql}\n${manifest}`).digest("hex");
}

/**
 * The artifact that was stored when the change was last begun or applied here; null where it never was.
 * @throws BelayError `artifact-edited` where it is no longer what the entry says.
 */
export async function readArtifact(session: Session, change: string): Promise<SealedArtifact | null> {
  const [entry] = await session.query<{ artifact: string | SealedArtifact }>(
    `SELECT body -> 'artifact' AS artifact FROM belay.journal
     WHERE change = $1 AND kind IN ('applied', 'change-started') AND body ? 'artifact' ORDER BY seq DESC LIMIT 1`,
    [change],
  );
  if (entry === undefined) return null;
  // Version 1 wrote it into the entry itself.
  if (typeof entry.artifact !== "string") return entry.artifact;
  const [stored] = await session.query<{ sql: string; manifest: string }>(
    "SELECT sql, manifest FROM belay.artifact WHERE hash = $1",
    [entry.artifact],
  );
  if (stored === undefined) return null;
  if (hashOf(stored.sql, stored.manifest) !== entry.artifact) throw edited(session, change);
  return { sql: stored.sql, manifest: JSON.parse(stored.manifest) as unknown };
}

function edited(session: Session, change: string): BelayError {
  const message = `The ledger of ${session.client.database} holds another artifact of ${change} than the one that was sealed: somebody has changed it.`;
  return new BelayError("refused", "artifact-edited", message, {
    hint: `Where rollbacks/ still has the file that was sealed, it runs with psql.`,
  });
}
