import type pg from "pg";
import { BelayError } from "../../errors.js";
import type { Demand } from "../../preflight/demand.js";
import { SourceText } from "../../sql/source-text.js";
import type { Session } from "../session/session.js";

/** A statement that the server's own parser does not know. */
export interface Unparsed {
  readonly demand: Demand;
  /** `file:line:column`, counted in characters; the file alone where the statement was recorded. */
  readonly place: string;
  /** The server's words. */
  readonly message: string;
}

/**
 * Refuses statements that a target's server does not know, before any of them runs anywhere.
 * @throws BelayError `statement-unknown` with the place of the first one.
 */
export async function requireParsed(session: Session, target: string, demands: readonly Demand[]): Promise<void> {
  const [first] = await parseOnServer(session, demands);
  if (first === undefined) return;
  const message = `${first.place}: the server of ${target} does not know this statement: ${first.message}.`;
  throw new BelayError("refused", "statement-unknown", message, {
    hint: "Write it as this server's version knows it, or upgrade the server first.",
  });
}

/** More than so many refused statements are not looked for one by one. */
const mostRefusals = 20;
/** So much text goes to the server at once, in characters. */
const batchLength = 1_000_000;

/**
 * Lets the server parse statements without running any: all of them go in one Parse message, which it reads with its grammar to the end and then refuses, because
 * a prepared statement may hold only one (manual, 54.2.3). Names are not looked up, so that what earlier statements make need not be there yet.
 */
export async function parseOnServer(session: Session, demands: readonly Demand[]): Promise<readonly Unparsed[]> {
  const found: Unparsed[] = [];
  for (const batch of batchesOf(demands)) {
    let left = batch;
    while (left.length > 0 && found.length < mostRefusals) {
      const fault = await parseAll(session, left);
      if (fault === null) break;
      found.push(fault);
      left = left.filter((demand) => demand !== fault.demand);
    }
  }
  return found;
}

function batchesOf(demands: readonly Demand[]): readonly (readonly Demand[])[] {
  const batches: Demand[][] = [];
  let length = Infinity;
  for (const demand of demands) {
    if (length > batchLength) {
      batches.push([]);
      length = 0;
    }
    batches.at(-1)?.push(demand);
    length += demand.sql.length;
  }
  return batches;
}

const between = "\n;\n";
/** Makes two statements of one, so that the server never gets as far as to prepare it. */
const last = `${between}SELECT`;

async function parseAll(session: Session, demands: readonly Demand[]): Promise<Unparsed | null> {
  const error = await parseMessage(session.client, demands.map(({ sql }) => sql).join(between) + last);
  if (error === null) return null;
  // 42601 without a place: all of it was read, and then there was more than one statement.
  if (error.code === "42601" && error.position === undefined) return null;
  let offset = Number(error.position ?? 1) - 1;
  for (const demand of demands) {
    const length = [...demand.sql].length;
    if (offset <= length) return { demand, place: placeOf(demand, offset), message: error.message };
    offset -= length + between.length;
  }
  return null;
}

/** The error with which the server answers a Parse message; null where it takes the text. */
async function parseMessage(client: pg.Client, text: string): Promise<pg.DatabaseError | null> {
  return new Promise((resolve, reject) => {
    const message = {
      submit(connection: pg.Connection) {
        connection.parse({ name: "", text, types: [] }, false);
        connection.sync();
      },
      // What ended the connection comes here too.
      handleError(error: pg.DatabaseError) {
        if (error.severity === "ERROR") resolve(error);
        else reject(error);
      },
      handleReadyForQuery() {
        resolve(null);
      },
    };
    client.query(message as unknown as pg.Submittable);
  });
}

function placeOf({ file, place, sql, rewritten }: Demand, offset: number): string {
  if (place === null) return file;
  if (rewritten) return `${file}:${place.line}:${place.column}`;
  const inside = new SourceText(sql).positionAtCharacter(offset);
  const column = inside.line === 1 ? place.column + inside.column - 1 : inside.column;
  return `${file}:${place.line + inside.line - 1}:${column}`;
}
