import type { Effects, ObjectReference } from "../../sql/effects.js";
import { contentOf } from "../../sql/node.js";
import type { QualifiedName } from "../../sql/name.js";
import type { Statement } from "../../sql/statement.js";
import { Names } from "./names.js";

/** What the statements of a half have done so far, as far as it bears on the next ones; since the last COMMIT where it says "here". */
export class Half {
  readonly names: Names;
  /** Tables made here: nobody sees them yet, so that whatever is done to them keeps nobody waiting. */
  readonly #fresh = new Set<string>();
  /** Tables that no concurrent form can be used on: temporary and partitioned ones. */
  readonly #barred = new Set<string>();
  #here: readonly (Effects & { readonly node: Statement["node"] })[] = [];
  #groups = 0;

  constructor(private readonly home: string) {
    this.names = new Names(home);
  }

  nextGroup = (): number => {
    this.#groups += 1;
    return this.#groups;
  };

  /** What was made by then has committed. */
  commit(): void {
    this.#fresh.clear();
    this.#here = [];
  }

  /** Whether a statement on the table runs best as it is written. */
  isExempt(table: QualifiedName): boolean {
    const isTemporary = table.schema?.startsWith("pg_temp") === true;
    return isTemporary || this.#fresh.has(this.#key(table)) || this.#barred.has(this.#key(table));
  }

  /** Whether something was dropped here whose place an index on the table may take. */
  dropsIndexOf(table: QualifiedName): boolean {
    return this.#here.some(({ drops }) =>
      drops.some((object) => object.kind === "index" || (object.kind === "constraint" && this.#isOf(object, table))),
    );
  }

  dropsIndexNamed(schema: string | null, name: string): boolean {
    const key = this.#key({ schema, name });
    return this.#here.some(({ drops }) => drops.some((object) => object.kind === "index" && this.#key(object) === key));
  }

  dropsConstraintNamed(table: QualifiedName, name: string): boolean {
    return this.#here.some(({ drops }) =>
      drops.some((object) => object.kind === "constraint" && object.name === name && this.#isOf(object, table)),
    );
  }

  /** Whether an index on the table would be the same before all that was done here: neither its columns nor its rows were touched, nor what it may compute with. */
  canBuildBefore(table: QualifiedName, computes: boolean): boolean {
    return this.#here.every(({ command, nature, creates, drops, locks }) => {
      if (nature === "utility" || (computes && creates.some(({ kind }) => !plainKinds.has(kind)))) return false;
      if ([...creates, ...drops].some((object) => this.#shapes(object, table))) return false;
      const touches = locks.some(({ relation, mode }) => mode !== "ACCESS SHARE" && this.#key(relation) === this.#key(table));
      return !touches || (nature === "schema" && !/ALTER COLUMN TYPE|SET SCHEMA/.test(command));
    });
  } // prettier-ignore

  note(statement: Statement, effects: Effects): void {
    this.names.note(effects);
    this.#here = [...this.#here, { ...effects, node: statement.node }];
    this.#follow(effects);
    for (const made of effects.creates.filter(isTable)) {
      if (/ RENAME\b| SET SCHEMA\b/.test(effects.command)) continue;
      const create = contentOf(statement.node, "CreateStmt");
      if (create?.relation?.relpersistence === "t" || create?.partspec !== undefined) this.#barred.add(this.#key(made));
      // One that was met may be large, and others work with it.
      else if (!effects.ifNotExists) this.#fresh.add(this.#key(made));
    }
  }

  /** A table that is renamed or moved stays what it is. */
  #follow({ command, creates, drops }: Effects): void {
    const [from, to] = [drops.find(isTable), creates.find(isTable)];
    for (const set of [this.#fresh, this.#barred]) {
      const was = drops.filter(isTable).filter((object) => set.delete(this.#key(object)));
      if (was.length > 0 && from !== undefined && to !== undefined && / RENAME\b| SET SCHEMA\b/.test(command))
        set.add(this.#key(to));
    }
  }

  #shapes(object: ObjectReference, table: QualifiedName): boolean {
    return isTable(object)
      ? this.#key(object) === this.#key(table)
      : object.kind === "column" && this.#isOf(object, table);
  }

  #isOf(object: ObjectReference, table: QualifiedName): boolean {
    return this.#key({ schema: object.schema, name: object.of ?? "" }) === this.#key(table);
  }

  #key({ schema, name }: QualifiedName): string {
    return JSON.stringify([schema ?? this.home, name]);
  }
}

/** What an expression in an index cannot call. */
const plainKinds: ReadonlySet<string> = new Set(["table", "index", "column", "constraint", "sequence", "view", "trigger", "policy", "rule", "statistics"]); // prettier-ignore

function isTable({ kind }: ObjectReference): boolean {
  return kind === "table" || kind === "materialized view";
}
