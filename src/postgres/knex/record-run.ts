import type pg from "pg";
import type { KnexHalf } from "../../change/change.js";
import { messageOf } from "../../errors.js";
import { askingOf, type Answer, type Asking } from "../../sql/asking.js";
import { parseStatements } from "../../sql/parse.js";
import { knexOn, type Connection } from "./bound-knex.js";
import { Fancy, madeUp, succeeded } from "./made-up.js";
import { inline, nestedTransaction } from "./record.js";

/** A statement that a half of a migration sent. */
export interface Sent {
  /** With its values in place. */
  readonly sql: string;
  /** As it was sent: a value is `$1`. The database's name, which another run has otherwise, is left out. */
  readonly text: string;
  readonly acts: boolean;
  readonly answer: Answer;
}

/** What a half of a migration sent in one run, and how that ended. */
export interface Run {
  readonly sent: readonly Sent[];
  /** What it threw; null where it came to its end. */
  readonly thrown: string | null;
}

interface Query {
  readonly text: string;
  readonly values?: readonly unknown[];
}

type Done = (error: Error | null, result?: unknown) => void;

/**
 * Runs a half on a database and writes down what it sends. `madeUpRows` is how many rows each question about rows is answered with, made up; null for the true
 * answers. A statement that fails in a world that is made up counts as if it had not.
 */
export async function recordRun(
  client: pg.Client,
  half: KnexHalf,
  { isTransaction, madeUpRows }: { readonly isTransaction: boolean; readonly madeUpRows: number | null },
): Promise<Run> {
  const recorder = new Recorder(client, madeUpRows);
  const knex = await knexOn(recorder.connection);
  let thrown: string | null = null;
  try {
    if (isTransaction) await knex.transaction(async (transaction) => half(transaction));
    else await half(knex);
  } catch (error) {
    thrown = messageOf(error);
  }
  const own = (isTransaction ? withoutAround(recorder.sent) : recorder.sent).filter(({ text }) => !nestedTransaction.test(text)); // prettier-ignore
  const anywhere = (text: string): string => text.replaceAll(client.database ?? "\0", "<database>");
  return {
    sent: own.map((one) => ({ ...one, text: anywhere(one.text) })),
    thrown: thrown === null ? null : anywhere(thrown),
  };
}

/** The first and the last are those of the transaction around the half. */
function withoutAround(sent: readonly Sent[]): readonly Sent[] {
  return sent.slice(1, -1);
}

class Recorder {
  readonly sent: Sent[] = [];
  readonly connection: Connection;
  /** One statement at a time, with what is sent around it. */
  #last: Promise<void> = Promise.resolve();
  #isWithin = false;
  readonly #fancy = new Fancy();

  constructor(
    readonly client: pg.Client,
    readonly madeUpRows: number | null,
  ) {
    const query = (query: Query | string, done: Done): void => {
      this.#last = this.#answerTo(typeof query === "string" ? { text: query } : query, this.#last, done);
    };
    this.connection = { query } as unknown as Connection;
  }

  async #answerTo(query: Query, before: Promise<void>, done: Done): Promise<void> {
    await before;
    let result: unknown;
    try {
      result = await this.#answer(query);
    } catch (thrown) {
      done(thrown instanceof Error ? thrown : new Error(messageOf(thrown)));
      return;
    }
    done(null, result);
  }

  async #answer(query: Query): Promise<unknown> {
    const { text, values = [] } = query;
    const sent = await sentAs(text, values);
    this.sent.push(sent);
    if (this.madeUpRows === null || isControl(text)) return this.#run(query);
    const isFancied = this.#fancy.has(text);
    try {
      const result = await this.#guarded(query);
      return isFancied && sent.answer === "rows" ? madeUp(result, this.madeUpRows) : result;
    } catch {
      return succeeded(text, isFancied ? this.madeUpRows : 0);
    }
  }

  async #run(query: Query): Promise<pg.QueryResult> {
    const result = await this.client.query({ text: query.text, values: [...(query.values ?? [])] });
    if (/^\s*BEGIN\b/i.test(query.text)) this.#isWithin = true;
    if (/^\s*(COMMIT|ROLLBACK)\s*;?\s*$/i.test(query.text)) this.#isWithin = false;
    return result;
  }

  /** Its failure leaves the transaction around it as it was. */
  async #guarded(query: Query): Promise<pg.QueryResult> {
    if (!this.#isWithin) return this.#run(query);
    await this.client.query("SAVEPOINT belay_recorded");
    try {
      const result = await this.#run(query);
      await this.client.query("RELEASE SAVEPOINT belay_recorded");
      return result;
    } catch (thrown) {
      await this.client.query("ROLLBACK TO SAVEPOINT belay_recorded; RELEASE SAVEPOINT belay_recorded");
      throw thrown;
    }
  }
}

function isControl(text: string): boolean {
  return /^\s*(BEGIN|START|COMMIT|ROLLBACK|SAVEPOINT|RELEASE)\b/i.test(text);
}

/** A text that holds several statements acts and answers as all of them do. */
async function sentAs(text: string, values: readonly unknown[]): Promise<Sent> {
  const asked = await askedBy(text);
  const answers = new Set(asked.map(({ answer }) => answer));
  const answer = answers.has("rows") ? "rows" : answers.has("catalog") ? "catalog" : "nothing";
  return { sql: inline(text, values), text, acts: asked.some(({ acts }) => acts), answer };
}

/** Of what the parser cannot read nobody can tell what it does. */
async function askedBy(text: string): Promise<readonly Asking[]> {
  try {
    return (await parseStatements(text)).map(askingOf);
  } catch {
    return [{ acts: true, answer: "rows" }];
  }
}
