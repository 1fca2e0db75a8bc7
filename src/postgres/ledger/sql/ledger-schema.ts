import { entries } from "./append.js";
import { batching } from "./batching.js";
import { hidingSchema } from "./hiding/index.js";
import { keeping } from "./keeping.js";
import { locking } from "./locking.js";
import { reverting } from "./reverting.js";
import { rowsSchema } from "./rows/index.js";
import { tables } from "./tables.js";

/** The version of the ledger; it grows when its tables or functions change. */
export const ledgerVersion = 10;

const version = `CREATE OR REPLACE FUNCTION belay.version() RETURNS integer LANGUAGE sql IMMUTABLE AS 'SELECT ${ledgerVersion}';`;

/**
 * The ledger in a target: the schema `belay`. Its functions are what both Belay and an artifact that runs in bare psql call, so that
 * the two cannot disagree. Every statement can run again over itself, and over an earlier version's.
 */
export const ledgerSchema = [
  tables,
  entries,
  locking,
  reverting,
  keeping,
  hidingSchema,
  rowsSchema,
  batching,
  version,
].join("\n");
