import type { Stored } from "../artifact/freshness.js";
import { BelayError } from "../errors.js";

/** A manifest that cannot be read counts as missing where it is about to be written anew. */
export async function readLeniently(read: () => Promise<Stored>): Promise<Stored> {
  try {
    return await read();
  } catch (thrown) {
    if (thrown instanceof BelayError && thrown.code === "manifest-invalid") return { text: null, manifest: null };
    throw thrown;
  }
}
