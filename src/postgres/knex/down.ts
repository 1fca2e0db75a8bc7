import { isWhole, type Recording } from "../../artifact/recording.js";
import type { Change, KnexChange } from "../../change/change.js";
import { sha256 } from "../../change/digest.js";
import { BelayError } from "../../errors.js";
import type { Loss } from "../../plan/step.js";
import { decidesByWrites, recordKnex, scriptOf } from "./record.js";

/** The way back of a knex migration as a script. */
export interface KnexDown {
  readonly sql: string;
  /** How it was found where it decides by what it reads; null where it only builds statements. */
  readonly dynamic: Recording | null;
}

/**
 * What a down sends. Where it decides by what it reads, that is what `find` gives: what was recorded of it on a scratch copy.
 * @throws BelayError `knex-down-unrecorded` where nothing was.
 */
export async function downOf(
  change: KnexChange,
  basis: string,
  find: () => Promise<Recording | null>,
): Promise<KnexDown> {
  const sql = await builtDown(change);
  if (sql !== null) return { sql, dynamic: null };
  if (change.directives.irreversible !== null) return { sql: "", dynamic: null };
  const found = await find();
  if (found === null) throw unrecorded(change);
  return { sql: scriptOf(found.sealed), dynamic: { ...found, basis } };
}

/** Whether a down decides by what it reads, so that it must run to be known. */
export async function isDynamic(change: Change): Promise<boolean> {
  return change.form === "knex" && change.directives.irreversible === null && (await builtDown(change)) === null;
}

/** The script of a down that only builds statements; null for one that decides. */
async function builtDown({ down, files, id }: KnexChange): Promise<string | null> {
  try {
    const { sql, reads, writes } = await recordKnex(down, files[0] ?? id);
    return reads || (writes && (await decidesByWrites(down))) ? null : sql;
  } catch (thrown) {
    // The empty answer was none that it can live with.
    if (thrown instanceof BelayError && thrown.code === "knex-not-recorded") return null;
    throw thrown;
  }
}

/** All that a recording stands on: the changes up to its own, in order, and where unqualified names are looked for. SHA-256 in hex. */
export function basisOf(changes: readonly Change[], { id }: Change, searchPath: string): string {
  const upTo = changes.slice(0, changes.findIndex((change) => change.id === id) + 1);
  const lines = upTo.map((change) => `${change.id} ${change.digest}`);
  return sha256(["belay-recording-1", searchPath, ...lines, ""].join("\n"));
}

/** What is left out of a way back is lost unless somebody does it by hand. */
export function lossOfRecording(dynamic: Recording | null): readonly Loss[] {
  if (dynamic === null || isWhole({ dynamic })) return [];
  return dynamic.dependent.map((sql) => ({
    object: sql.replaceAll(/\s+/g, " "),
    what: "left out of the way back, since its down decides on it by rows that it reads",
    when: "taken back",
  }));
}

function unrecorded({ id, files }: KnexChange): BelayError {
  const message = `${files[0] ?? id}: its down decides by what it reads in the database, and was not recorded yet`;
  return new BelayError("refused", "knex-down-unrecorded", message, {
    hint: `Run \`belay build\`: it runs the down on a scratch copy, and seals what it sends.`,
  });
}
