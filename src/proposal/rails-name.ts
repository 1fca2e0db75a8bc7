import { createHash } from "node:crypto";

/** PostgreSQL allows 63; Rails stops at 62. */
const LONGEST_INDEX_NAME_BYTES = 62;

/** The name that Rails gives to an index; a long one is cut and ends in a hash of what it would have been. */
export function indexName(table: string, columns: readonly string[]): string {
  const name = `index_${table}_on_${columns.join("_and_")}`;
  if (Buffer.byteLength(name, "utf8") <= LONGEST_INDEX_NAME_BYTES) return name;
  const hash = `_${shortHash(name)}`;
  return cutToBytes(`idx_on_${columns.join("_")}`, LONGEST_INDEX_NAME_BYTES - hash.length) + hash;
}

/** The name that Rails gives to a foreign key. */
export function foreignKeyName(table: string, column: string): string {
  return `fk_rails_${shortHash(`${table}_${column}_fk`)}`;
}

function shortHash(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 10);
}

/** Never cuts a character in two. */
function cutToBytes(text: string, limitBytes: number): string {
  let kept = "";
  for (const character of text) {
    if (Buffer.byteLength(kept + character, "utf8") > limitBytes) break;
    kept += character;
  }
  return kept;
}
