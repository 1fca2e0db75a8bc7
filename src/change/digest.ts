import { createHash } from "node:crypto";
import { canonicalDirectives, type Directives } from "./directives.js";

/**
 * SHA-256, in hex, over the normalised bytes of both halves and the directives. The bytes are, in UTF-8:
 * `belay-change-1\n`, then for each part its name, a space, its length in bytes, `\n`, the part, `\n`. The parts are `up`, `down`
 * and `directives`. A half is normalised by dropping a byte order mark, turning CR LF into LF, dropping blanks at line ends and
 * ending in exactly one LF, so that an editor or a checkout setting does not change it.
 */
export function digestOf(up: string, down: string, directives: Directives): string {
  const hash = createHash("sha256").update("belay-change-1\n");
  const parts = { up: normalise(up), down: normalise(down), directives: canonicalDirectives(directives) };
  for (const [name, part] of Object.entries(parts)) {
    hash.update(`${name} ${Buffer.byteLength(part)}\n${part}\n`);
  }
  return hash.digest("hex");
}

/** SHA-256, in hex, of a text's UTF-8 bytes. */
export function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

export function normalise(text: string): string {
  const lines = text.replace(/^\uFEFF/, "").split(/\r?\n/);
  return `${lines
    .map((line) => line.trimEnd())
    .join("\n")
    .trimEnd()}\n`;
}
