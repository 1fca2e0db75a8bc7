import type pg from "pg";
import type { CatalogObject } from "../../snapshot/snapshot.js";
import { readCatalog, unitName } from "./catalog-reading.js";
import { ownSchemas } from "./read-snapshot.js";
import { readUnitsOf } from "./read-units.js";
import type { UnitKind } from "./sql/fragments.js";
import { settledReading } from "./settled-reading.js";
import { unitsOf } from "./sql/tracked.js";
import { type Address, type TouchedRows, type TrackedRows, compareRows, stillAs, listRows } from "./tracked-rows.js";

/** The catalog as one connection has read it, and goes on reading it: each time only what has changed since. */
export interface TrackedCatalog {
  /** The objects by key, as they were found last. */
  readonly objects: ReadonlyMap<string, CatalogObject>;
  /**
   * Looks again. Afterwards `objects` are what `readSnapshot` would find.
   * @param own transactions since the last look that are known not to have changed the catalog.
   * @returns the keys of what may be another object than before, or `all`.
   */
  refresh(own?: readonly string[]): Promise<ReadonlySet<string> | "all">;
}

/** What was read last. */
interface Known {
  readonly serverVersion: number;
  readonly rows: TrackedRows;
  readonly objects: Map<string, CatalogObject>;
  readonly unitOfKey: Map<string, string>;
  readonly keysOfUnit: Map<string, Set<string>>;
  /** Addresses of the objects that belong to no unit. */
  readonly others: ReadonlySet<string>;
}

const nothing: ReadonlySet<string> = new Set();

/** Beyond this many units everything is read again: that takes no longer. */
const mostUnits = 1_000;

/**
 * Reads the catalog of one connection again and again. Exact by these rules:
 * - A row of the catalog that another transaction wrote since has a transaction id that was not over at the last look (manual, 5.5 "System Columns", xmin); one that is gone
 *   shows in the number of rows. Rows that PostgreSQL changes in place hold nothing that a snapshot tells.
 * - An object is printed from its own rows and with the names of what it depends on, and that stands in `pg_depend`: what depends on something that changed is read again.
 * - Where that is not enough, because a schema, a role or another thing changed with whose name everything is printed, everything is read again.
 *
 * Within a transaction of the caller nothing is remembered: it may be rolled back.
 */
export function trackCatalog(client: pg.ClientBase): TrackedCatalog {
  let base: Known | null = null;
  let objects: ReadonlyMap<string, CatalogObject> = new Map();
  return {
    get objects() {
      return objects;
    },
    refresh: async (own = []) => {
      const before = base;
      // What breaks off half-way is not to be built on.
      base = null;
      const isAlone = client.getTransactionStatus() === "I";
      const still = before === null || !isAlone ? null : await stillAs(client, before.rows, own);
      if (before !== null && still !== null) {
        base = { ...before, rows: still };
        return nothing;
      }
      let from = isAlone ? before : null;
      const [now, changed] = await settledReading(client, async () => {
        const last = from;
        from = null;
        const update = last === null ? null : await updated(client, last);
        return update ?? ([await everything(client), "all"] as const);
      });
      if (isAlone) base = now;
      objects = now.objects;
      return changed;
    },
  };
}

async function everything(client: pg.ClientBase): Promise<Known> {
  const { snapshot, serverVersion, keyOfAddress, unitOfKey } = await readCatalog(client, ownSchemas);
  const rows = await listRows(client, serverVersion, ownSchemas);
  const keysOfUnit = new Map<string, Set<string>>();
  for (const [key, unit] of unitOfKey) add(keysOfUnit, unit, key);
  const others = [...keyOfAddress].flatMap(([address, key]) => (unitOfKey.has(key) ? [] : [address]));
  return {
    serverVersion,
    rows,
    objects: new Map(Object.entries(snapshot.objects)),
    unitOfKey: new Map(unitOfKey),
    keysOfUnit,
    others: new Set(others),
  };
}

function add(sets: Map<string, Set<string>>, name: string, item: string): void {
  const set = sets.get(name);
  if (set === undefined) sets.set(name, new Set([item]));
  else set.add(item);
}

/** Null where everything is to be read again. */
async function updated(client: pg.ClientBase, before: Known): Promise<readonly [Known, ReadonlySet<string>] | null> {
  const compared = await compareRows(client, before.serverVersion, ownSchemas, before.rows);
  if (compared === null) return null;
  const units = await unitsTouched(client, compared, before);
  if (units === null) return null;
  const changed = new Set<string>();
  const read = await readUnitsOf(client, before.serverVersion, ownSchemas, units);
  const found = [...read.objects].flatMap(([key, object]) => {
    const unit = read.units.get(key);
    return unit === undefined ? [] : [{ key, object, unit }];
  });
  if (found.length < read.objects.size) return null;
  for (const [kind, oids] of units) {
    for (const oid of oids) {
      const unit = unitName(kind, oid);
      for (const key of before.keysOfUnit.get(unit) ?? []) {
        changed.add(key);
        before.objects.delete(key);
        before.unitOfKey.delete(key);
      }
      before.keysOfUnit.delete(unit);
    }
  }
  for (const { key, object, unit } of found) {
    changed.add(key);
    before.objects.set(key, object);
    before.unitOfKey.set(key, unit);
    add(before.keysOfUnit, unit, key);
  }
  return [{ ...before, rows: compared.now }, changed];
}

const relationClass = 1259;
const typeClass = 1247;

/** The units that have changed, that hold something that is gone, or that depend on what has changed. Null: all of them, or what belongs to none. */
async function unitsTouched(
  client: pg.ClientBase,
  { touched, gone }: TouchedRows,
  before: Known,
): Promise<ReadonlyMap<UnitKind, ReadonlySet<number>> | null> {
  const units = new Map<UnitKind, Set<number>>();
  const note = (kind: UnitKind, oid: number): void => {
    const oids = units.get(kind);
    if (oids === undefined) units.set(kind, new Set([oid]));
    else oids.add(oid);
  };
  const addresses = new Map<string, { readonly address: Address; readonly isNamed: boolean }>();
  for (const { owner } of [...touched, ...gone]) addresses.set(owner.join(":"), { address: owner, isNamed: false });
  for (const { raw } of touched) addresses.set(raw.join(":"), { address: raw, isNamed: true });
  for (const { raw } of gone) {
    if (raw[0] === typeClass && before.others.has(raw.join(":"))) return null;
    if (raw[0] === typeClass) note("enum", raw[1]);
    if (raw[0] === relationClass) note("relation", raw[1]);
  }
  if (addresses.size === 0) return units;
  const list = [...addresses.values()];
  const { rows } = await client.query<{ kind: UnitKind | "all"; unit: number }>({
    name: "belay_units_of",
    text: unitsOf,
    values: [list.map((one) => one.address[0]), list.map((one) => one.address[1]), list.map((one) => one.isNamed)],
  });
  for (const { kind, unit } of rows) {
    if (kind === "all") return null;
    note(kind, unit);
  }
  return rows.length > mostUnits ? null : units;
}
