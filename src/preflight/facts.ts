import type { LockMode } from "../sql/effects.js";
import type { Identity } from "./identity.js";

/** What a target's server says of itself and of the role that asks. */
export interface ServerFacts extends Identity {
  /** `18.4`, and the number before the point. */
  readonly version: string;
  readonly major: number;
  /** Of the server process: tells a physical copy from the original. */
  readonly startedAt: string;
  readonly role: string;
  readonly superuser: boolean;
  readonly inRecovery: boolean;
  readonly readOnly: boolean;
  readonly mayCreateInDatabase: boolean;
  /** Whether the ledger is there, whether the role may read its journal, and whether it may read and write all of it. */
  readonly ledger: { readonly there: boolean; readonly readable: boolean; readonly usable: boolean };
  readonly encoding: string;
  readonly collation: string;
  readonly timeZone: string;
  /** As the role has it before Belay pins its own. */
  readonly ownSearchPath: string;
  /** The schemas of the policy's path that the role sees. */
  readonly schemas: readonly string[];
  readonly extensions: readonly { readonly name: string; readonly version: string }[];
  /** Default privileges, one text each: `app_owner in app: TABLES {reader=r/app_owner}`. */
  readonly defaultPrivileges: readonly string[];
  /** The setting synchronous_standby_names is not empty, and not one standby is connected. */
  readonly lacksStandby: boolean;
  /** Null where the role may not know it. */
  readonly dataDirectory: string | null;
}

/** A relation that pending statements name, as it is on a target. */
export interface RelationFacts {
  /** As the statements name it, quoted. */
  readonly name: string;
  readonly oid: number;
  /** For an index its table, else itself. */
  readonly tableOid: number;
  /** `r`, `p`, `i` …: pg_class.relkind. */
  readonly kind: string;
  readonly owner: string;
  /** What the role may do with it: `owner`, `maintain` and the names of privileges. */
  readonly rights: readonly string[];
  /** Whether the role may read every column that holds something of its own. */
  readonly readsRows: boolean;
  /** Whether it has columns that tell its rows from each other. */
  readonly keyed: boolean;
  /** Whether the role may create in its schema. */
  readonly schemaCreate: boolean;
  readonly grants: string | null;
  readonly rowSecurity: boolean;
  readonly forcedRowSecurity: boolean;
  readonly columns: readonly ColumnFacts[];
}

export interface ColumnFacts {
  readonly name: string;
  readonly type: string;
  readonly notNull: boolean;
}

/** A type, function, schema or extension that pending statements name. */
export interface ObjectFacts {
  readonly kind: "type" | "function" | "schema" | "extension";
  readonly schema: string | null;
  readonly name: string;
  readonly there: boolean;
  /** The extension that it belongs to. */
  readonly extension: string | null;
  /** Types and schemas that are there: whether the role owns them. Extensions: whether it may create them. */
  readonly owned: boolean;
  /** Schemas: whether the role may create in them. Extensions: whether the server has them to install. */
  readonly usable: boolean;
}

export interface PreparedTransaction {
  readonly gid: string;
  readonly owner: string;
  readonly database: string;
  readonly ageSeconds: number;
  readonly locks: readonly { readonly oid: number; readonly mode: LockMode }[];
}

export interface RunningVacuum {
  readonly pid: number;
  /** Its table's oid. */
  readonly oid: number;
  readonly kind: "vacuum" | "autovacuum" | "wraparound vacuum";
  /** These are null where the role may not see what others do. */
  readonly phase: string | null;
  readonly blocksScanned: number | null;
  readonly blocksTotal: number | null;
}

export interface LongTransaction {
  readonly pid: number;
  readonly user: string;
  readonly application: string;
  readonly state: string;
  readonly ageSeconds: number;
}

export interface IdleSlot {
  readonly name: string;
  readonly retainedBytes: number | null;
}

/** What goes on at a target right now. */
export interface Activity {
  readonly prepared: readonly PreparedTransaction[];
  readonly vacuums: readonly RunningVacuum[];
  readonly longTransactions: readonly LongTransaction[];
  readonly idleSlots: readonly IdleSlot[];
}

export interface SizeFacts {
  readonly oid: number;
  /** Its rows alone, and with its indexes and what is stored out of line, in bytes. */
  readonly heapBytes: number;
  readonly totalBytes: number;
  /** False where the sizes are the estimates of the last vacuum, because somebody holds the relation. */
  readonly exact: boolean;
  /** Where it lies; null for the data directory. */
  readonly tablespace: string | null;
}

/** Why what a statement finds in the rows that it writes could not be kept on a target. */
export interface NotKept {
  /** Which of those that were asked about, from 0. */
  readonly statement: number;
  /** Without an end: `t has no primary key, so what its rows were could not be put back`. */
  readonly sentence: string;
  readonly hint: string;
  /** Oids of the tables that it lies with: where one of them gets another shape first, nothing can be said. */
  readonly lies: readonly number[];
  /** False where it stands in the way only if there are rows that foreign keys take along. */
  readonly certain: boolean;
}

/** Everything that was read of a target on which changes are pending. */
export interface TargetFacts {
  readonly target: string;
  readonly server: ServerFacts;
  readonly relations: readonly RelationFacts[];
  readonly objects: readonly ObjectFacts[];
  readonly activity: Activity;
  readonly sizes: readonly SizeFacts[];
  /** Of the statements whose rows are kept (`keeps`), in their order. */
  readonly notKept: readonly NotKept[];
  /** Free bytes by tablespace (`""`: the data directory); what is missing cannot be seen from here. */
  readonly freeBytes: Readonly<Record<string, number>>;
}
