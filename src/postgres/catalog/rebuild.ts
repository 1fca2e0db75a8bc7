import type pg from "pg";
import { BelayError } from "../../errors.js";
import { type Difference, describeDifference, differences } from "../../snapshot/difference.js";
import type { Emission } from "../../snapshot/emit/emission.js";
import { emitObject } from "../../snapshot/emit/object.js";
import { type Dependencies, orderEmissions } from "../../snapshot/emit/order.js";
import { identifier } from "../../snapshot/emit/sql-text.js";
import { parseObjectKey } from "../../snapshot/object-key.js";
import { type Snapshot, fingerprint } from "../../snapshot/snapshot.js";
import { type CatalogReading, readCatalog } from "./catalog-reading.js";
import { settledReading } from "./settled-reading.js";
import { readDependencies } from "./read-dependencies.js";
import { ownSchemas, readSnapshot } from "./read-snapshot.js";
import { createMissingRoles, rolesNamed } from "./roles.js";
import { type RefusedEmission, runEmissions } from "./run-emissions.js";
import { adjustScratchCatalog } from "./scratch-adjustments.js";
import { type ScratchAbilities, comparable, copyable } from "./scratch-view.js";

export interface RebuiltCatalog {
  /** The fingerprint of the copy, read back from the destination. */
  readonly fingerprint: string;
  readonly snapshot: Snapshot;
  /** Roles that the destination's server did not have; they belong to the whole server and outlive the database. */
  readonly createdRoles: readonly string[];
}

interface Source {
  readonly reading: CatalogReading;
  readonly needs: Dependencies;
}

function readSource(client: pg.ClientBase): Promise<Source> {
  return settledReading(client, async () => {
    const reading = await readCatalog(client, ownSchemas);
    return { reading, needs: await readDependencies(client, reading) };
  });
}

async function abilitiesOf(destination: pg.ClientBase, sourceVersion: number): Promise<ScratchAbilities> {
  const extensions = await destination.query<{ known: string }>(
    "select name || ' ' || version as known from pg_available_extension_versions",
  );
  const version = await destination.query<{ version: number }>(
    "select current_setting('server_version_num')::int as version",
  );
  return {
    extensionVersions: new Set(extensions.rows.map(({ known }) => known)),
    isOtherMajor: Math.floor((version.rows[0]?.version ?? 0) / 10000) !== Math.floor(sourceVersion / 10000),
  };
}

/** Settings under which the statements mean the same as where they were read, for the rest of the session. */
const sessionSettings = `select set_config('search_path', '', false), set_config('check_function_bodies', 'off', false),
  set_config('client_min_messages', 'error', false), set_config('row_security', 'off', false), set_config('TimeZone', 'UTC', false),
  set_config('DateStyle', 'ISO, YMD', false), set_config('IntervalStyle', 'postgres', false),
  set_config('default_tablespace', '', false), set_config('default_table_access_method', 'heap', false)`;

/** What the new database came with and the source does not have: usually nothing, sometimes the schema `public`. */
function removals(destination: Snapshot, wanted: Snapshot): readonly Emission[] {
  return Object.keys(destination.objects)
    .filter((key) => wanted.objects[key] === undefined)
    .map((key) => ({ key, name: parseObjectKey(key) }))
    .filter(({ name }) => name.kind === "schema" || name.kind === "extension")
    .map(({ key, name }) => ({
      phase: "create",
      unit: key,
      sql: `DROP ${name.kind.toUpperCase()} ${identifier(name.path[0] ?? "")} CASCADE`,
    }));
}

/** The schema `public` comes with privileges and a comment; they are taken off, and the source's put on like any other's. */
function publicSchemaReset(destination: Snapshot, wanted: Snapshot): readonly Emission[] {
  const unit = "schema public";
  if (destination.objects[unit] === undefined || wanted.objects[unit] === undefined) return [];
  const statements = ["REVOKE ALL ON SCHEMA public FROM PUBLIC", "COMMENT ON SCHEMA public IS NULL"];
  return statements.map((sql) => ({ phase: "create", unit, sql }));
}

function emissionsFor(source: Source, wanted: Snapshot, destination: Snapshot): readonly Emission[] {
  const isThere = (emission: Emission): boolean =>
    emission.phase === "create" && destination.objects[emission.unit] !== undefined;
  const made = Object.keys(wanted.objects)
    .flatMap((key) => emitObject(wanted, key))
    .filter((emission) => !isThere(emission));
  return [
    ...removals(destination, wanted),
    ...publicSchemaReset(destination, wanted),
    ...orderEmissions(made, source.needs),
  ];
}

function incomplete(found: readonly Difference[], refused: readonly RefusedEmission[]): BelayError {
  const lines = [
    ...found.map(describeDifference),
    ...refused.map(({ emission, message }) => `${emission.unit}: ${message}`),
  ];
  return new BelayError(
    "refused",
    "scratch-copy-incomplete",
    `The scratch database could not be made a true copy of the catalog:\n${lines.map((line) => `- ${line}`).join("\n")}`,
    {
      hint: "Rehearse on a server that has what is missing, such as the extension, or on a restored copy of the database.",
    },
  );
}

/**
 * Makes the user catalog of `source` anew in the empty database of `destination` (a superuser's session on a scratch server,
 * whose settings it changes), without rows. Then reads the copy back and compares. Roles that the scratch server does not have are made
 * without the right to log in.
 *
 * Throws `refused` `scratch-copy-incomplete`, naming every object that could not be copied and why.
 */
export async function rebuildCatalog(source: pg.ClientBase, destination: pg.ClientBase): Promise<RebuiltCatalog> {
  const read = await readSource(source);
  const abilities = await abilitiesOf(destination, read.reading.serverVersion);
  const wanted = copyable(read.reading.snapshot, abilities);
  await destination.query(sessionSettings);
  const createdRoles = await createMissingRoles(destination, rolesNamed(wanted));
  const refused = await runEmissions(destination, emissionsFor(read, wanted, await readSnapshot(destination)));
  await adjustScratchCatalog(destination, wanted);
  const snapshot = await readSnapshot(destination);
  const found = differences(
    comparable(wanted, wanted, abilities),
    comparable(copyable(snapshot, abilities), wanted, abilities),
  );
  if (found.length > 0) throw incomplete(found, refused);
  return { fingerprint: fingerprint(snapshot), snapshot, createdRoles };
}
