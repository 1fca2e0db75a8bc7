import { BelayError } from "../errors.js";
import { refuseUnknownDirectives } from "../change/directives.js";
import { batchOf, type Batch } from "../sql/batch.js";
import { effectsOf, type Effects, type ObjectReference } from "../sql/effects.js";
import { quoteLiteral, quoteQualified } from "../sql/quote.js";
import type { QualifiedName } from "../sql/name.js";
import type { Statement } from "../sql/statement.js";
import type { Direction } from "../journal/entry.js";
import { keyOf } from "./key-of.js";
import { finishing, hidden, isHideable, unhidden } from "./lossless/hide.js";
import { doneBy, returningIn, type OtherHalf } from "./lossless/returning.js";
import { pairBatches } from "./pair-batches.js";
import type { Loss, Section, SectionTransaction, StatementPlan, Step, Verification } from "./step.js";

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

interface Compiled {
  readonly statement: Statement;
  readonly effects: Effects;
  readonly batch: Batch | null;
  /** Keys of what it makes and removes together with others, where it stands for a part of the author's statement. */
  readonly together?: readonly string[];
}

/** Turns the statements of a change into its plan: forward and backward. */
export function compile(source: Source): StatementPlan {
  refuseTransactionControl(source.up, source.files.up);
  refuseTransactionControl(source.down, source.files.down);
  const up = inGroups(source.up.map((statement) => withEffects(statement, source, "up")));
  const down = inGroups(source.down.map((statement) => withEffects(statement, source, "down")));
  const dropped = [...up, ...down].flatMap(({ effects }) => effects.drops).map((object) => keyOf(object).key);
  const droppedKeys = new Set(dropped);
  const half = (statements: readonly Compiled[], direction: Direction, other: OtherHalf): readonly Section[] =>
    sectionsOf(
      [
        ...statementSteps(source, statements, direction, other),
        ...statements.flatMap((compiled) => restoresFor(source, compiled, droppedKeys, direction)),
        ...finishesFor(source, statements, direction, other),
      ],
      source.transaction,
    );
  const forward = half(up, "up", otherHalf(source, down, "down"));
  const backward = half(down, "down", otherHalf(source, up, "up"));
  const leftovers = up.filter(({ statement }) => statement.part?.passing === true).flatMap(({ effects }) => effects.creates.map(keyOf)); // prettier-ignore
  pairBatches(forward, backward, source);
  return {
    form: source.form,
    forward,
    backward,
    loss: down.flatMap((one) => lossOf(source, one)),
    ...(leftovers.length > 0 && { leftovers }),
  };
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
    const passing = members.filter(({ statement }) => statement.part?.passing).flatMap(({ effects }) => effects.creates);
    const gone = new Set(passing.map((object) => keyOf(object).key));
    const keys = members.flatMap(({ effects }) => [...effects.creates, ...effects.drops]).map((object) => keyOf(object).key);
    return [...new Set(keys.filter((key) => !gone.has(key)))];
  };
  return compiled.map((one) => {
    const { part } = one.statement;
    if (part === undefined) return one;
    const own = new Set([...one.effects.creates, ...one.effects.drops].map((object) => keyOf(object).key));
    return { ...one, together: keysIn(part.group).filter((key) => !own.has(key)) };
  });
} // prettier-ignore

interface Classified {
  readonly step: Step;
  /** "own": a section by itself, inside a transaction. */
  readonly transaction: SectionTransaction | "own";
}

/** A knex migration runs live on its way forward: nothing could stand in the place of its statements. */
function isHiding({ keep, form }: Source, direction: Direction): boolean {
  return keep === "on" && !(form === "knex" && direction === "up");
}

/** The statements of a half that only hide what they drop. */
function hidingIn(source: Source, statements: readonly Compiled[], direction: Direction): ReadonlySet<Compiled> {
  const made = new Set<string>();
  const hiding = new Set<Compiled>();
  for (const compiled of statements) {
    const { statement, effects } = compiled;
    if (isHiding(source, direction) && isHideable(statement.node, effects, made)) hiding.add(compiled);
    for (const object of effects.creates) made.add(keyOf(object).key);
  }
  return hiding;
}

/** What a half takes away, for the other one. */
function otherHalf(source: Source, statements: readonly Compiled[], direction: Direction): OtherHalf {
  const keys = (of: Iterable<Compiled>): ReadonlySet<string> =>
    new Set([...of].flatMap(({ effects }) => effects.drops).map((object) => keyOf(object).key));
  const other = direction === "up" ? "down" : "up";
  return { hides: isHiding(source, other) ? keys(hidingIn(source, statements, direction)) : new Set(), drops: keys(statements) }; // prettier-ignore
}

function statementSteps(
  source: Source,
  statements: readonly Compiled[],
  direction: Direction,
  other: OtherHalf,
): readonly Classified[] {
  const hiding = hidingIn(source, statements, direction);
  const keeper = { id: source.id, digest: source.digest, direction };
  const done = doneInGroups(statements, other);
  return statements.flatMap((compiled) => {
    const { effects } = compiled;
    const unless = done.get(compiled) ?? [];
    const plain = { ...ownStep(compiled), ...(unless.length > 0 && { unless }) };
    const step = hiding.has(compiled) ? hidden(plain, effects, keeper) : plain;
    const own = { step, transaction: compiled.batch === null ? effects.transaction : "batched" } as const;
    const back = returningIn(effects, other).map((key) => unhidden(key, step.locks, keeper));
    const kept =
      source.keep === "off" || !destroys(effects) || step.purpose === "hide"
        ? []
        : effects.drops.filter(isKept).map((object) => bookStep("keep", source, object, false));
    return [...back.map((one) => ({ step: one, transaction: "inside" as const })), ...kept, own];
  });
}

/** What must have come back for each statement to have nothing left to do. What stands for one part of a statement goes by the part. */
function doneInGroups(statements: readonly Compiled[], other: OtherHalf): ReadonlyMap<Compiled, readonly string[]> {
  const own = new Map(statements.map((one) => [one, doneBy(one.statement.node, one.effects, other)]));
  const groupOf = ({ statement }: Compiled): number | undefined => statement.part?.group;
  const shared = (one: Compiled): readonly string[] => {
    const members = statements.filter((each) => groupOf(each) === groupOf(one));
    return members.map((each) => own.get(each) ?? []).find((keys) => keys.length > 0) ?? [];
  };
  return new Map(
    statements.map((one) => {
      const keys = own.get(one) ?? [];
      return [one, keys.length > 0 || groupOf(one) === undefined ? keys : shared(one)];
    }),
  );
}

/** The way back scans after the emergency is over. The way forward brings back only where it was taken back before, and nobody waits for that. */
function finishesFor(
  source: Source,
  statements: readonly Compiled[],
  direction: Direction,
  other: OtherHalf,
): readonly Classified[] {
  const back = statements.flatMap(({ effects }) => returningIn(effects, other));
  if (direction === "up" || !back.some((key) => /^(column|table) /.test(key))) return [];
  return [
    { step: finishing(source.id, "validate"), transaction: "own" },
    { step: finishing(source.id, "complete"), transaction: "inside" },
  ];
}

/**
 * What was kept is put back at the end of a half, after everything that the author writes into the new place: what people wrote since goes before rows and
 * defaults that a migration brings along.
 */
function restoresFor(
  source: Source,
  { effects }: Compiled,
  dropped: ReadonlySet<string>,
  direction: Direction,
): readonly Classified[] {
  if (source.keep === "off" || !destroys(effects)) return [];
  const made = effects.creates.filter((object) => isKept(object) && dropped.has(keyOf(object).key));
  return made.map((object) => bookStep("restore", source, object, direction === "down"));
}

function ownStep({ statement, effects, batch, together }: Compiled): Step {
  return {
    sql: statement.text,
    command: effects.command,
    purpose: null,
    locks: effects.locks.map(({ relation, mode }) => ({ relation: quoteQualified(relation), mode })),
    makes: effects.creates.map((object) => keyOf(object).key),
    mayMeet: effects.ifNotExists ? effects.creates.map(keyOf) : [],
    removes: effects.drops.map((object) => keyOf(object).key),
    verification: verificationOf(effects),
    ...(statement.origin !== undefined && { origin: statement.origin }),
    ...(together !== undefined && together.length > 0 && { together }),
    ...(batch !== null && { batch }),
  };
}

/** Values are kept before they are dropped, and put back after their place was made again. */
function bookStep(purpose: "keep" | "restore", source: Source, object: ObjectReference, strict: boolean): Classified {
  const isColumn = object.kind === "column";
  const relation = quoteQualified({ schema: object.schema, name: isColumn ? (object.of ?? "") : object.name });
  const column = isColumn ? `, ${quoteLiteral(object.name)}` : ", NULL";
  const step: Step = {
    sql: `SELECT belay.${purpose}(${quoteLiteral(source.id)}, to_regclass(${quoteLiteral(relation)})${column}${purpose === "restore" ? `, ${strict}` : ""})`,
    command: "SELECT",
    purpose,
    locks: [{ relation, mode: purpose === "keep" ? "ACCESS EXCLUSIVE" : "ROW EXCLUSIVE" }],
    makes: [],
    mayMeet: [],
    removes: purpose === "keep" ? [keyOf(object).key] : [],
    verification: { kind: "none" },
  };
  return { step, transaction: "inside" };
}

/** A renamed or moved object is among what a statement drops and makes; its values stay where they are. */
function destroys(effects: Effects): boolean {
  return !/ RENAME\b| SET SCHEMA\b/.test(effects.command);
}

function isKept(object: ObjectReference): boolean {
  return object.kind === "column" || object.kind === "table";
}

function verificationOf(effects: Effects): Verification {
  if (effects.transaction !== "outside") return { kind: "none" };
  const made = effects.creates.find((object) => object.kind === "index");
  if (made !== undefined) return { kind: "index-valid", index: { schema: made.schema, name: made.name } };
  const gone = effects.drops.find((object) => object.kind === "index");
  if (gone !== undefined) return { kind: "index-gone", index: { schema: gone.schema, name: gone.name } };
  const [first, second] = effects.locks;
  if (effects.command.endsWith("DETACH PARTITION CONCURRENTLY") && first !== undefined && second !== undefined) {
    return { kind: "detached", parent: first.relation, partition: second.relation };
  }
  if (effects.command.startsWith("REINDEX") && first !== undefined) {
    return { kind: "reindexed", relation: first.relation };
  }
  return { kind: "none" };
}

function sectionsOf(steps: readonly Classified[], transaction: "on" | "off"): readonly Section[] {
  const sections: { transaction: SectionTransaction; steps: Step[] }[] = [];
  let afterOwn = false;
  let isClosed = false;
  for (const { step, transaction: needs } of steps) {
    const current = sections.at(-1);
    const joins = current?.transaction === "inside" && needs === "inside" && !isClosed;
    // With `transaction off` a new section starts before each statement of the author's, and before what is kept for it.
    const apart = transaction === "off" && !["restore", "finish"].includes(step.purpose ?? "") && afterOwn;
    if (current !== undefined && joins && !apart) current.steps.push(step);
    else sections.push({ transaction: needs === "own" ? "inside" : needs, steps: [step] });
    afterOwn = step.purpose !== "keep" && step.purpose !== "unhide";
    isClosed = needs === "own";
  }
  return sections;
}

/** Data that a way back destroys and nothing keeps. */
function lossOf(source: Source, { statement, effects }: Compiled): readonly Loss[] {
  if (source.keep === "on" && isHideable(statement.node, effects, new Set())) return [];
  if (effects.nature === "data" && ["DELETE", "TRUNCATE", "UPDATE", "MERGE"].includes(effects.command)) {
    const tables = effects.locks.map(({ relation }) => quoteQualified(relation)).join(", ");
    return [{ object: tables, what: `rows as they are before the way back runs its ${effects.command}` }];
  }
  if (source.keep === "on") {
    return effects.cascade && effects.drops.length > 0
      ? [{ object: effects.drops.map((d) => keyOf(d).key).join(", "), what: "whatever CASCADE reaches beyond it" }]
      : [];
  }
  if (!destroys(effects)) return [];
  return effects.drops
    .filter(isKept)
    .map((object) => ({ object: keyOf(object).key, what: "its values (keep is off)" }));
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
