import { createHash } from "node:crypto";
import { fingerprintHead, lineOf, type CatalogObject } from "./snapshot.js";

/** So many objects' lines are put together anew where one of them changes. */
const pageSize = 256;

interface Page {
  /** In order, none of them below the last of the page before. */
  readonly keys: string[];
  bytes: Buffer | null;
}

/** The fingerprint of a snapshot that changes object by object: what stayed is not put together again. */
export class RunningFingerprint {
  readonly #objects = new Map<string, CatalogObject>();
  readonly #pages: Page[] = [{ keys: [], bytes: null }];

  set(key: string, object: CatalogObject): void {
    const [page, at] = this.#pageOf(key);
    if (!this.#objects.has(key)) page.keys.splice(placeIn(page.keys, key), 0, key);
    this.#objects.set(key, object);
    page.bytes = null;
    if (page.keys.length <= pageSize) return;
    this.#pages.splice(at + 1, 0, { keys: page.keys.splice(pageSize / 2), bytes: null });
  }

  delete(key: string): void {
    if (!this.#objects.delete(key)) return;
    const [page, at] = this.#pageOf(key);
    page.keys.splice(placeIn(page.keys, key), 1);
    page.bytes = null;
    if (page.keys.length === 0 && this.#pages.length > 1) this.#pages.splice(at, 1);
  }

  /** As `fingerprint` of `snapshot.ts` gives it. */
  digest(): string {
    const hash = createHash("sha256").update(fingerprintHead, "utf8");
    for (const page of this.#pages) {
      page.bytes ??= Buffer.from(page.keys.map((key) => lineOf(key, this.#objects.get(key) ?? {})).join(""), "utf8");
      hash.update(page.bytes);
    }
    return hash.digest("hex");
  }

  /** The last page that does not begin after the key. */
  #pageOf(key: string): readonly [Page, number] {
    const firsts = this.#pages;
    let [low, high] = [0, firsts.length - 1];
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if ((firsts[middle]?.keys[0] ?? "") <= key) low = middle;
      else high = middle - 1;
    }
    return [firsts[low] ?? { keys: [], bytes: null }, low];
  }
}

/** Where the key stands, or would stand. */
function placeIn(keys: readonly string[], key: string): number {
  let [low, high] = [0, keys.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((keys[middle] ?? "") < key) low = middle + 1;
    else high = middle;
  }
  return low;
}
