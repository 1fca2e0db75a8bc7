import { describeDifference, differences } from "../snapshot/difference.js";
import type { Catalog } from "../postgres/ledger/record-catalog.js";

/** One thing that a rehearsal proves, or finds to be false. */
export interface Assertion {
  readonly name: string;
  readonly passed: boolean;
  /** What was seen. */
  readonly detail: string;
}

/** How many differences are named in a detail. */
const namedDifferences = 10;

export function catalogEquals(name: string, expected: Catalog, actual: Catalog): Assertion {
  if (expected.fingerprint === actual.fingerprint) {
    const objects = Object.keys(actual.snapshot.objects).length;
    return { name, passed: true, detail: `${objects} catalog objects, fingerprint ${actual.fingerprint.slice(0, 12)}` };
  }
  const found = differences(expected.snapshot, actual.snapshot).map(describeDifference);
  const more = found.length > namedDifferences ? `; and ${found.length - namedDifferences} more` : "";
  return { name, passed: false, detail: `${found.slice(0, namedDifferences).join("; ")}${more}` };
}

/** Rows of each table, as order-independent hashes. */
export type TableHashes = { readonly [table: string]: { readonly rows: number | bigint; readonly hash: string } };

export function dataEquals(name: string, expected: TableHashes, actual: TableHashes): Assertion {
  const tables = Object.keys(expected);
  const different = tables.filter((table) => expected[table]?.hash !== actual[table]?.hash);
  const rows = tables.reduce((sum, table) => sum + Number(expected[table]?.rows ?? 0), 0);
  if (different.length === 0 && rows === 0) {
    return { name, passed: true, detail: "no rows to compare; policy.rehearsal.sample brings some" };
  }
  if (different.length === 0) return { name, passed: true, detail: `${rows} rows in ${tables.length} tables` };
  const shown = different.map(
    (table) => `${table}: ${expected[table]?.rows} rows before, ${actual[table]?.rows ?? 0} after, not the same`,
  );
  return { name, passed: false, detail: shown.join("; ") };
}
