import { refuseUnknownDirectives } from "../change/directives.js";
import { BelayError } from "../errors.js";
import type { Direction } from "../journal/entry.js";
import { batchOf, type Batch } from "../sql/batch.js";
import { effectsOf, type Effects } from "../sql/effects.js";
import { contentOf } from "../sql/node.js";
import type { QualifiedName } from "../sql/name.js";
import type { Statement } from "../sql/statement.js";
import { keyOf } from "./key-of.js";

/** The statements of both halves, with the choices of the change's head that bear on them. */
export interface Source {
  readonly id: string;
  readonly digest: string;
  /** Where the halves stand, for messages. */
  readonly files: { readonly up: string; readonly down: string };
  readonly form: "sql" | "knex";
  readonly up: readonly Statement[];
  readonly down: readonly Statement[];
  readonly transaction: "on" | "off";
  readonly keep: "on" | "off";
  /** The schema in which unqualified names are made: `t` and `<home>.t` are the same object. */
  readonly home: string;
}

/** A statement, with what it does. */
export interface Compiled {
  readonly statement: Statement;
  readonly effects: Effects;
  readonly batch: Batch | null;
  /** Keys of what it makes and removes together with others, where it stands for a part of the author's statement. */
  readonly together?: readonly string[];
}

/** Reads the statements of a half. @throws BelayError `transaction-control`, `index-unnamed`, `directive-unknown`, `batch-statement` with the place. */
export function compiledHalf(source: Source, half: Direction): readonly Compiled[] {
  refuseTransactionControl(source[half], source.files[half]);
  refuseUnnamed(source, half);
  return inGroups(source[half].map((statement) => withEffects(statement, source, half)));
}

function withEffects(statement: Statement, source: Source, half: Direction): Compiled {
  const effects = effectsOf(statement);
  const atHome = <Named extends QualifiedName>(object: Named): Named =>
    object.schema === source.home ? { ...object, schema: null } : object;
  refuseUnknownDirectives(statement.directives, `${source.files[half]}:${statement.line}:${statement.column}`);
  const batch = batchOf(statement, source.files[half]);
  if (batch !== null && source.form === "knex") refuseKnexBatch(statement, source.files[half]);
  const [creates, drops] = [effects.creates.map(atHome), effects.drops.map(atHome)];
  const locks = effects.locks.map((lock) => ({ ...lock, relation: atHome(lock.relation) }));
  return { statement, effects: { ...effects, creates, drops, locks }, batch };
}

/** Tells each statement of a group what the group as a whole makes and removes. */
function inGroups(compiled: readonly Compiled[]): readonly Compiled[] {
  const keysIn = (group: number): readonly string[] => {
    const members = compiled.filter(({ statement }) => statement.part?.group === group);
    const passing = members
      .filter(({ statement }) => statement.part?.passing)
      .flatMap(({ effects }) => effects.creates);
    const gone = new Set(passing.map((object) => keyOf(object).key));
    const keys = members
      .flatMap(({ effects }) => [...effects.creates, ...effects.drops])
      .map((object) => keyOf(object).key);
    return [...new Set(keys.filter((key) => !gone.has(key)))];
  };
  return compiled.map((one) => {
    const { part } = one.statement;
    if (part === undefined) return one;
    const own = new Set([...one.effects.creates, ...one.effects.drops].map((object) => keyOf(object).key));
    return { ...one, together: keysIn(part.group).filter((key) => !own.has(key)) };
  });
}

function refuseTransactionControl(statements: readonly Statement[], file: string): void {
  for (const statement of statements) {
    if (effectsOf(statement).nature !== "transaction-control") continue;
    const place = `${file}:${statement.line}:${statement.column}`;
    throw new BelayError(
      "refused",
      "transaction-control",
      `${place}: "${statement.text}" ends or begins a transaction.`,
      {
        hint: "Leave it out: Belay brackets the statements itself. `-- belay:transaction off` makes each one commit on its own.",
      },
    );
  }
}

/**
 * One that is cut off leaves an INVALID index (manual, CREATE INDEX, "Building Indexes Concurrently"): what is called as PostgreSQL chose at that moment cannot be told from
 * somebody else's.
 */
function refuseUnnamed({ form, files, ...source }: Source, half: Direction): void {
  for (const { node, line, column } of source[half]) {
    const index = contentOf(node, "IndexStmt");
    if (index?.concurrent !== true || index.idxname !== undefined) continue;
    const place = form === "sql" ? `${files[half]}:${line}:${column}` : files[half];
    const message = `${place}: it builds an index concurrently without a name: nobody could tell what is left of one that was cut off.`;
    throw new BelayError("refused", "index-unnamed", message, { hint: "Give it a name: CREATE INDEX CONCURRENTLY <name> ON …" }); // prettier-ignore
  }
}

/** A knex migration runs live, as a whole: nothing could cut its statements. */
function refuseKnexBatch({ line, column }: Statement, file: string): never {
  throw new BelayError(
    "usage",
    "batch-statement",
    `${file}:${line}:${column}: a knex migration cannot run in batches.`,
    {
      hint: "Write the statement as a change of its own, in SQL: `belay new <Name>`.",
    },
  );
}
