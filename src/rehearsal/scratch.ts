import { randomBytes } from "node:crypto";
import { BelayError, messageOf } from "../errors.js";
import { quoteIdentifier, quoteLiteral } from "../sql/quote.js";
import { copySampleRows } from "../postgres/catalog/copy-rows.js";
import { rebuildCatalog } from "../postgres/catalog/rebuild.js";
import { addressOf, withDatabase } from "../postgres/session/address.js";
import type { Connections } from "../postgres/session/connections.js";
import { openSession, withSession, type Session } from "../postgres/session/session.js";
import type { Report } from "../progress.js";
import type { Policy } from "../system/config/config.js";

const prefix = "belay_rehearsal_";

/** A database for one rehearsal. */
export interface Scratch {
  readonly url: string;
  /** Where it lies, for the evidence: `embedded`, `template`, or host and port. */
  readonly on: string;
  readonly serverVersion: string;
}

interface Source {
  /** The database whose catalog is copied; null for an empty one. */
  readonly url: string | null;
  readonly policy: Policy["rehearsal"];
  readonly connections: Connections;
  readonly report: Report;
}

/**
 * Makes a scratch copy of a target's catalog, with a sample of its rows where the policy allows that, lends it to `work` and drops it. What a rehearsal that
 * was killed has left is dropped by the next one.
 */
export async function withScratch<T>(source: Source, work: (scratch: Scratch) => Promise<T>): Promise<T> {
  const server = await serverOf(source);
  const name = `${prefix}${process.pid}_${randomBytes(4).toString("hex")}`;
  // The session's name says that the database is in use, from before it is made until after it is dropped.
  return withSession(server.url, { applicationName: name }, async (maintenance) => {
    await sweep(maintenance);
    const isTemplate = source.url !== null && source.policy.on === "template";
    await create(maintenance, name, isTemplate ? addressOf(source.url).database : "template0");
    try {
      const url = withDatabase(server.url, name);
      if (source.url !== null && !isTemplate) await fill({ ...source, url: source.url }, url);
      const [row] = await maintenance.query<{ version: string }>("SELECT current_setting('server_version') AS version");
      return await work({ url, on: server.on, serverVersion: row?.version ?? "" });
    } finally {
      await maintenance.query(`DROP DATABASE IF EXISTS ${quoteIdentifier(name)} WITH (FORCE)`);
    }
  });
}

async function serverOf({ url, policy, connections }: Source): Promise<{ readonly url: string; readonly on: string }> {
  const { on } = policy;
  if (on === "template" && url !== null) return { url: withDatabase(url, "postgres"), on };
  if (on === "embedded" || on === "template")
    return { url: (await connections.sandbox()).url("postgres"), on: "embedded" };
  const { host, port } = addressOf(on);
  return { url: on, on: `${host}:${port}` };
}

async function create(maintenance: Session, name: string, template: string): Promise<void> {
  try {
    await maintenance.query(`CREATE DATABASE ${quoteIdentifier(name)} TEMPLATE ${quoteIdentifier(template)}`);
  } catch (thrown) {
    throw new BelayError("refused", "scratch-failed", `No scratch database could be made: ${messageOf(thrown)}.`, {
      hint: 'Set policy.rehearsal.on to "embedded", or to the URL of a server on which databases may be created.',
      cause: thrown,
    });
  }
}

/** Rebuilds the target's catalog in the empty database, and copies a sample of its rows. */
async function fill(source: Source & { readonly url: string }, url: string): Promise<void> {
  const from = await openSession(source.url, { applicationName: "belay-rehearsal/source" });
  try {
    await withSession(url, { applicationName: "belay-rehearsal/copy" }, async (to) => {
      await rebuildCatalog(from.client, to.client);
      if (source.policy.sample === 0) return;
      const copied = await copySampleRows(from.client, to.client, source.policy.sample);
      if (copied.rows === 0) return;
      const message = `the scratch copy has ${copied.rows} of the rows, from ${copied.tables === 1 ? "one table" : `${copied.tables} tables`}`;
      source.report({ kind: "note", target: null, message });
    });
  } finally {
    await from.close();
  }
}

/** Drops the scratch databases that nobody has in use. */
async function sweep(maintenance: Session): Promise<void> {
  const left = await maintenance.query<{ name: string }>(
    `SELECT datname AS name FROM pg_database WHERE starts_with(datname, ${quoteLiteral(prefix)})
       AND datname NOT IN (SELECT application_name FROM pg_stat_activity)`,
  );
  for (const { name } of left) await maintenance.query(`DROP DATABASE IF EXISTS ${quoteIdentifier(name)} WITH (FORCE)`);
}
