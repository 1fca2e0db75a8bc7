import * as fc from "fast-check";
import { type CatalogObject, type Snapshot, snapshotOf } from "../../src/snapshot/snapshot.js";

const columnNames = ["a", "b", "c", "d", "e"] as const;

const grants = fc.dictionary(
  fc.constantFrom("anna", "bob"),
  fc.dictionary(fc.constantFrom("SELECT", "INSERT"), fc.constantFrom("granted", "grantable", "revoked"), {
    minKeys: 1,
  }),
  { minKeys: 1 },
);

const tableObject = fc.record(
  {
    owner: fc.constantFrom("anna", "bob"),
    columns: fc.shuffledSubarray([...columnNames]),
    options: fc.dictionary(fc.constantFrom("fillfactor", "autovacuum_enabled"), fc.string({ maxLength: 3 }), {
      minKeys: 1,
    }),
    privileges: grants,
    comment: fc.option(fc.string({ maxLength: 5 })),
  },
  { requiredKeys: ["owner", "columns"] },
);

const plainObject = fc.dictionary(
  fc.constantFrom("type", "default", "notNull"),
  fc.oneof(
    fc.string({ maxLength: 3 }),
    fc.boolean(),
    fc.integer(),
    fc.constant(null),
    fc.array(fc.integer(), { maxLength: 3 }),
  ),
);

/** Snapshots of a few objects whose keys meet often, so that they share some and differ in others. */
export const arbitrarySnapshot: fc.Arbitrary<Snapshot> = fc
  .record({
    tables: fc.dictionary(fc.constantFrom("table public.t", "table public.u"), tableObject),
    others: fc.dictionary(fc.constantFrom("column public.t.a", "column public.t.b", "index public.i"), plainObject),
  })
  .map(({ tables, others }) => snapshotOf({ ...tables, ...others } as { [key: string]: CatalogObject }));
