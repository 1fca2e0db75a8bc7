/** A place in a text as people count: lines and columns from 1, columns in characters (code points). */
export interface Position {
  readonly line: number;
  readonly column: number;
}

const LINE_FEED = 0x0a;

/**
 * A text that can be cut at byte offsets, which is how PostgreSQL's parser counts, and that knows what line and column a place is.
 * Only a line feed ends a line, so that CR LF counts once.
 */
export class SourceText {
  readonly #bytes: Buffer;
  readonly #lineStarts: readonly number[];

  constructor(readonly text: string) {
    this.#bytes = Buffer.from(text, "utf8");
    this.#lineStarts = lineStartsOf(this.#bytes);
  }

  get lengthBytes(): number {
    return this.#bytes.length;
  }

  /** The text between two byte offsets, both on the border of a character. */
  slice(startByte: number, endByte: number): string {
    return this.#bytes.toString("utf8", startByte, endByte);
  }

  positionAtByte(offset: number): Position {
    const line = countUpTo(this.#lineStarts, offset);
    const lineStart = this.#lineStarts[line - 1] ?? 0;
    return { line, column: characterCount(this.slice(lineStart, offset)) + 1 };
  }

  /** The place of the character with this index, counted in code points from 0. */
  positionAtCharacter(offset: number): Position {
    return this.positionAtByte(Buffer.byteLength(this.beforeCharacter(offset), "utf8"));
  }

  /** The text before the character with this index, counted in code points from 0. */
  beforeCharacter(offset: number): string {
    let end = 0;
    for (let passed = 0; passed < offset && end < this.text.length; passed += 1) {
      end += (this.text.codePointAt(end) ?? 0) > 0xffff ? 2 : 1;
    }
    return this.text.slice(0, end);
  }
}

function characterCount(text: string): number {
  let count = 0;
  for (const _character of text) count += 1;
  return count;
}

function lineStartsOf(bytes: Buffer): readonly number[] {
  const starts = [0];
  for (let at = bytes.indexOf(LINE_FEED); at !== -1; at = bytes.indexOf(LINE_FEED, at + 1)) starts.push(at + 1);
  return starts;
}

/** How many of the ascending numbers are not above the limit. */
function countUpTo(ascending: readonly number[], limit: number): number {
  let [low, high] = [0, ascending.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((ascending[middle] ?? Infinity) <= limit) low = middle + 1;
    else high = middle;
  }
  return low;
}
